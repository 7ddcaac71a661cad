/* Routes to predictive probabilities: what is emitted against sums written out here, the identities
 * at a size where they are sharp, and what each control changes. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/architecture.h>
#include <ntk/data.h>
#include <ntk/flow.h>
#include <ntk/kernel.h>
#include <ntk/lab/context.h>
#include <ntk/lab/definiteness.h>
#include <ntk/lab/ensemble.h>
#include <ntk/lab/parameters.h>
#include <ntk/linalg.h>
#include <ntk/loss.h>
#include <ntk/parallel.h>
#include <ntk/random.h>
#include <ntk/stats.h>
#include <ntk/status.h>

#include "fixture.h"
#include "suites/uncertainty/bayes-classification/predictive.h"

TestSuite(predictive, .fini = fixture_remove);

enum { N = 4, Q = 3, D = 5, K = 3, ALL = N + Q };

static const double lambda = 0.1;

static const ntk_parameter *const parameters[] = {ntk_routes_parameters, ntk_network_route_parameters, NULL};
static const fixture_setting usual[] = {
    {"widths", "8 40"}, {"networks", "3"}, {"members", "400"}, {"weighed", "5000"},    {"chains", "16"},
    {"draws", "400"},   {"thinning", "3"}, {"spread", "1"},    {"lambda-factor", "1"}, {0}};

static double x[ALL * D];
static double targets[N * K] = {1, 0, 0, 0, 1, 0, 0, 0, 1, 0.5, 0.25, 0.25};

static const ntk_classification data = {.loss = NTK_LOSS_SOFTMAX,
                                        .points = N,
                                        .others = Q,
                                        .inputs = D,
                                        .outputs = K,
                                        .x = x,
                                        .targets = targets};

static ntk_architecture architecture(void) {
    ntk_architecture out = ntk_architecture_default();
    out.activation = NTK_ERF;
    out.bias_variance = 0.5;
    return out;
}

static ntk_predictive problem_of(ntk_predictive_start start) {
    ntk_stream points = ntk_stream_create(3, "points", 0);
    const ntk_architecture erf_network = architecture();
    ntk_predictive out;
    assert_ok(ntk_data_sphere_separated(&points, ALL, D, 0.8, x));
    assert_ok(ntk_predictive_create(&erf_network, &data, lambda, start, &out));
    return out;
}

static void softmax(const double *f, double *p) {
    double sum = 0;
    for (size_t k = 0; k < K; k++) sum += exp(f[k]);
    for (size_t k = 0; k < K; k++) p[k] = exp(f[k]) / sum;
}

/* f(x) = start(x) + (1 / (n lambda)) Theta(x, X) (Q - softmax f(X)) at all points, with a kernel of
 * its own. */
Test(predictive, solution_satisfies_its_equation) {
    ntk_predictive problem = problem_of(NTK_START_PRIOR);
    const ntk_architecture erf_network = architecture();
    double theta[ALL * ALL], start[ALL * K], f[ALL * K], g[N * K];
    assert_ok(ntk_linalg_start());
    assert_ok(ntk_kernel_gram(&erf_network, NTK_KERNEL_NTK, ALL, D, x, D, theta, ALL));
    ntk_stream stream = ntk_stream_create(1, "start", 0);
    ntk_stream_normal(&stream, ALL * K, start);
    assert_ok(ntk_predictive_solution(&problem, start, f, f + N * K));
    for (size_t i = 0; i < N; i++) softmax(f + i * K, g + i * K);
    for (size_t i = 0; i < N * K; i++) g[i] = targets[i] - g[i];
    for (size_t i = 0; i < ALL; i++)
        for (size_t k = 0; k < K; k++) {
            double wanted = start[i * K + k];
            for (size_t j = 0; j < N; j++) wanted += theta[i * ALL + j] * g[j * K + k] / (N * lambda);
            cr_assert_float_eq(f[i * K + k], wanted, 1e-8, "point %zu", i);
        }
    ntk_predictive_release(&problem);
}

static ntk_routes compare(ntk_context *context, ntk_predictive_start start) {
    ntk_predictive problem = problem_of(start);
    ntk_routes routes;
    assert_ok(ntk_routes_compare(context, "toy", &problem, &routes));
    return routes;
}

static double size_of(const ntk_estimate *e) { return e->high - e->value; }

/* The intervals are at the suite's level: they contain the identities' values, and are narrow
 * enough to mean it. */
