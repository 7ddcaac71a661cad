/* Kernel logistic regression by Newton's method, lambda > 0.
 *
 * With m the mean cross-entropy, c(f) = dm/df and H(f) = d2m/df2, the objective in the coefficients a is
 *
 *     P(a) = m(f_0 + Theta a) + (lambda / 2) a^T Theta a,      grad_w P = J^T r,      r = c(f) + lambda a.
 *
 * P is strongly convex in w = J^T a: the minimiser f is unique, and of the a that give it Newton's method
 * started at 0 aims at a = -c / lambda, r = 0, also where Theta is singular. The step solves (lambda I + H
 * Theta) delta = -r (newton.c), which is Newton's step for w, since J^T of it is (lambda I + J^T H J) J^T
 * delta = -J^T r. Rows of c, hence of a, sum to zero.
 *
 * The certificate. For any a the vector c = c(f) is a feasible point of the dual, max_c <c, f_0> - m*(c) -
 * c^T Theta c / (2 lambda). There Fenchel's inequality is an equality, m(f) + m*(c) = <c, f>, so
 *
 *     gap = P(a) - D(c) = <c, Theta a> + (lambda / 2) a^T Theta a + c^T Theta c / (2 lambda)
 *         = (c + lambda a)^T Theta (c + lambda a) / (2 lambda) = ||J^T r||^2 / (2 lambda):
 *
 * the duality gap is a sum of squares, computed without cancellation. P is lambda-strongly convex, hence
 *
 *     ||w - w*|| <= ||J^T r|| / lambda,      |f(x) - f*(x)| <= ||J(x)|| ||J^T r|| / lambda.
 *
 * The line search starts at the full step. Once the changes of P are below its rounding, values cannot judge
 * a step any more, so a step t is accepted by either of
 *
 *     phi(t) <= phi(0) + 0.1 t phi'(0),
 *     phi'(t) <= 0.8 |phi'(0)| and phi(t) <= phi(0) + 1e-12 |phi(0)|,
 *
 * the second of which (Hager and Zhang 2005, the approximate Wolfe condition) needs derivatives only. */
#include <ntk/logistic.h>

#include <float.h>
#include <math.h>
#include <string.h>

#include <ntk/inference_problem.h>
#include <ntk/linalg.h>
#include <ntk/loss.h>
#include <ntk/memory.h>
#include <ntk/status.h>

#include "inference/curvature.h"
#include "inference/inference_problem.h"
#include "inference/interpolate.h"
#include "inference/newton.h"
#include "objective/curvature.h"

typedef struct solver {
    const ntk_inference_problem *problem;
    ntk_newton *newton;
    size_t unknowns;
    double *a, *f;                     /* (n, K): the caller's, or scratch */
    double *image;                     /* (n, K), Theta a */
    double *cotangent;                 /* (n, K), c */
    double *residual, *residual_image; /* (n, K), r and Theta r */
    double *weight;                    /* (n, K), of H */
    double *step, *step_image;         /* (n, K) */
    double *trial, *trial_cotangent;   /* (n, K), f and c along the step */
    bool soft;                         /* c = p - q cancels */
    ntk_logistic_result *result;
} solver;

ntk_logistic_options ntk_logistic_options_default(void) {
    return (ntk_logistic_options){.tolerance = 1e-10, .max_iterations = 200};
}

/* ---- the certificate ----------------------------------------------------------------------------------- */

/* What rounding does to ||J^T r||, for errors of random sign. Theta a carries about eps sqrt(Theta_ii) size
 * at the output i, size^2 = sum_j Theta_jj a_j^2, since no entry of Theta exceeds sqrt(Theta_ii Theta_jj); f
 * itself is rounded to eps |f|; the curvature takes both into c, and rows of c that are a difference of p and
 * q carry eps / n more. The expectation of ||J^T e||^2 is sum_i Theta_ii e_i^2. The factor 4 leaves room for
 * chance. */
