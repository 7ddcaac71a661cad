/* Who computes, on how many threads, and what happens where OpenBLAS would wait for memory for
 * ever. The build may be against any BLAS: what holds for OpenBLAS alone is skipped elsewhere. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include <ntk/linalg.h>
#include <ntk/log.h>
#include <ntk/parallel.h>

#include "status.h"

static bool with_openblas(ntk_blas_info *info) {
    ntk_blas_describe(info);
    return strcmp(info->name, "OpenBLAS") == 0;
}

Test(start, pins_blas_to_one_thread) {
    ntk_blas_info info;
    assert_ok(ntk_linalg_start());
    if (!with_openblas(&info)) cr_skip("BLAS is %s", info.name);
    cr_assert_eq(info.threads, 1);
    cr_assert(strstr(info.version, "OpenBLAS") == info.version);
    cr_assert(strlen(info.core) > 0);
}

/* Of each function the file that the dynamic linker took, with its build-id as `file` or readelf
 * shows it. */
Test(start, every_function_is_traced_to_its_file) {
    static const char *const used[] = {"cblas_dgemm",         "cblas_dgemv",        "cblas_dsymv",
                                       "cblas_dsyrk",         "cblas_dtrsm",        "dpotrf_",
                                       "LAPACKE_dpotrf_work", "LAPACKE_dsyevd_work"};
    ntk_blas_info info;
    ntk_blas_describe(&info);
    for (size_t k = 0; k < sizeof used / sizeof *used; k++) {
        size_t servers = 0;
        for (size_t i = 0; i < info.library_count; i++)
            servers += strstr(info.libraries[i].symbols, used[k]) != NULL;
        cr_expect_geq(servers, 1, "%s", used[k]);
    }
    for (size_t i = 0; i < info.library_count; i++) {
        char command[1024];
        cr_assert_eq(access(info.libraries[i].path, R_OK), 0, "%s", info.libraries[i].path);
        if (strncmp(info.libraries[i].build, "content-", 8) == 0) continue;
        cr_expect_eq(strlen(info.libraries[i].build), 40);
        snprintf(command, sizeof command, "LC_ALL=C readelf -n '%s' 2>/dev/null | grep -q 'Build ID: %s'",
                 info.libraries[i].path, info.libraries[i].build);
        cr_expect_eq(system(command), 0, "%s", command);
    }
}

Test(start, may_be_called_again) {
    assert_ok(ntk_linalg_start());
    assert_ok(ntk_linalg_start());
}

static void count(ntk_log_level level, const char *message, void *context) {
    if (level == NTK_LOG_WARNING && strstr(message, "OPENBLAS_CORETYPE=") != NULL) ++*(int *)context;
}

/* Holds on every CPU: the warning comes exactly where a better core is named, and never where the
 * user chose the core. */
Test(start, warns_where_blas_does_not_know_the_cpu) {
    ntk_blas_info info;
    int warnings = 0;
    ntk_log_set_sink(count, &warnings);
    if (!with_openblas(&info)) cr_skip("BLAS is %s", info.name);
    assert_ok(ntk_linalg_start());
    cr_assert(warnings == (*info.better_core != '\0'));
    setenv("OPENBLAS_CORETYPE", "Haswell", 1);
    ntk_blas_describe(&info);
    cr_assert_str_empty(info.better_core);
}

/* Without room for a buffer OpenBLAS would never come back. Sanitizers need more address space than
 * any limit. */
#ifndef __SANITIZE_ADDRESS__
static ntk_status start_within(size_t more, size_t workers) {
    size_t pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    cr_assert(statm != NULL && fscanf(statm, "%zu", &pages) == 1);
    fclose(statm);
    const rlim_t limit = pages * (rlim_t)sysconf(_SC_PAGESIZE) + more;
    assert_ok(ntk_set_workers(workers));
    cr_assert_eq(setrlimit(RLIMIT_AS, &(struct rlimit){limit, RLIM_INFINITY}), 0);
    const ntk_status status = ntk_linalg_start();
    cr_assert_eq(setrlimit(RLIMIT_AS, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY}), 0);
    return status;
}

Test(start, too_little_address_space_is_an_error, .timeout = 20) {
    ntk_blas_info info;
    if (!with_openblas(&info)) cr_skip("BLAS is %s", info.name);
    assert_fails(start_within((size_t)64 << 20, 1), NTK_ERROR_MEMORY, "address space");
    assert_fails(start_within((size_t)200 << 20, 2), NTK_ERROR_MEMORY, "each of 2 workers");
    assert_ok(start_within((size_t)200 << 20, 1));
    assert_ok(start_within((size_t)400 << 20, 2));
}

static ntk_status multiply(size_t unit, void *context) {
    enum { N = 64 };
    static double a[N * N], c[8][N * N];
    (void)context;
    return ntk_gemm(NTK_NO_TRANSPOSE, NTK_TRANSPOSE, N, N, N, 1, a, N, a, N, 0, c[unit], N);
}

/* What was reserved is enough for all workers at once, when nothing more can be had. */
Test(start, reserved_memory_serves_all_workers, .timeout = 20) {
    ntk_blas_info info;
    if (!with_openblas(&info)) cr_skip("BLAS is %s", info.name);
    assert_ok(start_within((size_t)800 << 20, 4));
    assert_ok(ntk_map(8, multiply, NULL)); /* the threads are there now */
    cr_assert_eq(setrlimit(RLIMIT_AS, &(struct rlimit){1 << 20, RLIM_INFINITY}), 0);
    for (int k = 0; k < 200; k++) assert_ok(ntk_map(8, multiply, NULL));
    cr_assert_eq(setrlimit(RLIMIT_AS, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY}), 0);
}
#endif
