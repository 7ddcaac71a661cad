/* Training problems and recorded trajectories. */
#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/architecture.h>
#include <ntk/flow.h>
#include <ntk/lab/problem.h>
#include <ntk/linalg.h>
#include <ntk/loss.h>
#include <ntk/memory.h>
#include <ntk/models.h>
#include <ntk/network.h>
#include <ntk/targets.h>
#include <ntk/trajectory.h>

#include "problems.h"

static ntk_training_options small_problem(void) {
    ntk_training_options out = training_options(NTK_LOSS_LOGISTIC, 2, 16);
    out.architecture.activation = NTK_ERF;
    out.architecture.input_scale = NTK_INPUT_SCALE_NONE;
    return out;
}

static ntk_training create(const ntk_training_options *options, uint64_t unit) {
    return draw_training(options, 1, "test/training", unit);
}

/* ---- targets --------------------------------------------------------------------------------- */

Test(targets, rows_are_probability_vectors) {
    const size_t labels[] = {0, 2, 1};
    double q[9];
    assert_ok(ntk_targets_from_labels(NTK_LOSS_SOFTMAX, 3, 3, labels, 0.1, q));
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 3; k++) cr_assert_float_eq(q[3 * i + k], k == labels[i] ? 0.8 : 0.1, 1e-15);
}

Test(targets, logistic_gives_the_probability_of_class_one) {
    const size_t labels[] = {0, 1};
    double q[2];
    assert_ok(ntk_targets_from_labels(NTK_LOSS_LOGISTIC, 2, 1, labels, 0.25, q));
    cr_assert_eq(q[0], 0.25);
    cr_assert_eq(q[1], 0.75);
}

Test(targets, are_what_their_logits_give) {
    const double rows[] = {0.7, 0.1, 0.2, 1e-12, 0.5, 0.5 - 1e-12}, single[] = {0.25, 1e-12};
    double f[6];
    ntk_targets_logits(2, 3, rows, f);
    for (size_t i = 0; i < 6; i++) {
        const double *row = f + i / 3 * 3;
        cr_assert_float_eq(exp(f[i]) / (exp(row[0]) + exp(row[1]) + exp(row[2])), rows[i], 1e-14 * rows[i]);
    }
    ntk_targets_logits(2, 1, single, f);
    cr_assert_float_eq(f[0], -log(3), 1e-15);
    cr_assert_float_eq(1 / (1 + exp(-f[1])), 1e-12, 1e-25);
}

Test(targets, refusals) {
    const size_t labels[] = {0, 3};
    double q[6];
    cr_assert_eq(ntk_targets_from_labels(NTK_LOSS_SOFTMAX, 2, 3, labels, 0, q), NTK_ERROR_ARGUMENT,
                 "a label out of range");
    cr_assert_eq(ntk_targets_from_labels(NTK_LOSS_SOFTMAX, 1, 3, labels, 0.34, q), NTK_ERROR_ARGUMENT);
    cr_assert_eq(ntk_targets_from_labels(NTK_LOSS_SOFTMAX, 1, 3, labels, NAN, q), NTK_ERROR_ARGUMENT);
    cr_assert_eq(ntk_targets_from_labels(NTK_LOSS_SOFTMAX, 1, 3, labels, -0.1, q), NTK_ERROR_ARGUMENT);
}

/* ---- problems -------------------------------------------------------------------------------- */

Test(training, points_do_not_depend_on_the_width_and_weights_do) {
    ntk_training_options options = small_problem();
    ntk_training narrow = create(&options, 0);
    options.width = 32;
    ntk_training wide = create(&options, 0);
    cr_assert_arr_eq(narrow.x, wide.x, 20 * sizeof(double));
    cr_assert_neq(narrow.theta0[0], wide.theta0[0]);
    cr_assert_arr_eq(wide.theta, wide.theta0, wide.parameters * sizeof(double));
    ntk_training_release(&narrow);
    ntk_training_release(&wide);
    cr_assert_null(wide.x);
}