static double rounding_level(const solver *s) {
    const ntk_inference_problem *problem = s->problem;
    const double own = s->soft ? 1 / (double)problem->points : 0;
    double size = 0, square = 0;
    for (size_t i = 0; i < s->unknowns; ++i) size += ntk_inference_diagonal(problem, i) * s->a[i] * s->a[i];
    for (size_t i = 0; i < s->unknowns; ++i) {
        const double diagonal = ntk_inference_diagonal(problem, i);
        const double bend = ntk_curvature_bound(problem, s->weight, i / problem->outputs);
        const double error = bend * (sqrt(diagonal * size) + fabs(s->f[i])) + own;
        square += diagonal * error * error;
    }
    return 4 * DBL_EPSILON * sqrt(square);
}

/* Everything that depends on a, afresh. */
static ntk_status evaluate(solver *s) {
    const ntk_inference_problem *problem = s->problem;
    ntk_logistic_result *result = s->result;
    NTK_TRY(ntk_inference_outputs(problem, s->a, s->image, s->f));
    double loss = 0;
    ntk_loss_evaluate(problem->loss, problem->points, problem->outputs, s->f, problem->targets, &loss,
                      s->cotangent);
    ntk_curvature_weights(problem, s->f, s->weight);
    for (size_t i = 0; i < s->unknowns; ++i) s->residual[i] = s->cotangent[i] + problem->lambda * s->a[i];
    NTK_TRY(ntk_inference_apply(problem, s->residual, s->residual_image));
    NTK_TRY(ntk_inference_seminorm(problem, s->residual, s->residual_image, &result->gradient_norm));
    NTK_TRY(ntk_inference_seminorm(problem, s->a, s->image, &result->norm));
    const double gradient = result->gradient_norm, pull = problem->lambda * result->norm;
    result->objective = loss + 0.5 * pull * result->norm;
    result->duality_gap = gradient * gradient / (2 * problem->lambda);
    result->relative_residual = gradient > 0 ? gradient / pull : 0;
    result->rounding = rounding_level(s);
    if (isfinite(result->objective) && isfinite(gradient)) return NTK_OK;
    return ntk_fail(NTK_ERROR_NOT_FINITE, "kernel logistic regression: the objective is not finite");
}

/* ---- the line search ----------------------------------------------------------------------------------- */

typedef struct line {
    double constant, linear, quadratic; /* a^T Theta a along the step, times lambda / 2 */
} line;

static line regulariser_along(const solver *s) {
    const double half = 0.5 * s->problem->lambda;
    return (line){.constant = half * ntk_dot(s->unknowns, s->a, s->image),
                  .linear = 2 * half * ntk_dot(s->unknowns, s->a, s->step_image),
                  .quadratic = half * ntk_dot(s->unknowns, s->step, s->step_image)};
}

/* phi(t) and phi'(t). */
static void evaluate_along(solver *s, const line *along, double t, double *value, double *slope) {
    const ntk_inference_problem *problem = s->problem;
    for (size_t i = 0; i < s->unknowns; ++i) s->trial[i] = s->f[i] + t * s->step_image[i];
    ntk_loss_evaluate(problem->loss, problem->points, problem->outputs, s->trial, problem->targets, value,
                      s->trial_cotangent);
    *value += along->constant + t * (along->linear + t * along->quadratic);
    *slope =
        ntk_dot(s->unknowns, s->trial_cotangent, s->step_image) + along->linear + 2 * t * along->quadratic;
}

/* The first of 1, 1/2, 1/4, ... that is accepted; 0 where none is. */
static double search(solver *s) {
    const line along = regulariser_along(s);
    double start = 0, slope = 0;
    evaluate_along(s, &along, 0, &start, &slope);
    if (!(slope < 0)) return 0;
    for (double t = 1; t > 1e-12; t /= 2) {
        double value = 0, slope_there = 0;
        evaluate_along(s, &along, t, &value, &slope_there);
        if (!isfinite(value)) continue;
        if (value <= start + 0.1 * t * slope) return t;
        if (slope_there <= -0.8 * slope && value <= start + 1e-12 * fabs(start)) return t;
    }
    return 0;
}

