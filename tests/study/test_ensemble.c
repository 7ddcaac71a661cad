/* Ensembles: members against the explicit Jacobian and the equations that their ends satisfy;
 * streams. */
#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/architecture.h>
#include <ntk/data.h>
#include <ntk/flow.h>
#include <ntk/lab/context.h>
#include <ntk/lab/ensemble.h>
#include <ntk/lab/parameters.h>
#include <ntk/loss.h>
#include <ntk/network.h>
#include <ntk/random.h>
#include <ntk/status.h>

#include "fixture.h"

TestSuite(ensemble, .fini = fixture_remove);

enum { N = 3, ALL = 5, D = 4, K = 2, WIDTH = 20, MEMBERS = 3, P_MAX = 200 };

static const ntk_parameter *const parameters[] = {NULL};

static const double targets[N * K] = {1, -0.5, 0.25, 2, -1, 0.75};
static double x[ALL * D];

static ntk_ensemble_problem problem_of(double lambda) {
    ntk_stream points = ntk_stream_create(3, "points", 0);
    assert_ok(ntk_data_sphere_separated(&points, ALL, D, 0.8, x));
    ntk_ensemble_problem problem = {.architecture = ntk_architecture_default(),
                                    .points = N,
                                    .all_points = ALL,
                                    .inputs = D,
                                    .outputs = K,
                                    .x = x,
                                    .targets = targets,
                                    .flow = ntk_flow_options_default()};
    problem.architecture.activation = NTK_ERF;
    problem.architecture.input_scale = NTK_INPUT_SCALE_NONE;
    problem.flow.loss = NTK_LOSS_SQUARED;
    problem.flow.lambda = lambda;
    problem.flow.gradient_tolerance = 1e-9;
    problem.flow.log_horizon = 12;
    return problem;
}

static ntk_ensemble train(const ntk_context *context, const ntk_ensemble_problem *problem, size_t members,
                          ntk_ensemble_measure measure, void *argument) {
    ntk_ensemble out;
    assert_ok(ntk_ensemble_train(context, problem, WIDTH, members, measure ? 1 : 0, measure, argument, &out));
    return out;
}

/* What `start` has to be: f_0, or J z with the explicit Jacobian; and the network's own f_0 in
 * offset. */
static void expect_start(const ntk_ensemble_member *m, bool tangent, double *offset) {
    const ntk_stream root = ntk_stream_create(5, "a/b", m->index);
    ntk_stream weights = ntk_stream_fork(&root, "weights at width 20");
    ntk_stream direction = ntk_stream_fork(&weights, "direction");
    const size_t p = ntk_network_parameters(m->network);
    cr_assert_leq(p, P_MAX);
    static double theta[P_MAX], z[P_MAX], jacobian[ALL * K * P_MAX], f[ALL * K];
    ntk_network_initialise(m->network, &weights, theta);
    cr_assert_arr_eq(theta, m->theta0, p * sizeof(double));
    assert_ok(ntk_network_forward(m->network, theta, ALL, x, f));
    assert_ok(ntk_network_jacobian(m->network, theta, ALL, x, jacobian));
    ntk_stream_normal(&direction, p, z);
    for (size_t i = 0; i < ALL * K; i++) {
        double wanted = f[i];
        for (size_t k = 0; k < p && tangent; k++) wanted += jacobian[i * p + k] * z[k];
        if (tangent) wanted -= f[i];
        offset[i] = tangent ? wanted - f[i] : 0;
        cr_assert_float_eq(m->start[i], wanted, 1e-12);
    }
}

typedef struct expectation {
    bool tangent;
    double lambda;
} expectation;

/* The end is f(theta) + offset and stationary: J^T (f + offset - targets) / n + lambda (theta -
 * theta_0) = 0. */
static ntk_status examine(const ntk_ensemble_member *m, double *values, void *argument) {
    const expectation *wanted = argument;
    double offset[ALL * K], f[ALL * K];
    static double jacobian[N * K * P_MAX];
    expect_start(m, wanted->tangent, offset);
    const size_t p = ntk_network_parameters(m->network);
    NTK_TRY(ntk_network_forward(m->network, m->theta, ALL, x, f));
    for (size_t i = 0; i < ALL * K; i++) cr_assert_float_eq(m->end[i], f[i] + offset[i], 1e-12);
    NTK_TRY(ntk_network_jacobian(m->network, m->theta, N, x, jacobian));
    double largest = 0;
    for (size_t k = 0; k < p; k++) {
        double gradient = wanted->lambda * (m->theta[k] - m->theta0[k]);
        for (size_t i = 0; i < N * K; i++) gradient += jacobian[i * p + k] * (m->end[i] - m->targets[i]) / N;
        largest = fmax(largest, fabs(gradient));
    }
    values[0] = largest;
    cr_assert_lt(largest, 2e-9);
    cr_assert_lt(m->gradient_norm, 2e-9);
    return NTK_OK;
}