Test(training, linearised_model_has_the_networks_outputs_and_kernel) {
    const ntk_training_options options = small_problem();
    ntk_training problem = create(&options, 0);
    ntk_model linear;
    assert_ok(ntk_training_linearise(&problem, &linear));

    double f[4], f_linear[4], zero[4] = {0};
    assert_ok(ntk_network_forward(problem.network, problem.theta0, 4, problem.x, f));
    assert_ok(linear.evaluate(linear.context, zero, f_linear));
    cr_assert_arr_eq(f, f_linear, sizeof f);

    /* one unit of coordinate 2 adds column 2 of the kernel, here from the explicit Jacobian */
    double *jacobian, unit[4] = {0, 0, 1, 0};
    assert_ok(ntk_allocate_doubles(4 * problem.parameters, &jacobian));
    assert_ok(ntk_network_jacobian(problem.network, problem.theta0, 4, problem.x, jacobian));
    assert_ok(linear.evaluate(linear.context, unit, f_linear));
    for (size_t i = 0; i < 4; i++) {
        const double entry =
            ntk_dot(problem.parameters, jacobian + i * problem.parameters, jacobian + 2 * problem.parameters);
        cr_assert_float_eq(f_linear[i] - f[i], entry, 1e-12);
    }
    ntk_release(jacobian);
    ntk_model_release(&linear);
    ntk_training_release(&problem);
}

Test(training, test_points_stand_apart_and_do_not_change_the_problem) {
    ntk_training_options options = small_problem();
    ntk_training plain = create(&options, 0);
    options.test_points = 3;
    ntk_training tested = create(&options, 0);
    cr_assert_eq(tested.all_points, 7);
    cr_assert_arr_eq(plain.x, tested.x, 20 * sizeof(double), "the training points come first");
    cr_assert_arr_eq(plain.theta0, tested.theta0, plain.parameters * sizeof(double));
    cr_assert_eq(tested.model.points, 4);
    cr_assert_eq(tested.everywhere.points, 7);
    for (size_t i = 4; i < 7; i++)
        for (size_t j = 0; j < i; j++)
            cr_assert_leq(fabs(ntk_dot(5, tested.x + 5 * i, tested.x + 5 * j)), 0.6, "%zu and %zu", i, j);
    ntk_training_release(&plain);
    ntk_training_release(&tested);
}

Test(training, squared_loss_of_two_classes_has_one_output) {
    ntk_training_options options = small_problem();
    options.loss = NTK_LOSS_SQUARED;
    ntk_training problem = create(&options, 0);
    cr_assert_eq(problem.outputs, 1);
    for (size_t i = 0; i < 4; i++) cr_assert_eq(problem.targets[i], (double)(i % 2));
    ntk_training_release(&problem);
    options.classes = 3;
    problem = create(&options, 0);
    cr_assert_eq(problem.outputs, 3);
    cr_assert_eq(problem.targets[3 * 1 + 1], 1);
    ntk_training_release(&problem);
}

/* With two test points. */
static ntk_training create_three_classes(void) {
    ntk_training_options options = small_problem();
    options.loss = NTK_LOSS_SOFTMAX;
    options.classes = 3;
    options.test_points = 2;
    return create(&options, 0);
}

/* Coordinates a predict f_0 + J(x) J(X)^T a on every point, J the explicit Jacobian. */
Test(training, empirical_kernel_model_predicts_everywhere) {
    ntk_training problem = create_three_classes();
    ntk_model model, everywhere;
    assert_ok(ntk_training_kernel_model(&problem, NTK_TRAINING_KERNEL_EMPIRICAL, &model, &everywhere));
    const size_t p = problem.parameters;
    double a[12], trained[12], f[18], f0[18], *jacobian;
    for (size_t i = 0; i < 12; i++) a[i] = sin(1 + (double)i);
    assert_ok(ntk_allocate_doubles(18 * p, &jacobian));
    assert_ok(ntk_network_jacobian(problem.network, problem.theta0, 6, problem.x, jacobian));
    assert_ok(ntk_network_forward(problem.network, problem.theta0, 6, problem.x, f0));
    assert_ok(model.evaluate(model.context, a, trained));
    assert_ok(everywhere.evaluate(everywhere.context, a, f));
    for (size_t i = 0; i < 18; i++) {
        double wanted = f0[i];
        for (size_t j = 0; j < 12; j++) wanted += a[j] * ntk_dot(p, jacobian + i * p, jacobian + j * p);
        cr_expect_float_eq(f[i], wanted, 1e-11, "output %zu", i);
        if (i < 12) cr_expect_float_eq(trained[i], wanted, 1e-11, "output %zu", i);
    }
    double gradient[12];
    cr_expect_eq(everywhere.pullback(everywhere.context, a, a, gradient), NTK_ERROR_UNSUPPORTED);
    ntk_release(jacobian);
    ntk_model_release(&model);
    ntk_model_release(&everywhere);
    ntk_training_release(&problem);
}

