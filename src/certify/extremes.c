/* Lanczos's method, and what a vector proves.
 *
 * Let v be any vector and y = T v up to an error e that is proved (kernel/tiles_compensated.c).
 *
 *     lambda_min <= v.T v / v.v <= lambda_max,
 *     min_i |lambda_i - theta| <= ||T v - theta v|| / ||v||         for every theta.
 *
 * Collatz and Wielandt: let B = |T|, v > 0 and m = max_i (B v)_i / v_i. With D = diag(v), D^{-1} B
 * D is non-negative with row sums of at most m, so that its spectral radius, that of B, is at most
 * m; and ||T||_2 = rho(T) <= rho(|T|). For v the eigenvector of B, which the top Ritz vector nearly
 * is where entries are positive, m is the largest eigenvalue itself. B v is a sum of n non-negative
 * products, computed to a relative error of (n + 2) u, and n eta for those that underflow, eta =
 * 2^-1022. Rows of zeros stand apart, with the eigenvalue 0, and are left out.
 *
 * A matrix whose diagonal is near the ends of the range is scaled (extremes_scale.h). What its
 * smallest entries lose, 2^-1075 each, n eta has room for: it bounds n products that are each off
 * by
 * 10 2^-1074; rows that become 0 lose no more, which the last bound adds. */
#include <ntk/extremes.h>

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/random.h>

#include "certify/cholesky.h"
#include "certify/extremes_scale.h"
#include "kernel/tiles.h"

typedef struct lanczos {
    const ntk_tiles *tiles;
    size_t n, steps;
    double *basis;          /* (steps, n), orthonormal */
    double *small;          /* (steps, steps): T in that basis; then its eigenvectors in columns */
    double *values;         /* (steps) */
    double *vector, *image; /* (n) */
    double *high, *low, *error, *row_sums;
} lanczos;

/* ---- estimates ------------------------------------------------------------------------------- */

/* v less its parts along the first `count` vectors of the basis, twice for rounding. */
static ntk_status orthogonalise(lanczos *s, size_t count, double *v) {
    for (int pass = 0; pass < 2 && count > 0; pass++) {
        double *parts = s->values;
        NTK_TRY(ntk_gemv(NTK_NO_TRANSPOSE, count, s->n, 1, s->basis, s->n, v, 0, parts));
        NTK_TRY(ntk_gemv(NTK_TRANSPOSE, count, s->n, -1, s->basis, s->n, parts, 1, v));
    }
    return NTK_OK;
}

/* The next vector of the basis; false in *more where nothing but rounding is left of it. */
static ntk_status extend(lanczos *s, size_t count, double scale, bool *more) {
    double *next = s->basis + count * s->n;
    memcpy(next, s->vector, s->n * sizeof *next);
    NTK_TRY(orthogonalise(s, count, next));
    const double norm = ntk_norm(s->n, next);
    if (!isfinite(norm)) return ntk_fail(NTK_ERROR_NOT_FINITE, "Lanczos's method: a vector overflows");
    *more = norm > 1e-13 * scale;
    for (size_t i = 0; *more && i < s->n; i++) next[i] /= norm;
    return NTK_OK;
}

/* The basis of the Krylov space and T in it. */
static ntk_status span(lanczos *s, uint64_t seed) {
    const size_t most = s->steps;
    ntk_stream stream = ntk_stream_create(seed, "lanczos", 0);
    ntk_stream_normal(&stream, s->n, s->vector);
    double scale = ntk_norm(s->n, s->vector);
    bool more = true;
    for (size_t k = 0; k < most; k++) {
        NTK_TRY(extend(s, k, scale, &more));
        if (!more) {
            s->steps = k;
            return NTK_OK;
        }
        NTK_TRY(ntk_tiles_apply(s->tiles, 1, s->basis + k * s->n, s->vector));
        scale = ntk_larger(ntk_norm(s->n, s->vector), DBL_MIN);
        for (size_t j = 0; j <= k; j++)
            s->small[k * most + j] = ntk_dot(s->n, s->basis + j * s->n, s->vector);
    }
    return NTK_OK;
}

/* vector: the Ritz vector of number `index`. */
static ntk_status ritz_vector(lanczos *s, size_t index, size_t stride) {
    double *weights = s->image; /* n >= steps */
    for (size_t k = 0; k < s->steps; k++) weights[k] = s->small[k * stride + index];
    return ntk_gemv(NTK_TRANSPOSE, s->steps, s->n, 1, s->basis, s->n, weights, 0, s->vector);
}

/* ---- what is proved -------------------------------------------------------------------------- */

/* The Rayleigh quotient of `vector`, from below and from above, and the radius about theta. */
static ntk_status prove_pair(lanczos *s, double theta, double *below, double *above, double *radius) {
    double product = 0, off = 0, square = 0, rest = 0;
    NTK_TRY(ntk_tiles_apply_compensated(s->tiles, 1, s->vector, s->high, s->low, s->error, s->row_sums));
    for (size_t i = 0; i < s->n; i++) {
        const double v = s->vector[i], y = s->high[i], e = fabs(s->low[i]) + s->error[i];
        const double r = fabs(y - theta * v) + e + DBL_EPSILON * (fabs(y) + fabs(theta * v));
        product += v * y;
        off += fabs(v) * e + fabs(v * y) * (double)(s->n + 4) * DBL_EPSILON;
        square += v * v;
        rest += r * r;
    }
    off = certify_inflate(off, s->n + 16);
    const double most = certify_inflate(square, s->n + 4), least = square / certify_inflate(1, s->n + 4);
    const double low = product - off, high = product + off; /* each off by u of itself */
    *below = low - DBL_EPSILON * fabs(low), *above = high + DBL_EPSILON * fabs(high);
    *below = *below / (*below > 0 ? most : least);
    *above = *above / (*above > 0 ? least : most);
    *below -= 2 * DBL_EPSILON * fabs(*below), *above += 2 * DBL_EPSILON * fabs(*above);
    *radius = certify_inflate(sqrt(rest + (double)s->n * DBL_MIN) / sqrt(least), s->n + 32);
    if (!isnan(*below) && !isnan(*above) && !isnan(*radius)) return NTK_OK;
    return ntk_fail(NTK_ERROR_NOT_FINITE, "extreme eigenvalues: a product of the matrix overflows");
}

