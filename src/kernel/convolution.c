/* Kernel matrices of convolutional networks.
 *
 * Recursion on pairs of positions (u, u') of two images x, x' (Arora et al. 2019, Novak et al.
 * 2019; Bietti and Mairal 2019, Proposition 2). With P(C)[u,u'] = sum_v C[t u + v, t u' + v] over
 * the patch, both inside or wrapped, and in the notation of architecture.h,
 *
 *     S = w_0^2 / (c s_1) P(<x[u], x'[u']>) + b^2,    T = S
 *     E, D = E[phi phi], E[phi' phi'] at the covariance S(x,x)[u,u], S(x',x')[u',u'], S[u,u']
 *     (e, tau) = (E, E + T D), pooled on both position axes
 *     S <- w^2 / s P(e) + b^2,                        T <- w^2 / s P(tau) + b^2
 *     NNGP = w^2 R(e) + b^2,    NTK = w^2 R(tau) + b^2,
 *
 * R = sum_u [u,u] (flatten) or (1/N^2) sum_{u,u'} [u,u'] (average). Without the tangent part and
 * with ReLU it is the convolutional kernel network of Bietti and Mairal.
 *
 * A network of L layers on N positions has N^2 pairs of positions, each with a dual activation a
 * layer: that is the cost, and what is organised here is that nothing else costs as much.
 * Convolution and activation do not mix displacements u' - u: a "plane" of one displacement passes
 * all layers up to the next pooling while it is in the cache (convolution_pairs.c). Eight pairs of
 * images are computed side by side, one in each lane of a vector: no lane is lost at a border, and
 * the bits are those of one pair alone, whatever the vectors' width. Variances belong to images;
 * they are computed once, with the diagonal of the matrix (whose entries need them at every
 * displacement that a pooling reaches). Of a symmetric matrix half is computed. Groups of eight
 * pairs are the units of ntk_map.
 *
 * Accuracy, ReLU. Let eps = 2^-52. With respect to sqrt(K_xx K_x'x') the argument of gram.c holds
 * for every pair of positions: S in layer l is off by at most about 9 l eps of Sbar, T by as much
 * and by what kappa_0 makes of it, 1 / (pi sin theta) times. A sum over pairs of positions adds
 * what its own order does, a few eps, since it is one of sums. That leaves small angles. In the
 * first layer the determinants are exact, for images that are multiples of an integer image, or
 * recomputed from the difference of the patches: angles are right to a few eps however small. In
 * later layers parallel patches have the angle 0 (convolution_planes.inc), and of patches that are
 * not parallel but closer than 1e-6, say, an angle is known to 1e-15 / sin theta only. */
#include "kernel/convolution.h"

#include <math.h>

#include <ntk/memory.h>
#include <ntk/parallel.h>

#include "kernel/convolution_pairs.h"

enum { UNITS = 24, MOST_GROUPS = 16 };

/* What the pairs of a matrix are computed from. */
struct ntk_convolution_blocks {
    ntk_convolution_plan plan;
    ntk_convolution_kernel kernel;
    ntk_images rows, columns; /* the first alone for a symmetric matrix */
    bool symmetric;
};
typedef struct ntk_convolution_blocks matrix;

/* A part of it in the making. */
typedef struct {
    const matrix *m;
    size_t row, row_end, column, column_end;
    size_t pairs, (*pair)[2]; /* row and column of each */
    double *nngp, *ntk;       /* either may be NULL */
    size_t ld;
} block;

static const ntk_images *columns_of(const matrix *m) { return m->symmetric ? &m->rows : &m->columns; }

static size_t groups(size_t count) { return count / NTK_LANES + (count % NTK_LANES != 0); }

/* Work of one group of eight. */
typedef ntk_status (*group_work)(size_t group, ntk_pairs_room *room, void *context);

typedef struct {
    const ntk_convolution_kernel *kernel;
    size_t groups, per_unit;
    group_work work;
    void *context;
} group_map;

static ntk_status group_unit(size_t unit, void *context) {
    const group_map *map = context;
    ntk_pairs_room *room = NULL;
    ntk_status status = ntk_pairs_room_create(map->kernel, &room);
    for (size_t k = 0; k < map->per_unit && status == NTK_OK; k++) {
        const size_t group = unit * map->per_unit + k;
        if (group < map->groups) status = map->work(group, room, map->context);
    }
    ntk_pairs_room_destroy(room);
    return status;
}

/* A unit of ntk_map is a few groups, which share their room: enough units for many workers come
 * first. */
static ntk_status map_groups(const ntk_convolution_kernel *kernel, size_t count, group_work work,
                             void *context) {
    const size_t some = count / UNITS, per_unit = some < 1 ? 1 : some > MOST_GROUPS ? MOST_GROUPS : some;
    group_map map = {kernel, count, per_unit, work, context};
    return ntk_map(count / per_unit + (count % per_unit != 0), group_unit, &map);
}

