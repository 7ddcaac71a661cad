/* L2 towards the initialisation bounds parameters, logits and the loss (plenk-2026).
 *
 * Along the flow of L(theta) + (lambda/2) ||theta - theta_0||^2 the objective decreases from
 * L(theta_0) =: L_0, so at every t
 *
 *     ||theta_t - theta_0|| <= R = sqrt(2 L_0 / lambda).
 *
 * Within that ball the outputs cannot leave a bounded set. For one hidden layer, f_k = (w / sqrt m)
 * v_k . phi(w W x), |x| = 1, phi Lipschitz with constant ell, the gradient has the parts (w / sqrt
 * m) phi in v_k and (w^2 / sqrt m) (v_k o phi') x^T in W. Where the hidden weights have moved by a
 * and v_k by b, a^2 + b^2 <= s^2, its norm is at most (w / sqrt m) |(||phi_0||, ell w ||v_k0||) +
 * ell w (a, b)|, so that along the straight line from theta_0
 *
 *     |f_k - f_k0| <= B_k = (w / sqrt m) (R sqrt(||phi_0||^2 + ell^2 w^2 ||v_k0||^2) + ell w R^2 /
 *     2),
 *
 * and for a difference of two logits, which is an output with the weights u = v_k - v_j that moves
 * by at most sqrt 2 times the distance,
 *
 *     |(f_k - f_j) - (f_k0 - f_j0)|
 *          <= D_kj = (w / sqrt m) (R sqrt(2 ||phi_0||^2 + ell^2 w^2 ||u_0||^2) + ell w R^2 / sqrt
 *         2).
 *
 * So neither does the loss vanish: with the targets q its mean over the points is at least that of
 * Sum_k q_k log(1 + Sum_{j != k} exp(-(f_k0 - f_j0 + D_kj))); one output is f_1 - f_0, with B for
 * D.
 *
 * All of this needs of the loss that L >= 0 alone: so for the Brier score, whose floor for the
 * single class k is (1 - p_k)^2 K / (K - 1), 1 - p_k = S / (1 + S) by the same S = Sum_{j != k}
 * exp(-(f_k0 - f_j0 + D_kj)), and for the deviance of Poisson counts, a function of every output
 * with its least value at log q_k: its floor is the sum of those at the points of [f_k0 - B_k, f_k0
 * + B_k] next to log q_k, and for the Brier score of one output likewise. */
#include <math.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_NETWORKS("activations", "erf", "erf|gelu|relu|tanh", "networks of one hidden layer, by name"),
    NTK_REAL("bound-lambda", 0, 0, 1e6, "lambda in the bound; 0: the flow's own"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("displacement-ratio-{activations}", "largest displacement over R"),
    NTK_METRIC("logit-ratio-{activations}", "largest change of a logit over B"),
    NTK_METRIC("loss-floor-ratio-{activations}", "smallest loss over its lower bound"),
    NTK_METRIC("{displacement-ratio,logit-ratio,loss-floor-ratio}-{activations}-at-{width,seed}",
               "the place of each"),
    {0},
};

enum { DISPLACEMENT_RATIO, LOGIT_RATIO, FLOOR_RATIO, COLUMNS };

/* Lipschitz constants: ReLU 1; erf phi'(0) = 2/sqrt(pi); GELU at most 1.1290 (phi' = Phi + x pdf is
 * largest at x = sqrt 2). */
static double lipschitz(ntk_activation activation) {
    switch (activation) {
    case NTK_RELU:
        return 1;
    case NTK_TANH:
        return 1;
    case NTK_ERF:
        return 2 / sqrt(acos(-1));
    case NTK_GELU:
        return 1.129;
    default:
        return NAN;
    }
}

/* What the bounds are made of, at one training point. */
typedef struct ball {
    double scale;         /* w / sqrt m */
    double reach;         /* ell w */
    double radius;        /* R */
    double features_norm; /* ||phi_0|| */
} ball;

/* The most that an output with weights of this norm can move, which move by `stretch` at most per
 * distance: 1 for a logit, sqrt 2 for a difference of two. */
static double largest_move(const ball *ball, double weights_norm, double stretch) {
    const double first = hypot(stretch * ball->features_norm, ball->reach * weights_norm);
    return ball->scale * ball->radius * (first + stretch * ball->reach * ball->radius / 2);
}

/* Sum exp(-margin) at the largest margins of class k; u: scratch (m). */
static double sum_of_odds(const ball *ball, const double *v, const double *features, size_t m, size_t K,
                          size_t k, double *u) {
    double sum = 0;
    for (size_t j = 0; j < K; j++) {
        if (j == k) continue;
        for (size_t i = 0; i < m; i++) u[i] = v[k * m + i] - v[j * m + i];
        sum += exp(-(ball->scale * ntk_dot(m, u, features) + largest_move(ball, ntk_norm(m, u), sqrt(2))));
    }
    return sum;
}

/* The least loss at an output with weights v, of a loss that is the sum over its outputs and falls
 * towards the one that q asks for. */
