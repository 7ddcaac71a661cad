/* ntk new: the folder of a claim, to begin with. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <ntk/file.h>
#include <ntk/memory.h>

#include "cli/cli.h"
#include "experiment/support.h"
#include "run/catalogue.h"
#include "run/shell.h"

static const cli_option options[] = {CLI_SUITES_OPTION, {NULL, 0, NULL, NULL}};

static const char *const files[] = {"claim.yaml", "experiment.c", "figure.gp"};

/* "suite/claim", each a name. */
static bool is_id(const char *text) {
    char suite[80];
    const char *slash = strchr(text, '/');
    if (slash == NULL || (size_t)(slash - text) >= sizeof suite) return false;
    snprintf(suite, sizeof suite, "%.*s", (int)(slash - text), text);
    return ntk_text_is_name(suite) && ntk_text_is_name(slash + 1);
}

/* The template's text with the claim's id in the place of @ID@. */
static ntk_status write_file(const char *template, const char *folder, const char *name, const char *id) {
    char *from = NULL, *to = NULL, *content = NULL;
    size_t size = 0;
    ntk_file *file = NULL;
    ntk_status status = ntk_text_format(&from, "%s/%s", template, name);
    if (status == NTK_OK) status = ntk_text_format(&to, "%s/%s", folder, name);
    if (status == NTK_OK) status = ntk_file_read(from, &content, &size);
    if (status == NTK_OK) status = ntk_file_create(to, &file);
    if (status == NTK_OK) {
        const char *rest = content;
        for (const char *at; (at = strstr(rest, "@ID@")) != NULL; rest = at + 4)
            fprintf(ntk_file_stream(file), "%.*s%s", (int)(at - rest), rest, id);
        fputs(rest, ntk_file_stream(file));
        status = ntk_file_commit(file);
    }
    ntk_release(from);
    ntk_release(to);
    ntk_release(content);
    return status;
}

static ntk_status write_claim(const ntk_suite *suite, const char *id, char **folder) {
    char *template;
    NTK_TRY(ntk_text_format(folder, "%s/%s", suite->suites, id));
    if (access(*folder, F_OK) == 0) return ntk_fail(NTK_ERROR_ARGUMENT, "%s is there already", *folder);
    NTK_TRY(ntk_text_format(&template, "%s/suites/template", suite->root));
    ntk_status status = ntk_folder_create(*folder);
    for (size_t i = 0; i < sizeof files / sizeof *files && status == NTK_OK; i++)
        status = write_file(template, *folder, files[i], id);
    ntk_release(template);
    return status;
}

static void print_command(const char *command, const char *suites, const char *id) {
    printf("    ntk %s ", command);
    if (suites != NULL) printf("--suites ");
    if (suites != NULL) ntk_print_shell_word(suites, stdout);
    printf("%s%s", suites != NULL ? " " : "", id);
}

static int run(const cli_arguments *arguments) {
    const char *id = arguments->names[0];
    if (!is_id(id))
        return cli_usage_error(arguments->command, "a claim is called SUITE/CLAIM, each " NTK_NAME_RULE);
    ntk_suite suite;
    ntk_status status = ntk_suite_open(ntk_registry, NULL, &suite);
    if (status != NTK_OK) return cli_fail(status);
    char *folder = NULL;
    status = write_claim(&suite, id, &folder);
    const bool outside = suite.outside != NULL;
    ntk_suite_release(&suite);
    if (status == NTK_OK)
        printf("%s holds claim.yaml, experiment.c and figure.gp, an example that holds. Next:\n", folder);
    if (status == NTK_OK && outside) {
        print_command("verify", cli_value(arguments, "suites"), id);
        printf("    build and judge it: its numbers are not stored yet\n");
        print_command("accept", cli_value(arguments, "suites"), id);
        printf(" --why \"first result\"\n");
    } else if (status == NTK_OK)
        printf("    make                               build it into build/ntk\n"
               "    build/ntk verify %s    judge it: its numbers are not stored yet\n"
               "    build/ntk accept %s --why \"first result\"\n",
               id, id);
    ntk_release(folder);
    return status == NTK_OK ? CLI_OK : cli_fail_naming(arguments->command, status);
}

const cli_command cli_new = {
    .name = "new",
    .synopsis = "SUITE/CLAIM",
    .summary = "write the folder of a new claim, to begin with",
    .details = "Writes suites/SUITE/CLAIM with claim.yaml, experiment.c and figure.gp: a small theorem that "
               "compiles "
               "and holds, has a control that breaks, and a figure. Change it into your own from the "
               "statement down; "
               "docs/adding-a-claim.md goes through it. After `make` the claim is one of the catalogue; with "
               "--suites it lies outside and needs no `make`.",
    .exit_status = "0; 5 an error; 64 wrong usage, also a claim that is there already.",
    .options = options,
    .least_names = 1,
    .most_names = 1,
    .run = run,
};
