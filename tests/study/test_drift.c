/* The drift over all time: what the parameters are said to travel after the end of a run, against
 * runs that go on. */
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/architecture.h>
#include <ntk/flow.h>
#include <ntk/lab/context.h>
#include <ntk/lab/drift.h>
#include <ntk/lab/parameters.h>
#include <ntk/lab/problem.h>
#include <ntk/lab/sweep.h>
#include <ntk/linalg.h>
#include <ntk/loss.h>
#include <ntk/random.h>
#include <ntk/status.h>
#include <ntk/trajectory.h>

#include "fixture.h"

TestSuite(drift, .fini = fixture_remove);

/* ---- a network, stopped early and run to its end --------------------------------------------- */

typedef struct problem {
    ntk_training training;
    ntk_flow_options flow;
    ntk_trajectory path;
    double times[5];
} problem;

static void train(ntk_activation activation, double epsilon, double lambda, double log_horizon,
                  problem *out) {
    assert_ok(ntk_linalg_start());
    ntk_training_options options = {.architecture = ntk_architecture_default(),
                                    .loss = NTK_LOSS_SOFTMAX,
                                    .width = 60,
                                    .points = 4,
                                    .inputs = 6,
                                    .classes = 3,
                                    .max_cosine = 0.6,
                                    .epsilon = epsilon};
    options.architecture.activation = activation;
    const ntk_stream stream = ntk_stream_create(5, "test/drift", 0);
    assert_ok(ntk_training_create(&options, &stream, &out->training));
    for (size_t i = 0; i < 5; i++) out->times[i] = log_horizon - 4 + (double)i;
    out->flow = ntk_flow_options_default();
    out->flow.lambda = lambda;
    out->flow.tolerance = 1e-9;
    out->flow.kinked = !ntk_activation_is_smooth(activation);
    out->flow.step = 0.01; /* so that what is done to and fro across kinks is less than what is
                            * left */
    out->flow.log_horizon = out->times[4];
    out->flow.observation_log_times = out->times;
    out->flow.observation_count = 5;
    out->flow.observe_kernel = true;
    assert_ok(ntk_trajectory_follow(&out->training.model, out->training.targets, &out->flow, NULL,
                                    out->training.theta, &out->path));
}

static void clear(problem *self) {
    ntk_trajectory_release(&self->path);
    ntk_training_release(&self->training);
}

static ntk_sweep_run run_of(const problem *self, double epsilon) {
    return (ntk_sweep_run){.activation = self->training.architecture.activation,
                           .lambda = self->flow.lambda,
                           .epsilon = epsilon,
                           .flow = &self->flow,
                           .training = &self->training,
                           .trajectory = &self->path};
}

/* What is said to be left at e^log_horizon over what is travelled until e^9 (e^6
 * with kinks), where nothing is left. */
static double overestimate(ntk_activation activation, double epsilon, double lambda, double log_horizon,
                           ntk_status (*left_of)(const ntk_sweep_run *, double *)) {
    problem early, late;
    train(activation, epsilon, lambda, log_horizon, &early);
    train(activation, epsilon, lambda, ntk_activation_is_smooth(activation) ? 9 : 6, &late);
    const ntk_sweep_run run = run_of(&early, epsilon);
    double left;
    assert_ok(left_of(&run, &left));
    const double travelled =
        ntk_distance(early.training.parameters, early.training.theta, late.training.theta);
    clear(&early);
    clear(&late);
    return left / travelled;
}

/* A bound: it holds, and is no further off than the ratio of the eigenvalues of kernel and
 * curvature, some 10^3. */
Test(drift, what_soft_targets_leave_bounds_what_is_travelled) {
    for (double log_horizon = 5; log_horizon <= 7; log_horizon++) {
        const double ratio = overestimate(NTK_ERF, 0.1, 0, log_horizon, ntk_drift_left_under_soft_targets);
        cr_expect(ratio >= 1 && ratio < 1000, "log T = %g: %g", log_horizon, ratio);
    }
}

/* An estimate: right to a factor once the slowest directions are alone. */
Test(drift, what_l2_leaves_is_what_is_travelled) {
    for (double log_horizon = 2; log_horizon <= 3.6; log_horizon += 0.8) {
        const double ratio = overestimate(NTK_ERF, 0, 0.2, log_horizon, ntk_drift_left_under_l2);
        cr_expect(ratio > 0.5 && ratio < 1.5, "log T = %g: %g", log_horizon, ratio);
    }
}

/* The same where the gradient jumps: no less than is travelled, as the rate that is taken is a
 * lower bound. */
Test(drift, what_l2_leaves_a_kinked_network_is_no_less_than_is_travelled) {
    for (double log_horizon = 2.5; log_horizon <= 3.5; log_horizon += 0.5) {
        const double ratio = overestimate(NTK_RELU, 0, 0.2, log_horizon, ntk_drift_left_under_l2);
        cr_expect(ratio > 1 && ratio < 2, "log T = %g: %g", log_horizon, ratio);
    }
}

/* ---- cases by hand --------------------------------------------------------------------------- */

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

/* A kinked network whose objective was `objectives` at log t = 1, 2, 2.5, 3; time_factor is
 * `speed`. */
