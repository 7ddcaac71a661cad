/* Convergence at initialisation: the errors against their definition, through the explicit Jacobian; names
 * and tables; and a wrong limit. */
#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/convergence.h>
#include <ntk/data.h>
#include <ntk/kernel.h>
#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/network.h>

#include "fixture.h"
#include "suite/context.h"

TestSuite(convergence, .fini = fixture_remove);

enum { N = 3, D = 4, SEEDS = 3 };

static const ntk_parameter parameters[] = {NTK_CONVERGENCE_PARAMETERS, {0}};
static const ntk_experiment experiment = {parameters, NULL};
static ntk_setting tiny[] = {{"widths", "3 24", 1},
                             {"seeds", "3", 1},
                             {"points", "3", 1},
                             {"inputs", "4", 1},
                             {"max-cosine", "0.9", 1}};
static const ntk_claim claim = {
    .id = "a/b", .settings = {tiny, NULL}, .setting_count = {5, 0}, .experiment = &experiment};

static ntk_context *create(void) {
    cr_assert_eq(ntk_linalg_start(), NTK_OK, "%s", ntk_error_detail());
    ntk_context *context = NULL;
    cr_assert_eq(ntk_context_create(&claim, NTK_TIER_QUICK, NULL, NULL, 0, 5, "data", &context), NTK_OK, "%s",
                 ntk_error_detail());
    return context;
}

static ntk_convergence_case residual_case(void) {
    ntk_convergence_case out = {.label = "residual", .network = ntk_architecture_default()};
    out.network.family = NTK_RESIDUAL;
    out.network.depth = 2;
    out.limit = out.network;
    return out;
}

/* ||J J^T - Theta|| / ||Theta|| with the seed's own points and weights. */
static double error_of(const ntk_context *context, const ntk_architecture *architecture, uint64_t seed,
                       size_t width, const char *purpose) {
    const ntk_stream root = ntk_context_stream(context, seed);
    ntk_stream points = ntk_stream_fork(&root, "points"), weights = ntk_stream_fork(&root, purpose);
    double x[N * D], exact[N * N], theta[4000], jacobian[N * 4000], difference = 0, norm = 0;
    cr_assert_eq(ntk_data_sphere_separated(&points, N, D, 0.9, x), NTK_OK);
    cr_assert_eq(ntk_kernel_gram(architecture, NTK_KERNEL_NTK, N, D, x, D, exact, N), NTK_OK);
    ntk_network *network;
    cr_assert_eq(ntk_network_create(architecture, D, width, 1, &network), NTK_OK);
    const size_t p = ntk_network_parameters(network);
    cr_assert_leq(p, 4000);
    ntk_network_initialise(network, &weights, theta);
    cr_assert_eq(ntk_network_jacobian(network, theta, N, x, jacobian), NTK_OK);
    for (size_t i = 0; i < N * N; i++) {
        double entry = 0;
        for (size_t k = 0; k < p; k++) entry += jacobian[i / N * p + k] * jacobian[i % N * p + k];
        difference += (entry - exact[i]) * (entry - exact[i]);
        norm += exact[i] * exact[i];
    }
    ntk_network_destroy(network);
    return sqrt(difference / norm);
}

Test(convergence, slopes_are_those_of_the_errors) {
    ntk_context *context = create();
    const ntk_convergence_case which = residual_case();
    cr_assert_eq(ntk_convergence_of_errors(context, 1, &which), NTK_OK, "%s", ntk_error_detail());
    double mean = 0;
    for (uint64_t s = 0; s < SEEDS; s++)
        mean += log(error_of(context, &which.network, s, 24, "weights at width 24") /
                    error_of(context, &which.network, s, 3, "weights at width 3")) /
                log(8) / SEEDS;
    const ntk_metric *metric = ntk_metrics_find(ntk_context_metrics(context), "exponent-residual-2");
    cr_assert_not_null(metric);
    cr_assert_float_eq(metric->estimate.value, mean, 1e-11);

    const fixture_path folder = fixture_folder();
    cr_assert_eq(ntk_context_write(context, folder.text), NTK_OK, "%s", ntk_error_detail());
    char *table = fixture_read(fixture_join(folder.text, "errors.tsv").text);
    const char start[] = "network\tdepth\twidth\terror\terror-low\terror-high\nresidual\t2\t3\t";
    cr_assert_eq(strncmp(table, start, strlen(start)), 0, "%s", table);
    ntk_release(table);
    ntk_context_destroy(context);
}

