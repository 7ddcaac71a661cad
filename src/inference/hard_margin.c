/* The hard margin: the solution of least norm with every margin at least 1, through its dual.
 *
 * Write the constraints as <g_c, w> >= 1, where c runs over the points (logistic: g_i = (2 q_i - 1)
 * J_i) or over pairs of a point and a wrong class (softmax: g_ik = J_{i,y_i} - J_{i,k}), and Q =
 * (<g_c, g_d>). The problem min ||w||^2 / 2 has the dual
 *
 *     maximise  D(alpha) = sum_c alpha_c - alpha^T Q alpha / 2, alpha >= 0, w = sum_c alpha_c g_c,
 *
 * and the optimality conditions Q alpha >= 1, with equality where alpha_c > 0. Then ||w_hat||^2 =
 * sum alpha.
 *
 * Method (Goldfarb and Idnani 1983): alpha is optimal for the constraints in the active set A, Q_AA
 * alpha_A =
 * 1. Take the most violated constraint e. Raising alpha_e by t with the equalities kept means
 * alpha_A += t d, d = -Q_AA^{-1} Q_Ae, and raises margin e at the rate s = Q_ee - Q_eA Q_AA^{-1}
 * Q_Ae, the squared distance of g_e from the span of A. Either the margin reaches 1 first, and e
 * joins A, or a multiplier reaches 0 first, and its constraint leaves A. Where neither ever happens
 * (s = 0 and d >= 0), D is unbounded and no w exists: the data are not separable. D rises with
 * every step of positive length, so no active set returns; and Q_AA stays invertible whatever Q,
 * because a g_e in the span of A never joins. With L the Cholesky factor of Q_AA, joining appends a
 * row to L and s is the square of its diagonal entry.
 *
 * The certificate. For any alpha >= 0 with all margins (Q alpha)_c >= m > 0, w / m is feasible, and
 * the best multiple of alpha has D = (sum alpha)^2 / (2 ||w||^2): by weak duality
 *
 *     (sum_c alpha_c) / ||w||  <=  ||w_hat||  <=  ||w|| / m.
 *
 * With R_c = ||J_i|| (logistic) or ||J_{i,y_i}|| + ||J_{i,k}|| (softmax), which is at least
 * ||g_c||, entries of Q are off by at most kappa R_c R_d, kappa = 3 u + gram_error, where
 * gram_error is what is granted to entries of Theta (distinct.h), and sums by a unit roundoff a
 * term, of which there are S, as many as positive multipliers: the margin c as computed is off by
 *
 *     e_c = (S + 2) u sum_d |Q_cd| alpha_d + kappa R_c sum_d R_d alpha_d,
 *
 * and ||w||^2 by sum_c alpha_c (e_c + (S + 2) u |m_c|). The interval returned has these in.
 *
 * Data that are not separable. Where a step is endless, beta = (d, 1) >= 0 has ||sum_c beta_c
 * g_c||^2 = s = 0 up to rounding, s <= 4 (count + 1) eps (sum_c R_c beta_c)^2, and any w with
 * margins of at least 1 has sum_c beta_c <= <sum_c beta_c g_c, w> <= s^{1/2} ||w||: separable data
 * would need a ||w|| of (sum_c beta_c) / s^{1/2} at least. Only of points that are the same and of
 * different classes can more be said.
 *
 * What it says of gradient flow (Soudry et al. 2018). Let w follow w' = -grad of the mean loss
 * (1/n) sum_i log(1 + sum_k e^{-m_c}), m_c = (margin of f_0)_c + <g_c, w>, on separable data. Then,
 * where the multipliers of all active constraints are positive, w = w_hat log t + w~ + o(1); with
 * rho_c = lim (m_c - log t), finite on the support vectors,
 *
 *     w' = (1/n) sum_c e^{-m_c} g_c = (1/t) sum_c (e^{-rho_c} / n) g_c     must be     w_hat / t:
 *
 * alpha_c = e^{-rho_c} / n. Hence t L = (1/n) sum_c t e^{-m_c} -> sum_c alpha_c = ||w_hat||^2: n
 * and f_0 enter w~ alone. ||w|| / log t approaches ||w_hat|| like 1 / log t, through w~, and its
 * slope d||w|| / d log t like 1 / log^2 t. */
#include <ntk/hard_margin.h>

