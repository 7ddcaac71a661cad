#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/nearest.h"
#include "cli/cli.h"
#include "run/catalogue.h"

/* ---- messages -------------------------------------------------------------------------------- */

int cli_usage_error(const cli_command *command, const char *format, ...) {
    va_list arguments;
    fprintf(stderr, "ntk: %s: ", command->name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, " (see `ntk %s --help`)\n", command->name);
    return CLI_USAGE;
}

int cli_launched(const cli_command *command) {
    return cli_error("ntk %s is started once, not as ranks: `ntk verify --launcher WORDS` starts each claim "
                     "on ranks, and --shard K/N makes parts for separate jobs",
                     command->name);
}

int cli_error(const char *format, ...) {
    va_list arguments;
    fputs("ntk: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return CLI_ERROR;
}

int cli_fail(ntk_status status) {
    const char *detail = ntk_error_detail();
    return cli_error("%s", detail[0] != '\0' ? detail : ntk_status_message(status));
}

int cli_fail_naming(const cli_command *command, ntk_status status) {
    if (status == NTK_ERROR_NOT_FOUND || status == NTK_ERROR_ARGUMENT)
        return cli_usage_error(command, "%s", ntk_error_detail());
    return cli_fail(status);
}

size_t cli_columns(int descriptor) {
    struct winsize window;
    const char *given = getenv("COLUMNS");
    long columns = given != NULL ? strtol(given, NULL, 10) : 0;
    if (ioctl(descriptor, TIOCGWINSZ, &window) == 0 && window.ws_col > 0) columns = window.ws_col;
    if (columns <= 0) return 80;
    return columns < 40 ? 40 : columns > 1000 ? 1000 : (size_t)columns;
}

bool cli_colour(void) {
    const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM");
    if (no_colour != NULL && no_colour[0] != '\0') return false;
    return isatty(STDOUT_FILENO) && terminal != NULL && strcmp(terminal, "dumb") != 0;
}

/* ---- parsing --------------------------------------------------------------------------------- */

/* getopt's return values: an option's index is moved out of the range of characters. */
enum { FIRST_INDEX = 1000, HELP = 999 };

typedef struct getopt_tables {
    struct option long_options[CLI_MOST_OPTIONS + 2];
    char letters[2 * CLI_MOST_OPTIONS + 2];
} getopt_tables;

static void build_tables(const cli_option *options, getopt_tables *tables) {
    size_t n = 0, letter = 0;
    tables->letters[letter++] = ':'; /* a missing argument is told from an unknown option */
    for (; options[n].name != NULL; n++) {
        const int has_argument = options[n].argument ? required_argument : no_argument;
        tables->long_options[n] = (struct option){options[n].name, has_argument, NULL, FIRST_INDEX + (int)n};
        if (options[n].letter == 0) continue;
        tables->letters[letter++] = options[n].letter;
        if (options[n].argument != NULL) tables->letters[letter++] = ':';
    }
    tables->letters[letter] = '\0';
    tables->long_options[n] = (struct option){"help", no_argument, NULL, HELP};
    tables->long_options[n + 1] = (struct option){0};
}

static int unknown_option(const cli_command *command, const char *given) {
    const char *names[CLI_MOST_OPTIONS + 1];
    size_t count = 0;
    for (; command->options[count].name != NULL; count++) names[count] = command->options[count].name;
    names[count++] = "help";
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(given, "="), given);
    const char *bare = name + strspn(name, "-");
    const char *nearest = strncmp(name, "--", 2) == 0 ? ntk_nearest_name(bare, names, count) : NULL;
    if (nearest != NULL)
        return cli_usage_error(command, "unknown option %s; did you mean --%s?", name, nearest);
    return cli_usage_error(command, "unknown option %s", name);
}

/* Of --set or --over, which may be given several times: one more "NAME=VALUE". */
static int add_setting(const cli_command *command, const char *option, char *text, ntk_setting *settings,
                       size_t most, size_t *count) {
    char *equals = strchr(text, '=');
    if (equals == NULL || equals == text || equals[1] == '\0')
        return cli_usage_error(command, "--%s takes NAME=VALUE, not '%s'", option, text);
    if (*count == most) return cli_usage_error(command, "more than %zu --%s", most, option);
    *equals = '\0';
    for (size_t i = 0; i < *count; i++)
        if (strcmp(settings[i].name, text) == 0)
            return cli_usage_error(command, "--%s %s is given twice", option, text);
    settings[(*count)++] = (ntk_setting){.name = text, .value = equals + 1};
    return CLI_OK;
}

static int take_option(cli_arguments *arguments, int code) {
    const cli_option *options = arguments->command->options;
    size_t index = 0;
    if (code >= FIRST_INDEX)
        index = (size_t)(code - FIRST_INDEX);
    else
        while (options[index].letter != code) index++;
    if (strcmp(options[index].name, "set") == 0)
        return add_setting(arguments->command, "set", optarg, arguments->settings, CLI_MOST_SETTINGS,
                           &arguments->setting_count);
    if (strcmp(options[index].name, "over") == 0)
        return add_setting(arguments->command, "over", optarg, arguments->axes, CLI_MOST_AXES,
                           &arguments->axis_count);
    arguments->values[index] = optarg ? optarg : "";
    return CLI_OK;
}

