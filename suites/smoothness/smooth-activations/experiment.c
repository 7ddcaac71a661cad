/* Smooth activations have Lipschitz feature maps (bietti-2019, Proposition 9), with the best
 * constant.
 *
 * One hidden layer on the unit sphere, weight variance 1: K(x, y) = kappa(u), u = <x, y>, with
 *
 *     kappa(u) = g(u) + u g'(u),   g(u) = E[phi(a) phi(b)], a, b standard normal of correlation u,
 *
 * since g' = E[phi' phi'] (Price). If phi = sum_j a_j h_j in normalised Hermite polynomials,
 * g(u) = sum a_j^2 u^j, and kappa has coefficients >= 0 too: (1 + j) a_j^2. So kappa' is largest
 * at u = 1,
 *
 *     kappa(1) = gamma_0 + gamma_1,   kappa'(1) = 2 gamma_1 + gamma_2,   gamma_j = E[(phi^(j))^2],
 *
 * and as |Phi(x) - Phi(y)|^2 = 2 (kappa(1) - kappa(u)) and r^2 = 2 (1 - u), the mean value
 * theorem gives
 *
 * Theorem. sup |Phi(x) - Phi(y)| / r = sqrt(kappa'(1)) over the sphere, approached as r -> 0;
 * and for the homogeneous kernel |x| |y| kappa on R^p the supremum is sqrt(max(kappa(1),
 * kappa'(1))), which is the printed constant sqrt((gamma_0 + gamma_1) max(1, (2 gamma_1 +
 * gamma_2) / (gamma_0 + gamma_1))). Proof of the second: with norms 1 and s both sides split
 * alike,
 *
 *     |Phi(x) - Phi(y)|^2 = kappa(1) (s - 1)^2 + 2 s (kappa(1) - kappa(u)),
 *     r^2 = (s - 1)^2 + 2 s (1 - u).
 *
 * What is computed. For erf and GELU, whose g are closed forms (kernel/dual.c with both
 * variances 1), kappa'(1) (1 - u) - (kappa(1) - kappa(u)) >= 0 is certified on [-1, 1], without
 * Hermite polynomials; it vanishes to order 2 at u = 1. The constants are enclosed: closed
 * forms, and for softplus moments.c. With the kernels of the library the ratio on pairs stays
 * below the constants and comes near them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <ntk/lab/lab.h>

#include "moments.h"

static const ntk_parameter parameters[] = {
    NTK_CHOICES("activations", "erf gelu softplus", "erf|gelu|softplus|relu", "of the one hidden layer"),
    NTK_REAL("constant-factor", 1, 0.5, 2, "times the best constant, in what is certified"),
    {0},
};

static bool has_closed_form(const ntk_context *context, const char *const *words) {
    (void)context;
    return strcmp(words[0], "erf") == 0 || strcmp(words[0], "gelu") == 0;
}

static bool has_softplus(const ntk_context *context, const char *const *words) {
    size_t count;
    const char *const *activations = ntk_context_choices(context, "activations", &count);
    (void)words;
    for (size_t i = 0; i < count; i++)
        if (strcmp(activations[i], "softplus") == 0) return true;
    return false;
}

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC_WHEN("margin-{activations}", "certified margin of the Lipschitz bound", has_closed_form),
    NTK_METRIC_WHEN("sharp-{activations}", "certified violation with 0.99 of the constant", has_closed_form),
    NTK_METRIC_WHEN("moment-softplus-{0,1,2}", "gamma_j of softplus, the lower end", has_softplus),
    NTK_METRIC("constant-{activations}", "best constant on the sphere, the lower end"),
    NTK_METRIC("printed-{activations}", "the printed constant, the lower end"),
    NTK_METRIC("{sphere,space}-ratio", "largest ratio of distances over the constant"),
    NTK_METRIC("{sphere,space}-attained", "smallest of the activations' largest ratios"),
    {0},
};

enum { ACTIVATIONS_MAX = 4, LABEL = 24 };

/* Enclosures of kappa(1) and kappa'(1). */
typedef struct constants {
    ntk_interval value, slope;
} constants;

/* ---- closed forms ---------------------------------------------------------------------------- */

