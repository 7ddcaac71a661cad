/* The object has no library of its own: it uses the functions of the program that loads it, which
 * exports all that the public headers declare. So an experiment outside computes with the code, and
 * hence the bits, of those inside. */
#include "run/compiled.h"

#include <dlfcn.h>
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ntk/file.h>
#include <ntk/memory.h>
#include <ntk/version.h>

#include "experiment/support.h"
#include "run/identity.h"
#include "run/inputs.h"
#include "run/process.h"

enum { LIMIT_SECONDS = 600, LIMIT_MEGABYTES = 8192, NO_LAB = 3 };

/* Arguments: the version wanted, the claim's folder, the object to write, the sources. pkg-config
 * quotes its answer for a shell. */
static const char script[] =
    "version=$1 folder=$2 object=$3; shift 3\n"
    "found=$(pkg-config --modversion ntk-lab) || exit 3\n"
    "if [ \"$found\" != \"$version\" ]; then\n"
    "    echo \"pkg-config finds ntk-lab $found, and this program is $version\" >&2; exit 3\n"
    "fi\n"
    "eval \"set -- $(pkg-config --cflags ntk-lab) \\\"\\$@\\\"\"\n"
    "exec ${CC:-cc} -std=c11 -D_GNU_SOURCE -O3 -g -Wall -Wextra -ffp-contract=off -fno-math-errno "
    "-fno-trapping-math -ffile-prefix-map=\"$folder\"=. ${CFLAGS-} -DNTK_EXPERIMENT=ntk_outside_experiment "
    "-shared -fPIC -Wl,-Bsymbolic -o \"$object\" \"$@\" -lm\n";

typedef struct build {
    const char *folder;
    char *directory;            /* of all builds */
    char *object, *draft, *log; /* what is to be there; while it is made; what was said */
    char *out, *search;         /* PKG_CONFIG_PATH=... */
    glob_t sources;
} build;

static void release_build(build *b) {
    char *const texts[] = {b->directory, b->object, b->draft, b->log, b->out, b->search};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) ntk_release(texts[i]);
    globfree(&b->sources);
}

/* ---- where it lies --------------------------------------------------------------------------- */

static ntk_digest digest_variable(ntk_digest digest, const char *name) {
    const char *value = getenv(name);
    return ntk_digest_text(digest, value != NULL ? value : "");
}

static ntk_status digest_build(const char *folder, ntk_digest *out) {
    NTK_TRY(ntk_sources_digest(folder, out));
    *out = ntk_digest_text(*out, script);
    *out = ntk_digest_text(*out, ntk_version());
    if (ntk_build_code != NULL) *out = ntk_digest_text(*out, ntk_build_code);
    *out = digest_variable(*out, "CC");
    *out = digest_variable(*out, "CFLAGS");
    return NTK_OK;
}

static ntk_status name_files(build *b, const char *suites) {
    ntk_digest key;
    const char *given = getenv(NTK_BUILD_VARIABLE);
    NTK_TRY(digest_build(b->folder, &key));
    NTK_TRY(given != NULL && given[0] != '\0' ? ntk_text_copy(given, &b->directory)
                                              : ntk_text_format(&b->directory, "%s/.ntk-build", suites));
    NTK_TRY(ntk_text_format(&b->object, "%s/%016" PRIx64 ".so", b->directory, key));
    NTK_TRY(ntk_text_format(&b->draft, "%s.%ld", b->object, (long)getpid()));
    NTK_TRY(ntk_text_format(&b->out, "%s/%016" PRIx64 ".out", b->directory, key));
    return ntk_text_format(&b->log, "%s/%016" PRIx64 ".log", b->directory, key);
}

static ntk_status list_sources(build *b) {
    char *pattern;
    NTK_TRY(ntk_text_format(&pattern, "%s/", b->folder));
    /* What stands in the folder's name for itself: the pattern's own star comes last. */
    char *escaped = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&escaped, &size);
    ntk_status status = stream != NULL ? NTK_OK : ntk_fail(NTK_ERROR_MEMORY, "no memory for a path");
    for (const char *c = pattern; stream != NULL && *c != '\0'; c++) {
        if (strchr("*?[\\", *c) != NULL) fputc('\\', stream);
        fputc(*c, stream);
    }
    if (stream != NULL) fputs("*.c", stream);
    if (stream != NULL && (fclose(stream) != 0 || escaped == NULL))
        status = ntk_fail(NTK_ERROR_MEMORY, "no memory for a path");
    if (status == NTK_OK && glob(escaped, 0, NULL, &b->sources) != 0)
        status = ntk_fail(NTK_ERROR_IO, "%s: its C sources cannot be listed", b->folder);
    free(escaped);
    ntk_release(pattern);
    return status;
}

