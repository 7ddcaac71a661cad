/* One segment after the other (convolution_plan.h), plane by plane.
 *
 * Within a segment, level 0 is what its first layer reads, level k the output of its k-th layer. A
 * plane of displacement delta at the last level is computed on a rectangle of positions u; that
 * asks for a rectangle at the level below, as far as its patches reach, and so on down to level 0.
 * Of what is asked for, the positions where both u and u + delta exist are computed, and those
 * outside are filled: with zeros, or, in wrapped planes, by wrapping. Two buffers take turns; a
 * plane is small enough for them to stay in the second-level cache.
 *
 * A pooling needs all pairs of columns of a pair of rows. The rows of the first image are taken a
 * few at a time ("band"); for each displacement of rows, the planes of all displacements of columns
 * fill a slab (row, column, column'); each row of it is contracted over both columns, added to a
 * table for its row and the pooled rows of the second image, and at the end of the band that to the
 * pooled table. So every sum is one of sums, of as many terms as a filter has taps, and rounding
 * does not pile up.
 *
 * The variances of an image are its plane of displacement 0 with itself, computed first. They go
 * through the same operations as S does, so that S = S_xx exactly on that plane and for equal
 * images, and the angle is exactly 0. */
#include "kernel/convolution_pairs.h"

#include <stdint.h>
#include <string.h>

#include <ntk/memory.h>

#include "kernel/convolution_plane.h"
#include "kernel/convolution_sides.h"

enum { BAND_BYTES = 384 * 1024 /* of a slab, which is to stay in the second-level cache */ };

static size_t outputs(const ntk_plane_work *w) { return w->kernel->tangent ? 2 : 1; }

static const ntk_axis_plan *last_axis(const ntk_plane_work *w, size_t axis) {
    return &w->kernel->plan->layer[w->segment->last].axis[axis];
}

static ntk_bounds moved(ntk_bounds i, ptrdiff_t by) { return (ntk_bounds){i.low + by, i.high + by}; }

static bool is_needed(const bool *displacement, size_t n, ptrdiff_t delta) {
    return displacement[delta + (ptrdiff_t)n - 1];
}

/* Positions of the last level whose partners at displacement delta are needed too. */
static ntk_stretch stretch_of(const ntk_plane_work *w, size_t axis, ntk_bounds positions, ptrdiff_t delta) {
    if (w->segment->wrapped) return (ntk_stretch){positions, delta};
    const ntk_bounds partners = moved(last_axis(w, axis)->positions, -delta);
    return (ntk_stretch){ntk_bounds_meet(positions, partners), delta};
}

/* The planes of all displacements of columns that are needed, on these rows. */
static void run_planes(ntk_plane_work *w, ntk_stretch rows) {
    const ntk_axis_plan *axis = last_axis(w, NTK_HORIZONTAL);
    const ptrdiff_t width = (ptrdiff_t)axis->shape.out;
    for (ptrdiff_t delta = 1 - width; delta < width; delta++)
        if (is_needed(axis->displacement, axis->shape.out, delta))
            ntk_plane_compute(w, rows, stretch_of(w, NTK_HORIZONTAL, axis->positions, delta));
}

/* ---- pooling --------------------------------------------------------------------------------- */

/* What a pooling needs beside planes; [0] is e, [1] t. */
typedef struct {
    double *slab[2];    /* (rows of the band, columns, columns) */
    double *contracted; /* (pooled columns, columns) */
    double *row[2];     /* (pooled columns, pooled columns): a row of the slab, contracted */
    double *band[2];    /* (rows of the band, pooled rows, pooled columns, pooled columns) */
    size_t band_rows;
} pooling;

static size_t columns_of(const ntk_plane_work *w) {
    return ntk_bounds_length(last_axis(w, NTK_HORIZONTAL)->positions);
}

static size_t pooled_of(const ntk_plane_work *w, size_t axis) {
    return ntk_bounds_length(last_axis(w, axis)->pooled);
}

/* A band of a single layer is as small as the cache wants it. More layers would compute the rows
 * around a band again and again: there it is a few times as large as what its patches reach beyond
 * it. Wrapped planes have all rows. */
