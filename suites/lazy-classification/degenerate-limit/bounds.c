/* Bounds of a flow with soft targets q = 1 - (K - 1) epsilon for the true class, epsilon for each
 * other; cross-entropy, no regulariser; the linear model f = f_0 + J (w - w_0), Theta = J J^T with
 * extreme eigenvalues l > 0 and l', on n points. One output stands for K = 2; what is then
 * different is said in brackets.
 *
 * (1) The limit. The flow ends where softmax f = q, at a spread of the logits of exactly
 *
 *         x = log((1 - (K - 1) epsilon) / epsilon) ~ log(1 / epsilon)
 *
 * at every point, reached by the shortest w: ||w - w_0|| ~ x ||w_I||, w_I the least-norm
 * interpolant of the labels. (One-hot targets give ||w - w_0|| ~ ||w_hat|| log t, w_hat the hard
 * margin, which is shorter where a point is no support vector: epsilon -> 0 and t -> infinity
 * cannot be exchanged.)
 *
 * (2) The bridge. Let g be the one-hot flow from the same start. L is convex, and at the same f the
 * two cotangents differ by (e_y - q) / n, of norm gamma epsilon, gamma = sqrt(K (K - 1) / n) [1 /
 * sqrt n]. Hence d||w_f - w_g||/dt <= sqrt(l') gamma epsilon, and at any point
 *
 *         |f_t - g_t| <= sqrt(Theta(x, x) l') gamma epsilon t :
 *
 * until t ~ 1 / epsilon the soft flow is the one-hot flow, whose logits grow like log t.
 *
 * (3) Time, from below. Let H be the one-hot loss along the soft flow, ||dH/df|| <= beta H, beta =
 * sqrt 2 [1]. With (2), dH/dt >= -l' beta H (beta H + gamma epsilon). Where all logits are within
 * delta of their limit, H <= H_1 = (K - 1) epsilon e^{2 delta} / (1 - (K - 1) epsilon). So no flow
 * is there before
 *
 *         T >= log((beta + gamma epsilon / H_1) / (beta + gamma epsilon / H_0)) / (l' beta gamma
 *         epsilon),
 *
 * a constant times 1 / epsilon.
 *
 * (4) Time, from above. Let v = ||w - w_inf||, e = f - f_inf, R the largest spread of e at a point
 * [max |e|]. v v' = -<e, p - q> / n. Since p - q is the integral over s in [0, 1] of
 * Cov(softmax(log q + s e)) e, at the point of R <e, p - q> >= kappa R (1 - e^{-R}), kappa =
 * epsilon / 2 [epsilon (1 - epsilon)], and it is >= 0 at the others. From the spectrum R >= s v =:
 * u, s = sqrt(4 l / (K n)) [sqrt(l / n)]. So u' <= -(kappa s^2 / n) (1 - e^{-u}), and |e| <=
 * sqrt(max Theta(x, x)) v is below delta, where u is below u_1, by
 *
 *         T <= n / (kappa s^2) log((e^{u_0} - 1) / (e^{u_1} - 1)),
 *
 * a constant times log(1 / epsilon) / epsilon: a logit that has overshot its target comes back at
 * the constant speed epsilon / n, and the last error decays at the rate epsilon l / n. */
#include "bounds.h"

#include <math.h>

#include <ntk/inference_problem.h>
#include <ntk/linalg.h>
#include <ntk/logistic.h>
#include <ntk/loss.h>
#include <ntk/memory.h>
#include <ntk/status.h>
#include <ntk/targets.h>
#include <ntk/trajectory.h>

#include "series.h"

static bool has_one_output(const ntk_target_run *run) { return run->problem->outputs == 1; }

/* max Theta(x, x), at training points. */
static double largest_diagonal(const ntk_target_run *run) {
    const size_t order = run->problem->points * run->problem->outputs;
    double largest = 0;
    for (size_t i = 0; i < order; i++) largest = ntk_larger(largest, run->gram[i * order + i]);
    return largest;
}