/* v / 2^k with its largest entry in [1/2, 1): as far as it matters, any positive vector. */
static void scale_down(size_t n, double *v) {
    double largest = 0;
    int exponent = 0;
    for (size_t i = 0; i < n; i++) largest = ntk_larger(largest, v[i]);
    if (isfinite(largest)) (void)frexp(largest, &exponent);
    for (size_t i = 0; i < n; i++) v[i] = ldexp(v[i], -exponent);
}

/* max_i (|T| v)_i / v_i for v = |T| times the top Ritz vector, made positive. */
static ntk_status bound_from_above(lanczos *s, double *bound) {
    double largest = 0;
    for (size_t i = 0; i < s->n; i++) largest = ntk_larger(largest, fabs(s->vector[i]));
    for (size_t i = 0; i < s->n; i++) s->image[i] = fabs(s->vector[i]) + 1e-8 * largest;
    NTK_TRY(ntk_tiles_apply_absolute(s->tiles, 1, s->image, s->high));
    scale_down(s->n, s->high);
    NTK_TRY(ntk_tiles_apply_absolute(s->tiles, 1, s->high, s->low));
    *bound = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (s->row_sums[i] == 0) continue;
        const double row = s->low[i] + (double)s->n * DBL_MIN, v = s->high[i];
        *bound = ntk_larger(*bound, v > DBL_MIN / DBL_EPSILON ? row / v : INFINITY);
    }
    *bound = isnan(*bound) ? INFINITY : certify_inflate(*bound + (double)s->n * DBL_TRUE_MIN, 2 * s->n + 16);
    return NTK_OK;
}

static ntk_status prove(lanczos *s, size_t stride, ntk_extremes *out) {
    double unused;
    out->lambda_min = s->values[0];
    out->lambda_max = s->values[s->steps - 1];
    NTK_TRY(ritz_vector(s, 0, stride));
    NTK_TRY(prove_pair(s, out->lambda_min, &unused, &out->min_upper, &out->min_radius));
    NTK_TRY(ritz_vector(s, s->steps - 1, stride));
    NTK_TRY(prove_pair(s, out->lambda_max, &out->max_lower, &unused, &out->max_radius));
    return bound_from_above(s, &out->max_upper);
}

static void unscale(int exponent, ntk_extremes *out) {
    if (exponent == 0) return;
    out->lambda_min = ldexp(out->lambda_min, exponent);
    out->lambda_max = ldexp(out->lambda_max, exponent);
    out->min_upper = ntk_extremes_above(out->min_upper, exponent);
    out->max_lower = ntk_extremes_below(out->max_lower, exponent);
    out->max_upper = ntk_extremes_above(out->max_upper, exponent);
    out->min_radius = ntk_extremes_above(out->min_radius, exponent);
    out->max_radius = ntk_extremes_above(out->max_radius, exponent);
}

static ntk_status find(lanczos *s, uint64_t seed, ntk_extremes *out) {
    const size_t stride = s->steps;
    NTK_TRY(span(s, seed));
    out->steps = s->steps;
    NTK_TRY(ntk_eigen_symmetric(s->steps, s->small, stride, true, s->values));
    return prove(s, stride, out);
}

static ntk_status find_scaled(const ntk_tiles *tiles, size_t steps, uint64_t seed, ntk_extremes *out) {
    lanczos s = {.tiles = tiles, .n = ntk_tiles_order(tiles)};
    double *memory = NULL;
    s.steps = steps < s.n ? steps : s.n;
    NTK_TRY(ntk_allocate_doubles(s.n * (s.steps + 6) + s.steps * (s.steps + 1), &memory));
    s.basis = memory;
    s.small = s.basis + s.steps * s.n;
    s.values = s.small + s.steps * s.steps;
    s.vector = s.values + s.steps;
    s.image = s.vector + s.n;
    s.high = s.image + s.n, s.low = s.high + s.n;
    s.error = s.low + s.n, s.row_sums = s.error + s.n;
    const ntk_status status = find(&s, seed, out);
    ntk_release(memory);
    return status;
}

ntk_status ntk_extremes_find(const ntk_tiles *tiles, size_t steps, uint64_t seed, ntk_extremes *out) {
    ntk_tiles *view;
    int exponent;
    *out = (ntk_extremes){0};
    if (steps == 0) return ntk_fail(NTK_ERROR_ARGUMENT, "Lanczos's method: no steps");
    NTK_TRY(ntk_extremes_scale(tiles, &view, &exponent));
    const ntk_status status = find_scaled(view ? view : tiles, steps, seed, out);
    ntk_tiles_release_scaled(view);
    unscale(exponent, out);
    return status;
}
