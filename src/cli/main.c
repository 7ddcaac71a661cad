/* ntk: the command. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <ntk/linalg.h>
#include <ntk/log.h>
#include <ntk/version.h>

#include "base/nearest.h"
#include "cli/cli.h"
#include "run/catalogue.h"
#include "run/identity.h"

static const cli_command *const commands[] = {
    &cli_list,   &cli_find,    &cli_show,    &cli_run,    &cli_new,     &cli_verify, &cli_scan,
    &cli_merge,  &cli_compare, &cli_history, &cli_report, &cli_figures, &cli_accept, &cli_envelope,
    &cli_kernel, &cli_solve,   &cli_enclose, &cli_check,  &cli_certify, &cli_doctor};
enum { COMMAND_COUNT = sizeof commands / sizeof *commands };

static const cli_option options[] = {
    {"help", 0, NULL, "this text; `ntk COMMAND --help` explains one command"},
    {"version", 0, NULL, "the version, the commit and the compiler"},
    {NULL, 0, NULL, NULL}};

static const cli_option environment[] = {
    {"NTK_ROOT", 0, NULL, "the folder that holds suites/ (default: above or beside the program)"},
    {"NTK_SUITES", 0, NULL, "a folder of claims, in place of those built in, as of --suites"},
    {"NTK_BUILD", 0, NULL, "the folder for what is built of them (default: .ntk-build in theirs)"},
    {"NO_COLOR", 0, NULL, "if not empty, no colours on a terminal"},
    {NULL, 0, NULL, NULL}};

static const cli_program program = {
    .summary = "check theorems about neural tangent kernels, and compute such kernels",
    .details = "ntk checks theorems about neural tangent kernels numerically, and computes such kernels.",
    .begin = "Begin with `ntk doctor`, then `ntk verify`.",
    .exit_status =
        "0 all is well; 64 wrong usage; 5 an error; 130 interrupted; for `ntk verify` also 3 VACUOUS, "
        "1 VIOLATED, 2 REGRESSED, 4 INCONCLUSIVE, 6 nothing ran or a claim was skipped.",
    .options = options,
    .environment = environment,
    .commands = commands,
    .command_count = COMMAND_COUNT,
};

static const cli_command *find_command(const char *name) {
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(name, commands[i]->name) == 0) return commands[i];
    return NULL;
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

/* `ntk --man [COMMAND]`, for `make`: no reader is told of it. */
static int print_manual(const char *name) {
    const cli_command *command = name != NULL ? find_command(name) : NULL;
    if (name != NULL && command == NULL) return unknown_command(name);
    if (command != NULL)
        cli_print_manual(command);
    else
        cli_print_overview_manual(&program);
    return CLI_OK;
}

static int dispatch(int argc, char **argv) {
    if (argc < 2) {
        cli_error("no command given; `ntk --help` lists them");
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        cli_print_overview(&program);
        return CLI_OK;
    }
    if (strcmp(argv[1], "--man") == 0) return print_manual(argv[2]);
    if (strcmp(argv[1], "--version") == 0) {
        printf("ntk %s (%s, %s)\n", ntk_version(), ntk_build_commit, ntk_build_compiler);
        return CLI_OK;
    }
    const cli_command *command = find_command(argv[1]);
    return command != NULL ? cli_execute(command, argc - 1, argv + 1) : unknown_command(argv[1]);
}

static void print_message(ntk_log_level level, const char *message, void *context) {
    (void)context;
    if (level == NTK_LOG_WARNING) fprintf(stderr, "ntk: warning: %s\n", message);
}

/* Keep what is freed. A claim takes and releases the same megabytes for thousands of networks; by
 * default they go back to the system at each turn, which then clears every page anew: a third of
 * the time of a claim of many small flows. */
static void keep_freed_memory(void) {
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 32 << 20); /* the most that it takes */
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
}

int main(int argc, char **argv) {
    ntk_linalg_restart(argv);
    keep_freed_memory();
    /* A file that may not grow further is then a failed write with a reason, not a death. */
    signal(SIGXFSZ, SIG_IGN);
    ntk_log_set_sink(print_message, NULL);
    const int status = dispatch(argc, argv);
    if (fflush(stdout) != 0 || ferror(stdout)) return cli_error("standard output: %s", strerror(errno));
    return status;
}
