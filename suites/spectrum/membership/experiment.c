/* Which functions |t|^alpha lie in the RKHS of the NTK of one ReLU layer (bietti-2019, Corollary
 * 6).
 *
 * f(x) = |<x, e>|^alpha, a zonal function on S^{p-1} with coefficients l_k (equation (6) of
 * kernel/sphere.c), has the squared norm sum_k T_k, T_k = N(p, k) l_k^2 / mu_k over even k. N ~
 * k^{p-2}, l_k ~ k^{-alpha-p/2} and mu_k ~ k^{-p}, so T_k ~ k^{-b} with b = 2 alpha + 2 - p:
 * finite if and only if b > 1, alpha > (p-1)/2. An odd function of degree 3 or more has no
 * finite norm, as mu_k = 0 there.
 *
 * Theorem. For alpha = (p-1)/2 + 1/4 the norm is finite, for (p-1)/2 - 1/4 it is not (p = 3, 4,
 * 5, 10). Proof. With nu = k + (p-2)/2 = 1/x, log(T_{k+2} / T_k) is an analytic function of x:
 * N, l and mu step by quotients of linear functions of k. If T_k nu^{1.1} falls from degree k_0
 * on, then T_k <= T_{k_0} (nu_0 / nu)^{1.1}, whose sum is finite: at most T_{k_0} nu_0 / 0.2
 * beyond k_0. If T_k nu^{0.9} rises, T_k >= T_{k_0} (nu_0 / nu)^{0.9}, whose sum diverges. Both
 * are inequalities in x on (0, x_0], with a zero of first order at x = 0, and certified for
 * every real k >= k_0. QED
 *
 * The norm is enclosed: terms up to k_0 in interval arithmetic, the rest by that bound. The sums
 * up to K, 2K and 4K show the exponent 1 - b. */
#include <math.h>
#include <stdio.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_INTEGERS("dimensions", "3 4 5 10", 3, 100, "p of the spheres in R^p"),
    NTK_REAL("offset", 0.25, -0.75, 0.75, "of alpha from (p-1)/2, above and below; more than 0.05 in size"),
    NTK_INTEGER("from", 100, 10, 10000, "even degree k_0 from which the terms are bounded"),
    NTK_INTEGER("degrees", 1000, 100, 100000, "K, even: sums go to 4K"),
    NTK_CHOICE("function", "even", "even|odd", "the power alone, or with an odd part of degree 3"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("{finite,infinite}-{dimensions}", "certified margin of the fall, or the rise, of the terms"),
    NTK_METRIC("exponent-{above,below}-{dimensions}", "of sums of terms from K to 2K"),
    NTK_METRIC("norm-{dimensions}", "upper bound of the squared norm"),
    {0},
};

enum { SUMS = 3 };

typedef struct series {
    size_t p, from, degrees;
    double alpha;
    bool odd;
    ntk_interval norm; /* of the terms up to `from`, and the bound of the others */
    double sums[SUMS]; /* up to K, 2K, 4K */
} series;

/* ---- every degree ---------------------------------------------------------------------------- */

/* log(T_{k+2} / T_k) as `step`; k = nu - (p-2)/2. */
static ntk_status define_step(ntk_formula *f, const series *s) {
    const size_t p = s->p;
    NTK_TRY(ntk_formula_number(f, "a", s->alpha));
    NTK_TRY(ntk_spectrum_define_step(f, "mu", "depth-1", p));
    NTK_TRY(ntk_formula_define_as(f, "up", "(1 + 2*x)*(1 + %zu*x/2)*(1 + %zu*x/2)", p, p - 2));
    NTK_TRY(ntk_formula_define_as(f, "down", "(1 - (%zu - 6)*x/2)*(1 - (%zu - 4)*x/2)", p, p));
    NTK_TRY(ntk_formula_define_as(f, "l", "2*log((1 - (%zu/2 + a)*x)/(1 + (%zu/2 + a)*x))", p - 2, p + 2));
    return ntk_formula_define(f, "step", "log(up/down) + l - mu");
}

/* Convergence from above, or divergence. */
static ntk_status prove(ntk_proofs *proofs, const series *s, bool finite) {
    char end[32], metric[32];
    snprintf(end, sizeof end, "2/%zu", 2 * s->from + s->p - 2);
    snprintf(metric, sizeof metric, "%s-%zu", finite ? "finite" : "infinite", s->p);
    NTK_TRY(ntk_proofs_renew(proofs));
    NTK_TRY(define_step(proofs->formula, s));
    NTK_TRY(ntk_formula_define(proofs->formula, "finite", "-step - 1.1*log(1 + 2*x)"));
    NTK_TRY(ntk_formula_define(proofs->formula, "infinite", "step + 0.9*log(1 + 2*x)"));
    return ntk_proofs_positive(proofs, metric, finite ? "finite" : "infinite", (ntk_range){"0", end, 1, 0});
}

/* ---- sums ------------------------------------------------------------------------------------ */

