/* Kernel matrices: tiles of inner products, then all layers in registers.
 *
 * The matrix is cut into square tiles; of a Gram matrix only those on and below the diagonal are
 * computed. A tile is one matrix product, written where the result will stand; each row of it goes
 * through the recursion (recursion.inc) in place while it is in cache; then the tile is mirrored.
 * Tiles are the units of ntk_map; their size is fixed, so that the bits do not depend on the number
 * of workers.
 *
 * Accuracy for dense networks with ReLU (residual ones: residual.c). Let eps = 2^-52, bars denote
 * sqrt(K_xx K_x'x') for a kernel K, and for layer l
 *
 *     delta_l = |error of S^l| / Sbar^l,   tau_l = |error of Theta^l| / Thetabar^l.
 *
 * 1. An inner product of d terms in any order is off by gamma_d |x| |x'|, d eps / 2 at worst;
 * blocked sums
 *    with random signs of the rounding errors reach about eps sqrt(d) / 2, and this is what is
 *    seen:
 *    delta_1 <= eps (sqrt(d) / 2 + 2), plus half of this again from the two norms when S becomes
 *    rho = S / Sbar. So |error of rho_l| <= delta_l + eps (sqrt(d) / 2 + 3) at l = 1, delta_l + 5
 *    eps later.
 * 2. kappa_1 has derivative kappa_0 in [0, 1] and is evaluated to 3 eps:
 *    delta_{l+1} <= |error of rho_l| + 4 eps, which sums to delta_l <= eps (sqrt(d) + 9 l).
 * 3. kappa_0 has derivative 1 / (pi sqrt(1 - rho^2)).
 * 4. Thetabar^{l+1} >= Sbar^{l+1} + w^2/2 Thetabar^l (Cauchy-Schwarz), hence
 *    tau_{l+1} <= max(delta_{l+1}, tau_l + |error of kappa_0(rho_l)|) + 2 eps.
 *
 * Altogether
 *
 *     tau_{L+1} <= eps (sqrt(d) + 9 (L + 1)) (1 + sum_l 1 / (pi sqrt(1 - rho_l^2))),
 *
 * that is c eps sqrt(d) / sqrt(1 - rho^2) with c about L / pi for large d. Pairs with sin
 * theta_l <= 1/32 in some layer are recomputed without that amplification (pair.c), which leaves
 * 32 / pi as the largest term. For d = 784 the bound stays below 1e-12 for L <= 5 even then. At
 * criticality rho tends to 1 slowly (1 - rho_l ~ 9 pi^2 / (2 l^2)): no layer before the two
 * hundredth is concerned; in the ordered phase, where it tends to 1 geometrically, all pairs of a
 * deep network are.
 *
 * Smooth activations. The recursion amplifies the error of the covariance by at most 1 / (1 - u^2),
 * u the argument of the arcsine (erf, GELU), that is by up to (1 + 2 S_xx)^2 / (1 + 4 S_xx) for
 * erf; and for sin by the exponent. Pairs beyond 64, or 16, are recomputed. With Hermite expansions
 * the truncation adds 1e-13 at most.
 *
 * Chaos. A layer multiplies 1 - rho of near points by chi = w^2 S E[phi'^2] / S_next, and its
 * rounding too. Where the product of all chi > 1 exceeds 4, pairs that start with sin theta_1 <=
 * 1/32 are recomputed; for the others 1 - rho is at least 2^-11 of what it can become, and the
 * amplification ends there.
 *
 * Zero inputs. Without bias x = 0 has S^1_xx = 0 and no rho; its products are 0 with everything,
 * rho is taken as 0, which gives the limit, phi(0) E[phi(v)]: 0 for ReLU. */
#include <math.h>

#include <ntk/kernel.h>
#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/parallel.h>

#include "kernel/convolution.h"
#include "kernel/kernel_points.h"
#include "kernel/pair.h"
#include "kernel/recursion.h"
#include "kernel/scaling.h"

enum {
    TILE = 256, /* 512 kB of products: the second-level cache holds them between the product and
                  * the mirror */
    STRIP = 64, /* columns: with K = 256 Hermite coefficients each, 256 kB */
    MIRROR = 8, /* rows and columns mirrored at a time: a cache line or two of each */
};
_Static_assert(STRIP % NTK_POINT_BLOCK == 0, "strips begin with a block of points");

