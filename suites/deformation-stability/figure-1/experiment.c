/* How far a digit is from its deformations and from other digits, in the eyes of two convolutional
 * kernels (bietti-2019, numerical study, first figure).
 *
 * The two-layer network of the paper on 28 x 28 pixels, patches of 3 x 3, Gaussian pooling by 2
 * and by 5, which leave one position; Phi of its NTK and, without the tangent part, of the CKN.
 * For a reference digit x, mean of
 *
 *     |Phi(x') - Phi(x)| / |Phi(x)|
 *
 * over x' that are
 *
 *     deformed  deformations of x of strength alpha (ntk/deform.h),
 *     moved     the same, then translated by one pixel or not,
 *     same      other digits of its label,
 *     any       digits of any label.
 *
 * Kernels and deformations know nothing of labels: what the figure shows is an observation, no
 * theorem. By Proposition 12 a deformation moves the NTK's features as the root of a small
 * strength and the CKN's in proportion to it, so that small deformations are, beside other digits,
 * farther for the NTK. The gap at a strength is that ratio of ratios,
 *
 *     (ntk deformed / ntk any) / (ckn deformed / ckn any).
 *
 * A deformation is the same one at every strength, but longer. */
#include <math.h>
#include <string.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_REALS("strengths", "0.03 0.1 0.3 1 3", 0.001, 10, "of deformations, alpha"),
    NTK_INTEGER("deformations", 14, 2, 10000, "of each reference at each strength"),
    NTK_INTEGER("others", 28, 2, 400, "digits of the same label and of any"),
    NTK_INTEGER("references", 2, 2, 400, "digits that the others are compared with"),
    NTK_INTEGER("digit", 5, 0, 9, "label of the references"),
    NTK_CHOICE("activation", "relu", "relu|gelu", "of every layer; pixels are in [0, 1]"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("deformed-over-same-{ckn,ntk}",
               "distance of deformations, alpha nearest 1, over the same label's"),
    NTK_METRIC("moved-over-same-{ckn,ntk}", "the same of moved ones at the largest alpha"),
    NTK_METRIC("any-over-same-{ckn,ntk}", "distance of any digit over that of the same label"),
    NTK_METRIC("rise-{ckn,ntk}", "smallest ratio of the distances of two strengths, the larger one above"),
    NTK_METRIC("gap", "at the smallest strength, the NTK's deformed over any, over the CKN's"),
    {0},
};

enum { KIND, STRENGTH, REFERENCE };
enum { DEFORMED, MOVED, SAME, ANY };
enum { IMAGE, CKN, NTK };
#define COLUMNS "image ckn ntk"
static const char *const kinds[] = {"deformed", "moved", "same", "any"};

typedef struct study {
    const ntk_context *context;
    const ntk_grid *grid;
    const ntk_digits *digits;
    ntk_architecture network;
    size_t pixels, deformations, others;
    const size_t *same, *any; /* positions in digits: the references, then the others; any digits */
} study;

/* Means of the relative distances. images: (1 + count, pixels) in 0 .. 255, which are scaled. */
static ntk_status measure(const study *self, size_t count, double *images, double *row) {
    ntk_feature_distance *found;
    for (size_t u = 0; u < (count + 1) * self->pixels; u++) images[u] /= 255;
    NTK_TRY(ntk_allocate(count + 1, sizeof *found, (void **)&found));
    const ntk_status status = ntk_stability_distances(&self->network, count + 1, self->pixels, images, found);
    row[IMAGE] = row[CKN] = row[NTK] = 0;
    for (size_t k = 1; k <= count; k++) {
        row[IMAGE] += found[k].image / found[0].image / (double)count;
        row[CKN] += found[k].ckn / found[0].ckn / (double)count;
        row[NTK] += found[k].ntk / found[0].ntk / (double)count;
    }
    ntk_release(found);
    return status;
}

