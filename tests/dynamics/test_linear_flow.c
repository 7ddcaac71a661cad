/* Squared loss on a linear model: every flow against its closed form.
 *
 * In the eigenbasis of Theta (eigenvalues mu_k, residual components r_k at the start, a(0) = 0),
 *     a_k' = -(r_k + mu_k a_k) / n - lambda a_k   =>   a_k(t) = -(r_k / n)(1 - e^{-w_k t}) / w_k,
 *     w_k = mu_k / n + lambda. */
#include <criterion/criterion.h>

#include <math.h>
#include <string.h>

#include <ntk/linalg.h>

#include "problems.h"

enum { N = 6 };

static void closed_form(const double *gram, const double *f0, const double *q, double lambda, double t,
                        double *f) {
    double vectors[N * N], values[N], a[N] = {0};
    memcpy(vectors, gram, sizeof vectors);
    assert_ok(ntk_eigen_symmetric(N, vectors, N, true, values));
    for (size_t k = 0; k < N; ++k) {
        double r = 0;
        for (size_t i = 0; i < N; ++i) r += vectors[i * N + k] * (f0[i] - q[i]);
        const double w = values[k] / N + lambda, component = r / N * expm1(-w * t) / w;
        for (size_t i = 0; i < N; ++i) a[i] += vectors[i * N + k] * component;
    }
    for (size_t i = 0; i < N; ++i) {
        f[i] = f0[i];
        for (size_t j = 0; j < N; ++j) f[i] += gram[i * N + j] * a[j];
    }
}

typedef struct problem {
    double gram[N * N], f0[N], q[N];
    ntk_model model;
    ntk_flow_options options;
} problem;

static problem make_problem(double largest) {
    assert_ok(ntk_linalg_start());
    problem out;
    double spectrum[N];
    for (size_t i = 0; i < N; ++i) {
        spectrum[i] = pow(largest, (double)i / (N - 1));
        out.f0[i] = sin(1.0 + (double)i);
        out.q[i] = i % 2 ? 1 : -1;
    }
    matrix_with_spectrum(N, spectrum, out.gram);
    assert_ok(ntk_model_linear(N, 1, out.gram, out.f0, &out.model));
    out.options = ntk_flow_options_default();
    out.options.loss = NTK_LOSS_SQUARED;
    return out;
}

/* The flow's outputs at the end, through the model. */
static ntk_flow_result run(const problem *p, double *f) {
    double a[N] = {0};
    const ntk_flow_result result = run_flow(&p->model, p->q, &p->options, a);
    assert_ok(p->model.evaluate(p->model.context, a, f));
    return result;
}

/* Local errors of tolerance * (1 + ||theta - theta_0||) per step, damped by the flow, add up to at
 * most a few of them in the parameters, and sqrt(lambda_max) times that in the outputs: 100
 * tolerances covers 20 steps. */
Test(linear_flow, error_controlled_integrators_reach_the_closed_form) {
    problem p = make_problem(30);
    for (int integrator = NTK_INTEGRATOR_EMBEDDED; integrator <= NTK_INTEGRATOR_STABILISED; ++integrator)
        for (double lambda = 0; lambda <= 0.5; lambda += 0.5) {
            double f[N], wanted[N];
            p.options.integrator = (ntk_integrator)integrator;
            p.options.lambda = lambda;
            p.options.horizon = 3;
            p.options.tolerance = 1e-8;
            const ntk_flow_result result = run(&p, f);
            closed_form(p.gram, p.f0, p.q, lambda, 3, wanted);
            cr_assert_float_eq(
                ntk_distance(N, f, wanted), 0, integrator == NTK_INTEGRATOR_EMBEDDED ? 1e-6 : 2e-5,
                "integrator %d, lambda %g: %g", integrator, lambda, ntk_distance(N, f, wanted));
            cr_assert(result.end == NTK_END_HORIZON && result.log_time == log(3));
        }
    ntk_model_release(&p.model);
}

