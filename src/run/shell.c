#include "run/shell.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ntk/memory.h>

#include "experiment/support.h"

static const char plain[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.,+-_/:=@%";

void ntk_print_shell_word(const char *word, FILE *stream) {
    if (word[0] != '\0' && strspn(word, plain) == strlen(word)) {
        fputs(word, stream);
        return;
    }
    fputc('\'', stream);
    for (; *word != '\0'; word++)
        if (*word == '\'')
            fputs("'\\''", stream);
        else
            fputc(*word, stream);
    fputc('\'', stream);
}

static bool same_file(const char *a, const char *b) {
    struct stat left, right;
    return stat(a, &left) == 0 && stat(b, &right) == 0 && left.st_dev == right.st_dev &&
           left.st_ino == right.st_ino;
}

/* ---- splitting ------------------------------------------------------------------------------- */

/* One word, its quotes taken away, into `word`, which has room; *line is left behind it. */
static ntk_status read_word(const char **line, char *word) {
    const char *at = *line;
    char quote = 0;
    for (; *at != '\0' && (quote != 0 || strchr(" \t\n", *at) == NULL); at++) {
        if (quote == 0 && strchr("'\"", *at) != NULL)
            quote = *at;
        else if (quote != 0 && *at == quote)
            quote = 0;
        else if (*at == '\\' && quote != '\'' && at[1] != '\0')
            *word++ = *++at;
        else if (quote != '\'' && strchr(quote == 0 ? "$`|&;<>()*?[]#~\\" : "$`\\", *at) != NULL)
            return ntk_fail(NTK_ERROR_ARGUMENT, "'%c' would want a shell; put it in single quotes", *at);
        else
            *word++ = *at;
    }
    *word = '\0';
    *line = at;
    return quote == 0 ? NTK_OK : ntk_fail(NTK_ERROR_ARGUMENT, "a quote %c has no end", quote);
}

static ntk_status split(const char *line, char *word, char ***words, size_t *count) {
    for (line += strspn(line, " \t\n"); *line != '\0'; line += strspn(line, " \t\n")) {
        NTK_TRY(read_word(&line, word));
        void *items = *words;
        NTK_TRY(ntk_array_grow(&items, *count, sizeof **words));
        *words = items;
        NTK_TRY(ntk_text_copy(word, &(*words)[*count]));
        ++*count;
    }
    return *count > 0 ? NTK_OK : ntk_fail(NTK_ERROR_ARGUMENT, "there is no word in it");
}

ntk_status ntk_shell_split(const char *line, char ***words, size_t *count) {
    void *memory;
    *words = NULL;
    *count = 0;
    NTK_TRY(ntk_allocate(strlen(line) + 1, 1, &memory));
    const ntk_status status = split(line, memory, words, count);
    ntk_release(memory);
    if (status == NTK_OK) return NTK_OK;
    ntk_texts_release(*words, *count);
    *words = NULL;
    *count = 0;
    return status;
}

bool ntk_shell_finds(const char *name, const char *file) {
    const char *path = getenv("PATH");
    for (const char *rest = path != NULL ? path : ""; *rest != '\0';) {
        char candidate[PATH_MAX];
        const int length = (int)strcspn(rest, ":");
        snprintf(candidate, sizeof candidate, "%.*s/%s", length, rest, name);
        if (length > 0 && access(candidate, X_OK) == 0) return same_file(candidate, file);
        rest += length + (rest[length] == ':');
    }
    return false;
}
