/* The outputs at initialisation tend to a Gaussian process of covariance S^{L+1}, the NNGP kernel
 * (jacot-2018, chen-2025).
 *
 * Given the hidden layers, the K outputs at x_1 .. x_n are independent Gaussian vectors with the random
 * covariance C_ij = (w^2 / m) <a^L_i, a^L_j> + b^2. So f is Gaussian of covariance S^{L+1} as far as C is the
 * constant S^{L+1}: the mean of C is the covariance of f, and its spread is the excess kurtosis of f, 3
 * Var(C_ii) / (E C_ii)^2. Both are measured on f itself.
 *
 * For ReLU without biases the spread is known at every width. Given a^{l-1}, the preactivations h^l are m
 * independent N(0, s^2), s^2 proportional to ||a^{l-1}||^2. With E relu(h)^2 = s^2 / 2 and E relu(h)^4 = 3
 * s^4 / 2,
 *
 *     E ||a^l||^4 = (m 3/2 + m (m - 1) / 4) E s^4 = (1 + 5/m) (m/2)^2 E s^4,      E ||a^l||^2 = (m/2) E s^2.
 *
 * Each of the L hidden layers, the first too, multiplies E||a||^4 / (E||a||^2)^2 by 1 + 5/m, m its own width:
 *
 *     E f^4 = 3 (1 + 5/m)^L (S^{L+1}_ii)^2,      E f^2 = S^{L+1}_ii exactly.
 *
 * One sample is the mean over the outputs of a network; blocks of networks are the units. */
#include <math.h>
#include <stdio.h>

#include <ntk/ntk.h>

static const ntk_parameter parameters[] = {
    {"activations", NTK_PARAMETER_CHOICE_LIST, "relu erf", 0, 0, "relu|erf|gelu",
     "activations; relu at every width, the others at the last"},
    {"depths", NTK_PARAMETER_INTEGER_LIST, "1 2 3", 1, 8, NULL, "hidden layers"},
    NTK_POPULATION_PARAMETERS,
    {"outputs", NTK_PARAMETER_INTEGER, "16", 1, 10000, NULL, "K, outputs of a network"},
    {"points", NTK_PARAMETER_INTEGER, "4", 2, 1000, NULL, "points on the unit sphere"},
    {"inputs", NTK_PARAMETER_INTEGER, "4", 2, 10000, NULL, "input dimension"},
    {"max-cosine", NTK_PARAMETER_REAL, "0.6", 0.01, 1, NULL, "largest |cosine| between two points"},
    {"bias-variance", NTK_PARAMETER_REAL, "0", 0, 100, NULL, "of networks and kernel"},
    {"extra-layers", NTK_PARAMETER_INTEGER, "0", 0, 8, NULL,
     "hidden layers that theory has beyond the networks"},
    {0}};

/* Means over a network's K outputs: f_i f_j - S_ij, and f_i^4 / (3 S_ii^2) - 1, over the points too, in
 * column n^2. */
static ntk_status measure(const ntk_population_study *study, const ntk_population *population,
                          ntk_network *network, const double *theta, double *f, double *sample) {
    const size_t n = study->points, K = study->outputs;
    NTK_TRY(ntk_network_forward(network, theta, n, study->x, f));
    sample[n * n] = -1;
    for (size_t i = 0; i < n; i++) {
        const double *S = population->kernel + i * n, *fi = f + i * K;
        double fourth = 0;
        for (size_t j = 0; j < n; j++) sample[i * n + j] = ntk_dot(K, fi, f + j * K) / (double)K - S[j];
        for (size_t k = 0; k < K; k++) fourth += fi[k] * fi[k] * fi[k] * fi[k];
        sample[n * n] += fourth / (3 * S[i] * S[i] * (double)(n * K));
    }
    return NTK_OK;
}

