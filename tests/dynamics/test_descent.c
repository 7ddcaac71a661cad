/* Gradient descent: against steps that are solved by hand, against finite differences of a
 * network's loss, and against the flow that it becomes as the rate goes to 0. */
#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/descent.h>

#include "problems.h"

enum { SEEN = 8 };

typedef struct record_of {
    size_t count, step[SEEN], cancel_at;
    double log_loss[SEEN], displacement[SEEN], gradient_norm[SEEN], output[SEEN];
} record_of;

static ntk_status look(const ntk_descent_observation *seen, void *context) {
    record_of *self = context;
    const size_t i = self->count++;
    self->step[i] = seen->step;
    self->log_loss[i] = seen->log_loss;
    self->displacement[i] = seen->displacement;
    self->gradient_norm[i] = seen->gradient_norm;
    self->output[i] = seen->outputs[0];
    return seen->step == self->cancel_at ? NTK_ERROR_CANCELLED : NTK_OK;
}

/* f = theta at two points, squared loss: grad = (f - y)/2 + lambda (theta - theta_0). The error
 * falls by the factor 1 - rate (1/2 + lambda) a step, towards y/(1 + 2 lambda) from 0. */
static void expect_geometric(double rate, double lambda) {
    const double targets[] = {1, -2};
    const size_t at[] = {0, 1, 3, 7};
    record_of seen = {.cancel_at = 99};
    const ntk_descent_options options = {.loss = NTK_LOSS_SQUARED,
                                         .rate = rate,
                                         .lambda = lambda,
                                         .steps = 7,
                                         .observation_steps = at,
                                         .observation_count = 4,
                                         .observer = look,
                                         .context = &seen};
    const ntk_model model = identity_model(2, 1);
    double theta[] = {0, 0};
    size_t steps;
    assert_ok(ntk_descent_run(&model, targets, &options, theta, &steps));
    cr_expect_eq(steps, 7);
    cr_assert_eq(seen.count, 4);
    for (size_t i = 0; i < 4; i++) {
        const double part = (1 - pow(1 - rate * (0.5 + lambda), (double)at[i])) / (1 + 2 * lambda);
        const double loss = (1 + 4) / 4. * (1 - part) * (1 - part);
        cr_expect_eq(seen.step[i], at[i]);
        cr_expect_float_eq(seen.output[i], part, 1e-13 * (1 + fabs(part)));
        cr_expect_float_eq(seen.displacement[i], sqrt(5) * fabs(part), 1e-13 * (1 + fabs(part)));
        cr_expect_float_eq(exp(seen.log_loss[i]), loss, 1e-12 * (1 + loss));
        const double slope = (part - 1) / 2 + lambda * part;
        cr_expect_float_eq(seen.gradient_norm[i], sqrt(5) * fabs(slope), 1e-12 * (1 + fabs(slope)));
    }
    cr_expect_float_eq(theta[1], -2 * seen.output[3], 1e-12 * fabs(theta[1]));
}

Test(descent, steps_are_those_of_a_quadratic) {
    expect_geometric(0.3, 0);
    expect_geometric(0.3, 0.25);
    expect_geometric(3, 0);   /* past the critical rate's half: oscillates */
    expect_geometric(4.5, 0); /* beyond the critical rate 2 / (1/2): grows */
}

/* One step of a network changes the parameters by -rate times the gradient of its loss, here by
 * central differences along the step: they lose a second-order term, some 1e-9 of the first. */
Test(descent, a_step_of_a_network_is_along_the_gradient) {
    ntk_training_options of = training_options(NTK_LOSS_SOFTMAX, 3, 12);
    of.architecture.activation = NTK_ERF;
    of.architecture.bias_variance = 0.3;
    ntk_training problem = draw_training(&of, 5, "test/descent", 0);
    const ntk_descent_options options = {.loss = NTK_LOSS_SOFTMAX, .rate = 0.01, .steps = 1};
    assert_ok(ntk_descent_run(&problem.model, problem.targets, &options, problem.theta, NULL));
    double square = 0, loss[2];
    for (size_t i = 0; i < problem.parameters; i++)
        square += pow(problem.theta[i] - problem.theta0[i], 2) / (0.01 * 0.01);
    double f[12], *theta = problem.theta;
    for (int side = 0; side < 2; side++) {
        const double factor = side ? -1e-3 : 2e-3; /* theta0 + d, then theta0 - d, d = 1e-3 of the
                                                    * step */
        for (size_t i = 0; i < problem.parameters; i++)
            theta[i] = side ? problem.theta0[i] - (theta[i] - problem.theta0[i])
                            : problem.theta0[i] + factor / 2 * (theta[i] - problem.theta0[i]);
        assert_ok(problem.model.evaluate(problem.model.context, theta, f));
        ntk_loss_evaluate(NTK_LOSS_SOFTMAX, problem.points, 3, f, problem.targets, &loss[side], NULL);
    }
    cr_expect_float_eq((loss[1] - loss[0]) / (2e-3 * 0.01), square, 1e-6 * square);
    ntk_training_release(&problem);
}