static ntk_status deform(const study *self, const ntk_slot *slot, double *images) {
    const size_t reference = slot->at.at[REFERENCE];
    ntk_tangent_deformation deformation = ntk_tangent_deformation_default();
    deformation.strength = ntk_grid_number(self->grid, slot->at, STRENGTH);
    deformation.translate = slot->at.at[KIND] == MOVED;
    ntk_stability_pixels(self->digits, self->same[reference], images);
    for (size_t k = 0; k < self->deformations; k++) {
        ntk_stream stream = ntk_context_stream(self->context, reference * self->deformations + k + 1);
        NTK_TRY(ntk_deform_tangent(&deformation, &stream, self->digits->rows, self->digits->columns, images,
                                   images + (k + 1) * self->pixels));
    }
    return NTK_OK;
}

static ntk_status compute_deformations(const void *argument, ntk_slot *slot) {
    const study *self = argument;
    double *images;
    NTK_TRY(ntk_allocate_doubles((self->deformations + 1) * self->pixels, &images));
    ntk_status status = deform(self, slot, images);
    if (status == NTK_OK) status = measure(self, self->deformations, images, slot->values);
    ntk_release(images);
    return status;
}

/* The first `others` digits of a list that are not the reference. */
static ntk_status compute_digits(const void *argument, ntk_slot *slot) {
    const study *self = argument;
    const size_t reference = self->same[slot->at.at[1]], references = self->grid->axes[1].count,
                 *list = slot->at.at[KIND] == 0 ? self->same + references : self->any;
    double *images;
    NTK_TRY(ntk_allocate_doubles((self->others + 1) * self->pixels, &images));
    ntk_stability_pixels(self->digits, reference, images);
    for (size_t k = 0, from = 0; k < self->others; from++)
        if (list[from] != reference)
            ntk_stability_pixels(self->digits, list[from], images + ++k * self->pixels);
    const ntk_status status = measure(self, self->others, images, slot->values);
    ntk_release(images);
    return status;
}

/* lists: (2 (references + others)): the references, others of their label, digits of any. */
static ntk_status draw(study *self, size_t references, size_t *lists) {
    self->same = lists;
    self->any = lists + references + self->others;
    NTK_TRY(ntk_stability_list(self->context, self->digits, "same",
                               ntk_context_integer(self->context, "digit"), references + self->others,
                               lists));
    return ntk_stability_list(self->context, self->digits, "any", NTK_STABILITY_ANY,
                              self->others + references, lists + references + self->others);
}

/* ---- emission -------------------------------------------------------------------------------- */

static ntk_status emit_rows(const ntk_grid *grid, size_t first_kind, ntk_table *table) {
    const bool strengths = grid->axes[2].name != NULL;
    for (size_t kind = 0; kind < grid->axes[KIND].count; kind++)
        for (size_t k = 0; k < (strengths ? grid->axes[STRENGTH].count : 1); k++) {
            const ntk_place part = {{kind, strengths ? k : NTK_ALL, strengths ? NTK_ALL : 0}};
            double row[4] = {strengths ? ntk_grid_number(grid, part, STRENGTH) : 0};
            for (size_t column = 0; column < 3; column++) row[1 + column] = ntk_grid_mean(grid, part, column);
            NTK_TRY(ntk_table_row(table, &kinds[first_kind + kind], row));
        }
    return NTK_OK;
}

/* The mean distance of deformations at a strength, over references. */
static double deformed(const ntk_grid *grid, size_t kind, size_t strength, size_t column) {
    return ntk_grid_mean(grid, (ntk_place){{kind, strength, NTK_ALL}}, column);
}

static size_t nearest_one(const ntk_axis *strengths) {
    size_t nearest = 0;
    for (size_t k = 1; k < strengths->count; k++)
        if (fabs(log(strengths->numbers[k])) < fabs(log(strengths->numbers[nearest]))) nearest = k;
    return nearest;
}

