/* The drift over all time: what the parameters are said to travel after the end of a run, against runs that
 * go on. */
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/drift.h>
#include <ntk/linalg.h>

#include "fixture.h"

TestSuite(drift, .fini = fixture_remove);

/* ---- a network, stopped early and run to its end ---------------------------------------------------- */

typedef struct problem {
    ntk_training training;
    ntk_flow_options flow;
    ntk_trajectory path;
    double times[5];
} problem;

static void train(double epsilon, double lambda, double log_horizon, problem *out) {
    assert_ok(ntk_linalg_start());
    ntk_training_options options = {.architecture = ntk_architecture_default(),
                                    .loss = NTK_LOSS_SOFTMAX,
                                    .width = 60,
                                    .points = 4,
                                    .inputs = 6,
                                    .classes = 3,
                                    .max_cosine = 0.6,
                                    .epsilon = epsilon};
    options.architecture.activation = NTK_ERF;
    const ntk_stream stream = ntk_stream_create(5, "test/drift", 0);
    assert_ok(ntk_training_create(&options, &stream, &out->training));
    for (size_t i = 0; i < 5; i++) out->times[i] = log_horizon - 4 + (double)i;
    out->flow = ntk_flow_options_default();
    out->flow.lambda = lambda;
    out->flow.tolerance = 1e-9;
    out->flow.log_horizon = out->times[4];
    out->flow.observation_log_times = out->times;
    out->flow.observation_count = 5;
    out->flow.observe_kernel = true;
    assert_ok(ntk_trajectory_run(&out->training.model, out->training.targets, &out->flow, out->training.theta,
                                 &out->path));
}

static void clear(problem *self) {
    ntk_trajectory_release(&self->path);
    ntk_training_release(&self->training);
}

static ntk_sweep_run run_of(const problem *self, double epsilon) {
    return (ntk_sweep_run){.activation = NTK_ERF,
                           .epsilon = epsilon,
                           .flow = &self->flow,
                           .training = &self->training,
                           .trajectory = &self->path};
}

/* What is said to be left at e^log_horizon over what is travelled until e^9, where nothing is left. */
static double overestimate(double epsilon, double lambda, double log_horizon,
                           ntk_status (*left_of)(const ntk_sweep_run *, double *)) {
    problem early, late;
    train(epsilon, lambda, log_horizon, &early);
    train(epsilon, lambda, 9, &late);
    const ntk_sweep_run run = run_of(&early, epsilon);
    double left;
    assert_ok(left_of(&run, &left));
    const double travelled =
        ntk_distance(early.training.parameters, early.training.theta, late.training.theta);
    clear(&early);
    clear(&late);
    return left / travelled;
}

/* A bound: it holds, and is no further off than the ratio of the eigenvalues of kernel and curvature, some
 * 10^3. */
Test(drift, what_soft_targets_leave_bounds_what_is_travelled) {
    for (double log_horizon = 5; log_horizon <= 7; log_horizon++) {
        const double ratio = overestimate(0.1, 0, log_horizon, ntk_drift_left_under_soft_targets);
        cr_expect(ratio >= 1 && ratio < 1000, "log T = %g: %g", log_horizon, ratio);
    }
}

/* An estimate: right to a factor once the slowest directions are alone. */
Test(drift, what_l2_leaves_is_what_is_travelled) {
    for (double log_horizon = 2; log_horizon <= 3.6; log_horizon += 0.8) {
        const double ratio = overestimate(0, 0.2, log_horizon, ntk_drift_left_under_l2);
        cr_expect(ratio > 0.5 && ratio < 1.5, "log T = %g: %g", log_horizon, ratio);
    }
}

/* ---- cases by hand ---------------------------------------------------------------------------------- */

