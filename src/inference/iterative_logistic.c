/* Kernel logistic regression on tiles.
 *
 * With c = dm/df, H = d2m/df2 and r = c + lambda a (logistic.c), Newton's step solves (lambda I + H
 * Theta) delta = -r. Let s = n lambda, R = n r and n H = G G^T, block diagonal with a block for
 * each point: G = sqrt(h) for the logistic loss, and for softmax
 *
 *     G = diag(sqrt p) - p sqrt(p)^T,      G G^T = diag p - p p^T.
 *
 * (s I + G G^T Theta)^{-1} = (I - G (s I + G^T Theta G)^{-1} G^T Theta) / s, hence
 *
 *     (s I + G^T Theta G) z = G^T Theta R,      delta = (G z - R) / s:
 *
 * a symmetric positive definite system, in which nothing is divided by h or p, however small. For
 * softmax G = D (I - q q^T), D = diag(q), q = sqrt(p): iterates stay in the range of the projection
 * I - q q^T. The preconditioner takes F F^T for Theta (pivoted.c) and is the inverse of s I + D F
 * F^T D, class by class, followed by the projection.
 *
 * The certificate. P is lambda-strongly convex in w = J^T a, and grad P = J^T r, so that
 *
 *     ||w - w*|| <= ||J^T r|| / lambda,      |f_ik - f*_ik| <= sqrt(Theta_ii) ||w - w*||.
 *
 * Let t_i = sqrt(Theta_ii), f computed from the image of a, off by d (iterative_residual.c), and r^
 * the r computed there, off by e: the slope of p is at most 1/4 (logistic), 1/2 in the maximum norm
 * of a point (softmax), and what the exponentials and quotients make of f is off by (16 + 2 K) u at
 * most, and by u max_k |f_k| in the logarithm of the softmax's partition function. Soft targets q
 * need not sum to 1 exactly: dm/df_k has p_k sum_j q_j where the computed one has p_k, and is off
 * by at most |sum_j q_j - 1|. Then
 *
 *     ||J^T r|| <= (r^ . Theta r^)^{1/2} + sum_ik t_i e_ik,
 *
 * where Theta r^ is formed like the image, and its error added. */
#include <ntk/iterative.h>

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <ntk/inference_problem.h>
#include <ntk/linalg.h>
#include <ntk/loss.h>
#include <ntk/memory.h>

#include "inference/conjugate.h"
#include "inference/curvature.h"
#include "inference/iterative_residual.h"
#include "inference/pivoted.h"

enum { MOST_STEPS = 100, MOST_HALVINGS = 50, MOST_IDLE = 8 };

/* The residual of Newton's system and of Newton's equation, relative to their right-hand sides; and
 * what the gradient is brought to, of what is allowed, before it is looked at with care. */
static const double forcing = 1e-3, aim = 0.5;

/* What a term of a sum of products loses where they underflow. */
static const double underflow = 8 * DBL_TRUE_MIN;

typedef struct logistic {
    ntk_iterative common;
    ntk_inference_problem view; /* loss, points, outputs */
    ntk_pivoted pivoted;
    ntk_pivoted_inverse *inverse;      /* (K) */
    double *scale;                     /* (K, n): square roots of the weights */
    double shift;                      /* n lambda */
    double *a, *image, *f;             /* (n, K): Theta a, f_0 + Theta a */
    double *weight;                    /* (n, K): h or p */
    double *residual, *residual_image; /* (n, K): R, Theta R */
    double *step, *step_image;
    double *trial, *cotangent;
    double *z, *room, *room_image; /* (n, K) */
    double gradient, norm;         /* ||J^T r|| and ||w||, without rigour */
    double most;                   /* W of the options: what ||w*|| can be */
    ntk_iterative_image precise;
    ntk_iterative_result *result;
} logistic;

static size_t unknowns(const logistic *s) { return s->common.n * s->common.outputs; }

static ntk_status multiply(const logistic *s, const double *v, double *image) {
    return ntk_tiles_apply(s->common.problem->tiles, s->common.outputs, v, image);
}

/* ---- G --------------------------------------------------------------------------------------- */

