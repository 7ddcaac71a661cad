#include "kernel/convolution_sides.h"

#include <math.h>

#include <ntk/memory.h>

#include "kernel/dual.h"
#include "kernel/kernel_points.h"

/* out[k] of lane `lane` <- in[k], k < count. */
static void interleave(size_t count, const double *in, size_t lane, double *out) {
    for (size_t k = 0; k < count; k++) out[k * NTK_LANES + lane] = in[k];
}

/* Room for so many doubles, kept from one group of pairs to the next. */
static ntk_status reserve(size_t count, double **out, size_t *capacity) {
    if (count <= *capacity) return NTK_OK;
    ntk_release(*out);
    *out = NULL;
    *capacity = 0;
    NTK_TRY(ntk_allocate_doubles(count, out));
    *capacity = count;
    return NTK_OK;
}

/* Whether one image stands in all lanes. */
static bool is_one_image(const size_t *image) {
    for (size_t lane = 1; lane < NTK_LANES; lane++)
        if (image[lane] != image[0]) return false;
    return true;
}

ntk_status ntk_side_load(const ntk_convolution_kernel *kernel, const ntk_images *images, const size_t *image,
                         bool may_share, ntk_side *out) {
    const bool relu = kernel->plan->architecture->activation == NTK_RELU;
    out->images = images;
    out->image = image;
    out->shared = may_share && relu && is_one_image(image);
    for (size_t l = 0; l < kernel->plan->depth; l++)
        for (size_t a = 0; a < NTK_AXES; a++)
            out->box[l][a] = (ntk_bounds){0, (ptrdiff_t)kernel->plan->layer[l].axis[a].shape.out};
    NTK_TRY(reserve(images->size * NTK_LANES, &out->pixel, &out->pixel_capacity));
    for (size_t lane = 0; lane < NTK_LANES; lane++)
        interleave(images->size, images->pixel + image[lane] * images->size, lane, out->pixel);
    return NTK_OK;
}

void ntk_side_destroy(ntk_side *side) {
    ntk_release(side->pixel);
    for (size_t l = 0; l < NTK_CONVOLUTION_DEPTH_MAX; l++) ntk_release(side->field[l]);
}

/* ---- where a layer is 0 ---------------------------------------------------------------------- */

static bool is_zero(const double *element) {
    for (size_t lane = 0; lane < NTK_LANES; lane++)
        if (element[lane] != 0) return false;
    return true;
}

/* Without biases and with ReLU nothing comes of a position of variance 0: the smallest box around
 * the others.
 */
static void find_box(const ntk_layer_plan *layer, const double *variance, ntk_side *side, size_t l) {
    const ptrdiff_t height = (ptrdiff_t)layer->axis[NTK_VERTICAL].shape.out;
    const ptrdiff_t width = (ptrdiff_t)layer->axis[NTK_HORIZONTAL].shape.out;
    ntk_bounds rows = {height, 0}, columns = {width, 0};
    for (ptrdiff_t i = 0; i < height; i++)
        for (ptrdiff_t j = 0; j < width; j++) {
            if (is_zero(variance + (i * width + j) * NTK_LANES)) continue;
            if (i < rows.low) rows.low = i;
            rows.high = i + 1;
            if (j < columns.low) columns.low = j;
            if (j >= columns.high) columns.high = j + 1;
        }
    side->box[l][NTK_VERTICAL] = rows;
    side->box[l][NTK_HORIZONTAL] = columns;
}

/* ---- fields ---------------------------------------------------------------------------------- */

/* ReLU: the sum a and 1 / sqrt(S_xx), `apart` doubles apart. */
static void fill_relu(const ntk_convolution_kernel *kernel, size_t l, double a, double *field, size_t apart) {
    const ntk_plane_layer *layer = &kernel->layer[l];
    field[0] = a;
    field[apart] =
        ntk_inverse_root(kernel->plain && layer->factor == 1 ? a : layer->factor * a + layer->shift);
}

static void fill_closed_form(const ntk_convolution_kernel *kernel, size_t l, const double *variance,
                             bool shared, double *field) {
    const ntk_activation activation = kernel->plan->architecture->activation;
    const ntk_plane_layer *layer = &kernel->layer[l];
    const size_t positions = kernel->plan->layer[l].positions;
    for (size_t k = 0; k < positions && shared; k++)
        fill_relu(kernel, l, variance[k * NTK_LANES], field + k * NTK_CLOSED_FORM_FIELDS, 1);
    for (size_t k = 0; k < positions * NTK_LANES && !shared; k++) {
        double *at = field + k / NTK_LANES * NTK_CLOSED_FORM_FIELDS * NTK_LANES + k % NTK_LANES;
        if (activation == NTK_RELU)
            fill_relu(kernel, l, variance[k], at, NTK_LANES);
        else if (activation == NTK_ERF)
            at[0] = layer->factor * variance[k] + layer->shift;
        else
            ntk_fill_fields(activation, layer->factor * variance[k] + layer->shift, at);
    }
}

