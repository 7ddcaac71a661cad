/* Training problems and recorded trajectories. */
#include <criterion/criterion.h>

#include <math.h>
#include <string.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/training.h>
#include <ntk/trajectory.h>

static ntk_training_options small_problem(void) {
    ntk_training_options out = {.architecture = ntk_architecture_default(),
                                .loss = NTK_LOSS_LOGISTIC,
                                .width = 16,
                                .points = 4,
                                .inputs = 5,
                                .classes = 2,
                                .max_cosine = 0.6};
    out.architecture.activation = NTK_ERF;
    out.architecture.input_scale = NTK_INPUT_SCALE_NONE;
    return out;
}

static ntk_training create(const ntk_training_options *options, uint64_t unit) {
    cr_assert_eq(ntk_linalg_start(), NTK_OK, "%s", ntk_error_detail());
    const ntk_stream stream = ntk_stream_create(1, "test/training", unit);
    ntk_training out;
    cr_assert_eq(ntk_training_create(options, &stream, &out), NTK_OK, "%s", ntk_error_detail());
    return out;
}

/* ---- targets
 * ------------------------------------------------------------------------------------------------ */

Test(targets, rows_are_probability_vectors) {
    const size_t labels[] = {0, 2, 1};
    double q[9];
    cr_assert_eq(ntk_targets_from_labels(NTK_LOSS_SOFTMAX, 3, 3, labels, 0.1, q), NTK_OK);
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 3; k++) cr_assert_float_eq(q[3 * i + k], k == labels[i] ? 0.8 : 0.1, 1e-15);
}

Test(targets, logistic_gives_the_probability_of_class_one) {
    const size_t labels[] = {0, 1};
    double q[2];
    cr_assert_eq(ntk_targets_from_labels(NTK_LOSS_LOGISTIC, 2, 1, labels, 0.25, q), NTK_OK);
    cr_assert_eq(q[0], 0.25);
    cr_assert_eq(q[1], 0.75);
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

/* ---- problems
 * ------------------------------------------------------------------------------------------------- */

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
    cr_assert_eq(ntk_training_linearise(&problem, &linear), NTK_OK);

    double f[4], f_linear[4], zero[4] = {0};
    cr_assert_eq(ntk_network_forward(problem.network, problem.theta0, 4, problem.x, f), NTK_OK);
    cr_assert_eq(linear.evaluate(linear.context, zero, f_linear), NTK_OK);
    cr_assert_arr_eq(f, f_linear, sizeof f);

    /* one unit of coordinate 2 adds column 2 of the kernel, here from the explicit Jacobian */
    double *jacobian, unit[4] = {0, 0, 1, 0};
    cr_assert_eq(ntk_allocate_doubles(4 * problem.parameters, &jacobian), NTK_OK);
    cr_assert_eq(ntk_network_jacobian(problem.network, problem.theta0, 4, problem.x, jacobian), NTK_OK);
    cr_assert_eq(linear.evaluate(linear.context, unit, f_linear), NTK_OK);
    for (size_t i = 0; i < 4; i++) {
        const double entry =
            ntk_dot(problem.parameters, jacobian + i * problem.parameters, jacobian + 2 * problem.parameters);
        cr_assert_float_eq(f_linear[i] - f[i], entry, 1e-12);
    }
    ntk_release(jacobian);
    ntk_model_release(&linear);
    ntk_training_release(&problem);
}

/* ---- trajectories
 * ----------------------------------------------------------------------------------------------- */

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
    ntk_trajectory path;
    cr_assert_eq(ntk_trajectory_run(&problem.model, problem.targets, &flow, problem.theta, &path), NTK_OK,
                 "%s", ntk_error_detail());
    cr_assert_eq(path.count, 4);
    double loss;
    double f[4];
    cr_assert_eq(ntk_network_forward(problem.network, problem.theta0, 4, problem.x, f), NTK_OK);
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
    cr_assert_eq(ntk_network_forward(problem.network, problem.theta, 4, problem.x, f), NTK_OK);
    for (size_t i = 0; i < 4; i++) cr_assert_float_eq(path.outputs[i], f[i], 1e-12);
    cr_assert_float_eq(path.points[3].displacement,
                       ntk_distance(problem.parameters, problem.theta, problem.theta0), 1e-12);
    ntk_trajectory_release(&path);
    ntk_training_release(&problem);
}

Test(trajectory, a_stationary_flow_holds_its_end) {
    ntk_training_options options = small_problem();
    options.epsilon = 0.2;
    ntk_training problem = create(&options, 2);
    const double times[] = {0, 20, 30};
    ntk_flow_options flow = flow_until(30, times, 3);
    flow.gradient_tolerance = 1e-5;
    ntk_trajectory path;
    cr_assert_eq(ntk_trajectory_run(&problem.model, problem.targets, &flow, problem.theta, &path), NTK_OK,
                 "%s", ntk_error_detail());
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
    cr_assert_neq(ntk_trajectory_run(&problem.model, problem.targets, &flow, problem.theta, &path), NTK_OK);
    cr_assert_null(path.points);
    ntk_training_release(&problem);
}
