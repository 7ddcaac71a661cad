#include <ntk/linalg.h>

#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <ntk/log.h>
#include <ntk/parallel.h>

#include "linalg/module.h"
#include "linalg/vendor.h"

static const ntk_vendor *vendor_in_use(void) {
    void *linked = NULL;
    void (*product)(void) = (void (*)(void))cblas_dgemm;
    memcpy(&linked, &product, sizeof linked);
    return ntk_vendor_of(ntk_symbol("cblas_dgemm", linked));
}

static bool is_openblas(const ntk_vendor *vendor) {
    return vendor != NULL && strcmp(vendor->name, "OpenBLAS") == 0;
}

/* ---- address space --------------------------------------------------------------------------- */

/* `ulimit -v`. Elsewhere the system gives addresses without end, and says no in other ways. */
static bool address_space_is_limited(rlim_t *bytes) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return false;
    *bytes = limit.rlim_cur;
    return true;
}

static bool can_map(size_t bytes) {
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return false;
    munmap(memory, bytes);
    return true;
}

/* OpenBLAS asks for a buffer whenever more threads call it than ever before, and asks again for
 * ever where it gets none (until 0.3.29). So it is asked now, when it is known that it will get
 * them. */
static ntk_status reserve_buffers(void) {
    enum { MEBIBYTE = 1 << 20 };
    const size_t workers = ntk_workers(), slack = 4 * MEBIBYTE;
    rlim_t limit;
    if (!address_space_is_limited(&limit)) return NTK_OK;
    if (!can_map(workers * NTK_OPENBLAS_BUFFER + slack))
        return ntk_fail(
            NTK_ERROR_MEMORY,
            "OpenBLAS needs %zu MiB of address space for each of %zu workers, and the limit (ulimit "
            "-v) of %llu MiB leaves less; fewer workers need less",
            NTK_OPENBLAS_BUFFER / MEBIBYTE, workers, (unsigned long long)limit / MEBIBYTE);
    if (!ntk_openblas_reserve(workers))
        ntk_log(NTK_LOG_WARNING, "this OpenBLAS cannot be told to take its memory now, and may wait for it "
                                 "for ever later on");
    return NTK_OK;
}

/* ---- starting -------------------------------------------------------------------------------- */

static ntk_status pin_threads(const ntk_vendor *vendor) {
    if (vendor == NULL || vendor->set_threads == NULL) return NTK_OK;
    vendor->set_threads(1);
    const int threads = vendor->get_threads();
    if (threads == 1) return NTK_OK;
    return ntk_fail(NTK_ERROR_LIBRARY, "%s runs on %d threads; 1 was asked for", vendor->name, threads);
}

ntk_status ntk_linalg_start(void) {
    const ntk_vendor *vendor = vendor_in_use();
    NTK_TRY(pin_threads(vendor));
    if (!is_openblas(vendor)) return NTK_OK;
    NTK_TRY(reserve_buffers());
    ntk_blas_info info;
    ntk_blas_describe(&info);
    if (*info.better_core != '\0')
        ntk_log(NTK_LOG_WARNING,
                "OpenBLAS does not know this CPU and runs its %s code; OPENBLAS_CORETYPE=%s is several times "
                "faster",
                info.core, info.better_core);
    return NTK_OK;
}

/* ---- starting again -------------------------------------------------------------------------- */

/* True where the variable had another value, and could be given this one. */
static bool change(const char *name, const char *value) {
    const char *now = getenv(name);
    return (now == NULL || strcmp(now, value) != 0) && setenv(name, value, 1) == 0;
}

/* Libraries that cannot be told about threads when they are loaded read it from here. */
static bool ask_for_one_thread(void) {
    static const char *const names[] = {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS",
                                        "MKL_NUM_THREADS"};
    bool changed = false;
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) changed = change(names[k], "1") || changed;
    return changed;
}

/* OpenBLAS's own threads, which it starts when it is loaded and which are never used here, would
 * ask for memory as it does, and keep the program from ending. */
void ntk_linalg_restart(char **argv) {
    const ntk_vendor *vendor = vendor_in_use();
    bool changed = false;
    rlim_t limit;
    if (vendor == NULL || vendor->set_threads == NULL) changed = ask_for_one_thread();
    if (is_openblas(vendor)) {
        ntk_blas_info info;
        ntk_blas_describe(&info);
        if (*info.better_core != '\0') changed = setenv("OPENBLAS_CORETYPE", info.better_core, 0) == 0;
        if (address_space_is_limited(&limit)) changed = change("OPENBLAS_NUM_THREADS", "1") || changed;
    }
    if (changed) execv("/proc/self/exe", argv);
}
