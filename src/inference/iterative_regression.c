#include <ntk/iterative.h>

#include <float.h>
#include <math.h>
#include <string.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>

#include "inference/compensated.h"
#include "inference/conjugate.h"
#include "inference/iterative_residual.h"
#include "inference/pivoted.h"

enum { MOST_STEPS = 20 };

static const char name[] = "kernel regression";

/* What conjugate gradients aim at, of what is allowed: the rest is for rounding. And the least
 * reduction of a residual that is asked of one run. */
static const double aim = 0.3, least_reduction = 1e-12;

typedef struct regression {
    ntk_iterative common;
    ntk_pivoted pivoted;
    ntk_pivoted_inverse inverse;
    double shift;                        /* n lambda */
    double *a, *residual, *error, *step; /* (n, K); error: of the residual */
    double *size;                        /* (K), ||Y - f_0|| from below */
    double *rest;                        /* (K), R */
    double *noise;                       /* (K), the part of R that is no residual */
    double *wanted;                      /* (K), what R may be */
    ntk_iterative_image image;
    ntk_iterative_result *result;
} regression;

ntk_iterative_options ntk_iterative_options_default(ntk_loss loss) {
    return (ntk_iterative_options){.tolerance = loss == NTK_LOSS_SQUARED ? 1e-10 : 1e-8,
                                   .absolute_tolerance = 1e-10,
                                   .coefficient_tolerance = INFINITY,
                                   .entry_error = 0x1p-51,
                                   .rank = 500,
                                   .max_iterations = 2000,
                                   .seed = 1};
}

static double target_of(const regression *s, size_t at) { return s->common.problem->targets[at]; }

static double start_of(const regression *s, size_t at) {
    return s->common.problem->f0 ? s->common.problem->f0[at] : 0;
}

/* ---- the residual ---------------------------------------------------------------------------- */

/* y - f_0 - high - low - (n lambda) a in a pair, of which every operation but the last is without
 * error or concerns a rest: off by u |r| from rounding the pair, by (10 u)^2 of what is added, and
 * by u |low| <= n u^2 S, for which the error of the image has room: (2 (n + 2) u)^2 S where 2.02 n
 * (n + 1) u^2 S are needed (kernel/tiles_compensated.c). */
static void add_ridge(const regression *s, size_t at, double *sum, double *rest) {
    double whole = 0, part = 0; /* n lambda */
    const double n = (double)s->common.n, lambda = s->common.problem->lambda, a = -s->a[at];
    ntk_add_product(n, ntk_split(n), lambda, ntk_split(lambda), &whole, &part);
    ntk_add_product(whole, ntk_split(whole), a, ntk_split(a), sum, rest);
    *rest += part * a;
}

static void find_entry(regression *s, size_t at) {
    static const ntk_halves one = {1, 0};
    const double terms[] = {target_of(s, at), -start_of(s, at), -s->image.high[at]};
    const double tiny = 100 * DBL_EPSILON * DBL_EPSILON / 4;
    double sum = 0, rest = 0, size = fabs(s->image.low[at]) + fabs(s->shift * s->a[at]);
    for (size_t k = 0; k < sizeof terms / sizeof *terms; k++) {
        ntk_add_product(terms[k], ntk_split(terms[k]), 1, one, &sum, &rest);
        size += fabs(terms[k]);
    }
    add_ridge(s, at, &sum, &rest);
    s->residual[at] = sum + (rest - s->image.low[at]);
    s->error[at] = s->image.error[at] + DBL_EPSILON / 2 * fabs(s->residual[at]) + tiny * size + 16 * DBL_MIN;
}

/* The residual of a, and R. */
static ntk_status find_residual(regression *s) {
    const size_t size = s->common.n * s->common.outputs;
    NTK_TRY(ntk_iterative_image_of(&s->common, s->a, &s->image));
    for (size_t at = 0; at < size; at++) find_entry(s, at);
    ntk_iterative_norms(&s->common, s->residual, s->error, s->rest);
    ntk_iterative_norms(&s->common, s->error, NULL, s->noise);
    for (size_t k = 0; k < s->common.outputs; k++)
        if (s->size[k] == 0) s->rest[k] = s->noise[k] = 0; /* a = 0 is exact */
    return NTK_OK;
}