/* What the pairs of a kernel matrix are computed from. */
typedef struct {
    const ntk_architecture *architecture;
    const ntk_points *rows, *columns; /* the same for a Gram matrix */
    ntk_recursion recursion;
    ntk_recursion_run run;
    void *layers; /* of the recursion; owned */
} matrix;

/* Where entries go: entry (row, column) of the matrix stands first. */
typedef struct {
    double *nngp, *ntk; /* either may be NULL */
    size_t ld, row, column;
} target;

typedef struct {
    size_t row, column, rows, columns; /* first ones, and how many */
    bool diagonal;
} tile;

/* Entry (row, column) of the matrix in one of the two, NULL staying NULL. */
static double *at(const target *out, double *base, size_t row, size_t column) {
    return base ? base + (row - out->row) * out->ld + (column - out->column) : NULL;
}

static ntk_status products(const matrix *m, const tile *t, double *out, size_t ld) {
    const ntk_points *rows = m->rows, *columns = m->columns;
    const double *x = rows->x + t->row * rows->ldx, *y = columns->x + t->column * columns->ldx;
    if (t->diagonal) return ntk_syrk(t->rows, rows->dimension, 1, x, rows->ldx, 0, out, ld);
    return ntk_gemm(NTK_NO_TRANSPOSE, NTK_TRANSPOSE, t->rows, t->columns, rows->dimension, 1, x, rows->ldx, y,
                    columns->ldx, 0, out, ld);
}

/* Columns `column` .. + count of row i, whose inner products stand in product. */
static ntk_status finish_row(const matrix *m, const target *out, size_t i, size_t column, size_t count,
                             const double *product) {
    size_t flagged[STRIP];
    double *nngp = at(out, out->nngp, i, column), *ntk = at(out, out->ntk, i, column);
    const size_t found = m->run(&m->recursion, i, column, count, product, nngp, ntk, flagged);
    for (size_t k = 0; k < found; k++) {
        double s = 0, theta = 0;
        NTK_TRY(ntk_pair_kernel(m->architecture, m->rows, i, m->columns, column + flagged[k], &s, &theta));
        if (nngp) nngp[flagged[k]] = s;
        if (ntk) ntk[flagged[k]] = theta;
    }
    return NTK_OK;
}

static void set_diagonal(const matrix *m, const target *out, size_t i) {
    const ntk_points *points = m->rows;
    if (out->nngp) *at(out, out->nngp, i, i) = points->variance[points->depth * points->stride + i];
    if (out->ntk) *at(out, out->ntk, i, i) = points->tangent[i];
}

/* The tile's entries below the diagonal, copied to above it: along the rows that are written, which
 * come out of memory, and across those that are read, which are in cache. */
static void mirror(const target *out, double *a, const tile *t) {
    if (a == NULL) return;
    for (size_t j0 = t->column; j0 < t->column + t->columns; j0 += MIRROR)
        for (size_t i0 = t->diagonal ? j0 : t->row; i0 < t->row + t->rows; i0 += MIRROR)
            for (size_t j = j0; j < j0 + MIRROR && j < t->column + t->columns; j++)
                for (size_t i = i0 > j ? i0 : j + 1; i < i0 + MIRROR && i < t->row + t->rows; i++)
                    *at(out, a, j, i) = *at(out, a, i, j);
}

/* All rows of the tile, in strips of columns whose fields stay in cache from row to row. */
static ntk_status finish_tile(const matrix *m, const target *out, const tile *t, const double *product) {
    for (size_t first = 0; first < t->columns; first += STRIP)
        for (size_t i = t->diagonal ? first + 1 : 0; i < t->rows; i++) {
            const size_t end = t->diagonal ? i : t->columns; /* below the diagonal only */
            const size_t count = end - first < STRIP ? end - first : STRIP;
            NTK_TRY(finish_row(m, out, t->row + i, t->column + first, count, product + i * out->ld + first));
        }
    return NTK_OK;
}

