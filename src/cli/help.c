/* --help, on a terminal. manual.c makes the manual pages from the same tables and texts. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

enum { COLUMNS = 79, OPTION_COLUMN = 29, COMMAND_COLUMN = 13 };

/* Words of a text in lines that begin at column `indent`; the first line has come to `column`
 * already. An empty line separates paragraphs. */
static void print_filled(const char *text, size_t indent, size_t column) {
    for (const char *word = text; *word != '\0';) {
        const size_t length = strcspn(word, " \n"), width = cli_width(word, length);
        if (column > indent && column + 1 + width > COLUMNS) {
            printf("\n%*s", (int)indent, "");
            column = indent;
        }
        printf("%s%.*s", column > indent ? " " : "", (int)length, word);
        column += width + (column > indent);
        word += length;
        if (strncmp(word, "\n\n", 2) == 0) {
            printf("\n\n%*s", (int)indent, "");
            column = indent;
        }
        word += strspn(word, " \n");
    }
    printf("\n");
}

static void print_entry(const char *name, const char *meaning, size_t indent) {
    const int name_width = (int)indent - 3;
    printf("  %-*s ", name_width, name);
    if (strlen(name) > (size_t)name_width) printf("\n%*s", (int)indent, "");
    print_filled(meaning, indent, indent);
}

void cli_option_text(const cli_option *option, char *text, size_t size) {
    const char letter[] = {'-', option->letter, ',', ' ', '\0'};
    snprintf(text, size, "%s--%s%s%s", option->letter ? letter : "", option->name,
             option->argument ? " " : "", option->argument ? option->argument : "");
}

void cli_print_help(const cli_command *command) {
    printf("Usage: ntk %s %s\n\n", command->name, command->synopsis);
    print_filled(command->details, 0, 0);
    printf("\nOptions:\n");
    for (const cli_option *option = command->options; option->name != NULL; option++) {
        char text[64];
        cli_option_text(option, text, sizeof text);
        print_entry(text, option->help, OPTION_COLUMN);
    }
    print_entry("--help", "this text", OPTION_COLUMN);
    printf("\nExit status:");
    print_filled(command->exit_status, 0, strlen("Exit status:"));
}

void cli_print_overview(const cli_program *program) {
    print_filled(program->details, 0, 0);
    printf("\nUsage: ntk COMMAND [OPTION ...]\n\nCommands:\n");
    for (size_t i = 0; i < program->command_count; i++)
        print_entry(program->commands[i]->name, program->commands[i]->summary, COMMAND_COLUMN);
    printf("\nOptions:\n");
    for (const cli_option *option = program->options; option->name != NULL; option++) {
        char text[64];
        cli_option_text(option, text, sizeof text);
        print_entry(text, option->help, COMMAND_COLUMN);
    }
    printf("\nEnvironment:\n");
    for (const cli_option *variable = program->environment; variable->name != NULL; variable++)
        print_entry(variable->name, variable->help, COMMAND_COLUMN);
    printf("\nExit status:");
    print_filled(program->exit_status, 0, strlen("Exit status:"));
    printf("\n");
    print_filled(program->begin, 0, 0);
}
