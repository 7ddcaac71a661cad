/* A folder with a toy suite of its own, and commands run in it. */
#ifndef TESTS_CLI_TOY_H
#define TESTS_CLI_TOY_H

#include <stdbool.h>
#include <stddef.h>

/* Make a fresh folder with suites/ and expected/ for the fixture program; toy_end removes it. */
void toy_begin(void);
void toy_end(void);

/* Path of a file in that folder; a static buffer, overwritten by the fourth call after. */
const char *toy_path(const char *name);

/* Run `ntk ARGUMENTS` (the fixture program, in the toy's folder) through the shell: redirections
 * and further commands may follow. Returns the exit status. Output of both kinds goes to
 * toy_output(). */
int toy_ntk(const char *format, ...) __attribute__((format(printf, 1, 2)));
int toy_shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
const char *toy_output(void);
bool toy_said(const char *text);

/* The output behind the first `text`; "" where that was not said. */
const char *toy_after(const char *text);

/* The last line of the output. */
const char *toy_last_line(void);

/* A whole file, NUL-terminated, static; "" where there is none. */
const char *toy_read(const char *name);
void toy_write(const char *name, const char *content);

#endif