/* Heun: halving the bound quarters the error. */
Test(linear_flow, bounded_steps_converge_at_second_order) {
    problem p = make_problem(30);
    double error[2], wanted[N], f[N];
    p.options.integrator = NTK_INTEGRATOR_BOUNDED_STEP;
    p.options.horizon = 3;
    closed_form(p.gram, p.f0, p.q, 0, 3, wanted);
    for (int i = 0; i < 2; ++i) {
        p.options.step = i ? 0.05 : 0.1;
        run(&p, f);
        error[i] = ntk_distance(N, f, wanted);
    }
    cr_assert(error[0] < 1e-2 && error[1] < 0.3 * error[0], "%g, %g", error[0], error[1]);
    ntk_model_release(&p.model);
}

Test(linear_flow, tolerance_controls_the_error) {
    problem p = make_problem(30);
    double wanted[N], f[N], error[3];
    p.options.integrator = NTK_INTEGRATOR_EMBEDDED;
    p.options.horizon = 2;
    closed_form(p.gram, p.f0, p.q, 0, 2, wanted);
    for (int i = 0; i < 3; ++i) {
        p.options.tolerance = pow(10, -4 - 2 * i);
        run(&p, f);
        error[i] = ntk_distance(N, f, wanted);
    }
    /* Proportional to the tolerance: a hundredth each time, within a factor of 10. */
    cr_assert(error[1] < 0.1 * error[0] && error[2] < 0.1 * error[1], "%g %g %g", error[0], error[1],
              error[2]);
    ntk_model_release(&p.model);
}

/* Stiffness 10^5: the explicit pair needs steps of 3.3 n / lambda_max, the stabilised method the
 * square root. */
Test(linear_flow, stabilised_method_is_stable_and_cheap_where_the_flow_is_stiff) {
    problem p = make_problem(1e5);
    double f[N], wanted[N];
    size_t evaluations[2];
    p.options.horizon = 4;
    p.options.tolerance = 1e-5;
    closed_form(p.gram, p.f0, p.q, 0, 4, wanted);
    for (int i = 0; i < 2; ++i) {
        p.options.integrator = i ? NTK_INTEGRATOR_STABILISED : NTK_INTEGRATOR_EMBEDDED;
        evaluations[i] = run(&p, f).evaluations;
        /* sqrt(lambda_max) tolerance = 3e-3 in the stiff outputs. */
        cr_assert_float_eq(ntk_distance(N, f, wanted), 0, 3e-3, "%g", ntk_distance(N, f, wanted));
    }
    cr_assert(evaluations[1] * 20 < evaluations[0], "%zu against %zu", evaluations[1], evaluations[0]);
    ntk_model_release(&p.model);
}

/* f = theta and start theta_0: theta' = -(theta - q)/n - lambda (theta - c) for c = theta_0 and c =
 * 0. */
Test(linear_flow, both_centres_of_the_regulariser) {
    assert_ok(ntk_linalg_start());
    const ntk_model model = identity_model(2, 1);
    const double q[] = {1, -1}, start[] = {3, 0.5}, lambda = 0.2, t = 1.5;
    for (int centre = NTK_CENTRE_INITIALISATION; centre <= NTK_CENTRE_ZERO; ++centre) {
        ntk_flow_options options = ntk_flow_options_default();
        options.loss = NTK_LOSS_SQUARED;
        options.integrator = NTK_INTEGRATOR_EMBEDDED;
        options.lambda = lambda;
        options.centre = (ntk_regulariser_centre)centre;
        options.time_factor = 2;
        options.horizon = t;
        options.tolerance = 1e-10;
        double theta[] = {start[0], start[1]};
        const ntk_flow_result result = run_flow(&model, q, &options, theta);
        for (size_t i = 0; i < 2; ++i) {
            const double c = centre == NTK_CENTRE_ZERO ? 0 : start[i], w = 0.5 + lambda;
            const double limit = (0.5 * q[i] + lambda * c) / w;
            cr_assert_float_eq(theta[i], limit + (start[i] - limit) * exp(-2 * w * t), 1e-8);
        }
        cr_assert_float_eq(result.gradient_norm,
                           hypot((theta[0] - q[0]) / 2 + lambda * (theta[0] - (centre ? 0 : start[0])),
                                 (theta[1] - q[1]) / 2 + lambda * (theta[1] - (centre ? 0 : start[1]))),
                           1e-12, "the gradient is that of the objective, without the time factor");
    }
}

