/* The distance of a candidate from the minimiser of P(w) = m(f_0 + J w) + (lambda / 2) ||w||^2.
 *
 * Strong convexity says ||w - w*|| <= ||grad P|| / lambda. It is all that can be said of directions
 * in which the data are silent, but far too little of those in which they are not: where
 * contradicted labels and a tiny lambda meet, the rounding of c alone makes eps / lambda of it.
 * What follows uses the curvature H that is there.
 *
 * Theorem. Let w have outputs f, gradient g = J^T r, r = c + lambda a, and A = lambda I + J^T H J
 * its Hessian. Let nu^2 >= g^T A^{-1} g, and rho_i^2 >= j^T A^{-1} j for j = J_i (logistic) or
 * J_ik - J_il, all k, l (softmax). If x = nu max_i rho_i < 1, then with u = w* - w and U = nu
 * log(1 / (1 - x)) / x
 *
 *     ||u||_A <= U,    |<j, u>| <= rho_i U,    ||u|| <= U / sqrt(lambda),    P(w) - min P <= nu U.
 *
 * Proof. Let s = max_i |<j, u>|. The third derivative of a cross-entropy is bounded by its second:
 * along w + t u the curvature at a point is sigma (1 - sigma), or the variance of <., u> under p,
 * whose derivatives are at most s times themselves. So the Hessian along the segment is at least
 * e^{-ts} A, and from grad P(w*) = 0
 *
 *     nu ||u||_A >= -g^T u = int_0^1 u^T A(w + t u) u dt >= ||u||_A^2 (1 - e^{-s}) / s.
 *
 * s <= rho ||u||_A then gives 1 - e^{-s} <= x, and (1 - e^{-s}) / s decreases in s. P is convex:
 * P(w) - P(w*) <= -g^T u <= nu ||u||_A. (Bach 2010 has the like for lambda ||w||.)
 *
 * The two quantities are bounded without a factorisation. A >= lambda I and A >= J^T H J, so that
 * for any split r = r' + r'', r'' in the range of H,
 *
 *     nu <= ||J^T r'|| / sqrt(lambda) + (r''^T H^+ r'')^{1/2},
 *     ||J^T r'|| <= sum_i sqrt(Theta_ii) |r'_i|,
 *     rho_i^2 <= min(Theta_ii / lambda, 1 / H_i)                                         (logistic)
 *     rho_i^2 <= min(||J_ik - J_il||^2 / lambda, (1/p_k + 1/p_l) n / m_i)               (softmax),
 *
 * each point goes to the cheaper side, and r''^T H^+ r'' = sum_k r''_k^2 n / (m_i p_k) for softmax.
 * An error e of c thus counts as one of e / H in f, and an error d of f as one of H^{1/2} d in nu:
 * both as good as nothing where the curvature is large, whatever lambda.
 *
 * Softmax, the mean over the outputs of a point. H does not see it. Rows of c sum to 0, so r has
 * the row means of lambda a. For a shared kernel the mean of f is decoupled and that of f* is that
 * of f_0: the candidate is taken with the row means of a removed, and they count as an error Theta
 * (mean a) of f. For a full kernel they go to r', and outputs by themselves have rho^2 <=
 * Theta_ii / lambda.
 *
 * Rounding. The f computed differs from f_0 + Theta a by what the product, the entries of Theta and
 * the sum are off by, d; r by the rounding of c, exponentials of numbers of size |f|, and by H d.
 * The bounds hold for each Theta whose entries lie within gram_error sqrt(Theta_ii Theta_jj) of
 * those given. Weights are taken at the computed f; at the exact one they differ by factors of at
 * most e^{2d}, d <= 1/20. The factors 1.01 cover the rounding of the bounds themselves, sums of up
 * to 10^13 terms of one sign. */
#include "inference/error_bound.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <ntk/linalg.h>
#include <ntk/loss.h>
#include <ntk/memory.h>

#include "inference/inference_problem.h"

static const double unit_roundoff = DBL_EPSILON / 2;

double ntk_product_error(size_t order) { return (double)(order + 2) * unit_roundoff; }

double ntk_compensated_error(size_t order) {
    const double rounding = (double)(order + 2) * unit_roundoff;
    return 2 * rounding * rounding;
}

