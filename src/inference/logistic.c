/* Kernel logistic regression by Newton's method, lambda > 0.
 *
 * With m the mean cross-entropy, c(f) = dm/df and H(f) = d2m/df2, the objective in the coefficients
 * a is
 *
 *     P(a) = m(f_0 + Theta a) + (lambda / 2) a^T Theta a,  grad_w P = J^T r,  r = c(f) + lambda a.
 *
 * P is strongly convex in w = J^T a: the minimiser f is unique, and of the a that give it Newton's
 * method started at 0 aims at a = -c / lambda, r = 0, also where Theta is singular. The step solves
 * (lambda I + H Theta) delta = -r (newton.c), which is Newton's step for w, since J^T of it is
 * (lambda I + J^T H J) J^T delta = -J^T r. Rows of c, hence of a, sum to zero.
 *
 * The certificate. For any a the vector c = c(f) is a feasible point of the dual, max_c <c, f_0> -
 * m*(c) - c^T Theta c / (2 lambda). There Fenchel's inequality is an equality, m(f) + m*(c) = <c,
 * f>, so
 *
 *     gap = P(a) - D(c) = <c, Theta a> + (lambda / 2) a^T Theta a + c^T Theta c / (2 lambda)
 *         = (c + lambda a)^T Theta (c + lambda a) / (2 lambda) = ||J^T r||^2 / (2 lambda):
 *
 * the duality gap is a sum of squares, computed without cancellation. P is lambda-strongly convex,
 * hence
 *
 *     ||w - w*|| <= ||J^T r|| / lambda,      |f(x) - f*(x)| <= ||J(x)|| ||J^T r|| / lambda.
 *
 * The line search starts at the full step. Once the changes of P are below its rounding, values
 * cannot judge a step any more, so a step t is accepted by either of
 *
 *     phi(t) <= phi(0) + 0.1 t phi'(0),
 *     phi'(t) <= 0.8 |phi'(0)| and phi(t) <= phi(0) + 1e-12 |phi(0)|,
 *
 * the second of which (Hager and Zhang 2005, the approximate Wolfe condition) needs derivatives
 * only.
 *
 * What OK means. Where the iteration ends, the error of f is bounded, rounding included
 * (error_bound.c), and the bound decides. Where it does not suffice, products are evaluated again
 * as if in twice the precision; and where that does not suffice, or the iteration did not end,
 * Newton's method goes on with systems that are factorised (direct.c). Values of P say nothing
 * there about a point whose part of P is below the rounding of another's, so the step t is the
 * first of 1, 1/2, 1/4, ... with
 *
 *     phi'(t) <= 0     or     t <= log(1 + s) / s,      s the largest change, for t = 1, of an
 *                                                       output or of a difference of two
 *                                                       outputs of a point.
 *
 * phi is convex, so that the former is a descent. So is the latter: along the step the curvature
 * grows by e^{ts} at most (error_bound.c), and with nu^2 = delta^T A delta
 *
 *     phi(t) - phi(0) <= -nu^2 t + nu^2 (e^{ts} - 1 - ts) / s^2,
 *
 * which is negative up to log(1 + s) / s, where it is smallest. The bound of f is computed after
 * each step, and the iteration ends where it no longer falls.
 *
 * Singular kernels. Points that are the same have been merged (distinct.c). What is left of the
 * kernel of Theta, for contradicting data, holds coefficients of size 1 / (n lambda), which cancel
 * in Theta a. Where they are so large that the norm of w is lost in them, the coefficients returned
 * are those of least norm with the same Theta a (range.c), whose a^T Theta a is accurate. */
#include <ntk/logistic.h>

#include <float.h>
#include <math.h>
#include <string.h>

#include <ntk/inference_problem.h>
#include <ntk/linalg.h>
#include <ntk/loss.h>
#include <ntk/memory.h>
#include <ntk/status.h>

#include "inference/compensated.h"
#include "inference/curvature.h"
#include "inference/direct.h"
#include "inference/distinct.h"
#include "inference/error_bound.h"
#include "inference/inference_problem.h"
#include "inference/interpolate.h"
#include "inference/newton.h"
#include "inference/range.h"
#include "objective/curvature.h"

/* The error of f with which a solution is returned, and that at which no more is tried, relative to
 * max(1, |f|).
 */
static const double accepted_error = 1e-6, small_error = 1e-9;

/* The rounding of ||w||, relative to it, from which on coefficients are exchanged for those of
 * least norm. */
static const double tolerated_cancellation = 1e-4;

