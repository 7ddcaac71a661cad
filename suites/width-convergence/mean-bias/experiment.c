/* The mean of the empirical NTK over initialisations differs from Theta by O(1/m) (jacot-2018 has the limit;
 * this is the next order of the same expansion).
 *
 * Let G^l be the Gram matrix of the activations of layer l. Given the layer below, E G^l = F(G^{l-1}), F the
 * dual activation, which off the diagonal is not linear. G^{l-1} is an average over m neurons, so that
 *
 *     E F(G^{l-1}) - F(E G^{l-1}) = F'' Var(G^{l-1}) / 2 + ... = O(1/m),
 *
 * and so for Theta_hat_0, which is built of such averages. Two cases have no bias at all:
 *
 *   L = 1, any activation: Theta_hat_0 is an average over independent neurons, each of mean Theta.
 *   The diagonal for ReLU without biases, any L: relu'(h) depends on the sign of h, which is independent
 *   of |h| and, W and -W being alike, of the squared weights. So every factor of
 *   Theta_hat_ii = sum_l s_l^2 ||a^{l-1}||^2 ||delta^l||^2 has its limit for a conditional mean.
 *
 * The bias is far below the spread of one network, so it is read off means over many; and ||E Theta_hat_0 -
 * Theta||^2 is estimated without the noise by <D, D'>, the deviations of two means over disjoint sets of
 * networks. The points stand at 120 degrees on a circle, where the bias is large beside the spread; by
 * symmetry E Theta_hat_0 has then one value on the diagonal and one off it. */
#include <math.h>
#include <stdbool.h>

#include <ntk/ntk.h>

static const ntk_parameter parameters[] = {
    {"depths", NTK_PARAMETER_INTEGER_LIST, "2 3", 1, 8, NULL, "hidden layers of the deep networks, ReLU"},
    NTK_POPULATION_PARAMETERS,
    {"diagonal-activation", NTK_PARAMETER_CHOICE, "relu", 0, 0, "relu|softplus",
     "of the networks, deep and of the first width, whose diagonal is looked at"},
    {"shallow-activations", NTK_PARAMETER_CHOICE_LIST, "relu erf gelu", 0, 0, "relu|erf|gelu",
     "of the shallow networks, of the first width"},
    {"shallow-depth", NTK_PARAMETER_INTEGER, "1", 1, 8, NULL, "their hidden layers; 1 by rights"},
    {"kernel-weight-variance", NTK_PARAMETER_REAL, "2", 0.01, 100, NULL,
     "of the kernel; 2, the networks', by rights"},
    {0}};

enum { POINTS = 3, INPUTS = 2, GRAM = POINTS * POINTS, SPREAD = GRAM, ON, OFF, EXTRA = OFF + 1 - GRAM };

/* Of Theta_hat_0 - Theta: the part off the diagonal as D, its squared norm, and the mean deviations on the
 * diagonal and off it, relative to Theta_ii. */
static ntk_status measure(const ntk_population_study *study, const ntk_population *population,
                          ntk_network *network, const double *theta, double *f, double *sample) {
    (void)f;
    const double *kernel = population->kernel;
    NTK_TRY(ntk_network_tangent_kernel(network, theta, POINTS, study->x, sample, POINTS));
    sample[ON] = sample[OFF] = 0;
    for (size_t k = 0; k < GRAM; k++) {
        const bool on = k / POINTS == k % POINTS;
        const double deviation = sample[k] - kernel[k];
        sample[k] = on ? 0 : deviation;
        sample[on ? ON : OFF] += deviation / (kernel[0] * (on ? POINTS : GRAM - POINTS));
    }
    sample[SPREAD] = ntk_dot(GRAM, sample, sample);
    return NTK_OK;
}

/* Relative to the norm of Theta off the diagonal: the bias, and the root mean square deviation of one
 * network. */
static ntk_status tabulate(ntk_context *context, const ntk_population_study *study, const ntk_population *p,
                           ntk_table *table) {
    const double norm = (GRAM - POINTS) * p->kernel[1] * p->kernel[1];
    ntk_estimate bias;
    NTK_TRY(ntk_population_bias(context, study, p, 1 / norm, &bias));
    const double row[] = {(double)p->network.depth, (double)p->width, sqrt(bias.value),
                          sqrt(ntk_population_average(study, p, SPREAD) / norm)};
    return ntk_table_row(table, NULL, row);
}