/* To the same time with rates r, r/2, r/4 the outputs differ from the flow's by an amount that
 * halves: Euler's method is of order 1. */
Test(descent, becomes_the_flow_as_its_rate_goes_to_0) {
    ntk_training_options of = training_options(NTK_LOSS_LOGISTIC, 2, 30);
    of.architecture.activation = NTK_ERF;
    ntk_training problem = draw_training(&of, 3, "test/descent", 1);
    ntk_flow_options flow = ntk_flow_options_default();
    flow.loss = NTK_LOSS_LOGISTIC;
    flow.tolerance = 1e-10;
    flow.horizon = 4;
    run_flow(&problem.model, problem.targets, &flow, problem.theta);
    double exact[4], f[4], gap[3];
    assert_ok(problem.model.evaluate(problem.model.context, problem.theta, exact));
    for (size_t i = 0; i < 3; i++) {
        const size_t steps = (size_t)40 << i;
        const ntk_descent_options options = {
            .loss = NTK_LOSS_LOGISTIC, .rate = 4 / (double)steps, .steps = steps};
        memcpy(problem.theta, problem.theta0, problem.parameters * sizeof(double));
        assert_ok(ntk_descent_run(&problem.model, problem.targets, &options, problem.theta, NULL));
        assert_ok(problem.model.evaluate(problem.model.context, problem.theta, f));
        gap[i] = 0;
        for (size_t k = 0; k < 4; k++) gap[i] = fmax(gap[i], fabs(f[k] - exact[k]));
    }
    cr_expect(gap[0] > 1e-3 && gap[0] < 0.1, "%g", gap[0]);
    cr_expect_float_eq(gap[0] / gap[1], 2, 0.1);
    cr_expect_float_eq(gap[1] / gap[2], 2, 0.05);
    ntk_training_release(&problem);
}

Test(descent, stops_where_the_observer_says) {
    const double targets[] = {1};
    const size_t at[] = {2, 5};
    record_of seen = {.cancel_at = 2};
    ntk_descent_options options = {.loss = NTK_LOSS_SQUARED,
                                   .rate = 0.5,
                                   .steps = 9,
                                   .observation_steps = at,
                                   .observation_count = 2,
                                   .observer = look,
                                   .context = &seen};
    const ntk_model model = identity_model(1, 1);
    double theta = 0;
    size_t steps;
    assert_ok(ntk_descent_run(&model, targets, &options, &theta, &steps));
    cr_expect_eq(steps, 2);
    cr_expect_eq(seen.count, 1);
    cr_expect_eq(theta, 0.75);
}

Test(descent, refuses_what_it_cannot_do_and_leaves_theta) {
    const double targets[] = {1}, bad_targets[] = {2};
    const size_t at[] = {3, 3};
    const ntk_model model = identity_model(1, 1);
    double theta = 0.25;
    ntk_descent_options options = {.loss = NTK_LOSS_SQUARED, .rate = 1e200, .steps = 3};
    cr_expect_eq(ntk_descent_run(&model, targets, &options, &theta, NULL), NTK_ERROR_DIVERGED);
    cr_expect(strstr(ntk_error_detail(), "after 2 steps"), "%s", ntk_error_detail());
    for (int i = 0; i < 3; i++) {
        options.rate = i == 0 ? 0 : i == 1 ? NAN : INFINITY;
        cr_expect_eq(ntk_descent_run(&model, targets, &options, &theta, NULL), NTK_ERROR_ARGUMENT);
    }
    options.rate = 0.1;
    options.lambda = NAN;
    cr_expect_eq(ntk_descent_run(&model, targets, &options, &theta, NULL), NTK_ERROR_ARGUMENT);
    options.lambda = 0;
    options.observation_steps = at;
    options.observation_count = 2;
    cr_expect_eq(ntk_descent_run(&model, targets, &options, &theta, NULL), NTK_ERROR_ARGUMENT);
    options.observation_count = 1;
    options.loss = NTK_LOSS_LOGISTIC;
    cr_expect_eq(ntk_descent_run(&model, bad_targets, &options, &theta, NULL), NTK_ERROR_ARGUMENT);
    cr_expect_eq(theta, 0.25);
}