/* Arrays are those of the distinct points. */
typedef struct solver {
    const ntk_distinct *distinct;
    const ntk_inference_problem *problem; /* that of the distinct points */
    const ntk_logistic_options *options;
    ntk_newton *newton;
    size_t unknowns;
    double *a, *f;                     /* (n, K): the caller's, or scratch */
    double *image;                     /* (n, K), Theta a */
    double *cotangent;                 /* (n, K), c */
    double *residual, *residual_image; /* (n, K), r and Theta r */
    double *weight;                    /* (n, K), of H */
    double *step, *step_image;         /* (n, K) */
    double *trial, *trial_cotangent;   /* (n, K), f and c along the step */
    double *best;                      /* (n, K), the coefficients of the least bound */
    bool soft;                         /* c = p - q cancels */
    bool compensated;                  /* how products are evaluated */
    double change;                     /* s of the last step that was factorised */
    ntk_error_bound bound;
    ntk_logistic_result *result;
} solver;

ntk_logistic_options ntk_logistic_options_default(void) {
    return (ntk_logistic_options){.tolerance = 1e-10, .max_iterations = 200};
}

/* ---- the certificate ------------------------------------------------------------------------- */

/* What rounding does to ||J^T r||, for errors of random sign. Theta a carries about eps
 * sqrt(Theta_ii) size at the output i, size^2 = sum_j Theta_jj a_j^2, since no entry of Theta
 * exceeds sqrt(Theta_ii Theta_jj); f itself is rounded to eps |f|; the curvature takes both into c,
 * and rows of c that are a difference of p and q carry eps / n more. The expectation of ||J^T e||^2
 * is sum_i Theta_ii e_i^2. The factor 4 leaves room for chance. */
static double rounding_level(const solver *s) {
    const ntk_inference_problem *problem = s->problem;
    double size = 0, square = 0;
    for (size_t i = 0; i < s->unknowns; ++i) size += ntk_inference_diagonal(problem, i) * s->a[i] * s->a[i];
    for (size_t i = 0; i < s->unknowns; ++i) {
        const double diagonal = ntk_inference_diagonal(problem, i);
        const double bend = ntk_curvature_bound(s->distinct, s->weight, i / problem->outputs);
        const double own = s->soft ? ntk_distinct_share(s->distinct, i / problem->outputs) : 0;
        const double error = bend * (sqrt(diagonal * size) + fabs(s->f[i])) + own;
        square += diagonal * error * error;
    }
    return 4 * DBL_EPSILON * sqrt(square);
}

static ntk_status apply(const solver *s, const double *v, double *image) {
    return s->compensated ? ntk_inference_apply_compensated(s->problem, v, image)
                          : ntk_inference_apply(s->problem, v, image);
}

/* Everything that depends on a, afresh. */
static ntk_status evaluate(solver *s) {
    const ntk_inference_problem *problem = s->problem;
    ntk_logistic_result *result = s->result;
    NTK_TRY(apply(s, s->a, s->image));
    for (size_t i = 0; i < s->unknowns; ++i) s->f[i] = (problem->f0 ? problem->f0[i] : 0) + s->image[i];
    double loss = 0;
    ntk_distinct_loss(s->distinct, s->f, &loss, s->cotangent);
    ntk_curvature_weights(problem, s->f, s->weight);
    for (size_t i = 0; i < s->unknowns; ++i) s->residual[i] = s->cotangent[i] + problem->lambda * s->a[i];
    NTK_TRY(apply(s, s->residual, s->residual_image));
    NTK_TRY(ntk_inference_seminorm(problem, s->residual, s->residual_image, &result->gradient_norm));
    NTK_TRY(ntk_inference_seminorm(problem, s->a, s->image, &result->norm));
    const double gradient = result->gradient_norm, pull = problem->lambda * result->norm;
    result->objective = loss + 0.5 * pull * result->norm;
    result->relative_residual = gradient > 0 ? gradient / pull : 0;
    result->rounding = rounding_level(s);
    if (isfinite(result->objective) && isfinite(gradient)) return NTK_OK;
    return ntk_fail(NTK_ERROR_NOT_FINITE, "kernel logistic regression: the objective is not finite");
}

static ntk_status bound_errors(solver *s) {
    const ntk_logistic_result *result = s->result;
    const size_t order = s->problem->order;
    const ntk_candidate candidate = {.a = s->a,
                                     .image = s->image,
                                     .f = s->f,
                                     .cotangent = s->cotangent,
                                     .weight = s->weight,
                                     .residual = s->residual,
                                     .gradient_norm = result->gradient_norm,
                                     .square = result->norm * result->norm,
                                     .product_error = s->compensated ? ntk_compensated_error(order)
                                                                     : ntk_product_error(order)};
    return ntk_bound_errors(s->distinct, &candidate, &s->bound);
}