/* ---- the iteration --------------------------------------------------------------------------- */

static ntk_status apply(void *context, const double *v, double *image) {
    const regression *s = context;
    NTK_TRY(ntk_tiles_apply(s->common.problem->tiles, s->common.outputs, v, image));
    for (size_t k = 0; k < s->common.n * s->common.outputs; k++) image[k] += s->shift * v[k];
    return NTK_OK;
}

static ntk_status precondition(void *context, const double *r, double *z) {
    const regression *s = context;
    return ntk_pivoted_apply(&s->inverse, s->common.outputs, r, z, s->common.outputs);
}

static ntk_status watch(void *context, double excess) {
    const regression *s = context;
    const ntk_iterative_options *options = s->common.options;
    const ntk_iterative_progress progress = {s->result->iterations, s->result->steps, excess};
    return options->watch ? options->watch(&progress, options->context) : NTK_OK;
}

static void own_norms(const regression *s, const double *v, double *norm) {
    ntk_iterative_norms(&s->common, v, NULL, norm);
}

/* n lambda + lambda_min from below, up to a factor 1 + 2 u; 0 where that may be negative. */
static double find_gap(const regression *s) {
    const double least = s->common.least;
    if (least >= 0) return s->shift + least;
    return ntk_larger(0, s->shift + least - 2 * DBL_EPSILON * (s->shift - least));
}

/* What R of an output may be for both tolerances, given the coefficients so far. */
static void find_wanted(regression *s) {
    const double gap = find_gap(s);
    own_norms(s, s->a, s->wanted);
    for (size_t k = 0; k < s->common.outputs; k++) {
        const double both = s->common.options->coefficient_tolerance * gap * s->wanted[k];
        const double first = s->common.options->tolerance * s->size[k];
        s->wanted[k] = isfinite(both) && both < first && s->wanted[k] > 0 ? both : first;
    }
}

/* a += about (Theta + n lambda I)^{-1} residual. */
static ntk_status correct(regression *s) {
    const ntk_conjugate system = {.n = s->common.n,
                                  .columns = s->common.outputs,
                                  .apply = apply,
                                  .precondition = precondition,
                                  .watch = watch,
                                  .context = s};
    const size_t done = s->result->iterations, all = s->common.options->max_iterations;
    find_wanted(s);
    for (size_t k = 0; k < s->common.outputs; k++)
        s->wanted[k] = ntk_larger(aim * s->wanted[k], least_reduction * s->rest[k]);
    NTK_TRY(
        ntk_conjugate_solve(&system, s->residual, s->wanted, all - done, s->step, &s->result->iterations));
    for (size_t k = 0; k < s->common.n * s->common.outputs; k++) s->a[k] += s->step[k];
    return NTK_OK;
}

/* ||f - f*|| and ||w - w*|| of a residual: at most |l / (l + s)| and sqrt(l) / (l + s) of it, l an
 * eigenvalue of Theta. */
static double output_distance(const regression *s, double rest) {
    const double least = s->common.least, factor = least < 0 ? -least / find_gap(s) : 0;
    return factor > 1 && rest > 0 ? ntk_iterative_upper(ntk_iterative_product(rest, factor), 4) : rest;
}

static double weight_distance(const regression *s, double rest) {
    const double least = s->common.least;
    if (rest == 0) return 0;
    if (least < 0) return INFINITY; /* there is no w */
    return least > s->shift
               ? ntk_iterative_upper(ntk_iterative_product(rest, sqrt(least) / (least + s->shift)), 4)
               : ntk_iterative_upper(ntk_iterative_product(rest, 1 / (2 * sqrt(s->shift))), 4);
}

/* ||a - a*|| / ||a||. `norm` is an upper bound by a factor that is made up for, and by what
 * underflows; a quotient that does not stand in range is formed the other way round. */
