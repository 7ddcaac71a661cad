#include "kernel/convolution_plane.h"

#include <stdint.h>
#include <string.h>

#include <ntk/memory.h>

static const ntk_layer_plan *layer_of(const ntk_plane_work *w, size_t level) {
    return &w->kernel->plan->layer[w->segment->first + level - 1];
}

static size_t outputs(const ntk_plane_work *w) { return w->kernel->tangent ? 2 : 1; }

static ptrdiff_t modulo(ptrdiff_t i, ptrdiff_t n) { return (i % n + n) % n; }

/* ---- frames ---------------------------------------------------------------------------------- */

static bool is_empty(ntk_bounds i) { return i.low >= i.high; }

static ntk_bounds moved(ntk_bounds i, ptrdiff_t by) { return (ntk_bounds){i.low + by, i.high + by}; }

static ntk_bounds hull(ntk_bounds a, ntk_bounds b) {
    return (ntk_bounds){a.low < b.low ? a.low : b.low, a.high > b.high ? a.high : b.high};
}

/* What is computed of the positions that are asked for of a layer's output. */
static ntk_bounds computed_of(const ntk_plane_work *w, size_t l, size_t axis, ntk_stretch asked) {
    if (w->segment->wrapped)
        return (ntk_bounds){0, (ptrdiff_t)w->kernel->plan->layer[l].axis[axis].shape.out};
    const ntk_bounds both = ntk_bounds_meet(w->x.box[l][axis], moved(w->y.box[l][axis], -asked.delta));
    return ntk_bounds_meet(asked.positions, both);
}

ntk_bounds ntk_plane_computed(const ntk_plane_work *w, size_t axis, ntk_stretch last) {
    return computed_of(w, w->segment->last, axis, last);
}

/* What patches on `computed` positions of a layer's output read. */
static ntk_bounds read_by(const ntk_image_axis *shape, ntk_bounds computed) {
    const ptrdiff_t t = (ptrdiff_t)shape->stride, before = (ptrdiff_t)shape->before;
    return (ntk_bounds){t * computed.low - before,
                        t * (computed.high - 1) - before + (ptrdiff_t)shape->patch};
}

/* The levels of a plane on one axis, from the last down. Where nothing is computed of a level it is
 * 0 where it is asked for, and what is below does not matter (zeros of a level are not zeros of the
 * next: there the covariance is 0, the variances are not). Returns that level; 0 where there is
 * none such. */
static size_t make_frames(const ntk_plane_work *w, size_t axis, ntk_stretch last, ntk_plane *plane) {
    ntk_stretch asked = last;
    for (size_t k = ntk_levels(w->segment);; k--) {
        ntk_frame *here = &plane->frames[k].axis[axis];
        *here = (ntk_frame){.asked = asked.positions, .delta = asked.delta};
        if (k == 0) return 0;
        const size_t l = w->segment->first + k - 1;
        const ntk_image_axis *shape = &w->kernel->plan->layer[l].axis[axis].shape;
        here->computed = computed_of(w, l, axis, asked);
        if (is_empty(here->computed)) return k;
        asked.positions = read_by(shape, here->computed);
        asked.delta *= (ptrdiff_t)shape->stride;
        if (!w->segment->wrapped) continue;
        const ptrdiff_t n = (ptrdiff_t)shape->in;
        asked.delta = modulo(asked.delta, n);
        if (k > 1) asked.positions = hull(asked.positions, (ntk_bounds){0, n});
    }
}

/* ---- level 0 --------------------------------------------------------------------------------- */

/* The position that i stands for; -1 outside. */
static ptrdiff_t inside(const ntk_image_axis *axis, ptrdiff_t i) {
    const ptrdiff_t n = (ptrdiff_t)axis->in;
    if (axis->circular) return modulo(i, n);
    return i >= 0 && i < n ? i : -1;
}

/* Columns from -reach to twice the grid and reach beyond: as far as patches and displacements can
 * go. */
static void find_columns(ntk_plane_work *w) {
    const ntk_image_axis *axis = &layer_of(w, 1)->axis[NTK_HORIZONTAL].shape;
    const size_t count = 2 * (axis->in + w->reach);
    for (size_t k = 0; k < count; k++) w->column[k] = inside(axis, (ptrdiff_t)k - (ptrdiff_t)w->reach);
}

/* Positions of the columns of level 0 of a plane from column j of the level on, of the first or the
 * second image. */