/* out = G v or G^T v. */
static void apply_root(const logistic *s, bool transposed, const double *v, double *out) {
    const size_t outputs = s->common.outputs;
    for (size_t i = 0; i < s->common.n; i++) {
        const double *p = s->weight + i * outputs, *from = v + i * outputs;
        double *to = out + i * outputs, mean = 0;
        for (size_t k = 0; outputs > 1 && k < outputs; k++)
            mean += (transposed ? p[k] : sqrt(p[k])) * from[k];
        for (size_t k = 0; k < outputs; k++)
            to[k] = transposed ? sqrt(p[k]) * (from[k] - mean) : sqrt(p[k]) * (from[k] - sqrt(p[k]) * mean);
    }
}

/* v <- (I - q q^T) v at each point, q = sqrt(p): onto the range of G^T. */
static void project(const logistic *s, double *v) {
    const size_t outputs = s->common.outputs;
    for (size_t i = 0; outputs > 1 && i < s->common.n; i++) {
        const double *p = s->weight + i * outputs;
        double along = 0;
        for (size_t k = 0; k < outputs; k++) along += sqrt(p[k]) * v[i * outputs + k];
        for (size_t k = 0; k < outputs; k++) v[i * outputs + k] -= sqrt(p[k]) * along;
    }
}

/* What N / lambda may be without regard to ||w||, which is at most `norm`: nothing, unless that is
 * next to nothing. */
static double allowed_anyway(const logistic *s, double norm) {
    const ntk_iterative_options *options = s->common.options;
    return norm < s->most / 100 ? ntk_smaller(options->absolute_tolerance, options->tolerance) * s->most : 0;
}

/* What N / lambda may be. */
static double allowed(const logistic *s, double norm) {
    return ntk_larger(s->common.options->tolerance * norm, allowed_anyway(s, norm));
}

static const char *name_of(const logistic *s) {
    return s->common.problem->loss == NTK_LOSS_SOFTMAX ? "kernel softmax regression"
                                                       : "kernel logistic regression";
}

/* ---- Newton's system ------------------------------------------------------------------------- */

static ntk_status apply_system(void *context, const double *v, double *image) {
    const logistic *s = context;
    apply_root(s, false, v, s->room);
    NTK_TRY(multiply(s, s->room, s->room_image));
    apply_root(s, true, s->room_image, image);
    for (size_t k = 0; k < unknowns(s); k++) image[k] += s->shift * v[k];
    return NTK_OK;
}

static ntk_status precondition(void *context, const double *r, double *z) {
    const logistic *s = context;
    for (size_t k = 0; k < s->common.outputs; k++)
        NTK_TRY(ntk_pivoted_apply(&s->inverse[k], 1, r + k, z + k, s->common.outputs));
    project(s, z);
    return NTK_OK;
}

/* The gradient of the last step over what is aimed at. */
static ntk_status watch(void *context, double excess) {
    const logistic *s = context;
    const ntk_iterative_options *options = s->common.options;
    const double wanted = aim * s->common.problem->lambda * allowed(s, s->norm);
    const ntk_iterative_progress progress = {s->result->iterations, s->result->steps, s->gradient / wanted};
    (void)excess; /* of Newton's system */
    return options->watch ? options->watch(&progress, options->context) : NTK_OK;
}

static ntk_status renew_preconditioner(logistic *s) {
    for (size_t k = 0; k < s->common.outputs; k++) {
        double *scale = s->scale + k * s->common.n;
        for (size_t i = 0; i < s->common.n; i++) scale[i] = sqrt(s->weight[i * s->common.outputs + k]);
        ntk_pivoted_inverse_release(&s->inverse[k]);
        NTK_TRY(ntk_pivoted_invert(&s->pivoted, scale, s->shift, 1, &s->inverse[k]));
    }
    return NTK_OK;
}

/* An upper bound of ||G||: G G^T is h, or diag p - p p^T, at most 1/4 and 1/2. */
static double largest_root(const logistic *s) { return s->common.outputs > 1 ? sqrt(0.5) : 0.5; }

