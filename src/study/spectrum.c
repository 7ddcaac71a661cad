/* Spectra on the sphere by names, and steps of closed forms as formulas.
 *
 * With nu = k + (p-2)/2 = 1/x the closed forms of kernel/sphere.c, equations (2) to (4), step by
 *
 *     kappa_0:  mu_{k+2} / mu_k = (k / (k+p))^2 = ((1 - (p-2)x/2) / (1 + (p+2)x/2))^2,
 *     kappa_1:  ((k-1) / (k+p+1))^2             = ((1 - px/2) / (1 + (p+4)x/2))^2,
 *     NTK:      r^2 G(x / (1+2x)) / G(x),         r = (k-1) / (k+p-1) = (1 - px/2) / (1 + px/2),
 *               G(x) = [(1 - (p-2)x/2) + (1 + (p-2)x/2) r^2] / 2 + p x^2 / (1 + px/2)^2,
 *
 * as k + 2 has the variable nu + 2, 1/(nu+2) = x / (1+2x). */
#include <ntk/lab/spectrum.h>

#include <stdio.h>
#include <string.h>

#include <ntk/architecture.h>
#include <ntk/ball_sphere.h>
#include <ntk/kernel.h>

static ntk_architecture network_of(const char *kernel) {
    ntk_architecture out = ntk_architecture_default();
    out.input_scale = NTK_INPUT_SCALE_NONE;
    out.depth = (size_t)(kernel[strlen(kernel) - 1] - '0');
    out.bias_variance = strncmp(kernel, "bias", 4) == 0 ? 0.1 : 0;
    return out;
}

/* Halving is exact. */
static ntk_status enclose_network(const char *kernel, const ntk_spectrum_options *options, ntk_interval *mu) {
    const ntk_architecture architecture = network_of(kernel);
    NTK_TRY(ntk_ball_sphere_network(&architecture, NTK_KERNEL_NTK, options->p, options->count, mu));
    for (size_t k = 0; k < options->count; k++) mu[k] = (ntk_interval){mu[k].low / 2, mu[k].high / 2};
    return NTK_OK;
}

ntk_status ntk_spectrum_enclose(const char *kernel, const ntk_spectrum_options *options, ntk_interval *mu) {
    const size_t p = options->p, count = options->count;
    if (strcmp(kernel, "laplace") == 0) return ntk_ball_sphere_laplace(p, options->scale, count, mu);
    if (strcmp(kernel, "kappa-0") == 0) return ntk_ball_sphere_arc_cosine(p, 0, count, mu);
    if (strcmp(kernel, "kappa-1") == 0) return ntk_ball_sphere_arc_cosine(p, 1, count, mu);
    if (strcmp(kernel, "depth-1") == 0 && !options->quadrature) return ntk_ball_sphere_shallow(p, count, mu);
    return enclose_network(kernel, options, mu);
}

/* Gamma(p/2)^2 by its recurrence from Gamma(1) = 1 or Gamma(1/2)^2 = pi. */
ntk_status ntk_spectrum_constant(size_t p, ntk_interval *out) {
    ntk_formula *f;
    NTK_TRY(ntk_formula_create(&f));
    ntk_status status = ntk_formula_define(f, "g", p % 2 ? "pi/pi^2" : "1/pi^2");
    char from[32] = "g", to[32];
    for (size_t q = p % 2 ? 1 : 2; q < p && status == NTK_OK; q += 2) {
        snprintf(to, sizeof to, "g%zu", q + 2);
        status = ntk_formula_define_as(f, to, "%s*(%zu/2)^2", from, q);
        memcpy(from, to, sizeof from);
    }
    if (status == NTK_OK) status = ntk_formula_define_as(f, "c", "%s*2^%zu", from, p - 1);
    if (status == NTK_OK) status = ntk_formula_evaluate(f, "c", 0, out);
    ntk_formula_destroy(f);
    return status;
}

double ntk_spectrum_variable(size_t p, size_t k) { return (double)k + ((double)p - 2) / 2; }

/* name = 2 log((1 - a x / 2) / (1 + b x / 2)) */
static ntk_status define_squared(ntk_formula *f, const char *name, size_t a, size_t b) {
    return ntk_formula_define_as(f, name, "2*log((1 - %zu*x/2)/(1 + %zu*x/2))", a, b);
}

/* log G with x replaced by `variable`. */
static ntk_status define_factor(ntk_formula *f, const char *name, const char *variable, size_t p) {
    return ntk_formula_define_as(f, name,
                                 "log(((1 - %zu*%s/2) + (1 + %zu*%s/2)*((1 - %zu*%s/2)/(1 + %zu*%s/2))^2)/2"
                                 " + %zu*%s^2/(1 + %zu*%s/2)^2)",
                                 p - 2, variable, p - 2, variable, p, variable, p, variable, p, variable, p,
                                 variable);
}

ntk_status ntk_spectrum_define_step(ntk_formula *formula, const char *name, const char *kernel, size_t p) {
    char next[32], here[32], there[32], square[32];
    if (strcmp(kernel, "kappa-0") == 0) return define_squared(formula, name, p - 2, p + 2);
    if (strcmp(kernel, "kappa-1") == 0) return define_squared(formula, name, p, p + 4);
    if (strcmp(kernel, "depth-1") != 0)
        return ntk_fail(NTK_ERROR_ARGUMENT, "spectrum: no closed form of '%s' is known", kernel);
    if (snprintf(next, sizeof next, "%snext", name) >= (int)sizeof next)
        return ntk_fail(NTK_ERROR_ARGUMENT, "spectrum: the name '%s' is too long", name);
    snprintf(here, sizeof here, "%shere", name);
    snprintf(there, sizeof there, "%sthere", name);
    snprintf(square, sizeof square, "%ssquare", name);
    NTK_TRY(ntk_formula_define(formula, next, "x/(1 + 2*x)"));
    NTK_TRY(define_factor(formula, here, "x", p));
    NTK_TRY(define_factor(formula, there, next, p));
    NTK_TRY(define_squared(formula, square, p, p));
    return ntk_formula_define_as(formula, name, "%s + %s - %s", square, there, here);
}