/* g, g' and g'' of erf: (2/pi) asin(2u/3) and its derivatives; those at u = 1 by the letter 1. */
static ntk_status define_erf(ntk_formula *f) {
    NTK_TRY(ntk_formula_define(f, "w", "9 - 4*x^2"));
    NTK_TRY(ntk_formula_define(f, "g", "2/pi*asin(2*x/3)"));
    NTK_TRY(ntk_formula_define(f, "dg", "4/(pi*sqrt(w))"));
    NTK_TRY(ntk_formula_define(f, "g1", "2/pi*asin(2/3)"));
    NTK_TRY(ntk_formula_define(f, "dg1", "4/(pi*sqrt(5))"));
    return ntk_formula_define(f, "ddg1", "16/(5*pi*sqrt(5))");
}

/* Of GELU, with W = 4 - u^2: O = 1/4 + asin(u/2) / (2 pi), D = 1 / (2 pi sqrt W), g = u O + D
 * and g' = O + u D (1 + 1/W). As O' = D and D' = u D / W, g'' = D + D (1 + u^2 / W) (1 + 1/W) +
 * 2 u^2 D / W^2, which is 3 D at 1. */
static ntk_status define_gelu(ntk_formula *f) {
    NTK_TRY(ntk_formula_define(f, "w", "4 - x^2"));
    NTK_TRY(ntk_formula_define(f, "o", "1/4 + asin(x/2)/(2*pi)"));
    NTK_TRY(ntk_formula_define(f, "d", "1/(2*pi*sqrt(w))"));
    NTK_TRY(ntk_formula_define(f, "g", "x*o + d"));
    NTK_TRY(ntk_formula_define(f, "dg", "o + x*d*(1 + 1/w)"));
    NTK_TRY(ntk_formula_define(f, "d1", "1/(2*pi*sqrt(3))"));
    NTK_TRY(ntk_formula_define(f, "g1", "1/3 + d1"));
    NTK_TRY(ntk_formula_define(f, "dg1", "1/3 + 4*d1/3"));
    return ntk_formula_define(f, "ddg1", "3*d1");
}

/* kappa'(1) (1 - u) - (kappa(1) - kappa(u)), with 1 and 0.99 times the constant squared. */
static ntk_status define_margins(ntk_formula *f, double factor) {
    NTK_TRY(ntk_formula_number(f, "c", factor));
    NTK_TRY(ntk_formula_define(f, "value", "g1 + dg1"));
    NTK_TRY(ntk_formula_define(f, "slope", "2*dg1 + ddg1"));
    NTK_TRY(ntk_formula_define(f, "left", "value - g - x*dg"));
    NTK_TRY(ntk_formula_define(f, "margin", "c^2*slope*(1 - x) - left"));
    return ntk_formula_define(f, "less", "0.99^2*slope*(1 - x) - left");
}

/* ---- certified ------------------------------------------------------------------------------- */

/* The activation's proofs, as metrics of its own. */
static ntk_status prove(ntk_proofs *proofs, const ntk_context *context, const char *activation) {
    char metric[LABEL];
    const bool sharp = ntk_context_real(context, "constant-factor") == 1;
    snprintf(metric, sizeof metric, "margin-%s", activation);
    NTK_TRY(ntk_proofs_positive(proofs, metric, "margin", (ntk_range){"-1", "1", 0, sharp ? 2 : 1}));
    snprintf(metric, sizeof metric, "sharp-%s", activation);
    return ntk_proofs_negative(proofs, metric, "less", (ntk_range){"-1", "1", 0, 1});
}

/* Proofs and constants of an activation with a closed form. */
static ntk_status settle_closed(ntk_proofs *proofs, const char *activation, constants *out) {
    const double factor = ntk_context_real(proofs->context, "constant-factor");
    NTK_TRY(ntk_proofs_renew(proofs));
    NTK_TRY(strcmp(activation, "erf") == 0 ? define_erf(proofs->formula) : define_gelu(proofs->formula));
    NTK_TRY(define_margins(proofs->formula, factor));
    NTK_TRY(prove(proofs, proofs->context, activation));
    NTK_TRY(ntk_formula_evaluate(proofs->formula, "value", 0, &out->value));
    return ntk_formula_evaluate(proofs->formula, "slope", 0, &out->slope);
}

static ntk_status settle_softplus(ntk_context *context, constants *out) {
    ntk_interval gamma[3];
    NTK_TRY(softplus_moments(gamma));
    for (int j = 0; j < 3; j++) NTK_TRY(ntk_emit_scalar_as(context, gamma[j].low, "moment-softplus-%d", j));
    out->value = ntk_interval_add(gamma[0], gamma[1]);
    out->slope = ntk_interval_add(ntk_interval_add(gamma[1], gamma[1]), gamma[2]);
    return NTK_OK;
}

