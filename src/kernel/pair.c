/* ReLU pairs that are parallel or nearly so.
 *
 * kappa_0 has a square-root singularity at rho = +-1: computed from the inner product, whose rounding is at
 * least one unit of roundoff, the angle is lost below 1e-8. Here the sine of the angle is carried instead.
 * With the inputs written as X = (w x / sqrt(d), b), so that S^1 = <X, Y>, the projection of X on Y leaves
 *
 *     e = X - c Y,  c = S_xy / S_yy,     sin theta_1 = |e| / |X|,
 *
 * off by about eps sqrt(d) in absolute terms however small it is. It is exactly 0 where c and c Y are exact:
 * for x' = x, and, without bias, for x' = -x, 2x and any other power of two.
 *
 * From a layer to the next, with A = w^2 / 2, q = sqrt(S_xx), r = sqrt(S_yy), rho = cos theta, and with
 * N = sqrt((A q^2 + b^2)(A r^2 + b^2)), which is sqrt(S_xx S_yy) of the next layer,
 *
 *     1 - kappa_1(rho) = (1 - rho) - (sin theta - theta cos theta) / pi,
 *     1 - rho_next     = (N - A q r kappa_1 - b^2) / N
 *                      = [A q r (1 - kappa_1) + A b^2 (q - r)^2 / (N + A q r + b^2)] / N,
 *
 * both free of the cancellation at rho = 1 beyond an error of eps theta, which moves the angle by eps. So the
 * absolute error of every angle, and of kappa_0, is a small multiple of eps sqrt(d), without the factor
 * 1 / sqrt(1 - rho^2) of the vectorised form. Cost: O(d) operations, and an arctangent
 * and a few square roots a layer.
 *
 * A residual network whose branches are weak keeps antiparallel inputs nearly so in all blocks: 1 + rho,
 * which follows the same average as 1 - rho (residual.c), is carried too,
 *
 *     1 -+ rho_next = (1 - q) (1 -+ rho) + q (1 -+ kappa_1),
 *
 * sums of non-negative terms, whose product is the squared sine. */
#include "kernel/pair.h"

#include <math.h>

#include <ntk/kernel.h>
#include <ntk/linalg.h>

#include "kernel/residual.h"