typedef struct bounding {
    const ntk_distinct *distinct;
    const ntk_inference_problem *problem;
    const ntk_candidate *at;
    bool shared;
    double *mass;      /* (K): sum_j sqrt(Theta_jj) |a_jk|; of a full kernel the sum of all, K
                        * times */
    double *deviation; /* (n, K): d */
    double *reach;     /* (n): rho_i */
    double mean_mass;  /* sum_j sqrt(Theta_jj) |mean a_j| */
    double stiff;      /* sum of r''^T H^+ r'' */
    double soft;       /* ||J^T r'|| */
    double noise;      /* sum_i sqrt(Theta_ii) times the error of r_i */
    double residual;   /* sum_i sqrt(Theta_ii) |r_i| */
} bounding;

static double root_of(const bounding *b, size_t i) { return sqrt(ntk_inference_diagonal(b->problem, i)); }

static double row_mean(size_t outputs, const double *row) {
    double sum = 0;
    for (size_t k = 0; k < outputs; k++) sum += row[k];
    return sum / (double)outputs;
}

/* |mean of a row of a|, exactly. */
static double row_mean_bound(size_t outputs, const double *row) {
    double size = 0;
    for (size_t k = 0; k < outputs; k++) size = fmax(size, fabs(row[k]));
    return fabs(row_mean(outputs, row)) + (double)(outputs + 1) * unit_roundoff * size;
}

/* ---- what rounding does to f ----------------------------------------------------------------- */

static void measure_masses(bounding *b) {
    const size_t outputs = b->problem->outputs;
    double whole = 0;
    for (size_t k = 0; k < outputs; k++) b->mass[k] = 0;
    for (size_t i = 0; i < b->problem->points; i++) {
        double root = 0;
        for (size_t k = 0; k < outputs; k++) {
            const size_t at = i * outputs + k;
            root = fmax(root, root_of(b, at));
            b->mass[k] += root_of(b, at) * fabs(b->at->a[at]);
        }
        if (outputs > 1) b->mean_mass += root * row_mean_bound(outputs, b->at->a + i * outputs);
    }
    for (size_t k = 0; k < outputs; k++) whole += b->mass[k];
    for (size_t k = 0; k < outputs && !b->shared; k++) b->mass[k] = whole;
}

static void measure_deviations(bounding *b) {
    const size_t outputs = b->problem->outputs;
    const double relative = b->at->product_error + b->distinct->gram_error;
    for (size_t i = 0; i < b->problem->points * outputs; i++) {
        const double f0 = b->problem->f0 ? b->problem->f0[i] : 0;
        b->deviation[i] = relative * root_of(b, i) * b->mass[i % outputs] +
                          unit_roundoff * (2 * fabs(b->at->image[i]) + fabs(f0) + fabs(b->at->f[i]));
    }
}

/* ---- one point ------------------------------------------------------------------------------- */

/* The mean of the targets of several copies is a sum that is rounded. */
static double target_error(const bounding *b, size_t i, double q) {
    return b->distinct->copies && q > 0 && q < 1 ? (b->distinct->copies[i] + 1) * unit_roundoff * q : 0;
}

/* Relative error of e^{-softplus(f)} and the like: the exponent is off by some roundings of its
 * size. */
static double exponential_error(double f) { return (8 + 4 * fabs(f)) * unit_roundoff; }

/* Give a point whose residual costs r''^T H^+ r'' = stiff, or ||J^T r'|| <= soft, to the cheaper
 * side. */
static void add_residual(bounding *b, double stiff, double soft) {
    if (stiff * b->problem->lambda <= soft * soft)
        b->stiff += stiff;
    else
        b->soft += soft;
}