/* One hidden layer of erf without bias on unit inputs, weight variance w^2 = 2 (Williams 1997):
 * with c = <x, x'>, s = 2 w^2 c / (1 + 2 w^2), Theta = w^2 (2/pi) asin s + w^4 c (4/pi) / sqrt((1 +
 * 2 w^2)^2 - 4 w^4 c^2). */
Test(training, limit_kernel_model_has_the_infinite_width_kernel_for_each_output) {
    ntk_training problem = create_three_classes();
    ntk_model model, everywhere;
    assert_ok(ntk_training_kernel_model(&problem, NTK_TRAINING_KERNEL_LIMIT, &model, &everywhere));
    double f0[18], f[18], unit[12] = {0};
    unit[3 * 1 + 2] = 1; /* point 1, output 2 */
    assert_ok(ntk_network_forward(problem.network, problem.theta0, 6, problem.x, f0));
    assert_ok(everywhere.evaluate(everywhere.context, unit, f));
    const double pi = acos(-1);
    for (size_t i = 0; i < 6; i++) {
        const double c = ntk_dot(5, problem.x + 5 * i, problem.x + 5);
        const double theta = 4 / pi * asin(4 * c / 5) + 16 * c / pi / sqrt(25 - 16 * c * c);
        for (size_t k = 0; k < 3; k++)
            cr_expect_float_eq(f[3 * i + k] - f0[3 * i + k], k == 2 ? theta : 0, 1e-12,
                               "point %zu, output %zu", i, k);
    }
    ntk_model_release(&model);
    ntk_model_release(&everywhere);
    ntk_training_release(&problem);
}

/* ---- trajectories ---------------------------------------------------------------------------- */

static ntk_flow_options flow_until(double log_horizon, const double *log_times, size_t count) {
    ntk_flow_options out = ntk_flow_options_default();
    out.loss = NTK_LOSS_LOGISTIC;
    out.log_horizon = log_horizon;
    out.observation_log_times = log_times;
    out.observation_count = count;
    out.observe_kernel = true;
    return out;
}

Test(trajectory, points_stand_at_the_times_asked_for_and_extremes_cover_them) {
    const ntk_training_options options = small_problem();
    ntk_training problem = create(&options, 1);
    const double times[] = {-2, 0, 1.5, 3};
    const ntk_flow_options flow = flow_until(3, times, 4);
    ntk_trajectory path = run_trajectory(&problem, &flow);
    cr_assert_eq(path.count, 4);
    double loss;
    double f[4];
    assert_ok(ntk_network_forward(problem.network, problem.theta0, 4, problem.x, f));
    ntk_loss_evaluate(NTK_LOSS_LOGISTIC, 4, 1, f, problem.targets, &loss, NULL);
    cr_assert_float_eq(path.initial_loss, loss, 1e-15);
    for (size_t i = 0; i < 4; i++) {
        cr_assert_float_eq(path.points[i].log_time, times[i], 1e-8);
        cr_assert_leq(path.points[i].displacement, path.max_displacement);
        cr_assert_leq(path.points[i].largest_spread, path.max_spread);
        cr_assert_geq(path.points[i].log_loss, path.min_log_loss);
        cr_assert_geq(path.points[i].kernel_lambda_min, path.min_lambda_min);
        cr_assert(i == 0 || path.points[i].log_loss < path.points[i - 1].log_loss, "the loss decreases");
    }
    /* the end, by its own forward */
    assert_ok(ntk_network_forward(problem.network, problem.theta, 4, problem.x, f));
    for (size_t i = 0; i < 4; i++) cr_assert_float_eq(path.outputs[i], f[i], 1e-12);
    cr_assert_float_eq(path.points[3].displacement,
                       ntk_distance(problem.parameters, problem.theta, problem.theta0), 1e-12);
    ntk_trajectory_release(&path);
    ntk_training_release(&problem);
}