/* The term of an odd part P_3, of coefficient 1 / N(p, 3), at least: mu_3 by quadrature. */
static ntk_status odd_term(const series *s, double n, double *term) {
    ntk_interval mu[4];
    const ntk_spectrum_options options = {s->p, 4, true, 1};
    NTK_TRY(ntk_spectrum_enclose("depth-1", &options, mu));
    *term = 1 / (n * mu[3].high);
    return NTK_OK;
}

/* N(p, k) is within 2 p eps. */
static ntk_interval term_of(double n, ntk_interval l, ntk_interval mu) {
    const ntk_interval multiplicity = {n * (1 - 1e-13), n * (1 + 1e-13)};
    return ntk_interval_multiply(multiplicity, ntk_interval_divide(ntk_interval_multiply(l, l), mu));
}

static ntk_status add_terms(ntk_table *table, series *s, const double *n, const ntk_interval *l,
                            const ntk_interval *mu) {
    ntk_interval sum = {0, 0};
    size_t shown = 2;
    for (size_t k = 0; k <= 4 * s->degrees; k += 2) {
        const ntk_interval term = term_of(n[k], l[k], mu[k]);
        sum = ntk_interval_add(sum, term);
        if (k == s->from) {
            const double rest = term.high * ntk_spectrum_variable(s->p, k) / 0.2;
            s->norm = (ntk_interval){sum.low, nextafter(sum.high + rest * 1.0000001, INFINITY)};
        }
        for (size_t i = 0; i < SUMS; i++)
            if (k == s->degrees << i) s->sums[i] = sum.low;
        if (k < shown) continue;
        const double row[] = {(double)s->p, s->alpha, (double)k, term.low, sum.low};
        NTK_TRY(ntk_table_row(table, NULL, row));
        shown = k + k / 4 / 2 * 2 + 2;
    }
    return NTK_OK;
}

static ntk_status sum_series(ntk_table *table, series *s) {
    const size_t count = 4 * s->degrees + 1;
    double *n = NULL, odd = 0;
    ntk_interval *l = NULL, *mu = NULL;
    ntk_status status = ntk_allocate_doubles(count, &n);
    if (status == NTK_OK) status = ntk_allocate(count, sizeof *l, (void **)&l);
    if (status == NTK_OK) status = ntk_allocate(count, sizeof *mu, (void **)&mu);
    if (status == NTK_OK) status = ntk_sphere_multiplicities(s->p, count, n);
    if (status == NTK_OK) status = ntk_ball_sphere_power(s->p, s->alpha, count, l);
    if (status == NTK_OK) status = ntk_ball_sphere_shallow(s->p, count, mu);
    if (status == NTK_OK) status = add_terms(table, s, n, l, mu);
    if (status == NTK_OK && s->odd) status = odd_term(s, n[3], &odd);
    s->norm = (ntk_interval){s->norm.low + odd, s->norm.high + odd};
    ntk_release(n);
    ntk_release(l);
    ntk_release(mu);
    return status;
}

/* log2 of the ratio of the terms from 2K to 4K to those from K to 2K. */
static double exponent_of(const series *s) {
    return log2((s->sums[2] - s->sums[1]) / (s->sums[1] - s->sums[0]));
}

static ntk_status run_dimension(ntk_context *context, ntk_proofs *proofs, ntk_table *table, size_t p) {
    for (int above = 1; above >= 0; above--) {
        const double offset = ntk_context_real(context, "offset");
        series s = {.p = p,
                    .from = ntk_context_size(context, "from") / 2 * 2,
                    .degrees = ntk_context_size(context, "degrees") / 2 * 2,
                    .alpha = ((double)p - 1) / 2 + (above ? offset : -offset),
                    .odd = ntk_context_is(context, "function", "odd")};
        NTK_TRY(sum_series(table, &s));
        NTK_TRY(prove(proofs, &s, above));
        NTK_TRY(
            ntk_emit_scalar_as(context, exponent_of(&s), "exponent-%s-%zu", above ? "above" : "below", p));
        if (above) NTK_TRY(ntk_emit_scalar_as(context, s.norm.high, "norm-%zu", p));
    }
    return NTK_OK;
}

static ntk_status run(ntk_context *context) {
    size_t dimensions;
    ntk_table *table;
    ntk_proofs proofs;
    const long *p = ntk_context_integers(context, "dimensions", &dimensions);
    NTK_TRY(ntk_emit_table(context, "sums", "dimension alpha degree term sum", &table));
    NTK_TRY(ntk_proofs_begin(context, &proofs));
    ntk_status status = NTK_OK;
    for (size_t i = 0; i < dimensions && status == NTK_OK; i++)
        status = run_dimension(context, &proofs, table, (size_t)p[i]);
    ntk_proofs_end(&proofs);
    return status;
}

const ntk_experiment NTK_EXPERIMENT = {.parameters = {parameters}, .metrics = {metrics}, .run = run};
