#include "run/shell.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