Test(trajectory, the_smallest_eigenvalue_is_left_out_where_it_is_not_asked_for) {
    const ntk_training_options options = small_problem();
    const double times[] = {-2, 0, 1.5, 3};
    ntk_flow_options flow = flow_until(3, times, 4);
    ntk_training problem = create(&options, 1);
    ntk_trajectory with = run_trajectory(&problem, &flow);
    ntk_training_release(&problem);
    problem = create(&options, 1);
    flow.observe_lambda_min = false;
    ntk_trajectory without = run_trajectory(&problem, &flow);
    cr_expect(with.min_lambda_min > 0);
    cr_expect(isnan(without.min_lambda_min) && isnan(without.points[2].kernel_lambda_min));
    for (size_t i = 0; i < 4; i++)
        cr_expect_eq(without.points[i].kernel_drift, with.points[i].kernel_drift, "the drift to the bit");
    ntk_trajectory_release(&with);
    ntk_trajectory_release(&without);
    ntk_training_release(&problem);
}

Test(trajectory, a_stationary_flow_holds_its_end) {
    ntk_training_options options = small_problem();
    options.epsilon = 0.2;
    ntk_training problem = create(&options, 2);
    const double times[] = {0, 20, 30};
    ntk_flow_options flow = flow_until(30, times, 3);
    flow.gradient_tolerance = 1e-5;
    ntk_trajectory path = run_trajectory(&problem, &flow);
    cr_assert_eq(path.flow.end, NTK_END_STATIONARY);
    cr_assert_lt(path.flow.log_time, 20);
    cr_assert_eq(path.count, 3);
    cr_assert_eq(path.points[2].log_time, 30);
    cr_assert_eq(path.points[1].displacement, path.points[2].displacement);
    ntk_trajectory_release(&path);
    ntk_training_release(&problem);
}

Test(trajectory, an_end_before_an_observation_is_an_error) {
    const ntk_training_options options = small_problem();
    ntk_training problem = create(&options, 3);
    const double times[] = {0, 5};
    const ntk_flow_options flow = flow_until(2, times, 2);
    ntk_trajectory path;
    cr_assert_neq(ntk_trajectory_follow(&problem.model, problem.targets, &flow, NULL, problem.theta, &path),
                  NTK_OK);
    cr_assert_null(path.points);
    ntk_training_release(&problem);
}

Test(trajectory, what_is_followed_is_the_network_at_each_time_and_after_the_end) {
    ntk_training_options options = small_problem();
    options.epsilon = 0.2;
    options.test_points = 2;
    ntk_training problem = create(&options, 2);
    const double times[] = {0, 20, 30};
    ntk_flow_options flow = flow_until(30, times, 3);
    flow.gradient_tolerance = 1e-5;
    ntk_trajectory path;
    assert_ok(ntk_trajectory_follow(&problem.model, problem.targets, &flow, &problem.everywhere,
                                    problem.theta, &path));
    cr_assert_eq(path.flow.end, NTK_END_STATIONARY);
    cr_assert_eq(path.followed_size, 6);
    double f[6];
    assert_ok(ntk_network_forward(problem.network, problem.theta, 6, problem.x, f));
    for (size_t i = 0; i < 6; i++) {
        cr_expect_float_eq(path.followed[6 * 2 + i], f[i], 1e-12, "held at its end");
        cr_expect_neq(path.followed[i], f[i], "it moves");
    }

    /* Looking changes nothing. */
    memcpy(problem.theta, problem.theta0, problem.parameters * sizeof(double));
    ntk_trajectory plain = run_trajectory(&problem, &flow);
    cr_assert_null(plain.followed);
    cr_assert_arr_eq(plain.outputs, path.outputs, 4 * sizeof(double));
    cr_assert_eq(plain.flow.steps, path.flow.steps);
    ntk_trajectory_release(&plain);
    ntk_trajectory_release(&path);
    ntk_training_release(&problem);
}

