/* Convergence at initialisation: the errors against their definition, through the explicit
 * Jacobian; names and tables; and a wrong limit. */
#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/architecture.h>
#include <ntk/data.h>
#include <ntk/kernel.h>
#include <ntk/lab/context.h>
#include <ntk/lab/convergence.h>
#include <ntk/lab/problem.h>
#include <ntk/lab/grid.h>
#include <ntk/lab/parameters.h>
#include <ntk/linalg.h>
#include <ntk/network.h>
#include <ntk/random.h>
#include <ntk/stats.h>
#include <ntk/status.h>

#include "fixture.h"

TestSuite(convergence, .fini = fixture_remove);

enum { N = 3, D = 4, SEEDS = 3, MAX_PARAMETERS = 4000 };

static const ntk_parameter *const parameters[] = {ntk_sphere_parameters, ntk_convergence_parameters, NULL};
static const fixture_setting tiny[] = {{"widths", "3 24"}, {"seeds", "3"},        {"points", "3"},
                                       {"inputs", "4"},    {"max-cosine", "0.9"}, {0}};

static ntk_convergence_case residual_case(void) {
    ntk_convergence_case out = {.label = "residual", .network = ntk_architecture_default()};
    out.network.family = NTK_RESIDUAL;
    out.network.depth = 2;
    out.limit = out.network;
    return out;
}

/* The seed's points and, from the stream `purpose`, the Jacobian of its network there. Returned is
 * p. */
static size_t jacobian_of(const ntk_context *context, const ntk_architecture *architecture, uint64_t seed,
                          size_t width, const char *purpose, double x[N * D],
                          double jacobian[N * MAX_PARAMETERS]) {
    const ntk_stream root = ntk_context_stream(context, seed);
    ntk_stream points = ntk_stream_fork(&root, "points"), weights = ntk_stream_fork(&root, purpose);
    double theta[MAX_PARAMETERS];
    assert_ok(ntk_data_sphere_separated(&points, N, D, 0.9, x));
    ntk_network *network;
    assert_ok(ntk_network_create(architecture, D, width, 1, &network));
    const size_t p = ntk_network_parameters(network);
    cr_assert_leq(p, MAX_PARAMETERS);
    ntk_network_initialise(network, &weights, theta);
    assert_ok(ntk_network_jacobian(network, theta, N, x, jacobian));
    ntk_network_destroy(network);
    return p;
}

/* ||J J^T - Theta|| / ||Theta||. */
static double error_of(const ntk_context *context, const ntk_architecture *architecture, uint64_t seed,
                       size_t width, const char *purpose) {
    double x[N * D], exact[N * N], jacobian[N * MAX_PARAMETERS], difference = 0, norm = 0;
    const size_t p = jacobian_of(context, architecture, seed, width, purpose, x, jacobian);
    assert_ok(ntk_kernel_gram(architecture, NTK_KERNEL_NTK, N, D, x, D, exact, N));
    for (size_t i = 0; i < N * N; i++) {
        double entry = 0;
        for (size_t k = 0; k < p; k++) entry += jacobian[i / N * p + k] * jacobian[i % N * p + k];
        difference += (entry - exact[i]) * (entry - exact[i]);
        norm += exact[i] * exact[i];
    }
    return sqrt(difference / norm);
}

Test(convergence, slopes_are_those_of_the_errors) {
    ntk_context *context = fixture_context(parameters, tiny, NULL);
    const ntk_convergence_case which = residual_case();
    assert_ok(ntk_convergence_of_errors(context, 1, &which));
    double mean = 0;
    for (uint64_t s = 0; s < SEEDS; s++)
        mean += log(error_of(context, &which.network, s, 24, "weights at width 24") /
                    error_of(context, &which.network, s, 3, "weights at width 3")) /
                log(8) / SEEDS;
    cr_assert_float_eq(fixture_metric(context, "exponent-residual-2")->value, mean, 1e-11);

    const char *table = fixture_table(context, "errors");
    const char start[] = "network\tdepth\twidth\terror\terror-low\terror-high\nresidual\t2\t3\t";
    cr_assert_eq(strncmp(table, start, strlen(start)), 0, "%s", table);
}

