/* Deep ReLU networks and the Laplace kernel have one RKHS on the sphere (Bietti and Bach 2021;
 * Chen and Xu 2021): their eigenvalues decay alike, at both parities.
 *
 * A zonal kernel that is smooth in the angle theta on [0, pi] has the decay of its kinks at the
 * two poles. Let -a be its derivative in theta at 0 and -b that in pi - theta at pi; near a pole
 * |theta| is a kink of the even extension. The NTK of one layer, kappa = 2 cos theta + (sin
 * theta - 2 theta cos theta) / pi, has a = b = 1 / pi and mu_k ~ (1 + (-1)^k) C(p) k^{-p} / 2.
 * Since P_k (-u) = (-1)^k P_k(u), a kink at the pole opposite counts with that sign:
 *
 *     mu_k ~ (pi C(p) / 2) (a + (-1)^k b) k^{-p},   the next terms smaller by k^{-2} (odd powers).
 *
 * Laplace kernel e^{-g |x - y|}, |x - y| = 2 sin(theta / 2): a = g, b = 0 (smooth at pi). L
 * hidden layers without bias: the recursion Theta_l = Theta_{l-1} (1 - theta_{l-1} / pi) + cos
 * theta_l with theta_l = theta + O(theta^2) gives at 0 the slope a_l = a_{l-1} + l / pi, so a =
 * L (L+1) / (2 pi). At pi, where cos theta_1 = kappa_1 = 0 has derivative 0, only Theta_0 (1 -
 * theta_0 / pi) = -(pi - theta) / pi + ... has a kink, and later layers multiply it by kappa_0
 * of their angle there: b = (1 / pi) prod_{l=1}^{L-1} (1 - theta_l(pi) / pi). One layer with
 * bias variance b^2: t = 2 arcsin(sqrt(lambda) sin(theta / 2)), lambda = w^2 / (w^2 + b^2), so a
 * = w (w^2 + b^2)^{1/2} w^2 / (4 pi) halved as K is half of Theta, and b = 0.
 *
 * Theorem (the limit of the ratio is ours). mu_k(NTK) / mu_k(Laplace) is bounded above and
 * below, and tends to (a + b) / g at even and to (a - b) / g at odd degrees, b < a unless L = 1
 * without bias, where odd degrees vanish.
 *
 * Every eigenvalue is enclosed; the smallest ratio over all degrees is a certified number. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_CHOICES("kernels", "depth-2 depth-3 bias-1", "depth-1|depth-2|depth-3|depth-4|bias-1", "networks"),
    NTK_INTEGERS("dimensions", "3 5", 2, 100, "p of the spheres in R^p"),
    NTK_INTEGER("degrees", 60, 10, 1000, "largest degree k, even"),
    NTK_REAL("scale", 1, 0.01, 100, "g of the Laplace kernel"),
    NTK_PLANTS("constant"), /* the limit of the ratio */
    {0},
};

/* One layer without bias has no odd degrees beyond the first. */
static bool has_odd_limit(const ntk_context *context, const char *const *words) {
    (void)context;
    return strcmp(words[0], "depth-1") != 0;
}

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("even-{kernels}-{dimensions}", "ratio at the last even degree over its limit"),
    NTK_METRIC_WHEN("odd-{kernels}-{dimensions}", "the same at the last odd degree", has_odd_limit),
    NTK_METRIC("{smallest,largest}-ratio", "bounds of all ratios"),
    {0},
};

/* Slopes a and b, minus the derivatives in the angle from either pole. */
typedef struct slopes {
    double near, far;
} slopes;

static slopes slopes_of(const char *kernel) {
    if (strcmp(kernel, "bias-1") == 0) {
        const double weight = 2, variance = weight + 0.1;
        return (slopes){sqrt(weight * variance) * weight / 2 / 2 / M_PI, 0};
    }
    const size_t depth = (size_t)(kernel[strlen("depth-")] - '0');
    double far = 1 / M_PI, angle = M_PI / 2; /* theta_1(pi) */
    for (size_t l = 1; l < depth; l++) {
        far *= 1 - angle / M_PI;
        angle = acos((cos(angle) * (M_PI - angle) + sin(angle)) / M_PI);
    }
    return (slopes){(double)(depth * (depth + 1)) / (2 * M_PI), far};
}

