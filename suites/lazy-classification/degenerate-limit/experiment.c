/* The degenerate limit: soft targets epsilon -> 0 join the bounded regime to the divergent one (plenk-2026).
 *
 * Targets q = 1 - (K - 1) epsilon for the true class, epsilon for each other; cross-entropy, no regulariser;
 * the linear model f = f_0 + J (w - w_0), Theta = J J^T with extreme eigenvalues l > 0 and l', on n points
 * (networks beside it). One output stands for K = 2; what is then different is said in brackets.
 *
 * (1) The limit. The flow ends where softmax f = q, at a spread of the logits of exactly
 *
 *         x = log((1 - (K - 1) epsilon) / epsilon) ~ log(1 / epsilon)
 *
 * at every point, reached by the shortest w: ||w - w_0|| ~ x ||w_I||, w_I the least-norm interpolant of the
 * labels. (One-hot targets give ||w - w_0|| ~ ||w_hat|| log t, w_hat the hard margin, which is shorter where
 * a point is no support vector: epsilon -> 0 and t -> infinity cannot be exchanged.)
 *
 * (2) The bridge. Let g be the one-hot flow from the same start. L is convex, and at the same f the two
 * cotangents differ by (e_y - q) / n, of norm gamma epsilon, gamma = sqrt(K (K - 1) / n) [1 / sqrt n]. Hence
 * d||w_f - w_g||/dt <= sqrt(l') gamma epsilon, and at any point
 *
 *         |f_t - g_t| <= sqrt(Theta(x, x) l') gamma epsilon t :
 *
 * until t ~ 1 / epsilon the soft flow is the one-hot flow, whose logits grow like log t.
 *
 * (3) Time, from below. Let H be the one-hot loss along the soft flow, ||dH/df|| <= beta H, beta = sqrt 2
 * [1]. With (2), dH/dt >= -l' beta H (beta H + gamma epsilon). Where all logits are within delta of their
 * limit, H <= H_1 = (K - 1) epsilon e^{2 delta} / (1 - (K - 1) epsilon). So no flow is there before
 *
 *         T >= log((beta + gamma epsilon / H_1) / (beta + gamma epsilon / H_0)) / (l' beta gamma epsilon),
 *
 * a constant times 1 / epsilon.
 *
 * (4) Time, from above. Let v = ||w - w_inf||, e = f - f_inf, R the largest spread of e at a point [max |e|].
 * v v' = -<e, p - q> / n. Since p - q is the integral over s in [0, 1] of Cov(softmax(log q + s e)) e, at the
 * point of R <e, p - q> >= kappa R (1 - e^{-R}), kappa = epsilon / 2 [epsilon (1 - epsilon)], and it is >= 0
 * at the others. From the spectrum R >= s v =: u, s = sqrt(4 l / (K n)) [sqrt(l / n)]. So u' <= -(kappa s^2 /
 * n) (1 - e^{-u}), and |e| <= sqrt(max Theta(x, x)) v is below delta, where u is below u_1, by
 *
 *         T <= n / (kappa s^2) log((e^{u_0} - 1) / (e^{u_1} - 1)),
 *
 * a constant times log(1 / epsilon) / epsilon: a logit that has overshot its target comes back at the
 * constant speed epsilon / n, and the last error decays at the rate epsilon l / n. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <ntk/ntk.h>

static const ntk_parameter parameters[] = {
    NTK_TARGET_SERIES_PARAMETERS,
    {"delta", NTK_PARAMETER_REAL, "0.1", 1e-4, 1, NULL, "distance of the logits that counts as arrived"},
    {0}};

enum { X, LOG_INVERSE, SPREAD, LIMIT, LOG_TIME, TRAVEL, BOUND, EARLY, LATE, BRIDGE, COLUMNS };
static const char columns[] = "x log-inverse spread limit log-time travel bound-ratio early late bridge";

/* Of the difference between two flows' logits: a tolerance of 1e-7 a step, relative to 1 + travel < 100, over
 * some ten steps that have not been forgotten. */
static const double integration_error = 1e-4;

/* Once a NaN, always a NaN. */
static void raise_to(double *extreme, double value) {
    if (!isnan(*extreme) && !(value <= *extreme)) *extreme = value;
}

static double largest_difference(size_t count, const double *f, const double *g) {
    double largest = 0;
    for (size_t i = 0; i < count; i++) raise_to(&largest, fabs(f[i] - g[i]));
    return largest;
}

static double largest_diagonal(const ntk_target_run *run) {
    const size_t order = run->soft->followed_size;
    double largest = 0;
    for (size_t i = 0; i < order; i++) raise_to(&largest, run->gram[i * order + i]);
    return largest;
}

/* (1): largest |p - q| / (q (1 - q)) at the end, the distance from the targets in log-odds to first order. */
static ntk_status distance_to_limit(const ntk_target_run *run, double *out) {
    const size_t n = run->problem->points, outputs = run->problem->outputs;
    const double *q = run->problem->targets;
    double *cotangent;
    NTK_TRY(ntk_allocate_doubles(n * outputs, &cotangent));
    ntk_loss_evaluate(run->loss, n, outputs, run->soft->outputs, q, NULL, cotangent);
    *out = 0;
    for (size_t i = 0; i < n * outputs; i++)
        raise_to(out, (double)n * fabs(cotangent[i]) / (q[i] * (1 - q[i])));
    ntk_release(cotangent);
    return NTK_OK;
}

/* (1): ||w_I||, from the epsilon whose x is 1 and f_0 = 0. */
static ntk_status interpolate(const ntk_target_run *run, double *norm) {
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
    *norm = status == NTK_OK ? result.norm : NAN;
    ntk_release(memory);
    return status;
}

