/* The digits of figure-1 themselves (bietti-2019, numerical study, second figure): a reference, and
 * in four rows its deformations of strength 3, its deformations of strength 1 with translations,
 * other digits of its label, digits of any label.
 *
 * The deformations are those of infinite MNIST with Gaussian fields (ntk/deform.h). The stored
 * fields of the reference cannot be had, so what is tested is what is stated here of these: by how
 * much they change a digit, mean |x' - x| / |x|, and that they leave bytes. */
#include <math.h>
#include <string.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_INTEGERS("strengths", "1 3", 0, 100,
                 "of the deformations that are measured; shown are the last and, moved, the first"),
    NTK_INTEGER("count", 1000, 10, 5000, "digits that they deform"),
    NTK_REAL("amplitude", 0.5, 0.01, 100, "of deformations in pixels, root mean square at strength 1"),
    NTK_INTEGER("shown", 7, 1, 100, "images in a row"),
    NTK_INTEGER("digit", 5, 0, 9, "label of the reference"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("change-{strengths}", "mean relative change of a digit, without translation"),
    NTK_METRIC("bytes", "largest distance of a deformed pixel from an integer in 0 .. 255"),
    {0},
};

enum { GAP = 2 }; /* pixels between two images */
enum { STRENGTH, DIGIT };
enum { CHANGE, OFF };
enum { DEFORMED, MOVED, SAME, ANY, ROWS };
enum { FIRST_SHOWN = 1000000 }; /* unit of the streams of the images that are shown */

typedef struct study {
    const ntk_context *context;
    const ntk_grid *grid;
    const ntk_digits *digits;
    size_t pixels;
    const size_t *index; /* positions of digits */
} study;

/* x, out: (pixels). */
static ntk_status deform(const study *self, double strength, bool translate, size_t unit, const double *x,
                         double *out) {
    ntk_tangent_deformation deformation = ntk_tangent_deformation_default();
    ntk_stream stream = ntk_context_stream(self->context, unit);
    deformation.strength = strength;
    deformation.amplitude = ntk_context_real(self->context, "amplitude");
    deformation.translate = translate;
    return ntk_deform_tangent(&deformation, &stream, self->digits->rows, self->digits->columns, x, out);
}

/* ---- how much digits change ------------------------------------------------------------------ */

static ntk_status compute(const void *argument, ntk_slot *slot) {
    const study *self = argument;
    double *x, *out;
    NTK_TRY(ntk_allocate_doubles(2 * self->pixels, &x));
    out = x + self->pixels;
    ntk_stability_pixels(self->digits, self->index[slot->at.at[DIGIT]], x);
    const ntk_status status =
        deform(self, ntk_grid_number(self->grid, slot->at, STRENGTH), false, slot->at.at[DIGIT] + 1, x, out);
    slot->values[CHANGE] = ntk_distance(self->pixels, x, out) / ntk_norm(self->pixels, x);
    slot->values[OFF] = 0;
    for (size_t u = 0; u < self->pixels; u++)
        slot->values[OFF] =
            ntk_larger(slot->values[OFF], fabs(out[u] - fmin(255, fmax(0, floor(out[u] + 0.5)))));
    ntk_release(x);
    return status;
}

static ntk_status emit_changes(ntk_context *context, const ntk_grid *grid) {
    ntk_estimate change;
    for (size_t k = 0; k < grid->axes[STRENGTH].count; k++) {
        NTK_TRY(ntk_grid_interval(grid, ntk_grid_case(k), CHANGE, &change));
        NTK_TRY(ntk_emit_estimate_as(context, &change, "change-%g", grid->axes[STRENGTH].numbers[k]));
    }
    return ntk_emit_scalar(context, "bytes", ntk_grid_largest(grid, ntk_grid_whole(), OFF).value);
}

static ntk_status run_changes(study *self, ntk_context *context, size_t *index) {
    ntk_grid grid = {.axes = {ntk_axis_of_numbers(context, "strength", "strengths"),
                              ntk_axis_of_count(context, "digit", "count")},
                     .columns = "change off",
                     .level = ntk_context_level(context)};
    NTK_TRY(ntk_stability_list(context, self->digits, "changed", NTK_STABILITY_ANY, grid.axes[DIGIT].count,
                               index));
    self->grid = &grid;
    self->index = index;
    NTK_TRY(ntk_grid_run(&grid, compute, self));
    const ntk_status status = emit_changes(context, &grid);
    ntk_grid_release(&grid);
    return status;
}

