/* Power laws with an offset, by profiling over the exponent.
 *
 * For a given exponent g the law y = a + b x^g is linear in (a, b), so that the least-squares
 * problem is one of a single variable: minimise
 *
 *     r(g) = min_{a, b} sum (y - a - b u_g)^2,  u_g = (x / x_0)^g,  x_0 the geometric mean of x,
 *
 * by a grid, which finds the right valley, and golden sections in it, which need no derivative. The
 * scale x_0 keeps u_g near 1 whatever the exponent, and with an offset the sums are centred: a + b
 * u_g is nearly singular for small g. Golden sections find the minimum of a parabola to the square
 * root of rounding: about 1e-8 of the range, and better than that where the fit is close. */
#include <math.h>

#include "stats/estimate.h"

enum { GRID = 128 };

typedef struct problem {
    size_t n;
    const double *x, *y;
    double scale; /* x_0 */
    bool with_offset;
} problem;

/* The best a and b for one exponent. */
static ntk_power_fit fit_at(const problem *p, double exponent) {
    double u_mean = 0, y_mean = 0, uu = 0, uy = 0, squares = 0;
    for (size_t k = 0; k < p->n && p->with_offset; k++) {
        u_mean += pow(p->x[k] / p->scale, exponent) / (double)p->n;
        y_mean += p->y[k] / (double)p->n;
    }
    for (size_t k = 0; k < p->n; k++) {
        const double u = pow(p->x[k] / p->scale, exponent) - u_mean;
        uu += u * u;
        uy += u * (p->y[k] - y_mean);
    }
    const double slope = uy / uu;
    for (size_t k = 0; k < p->n; k++) {
        const double u = pow(p->x[k] / p->scale, exponent) - u_mean;
        const double residual = p->y[k] - y_mean - slope * u;
        squares += residual * residual;
    }
    return (ntk_power_fit){.offset = y_mean - slope * u_mean,
                           .factor = slope * pow(p->scale, -exponent),
                           .exponent = exponent,
                           .rms = sqrt(squares / (double)p->n)};
}

/* The grid point of the smallest residual, and its neighbours as the bracket. */
static void bracket_minimum(const problem *p, double low, double high, double *left, double *right) {
    const double spacing = (high - low) / GRID;
    double best = INFINITY, at = low;
    for (int i = 0; i <= GRID; i++) {
        const double exponent = low + spacing * i, rms = fit_at(p, exponent).rms;
        if (rms < best) {
            best = rms;
            at = exponent;
        }
    }
    *left = fmax(low, at - spacing);
    *right = fmin(high, at + spacing);
}

static double golden_section(const problem *p, double left, double right) {
    const double ratio = 0.6180339887498949;
    double inner[2] = {right - ratio * (right - left), left + ratio * (right - left)};
    double rms[2] = {fit_at(p, inner[0]).rms, fit_at(p, inner[1]).rms};
    for (int i = 0; i < 60; i++) { /* 0.618^60 = 3e-13 */
        const int worse = rms[0] < rms[1] ? 1 : 0;
        *(worse ? &right : &left) = inner[worse];
        inner[worse] = inner[1 - worse];
        rms[worse] = rms[1 - worse];
        const double other = worse ? right - ratio * (right - left) : left + ratio * (right - left);
        inner[1 - worse] = other;
        rms[1 - worse] = fit_at(p, other).rms;
    }
    return 0.5 * (left + right);
}

static ntk_status check(size_t n, const double *x, const double *y, double low, double high) {
    if (n < 2) return ntk_fail(NTK_ERROR_ARGUMENT, "power fit: %zu points, at least 2 are needed", n);
    if (!(low > 0 && low <= high && isfinite(high)))
        return ntk_fail(NTK_ERROR_ARGUMENT, "power fit: the exponents %g .. %g are no range above 0", low,
                        high);
    bool differ = false;
    for (size_t k = 0; k < n; k++) {
        if (!(x[k] > 0 && isfinite(x[k])))
            return ntk_fail(NTK_ERROR_ARGUMENT, "power fit: x[%zu] is %g", k, x[k]);
        if (!isfinite(y[k])) return ntk_fail(NTK_ERROR_NOT_FINITE, "power fit: y[%zu] is %g", k, y[k]);
        differ = differ || x[k] != x[0];
    }
    if (!differ) return ntk_fail(NTK_ERROR_ARGUMENT, "power fit: all %zu values of x equal %g", n, x[0]);
    return NTK_OK;
}

ntk_status ntk_stats_power_fit(size_t n, const double *x, const double *y, bool with_offset, double low,
                               double high, ntk_power_fit *out) {
    NTK_TRY(check(n, x, y, low, high));
    problem p = {.n = n, .x = x, .y = y, .with_offset = with_offset};
    for (size_t k = 0; k < n; k++) p.scale += log(x[k]) / (double)n;
    p.scale = exp(p.scale);
    double left, right;
    bracket_minimum(&p, low, high, &left, &right);
    *out = fit_at(&p, left < right ? golden_section(&p, left, right) : left);
    if (isfinite(out->offset) && isfinite(out->factor) && isfinite(out->rms)) return NTK_OK;
    return ntk_fail(NTK_ERROR_NOT_FINITE, "power fit: sums over %zu points overflow", n);
}
