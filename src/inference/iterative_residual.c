/* Symbols. T: the numbers that the reference holds; Theta: any positive semi-definite matrix with
 * |Theta_ij - T_ij| <= h t_i t_j, t_i = sqrt(Theta_ii), h = entry_error; u = 2^-53.
 *
 * Image. ntk_tiles_apply_compensated gives T v = high + low up to a proved error, and
 *
 *     |((Theta - T) v)_ik| <= h t_i sum_j t_j |v_jk|.
 *
 * t is taken from the diagonal of T, which differs from that of Theta by a factor 1 + h; the upper
 * bounds below have more room than that.
 *
 * Regression. With rho = Y - f_0 - (Theta + s I) a, s = n lambda,
 *
 *     a* - a = (Theta + s I)^{-1} rho,          ||a* - a|| <= ||rho|| / (s + lambda_min(Theta)),
 *     f* - f = Theta (Theta + s I)^{-1} rho,    ||f* - f|| <= ||rho||,
 *
 *     ||w* - w||^2 = rho . Theta (Theta + s I)^{-2} rho <= max_l l / (l + s)^2 ||rho||^2,
 *
 * since the eigenvalues of Theta (Theta + s I)^{-1} lie in [0, 1] (for s = 0 where Theta is
 * singular, of the part of rho in its range), and with l over the eigenvalues: sqrt(l) / (l + s) is
 * largest at l = s, with 1 / (2 sqrt(s)), or at lambda_min, where that is larger than s. Norms are
 * those of columns.
 *
 * lambda_min. What the problem gives is a bound m of the numbers T. |Theta_ij - T_ij| <= h t_i t_j
 * makes ||Theta - T||_2 <= h sum_i t_i^2 = h trace(Theta), so that lambda_min(Theta) >= m - h
 * trace(Theta); and >= 0 where Theta is presupposed to be positive semi-definite. For m < 0 nothing
 * is presupposed: with l >= m' = m - h trace(Theta) > -s,
 *
 *     |l / (l + s)| <= max(1, |m'| / (s + m')),
 *
 * and there is no w. */
#include "inference/iterative_residual.h"

#include <float.h>
#include <math.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>

/* Each term passes through `terms` additions and at most 60 other roundings (Lemma 3 of
 * certify/cholesky.c); and the diagonals of T for those of Theta, h <= 1e-3. */
double ntk_iterative_upper(double x, size_t terms) { return x * (1 + (double)(terms + 64) * DBL_EPSILON); }

double ntk_iterative_quotient(double a, double b) { return a > 0 ? ntk_larger(a / b, DBL_MIN) : a; }

double ntk_iterative_product(double a, double b) {
    return a > 0 && b > 0 ? ntk_larger(a * b, DBL_MIN) : a * b;
}

/* ---- the problem ----------------------------------------------------------------------------- */

static ntk_status check_problem(const ntk_iterative_problem *problem, const ntk_iterative_options *options,
                                size_t n) {
    const bool least = problem->loss == NTK_LOSS_SQUARED;
    if (problem->outputs == 0) return ntk_fail(NTK_ERROR_SHAPE, "kernel systems: no outputs");
    if (problem->reference && ntk_tiles_order(problem->reference) != n)
        return ntk_fail(NTK_ERROR_SHAPE, "kernel systems: tiles of order %zu and a reference of order %zu", n,
                        ntk_tiles_order(problem->reference));
    if (!(problem->lambda >= 0) || !isfinite((double)n * problem->lambda) || (!least && problem->lambda == 0))
        return ntk_fail(NTK_ERROR_ARGUMENT, "kernel systems: lambda %g, n lambda %g", problem->lambda,
                        (double)n * problem->lambda);
    if (!isfinite(problem->lambda_min) || (!least && problem->lambda_min < 0))
        return ntk_fail(NTK_ERROR_ARGUMENT, "kernel systems: lambda_min %g", problem->lambda_min);
    if (!(options->tolerance >= 0) || !(options->coefficient_tolerance >= 0) ||
        !(options->absolute_tolerance >= 0))
        return ntk_fail(NTK_ERROR_ARGUMENT, "kernel systems: tolerances %g, %g and %g", options->tolerance,
                        options->coefficient_tolerance, options->absolute_tolerance);
    if (!(options->entry_error >= 0 && options->entry_error <= 1e-3))
        return ntk_fail(NTK_ERROR_ARGUMENT, "kernel systems: entry_error %g, not in [0, 1e-3]",
                        options->entry_error);
    if (problem->f0 && !ntk_all_finite(n * problem->outputs, problem->f0))
        return ntk_fail(NTK_ERROR_NOT_FINITE, "kernel systems: an initial output is not finite");
    return ntk_loss_check(problem->loss, n, problem->outputs, problem->targets);
}

static ntk_status find_roots(ntk_iterative *s) {
    double trace = 0;
    NTK_TRY(ntk_allocate_doubles(s->n, &s->roots));
    NTK_TRY(ntk_tiles_diagonal(s->reference, s->roots));
    for (size_t i = 0; i < s->n; i++) {
        if (!(s->roots[i] >= 0))
            return ntk_fail(NTK_ERROR_NOT_POSITIVE_DEFINITE, "the Gram matrix: row %zu, column %zu is %g", i,
                            i, s->roots[i]);
        trace += s->roots[i];
        s->roots[i] = sqrt(s->roots[i]) * (1 + s->options->entry_error + DBL_EPSILON);
    }
    s->root_norm = ntk_iterative_upper(sqrt(trace) * (1 + s->options->entry_error), s->n);
    return NTK_OK;
}

