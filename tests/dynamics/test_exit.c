/* Exit times, and events that let the flow go on.
 *
 * The model f = theta^2 / 2 has the tangent kernel theta^2 = 2 f. With squared loss towards y its
 * flow is u' = -2 u (u - y) for u = f, so that the drift u / u_0 - 1 passes q at
 *
 *     t = log((y / u_0 - 1) / (y / ((1 + q) u_0) - 1)) / (2 y). */
#include <criterion/criterion.h>

#include <math.h>

#include <ntk/exit.h>

#include "problems.h"

static ntk_status evaluate(void *context, const double *theta, double *f) {
    (void)context;
    f[0] = 0.5 * theta[0] * theta[0];
    return NTK_OK;
}

static ntk_status pullback(void *context, const double *theta, const double *cotangent, double *gradient) {
    (void)context;
    gradient[0] = theta[0] * cotangent[0];
    return NTK_OK;
}

static ntk_status tangent_kernel(void *context, const double *theta, double *gram) {
    (void)context;
    gram[0] = theta[0] * theta[0];
    return NTK_OK;
}

static const ntk_model square = {.dimension = 1,
                                 .points = 1,
                                 .outputs = 1,
                                 .evaluate = evaluate,
                                 .pullback = pullback,
                                 .tangent_kernel = tangent_kernel};
static const double target = 10, start = 1;

static double exact_log_time(double threshold) {
    return log(log((target / start - 1) / (target / ((1 + threshold) * start) - 1)) / (2 * target));
}

static ntk_flow_options growth_options(void) {
    ntk_flow_options options = ntk_flow_options_default();
    options.loss = NTK_LOSS_SQUARED;
    options.integrator = NTK_INTEGRATOR_EMBEDDED;
    options.tolerance = 1e-9;
    options.event_tolerance = 1e-10;
    options.horizon = 2;
    return options;
}

enum { MANY = 40 };

/* Several thresholds to a step, all the way to the last. */
Test(exit, times_agree_with_the_analytic_ones) {
    double thresholds[MANY], theta = sqrt(2 * start), largest;
    for (size_t i = 0; i < MANY; i++) thresholds[i] = 0.1 * (double)(i + 1);
    const ntk_flow_options options = growth_options();
    ntk_exit exits[MANY];
    ntk_flow_result result;
    assert_ok(ntk_exit_run(&square, &target, &options, MANY, thresholds, &theta, exits, &largest, &result));
    cr_expect(result.end == NTK_END_EVENT && result.log_time == exits[MANY - 1].log_time);
    cr_expect(result.steps < MANY, "%zu steps: some have several exits", result.steps);
    cr_expect_float_eq(largest, thresholds[MANY - 1], 1e-8);
    for (size_t i = 0; i < MANY; i++) {
        cr_expect_float_eq(exits[i].log_time, exact_log_time(thresholds[i]), 1e-6, "%g: %g", thresholds[i],
                           exits[i].log_time - exact_log_time(thresholds[i]));
        cr_expect_float_eq(exits[i].displacement, sqrt(2 * start) * (sqrt(1 + thresholds[i]) - 1), 1e-7);
        const double residual = (1 + thresholds[i]) * start - target;
        cr_expect_float_eq(exits[i].log_loss, log(0.5 * residual * residual), 1e-7);
    }
}

/* Kernels that were formed at the same theta as the one before. */
static size_t repeated_kernels;
static double last_theta;

static ntk_status counted_kernel(void *context, const double *theta, double *gram) {
    repeated_kernels += theta[0] == last_theta;
    last_theta = theta[0];
    return tangent_kernel(context, theta, gram);
}

/* An event asks for its kernel when it is located, when it is shown and when the flow goes on. */
Test(exit, a_kernel_is_formed_once_at_each_point) {
    const double thresholds[] = {0.5, 0.6, 2};
    double theta = sqrt(2 * start), largest;
    ntk_flow_options options = growth_options();
    options.event_tolerance = 1e-4;
    ntk_model counted = square;
    counted.tangent_kernel = counted_kernel;
    ntk_exit exits[3];
    ntk_flow_result result;
    assert_ok(ntk_exit_run(&counted, &target, &options, 3, thresholds, &theta, exits, &largest, &result));
    cr_expect(isfinite(exits[2].log_time));
    cr_expect_leq(repeated_kernels, 1, "%zu; one at the start, which is kept apart", repeated_kernels);
}

Test(exit, a_threshold_that_is_not_reached_has_no_time) {
    const double thresholds[] = {1, 8.9, 9.1};
    double theta = sqrt(2 * start), largest;
    const ntk_flow_options options = growth_options();
    ntk_exit exits[3];
    ntk_flow_result result;
    assert_ok(ntk_exit_run(&square, &target, &options, 3, thresholds, &theta, exits, &largest, &result));
    cr_expect_eq(result.end, NTK_END_HORIZON);
    cr_expect(isfinite(exits[0].log_time) && isfinite(exits[1].log_time));
    cr_expect(exits[2].log_time == INFINITY && isnan(exits[2].displacement) && isnan(exits[2].log_loss));
    cr_expect_float_eq(largest, target / start - 1, 1e-6);
}

