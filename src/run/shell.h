/* Commands that are shown to be pasted. */
#ifndef NTK_RUN_SHELL_H
#define NTK_RUN_SHELL_H

#include <stdbool.h>
#include <stdio.h>

/* One word of a shell's command line: in single quotes where the shell would split or expand it. */
void ntk_print_shell_word(const char *word, FILE *stream);

/* Whether PATH leads from this name to this file. */
bool ntk_shell_finds(const char *name, const char *file);

#endif