/* The bound is at most this part of max(1, |f|). */
static bool is_within(const solver *s, double part) {
    double largest = 1;
    for (size_t i = 0; i < s->unknowns; ++i) largest = fmax(largest, fabs(s->f[i]));
    return s->bound.output <= part * largest;
}

/* Good enough to be returned. A tolerance larger than the default asks for less. */
static bool is_accurate(const solver *s) {
    double root = 0;
    for (size_t i = 0; i < s->unknowns; ++i) root = fmax(root, sqrt(ntk_inference_diagonal(s->problem, i)));
    return is_within(s, accepted_error) ||
           s->bound.output <= 2 * s->options->tolerance * root * s->result->norm;
}

/* And as good as can be expected: the tolerance has been met or little is left, and the norm has
 * not been lost in cancellation. */
static bool is_clean(const solver *s) {
    return is_accurate(s) && s->bound.norm <= tolerated_cancellation * s->result->norm &&
           (s->result->relative_residual <= s->options->tolerance || is_within(s, small_error));
}

/* ---- the line search ------------------------------------------------------------------------- */

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
    for (size_t i = 0; i < s->unknowns; ++i) s->trial[i] = s->f[i] + t * s->step_image[i];
    ntk_distinct_loss(s->distinct, s->trial, value, s->trial_cotangent);
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

/* ---- the iteration --------------------------------------------------------------------------- */

static bool converged(const ntk_logistic_result *result, double tolerance) {
    return result->relative_residual <= tolerance || result->gradient_norm <= result->rounding;
}

static ntk_status too_few_steps(const solver *s, size_t steps) {
    return ntk_fail(NTK_ERROR_NO_CONVERGENCE,
                    "kernel logistic regression: relative residual %g after %zu steps",
                    s->result->relative_residual, steps);
}

/* One Newton step. The inner tolerance falls with the residual, which keeps the convergence
 * superlinear, but not below what is asked for. False in *moving where conjugate gradients or the
 * search cannot go on. */
static ntk_status advance(solver *s, bool *moving) {
    ntk_logistic_result *result = s->result;
    const double residual = result->relative_residual;
    const double inner =
        fmax(fmax(1e-4, 0.3 * s->options->tolerance / residual), 0.1 * fmin(1, sqrt(residual)));
    const size_t before = result->inner_iterations;
    NTK_TRY(ntk_newton_solve(s->newton, s->weight, s->residual, inner, s->step, s->step_image,
                             &result->inner_iterations));
    const double length = search(s);
    *moving = length > 0 && result->inner_iterations - before < NTK_NEWTON_MAX_ITERATIONS;
    for (size_t i = 0; i < s->unknowns; ++i) s->a[i] += length * s->step[i];
    result->iterations++;
    return evaluate(s);
}

/* False in *arrived where another method has to go on from a: the gradient no longer falls, as it
 * does at least by half every other step or so, or nothing moves. */
static ntk_status iterate(solver *s, bool *arrived) {
    enum { PATIENCE = 20 };
    bool moving = true;
    double least = INFINITY;
    size_t idle = 0;
    memset(s->a, 0, s->unknowns * sizeof *s->a);
    NTK_TRY(evaluate(s));
    NTK_TRY(ntk_newton_create(s->distinct, &s->newton));
    while (moving && idle < PATIENCE && !converged(s->result, s->options->tolerance)) {
        if (s->result->iterations >= s->options->max_iterations)
            return too_few_steps(s, s->result->iterations);
        idle = s->result->gradient_norm < least / 2 ? 0 : idle + 1;
        least = fmin(least, s->result->gradient_norm);
        NTK_TRY(advance(s, &moving));
    }
    *arrived = converged(s->result, s->options->tolerance);
    return NTK_OK;
}

/* ---- stiff problems -------------------------------------------------------------------------- */

/* Whether a failure is one of the method, at the mercy of rounding. */
static bool is_stiff(ntk_status status) {
    return status == NTK_ERROR_NOT_POSITIVE_DEFINITE || status == NTK_ERROR_NOT_FINITE;
}

/* Rows of a sum to zero at the solution (softmax). */
static void centre(solver *s) {
    const size_t outputs = s->problem->outputs;
    for (size_t i = 0; outputs > 1 && i < s->unknowns; i += outputs) {
        double mean = 0;
        for (size_t k = 0; k < outputs; ++k) mean += s->a[i + k] / (double)outputs;
        for (size_t k = 0; k < outputs; ++k) s->a[i + k] -= mean;
    }
}