static double gamma_of(const ntk_target_run *run) {
    const double n = (double)run->problem->points, K = (double)run->classes;
    return sqrt((run->problem->outputs == 1 ? 1 : K * (K - 1)) / n);
}

/* (2): largest |f_t - g_t| relative to its bound. */
static double bridge_ratio(const ntk_target_run *run) {
    const ntk_trajectory *soft = run->soft, *hard = run->hard;
    const double speed = sqrt(largest_diagonal(run) * run->largest) * gamma_of(run) * run->epsilon;
    const size_t size = soft->followed_size;
    double largest = 0;
    for (size_t i = 0; i < soft->count; i++) {
        const double gap = largest_difference(size, soft->followed + i * size, hard->followed + i * size);
        raise_to(&largest, gap / (speed * exp(soft->points[i].log_time) + integration_error));
    }
    return largest;
}

/* log T: the last time at which an output is farther than delta from the end of the flow. Between two
 * observations the distance falls exponentially in t. */
static double arrival(const ntk_trajectory *path, double delta) {
    const size_t size = path->followed_size;
    size_t i = path->count - 1;
    double after = 0, gap = 0;
    for (; i > 0 && gap <= delta; i--) {
        after = gap;
        gap = largest_difference(size, path->followed + (i - 1) * size, path->outputs);
    }
    const double begin = exp(path->points[i].log_time), end = exp(path->points[i + 1].log_time);
    return gap > delta ? log(begin + (end - begin) * log(gap / delta) / log(gap / after)) : NAN;
}

/* (3) */
static double earliest(const ntk_target_run *run, double delta) {
    const double beta = run->problem->outputs == 1 ? 1 : sqrt(2), gamma = gamma_of(run) * run->epsilon;
    const double others = ((double)run->classes - 1) * run->epsilon;
    const double arrived = others / (1 - others) * exp(2 * delta), start = run->hard->initial_loss;
    const double gain = log((beta + gamma / arrived) / (beta + gamma / start)); /* < 0: no bound */
    return fmax(gain, 0) / (run->largest * beta * gamma);
}

/* (4) */
static double latest(const ntk_target_run *run, double delta) {
    const double n = (double)run->problem->points, K = (double)run->classes, epsilon = run->epsilon;
    const bool one_output = run->problem->outputs == 1;
    const double kappa = one_output ? epsilon * (1 - epsilon) : epsilon / 2;
    const double s = sqrt(run->smallest / n * (one_output ? 1 : 4 / K));
    const double start = s * run->soft->flow.displacement, end = s * delta / sqrt(largest_diagonal(run));
    return n / (kappa * s * s) * (log(expm1(start)) - log(expm1(end)));
}

static ntk_status measure(const ntk_target_run *run, double *values, ntk_context *context) {
    const double delta = ntk_context_real(context, "delta"), others = (double)run->classes - 1;
    const ntk_trajectory *path = run->soft;
    double interpolant;
    NTK_TRY(interpolate(run, &interpolant));
    NTK_TRY(distance_to_limit(run, &values[LIMIT]));
    values[X] = log((1 - others * run->epsilon) / run->epsilon);
    values[LOG_INVERSE] = -log(run->epsilon);
    values[SPREAD] = path->points[path->count - 1].largest_spread;
    values[LOG_TIME] = arrival(path, delta);
    values[TRAVEL] = path->flow.displacement / interpolant;
    values[BOUND] = path->max_spread * run->epsilon / ((double)run->problem->points * path->initial_loss);
    values[EARLY] = earliest(run, delta) / exp(values[LOG_TIME]);
    values[LATE] = exp(values[LOG_TIME]) / latest(run, delta);
    values[BRIDGE] = bridge_ratio(run);
    return NTK_OK;
}

static ntk_status emit_slope(ntk_context *context, const ntk_target_series *series, size_t which,
                             const char *prefix, size_t x, size_t y, double largest) {
    ntk_estimate slope;
    char name[64];
    NTK_TRY(ntk_target_series_slope(context, series, which, x, y, largest, &slope));
    snprintf(name, sizeof name, "%s-%s", prefix, series->cases[which]);
    return ntk_emit_estimate(context, name, &slope);
}

static ntk_status emit_largest(ntk_context *context, const ntk_target_series *series, size_t which,
                               const char *prefix, size_t column) {
    char name[64];
    snprintf(name, sizeof name, "%s-%s", prefix, series->cases[which]);
    return ntk_emit_scalar(context, name, ntk_target_series_largest(series, which, column));
}

/* (2) to (4) are theorems about linear models. */
static ntk_status emit(ntk_context *context, const ntk_target_series *series, size_t which) {
    NTK_TRY(emit_slope(context, series, which, "logits", X, SPREAD, 1));
    NTK_TRY(emit_slope(context, series, which, "time", LOG_INVERSE, LOG_TIME, 1));
    NTK_TRY(emit_largest(context, series, which, "limit", LIMIT));
    NTK_TRY(emit_largest(context, series, which, "bound-ratio", BOUND));
    if (strncmp(series->cases[which], "kernel", 6) != 0) return NTK_OK;
    NTK_TRY(emit_slope(context, series, which, "travel", X, TRAVEL, 1e-4));
    NTK_TRY(emit_largest(context, series, which, "early", EARLY));
    NTK_TRY(emit_largest(context, series, which, "late", LATE));
    return emit_largest(context, series, which, "bridge", BRIDGE);
}

static ntk_status run(ntk_context *context) {
    return ntk_target_series_conduct(context, columns, measure, emit);
}

const ntk_experiment NTK_EXPERIMENT = {parameters, run};