static const ptrdiff_t *columns_from(const ntk_plane_work *w, ptrdiff_t j) {
    return w->column + (j + (ptrdiff_t)w->reach);
}

static const double *image_row(const ntk_plane_work *w, const ntk_side *s, ptrdiff_t row) {
    const ntk_convolution *convolution = &w->kernel->plan->architecture->convolution;
    return row < 0 ? NULL : s->pixel + (size_t)row * convolution->width * convolution->channels * NTK_LANES;
}

/* out[k] <- the table's (v, v2, x[k], y[k]), 0 where an index is -1. */
static void copy_from_table(const ntk_pair_table *s, const double *values, ptrdiff_t v, ptrdiff_t v2,
                            size_t count, const ptrdiff_t *x, const ptrdiff_t *y, double *out) {
    const size_t rows = ntk_bounds_length(s->positions[NTK_VERTICAL]);
    const size_t columns = ntk_bounds_length(s->positions[NTK_HORIZONTAL]);
    const ptrdiff_t top = s->positions[NTK_VERTICAL].low, low = s->positions[NTK_HORIZONTAL].low;
    const double *square =
        values + ((size_t)(v - top) * rows + (size_t)(v2 - top)) * columns * columns * NTK_LANES;
    for (size_t k = 0; k < count; k++) {
        double *element = out + k * NTK_LANES;
        if (x[k] < 0 || y[k] < 0)
            memset(element, 0, NTK_LANES * sizeof *element);
        else
            memcpy(element, square + ((size_t)(x[k] - low) * columns + (size_t)(y[k] - low)) * NTK_LANES,
                   NTK_LANES * sizeof *element);
    }
}

/* Row i of what the first layer reads: products of pixels, or pairs of the table. */
static void fill_source_row(const ntk_plane_work *w, const ntk_plane *plane, ptrdiff_t i) {
    const ntk_image_axis *axis = &layer_of(w, 1)->axis[NTK_VERTICAL].shape;
    const ntk_frame *v = &plane->frames[0].axis[NTK_VERTICAL], *h = &plane->frames[0].axis[NTK_HORIZONTAL];
    const size_t count = ntk_bounds_length(h->asked);
    const ptrdiff_t *x = columns_from(w, h->asked.low), *y = columns_from(w, h->asked.low + h->delta);
    const ptrdiff_t row = inside(axis, i), row2 = inside(axis, i + v->delta);
    const bool images = w->source.e == NULL;
    for (size_t which = 0; which < (images ? 1 : outputs(w)); which++) {
        double *out = w->level[0][which] + (size_t)(i - v->asked.low) * count * NTK_LANES;
        if (row < 0 || row2 < 0)
            memset(out, 0, count * NTK_LANES * sizeof *out);
        else if (images)
            w->kernel->planes->products(count, w->kernel->plan->architecture->convolution.channels,
                                        image_row(w, &w->x, row), x, image_row(w, &w->y, row2), y, out);
        else
            copy_from_table(&w->source, which == 0 ? w->source.e : w->source.t, row, row2, count, x, y, out);
    }
}

static void fill_source(const ntk_plane_work *w, const ntk_plane *plane) {
    const ntk_bounds rows = plane->frames[0].axis[NTK_VERTICAL].asked;
    for (ptrdiff_t i = rows.low; i < rows.high; i++) fill_source_row(w, plane, i);
}

/* ---- a row of a layer ------------------------------------------------------------------------ */

/* A level of a plane that is being computed. */
typedef struct {
    ntk_plane_work *work;
    const ntk_plane *plane;
    size_t level, l; /* the layer's number */
    const ntk_layer_plan *layer;
    const ntk_frame *vertical, *horizontal;
    bool images; /* sums are those of the images' own products: T = S */
    bool given;  /* determinants are not computed from those sums */
    ntk_plane_dual dual;
    ntk_plane_patch_dual patch_dual; /* sums and duals in one pass, or NULL */
} computation;

static ntk_plane_dual choose_dual(const ntk_plane_work *w, size_t l, bool given) {
    const ntk_planes *planes = w->kernel->planes;
    const ntk_activation activation = w->kernel->plan->architecture->activation;
    const size_t shared = w->x.shared, tangent = w->kernel->tangent;
    if (activation != NTK_RELU) return planes->smooth[activation][tangent];
    if (given) return planes->relu_determinant[shared][tangent];
    if (w->kernel->plain && w->layer[l].factor == 1) return planes->relu[shared][tangent];
    return planes->relu_affine[shared][tangent];
}