static int check_names(const cli_arguments *arguments) {
    const cli_command *command = arguments->command;
    if (arguments->name_count < command->least_names)
        return cli_usage_error(command, "too few arguments: ntk %s %s", command->name, command->synopsis);
    if (arguments->name_count > command->most_names)
        return cli_usage_error(command, "unexpected argument '%s'", arguments->names[command->most_names]);
    return CLI_OK;
}

/* So that every process that this one starts deals with the same claims. */
static int use_suites(const cli_arguments *arguments) {
    const char *folder = cli_value(arguments, "suites");
    if (folder == NULL) return CLI_OK;
    char resolved[PATH_MAX];
    if (realpath(folder, resolved) == NULL)
        return cli_usage_error(arguments->command, "--suites %s: %s", folder, strerror(errno));
    return setenv(NTK_SUITES_VARIABLE, resolved, 1) == 0 ? CLI_OK : cli_error("%s", strerror(errno));
}

int cli_execute(const cli_command *command, int argc, char **argv) {
    getopt_tables tables;
    cli_arguments arguments = {.command = command};
    build_tables(command->options, &tables);
    opterr = 0;
    for (int code; (code = getopt_long(argc, argv, tables.letters, tables.long_options, NULL)) != -1;) {
        if (code == HELP) {
            cli_print_help(command);
            return CLI_OK;
        }
        if (code == ':') return cli_usage_error(command, "%s needs a value", argv[optind - 1]);
        if (code == '?') {
            const char letter[] = {'-', (char)optopt, '\0'};
            return unknown_option(command, optopt > 0 && optopt < HELP ? letter : argv[optind - 1]);
        }
        const int status = take_option(&arguments, code);
        if (status != CLI_OK) return status;
    }
    arguments.names = (const char **)(argv + optind); /* getopt has moved what is no option to the
                                                       * end */
    arguments.name_count = (size_t)(argc - optind);
    int status = check_names(&arguments);
    if (status == CLI_OK) status = use_suites(&arguments);
    return status == CLI_OK ? command->run(&arguments) : status;
}

/* ---- values ---------------------------------------------------------------------------------- */

const char *cli_value(const cli_arguments *arguments, const char *name) {
    for (size_t i = 0; arguments->command->options[i].name != NULL; i++)
        if (strcmp(arguments->command->options[i].name, name) == 0) return arguments->values[i];
    return NULL;
}

bool cli_flag(const cli_arguments *arguments, const char *name) { return cli_value(arguments, name) != NULL; }

/* Digits and nothing else: strtoull by itself takes blanks and a minus sign. */
static bool parse_unsigned(const char *text, uint64_t *out) {
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return isdigit((unsigned char)text[0]) && *end == '\0' && errno == 0;
}

int cli_size(const cli_arguments *arguments, const char *name, size_t low, size_t high, size_t *out) {
    const char *text = cli_value(arguments, name);
    uint64_t value;
    if (text == NULL) return CLI_OK;
    if (!parse_unsigned(text, &value) || value < low || value > high)
        return cli_usage_error(arguments->command, "--%s takes an integer from %zu to %zu, not '%s'", name,
                               low, high, text);
    *out = (size_t)value;
    return CLI_OK;
}

int cli_memory(const cli_arguments *arguments, size_t *out) {
    static const char units[] = "KMGT";
    const char *text = cli_value(arguments, "memory");
    if (text == NULL) return CLI_OK;
    char *end;
    errno = 0;
    const unsigned long long size = strtoull(text, &end, 10);
    const char *unit = *end != '\0' ? strchr(units, toupper((unsigned char)*end)) : NULL;
    const int shift = unit != NULL ? 10 * (int)(unit - units + 1) : 0;
    end += unit != NULL;
    if (!isdigit((unsigned char)text[0]) || *end != '\0' || errno != 0 || size == 0 ||
        size > (SIZE_MAX >> 1) >> shift)
        return cli_usage_error(arguments->command, "--memory takes a size, 512M or 4G say, not '%s'", text);
    *out = (size_t)size << shift;
    return CLI_OK;
}

int cli_seed(const cli_arguments *arguments, uint64_t *out) {
    const char *text = cli_value(arguments, "seed");
    uint64_t value;
    if (text == NULL) return CLI_OK;
    if (!parse_unsigned(text, &value))
        return cli_usage_error(arguments->command, "--seed takes an integer from 0 to 2^64 - 1, not '%s'",
                               text);
    *out = value;
    return CLI_OK;
}

int cli_real(const cli_arguments *arguments, const char *name, double *out) {
    const char *text = cli_value(arguments, name);
    if (text == NULL) return CLI_OK;
    char *end;
    const double value = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(value))
        return cli_usage_error(arguments->command, "--%s takes a finite number, not '%s'", name, text);
    *out = value;
    return CLI_OK;
}

int cli_tier(const cli_arguments *arguments, ntk_tier *out) {
    const char *text = cli_value(arguments, "tier");
    if (text == NULL || ntk_tier_parse(text, out) == NTK_OK) return CLI_OK;
    return cli_usage_error(arguments->command, "--tier: %s", ntk_error_detail());
}

int cli_given(const cli_arguments *arguments, const char **x, const char **y) {
    *x = cli_value(arguments, "data-x");
    *y = cli_value(arguments, "data-y");
    if (*x != NULL || *y == NULL) return CLI_OK;
    return cli_usage_error(arguments->command, "--data-y labels the points of --data-x, which is missing");
}