/* The coefficients of one lane, or the copy of another lane's where both have one image. */
static ntk_status expand_lane(const ntk_mehler *mehler, size_t positions, const double *s, size_t lane,
                              double *field, double *tail) {
    const size_t terms = ntk_mehler_terms(mehler), fields = 1 + 2 * terms;
    double *coefficient = NULL, *own = NULL;
    void *memory = NULL;
    ntk_status status = ntk_allocate_doubles(2 * terms * positions, &coefficient);
    if (status == NTK_OK) status = ntk_allocate_doubles(2 * positions, &own);
    if (status == NTK_OK) status = ntk_allocate(positions, sizeof(ntk_dual), &memory);
    for (size_t k = 0; k < positions && status == NTK_OK; k++) own[k] = s[k * NTK_LANES + lane];
    if (status == NTK_OK)
        status = ntk_mehler_expand(mehler, positions, own, coefficient, coefficient + terms * positions,
                                   memory, own + positions);
    for (size_t k = 0; k < positions && status == NTK_OK; k++) {
        double *at = field + k * fields * NTK_LANES + lane;
        at[0] = ntk_inverse_root(own[k]);
        for (size_t c = 0; c < 2 * terms; c++) at[(1 + c) * NTK_LANES] = coefficient[c * positions + k];
        *tail = fmax(*tail, own[positions + k]);
    }
    ntk_release(coefficient);
    ntk_release(own);
    ntk_release(memory);
    return status;
}

static void copy_lane(size_t elements, size_t from, size_t to, double *field) {
    for (size_t k = 0; k < elements; k++) field[k * NTK_LANES + to] = field[k * NTK_LANES + from];
}

static ntk_status fill_expansion(const ntk_mehler *mehler, size_t positions, const double *s,
                                 const ntk_side *side, double *field) {
    const size_t fields = 1 + 2 * ntk_mehler_terms(mehler);
    double tail = 0;
    for (size_t lane = 0; lane < NTK_LANES; lane++) {
        if (lane > 0 && side->image[lane] == side->image[lane - 1])
            copy_lane(positions * fields, lane - 1, lane, field);
        else
            NTK_TRY(expand_lane(mehler, positions, s, lane, field, &tail));
    }
    if (isfinite(ntk_mehler_limit(mehler, tail)))
        return ntk_fail(NTK_ERROR_UNSUPPORTED,
                        "convolutional kernel: a pre-activation's variance is too large for the expansion of "
                        "the activation; normalise the images or lower the weight variance");
    return NTK_OK;
}

static double largest(size_t n, const double *x) {
    double most = 0;
    for (size_t i = 0; i < n; i++) most = fmax(most, x[i]);
    return most;
}

static ntk_status fill_by_expansion(const ntk_convolution_kernel *kernel, size_t l, const double *variance,
                                    ntk_plane_layer *layer, ntk_side *side) {
    const size_t positions = kernel->plan->layer[l].positions;
    ntk_mehler *own = NULL;
    double *s = NULL;
    NTK_TRY(ntk_allocate_doubles(positions * NTK_LANES, &s));
    for (size_t k = 0; k < positions * NTK_LANES; k++) s[k] = layer->factor * variance[k] + layer->shift;
    ntk_status status = NTK_OK;
    if (kernel->mehler[l] == NULL)
        status = ntk_mehler_create(kernel->plan->architecture->activation, largest(positions * NTK_LANES, s),
                                   &own);
    const ntk_mehler *mehler = own != NULL ? own : kernel->mehler[l];
    if (status == NTK_OK) {
        layer->fields.terms = ntk_mehler_terms(mehler);
        layer->fields.fields = 1 + 2 * layer->fields.terms;
        layer->fields.limit = INFINITY;
        status =
            reserve(positions * layer->fields.fields * NTK_LANES, &side->field[l], &side->field_capacity[l]);
    }
    if (status == NTK_OK) status = fill_expansion(mehler, positions, s, side, side->field[l]);
    ntk_mehler_destroy(own);
    ntk_release(s);
    return status;
}

ntk_status ntk_side_fill(const ntk_convolution_kernel *kernel, size_t l, const double *variance,
                         ntk_plane_layer *layer, ntk_side *side) {
    if (kernel->plain) find_box(&kernel->plan->layer[l], variance, side, l);
    if (!ntk_dual_has_closed_form(kernel->plan->architecture->activation))
        return fill_by_expansion(kernel, l, variance, layer, side);
    NTK_TRY(reserve(kernel->plan->layer[l].positions * NTK_CLOSED_FORM_FIELDS * NTK_LANES, &side->field[l],
                    &side->field_capacity[l]));
    fill_closed_form(kernel, l, variance, side->shared, side->field[l]);
    return NTK_OK;
}

ntk_status ntk_side_recall(const ntk_convolution_kernel *kernel, size_t l, ntk_plane_layer *layer,
                           ntk_side *side) {
    const ntk_layer_plan *plan = &kernel->plan->layer[l];
    const ntk_images *images = side->images;
    double *variance = NULL;
    NTK_TRY(ntk_allocate_doubles(plan->positions * NTK_LANES, &variance));
    for (size_t lane = 0; lane < NTK_LANES; lane++)
        interleave(plan->positions,
                   images->variance + side->image[lane] * kernel->plan->positions + plan->first, lane,
                   variance);
    const ntk_status status = ntk_side_fill(kernel, l, variance, layer, side);
    ntk_release(variance);
    return status;
}