static ntk_plane_patch_dual choose_patch_dual(const ntk_plane_work *w, const computation *c) {
    const ntk_image_axis *vertical = &c->layer->axis[NTK_VERTICAL].shape;
    const ntk_image_axis *horizontal = &c->layer->axis[NTK_HORIZONTAL].shape;
    if (!w->kernel->plain || w->layer[c->l].factor != 1 || w->segment->wrapped) return NULL;
    if (vertical->patch != 3 || horizontal->patch != 3 || vertical->stride != 1) return NULL;
    return w->kernel->planes->relu_three[w->x.shared][!w->kernel->tangent ? 0 : c->images ? 2 : 1];
}

static computation start_level(ntk_plane_work *w, const ntk_plane *plane, size_t level) {
    const ntk_activation activation = w->kernel->plan->architecture->activation;
    computation c = {.work = w,
                     .plane = plane,
                     .level = level,
                     .l = w->segment->first + level - 1,
                     .layer = layer_of(w, level),
                     .vertical = &plane->frames[level].axis[NTK_VERTICAL],
                     .horizontal = &plane->frames[level].axis[NTK_HORIZONTAL],
                     .images = level == 1 && w->source.e == NULL};
    c.given = activation == NTK_RELU && c.images && !w->exact;
    c.dual = choose_dual(w, c.l, c.given);
    c.patch_dual = choose_patch_dual(w, &c);
    return c;
}

/* Where row i's first patch begins in the level below, and how far its rows are apart. */
static size_t patch_origin(const computation *c, ptrdiff_t i, size_t *ld) {
    const ntk_image_axis *vertical = &c->layer->axis[NTK_VERTICAL].shape;
    const ntk_image_axis *horizontal = &c->layer->axis[NTK_HORIZONTAL].shape;
    const ntk_level_frame *below = &c->plane->frames[c->level - 1];
    const ptrdiff_t row = read_by(vertical, (ntk_bounds){i, i + 1}).low - below->axis[NTK_VERTICAL].asked.low;
    const ptrdiff_t column =
        read_by(horizontal, c->horizontal->computed).low - below->axis[NTK_HORIZONTAL].asked.low;
    *ld = ntk_bounds_length(below->axis[NTK_HORIZONTAL].asked) * NTK_LANES;
    return (size_t)row * *ld + (size_t)column * NTK_LANES;
}

/* Sums over the patches of row i: those of S go to p and those of T, where it is another, to q. */
static void sum_patches(const computation *c, ptrdiff_t i, double *p, double *q) {
    const ntk_image_axis *vertical = &c->layer->axis[NTK_VERTICAL].shape;
    const ntk_image_axis *horizontal = &c->layer->axis[NTK_HORIZONTAL].shape;
    const size_t count = ntk_bounds_length(c->horizontal->computed);
    size_t ld = 0;
    const size_t origin = patch_origin(c, i, &ld);
    double *const *in = c->work->level[(c->level - 1) % 2];
    const ntk_planes *planes = c->work->kernel->planes;
    planes->patches(vertical->patch, horizontal->patch, horizontal->stride, count, in[0] + origin, ld,
                    c->work->scratch, p);
    if (q != NULL)
        planes->patches(vertical->patch, horizontal->patch, horizontal->stride, count, in[1] + origin, ld,
                        c->work->scratch, q);
}

/* Where the results of position (i, j) go, j2 being the column of the second image. */
static void aim(const computation *c, ptrdiff_t i, ptrdiff_t j, ptrdiff_t j2, ntk_plane_run *run) {
    const ntk_plane_work *w = c->work;
    double *e = w->e, *t = w->t;
    size_t at = (size_t)(j - c->horizontal->computed.low);
    run->step = NTK_LANES;
    if (c->level < ntk_levels(w->segment)) {
        const size_t ld = ntk_bounds_length(c->horizontal->asked);
        at = (size_t)(i - c->vertical->asked.low) * ld + (size_t)(j - c->horizontal->asked.low);
        e = w->level[c->level % 2][0];
        t = w->level[c->level % 2][1];
    } else if (w->slab[0] != NULL) {
        const ntk_bounds columns = c->layer->axis[NTK_HORIZONTAL].positions;
        const size_t width = ntk_bounds_length(columns);
        at = ((size_t)(i - w->slab_row) * width + (size_t)(j - columns.low)) * width +
             (size_t)(j2 - columns.low);
        e = w->slab[0];
        t = w->slab[1];
        run->step = (width + 1) * NTK_LANES;
    }
    run->e = e + at * NTK_LANES;
    run->t = w->kernel->tangent ? t + at * NTK_LANES : run->e;
}

