/* The outputs at initialisation tend to a Gaussian process of covariance S^{L+1}, the NNGP kernel
 * (jacot-2018, chen-2025).
 *
 * Given the hidden layers, the K outputs at x_1 .. x_n are independent Gaussian vectors with the
 * random covariance C_ij = (w^2 / m) <a^L_i, a^L_j> + b^2. So f is Gaussian of covariance S^{L+1}
 * as far as C is the constant S^{L+1}: the mean of C is the covariance of f, and its spread is the
 * excess kurtosis of f, 3 Var(C_ii) / (E C_ii)^2. Both are measured on f itself.
 *
 * For ReLU without biases the spread is known at every width. Given a^{l-1}, the preactivations h^l
 * are m independent N(0, s^2), s^2 proportional to ||a^{l-1}||^2. With E relu(h)^2 = s^2 / 2 and E
 * relu(h)^4 = 3 s^4 / 2,
 *
 *     E ||a^l||^4 = (m 3/2 + m (m - 1) / 4) E s^4 = (1 + 5/m) (m/2)^2 E s^4,
 *     E ||a^l||^2 = (m/2) E s^2.
 *
 * Each of the L hidden layers, the first too, multiplies E||a||^4 / (E||a||^2)^2 by 1 + 5/m, m its
 * own width:
 *
 *     E f^4 = 3 (1 + 5/m)^L (S^{L+1}_ii)^2,      E f^2 = S^{L+1}_ii exactly.
 *
 * One sample is the mean over the outputs of a network; blocks of networks are the units. */
#include <math.h>
#include <string.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_CHOICES("activations", "relu erf", "relu|erf|gelu", "relu at every width, the others at the last"),
    NTK_INTEGERS("depths", "1 2 3", 1, 8, "hidden layers"),
    NTK_INTEGER("outputs", 16, 1, 10000, "K, outputs of a network"),
    NTK_INTEGER("points", 4, 2, 1000, "points on the unit sphere"),
    NTK_INTEGER("inputs", 4, 2, 10000, "input dimension"),
    {0},
};

static bool has_relu(const ntk_context *context, const char *const *words) {
    (void)words;
    size_t count;
    const char *const *names = ntk_context_choices(context, "activations", &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], "relu") == 0) return true;
    return false;
}

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("covariance-error-{activations}-{depths}", "||E f f^T - S||^2 over ||S||^2, widest networks"),
    NTK_METRIC_WHEN("excess-kurtosis-{depths}-{widths}", "of ReLU networks", has_relu),
    NTK_METRIC_WHEN("excess-ratio-{depths}-{widths}", "that over 3 ((1 + 5/m)^L - 1)", has_relu),
    {0},
};

enum { COVARIANCE, KURTOSIS, TABLES };

/* Besides D, whose mean is E f f^T - S: f_i^4 / (3 S_ii^2) - 1, a mean over outputs and points. */
static ntk_status measure(const ntk_population_study *study, const ntk_population *population,
                          const ntk_population_draw *draw, double *sample) {
    const size_t n = study->points, K = study->outputs;
    sample[n * n] = -1;
    for (size_t i = 0; i < n; i++) {
        const double S = population->kernel[i * n + i], *f = draw->f + i * K;
        double fourth = 0;
        for (size_t k = 0; k < K; k++) fourth += f[k] * f[k] * f[k] * f[k];
        sample[n * n] += fourth / (3 * S * S * (double)(n * K));
    }
    return NTK_OK;
}

/* The entries of S and of E f f^T. */
static ntk_status tabulate_covariance(const ntk_population_study *study, const ntk_population *p) {
    const char *activation = ntk_activation_name(p->network.activation);
    const size_t n = study->points;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) {
            const double S = p->kernel[i * n + j], D = ntk_population_average(study, p, i * n + j);
            const double row[] = {(double)p->network.depth, (double)p->width, S, S + D};
            NTK_TRY(ntk_table_row(study->tables[COVARIANCE], &activation, row));
        }
    return NTK_OK;
}

/* The excess kurtosis, and its ratio to the law 3 ((1 + 5/m)^L - 1). */
static ntk_status emit_excess(ntk_context *context, const ntk_population_study *study,
                              const ntk_population *p) {
    const size_t depth = p->network.depth, column = study->points * study->points;
    const size_t layers = depth + study->options.extra_layers;
    const double law = 3 * (pow(1 + 5 / (double)p->width, (double)layers) - 1);
    ntk_estimate excess, ratio;
    NTK_TRY(ntk_population_mean(context, study, p, column, 3, &excess));
    NTK_TRY(ntk_population_mean(context, study, p, column, 3 / law, &ratio));
    NTK_TRY(ntk_emit_estimate_as(context, &excess, "excess-kurtosis-%zu-%zu", depth, p->width));
    NTK_TRY(ntk_emit_estimate_as(context, &ratio, "excess-ratio-%zu-%zu", depth, p->width));
    const double row[] = {(double)depth, (double)p->width, excess.value, excess.low, excess.high, law};
    return ntk_table_row(study->tables[KURTOSIS], NULL, row);
}

/* ||E f f^T - S||_F^2 / ||S||_F^2 at the widest networks; the kurtosis at every width. */
static ntk_status emit(ntk_context *context, const ntk_population_study *study, const ntk_population *p,
                       size_t count) {
    const ntk_population *widest = p + count - 1;
    const double norm = ntk_norm(study->points * study->points, p->kernel);
    ntk_estimate error;
    NTK_TRY(ntk_population_bias(context, study, widest, 1 / (norm * norm), &error));
    NTK_TRY(ntk_emit_estimate_as(context, &error, "covariance-error-%s-%zu",
                                 ntk_activation_name(p->network.activation), p->network.depth));
    for (; p <= widest; p++) {
        NTK_TRY(tabulate_covariance(study, p));
        if (p->network.activation == NTK_RELU) NTK_TRY(emit_excess(context, study, p));
    }
    return NTK_OK;
}

/* ReLU at every width, the other activations at the widest. */
static ntk_status describe(const ntk_context *context, ntk_population_study *study) {
    const size_t widths = study->options.width_count;
    size_t activations, depths;
    const char *const *activation = ntk_context_choices(context, "activations", &activations);
    const long *depth = ntk_context_integers(context, "depths", &depths);
    NTK_TRY(ntk_population_sphere(context, study));
    for (size_t a = 0; a < activations; a++)
        for (size_t l = 0; l < depths; l++) {
            const size_t first = strcmp(activation[a], "relu") == 0 ? 0 : widths - 1;
            NTK_TRY(ntk_population_add(study, activation[a], depth[l], first, widths, emit));
        }
    return NTK_OK;
}

static ntk_status run(ntk_context *context) {
    ntk_table *tables[TABLES];
    NTK_TRY(
        ntk_emit_table(context, "covariance", "$activation depth width kernel sample", &tables[COVARIANCE]));
    NTK_TRY(ntk_emit_table(context, "kurtosis", "depth width excess low high law", &tables[KURTOSIS]));
    ntk_population_study study = {.outputs = ntk_context_size(context, "outputs"),
                                  .kernel = NTK_KERNEL_NNGP,
                                  .extra = 1,
                                  .measure = measure,
                                  .tables = tables};
    return ntk_population_conduct(context, &study, describe);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_sphere_parameters, ntk_population_parameters, parameters},
    .metrics = {metrics},
    .run = run,
};
