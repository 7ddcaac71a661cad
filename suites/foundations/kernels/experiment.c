/* The kernels themselves, entry by entry, against enclosures of the exact ones.
 *
 * include/ntk/kernel.h states, relative to sqrt(K_xx K_x'x'), that every entry is off by at most
 *
 *     B = eps (sqrt(d) + 9 (L + 1)) (1 + sum_l g_l)  (+ 1e-13 where the activation is expanded),
 *
 * g_l from the covariances of layer l. Enclosures in ball arithmetic (enclosure.h) hold the exact
 * entries; the distance e to the far end of an interval bounds the error from above. So B / e >= 1
 * at every entry proves the statement for these points. They are what kernels are worst at: two
 * points in general position, one 1e-6 beside the first (0.05 for convolutional networks, whose
 * bound holds for patches that are equal or apart), the antipode of the first, and the first again,
 * bit for bit. K(x, y) of the first two and the next two points is judged alike: it has as
 * many rows as columns, so that a transposed one has the right shape.
 *
 * The S^l of g_l are NNGP kernels of fewer layers; they need not be accurate. */
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <ntk/enclosure.h>
#include <ntk/lab/lab.h>

enum { NETWORK, SETTING };                                                    /* axes */
enum { GRAM, CROSS, TRANSPOSE, IDENTICAL, ASYMMETRY, ERROR, BOUND, COLUMNS }; /* columns */
enum { N = 5, D = 6, NEAR = 2, ANTIPODE = 3, COPY = 4, HALF = 2, PAIRS = N * (N + 1) / 2 };

#define NETWORKS                                                                                             \
    "relu|leaky-relu|abs|erf|gelu|sin|cos|linear|tanh|sigmoid|softplus|residual|conv-relu|conv-gelu|"        \
    "default|default-residual|default-conv"