/* s of the head of this file. */
static double largest_change(const solver *s) {
    const size_t outputs = s->problem->outputs;
    double found = 0;
    for (size_t i = 0; i < s->unknowns; i += outputs) {
        double high = s->step_image[i], low = outputs > 1 ? s->step_image[i] : 0;
        for (size_t k = 0; k < outputs; ++k) {
            high = ntk_larger(high, s->step_image[i + k]);
            low = ntk_smaller(low, s->step_image[i + k]);
        }
        found = ntk_larger(found, outputs > 1 ? high - low : ntk_larger(high, -low));
    }
    return found;
}

static double damp(solver *s) {
    const line along = regulariser_along(s);
    const double safe = s->change > 0 ? log1p(s->change) / s->change : 1;
    double t = 1, value, slope;
    for (; t > safe; t /= 2) {
        evaluate_along(s, &along, t, &value, &slope);
        if (slope <= 0) break;
    }
    return t;
}

static ntk_status advance_directly(solver *s, ntk_direct *direct) {
    NTK_TRY(ntk_direct_solve(direct, s->weight, s->residual, s->step));
    NTK_TRY(ntk_inference_apply(s->problem, s->step, s->step_image));
    s->change = largest_change(s);
    if (!isfinite(s->change))
        return ntk_fail(NTK_ERROR_NOT_FINITE, "kernel logistic regression: a step is not finite");
    const double length = damp(s);
    for (size_t i = 0; i < s->unknowns; ++i) s->a[i] += length * s->step[i];
    centre(s);
    return evaluate(s);
}

/* Until the bound has not been halved for a few steps at its end, where steps change f by little. A
 * step that fails ends it, if there is a bound. */
static ntk_status iterate_directly(solver *s, ntk_direct *direct) {
    enum { PATIENCE = 4 };
    double least = INFINITY;
    s->change = INFINITY;
    memcpy(s->best, s->a, s->unknowns * sizeof *s->a);
    for (size_t steps = 0, idle = 0; idle < PATIENCE; ++steps) {
        NTK_TRY(bound_errors(s));
        idle = s->change < 0.1 ? idle + 1 : 0;
        if (s->bound.output < least) {
            if (s->bound.output < least / 2) idle = 0;
            least = s->bound.output;
            memcpy(s->best, s->a, s->unknowns * sizeof *s->a);
        }
        if (steps >= s->options->max_iterations) {
            if (isfinite(least)) break;
            return too_few_steps(s, steps);
        }
        const ntk_status status = advance_directly(s, direct);
        if (is_stiff(status)) break;
        NTK_TRY(status);
        s->result->iterations++;
    }
    memcpy(s->a, s->best, s->unknowns * sizeof *s->a);
    NTK_TRY(evaluate(s));
    return bound_errors(s);
}

/* Exchange a for the coefficients of least norm with the same Theta a. What they change in f and in
 * the norm counts as an error; the gradient and what follows from it stay those of the coefficients
 * before. */
static ntk_status project(solver *s, const ntk_range *range) {
    const size_t columns = s->unknowns / s->problem->order;
    ntk_logistic_result *result = s->result, before = *s->result;
    memcpy(s->trial, s->f, s->unknowns * sizeof *s->f);
    NTK_TRY(ntk_range_solve(range, columns, s->image, s->a));
    centre(s);
    NTK_TRY(evaluate(s));
    s->bound.output += ntk_largest_difference(s->unknowns, s->f, s->trial);
    s->bound.weight += fabs(result->norm - before.norm);
    s->bound.objective += fabs(result->objective - before.objective);
    before.norm = result->norm;
    before.objective = result->objective;
    *result = before;
    return NTK_OK;
}

static ntk_status solve_directly(solver *s, const ntk_range *range) {
    ntk_direct *direct = NULL;
    if (!ntk_all_finite(s->unknowns, s->a)) memset(s->a, 0, s->unknowns * sizeof *s->a);
    s->compensated = true;
    centre(s);
    ntk_status status = evaluate(s);
    if (status == NTK_OK) status = ntk_direct_create(s->distinct, &direct);
    if (status == NTK_OK) status = iterate_directly(s, direct);
    ntk_direct_destroy(direct);
    NTK_TRY(status);
    const bool cancelled = !(s->bound.norm <= tolerated_cancellation * s->result->norm);
    if (is_accurate(s) && cancelled && range->rank < range->order) NTK_TRY(project(s, range));
    if (is_accurate(s)) return NTK_OK;
    return ntk_fail(
        NTK_ERROR_NO_CONVERGENCE,
        "kernel logistic regression: the bound of the error of f is %g; rounding hides the solution "
        "for lambda = %g and a Gram matrix of order %zu and rank %zu",
        s->bound.output, ldexp(s->problem->lambda, s->distinct->exponent), range->order, range->rank);
}