Test(ensemble, members_start_and_end_where_they_should) {
    ntk_context *context = fixture_context(parameters, NULL, NULL);
    for (int tangent = 0; tangent < 2; tangent++)
        for (int regularised = 0; regularised < 2; regularised++) {
            expectation wanted = {tangent == 1, regularised ? 0.05 : 0};
            ntk_ensemble_problem problem = problem_of(wanted.lambda);
            problem.tangent_start = wanted.tangent;
            ntk_ensemble all = train(context, &problem, MEMBERS, examine, &wanted);
            for (size_t m = 0; m < MEMBERS; m++) cr_assert_gt(all.values[m], 0);
            for (size_t m = 0; m < MEMBERS && !regularised; m++)
                for (size_t i = 0; i < N * K; i++)
                    cr_assert_float_eq(all.end[m * ALL * K + i], targets[i], 1e-6);
            ntk_ensemble_release(&all);
        }
}

Test(ensemble, more_members_leave_the_first_ones_as_they_are) {
    ntk_context *context = fixture_context(parameters, NULL, NULL);
    ntk_ensemble_problem problem = problem_of(0.05);
    ntk_ensemble few = train(context, &problem, 1, NULL, NULL);
    ntk_ensemble more = train(context, &problem, MEMBERS, NULL, NULL);
    cr_assert_arr_eq(few.end, more.end, ALL * K * sizeof(double));
    cr_assert_neq(more.end[0], more.end[ALL * K]);
    ntk_ensemble_release(&few);
    ntk_ensemble_release(&more);
}

/* Without a regulariser the network interpolates its own noisy targets, whose mean square is the
 * variance. */
Test(ensemble, noise_is_the_members_own) {
    ntk_context *context = fixture_context(parameters, NULL, NULL);
    ntk_ensemble_problem problem = problem_of(0);
    problem.flow.gradient_tolerance = 1e-4;
    ntk_ensemble plain = train(context, &problem, 40, NULL, NULL);
    problem.noise_variance = 0.25;
    ntk_ensemble noisy = train(context, &problem, 40, NULL, NULL);
    cr_assert_arr_eq(plain.start, noisy.start, 40 * ALL * K * sizeof(double));
    double square = 0;
    for (size_t m = 0; m < 40; m++)
        for (size_t i = 0; i < N * K; i++) {
            const double noise = noisy.end[m * ALL * K + i] - targets[i];
            square += noise * noise / (40 * N * K);
        }
    cr_assert_float_eq(square, 0.25, 0.25 * 5 * sqrt(2.0 / (40 * N * K)));
    ntk_ensemble_release(&plain);
    ntk_ensemble_release(&noisy);
}

/* s with probability 1/10, otherwise what keeps the mean square at 1. */
Test(ensemble, rare_scale_keeps_the_variance) {
    enum { DRAWS = 400 };
    ntk_context *context = fixture_context(parameters, NULL, NULL);
    ntk_ensemble_problem problem = problem_of(0);
    ntk_ensemble plain, scaled;
    problem.architecture.activation = NTK_LINEAR; /* outputs scale with the square of the factor */
    assert_ok(ntk_ensemble_initialise(context, &problem, WIDTH, 0, DRAWS, &plain));
    problem.rare_scale = 2.5;
    assert_ok(ntk_ensemble_initialise(context, &problem, WIDTH, 0, DRAWS, &scaled));
    size_t rare = 0;
    for (size_t m = 0; m < DRAWS; m++) {
        const double square = scaled.start[m * ALL * K] / plain.start[m * ALL * K];
        if (square > 1) rare++;
        cr_assert_float_eq(square, square > 1 ? 6.25 : (10 - 6.25) / 9, 1e-10);
    }
    cr_assert_float_eq((double)rare / DRAWS, 0.1, 5 * sqrt(0.09 / DRAWS));
    ntk_ensemble_release(&plain);
    ntk_ensemble_release(&scaled);
}