/* The determinants of a run of row i of the first layer, from column j on. */
static void find_determinants(const computation *c, ptrdiff_t i, ptrdiff_t j, const ntk_plane_run *run,
                              double *out) {
    ntk_plane_work *w = c->work;
    const ntk_image_axis *vertical = &c->layer->axis[NTK_VERTICAL].shape;
    const ntk_image_axis *horizontal = &c->layer->axis[NTK_HORIZONTAL].shape;
    const ntk_level_frame *below = &c->plane->frames[0];
    for (size_t k = 0; k < vertical->patch; k++) {
        const ptrdiff_t at = (ptrdiff_t)(vertical->stride * (size_t)i + k) - (ptrdiff_t)vertical->before;
        w->x_row[k] = image_row(w, &w->x, inside(vertical, at));
        w->y_row[k] = image_row(w, &w->y, inside(vertical, at + below->axis[NTK_VERTICAL].delta));
    }
    const ptrdiff_t first = (ptrdiff_t)(horizontal->stride * (size_t)j) - (ptrdiff_t)horizontal->before;
    const ntk_patch_rows patches = {
        .rows = vertical->patch,
        .columns = horizontal->patch,
        .stride = horizontal->stride,
        .channels = w->kernel->plan->architecture->convolution.channels,
        .x = {w->x_row, columns_from(w, first)},
        .y = {w->y_row, columns_from(w, first + below->axis[NTK_HORIZONTAL].delta)}};
    w->kernel->planes->determinants(&w->layer[0], run, &patches, w->near, out);
}

/* Neighbours on row i from column j on, whose sums stand in p and q from `offset` on. */
static void run_span(const computation *c, ptrdiff_t i, ptrdiff_t j, size_t offset, size_t count) {
    if (count == 0) return;
    ntk_plane_work *w = c->work;
    const size_t fields = w->layer[c->l].fields.fields, at = offset * NTK_LANES;
    const ptrdiff_t height = (ptrdiff_t)c->layer->axis[NTK_VERTICAL].shape.out;
    const ptrdiff_t width = (ptrdiff_t)c->layer->axis[NTK_HORIZONTAL].shape.out;
    ptrdiff_t i2 = i + c->vertical->delta, j2 = j + c->horizontal->delta;
    if (i2 >= height) i2 -= height;
    if (j2 >= width) j2 -= width;
    ntk_plane_run run = {.count = count,
                         .determinant = w->p,
                         .x = w->x.field[c->l] +
                              (size_t)(i * width + j) * (w->x.shared ? fields : fields * NTK_LANES),
                         .y = w->y.field[c->l] + (size_t)(i2 * width + j2) * fields * NTK_LANES,
                         .shared = w->x.shared,
                         .ahead = fields * (size_t)width * NTK_LANES,
                         .p = w->p + at,
                         .q = (c->images ? w->p : w->q) + at};
    aim(c, i, j, j2, &run);
    if (c->patch_dual != NULL) {
        size_t ld = 0;
        const size_t origin = patch_origin(c, i, &ld);
        double *const *in = w->level[(c->level - 1) % 2];
        run.p = in[0] + origin;
        run.q = c->images || !w->kernel->tangent ? run.p : in[1] + origin;
        if (!c->patch_dual(&w->layer[c->l], &run, ld, c->given ? w->near : NULL)) return;
        sum_patches(c, i, w->p, NULL); /* the whole row again, with care */
        run.p = run.q = w->p + at;
    }
    if (c->given) {
        find_determinants(c, i, j, &run, w->determinant + at);
        run.determinant = w->determinant + at;
    }
    c->dual(&w->layer[c->l], &run);
}

/* All of row i; in a wrapped plane u' jumps back to column 0 in the middle. */
static void run_row(const computation *c, ptrdiff_t i) {
    const ntk_plane_work *w = c->work;
    const ntk_bounds columns = c->horizontal->computed;
    const size_t count = ntk_bounds_length(columns);
    const size_t before = w->segment->wrapped ? count - (size_t)c->horizontal->delta : count;
    if (c->patch_dual == NULL) sum_patches(c, i, w->p, w->kernel->tangent && !c->images ? w->q : NULL);
    run_span(c, i, columns.low, 0, before);
    run_span(c, i, columns.low + (ptrdiff_t)before, before, count - before);
}

