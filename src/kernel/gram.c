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

enum {
    TILE = 256,  /* 512 kB of products: the second-level cache holds them between the product and
                  * the mirror */
    STRIP = 64,  /* columns: with K = 256 Hermite coefficients each, 256 kB */
    MIRROR = 16, /* rows and columns mirrored at a time: a cache line or two of each */
};
_Static_assert(STRIP % NTK_POINT_BLOCK == 0, "strips begin with a block of points");

/* A kernel matrix in the making. */
typedef struct {
    const ntk_architecture *architecture;
    const ntk_points *rows, *columns; /* the same for a Gram matrix */
    ntk_recursion recursion;
    ntk_recursion_run run;
    double *nngp, *ntk; /* either may be NULL */
    size_t ld;
} matrix;

typedef struct {
    size_t row, column, rows, columns; /* first ones, and how many */
    bool diagonal;
} tile;

/* Offset by a tile's position, NULL staying NULL. */
static double *at(double *base, size_t row, size_t column, size_t ld) {
    return base ? base + row * ld + column : NULL;
}

static ntk_status products(const matrix *m, const tile *t, double *out) {
    const ntk_points *rows = m->rows, *columns = m->columns;
    const double *x = rows->x + t->row * rows->ldx, *y = columns->x + t->column * columns->ldx;
    if (t->diagonal) return ntk_syrk(t->rows, rows->dimension, 1, x, rows->ldx, 0, out, m->ld);
    return ntk_gemm(NTK_NO_TRANSPOSE, NTK_TRANSPOSE, t->rows, t->columns, rows->dimension, 1, x, rows->ldx, y,
                    columns->ldx, 0, out, m->ld);
}

/* Columns `column` .. + count of row i, whose inner products stand in product. */
static ntk_status finish_row(const matrix *m, size_t i, size_t column, size_t count, const double *product) {
    size_t flagged[STRIP];
    double *nngp = at(m->nngp, i, column, m->ld), *ntk = at(m->ntk, i, column, m->ld);
    const size_t found = m->run(&m->recursion, i, column, count, product, nngp, ntk, flagged);
    for (size_t k = 0; k < found; k++) {
        double s = 0, theta = 0;
        NTK_TRY(ntk_pair_kernel(m->architecture, m->rows, i, m->columns, column + flagged[k], &s, &theta));
        if (nngp) nngp[flagged[k]] = s;
        if (ntk) ntk[flagged[k]] = theta;
    }
    return NTK_OK;
}

static void set_diagonal(const matrix *m, size_t i) {
    const ntk_points *points = m->rows;
    if (m->nngp) *at(m->nngp, i, i, m->ld) = points->variance[points->depth * points->stride + i];
    if (m->ntk) *at(m->ntk, i, i, m->ld) = points->tangent[i];
}

/* The tile's entries below the diagonal, copied to above it. */
static void mirror(double *a, size_t ld, const tile *t) {
    if (a == NULL) return;
    for (size_t i0 = t->row; i0 < t->row + t->rows; i0 += MIRROR)
        for (size_t j0 = t->column; j0 < t->column + t->columns && j0 < i0 + MIRROR; j0 += MIRROR)
            for (size_t j = j0; j < j0 + MIRROR && j < t->column + t->columns; j++)
                for (size_t i = i0 > j ? i0 : j + 1; i < i0 + MIRROR && i < t->row + t->rows; i++)
                    a[j * ld + i] = a[i * ld + j];
}

/* All rows of the tile, in strips of columns whose fields stay in cache from row to row. */
static ntk_status finish_tile(const matrix *m, const tile *t, const double *product) {
    for (size_t first = 0; first < t->columns; first += STRIP)
        for (size_t i = t->diagonal ? first + 1 : 0; i < t->rows; i++) {
            const size_t end = t->diagonal ? i : t->columns; /* below the diagonal only */
            const size_t count = end - first < STRIP ? end - first : STRIP;
            NTK_TRY(finish_row(m, t->row + i, t->column + first, count, product + i * m->ld + first));
        }
    return NTK_OK;
}

