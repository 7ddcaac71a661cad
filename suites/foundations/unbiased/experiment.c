/* The mean of the empirical NTK over initialisations is the NTK: which kernel, not only how fast.
 *
 * One hidden layer. Theta_hat_0(x, x') is an average over m independent neurons, each of which has
 * the mean Theta(x, x'): E Theta_hat_0 = Theta at every width, for any activation. What is seen is
 *
 *     scale = <E Theta_hat_0 - Theta, Theta> / ||Theta||_F^2,
 *
 * by how much the kernel is too small, and the mean deviation off the diagonal over the mean of the
 * diagonal, which a kernel of another shape changes. A width is then a number of neurons, and
 * nothing is extrapolated.
 *
 * More layers. E Theta_hat_0 = Theta + C / m + O(1/m^2), as the dual activation of a layer is not
 * linear in the covariance that fluctuates below it (width-convergence/mean-bias). Of two widths m
 * and 2m the combination
 *
 *     2 scale(2m) - scale(m) = -c_2 / (2 m^2) + ...
 *
 * is free of the first order. Blocks of networks are independent, and one block of each width is a
 * sample of the t interval.
 *
 * Biases are there, of parameters of their own, so that a network without their gradients has
 * another kernel. */
#include <math.h>
#include <stdbool.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_CHOICES("shallow", "relu erf gelu", "relu|erf|gelu|tanh|softplus|sin", "networks of one layer"),
    NTK_CHOICES("deep", "gelu", "relu|erf|gelu|tanh|softplus|sin", "networks of several"),
    NTK_INTEGER("depth", 2, 2, 8, "hidden layers of those"),
    NTK_INTEGER("shallow-depth", 1, 1, 8, "hidden layers of the others; the theorem is about one"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("scale-{shallow}", "mean of the empirical NTK less the NTK, along it; one layer"),
    NTK_METRIC("off-diagonal-{shallow}", "the same of entries off the diagonal, over the diagonal"),
    NTK_METRIC("limit-{deep}", "scale of deep networks, extrapolated in 1/m"),
    NTK_METRIC("input-scale", "largest difference of a network on x and one without scale on x/sqrt(d)"),
    {0},
};

enum { POINTS = 3, INPUTS = 2, GRAM = POINTS * POINTS, SCALE = GRAM, OFF, EXTRA = OFF + 1 - GRAM };
enum { MEANS, TABLES };

static ntk_status measure(const ntk_population_study *study, const ntk_population *population,
                          const ntk_population_draw *draw, double *sample) {
    (void)study, (void)draw;
    const double *theta = population->kernel;
    double along = 0, norm = 0, off = 0, diagonal = 0;
    for (size_t k = 0; k < GRAM; k++) {
        along += sample[k] * theta[k];
        norm += theta[k] * theta[k];
        if (k / POINTS == k % POINTS)
            diagonal += theta[k] / POINTS;
        else
            off += sample[k] / (GRAM - POINTS);
    }
    sample[SCALE] = along / norm;
    sample[OFF] = off / diagonal;
    return NTK_OK;
}

static ntk_status tabulate(const ntk_population_study *study, const ntk_population *p, const char *part,
                           const ntk_estimate *mean) {
    const char *labels[] = {ntk_activation_name(p->network.activation), part};
    const double row[] = {(double)p->network.depth, mean->value, mean->low, mean->high};
    return ntk_table_row(study->tables[MEANS], labels, row);
}

static ntk_status emit_shallow(ntk_context *context, const ntk_population_study *study,
                               const ntk_population *p, size_t count) {
    (void)count;
    const char *name = ntk_activation_name(p->network.activation);
    ntk_estimate scale, off;
    NTK_TRY(ntk_population_mean(context, study, p, SCALE, 1, &scale));
    NTK_TRY(ntk_population_mean(context, study, p, OFF, 1, &off));
    NTK_TRY(tabulate(study, p, "scale", &scale));
    NTK_TRY(tabulate(study, p, "off-diagonal", &off));
    NTK_TRY(ntk_emit_estimate_as(context, &scale, "scale-%s", name));
    return ntk_emit_estimate_as(context, &off, "off-diagonal-%s", name);
}

/* Widths m_0 and m_1: (m_1 E_1 - m_0 E_0) / (m_1 - m_0), in which C / m cancels. */
static ntk_status emit_deep(ntk_context *context, const ntk_population_study *study, const ntk_population *p,
                            size_t count) {
    (void)count;
    const double narrow = (double)p[0].width, wide = (double)p[1].width;
    double *samples = NULL;
    ntk_estimate limit;
    NTK_TRY(ntk_allocate_doubles(study->blocks, &samples));
    for (size_t b = 0; b < study->blocks; b++) {
        const size_t at = b * study->columns + SCALE;
        samples[b] = (wide * p[1].means[at] - narrow * p[0].means[at]) / (wide - narrow);
    }
    ntk_status status = ntk_stats_mean(study->blocks, samples, ntk_context_level(context), &limit);
    ntk_release(samples);
    if (status == NTK_OK) status = tabulate(study, p, "limit", &limit);
    if (status != NTK_OK) return status;
    return ntk_emit_estimate_as(context, &limit, "limit-%s", ntk_activation_name(p->network.activation));
}

