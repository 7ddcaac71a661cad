/* How far a deformation moves the features of an image (bietti-2019, Proposition 12).
 *
 * Phi_n is the feature map of the NTK of a convolutional ReLU network of n layers (patches with
 * their mean, linear pooling, flattened), without the tangent part that of the CKN; (L_tau x)(u) =
 * x(u - tau(u)), |grad tau|_inf <= 1/2. The proposition:
 *
 *     |Phi_n(L_tau x) - Phi_n(x)| <= (C n^{7/4} |grad tau|^{1/2} + C' n^2 |grad tau|
 *                                     + C'' sqrt(n+1) |tau| / sigma_n) |x|
 *
 * for the NTK, and for the CKN the same without the root. Its constants are not stated; what is
 * tested is the exponents, 1/2 and 1, which hold for small deformations, and the growth with n.
 *
 * Theorem (ours). Of any two images, with r = |x - x'|,
 *
 *     CKN:  |Phi_n(x) - Phi_n(x')| <= r,
 *     NTK:  |Phi_n(x) - Phi_n(x')|^2 <= (n (n+1) / pi) |x| r + (n+1) r^2.
 *
 * Proof. Patches and pooling do not expand distances. x_k, y_k are what layer k is given by the CKN
 * and the NTK, after patches: y_1 = x_1, x_{k+1} = A phi_1(x_k), y_{k+1} = A (phi_0(x_k) (x) y_k,
 * phi_1(x_k)). phi_1 does not expand distances, so |x_k - x_k'| <= r for every k.
 *
 * Lemma. <y_k[u], y_k'[v]> <= k <x_k[u], x_k'[v]>, x' = x or not. For k = 1 both sides are one. At
 * unit norm, with c their cosine and theta the angle of x_k[u] and x_k'[v], a layer turns the left
 * side into at most k c kappa_0(c) + kappa_1(c) <= (k+1) kappa_1(c), as kappa_1(c) - c kappa_0(c) =
 * sin theta / pi >= 0; weights of pooling are not negative.
 *
 * At a position, 1 - kappa_0 = theta / pi, so that |phi_0(x) (x) y - phi_0(x') (x) y'|^2 = |y -
 * y'|^2 + (2 theta / pi) <y, y'>. By the lemma, and by theta cos theta <= sin theta, the last
 * term is at most (2k / pi) |x_k| |x_k'| sin theta <= (2k / pi) |x_k| |x_k - x_k'|. Summed over
 * positions (Cauchy-Schwarz), D_k = |y_k - y_k'|^2 has D_1 <= r^2 and D_{k+1} <= D_k + r^2 +
 * (2k / pi) |x| r. QED
 *
 * So in r the growth with n is that of sqrt(n (n+1)), below n^{7/4}. It is checked with the paper's
 * two-layer network and, where nothing but layers changes, with n layers without pooling.
 *
 * Every seed has a digit, and a Gaussian field tau of unit |grad tau|_inf, which is scaled. Small
 * deformations of a digit by cubic interpolation are linear in their size. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_REALS("sizes", "0.0001 0.0004 0.0016 0.0064 0.025 0.1 0.4", 1e-6, 0.5, "of deformations, |grad tau|"),
    NTK_REAL("fitted", 0.002, 1e-6, 0.5, "largest size that exponents are fitted to"),
    NTK_REAL("length", 6, 1, 100, "correlation length of tau in pixels"),
    NTK_INTEGERS("layers", "1 2 4 8 16", 1, 64, "numbers of layers without pooling"),
    NTK_REAL("layers-size", 0.001, 1e-6, 0.5, "of the deformation that those see"),
    NTK_INTEGER("seeds", 16, 2, 10000, "digits, each with its field"),
    NTK_CHOICE("activation", "relu", "relu|gelu", "of every layer"),
    NTK_REAL("weight-variance", 2, 0.1, 100, "w^2"),
    NTK_FLAG("exchanged", false, "each kernel stands in for the other"),
    NTK_PLANTS("kernel-scale"), /* of the layers without pooling, both kernels */
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("exponent-{ckn,ntk}", "of the feature distance in the size of the deformation"),
    NTK_METRIC("growth-ntk", "exponent of the feature distance in the number of layers"),
    NTK_METRIC("bound-{ckn,ntk}", "largest feature distance over its bound in the image's distance"),
    NTK_METRIC("layers-bound-{ckn,ntk}", "the same over all numbers of layers"),
    {0},
};

enum { LEVEL, SEED };
enum { IMAGE, CKN, NTK, CKN_BOUND, NTK_BOUND };
#define COLUMNS "image ckn ntk ckn-bound ntk-bound"

typedef struct study {
    const ntk_context *context;
    const ntk_grid *grid;
    size_t rows, columns, pixels;
    const double *digits; /* (seeds, pixels) */
    double length;
    ntk_activation activation;
    double weight_variance;
    bool exchanged;
} study;

static ntk_status network_of(const study *self, const char *layers, ntk_architecture *out) {
    NTK_TRY(ntk_stability_network(self->rows, self->columns, layers, out));
    out->activation = self->activation;
    out->weight_variance = self->weight_variance;
    return NTK_OK;
}

