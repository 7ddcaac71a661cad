/* What a flow still does where it stands: against quadratics that are solved by hand, and against a
 * flow that goes on. */
#include <math.h>

#include <criterion/criterion.h>

#include "problems.h"

/* f = (theta_1, 3 theta_2) at two points, squared loss: H = diag(1, 9) / 2 + lambda. */
static ntk_status stretch(void *context, const double *theta, double *f) {
    (void)context;
    f[0] = theta[0];
    f[1] = 3 * theta[1];
    return NTK_OK;
}

static const ntk_model stretched = {.dimension = 2, .points = 2, .outputs = 1, .evaluate = stretch};

static ntk_status pull_stretched(void *context, const double *theta, const double *c, double *gradient) {
    (void)theta;
    return stretch(context, c, gradient);
}

static ntk_flow_rest rest_of(double lambda, ntk_regulariser_centre centre, const double *theta0,
                             const double *theta) {
    ntk_model model = stretched;
    model.pullback = pull_stretched;
    ntk_flow_options options = ntk_flow_options_default();
    options.loss = NTK_LOSS_SQUARED;
    options.lambda = lambda;
    options.centre = centre;
    ntk_flow_rest rest;
    assert_ok(ntk_flow_measure_rest(&model, (const double[]){0.5, -1}, &options, theta0, theta, &rest));
    return rest;
}

/* Central differences of a quadratic are exact but for rounding, some 1e-16 / delta. */
Test(rest, is_known_for_a_quadratic) {
    const double theta0[] = {0.3, 0.2}, theta[] = {1, 0.7}, h[] = {0.5 + 0.2, 4.5 + 0.2};
    for (int zero = 0; zero <= 1; zero++) {
        double g[2];
        for (size_t i = 0; i < 2; i++) g[i] = 0.2 * (theta[i] - (zero ? 0 : theta0[i]));
        g[0] += (theta[0] - 0.5) / 2;
        g[1] += 3 * (3 * theta[1] + 1) / 2;
        const double square = g[0] * g[0] + g[1] * g[1];
        const ntk_flow_rest rest =
            rest_of(0.2, zero ? NTK_CENTRE_ZERO : NTK_CENTRE_INITIALISATION, theta0, theta);
        cr_expect_float_eq(rest.gradient_norm, sqrt(square), 1e-14);
        cr_expect_float_eq(rest.curvature, (h[0] * g[0] * g[0] + h[1] * g[1] * g[1]) / square, 1e-9);
    }
}

Test(rest, along_one_axis_has_that_curvature_and_at_the_minimum_none) {
    const double minimum[] = {0.5, -1. / 3}, beside[] = {0.5 + 1e-3, -1. / 3};
    cr_expect_float_eq(rest_of(0, NTK_CENTRE_INITIALISATION, minimum, beside).curvature, 0.5, 1e-9);
    const double exact[] = {0.5, -1};
    const ntk_model identity = identity_model(2, 1);
    ntk_flow_options options = ntk_flow_options_default();
    options.loss = NTK_LOSS_SQUARED;
    ntk_flow_rest rest;
    assert_ok(ntk_flow_measure_rest(&identity, exact, &options, exact, exact, &rest));
    cr_expect_eq(rest.gradient_norm, 0);
    cr_expect(isnan(rest.curvature));
}

/* A network with L2: ||g|| before and after a short time dt of its flow, and the curvature in
 * between. The trapezoidal error is dt^2 / 12 times a second derivative of order 1, and the flow's
 * own 1e-10 / dt. */
Test(rest, is_how_the_gradient_decays_along_the_flow) {
    ntk_training_options options = training_options(NTK_LOSS_SOFTMAX, 3, 20);
    options.architecture.activation = NTK_ERF;
    ntk_training problem = draw_training(&options, 11, "test/rest", 0);
    ntk_flow_options flow = ntk_flow_options_default();
    flow.lambda = 0.3;
    flow.tolerance = 1e-11;
    flow.horizon = 0.7;
    const ntk_flow_result result = run_flow(&problem.model, problem.targets, &flow, problem.theta);
    ntk_flow_rest before, after;
    assert_ok(ntk_flow_measure_rest(&problem.model, problem.targets, &flow, problem.theta0, problem.theta,
                                    &before));
    cr_expect_float_eq(before.gradient_norm, result.gradient_norm, 1e-14);
    /* The flow is autonomous, but its regulariser's centre is where it starts: go on by 0.01 from
     * theta_0. */
    for (size_t i = 0; i < problem.parameters; i++) problem.theta[i] = problem.theta0[i];
    flow.horizon = 0.71;
    run_flow(&problem.model, problem.targets, &flow, problem.theta);
    assert_ok(
        ntk_flow_measure_rest(&problem.model, problem.targets, &flow, problem.theta0, problem.theta, &after));
    const double decay = log(before.gradient_norm / after.gradient_norm) / 0.01;
    cr_expect_float_eq(decay, (before.curvature + after.curvature) / 2, 2e-5);
    cr_expect(decay > 0.3, "with L2 the gradient decays");
    ntk_training_release(&problem);
}

Test(rest, needs_euclidean_coordinates_and_a_finite_gradient) {
    const double zero[] = {0}, infinite[] = {INFINITY};
    ntk_flow_options options = ntk_flow_options_default();
    options.loss = NTK_LOSS_SQUARED;
    ntk_flow_rest rest;
    ntk_model model = linear_model(1, 1, (const double[]){2}, zero);
    cr_expect_eq(ntk_flow_measure_rest(&model, zero, &options, zero, zero, &rest), NTK_ERROR_UNSUPPORTED);
    ntk_model_release(&model);
    model = identity_model(1, 1);
    cr_expect_eq(ntk_flow_measure_rest(&model, zero, &options, zero, infinite, &rest), NTK_ERROR_DIVERGED);
}