static ntk_status compute_tile(const matrix *m, const tile *t, bool symmetric) {
    double *out = at(m->ntk ? m->ntk : m->nngp, t->row, t->column, m->ld);
    NTK_TRY(products(m, t, out));
    NTK_TRY(finish_tile(m, t, out));
    for (size_t i = 0; t->diagonal && i < t->rows; i++) set_diagonal(m, t->row + i);
    if (symmetric) {
        mirror(m->nngp, m->ld, t);
        mirror(m->ntk, m->ld, t);
    }
    return NTK_OK;
}

static size_t tiles_across(size_t n) { return n / TILE + (n % TILE != 0); }

static tile tile_at(const matrix *m, size_t block_row, size_t block_column) {
    tile t = {.row = block_row * TILE, .column = block_column * TILE};
    const size_t rows = m->rows->count - t.row, columns = m->columns->count - t.column;
    t.rows = rows < TILE ? rows : TILE;
    t.columns = columns < TILE ? columns : TILE;
    return t;
}

/* Unit u of a Gram matrix: lower tiles numbered row by row, (0,0), (1,0), (1,1), (2,0), ... */
static ntk_status gram_unit(size_t unit, void *context) {
    const matrix *m = context;
    size_t row = 0, column = unit;
    while (column > row) column -= ++row;
    tile t = tile_at(m, row, column);
    t.diagonal = row == column;
    return compute_tile(m, &t, true);
}

static ntk_status cross_unit(size_t unit, void *context) {
    const matrix *m = context;
    const size_t across = tiles_across(m->columns->count);
    const tile t = tile_at(m, unit / across, unit % across);
    return compute_tile(m, &t, false);
}

static ntk_status compute(matrix *m, ntk_points *rows, ntk_points *columns) {
    const ntk_architecture *architecture = m->architecture;
    void *layers = NULL;
    NTK_TRY(ntk_allocate(architecture->depth, sizeof(ntk_recursion_layer), &layers));
    m->rows = rows;
    m->columns = columns;
    m->recursion = ntk_recursion_create(architecture, rows->dimension, layers);
    m->run = ntk_recursion_chosen(architecture);
    ntk_status status = ntk_points_recurse(architecture, rows, columns, &m->recursion);
    const size_t down = tiles_across(rows->count), across = tiles_across(columns->count);
    if (status == NTK_OK)
        status = rows == columns ? ntk_map(down * (down + 1) / 2, gram_unit, m)
                                 : ntk_map(down * across, cross_unit, m);
    ntk_release(layers);
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

ntk_status ntk_kernel_gram_both(const ntk_architecture *architecture, size_t n, size_t d, const double *x,
                                size_t ldx, double *nngp, double *ntk, size_t ldg) {
    NTK_TRY(check(architecture, n, n, d));
    NTK_TRY(check_stride("x", ldx, d));
    NTK_TRY(check_stride("the Gram matrix", ldg, n));
    if (nngp == NULL && ntk == NULL) return ntk_fail(NTK_ERROR_ARGUMENT, "kernel: no output is asked for");
    if (architecture->family == NTK_CONVOLUTIONAL)
        return ntk_convolution_matrix(architecture, d, n, x, ldx, n, NULL, 0, nngp, ntk, ldg);
    ntk_points points = {0};
    matrix m = {.architecture = architecture, .nngp = nngp, .ntk = ntk, .ld = ldg};
    ntk_status status = ntk_points_create(architecture, n, d, x, ldx, &points);
    if (status == NTK_OK) status = compute(&m, &points, &points);
    ntk_points_destroy(&points);
    return status;
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
    if (architecture->family == NTK_CONVOLUTIONAL)
        return ntk_convolution_matrix(architecture, d, n, x, ldx, m, y, ldy, nngp ? kernel : NULL,
                                      nngp ? NULL : kernel, ldk);
    matrix out = {
        .architecture = architecture, .nngp = nngp ? kernel : NULL, .ntk = nngp ? NULL : kernel, .ld = ldk};
    ntk_points rows = {0}, columns = {0};
    ntk_status status = ntk_points_create(architecture, n, d, x, ldx, &rows);
    if (status == NTK_OK) status = ntk_points_create(architecture, m, d, y, ldy, &columns);
    if (status == NTK_OK) status = compute(&out, &rows, &columns);
    ntk_points_destroy(&rows);
    ntk_points_destroy(&columns);
    return status;
}