static const ntk_parameter parameters[] = {
    NTK_CHOICES("networks", "relu", NETWORKS,
                "activations of dense networks, other families, and what is computed where nothing is said"),
    NTK_INTEGER("depth", 2, 1, 16, "hidden layers, blocks or convolutions"),
    NTK_REAL("far", 30, 1e-6, 1e6, "norm of the points where there are biases; 1 where there are none"),
    NTK_PLANTS("kernel-scale"),
    NTK_FLAG("transpose", false, "whether kernels of two sets are planted transposed"),
    NTK_REAL("variance-error", 0, -1, 1, "error of the network's weight variance that is planted, relative"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("gram-{networks}", "stated bound over the largest proved error, Gram matrices"),
    NTK_METRIC("cross-{networks}", "the same of kernels between two sets"),
    NTK_METRIC("transpose", "largest K(x, y) - K(y, x) transposed, over the bound"),
    NTK_METRIC("identical-rows", "largest difference of the kernels of equal points, over rounding"),
    NTK_METRIC("asymmetry", "largest K_ij - K_ji of a Gram matrix"),
    {0},
};

typedef struct study {
    ntk_grid grid;
    size_t depth;
    double far, entry_error, variance_error;
    bool transpose;
    double x[2 * D], step[D]; /* the points in general position, of norm 1; where the near one
                               * lies */
} study;

static const char *const settings[] = {"plain", "biased"};

/* ---- points and networks --------------------------------------------------------------------- */

static ntk_status draw(const ntk_context *context, study *self) {
    ntk_stream stream = ntk_context_stream(context, 0);
    NTK_TRY(ntk_data_sphere(&stream, 2, D, self->x));
    return ntk_data_sphere(&stream, 1, D, self->step);
}

/* x: (N, D) */
static void place_points(const study *self, double size, double near, double *x) {
    for (size_t k = 0; k < 2 * D; k++) x[k] = size * self->x[k];
    for (size_t k = 0; k < D; k++) {
        x[NEAR * D + k] = x[k] + size * near * self->step[k];
        x[ANTIPODE * D + k] = -x[k];
        x[COPY * D + k] = x[k];
    }
}

/* What ntk_architecture_default and `ntk kernel` have, with an option for the family. */
static ntk_status set_default(const char *name, ntk_architecture *out) {
    *out = ntk_architecture_default();
    if (strcmp(name, "default-residual") == 0) out->family = NTK_RESIDUAL;
    if (strcmp(name, "default-conv") != 0) return NTK_OK;
    return ntk_architecture_convolutional(1, D, 1, "conv 3", out);
}

static ntk_status set_family(const char *name, size_t depth, ntk_architecture *out) {
    const bool convolutional = strncmp(name, "conv-", 5) == 0;
    *out = ntk_architecture_default();
    out->depth = depth;
    if (strcmp(name, "residual") == 0) {
        out->family = NTK_RESIDUAL;
        out->residual_scale = 0.5; /* not its own square */
        return NTK_OK;
    }
    NTK_TRY(ntk_activation_parse(convolutional ? name + 5 : name, &out->activation));
    out->leaky_slope = 0.3;
    if (!convolutional) return NTK_OK;
    out->family = NTK_CONVOLUTIONAL;
    NTK_TRY(ntk_architecture_parse_image("2x3x1", out));
    return ntk_architecture_parse_layers("conv 3, conv 3", out);
}

static ntk_status architecture_of(const study *self, const char *name, bool biased, ntk_architecture *out) {
    if (strncmp(name, "default", strlen("default")) == 0) return set_default(name, out);
    NTK_TRY(set_family(name, self->depth, out));
    out->input_scale = biased ? NTK_INPUT_SCALE_DIMENSION : NTK_INPUT_SCALE_NONE;
    if (!biased || out->family == NTK_RESIDUAL) return NTK_OK;
    out->weight_variance = 1.3;
    out->bias_variance = 0.25;
    return NTK_OK;
}

/* ---- the stated bound ------------------------------------------------------------------------ */

/* g_l from S_xx, S_x'x' and S_xx' of layer l. */
static double amplification(const ntk_architecture *a, double p, double q, double c) {
    const double s = a->activation == NTK_ABS ? -1 : a->activation == NTK_LEAKY_RELU ? a->leaky_slope : 0;
    const double k = a->activation == NTK_ERF ? 2 : 1, half = (p + q) / 2;
    switch (a->activation) {
    case NTK_ERF:
    case NTK_GELU:
        return fmin(64, 1 / fmax(1e-300, 1 - k * c / (1 + k * p) * (k * c / (1 + k * q))));
    case NTK_SIN:
    case NTK_COS:
        return fmin(16, half * exp(fmin(0, fabs(c) - half)));
    case NTK_RELU:
    case NTK_LEAKY_RELU:
    case NTK_ABS:
        return (1 - s) * (1 - s) / (1 + s * s) / M_PI / fmax(0x1p-5, sqrt(fmax(0, 1 - c * c / p / q)));
    default:
        return 0;
    }
}

/* The largest that a layer can have: of convolutional networks, whose pairs of positions differ. */
static double largest_amplification(const ntk_architecture *a) {
    return a->activation == NTK_RELU ? 32 / M_PI : 64;
}

static bool is_expanded(ntk_activation activation) {
    return activation == NTK_TANH || activation == NTK_SIGMOID || activation == NTK_SOFTPLUS;
}

/* Adds g_l of every pair: bound (N, N). */
static ntk_status add_layers(const ntk_architecture *architecture, const double *x, double *bound) {
    const bool residual = architecture->family == NTK_RESIDUAL;
    const double share = architecture->residual_scale * architecture->residual_scale;
    for (size_t l = 0; l < architecture->depth; l++) {
        double s[N * N];
        ntk_architecture below = *architecture;
        below.depth = l;
        if (residual && l == 0) below.family = NTK_DENSE; /* S^0, up to a factor */
        NTK_TRY(ntk_kernel_gram_both(&below, N, D, x, D, s, NULL, N));
        for (size_t k = 0; k < N * N; k++)
            bound[k] += (residual ? share / (1 + share) : 1) *
                        amplification(architecture, s[k / N * (N + 1)], s[k % N * (N + 1)], s[k]);
    }
    return NTK_OK;
}

static double rounding_of(const ntk_architecture *architecture) {
    return DBL_EPSILON * (sqrt(D) + 9 * (double)(architecture->depth + 1));
}

static ntk_status stated_bounds(const ntk_architecture *architecture, const double *x, double *bound) {
    for (size_t k = 0; k < N * N; k++) bound[k] = 1;
    if (architecture->family != NTK_CONVOLUTIONAL)
        NTK_TRY(add_layers(architecture, x, bound));
    else
        for (size_t k = 0; k < N * N; k++)
            bound[k] += (double)architecture->depth * largest_amplification(architecture);
    for (size_t k = 0; k < N * N; k++) {
        bound[k] *= rounding_of(architecture);
        if (is_expanded(architecture->activation)) bound[k] += 1e-13;
    }
    return NTK_OK;
}

/* ---- kernels against enclosures -------------------------------------------------------------- */

typedef struct kernels {
    double gram[2][N * N];        /* of NTK and NNGP */
    double cross[2][HALF * HALF]; /* K(x, y) */
    double back[2][HALF * HALF];  /* K(y, x) */
    ntk_interval exact[2][N * N]; /* both triangles */
    double bound[N * N];
} kernels;

static ntk_status compute_kernels(const study *self, const ntk_architecture *architecture, const double *x,
                                  kernels *out) {
    static const ntk_kernel_type types[] = {NTK_KERNEL_NTK, NTK_KERNEL_NNGP};
    const double *y = x + HALF * D;
    ntk_architecture computed = *architecture;
    computed.weight_variance *= 1 + self->variance_error;
    NTK_TRY(ntk_kernel_gram_both(&computed, N, D, x, D, out->gram[1], out->gram[0], N));
    for (size_t t = 0; t < 2; t++) {
        NTK_TRY(ntk_kernel_cross(&computed, types[t], HALF, HALF, D, x, D, y, D, out->cross[t], HALF));
        NTK_TRY(ntk_kernel_cross(&computed, types[t], HALF, HALF, D, y, D, x, D, out->back[t], HALF));
        for (size_t k = 0; k < N * N; k++) out->gram[t][k] *= 1 + self->entry_error;
        for (size_t k = 0; k < HALF * HALF; k++) out->cross[t][k] *= 1 + self->entry_error;
        if (!self->transpose) continue;
        const double corner = out->cross[t][1];
        out->cross[t][1] = out->cross[t][HALF];
        out->cross[t][HALF] = corner;
    }
    return stated_bounds(architecture, x, out->bound);
}

static ntk_status enclose(const ntk_architecture *architecture, const double *x, kernels *out) {
    size_t pairs[2 * PAIRS], count = 0;
    ntk_interval exact[2][PAIRS];
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j <= i; j++, count++) {
            pairs[2 * count] = i;
            pairs[2 * count + 1] = j;
        }
    NTK_TRY(ntk_enclosure_entries(architecture, N, D, x, D, PAIRS, pairs, exact[1], exact[0]));
    for (size_t t = 0; t < 2; t++)
        for (size_t k = 0; k < PAIRS; k++) {
            const size_t i = pairs[2 * k], j = pairs[2 * k + 1];
            out->exact[t][i * N + j] = out->exact[t][j * N + i] = exact[t][k];
        }
    return NTK_OK;
}

