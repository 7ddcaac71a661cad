/* The Newton system (lambda I + H Theta) delta = -r, of order n K.
 *
 * The curvature factorises row by row. With s = sqrt(p) entrywise, a unit vector, and D = diag p,
 *
 *     n H_i = diag p - p p^T = D^{1/2} Pi D^{1/2},      Pi = I - s s^T, an orthogonal projection
 *
 * (logistic: D = h, Pi = 1). Write Lambda = n lambda, T = D^{1/2} Theta D^{1/2}, u = Theta delta and z = Pi
 * D^{1/2} u. Then H u = D^{1/2} z / n, and the system says
 *
 *     delta = -(n r + D^{1/2} z) / Lambda,                                               (1)
 *     M z = b,    M = Lambda I + Pi T Pi,    b = -n Pi D^{1/2} Theta r,    Pi z = z:     (2)
 *
 * symmetric, positive definite, its eigenvalues at least Lambda whatever Theta. For any z, delta of (1) and
 * the residual rho = b - M z of (2) satisfy (lambda I + H Theta) delta + r = D^{1/2} rho / (n Lambda),
 * exactly also in the kernel of Theta, where an iteration for delta itself loses control of its rounding
 * (there no product with Theta sees what it does). (2) is solved by conjugate gradients. In the terms of w =
 * J^T a: every iterate z satisfies b^T z = z^T M z <= b^T M^{-1} b < n Lambda ||J^T r||^2 ... / lambda, which
 * makes <J^T r, J^T delta> = -(n ||J^T r||^2 - b^T z / n) / Lambda negative: a direction of descent, however
 * early the iteration is stopped.
 *
 * The preconditioner is M_0^{-1}, the same matrix at an earlier iterate, so that a factorisation serves
 * several Newton steps. Two ways to it:
 *
 * A full Gram matrix of order nK: the Cholesky factor of M_0.
 *
 * A scalar kernel, shared by the classes: T is block diagonal, with T_c = D_c^{1/2} Theta D_c^{1/2} of order
 * n for each class, and so is N = Lambda I + T. On the range of Pi, x = M_0^{-1} rho means Pi N x = rho, Pi x
 * = x, that is
 *
 *     x_c = N_c^{-1} (rho_c + s_c g),     sum_c s_c x_c = 0,
 *
 * with one multiplier g_i for each point; insert one into the other:
 *
 *     G g = -sum_c s_c N_c^{-1} rho_c,    G = sum_c diag(s_c) N_c^{-1} diag(s_c).
 *
 * On the complement M_0 is Lambda. These are K + 1 factorisations of order n (Rasmussen and Williams 2006,
 * section 3.5, has the same count for delta) in place of one of order nK: for n = 1000, K = 10 a hundredth of
 * the memory and a thirtieth of the work or less. */
#include "inference/newton.h"

#include <math.h>
#include <string.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/parallel.h>

#include "inference/problem.h"

struct ntk_newton {
    const ntk_inference_problem *problem;
    size_t unknowns; /* nK */
    double ridge;    /* Lambda */
    /* Shared kernel: N_c^{-1}, (K, n, n), lower triangles, and for K > 1 the Cholesky factor of G, (n, n).
     * Full kernel: the Cholesky factor of M_0, (nK, nK). */
    double *blocks, *multiplier_factor;
    /* All (n, K) from here on, or (K, n) by class; roots are D^{1/2} of the factorisation and of the system.
     */
    double *factor_root, *root;
    double *by_class, *solved; /* (K, n) */
    double *multiplier;        /* (n) */
    double *z, *residual, *next, *search, *applied, *scratch;
};

static bool is_shared(const ntk_newton *newton) { return ntk_inference_is_shared(newton->problem); }

void ntk_newton_destroy(ntk_newton *newton) {
    if (!newton) return;
    ntk_release(newton->factor_root); /* the start of all arrays of nK */
    ntk_release(newton->blocks);
    ntk_release(newton->multiplier_factor);
    ntk_release(newton);
}