/* A tangent start and the noise, less its mean, share the factor; the network beneath keeps its
 * own. */
Test(ensemble, rare_scale_of_a_tangent_start) {
    enum { DRAWS = 60 };
    ntk_context *context = fixture_context(parameters, NULL, NULL);
    ntk_ensemble_problem problem = problem_of(0);
    ntk_ensemble plain, scaled;
    problem.tangent_start = true;
    problem.noise_variance = 0.5;
    assert_ok(ntk_ensemble_initialise(context, &problem, WIDTH, 0, DRAWS, &plain));
    problem.rare_scale = 2.5;
    problem.noise_mean = 0.7;
    assert_ok(ntk_ensemble_initialise(context, &problem, WIDTH, 0, DRAWS, &scaled));
    size_t rare = 0;
    for (size_t m = 0; m < DRAWS; m++) {
        const double factor = scaled.start[m * ALL * K] / plain.start[m * ALL * K];
        rare += factor > 1;
        cr_assert_float_eq(factor, factor > 1 ? 2.5 : sqrt((10 - 6.25) / 9), 1e-10);
        for (size_t i = 0; i < ALL * K; i++)
            cr_assert_float_eq(scaled.start[m * ALL * K + i], factor * plain.start[m * ALL * K + i], 1e-9);
        for (size_t i = 0; i < N * K; i++)
            cr_assert_float_eq(scaled.targets[m * N * K + i] - targets[i] - 0.7,
                               factor * (plain.targets[m * N * K + i] - targets[i]), 1e-9);
    }
    cr_assert(rare > 0 && rare < DRAWS / 2);
    ntk_ensemble_release(&plain);
    ntk_ensemble_release(&scaled);
}

/* Untrained members are those that training would start from. */
Test(ensemble, initialise_draws_the_same_starts) {
    ntk_context *context = fixture_context(parameters, NULL, NULL);
    ntk_ensemble_problem problem = problem_of(0.05);
    problem.tangent_start = true;
    problem.noise_variance = 0.5;
    ntk_ensemble trained = train(context, &problem, MEMBERS, NULL, NULL), untrained;
    assert_ok(ntk_ensemble_initialise(context, &problem, WIDTH, 1, 2, &untrained));
    cr_assert_arr_eq(untrained.start, trained.start + ALL * K, 2 * ALL * K * sizeof(double));
    cr_assert_arr_eq(untrained.targets, trained.targets + N * K, 2 * N * K * sizeof(double));
    cr_assert(untrained.end == NULL && untrained.values == NULL);
    ntk_ensemble_release(&trained);
    ntk_ensemble_release(&untrained);
}

Test(ensemble, refusals) {
    ntk_context *context = fixture_context(parameters, NULL, NULL);
    ntk_ensemble out;
    ntk_ensemble_problem problem = problem_of(0.05);
    problem.noise_variance = 0.1;
    problem.flow.loss = NTK_LOSS_SOFTMAX;
    cr_assert_eq(ntk_ensemble_train(context, &problem, WIDTH, 1, 0, NULL, NULL, &out), NTK_ERROR_ARGUMENT);
    problem.noise_variance = NAN;
    cr_assert_eq(ntk_ensemble_train(context, &problem, WIDTH, 1, 0, NULL, NULL, &out), NTK_ERROR_ARGUMENT);
    problem = problem_of(0.05);
    problem.noise_mean = NAN;
    assert_fails(ntk_ensemble_train(context, &problem, WIDTH, 1, 0, NULL, NULL, &out), NTK_ERROR_ARGUMENT,
                 "noise");
    problem.noise_mean = 0;
    problem.rare_scale = 3.2;
    cr_assert_eq(ntk_ensemble_train(context, &problem, WIDTH, 1, 0, NULL, NULL, &out), NTK_ERROR_ARGUMENT);
    problem.rare_scale = 1;
    cr_assert_eq(ntk_ensemble_train(context, &problem, WIDTH, 0, 0, NULL, NULL, &out), NTK_ERROR_ARGUMENT);
    problem.flow.max_steps = 2;
    assert_fails(ntk_ensemble_train(context, &problem, WIDTH, 2, 0, NULL, NULL, &out), NTK_ERROR_STALLED,
                 "width 20, member 0");
}
