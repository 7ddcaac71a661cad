/* How well the RKHS of the NTK approximates even functions at the edge of H^1 (bietti-2019,
 * Corollary 7).
 *
 * The corollary: for an even f with |f| <= 1 and Lipschitz constant 1 on S^{p-1} there is, for
 * every large delta, a g of norm at most delta with sup |f - g| <= C(p) delta^{-1/(p/2-1)} log
 * delta. (For the kernel of the last layer alone, kappa_1, p/2 stands for p/2 - 1.)
 *
 * In L^2 the infimum over |g|_H <= delta is a diagonal problem. With w_k = N(p, k) f_k^2 it has,
 * for some l > 0,
 *
 *     g_k = f_k mu_k / (mu_k + l),     |g|_H^2 = sum w_k mu_k / (mu_k + l)^2,
 *     |f - g|^2 = sum w_k l^2 / (mu_k + l)^2.
 *
 * Take w_k = k^{-3} for even k, which is in H^s for every s < 1 and just not in H^1. With l =
 * mu_K both sums are those of a cut at K but for factors: |f - g| ~ K^{-1} and |g|_H ~
 * K^{p/2-1}, so |f - g| ~ delta^{-1/(p/2-1)}: the exponents -2, -1, -2/3 for p = 3, 4, 5. The
 * next terms are smaller by K^{2-p} and K^{-2}.
 *
 * In the supremum norm the function is
 *
 *     f(theta) = sum_j cos(n_j theta) / n_j,     n_j the even integers nearest to 2^{1 + j/2},
 *
 * zonal, even, and at the edge of the Lipschitz functions: half of its octaves from K on add up
 * to ~ 1/K. Its expansion is cut at twice the largest n_j, the supremum taken over a grid with
 * some 24 points a wave, and the whole curve of smallest norms against errors comes from one
 * homotopy (homotopy.c). By rotation invariance and convexity a zonal g is best. The measure is
 * the growth of |f - g| delta^{1/(p/2-1)} / log delta, which the corollary bounds: the slope of
 * its logarithm in log delta is at most 0. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <ntk/lab/lab.h>

#include "homotopy.h"

static const ntk_parameter parameters[] = {
    NTK_INTEGERS("dimensions", "3 4 5", 3, 20, "p of the spheres in R^p"),
    NTK_CHOICE("kernel", "depth-1", "depth-1|kappa-1", "the NTK, or that of the last layer alone"),
    NTK_INTEGER("degrees", 200000, 1000, 10000000, "largest degree of the diagonal problem"),
    NTK_INTEGER("octaves", 6, 3, 9, "of frequencies of the Lipschitz function"),
    NTK_INTEGER("grid", 769, 65, 8193, "points of the supremum on a quarter of a great circle"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("exponent-{dimensions}", "of the smallest L2 error in the norm"),
    NTK_METRIC("growth-{dimensions}", "of the supremum error over the theorem's order"),
    {0},
};

enum { CUTS = 13, KNOTS_MAX = 20000, WAVES_MAX = 32 };

static ntk_status spectrum_of(const ntk_context *context, size_t p, size_t count, double *mu) {
    if (ntk_context_is(context, "kernel", "depth-1")) return ntk_sphere_shallow(p, count, mu);
    return ntk_sphere_arc_cosine(p, 1, count, mu);
}

/* ---- L^2 ------------------------------------------------------------------------------------- */

/* Norm and error at l = mu_K; beyond `count` every term is an error, sum k^{-3} over even k. */
static approximation diagonal(size_t count, const double *mu, size_t cut) {
    double squared_norm = 0, squared_error = 0;
    for (size_t k = 2; k < count; k += 2) {
        const double w = pow((double)k, -3), share = mu[cut] / (mu[k] + mu[cut]);
        squared_norm += w * mu[k] / ((mu[k] + mu[cut]) * (mu[k] + mu[cut]));
        squared_error += w * share * share;
    }
    squared_error += 1 / (4 * (double)count * (double)count);
    return (approximation){sqrt(squared_error), sqrt(squared_norm)};
}