static ntk_status allocate_arrays(ntk_newton *newton) {
    const size_t outputs = newton->problem->outputs, order = newton->problem->order;
    double **const arrays[] = {&newton->factor_root, &newton->root,    &newton->by_class, &newton->solved,
                               &newton->multiplier,  &newton->z,       &newton->residual, &newton->next,
                               &newton->search,      &newton->applied, &newton->scratch};
    const size_t count = sizeof arrays / sizeof arrays[0], blocks = newton->unknowns / order;
    NTK_TRY(ntk_allocate_doubles(count * newton->unknowns, arrays[0]));
    for (size_t i = 1; i < count; ++i) *arrays[i] = *arrays[0] + i * newton->unknowns;
    if (order > SIZE_MAX / order / blocks)
        return ntk_fail(NTK_ERROR_SHAPE, "Newton: %zu matrices of order %zu are too large", blocks, order);
    NTK_TRY(ntk_allocate_doubles(blocks * order * order, &newton->blocks));
    return is_shared(newton) && outputs > 1 ? ntk_allocate_doubles(order * order, &newton->multiplier_factor)
                                            : NTK_OK;
}

ntk_status ntk_newton_create(const ntk_inference_problem *problem, ntk_newton **out) {
    void *memory = NULL;
    NTK_TRY(ntk_allocate(1, sizeof(ntk_newton), &memory));
    ntk_newton *newton = memory;
    newton->problem = problem;
    newton->unknowns = ntk_inference_unknowns(problem);
    newton->ridge = (double)problem->points * problem->lambda;
    const ntk_status status = allocate_arrays(newton);
    if (status == NTK_OK)
        *out = newton;
    else
        ntk_newton_destroy(newton);
    return status;
}

/* ---- the projection ------------------------------------------------------------------------------------ */

/* v <- Pi v on each row. At the top entry of s, v - s (s^T v) cancels where p is close to one-hot; the
 * condition s^T Pi v = 0 gives it from the others. */
static void project(const ntk_newton *newton, const double *root, double *v) {
    const size_t outputs = newton->problem->outputs;
    if (outputs == 1) return;
    for (size_t at = 0; at < newton->unknowns; at += outputs) {
        const double *s = root + at;
        size_t top = 0;
        for (size_t k = 1; k < outputs; ++k)
            if (s[k] > s[top]) top = k;
        const double along = ntk_dot(outputs, s, v + at);
        double others = 0;
        for (size_t k = 0; k < outputs; ++k) {
            v[at + k] -= s[k] * along;
            if (k != top) others += s[k] * v[at + k];
        }
        v[at + top] = -others / s[top];
    }
}

/* out = root o v, entry by entry. */
static void scale(const ntk_newton *newton, const double *root, const double *v, double *out) {
    for (size_t i = 0; i < newton->unknowns; ++i) out[i] = root[i] * v[i];
}

static void find_root(const ntk_newton *newton, const double *weight, double *root) {
    for (size_t i = 0; i < newton->unknowns; ++i) root[i] = sqrt(weight[i]);
}

/* ---- factorisation, shared kernel ---------------------------------------------------------------------- */

/* N_c^{-1}, its lower triangle. */
static ntk_status factorise_class(size_t class, void *context) {
    const ntk_newton *newton = context;
    const size_t n = newton->problem->points, outputs = newton->problem->outputs;
    const double *root = newton->factor_root + class;
    double *block = newton->blocks + class * n * n;
    for (size_t i = 0; i < n; ++i) {
        const double *row = newton->problem->gram + i * n;
        for (size_t j = 0; j <= i; ++j) block[i * n + j] = root[i * outputs] * row[j] * root[j * outputs];
        block[i * n + i] += newton->ridge;
    }
    NTK_TRY(ntk_cholesky(n, block, n));
    return ntk_cholesky_inverse(n, block, n);
}

static ntk_status factorise_multiplier(ntk_newton *newton) {
    const size_t n = newton->problem->points, outputs = newton->problem->outputs;
    double *sum = newton->multiplier_factor;
    memset(sum, 0, n * n * sizeof *sum);
    for (size_t class = 0; class < outputs; ++class) {
        const double *root = newton->factor_root + class, *block = newton->blocks + class * n * n;
        for (size_t i = 0; i < n; ++i)
            for (size_t j = 0; j <= i; ++j)
                sum[i * n + j] += root[i * outputs] * block[i * n + j] * root[j * outputs];
    }
    return ntk_cholesky(n, sum, n);
}

