/* What is read off a trajectory afterwards: exit times and the law of the loss; and training on
 * images. */
#include <criterion/criterion.h>

#include <math.h>
#include <string.h>

#include <ntk/exit.h>
#include <ntk/linalg.h>

#include "network/network.h"
#include "problems.h"

/* ---- exit times ------------------------------------------------------------------------------ */

static ntk_trajectory_point points[] = {{.log_time = -1, .kernel_drift = 0.1},
                                        {.log_time = 1, .kernel_drift = 0.3},
                                        {.log_time = 2, .kernel_drift = 0.2},
                                        {.log_time = 4, .kernel_drift = 0.8}};
static const ntk_trajectory path = {.count = 4, .points = points};

Test(exit_time, is_interpolated_at_the_first_crossing) {
    cr_assert_float_eq(ntk_trajectory_exit_time(&path, 0.15), -0.5, 1e-15);
    cr_assert_float_eq(ntk_trajectory_exit_time(&path, 0.25), 0.5, 1e-15, "it comes back later");
    cr_assert_eq(ntk_trajectory_exit_time(&path, 0.3), 1, "reaching is enough");
    cr_assert_float_eq(ntk_trajectory_exit_time(&path, 0.5), 3, 1e-15);
    cr_assert_eq(ntk_trajectory_exit_time(&path, 0.05), -1, "before the first observation");
    cr_assert_eq(ntk_trajectory_exit_time(&path, 0.9), INFINITY);
}

Test(exit_time, of_an_unknown_drift_is_unknown) {
    ntk_trajectory_point broken[4];
    memcpy(broken, points, sizeof points);
    broken[2].kernel_drift = NAN;
    const ntk_trajectory unknown = {.count = 4, .points = broken};
    cr_assert_eq(ntk_trajectory_exit_time(&unknown, 0.3), 1, "seen before");
    cr_assert(isnan(ntk_trajectory_exit_time(&unknown, 0.5)));
    cr_assert(isnan(ntk_trajectory_exit_time(&unknown, 0.9)));
}

/* Two outputs on their way to (1, 0), the second of which has overshot: at distances 2, 0.4 and 0.1
 * until it is there, at t = 1, 2, 4, 5. */
Test(arrival, is_the_last_time_of_being_further_away) {
    ntk_trajectory_point at[] = {
        {.log_time = 0}, {.log_time = log(2)}, {.log_time = log(4)}, {.log_time = log(5)}};
    double followed[] = {-1, 0.05, 1, 0.4, 1.1, 0, 1, 0};
    const ntk_trajectory flow = {.count = 4, .points = at, .followed_size = 2, .followed = followed};
    cr_assert_float_eq(ntk_trajectory_arrival(&flow, 0.2), log(3), 1e-14, "half of the way from 0.4 to 0.1");
    cr_assert_float_eq(ntk_trajectory_arrival(&flow, 0.399999), log(2), 1e-5);
    cr_assert_float_eq(ntk_trajectory_arrival(&flow, 0.4), log(2), 1e-14, "it is there");
    cr_assert(isnan(ntk_trajectory_arrival(&flow, 0.05)), "not seen to arrive");
    cr_assert(isnan(ntk_trajectory_arrival(&flow, 3)), "never further away");
    followed[3] = NAN;
    cr_assert(isnan(ntk_trajectory_arrival(&flow, 0.2)));
    cr_assert(isnan(ntk_trajectory_arrival(&flow, 0.05)));
    const ntk_trajectory alone = {.count = 1, .points = at, .followed_size = 2, .followed = followed};
    cr_assert(isnan(ntk_trajectory_arrival(&alone, 0.1)));
    cr_assert(isnan(ntk_trajectory_arrival(&path, 0.1)), "nothing was followed");
}

/* A residual network that is driven far: the time interpolated between observations 0.25 apart
 * against the one located as an event. The drift is convex or concave between two observations; its
 * chord errs by at most the eighth of a second difference, which is below a twentieth of a step
 * here. */