static ntk_status check_finite(double nngp, double ntk, size_t i, size_t j) {
    if (isfinite(nngp) && isfinite(ntk)) return NTK_OK;
    return ntk_fail(NTK_ERROR_NOT_FINITE, "kernel of images %zu and %zu overflows", i, j);
}

static bool in_block(const block *b, size_t i, size_t j) {
    return i >= b->row && i < b->row_end && j >= b->column && j < b->column_end;
}

static void store(const block *b, size_t i, size_t j, double nngp, double ntk) {
    if (!in_block(b, i, j)) return;
    const size_t place = (i - b->row) * b->ld + (j - b->column);
    if (b->nngp) b->nngp[place] = nngp;
    if (b->ntk) b->ntk[place] = ntk;
}

/* ---- images with themselves ------------------------------------------------------------------ */

/* Eight images; the last of them stands in for those that a last group lacks. */
static ntk_status self_group(size_t group, ntk_pairs_room *room, void *context) {
    ntk_images *images = context;
    size_t image[NTK_LANES];
    for (size_t lane = 0; lane < NTK_LANES; lane++) {
        const size_t i = group * NTK_LANES + lane;
        image[lane] = i < images->count ? i : images->count - 1;
    }
    return ntk_convolution_selves(room, images, image);
}

static ntk_status compute_selves(const matrix *m, ntk_images *images) {
    NTK_TRY(map_groups(&m->kernel, groups(images->count), self_group, images));
    for (size_t i = 0; i < images->count; i++) NTK_TRY(check_finite(images->nngp[i], images->ntk[i], i, i));
    return NTK_OK;
}

/* ---- pairs ----------------------------------------------------------------------------------- */

typedef struct {
    size_t first, end;
} range;

static range cut(size_t first, size_t end, size_t low, size_t high) {
    const range r = {first > low ? first : low, end < high ? end : high};
    return r.first < r.end ? r : (range){low, low};
}

/* The columns whose pairs with row i are to be computed, in MOST_RANGES ranges. Of a symmetric
 * matrix only pairs below the diagonal count, those that are in the block themselves (the first
 * range) or mirrored (the others). */
enum { MOST_RANGES = 3 };
static void ranges_of_row(const block *b, size_t i, range *out) {
    const bool direct = i >= b->row && i < b->row_end;
    const bool mirrored = b->m->symmetric && i >= b->column && i < b->column_end;
    const size_t end = b->m->symmetric ? i : b->column_end;
    out[0] = direct ? cut(b->column, b->column_end, 0, end) : (range){0, 0};
    out[1] = out[2] = (range){0, 0};
    if (!mirrored) return;
    const range image = cut(b->row, b->row_end, 0, end);
    out[1] = out[0].first < out[0].end ? cut(image.first, image.end, 0, out[0].first) : image;
    if (out[0].first < out[0].end) out[2] = cut(image.first, image.end, out[0].end, end);
}

/* Groups of eight that share their row come first, row by row; then what is left of the rows.
 * Counts alone where there is no list yet. */
static void list_pairs(block *b) {
    const size_t rows = b->m->rows.count;
    b->pairs = 0;
    for (size_t left = 0; left < 2; left++)
        for (size_t i = 0; i < rows; i++) {
            range ranges[MOST_RANGES];
            ranges_of_row(b, i, ranges);
            for (size_t k = 0; k < MOST_RANGES; k++) {
                const range r = ranges[k];
                const size_t whole = r.end - (r.end - r.first) % NTK_LANES;
                const size_t end = left ? r.end : whole;
                for (size_t j = left ? whole : r.first; j < end; j++, b->pairs++)
                    if (b->pair) b->pair[b->pairs][0] = i, b->pair[b->pairs][1] = j;
            }
        }
}

static ntk_status pair_group(size_t group, ntk_pairs_room *room, void *context) {
    const block *b = context;
    const matrix *m = b->m;
    size_t row[NTK_LANES], column[NTK_LANES];
    double nngp[NTK_LANES], ntk[NTK_LANES] = {0};
    for (size_t lane = 0; lane < NTK_LANES; lane++) {
        const size_t p = group * NTK_LANES + lane;
        row[lane] = b->pair[p < b->pairs ? p : b->pairs - 1][0];
        column[lane] = b->pair[p < b->pairs ? p : b->pairs - 1][1];
    }
    NTK_TRY(ntk_convolution_pairs(room, &m->rows, row, columns_of(m), column, nngp, ntk));
    for (size_t lane = 0; lane < NTK_LANES; lane++) {
        NTK_TRY(check_finite(nngp[lane], ntk[lane], row[lane], column[lane]));
        store(b, row[lane], column[lane], nngp[lane], ntk[lane]);
        if (m->symmetric) store(b, column[lane], row[lane], nngp[lane], ntk[lane]);
    }
    return NTK_OK;
}

