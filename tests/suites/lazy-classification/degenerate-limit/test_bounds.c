/* Bounds of a flow with soft targets: by hand, and against flows that are integrated here, of n
 * logits that an identity kernel leaves alone with one another. */
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/lab/problem.h>
#include <ntk/linalg.h>
#include <ntk/loss.h>
#include <ntk/targets.h>
#include <ntk/trajectory.h>

#include "status.h"
#include "suites/lazy-classification/degenerate-limit/bounds.h"
#include "suites/lazy-classification/degenerate-limit/series.h"

enum { MOST = 6 };

/* n points, labels 0, 1, 2, 0, ..., Theta = theta I (or theta (x) I_K), from f_0 = 0. */
typedef struct problem {
    ntk_training training;
    ntk_trajectory soft, hard;
    ntk_trajectory_point point;
    ntk_target_run run;
    size_t labels[MOST];
    double targets[MOST * 3], gram[MOST * 3 * MOST * 3];
} problem;

static void create(size_t classes, size_t n, double theta, double epsilon, problem *out) {
    assert_ok(ntk_linalg_start());
    const size_t outputs = classes == 2 ? 1 : classes, order = n * outputs;
    const ntk_loss loss = classes == 2 ? NTK_LOSS_LOGISTIC : NTK_LOSS_SOFTMAX;
    *out = (problem){.training = {.points = n, .outputs = outputs}};
    for (size_t i = 0; i < n; i++) out->labels[i] = i % classes;
    assert_ok(ntk_targets_from_labels(loss, n, outputs, out->labels, epsilon, out->targets));
    for (size_t i = 0; i < order; i++) out->gram[i * order + i] = theta;
    out->training.labels = out->labels;
    out->training.targets = out->targets;
    out->hard.initial_loss = log((double)classes);
    out->run = (ntk_target_run){.classes = classes,
                                .epsilon = epsilon,
                                .loss = loss,
                                .problem = &out->training,
                                .gram = out->gram,
                                .smallest = theta,
                                .largest = theta,
                                .soft = &out->soft,
                                .hard = &out->hard};
}

/* ---- by hand --------------------------------------------------------------------------------- */

/* Logits that spread by 1: +-1 for one output; 2/3, -1/3, -1/3, centred, for three. */
Test(target_bounds, interpolant_of_an_identity_kernel) {
    for (size_t classes = 2; classes <= 3; classes++) {
        problem p;
        double norm;
        create(classes, 4, 5, 0.01, &p);
        assert_ok(ntk_target_interpolant_norm(&p.run, &norm));
        cr_expect_float_eq(norm, sqrt(4 * (classes == 2 ? 1 : 2. / 3) / 5), 1e-9);
    }
}

/* Logits off their limit by 1e-6 at one point. */
Test(target_bounds, distance_to_the_limit_is_that_of_the_logits) {
    for (size_t classes = 2; classes <= 3; classes++) {
        problem p;
        double outputs[3 * 3], distance;
        create(classes, 3, 1, 0.1, &p);
        ntk_targets_logits(3, p.training.outputs, p.targets, outputs);
        outputs[0] += 1e-6;
        p.soft.outputs = outputs;
        assert_ok(ntk_target_limit_distance(&p.run, 0.1, &distance));
        cr_expect_float_eq(distance, 1e-6, 1e-11);
        /* for targets of another epsilon, the true class: p = 1 - (K - 1) 0.1 */
        const double q = 1 - 0.101 * (double)(classes - 1), p0 = 1 - 0.1 * (double)(classes - 1);
        assert_ok(ntk_target_limit_distance(&p.run, 0.101, &distance));
        cr_expect_float_eq(distance, (p0 - q) / (q * (1 - q)), 2e-6);
        outputs[1] = NAN;
        assert_ok(ntk_target_limit_distance(&p.run, 0.1, &distance));
        cr_expect(isnan(distance));
    }
}

/* sqrt(4 * 9) gamma epsilon t, gamma = 1 / sqrt 2 and sqrt(6 / 2), at t = 2. */
Test(target_bounds, bridge_is_relative_to_its_bound) {
    for (size_t classes = 2; classes <= 3; classes++) {
        problem p;
        double soft[] = {1, 2, 3, 4, 5, 6}, hard[] = {1, 2.5, 3, 4, 5, 6};
        create(classes, 2, 4, 0.01, &p);
        p.run.largest = 9;
        p.point.log_time = log(2);
        p.soft = (ntk_trajectory){
            .count = 1, .points = &p.point, .followed_size = 2 * p.training.outputs, .followed = soft};
        p.hard = p.soft;
        p.hard.followed = hard;
        const double gamma = classes == 2 ? sqrt(0.5) : sqrt(3);
        cr_expect_float_eq(ntk_target_bridge_ratio(&p.run, 0.1), 0.5 / (6 * gamma * 0.01 * 2 + 0.1), 1e-14);
        hard[0] = NAN;
        cr_expect(isnan(ntk_target_bridge_ratio(&p.run, 0.1)));
    }
}

/* ---- the inequalities that they solve -------------------------------------------------------- */

/* Time from x = begin down to x = end where dx/dt = -rate(x): Simpson's rule in log x. */
static double descend(double begin, double end, double (*rate)(double, const double *),
                      const double *constants) {
    enum { PARTS = 20000 };
    const double h = log(begin / end) / PARTS;
    double sum = 0;
    for (size_t i = 0; i <= PARTS; i++) {
        const double x = end * exp(h * (double)i);
        const double weight = i == 0 || i == PARTS ? 1 : i % 2 == 1 ? 4 : 2;
        sum += weight * x / rate(x, constants);
    }
    return sum * h / 3;
}

/* H: l' beta H (beta H + gamma epsilon). */
static double loss_rate(double loss, const double *c) { return c[0] * c[1] * loss * (c[1] * loss + c[2]); }

