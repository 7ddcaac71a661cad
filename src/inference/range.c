/* A Gram matrix of order m has entries that are rounded, some eps sqrt(Theta_ii Theta_jj) each, and
 * the eigenvalues that are computed of it are off by as much again: with a diagonal brought to 1,
 * which makes the answer independent of the units of the rows, by some m eps. Eigenvalues below
 * four times that may be 0. */
#include "inference/range.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>

static double balance(double diagonal) {
    int exponent;
    if (!(diagonal > 0)) return 1;
    (void)frexp(diagonal, &exponent);
    return ldexp(1, -(exponent >= 0 ? exponent / 2 : (exponent - 1) / 2));
}

static ntk_status decompose(ntk_range *range, const double *matrix, double *scratch, double *values) {
    const size_t order = range->order;
    for (size_t i = 0; i < order; ++i) range->scale[i] = balance(matrix[i * (order + 1)]);
    for (size_t i = 0; i < order; ++i)
        for (size_t j = 0; j < order; ++j)
            scratch[i * order + j] = range->scale[i] * matrix[i * order + j] * range->scale[j];
    NTK_TRY(ntk_eigen_symmetric(order, scratch, order, true, values));
    const double size = fmax(fabs(values[0]), fabs(values[order - 1]));
    range->rounding = 4 * (double)order * DBL_EPSILON * size;
    range->smallest = values[0];
    size_t null = 0;
    while (null < order && !(values[null] > range->rounding)) ++null;
    range->rank = order - null;
    for (size_t k = null; k < order; ++k) range->values[k - null] = values[k];
    for (size_t i = 0; i < order; ++i)
        for (size_t k = null; k < order; ++k)
            range->vectors[i * range->rank + k - null] = scratch[i * order + k];
    return NTK_OK;
}

ntk_status ntk_range_create(size_t order, const double *matrix, ntk_range *out) {
    *out = (ntk_range){.order = order};
    double *memory = NULL, *scratch = NULL;
    ntk_status status = ntk_allocate_doubles(order * (order + 2), &memory);
    if (status == NTK_OK) status = ntk_allocate_doubles(order * (order + 1), &scratch);
    if (status == NTK_OK) {
        out->memory = memory;
        out->vectors = memory;
        out->values = memory + order * order;
        out->scale = out->values + order;
        status = decompose(out, matrix, scratch, scratch + order * order);
    }
    ntk_release(scratch);
    if (status != NTK_OK) ntk_range_release(out);
    return status;
}

void ntk_range_release(ntk_range *range) {
    ntk_release(range->memory);
    *range = (ntk_range){0};
}

bool ntk_range_is_indefinite(const ntk_range *range) { return range->smallest < -range->rounding; }

/* parts (rank, columns) = diag(values)^{-1/2} V^T D b. */
static ntk_status to_parts(const ntk_range *range, size_t columns, const double *b, double *parts) {
    const size_t order = range->order, rank = range->rank;
    double *scaled = NULL;
    NTK_TRY(ntk_allocate_doubles(order * columns, &scaled));
    for (size_t i = 0; i < order * columns; ++i) scaled[i] = range->scale[i / columns] * b[i];
    ntk_status status = NTK_OK;
    if (rank > 0)
        status = ntk_gemm(NTK_TRANSPOSE, NTK_NO_TRANSPOSE, rank, columns, order, 1, range->vectors, rank,
                          scaled, columns, 0, parts, columns);
    for (size_t i = 0; i < rank * columns; ++i) parts[i] /= sqrt(range->values[i / columns]);
    ntk_release(scaled);
    return status;
}

/* x = D V diag(values)^{-1/2} parts; parts (rank, columns) are overwritten. */
static ntk_status from_parts(const ntk_range *range, size_t columns, double *parts, double *x) {
    const size_t order = range->order, rank = range->rank;
    for (size_t i = 0; i < rank * columns; ++i) parts[i] /= sqrt(range->values[i / columns]);
    memset(x, 0, order * columns * sizeof *x);
    if (rank > 0)
        NTK_TRY(ntk_gemm(NTK_NO_TRANSPOSE, NTK_NO_TRANSPOSE, order, columns, rank, 1, range->vectors, rank,
                         parts, columns, 0, x, columns));
    for (size_t i = 0; i < order * columns; ++i) x[i] *= range->scale[i / columns];
    return NTK_OK;
}

ntk_status ntk_range_solve(const ntk_range *range, size_t columns, const double *b, double *x) {
    double *parts = NULL;
    NTK_TRY(ntk_allocate_doubles(range->rank * columns, &parts));
    ntk_status status = to_parts(range, columns, b, parts);
    if (status == NTK_OK) status = from_parts(range, columns, parts, x);
    ntk_release(parts);
    return status;
}

ntk_status ntk_range_whiten(const ntk_range *range, ntk_transpose transpose, size_t columns, const double *b,
                            double *out) {
    const size_t count = range->rank * columns;
    double *parts = NULL;
    NTK_TRY(ntk_allocate_doubles(count, &parts));
    ntk_status status = NTK_OK;
    if (transpose == NTK_TRANSPOSE) {
        memcpy(parts, b, count * sizeof *parts);
        status = from_parts(range, columns, parts, out);
    } else {
        status = to_parts(range, columns, b, parts);
        memset(out, 0, range->order * columns * sizeof *out);
        memcpy(out, parts, count * sizeof *parts);
    }
    ntk_release(parts);
    return status;
}

void ntk_range_root(const ntk_range *range, double *root) {
    const size_t order = range->order, rank = range->rank;
    memset(root, 0, order * order * sizeof *root);
    for (size_t i = 0; i < order; ++i)
        for (size_t k = 0; k < rank; ++k)
            root[i * order + k] = range->vectors[i * rank + k] * sqrt(range->values[k]) / range->scale[i];
}
