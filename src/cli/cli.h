/* The `ntk` command: one table per subcommand, from which its options are parsed and its help is
 * printed. */
#ifndef NTK_CLI_CLI_H
#define NTK_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ntk/lab/parameters.h>
#include <ntk/status.h>

#include "claim/claim.h"

/* Exit statuses besides those of the verdicts. */
enum { CLI_OK = 0, CLI_NO = 1, CLI_ERROR = 5, CLI_USAGE = 64, CLI_INTERRUPTED = 130 };

typedef struct cli_option {
    const char *name;     /* long option; NULL ends the table */
    char letter;          /* short form; 0 for none */
    const char *argument; /* what it takes, "DIR" say; NULL for a flag */
    const char *help;
} cli_option;

/* Of the commands that run claims. */
#define CLI_GIVEN_OPTIONS                                                                                    \
    {"data-x", 0, "X.npy", "points in the place of the claim's, where it takes others (docs/own-data.md)"},  \
    {                                                                                                        \
        "data-y", 0, "y.npy", "their labels, 0 and 1 or -1 and 1, where it wants some"                       \
    }

/* Of the commands that deal with claims; cli_execute acts on it. */
#define CLI_SUITES_OPTION                                                                                    \
    { "suites", 0, "DIR", "the claims in this folder, in place of those built in (docs/own-claims.md)" }

enum { CLI_MOST_OPTIONS = 32, CLI_MOST_SETTINGS = 64, CLI_MOST_AXES = 8 };

typedef struct cli_command cli_command;

/* What stood on a command line. */
typedef struct cli_arguments {
    const cli_command *command;
    const char *values[CLI_MOST_OPTIONS];    /* by index in the command's table; "" for a flag;
                                              * NULL: not given */
    ntk_setting settings[CLI_MOST_SETTINGS]; /* of --set, which may be given several times */
    size_t setting_count;
    ntk_setting axes[CLI_MOST_AXES]; /* of --over, likewise */
    size_t axis_count;
    const char **names; /* what is no option */
    size_t name_count;
} cli_arguments;

struct cli_command {
    const char *name;
    const char *synopsis; /* behind "ntk NAME " */
    const char *summary;  /* one line for `ntk --help` */
    /* For `ntk NAME --help`, which fills lines: paragraphs are separated by empty lines. */
    const char *details, *exit_status;
    const cli_option *options;
    size_t least_names, most_names;
    int (*run)(const cli_arguments *arguments);
};

extern const cli_command cli_list, cli_find, cli_show, cli_run, cli_new, cli_verify, cli_scan, cli_merge,
    cli_compare, cli_history, cli_report, cli_figures, cli_accept, cli_envelope, cli_kernel, cli_solve,
    cli_enclose, cli_check, cli_certify, cli_doctor;

/* `ntk` itself, as `ntk --help` tells it. */
typedef struct cli_program {
    const char *summary, *details, *begin, *exit_status;
    const cli_option *options, *environment;
    const cli_command *const *commands;
    size_t command_count;
} cli_program;

/* help.c, manual.c: one text on the terminal and as a manual page, on stdout. */
void cli_print_help(const cli_command *command);
void cli_print_overview(const cli_program *program);
void cli_print_manual(const cli_command *command);
void cli_print_overview_manual(const cli_program *program);

/* "-o, --output FILE"; text: (size). */
void cli_option_text(const cli_option *option, char *text, size_t size);

/* options.c */

/* Parse and run; argv[0] is the command's name. Returns the exit status. */
int cli_execute(const cli_command *command, int argc, char **argv);

/* The value of an option that the command's table declares; NULL where it was not given. */
const char *cli_value(const cli_arguments *arguments, const char *name);
bool cli_flag(const cli_arguments *arguments, const char *name);

/* The value of an option, converted; *out is untouched where it was not given. CLI_OK, or CLI_USAGE
 * after one line on stderr. */
int cli_size(const cli_arguments *arguments, const char *name, size_t low, size_t high, size_t *out);
int cli_seed(const cli_arguments *arguments, uint64_t *out);
/* --memory, in bytes; K, M, G and T behind the number are powers of 1024. */
int cli_memory(const cli_arguments *arguments, size_t *out);
int cli_real(const cli_arguments *arguments, const char *name, double *out);
/* CLI_OK, or CLI_USAGE for --data-y without --data-x. */
int cli_given(const cli_arguments *arguments, const char **x, const char **y);
int cli_tier(const cli_arguments *arguments, ntk_tier *out);

/* One line on stderr, "ntk: COMMAND: ..." and a pointer to the help; returns CLI_USAGE. */
int cli_usage_error(const cli_command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* One line on stderr, "ntk: ..."; returns CLI_ERROR. */
int cli_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A command that starts processes of its own was itself started as several: each of them would take
 * itself for the only one. Says what to do instead; returns CLI_ERROR. */
int cli_launched(const cli_command *command);

/* The line of a failure of the library; returns CLI_ERROR. */
int cli_fail(ntk_status status);

/* The same, but a name or a value that does not exist is wrong usage. */
int cli_fail_naming(const cli_command *command, ntk_status status);

/* Columns that `length` bytes of UTF-8 take: one for each byte that begins a character. */
size_t cli_width(const char *text, size_t length);

/* Columns of the terminal behind a descriptor; of none: $COLUMNS, or 80. At least 40. */
size_t cli_columns(int descriptor);

/* Print something; on a terminal filled to its width, the rest of a line below its beginning: of
 * one that is not indented at column `hang`. Returns what `print` does. */
int cli_fill(int (*print)(const cli_arguments *arguments), const cli_arguments *arguments, size_t hang);

/* True where stdout is a terminal that wants colours. */
bool cli_colour(void);

#endif