/* tau of unit |grad tau|_inf. tau: (2, pixels). */
static ntk_status draw_field(const study *self, size_t seed, double *tau) {
    double largest, gradient;
    ntk_stream stream = ntk_context_stream(self->context, seed + 1);
    NTK_TRY(ntk_deform_field(&stream, 2, self->rows, self->columns, self->length, tau));
    NTK_TRY(ntk_deform_size(self->rows, self->columns, tau, &largest, &gradient));
    for (size_t u = 0; u < 2 * self->pixels; u++) tau[u] /= gradient;
    return NTK_OK;
}

/* The digit of a seed, then its deformations. images: (1 + count, pixels). */
static ntk_status deform(const study *self, size_t seed, size_t count, const double *sizes, double *images) {
    double *tau;
    const size_t two = 2 * self->pixels;
    NTK_TRY(ntk_allocate_doubles(2 * two, &tau));
    ntk_status status = draw_field(self, seed, tau);
    memcpy(images, self->digits + seed * self->pixels, self->pixels * sizeof *images);
    for (size_t k = 0; status == NTK_OK && k < count; k++) {
        for (size_t u = 0; u < two; u++) tau[two + u] = sizes[k] * tau[u];
        status = ntk_deform_image(self->rows, self->columns, images, tau + two, NTK_INTERPOLATION_CUBIC,
                                  images + (k + 1) * self->pixels);
    }
    ntk_release(tau);
    return status;
}

/* found[0]: the norms of the image. */
static void store(const study *self, double layers, const ntk_feature_distance *found, size_t k,
                  double *row) {
    const double norm = found[0].image, r = found[k].image,
                 square = layers * (layers + 1) / M_PI * norm * r + (layers + 1) * r * r;
    row[IMAGE] = r / norm;
    row[CKN] = (self->exchanged ? found[k].ntk : found[k].ckn) / norm;
    row[NTK] = (self->exchanged ? found[k].ckn : found[k].ntk) / norm;
    row[CKN_BOUND] = row[CKN] / row[IMAGE];
    row[NTK_BOUND] = row[NTK] * norm / sqrt(square);
}

/* A unit: a seed, through all sizes. */
static ntk_status compute_sizes(const void *argument, ntk_slot *slot) {
    const study *self = argument;
    const ntk_axis *sizes = &self->grid->axes[LEVEL];
    ntk_architecture network;
    double *images;
    ntk_feature_distance *found = NULL;
    NTK_TRY(network_of(self, NTK_STABILITY_LAYERS, &network));
    NTK_TRY(ntk_allocate_doubles((sizes->count + 1) * self->pixels, &images));
    ntk_status status;
    NTK_TRY_OR(done, status, ntk_allocate(sizes->count + 1, sizeof *found, (void **)&found));
    NTK_TRY_OR(done, status, deform(self, slot->at.at[SEED], sizes->count, sizes->numbers, images));
    NTK_TRY_OR(done, status,
               ntk_stability_distances(&network, sizes->count + 1, self->pixels, images, found));
    for (size_t k = 0; k < sizes->count; k++)
        store(self, (double)network.depth, found, k + 1, slot->values + k * ntk_table_count_columns(COLUMNS));
done:
    ntk_release(found);
    ntk_release(images);
    return status;
}

/* A unit: a number of layers, and a seed. */
static ntk_status compute_layers(const void *argument, ntk_slot *slot) {
    const study *self = argument;
    const double layers = ntk_grid_number(self->grid, slot->at, LEVEL),
                 size = ntk_context_real(self->context, "layers-size");
    ntk_architecture network;
    ntk_feature_distance found[2];
    double *images;
    NTK_TRY(network_of(self, "conv 3", &network));
    network.depth = (size_t)layers;
    for (size_t k = 1; k < network.depth; k++) network.convolution.layer[k] = network.convolution.layer[0];
    NTK_TRY(ntk_allocate_doubles(2 * self->pixels, &images));
    ntk_status status = deform(self, slot->at.at[SEED], 1, &size, images);
    if (status == NTK_OK) status = ntk_stability_distances(&network, 2, self->pixels, images, found);
    ntk_release(images);
    NTK_TRY(status);
    const double planted = sqrt(ntk_plant_factor(self->context, NTK_PLANT_KERNEL_SCALE));
    found[1].ckn *= planted;
    found[1].ntk *= planted;
    store(self, layers, found, 1, slot->values);
    return NTK_OK;
}

/* ---- emission -------------------------------------------------------------------------------- */