static void add_logistic(bounding *b, size_t i, double share) {
    const double lambda = b->problem->lambda, q = b->problem->targets[i], f = b->at->f[i];
    const double d = b->deviation[i], root = root_of(b, i), widen = exp(2 * d);
    const double curvature = share * b->at->weight[i];
    const double rising = 1 / (1 + exp(-f)), falling = 1 / (1 + exp(f));
    const double own =
        share * (exponential_error(f) * ((1 - q) * rising + q * falling) + target_error(b, i, q));
    const double sum = 3 * unit_roundoff * (fabs(b->at->cotangent[i]) + lambda * fabs(b->at->a[i]));
    const double error = widen * curvature * d + own + sum, r = fabs(b->at->residual[i]) + error;
    add_residual(b, widen * r * r / curvature, root * r);
    b->noise += root * error;
    b->residual += root * fabs(b->at->residual[i]);
    b->reach[i] = fmin(root / sqrt(lambda), sqrt(widen / curvature));
}

/* The two smallest probabilities decide max_{k,l} 1/p_k + 1/p_l. */
static double pair_reach(size_t outputs, const double *p) {
    double least = INFINITY, second = INFINITY;
    for (size_t k = 0; k < outputs; k++) {
        if (p[k] < least) {
            second = least;
            least = p[k];
        } else {
            second = fmin(second, p[k]);
        }
    }
    return 1 / least + 1 / second;
}

/* 1 - p_k as a sum, which does not cancel. */
static double rest_of(size_t outputs, const double *p, size_t k) {
    double sum = 0;
    for (size_t l = 0; l < outputs; l++) sum += l == k ? 0 : p[l];
    return sum;
}

/* The error of c_ik in units of the share: its class of largest target is minus the sum of the
 * others. */
static double softmax_own_error(size_t outputs, double relative, const double *p, const double *q, size_t k) {
    size_t truth = 0;
    double sum = 0;
    for (size_t l = 1; l < outputs; l++) truth = q[l] > q[truth] ? l : truth;
    if (k != truth) return relative * (p[k] + q[k]);
    for (size_t l = 0; l < outputs; l++) sum += l == truth ? 0 : p[l] + q[l];
    return (relative + (double)outputs * unit_roundoff) * sum;
}

static void add_softmax(bounding *b, size_t i, double share) {
    const size_t outputs = b->problem->outputs, row = i * outputs;
    const double lambda = b->problem->lambda, *p = b->at->weight + row, *q = b->problem->targets + row;
    const double mean = row_mean(outputs, b->at->a + row);
    const double mean_bound = row_mean_bound(outputs, b->at->a + row);
    double size = 0, d = 0, stiff = 0, soft = 0, reach = 0, roots = 0;
    for (size_t k = 0; k < outputs; k++) size = fmax(size, fabs(b->at->f[row + k]));
    for (size_t k = 0; k < outputs; k++) d = fmax(d, b->deviation[row + k]);
    /* roundings of their mean */
    const double copies = b->distinct->copies ? b->distinct->copies[i] + 1 : 0;
    const double widen = exp(4 * d), relative = exponential_error(2 * size) + copies * unit_roundoff;
    for (size_t k = 0; k < outputs; k++) {
        const double root = root_of(b, row + k), a = fabs(b->at->a[row + k]);
        const double moved = widen * p[k] * rest_of(outputs, p, k) * 2 * d;
        const double own = softmax_own_error(outputs, relative, p, q, k);
        const double sum = 4 * unit_roundoff * (fabs(b->at->cotangent[row + k]) + lambda * (a + mean_bound));
        const double error = share * (moved + own) + sum + lambda * (mean_bound - fabs(mean));
        const double r = fabs(b->at->residual[row + k] - lambda * mean) + error;
        stiff += widen * r * r / (share * p[k]);
        soft += root * r;
        roots += root;
        reach = fmax(reach, root);
        b->noise += root * error;
        b->residual += root * fabs(b->at->residual[row + k]);
    }
    add_residual(b, stiff, soft);
    if (!b->shared) b->soft += roots * lambda * mean_bound;
    b->reach[i] =
        fmin((b->shared ? sqrt(2) : 2) * reach / sqrt(lambda), sqrt(widen * pair_reach(outputs, p) / share));
}

/* ---- all points ------------------------------------------------------------------------------ */

/* a^T Theta a from the image, of which the entries are off by their deviation. */
static double square_error(const bounding *b) {
    double error = 0;
    const size_t unknowns = ntk_inference_unknowns(b->problem);
    for (size_t i = 0; i < unknowns; i++)
        error += fabs(b->at->a[i]) *
                 (b->deviation[i] + (double)(unknowns + 2) * unit_roundoff * fabs(b->at->image[i]));
    return error;
}

