/* Many tests at once: Bonferroni's levels for intervals. */
#include <math.h>

#include <ntk/stats.h>

double ntk_stats_family_level(double family_error, size_t tests) {
    if (!(family_error > 0 && family_error < 1 && tests > 0)) return NAN;
    return 1 - family_error / (double)tests;
}