/* Columns: where the network stands, the trace of its NTK, and a NaN for one of them. */
static ntk_status locate(const ntk_context *context, const ntk_convergence_pair *pair, double *values) {
    (void)context;
    values[0] = (double)(1000 * pair->width + pair->seed) + 0.25 * (pair->which->label[0] - 'a');
    values[1] = pair->empirical[0] + pair->empirical[N + 1] + pair->empirical[2 * (N + 1)];
    values[2] = pair->seed == 1 && pair->width == 3 ? NAN : 1;
    return NTK_OK;
}

/* ||J||_F^2 of the seed's network, whose weights come from the stream `purpose`. */
static double trace_of(const ntk_context *context, const ntk_architecture *architecture, uint64_t seed,
                       size_t width, const char *purpose) {
    const ntk_stream root = ntk_context_stream(context, seed);
    ntk_stream points = ntk_stream_fork(&root, "points"), weights = ntk_stream_fork(&root, purpose);
    double x[N * D], theta[4000], jacobian[N * 4000];
    cr_assert_eq(ntk_data_sphere_separated(&points, N, D, 0.9, x), NTK_OK);
    ntk_network *network;
    cr_assert_eq(ntk_network_create(architecture, D, width, 1, &network), NTK_OK);
    const size_t p = ntk_network_parameters(network);
    cr_assert_leq(p, 4000);
    ntk_network_initialise(network, &weights, theta);
    cr_assert_eq(ntk_network_jacobian(network, theta, N, x, jacobian), NTK_OK);
    ntk_network_destroy(network);
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

static ntk_status expect_columns(ntk_context *context, const ntk_convergence *found) {
    cr_assert(found->case_count == CASES && found->seed_count == SEEDS && found->width_count == 2);
    const double widths[] = {3, 24};
    for (size_t c = 0; c < CASES; c++)
        for (size_t s = 0; s < SEEDS; s++)
            for (size_t w = 0; w < 2; w++) {
                const size_t k = s * 2 + w;
                cr_expect_eq(ntk_convergence_column(found, c, 0)[k],
                             1000 * widths[w] + (double)s + 0.25 * (double)c);
                const double trace =
                    trace_of(context, &found->cases[c].network, s, (size_t)widths[w], drawn[c].purposes[w]);
                cr_expect_float_eq(ntk_convergence_column(found, c, 1)[k], trace, 1e-10 * trace);
            }
    ntk_estimate mean, rate;
    cr_assert_eq(ntk_convergence_mean(context, found, 2, 0, 1, &mean), NTK_OK);
    cr_expect_float_eq(mean.value, 24001.5, 1e-9, "case c, width 24, seeds 0 to 2");
    cr_expect_eq(mean.degrees, SEEDS - 1);
    cr_assert_eq(ntk_convergence_rate(context, found, 0, 0, &rate), NTK_OK);
    cr_expect_float_eq(rate.value, 1, 1e-3);
    cr_expect_eq(ntk_convergence_smallest(found, 0), 3000);
    cr_expect(isnan(ntk_convergence_smallest(found, 2)), "what follows a NaN does not hide it");
    return NTK_OK;
}

Test(convergence, columns_are_by_case_seed_and_width) {
    ntk_context *context = create();
    ntk_convergence_case cases[CASES];
    for (size_t c = 0; c < CASES; c++) {
        cases[c] = residual_case();
        cases[c].label = drawn[c].label;
        cases[c].weights = drawn[c].weights;
        cases[c].network.depth = cases[c].limit.depth = drawn[c].depth;
    }
    cr_assert_eq(ntk_convergence_conduct(context, CASES, cases, 3, locate, expect_columns), NTK_OK, "%s",
                 ntk_error_detail());
    ntk_context_destroy(context);
}

Test(convergence, a_case_of_a_wrong_kind_is_refused) {
    ntk_context *context = create();
    ntk_convergence_case which = residual_case();
    which.limit.depth = 0;
    cr_assert_eq(ntk_convergence_of_errors(context, 1, &which), NTK_ERROR_ARGUMENT);
    ntk_context_destroy(context);
}