/* An upper bound of the error, relative; positive. */
static double error_of(const kernels *all, size_t t, size_t i, size_t j, double value) {
    const ntk_interval exact = all->exact[t][i * N + j];
    const double scale = sqrt(all->exact[t][i * (N + 1)].low) * sqrt(all->exact[t][j * (N + 1)].low);
    const double distance = ntk_larger(fabs(value - exact.low), fabs(value - exact.high));
    if (!(scale > 0 && isfinite(distance))) return INFINITY; /* nothing is known of it */
    return ntk_larger(DBL_MIN, distance / scale * (1 + 8 * DBL_EPSILON));
}

static void judge_gram(const kernels *all, size_t t, double *row) {
    for (size_t k = 0; k < N * N; k++) {
        const size_t i = k / N, j = k % N;
        const double error = error_of(all, t, i, j, all->gram[t][k]);
        row[GRAM] = ntk_smaller(row[GRAM], all->bound[k] / error);
        row[ASYMMETRY] = ntk_larger(row[ASYMMETRY], fabs(all->gram[t][k] - all->gram[t][j * N + i]));
        if (error <= row[ERROR]) continue;
        row[ERROR] = error;
        row[BOUND] = all->bound[k];
    }
}

static void judge_cross(const kernels *all, size_t t, double *row) {
    for (size_t k = 0; k < HALF * HALF; k++) {
        const size_t i = k / HALF, j = HALF + k % HALF;
        const double bound = all->bound[i * N + j], other = all->back[t][k % HALF * HALF + k / HALF];
        const double scale = sqrt(all->exact[t][i * (N + 1)].low) * sqrt(all->exact[t][j * (N + 1)].low);
        row[CROSS] = ntk_smaller(row[CROSS], bound / error_of(all, t, i, j, all->cross[t][k]));
        row[TRANSPOSE] = ntk_larger(row[TRANSPOSE], fabs(all->cross[t][k] - other) / scale / bound);
    }
}