Test(exit_time, agrees_with_the_located_event) {
    ntk_training_options options = training_options(NTK_LOSS_LOGISTIC, 2, 32);
    options.architecture.family = NTK_RESIDUAL;
    options.architecture.depth = 2;
    options.architecture.input_scale = NTK_INPUT_SCALE_NONE;
    ntk_training problem = draw_training(&options, 3, "test/trajectory", 0);
    double times[41];
    for (size_t i = 0; i < 41; i++) times[i] = -2 + 0.25 * (double)i;
    ntk_flow_options flow = ntk_flow_options_default();
    flow.loss = NTK_LOSS_LOGISTIC;
    flow.time = NTK_TIME_LOG_LOSS;
    flow.kinked = true;
    flow.step = 0.05;
    flow.log_horizon = 8;
    flow.observation_log_times = times;
    flow.observation_count = 41;
    flow.observe_kernel = true;
    ntk_trajectory seen = run_trajectory(&problem, &flow);
    memcpy(problem.theta, problem.theta0, problem.parameters * sizeof(double));
    const double threshold = 0.5;
    ntk_exit located;
    double drift;
    ntk_flow_result result;
    assert_ok(ntk_exit_run(&problem.model, problem.targets, &flow, 1, &threshold, problem.theta, &located,
                           &drift, &result));
    cr_assert(isfinite(located.log_time));
    cr_assert_float_eq(ntk_trajectory_exit_time(&seen, threshold), located.log_time, 0.02);
    ntk_trajectory_release(&seen);
    ntk_training_release(&problem);
}

/* ---- the law of the loss --------------------------------------------------------------------- */

/* n = 2, L_0 = 1/2: n L_0 = 1, c = 1 - 1/e. */
Test(loss_law, is_the_bound_that_was_derived) {
    ntk_trajectory_point late[] = {{.log_time = 0, .log_loss = -1},
                                   {.log_time = 400, .log_loss = -401},
                                   {.log_time = 1000, .log_loss = -1000}};
    ntk_trajectory law = {.count = 3, .points = late, .initial_loss = 0.5, .min_lambda_min = 4};
    const double c = 1 - exp(-1), bound = 2 / (4 * c * c);
    cr_assert_float_eq(ntk_trajectory_loss_bound(&law, 2), bound, 1e-14);
    cr_assert_float_eq(ntk_trajectory_loss_ratio(&law, 2), 1 / bound, 1e-12, "t L = 1 at t = e^1000");
    late[1].log_loss = NAN;
    cr_assert(isnan(ntk_trajectory_loss_ratio(&law, 2)));
}

/* One point, f = theta - 1: ||w_hat|| = 1 and the margin form is an equality, t + const = f +
 * e^f. */
Test(margin_law, is_an_equality_for_one_point) {
    const double one = 1, start = -1, target = 1;
    ntk_model model = linear_model(1, 1, &one, &start);
    double times[60], theta = 0;
    for (size_t i = 0; i < 60; i++) times[i] = -4 + 0.7 * (double)(i + 1);
    ntk_flow_options flow = ntk_flow_options_default();
    flow.loss = NTK_LOSS_LOGISTIC;
    flow.time = NTK_TIME_LOG_LOSS;
    flow.log_horizon = times[59];
    flow.tolerance = 1e-10;
    flow.observation_log_times = times;
    flow.observation_count = 60;
    flow.observe_kernel = true;
    flow.observe_hard_margin = NTK_FLOW_KERNEL_SLIDING;
    ntk_trajectory path;
    assert_ok(ntk_trajectory_follow(&model, &target, &flow, NULL, &theta, &path));
    cr_assert_eq(path.points[30].kernel_margin_norm, 1);
    cr_assert_float_eq(ntk_trajectory_margin_ratio(&path, 1), 1, 1e-8);
    path.points[30].kernel_margin_norm = INFINITY; /* adds nothing, and is known */
    cr_assert(ntk_trajectory_margin_ratio(&path, 1) <= 1 + 1e-8 &&
              ntk_trajectory_margin_ratio(&path, 1) > 0.9);
    path.points[30].kernel_margin_norm = 1;
    path.points[59].log_time += 0.01; /* later than the loss allows */
    cr_assert_float_eq(ntk_trajectory_margin_ratio(&path, 1), exp(0.01), 1e-5);
    path.points[7].kernel_margin_norm = NAN;
    cr_assert(isnan(ntk_trajectory_margin_ratio(&path, 1)));
    path.count = 2;
    cr_assert(isnan(ntk_trajectory_margin_ratio(&path, 1)), "no derivative");
    ntk_trajectory_release(&path);
    ntk_model_release(&model);
    const ntk_trajectory unobserved = {.count = 0};
    cr_assert(isnan(ntk_trajectory_margin_ratio(&unobserved, 1)));
}

