/* Long lines on a terminal: filled to its width, the rest of a line below its beginning. What is
 * not a terminal gets every line as it is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

/* One line of `length` bytes, the rest of one that is indented a little deeper; blanks inside it
 * stay as they are where it is not broken. */
static void print_line(const char *line, size_t length, size_t hang, size_t columns) {
    enum { DEEPER = 2 };
    const size_t leading = strspn(line, " "), wanted = leading > 0 ? leading + DEEPER : hang;
    const size_t indent = wanted < columns / 2 ? wanted : columns / 2;
    size_t column = 0;
    for (size_t at = 0; at < length;) {
        const size_t blanks = strspn(line + at, " ") < length - at ? strspn(line + at, " ") : length - at;
        const size_t size = strcspn(line + at + blanks, " \n"), width = cli_width(line + at + blanks, size);
        if (column > indent && column + blanks + width > columns) {
            printf("\n%*s", (int)indent, "");
            column = indent;
        } else {
            printf("%*s", (int)blanks, "");
            column += blanks;
        }
        printf("%.*s", (int)size, line + at + blanks);
        column += width;
        at += blanks + size;
    }
    printf("\n");
}

static void print_filled(const char *text, size_t hang) {
    const size_t columns = cli_columns(STDOUT_FILENO);
    for (const char *line = text; *line != '\0';) {
        const size_t length = strcspn(line, "\n");
        print_line(line, length, hang, columns);
        line += length + (line[length] == '\n');
    }
}

/* Standard output into a file; returns a descriptor of what it was before, -1 where that fails. */
static int divert(FILE *file) {
    fflush(stdout);
    const int before = dup(STDOUT_FILENO);
    if (before >= 0 && dup2(fileno(file), STDOUT_FILENO) >= 0) return before;
    if (before >= 0) close(before);
    return -1;
}

static void restore(int before) {
    fflush(stdout);
    dup2(before, STDOUT_FILENO);
    close(before);
}

/* NULL where there is no memory for it, or it cannot be read. */
static char *read_all(FILE *file) {
    const long size = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    char *text = size >= 0 ? calloc((size_t)size + 1, 1) : NULL;
    rewind(file);
    if (text == NULL || fread(text, 1, (size_t)size, file) == (size_t)size) return text;
    free(text);
    return NULL;
}

static void print_as_it_is(FILE *file) {
    char part[4096];
    rewind(file);
    for (size_t size; (size = fread(part, 1, sizeof part, file)) > 0;) fwrite(part, 1, size, stdout);
}

int cli_fill(int (*print)(const cli_arguments *arguments), const cli_arguments *arguments, size_t hang) {
    FILE *file = isatty(STDOUT_FILENO) ? tmpfile() : NULL;
    const int before = file != NULL ? divert(file) : -1;
    if (before < 0) {
        if (file != NULL) fclose(file);
        return print(arguments);
    }
    const int result = print(arguments);
    restore(before);
    char *text = read_all(file);
    if (text != NULL)
        print_filled(text, hang);
    else
        print_as_it_is(file);
    free(text);
    fclose(file);
    return result;
}