static double relative_distance(const regression *s, double rest, double norm) {
    const double gap = find_gap(s), least = ntk_larger(0, norm - 2 * DBL_TRUE_MIN), distance = rest / gap;
    if (rest == 0) return 0;
    return ntk_iterative_upper(distance >= DBL_MIN && isfinite(distance)
                                   ? ntk_iterative_quotient(distance, least)
                                   : ntk_iterative_quotient(ntk_iterative_quotient(rest, least), gap),
                               3 * s->common.n);
}

/* Fill the result; whether it is what was asked for. */
static bool judge(regression *s) {
    const ntk_iterative_options *options = s->common.options;
    ntk_iterative_result *result = s->result;
    double *norm = s->wanted;
    result->residual = result->output_error = result->coefficient_error = 0;
    result->weight_error = result->rounding = 0;
    own_norms(s, s->a, norm);
    for (size_t k = 0; k < s->common.outputs; k++) {
        const double rest = s->rest[k], reached = ntk_iterative_quotient(rest, s->size[k]);
        result->residual = ntk_larger(result->residual, ntk_iterative_upper(reached, 1));
        result->rounding = ntk_larger(result->rounding, ntk_iterative_quotient(s->noise[k], s->size[k]));
        result->output_error = ntk_larger(result->output_error, output_distance(s, rest));
        result->weight_error = ntk_larger(result->weight_error, weight_distance(s, rest));
        result->coefficient_error =
            ntk_larger(result->coefficient_error, relative_distance(s, rest, norm[k]));
    }
    return result->residual <= options->tolerance &&
           (options->coefficient_tolerance == INFINITY ||
            result->coefficient_error <= options->coefficient_tolerance);
}

static double worst(const regression *s) {
    double found = 0;
    for (size_t k = 0; k < s->common.outputs; k++)
        found = ntk_larger(found, ntk_iterative_quotient(s->rest[k], s->size[k]));
    return found;
}

static ntk_status refuse(const regression *s) {
    const ntk_iterative_result *r = s->result;
    const ntk_iterative_options *options = s->common.options;
    ntk_fail(
        NTK_ERROR_NO_CONVERGENCE,
        "kernel regression: after %zu iterations and %zu refinements the residual is at most %.3g of the "
        "targets, of which rounding and entry_error are %.3g, where %g was asked",
        r->iterations, r->steps, r->residual, r->rounding, options->tolerance);
    if (options->coefficient_tolerance == INFINITY) return NTK_ERROR_NO_CONVERGENCE;
    return ntk_fail(NTK_ERROR_NO_CONVERGENCE, "%s, and a is off by at most %.3g, where %g was asked",
                    ntk_error_detail(), r->coefficient_error, options->coefficient_tolerance);
}

/* Without a shift a matrix that is singular, or nearly so, shows itself by steps that explode. */
static ntk_status explain(const regression *s, ntk_status status) {
    if (status == NTK_ERROR_NOT_FINITE && s->shift > 0)
        return ntk_iterative_refuse_range(&s->common, name, ntk_error_detail());
    if (s->shift > 0 || (status != NTK_ERROR_NOT_POSITIVE_DEFINITE && status != NTK_ERROR_NOT_FINITE))
        return status;
    return ntk_fail(NTK_ERROR_NOT_POSITIVE_DEFINITE,
                    "kernel regression with lambda = 0: the Gram matrix is singular, or too close to it (%s)",
                    ntk_error_detail());
}

static ntk_status iterate(regression *s) {
    double before = INFINITY;
    NTK_TRY(find_residual(s));
    while (!judge(s)) {
        const double now = worst(s);
        if (!isfinite(now)) return ntk_iterative_refuse_range(&s->common, name, "the residual is not finite");
        if (!(now <= before / 2) || s->result->steps == MOST_STEPS ||
            s->result->iterations >= s->common.options->max_iterations)
            return refuse(s);
        before = now;
        NTK_TRY(explain(s, correct(s)));
        s->result->steps++;
        NTK_TRY(find_residual(s));
    }
    return NTK_OK;
}