typedef struct comparison {
    size_t p, count;
    double scale, factor; /* factor: of the limit, 1 but for what is planted */
    const char *kernel;
    ntk_interval *network, *laplace; /* (count) */
} comparison;

static double limit_of(const comparison *c, size_t k) {
    const slopes s = slopes_of(c->kernel);
    return c->factor * (k % 2 ? s.near - s.far : s.near + s.far) / c->scale;
}

/* The ratio at a degree over its limit. */
static double over_limit(const comparison *c, size_t k) {
    return c->network[k].low / c->laplace[k].high / limit_of(c, k);
}

/* Emits the last degree of each parity over the limit; *smallest, *largest: bounds of the ratio. */
static ntk_status emit(ntk_context *context, ntk_table *table, const comparison *c, double *smallest,
                       double *largest) {
    for (size_t k = 0; k < c->count; k++) {
        const ntk_interval ratio = ntk_interval_divide(c->network[k], c->laplace[k]);
        *smallest = ntk_smaller(*smallest, ratio.low);
        *largest = ntk_larger(*largest, ratio.high);
        const double row[] = {(double)c->p,      (double)k, c->network[k].low,
                              c->laplace[k].low, ratio.low, limit_of(c, k)};
        NTK_TRY(ntk_table_row(table, &c->kernel, row));
    }
    NTK_TRY(ntk_emit_scalar_as(context, over_limit(c, c->count - 1), "even-%s-%zu", c->kernel, c->p));
    if (strcmp(c->kernel, "depth-1") == 0) return NTK_OK; /* no limit at odd degrees */
    return ntk_emit_scalar_as(context, over_limit(c, c->count - 2), "odd-%s-%zu", c->kernel, c->p);
}

static ntk_status compare(ntk_context *context, ntk_table *table, comparison *c, double *smallest,
                          double *largest) {
    const ntk_spectrum_options options = {c->p, c->count, true, c->scale};
    NTK_TRY(ntk_allocate(c->count, sizeof *c->network, (void **)&c->network));
    NTK_TRY(ntk_allocate(c->count, sizeof *c->laplace, (void **)&c->laplace));
    NTK_TRY(ntk_spectrum_enclose(c->kernel, &options, c->network));
    NTK_TRY(ntk_spectrum_enclose("laplace", &options, c->laplace));
    return emit(context, table, c, smallest, largest);
}

static ntk_status run(ntk_context *context) {
    size_t kernels, dimensions;
    double smallest = INFINITY, largest = 0;
    ntk_table *table;
    const char *const *kernel = ntk_context_choices(context, "kernels", &kernels);
    const long *p = ntk_context_integers(context, "dimensions", &dimensions);
    NTK_TRY(
        ntk_emit_table(context, "ratios", "$kernel dimension degree network laplace ratio limit", &table));
    ntk_status status = NTK_OK;
    for (size_t i = 0; i < kernels * dimensions && status == NTK_OK; i++) {
        comparison c = {.p = (size_t)p[i % dimensions],
                        .count = ntk_context_size(context, "degrees") / 2 * 2 + 1,
                        .scale = ntk_context_real(context, "scale"),
                        .factor = ntk_plant_factor(context, NTK_PLANT_CONSTANT),
                        .kernel = kernel[i / dimensions]};
        status = compare(context, table, &c, &smallest, &largest);
        ntk_release(c.network);
        ntk_release(c.laplace);
    }
    NTK_TRY(status);
    NTK_TRY(ntk_emit_scalar(context, "smallest-ratio", smallest));
    return ntk_emit_scalar(context, "largest-ratio", largest);
}

const ntk_experiment NTK_EXPERIMENT = {.parameters = {parameters}, .metrics = {metrics}, .run = run};
