/* A run that cannot arrive says so, and leaves no number behind. */
#include <criterion/criterion.h>

#include <math.h>

#include "problems.h"

static ntk_flow_options valid_options(void) {
    ntk_flow_options options = ntk_flow_options_default();
    options.loss = NTK_LOSS_LOGISTIC;
    options.horizon = 1;
    return options;
}

static void refuse(ntk_flow_options options, const double *targets, const char *word) {
    const ntk_model model = identity_model(2, 1);
    double theta[] = {0.1, 0.2};
    ntk_flow_result result = {.log_time = 17};
    assert_fails(ntk_flow_run(&model, targets, &options, theta, &result), NTK_ERROR_ARGUMENT, word);
    cr_assert(theta[0] == 0.1 && result.log_time == 17);
}

Test(failures, contradictory_options_are_refused) {
    const double hard[] = {1, 0}, soft[] = {0.9, 0};
    const double backwards[] = {1, 0}, nan_time[] = {NAN};
    ntk_flow_options o = valid_options();
    o.time = NTK_TIME_LOG_LOSS, o.lambda = 0.1, refuse(o, hard, "lambda");
    o = valid_options(), o.time = NTK_TIME_LOG_LOSS, refuse(o, soft, "single class");
    o = valid_options(), o.time = NTK_TIME_LOG_LOSS, o.loss = NTK_LOSS_SQUARED,
    refuse(o, hard, "single class");
    o = valid_options(), o.horizon = INFINITY, refuse(o, hard, "nothing ends it");
    o = valid_options(), o.horizon = INFINITY, o.log_horizon = 1000, refuse(o, hard, "log-loss time");
    o = valid_options(), o.horizon = NAN, refuse(o, hard, "horizon");
    o = valid_options(), o.horizon = 0, refuse(o, hard, "horizon");
    o = valid_options(), o.log_horizon = NAN, refuse(o, hard, "log horizon");
    o = valid_options(), o.lambda = -1, refuse(o, hard, "lambda");
    o = valid_options(), o.lambda = NAN, refuse(o, hard, "lambda");
    o = valid_options(), o.tolerance = 0, refuse(o, hard, "tolerance");
    o = valid_options(), o.step = 2, refuse(o, hard, "step");
    o = valid_options(), o.time_factor = 0, refuse(o, hard, "time_factor");
    o = valid_options(), o.gradient_tolerance = NAN, refuse(o, hard, "gradient_tolerance");
    o = valid_options(), o.observe_kernel = true, refuse(o, hard, "no tangent kernel");
    o = valid_options(), o.observation_log_times = backwards, o.observation_count = 2,
    refuse(o, hard, "ascend");
    o = valid_options(), o.observation_log_times = nan_time, o.observation_count = 1, refuse(o, hard, "NaN");
    o = valid_options(), o.loss = NTK_LOSS_SOFTMAX, refuse(o, hard, "outputs");
}

/* f = theta up to a wall, NaN beyond it: the flow heads for the wall and cannot pass. */
static ntk_status wall(void *context, const double *theta, double *f) {
    (void)context;
    *f = *theta < 1 ? *theta : NAN;
    return NTK_OK;
}

static ntk_status through(void *context, const double *theta, const double *cotangent, double *gradient) {
    (void)context, (void)theta;
    *gradient = *cotangent;
    return NTK_OK;
}

static void expect(const ntk_model *model, ntk_flow_options options, double start, ntk_status wanted) {
    double theta = start;
    ntk_flow_result result = {.log_time = 17};
    const ntk_status status = ntk_flow_run(model, (const double[]){1}, &options, &theta, &result);
    cr_assert_eq(status, wanted, "%s: %s", ntk_status_name(status), ntk_error_detail());
    cr_assert(result.log_time == 17 && (theta == start || isnan(start)));
}

Test(failures, a_wall_of_nan_is_reported_as_divergence) {
    const ntk_model model = {
        .dimension = 1, .points = 1, .outputs = 1, .evaluate = wall, .pullback = through};
    for (int integrator = NTK_INTEGRATOR_EMBEDDED; integrator <= NTK_INTEGRATOR_BOUNDED_STEP; ++integrator)
        for (int time = NTK_TIME_PHYSICAL; time <= NTK_TIME_LOG_LOSS; ++time) {
            ntk_flow_options options = valid_options();
            options.horizon = 1e6;
            options.integrator = (ntk_integrator)integrator;
            options.time = (ntk_time)time;
            expect(&model, options, 0, NTK_ERROR_DIVERGED);
            expect(&model, options, 2, NTK_ERROR_DIVERGED);
            expect(&model, options, NAN, NTK_ERROR_DIVERGED);
        }
}