/* Two points that the kernel cannot tell apart, of different classes: no hard margin, at any time,
 * and the flow goes on. With 1 - 1e-3 between them ||w_hat||^2 = 2 / 1e-3. */
Test(margin_law, of_a_singular_kernel_is_infinite) {
    const double between[] = {1, 1 - 1e-3}, start[] = {0.3, 0.3}, targets[] = {1, 0}, times[] = {-1, 0, 1};
    for (size_t k = 0; k < 2; k++) {
        const double gram[] = {1, between[k], between[k], 1};
        ntk_model model = linear_model(2, 1, gram, start);
        double a[] = {0, 0};
        ntk_flow_options flow = ntk_flow_options_default();
        flow.loss = NTK_LOSS_LOGISTIC;
        flow.log_horizon = times[2];
        flow.observation_log_times = times;
        flow.observation_count = 3;
        flow.observe_kernel = true;
        flow.observe_hard_margin = NTK_FLOW_KERNEL_SLIDING;
        ntk_trajectory path;
        assert_ok(ntk_trajectory_follow(&model, targets, &flow, NULL, a, &path));
        for (size_t i = 0; i < 3; i++) {
            const double norm = path.points[i].kernel_margin_norm;
            cr_expect(k == 0 ? norm == INFINITY : fabs(norm - sqrt(2000)) <= 1e-6 * norm, "%g", norm);
        }
        if (k == 0) cr_expect_eq(ntk_trajectory_margin_ratio(&path, 2), 0);
        ntk_trajectory_release(&path);
        ntk_model_release(&model);
    }
}

/* g = ||w_hat||^-2 = u^2 in u = log t: int_1^t u^2 e^u du = t (u^2 - 2 u + 2) - 1; before the first
 * observation at u = 1 it is g t = e. Cubics of log g with steps of 1/2 err by some 1e-4 near u =
 * 1, and less later on. At log t = 700 as at 7. */
Test(margin_law, integrates_what_changes_slowly) {
    ntk_trajectory_point at[61];
    ntk_trajectory law = {.points = at, .initial_loss = 0.5};
    const double starts[] = {1, 670};
    for (size_t k = 0; k < 2; k++) {
        for (law.count = 0; law.count < 61; law.count++) {
            const double u = starts[k] + 0.5 * (double)law.count;
            at[law.count] =
                (ntk_trajectory_point){.log_time = u, .log_loss = -u, .kernel_margin_norm = 1 / u};
        }
        const double start = starts[k], u = starts[k] + 30, since = exp(start - u);
        const double left =
            u * u - 2 * u + 2 - since * (start * start - 2 * start + 2) + start * start * since;
        /* n = 1, L = 1/t: the right side is t (1 + O(log t / t)). */
        cr_assert_float_eq(ntk_trajectory_margin_ratio(&law, 1) / left, 1, 1e-6);
    }
}

/* Neurons slide: with the kernel of the sliding flow the law holds, but for what the step and the
 * quadrature do, with Theta_hat it does not. Three classes. */
Test(margin_law, of_a_relu_flow_is_that_of_the_sliding_kernel) {
    ntk_training_options options = training_options(NTK_LOSS_SOFTMAX, 3, 32);
    double times[61], ratio[2];
    options.points = 9;
    for (size_t i = 0; i < 61; i++) times[i] = -4 + 0.6 * (double)i;
    for (size_t k = 0; k < 2; k++) {
        ntk_training problem = draw_training(&options, 3, "test/margin-law", 0);
        ntk_flow_options flow = ntk_flow_options_default();
        flow.loss = NTK_LOSS_SOFTMAX;
        flow.time = NTK_TIME_LOG_LOSS;
        flow.kinked = true;
        flow.log_horizon = times[60];
        flow.observation_log_times = times;
        flow.observation_count = 61;
        flow.observe_kernel = true;
        flow.observe_hard_margin = k == 0 ? NTK_FLOW_KERNEL_SLIDING : NTK_FLOW_KERNEL_TANGENT;
        ntk_trajectory path = run_trajectory(&problem, &flow);
        ratio[k] = ntk_trajectory_margin_ratio(&path, problem.points);
        ntk_trajectory_release(&path);
        ntk_training_release(&problem);
    }
    cr_assert(ratio[0] > 0.9 && ratio[0] <= 1.01, "sliding: %g", ratio[0]);
    cr_assert(ratio[1] >= 1.02, "tangent: %g", ratio[1]);
}