/* ---- borders --------------------------------------------------------------------------------- */

static void clear(double *row, size_t from, size_t to) {
    memset(row + from * NTK_LANES, 0, (to - from) * NTK_LANES * sizeof *row);
}

static void clear_border(const ntk_level_frame *here, double *values) {
    const ntk_frame *v = &here->axis[NTK_VERTICAL], *h = &here->axis[NTK_HORIZONTAL];
    const size_t ld = ntk_bounds_length(h->asked);
    for (ptrdiff_t i = v->asked.low; i < v->asked.high; i++) {
        double *row = values + (size_t)(i - v->asked.low) * ld * NTK_LANES;
        if (i < v->computed.low || i >= v->computed.high) {
            clear(row, 0, ld);
            continue;
        }
        clear(row, 0, (size_t)(h->computed.low - h->asked.low));
        clear(row, (size_t)(h->computed.high - h->asked.low), ld);
    }
}

static void wrap_border(const ntk_level_frame *here, double *values) {
    const ntk_frame *v = &here->axis[NTK_VERTICAL], *h = &here->axis[NTK_HORIZONTAL];
    const size_t ld = ntk_bounds_length(h->asked), bytes = NTK_LANES * sizeof *values;
    for (ptrdiff_t i = v->computed.low; i < v->computed.high; i++) {
        double *row = values + (size_t)(i - v->asked.low) * ld * NTK_LANES;
        for (ptrdiff_t j = h->asked.low; j < h->asked.high; j++) {
            const ptrdiff_t from = modulo(j, h->computed.high);
            if (from != j)
                memcpy(row + (j - h->asked.low) * NTK_LANES, row + (from - h->asked.low) * NTK_LANES, bytes);
        }
    }
    for (ptrdiff_t i = v->asked.low; i < v->asked.high; i++) {
        const ptrdiff_t from = modulo(i, v->computed.high);
        if (from != i)
            memcpy(values + (size_t)(i - v->asked.low) * ld * NTK_LANES,
                   values + (size_t)(from - v->asked.low) * ld * NTK_LANES, ld * bytes);
    }
}

static void clear_level(const ntk_plane_work *w, const ntk_plane *plane, size_t level) {
    const size_t rows = ntk_bounds_length(plane->frames[level].axis[NTK_VERTICAL].asked);
    const size_t columns = ntk_bounds_length(plane->frames[level].axis[NTK_HORIZONTAL].asked);
    for (size_t which = 0; which < outputs(w); which++) clear(w->level[level % 2][which], 0, rows * columns);
}

static void fill_border(const computation *c) {
    const ntk_plane_work *w = c->work;
    for (size_t which = 0; which < outputs(w); which++)
        (w->segment->wrapped ? wrap_border : clear_border)(&c->plane->frames[c->level],
                                                           w->level[c->level % 2][which]);
}

/* ---- planes ---------------------------------------------------------------------------------- */

static void run_level(ntk_plane_work *w, ntk_plane *plane, size_t level) {
    const computation c = start_level(w, plane, level);
    const ntk_bounds rows = c.vertical->computed;
    const size_t count = ntk_bounds_length(c.horizontal->computed);
    const bool ends = level == ntk_levels(w->segment);
    for (ptrdiff_t i = rows.low; i < rows.high; i++) {
        run_row(&c, i);
        if (!ends || w->slab[0] != NULL) continue;
        w->kernel->planes->add_up(count, w->e, plane->total[0]);
        if (w->kernel->tangent) w->kernel->planes->add_up(count, w->t, plane->total[1]);
    }
    if (!ends) fill_border(&c);
}

void ntk_plane_compute(ntk_plane_work *w, ntk_stretch rows, ntk_stretch columns) {
    ntk_plane *plane = &w->plane;
    memset(plane->total, 0, sizeof plane->total);
    const size_t top = ntk_levels(w->segment);
    const size_t vertical = make_frames(w, NTK_VERTICAL, rows, plane);
    const size_t horizontal = make_frames(w, NTK_HORIZONTAL, columns, plane);
    const size_t zero = vertical > horizontal ? vertical : horizontal;
    if (zero == top) return;
    if (zero == 0)
        fill_source(w, plane);
    else
        clear_level(w, plane, zero);
    for (size_t level = zero + 1; level <= top; level++) run_level(w, plane, level);
    for (size_t which = 0; which < outputs(w); which++)
        for (size_t lane = 0; lane < NTK_LANES; lane++) w->total[which][lane] += plane->total[which][lane];
}

