/* The NTK of a residual network is strictly positive definite on distinct points of the sphere
 * (chen-2025): at least two blocks, scale alpha > 0, no biases. Each case is a data set, an
 * architecture and a size; lambda_min(Theta) is bounded from below rigorously.
 *
 * Proof idea. On the sphere Theta is, up to a factor, t_L(u), u = <x, x'>, with q = alpha^2 / (1 +
 * alpha^2), rho_0 = u, t_0 = 2u and
 *
 *     rho_l = (1 - q) rho_{l-1} + q kappa_1(rho_{l-1}),
 *     t_l   = (1 - q) t_{l-1} + q (kappa_0(rho_{l-1}) t_{l-1} + 2 kappa_1(rho_{l-1})).
 *
 * kappa_0(u) = 1/2 + odd and kappa_1(u) = u/2 + even, all power series with coefficients >= 0,
 * those of kappa_1 positive at every even power. So rho_1 = (1 - q/2) u + q (even), its square has
 * positive coefficients at every power, and so has t_2, which contains the term in rho_1^2 of
 * kappa_1(rho_1). If now c^T Theta c = 0, then sum_i c_i p(x_i) = 0 for each monomial p, hence for
 * each polynomial, and c = 0.
 *
 * Where the theorem stops: after one block t_1 = 2u + even. On n/2 antipodal pairs the even part
 * has rank n/2 and the linear part rank min(d, n/2): the rank is exactly n/2 + min(d, n/2). Without
 * branches (alpha = 0) Theta = 2u has rank min(d, n/2). */
#include <string.h>

#include <ntk/lab/lab.h>

static const struct {
    const char *label;
    size_t depth;
    double scale;
} networks[] = {{"depth-1", 1, 1}, {"depth-2", 2, 1},        {"depth-3", 3, 1},
                {"depth-8", 8, 1}, {"depth-2-weak", 2, 0.2}, {"linear", 2, 0}};

static const ntk_parameter parameters[] = {
    NTK_CHOICES("architectures", "depth-2 depth-3 depth-8 depth-2-weak",
                "depth-1|depth-2|depth-3|depth-8|depth-2-weak|linear",
                "residual networks of so many blocks; scale 1, weak: 0.2, linear: 0"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("{one-block,linear}-rank-gap", "rank on antipodal pairs, less the predicted one"),
    {0},
};

static ntk_architecture architecture_of(const char *label, size_t d) {
    (void)d;
    size_t i = 0;
    while (strcmp(label, networks[i].label) != 0) i++;
    ntk_architecture out = ntk_architecture_default();
    out.family = NTK_RESIDUAL;
    out.input_scale = NTK_INPUT_SCALE_NONE;
    out.depth = networks[i].depth;
    out.residual_scale = networks[i].scale;
    return out;
}

static ntk_status run(ntk_context *context) {
    NTK_TRY(ntk_definiteness_certify(context, architecture_of));

    static const char *const shown[] = {"depth-2", "depth-1", "linear"};
    size_t n, ranks[3];
    NTK_TRY(ntk_definiteness_spectra(context, "antipodal-3", 3, shown, architecture_of, &n, ranks));
    const size_t expected = ntk_definiteness_antipodal_rank(n);
    NTK_TRY(ntk_emit_scalar(context, "one-block-rank-gap", (double)ranks[1] - (double)expected));
    return ntk_emit_scalar(context, "linear-rank-gap", (double)ranks[2] - (double)(expected - n / 2));
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_digits_parameters, ntk_definiteness_parameters, parameters},
    .metrics = {ntk_definiteness_metrics, metrics},
    .run = run,
};