/* symmetric: both halves of the target are wanted. */
static ntk_status compute_tile(const matrix *m, const target *out, const tile *t, bool symmetric) {
    double *product = at(out, out->ntk ? out->ntk : out->nngp, t->row, t->column);
    NTK_TRY(products(m, t, product, out->ld));
    NTK_TRY(finish_tile(m, out, t, product));
    for (size_t i = 0; t->diagonal && i < t->rows; i++) set_diagonal(m, out, t->row + i);
    if (symmetric) {
        mirror(out, out->nngp, t);
        mirror(out, out->ntk, t);
    }
    return NTK_OK;
}

static size_t tiles_across(size_t n) { return n / TILE + (n % TILE != 0); }

static tile tile_at(const matrix *m, size_t block_row, size_t block_column) {
    tile t = {.row = block_row * TILE, .column = block_column * TILE};
    const size_t rows = m->rows->count - t.row, columns = m->columns->count - t.column;
    t.rows = rows < TILE ? rows : TILE;
    t.columns = columns < TILE ? columns : TILE;
    t.diagonal = m->rows == m->columns && block_row == block_column;
    return t;
}

/* A whole matrix in the making. */
typedef struct {
    const matrix *m;
    target out;
} whole;

/* Unit u of a Gram matrix: lower tiles numbered row by row, (0,0), (1,0), (1,1), (2,0), ... */
static ntk_status gram_unit(size_t unit, void *context) {
    const whole *w = context;
    size_t row = 0, column = unit;
    while (column > row) column -= ++row;
    const tile t = tile_at(w->m, row, column);
    return compute_tile(w->m, &w->out, &t, true);
}

static ntk_status cross_unit(size_t unit, void *context) {
    const whole *w = context;
    const size_t across = tiles_across(w->m->columns->count);
    const tile t = tile_at(w->m, unit / across, unit % across);
    return compute_tile(w->m, &w->out, &t, false);
}

/* All that belongs to points. The matrix keeps the pointers; its layers are to be released in
 * either case. */
static ntk_status prepare(const ntk_architecture *architecture, ntk_points *rows, ntk_points *columns,
                          matrix *m) {
    NTK_TRY(ntk_allocate(architecture->depth, sizeof(ntk_recursion_layer), &m->layers));
    m->architecture = architecture;
    m->rows = rows;
    m->columns = columns;
    m->recursion = ntk_recursion_create(architecture, rows->dimension, m->layers);
    m->run = ntk_recursion_chosen(architecture);
    return ntk_points_recurse(architecture, rows, columns, &m->recursion);
}

static ntk_status compute(const ntk_architecture *architecture, ntk_points *rows, ntk_points *columns,
                          const target *out) {
    matrix m = {0};
    whole w = {&m, *out};
    ntk_status status = prepare(architecture, rows, columns, &m);
    const size_t down = tiles_across(rows->count), across = tiles_across(columns->count);
    if (status == NTK_OK)
        status = rows == columns ? ntk_map(down * (down + 1) / 2, gram_unit, &w)
                                 : ntk_map(down * across, cross_unit, &w);
    ntk_release(m.layers);
    return status;
}

static ntk_status check(const ntk_architecture *architecture, size_t n, size_t m, size_t d) {
    NTK_TRY(ntk_architecture_check(architecture));
    if (architecture->parametrisation != NTK_PARAMETRISATION_NTK)
        return ntk_fail(NTK_ERROR_UNSUPPORTED,
                        "the infinite-width kernel is that of the NTK parametrisation; "
                        "the mean-field one has finite networks only");
    if (n == 0 || m == 0 || d == 0)
        return ntk_fail(NTK_ERROR_SHAPE, "kernel of %zu by %zu inputs in dimension %zu: want at least 1", n,
                        m, d);
    return NTK_OK;
}

static ntk_status check_stride(const char *name, size_t ld, size_t columns) {
    if (ld < columns)
        return ntk_fail(NTK_ERROR_SHAPE, "leading dimension of %s is %zu, of %zu columns", name, ld, columns);
    return NTK_OK;
}

/* ---- whole matrices -------------------------------------------------------------------------- */

