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
 * The bias is far below the spread of one network, so it is read off means over many; and ||E
 * Theta_hat_0 - Theta||^2 is estimated without the noise by <D, D'>, the deviations of two means
 * over disjoint sets of networks. The points stand at 120 degrees on a circle, where the bias is
 * large beside the spread; by symmetry E Theta_hat_0 has then one value on the diagonal and one off
 * it. */
#include <math.h>
#include <stdbool.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_INTEGERS("depths", "2 3", 1, 8, "hidden layers of the deep networks, ReLU"),
    NTK_CHOICE("diagonal-activation", "relu", "relu|softplus", "of the deep networks whose diagonal is seen"),
    NTK_CHOICES("shallow-activations", "relu erf gelu", "relu|erf|gelu", "of the shallow networks"),
    NTK_INTEGER("shallow-depth", 1, 1, 8, "their hidden layers; the theorem is about one"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("exponent-{depths}", "exponent of the bias off the diagonal in the width"),
    NTK_METRIC("diagonal-{depths}", "bias on the diagonal, relative; 0 for relu"),
    NTK_METRIC("shallow-{shallow-activations}", "bias off the diagonal of shallow networks; 0"),
    {0},
};

enum { POINTS = 3, INPUTS = 2, GRAM = POINTS * POINTS, SPREAD = GRAM, ON, OFF, EXTRA = OFF + 1 - GRAM };
enum { RATES, MEANS, TABLES };

/* Of Theta_hat_0 - Theta: the part off the diagonal as D, its squared norm, and the mean deviations
 * on the diagonal and off it, relative to Theta_ii. */
static ntk_status measure(const ntk_population_study *study, const ntk_population *population,
                          const ntk_population_draw *draw, double *sample) {
    (void)study, (void)draw;
    sample[ON] = sample[OFF] = 0;
    for (size_t k = 0; k < GRAM; k++) {
        const bool on = k / POINTS == k % POINTS;
        sample[on ? ON : OFF] += sample[k] / (population->kernel[0] * (on ? POINTS : GRAM - POINTS));
        if (on) sample[k] = 0;
    }
    sample[SPREAD] = ntk_dot(GRAM, sample, sample);
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

static ntk_status emit_shallow(ntk_context *context, const ntk_population_study *study,
                               const ntk_population *p, size_t count) {
    (void)count;
    ntk_estimate mean;
    NTK_TRY(tabulate_mean(context, study, p, OFF, "off-diagonal", &mean));
    return ntk_emit_estimate_as(context, &mean, "shallow-%s", ntk_activation_name(p->network.activation));
}

/* Deep networks at every width for the rate, at the first for the diagonal; shallow ones. */
static ntk_status describe(const ntk_context *context, ntk_population_study *study) {
    const size_t widths = study->options.width_count;
    size_t depths, shallow;
    const long *depth = ntk_context_integers(context, "depths", &depths);
    const char *const *activation = ntk_context_choices(context, "shallow-activations", &shallow);
    const char *homogeneous = ntk_context_choice(context, "diagonal-activation");
    const long one = ntk_context_integer(context, "shallow-depth");
    for (size_t l = 0; l < depths; l++) {
        NTK_TRY(ntk_population_add(study, "relu", depth[l], 0, widths, emit_rate));
        NTK_TRY(ntk_population_add(study, homogeneous, depth[l], 0, 1, emit_diagonal));
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