/* The step and its image. G couples the outputs of a point: all of them are one vector. A rest e of
 * the system leaves G e / s of Newton's equation, n (lambda I + H Theta) delta = -R: that is to be
 * small beside R, where a weak regulariser makes s small. */
static ntk_status find_step(logistic *s) {
    const ntk_conjugate system = {.n = unknowns(s),
                                  .columns = 1,
                                  .apply = apply_system,
                                  .precondition = precondition,
                                  .watch = watch,
                                  .context = s};
    const size_t most = s->common.options->max_iterations - s->result->iterations;
    NTK_TRY(renew_preconditioner(s));
    apply_root(s, true, s->residual_image, s->trial);
    const double wanted =
        forcing * ntk_smaller(ntk_norm(unknowns(s), s->trial),
                              s->shift * ntk_norm(unknowns(s), s->residual) / largest_root(s));
    NTK_TRY(ntk_conjugate_solve(&system, s->trial, &wanted, most, s->z, &s->result->iterations));
    apply_root(s, false, s->z, s->step);
    for (size_t k = 0; k < unknowns(s); k++) s->step[k] = (s->step[k] - s->residual[k]) / s->shift;
    return multiply(s, s->step, s->step_image);
}

/* ---- the line search ------------------------------------------------------------------------- */

/* P and its derivative at a + t step; the quadratic part is (lambda / 2) (c_0 + 2 t c_1 + t^2
 * c_2). */
static void evaluate_at(logistic *s, double t, const double *quadratic, double *value, double *slope) {
    const ntk_iterative_problem *problem = s->common.problem;
    for (size_t k = 0; k < unknowns(s); k++) s->trial[k] = s->f[k] + t * s->step_image[k];
    ntk_loss_evaluate(problem->loss, s->common.n, s->common.outputs, s->trial, problem->targets, value,
                      s->cotangent);
    *value += problem->lambda / 2 * (quadratic[0] + t * (2 * quadratic[1] + t * quadratic[2]));
    *slope = ntk_dot(unknowns(s), s->cotangent, s->step_image) +
             problem->lambda * (quadratic[1] + t * quadratic[2]);
}

/* Armijo's condition, or Hager and Zhang's where changes of P are below its rounding. */
static bool is_acceptable(double t, double value, double slope, double before, double slope_before) {
    return value <= before + 0.1 * t * slope_before ||
           (fabs(slope) <= 0.8 * fabs(slope_before) && value <= before + 1e-12 * fabs(before));
}

static ntk_status search(logistic *s, double *length) {
    const size_t size = unknowns(s);
    const double quadratic[] = {ntk_dot(size, s->a, s->image), ntk_dot(size, s->step, s->image),
                                ntk_dot(size, s->step, s->step_image)};
    double before, slope_before, value, slope;
    evaluate_at(s, 0, quadratic, &before, &slope_before);
    if (!isfinite(before) || !isfinite(slope_before))
        return ntk_iterative_refuse_range(&s->common, name_of(s), "the objective or its slope is not finite");
    *length = 1;
    for (int halving = 0; halving < MOST_HALVINGS; halving++, *length /= 2) {
        evaluate_at(s, *length, quadratic, &value, &slope);
        if (is_acceptable(*length, value, slope, before, slope_before)) return NTK_OK;
    }
    *length = 0; /* no further progress: the caller judges what there is */
    return NTK_OK;
}

/* ---- where it stands ------------------------------------------------------------------------- */

/* f, R, Theta R and their norms from a and its image. */
static ntk_status find_gradient(logistic *s) {
    const ntk_iterative_problem *problem = s->common.problem;
    const double n = (double)s->common.n;
    for (size_t k = 0; k < unknowns(s); k++) s->f[k] = (problem->f0 ? problem->f0[k] : 0) + s->image[k];
    ntk_loss_evaluate(problem->loss, s->common.n, s->common.outputs, s->f, problem->targets, NULL,
                      s->cotangent);
    ntk_curvature_weights(&s->view, s->f, s->weight);
    for (size_t k = 0; k < unknowns(s); k++) s->residual[k] = n * s->cotangent[k] + s->shift * s->a[k];
    NTK_TRY(multiply(s, s->residual, s->residual_image));
    s->gradient = sqrt(ntk_larger(0, ntk_dot(unknowns(s), s->residual, s->residual_image))) / n;
    s->norm = sqrt(ntk_larger(0, ntk_dot(unknowns(s), s->a, s->image)));
    return NTK_OK;
}