/* What is asked for: a Gram matrix where y is NULL. */
typedef struct {
    const ntk_architecture *architecture;
    size_t n, m, d;
    const double *x, *y;
    size_t ldx, ldy;
} request;

/* The scaled network and rows in the place of those given. */
static void take_scaled(const ntk_scaling *scaling, request *r) {
    if (!scaling->used) return;
    r->architecture = &scaling->architecture;
    r->x = scaling->x;
    r->y = scaling->y;
    r->ldx = r->ldy = r->d;
}

static ntk_status compute_request(const request *r, const target *out) {
    if (r->architecture->family == NTK_CONVOLUTIONAL)
        return ntk_convolution_matrix(r->architecture, r->d, r->n, r->x, r->ldx, r->m, r->y, r->ldy,
                                      out->nngp, out->ntk, out->ld);
    ntk_points rows = {0}, columns = {0};
    ntk_status status = ntk_points_create(r->architecture, r->n, r->d, r->x, r->ldx, &rows);
    if (status == NTK_OK && r->y != NULL)
        status = ntk_points_create(r->architecture, r->m, r->d, r->y, r->ldy, &columns);
    if (status == NTK_OK) status = compute(r->architecture, &rows, r->y != NULL ? &columns : &rows, out);
    ntk_points_destroy(&rows);
    ntk_points_destroy(&columns);
    return status;
}

static ntk_status answer(request *r, const target *out) {
    ntk_scaling scaling;
    ntk_status status =
        ntk_scaling_create(r->architecture, r->d, r->n, r->x, r->ldx, r->m, r->y, r->ldy, &scaling);
    take_scaled(&scaling, r);
    if (status == NTK_OK) status = compute_request(r, out);
    if (status == NTK_OK) status = ntk_scaling_undo(&scaling, 0, r->n, 0, r->m, out->nngp, out->ld);
    if (status == NTK_OK) status = ntk_scaling_undo(&scaling, 0, r->n, 0, r->m, out->ntk, out->ld);
    ntk_scaling_destroy(&scaling);
    return status;
}

ntk_status ntk_kernel_gram_both(const ntk_architecture *architecture, size_t n, size_t d, const double *x,
                                size_t ldx, double *nngp, double *ntk, size_t ldg) {
    NTK_TRY(check(architecture, n, n, d));
    NTK_TRY(check_stride("x", ldx, d));
    NTK_TRY(check_stride("the Gram matrix", ldg, n));
    if (nngp == NULL && ntk == NULL) return ntk_fail(NTK_ERROR_ARGUMENT, "kernel: no output is asked for");
    request r = {architecture, n, n, d, x, NULL, ldx, 0};
    const target out = {.nngp = nngp, .ntk = ntk, .ld = ldg};
    return answer(&r, &out);
}

ntk_status ntk_kernel_gram(const ntk_architecture *architecture, ntk_kernel_type type, size_t n, size_t d,
                           const double *x, size_t ldx, double *gram, size_t ldg) {
    return type == NTK_KERNEL_NNGP ? ntk_kernel_gram_both(architecture, n, d, x, ldx, gram, NULL, ldg)
                                   : ntk_kernel_gram_both(architecture, n, d, x, ldx, NULL, gram, ldg);
}

ntk_status ntk_kernel_cross(const ntk_architecture *architecture, ntk_kernel_type type, size_t n, size_t m,
                            size_t d, const double *x, size_t ldx, const double *y, size_t ldy,
                            double *kernel, size_t ldk) {
    NTK_TRY(check(architecture, n, m, d));
    NTK_TRY(check_stride("x", ldx, d));
    NTK_TRY(check_stride("y", ldy, d));
    NTK_TRY(check_stride("the kernel matrix", ldk, m));
    const bool nngp = type == NTK_KERNEL_NNGP;
    request r = {architecture, n, m, d, x, y, ldx, ldy};
    const target out = {.nngp = nngp ? kernel : NULL, .ntk = nngp ? NULL : kernel, .ld = ldk};
    return answer(&r, &out);
}

/* ---- blocks ---------------------------------------------------------------------------------- */

