/* Events, observers and the ends of a flow. */
#include <criterion/criterion.h>

#include <math.h>

#include "problems.h"

/* One point, f = theta, squared loss with target 0: theta = theta_0 e^{-t}. */
static double falls_below_half(const ntk_observation *seen, void *context) {
    (void)context;
    return 0.5 - seen->theta[0];
}

static ntk_flow_options decay_options(void) {
    ntk_flow_options options = ntk_flow_options_default();
    options.loss = NTK_LOSS_SQUARED;
    options.integrator = NTK_INTEGRATOR_EMBEDDED;
    options.tolerance = 1e-9;
    return options;
}

Test(events, event_time_agrees_with_the_analytic_one) {
    const ntk_model model = identity_model(1, 1);
    for (int integrator = NTK_INTEGRATOR_EMBEDDED; integrator <= NTK_INTEGRATOR_BOUNDED_STEP; ++integrator) {
        ntk_flow_options options = decay_options();
        options.integrator = (ntk_integrator)integrator;
        options.step = 0.01;
        options.horizon = 50;
        options.event = falls_below_half;
        options.event_tolerance = 1e-10;
        double theta = 3;
        const ntk_flow_result result = run_flow(&model, (const double[]){0}, &options, &theta);
        cr_assert_eq(result.end, NTK_END_EVENT);
        cr_assert_float_eq(result.log_time, log(log(6)),
                           integrator == NTK_INTEGRATOR_BOUNDED_STEP ? 2e-5 : 1e-6, "%d: %g", integrator,
                           result.log_time - log(log(6)));
        cr_assert(theta <= 0.5 && theta >= 0.5 * (1 - 2e-10),
                  "theta is at the event, on its later side: %.17g", theta);
    }
}

/* In log-loss time, at log t where physical time has long ended: f + e^f = t + 1, threshold f =
 * 300. */
static double passes_300(const ntk_observation *seen, void *context) {
    (void)context;
    return seen->outputs[0] - 300;
}

Test(events, event_in_log_loss_time) {
    const ntk_model model = identity_model(1, 1);
    ntk_flow_options options = ntk_flow_options_default();
    options.loss = NTK_LOSS_LOGISTIC;
    options.time = NTK_TIME_LOG_LOSS;
    options.tolerance = 1e-9;
    options.event = passes_300;
    options.event_tolerance = 1e-8;
    double theta = 0;
    const ntk_flow_result result = run_flow(&model, (const double[]){1}, &options, &theta);
    cr_assert_eq(result.end, NTK_END_EVENT);
    cr_assert_float_eq(result.log_time, 300, 1e-7, "%.12g", result.log_time);
    cr_assert_float_eq(theta, 300, 1e-7);
}

static double never(const ntk_observation *seen, void *context) {
    (void)seen, (void)context;
    return 1; /* non-negative from the start: no sign change */
}

Test(events, an_event_that_does_not_change_sign_does_not_happen) {
    const ntk_model model = identity_model(1, 1);
    ntk_flow_options options = decay_options();
    options.event = never;
    options.horizon = 1;
    double theta = 3;
    const ntk_flow_result result = run_flow(&model, (const double[]){0}, &options, &theta);
    cr_assert(result.end == NTK_END_HORIZON && fabs(theta - 3 * exp(-1)) < 1e-8);
}

/* Observations inside, at an event's step and after it: those before the event are made, later ones
 * are not. */
Test(events, observations_are_at_their_times_and_in_order) {
    const double times[] = {-INFINITY, log(0.001), log(0.5), log(1.7), log(1.79), log(1.8), log(5)};
    const ntk_model model = identity_model(1, 1);
    recorder seen = {0};
    ntk_flow_options options = decay_options();
    options.event = falls_below_half; /* at log 6 = 1.7918 */
    record_at(&options, &seen, times, 7);
    options.horizon = 10;
    double theta = 3;
    const ntk_flow_result result = run_flow(&model, (const double[]){0}, &options, &theta);
    cr_assert_eq(seen.count, 6, "five times before the event, and the end: %zu", seen.count);
    for (size_t i = 0; i < 5; ++i) {
        cr_assert_eq(seen.log_time[i], times[i]);
        cr_assert_float_eq(seen.output[i], 3 * exp(-exp(times[i])), 1e-8, "at %g", times[i]);
        cr_assert_float_eq(seen.log_loss[i], log(0.5 * seen.output[i] * seen.output[i]), 1e-12);
        cr_assert_float_eq(seen.displacement[i], 3 - seen.output[i], 1e-12);
    }
    cr_assert(seen.log_time[5] == result.log_time && seen.output[5] == theta);
}

