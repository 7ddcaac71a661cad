/* The mean of the empirical NTK over initialisations differs from Theta by O(1/m) (jacot-2018 has
 * the limit; this is the next order of the same expansion).
 *
 * Let G^l be the Gram matrix of the activations of layer l. Given the layer below, E G^l =
 * F(G^{l-1}), F the dual activation, which off the diagonal is not linear. G^{l-1} is an average
 * over m neurons, so that
 *
 *     E F(G^{l-1}) - F(E G^{l-1}) = F'' Var(G^{l-1}) / 2 + ... = O(1/m),
 *
 * and so for Theta_hat_0, which is built of such averages. Two cases have no bias at all:
 *
 *   L = 1, any activation: Theta_hat_0 is an average over independent neurons, each of mean Theta.
 *   The diagonal for ReLU without biases, any L: relu'(h) depends on the sign of h, which is
 *   independent
 *   of |h| and, W and -W being alike, of the squared weights. So every factor of
 *   Theta_hat_ii = sum_l s_l^2 ||a^{l-1}||^2 ||delta^l||^2 has its limit for a conditional mean.
 *
 * The coefficient of 1/m is known in closed form where ReLU has no biases (coefficient.c). m times
 * the bias at one width is that but for O(1/m). |a^L(x)|^2 2/m, the diagonal of the last layer's
 * Gram matrix, is a control variate: its mean is Theta's part of that layer, exactly, and whatever
 * multiple of the difference is taken off leaves the mean as it is.
 *
 * The bias is far below the spread of one network, so it is read off means over many; and ||E
 * Theta_hat_0 - Theta||^2 is estimated without the noise by <D, D'>, the deviations of two means
 * over disjoint sets of networks. The points stand at 120 degrees on a circle, where the bias is
 * large beside the spread; by symmetry E Theta_hat_0 has then one value on the diagonal and one off
 * it. */
#include <math.h>
#include <stdbool.h>

#include <ntk/lab/lab.h>

#include "coefficient.h"

