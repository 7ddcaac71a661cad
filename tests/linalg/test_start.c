#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/linalg.h>
#include <ntk/log.h>

#include "status.h"

Test(start, pins_blas_to_one_thread) {
    ntk_blas_info info;
    assert_ok(ntk_linalg_start());
    ntk_blas_describe(&info);
    cr_assert(info.threads == 1);
    cr_assert(info.lapack_is_openblas && strstr(info.lapack_path, "openblas") != NULL, "%s",
              info.lapack_path);
    cr_assert(strstr(info.version, "OpenBLAS") == info.version);
    cr_assert(strlen(info.core) > 0);
}

Test(start, may_be_called_again) {
    assert_ok(ntk_linalg_start());
    assert_ok(ntk_linalg_start());
}

static void count(ntk_log_level level, const char *message, void *context) {
    if (level == NTK_LOG_WARNING && strstr(message, "OPENBLAS_CORETYPE=") != NULL) ++*(int *)context;
}

/* Holds on every CPU: the warning comes exactly where a better core is named, and never where the user
 * chose the core. */
Test(start, warns_where_blas_does_not_know_the_cpu) {
    ntk_blas_info info;
    int warnings = 0;
    ntk_log_set_sink(count, &warnings);
    ntk_blas_describe(&info);
    assert_ok(ntk_linalg_start());
    cr_assert(warnings == (*info.better_core != '\0'));
    setenv("OPENBLAS_CORETYPE", "Haswell", 1);
    ntk_blas_describe(&info);
    cr_assert_str_empty(info.better_core);
}
