/* The angle between two rows.
 *
 * Computed from an inner product, whose rounding is at least one unit of roundoff, an angle below
 * 1e-8 is lost. Here it comes from the projection of one row on the other. With X = (sqrt(f) x, b),
 * so that S^1 = <X, Y>, and any t,
 *
 *     e = X - t Y,     |X|^2 sin^2 theta = |e|^2 - <e, Y>^2 / |Y|^2.
 *
 * t is <X, Y> / |Y|^2 as rounded. Then <e, Y> is some eps |X| |Y|, and the second term matters only
 * where theta is of the size of eps. Each component of e is formed from the exact product t y_k =
 * high + low (one fused multiply-add gives low), as (x_k - high) - low: off by eps |e_k| + eps^2
 * |x_k|, not by eps |x_k|. So sin theta has a relative error of some eps, and 0 is exactly 0 where
 * t and t Y are exact: for x' = x, and, without bias, for x' = -x, 2x and any other power of two.
 *
 * The difference of the norms comes from |X|^2 - |Y|^2 = f sum (x_k - y_k)(x_k + y_k). */
#include "kernel/angle.h"

#include <math.h>

#include <ntk/linalg.h>

enum { SUMS = 8 }; /* running sums */

static double total(const double sum[SUMS]) {
    return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

/* *square = |x - t y|^2, *along = <x - t y, y>. */
static void project(size_t d, const double *x, double t, const double *y, double *square, double *along) {
    double squares[SUMS] = {0}, products[SUMS] = {0};
    for (size_t k = 0; k < d; k++) {
        const double high = t * y[k], low = fma(t, y[k], -high), e = (x[k] - high) - low;
        squares[k % SUMS] += e * e;
        products[k % SUMS] += e * y[k];
    }
    *square = total(squares);
    *along = total(products);
}

static double difference_of_squares(size_t d, const double *x, const double *y) {
    double sum[SUMS] = {0};
    for (size_t k = 0; k < d; k++) sum[k % SUMS] += (x[k] - y[k]) * (x[k] + y[k]);
    return total(sum);
}

ntk_angle ntk_angle_from_sine(double square, double sign) {
    const double bounded = fmax(0, fmin(1, square));
    const double root = sqrt(1 - bounded), least = bounded / (1 + root); /* 1 - |rho| */
    ntk_angle out = {.minus = least, .plus = 2 - least, .sine = sqrt(bounded), .cosine = root};
    return sign < 0 ? ntk_angle_supplement(out) : out;
}

ntk_angle ntk_angle_from_minus(double minus) {
    const double bounded = fmax(0, fmin(2, minus));
    return (ntk_angle){
        .minus = bounded, .plus = 2 - bounded, .sine = sqrt(bounded * (2 - bounded)), .cosine = 1 - bounded};
}

double ntk_angle_radians(const ntk_angle *angle) { return atan2(angle->sine, angle->cosine); }

ntk_angle ntk_angle_supplement(ntk_angle angle) {
    return (ntk_angle){.minus = angle.plus, .plus = angle.minus, .sine = angle.sine, .cosine = -angle.cosine};
}

ntk_angle ntk_angle_first(const ntk_architecture *architecture, const ntk_points *rows, size_t i,
                          const ntk_points *columns, size_t j, double *gap) {
    const size_t d = rows->dimension;
    const double *x = rows->x + i * rows->ldx, *y = columns->x + j * columns->ldx;
    const double factor = ntk_input_factor(architecture, d), b2 = ntk_input_bias(architecture);
    const double a = rows->variance[i], c = columns->variance[j];
    if (!(a > 0 && c > 0)) { /* the input 0, orthogonal to all */
        *gap = sqrt(a) - sqrt(c);
        return ntk_angle_from_minus(1);
    }
    const double product = factor * ntk_dot(d, x, y) + b2, t = product / c;
    double square = 0, along = 0;
    project(d, x, t, y, &square, &along);
    square = factor * square + b2 * (1 - t) * (1 - t);
    along = factor * along + b2 * (1 - t);
    *gap = factor * difference_of_squares(d, x, y) / (sqrt(a) + sqrt(c));
    return ntk_angle_from_sine((square - along * (along / c)) / a, product);
}
