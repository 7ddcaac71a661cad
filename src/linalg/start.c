#include <ntk/linalg.h>

#include <cblas.h>
#include <dlfcn.h>
#include <lapacke.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ntk/log.h>

/* The file that holds the symbol which the dynamic linker gives to LAPACKE. `linked` is the address that
 * this program sees, for a static link, in which dlsym finds nothing. "" if unknown. */
static const char *file_of(const char *symbol, void *linked) {
    void *address = dlsym(RTLD_DEFAULT, symbol);
    Dl_info info;
    if (dladdr(address != NULL ? address : linked, &info) == 0 || info.dli_fname == NULL) return "";
    return info.dli_fname;
}

/* OpenBLAS takes a CPU younger than itself for a Prescott (SSE3). Unless the user asked for that, name the
 * kernels that such a CPU can run. */
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
    memset(out, 0, sizeof *out);
    snprintf(out->version, sizeof out->version, "%s", openblas_get_config());
    snprintf(out->core, sizeof out->core, "%s", openblas_get_corename());
    out->threads = openblas_get_num_threads();
    const char *lapack = file_of("dpotrf_", (void *)&LAPACK_GLOBAL(dpotrf, DPOTRF));
    const char *openblas = file_of("openblas_get_corename", (void *)&openblas_get_corename);
    snprintf(out->lapack_path, sizeof out->lapack_path, "%s", lapack);
    snprintf(out->better_core, sizeof out->better_core, "%s", better_core(out->core));
    /* One file, or the LAPACK that a distribution splits off OpenBLAS into a folder of its name. */
    out->lapack_is_openblas =
        *lapack != '\0' && (strcmp(lapack, openblas) == 0 || strstr(lapack, "openblas") != NULL);
}

ntk_status ntk_linalg_start(void) {
    openblas_set_num_threads(1);
    ntk_blas_info info;
    ntk_blas_describe(&info);
    if (info.threads != 1)
        return ntk_fail(NTK_ERROR_LIBRARY, "OpenBLAS (%s) runs on %d threads; 1 was asked for", info.version,
                        info.threads);
    if (!info.lapack_is_openblas)
        return ntk_fail(NTK_ERROR_LIBRARY, "dpotrf comes from '%s', not from OpenBLAS", info.lapack_path);
    if (*info.better_core != '\0')
        ntk_log(NTK_LOG_WARNING,
                "OpenBLAS does not know this CPU and runs its %s code; OPENBLAS_CORETYPE=%s is several times "
                "faster",
                info.core, info.better_core);
    return NTK_OK;
}

void ntk_linalg_restart(char **argv) {
    ntk_blas_info info;
    ntk_blas_describe(&info);
    if (*info.better_core == '\0') return;
    if (setenv("OPENBLAS_CORETYPE", info.better_core, 0) == 0) execv("/proc/self/exe", argv);
}