/* One point, two classes, one output f with p = 1/2 and q = 1/2 - d: delta = d. */
static double left_by_hand(double d, double output, double epsilon, double lambda) {
    double target = 0.5 - d;
    const ntk_training training = {.points = 1, .outputs = 1, .targets = &target};
    const ntk_trajectory path = {.outputs = &output, .min_lambda_min = lambda};
    const ntk_flow_options flow = {.loss = NTK_LOSS_LOGISTIC};
    const ntk_sweep_run run = {.epsilon = epsilon, .flow = &flow, .training = &training, .trajectory = &path};
    double left;
    assert_ok(ntk_drift_left_under_soft_targets(&run, &left));
    return left;
}

Test(drift, what_soft_targets_leave_is_the_formula) {
    cr_expect_float_eq(left_by_hand(0.01, 0, 0.2, 4), 0.04 / ((0.2 - 0.01 / sqrt(0.19)) * 2), 1e-15);
    cr_expect_eq(left_by_hand(0.25, 0, 0.2, 4), INFINITY, "further from its target than epsilon");
    cr_expect_eq(left_by_hand(0.15, 0, 0.2, 4), INFINITY, "probabilities may still vanish");
    cr_expect_eq(left_by_hand(0.01, 0, 0.2, 0), INFINITY, "a singular kernel");
    cr_expect_eq(left_by_hand(0.01, 0, 0.2, NAN), INFINITY, "eigenvalues were not observed");
    cr_expect_eq(left_by_hand(0.01, NAN, 0.2, 4), INFINITY);
}

/* For a kinked network: the largest change within the last unit of log t. */
Test(drift, what_l2_leaves_a_kinked_network_is_its_last_change) {
    ntk_trajectory_point points[] = {{.log_time = 2.9, .displacement = 1},
                                     {.log_time = 3, .displacement = 2.5},
                                     {.log_time = 3.5, .displacement = 2.8},
                                     {.log_time = 4, .displacement = 2.6}};
    const ntk_trajectory path = {.count = 4, .points = points, .max_displacement = 4};
    const ntk_sweep_run run = {.activation = NTK_RELU, .trajectory = &path};
    double left, values[2];
    assert_ok(ntk_drift_left_under_l2(&run, &left));
    cr_expect_float_eq(left, 0.2, 1e-15);
    ntk_drift_read(&run, left, values);
    cr_expect_float_eq(values[NTK_DRIFT_TRAVEL_LEFT], 0.05, 1e-15);
    points[2].displacement = NAN;
    assert_ok(ntk_drift_left_under_l2(&run, &left));
    cr_expect(isnan(left));
}

/* ---- the reduction ---------------------------------------------------------------------------------- */

static const ntk_parameter parameters[] = {NTK_SWEEP_PARAMETERS, {0}};
static const fixture_setting tiny[] = {{"widths", "4 9"},    {"seeds", "3"},
                                       {"points", "2"},      {"inputs", "3"},
                                       {"lambda", "1"},      {"activations", "erf relu"},
                                       {"log-horizon", "0"}, {0}};

static ntk_status measure_law(const ntk_sweep_run *run, double *values, ntk_context *context) {
    (void)context;
    ntk_drift_read(run, 0.5 * run->trajectory->max_displacement, values);
    cr_expect_eq(values[NTK_DRIFT_LARGEST], ntk_trajectory_largest_drift(run->trajectory, INFINITY));
    values[NTK_DRIFT_LARGEST] = run->activation == NTK_RELU ? 1 : 1 / (double)run->width;
    return NTK_OK;
}

Test(drift, is_reduced_to_a_rate_and_a_rest_by_kind) {
    ntk_context *context = fixture_context(parameters, tiny, NULL);
    assert_ok(ntk_sweep_conduct(context, NTK_DRIFT_COLUMNS, measure_law, ntk_drift_reduce));
    const struct {
        const char *name;
        double value;
    } wanted[] = {{"rate-erf", -1},   {"rate-smooth", -1},         {"rate-relu", 0},
                  {"rate-kinked", 0}, {"travel-left-smooth", 0.5}, {"travel-left-kinked", 0.5}};
    for (size_t i = 0; i < 6; i++)
        cr_expect_float_eq(fixture_metric(context, wanted[i].name)->value, wanted[i].value, 1e-12, "%s",
                           wanted[i].name);
}