/* u: (kappa s^2 / n) (1 - e^{-u}). */
static double distance_rate(double u, const double *c) { return c[0] * -expm1(-u); }

/* l = 2, l' = 7, max Theta(x, x) = 4, n = 3, ||w_0 - w_inf|| = 5, delta = 0.1. */
Test(target_bounds, times_solve_the_inequalities) {
    const double epsilon = 0.01, delta = 0.1;
    for (size_t classes = 2; classes <= 3; classes++) {
        problem p;
        create(classes, 3, 4, epsilon, &p);
        p.run.smallest = 2;
        p.run.largest = 7;
        p.soft.flow.displacement = 5;
        const bool two = classes == 2;
        const double below[] = {7, two ? 1 : sqrt(2), (two ? sqrt(1. / 3) : sqrt(6. / 3)) * epsilon};
        const double others = two ? 0.01 : 0.02;
        cr_expect_float_eq(ntk_target_earliest(&p.run, delta),
                           descend(log((double)classes), others * exp(0.2) / (1 - others), loss_rate, below),
                           1e-8);

        /* With targets of 0.05 and more in place of epsilon: */
        const double kappa = two ? 0.05 * 0.95 : 0.025, s2 = two ? 2. / 3 : 4. * 2 / (3 * 3);
        cr_expect_float_eq(
            ntk_target_latest(&p.run, delta, 0.05),
            descend(5 * sqrt(s2), sqrt(s2) * delta / 2, distance_rate, (double[]){kappa * s2 / 3}), 1e-6);
    }
}

/* A loss that is there already. */
Test(target_bounds, nothing_is_known_of_an_early_arrival) {
    problem p;
    create(2, 3, 4, 0.1, &p);
    p.hard.initial_loss = 0.05;
    cr_expect_eq(ntk_target_earliest(&p.run, 0.1), 0);
}

/* ---- flows ----------------------------------------------------------------------------------- */

/* Spread f of the true logit over the others, all alike, with targets q: p is the true class's
 * probability. f' = r (q - p), r = theta / n for one output; for K the true logit moves by r (q -
 * p) and each of the others by -r (q - p) / (K - 1). */
static double speed(const problem *p, double rate, double q, double f) {
    const double others = (double)p->run.classes - 1;
    const double factor = p->training.outputs == 1 ? 1 : 1 + 1 / others;
    return rate * factor * (q - 1 / (1 + others * exp(-f)));
}

/* Runge-Kutta's classical method in log t, where the flow is slow. */
static double step(const problem *p, double rate, double q, double log_time, double h, double f) {
    const double k1 = h * exp(log_time) * speed(p, rate, q, f);
    const double k2 = h * exp(log_time + h / 2) * speed(p, rate, q, f + k1 / 2);
    const double k3 = h * exp(log_time + h / 2) * speed(p, rate, q, f + k2 / 2);
    return f + (k1 + 2 * k2 + 2 * k3 + h * exp(log_time + h) * speed(p, rate, q, f + k3)) / 6;
}

/* The time from which on all logits are within delta of their limit, and the largest distance |f -
 * g| of a logit from the one-hot flow, over sqrt(theta^2) gamma epsilon t, until then. */
static double follow(const problem *p, double theta, double delta, double *bridge) {
    const double n = (double)p->training.points, K = (double)p->run.classes, epsilon = p->run.epsilon;
    /* of the spread in the true logit */
    const double share = p->training.outputs == 1 ? 1 : 1 - 1 / K;
    const double gamma = sqrt((p->training.outputs == 1 ? 1 : K * (K - 1)) / n);
    const double q = 1 - (K - 1) * epsilon, limit = log(q / epsilon), h = 1e-3;
    double f = 0, g = 0, log_time = -12;
    *bridge = 0;
    for (; share * (limit - f) > delta; log_time += h) {
        f = step(p, theta / n, q, log_time, h, f);
        g = step(p, theta / n, 1, log_time, h, g);
        *bridge = fmax(*bridge, share * fabs(f - g) / (theta * gamma * epsilon * exp(log_time + h)));
        cr_assert_lt(log_time, 30);
    }
    return exp(log_time);
}

/* The bounds hold, and are no further off than the steps of their proofs give away: (3) replaces n
 * by powers of its root and loses a few units; (4) takes the whole distance for one point's, a
 * factor of n, and a logarithm. */
Test(target_bounds, times_enclose_that_of_the_flow) {
    const double delta = 0.1, theta = 3;
    for (size_t classes = 2; classes <= 3; classes++)
        for (size_t n = 1; n <= 6; n += 5)
            for (double epsilon = 1e-1; epsilon > 1e-4; epsilon /= 10) {
                problem p;
                double norm, bridge;
                create(classes, n, theta, epsilon, &p);
                const double time = follow(&p, theta, delta, &bridge), K = (double)classes;
                assert_ok(ntk_target_interpolant_norm(&p.run, &norm));
                const double limit = log((1 - (K - 1) * epsilon) / epsilon);
                p.soft.flow.displacement = norm * limit;
                const double early = ntk_target_earliest(&p.run, delta);
                const double late = ntk_target_latest(&p.run, delta, epsilon);
                cr_expect(early <= time && time <= 20 * (double)n * early,
                          "K = %zu, n = %zu, epsilon = %g: %g", classes, n, epsilon, early / time);
                cr_expect(time <= late && late <= 10 * (double)n * limit * time,
                          "K = %zu, n = %zu, epsilon = %g: %g", classes, n, epsilon, time / late);
                cr_expect(bridge <= 1 && bridge >= 0.9 / sqrt((double)n * K), "K = %zu, n = %zu: %g", classes,
                          n, bridge);
            }
}
