/* A solution that has come to rest is followed to any time; one that has not is not taken for
 * one. */
#include <math.h>

#include <criterion/criterion.h>

#include "problems.h"
#include "start.h"

TestSuite(standstill, .init = start_linalg);

enum { N = 3 };

static const double apart[] = {1, 0.5, 0.1, 0.5, 1, 0.3, 0.1, 0.3, 1};
static const double copies[] = {1, 1, 0.5, 1, 1, 0.5, 0.5, 0.5, 1}; /* the first two are the same */
static const double zero[N];

static ntk_flow_options options_to(ntk_loss loss, double log_horizon) {
    ntk_flow_options options = ntk_flow_options_default();
    options.loss = loss;
    options.tolerance = 1e-9;
    options.log_horizon = log_horizon;
    return options;
}

/* From f_0 = start; f at the end. */
static ntk_flow_result follow(const double *gram, const double *start, const double *targets,
                              const ntk_flow_options *options, double *f) {
    ntk_model model = linear_model(N, 1, gram, start);
    double a[N] = {0};
    const ntk_flow_result result = run_flow(&model, targets, options, a);
    assert_ok(model.evaluate(model.context, a, f));
    ntk_model_release(&model);
    return result;
}

/* t = 10^16, 10^10 times what an explicit step allows. */
Test(standstill, soft_targets_for_a_long_time) {
    const double targets[] = {0.7, 0.2, 0.4};
    double f[N], gram[N * N];
    for (int exponent = -24; exponent <= 24; exponent += 12) {
        for (size_t i = 0; i < N * N; i++) gram[i] = ldexp(apart[i], exponent);
        ntk_flow_options options = options_to(NTK_LOSS_LOGISTIC, log(1e16) - exponent * log(2));
        const ntk_flow_result result = follow(gram, zero, targets, &options, f);
        cr_expect_eq(result.end, NTK_END_HORIZON);
        cr_expect_float_eq(result.log_time, options.log_horizon, 1e-14 * options.log_horizon);
        cr_expect_lt(result.steps, 5000);
        for (size_t i = 0; i < N; i++)
            cr_expect_float_eq(f[i], log(targets[i] / (1 - targets[i])), 1e-7, "2^%d: %g", exponent, f[i]);
    }
}

Test(standstill, with_a_regulariser_and_with_squares) {
    const double targets[] = {1, 0, 1};
    double f[N], earlier[N];
    ntk_flow_options options = options_to(NTK_LOSS_LOGISTIC, log(1e6));
    options.lambda = 1e-2;
    follow(apart, zero, targets, &options, earlier);
    options.log_horizon = log(1e15);
    follow(apart, zero, targets, &options, f);
    for (size_t i = 0; i < N; i++) cr_expect_float_eq(f[i], earlier[i], 1e-8);
    options = options_to(NTK_LOSS_SQUARED, log(1e15));
    follow(apart, zero, targets, &options, f);
    for (size_t i = 0; i < N; i++) cr_expect_float_eq(f[i], targets[i], 1e-8);
}

/* Under the bounded rule, too. */
Test(standstill, bounded_steps) {
    const double targets[] = {0.7, 0.2, 0.4};
    double f[N];
    ntk_flow_options options = options_to(NTK_LOSS_LOGISTIC, log(1e16));
    options.kinked = true;
    options.tolerance = 1e-6;
    const ntk_flow_result result = follow(apart, zero, targets, &options, f);
    cr_expect_lt(result.steps, 10000);
    for (size_t i = 0; i < N; i++) cr_expect_float_eq(f[i], log(targets[i] / (1 - targets[i])), 1e-7);
}

/* Labels that contradict each other hold the outputs where they meet, in both times; the
 * coordinates stay. */
Test(standstill, contradicting_labels) {
    const double targets[] = {1, 0, 0.8}, hard[] = {1, 0, 1}, one[] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    const double start[] = {0.4, 0.4, 0.4};
    double f[N], a[N] = {0};
    ntk_flow_options options = options_to(NTK_LOSS_LOGISTIC, log(1e14));
    ntk_model model = linear_model(N, 1, copies, zero);
    run_flow(&model, targets, &options, a);
    assert_ok(model.evaluate(model.context, a, f));
    cr_expect_float_eq(f[0], 0, 1e-7);
    cr_expect_float_eq(f[2], log(4), 1e-7);
    cr_expect(fabs(a[0]) < 2 && fabs(a[1]) < 2, "%g %g", a[0], a[1]);
    ntk_model_release(&model);
    options = options_to(NTK_LOSS_LOGISTIC, 60);
    options.time = NTK_TIME_LOG_LOSS;
    const ntk_flow_result result = follow(one, start, hard, &options, f);
    for (size_t i = 0; i < N; i++) cr_expect_float_eq(f[i], log(2), 1e-7); /* two of three */
    cr_expect(result.end == NTK_END_HORIZON && result.steps < 2000);
}

