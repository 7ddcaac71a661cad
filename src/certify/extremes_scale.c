#include "certify/extremes_scale.h"

#include <math.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>

#include "kernel/tiles.h"

enum { ORDINARY = 300 };

ntk_status ntk_extremes_scale(const ntk_tiles *tiles, ntk_tiles **view, int *exponent) {
    const size_t n = ntk_tiles_order(tiles);
    double *diagonal = NULL, largest = 0;
    *view = NULL, *exponent = 0;
    NTK_TRY(ntk_allocate_doubles(n, &diagonal));
    const ntk_status status = ntk_tiles_diagonal(tiles, diagonal);
    for (size_t i = 0; i < n && status == NTK_OK; i++) largest = ntk_larger(largest, fabs(diagonal[i]));
    ntk_release(diagonal);
    NTK_TRY(status);
    (void)frexp(largest, exponent); /* 0 for 0 */
    if (-ORDINARY <= *exponent && *exponent <= ORDINARY) *exponent = 0;
    return *exponent == 0 ? NTK_OK : ntk_tiles_scale(tiles, *exponent, view);
}

/* Beyond the range a bound is no number, but still a bound. */
double ntk_extremes_below(double x, int exponent) {
    const double scaled = ldexp(x, exponent);
    return ldexp(scaled, -exponent) == x ? scaled : nextafter(scaled, -INFINITY);
}

double ntk_extremes_above(double x, int exponent) { return -ntk_extremes_below(-x, exponent); }