/* theta' = theta^2 + 1 in disguise: a pullback that is no gradient blows up at t = pi/2 / sigma. */
static ntk_status level(void *context, const double *theta, double *f) {
    (void)context, (void)theta;
    *f = 0;
    return NTK_OK;
}

static ntk_status explosive(void *context, const double *theta, const double *cotangent, double *gradient) {
    (void)context;
    *gradient = *cotangent * (1 + *theta * *theta);
    return NTK_OK;
}

Test(failures, a_blow_up_in_finite_time_is_reported) {
    const ntk_model model = {
        .dimension = 1, .points = 1, .outputs = 1, .evaluate = level, .pullback = explosive};
    ntk_flow_options options = valid_options();
    options.integrator = NTK_INTEGRATOR_EMBEDDED;
    options.horizon = 10;
    double theta = 0;
    ntk_flow_result result;
    const ntk_status status = ntk_flow_run(&model, (const double[]){1}, &options, &theta, &result);
    cr_assert(status == NTK_ERROR_DIVERGED || status == NTK_ERROR_STALLED, "%s", ntk_status_name(status));
    options.horizon = 3; /* pi / 2 / sigma(0) = 3.14: before the blow-up all is well */
    run_flow(&model, (const double[]){1}, &options, &theta);
    cr_assert_float_eq(theta, tan(1.5), 1e-3 * tan(1.5));
}

/* A field that jumps back and forth across theta = 0.5 stalls an error-controlled method; the
 * bounded rule slides. */
static ntk_status kink(void *context, const double *theta, double *f) {
    (void)context;
    *f = -fabs(*theta - 0.5);
    return NTK_OK;
}

static ntk_status kink_pullback(void *context, const double *theta, const double *cotangent,
                                double *gradient) {
    (void)context;
    *gradient = *theta < 0.5 ? *cotangent : -*cotangent;
    return NTK_OK;
}

Test(failures, sliding_along_a_kink_stalls_error_control_and_not_the_bounded_rule) {
    const ntk_model model = {
        .dimension = 1, .points = 1, .outputs = 1, .evaluate = kink, .pullback = kink_pullback};
    ntk_flow_options options = valid_options();
    options.horizon = 100;
    options.max_steps = 2000;
    options.integrator = NTK_INTEGRATOR_EMBEDDED;
    options.tolerance = 1e-9;
    expect(&model, options, 0, NTK_ERROR_STALLED);
    options.integrator = NTK_INTEGRATOR_AUTOMATIC;
    options.kinked = true;
    double theta = 0;
    run_flow(&model, (const double[]){1}, &options, &theta);
    cr_assert_float_eq(theta, 0.5, 0.1, "the path stays within a step of the kink: %g", theta);
}

Test(failures, too_few_steps_are_reported) {
    const ntk_model model = identity_model(1, 1);
    ntk_flow_options options = valid_options();
    options.horizon = 1000;
    options.max_steps = 3;
    expect(&model, options, 0, NTK_ERROR_STALLED);
    assert_says("3 steps");
}

static double broken_event(const ntk_observation *seen, void *context) {
    (void)context;
    return seen->theta[0] > 0.05 ? NAN : -1;
}

static ntk_status broken_observer(const ntk_observation *seen, void *context) {
    (void)seen, (void)context;
    return ntk_fail(NTK_ERROR_IO, "the disk is full");
}

Test(failures, callbacks_that_fail_fail_the_flow) {
    const ntk_model model = identity_model(1, 1);
    ntk_flow_options options = valid_options();
    options.event = broken_event;
    expect(&model, options, 0, NTK_ERROR_NOT_FINITE);
    options = valid_options();
    options.observer = broken_observer;
    expect(&model, options, 0, NTK_ERROR_IO);
    options = valid_options();
    options.every_step = broken_observer;
    expect(&model, options, 0, NTK_ERROR_IO);
}

Test(failures, linear_model_refuses_what_is_not_finite) {
    const double good = 1, bad = NAN;
    ntk_model model;
    cr_assert_eq(ntk_model_linear(1, 1, &bad, &good, &model), NTK_ERROR_NOT_FINITE);
    cr_assert_eq(ntk_model_linear(1, 1, &good, &bad, &model), NTK_ERROR_NOT_FINITE);
    cr_assert_eq(ntk_model_linear(0, 1, &good, &good, &model), NTK_ERROR_ARGUMENT);
    ntk_model_release(NULL);
}