static ntk_status solve_stiff(solver *s) {
    ntk_range range;
    NTK_TRY(ntk_range_create(s->problem->order, s->problem->gram, &range));
    const ntk_status status =
        ntk_range_is_indefinite(&range)
            ? ntk_fail(
                  NTK_ERROR_NOT_POSITIVE_DEFINITE,
                  "inference: the Gram matrix is not positive semi-definite, with its diagonal brought to "
                  "about 1 an eigenvalue is %g",
                  range.smallest)
            : solve_directly(s, &range);
    ntk_range_release(&range);
    return status;
}

/* ---- setting up ------------------------------------------------------------------------------ */

static ntk_status solve(solver *s) {
    bool arrived = false;
    const ntk_status status = iterate(s, &arrived);
    if (status != NTK_OK && !is_stiff(status)) return status;
    if (arrived) {
        NTK_TRY(bound_errors(s));
        if (is_clean(s)) return NTK_OK;
        s->compensated = true;
        NTK_TRY(evaluate(s));
        NTK_TRY(bound_errors(s));
        if (is_clean(s)) return NTK_OK;
    }
    return solve_stiff(s);
}

static ntk_status check(const ntk_inference_problem *problem, const ntk_logistic_options *options) {
    if (problem->loss != NTK_LOSS_LOGISTIC && problem->loss != NTK_LOSS_SOFTMAX)
        return ntk_fail(NTK_ERROR_ARGUMENT, "kernel logistic regression needs the logistic or softmax loss");
    if (!(options->tolerance >= 0))
        return ntk_fail(NTK_ERROR_ARGUMENT, "kernel logistic regression: tolerance %g", options->tolerance);
    return NTK_OK;
}

/* From the distinct points, and the scale of their Gram matrix, to what was asked. */
static void deliver(const solver *s, double *a, double *f) {
    const ntk_distinct *distinct = s->distinct;
    ntk_logistic_result *result = s->result;
    const int half = distinct->exponent / 2;
    ntk_distinct_spread_coefficients(distinct, s->a, a);
    if (f) ntk_distinct_spread_outputs(distinct, s->f, f);
    result->output_error = s->bound.output;
    result->duality_gap = s->bound.objective;
    result->weight_error = ldexp(s->bound.weight, -half);
    result->norm = ldexp(result->norm, -half);
    result->gradient_norm = ldexp(result->gradient_norm, half);
    result->rounding = ldexp(result->rounding, half);
}

static ntk_status solve_regularised(const ntk_distinct *distinct, const ntk_logistic_options *options,
                                    double *a, double *f, ntk_logistic_result *result) {
    const ntk_inference_problem *problem = &distinct->problem;
    solver s = {.distinct = distinct,
                .problem = problem,
                .options = options,
                .unknowns = ntk_inference_unknowns(problem),
                .result = result};
    s.soft = !ntk_loss_targets_are_hard(problem->loss, problem->points, problem->outputs, problem->targets);
    double **const arrays[] = {&s.a,      &s.f,    &s.image, &s.cotangent,  &s.residual, &s.residual_image,
                               &s.weight, &s.step, &s.best,  &s.step_image, &s.trial,    &s.trial_cotangent};
    const size_t count = sizeof arrays / sizeof arrays[0];
    double *memory = NULL;
    NTK_TRY(ntk_allocate_doubles(count * s.unknowns, &memory));
    for (size_t i = 0; i < count; ++i) *arrays[i] = memory + i * s.unknowns;
    if (!distinct->group) s.a = a;
    if (!distinct->group && f) s.f = f;
    const ntk_status status = solve(&s);
    if (status == NTK_OK) deliver(&s, a, f);
    ntk_newton_destroy(s.newton);
    ntk_release(memory);
    return status;
}

ntk_status ntk_inference_logistic(const ntk_inference_problem *problem, const ntk_logistic_options *options,
                                  double *a, double *f, ntk_logistic_result *result) {
    const ntk_logistic_options standard = ntk_logistic_options_default();
    ntk_distinct distinct;
    if (!options) options = &standard;
    NTK_TRY(check(problem, options));
    NTK_TRY(ntk_distinct_create(problem, &distinct));
    *result = (ntk_logistic_result){0};
    const ntk_status status = problem->lambda == 0 ? ntk_interpolate(&distinct, a, f, result)
                                                   : solve_regularised(&distinct, options, a, f, result);
    ntk_distinct_release(&distinct);
    return status;
}