Test(exit, errors) {
    const ntk_flow_options options = growth_options();
    double theta = sqrt(2 * start), largest, gains[2];
    ntk_exit exits[2];
    ntk_flow_result result;
    const double bad[][2] = {{0, 1}, {1, 1}, {2, 1}, {1, NAN}, {1, INFINITY}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_eq(ntk_exit_run(&square, &target, &options, 2, bad[i], &theta, exits, &largest, &result),
                     NTK_ERROR_ARGUMENT, "%zu", i);
    cr_expect_eq(ntk_exit_run(&square, &target, &options, 0, NULL, &theta, exits, &largest, &result),
                 NTK_ERROR_ARGUMENT);
    const double zero = 0, threshold = 1;
    cr_expect_eq(ntk_exit_frozen(&square, &theta, &zero, 1, &threshold, gains), NTK_ERROR_ARGUMENT);
}

/* f = theta_1 theta_2 from (1, 0): theta = (cosh cs, sinh cs), the kernel is cosh 2cs and f =
 * sinh(2cs) / 2. */
static ntk_status product_evaluate(void *context, const double *theta, double *f) {
    (void)context;
    f[0] = theta[0] * theta[1];
    return NTK_OK;
}

static ntk_status product_pullback(void *context, const double *theta, const double *cotangent,
                                   double *gradient) {
    (void)context;
    gradient[0] = theta[1] * cotangent[0];
    gradient[1] = theta[0] * cotangent[0];
    return NTK_OK;
}

static ntk_status product_kernel(void *context, const double *theta, double *gram) {
    (void)context;
    gram[0] = theta[0] * theta[0] + theta[1] * theta[1];
    return NTK_OK;
}

Test(exit, with_frozen_weights) {
    const ntk_model product = {.dimension = 2,
                               .points = 1,
                               .outputs = 1,
                               .evaluate = product_evaluate,
                               .pullback = product_pullback,
                               .tangent_kernel = product_kernel};
    const double thresholds[] = {0.1, 0.10001, 0.5, 1, 3}, theta[] = {1, 0};
    double gains[5];
    for (int sign = -1; sign <= 1; sign += 2) {
        const double weight = 0.7 * sign;
        assert_ok(ntk_exit_frozen(&product, theta, &weight, 5, thresholds, gains));
        for (size_t i = 0; i < 5; i++) {
            const double ratio = 1 + thresholds[i];
            cr_expect_float_eq(gains[i], 0.5 * sqrt(ratio * ratio - 1), 1e-6, "%g: %g", thresholds[i],
                               gains[i]);
        }
    }
    ntk_model flat = linear_model(1, 1, (const double[]){2}, (const double[]){0});
    assert_ok(ntk_exit_frozen(&flat, theta, theta, 2, thresholds, gains));
    cr_expect(gains[0] == INFINITY && gains[1] == INFINITY, "a constant kernel stays");
    ntk_model_release(&flat);
}

/* ---- events that pass ------------------------------------------------------------------------ */

typedef struct levels {
    recorder seen;
    double level, step;
    size_t events;
    ntk_status answer;
} levels;

static double above_level(const ntk_observation *seen, void *context) {
    return seen->outputs[0] - ((const levels *)context)->level;
}

static ntk_status raise_level(const ntk_observation *seen, void *context) {
    levels *self = context;
    cr_expect(seen->outputs[0] >= self->level && seen->outputs[0] < self->level + 1e-6);
    self->level += self->step;
    self->events++;
    return self->answer;
}

static ntk_status record_in_levels(const ntk_observation *seen, void *context) {
    return record(seen, &((levels *)context)->seen);
}

static ntk_flow_options observed_growth(levels *context, const double *times, size_t count) {
    ntk_flow_options options = growth_options();
    options.observation_log_times = times;
    options.observation_count = count;
    options.observer = record_in_levels;
    options.context = context;
    return options;
}

/* A flow whose events all pass is the flow without events, to the bit. */
Test(exit, passing_events_do_not_disturb_the_flow) {
    const double times[] = {-4, -3, -2.5, -2, -1, 0};
    levels plain = {0}, watched = {.level = start + 0.25, .step = 0.25};
    double theta[] = {sqrt(2 * start), sqrt(2 * start)};
    ntk_flow_result results[2];
    ntk_flow_options options = observed_growth(&plain, times, 6);
    results[0] = run_flow(&square, &target, &options, &theta[0]);
    options = observed_growth(&watched, times, 6);
    options.event = above_level;
    options.on_event = raise_level;
    results[1] = run_flow(&square, &target, &options, &theta[1]);
    cr_expect_eq(watched.events, 35, "levels 1.25 .. 9.75 of 10: %zu", watched.events);
    cr_expect(theta[0] == theta[1] && results[0].steps == results[1].steps &&
              results[0].log_time == results[1].log_time);
    cr_assert_eq(plain.seen.count, watched.seen.count);
    for (size_t i = 0; i < plain.seen.count; i++)
        cr_expect(plain.seen.log_time[i] == watched.seen.log_time[i] &&
                  plain.seen.output[i] == watched.seen.output[i]);
}

Test(exit, on_event_may_end_or_fail_the_flow) {
    levels context = {.level = 2, .step = 1, .answer = NTK_ERROR_CANCELLED};
    double theta = sqrt(2 * start);
    ntk_flow_result result;
    ntk_flow_options options = observed_growth(&context, NULL, 0);
    options.event = above_level;
    options.on_event = raise_level;
    result = run_flow(&square, &target, &options, &theta);
    cr_expect(result.end == NTK_END_EVENT && context.events == 1);
    cr_expect_float_eq(result.log_time, exact_log_time(1), 1e-6);
    context = (levels){.level = 2, .step = 1, .answer = NTK_ERROR_UNSUPPORTED};
    theta = sqrt(2 * start);
    cr_expect_eq(ntk_flow_run(&square, &target, &options, &theta, &result), NTK_ERROR_UNSUPPORTED);
}