/* ReLU, the control, has kappa(1) = 1 and no kappa'(1): it is held to 2, that of the identity. */
static ntk_status settle(ntk_proofs *proofs, const char *activation, constants *out) {
    if (strcmp(activation, "softplus") == 0) return settle_softplus(proofs->context, out);
    if (strcmp(activation, "relu") != 0) return settle_closed(proofs, activation, out);
    out->value = (ntk_interval){1, 1};
    out->slope = (ntk_interval){2, 2};
    return NTK_OK;
}

/* ---- the kernel engine on pairs -------------------------------------------------------------- */

/* |Phi(x) - Phi(y)| over the constant times r; of the constant the lower end, which makes it
 * larger. */
static double sphere_ratio(const void *known, size_t kernel, const ntk_pair *pair) {
    const constants *c = (const constants *)known + kernel;
    return pair->feature / (sqrt(c->slope.low) * pair->distance);
}

static double space_ratio(const void *known, size_t kernel, const ntk_pair *pair) {
    const constants *c = (const constants *)known + kernel;
    return pair->feature / (sqrt(fmax(c->slope.low, c->value.low)) * pair->distance);
}

static ntk_pairs_kernel kernel_of(ntk_activation activation) {
    ntk_pairs_kernel out = {ntk_architecture_default(), 1};
    out.architecture.input_scale = NTK_INPUT_SCALE_NONE;
    out.architecture.activation = activation;
    out.architecture.weight_variance = 1;
    return out;
}

/* The largest ratio of any activation, and the smallest of their largest. */
static ntk_status measure_pairs(ntk_context *context, size_t count, const char *const *activations,
                                const constants *known, bool sphere) {
    ntk_pairs_kernel kernels[ACTIVATIONS_MAX];
    double worst[ACTIVATIONS_MAX], largest = 0, smallest = INFINITY;
    ntk_grid grid;
    for (size_t i = 0; i < count; i++) {
        ntk_activation activation;
        NTK_TRY(ntk_activation_parse(activations[i], &activation));
        kernels[i] = kernel_of(activation);
    }
    const ntk_pairs_study study = {.context = context,
                                   .count = count,
                                   .labels = activations,
                                   .kernels = kernels,
                                   .sphere = sphere,
                                   .homogenised = !sphere,
                                   .ratio = sphere ? sphere_ratio : space_ratio,
                                   .argument = known};
    NTK_TRY(ntk_pairs_run(&study, &grid));
    const ntk_status status = ntk_pairs_emit(context, &grid, sphere ? "sphere" : "space", worst);
    ntk_grid_release(&grid);
    NTK_TRY(status);
    for (size_t i = 0; i < count; i++) {
        largest = ntk_larger(largest, worst[i]);
        smallest = ntk_smaller(smallest, worst[i]);
    }
    NTK_TRY(ntk_emit_scalar(context, sphere ? "sphere-ratio" : "space-ratio", largest));
    return ntk_emit_scalar(context, sphere ? "sphere-attained" : "space-attained", smallest);
}

static ntk_status settle_all(ntk_context *context, size_t count, const char *const *activations,
                             constants *known) {
    ntk_proofs proofs;
    NTK_TRY(ntk_proofs_begin(context, &proofs));
    ntk_status status = NTK_OK;
    for (size_t i = 0; i < count && status == NTK_OK; i++) {
        status = settle(&proofs, activations[i], &known[i]);
        if (status == NTK_OK)
            status = ntk_emit_scalar_as(context, sqrt(known[i].slope.low), "constant-%s", activations[i]);
        if (status == NTK_OK)
            status = ntk_emit_scalar_as(context, sqrt(fmax(known[i].value.low, known[i].slope.low)),
                                        "printed-%s", activations[i]);
    }
    ntk_proofs_end(&proofs);
    return status;
}

static ntk_status run(ntk_context *context) {
    size_t count;
    constants known[ACTIVATIONS_MAX];
    const char *const *activations = ntk_context_choices(context, "activations", &count);
    if (count > ACTIVATIONS_MAX) return ntk_fail(NTK_ERROR_ARGUMENT, "an activation twice");
    NTK_TRY(settle_all(context, count, activations, known));
    NTK_TRY(measure_pairs(context, count, activations, known, true));
    return measure_pairs(context, count, activations, known, false);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_pairs_parameters, parameters}, .metrics = {metrics}, .run = run};