struct ntk_kernel_blocks {
    ntk_architecture architecture; /* its arrays of variances stay the caller's */
    ntk_kernel_type type;
    size_t n, m;
    ntk_points x, y; /* the second empty for a Gram matrix */
    matrix matrix;
    ntk_convolution_blocks *convolution; /* of a convolutional network, instead of the above */
    ntk_scaling scaling;
};

/* A block in the making: the tiles that meet it, of a Gram matrix those on and below the diagonal
 * that meet it or whose mirror image does. */
typedef struct {
    const matrix *m;
    target out;
    size_t row_end, column_end;
    size_t tiles, (*tile)[2];
} block;

/* Of the tile's entries, and of those mirrored, whether any is in the block, and whether all
 * are. */
static bool meets(const block *b, size_t row, size_t rows, size_t column, size_t columns) {
    return row < b->row_end && row + rows > b->out.row && column < b->column_end &&
           column + columns > b->out.column;
}

static bool holds(const block *b, const tile *t) {
    return t->row >= b->out.row && t->row + t->rows <= b->row_end && t->column >= b->out.column &&
           t->column + t->columns <= b->column_end;
}

static size_t later(size_t a, size_t b) { return a > b ? a : b; }
static size_t sooner(size_t a, size_t b) { return a < b ? a : b; }

/* What of the tile belongs to the block, from `from`, where the whole tile stands. */
static void copy_part(const block *b, const tile *t, const target *from, double *source, double *base) {
    for (size_t i = later(t->row, b->out.row); i < sooner(t->row + t->rows, b->row_end); i++)
        for (size_t j = later(t->column, b->out.column); j < sooner(t->column + t->columns, b->column_end);
             j++)
            *at(&b->out, base, i, j) = *at(from, source, i, j);
}

static void copy_mirrored(const block *b, const tile *t, const target *from, double *source, double *base) {
    const size_t top = later(t->column, b->out.row), bottom = sooner(t->column + t->columns, b->row_end);
    const size_t left = later(t->row, b->out.column), right = sooner(t->row + t->rows, b->column_end);
    for (size_t i0 = top; i0 < bottom; i0 += MIRROR)
        for (size_t j0 = left; j0 < right; j0 += MIRROR)
            for (size_t i = i0; i < sooner(i0 + MIRROR, bottom); i++)
                for (size_t j = j0; j < sooner(j0 + MIRROR, right); j++)
                    *at(&b->out, base, i, j) = *at(from, source, j, i);
}

/* A tile is always computed whole: its bits are those that it has in the whole matrix. */
static ntk_status block_unit(size_t unit, void *context) {
    const block *b = context;
    const tile t = tile_at(b->m, b->tile[unit][0], b->tile[unit][1]);
    target out = b->out;
    double *room = NULL;
    if (!holds(b, &t)) {
        NTK_TRY(ntk_allocate_doubles((size_t)TILE * TILE, &room));
        out = (target){b->out.nngp ? room : NULL, b->out.ntk ? room : NULL, TILE, t.row, t.column};
    }
    const ntk_status status = compute_tile(b->m, &out, &t, t.diagonal);
    double *source = out.ntk ? out.ntk : out.nngp, *base = b->out.ntk ? b->out.ntk : b->out.nngp;
    if (status == NTK_OK && room != NULL) copy_part(b, &t, &out, source, base);
    if (status == NTK_OK && b->m->rows == b->m->columns && !t.diagonal)
        copy_mirrored(b, &t, &out, source, base);
    ntk_release(room);
    return status;
}

static void list_tiles(block *b) {
    const bool symmetric = b->m->rows == b->m->columns;
    const size_t down = tiles_across(b->m->rows->count), across = tiles_across(b->m->columns->count);
    for (size_t row = 0; row < down; row++)
        for (size_t column = 0; column < (symmetric ? row + 1 : across); column++) {
            const tile t = tile_at(b->m, row, column);
            if (!meets(b, t.row, t.rows, t.column, t.columns) &&
                !(symmetric && meets(b, t.column, t.columns, t.row, t.rows)))
                continue;
            if (b->tile != NULL) b->tile[b->tiles][0] = row, b->tile[b->tiles][1] = column;
            b->tiles++;
        }
}

