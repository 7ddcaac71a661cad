/* (lambda I + H Theta) delta = -r, without losing what is small beside what is large.
 *
 * Where lambda is tiny the curvatures d of the points lie many orders of magnitude apart: about
 * lambda |a| at a point that is classified with confidence, 1/n at one whose label is contradicted.
 * Neither lambda I + H Theta nor its symmetric form I + H^{1/2} Theta H^{1/2} / lambda shows what
 * happens at the former once a number has been rounded that belongs to the latter. Divided by H,
 * row by row, the equation is that of Gaussian regression with noise lambda / d,
 *
 *     logistic    lambda (delta + r / lambda) / d + Theta delta = 0,                   d_i = H_i,
 *     softmax     lambda (delta_k + r_k / lambda) / d_k + Theta delta_k = t,   sum_k delta_k = 0,
 *
 * d_ik = (m_i / n) p_ik, where t (n) is the shift of the outputs of each point which H does not
 * see: H x = d (x - sum_k p_k x_k). The noise is small where the data are stiff and about Theta
 * where they are not: as well conditioned as Theta itself. With
 *
 *     delta = z + delta_0,    delta_0 = -r / lambda where d < lambda, and 0 elsewhere,
 *
 * nothing is divided by a small d:
 *
 *     (Theta + lambda / d) z = t - b,    b = Theta delta_0 + (r / d where d >= lambda).
 *
 * With S = diag(min(1, (d / lambda)^{1/2})) the matrix is S^{-1} C S^{-1},
 *
 *     C = S Theta S + diag(min(1, lambda / d)),     z = S C^{-1} S (t - b),
 *
 * in which d = 0 is allowed. For a shared kernel there is a C_k for each class, for a full one a
 * single C of order nK; with R (order, n) the sum over the outputs of a point, X_k = C_k^{-1} S_k R
 * and
 *
 *     (sum_k R^T S_k X_k) t = sum_k R^T S_k C_k^{-1} S_k b_k - sum_k delta_0k. */
#include "inference/direct.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>

#include "inference/inference_problem.h"

/* Doubles of all arrays together: 4 GB. */
static const double most_memory = (double)((size_t)1 << 29);

struct ntk_direct {
    const ntk_distinct *distinct;
    const ntk_inference_problem *problem; /* that of the distinct points */
    bool softmax;
    size_t unknowns;
    size_t blocks;         /* K for a shared kernel, 1 for a full one; each of the order of gram */
    double *scale, *noise; /* (n, K): S and lambda S^2 / d */
    double *start;         /* (n, K): delta_0 */
    double *right;         /* (n, K): b, then z */
    double *column;        /* (order) */
    double *shift;         /* (n): t */
    double *factors;       /* (blocks, order, order): of C_k */
    double *reach;         /* (order, n): X_k; softmax only */
    double *coupling;      /* (n, n): of t; softmax only */
    void *memory;
};

void ntk_direct_destroy(ntk_direct *direct) {
    if (!direct) return;
    ntk_release(direct->memory);
    ntk_release(direct);
}