/* W: where ||w*|| can be found, by P(0) and by the largest gradient of a loss. */
static void find_most(logistic *s) {
    const ntk_iterative_problem *problem = s->common.problem;
    double start, root = 0;
    for (size_t k = 0; k < unknowns(s); k++) s->f[k] = problem->f0 ? problem->f0[k] : 0;
    ntk_loss_evaluate(problem->loss, s->common.n, s->common.outputs, s->f, problem->targets, &start,
                      s->cotangent);
    for (size_t i = 0; i < s->common.n; i++) root += s->common.roots[i] / (double)s->common.n;
    s->most = ntk_smaller(sqrt(2 * start) / sqrt(problem->lambda), sqrt(2) * root / problem->lambda);
}

/* ---- the certificate ------------------------------------------------------------------------- */

/* ||w|| from below and from above. */
static void bound_norm(const logistic *s, double *below, double *above) {
    double sum = 0, size = 0;
    for (size_t k = 0; k < unknowns(s); k++) {
        sum += s->a[k] * s->precise.high[k];
        size += fabs(s->a[k]) * (fabs(s->precise.high[k]) * (double)(unknowns(s) + 8) * DBL_EPSILON +
                                 fabs(s->precise.low[k]) + s->precise.error[k]) +
                underflow;
    }
    size = ntk_iterative_upper(size, unknowns(s));
    *below = sum > size ? sqrt(sum - size) * (1 - 8 * DBL_EPSILON) : 0;
    *above = ntk_iterative_upper(sqrt(ntk_larger(0, sum + size)), 4);
}

/* |sum_k q_k - 1| of a point, up to K u; 0 for a single output, whose loss needs no sum. */
static double excess_of(const logistic *s, size_t i) {
    const size_t outputs = s->common.outputs;
    double sum = -1;
    for (size_t k = 0; outputs > 1 && k < outputs; k++) sum += s->common.problem->targets[i * outputs + k];
    return outputs > 1 ? fabs(sum) : 0;
}

/* e of a point: r^ beside r, given how far its outputs and the sum of its targets are off. */
static double cotangent_error(const logistic *s, double deviation, double excess, double r, double a) {
    const double n = (double)s->common.n, outputs = (double)s->common.outputs;
    return (deviation / 2 + excess + (16 + 3 * outputs) * DBL_EPSILON / 2) / n +
           DBL_EPSILON * (fabs(r) + s->common.problem->lambda * fabs(a));
}

/* r^ in `residual` (not times n), and sum_ik t_i e_ik; *off: the largest d. */
static double find_precise_residual(logistic *s, double *off) {
    const ntk_iterative_problem *problem = s->common.problem;
    const size_t outputs = s->common.outputs;
    double noise = 0;
    *off = 0;
    for (size_t k = 0; k < unknowns(s); k++) {
        s->image[k] = s->precise.high[k] + s->precise.low[k];
        s->f[k] = (problem->f0 ? problem->f0[k] : 0) + s->image[k];
    }
    ntk_loss_evaluate(problem->loss, s->common.n, outputs, s->f, problem->targets, NULL, s->cotangent);
    for (size_t i = 0; i < s->common.n; i++) {
        const double excess = excess_of(s, i);
        double deviation = 0;
        for (size_t k = i * outputs; k < (i + 1) * outputs; k++)
            deviation = ntk_larger(deviation, s->precise.error[k] +
                                                  DBL_EPSILON * (2 * fabs(s->f[k]) + fabs(s->image[k])));
        for (size_t k = i * outputs; k < (i + 1) * outputs; k++) {
            s->residual[k] = s->cotangent[k] + problem->lambda * s->a[k];
            noise += s->common.roots[i] * cotangent_error(s, deviation, excess, s->residual[k], s->a[k]);
        }
        *off = ntk_larger(*off, deviation);
    }
    return ntk_iterative_upper(noise, unknowns(s));
}