static double gamma_of(const ntk_target_run *run) {
    const double n = (double)run->problem->points, K = (double)run->classes;
    return sqrt((has_one_output(run) ? 1 : K * (K - 1)) / n);
}

/* memory: (2, n, K). */
static ntk_status limit_distance(const ntk_target_run *run, double epsilon, double *memory,
                                 double *distance) {
    const size_t n = run->problem->points, outputs = run->problem->outputs;
    double *q = memory, *cotangent = memory + n * outputs;
    NTK_TRY(ntk_targets_from_labels(run->loss, n, outputs, run->problem->labels, epsilon, q));
    ntk_loss_evaluate(run->loss, n, outputs, run->soft->outputs, q, NULL, cotangent);
    *distance = 0;
    for (size_t i = 0; i < n * outputs; i++)
        *distance = ntk_larger(*distance, (double)n * fabs(cotangent[i]) / (q[i] * (1 - q[i])));
    return NTK_OK;
}

ntk_status ntk_target_limit_distance(const ntk_target_run *run, double epsilon, double *distance) {
    double *memory;
    NTK_TRY(ntk_allocate_doubles(2 * run->problem->points * run->problem->outputs, &memory));
    const ntk_status status = limit_distance(run, epsilon, memory, distance);
    ntk_release(memory);
    return status;
}

/* The solution for the epsilon whose x is 1, from f_0 = 0. */
ntk_status ntk_target_interpolant_norm(const ntk_target_run *run, double *norm) {
    const size_t n = run->problem->points, outputs = run->problem->outputs, order = n * outputs;
    const double epsilon = 1 / (exp(1) + (double)run->classes - 1);
    double *memory;
    NTK_TRY(ntk_allocate_doubles(2 * order, &memory));
    double *targets = memory, *a = memory + order;
    const ntk_inference_problem problem = {.loss = run->loss,
                                           .points = n,
                                           .outputs = outputs,
                                           .order = order,
                                           .gram = run->gram,
                                           .targets = targets};
    ntk_logistic_result result;
    ntk_status status =
        ntk_targets_from_labels(run->loss, n, outputs, run->problem->labels, epsilon, targets);
    if (status == NTK_OK) status = ntk_inference_logistic(&problem, NULL, a, NULL, &result);
    if (status == NTK_OK) *norm = result.norm;
    ntk_release(memory);
    return status;
}

double ntk_target_bridge_ratio(const ntk_target_run *run, double error) {
    const ntk_trajectory *soft = run->soft, *hard = run->hard;
    const double speed = sqrt(largest_diagonal(run) * run->largest) * gamma_of(run) * run->epsilon;
    const size_t size = soft->followed_size;
    double largest = 0;
    for (size_t i = 0; i < soft->count; i++) {
        const double gap = ntk_largest_difference(size, soft->followed + i * size, hard->followed + i * size);
        largest = ntk_larger(largest, gap / (speed * exp(soft->points[i].log_time) + error));
    }
    return largest;
}

double ntk_target_earliest(const ntk_target_run *run, double delta) {
    const double beta = has_one_output(run) ? 1 : sqrt(2), gamma = gamma_of(run) * run->epsilon;
    const double others = ((double)run->classes - 1) * run->epsilon;
    const double arrived = others / (1 - others) * exp(2 * delta), start = run->hard->initial_loss;
    const double gain = log((beta + gamma / arrived) / (beta + gamma / start)); /* < 0: no bound */
    return ntk_larger(gain, 0) / (run->largest * beta * gamma);
}

double ntk_target_latest(const ntk_target_run *run, double delta, double epsilon) {
    const double n = (double)run->problem->points, K = (double)run->classes;
    const double kappa = has_one_output(run) ? epsilon * (1 - epsilon) : epsilon / 2;
    const double s = sqrt(run->smallest / n * (has_one_output(run) ? 1 : 4 / K));
    const double start = s * run->soft->flow.displacement, end = s * delta / sqrt(largest_diagonal(run));
    return n / (kappa * s * s) * (log(expm1(start)) - log(expm1(end)));
}
