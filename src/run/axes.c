#include "run/axes.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ntk/memory.h>

#include "base/vector_table.h"
#include "experiment/support.h"

static ntk_status add(ntk_axes *axes, const char *name, const char *program, const char *variable) {
    void *items = axes->items;
    NTK_TRY(ntk_array_grow(&items, axes->count, sizeof *axes->items));
    axes->items = items;
    ntk_axis_of_machine *axis = &axes->items[axes->count++];
    NTK_TRY(ntk_text_copy(name, &axis->name));
    NTK_TRY(ntk_text_copy(program, &axis->program));
    return variable == NULL ? NTK_OK : ntk_text_copy(variable, &axis->variable);
}

static ntk_status add_variable(ntk_axes *axes, const char *kind, const char *program, const char *variable,
                               const char *value) {
    char *name, *setting = NULL;
    NTK_TRY(ntk_text_format(&name, "%s-%s", kind, value));
    ntk_status status = ntk_text_format(&setting, "%s=%s", variable, value);
    if (status == NTK_OK) status = add(axes, name, program, setting);
    ntk_release(name);
    ntk_release(setting);
    return status;
}

void ntk_axes_release(ntk_axes *axes) {
    for (size_t i = 0; i < axes->count; i++) {
        ntk_release(axes->items[i].name);
        ntk_release(axes->items[i].program);
        ntk_release(axes->items[i].variable);
    }
    ntk_release(axes->items);
    *axes = (ntk_axes){0};
}

/* ---- what there is --------------------------------------------------------------------------- */

/* The instructions that OpenBLAS's kernels for these processors use. One kernel stands for those of
 * the same instructions whose block sizes are the same. */
static ntk_status add_kernels(ntk_axes *axes, const char *program, const char *own) {
#ifdef __x86_64__
    const bool fma = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const struct {
        const char *name;
        bool runs;
    } kernels[] = {
        {"Prescott", __builtin_cpu_supports("sse3")},
        {"Nehalem", __builtin_cpu_supports("sse4.2")},
        {"Sandybridge", __builtin_cpu_supports("avx")},
        {"Haswell", fma},
        {"Zen", fma},
        {"SkylakeX", fma && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")},
    };
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++)
        if (kernels[i].runs && strcmp(kernels[i].name, own) != 0)
            NTK_TRY(add_variable(axes, "openblas", program, "OPENBLAS_CORETYPE", kernels[i].name));
#else
    (void)axes, (void)program, (void)own;
#endif
    return NTK_OK;
}

static ntk_status add_widths(ntk_axes *axes, const char *program, const char *own) {
    size_t count;
    const ntk_vector_table *const *tables = ntk_vector_available(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(tables[i]->isa, own) != 0)
            NTK_TRY(add_variable(axes, "vector", program, "NTK_SIMD", tables[i]->isa));
    return NTK_OK;
}

/* An axis has a folder of its name. */
static ntk_status check_build(const ntk_axes *axes, const char *name, const char *program) {
    struct stat found;
    for (const char *c = name; *c != '\0'; c++)
        if (*c == ' ' || *c == '/' || (unsigned char)*c < 0x20)
            return ntk_fail(NTK_ERROR_ARGUMENT, "--builds: '%s' is no name: no blanks and slashes", name);
    if (name[0] == '.')
        return ntk_fail(NTK_ERROR_ARGUMENT, "--builds: '%s' is no name: it begins with a dot", name);
    for (size_t i = 0; i < axes->count; i++)
        if (strcmp(axes->items[i].name, name) == 0)
            return ntk_fail(NTK_ERROR_ARGUMENT, "--builds: there is an axis '%s' already", name);
    if (stat(program, &found) != 0 || access(program, X_OK) != 0)
        return ntk_fail(NTK_ERROR_IO, "%s: %s", program, strerror(errno));
    return S_ISREG(found.st_mode) ? NTK_OK : ntk_fail(NTK_ERROR_IO, "%s: is no program", program);
}