static ntk_status compute_block(block *b) {
    void *memory = NULL;
    list_tiles(b); /* counts */
    NTK_TRY(ntk_allocate(b->tiles, sizeof *b->tile, &memory));
    b->tile = memory;
    b->tiles = 0;
    list_tiles(b);
    const ntk_status status = ntk_map(b->tiles, block_unit, b);
    ntk_release(memory);
    return status;
}

static ntk_status prepare_blocks(ntk_kernel_blocks *k, request r) {
    NTK_TRY(ntk_scaling_create(r.architecture, r.d, r.n, r.x, r.ldx, r.m, r.y, r.ldy, &k->scaling));
    take_scaled(&k->scaling, &r);
    if (r.architecture->family == NTK_CONVOLUTIONAL)
        return ntk_convolution_blocks_create(r.architecture, k->type == NTK_KERNEL_NTK, r.d, r.n, r.x, r.ldx,
                                             r.m, r.y, r.ldy, &k->convolution);
    NTK_TRY(ntk_points_create(r.architecture, r.n, r.d, r.x, r.ldx, &k->x));
    if (r.y == NULL) return prepare(r.architecture, &k->x, &k->x, &k->matrix);
    NTK_TRY(ntk_points_create(r.architecture, r.m, r.d, r.y, r.ldy, &k->y));
    return prepare(r.architecture, &k->x, &k->y, &k->matrix);
}

ntk_status ntk_kernel_blocks_create(const ntk_architecture *architecture, ntk_kernel_type type, size_t n,
                                    size_t m, size_t d, const double *x, size_t ldx, const double *y,
                                    size_t ldy, ntk_kernel_blocks **out) {
    *out = NULL;
    if (y == NULL && m != n)
        return ntk_fail(NTK_ERROR_SHAPE, "a Gram matrix of %zu points has %zu columns, not %zu", n, n, m);
    NTK_TRY(check(architecture, n, m, d));
    NTK_TRY(check_stride("x", ldx, d));
    if (y != NULL) NTK_TRY(check_stride("y", ldy, d));
    void *memory = NULL;
    NTK_TRY(ntk_allocate(1, sizeof(ntk_kernel_blocks), &memory));
    ntk_kernel_blocks *k = memory;
    *k = (ntk_kernel_blocks){.architecture = *architecture, .type = type, .n = n, .m = m};
    const ntk_status status = prepare_blocks(k, (request){&k->architecture, n, m, d, x, y, ldx, ldy});
    if (status == NTK_OK)
        *out = k;
    else
        ntk_kernel_blocks_destroy(k);
    return status;
}

ntk_status ntk_kernel_block(const ntk_kernel_blocks *k, size_t row, size_t rows, size_t column,
                            size_t columns, double *out, size_t ldo) {
    if (rows == 0 || columns == 0 || row > k->n || rows > k->n - row || column > k->m ||
        columns > k->m - column)
        return ntk_fail(NTK_ERROR_SHAPE, "no block of %zu x %zu at (%zu, %zu) in a kernel of %zu x %zu", rows,
                        columns, row, column, k->n, k->m);
    NTK_TRY(check_stride("the block", ldo, columns));
    const bool nngp = k->type == NTK_KERNEL_NNGP;
    double *const first = nngp ? out : NULL, *const second = nngp ? NULL : out;
    if (k->convolution != NULL) {
        NTK_TRY(ntk_convolution_block(k->convolution, row, rows, column, columns, first, second, ldo));
        return ntk_scaling_undo(&k->scaling, row, rows, column, columns, out, ldo);
    }
    block b = {.m = &k->matrix,
               .out = {first, second, ldo, row, column},
               .row_end = row + rows,
               .column_end = column + columns};
    NTK_TRY(compute_block(&b));
    return ntk_scaling_undo(&k->scaling, row, rows, column, columns, out, ldo);
}

void ntk_kernel_blocks_destroy(ntk_kernel_blocks *k) {
    if (k == NULL) return;
    ntk_convolution_blocks_destroy(k->convolution);
    ntk_points_destroy(&k->x);
    ntk_points_destroy(&k->y);
    ntk_scaling_destroy(&k->scaling);
    ntk_release(k->matrix.layers);
    ntk_release(k);
}
