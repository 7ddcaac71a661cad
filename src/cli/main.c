/* ntk: the command. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <ntk/linalg.h>
#include <ntk/log.h>

#include "cli/cli.h"
#include "run/catalogue.h"
#include "run/identity.h"

static const cli_command *const commands[] = {&cli_list,   &cli_show,    &cli_run,
                                              &cli_verify, &cli_figures, &cli_accept,
                                              &cli_kernel, &cli_certify, &cli_doctor};
enum { COMMAND_COUNT = sizeof commands / sizeof *commands };

static int print_help(void) {
    printf("ntk checks theorems about neural tangent kernels numerically, and computes such kernels.\n\n"
           "Usage: ntk COMMAND [OPTION ...]\n\nCommands:\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
    printf("\n`ntk COMMAND --help` explains one command; `ntk --version` names the build.\n"
           "Begin with `ntk doctor`, then `ntk verify`.\n\n"
           "Exit status: 0 all is well; 64 wrong usage; 5 an error; 130 interrupted; for `ntk verify` also\n"
           "3 VACUOUS, 1 VIOLATED, 2 REGRESSED, 4 INCONCLUSIVE, 6 nothing ran or a claim was skipped.\n");
    return CLI_OK;
}

static int unknown_command(const char *name) {
    const char *names[COMMAND_COUNT];
    for (size_t i = 0; i < COMMAND_COUNT; i++) names[i] = commands[i]->name;
    const char *nearest = ntk_nearest_name(name, names, COMMAND_COUNT);
    if (nearest != NULL)
        cli_error("unknown command '%s'; did you mean `ntk %s`?", name, nearest);
    else
        cli_error("unknown command '%s'; `ntk --help` lists them", name);
    return CLI_USAGE;
}

static int dispatch(int argc, char **argv) {
    if (argc < 2) {
        cli_error("no command given; `ntk --help` lists them");
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) return print_help();
    if (strcmp(argv[1], "--version") == 0) {
        printf("ntk %s (%s)\n", ntk_build_commit, ntk_build_compiler);
        return CLI_OK;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(argv[1], commands[i]->name) == 0) return cli_execute(commands[i], argc - 1, argv + 1);
    return unknown_command(argv[1]);
}

static void print_message(ntk_log_level level, const char *message, void *context) {
    (void)context;
    if (level == NTK_LOG_WARNING) fprintf(stderr, "ntk: warning: %s\n", message);
}

int main(int argc, char **argv) {
    ntk_linalg_restart(argv);
    /* A file that may not grow further is then a failed write with a reason, not a death. */
    signal(SIGXFSZ, SIG_IGN);
    ntk_log_set_sink(print_message, NULL);
    const int status = dispatch(argc, argv);
    if (fflush(stdout) != 0 || ferror(stdout)) return cli_error("standard output: %s", strerror(errno));
    return status;
}