/* ---- the iteration ------------------------------------------------------------------------------------- */

static bool converged(const ntk_logistic_result *result, double tolerance) {
    return result->relative_residual <= tolerance || result->gradient_norm <= result->rounding;
}

/* One Newton step. The inner tolerance falls with the residual, which keeps the convergence superlinear, but
 * not below what is asked for. */
static ntk_status advance(solver *s, double tolerance) {
    ntk_logistic_result *result = s->result;
    const double residual = result->relative_residual;
    const double inner = fmax(fmax(1e-4, 0.3 * tolerance / residual), 0.1 * fmin(1, sqrt(residual)));
    NTK_TRY(ntk_newton_solve(s->newton, s->weight, s->residual, inner, s->step, s->step_image,
                             &result->inner_iterations));
    const double length = search(s);
    if (length == 0)
        return ntk_fail(NTK_ERROR_NO_CONVERGENCE,
                        "kernel logistic regression: no step decreases the objective, relative residual %g",
                        residual);
    for (size_t i = 0; i < s->unknowns; ++i) s->a[i] += length * s->step[i];
    result->iterations++;
    return evaluate(s);
}

static ntk_status iterate(solver *s, const ntk_logistic_options *options) {
    memset(s->a, 0, s->unknowns * sizeof *s->a);
    NTK_TRY(evaluate(s));
    while (!converged(s->result, options->tolerance)) {
        if (s->result->iterations >= options->max_iterations)
            return ntk_fail(NTK_ERROR_NO_CONVERGENCE,
                            "kernel logistic regression: relative residual %g after %zu steps",
                            s->result->relative_residual, s->result->iterations);
        NTK_TRY(advance(s, options->tolerance));
    }
    return NTK_OK;
}

/* ---- setting up ---------------------------------------------------------------------------------------- */

static ntk_status check(const ntk_inference_problem *problem, const ntk_logistic_options *options) {
    NTK_TRY(ntk_inference_check(problem));
    if (problem->loss != NTK_LOSS_LOGISTIC && problem->loss != NTK_LOSS_SOFTMAX)
        return ntk_fail(NTK_ERROR_ARGUMENT, "kernel logistic regression needs the logistic or softmax loss");
    if (!(options->tolerance >= 0))
        return ntk_fail(NTK_ERROR_ARGUMENT, "kernel logistic regression: tolerance %g", options->tolerance);
    return NTK_OK;
}

static ntk_status solve_regularised(const ntk_inference_problem *problem, const ntk_logistic_options *options,
                                    double *a, double *f, ntk_logistic_result *result) {
    solver s = {.problem = problem, .unknowns = ntk_inference_unknowns(problem), .a = a};
    s.result = result;
    s.soft = !ntk_loss_targets_are_hard(problem->loss, problem->points, problem->outputs, problem->targets);
    double **const arrays[] = {&s.f,      &s.image, &s.cotangent,  &s.residual, &s.residual_image,
                               &s.weight, &s.step,  &s.step_image, &s.trial,    &s.trial_cotangent};
    const size_t count = sizeof arrays / sizeof arrays[0];
    double *memory = NULL;
    NTK_TRY(ntk_allocate_doubles(count * s.unknowns, &memory));
    for (size_t i = 0; i < count; ++i) *arrays[i] = memory + i * s.unknowns;
    if (f) s.f = f;
    ntk_status status = ntk_newton_create(problem, &s.newton);
    if (status == NTK_OK) status = iterate(&s, options);
    ntk_newton_destroy(s.newton);
    ntk_release(memory);
    return status;
}

ntk_status ntk_inference_logistic(const ntk_inference_problem *problem, const ntk_logistic_options *options,
                                  double *a, double *f, ntk_logistic_result *result) {
    const ntk_logistic_options standard = ntk_logistic_options_default();
    if (!options) options = &standard;
    NTK_TRY(check(problem, options));
    *result = (ntk_logistic_result){0};
    if (problem->lambda == 0) return ntk_interpolate(problem, a, f, result);
    return solve_regularised(problem, options, a, f, result);
}
