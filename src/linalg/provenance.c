/* Who serves BLAS and LAPACK. */
#include <ntk/linalg.h>

#include <cblas.h>
#include <lapacke.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "linalg/module.h"
#include "linalg/vendor.h"

/* What src/linalg calls, then what LAPACK calls for it by way of Fortran. `linked`: as this program
 * sees them. */
typedef void function(void);
#define LINKED(name)                                                                                         \
    { #name, (function *)(name) }
static const struct {
    const char *name;
    function *linked;
} symbols[] = {
    LINKED(cblas_dgemm),
    LINKED(cblas_dgemv),
    LINKED(cblas_dsymv),
    LINKED(cblas_dsyrk),
    LINKED(cblas_dtrsm),
    LINKED(LAPACKE_dpotrf_work),
    LINKED(LAPACKE_dsyevd_work),
    {"dpotrf_", (function *)LAPACK_GLOBAL(dpotrf, DPOTRF)},
    {"dsyevd_", (function *)LAPACK_GLOBAL(dsyevd, DSYEVD)},
    {"dgemm_", NULL},
    {"dgemv_", NULL},
    {"dsymv_", NULL},
    {"dsyrk_", NULL},
    {"dtrsm_", NULL},
    {"dtrmm_", NULL},
    {"dsyr2k_", NULL},
};

static const void *address_of(size_t k) {
    void *linked = NULL;
    memcpy(&linked, &symbols[k].linked, sizeof linked); /* a function's address as that of an
                                                         * object */
    return ntk_symbol(symbols[k].name, linked);
}

/* ---- libraries ------------------------------------------------------------------------------- */

static void append(char *text, size_t size, const char *name) {
    const size_t used = strlen(text);
    snprintf(text + used, size - used, "%s%s", used > 0 ? " " : "", name);
}

static ntk_blas_library *library_of(ntk_blas_info *out, const void *address) {
    const char *path = ntk_module_path(address);
    for (size_t k = 0; k < out->library_count; k++)
        if (strcmp(out->libraries[k].path, path) == 0) return &out->libraries[k];
    if (out->library_count == NTK_BLAS_MOST_LIBRARIES) return &out->libraries[out->library_count - 1];
    ntk_blas_library *library = &out->libraries[out->library_count++];
    snprintf(library->path, sizeof library->path, "%s", path);
    ntk_module_build(address, library->build, sizeof library->build);
    return library;
}

static void list_libraries(ntk_blas_info *out) {
    for (size_t k = 0; k < sizeof symbols / sizeof *symbols; k++) {
        const void *address = address_of(k);
        if (address == NULL) continue; /* of Fortran: a static link need not have it */
        ntk_blas_library *library = library_of(out, address);
        append(library->symbols, sizeof library->symbols, symbols[k].name);
    }
}

/* The maker's own library may stand behind a thin one that has the names of BLAS: its code decides
 * the bits. */
static void list_maker(ntk_blas_info *out, const ntk_vendor *vendor) {
    ntk_blas_library *library = library_of(out, ntk_symbol(vendor->marker, NULL));
    if (*library->symbols == '\0') append(library->symbols, sizeof library->symbols, vendor->marker);
}

/* ---- names ----------------------------------------------------------------------------------- */

/* Debian's BLIS hides its own symbols behind those of BLAS; its folder, or its file, has its
 * name. */
static const char *name_in_path(const char *path) {
    static const char *const names[][2] = {{"openblas", "OpenBLAS"},
                                           {"blis", "BLIS"},
                                           {"atlas", "ATLAS"},
                                           {"mkl", "MKL"},
                                           {"flexiblas", "FlexiBLAS"}};
    const char *part = path;
    size_t slashes = 0;
    for (const char *at = path + strlen(path); at > path && slashes < 2; at--)
        if (at[-1] == '/' && ++slashes == 2) part = at;
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (strstr(part, names[k][0]) != NULL) return names[k][1];
    return NULL;
}

/* The reference BLAS adds one product to the sum after the other; one that is made to be fast does
 * not. The numbers are such that each order of addition gives a sum of its own. */
static bool adds_in_plain_order(void) {
    enum { N = 67 };
    double a[N], b[N], plain = 0, found = 0;
    uint64_t state = 1;
    for (int k = 0; k < N; k++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        a[k] = (double)(state >> 11) * 0x1p-53 - 0.5;
        b[k] = 1 / (1 + a[k]);
    }
    for (int k = 0; k < N; k++) plain += a[k] * b[k];
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, 1, 1, N, 1, a, N, b, 1, 0, &found, 1);
    return found == plain;
}

static void name_unknown(ntk_blas_info *out, const char *path) {
    const char *name = name_in_path(path);
    if (name == NULL) name = adds_in_plain_order() ? "reference BLAS" : "unnamed BLAS";
    snprintf(out->name, sizeof out->name, "%s", name);
}

/* OpenBLAS takes a CPU younger than itself for a Prescott (SSE3). Unless the user asked for that,
 * name the kernels that such a CPU can run. */
static const char *better_core(const char *core) {
#ifdef __x86_64__
    if (strcmp(core, "Prescott") != 0 || getenv("OPENBLAS_CORETYPE") != NULL) return "";
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
        return "SkylakeX";
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "Haswell";
#else
    (void)core;
#endif
    return "";
}

void ntk_blas_describe(ntk_blas_info *out) {
    *out = (ntk_blas_info){0};
    list_libraries(out);
    const void *product = address_of(0);
    const ntk_vendor *vendor = ntk_vendor_of(product);
    if (vendor == NULL) {
        name_unknown(out, ntk_module_path(product));
        return;
    }
    snprintf(out->name, sizeof out->name, "%s", vendor->name);
    list_maker(out, vendor);
    vendor->describe(out->version, sizeof out->version, out->core, sizeof out->core);
    if (vendor->get_threads != NULL) out->threads = vendor->get_threads();
    snprintf(out->better_core, sizeof out->better_core, "%s", better_core(out->core));
}