#include <float.h>
#include <math.h>
#include <string.h>

#include <ntk/inference_problem.h>
#include <ntk/linalg.h>
#include <ntk/loss.h>
#include <ntk/memory.h>
#include <ntk/status.h>

#include "inference/distinct.h"
#include "inference/inference_problem.h"
#include "objective/curvature.h"

/* The width of the interval of ||w_hat|| with which a solution is returned, relative to it. */
static const double accepted_width = 1e-6;

/* Margins are 1 at the solution; what is wanted of them where rounding allows it. */
static const double margin_tolerance = 1e-12;

/* The dual problem and the state of the active set; arrays of the number of constraints N. */
typedef struct dual {
    const ntk_distinct *distinct;
    const ntk_inference_problem *problem; /* that of the distinct points */
    size_t constraints;
    size_t *truth;  /* (n), the true class of a point (softmax) */
    double *q;      /* (N, N) */
    double *factor; /* (N, N), L: its first `count` rows and columns */
    double *alpha;  /* (N) */
    double *margin; /* (N), Q alpha */
    size_t *active; /* (N): the first `count`, in the order of the rows of L */
    size_t count;
    double *direction; /* (N), d: of the last project, by position in `active` */
    double *row;       /* (N), the row of L of its constraint */
} dual;

/* ---- constraints ----------------------------------------------------------------------------- */

static bool is_binary(const dual *d) { return d->problem->loss == NTK_LOSS_LOGISTIC; }

/* <J_{i,k}, J_{j,l}>. */
static double tangent(const ntk_inference_problem *problem, size_t i, size_t k, size_t j, size_t l) {
    const size_t outputs = problem->outputs, order = problem->order;
    if (ntk_inference_is_shared(problem)) return k == l ? problem->gram[i * order + j] : 0;
    return problem->gram[(i * outputs + k) * order + j * outputs + l];
}

/* Point and wrong class of the constraint c (softmax). */
static void constraint_of(const dual *d, size_t c, size_t *point, size_t *class) {
    const size_t wrong = d->problem->outputs - 1;
    *point = c / wrong;
    *class = c % wrong + (c % wrong >= d->truth[*point]);
}

/* <g_c, g_e>. */
static double constraint_product(const dual *d, size_t c, size_t e) {
    const ntk_inference_problem *problem = d->problem;
    if (is_binary(d))
        return (2 * problem->targets[c] - 1) * (2 * problem->targets[e] - 1) * tangent(problem, c, 0, e, 0);
    size_t i, k, j, l;
    constraint_of(d, c, &i, &k);
    constraint_of(d, e, &j, &l);
    const size_t y = d->truth[i], z = d->truth[j];
    return (tangent(problem, i, y, j, z) - tangent(problem, i, y, j, l)) -
           (tangent(problem, i, k, j, z) - tangent(problem, i, k, j, l));
}

static void build(dual *d) {
    const size_t count = d->constraints, outputs = d->problem->outputs;
    for (size_t i = 0; i < d->problem->points; ++i)
        for (size_t k = 0; k < outputs; ++k)
            if (d->problem->targets[i * outputs + k] == 1) d->truth[i] = k;
    for (size_t c = 0; c < count; ++c)
        for (size_t e = 0; e <= c; ++e)
            d->q[c * count + e] = d->q[e * count + c] = constraint_product(d, c, e);
}

/* a of the header, from alpha. */
static void coefficients(const dual *d, double *a) {
    const ntk_inference_problem *problem = d->problem;
    memset(a, 0, ntk_inference_unknowns(problem) * sizeof *a);
    for (size_t c = 0; c < d->constraints; ++c) {
        if (is_binary(d)) {
            a[c] = (2 * problem->targets[c] - 1) * d->alpha[c];
            continue;
        }
        size_t i, k;
        constraint_of(d, c, &i, &k);
        a[i * problem->outputs + k] -= d->alpha[c];
        a[i * problem->outputs + d->truth[i]] += d->alpha[c];
    }
}

/* ---- the active set -------------------------------------------------------------------------- */

/* For the first `count` of the active set: row = L^{-1} Q_Ae, direction = d, and s = Q_ee -
 * |row|^2. By the backward stability of Cholesky the s computed belongs to a Q perturbed by some
 * eps count sqrt(Q_ii Q_jj), and s = (1, d)^T Q (1, d): so much of it may be rounding, and no more
 * than that counts as 0. */
