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

/* A matrix in the making. */
typedef struct {
    const ntk_convolution_plan *plan;
    ntk_convolution_kernel kernel;
    ntk_images rows, columns; /* the first alone for a symmetric matrix */
    bool symmetric;
    size_t pairs, (*pair)[2]; /* row and column of each */
    double *nngp, *ntk;       /* either may be NULL */
    size_t ld;
} matrix;

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

static void store(const matrix *m, size_t i, size_t j, double nngp, double ntk) {
    if (m->nngp) m->nngp[i * m->ld + j] = nngp;
    if (m->ntk) m->ntk[i * m->ld + j] = ntk;
}

/* ---- images with themselves ------------------------------------------------------------------ */

typedef struct {
    const matrix *m;
    ntk_images *images;
} self_task;

/* Eight images; the last of them stands in for those that a last group lacks. */
static ntk_status self_group(size_t group, ntk_pairs_room *room, void *context) {
    const self_task *task = context;
    size_t image[NTK_LANES];
    for (size_t lane = 0; lane < NTK_LANES; lane++) {
        const size_t i = group * NTK_LANES + lane;
        image[lane] = i < task->images->count ? i : task->images->count - 1;
    }
    return ntk_convolution_selves(room, task->images, image);
}

static ntk_status compute_selves(const matrix *m, ntk_images *images) {
    self_task task = {m, images};
    NTK_TRY(map_groups(&m->kernel, groups(images->count), self_group, &task));
    for (size_t i = 0; i < images->count; i++) NTK_TRY(check_finite(images->nngp[i], images->ntk[i], i, i));
    return NTK_OK;
}

/* ---- pairs ----------------------------------------------------------------------------------- */

/* Pair p. Groups of eight that share their row come first, row by row; then what is left of the
 * rows. Of a symmetric matrix only pairs below the diagonal count. */
static void list_pairs(const matrix *m, size_t (*pairs)[2]) {
    size_t count = 0;
    for (size_t left = 0; left < 2; left++)
        for (size_t i = 0; i < m->rows.count; i++) {
            const size_t end = m->symmetric ? i : m->columns.count, whole = end - end % NTK_LANES;
            for (size_t j = left ? whole : 0; j < (left ? end : whole); j++, count++) {
                pairs[count][0] = i;
                pairs[count][1] = j;
            }
        }
}

static ntk_status pair_group(size_t group, ntk_pairs_room *room, void *context) {
    const matrix *m = context;
    size_t row[NTK_LANES], column[NTK_LANES];
    double nngp[NTK_LANES], ntk[NTK_LANES] = {0};
    for (size_t lane = 0; lane < NTK_LANES; lane++) {
        const size_t p = group * NTK_LANES + lane;
        row[lane] = m->pair[p < m->pairs ? p : m->pairs - 1][0];
        column[lane] = m->pair[p < m->pairs ? p : m->pairs - 1][1];
    }
    NTK_TRY(ntk_convolution_pairs(room, &m->rows, row, columns_of(m), column, nngp, ntk));
    for (size_t lane = 0; lane < NTK_LANES; lane++) {
        NTK_TRY(check_finite(nngp[lane], ntk[lane], row[lane], column[lane]));
        store(m, row[lane], column[lane], nngp[lane], ntk[lane]);
        if (m->symmetric) store(m, column[lane], row[lane], nngp[lane], ntk[lane]);
    }
    return NTK_OK;
}

/* ---- the matrix ------------------------------------------------------------------------------ */

static ntk_status load_images(matrix *m, size_t n, const double *x, size_t ldx, size_t columns,
                              const double *y, size_t ldy) {
    NTK_TRY(ntk_images_create(m->plan, n, x, ldx, &m->rows));
    if (!m->symmetric) NTK_TRY(ntk_images_create(m->plan, columns, y, ldy, &m->columns));
    double squared_unit = 1;
    if (m->plan->architecture->activation == NTK_RELU) {
        ntk_images_choose_units(m->plan, &m->rows, m->symmetric ? &m->rows : &m->columns);
        if (m->plan->architecture->bias_variance > 0) squared_unit = m->rows.unit[0] * m->rows.unit[0];
    }
    m->kernel = ntk_convolution_kernel_create(m->plan, m->ntk != NULL, squared_unit);
    return NTK_OK;
}

static ntk_status compute(matrix *m) {
    NTK_TRY(compute_selves(m, &m->rows));
    if (!m->symmetric) NTK_TRY(compute_selves(m, &m->columns));
    NTK_TRY(ntk_convolution_kernel_expand(&m->kernel, &m->rows, columns_of(m)));
    const size_t n = m->rows.count;
    m->pairs = m->symmetric ? n * (n - 1) / 2 : n * m->columns.count;
    for (size_t i = 0; m->symmetric && i < n; i++) store(m, i, i, m->rows.nngp[i], m->rows.ntk[i]);
    void *memory = NULL;
    NTK_TRY(ntk_allocate(m->pairs, sizeof *m->pair, &memory));
    m->pair = memory;
    list_pairs(m, m->pair);
    const ntk_status status = map_groups(&m->kernel, groups(m->pairs), pair_group, m);
    ntk_release(memory);
    return status;
}

static ntk_status check_dimension(const ntk_architecture *architecture, size_t d) {
    const ntk_convolution *c = &architecture->convolution;
    if (d == c->height * c->width * c->channels) return NTK_OK;
    return ntk_fail(NTK_ERROR_SHAPE,
                    "a convolutional network for images of %zu x %zu x %zu takes %zu numbers, not %zu",
                    c->height, c->width, c->channels, c->height * c->width * c->channels, d);
}

ntk_status ntk_convolution_matrix(const ntk_architecture *architecture, size_t d, size_t n, const double *x,
                                  size_t ldx, size_t columns, const double *y, size_t ldy, double *nngp,
                                  double *ntk, size_t ld) {
    NTK_TRY(check_dimension(architecture, d));
    ntk_convolution_plan plan;
    ntk_status status = ntk_convolution_plan_create(architecture, &plan);
    matrix m = {.plan = &plan, .symmetric = y == NULL, .nngp = nngp, .ntk = ntk, .ld = ld};
    if (status == NTK_OK) status = load_images(&m, n, x, ldx, columns, y, ldy);
    if (status == NTK_OK) status = compute(&m);
    ntk_convolution_kernel_destroy(&m.kernel);
    ntk_images_destroy(&m.rows);
    ntk_images_destroy(&m.columns);
    ntk_convolution_plan_destroy(&plan);
    return status;
}