/* The first two widths are those of deep networks, the last one that of the shallow. */
static ntk_status describe(const ntk_context *context, ntk_population_study *study) {
    const size_t widths = study->options.width_count;
    size_t deep, shallow;
    const char *const *deep_names = ntk_context_choices(context, "deep", &deep);
    const char *const *names = ntk_context_choices(context, "shallow", &shallow);
    if (widths != 3)
        return ntk_fail(NTK_ERROR_ARGUMENT, "two widths of deep networks and one more, not %zu", widths);
    for (size_t a = 0; a < shallow; a++)
        NTK_TRY(ntk_population_add(study, names[a], ntk_context_integer(context, "shallow-depth"), 2, 3,
                                   emit_shallow));
    for (size_t a = 0; a < deep; a++)
        NTK_TRY(
            ntk_population_add(study, deep_names[a], ntk_context_integer(context, "depth"), 0, 2, emit_deep));
    return NTK_OK;
}

/* ---- the scale of the inputs ----------------------------------------------------------------- */

enum { SCALED = 4, COORDINATES = 6, WIDTH = 64 };

/* Outputs and Theta_hat_0 of the network with these weights; values: (SCALED), (SCALED, SCALED). */
static ntk_status evaluate(const ntk_architecture *architecture, const double *theta, const double *x,
                           double *values) {
    ntk_network *network;
    NTK_TRY(ntk_network_create(architecture, COORDINATES, WIDTH, 1, &network));
    ntk_status status = ntk_network_forward(network, theta, SCALED, x, values);
    if (status == NTK_OK)
        status = ntk_network_tangent_kernel(network, theta, SCALED, x, values + SCALED, SCALED);
    ntk_network_destroy(network);
    return status;
}

/* The default architecture at rows of norms from 1/4 to 16: what it says of x, one without scale
 * says of x / sqrt(d), since both have h^1 = (w / sqrt(d)) W x. */
static ntk_status emit_input_scale(ntk_context *context) {
    enum { VALUES = SCALED + SCALED * SCALED, WEIGHTS = WIDTH * (COORDINATES + 1) };
    ntk_architecture architecture = ntk_architecture_default();
    double theta[WEIGHTS], x[SCALED * COORDINATES], scaled[VALUES], plain[VALUES], worst = 0;
    const ntk_stream root = ntk_context_stream(context, UINT64_MAX);
    ntk_stream stream = ntk_stream_fork(&root, "input scale");
    ntk_stream_normal(&stream, WEIGHTS, theta);
    NTK_TRY(ntk_data_sphere(&stream, SCALED, COORDINATES, x));
    for (size_t k = 0; k < SCALED * COORDINATES; k++) x[k] *= pow(4, (double)(k / COORDINATES) - 1);
    NTK_TRY(evaluate(&architecture, theta, x, scaled));
    const double planted = ntk_plant_factor(context, NTK_PLANT_KERNEL_SCALE);
    for (size_t k = 0; k < VALUES; k++) scaled[k] *= planted;
    for (size_t k = 0; k < SCALED * COORDINATES; k++) x[k] /= sqrt(COORDINATES);
    architecture.input_scale = NTK_INPUT_SCALE_NONE;
    NTK_TRY(evaluate(&architecture, theta, x, plain));
    for (size_t k = 0; k < VALUES; k++) {
        const double *diagonal = plain + SCALED;
        const size_t i = k < SCALED ? k : (k - SCALED) / SCALED, j = k < SCALED ? k : (k - SCALED) % SCALED;
        const double square = sqrt(diagonal[i * (SCALED + 1)] * diagonal[j * (SCALED + 1)]);
        worst = ntk_larger(worst, fabs(scaled[k] - plain[k]) / (k < SCALED ? sqrt(square) : square));
    }
    return ntk_emit_scalar(context, "input-scale", worst);
}

static ntk_status run(ntk_context *context) {
    const double x[] = {1, 0, cos(1), sin(1), cos(2.5), sin(2.5)};
    ntk_table *tables[TABLES];
    NTK_TRY(ntk_emit_table(context, "means", "$activation $part depth mean low high", &tables[MEANS]));
    ntk_population_study study = {.x = x,
                                  .points = POINTS,
                                  .inputs = INPUTS,
                                  .outputs = 1,
                                  .kernel = NTK_KERNEL_NTK,
                                  .extra = EXTRA,
                                  .measure = measure,
                                  .tables = tables};
    NTK_TRY(ntk_population_conduct(context, &study, describe));
    return emit_input_scale(context);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_population_parameters, parameters},
    .metrics = {metrics},
    .run = run,
};