static ntk_status project(dual *d, size_t count, size_t e, double *s) {
    const size_t ld = d->constraints;
    for (size_t j = 0; j < count; ++j) d->row[j] = d->q[e * ld + d->active[j]];
    NTK_TRY(ntk_triangular_solve(NTK_NO_TRANSPOSE, count, 1, d->factor, ld, d->row, 1));
    for (size_t j = 0; j < count; ++j) d->direction[j] = -d->row[j];
    NTK_TRY(ntk_triangular_solve(NTK_TRANSPOSE, count, 1, d->factor, ld, d->direction, 1));
    double mass = sqrt(d->q[e * ld + e]);
    for (size_t j = 0; j < count; ++j) {
        const size_t c = d->active[j];
        mass += sqrt(d->q[c * ld + c]) * fabs(d->direction[j]);
    }
    const double distance = d->q[e * ld + e] - ntk_dot(count, d->row, d->row);
    *s = distance > 4 * (double)(count + 1) * DBL_EPSILON * mass * mass ? distance : 0;
    return NTK_OK;
}

/* Give the constraint at position `at` of `active` its row of L, from the rows before it. */
static ntk_status append(dual *d, size_t at) {
    double s = 0;
    NTK_TRY(project(d, at, d->active[at], &s));
    if (!(s > 0)) return ntk_fail(NTK_ERROR_NO_CONVERGENCE, "hard margin: the active set became singular");
    memcpy(d->factor + at * d->constraints, d->row, at * sizeof *d->row);
    d->factor[at * d->constraints + at] = sqrt(s);
    return NTK_OK;
}

/* Take out the constraint at `at`: the rows after it are made again. */
static ntk_status leave(dual *d, size_t at) {
    d->alpha[d->active[at]] = 0;
    d->count--;
    memmove(d->active + at, d->active + at + 1, (d->count - at) * sizeof *d->active);
    for (size_t i = at; i < d->count; ++i) NTK_TRY(append(d, i));
    return NTK_OK;
}

/* The longest t for which alpha + t d >= 0, and which position ends it. */
static double longest_step(const dual *d, size_t *blocking) {
    double longest = INFINITY;
    for (size_t j = 0; j < d->count; ++j) {
        if (!(d->direction[j] < 0)) continue;
        const double t = d->alpha[d->active[j]] / -d->direction[j];
        if (t < longest) {
            longest = t;
            *blocking = j;
        }
    }
    return longest;
}

static ntk_status refuse_inseparable(const dual *d, size_t e) {
    double mass = sqrt(d->q[e * d->constraints + e]), sum = 1;
    for (size_t j = 0; j < d->count; ++j) {
        const size_t c = d->active[j];
        mass += sqrt(d->q[c * d->constraints + c]) * d->direction[j];
        sum += d->direction[j];
    }
    const double root = sqrt(4 * (double)(d->count + 1) * DBL_EPSILON) * mass;
    return ntk_fail(NTK_ERROR_ARGUMENT,
                    "hard margin: the data are not separable by this kernel, or only with a norm above %g",
                    ldexp(sum / root, -d->distinct->exponent / 2));
}

/* Raise alpha_e until its margin is 1. */
static ntk_status enter(dual *d, size_t e) {
    double missing = 1 - d->margin[e];
    for (;;) {
        double s = 0;
        NTK_TRY(project(d, d->count, e, &s));
        size_t blocking = 0;
        const double partial = longest_step(d, &blocking), full = s > 0 ? missing / s : INFINITY;
        const double t = fmin(partial, full);
        if (!isfinite(t)) return refuse_inseparable(d, e);
        d->alpha[e] += t;
        for (size_t j = 0; j < d->count; ++j) d->alpha[d->active[j]] += t * d->direction[j];
        if (full <= partial) {
            d->active[d->count] = e;
            NTK_TRY(append(d, d->count));
            d->count++;
            return NTK_OK;
        }
        missing -= t * s;
        NTK_TRY(leave(d, blocking));
    }
}

/* ---- the solution ---------------------------------------------------------------------------- */

/* What rounding does to the margin c, (Q alpha)_c: eps times |Q| alpha, bounded by Cauchy and
 * Schwarz. */