static double output_floor(ntk_loss loss, const ball *ball, const double *v, const double *features, size_t m,
                           double q) {
    const double f = ball->scale * ntk_dot(m, v, features), B = largest_move(ball, ntk_norm(m, v), 1);
    /* infinite for 0 */
    const double wanted = loss == NTK_LOSS_POISSON ? log(q) : log(q) - log1p(-q);
    const double nearest = ntk_smaller(ntk_larger(wanted, f - B), f + B);
    double least;
    ntk_loss_evaluate(loss, 1, 1, &nearest, &q, &least, NULL);
    return least;
}

/* The least loss at point i, by its targets. */
static double point_floor(const ntk_sweep_run *run, const ball *ball, const double *v, const double *features,
                          size_t i, double *u) {
    const size_t K = run->training->outputs, m = run->width;
    const ntk_loss loss = run->flow->loss;
    const double *q = run->training->targets + i * K;
    double floor = 0;
    for (size_t k = 0; k < K; k++) {
        if (K == 1 || loss == NTK_LOSS_POISSON) {
            floor += output_floor(loss, ball, v + k * m, features, m, q[k]);
            continue;
        }
        if (!(q[k] > 0)) continue;
        const double odds = sum_of_odds(ball, v, features, m, K, k, u);
        floor += loss == NTK_LOSS_BRIER ? pow(odds / (1 + odds), 2) * (double)K / (double)(K - 1)
                                        : q[k] * log1p(odds);
    }
    return floor;
}

/* The largest B_k over training points and outputs, and the floor of the loss, from the initial
 * weights W (m, d) and v (K, m). */
static ntk_status find_bounds(const ntk_sweep_run *run, double radius, double *logit, double *floor) {
    const ntk_training *problem = run->training;
    const size_t m = run->width, d = problem->inputs, n = problem->points;
    const double w = sqrt(ntk_architecture_default().weight_variance);
    const double *v = problem->theta0 + m * d;
    ball ball = {.scale = w / sqrt((double)m), .reach = lipschitz(run->activation) * w, .radius = radius};
    double *scratch;
    NTK_TRY(ntk_allocate_doubles(2 * m, &scratch));
    double *features = scratch, *u = scratch + m;
    *logit = *floor = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < m; j++)
            features[j] = w * ntk_dot(d, problem->theta0 + j * d, problem->x + i * d);
        ntk_activation_evaluate(run->activation, m, features, features, NULL);
        ball.features_norm = ntk_norm(m, features);
        for (size_t k = 0; k < problem->outputs; k++)
            *logit = fmax(*logit, largest_move(&ball, ntk_norm(m, v + k * m), 1));
        *floor += point_floor(run, &ball, v, features, i, u) / (double)n;
    }
    ntk_release(scratch);
    return NTK_OK;
}

static ntk_status measure(const ntk_sweep_run *run, double *values, const void *own) {
    if (run->training->architecture.family != NTK_DENSE || run->training->architecture.depth != 1)
        return ntk_fail(NTK_ERROR_UNSUPPORTED, "the logits' bound is written for one hidden layer");
    if (run->flow->loss == NTK_LOSS_BRIER && run->training->outputs > 1 && run->epsilon > 0)
        return ntk_fail(NTK_ERROR_UNSUPPORTED, "the floor of the Brier score is written for one-hot targets");
    const ntk_trajectory *path = run->trajectory;
    const double chosen = *(const double *)own; /* bound-lambda */
    const double radius = sqrt(2 * path->initial_loss / (chosen > 0 ? chosen : run->lambda));
    double logit, floor;
    NTK_TRY(find_bounds(run, radius, &logit, &floor));
    values[DISPLACEMENT_RATIO] = path->max_displacement / radius;
    values[LOGIT_RATIO] = path->max_output_change / logit;
    values[FLOOR_RATIO] = exp(path->min_log_loss) / floor;
    return NTK_OK;
}

static const ntk_reduction reductions[] = {
    {.prefix = "displacement-ratio", .kind = NTK_REDUCE_LARGEST_AT, .column = DISPLACEMENT_RATIO},
    {.prefix = "logit-ratio", .kind = NTK_REDUCE_LARGEST_AT, .column = LOGIT_RATIO},
    {.prefix = "loss-floor-ratio", .kind = NTK_REDUCE_SMALLEST_AT, .column = FLOOR_RATIO},
    {0}};

static ntk_status run(ntk_context *context) {
    ntk_sweep_options sweep;
    NTK_TRY(ntk_sweep_read(context, &sweep));
    const double bound_lambda = ntk_context_real(context, "bound-lambda");
    if (!(sweep.flow.lambda + bound_lambda > 0))
        return ntk_fail(NTK_ERROR_ARGUMENT,
                        "lambda and bound-lambda are both 0: there is no bound to compare with");
    return ntk_sweep_conduct(context, &sweep, "displacement-ratio logit-ratio loss-floor-ratio", measure,
                             &bound_lambda, reductions);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_sphere_parameters, ntk_digits_parameters, ntk_sweep_parameters, parameters},
    .metrics = {metrics},
    .run = run,
};