/* What rounding and the error of f do to P as it is computed; losses are sums of terms of one
 * sign. */
static double objective_error(const bounding *b, double square_off) {
    const ntk_inference_problem *problem = b->problem;
    double error = 0, size = 0;
    for (size_t i = 0; i < problem->points * problem->outputs; i++) {
        const double share = ntk_distinct_share(b->distinct, i / problem->outputs);
        error += share * b->deviation[i];
        size += share * (1 + fabs(b->at->f[i]));
    }
    size += problem->lambda * b->at->square;
    return 2 * error + (double)(problem->points + problem->outputs + 16) * 2 * unit_roundoff * size +
           problem->lambda * square_off;
}

static void conclude(const bounding *b, ntk_error_bound *out) {
    const ntk_inference_problem *problem = b->problem;
    const double lambda = problem->lambda, root = sqrt(lambda);
    const double off = 1.01 * square_error(b);
    const double relative = 2 * (ntk_product_error(problem->order) + b->distinct->gram_error) +
                            (double)ntk_inference_unknowns(problem) * DBL_EPSILON;
    const double gradient =
        1.01 *
        (sqrt(b->at->gradient_norm * b->at->gradient_norm + relative * b->residual * b->residual) + b->noise);
    double largest = 0;
    for (size_t i = 0; i < problem->points; i++) largest = ntk_larger(largest, b->reach[i]);
    const double nu = fmin(1.01 * (sqrt(b->stiff) + b->soft / root), gradient / root),
                 x = 1.01 * nu * largest;
    const double local = x < 1 ? nu * (x > 0 ? -log1p(-x) / x : 1) : INFINITY;
    const double means = b->shared ? sqrt((double)problem->outputs) * b->mean_mass : 0;
    const double weight = fmin(local / root + means, gradient / lambda);
    out->output = 0;
    for (size_t i = 0; i < problem->points * problem->outputs; i++) {
        const size_t point = i / problem->outputs;
        const double own = root_of(b, i);
        const bool apart = b->shared || problem->outputs == 1; /* from the mean of the outputs */
        const double near = apart ? b->reach[point] * local + own * b->mean_mass : own * local / root;
        out->output = ntk_larger(out->output, 1.01 * b->deviation[i] + fmin(near, own * weight));
    }
    const double norm = sqrt(b->at->square);
    out->norm = fmin(sqrt(off), norm > 0 ? off / norm : INFINITY);
    out->weight = weight + out->norm;
    out->objective = fmin(nu * local + lambda * means * means, gradient * gradient / (2 * lambda)) +
                     1.01 * objective_error(b, off);
}

static void bound(bounding *b, ntk_error_bound *out) {
    double worst = 0;
    measure_masses(b);
    measure_deviations(b);
    for (size_t i = 0; i < b->problem->points * b->problem->outputs; i++)
        worst = ntk_larger(worst, b->deviation[i]);
    *out = (ntk_error_bound){INFINITY, INFINITY, INFINITY, INFINITY};
    if (!(worst <= 0.05)) return;
    for (size_t i = 0; i < b->problem->points; i++) {
        const double share = ntk_distinct_share(b->distinct, i);
        if (b->problem->loss == NTK_LOSS_LOGISTIC)
            add_logistic(b, i, share);
        else
            add_softmax(b, i, share);
    }
    conclude(b, out);
}

ntk_status ntk_bound_errors(const ntk_distinct *distinct, const ntk_candidate *candidate,
                            ntk_error_bound *out) {
    const ntk_inference_problem *problem = &distinct->problem;
    const size_t outputs = problem->outputs, points = problem->points;
    double *memory = NULL;
    NTK_TRY(ntk_allocate_doubles(outputs + points * (outputs + 1), &memory));
    bounding b = {.distinct = distinct,
                  .problem = problem,
                  .at = candidate,
                  .shared = ntk_inference_is_shared(problem),
                  .mass = memory,
                  .deviation = memory + outputs,
                  .reach = memory + outputs + points * outputs};
    bound(&b, out);
    ntk_release(memory);
    return NTK_OK;
}
