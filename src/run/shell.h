/* Commands that are shown to be pasted. */
#ifndef NTK_RUN_SHELL_H
#define NTK_RUN_SHELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <ntk/status.h>

/* One word of a shell's command line: in single quotes where the shell would split or expand it. */
void ntk_print_shell_word(const char *word, FILE *stream);

/* The words of a command line as a shell splits them: blanks separate, quotes and backslashes keep
 * together; nothing is expanded. *words: (*count), to be given to ntk_texts_release. Errors:
 * NTK_ERROR_ARGUMENT for no word, a quote without its end, and what a shell would act on. */
ntk_status ntk_shell_split(const char *line, char ***words, size_t *count);

/* Whether PATH leads from this name to this file. */
bool ntk_shell_finds(const char *name, const char *file);

#endif
