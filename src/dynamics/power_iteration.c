#include "dynamics/power_iteration.h"

#include <math.h>

#include <ntk/linalg.h>

static void scale(size_t n, double factor, const double *x, double *out) {
    for (size_t i = 0; i < n; ++i) out[i] = factor * x[i];
}

ntk_status ntk_power_iteration(size_t n, ntk_operator apply, void *context, size_t iterations, double *v,
                               double *image, double *value) {
    scale(n, 1 / ntk_norm(n, v), v, v);
    for (size_t k = 0; k < iterations; ++k) {
        NTK_TRY(apply(context, v, image));
        const double previous = *value;
        *value = ntk_norm(n, image);
        if (!(isfinite(*value) && *value > 0)) return NTK_OK;
        scale(n, 1 / *value, image, v);
        if (fabs(*value - previous) <= 0.01 * *value) return NTK_OK;
    }
    return NTK_OK;
}