static const ntk_parameter parameters[] = {
    NTK_INTEGERS("depths", "2 3", 1, 8, "hidden layers of the deep networks, ReLU"),
    NTK_CHOICE("diagonal-activation", "relu", "relu|softplus", "of the deep networks whose diagonal is seen"),
    NTK_CHOICES("shallow-activations", "relu erf gelu", "relu|erf|gelu", "of the shallow networks"),
    NTK_INTEGER("shallow-depth", 1, 1, 8, "their hidden layers; the theorem is about one"),
    NTK_INTEGER("coefficient-depth", 0, 0, 8,
                "hidden layers of the networks whose coefficient is seen; 0: those of the theory"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("exponent-{depths}", "exponent of the bias off the diagonal in the width"),
    NTK_METRIC("coefficient-{depths}", "m times the bias at the second width, over its coefficient"),
    NTK_METRIC("diagonal-{depths}", "bias on the diagonal, relative; 0 for relu"),
    NTK_METRIC("shallow-{shallow-activations}", "bias off the diagonal of shallow networks; 0"),
    {0},
};

enum {
    POINTS = 3,
    INPUTS = 2,
    GRAM = POINTS * POINTS,
    SPREAD = GRAM,
    ON,
    OFF,
    CONTROLLED,
    EXTRA = CONTROLLED + 1 - GRAM
};
enum { RATES, MEANS, TABLES };

/* Mean of |a^L(x_i)|^2 2/m over the points, over its mean 2 over networks (unit points, w^2 = 2),
 * less 1. */
static double last_layer(const ntk_population_draw *draw) {
    double sum = 0;
    for (size_t i = 0; i < POINTS; i++) sum += draw->readout[i * (POINTS + 1)] / (2 * POINTS);
    return sum - 1;
}

/* Of Theta_hat_0 - Theta: the part off the diagonal as D, its squared norm, and the mean deviations
 * on the diagonal and off it, relative to Theta_ii; of the latter with the control variate, too.
 * What is taken off was found by least squares on some thousand networks. */
static ntk_status measure(const ntk_population_study *study, const ntk_population *population,
                          const ntk_population_draw *draw, double *sample) {
    const double share = 0.125;
    sample[ON] = sample[OFF] = 0;
    for (size_t k = 0; k < GRAM; k++) {
        const bool on = k / POINTS == k % POINTS;
        sample[on ? ON : OFF] += sample[k] / (population->kernel[0] * (on ? POINTS : GRAM - POINTS));
        if (on) sample[k] = 0;
    }
    sample[SPREAD] = ntk_dot(GRAM, sample, sample);
    sample[CONTROLLED] = sample[OFF];
    if (population->network.activation != NTK_RELU || population->network.bias_variance > 0 ||
        population->width != (size_t)study->options.widths[1])
        return NTK_OK; /* no coefficient is seen there */
    sample[CONTROLLED] -= share * last_layer(draw);
    return NTK_OK;
}

/* The exponent; relative to the norm of Theta off the diagonal, the bias and the root mean square
 * deviation of one network. */
static ntk_status emit_rate(ntk_context *context, const ntk_population_study *study, const ntk_population *p,
                            size_t count) {
    const double norm = (GRAM - POINTS) * p->kernel[1] * p->kernel[1];
    ntk_estimate exponent, bias;
    NTK_TRY(ntk_population_rate(context, study, p, count, &exponent));
    NTK_TRY(ntk_emit_estimate_as(context, &exponent, "exponent-%zu", p->network.depth));
    for (size_t w = 0; w < count; w++) {
        NTK_TRY(ntk_population_bias(context, study, &p[w], 1 / norm, &bias));
        const double spread = ntk_population_average(study, &p[w], SPREAD) / norm;
        const double row[] = {(double)p->network.depth, (double)p[w].width, sqrt(bias.value), sqrt(spread)};
        NTK_TRY(ntk_table_row(study->tables[RATES], NULL, row));
    }
    return NTK_OK;
}

/* A mean that is to be zero. */
static ntk_status tabulate_mean(ntk_context *context, const ntk_population_study *study,
                                const ntk_population *p, size_t column, const char *part,
                                ntk_estimate *mean) {
    NTK_TRY(ntk_population_mean(context, study, p, column, 1, mean));
    const char *labels[] = {ntk_activation_name(p->network.activation), part};
    const double row[] = {(double)p->network.depth, (double)p->width, mean->value, mean->low, mean->high};
    return ntk_table_row(study->tables[MEANS], labels, row);
}

static ntk_status emit_diagonal(ntk_context *context, const ntk_population_study *study,
                                const ntk_population *p, size_t count) {
    (void)count;
    ntk_estimate mean;
    NTK_TRY(tabulate_mean(context, study, p, ON, "diagonal", &mean));
    return ntk_emit_estimate_as(context, &mean, "diagonal-%zu", p->network.depth);
}

/* The hidden layers of the theory: those of the networks, or in their place the only one of
 * `depths`. */
static ntk_status choose_depth(const ntk_context *context, size_t own, size_t *depth) {
    size_t count;
    const long *depths = ntk_context_integers(context, "depths", &count);
    *depth = own;
    if (ntk_context_integer(context, "coefficient-depth") == 0) return NTK_OK;
    if (count != 1)
        return ntk_fail(NTK_ERROR_ARGUMENT, "with a coefficient-depth, one of depths, not %zu", count);
    *depth = (size_t)depths[0];
    return NTK_OK;
}

/* m (E Theta_hat_ij - Theta_ij) over c. */
static ntk_status emit_coefficient(ntk_context *context, const ntk_population_study *study,
                                   const ntk_population *p, size_t count) {
    size_t depth;
    ntk_estimate mean;
    (void)count;
    NTK_TRY(choose_depth(context, p->network.depth, &depth));
    const double c = 2 * mean_bias_coefficient(depth, -0.5); /* S^1_ii = 2 */
    NTK_TRY(ntk_population_mean(context, study, p, CONTROLLED, (double)p->width * p->kernel[0] / c, &mean));
    return ntk_emit_estimate_as(context, &mean, "coefficient-%zu", depth);
}

static ntk_status emit_shallow(ntk_context *context, const ntk_population_study *study,
                               const ntk_population *p, size_t count) {
    (void)count;
    ntk_estimate mean;
    NTK_TRY(tabulate_mean(context, study, p, OFF, "off-diagonal", &mean));
    return ntk_emit_estimate_as(context, &mean, "shallow-%s", ntk_activation_name(p->network.activation));
}

/* Deep networks at every width for the rate, at the first for the diagonal, at the second for the
 * coefficient; shallow ones. */
static ntk_status describe(const ntk_context *context, ntk_population_study *study) {
    const size_t widths = study->options.width_count;
    size_t depths, shallow;
    const long *depth = ntk_context_integers(context, "depths", &depths);
    const char *const *activation = ntk_context_choices(context, "shallow-activations", &shallow);
    const char *homogeneous = ntk_context_choice(context, "diagonal-activation");
    const long other = ntk_context_integer(context, "coefficient-depth");
    const long one = ntk_context_integer(context, "shallow-depth");
    if (widths < 2) return ntk_fail(NTK_ERROR_ARGUMENT, "one width: the coefficient is that of the second");
    for (size_t l = 0; l < depths; l++) {
        NTK_TRY(ntk_population_add(study, "relu", depth[l], 0, widths, emit_rate));
        NTK_TRY(ntk_population_add(study, homogeneous, depth[l], 0, 1, emit_diagonal));
        NTK_TRY(ntk_population_add(study, "relu", other > 0 ? other : depth[l], 1, 2, emit_coefficient));
    }
    for (size_t a = 0; a < shallow; a++)
        NTK_TRY(ntk_population_add(study, activation[a], one, 0, 1, emit_shallow));
    return NTK_OK;
}

static ntk_status run(ntk_context *context) {
    const double x[] = {1, 0, -0.5, sqrt(0.75), -0.5, -sqrt(0.75)};
    ntk_table *tables[TABLES];
    NTK_TRY(ntk_emit_table(context, "bias", "depth width bias spread", &tables[RATES]));
    NTK_TRY(ntk_emit_table(context, "means", "$activation $part depth width mean low high", &tables[MEANS]));
    ntk_population_study study = {.x = x,
                                  .points = POINTS,
                                  .inputs = INPUTS,
                                  .outputs = 1,
                                  .kernel = NTK_KERNEL_NTK,
                                  .extra = EXTRA,
                                  .measure = measure,
                                  .tables = tables};
    return ntk_population_conduct(context, &study, describe);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_population_parameters, parameters},
    .metrics = {metrics},
    .run = run,
};