static double rise(const ntk_grid *grid, size_t column) {
    double smallest = INFINITY;
    for (size_t k = 1; k < grid->axes[STRENGTH].count; k++)
        smallest = ntk_smaller(smallest,
                               deformed(grid, DEFORMED, k, column) / deformed(grid, DEFORMED, k - 1, column));
    return smallest;
}

static ntk_status emit(ntk_context *context, const ntk_grid *deformations, const ntk_grid *digits) {
    static const char *const kernels[] = {"ckn", "ntk"};
    double small[2];
    for (size_t kernel = 0; kernel < 2; kernel++) {
        const size_t column = CKN + kernel;
        const double same = ntk_grid_mean(digits, ntk_grid_case(0), column),
                     any = ntk_grid_mean(digits, ntk_grid_case(1), column),
                     one =
                         deformed(deformations, DEFORMED, nearest_one(&deformations->axes[STRENGTH]), column);
        const double strongest =
            deformed(deformations, MOVED, deformations->axes[STRENGTH].count - 1, column);
        small[kernel] = deformed(deformations, DEFORMED, 0, column) / any;
        NTK_TRY(ntk_emit_scalar_as(context, one / same, "deformed-over-same-%s", kernels[kernel]));
        NTK_TRY(ntk_emit_scalar_as(context, strongest / same, "moved-over-same-%s", kernels[kernel]));
        NTK_TRY(ntk_emit_scalar_as(context, any / same, "any-over-same-%s", kernels[kernel]));
        NTK_TRY(ntk_emit_scalar_as(context, rise(deformations, column), "rise-%s", kernels[kernel]));
    }
    return ntk_emit_scalar(context, "gap", small[1] / small[0]);
}

static ntk_status run_grids(study *self, ntk_context *context) {
    ntk_table *table;
    ntk_grid deformations = {.axes = {{.name = "kind", .count = 2, .labels = kinds},
                                      ntk_axis_of_numbers(context, "strength", "strengths"),
                                      ntk_axis_of_count(context, "reference", "references")},
                             .columns = COLUMNS,
                             .level = ntk_context_level(context)};
    ntk_grid digits = {.axes = {{.name = "kind", .count = 2, .labels = kinds + SAME},
                                ntk_axis_of_count(context, "reference", "references")},
                       .columns = COLUMNS,
                       .level = ntk_context_level(context)};
    self->grid = &deformations;
    NTK_TRY(ntk_grid_run(&deformations, compute_deformations, self));
    self->grid = &digits;
    ntk_status status = ntk_grid_run(&digits, compute_digits, self);
    if (status == NTK_OK) status = emit(context, &deformations, &digits);
    if (status == NTK_OK) status = ntk_emit_table(context, "distances", "$kind strength " COLUMNS, &table);
    if (status == NTK_OK) status = emit_rows(&deformations, DEFORMED, table);
    if (status == NTK_OK) status = emit_rows(&digits, SAME, table);
    ntk_grid_release(&digits);
    ntk_grid_release(&deformations);
    return status;
}

static ntk_status run(ntk_context *context) {
    ntk_digits digits;
    size_t *lists = NULL;
    const size_t references = ntk_context_size(context, "references");
    NTK_TRY(ntk_context_digits(context, &digits));
    study self = {.context = context,
                  .digits = &digits,
                  .pixels = digits.rows * digits.columns,
                  .deformations = ntk_context_size(context, "deformations"),
                  .others = ntk_context_size(context, "others")};
    ntk_status status =
        ntk_stability_network(digits.rows, digits.columns, NTK_STABILITY_LAYERS, &self.network);
    if (ntk_context_is(context, "activation", "gelu")) self.network.activation = NTK_GELU;
    if (status == NTK_OK)
        status = ntk_allocate(2 * (references + self.others), sizeof *lists, (void **)&lists);
    if (status == NTK_OK) status = draw(&self, references, lists);
    if (status == NTK_OK) status = run_grids(&self, context);
    ntk_release(lists);
    ntk_digits_release(&digits);
    return status;
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_digits_parameters, parameters}, .metrics = {metrics}, .run = run};
