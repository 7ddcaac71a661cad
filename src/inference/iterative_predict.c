/* What a solution on tiles predicts at new points.
 *
 * With t_j = sqrt(Theta(y_j, y_j)), t_i = sqrt(Theta_ii): f*(y_j) - Theta(y_j, X) a = <J(y_j), w* -
 * w>, at most t_j ||w* - w||. The computed entries are off by entry_error t_j t_i, and none is
 * larger than (1 + entry_error) t_j t_i, so that a product of them in n terms and any order is off
 * by
 *
 *     (entry_error + (n + 2) u (1 + entry_error)) t_j sum_i t_i |a_ik|,
 *
 * and by n 2^-1074 for products that underflow. */
#include <ntk/iterative.h>

#include <float.h>
#include <math.h>
#include <string.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>

#include "inference/iterative_residual.h"

enum { ROWS = 256, COLUMNS = 2048 };

typedef struct prediction {
    const ntk_kernel_blocks *blocks;
    size_t n, q, outputs;
    const double *a;
    double *f, *block;
} prediction;

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static ntk_status predict_rows(const prediction *p, size_t row, size_t rows) {
    double *f = p->f + row * p->outputs;
    for (size_t column = 0; column < p->n; column += COLUMNS) {
        const size_t columns = smaller(COLUMNS, p->n - column);
        NTK_TRY(ntk_kernel_block(p->blocks, row, rows, column, columns, p->block, columns));
        NTK_TRY(ntk_gemm(NTK_NO_TRANSPOSE, NTK_NO_TRANSPOSE, rows, p->outputs, columns, 1, p->block, columns,
                         p->a + column * p->outputs, p->outputs, column > 0, f, p->outputs));
    }
    if (ntk_all_finite(rows * p->outputs, f)) return NTK_OK;
    for (size_t k = 0; k < rows * p->outputs; k++)
        if (!isfinite(f[k]))
            return ntk_fail(NTK_ERROR_NOT_FINITE, "predictions: row %zu, output %zu (from 0) is %g",
                            row + k / p->outputs, k % p->outputs, f[k]);
    return NTK_OK;
}

static ntk_status predict(prediction *p) {
    NTK_TRY(ntk_allocate_doubles(smaller(ROWS, p->q) * smaller(COLUMNS, p->n), &p->block));
    ntk_status status = NTK_OK;
    for (size_t row = 0; row < p->q && status == NTK_OK; row += ROWS)
        status = predict_rows(p, row, smaller(ROWS, p->q - row));
    ntk_release(p->block);
    return status;
}

/* roots (n): upper bounds of sqrt(Theta_ii). */
static ntk_status find_roots(const ntk_architecture *architecture, ntk_kernel_type type, size_t n, size_t d,
                             const double *x, double entry_error, double *roots) {
    ntk_tiles *tiles;
    NTK_TRY(ntk_tiles_of_kernel(architecture, type, n, d, x, d, &tiles));
    const ntk_status status = ntk_tiles_diagonal(tiles, roots);
    for (size_t i = 0; i < n && status == NTK_OK; i++)
        roots[i] = sqrt(roots[i]) * (1 + entry_error + DBL_EPSILON);
    ntk_tiles_destroy(tiles);
    return status;
}

/* max_k e_k. */
static double find_rounding(const prediction *p, const double *roots, double entry_error) {
    double most = 0;
    for (size_t k = 0; k < p->outputs; k++) {
        double mass = 0;
        for (size_t i = 0; i < p->n; i++) mass += roots[i] * fabs(p->a[i * p->outputs + k]);
        most = ntk_larger(most, mass);
    }
    return ntk_iterative_product(ntk_iterative_upper(most + (double)p->n * DBL_TRUE_MIN, p->n),
                                 entry_error + (double)(p->n + 64) * DBL_EPSILON / 2);
}

static ntk_status bound(const ntk_architecture *architecture, ntk_kernel_type type, const prediction *p,
                        size_t d, const double *x, const double *y, double weight_error, double entry_error,
                        double *radius) {
    double *roots = NULL;
    NTK_TRY(ntk_allocate_doubles(p->n, &roots));
    ntk_status status = find_roots(architecture, type, p->n, d, x, entry_error, roots);
    if (status == NTK_OK) status = find_roots(architecture, type, p->q, d, y, entry_error, radius);
    const double each = weight_error + find_rounding(p, roots, entry_error);
    for (size_t j = 0; j < p->q && status == NTK_OK; j++)
        if (radius[j] > 0)
            radius[j] =
                ntk_iterative_upper(ntk_iterative_product(radius[j], each) + (double)p->n * DBL_TRUE_MIN, 4);
    ntk_release(roots);
    return status;
}

ntk_status ntk_iterative_predict(const ntk_architecture *architecture, ntk_kernel_type type, size_t n,
                                 size_t q, size_t d, const double *x, const double *y, size_t outputs,
                                 const double *a, double weight_error, double entry_error, double *f,
                                 double *radius) {
    prediction p = {.n = n, .q = q, .outputs = outputs, .a = a, .f = f};
    ntk_kernel_blocks *blocks = NULL;
    if (outputs == 0) return ntk_fail(NTK_ERROR_SHAPE, "predictions: no outputs");
    NTK_TRY(ntk_kernel_blocks_create(architecture, type, q, n, d, y, d, x, d, &blocks));
    p.blocks = blocks;
    ntk_status status = predict(&p);
    ntk_kernel_blocks_destroy(blocks);
    if (status == NTK_OK && radius)
        status = bound(architecture, type, &p, d, x, y, weight_error, entry_error, radius);
    return status;
}