/* The copy has the kernel of the first point with every point. */
static void judge_copy(const kernels *all, size_t t, double rounding, double *row) {
    for (size_t j = 0; j < N; j++) {
        const double difference = all->gram[t][COPY * N + j] - all->gram[t][j];
        const double scale = sqrt(all->exact[t][0].low) * sqrt(all->exact[t][j * (N + 1)].low);
        row[IDENTICAL] = ntk_larger(row[IDENTICAL], fabs(difference) / scale / rounding);
    }
}

static ntk_status compute_unit(const void *argument, ntk_slot *slot) {
    const study *self = argument;
    const bool biased = slot->at.at[SETTING] == 1;
    ntk_architecture architecture;
    kernels all;
    double x[N * D], *row = slot->values;
    NTK_TRY(architecture_of(self, ntk_grid_label(&self->grid, slot->at, NETWORK), biased, &architecture));
    place_points(self, biased ? self->far : 1, architecture.family == NTK_CONVOLUTIONAL ? 0.05 : 1e-6, x);
    NTK_TRY(compute_kernels(self, &architecture, x, &all));
    NTK_TRY(enclose(&architecture, x, &all));
    for (size_t k = 0; k < COLUMNS; k++) row[k] = k == GRAM || k == CROSS ? INFINITY : 0;
    for (size_t t = 0; t < 2; t++) {
        judge_gram(&all, t, row);
        judge_cross(&all, t, row);
        judge_copy(&all, t, rounding_of(&architecture), row);
    }
    return NTK_OK;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static ntk_status emit_whole(ntk_context *context, const ntk_grid *grid, size_t which) {
    const ntk_place whole = ntk_grid_whole();
    if (which > 0) return NTK_OK;
    NTK_TRY(ntk_emit_scalar(context, "transpose", ntk_grid_largest(grid, whole, TRANSPOSE).value));
    NTK_TRY(ntk_emit_scalar(context, "identical-rows", ntk_grid_largest(grid, whole, IDENTICAL).value));
    return ntk_emit_scalar(context, "asymmetry", ntk_grid_largest(grid, whole, ASYMMETRY).value);
}

static ntk_status run(ntk_context *context) {
    static const ntk_reduction list[] = {
        {.prefix = "gram", NTK_REDUCE_SMALLEST, GRAM},
        {.prefix = "cross", NTK_REDUCE_SMALLEST, CROSS},
        {.prefix = "whole", NTK_REDUCE_OWN, .own = emit_whole},
        {0},
    };
    study self = {.grid = {.axes = {ntk_axis_of_choices(context, "network", "networks"),
                                    {.name = "setting", .count = 2, .labels = settings}},
                           .columns = "gram cross transpose identical asymmetry error bound"},
                  .depth = ntk_context_size(context, "depth"),
                  .far = ntk_context_real(context, "far"),
                  .entry_error = ntk_plant_size(context, NTK_PLANT_KERNEL_SCALE),
                  .variance_error = ntk_context_real(context, "variance-error"),
                  .transpose = ntk_context_flag(context, "transpose")};
    ntk_status status = draw(context, &self);
    if (status == NTK_OK) status = ntk_grid_run(&self.grid, compute_unit, &self);
    if (status == NTK_OK) status = ntk_grid_emit_table(context, &self.grid, "errors");
    if (status == NTK_OK) status = ntk_grid_emit(context, &self.grid, list);
    ntk_grid_release(&self.grid);
    return status;
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {parameters},
    .metrics = {metrics},
    .run = run,
};
