/* Many tests at once: Bonferroni's levels for intervals, Holm's procedure for p-values. */
#include <math.h>
#include <stdlib.h>

#include <ntk/memory.h>
#include <ntk/stats.h>

double ntk_stats_family_level(double family_error, size_t tests) {
    if (!(family_error > 0 && family_error < 1 && tests > 0)) return NAN;
    return 1 - family_error / (double)tests;
}

typedef struct ranked {
    double p;
    size_t index;
} ranked;

static int compare(const void *a, const void *b) {
    const double x = ((const ranked *)a)->p, y = ((const ranked *)b)->p;
    return (x > y) - (x < y);
}

/* In ascending order, reject while the k-th p (from 0) is at most family_error / (n - k). Equal p-values fall
 * together: where one is rejected, the next meets a larger threshold. */
ntk_status ntk_stats_holm(size_t n, const double *p, double family_error, bool *rejected) {
    if (n == 0) return ntk_fail(NTK_ERROR_ARGUMENT, "Holm: no p-values");
    if (!(family_error > 0 && family_error < 1))
        return ntk_fail(NTK_ERROR_ARGUMENT, "Holm: family error %g is not in (0, 1)", family_error);
    for (size_t k = 0; k < n; k++)
        if (!(p[k] >= 0 && p[k] <= 1))
            return ntk_fail(NTK_ERROR_ARGUMENT, "Holm: p-value %zu is %g", k, p[k]);
    void *memory;
    NTK_TRY(ntk_allocate(n, sizeof(ranked), &memory));
    ranked *order = memory;
    for (size_t k = 0; k < n; k++) {
        order[k] = (ranked){p[k], k};
        rejected[k] = false;
    }
    qsort(order, n, sizeof *order, compare);
    for (size_t k = 0; k < n && order[k].p <= family_error / (double)(n - k); k++)
        rejected[order[k].index] = true;
    ntk_release(order);
    return NTK_OK;
}