static ntk_status add_build(ntk_axes *axes, const char *text, size_t length) {
    char build[1024];
    snprintf(build, sizeof build, "%.*s", (int)length, text);
    char *equals = strchr(build, '=');
    if (length >= sizeof build || equals == NULL || equals == build)
        return ntk_fail(NTK_ERROR_ARGUMENT, "--builds takes NAME=PROGRAM,..., not '%s'", build);
    *equals = '\0';
    NTK_TRY(check_build(axes, build, equals + 1));
    return add(axes, build, equals + 1, NULL);
}

static ntk_status add_builds(ntk_axes *axes, const char *builds) {
    for (const char *at = builds; at != NULL && *at != '\0';) {
        const size_t length = strcspn(at, ",");
        NTK_TRY(add_build(axes, at, length));
        at += length + (at[length] == ',');
    }
    return NTK_OK;
}

static ntk_status list_all(const char *program, const ntk_provenance *origin, const char *builds,
                           ntk_axes *out) {
    const bool openblas = strcmp(origin->blas.name, "OpenBLAS") == 0;
    char own[128];
    snprintf(own, sizeof own, "%s%s", openblas ? "openblas-" : "",
             openblas ? origin->blas.core : origin->blas.name);
    for (char *c = own; *c != '\0'; c++)
        if (*c == ' ' || *c == '/' || *c == ',') *c = '-';
    NTK_TRY(add(out, own, program, NULL));
    if (openblas) NTK_TRY(add_kernels(out, program, origin->blas.core));
    NTK_TRY(add_widths(out, program, origin->vector_isa));
    return add_builds(out, builds);
}

/* ---- a choice of them ------------------------------------------------------------------------ */

static bool is_named(const char *only, const char *name) {
    const size_t length = strlen(name);
    for (const char *at = only; *at != '\0';) {
        const size_t word = strcspn(at, ",");
        if (word == length && strncmp(at, name, length) == 0) return true;
        at += word + (at[word] == ',');
    }
    return false;
}

static ntk_status check_names(const ntk_axes *axes, const char *only) {
    if (*only == '\0') return ntk_fail(NTK_ERROR_ARGUMENT, "--axes names none");
    for (const char *at = only; *at != '\0';) {
        const size_t word = strcspn(at, ",");
        bool known = false;
        char list[512] = "";
        for (size_t i = 0; i < axes->count; i++) {
            known =
                known || (strlen(axes->items[i].name) == word && strncmp(axes->items[i].name, at, word) == 0);
            ntk_text_append(list, sizeof list, i > 0 ? ", " : "");
            ntk_text_append(list, sizeof list, axes->items[i].name);
        }
        if (!known)
            return ntk_fail(NTK_ERROR_ARGUMENT, "'%.*s' is no axis of this machine; it has %s", (int)word, at,
                            list);
        at += word + (at[word] == ',');
    }
    return NTK_OK;
}

static void keep_named(ntk_axes *axes, const char *only) {
    size_t kept = 0;
    for (size_t i = 0; i < axes->count; i++) {
        const ntk_axis_of_machine axis = axes->items[i];
        if (is_named(only, axis.name)) {
            axes->items[kept++] = axis;
            continue;
        }
        ntk_release(axis.name);
        ntk_release(axis.program);
        ntk_release(axis.variable);
    }
    axes->count = kept;
}

ntk_status ntk_axes_list(const char *program, const ntk_provenance *origin, const char *builds,
                         const char *only, ntk_axes *out) {
    *out = (ntk_axes){0};
    ntk_status status = list_all(program, origin, builds, out);
    if (status == NTK_OK && only != NULL) status = check_names(out, only);
    if (status != NTK_OK) ntk_axes_release(out);
    if (status == NTK_OK && only != NULL) keep_named(out, only);
    return status;
}