static double rounding(const dual *d, size_t c) {
    double mass = 0;
    for (size_t e = 0; e < d->constraints; ++e) mass += sqrt(d->q[e * d->constraints + e]) * d->alpha[e];
    return DBL_EPSILON * sqrt(d->q[c * d->constraints + c]) * mass;
}

static double acceptable(const dual *d, size_t c) { return fmax(margin_tolerance, rounding(d, c)); }

/* Recompute the margins and find the most violated constraint outside the active set. */
static ntk_status most_violated(dual *d, size_t *worst, bool *violated) {
    NTK_TRY(ntk_symv(d->constraints, 1, d->q, d->constraints, d->alpha, 0, d->margin));
    for (size_t j = 0; j < d->count; ++j) d->margin[d->active[j]] = 1;
    *worst = 0;
    for (size_t c = 1; c < d->constraints; ++c)
        if (d->margin[c] < d->margin[*worst]) *worst = c;
    *violated = 1 - d->margin[*worst] > acceptable(d, *worst);
    return NTK_OK;
}

/* R_c of the head of this file. */
static double reach(const dual *d, size_t c) {
    const ntk_inference_problem *problem = d->problem;
    if (is_binary(d)) return sqrt(tangent(problem, c, 0, c, 0));
    size_t i, k;
    constraint_of(d, c, &i, &k);
    const size_t y = d->truth[i];
    return sqrt(tangent(problem, i, y, i, y)) + sqrt(tangent(problem, i, k, i, k));
}

/* e_c of the head of this file; mass = sum_d R_d alpha_d. */
static double margin_error(const dual *d, size_t c, double roundings, double mass) {
    double sum = 0;
    for (size_t e = 0; e < d->constraints; ++e) sum += fabs(d->q[c * d->constraints + e]) * d->alpha[e];
    return 1.01 * (roundings * sum + (1.5 * DBL_EPSILON + d->distinct->gram_error) * reach(d, c) * mass);
}

/* The interval, from the sum of alpha, the norm and the margins as computed. */
static void bound_norm(const dual *d, double sum, ntk_hard_margin_result *result) {
    const double roundings = (double)(result->support_vectors + 2) * DBL_EPSILON / 2;
    double mass = 0, least = INFINITY, square = result->norm * result->norm;
    for (size_t c = 0; c < d->constraints; ++c) mass += reach(d, c) * d->alpha[c];
    for (size_t c = 0; c < d->constraints; ++c) {
        const double error = margin_error(d, c, roundings, mass);
        least = ntk_smaller(least, d->margin[c] - error);
        square += d->alpha[c] * (error + roundings * fabs(d->margin[c]));
    }
    const double largest = sqrt(square) * (1 + 8 * roundings);
    result->norm_lower = fmin(sum * (1 - 2 * roundings) / largest, result->norm);
    result->norm_upper = least > 0 ? fmax(largest / least * (1 + DBL_EPSILON), result->norm) : INFINITY;
}

static ntk_status certify(dual *d, ntk_hard_margin_result *result) {
    const size_t count = d->constraints;
    NTK_TRY(ntk_symv(count, 1, d->q, count, d->alpha, 0, d->margin));
    double sum = 0;
    for (size_t c = 0; c < count; ++c) {
        const double short_by = 1 - d->margin[c];
        const double residual = d->alpha[c] > 0 ? fabs(short_by) : fmax(0, short_by);
        result->kkt_residual = ntk_larger(result->kkt_residual, residual);
        result->support_vectors += d->alpha[c] > 0;
        sum += d->alpha[c];
    }
    result->norm = sqrt(ntk_dot(count, d->alpha, d->margin));
    bound_norm(d, sum, result);
    const int half = d->distinct->exponent / 2;
    result->norm = ldexp(result->norm, -half);
    result->norm_lower = ldexp(result->norm_lower, -half);
    result->norm_upper = ldexp(result->norm_upper, -half);
    if (result->norm_upper - result->norm_lower <= accepted_width * result->norm) return NTK_OK;
    return ntk_fail(NTK_ERROR_NO_CONVERGENCE,
                    "hard margin: the norm is known to lie in [%g, %g] only, with a residual of %g",
                    result->norm_lower, result->norm_upper, result->kkt_residual);
}