/* ---- setting up ------------------------------------------------------------------------------ */

/* f = f_0 + Theta a, whose own rounding is a part of the error. */
static void deliver(const regression *s, double *f) {
    double rounding = 0;
    for (size_t at = 0; at < s->common.n * s->common.outputs; at++) {
        const double high = start_of(s, at) + s->image.high[at], value = high + s->image.low[at];
        rounding = ntk_larger(rounding, DBL_EPSILON * (fabs(high) + fabs(value)) + s->image.error[at]);
        if (f) f[at] = value;
    }
    s->result->output_error = ntk_iterative_upper(s->result->output_error + rounding, 4);
}

/* ||Y - f_0|| of each output from below: each difference is off by u of itself. */
static ntk_status measure_targets(regression *s) {
    for (size_t at = 0; at < s->common.n * s->common.outputs; at++)
        s->step[at] = target_of(s, at) - start_of(s, at);
    own_norms(s, s->step, s->size);
    for (size_t k = 0; k < s->common.outputs; k++) {
        const double size = s->size[k] * (1 - (double)(2 * s->common.n + 256) * DBL_EPSILON);
        if (!isfinite(size))
            return ntk_iterative_refuse_range(&s->common, name,
                                              "targets and initial outputs lie too far apart");
        if (size > 0) s->size[k] = ntk_larger(size - 2 * DBL_TRUE_MIN, DBL_TRUE_MIN);
    }
    return NTK_OK;
}

static ntk_status precondition_and_solve(regression *s) {
    NTK_TRY(ntk_iterative_factor(&s->common, &s->pivoted));
    s->result->rank = s->pivoted.rank;
    /* without a shift, that which is left takes its place */
    const double shift = s->shift > 0 ? s->shift : s->pivoted.rest / (double)s->common.n;
    NTK_TRY(
        ntk_pivoted_invert(&s->pivoted, NULL, ntk_larger(shift, DBL_MIN), s->common.outputs, &s->inverse));
    return iterate(s);
}

static ntk_status run(regression *s, double *f) {
    const size_t size = s->common.n * s->common.outputs;
    memset(s->a, 0, size * sizeof *s->a);
    NTK_TRY(measure_targets(s));
    NTK_TRY(ntk_iterative_image_create(&s->common, &s->image));
    const ntk_status status = precondition_and_solve(s);
    if (status == NTK_OK || status == NTK_ERROR_NO_CONVERGENCE) deliver(s, f);
    return status;
}

static ntk_status allocate_and_run(regression *s, double *f) {
    const size_t size = s->common.n * s->common.outputs;
    double *memory = NULL;
    NTK_TRY(ntk_allocate_doubles(3 * size + 4 * s->common.outputs, &memory));
    s->residual = memory;
    s->error = s->residual + size;
    s->step = s->error + size;
    s->size = s->step + size;
    s->rest = s->size + s->common.outputs;
    s->noise = s->rest + s->common.outputs;
    s->wanted = s->noise + s->common.outputs;
    const ntk_status status = run(s, f);
    ntk_iterative_image_release(&s->image);
    ntk_pivoted_inverse_release(&s->inverse);
    ntk_pivoted_release(&s->pivoted);
    ntk_release(memory);
    return status;
}

ntk_status ntk_iterative_regression(const ntk_iterative_problem *problem,
                                    const ntk_iterative_options *options, double *a, double *f,
                                    ntk_iterative_result *result) {
    const ntk_iterative_options standard = ntk_iterative_options_default(NTK_LOSS_SQUARED);
    *result = (ntk_iterative_result){0};
    if (problem->loss != NTK_LOSS_SQUARED)
        return ntk_fail(NTK_ERROR_ARGUMENT, "kernel regression needs the squared loss");
    regression s = {.a = a, .result = result};
    NTK_TRY(ntk_iterative_create(problem, options ? options : &standard, &s.common));
    s.shift = (double)s.common.n * problem->lambda;
    const ntk_status status = allocate_and_run(&s, f);
    ntk_iterative_release(&s.common);
    return status;
}