static ntk_status solve_class(size_t class, void *context) {
    const ntk_newton *newton = context;
    const size_t n = newton->problem->points;
    return ntk_symv(n, 1, newton->blocks + class * n * n, n, newton->by_class + class * n, 0,
                    newton->solved + class * n);
}

/* to[j * rows + i] = from[i * columns + j]. */
static void transpose(size_t rows, size_t columns, const double *from, double *to) {
    for (size_t i = 0; i < rows; ++i)
        for (size_t j = 0; j < columns; ++j) to[j * rows + i] = from[i * columns + j];
}

/* by_class holds the rho_c, and solved the N_c^{-1} rho_c: add s_c g to by_class. */
static ntk_status add_multiplier(ntk_newton *newton) {
    const size_t n = newton->problem->points, outputs = newton->problem->outputs;
    double *g = newton->multiplier;
    memset(g, 0, n * sizeof *g);
    for (size_t class = 0; class < outputs; ++class)
        for (size_t i = 0; i < n; ++i)
            g[i] -= newton->factor_root[i * outputs + class] * newton->solved[class * n + i];
    NTK_TRY(ntk_cholesky_solve(n, 1, newton->multiplier_factor, n, g, 1));
    for (size_t class = 0; class < outputs; ++class)
        for (size_t i = 0; i < n; ++i)
            newton->by_class[class * n + i] += newton->factor_root[i * outputs + class] * g[i];
    return NTK_OK;
}

/* x = M_0^{-1} rho for a rho in the range of the factorisation's Pi. */
static ntk_status solve_shared(ntk_newton *newton, const double *rho, double *x) {
    const size_t n = newton->problem->points, outputs = newton->problem->outputs;
    transpose(n, outputs, rho, newton->by_class);
    NTK_TRY(ntk_map(outputs, solve_class, newton));
    if (outputs > 1) {
        NTK_TRY(add_multiplier(newton));
        NTK_TRY(ntk_map(outputs, solve_class, newton));
    }
    transpose(outputs, n, newton->solved, x);
    return NTK_OK;
}

/* ---- factorisation, full kernel ------------------------------------------------------------------------ */

/* M_0: Pi D^{1/2} on the rows of Theta, which is symmetric, then on the columns of what that gives. */
static void assemble_full(ntk_newton *newton) {
    const size_t order = newton->unknowns;
    const double *root = newton->factor_root;
    double *matrix = newton->blocks, *column = newton->scratch;
    for (size_t i = 0; i < order; ++i) {
        scale(newton, root, newton->problem->gram + i * order, matrix + i * order);
        project(newton, root, matrix + i * order);
    }
    for (size_t j = 0; j < order; ++j) {
        for (size_t i = 0; i < order; ++i) column[i] = root[i] * matrix[i * order + j];
        project(newton, root, column);
        for (size_t i = 0; i < order; ++i) matrix[i * order + j] = column[i];
    }
    for (size_t i = 0; i < order; ++i) matrix[i * order + i] += newton->ridge;
}

ntk_status ntk_newton_factorise(ntk_newton *newton, const double *weight) {
    find_root(newton, weight, newton->factor_root);
    if (!is_shared(newton)) {
        assemble_full(newton);
        return ntk_cholesky(newton->unknowns, newton->blocks, newton->unknowns);
    }
    NTK_TRY(ntk_map(newton->problem->outputs, factorise_class, newton));
    return newton->problem->outputs > 1 ? factorise_multiplier(newton) : NTK_OK;
}

/* ---- conjugate gradients ------------------------------------------------------------------------------- */