static ntk_status check_energy(const ntk_observation *seen, void *context) {
    double *last = context;
    cr_assert(seen->objective <= *last, "the objective rose from %.17g to %.17g", *last, seen->objective);
    *last = seen->objective;
    return NTK_OK;
}

/* ||theta_t - theta_0|| <= sqrt(2 L_0 / lambda), and the objective never rises, on every accepted
 * step. */
Test(linear_flow, energy_decreases_and_bounds_the_displacement) {
    problem p = make_problem(30);
    for (int integrator = NTK_INTEGRATOR_EMBEDDED; integrator <= NTK_INTEGRATOR_BOUNDED_STEP; ++integrator) {
        double a[N] = {0}, last = INFINITY, loss;
        ntk_loss_evaluate(NTK_LOSS_SQUARED, N, 1, p.f0, p.q, &loss, NULL);
        p.options.integrator = (ntk_integrator)integrator;
        p.options.lambda = 0.1;
        p.options.horizon = 5;
        p.options.every_step = check_energy;
        p.options.context = &last;
        const ntk_flow_result result = run_flow(&p.model, p.q, &p.options, a);
        cr_assert(last < loss && result.displacement <= sqrt(2 * loss / 0.1));
    }
    ntk_model_release(&p.model);
}

Test(linear_flow, stationarity_ends_a_flow_without_horizon) {
    problem p = make_problem(30);
    p.options.lambda = 0.3;
    p.options.gradient_tolerance = 1e-9;
    double f[N], wanted[N];
    const ntk_flow_result result = run(&p, f);
    closed_form(p.gram, p.f0, p.q, 0.3, INFINITY, wanted);
    cr_assert(result.end == NTK_END_STATIONARY && result.gradient_norm <= 1e-9);
    /* ||f - f*|| <= sqrt(lambda_max) ||theta - theta*|| <= sqrt(30) ||grad|| / lambda. */
    cr_assert_float_eq(ntk_distance(N, f, wanted), 0, 2e-8, "%g", ntk_distance(N, f, wanted));
    ntk_model_release(&p.model);
}

/* Where stability limits the explicit pair it hovers about the solution at the level of its
 * tolerance; AUTOMATIC then goes on with the stabilised method and arrives. */
Test(linear_flow, automatic_choice_leaves_the_pair_where_the_flow_is_stiff) {
    problem p = make_problem(1e3);
    double f[N], wanted[N], a[N] = {0};
    ntk_flow_result result;
    p.options.gradient_tolerance = 1e-10;
    p.options.max_steps = 1000;
    const ntk_flow_result automatic = run(&p, f);
    closed_form(p.gram, p.f0, p.q, 0, INFINITY, wanted);
    cr_assert_eq(automatic.end, NTK_END_STATIONARY);
    /* ||f - q|| = n ||J^{-T} grad|| <= n ||grad|| / sqrt(lambda_min), lambda_min = 1. */
    cr_assert_float_eq(ntk_distance(N, f, wanted), 0, N * 1e-10, "%g", ntk_distance(N, f, wanted));
    p.options.integrator = NTK_INTEGRATOR_EMBEDDED;
    cr_assert_eq(ntk_flow_run(&p.model, p.q, &p.options, a, &result), NTK_ERROR_STALLED);
    ntk_model_release(&p.model);
}