/* Cuts from 10 to 10^4 by factors of 10^{1/4}; the exponent over those from 10^3 on. */
static ntk_status emit_diagonal(ntk_context *context, ntk_table *table, size_t p) {
    const size_t count = ntk_context_size(context, "degrees");
    double *mu, x[CUTS], y[CUTS], slope, intercept;
    size_t fitted = 0;
    NTK_TRY(ntk_allocate_doubles(count, &mu));
    ntk_status status = spectrum_of(context, p, count, mu);
    for (size_t i = 0; i < CUTS && status == NTK_OK; i++) {
        /* Not below the integers that some of them are, by a last bit of pow. */
        const size_t cut = 2 * (size_t)(5 * pow(10, (double)i / 4) + 1e-9);
        const approximation a = diagonal(count, mu, cut < count ? cut : count / 2 * 2 - 2);
        const double row[] = {(double)p, (double)cut, a.norm, a.error};
        status = ntk_table_row(table, NULL, row);
        if (cut < 999) continue;
        x[fitted] = log(a.norm);
        y[fitted++] = log(a.error);
    }
    ntk_release(mu);
    NTK_TRY(status);
    NTK_TRY(ntk_stats_slope(fitted, x, y, &slope, &intercept));
    return ntk_emit_scalar_as(context, slope, "exponent-%zu", p);
}

/* ---- supremum norm --------------------------------------------------------------------------- */

typedef struct waves {
    size_t count;
    double frequency[WAVES_MAX];
} waves;

static waves waves_of(size_t octaves) {
    waves out = {0};
    for (size_t j = 0; j <= 2 * octaves; j++) {
        const double n = 2 * round(pow(2, (double)j / 2));
        if (out.count == 0 || n > out.frequency[out.count - 1]) out.frequency[out.count++] = n;
    }
    return out;
}

static ntk_status evaluate_waves(size_t n, const double *theta, double *values, const void *argument) {
    const waves *self = argument;
    for (size_t i = 0; i < n; i++) {
        values[i] = 0;
        for (size_t j = 0; j < self->count; j++)
            values[i] += cos(self->frequency[j] * theta[i]) / self->frequency[j];
    }
    return NTK_OK;
}

typedef struct problem {
    size_t p, count, points;
    double *mu, *n, *coefficient; /* (count) */
    double *legendre;             /* (points, count) */
    double *weighted;             /* (points, count), times sqrt(mu N) */
    double *gram, *f, *beta;      /* (points, points), (points), (points) */
    approximation *curve;         /* (KNOTS_MAX) */
} problem;

static ntk_status create(problem *q, const ntk_context *context) {
    NTK_TRY(ntk_allocate_doubles(q->count, &q->mu));
    NTK_TRY(ntk_allocate_doubles(q->count, &q->n));
    NTK_TRY(ntk_allocate_doubles(q->count, &q->coefficient));
    NTK_TRY(ntk_allocate_doubles(q->points * q->count, &q->legendre));
    NTK_TRY(ntk_allocate_doubles(q->points * q->count, &q->weighted));
    NTK_TRY(ntk_allocate_doubles(q->points * q->points, &q->gram));
    NTK_TRY(ntk_allocate_doubles(q->points, &q->f));
    NTK_TRY(ntk_allocate_doubles(q->points, &q->beta));
    NTK_TRY(ntk_allocate(KNOTS_MAX, sizeof *q->curve, (void **)&q->curve));
    NTK_TRY(spectrum_of(context, q->p, q->count, q->mu));
    return ntk_sphere_multiplicities(q->p, q->count, q->n);
}

static void release(problem *q) {
    ntk_release(q->mu);
    ntk_release(q->n);
    ntk_release(q->coefficient);
    ntk_release(q->legendre);
    ntk_release(q->weighted);
    ntk_release(q->gram);
    ntk_release(q->f);
    ntk_release(q->beta);
    ntk_release(q->curve);
}