/* N. *noise: the part of it that is no gradient. */
static ntk_status bound_gradient(logistic *s, double *bound, double *noise, double *off) {
    double square = 0, error = 0;
    *noise = find_precise_residual(s, off);
    NTK_TRY(ntk_iterative_image_of(&s->common, s->residual, &s->precise));
    for (size_t k = 0; k < unknowns(s); k++) {
        const double r = s->residual[k];
        square += r * s->precise.high[k];
        error += fabs(r) * (fabs(s->precise.high[k]) * (double)(unknowns(s) + 8) * DBL_EPSILON +
                            fabs(s->precise.low[k]) + s->precise.error[k]) +
                 underflow;
    }
    *bound = ntk_iterative_upper(
        sqrt(ntk_larger(0, square) + ntk_iterative_upper(error, unknowns(s))) + *noise, 4);
    *noise = ntk_larger(*noise, ntk_smaller(*bound, *noise + sqrt(error)));
    return NTK_OK;
}

/* Look with care: the result, and whether it is what was asked for. */
static ntk_status certify(logistic *s, bool *good) {
    const double lambda = s->common.problem->lambda;
    ntk_iterative_result *result = s->result;
    double bound, noise, off, norm, above, root = 0;
    NTK_TRY(ntk_iterative_image_of(&s->common, s->a, &s->precise));
    bound_norm(s, &norm, &above);
    NTK_TRY(bound_gradient(s, &bound, &noise, &off));
    for (size_t i = 0; i < s->common.n; i++) root = ntk_larger(root, s->common.roots[i]);
    const double distance = ntk_iterative_quotient(bound, lambda);
    result->residual = ntk_iterative_upper(ntk_iterative_quotient(distance, norm), 4);
    result->rounding = ntk_iterative_quotient(ntk_iterative_quotient(noise, lambda), norm);
    result->coefficient_error = result->weight_error = ntk_iterative_upper(distance, 4);
    result->output_error =
        ntk_iterative_upper(ntk_iterative_product(root, result->coefficient_error) + off, 4);
    *good = result->residual <= s->common.options->tolerance ||
            result->coefficient_error <= allowed_anyway(s, above);
    return NTK_OK;
}

/* ---- the iteration --------------------------------------------------------------------------- */

static ntk_status refuse(const logistic *s) {
    const ntk_iterative_result *r = s->result;
    const ntk_iterative_options *options = s->common.options;
    if (isfinite(r->residual))
        return ntk_fail(
            NTK_ERROR_NO_CONVERGENCE,
            "%s: after %zu Newton steps and %zu iterations the relative "
            "residual is at most %.3g, of which rounding and entry_error are %.3g, where %g was asked",
            name_of(s), r->steps, r->iterations, r->residual, r->rounding, options->tolerance);
    return ntk_fail(NTK_ERROR_NO_CONVERGENCE,
                    "%s: after %zu Newton steps and %zu iterations ||w - w*|| is at most %.3g and w may be "
                    "0, where %g ||w|| was asked, or %g of %.3g, the largest ||w*|| possible",
                    name_of(s), r->steps, r->iterations, r->weight_error, options->tolerance,
                    ntk_smaller(options->absolute_tolerance, options->tolerance), s->most);
}

static bool is_promising(const logistic *s) {
    return s->gradient <= aim * s->common.problem->lambda * allowed(s, s->norm);
}

static bool may_go_on(const logistic *s) {
    return s->result->steps < MOST_STEPS && s->result->iterations < s->common.options->max_iterations;
}

static ntk_status newton_step(logistic *s, bool *moved) {
    double length = 0;
    NTK_TRY(find_step(s));
    NTK_TRY(search(s, &length));
    *moved = length > 0;
    for (size_t k = 0; k < unknowns(s); k++) {
        s->a[k] += length * s->step[k];
        s->image[k] += length * s->step_image[k];
    }
    s->result->steps++;
    return find_gradient(s);
}