/* next = Pi M_0^{-1} residual; *square = residual^T next. */
static ntk_status precondition(ntk_newton *newton, double *square) {
    const size_t unknowns = newton->unknowns;
    double *inside = newton->scratch;
    memcpy(inside, newton->residual, unknowns * sizeof *inside);
    project(newton, newton->factor_root, inside);
    if (is_shared(newton)) {
        NTK_TRY(solve_shared(newton, inside, newton->next));
    } else {
        memcpy(newton->next, inside, unknowns * sizeof *inside);
        NTK_TRY(ntk_cholesky_solve(unknowns, 1, newton->blocks, unknowns, newton->next, 1));
    }
    for (size_t i = 0; i < unknowns; ++i)
        newton->next[i] += (newton->residual[i] - inside[i]) / newton->ridge;
    project(newton, newton->root, newton->next);
    *square = ntk_dot(unknowns, newton->residual, newton->next);
    return NTK_OK;
}

/* applied = M search. */
static ntk_status apply_matrix(ntk_newton *newton) {
    scale(newton, newton->root, newton->search, newton->scratch);
    NTK_TRY(ntk_inference_apply(newton->problem, newton->scratch, newton->applied));
    scale(newton, newton->root, newton->applied, newton->applied);
    project(newton, newton->root, newton->applied);
    for (size_t i = 0; i < newton->unknowns; ++i) newton->applied[i] += newton->ridge * newton->search[i];
    return NTK_OK;
}

/* *norm = ||J^T D^{1/2} residual|| / (n Lambda), the residual of the system itself. */
static ntk_status system_residual(ntk_newton *newton, double *norm) {
    double *weighted = newton->scratch, *image = newton->applied;
    scale(newton, newton->root, newton->residual, weighted);
    NTK_TRY(ntk_inference_apply(newton->problem, weighted, image));
    NTK_TRY(ntk_inference_seminorm(newton->problem, weighted, image, norm));
    *norm /= (double)newton->problem->points * newton->ridge;
    return NTK_OK;
}

/* z = 0, residual = b. */
static void start(ntk_newton *newton, const ntk_newton_system *system) {
    const size_t size = newton->unknowns * sizeof *newton->z;
    find_root(newton, system->weight, newton->root);
    memset(newton->z, 0, size);
    memset(newton->search, 0, size);
    for (size_t i = 0; i < newton->unknowns; ++i)
        newton->residual[i] = -(double)newton->problem->points * newton->root[i] * system->r_image[i];
    project(newton, newton->root, newton->residual);
}

/* One iteration; *last is the square of the one before, 0 at first. Nothing moves, and *moved is false, where
 * rounding has eaten what is left. */
static ntk_status iterate(ntk_newton *newton, double *last, bool *moved) {
    const size_t unknowns = newton->unknowns;
    double square = 0;
    NTK_TRY(precondition(newton, &square));
    const double conjugate = *last > 0 ? square / *last : 0;
    for (size_t i = 0; i < unknowns; ++i) newton->search[i] = newton->next[i] + conjugate * newton->search[i];
    NTK_TRY(apply_matrix(newton));
    const double length = square / ntk_dot(unknowns, newton->search, newton->applied);
    *moved = isfinite(length) && length > 0;
    if (!*moved) return NTK_OK;
    for (size_t i = 0; i < unknowns; ++i) newton->z[i] += length * newton->search[i];
    for (size_t i = 0; i < unknowns; ++i) newton->residual[i] -= length * newton->applied[i];
    *last = square;
    return NTK_OK;
}

ntk_status ntk_newton_solve(ntk_newton *newton, const ntk_newton_system *system, double tolerance,
                            size_t max_iterations, double *delta, double *image, size_t *iterations,
                            bool *reached) {
    start(newton, system);
    double last = 0, norm = 0;
    bool moved = true;
    *reached = false;
    for (size_t i = 0; i < max_iterations && moved && !*reached; ++i) {
        NTK_TRY(iterate(newton, &last, &moved));
        NTK_TRY(system_residual(newton, &norm));
        *reached = norm <= tolerance * system->gradient_norm;
        *iterations += moved;
    }
    for (size_t i = 0; i < newton->unknowns; ++i)
        delta[i] = -((double)newton->problem->points * system->r[i] + newton->root[i] * newton->z[i]) /
                   newton->ridge;
    return ntk_inference_apply(newton->problem, delta, image);
}