/* ---- images ---------------------------------------------------------------------------------- */

enum { IMAGES = 12, PIXELS = 4 };

/* Twelve different images of 2 x 2 pixels, of the digits 5, 7 and 9 by turns. */
static ntk_digits make_images(uint8_t *pixels, uint8_t *labels) {
    for (size_t i = 0; i < IMAGES; i++) {
        for (size_t k = 0; k < PIXELS; k++) pixels[i * PIXELS + k] = (uint8_t)(1 + i * (k + 1));
        labels[i] = (uint8_t)(5 + 2 * (i % 3));
    }
    return (ntk_digits){IMAGES, 2, 2, pixels, labels};
}

/* Few points of many inputs: fewer numbers, the same inner products, and so the same infinite-width
 * kernel. */
Test(training_on_images, points_may_be_given_by_coordinates) {
    ntk_training_options options = training_options(NTK_LOSS_LOGISTIC, 2, 4);
    options.points = 3;
    options.test_points = 2;
    options.inputs = 40;
    options.max_cosine = 0.9;
    ntk_training full = draw_training(&options, 9, "test/coordinates", 0);
    options.coordinates = true;
    ntk_training reduced = draw_training(&options, 9, "test/coordinates", 0);
    cr_assert_eq(reduced.inputs, 5);
    cr_assert_eq(reduced.network->inputs, 5);
    cr_assert_eq(full.inputs, 40);
    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j < 5; j++)
            cr_expect_float_eq(ntk_dot(5, reduced.x + 5 * i, reduced.x + 5 * j),
                               ntk_dot(40, full.x + 40 * i, full.x + 40 * j), 1e-14);
    ntk_training_release(&full);
    ntk_training_release(&reduced);
}

Test(training_on_images, test_images_are_never_training_images) {
    uint8_t pixels[IMAGES * PIXELS], labels[IMAGES];
    const ntk_digits digits = make_images(pixels, labels);
    const uint8_t classes[] = {9, 5};
    ntk_training_options options = training_options(NTK_LOSS_LOGISTIC, 2, 4);
    options.inputs = PIXELS;
    options.test_points = 4;
    options.digits = &digits;
    options.digit_classes = classes;
    ntk_training problem = draw_training(&options, 1, "test/images", 0);
    for (size_t i = 0; i < 8; i++) {
        const size_t image = problem.images[i];
        cr_assert_eq(problem.labels[i], i % 2);
        cr_assert_eq(labels[image], classes[i % 2]);
        for (size_t j = 0; j < i; j++) cr_assert_neq(image, problem.images[j], "drawn twice");
        double norm = 0;
        for (size_t k = 0; k < PIXELS; k++) norm += pow(pixels[image * PIXELS + k], 2);
        for (size_t k = 0; k < PIXELS; k++)
            cr_assert_float_eq(problem.x[i * PIXELS + k], pixels[image * PIXELS + k] / sqrt(norm), 1e-15);
        if (i < 4) cr_assert_eq(problem.targets[i], (double)(i % 2));
    }
    ntk_training_release(&problem);

    const ntk_stream stream = ntk_stream_create(1, "test/images", 0);
    options.inputs = 5;
    cr_assert_eq(ntk_training_create(&options, &stream, &problem), NTK_ERROR_SHAPE);
    options.inputs = PIXELS;
    options.points = 5;
    cr_assert_eq(ntk_training_create(&options, &stream, &problem), NTK_ERROR_ARGUMENT, "four of each digit");
}