/* ---- recording ------------------------------------------------------------------------------- */

static void record_sums(const computation *c, double *variance) {
    const size_t width = c->layer->axis[NTK_HORIZONTAL].shape.out;
    const ntk_bounds rows = c->vertical->computed, columns = c->horizontal->computed;
    memset(variance, 0, c->layer->positions * NTK_LANES * sizeof *variance);
    for (ptrdiff_t i = rows.low; i < rows.high; i++)
        sum_patches(c, i, variance + ((size_t)i * width + (size_t)columns.low) * NTK_LANES, NULL);
}

ntk_status ntk_plane_record(ntk_plane_work *w, double *variance, ntk_plane_complete complete, void *context) {
    const ntk_layer_plan *last = &w->kernel->plan->layer[w->segment->last];
    ntk_plane *plane = &w->plane;
    for (size_t a = 0; a < NTK_AXES; a++) make_frames(w, a, (ntk_stretch){last->axis[a].positions, 0}, plane);
    fill_source(w, plane);
    for (size_t level = 1; level <= ntk_levels(w->segment); level++) {
        const computation c = start_level(w, plane, level);
        record_sums(&c, variance);
        NTK_TRY(complete(w, c.l, variance, context));
        if (level < ntk_levels(w->segment)) run_level(w, plane, level);
    }
    return NTK_OK;
}

/* ---- room ------------------------------------------------------------------------------------ */

/* Positions that a level can ask for on an axis: those of the grid and a patch around them. */
static size_t most_asked(const ntk_convolution_plan *plan, size_t axis) {
    size_t most = 0;
    for (size_t l = 0; l < plan->depth; l++) {
        const ntk_image_axis *shape = &plan->layer[l].axis[axis].shape;
        const size_t steps = shape->stride * shape->out, reach = steps > shape->in ? steps : shape->in;
        if (reach + shape->patch > most) most = reach + shape->patch;
    }
    return most;
}

static ntk_status reserve_rows(ntk_plane_work *work, size_t columns, size_t patch) {
    double **const rows[] = {&work->scratch, &work->p, &work->q, &work->determinant, &work->e, &work->t};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        NTK_TRY(ntk_allocate_doubles(columns * NTK_LANES, rows[i]));
    void *memory = NULL;
    work->reach = columns;
    NTK_TRY(ntk_allocate(4 * columns, sizeof *work->column, &memory));
    work->column = memory;
    NTK_TRY(ntk_allocate(2 * patch, sizeof *work->x_row, &memory));
    work->x_row = memory;
    work->y_row = work->x_row + patch;

    return NTK_OK;
}

ntk_status ntk_plane_work_create(const ntk_convolution_kernel *kernel, ntk_plane_work *out) {
    const ntk_convolution_plan *plan = kernel->plan;
    const size_t rows = most_asked(plan, NTK_VERTICAL), columns = most_asked(plan, NTK_HORIZONTAL);
    *out = (ntk_plane_work){.kernel = kernel};
    memcpy(out->layer, kernel->layer, sizeof out->layer);
    if (rows > SIZE_MAX / (4 * NTK_LANES * columns))
        return ntk_fail(NTK_ERROR_MEMORY, "convolutional kernel: a plane of %zu x %zu positions is too large",
                        rows, columns);
    NTK_TRY(reserve_rows(out, columns, plan->layer[0].axis[NTK_VERTICAL].shape.patch));
    for (size_t parity = 0; parity < 2; parity++)
        for (size_t which = 0; which < outputs(out); which++)
            NTK_TRY(ntk_allocate_doubles(rows * columns * NTK_LANES, &out->level[parity][which]));
    return NTK_OK;
}

void ntk_plane_work_destroy(ntk_plane_work *work) {
    double *const memory[] = {work->scratch,     work->p,          work->q,           work->determinant,
                              work->e,           work->t,          work->level[0][0], work->level[0][1],
                              work->level[1][0], work->level[1][1]};
    for (size_t i = 0; i < sizeof memory / sizeof *memory; i++) ntk_release(memory[i]);
    ntk_release(work->column);
    ntk_release(work->x_row);
}

void ntk_plane_work_begin(ntk_plane_work *work, const ntk_segment *segment) {
    work->segment = segment;
    find_columns(work);
}
