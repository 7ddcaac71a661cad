/* The Newton system A delta = -r, A = lambda I + H Theta, of order n K, by conjugate gradients.
 *
 * A is self-adjoint and positive in the inner product <x, y> = x^T Theta y: there it is lambda +
 * J^T H J acting on w = J^T x. Conjugate gradients in that inner product are those for w, without w
 * or J: an iteration is one product with Theta (for a scalar kernel with (n, K) arrays, so that the
 * K classes cost little more than one), and its number is that of the directions whose curvature is
 * well above lambda. In exact arithmetic the iterates decrease the quadratic model of P, so each is
 * a direction of descent. A factorisation of A itself, or K + 1 of order n which the structure of H
 * allows (Rasmussen and Williams 2006, section 3.5), costs hundreds of iterations, and loses to
 * rounding what A's condition number, up to ||Theta|| / (n lambda), takes.
 *
 * The inner product does not see the kernel of Theta, and needs help there: what r has in it would
 * stay, and in the end its rounding would hide the rest. So a run of conjugate gradients is
 * followed by
 *
 *     delta <- delta - A_1^{-1} (A delta + r),      A_1 = lambda I + M Theta,   M = diag(m_i / n),
 *
 * which multiplies the error by 1 - A_1^{-1} A. Since 0 <= H <= M, that is self-adjoint in the
 * inner product that A_1 Theta defines, and lies between 0 and 1: the error shrinks in every
 * direction, and becomes 0 in the kernel of Theta, where A_1 = A = lambda. The residual is then
 * computed afresh, and another run follows if it is still too large. */
#include "inference/newton.h"

#include <math.h>
#include <string.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>

#include "inference/curvature.h"
#include "inference/inference_problem.h"

struct ntk_newton {
    const ntk_distinct *distinct;
    const ntk_inference_problem *problem; /* that of the distinct points */
    size_t unknowns;                      /* nK */
    double *bound_factor;                 /* (order, order), Cholesky factor of Theta + lambda
                                           * M^{-1} */
    /* (n, K) each: residual = -(A delta + r) and Theta times it, search direction and Theta times
     * it, A times the search direction. */
    double *residual, *residual_image, *search, *search_image, *applied;
};

void ntk_newton_destroy(ntk_newton *newton) {
    if (!newton) return;
    ntk_release(newton->residual); /* the start of all arrays of nK */
    ntk_release(newton->bound_factor);
    ntk_release(newton);
}

static ntk_status factorise_bound(ntk_newton *newton) {
    const ntk_inference_problem *problem = newton->problem;
    const size_t order = problem->order;
    NTK_TRY(ntk_allocate_doubles(order * order, &newton->bound_factor));
    memcpy(newton->bound_factor, problem->gram, order * order * sizeof *newton->bound_factor);
    const size_t rows = order / problem->points;
    for (size_t i = 0; i < order; ++i) {
        const double copies = newton->distinct->copies ? newton->distinct->copies[i / rows] : 1;
        newton->bound_factor[i * order + i] += (double)newton->distinct->all * problem->lambda / copies;
    }
    return ntk_cholesky(order, newton->bound_factor, order);
}

static ntk_status allocate_arrays(ntk_newton *newton) {
    NTK_TRY(ntk_allocate_doubles(5 * newton->unknowns, &newton->residual));
    newton->residual_image = newton->residual + newton->unknowns;
    newton->search = newton->residual_image + newton->unknowns;
    newton->search_image = newton->search + newton->unknowns;
    newton->applied = newton->search_image + newton->unknowns;
    return NTK_OK;
}

ntk_status ntk_newton_create(const ntk_distinct *distinct, ntk_newton **out) {
    void *memory = NULL;
    NTK_TRY(ntk_allocate(1, sizeof(ntk_newton), &memory));
    ntk_newton *newton = memory;
    newton->distinct = distinct;
    newton->problem = &distinct->problem;
    newton->unknowns = ntk_inference_unknowns(newton->problem);
    ntk_status status = allocate_arrays(newton);
    if (status == NTK_OK) status = factorise_bound(newton);
    if (status == NTK_OK)
        *out = newton;
    else
        ntk_newton_destroy(newton);
    return status;
}

/* ---- the iteration --------------------------------------------------------------------------- */

/* y += factor x. */
static void add(size_t n, double factor, const double *x, double *y) {
    for (size_t i = 0; i < n; ++i) y[i] += factor * x[i];
}