static size_t choose_band(const ntk_plane_work *w) {
    const size_t rows = ntk_bounds_length(last_axis(w, NTK_VERTICAL)->positions), columns = columns_of(w);
    if (w->segment->wrapped) return rows;
    size_t reach = 0;
    for (size_t l = w->segment->first + 1; l <= w->segment->last; l++)
        reach += w->kernel->plan->layer[l].axis[NTK_VERTICAL].shape.patch;
    size_t band = BAND_BYTES / (outputs(w) * columns * columns * NTK_LANES * sizeof(double));
    if (band < 4 * reach) band = 4 * reach;
    if (band < 1) band = 1;
    return band < rows ? band : rows;
}

static ntk_status reserve(size_t a, size_t b, size_t c, size_t d, double **out) {
    size_t elements = 0;
    if (__builtin_mul_overflow(a, b, &elements) || __builtin_mul_overflow(elements, c, &elements) ||
        __builtin_mul_overflow(elements, d, &elements) || elements > SIZE_MAX / NTK_LANES)
        return ntk_fail(NTK_ERROR_MEMORY,
                        "convolutional kernel: a table of %zu x %zu x %zu x %zu pairs is too large", a, b, c,
                        d);
    return ntk_allocate_doubles(elements * NTK_LANES, out);
}

static ntk_status pooling_create(const ntk_plane_work *w, pooling *out) {
    const size_t columns = columns_of(w), rows = pooled_of(w, NTK_VERTICAL),
                 pooled = pooled_of(w, NTK_HORIZONTAL);
    *out = (pooling){.band_rows = choose_band(w)};
    NTK_TRY(reserve(pooled, columns, 1, 1, &out->contracted));
    for (size_t which = 0; which < outputs(w); which++) {
        NTK_TRY(reserve(out->band_rows, columns, columns, 1, &out->slab[which]));
        NTK_TRY(reserve(pooled, pooled, 1, 1, &out->row[which]));
        NTK_TRY(reserve(out->band_rows, rows, pooled, pooled, &out->band[which]));
    }
    return NTK_OK;
}

static void pooling_release(pooling *pool) {
    ntk_release(pool->contracted);
    for (size_t which = 0; which < 2; which++) {
        ntk_release(pool->slab[which]);
        ntk_release(pool->row[which]);
        ntk_release(pool->band[which]);
    }
}

/* A row of the slab over both columns: from (columns, columns) to (pooled, pooled). */
static void contract_row(const ntk_plane_work *w, pooling *pool, const double *slab_row, double *out) {
    const ntk_axis_plan *axis = last_axis(w, NTK_HORIZONTAL);
    const ntk_axis_filter *filter = &axis->filter;
    const size_t columns = columns_of(w), pooled = pooled_of(w, NTK_HORIZONTAL);
    const size_t origin = (size_t)axis->positions.low, *start = filter->start + axis->pooled.low;
    w->kernel->planes->contract(pooled, start, filter->position, filter->weight, origin, columns, slab_row,
                                columns, 1, pool->contracted, columns, 1);
    w->kernel->planes->contract(pooled, start, filter->position, filter->weight, origin, pooled,
                                pool->contracted, 1, columns, out, 1, pooled);
}

/* Adds to the rows of a table of (pooled rows, size) elements what position i contributes. */
static void spread(const ntk_plane_work *w, ptrdiff_t i, size_t size, const double *in, double *out,
                   size_t out_ld) {
    const ntk_axis_plan *axis = last_axis(w, NTK_VERTICAL);
    const ntk_axis_filter *filter = &axis->filter;
    for (size_t k = filter->input_start[i]; k < filter->input_start[i + 1]; k++) {
        const ptrdiff_t j = (ptrdiff_t)filter->output[k];
        if (j < axis->pooled.low || j >= axis->pooled.high) continue;
        w->kernel->planes->accumulate(size, filter->input_weight[k], in,
                                      out + (size_t)(j - axis->pooled.low) * out_ld * NTK_LANES);
    }
}

/* The rows of the slab that the planes have filled, for one displacement of rows, into the band. */
static void add_slab(ntk_plane_work *w, pooling *pool, ntk_stretch filled_rows) {
    const size_t columns = columns_of(w), rows = pooled_of(w, NTK_VERTICAL);
    const size_t square = pooled_of(w, NTK_HORIZONTAL) * pooled_of(w, NTK_HORIZONTAL);
    const ntk_bounds filled = ntk_plane_computed(w, NTK_VERTICAL, filled_rows);
    const ptrdiff_t height = (ptrdiff_t)last_axis(w, NTK_VERTICAL)->shape.out;
    for (ptrdiff_t i = filled.low; i < filled.high; i++) {
        const size_t at = (size_t)(i - w->slab_row);
        const ptrdiff_t beside = i + filled_rows.delta, i2 = beside < height ? beside : beside - height;
        for (size_t which = 0; which < outputs(w); which++) {
            contract_row(w, pool, pool->slab[which] + at * columns * columns * NTK_LANES, pool->row[which]);
            spread(w, i2, square, pool->row[which], pool->band[which] + at * rows * square * NTK_LANES,
                   square);
        }
    }
}