Test(trajectory, another_models_coordinates_cannot_be_followed) {
    const ntk_training_options options = small_problem();
    ntk_training problem = create(&options, 2);
    ntk_model linear;
    assert_ok(ntk_training_linearise(&problem, &linear));
    const double times[] = {0};
    const ntk_flow_options flow = flow_until(0, times, 1);
    ntk_trajectory path;
    cr_assert_eq(ntk_trajectory_follow(&problem.model, problem.targets, &flow, &linear, problem.theta, &path),
                 NTK_ERROR_SHAPE);
    ntk_model_release(&linear);
    ntk_training_release(&problem);
}

Test(trajectory, suprema_end_with_their_time_and_keep_a_nan) {
    ntk_trajectory_point a_points[] = {{.log_time = 0, .kernel_drift = 0.1},
                                       {.log_time = 1, .kernel_drift = 0.5},
                                       {.log_time = 2, .kernel_drift = 0.3},
                                       {.log_time = 3, .kernel_drift = 0.9}};
    ntk_trajectory_point b_points[4];
    memcpy(b_points, a_points, sizeof a_points);
    double a_followed[] = {0, 0, 1, 0, 0, 2, 0, 0}, b_followed[] = {0, 0.25, 1, 0, 0, -1, 0, 9};
    ntk_trajectory a = {.count = 4, .points = a_points, .followed_size = 2, .followed = a_followed};
    ntk_trajectory b = {.count = 4, .points = b_points, .followed_size = 2, .followed = b_followed};
    cr_expect_eq(ntk_trajectory_largest_drift(&a, 0), 0.1);
    cr_expect_eq(ntk_trajectory_largest_drift(&a, 2), 0.5);
    cr_expect_eq(ntk_trajectory_largest_drift(&a, INFINITY), 0.9);
    cr_expect(isnan(ntk_trajectory_largest_drift(&a, -1)), "no observation");
    cr_expect_eq(ntk_trajectory_largest_gap(&a, &b, 1), 0.25);
    cr_expect_eq(ntk_trajectory_largest_gap(&a, &b, 2.5), 3);
    cr_expect_eq(ntk_trajectory_largest_gap(&a, &b, INFINITY), 9);
    cr_expect(isnan(ntk_trajectory_largest_gap(&a, &b, -1)));

    for (size_t i = 0; i < 4; i++) {
        const double drift = a_points[i].kernel_drift, seen = b_followed[2 * i];
        a_points[i].kernel_drift = b_followed[2 * i] = NAN;
        cr_expect(isnan(ntk_trajectory_largest_drift(&a, 3)), "point %zu", i);
        cr_expect(isnan(ntk_trajectory_largest_gap(&a, &b, 3)), "point %zu", i);
        a_points[i].kernel_drift = drift;
        b_followed[2 * i] = seen;
    }
    b_points[2].log_time = 2.5;
    cr_expect(isnan(ntk_trajectory_largest_gap(&a, &b, 3)), "other times");
    cr_expect_eq(ntk_trajectory_largest_gap(&a, &b, 1), 0.25);
    b.count = 1;
    cr_expect(isnan(ntk_trajectory_largest_gap(&a, &b, 1)), "not observed there");
    b.followed_size = 1;
    cr_expect(isnan(ntk_trajectory_largest_gap(&a, &b, 0)), "other sizes");
    b.followed = NULL, b.followed_size = 2;
    cr_expect(isnan(ntk_trajectory_largest_gap(&b, &a, 0)), "nothing followed");
}