/* Without a horizon: it ends there, and tells how much gradient rounding leaves. */
Test(standstill, a_tolerance_below_rounding) {
    const double targets[] = {0.7, 0.2, 0.4};
    double f[N];
    ntk_flow_options options = options_to(NTK_LOSS_LOGISTIC, INFINITY);
    options.gradient_tolerance = 1e-30;
    const ntk_flow_result result = follow(apart, zero, targets, &options, f);
    cr_expect_eq(result.end, NTK_END_STATIONARY);
    cr_expect(result.gradient_norm > 1e-30 && result.gradient_norm < 1e-14, "%g", result.gradient_norm);
    cr_expect_float_eq(f[0], log(0.7 / 0.3), 1e-12);
}

/* A start that is at rest is seen at all times asked for, and at the end. */
Test(standstill, observations_of_what_does_not_move) {
    const double targets[] = {0.5, 0.5, 0.5}, times[] = {-INFINITY, 0, 10, 30};
    double f[N];
    recorder seen = {0};
    ntk_flow_options options = options_to(NTK_LOSS_LOGISTIC, 36);
    record_at(&options, &seen, times, 4);
    const ntk_flow_result result = follow(apart, zero, targets, &options, f);
    cr_expect(seen.count == 5 && result.displacement == 0 && result.steps == 1, "%zu", seen.count);
    for (size_t i = 1; i < 4; i++) cr_expect_float_eq(seen.log_time[i], times[i], 1e-12);
    cr_expect_eq(seen.log_time[4], 36);
}

static double after_20(const ntk_observation *seen, void *context) {
    (void)context;
    return seen->log_time > -INFINITY ? seen->log_time - 20 : -1;
}

/* An event in the time that is passed over. */
Test(standstill, events_of_time_still_happen) {
    const double targets[] = {0.7, 0.2, 0.4};
    double f[N];
    ntk_flow_options options = options_to(NTK_LOSS_LOGISTIC, 36);
    options.event = after_20;
    const ntk_flow_result result = follow(apart, zero, targets, &options, f);
    cr_expect_eq(result.end, NTK_END_EVENT);
    cr_expect_float_eq(result.log_time, 20, 1e-5);
    const double hard[] = {1, 0, 1}, one[] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    options.time = NTK_TIME_LOG_LOSS;
    const ntk_flow_result logarithmic = follow(one, zero, hard, &options, f);
    cr_expect_eq(logarithmic.end, NTK_END_EVENT);
    cr_expect_float_eq(logarithmic.log_time, 20, 1e-5);
}

/* The third point goes on for ever, by log t, though the gradient is 10^-8 and the copies stand:
 * f_3 = log t + ... doubles where t is squared. */
Test(standstill, a_slow_divergence_is_no_rest) {
    const double targets[] = {1, 0, 1};
    double f[2][N];
    for (int late = 0; late < 2; late++) {
        const ntk_flow_options options = options_to(NTK_LOSS_LOGISTIC, log(1e4) * (1 + late));
        follow(copies, zero, targets, &options, f[late]);
    }
    cr_expect_float_eq(f[1][2] - f[0][2], log(1e4), 0.01, "%g", f[1][2] - f[0][2]);
}

/* Two speeds, 10^-7 apart: the slow one moves all the while that the fast one rests. */
Test(standstill, a_slow_motion_is_no_rest) {
    const double gram[] = {1, 0, 0, 0, 1e-7, 0, 0, 0, 1}, targets[] = {1, 1, 1};
    double f[N];
    const ntk_flow_options options = options_to(NTK_LOSS_SQUARED, log(3e7));
    follow(gram, zero, targets, &options, f);
    cr_expect_float_eq(f[0], 1, 1e-8);
    cr_expect_float_eq(f[1], 1 - exp(-1), 1e-6, "%g", f[1] - 1 + exp(-1));
}