/* |x - c y|^2; eight running sums, which the compiler can keep in vectors. */
static double squared_residual(size_t d, const double *x, double c, const double *y) {
    enum { SUMS = 8 };
    double sum[SUMS] = {0};
    const size_t whole = d - d % SUMS;
    for (size_t k = 0; k < whole; k += SUMS)
        for (size_t j = 0; j < SUMS; j++) sum[j] += (x[k + j] - c * y[k + j]) * (x[k + j] - c * y[k + j]);
    for (size_t k = whole; k < d; k++) sum[k - whole] += (x[k] - c * y[k]) * (x[k] - c * y[k]);
    return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

/* The squared sine of the angle between X and Y, and their product S^1_xy. */
static double squared_sine(const ntk_architecture *architecture, const ntk_points *rows, size_t i,
                           const ntk_points *columns, size_t j, double *product) {
    const size_t d = rows->dimension;
    const double *x = rows->x + i * rows->ldx, *y = columns->x + j * columns->ldx;
    const double factor = ntk_input_factor(architecture, d), b2 = architecture->bias_variance;
    *product = factor * ntk_dot(d, x, y) + b2;
    const double c = *product / columns->variance[j];
    const double residual = factor * squared_residual(d, x, c, y) + b2 * (1 - c) * (1 - c);
    return fmin(1, residual / rows->variance[i]);
}

/* 1 - kappa_1 from 1 - rho and the sine and cosine of the angle. */
static double kappa_decrease(double versine, double sine, double cosine, double angle) {
    return versine - (sine - angle * cosine) / M_PI;
}

static void dense_relu_pair(const ntk_architecture *architecture, const ntk_points *rows, size_t i,
                            const ntk_points *columns, size_t j, double *nngp, double *ntk) {
    const double A = 0.5 * architecture->weight_variance, b2 = architecture->bias_variance;
    double s = 0;
    double sine = sqrt(squared_sine(architecture, rows, i, columns, j, &s));
    double cosine = copysign(sqrt((1 - sine) * (1 + sine)), s);
    double tangent = s; /* Theta */
    for (size_t l = 0; l < rows->depth; l++) {
        const size_t next_row = (l + 1) * rows->stride + i, next_column = (l + 1) * columns->stride + j;
        const double q = sqrt(rows->variance[next_row - rows->stride]);
        const double r = sqrt(columns->variance[next_column - columns->stride]);
        const double angle = atan2(sine, cosine);
        const double versine = cosine > 0 ? sine * sine / (1 + cosine) : 1 - cosine;
        const double decrease = kappa_decrease(versine, sine, cosine, angle);
        s = A * q * r * (1 - decrease) + b2;
        tangent = s + tangent * (A * ((M_PI - angle) / M_PI));

        const double N = sqrt(rows->variance[next_row]) * sqrt(columns->variance[next_column]);
        if (!(N > 0)) break; /* the kernel has underflowed to 0 */
        const double gap = A * b2 * ((q - r) * (q - r)) / (N + A * q * r + b2);
        const double next = fmax(0, (A * q * r * decrease + gap) / N); /* 1 - rho of the next layer, <= 1 */
        cosine = 1 - next;
        sine = sqrt(next * (2 - next));
    }
    *nngp = s;
    *ntk = tangent;
}

static void residual_pair(const ntk_architecture *architecture, const ntk_points *rows, size_t i,
                          const ntk_points *columns, size_t j, double *nngp, double *ntk) {
    const double share = ntk_residual_share(architecture);
    double product = 0;
    const double square = squared_sine(architecture, rows, i, columns, j, &product);
    const double least = square / (1 + sqrt(1 - square)); /* 1 - |rho| */
    double minus = product > 0 ? least : 2 - least;       /* 1 - rho */
    double plus = product > 0 ? 2 - least : least;        /* 1 + rho */
    double tangent = plus - minus;                        /* t_0 = 2 rho_0 */
    for (size_t l = 0; l < rows->depth; l++) {
        const double sine = sqrt(minus * plus), cosine = 0.5 * (plus - minus);
        const double angle = atan2(sine, cosine);
        const double decrease = kappa_decrease(minus, sine, cosine, angle);
        const double gain = (M_PI - angle) / M_PI * tangent + 2 * (1 - decrease);
        tangent = (1 - share) * tangent + share * gain;
        minus = (1 - share) * minus + share * decrease;
        plus = (1 - share) * plus + share * (2 - decrease);
    }
    const double scale = sqrt(rows->variance[rows->depth * rows->stride + i]) *
                         sqrt(columns->variance[columns->depth * columns->stride + j]);
    *nngp = scale * (0.5 * (plus - minus));
    *ntk = scale * tangent;
}

/* Any other activation, one dual activation after the other. */
static ntk_status general_pair(const ntk_architecture *architecture, const ntk_points *rows, size_t i,
                               const ntk_points *columns, size_t j, double *nngp, double *ntk) {
    const double *x = rows->x + i * rows->ldx, *y = columns->x + j * columns->ldx;
    const double w2 = architecture->weight_variance, b2 = architecture->bias_variance;
    double s = ntk_input_factor(architecture, rows->dimension) * ntk_dot(rows->dimension, x, y) + b2;
    double theta = s;
    for (size_t l = 0; l < rows->depth; l++) {
        double value = 0, derivative = 0;
        NTK_TRY(ntk_dual_activation(architecture->activation, rows->variance[l * rows->stride + i],
                                    columns->variance[l * columns->stride + j], s, &value, &derivative,
                                    NULL));
        s = w2 * value + b2;
        theta = s + theta * (w2 * derivative);
    }
    *nngp = s;
    *ntk = theta;
    return NTK_OK;
}

ntk_status ntk_pair_kernel(const ntk_architecture *architecture, const ntk_points *rows, size_t i,
                           const ntk_points *columns, size_t j, double *nngp, double *ntk) {
    if (architecture->family == NTK_RESIDUAL)
        residual_pair(architecture, rows, i, columns, j, nngp, ntk);
    else if (architecture->activation == NTK_RELU)
        dense_relu_pair(architecture, rows, i, columns, j, nngp, ntk);
    else
        NTK_TRY(general_pair(architecture, rows, i, columns, j, nngp, ntk));
    if (!(isfinite(*nngp) && isfinite(*ntk)))
        return ntk_fail(NTK_ERROR_NOT_FINITE, "kernel of inputs %zu and %zu overflows", i, j);
    return NTK_OK;
}