static void run_band(ntk_plane_work *w, pooling *pool, ntk_bounds rows) {
    const ntk_axis_plan *vertical = last_axis(w, NTK_VERTICAL);
    const ptrdiff_t height = (ptrdiff_t)vertical->shape.out;
    w->slab_row = rows.low;
    for (ptrdiff_t delta = 1 - height; delta < height; delta++) {
        if (!is_needed(vertical->displacement, vertical->shape.out, delta)) continue;
        const ntk_stretch stretch = stretch_of(w, NTK_VERTICAL, rows, delta);
        if (ntk_bounds_length(ntk_plane_computed(w, NTK_VERTICAL, stretch)) == 0) continue;
        run_planes(w, stretch);
        add_slab(w, pool, stretch);
    }
}

/* Adds the band to the table, and clears it. */
static void add_band(const ntk_plane_work *w, pooling *pool, ntk_bounds rows, double *const out[2]) {
    const size_t pooled = pooled_of(w, NTK_VERTICAL);
    const size_t square = pooled_of(w, NTK_HORIZONTAL) * pooled_of(w, NTK_HORIZONTAL);
    for (size_t which = 0; which < outputs(w); which++) {
        for (ptrdiff_t i = rows.low; i < rows.high; i++)
            spread(w, i, pooled * square,
                   pool->band[which] + (size_t)(i - rows.low) * pooled * square * NTK_LANES, out[which],
                   pooled * square);
        memset(pool->band[which], 0, pool->band_rows * pooled * square * NTK_LANES * sizeof(double));
    }
}

/* The table at the end of the segment, of all pairs of pooled positions that are needed. */
static ntk_status table_create(const ntk_plane_work *w, ntk_pair_table *out) {
    const size_t height = pooled_of(w, NTK_VERTICAL), width = pooled_of(w, NTK_HORIZONTAL);
    *out = (ntk_pair_table){
        .positions = {last_axis(w, NTK_VERTICAL)->pooled, last_axis(w, NTK_HORIZONTAL)->pooled}};
    NTK_TRY(reserve(height, height, width, width, &out->e));
    return w->kernel->tangent ? reserve(height, height, width, width, &out->t) : NTK_OK;
}

static void table_release(ntk_pair_table *t) {
    ntk_release(t->e);
    ntk_release(t->t);
}

/* What planes leave out, of slab and table, is 0. */
static void clear(double *values, size_t elements) {
    if (values != NULL) memset(values, 0, elements * NTK_LANES * sizeof *values);
}

static void pool_segment(ntk_plane_work *w, pooling *pool, const ntk_pair_table *out) {
    const ntk_bounds rows = last_axis(w, NTK_VERTICAL)->positions;
    const size_t height = pooled_of(w, NTK_VERTICAL), width = pooled_of(w, NTK_HORIZONTAL);
    double *const values[2] = {out->e, out->t};
    for (size_t which = 0; which < 2; which++) {
        clear(values[which], height * height * width * width);
        clear(pool->slab[which], pool->band_rows * columns_of(w) * columns_of(w));
        w->slab[which] = pool->slab[which];
    }
    for (ptrdiff_t low = rows.low; low < rows.high; low += (ptrdiff_t)pool->band_rows) {
        const ntk_bounds band = ntk_bounds_meet((ntk_bounds){low, low + (ptrdiff_t)pool->band_rows}, rows);
        run_band(w, pool, band);
        add_band(w, pool, band, values);
    }
    w->slab[0] = w->slab[1] = NULL;
}

/* ---- readout --------------------------------------------------------------------------------- */

static void add_total(const double *in, double *total) {
    for (size_t lane = 0; lane < NTK_LANES; lane++) total[lane] += in[lane];
}