ntk_status ntk_direct_create(const ntk_distinct *distinct, ntk_direct **out) {
    const ntk_inference_problem *problem = &distinct->problem;
    const size_t n = problem->points, order = problem->order, unknowns = ntk_inference_unknowns(problem);
    const size_t blocks = unknowns / order;
    const bool softmax = problem->loss == NTK_LOSS_SOFTMAX;
    const double wanted =
        (double)blocks * (double)order * (double)order + (softmax ? (double)(order + n) * (double)n : 0);
    if (!(wanted <= most_memory))
        return ntk_fail(NTK_ERROR_NO_CONVERGENCE,
                        "kernel logistic regression: %zu points with %zu outputs are too many for a problem "
                        "as stiff as this",
                        n, problem->outputs);
    void *own = NULL;
    double *memory = NULL;
    NTK_TRY(ntk_allocate(1, sizeof(ntk_direct), &own));
    const ntk_status status = ntk_allocate_doubles(4 * unknowns + order + n + (size_t)wanted, &memory);
    if (status != NTK_OK) {
        ntk_release(own);
        return status;
    }
    ntk_direct *d = own;
    *d = (ntk_direct){.distinct = distinct, .problem = problem, .softmax = softmax, .unknowns = unknowns};
    d->blocks = blocks;
    d->memory = memory;
    double *next = memory;
    double **const rows[] = {&d->scale, &d->noise, &d->start, &d->right};
    for (size_t i = 0; i < 4; i++, next += unknowns) *rows[i] = next;
    d->column = next, next += order;
    d->shift = next, next += n;
    d->factors = next, next += blocks * order * order;
    d->reach = next, next += softmax ? order * n : 0;
    d->coupling = next;
    *out = d;
    return NTK_OK;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

/* Which unknown the row `row` of the block is, and which point. */
static size_t unknown_of(const ntk_direct *d, size_t block, size_t row) {
    return d->blocks == 1 ? row : row * d->problem->outputs + block;
}

static size_t point_of(const ntk_direct *d, size_t row) {
    return row / (d->problem->order / d->problem->points);
}

static double *factor_of(const ntk_direct *d, size_t block) {
    return d->factors + block * d->problem->order * d->problem->order;
}

static ntk_status factorise(ntk_direct *d, size_t block) {
    const size_t order = d->problem->order;
    double *factor = factor_of(d, block);
    for (size_t i = 0; i < order; i++) {
        const size_t at = unknown_of(d, block, i);
        for (size_t j = 0; j <= i; j++)
            factor[i * order + j] =
                d->scale[at] * d->problem->gram[i * order + j] * d->scale[unknown_of(d, block, j)];
        factor[i * order + i] += d->noise[at];
    }
    return ntk_cholesky(order, factor, order);
}

/* column <- S C^{-1} S column. */
static ntk_status apply_inverse(const ntk_direct *d, size_t block, double *column) {
    const size_t order = d->problem->order;
    for (size_t i = 0; i < order; i++) column[i] *= d->scale[unknown_of(d, block, i)];
    NTK_TRY(ntk_cholesky_solve(order, 1, factor_of(d, block), order, column, 1));
    for (size_t i = 0; i < order; i++) column[i] *= d->scale[unknown_of(d, block, i)];
    return NTK_OK;
}

/* X_k, and its part of the matrix of t. */
static ntk_status couple(ntk_direct *d, size_t block) {
    const size_t order = d->problem->order, n = d->problem->points;
    double *reach = d->reach;
    memset(reach, 0, order * n * sizeof *reach);
    for (size_t i = 0; i < order; i++) reach[i * n + point_of(d, i)] = d->scale[unknown_of(d, block, i)];
    NTK_TRY(ntk_cholesky_solve(order, n, factor_of(d, block), order, reach, n));
    for (size_t i = 0; i < order; i++) {
        const double scale = d->scale[unknown_of(d, block, i)];
        double *row = d->coupling + point_of(d, i) * n;
        for (size_t j = 0; j < n; j++) row[j] += scale * reach[i * n + j];
    }
    return NTK_OK;
}

/* ---- the step -------------------------------------------------------------------------------- */

/* S, lambda S^2 / d, delta_0 and the part r / d of b. */
static void prepare(ntk_direct *d, const double *weight, const double *r) {
    const double lambda = d->problem->lambda;
    for (size_t i = 0; i < d->unknowns; i++) {
        const double curvature = ntk_distinct_share(d->distinct, i / d->problem->outputs) * weight[i];
        const bool stiff = curvature >= lambda;
        d->scale[i] = stiff ? 1 : sqrt(curvature / lambda);
        d->noise[i] = stiff ? lambda / curvature : 1;
        d->start[i] = stiff ? 0 : -r[i] / lambda;
        d->right[i] = stiff ? r[i] / curvature : 0;
    }
}

static ntk_status find_shift(ntk_direct *d) {
    const size_t n = d->problem->points, order = d->problem->order, outputs = d->problem->outputs;
    memset(d->shift, 0, n * sizeof *d->shift);
    memset(d->coupling, 0, n * n * sizeof *d->coupling);
    for (size_t i = 0; i < d->unknowns; i++) d->shift[i / outputs] -= d->start[i];
    for (size_t block = 0; block < d->blocks; block++) {
        NTK_TRY(couple(d, block));
        for (size_t i = 0; i < order; i++) d->column[i] = d->right[unknown_of(d, block, i)];
        NTK_TRY(apply_inverse(d, block, d->column));
        for (size_t i = 0; i < order; i++) d->shift[point_of(d, i)] += d->column[i];
    }
    NTK_TRY(ntk_cholesky(n, d->coupling, n));
    return ntk_cholesky_solve(n, 1, d->coupling, n, d->shift, 1);
}

ntk_status ntk_direct_solve(ntk_direct *d, const double *weight, const double *r, double *delta) {
    const size_t order = d->problem->order;
    prepare(d, weight, r);
    NTK_TRY(ntk_inference_apply(d->problem, d->start, delta)); /* scratch */
    for (size_t i = 0; i < d->unknowns; i++) d->right[i] += delta[i];
    for (size_t block = 0; block < d->blocks; block++) NTK_TRY(factorise(d, block));
    if (d->softmax) NTK_TRY(find_shift(d));
    for (size_t block = 0; block < d->blocks; block++) {
        for (size_t i = 0; i < order; i++) {
            const double shift = d->softmax ? d->shift[point_of(d, i)] : 0;
            d->column[i] = shift - d->right[unknown_of(d, block, i)];
        }
        NTK_TRY(apply_inverse(d, block, d->column));
        for (size_t i = 0; i < order; i++) {
            const size_t at = unknown_of(d, block, i);
            delta[at] = d->start[at] + d->column[i];
        }
    }
    return NTK_OK;
}