/* Level by level the mean of both kernels, with its extremes. */
static ntk_status emit_means(ntk_context *context, const ntk_grid *grid, const char *name) {
    static const char *const kernels[] = {"ckn", "ntk"};
    ntk_table *table;
    NTK_TRY(ntk_emit_table(context, name, "$kernel level image mean low high", &table));
    for (size_t kernel = 0; kernel < 2; kernel++)
        for (size_t k = 0; k < grid->axes[LEVEL].count; k++) {
            const ntk_place part = {{k, NTK_ALL}};
            const double row[] = {ntk_grid_number(grid, part, LEVEL), ntk_grid_mean(grid, part, IMAGE),
                                  ntk_grid_mean(grid, part, CKN + kernel),
                                  ntk_grid_smallest(grid, part, CKN + kernel).value,
                                  ntk_grid_largest(grid, part, CKN + kernel).value};
            NTK_TRY(ntk_table_row(table, &kernels[kernel], row));
        }
    return NTK_OK;
}

/* The exponent in the size, seed by seed, of sizes up to `fitted`. */
static ntk_status emit_exponent(ntk_context *context, const ntk_grid *grid, size_t column, const char *name) {
    const ntk_axis *sizes = &grid->axes[LEVEL];
    const size_t seeds = grid->axes[SEED].count;
    const double fitted = ntk_context_real(context, "fitted");
    ntk_estimate exponent;
    double *values, *numbers;
    size_t count = 0;
    NTK_TRY(ntk_allocate_doubles(sizes->count * (seeds + 1), &values));
    numbers = values + sizes->count * seeds;
    for (size_t k = 0; k < sizes->count; k++)
        if (sizes->numbers[k] <= fitted) numbers[count++] = sizes->numbers[k];
    for (size_t k = 0, at = 0; k < sizes->count; k++) {
        if (!(sizes->numbers[k] <= fitted)) continue;
        for (size_t seed = 0; seed < seeds; seed++)
            values[seed * count + at] = ntk_grid_row(grid, (ntk_place){{k, seed}})[column];
        at++;
    }
    ntk_status status = ntk_stats_rate(count, numbers, seeds, values, ntk_context_level(context), &exponent);
    ntk_release(values);
    NTK_TRY(status);
    return ntk_emit_estimate(context, name, &exponent);
}

static ntk_status emit_bounds(ntk_context *context, const ntk_grid *grid, const char *prefix) {
    const ntk_place whole = ntk_grid_whole();
    NTK_TRY(ntk_emit_scalar_as(context, ntk_grid_largest(grid, whole, CKN_BOUND).value, "%s-ckn", prefix));
    return ntk_emit_scalar_as(context, ntk_grid_largest(grid, whole, NTK_BOUND).value, "%s-ntk", prefix);
}

static ntk_status run_sizes(study *self, ntk_context *context) {
    ntk_grid grid = {
        .axes = {ntk_axis_of_numbers(context, "size", "sizes"), ntk_axis_of_count(context, "seed", "seeds")},
        .columns = COLUMNS,
        .level = ntk_context_level(context)};
    grid.axes[LEVEL].inside = true;
    self->grid = &grid;
    NTK_TRY(ntk_grid_run(&grid, compute_sizes, self));
    ntk_status status = emit_exponent(context, &grid, CKN, "exponent-ckn");
    if (status == NTK_OK) status = emit_exponent(context, &grid, NTK, "exponent-ntk");
    if (status == NTK_OK) status = emit_bounds(context, &grid, "bound");
    if (status == NTK_OK) status = emit_means(context, &grid, "sizes");
    ntk_grid_release(&grid);
    return status;
}

static ntk_status run_layers(study *self, ntk_context *context) {
    ntk_estimate growth;
    ntk_grid grid = {.axes = {ntk_axis_of_numbers(context, "layers", "layers"),
                              ntk_axis_of_count(context, "seed", "seeds")},
                     .columns = COLUMNS,
                     .level = ntk_context_level(context)};
    grid.axes[LEVEL].costly = true;
    self->grid = &grid;
    NTK_TRY(ntk_grid_run(&grid, compute_layers, self));
    ntk_status status = ntk_grid_rate(&grid, ntk_grid_whole(), LEVEL, NTK, &growth);
    if (status == NTK_OK) status = ntk_emit_estimate(context, "growth-ntk", &growth);
    if (status == NTK_OK) status = emit_bounds(context, &grid, "layers-bound");
    if (status == NTK_OK) status = emit_means(context, &grid, "layers");
    ntk_grid_release(&grid);
    return status;
}

static ntk_status run(ntk_context *context) {
    double *digits;
    study self = {.context = context,
                  .length = ntk_context_real(context, "length"),
                  .activation = ntk_context_is(context, "activation", "gelu") ? NTK_GELU : NTK_RELU,
                  .weight_variance = ntk_context_real(context, "weight-variance"),
                  .exchanged = ntk_context_flag(context, "exchanged")};
    ntk_stream stream = ntk_context_stream(context, 0);
    NTK_TRY(ntk_stability_digits(context, &stream, ntk_context_size(context, "seeds"), &digits, &self.rows,
                                 &self.columns));
    self.pixels = self.rows * self.columns;
    self.digits = digits;
    ntk_status status = run_sizes(&self, context);
    if (status == NTK_OK) status = run_layers(&self, context);
    ntk_release(digits);
    return status;
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_digits_parameters, parameters}, .metrics = {metrics}, .run = run};