/* lambda_min less entry_error trace(Theta). */
static double find_least(const ntk_iterative *s) {
    const double known = s->problem->lambda_min, h = s->options->entry_error;
    const double off = ntk_iterative_product(ntk_iterative_product(h, s->root_norm), s->root_norm);
    const double left = known - ntk_iterative_upper(off, 4);
    const double least = left - DBL_EPSILON * fabs(left);
    return known >= 0 ? ntk_larger(0, least) : least;
}

static ntk_status prepare(ntk_iterative *s) {
    const double rough = ntk_larger(s->options->entry_error, 0x1p-22); /* float32, and some room */
    NTK_TRY(ntk_tiles_check(s->reference, s->options->entry_error));
    if (s->reference != s->problem->tiles) NTK_TRY(ntk_tiles_check(s->problem->tiles, rough));
    NTK_TRY(find_roots(s));
    s->least = find_least(s);
    return NTK_OK;
}

ntk_status ntk_iterative_create(const ntk_iterative_problem *problem, const ntk_iterative_options *options,
                                ntk_iterative *out) {
    *out = (ntk_iterative){.problem = problem,
                           .options = options,
                           .reference = problem->reference ? problem->reference : problem->tiles,
                           .n = ntk_tiles_order(problem->tiles),
                           .outputs = problem->outputs};
    NTK_TRY(check_problem(problem, options, out->n));
    const ntk_status status = prepare(out);
    if (status != NTK_OK) ntk_iterative_release(out);
    return status;
}

void ntk_iterative_release(ntk_iterative *s) {
    ntk_release(s->roots);
    s->roots = NULL;
}

ntk_status ntk_iterative_refuse_range(const ntk_iterative *s, const char *what, const char *found) {
    const size_t size = s->n * s->outputs;
    double root = 0, target = 0, start = 0;
    for (size_t i = 0; i < s->n; i++) root = ntk_larger(root, s->roots[i]);
    for (size_t at = 0; at < size; at++) target = ntk_larger(target, fabs(s->problem->targets[at]));
    for (size_t at = 0; s->problem->f0 && at < size; at++)
        start = ntk_larger(start, fabs(s->problem->f0[at]));
    return ntk_fail(NTK_ERROR_NOT_FINITE,
                    "%s: %s, a number or a product beyond the range of doubles (factors of products: below "
                    "2^996 = 6.7e299): entries of the Gram matrix are up to %.3g, targets %.3g, initial "
                    "outputs %.3g, n lambda is %.3g; scale them",
                    what, found, root * root, target, start, (double)s->n * s->problem->lambda);
}

/* A diagonal below what the entries are known to is rounding. */
ntk_status ntk_iterative_factor(const ntk_iterative *s, ntk_pivoted *out) {
    const ntk_iterative_options *options = s->options;
    const double floor = ntk_larger(1e-11, 16 * options->entry_error);
    double *diagonal;
    NTK_TRY(ntk_allocate_doubles(s->n, &diagonal));
    ntk_status status = ntk_tiles_diagonal(s->problem->tiles, diagonal);
    if (status == NTK_OK)
        status = ntk_pivoted_create(s->problem->tiles, diagonal, options->rank, floor, options->seed, out);
    ntk_release(diagonal);
    return status;
}

/* ---- images ---------------------------------------------------------------------------------- */

ntk_status ntk_iterative_image_create(const ntk_iterative *s, ntk_iterative_image *out) {
    const size_t size = s->n * s->outputs;
    NTK_TRY(ntk_allocate_doubles(3 * size, &out->high));
    out->low = out->high + size;
    out->error = out->low + size;
    return NTK_OK;
}

void ntk_iterative_image_release(ntk_iterative_image *image) { ntk_release(image->high); }

ntk_status ntk_iterative_image_of(const ntk_iterative *s, const double *v, ntk_iterative_image *image) {
    double *row_sums = NULL;
    NTK_TRY(ntk_allocate_doubles(s->n, &row_sums));
    const ntk_status status = ntk_tiles_apply_compensated(s->reference, s->outputs, v, image->high,
                                                          image->low, image->error, row_sums);
    ntk_release(row_sums);
    NTK_TRY(status);
    for (size_t k = 0; k < s->outputs; k++) {
        double mass = 0;
        for (size_t j = 0; j < s->n; j++) mass += s->roots[j] * fabs(v[j * s->outputs + k]);
        mass = ntk_iterative_upper(mass + (double)s->n * DBL_TRUE_MIN, s->n);
        mass = ntk_iterative_product(mass, s->options->entry_error);
        for (size_t i = 0; i < s->n; i++) image->error[i * s->outputs + k] += s->roots[i] * mass;
    }
    return NTK_OK;
}

void ntk_iterative_norms(const ntk_iterative *s, const double *v, const double *error, double *norm) {
    for (size_t k = 0; k < s->outputs; k++) {
        double scale = 0, squares = 0;
        for (size_t i = 0; i < s->n; i++) {
            const size_t at = i * s->outputs + k;
            scale = ntk_larger(scale, fabs(v[at]) + (error ? error[at] : 0));
        }
        for (size_t i = 0; i < s->n && scale > 0; i++) {
            const size_t at = i * s->outputs + k;
            const double part = (fabs(v[at]) + (error ? error[at] : 0)) / scale;
            squares += part * part;
        }
        norm[k] = scale > 0 || !isfinite(scale) ? ntk_iterative_upper(scale * sqrt(squares), s->n) : 0;
    }
}
