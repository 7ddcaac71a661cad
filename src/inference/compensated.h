/* Theta v as if in twice the working precision. */
#ifndef NTK_INFERENCE_COMPENSATED_H
#define NTK_INFERENCE_COMPENSATED_H

#include <ntk/inference_problem.h>
#include <ntk/status.h>

typedef struct ntk_halves {
    double high, low;
} ntk_halves;

/* Exact for |x| below 2^996. */
static inline ntk_halves ntk_split(double x) {
    const double shifted = 0x8000001p0 * x, high = shifted - (shifted - x);
    return (ntk_halves){high, x - high};
}

/* sum + rest += x y. */
static inline void ntk_add_product(double x, ntk_halves xs, double y, ntk_halves ys, double *sum,
                                   double *rest) {
    const double product = x * y;
    const double error =
        xs.low * ys.low - (((product - xs.high * ys.high) - xs.low * ys.high) - xs.high * ys.low);
    const double total = *sum + product, moved = total - *sum;
    *rest += ((*sum - (total - moved)) + (product - moved)) + error;
    *sum = total;
}

/* image = Theta v, each entry off by at most
 *
 *     u |(Theta v)_i| + (order u)^2 sum_j |Theta_ij| |v_j|,     u = 2^-53,
 *
 * at some twenty times the work of ntk_inference_apply. v, image: (n, K), which must not
 * overlap. */
ntk_status ntk_inference_apply_compensated(const ntk_inference_problem *problem, const double *v,
                                           double *image);

#endif