/* ||E f f^T - S||_F^2 / ||S||_F^2 at the widest networks, and the entries of the two matrices. */
static ntk_status emit_covariance(ntk_context *context, const ntk_population_study *study,
                                  const ntk_population *p, ntk_table *table) {
    const size_t n = study->points, depth = p->network.depth;
    const char *activation = ntk_activation_name(p->network.activation);
    const double norm = ntk_norm(n * n, p->kernel);
    if (p->width == study->populations[study->count - 1].width) {
        ntk_estimate error;
        NTK_TRY(ntk_population_bias(context, study, p, 1 / (norm * norm), &error));
        NTK_TRY(ntk_emit_estimate_as(context, &error, "covariance-error-%s-%zu", activation, depth));
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) {
            const double S = p->kernel[i * n + j], D = ntk_population_average(study, p, i * n + j);
            const double row[] = {(double)depth, (double)p->width, S, S + D};
            NTK_TRY(ntk_table_row(table, &activation, row));
        }
    return NTK_OK;
}

/* The excess kurtosis, and its ratio to the law 3 ((1 + 5/m)^L - 1). */
static ntk_status emit_excess(ntk_context *context, const ntk_population_study *study,
                              const ntk_population *p, ntk_table *table) {
    const size_t depth = p->network.depth, column = study->points * study->points;
    const size_t layers = depth + (size_t)ntk_context_integer(context, "extra-layers");
    const double law = 3 * (pow(1 + 5 / (double)p->width, (double)layers) - 1);
    ntk_estimate excess, ratio;
    NTK_TRY(ntk_population_mean(context, study, p, column, 3, &excess));
    NTK_TRY(ntk_population_mean(context, study, p, column, 3 / law, &ratio));
    NTK_TRY(ntk_emit_estimate_as(context, &excess, "excess-kurtosis-%zu-%zu", depth, p->width));
    NTK_TRY(ntk_emit_estimate_as(context, &ratio, "excess-ratio-%zu-%zu", depth, p->width));
    const double row[] = {(double)depth, (double)p->width, excess.value, excess.low, excess.high, law};
    return ntk_table_row(table, NULL, row);
}

static ntk_status emit(ntk_context *context, const ntk_population_study *study) {
    ntk_table *covariance, *kurtosis;
    NTK_TRY(ntk_emit_table(context, "covariance", "$activation depth width kernel sample", &covariance));
    NTK_TRY(ntk_emit_table(context, "kurtosis", "depth width excess low high law", &kurtosis));
    for (size_t k = 0; k < study->count; k++) {
        const ntk_population *p = &study->populations[k];
        NTK_TRY(emit_covariance(context, study, p, covariance));
        if (p->network.activation == NTK_RELU) NTK_TRY(emit_excess(context, study, p, kurtosis));
    }
    return NTK_OK;
}

/* ReLU at every width, the other activations at the widest. */
static ntk_status describe(const ntk_context *context, ntk_population_study *study) {
    size_t activations, depths, widths;
    const char *const *activation = ntk_context_choices(context, "activations", &activations);
    const long *depth = ntk_context_integers(context, "depths", &depths);
    ntk_context_integers(context, "widths", &widths);
    NTK_TRY(ntk_population_sphere(context, study));
    for (size_t a = 0; a < activations; a++)
        for (size_t l = 0; l < depths; l++) {
            ntk_architecture network = ntk_architecture_default();
            network.depth = (size_t)depth[l];
            network.bias_variance = ntk_context_real(context, "bias-variance");
            network.input_scale = NTK_INPUT_SCALE_NONE;
            NTK_TRY(ntk_activation_parse(activation[a], &network.activation));
            ntk_architecture limit = network;
            limit.depth += (size_t)ntk_context_integer(context, "extra-layers");
            for (size_t w = network.activation == NTK_RELU ? 0 : widths - 1; w < widths; w++)
                NTK_TRY(ntk_population_add(context, study, &network, &limit, w));
        }
    return NTK_OK;
}

static ntk_status run(ntk_context *context) {
    ntk_population_study study = {.outputs = (size_t)ntk_context_integer(context, "outputs"),
                                  .kernel = NTK_KERNEL_NNGP,
                                  .extra = 1,
                                  .measure = measure};
    return ntk_population_conduct(context, &study, describe, emit);
}

const ntk_experiment NTK_EXPERIMENT = {parameters, run};