/* ---- the figure ------------------------------------------------------------------------------ */

/* Images in a grid, white between them. */
typedef struct canvas {
    size_t wide, high;
    double *pixel; /* (high, wide) */
} canvas;

/* Room for `across` images in each of `down` rows. */
static ntk_status create_canvas(const ntk_digits *digits, size_t across, size_t down, canvas *out) {
    out->wide = across * (digits->columns + GAP) - GAP;
    out->high = down * (digits->rows + GAP) - GAP;
    return ntk_allocate_doubles(out->wide * out->high, &out->pixel);
}

static void place(const canvas *self, const ntk_digits *digits, size_t column, size_t row, const double *x) {
    double *corner = self->pixel + row * (digits->rows + GAP) * self->wide + column * (digits->columns + GAP);
    for (size_t i = 0; i < digits->rows; i++)
        memcpy(corner + i * self->wide, x + i * digits->columns, digits->columns * sizeof *x);
}

static ntk_status emit_canvas(ntk_context *context, const char *name, const canvas *self) {
    ntk_table *table;
    NTK_TRY(ntk_emit_table(context, name, "left down pixel", &table));
    for (size_t u = 0; u < self->wide * self->high; u++) {
        const double row[] = {(double)(u % self->wide), (double)(u / self->wide), self->pixel[u]};
        NTK_TRY(ntk_table_row(table, NULL, row));
    }
    return NTK_OK;
}

/* lists: (1 + 2 shown): the reference, others of its label, digits of any. x: (2, pixels) of room,
 * the reference first. */
static ntk_status fill_rows(const study *self, size_t shown, const size_t *lists, double *x,
                            const canvas *images) {
    size_t count;
    const double *strengths = ntk_context_reals(self->context, "strengths", &count);
    double *out = x + self->pixels;
    for (size_t row = 0; row < ROWS; row++)
        for (size_t k = 0; k < shown; k++) {
            const size_t unit = FIRST_SHOWN + row * shown + k;
            if (row == DEFORMED) NTK_TRY(deform(self, strengths[count - 1], false, unit, x, out));
            if (row == MOVED) NTK_TRY(deform(self, strengths[0], true, unit, x, out));
            if (row == SAME) ntk_stability_pixels(self->digits, lists[1 + k], out);
            if (row == ANY) ntk_stability_pixels(self->digits, lists[1 + shown + k], out);
            place(images, self->digits, k, row, out);
        }
    return NTK_OK;
}

static ntk_status run_images(const study *self, ntk_context *context, size_t *lists) {
    const size_t shown = ntk_context_size(context, "shown");
    canvas images = {0}, reference = {0};
    double *x = NULL;
    NTK_TRY(ntk_stability_list(context, self->digits, "same", ntk_context_integer(context, "digit"),
                               1 + shown, lists));
    NTK_TRY(ntk_stability_list(context, self->digits, "any", NTK_STABILITY_ANY, shown, lists + 1 + shown));
    ntk_status status;
    NTK_TRY_OR(done, status, create_canvas(self->digits, shown, ROWS, &images));
    NTK_TRY_OR(done, status, create_canvas(self->digits, 1, 1, &reference));
    NTK_TRY_OR(done, status, ntk_allocate_doubles(2 * self->pixels, &x));
    ntk_stability_pixels(self->digits, lists[0], x);
    place(&reference, self->digits, 0, 0, x);
    NTK_TRY_OR(done, status, fill_rows(self, shown, lists, x, &images));
    NTK_TRY_OR(done, status, emit_canvas(context, "reference", &reference));
    NTK_TRY_OR(done, status, emit_canvas(context, "images", &images));
done:
    ntk_release(x);
    ntk_release(reference.pixel);
    ntk_release(images.pixel);
    return status;
}

static ntk_status run(ntk_context *context) {
    ntk_digits digits;
    size_t *lists = NULL;
    NTK_TRY(ntk_context_digits(context, &digits));
    study self = {.context = context, .digits = &digits, .pixels = digits.rows * digits.columns};
    ntk_status status =
        ntk_allocate(ntk_context_size(context, "count") + 1 + 2 * ntk_context_size(context, "shown"),
                     sizeof *lists, (void **)&lists);
    if (status == NTK_OK) status = run_images(&self, context, lists);
    if (status == NTK_OK) status = run_changes(&self, context, lists);
    ntk_release(lists);
    ntk_digits_release(&digits);
    return status;
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_digits_parameters, parameters}, .metrics = {metrics}, .run = run};