/* Sums over all planes that are needed: first over those of one displacement of rows. */
static void read_planes(ntk_plane_work *w, double sum[2][NTK_LANES]) {
    const ntk_axis_plan *vertical = last_axis(w, NTK_VERTICAL);
    const ptrdiff_t height = (ptrdiff_t)vertical->shape.out;
    for (ptrdiff_t delta = 1 - height; delta < height; delta++) {
        if (!is_needed(vertical->displacement, vertical->shape.out, delta)) continue;
        memset(w->total, 0, sizeof w->total);
        run_planes(w, stretch_of(w, NTK_VERTICAL, vertical->positions, delta));
        for (size_t which = 0; which < outputs(w); which++) add_total(w->total[which], sum[which]);
    }
}

/* The same of a table: all of it, or its diagonal. */
static void read_table(const ntk_plane_work *w, const ntk_pair_table *t, double sum[2][NTK_LANES]) {
    const size_t height = ntk_bounds_length(t->positions[NTK_VERTICAL]);
    const size_t width = ntk_bounds_length(t->positions[NTK_HORIZONTAL]);
    const bool flatten = w->kernel->plan->architecture->convolution.readout == NTK_READOUT_FLATTEN;
    const double *const values[2] = {t->e, t->t};
    for (size_t which = 0; which < outputs(w); which++)
        for (size_t v = 0; v < height; v++)
            for (size_t v2 = flatten ? v : 0; v2 < (flatten ? v + 1 : height); v2++) {
                const double *square = values[which] + (v * height + v2) * width * width * NTK_LANES;
                double rows[NTK_LANES] = {0};
                for (size_t h = 0; h < width; h++)
                    if (flatten)
                        add_total(square + (h * width + h) * NTK_LANES, rows);
                    else
                        w->kernel->planes->add_up(width, square + h * width * NTK_LANES, rows);
                add_total(rows, sum[which]);
            }
}

/* ---- all segments ---------------------------------------------------------------------------- */

struct ntk_pairs_room {
    ntk_plane_work work;
    pooling pool[NTK_CONVOLUTION_DEPTH_MAX];         /* of the segments that end in a table */
    ntk_pair_table table[NTK_CONVOLUTION_DEPTH_MAX]; /* the same */
};

static ntk_status room_fill(const ntk_convolution_kernel *kernel, ntk_pairs_room *room) {
    const ntk_convolution_plan *plan = kernel->plan;
    NTK_TRY(ntk_plane_work_create(kernel, &room->work));
    for (size_t s = 0; s < plan->segments; s++) {
        if (!plan->segment[s].table) continue;
        ntk_plane_work_begin(&room->work, &plan->segment[s]);
        NTK_TRY(pooling_create(&room->work, &room->pool[s]));
        NTK_TRY(table_create(&room->work, &room->table[s]));
    }
    return NTK_OK;
}

ntk_status ntk_pairs_room_create(const ntk_convolution_kernel *kernel, ntk_pairs_room **out) {
    void *memory = NULL;
    *out = NULL;
    NTK_TRY(ntk_allocate(1, sizeof **out, &memory));
    const ntk_status status = room_fill(kernel, memory);
    if (status == NTK_OK)
        *out = memory;
    else
        ntk_pairs_room_destroy(memory);
    return status;
}

void ntk_pairs_room_destroy(ntk_pairs_room *room) {
    if (room == NULL) return;
    for (size_t s = 0; s < NTK_CONVOLUTION_DEPTH_MAX; s++) {
        pooling_release(&room->pool[s]);
        table_release(&room->table[s]);
    }
    ntk_side_destroy(&room->work.x);
    ntk_side_destroy(&room->work.y);
    ntk_plane_work_destroy(&room->work);
    ntk_release(room);
}

/* Before the planes of a segment: what its layers need of the images. */
typedef ntk_status (*segment_start)(ntk_plane_work *w, void *context);

static ntk_status run_segments(ntk_pairs_room *room, segment_start start, void *context,
                               double sum[2][NTK_LANES]) {
    ntk_plane_work *w = &room->work;
    const ntk_convolution_plan *plan = w->kernel->plan;
    w->source = (ntk_pair_table){0};
    for (size_t s = 0; s < plan->segments; s++) {
        ntk_plane_work_begin(w, &plan->segment[s]);
        NTK_TRY(start(w, context));
        if (!w->segment->table) {
            read_planes(w, sum);
            break;
        }
        pool_segment(w, &room->pool[s], &room->table[s]);
        w->source = room->table[s];
        if (s + 1 == plan->segments) read_table(w, &w->source, sum);
    }
    return NTK_OK;
}

