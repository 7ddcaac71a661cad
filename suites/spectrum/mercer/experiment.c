/* The Mercer decomposition of the NTK of one hidden ReLU layer on S^{p-1} (bietti-2019,
 * Proposition 5).
 *
 * kappa(u) = u kappa_0(u) + kappa_1(u) has the eigenvalues mu_k, with multiplicity N(p, k).
 * Derived in kernel/sphere.c: mu_0 and mu_1 are positive, mu_k = 0 for odd k >= 3 and mu_k ~
 * C(p) k^{-p} for even k, C(p) = 2^{p-1} Gamma(p/2)^2 / pi^2. For kappa_1, the kernel of the
 * last layer alone, mu_k ~ p C(p) k^{-p-2}; kappa_0 has the law of the NTK at odd k.
 *
 * Theorem. Let nu = k + (p-2)/2. For p = 3, 4, 5, 10 the sequence R_k = mu_k nu^p / C(p), k = 2,
 * 4, 6, ..., falls to 1. So
 *
 *     C(p) nu^{-p} < mu_k <= R_2 C(p) nu^{-p}     for every even k >= 2.
 *
 * Proof. R_k -> 1 is the law. With x = 1 / nu, log R_k - log R_{k+2} = -log(mu_{k+2} / mu_k) - p
 * log(1 + 2x) is an analytic function of x (study/spectrum.c), which vanishes to third order at
 * x = 0: R is a function of nu^2 up to O(nu^-4), as a quotient of gamma functions is in the
 * variable that lies midway. It is positive on (0, 2/(p+2)], that is, for every real k >= 2:
 * certified. QED. Likewise kappa_1 with p + 2 for p, and kappa_0 at odd k >= 1.
 *
 * Independently the eigenvalues are enclosed by quadrature in ball arithmetic, which knows
 * nothing of parity nor of the closed form: the two sets of intervals must meet, and what
 * vanishes must contain 0 within 10^-30. */
#include <math.h>
#include <stdio.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_INTEGERS("dimensions", "3 4 5 10", 2, 100, "p of the spheres in R^p"),
    NTK_INTEGER("degrees", 60, 10, 1000, "largest degree k of the quadrature"),
    NTK_INTEGER("far", 1000, 100, 100000, "even degree at which the constant is read off"),
    NTK_CHOICE("kernel", "depth-1", "depth-1|depth-2|bias-1", "whose spectrum is integrated"),
    NTK_PLANTS("constant"), /* C(p) of the law */
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("odd-{dimensions}", "largest |mu_k| over odd k >= 3"),
    NTK_METRIC("positive-{dimensions}", "smallest other mu_k, over the law"),
    NTK_METRIC("missed-{dimensions}", "degrees at which two enclosures do not meet"),
    NTK_METRIC("exponent-{dimensions}", "slope of log mu_k in log nu"),
    NTK_METRIC("last-exponent-{dimensions}", "the same of the last layer"),
    NTK_METRIC("first-{dimensions}", "mu_2 over the law"),
    NTK_METRIC("constant-{dimensions}", "mu_k over the law at a large degree"),
    NTK_METRIC("last-constant-{dimensions}", "the same of the last layer"),
    NTK_METRIC("law-{depth-1,kappa-0,kappa-1}-{dimensions}",
               "certified margin of the fall of mu_k over its law"),
    {0},
};

enum { FIT_LOW = 20, FIT_HIGH = 80 };

typedef struct spectra {
    size_t p, count, far;
    const char *kernel;
    double factor; /* of the constant: 1 but for what is planted */
    ntk_interval constant;
    ntk_interval *integrated; /* (count) */
    ntk_interval *closed;     /* (far + 1) */
    ntk_interval *last;       /* (far + 1), of kappa_1 */
} spectra;

/* R_k of an eigenvalue, or mu_k nu^p / (p C) with another power. */
static double relative(const spectra *s, ntk_interval mu, size_t k, size_t power) {
    return mu.low / (s->factor * s->constant.low) * pow(ntk_spectrum_variable(s->p, k), (double)power);
}

/* ---- every degree ---------------------------------------------------------------------------- */

/* log R_k - log R_{k+2} > 0 for k from `first` on, of a kernel whose law has the power
 * nu^{-power}. */
static ntk_status prove_law(ntk_proofs *proofs, const spectra *s, const char *kernel, size_t first,
                            size_t power) {
    char end[32], metric[32];
    snprintf(end, sizeof end, "2/%zu", 2 * first + s->p - 2);
    snprintf(metric, sizeof metric, "law-%s-%zu", kernel, s->p);
    NTK_TRY(ntk_proofs_renew(proofs));
    NTK_TRY(ntk_spectrum_define_step(proofs->formula, "step", kernel, s->p));
    NTK_TRY(ntk_formula_define_as(proofs->formula, "fall", "-step - %zu*log(1 + 2*x)", power));
    return ntk_proofs_positive(proofs, metric, "fall", (ntk_range){"0", end, 3, 0});
}

static ntk_status prove_laws(ntk_proofs *proofs, const spectra *s) {
    NTK_TRY(prove_law(proofs, s, "depth-1", 2, s->p));
    NTK_TRY(prove_law(proofs, s, "kappa-0", 1, s->p));
    return prove_law(proofs, s, "kappa-1", 2, s->p + 2);
}