Test(predictive, identities_hold) {
    ntk_context *context = fixture_context(parameters, usual, NULL);
    ntk_routes routes = compare(context, NTK_START_PRIOR);
    assert_ok(ntk_routes_weigh(context, "toy", &routes));
    const ntk_estimate *square = fixture_metric(context, "posterior-square-toy"),
                       *balance = fixture_metric(context, "ensemble-balance-toy");
    const ntk_estimate *residual = fixture_metric(context, "posterior-mean-toy"),
                       *degrees = fixture_metric(context, "ensemble-degrees-toy");
    cr_expect(square->low <= 1 && square->high >= 1 && size_of(square) < 0.12);
    cr_expect(balance->low <= 0 && balance->high >= 0 && size_of(balance) < 0.1);
    cr_expect(residual->low == 0 && residual->high < 0.7);
    const ntk_estimate *importance = fixture_metric(context, "importance-toy");
    cr_expect(importance->low == 0 && importance->high < 0.1, "%g %g", importance->low, importance->high);
    /* at most K - 1 of K directions per point */
    cr_expect(degrees->value > 0.1 && degrees->value < 2.0 / 3);
    cr_expect_float_eq(ntk_routes_distance(&routes, routes.posterior), 0, 1e-12);
    cr_expect_float_eq(ntk_routes_distance(&routes, routes.mode), 1, 1e-12);
    for (size_t i = 0; i < Q; i++) {
        double sums[4] = {0};
        for (size_t k = 0; k < K; k++) {
            sums[0] += routes.posterior[i * K + k];
            sums[1] += routes.ensemble[i * K + k];
            sums[2] += routes.laplace[i * K + k];
            sums[3] += routes.mode[i * K + k];
        }
        for (size_t route = 0; route < 4; route++) cr_expect_float_eq(sums[route], 1, 1e-9);
    }
    ntk_routes_release(&routes);
}

/* A posterior sampled with another lambda does not obey the identity of this one; without spread
 * every member is the mode; a start that is not the prior's is out of balance. */
Test(predictive, hypotheses_removed_show) {
    ntk_context *context = fixture_context(parameters, usual, "lambda-factor", "4", NULL);
    ntk_routes routes = compare(context, NTK_START_PRIOR);
    cr_expect_lt(fixture_metric(context, "posterior-square-toy")->high, 0.5);
    assert_ok(ntk_routes_weigh(context, "toy", &routes));
    cr_expect_gt(fixture_metric(context, "importance-toy")->low, 0.02);
    ntk_routes_release(&routes);

    context = fixture_context(parameters, usual, "spread", "0", NULL);
    routes = compare(context, NTK_START_PRIOR);
    for (size_t i = 0; i < Q * K; i++) cr_expect_float_eq(routes.ensemble[i], routes.mode[i], 1e-12);
    cr_expect_eq(fixture_metric(context, "ensemble-balance-toy")->value,
                 fixture_metric(context, "ensemble-degrees-toy")->value);
    ntk_routes_release(&routes);

    context = fixture_context(parameters, usual, NULL);
    routes = compare(context, NTK_START_NETWORK);
    cr_expect_gt(fixture_metric(context, "ensemble-balance-toy")->low, 0);
    ntk_routes_release(&routes);
}

/* A half circle of radius 1 about (-1/2, -1/4), class 0, and what it is turned into by pi; the
 * grid's corners. */
Test(predictive, the_plane_interlocks) {
    ntk_classification plane;
    assert_ok(ntk_classification_plane(6, 3, &plane));
    for (size_t i = 0; i < 6; i += 2) {
        const double *p = plane.x + 2 * i, *turned = p + 2;
        cr_expect_float_eq(hypot(p[0] + 0.5, p[1] + 0.25), 1, 1e-14);
        cr_expect_geq(p[1], -0.25 - 1e-14);
        cr_expect(turned[0] == -p[0] && turned[1] == -p[1]);
        cr_expect(plane.targets[i] == 0 && plane.targets[i + 1] == 1);
    }
    const double *grid = plane.x + 12;
    cr_expect(grid[0] == -2.25 && grid[1] == -2.25 && grid[2] == 0 && grid[16] == 2.25 && grid[17] == 2.25);
    cr_expect_null(plane.labels);
    ntk_classification_release(&plane);
    cr_expect_eq(ntk_classification_plane(5, 3, &plane), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_classification_plane(6, 1, &plane), NTK_ERROR_ARGUMENT);
}

/* Mean of sum p log(p / other), and 0 log 0 = 0. */
Test(predictive, divergence_by_hand) {
    ntk_predictive problem = {.problem = {.loss = NTK_LOSS_SOFTMAX, .outputs = 2}, .q = 2};
    const double p[] = {1, 0, 0.5, 0.5}, other[] = {0.8, 0.2, 0.25, 0.75};
    const double wanted = (log(1.25) + 0.5 * log(2) + 0.5 * log(2.0 / 3)) / 2;
    cr_expect_float_eq(ntk_predictive_divergence(&problem, p, other), wanted, 1e-15);
    problem.problem.loss = NTK_LOSS_LOGISTIC;
    problem.problem.outputs = 1;
    const double one[] = {1, 0.5}, first[] = {0.8, 0.25};
    cr_expect_float_eq(ntk_predictive_divergence(&problem, one, first), wanted, 1e-15);
}