static ntk_status solve_dual(dual *d, ntk_hard_margin_result *result) {
    build(d);
    size_t worst = 0;
    bool violated = false;
    NTK_TRY(most_violated(d, &worst, &violated));
    while (violated) {
        /* Far above what the method needs, which is about one step for each support vector. */
        if (result->iterations > 50 * d->constraints)
            return ntk_fail(NTK_ERROR_NO_CONVERGENCE, "hard margin: %zu steps were not enough",
                            result->iterations);
        NTK_TRY(enter(d, worst));
        result->iterations++;
        NTK_TRY(most_violated(d, &worst, &violated));
    }
    return certify(d, result);
}

/* ---- setting up ------------------------------------------------------------------------------ */

static void release(dual *d) {
    ntk_release(d->q);
    ntk_release(d->factor);
    ntk_release(d->alpha);
    ntk_release(d->active);
}

static ntk_status allocate(dual *d) {
    const size_t n = d->problem->points, count = d->constraints;
    if (count > (size_t)1 << 15)
        return ntk_fail(NTK_ERROR_SHAPE, "hard margin: %zu constraints are too many", count);
    void *indices = NULL;
    NTK_TRY(ntk_allocate(count + n, sizeof *d->active, &indices));
    d->active = indices;
    d->truth = d->active + count;
    NTK_TRY(ntk_allocate_doubles(count * count, &d->q));
    NTK_TRY(ntk_allocate_doubles(count * count, &d->factor));
    NTK_TRY(ntk_allocate_doubles(4 * count, &d->alpha));
    d->margin = d->alpha + count;
    d->direction = d->margin + count;
    d->row = d->direction + count;
    return NTK_OK;
}

/* The same point with different classes. */
static ntk_status check_labels(const ntk_distinct *distinct, const ntk_inference_problem *given) {
    const size_t outputs = given->outputs;
    for (size_t i = 0; distinct->group && i < given->points; ++i) {
        size_t first = 0;
        while (distinct->group[first] != distinct->group[i]) ++first;
        for (size_t k = 0; k < outputs; ++k)
            if (given->targets[i * outputs + k] != given->targets[first * outputs + k])
                return ntk_fail(
                    NTK_ERROR_ARGUMENT,
                    "hard margin: the data are not separable: points %zu and %zu are the same and "
                    "their classes are not",
                    first, i);
    }
    return NTK_OK;
}

static ntk_status solve(const ntk_distinct *distinct, double *a, double *f, ntk_hard_margin_result *result) {
    const ntk_inference_problem *problem = &distinct->problem;
    const size_t unknowns = ntk_inference_unknowns(problem);
    const size_t wrong = problem->loss == NTK_LOSS_LOGISTIC ? 1 : problem->outputs - 1;
    dual d = {.distinct = distinct, .problem = problem, .constraints = problem->points * wrong};
    double *values = NULL;
    NTK_TRY(ntk_allocate_doubles(2 * unknowns, &values));
    ntk_status status = allocate(&d);
    if (status == NTK_OK) status = solve_dual(&d, result);
    if (status == NTK_OK) coefficients(&d, values);
    if (status == NTK_OK && f) status = ntk_inference_apply(problem, values, values + unknowns);
    if (status == NTK_OK) ntk_distinct_spread_coefficients(distinct, values, a);
    if (status == NTK_OK && f) ntk_distinct_spread_outputs(distinct, values + unknowns, f);
    release(&d);
    ntk_release(values);
    return status;
}

ntk_status ntk_inference_hard_margin(const ntk_inference_problem *problem, double *a, double *f,
                                     ntk_hard_margin_result *result) {
    ntk_inference_problem plain = *problem; /* f_0 and lambda play no part */
    plain.f0 = NULL;
    plain.lambda = 0;
    ntk_distinct distinct;
    NTK_TRY(ntk_distinct_create(&plain, &distinct));
    *result = (ntk_hard_margin_result){0};
    ntk_status status = NTK_OK;
    if (!ntk_loss_targets_are_hard(problem->loss, problem->points, problem->outputs, problem->targets))
        status = ntk_fail(NTK_ERROR_ARGUMENT, "hard margin: the targets are not single classes");
    if (status == NTK_OK) status = check_labels(&distinct, problem);
    if (status == NTK_OK) status = solve(&distinct, a, f, result);
    ntk_distinct_release(&distinct);
    return status;
}