/* ---- the spectrum ---------------------------------------------------------------------------- */

/* Of the integrated intervals: how far odd ones reach from 0, the smallest of the others over the
 * law, and how many miss the closed form's. */
static ntk_status emit_parity(ntk_context *context, const spectra *s) {
    double odd = 0, positive = INFINITY, missed = 0;
    for (size_t k = 0; k < s->count; k++) {
        const ntk_interval mu = s->integrated[k], closed = s->closed[k];
        if (k % 2 && k > 1)
            odd = ntk_larger(odd, ntk_larger(fabs(mu.low), fabs(mu.high)));
        else
            positive = ntk_smaller(positive, relative(s, mu, k, s->p));
        if (!(mu.low <= closed.high && closed.low <= mu.high)) missed++;
    }
    NTK_TRY(ntk_emit_scalar_as(context, odd, "odd-%zu", s->p));
    NTK_TRY(ntk_emit_scalar_as(context, positive, "positive-%zu", s->p));
    return ntk_emit_scalar_as(context, missed, "missed-%zu", s->p);
}

/* Least-squares slope of log mu_k in log nu over the even k from 20 to 80. */
static ntk_status emit_exponent(ntk_context *context, const spectra *s, const ntk_interval *mu,
                                const char *name) {
    double x[FIT_HIGH], y[FIT_HIGH], slope, intercept;
    size_t count = 0;
    for (size_t k = FIT_LOW; k <= FIT_HIGH; k += 2) {
        x[count] = log(ntk_spectrum_variable(s->p, k));
        y[count++] = log(mu[k].low);
    }
    NTK_TRY(ntk_stats_slope(count, x, y, &slope, &intercept));
    return ntk_emit_scalar_as(context, slope, "%s-%zu", name, s->p);
}

static ntk_status emit_spectrum(ntk_context *context, ntk_table *table, const spectra *s) {
    for (size_t k = 0; k < s->count; k++) {
        const double law = s->constant.low * pow(ntk_spectrum_variable(s->p, k), -(double)s->p);
        const double row[] = {(double)s->p,     (double)k,      s->integrated[k].low, s->integrated[k].high,
                              s->closed[k].low, s->last[k].low, k == 0 ? NAN : law,   s->closed[k].low / law};
        NTK_TRY(ntk_table_row(table, NULL, row));
    }
    NTK_TRY(emit_parity(context, s));
    NTK_TRY(emit_exponent(context, s, s->closed, "exponent"));
    NTK_TRY(emit_exponent(context, s, s->last, "last-exponent"));
    NTK_TRY(ntk_emit_scalar_as(context, relative(s, s->closed[2], 2, s->p), "first-%zu", s->p));
    NTK_TRY(ntk_emit_scalar_as(context, relative(s, s->closed[s->far], s->far, s->p), "constant-%zu", s->p));
    return ntk_emit_scalar_as(context, relative(s, s->last[s->far], s->far, s->p + 2) / (double)s->p,
                              "last-constant-%zu", s->p);
}

static ntk_status enclose(spectra *s) {
    const ntk_spectrum_options integrated = {s->p, s->count, true, 1}, closed = {s->p, s->far + 1, false, 1};
    NTK_TRY(ntk_spectrum_constant(s->p, &s->constant));
    NTK_TRY(ntk_spectrum_enclose(s->kernel, &integrated, s->integrated));
    NTK_TRY(ntk_spectrum_enclose("depth-1", &closed, s->closed));
    return ntk_spectrum_enclose("kappa-1", &closed, s->last);
}

static ntk_status run_dimension(ntk_context *context, ntk_proofs *proofs, ntk_table *table, spectra *s) {
    NTK_TRY(ntk_allocate(s->count, sizeof *s->integrated, (void **)&s->integrated));
    NTK_TRY(ntk_allocate(s->far + 1, sizeof *s->closed, (void **)&s->closed));
    NTK_TRY(ntk_allocate(s->far + 1, sizeof *s->last, (void **)&s->last));
    NTK_TRY(enclose(s));
    NTK_TRY(emit_spectrum(context, table, s));
    return prove_laws(proofs, s);
}

static ntk_status run(ntk_context *context) {
    size_t dimensions;
    ntk_table *table;
    ntk_proofs proofs;
    const long *p = ntk_context_integers(context, "dimensions", &dimensions);
    NTK_TRY(
        ntk_emit_table(context, "spectrum", "dimension degree low high closed last law over-law", &table));
    NTK_TRY(ntk_proofs_begin(context, &proofs));
    ntk_status status = NTK_OK;
    for (size_t i = 0; i < dimensions && status == NTK_OK; i++) {
        spectra s = {.p = (size_t)p[i],
                     .count = ntk_context_size(context, "degrees") + 1,
                     .far = ntk_context_size(context, "far"),
                     .kernel = ntk_context_choice(context, "kernel"),
                     .factor = ntk_plant_factor(context, NTK_PLANT_CONSTANT)};
        status = run_dimension(context, &proofs, table, &s);
        ntk_release(s.integrated);
        ntk_release(s.closed);
        ntk_release(s.last);
    }
    ntk_proofs_end(&proofs);
    return status;
}

const ntk_experiment NTK_EXPERIMENT = {.parameters = {parameters}, .metrics = {metrics}, .run = run};