/* The truncated f and the kernel sum_k mu_k N P_k(t_i) P_k(t_j) of zonal functions on the grid. */
static ntk_status fill(problem *q, const waves *w) {
    const size_t nodes = 2 * q->count + q->p + 64;
    NTK_TRY(ntk_sphere_project(evaluate_waves, w, q->p, q->count, nodes, q->coefficient));
    for (size_t i = 0; i < q->points; i++) {
        double *row = q->legendre + i * q->count, *weighted = q->weighted + i * q->count;
        NTK_TRY(
            ntk_sphere_legendre(q->p, q->count, cos(M_PI / 2 * (double)i / (double)(q->points - 1)), row));
        for (size_t k = 0; k < q->count; k++) {
            const bool even = k % 2 == 0;
            q->f[i] += even ? q->n[k] * q->coefficient[k] * row[k] : 0;
            weighted[k] = even ? sqrt(q->mu[k] * q->n[k]) * row[k] : 0;
        }
    }
    NTK_TRY(ntk_syrk(q->points, q->count, 1, q->weighted, q->count, 0, q->gram, q->points));
    for (size_t i = 0; i < q->points; i++)
        for (size_t j = 0; j < i; j++) q->gram[j * q->points + i] = q->gram[i * q->points + j];
    return NTK_OK;
}

/* The slope in log delta of log(error delta^{1/(p/2-1)} / log delta) over errors from 1/8 down. */
static ntk_status emit_growth(ntk_context *context, ntk_table *table, const problem *q, size_t knots) {
    double *x, slope, intercept;
    size_t fitted = 0;
    NTK_TRY(ntk_allocate_doubles(2 * knots, &x));
    ntk_status status = NTK_OK;
    for (size_t i = 1; i < knots && status == NTK_OK; i++) {
        const double row[] = {(double)q->p, q->curve[i].norm, q->curve[i].error};
        status = ntk_table_row(table, NULL, row);
        if (q->curve[i].error > 0.125) continue;
        const double delta = log(q->curve[i].norm);
        x[fitted] = delta;
        x[knots + fitted++] = log(row[2]) + delta / ((double)q->p / 2 - 1) - log(delta);
    }
    if (status == NTK_OK) status = ntk_stats_slope(fitted, x, x + knots, &slope, &intercept);
    ntk_release(x);
    NTK_TRY(status);
    return ntk_emit_scalar_as(context, slope, "growth-%zu", q->p);
}

/* Down to an error of three times the amplitude of the last wave, before the end of the series is
 * felt. */
static ntk_status emit_supremum(ntk_context *context, ntk_table *table, size_t p) {
    const waves w = waves_of(ntk_context_size(context, "octaves"));
    const double last = w.frequency[w.count - 1];
    problem q = {.p = p, .count = 2 * (size_t)last + 1, .points = ntk_context_size(context, "grid")};
    size_t knots = 0;
    ntk_status status = create(&q, context);
    if (status == NTK_OK) status = fill(&q, &w);
    if (status == NTK_OK)
        status = approximation_curve(q.points, q.gram, q.f, 3 / last, KNOTS_MAX, q.curve, &knots, q.beta);
    if (status == NTK_OK) status = emit_growth(context, table, &q, knots);
    release(&q);
    return status;
}

static ntk_status run(ntk_context *context) {
    size_t dimensions;
    ntk_table *squares, *supremum;
    const long *p = ntk_context_integers(context, "dimensions", &dimensions);
    NTK_TRY(ntk_emit_table(context, "squares", "dimension cut norm error", &squares));
    NTK_TRY(ntk_emit_table(context, "supremum", "dimension norm error", &supremum));
    for (size_t i = 0; i < dimensions; i++) {
        NTK_TRY(emit_diagonal(context, squares, (size_t)p[i]));
        NTK_TRY(emit_supremum(context, supremum, (size_t)p[i]));
    }
    return NTK_OK;
}

const ntk_experiment NTK_EXPERIMENT = {.parameters = {parameters}, .metrics = {metrics}, .run = run};