static ntk_status compute_block(block *b) {
    const matrix *m = b->m;
    for (size_t i = b->row; m->symmetric && i < b->row_end; i++)
        store(b, i, i, m->rows.nngp[i], m->rows.ntk[i]);
    void *memory = NULL;
    list_pairs(b);
    NTK_TRY(ntk_allocate(b->pairs, sizeof *b->pair, &memory));
    b->pair = memory;
    list_pairs(b);
    const ntk_status status = map_groups(&m->kernel, groups(b->pairs), pair_group, b);
    ntk_release(memory);
    return status;
}

/* ---- the matrix ------------------------------------------------------------------------------ */

static ntk_status load_images(matrix *m, bool tangent, size_t n, const double *x, size_t ldx, size_t columns,
                              const double *y, size_t ldy) {
    NTK_TRY(ntk_images_create(&m->plan, n, x, ldx, &m->rows));
    if (!m->symmetric) NTK_TRY(ntk_images_create(&m->plan, columns, y, ldy, &m->columns));
    double squared_unit = 1;
    if (m->plan.architecture->activation == NTK_RELU) {
        ntk_images_choose_units(&m->plan, &m->rows, m->symmetric ? &m->rows : &m->columns);
        if (m->plan.architecture->bias_variance > 0) squared_unit = m->rows.unit[0] * m->rows.unit[0];
    }
    m->kernel = ntk_convolution_kernel_create(&m->plan, tangent, squared_unit);
    return NTK_OK;
}

static ntk_status compute_images(matrix *m) {
    NTK_TRY(compute_selves(m, &m->rows));
    if (!m->symmetric) NTK_TRY(compute_selves(m, &m->columns));
    return ntk_convolution_kernel_expand(&m->kernel, &m->rows, columns_of(m));
}

static ntk_status check_dimension(const ntk_architecture *architecture, size_t d) {
    const ntk_convolution *c = &architecture->convolution;
    if (d == c->height * c->width * c->channels) return NTK_OK;
    return ntk_fail(NTK_ERROR_SHAPE,
                    "a convolutional network for images of %zu x %zu x %zu takes %zu numbers, not %zu",
                    c->height, c->width, c->channels, c->height * c->width * c->channels, d);
}

ntk_status ntk_convolution_blocks_create(const ntk_architecture *architecture, bool tangent, size_t d,
                                         size_t n, const double *x, size_t ldx, size_t columns,
                                         const double *y, size_t ldy, ntk_convolution_blocks **out) {
    *out = NULL;
    NTK_TRY(check_dimension(architecture, d));
    void *memory = NULL;
    NTK_TRY(ntk_allocate(1, sizeof(matrix), &memory));
    matrix *m = memory;
    m->symmetric = y == NULL;
    ntk_status status = ntk_convolution_plan_create(architecture, &m->plan);
    if (status == NTK_OK) status = load_images(m, tangent, n, x, ldx, columns, y, ldy);
    if (status == NTK_OK) status = compute_images(m);
    if (status == NTK_OK)
        *out = m;
    else
        ntk_convolution_blocks_destroy(m);
    return status;
}

ntk_status ntk_convolution_block(const ntk_convolution_blocks *m, size_t row, size_t rows, size_t column,
                                 size_t columns, double *nngp, double *ntk, size_t ld) {
    block b = {.m = m,
               .row = row,
               .row_end = row + rows,
               .column = column,
               .column_end = column + columns,
               .nngp = nngp,
               .ntk = ntk,
               .ld = ld};
    return compute_block(&b);
}

void ntk_convolution_blocks_destroy(ntk_convolution_blocks *m) {
    if (m == NULL) return;
    ntk_convolution_kernel_destroy(&m->kernel);
    ntk_images_destroy(&m->rows);
    ntk_images_destroy(&m->columns);
    ntk_convolution_plan_destroy(&m->plan);
    ntk_release(m);
}

ntk_status ntk_convolution_matrix(const ntk_architecture *architecture, size_t d, size_t n, const double *x,
                                  size_t ldx, size_t columns, const double *y, size_t ldy, double *nngp,
                                  double *ntk, size_t ld) {
    ntk_convolution_blocks *m = NULL;
    NTK_TRY(ntk_convolution_blocks_create(architecture, ntk != NULL, d, n, x, ldx, columns, y, ldy, &m));
    const ntk_status status = ntk_convolution_block(m, 0, n, 0, columns, nngp, ntk, ld);
    ntk_convolution_blocks_destroy(m);
    return status;
}
