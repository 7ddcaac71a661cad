#include "cli/files.h"

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ntk/memory.h>

#include "base/file_lasting.h"

/* What a path leads to: a file; or, where there is none yet, a name in a folder. */
typedef struct place {
    bool known;   /* a regular file, a pipe, or a name that is free */
    dev_t device; /* of the file, else of the folder */
    ino_t inode;
    char *target;     /* owns `name` */
    const char *name; /* NULL where there is a file */
} place;

static void take(const struct stat *info, place *out) {
    out->known = S_ISREG(info->st_mode) || S_ISFIFO(info->st_mode);
    out->device = info->st_dev;
    out->inode = info->st_ino;
}

/* Links that lead to nothing are followed to the name that a writer would give. What cannot be
 * examined is told of when it is opened. */
static void find_free_name(const char *path, place *out) {
    struct stat folder;
    bool exists = false;
    if (ntk_file_find_target(path, &out->target, &exists) != NTK_OK || exists) return;
    char *slash = strrchr(out->target, '/');
    out->name = slash == NULL ? out->target : slash + 1;
    const char *parent = slash == NULL ? "." : slash == out->target ? "/" : out->target;
    if (slash != NULL && slash != out->target) *slash = '\0';
    out->known = stat(parent, &folder) == 0;
    out->device = folder.st_dev;
    out->inode = folder.st_ino;
}

static void find_place(const char *path, int standard, place *out) {
    struct stat info;
    *out = (place){0};
    if (strcmp(path, "-") == 0) {
        if (fstat(standard, &info) == 0) take(&info, out);
    } else if (stat(path, &info) == 0)
        take(&info, out);
    else
        find_free_name(path, out);
}

/* Two that both are "-" are one whatever is behind it. */
static bool is_same(const char *a, int standard_a, const char *b, int standard_b) {
    place p, q;
    if (standard_a == standard_b && strcmp(a, "-") == 0 && strcmp(b, "-") == 0) return true;
    find_place(a, standard_a, &p);
    find_place(b, standard_b, &q);
    const bool same = p.known && q.known && p.device == q.device && p.inode == q.inode &&
                      (p.name == NULL) == (q.name == NULL) && (p.name == NULL || strcmp(p.name, q.name) == 0);
    ntk_release(p.target);
    ntk_release(q.target);
    return same;
}

static int check_output(const cli_arguments *arguments, const char *option, const char *path,
                        size_t input_count, const char *const *inputs) {
    for (size_t i = 0; i < input_count; i++)
        if (inputs[i] != NULL && is_same(path, STDOUT_FILENO, inputs[i], STDIN_FILENO))
            return cli_usage_error(arguments->command, "--%s would overwrite %s, which is read", option,
                                   strcmp(inputs[i], "-") == 0 ? "standard input" : inputs[i]);
    return CLI_OK;
}

static int check_inputs(const cli_arguments *arguments, size_t count, const char *const *inputs) {
    size_t standard = 0;
    for (size_t i = 0; i < count; i++) standard += inputs[i] != NULL && strcmp(inputs[i], "-") == 0;
    if (standard <= 1) return CLI_OK;
    return cli_usage_error(arguments->command, "standard input is read once: only one file may be -");
}

int cli_check_files(const cli_arguments *arguments, size_t output_count, const char *const *outputs,
                    size_t input_count, const char *const *inputs) {
    int usage = check_inputs(arguments, input_count, inputs);
    for (size_t i = 0; i < output_count && usage == CLI_OK; i++) {
        const char *path = cli_value(arguments, outputs[i]);
        if (path == NULL) continue;
        usage = check_output(arguments, outputs[i], path, input_count, inputs);
        for (size_t j = 0; j < i && usage == CLI_OK; j++) {
            const char *other = cli_value(arguments, outputs[j]);
            if (other != NULL && is_same(path, STDOUT_FILENO, other, STDOUT_FILENO))
                usage = cli_usage_error(arguments->command, "--%s and --%s are the same file", outputs[j],
                                        outputs[i]);
        }
    }
    return usage;
}