/* Newton's steps until the gradient is small, or nothing moves, or the gradient has not fallen for
 * so many steps that rounding must be what is left. */
static ntk_status descend(logistic *s) {
    double least = s->gradient;
    int idle = 0;
    for (bool moved = true; moved && idle < MOST_IDLE && !is_promising(s) && may_go_on(s);) {
        NTK_TRY(newton_step(s, &moved));
        idle = s->gradient < least ? 0 : idle + 1;
        least = ntk_smaller(least, s->gradient);
    }
    return NTK_OK;
}

/* After the descent a look with care, which also renews the image of a: where it does not suffice
 * and is no better than the one before, that is the end. */
static ntk_status iterate(logistic *s) {
    double before = INFINITY;
    bool good = false;
    NTK_TRY(find_gradient(s));
    for (;;) {
        NTK_TRY(descend(s));
        NTK_TRY(certify(s, &good));
        if (good) return NTK_OK;
        if (!isfinite(s->result->output_error))
            return ntk_iterative_refuse_range(&s->common, name_of(s), "the gradient is not finite");
        if (!(s->result->coefficient_error <= before / 2) || !may_go_on(s)) return refuse(s);
        before = s->result->coefficient_error;
        NTK_TRY(find_gradient(s));
        bool moved;
        NTK_TRY(newton_step(s, &moved));
    }
}

/* ---- setting up ------------------------------------------------------------------------------ */

static ntk_status run(logistic *s) {
    NTK_TRY(ntk_iterative_image_create(&s->common, &s->precise));
    NTK_TRY(ntk_iterative_factor(&s->common, &s->pivoted));
    s->result->rank = s->pivoted.rank;
    memset(s->a, 0, unknowns(s) * sizeof *s->a);
    find_most(s);
    return iterate(s);
}

static ntk_status allocate_and_run(logistic *s, double *f) {
    double **const arrays[] = {&s->image,      &s->f,     &s->weight,    &s->residual, &s->residual_image,
                               &s->step,       &s->trial, &s->cotangent, &s->z,        &s->room,
                               &s->room_image, &s->scale, &s->step_image};
    const size_t count = sizeof arrays / sizeof *arrays;
    double *memory = NULL;
    void *inverses = NULL;
    NTK_TRY(ntk_allocate_doubles(count * unknowns(s), &memory));
    for (size_t k = 0; k < count; k++) *arrays[k] = memory + k * unknowns(s);
    ntk_status status = ntk_allocate(s->common.outputs, sizeof *s->inverse, &inverses);
    s->inverse = inverses;
    if (status == NTK_OK) status = run(s);
    if (f && (status == NTK_OK || status == NTK_ERROR_NO_CONVERGENCE))
        memcpy(f, s->f, unknowns(s) * sizeof *f);
    for (size_t k = 0; inverses && k < s->common.outputs; k++) ntk_pivoted_inverse_release(&s->inverse[k]);
    ntk_pivoted_release(&s->pivoted);
    ntk_iterative_image_release(&s->precise);
    ntk_release(inverses);
    ntk_release(memory);
    return status;
}

ntk_status ntk_iterative_logistic(const ntk_iterative_problem *problem, const ntk_iterative_options *options,
                                  double *a, double *f, ntk_iterative_result *result) {
    const ntk_iterative_options standard = ntk_iterative_options_default(NTK_LOSS_LOGISTIC);
    *result = (ntk_iterative_result){0};
    if (problem->loss != NTK_LOSS_LOGISTIC && problem->loss != NTK_LOSS_SOFTMAX)
        return ntk_fail(NTK_ERROR_ARGUMENT, "kernel logistic regression needs the logistic or softmax loss");
    logistic s = {.a = a, .result = result};
    NTK_TRY(ntk_iterative_create(problem, options ? options : &standard, &s.common));
    s.shift = (double)s.common.n * problem->lambda;
    s.view = (ntk_inference_problem){
        .loss = problem->loss, .points = s.common.n, .outputs = problem->outputs, .order = s.common.n};
    const ntk_status status = allocate_and_run(&s, f);
    ntk_iterative_release(&s.common);
    return status;
}