/* y = x + factor y. */
static void turn(size_t n, const double *x, double factor, double *y) {
    for (size_t i = 0; i < n; ++i) y[i] = x[i] + factor * y[i];
}

/* applied = A v, where image = Theta v. */
static void apply_system(ntk_newton *newton, const double *weight, const double *v, const double *image) {
    ntk_curvature_apply(newton->distinct, weight, image, newton->applied);
    add(newton->unknowns, newton->problem->lambda, v, newton->applied);
}

/* *square = ||J^T residual||^2, and the residual's image. */
static ntk_status measure(ntk_newton *newton, double *square) {
    NTK_TRY(ntk_inference_apply(newton->problem, newton->residual, newton->residual_image));
    *square = ntk_dot(newton->unknowns, newton->residual, newton->residual_image);
    return NTK_OK;
}

/* From delta and its image afresh. */
static ntk_status find_residual(ntk_newton *newton, const double *weight, const double *r,
                                const double *delta, const double *image, double *square) {
    apply_system(newton, weight, delta, image);
    for (size_t i = 0; i < newton->unknowns; ++i) newton->residual[i] = -(newton->applied[i] + r[i]);
    return measure(newton, square);
}

/* One run from the residual measured, until its square is `wanted`. False in *moving: rounding has
 * eaten what is left. */
static ntk_status run(ntk_newton *newton, const double *weight, double wanted, double square, double *delta,
                      size_t *iterations, bool *moving) {
    const size_t unknowns = newton->unknowns;
    memcpy(newton->search, newton->residual, unknowns * sizeof *delta);
    memcpy(newton->search_image, newton->residual_image, unknowns * sizeof *delta);
    while (square > wanted && *iterations < NTK_NEWTON_MAX_ITERATIONS) {
        apply_system(newton, weight, newton->search, newton->search_image);
        const double length = square / ntk_dot(unknowns, newton->search_image, newton->applied);
        *moving = isfinite(length) && length > 0;
        if (!*moving) return NTK_OK;
        add(unknowns, length, newton->search, delta);
        add(unknowns, -length, newton->applied, newton->residual);
        const double before = square;
        NTK_TRY(measure(newton, &square));
        turn(unknowns, newton->residual, square / before, newton->search);
        turn(unknowns, newton->residual_image, square / before, newton->search_image);
        ++*iterations;
    }
    return NTK_OK;
}

/* The step with A_1; A_1^{-1} = (Theta + lambda M^{-1})^{-1} M^{-1}. */
static ntk_status clean(ntk_newton *newton, double *delta) {
    const size_t order = newton->problem->order, columns = newton->unknowns / order;
    const double *copies = newton->distinct->copies;
    for (size_t i = 0; copies && i < newton->unknowns; ++i)
        newton->residual[i] /= copies[i / newton->problem->outputs];
    NTK_TRY(ntk_cholesky_solve(order, columns, newton->bound_factor, order, newton->residual, columns));
    add(newton->unknowns, (double)newton->distinct->all, newton->residual, delta);
    return NTK_OK;
}

ntk_status ntk_newton_solve(ntk_newton *newton, const double *weight, const double *r, double tolerance,
                            double *delta, double *image, size_t *iterations) {
    const ntk_inference_problem *problem = newton->problem;
    memset(delta, 0, newton->unknowns * sizeof *delta);
    memset(image, 0, newton->unknowns * sizeof *image);
    double square = 0;
    NTK_TRY(find_residual(newton, weight, r, delta, image, &square));
    const double wanted = tolerance * tolerance * square;
    size_t used = 0;
    for (bool moving = true; moving && square > wanted && used < NTK_NEWTON_MAX_ITERATIONS;) {
        /* Half the norm: the square computed afresh is a little larger than the one carried
         * along. */
        NTK_TRY(run(newton, weight, wanted / 4, square, delta, &used, &moving));
        NTK_TRY(ntk_inference_apply(problem, delta, image));
        NTK_TRY(find_residual(newton, weight, r, delta, image, &square));
        NTK_TRY(clean(newton, delta));
        NTK_TRY(ntk_inference_apply(problem, delta, image));
        NTK_TRY(find_residual(newton, weight, r, delta, image, &square));
    }
    *iterations += used;
    return NTK_OK;
}
