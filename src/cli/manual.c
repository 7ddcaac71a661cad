/* Manual pages in man(7), from the tables and texts of --help: `ntk --man [COMMAND]`, which `make`
 * calls. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <ntk/version.h>

#include "cli/cli.h"

/* A text as roff shows it: no dash becomes a hyphen, no line begins with a control character. A
 * blank line is a paragraph. */
static void print_text(const char *text) {
    bool line_begins = true;
    for (const char *c = text; *c != '\0'; c++) {
        if (line_begins && (*c == '.' || *c == '\'')) printf("\\&");
        if (strncmp(c, "\n\n", 2) == 0) {
            printf("\n.PP");
            c++;
        }
        if (*c == '-')
            printf("\\-");
        else if (*c == '\\')
            printf("\\e");
        else
            putchar(*c);
        line_begins = *c == '\n';
    }
    printf("\n");
}

static void print_title(const char *command) {
    printf(".TH NTK%s", command != NULL ? "\\-" : "");
    for (const char *c = command != NULL ? command : ""; *c != '\0'; c++) putchar(toupper((unsigned char)*c));
    printf(" 1 \"\" \"ntk %s\" \"ntk-verify\"\n.SH NAME\n", NTK_VERSION);
}

/* Bold name, then what it means. */
static void print_entry(const char *name, const char *meaning) {
    printf(".TP\n.B ");
    print_text(name);
    print_text(meaning);
}

static void print_options(const cli_option *options) {
    printf(".SH OPTIONS\n");
    for (const cli_option *option = options; option->name != NULL; option++) {
        char text[64];
        cli_option_text(option, text, sizeof text);
        print_entry(text, option->help);
    }
}

void cli_print_manual(const cli_command *command) {
    print_title(command->name);
    printf("ntk\\-%s \\- ", command->name);
    print_text(command->summary);
    printf(".SH SYNOPSIS\n.B ntk %s\n", command->name);
    print_text(command->synopsis);
    printf(".SH DESCRIPTION\n");
    print_text(command->details);
    print_options(command->options);
    print_entry("--help", "this text");
    printf(".SH EXIT STATUS\n");
    print_text(command->exit_status);
    printf(".SH SEE ALSO\n.BR ntk (1)\n");
}

void cli_print_overview_manual(const cli_program *program) {
    print_title(NULL);
    printf("ntk \\- ");
    print_text(program->summary);
    printf(".SH SYNOPSIS\n.B ntk\nCOMMAND [OPTION ...]\n.SH DESCRIPTION\n");
    print_text(program->details);
    printf(".PP\n");
    print_text(program->begin);
    printf(".SH COMMANDS\n");
    for (size_t i = 0; i < program->command_count; i++) {
        char name[32];
        snprintf(name, sizeof name, "ntk-%s(1)", program->commands[i]->name);
        print_entry(name, program->commands[i]->summary);
    }
    print_options(program->options);
    printf(".SH ENVIRONMENT\n");
    for (const cli_option *variable = program->environment; variable->name != NULL; variable++)
        print_entry(variable->name, variable->help);
    printf(".SH EXIT STATUS\n");
    print_text(program->exit_status);
}