/* Columns: where the network stands, the trace of its NTK, and a NaN for one of them. */
static ntk_status locate(const ntk_convergence_pair *pair, double *values, const void *own) {
    (void)own;
    values[0] = (double)(1000 * pair->width + pair->seed) + 0.25 * (pair->which->label[0] - 'a');
    values[1] = pair->empirical[0] + pair->empirical[N + 1] + pair->empirical[2 * (N + 1)];
    values[2] = pair->seed == 1 && pair->width == 3 ? NAN : 1;
    return NTK_OK;
}

/* The trace of J J^T. */
static double trace_of(const ntk_context *context, const ntk_architecture *architecture, uint64_t seed,
                       size_t width, const char *purpose) {
    double x[N * D], jacobian[N * MAX_PARAMETERS];
    const size_t p = jacobian_of(context, architecture, seed, width, purpose, x, jacobian);
    return ntk_dot(N * p, jacobian, jacobian);
}

/* A deep network between two shallow ones of its weights, and one with weights of its own. */
enum { CASES = 4 };
static const struct {
    const char *label, *weights;
    size_t depth;
    const char *purposes[2]; /* by width */
} drawn[CASES] = {{"a", NULL, 1, {"weights at width 3", "weights at width 24"}},
                  {"b", NULL, 3, {"weights at width 3", "weights at width 24"}},
                  {"c", "own", 2, {"own at width 3", "own at width 24"}},
                  {"d", NULL, 2, {"weights at width 3", "weights at width 24"}}};

static ntk_status expect_columns(ntk_context *context, const ntk_convergence_case *cases,
                                 const ntk_grid *found) {
    cr_assert_eq(ntk_grid_count(found, ntk_grid_whole()), CASES * SEEDS * 2);
    const double widths[] = {3, 24};
    for (size_t c = 0; c < CASES; c++)
        for (size_t s = 0; s < SEEDS; s++)
            for (size_t w = 0; w < 2; w++) {
                const double *row = ntk_grid_row(found, (ntk_place){{c, w, s}});
                cr_expect_eq(row[0], 1000 * widths[w] + (double)s + 0.25 * (double)c);
                const double trace =
                    trace_of(context, &cases[c].network, s, (size_t)widths[w], drawn[c].purposes[w]);
                cr_expect_float_eq(row[1], trace, 1e-10 * trace);
            }
    ntk_estimate mean, rate;
    assert_ok(ntk_grid_interval(found, (ntk_place){{2, 1, NTK_ALL}}, 0, &mean));
    cr_expect_float_eq(mean.value, 24001.5, 1e-9, "case c, width 24, seeds 0 to 2");
    cr_expect_eq(mean.degrees, SEEDS - 1);
    assert_ok(ntk_grid_rate(found, ntk_grid_case(0), NTK_CONVERGENCE_WIDTH, 0, &rate));
    cr_expect_float_eq(rate.value, 1, 1e-3);
    cr_expect_eq(ntk_grid_smallest(found, ntk_grid_whole(), 0).value, 3000);
    cr_expect(isnan(ntk_grid_smallest(found, ntk_grid_whole(), 2).value),
              "what follows a NaN does not hide it");
    return NTK_OK;
}

Test(convergence, columns_are_by_case_seed_and_width) {
    ntk_context *context = fixture_context(parameters, tiny, NULL);
    ntk_convergence_case cases[CASES];
    for (size_t c = 0; c < CASES; c++) {
        cases[c] = residual_case();
        cases[c].label = drawn[c].label;
        cases[c].weights = drawn[c].weights;
        cases[c].network.depth = cases[c].limit.depth = drawn[c].depth;
    }
    assert_ok(
        ntk_convergence_conduct(context, CASES, cases, "place trace nan", locate, NULL, expect_columns));
}

Test(convergence, a_case_of_a_wrong_kind_is_refused) {
    ntk_context *context = fixture_context(parameters, tiny, NULL);
    ntk_convergence_case which = residual_case();
    which.limit.depth = 0;
    assert_fails(ntk_convergence_of_errors(context, 1, &which), NTK_ERROR_ARGUMENT, "residual, seed 0: ");
}