/* Beside the program, where it was built; in ../lib/pkgconfig, where it is installed. */
static ntk_status name_search_path(build *b, const char *executable) {
    const char *given = getenv("PKG_CONFIG_PATH");
    const int length = (int)(strrchr(executable, '/') - executable);
    return ntk_text_format(&b->search, "PKG_CONFIG_PATH=%.*s:%.*s/../lib/pkgconfig%s%s", length, executable,
                           length, executable, given != NULL ? ":" : "", given != NULL ? given : "");
}

/* ---- building -------------------------------------------------------------------------------- */

static ntk_status run_script(const build *b, ntk_process *process) {
    void *memory;
    NTK_TRY(ntk_allocate(8 + b->sources.gl_pathc, sizeof(char *), &memory));
    const char **arguments = memory;
    const char *const first[] = {"sh", "-c", script, "sh", ntk_version(), b->folder, b->draft};
    memcpy(arguments, first, sizeof first);
    for (size_t i = 0; i < b->sources.gl_pathc; i++)
        arguments[sizeof first / sizeof *first + i] = b->sources.gl_pathv[i];
    const char *const environment[] = {b->search, "LC_ALL=C.UTF-8", NULL};
    const ntk_process_options options = {arguments,     environment,     b->out, b->log,
                                         LIMIT_SECONDS, LIMIT_MEGABYTES, NULL};
    const ntk_status status = ntk_process_start(&options, process);
    ntk_release(memory);
    NTK_TRY(status);
    ntk_process *const processes[] = {process};
    while (process->ending == NTK_ENDING_NONE) ntk_process_wait(processes, 1, 0.1);
    return NTK_OK;
}

/* The first line that says "error", or else the last one that says anything. */
static ntk_status first_error(const char *path, char **out) {
    char *log = NULL;
    size_t size;
    *out = NULL;
    if (ntk_file_read(path, &log, &size) == NTK_OK) {
        char *rest = log, *line;
        while (*out == NULL && (line = strsep(&rest, "\n")) != NULL)
            if (strstr(line, "error: ") != NULL || strstr(line, "undefined reference") != NULL)
                NTK_TRY(ntk_text_format(out, "%.400s", line));
    }
    ntk_release(log);
    return *out != NULL ? NTK_OK : ntk_process_last_words(path, out);
}

static ntk_status compile(const build *b) {
    ntk_process process;
    NTK_TRY(ntk_folder_create(b->directory));
    NTK_TRY(run_script(b, &process));
    unlink(b->out);
    if (process.ending == NTK_ENDING_EXIT && process.code == 0 && rename(b->draft, b->object) == 0)
        return NTK_OK;
    unlink(b->draft);
    char ending[128], *words;
    ntk_process_describe(&process, ending, sizeof ending);
    NTK_TRY(first_error(b->log, &words));
    const bool no_lab = process.ending == NTK_ENDING_EXIT && process.code == NO_LAB;
    const ntk_status status =
        no_lab ? ntk_fail(NTK_ERROR_LIBRARY, "%s/experiment.c cannot be built: %s", b->folder, words)
               : ntk_fail(NTK_ERROR_FORMAT, "%s/experiment.c does not compile: %s (all of it: %s)", b->folder,
                          words[0] != '\0' ? words : ending, b->log);
    ntk_release(words);
    return status;
}

/* ---- loading --------------------------------------------------------------------------------- */

static ntk_status load(const build *b, const ntk_experiment **experiment, ntk_digest *code) {
    *code = NTK_DIGEST_START;
    NTK_TRY(ntk_digest_file(b->object, code));
    void *handle = dlopen(b->object, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) return ntk_fail(NTK_ERROR_FORMAT, "%s/experiment.c: %s", b->folder, dlerror());
    *experiment = dlsym(handle, "ntk_outside_experiment");
    if (*experiment != NULL && (*experiment)->run != NULL) return NTK_OK;
    return ntk_fail(NTK_ERROR_FORMAT,
                    "%s/experiment.c defines no `const ntk_experiment NTK_EXPERIMENT` with a function run",
                    b->folder);
}

static ntk_status build_and_load(build *b, const char *suites, const char *executable,
                                 const ntk_experiment **experiment, ntk_digest *code) {
    NTK_TRY(name_files(b, suites));
    if (access(b->object, R_OK) != 0) {
        NTK_TRY(list_sources(b));
        NTK_TRY(name_search_path(b, executable));
        NTK_TRY(compile(b));
    }
    return load(b, experiment, code);
}

ntk_status ntk_compiled_load(const char *suites, const char *folder, const char *executable,
                             const ntk_experiment **experiment, ntk_digest *code) {
    build b = {.folder = folder};
    const ntk_status status = build_and_load(&b, suites, executable, experiment, code);
    release_build(&b);
    return status;
}