Test(events, the_end_is_observed_once) {
    const double times[] = {log(0.5), log(1.0)};
    const ntk_model model = identity_model(1, 1);
    recorder seen = {0};
    ntk_flow_options options = decay_options();
    record_at(&options, &seen, times, 2);
    options.horizon = 1;
    double theta = 3;
    const ntk_flow_result result = run_flow(&model, (const double[]){0}, &options, &theta);
    cr_assert(seen.count == 2 && seen.log_time[1] == 0 && result.log_time == 0);
}

Test(events, an_observer_stops_the_flow_where_it_is) {
    const double times[] = {log(0.3), log(0.31), log(0.32)};
    const ntk_model model = identity_model(1, 1);
    recorder seen = {.cancel_after = 2};
    ntk_flow_options options = decay_options();
    record_at(&options, &seen, times, 3);
    options.horizon = 1;
    double theta = 3;
    ntk_flow_result result = run_flow(&model, (const double[]){0}, &options, &theta);
    cr_assert(result.end == NTK_END_OBSERVER && seen.count == 2 && result.log_time == times[1]);
    cr_assert_float_eq(theta, 3 * exp(-0.31), 1e-8);

    seen = (recorder){.cancel_after = 4};
    options.observer = NULL;
    options.every_step = record;
    options.horizon = INFINITY;
    theta = 3;
    result = run_flow(&model, (const double[]){0}, &options, &theta);
    cr_assert(result.end == NTK_END_OBSERVER && result.steps == 4 && seen.output[3] == theta);
}

/* A linear model's kernel never drifts; its smallest eigenvalue is known. */
static ntk_status check_kernel(const ntk_observation *seen, void *context) {
    cr_assert(seen->kernel_drift == 0 && seen->kernel && seen->kernel[1] == 0.3);
    /* (3 - sqrt(1 + 4 * 0.09)) / 2 for [[1, 0.3], [0.3, 2]] */
    cr_assert_float_eq(seen->kernel_lambda_min, (3 - sqrt(1.36)) / 2, 1e-14);
    ++*(int *)context;
    return NTK_OK;
}

static ntk_status check_without_eigenvalue(const ntk_observation *seen, void *context) {
    cr_assert(seen->kernel_drift == 0 && seen->kernel && seen->kernel[1] == 0.3);
    cr_assert(isnan(seen->kernel_lambda_min));
    ++*(int *)context;
    return NTK_OK;
}

static ntk_status check_no_kernel(const ntk_observation *seen, void *context) {
    (void)context;
    cr_assert(isnan(seen->kernel_drift) && isnan(seen->kernel_lambda_min) && !seen->kernel);
    cr_assert(isfinite(seen->gradient_norm) && isfinite(seen->smallest_margin) && seen->outputs);
    return NTK_OK;
}

Test(events, kernels_are_observed_where_asked_for) {
    const double gram[] = {1, 0.3, 0.3, 2}, f0[] = {0.2, -0.1}, q[] = {1, 0}, times[] = {-INFINITY, 0};
    ntk_model model = linear_model(2, 1, gram, f0);
    ntk_flow_options options = ntk_flow_options_default();
    int count = 0;
    options.loss = NTK_LOSS_LOGISTIC;
    options.observation_log_times = times;
    options.observation_count = 2;
    options.observe_kernel = true;
    options.observer = check_kernel;
    options.every_step = check_no_kernel;
    options.context = &count;
    options.horizon = 2;
    double a[2] = {0};
    run_flow(&model, q, &options, a);
    cr_assert_eq(count, 3);
    options.observer = check_without_eigenvalue;
    options.observe_lambda_min = false;
    a[0] = a[1] = 0;
    run_flow(&model, q, &options, a);
    cr_assert_eq(count, 6);
    ntk_model_release(&model);
}