static double left_by_decay(const double objectives[4], double lambda, double speed) {
    ntk_trajectory_point points[] = {{.log_time = 1}, {.log_time = 2}, {.log_time = 2.5}, {.log_time = 3}};
    for (size_t i = 0; i < 4; i++) points[i].objective = objectives[i];
    const ntk_trajectory path = {.count = 4, .points = points};
    const ntk_flow_options flow = {.time_factor = speed};
    const ntk_sweep_run run = {.activation = NTK_RELU, .lambda = lambda, .flow = &flow, .trajectory = &path};
    double left;
    assert_ok(ntk_drift_left_under_l2(&run, &left));
    return left;
}

/* One direction of curvature 1/5: F = 1 + delta^2 / 10, delta = e^{-t/5}, which is what is left. */
static const double decaying[4] = {1.03371212, 1.00520463, 1.00076504, 1.00003242};

Test(drift, what_l2_leaves_one_direction_is_its_distance) {
    const double truth = exp(-exp(3.) / 5), found = left_by_decay(decaying, 0.3, 1);
    cr_expect(found >= truth && found < 1.6 * truth, "%g, where %g is left", found, truth);
    /* Where L2 alone is slower, what it moves may not be seen: rate 0.1, B = F(e^2) - F(e^3). */
    const double late = decaying[1] - decaying[3];
    const double slow = sqrt(2 * late / (0.1 * expm1(0.2 * (exp(3.) - exp(2.)))));
    cr_expect_float_eq(left_by_decay(decaying, 0.1, 1), slow, 1e-12);
    /* The same objective against time of a flow that is ten times as fast: curvatures are ten times
     * less. */
    cr_expect_float_eq(left_by_decay(decaying, 0.01, 10), sqrt(10) * slow, 1e-12);
}

Test(drift, what_l2_leaves_is_not_known_before_the_objective_rests) {
    cr_expect_eq(left_by_decay((const double[]){4, 3, 2.5, 1.5}, 0.1, 1), INFINITY, "it falls ever faster");
    cr_expect_eq(left_by_decay((const double[]){2, 3, 1.5, 1}, 0.1, 1), INFINITY, "it rose");
    cr_expect_eq(left_by_decay((const double[]){1.3, 1, 1.4, 1}, 0.1, 1), INFINITY, "to and fro");
    cr_expect_eq(left_by_decay((const double[]){2, 1.1, NAN, 1}, 0.1, 1), INFINITY);
    const ntk_trajectory_point late[] = {{.log_time = 2.5}, {.log_time = 3}};
    const ntk_trajectory brief = {.count = 2, .points = (ntk_trajectory_point *)late};
    const ntk_sweep_run run = {.activation = NTK_RELU, .lambda = 1, .trajectory = &brief};
    double left;
    assert_ok(ntk_drift_left_under_l2(&run, &left));
    cr_expect_eq(left, INFINITY, "seen for less than a unit of log t");
}

/* ---- the reduction --------------------------------------------------------------------------- */

static const ntk_parameter *const parameters[] = {ntk_sphere_parameters, ntk_digits_parameters,
                                                  ntk_sweep_parameters, NULL};
static const fixture_setting tiny[] = {{"widths", "4 9"},    {"seeds", "3"},
                                       {"points", "2"},      {"inputs", "3"},
                                       {"lambda", "1"},      {"activations", "erf relu"},
                                       {"log-horizon", "0"}, {0}};

static ntk_status measure_law(const ntk_sweep_run *run, double *values, const void *own) {
    double left;
    NTK_TRY(ntk_drift_measure_under_l2(run, values, own));
    NTK_TRY(ntk_drift_left_under_l2(run, &left));
    cr_expect_eq(values[NTK_DRIFT_LARGEST], ntk_trajectory_largest_drift(run->trajectory, INFINITY));
    cr_expect_eq(values[NTK_DRIFT_TRAVEL_LEFT], left / run->trajectory->max_displacement);
    values[NTK_DRIFT_TRAVEL_LEFT] = 0.5;
    values[NTK_DRIFT_LARGEST] = run->activation == NTK_RELU ? 1 : 1 / (double)run->width;
    return NTK_OK;
}

Test(drift, is_reduced_to_a_rate_and_a_rest_by_kind) {
    ntk_context *context = fixture_context(parameters, tiny, NULL);
    ntk_sweep_options options;
    assert_ok(ntk_sweep_read(context, &options));
    assert_ok(
        ntk_sweep_conduct(context, &options, NTK_DRIFT_COLUMNS, measure_law, NULL, ntk_drift_reductions));
    const struct {
        const char *name;
        double value;
    } wanted[] = {{"rate-erf", -1},
                  {"rate-smooth", -1},
                  {"rate-relu", 0},
                  {"rate-kinked", 0},
                  {"travel-left-smooth", 0.5},
                  {"travel-left-kinked", 0.5},
                  {"mean-travel-left-kinked", 0.5}};
    for (size_t i = 0; i < 7; i++)
        cr_expect_float_eq(fixture_metric(context, wanted[i].name)->value, wanted[i].value, 1e-12, "%s",
                           wanted[i].name);
}

Test(drift, is_not_measured_without_l2_or_soft_targets) {
    assert_fails(ntk_drift_conduct_under_l2(fixture_context(parameters, tiny, "lambda", "0", NULL)),
                 NTK_ERROR_ARGUMENT, "lambda is 0");
    assert_fails(
        ntk_drift_conduct_under_soft_targets(fixture_context(parameters, tiny, "epsilon", "0", NULL)),
        NTK_ERROR_ARGUMENT, "epsilon is 0");
}