/* A mean that is to be zero, on the diagonal or off it. */
static ntk_status emit_mean(ntk_context *context, const ntk_population_study *study, const ntk_population *p,
                            size_t column, ntk_table *table) {
    const char *activation = ntk_activation_name(p->network.activation);
    ntk_estimate mean;
    NTK_TRY(ntk_population_mean(context, study, p, column, 1, &mean));
    if (column == ON)
        NTK_TRY(ntk_emit_estimate_as(context, &mean, "diagonal-%zu", p->network.depth));
    else
        NTK_TRY(ntk_emit_estimate_as(context, &mean, "shallow-%s", activation));
    const char *labels[] = {activation, column == ON ? "diagonal" : "off-diagonal"};
    const double row[] = {(double)p->network.depth, (double)p->width, mean.value, mean.low, mean.high};
    return ntk_table_row(table, labels, row);
}

/* In the order of `describe`. */
static ntk_status emit(ntk_context *context, const ntk_population_study *study) {
    size_t depths, widths;
    ntk_context_integers(context, "depths", &depths);
    ntk_context_integers(context, "widths", &widths);
    ntk_table *rates, *means;
    NTK_TRY(ntk_emit_table(context, "bias", "depth width bias spread", &rates));
    NTK_TRY(ntk_emit_table(context, "means", "$activation $part depth width mean low high", &means));
    const ntk_population *p = study->populations, *end = p + study->count;
    for (size_t l = 0; l < depths; l++, p += widths) {
        ntk_estimate exponent;
        for (size_t w = 0; w < widths; w++) NTK_TRY(tabulate(context, study, &p[w], rates));
        NTK_TRY(ntk_population_rate(context, study, p, &exponent));
        NTK_TRY(ntk_emit_estimate_as(context, &exponent, "exponent-%zu", p->network.depth));
    }
    for (size_t l = 0; l < depths; l++, p++) NTK_TRY(emit_mean(context, study, p, ON, means));
    for (; p < end; p++) NTK_TRY(emit_mean(context, study, p, OFF, means));
    return NTK_OK;
}

static ntk_status add(const ntk_context *context, ntk_population_study *study, const char *activation,
                      long depth, size_t width) {
    ntk_architecture network = ntk_architecture_default();
    network.depth = (size_t)depth;
    network.input_scale = NTK_INPUT_SCALE_NONE;
    NTK_TRY(ntk_activation_parse(activation, &network.activation));
    ntk_architecture limit = network;
    limit.weight_variance = ntk_context_real(context, "kernel-weight-variance");
    return ntk_population_add(context, study, &network, &limit, width);
}

/* Deep networks at every width for the rate, at the first for the diagonal; shallow ones. */
static ntk_status describe(const ntk_context *context, ntk_population_study *study) {
    size_t depths, widths, shallow;
    const long *depth = ntk_context_integers(context, "depths", &depths);
    const char *const *activation = ntk_context_choices(context, "shallow-activations", &shallow);
    ntk_context_integers(context, "widths", &widths);
    for (size_t l = 0; l < depths; l++)
        for (size_t w = 0; w < widths; w++) NTK_TRY(add(context, study, "relu", depth[l], w));
    for (size_t l = 0; l < depths; l++)
        NTK_TRY(add(context, study, ntk_context_choice(context, "diagonal-activation"), depth[l], 0));
    for (size_t a = 0; a < shallow; a++)
        NTK_TRY(add(context, study, activation[a], ntk_context_integer(context, "shallow-depth"), 0));
    return NTK_OK;
}

static ntk_status run(ntk_context *context) {
    const double x[] = {1, 0, -0.5, sqrt(0.75), -0.5, -sqrt(0.75)};
    ntk_population_study study = {.x = x,
                                  .points = POINTS,
                                  .inputs = INPUTS,
                                  .outputs = 1,
                                  .kernel = NTK_KERNEL_NTK,
                                  .extra = EXTRA,
                                  .measure = measure};
    return ntk_population_conduct(context, &study, describe, emit);
}

const ntk_experiment NTK_EXPERIMENT = {parameters, run};