/* Bins by the top probability: 0.9 and 0.95 (one right), 0.5 (right), 1 in the last bin (wrong). */
Test(predictive, reliability_by_hand) {
    ntk_context *context = fixture_context(parameters, usual, NULL);
    double p[] = {0.9, 0.1, 0.05, 0.95, 0.5, 0.5, 0, 1};
    const size_t labels[] = {0, 0, 0, 0};
    ntk_routes routes = {.problem = {.problem = {.loss = NTK_LOSS_SOFTMAX, .outputs = 2}, .q = 4},
                         .posterior = p,
                         .ensemble = p,
                         .laplace = p,
                         .mode = p};
    assert_ok(ntk_routes_reliability(context, "toy", &routes, labels));
    const char *table = fixture_table(context, "reliability-toy");
    const char start[] = "route\tconfidence\taccuracy\tcount\nposterior\t0.5\t1\t1\nposterior\t0.9";
    cr_expect_eq(strncmp(table, start, strlen(start)), 0, "%s", table);
    double confidence = 0, accuracy = 0, count = 0;
    cr_assert_eq(sscanf(table + strlen(start) - 3, "%lf %lf %lf", &confidence, &accuracy, &count), 3);
    cr_expect_float_eq(confidence, 2.85 / 3, 1e-15);
    cr_expect_float_eq(accuracy, 1.0 / 3, 1e-15);
    cr_expect_eq(count, 3);
}

/* The same numbers whatever the number of workers. */
Test(predictive, workers_change_nothing) {
    double kept[Q * K];
    for (size_t workers = 1; workers <= 2; workers++) {
        assert_ok(ntk_set_workers(workers));
        ntk_context *context = fixture_context(parameters, usual, NULL);
        ntk_routes routes = compare(context, NTK_START_PRIOR);
        if (workers == 1) memcpy(kept, routes.posterior, sizeof kept);
        cr_expect_eq(memcmp(kept, routes.posterior, sizeof kept), 0);
        ntk_routes_release(&routes);
    }
}

/* ---- networks -------------------------------------------------------------------------------- */

static ntk_predictive problem_of_strength_one(void) {
    ntk_predictive out = problem_of(NTK_START_PRIOR);
    out.problem.lambda = out.lambda = 1.0 / N;
    return out;
}

/* The gap of one network from its recorded outputs: softmax at the new points, against the solution
 * from its start. */
static double gap_of(const ntk_predictive *problem, const double *start, const double *end) {
    double solution[Q * K], gap = 0, way = 0;
    assert_ok(ntk_predictive_solution(problem, start, NULL, solution));
    for (size_t i = 0; i < Q; i++) {
        double network[K], limit[K], before[K];
        softmax(end + (N + i) * K, network);
        softmax(solution + i * K, limit);
        softmax(start + (N + i) * K, before);
        for (size_t k = 0; k < K; k++) {
            gap += pow(network[k] - limit[k], 2);
            way += pow(limit[k] - before[k], 2);
        }
    }
    return sqrt(gap / way);
}

Test(predictive, networks_are_compared_with_their_own_solutions) {
    ntk_context *context = fixture_context(parameters, usual, NULL);
    const ntk_architecture erf_network = architecture();
    ntk_routes routes = {.problem = problem_of_strength_one()};
    double probabilities[Q * K], wanted[Q * K] = {0}, slope = 0;
    assert_ok(ntk_network_route(context, &routes, &erf_network, &data, probabilities));
    ntk_ensemble_problem problem = {.architecture = erf_network,
                                    .points = N,
                                    .all_points = ALL,
                                    .inputs = D,
                                    .outputs = K,
                                    .x = x,
                                    .targets = targets,
                                    .flow = ntk_flow_options_default(),
                                    .tangent_start = true};
    problem.flow.lambda = 1.0 / N;
    problem.flow.tolerance = 1e-7; /* tighter than the route's: the ends are within its 1e-4 of each
                                    * other */
    problem.flow.gradient_tolerance = 1e-7;
    for (size_t width = 8; width <= 40; width += 32) {
        ntk_ensemble all;
        assert_ok(ntk_ensemble_train(context, &problem, width, 3, 0, NULL, NULL, &all));
        for (size_t i = 0; i < 3; i++) {
            const double *start = all.start + i * ALL * K, *end = all.end + i * ALL * K;
            slope += (width == 8 ? -1 : 1) * log(gap_of(&routes.problem, start, end)) / log(5) / 3;
            for (size_t j = 0; j < Q && width == 40; j++) {
                double p[K];
                softmax(end + (N + j) * K, p);
                for (size_t k = 0; k < K; k++) wanted[j * K + k] += p[k] / 3;
            }
        }
        ntk_ensemble_release(&all);
    }
    cr_expect_float_eq(fixture_metric(context, "network-rate")->value, slope, 0.02);
    for (size_t i = 0; i < Q * K; i++) cr_expect_float_eq(probabilities[i], wanted[i], 1e-3);
    ntk_routes_release(&routes);
}

/* With n lambda = 1 only is C the covariance of a tangent start. */
Test(predictive, networks_need_the_strength_of_their_start) {
    ntk_context *context = fixture_context(parameters, usual, NULL);
    const ntk_architecture erf_network = architecture();
    ntk_routes routes = {.problem = problem_of(NTK_START_PRIOR)};
    double probabilities[Q * K];
    assert_fails(ntk_network_route(context, &routes, &erf_network, &data, probabilities), NTK_ERROR_ARGUMENT,
                 "n lambda is 0.4");
    ntk_routes_release(&routes);
}