static double scaled(const ntk_plane_work *w, size_t lane, double sum) {
    const ntk_convolution_kernel *kernel = w->kernel;
    const double unit = kernel->plain
                            ? w->x.images->unit[w->x.image[lane]] * w->y.images->unit[w->y.image[lane]]
                            : kernel->squared_unit;
    return kernel->scale * sum * unit + kernel->bias;
}

/* ---- pairs ----------------------------------------------------------------------------------- */

static void find_exact_lanes(ntk_plane_work *w) {
    w->exact = true;
    for (size_t lane = 0; lane < NTK_LANES; lane++) {
        const bool exact = w->x.images->exact[w->x.image[lane]] && w->y.images->exact[w->y.image[lane]];
        w->near[lane] = exact ? -1 : 0x1p-10;
        w->exact = w->exact && exact;
    }
}

static ntk_status recall_segment(ntk_plane_work *w, void *context) {
    (void)context;
    for (size_t l = w->segment->first; l <= w->segment->last; l++) {
        NTK_TRY(ntk_side_recall(w->kernel, l, &w->layer[l], &w->x));
        NTK_TRY(ntk_side_recall(w->kernel, l, &w->layer[l], &w->y));
    }
    return NTK_OK;
}

ntk_status ntk_convolution_pairs(ntk_pairs_room *room, const ntk_images *rows, const size_t *row,
                                 const ntk_images *columns, const size_t *column, double *nngp, double *ntk) {
    ntk_plane_work *w = &room->work;
    double sum[2][NTK_LANES] = {{0}};
    NTK_TRY(ntk_side_load(w->kernel, rows, row, true, &w->x));
    NTK_TRY(ntk_side_load(w->kernel, columns, column, false, &w->y));
    find_exact_lanes(w);
    NTK_TRY(run_segments(room, recall_segment, NULL, sum));
    for (size_t lane = 0; lane < NTK_LANES; lane++) {
        nngp[lane] = scaled(w, lane, sum[0][lane]);
        if (w->kernel->tangent) ntk[lane] = scaled(w, lane, sum[1][lane]);
    }
    return NTK_OK;
}

/* ---- images with themselves ------------------------------------------------------------------ */

static void remember(const ntk_plane_work *w, size_t l, const double *variance, ntk_images *images) {
    const ntk_layer_plan *layer = &w->kernel->plan->layer[l];
    for (size_t lane = 0; lane < NTK_LANES; lane++) {
        double *out = images->variance + w->x.image[lane] * w->kernel->plan->positions + layer->first;
        for (size_t k = 0; k < layer->positions; k++) out[k] = variance[k * NTK_LANES + lane];
    }
}

/* Fields of both sides, which share them. */
static ntk_status complete_layer(ntk_plane_work *w, size_t l, const double *variance, void *context) {
    remember(w, l, variance, context);
    NTK_TRY(ntk_side_fill(w->kernel, l, variance, &w->layer[l], &w->x));
    w->y = w->x;
    return NTK_OK;
}

static ntk_status record_segment(ntk_plane_work *w, void *context) {
    size_t most = 0;
    for (size_t l = w->segment->first; l <= w->segment->last; l++)
        if (w->kernel->plan->layer[l].positions > most) most = w->kernel->plan->layer[l].positions;
    double *variance = NULL;
    NTK_TRY(reserve(most, 1, 1, 1, &variance));
    const ntk_status status = ntk_plane_record(w, variance, complete_layer, context);
    ntk_release(variance);
    return status;
}

static ntk_status compute_selves(ntk_pairs_room *room, ntk_images *images) {
    ntk_plane_work *w = &room->work;
    double sum[2][NTK_LANES] = {{0}};
    w->y = w->x;
    find_exact_lanes(w);
    NTK_TRY(run_segments(room, record_segment, images, sum));
    for (size_t lane = 0; lane < NTK_LANES; lane++) {
        const size_t i = w->x.image[lane];
        images->nngp[i] = scaled(w, lane, sum[0][lane]);
        if (w->kernel->tangent) images->ntk[i] = scaled(w, lane, sum[1][lane]);
    }
    return NTK_OK;
}

/* The second side is the first one for the time being. */
ntk_status ntk_convolution_selves(ntk_pairs_room *room, ntk_images *images, const size_t *image) {
    ntk_plane_work *w = &room->work;
    const ntk_side own = w->y;
    NTK_TRY(ntk_side_load(w->kernel, images, image, false, &w->x));
    const ntk_status status = compute_selves(room, images);
    w->y = own;
    return status;
}
