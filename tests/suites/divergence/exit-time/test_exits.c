/* Exit sweeps: which neurons a network is made of, which thresholds it is followed to, and what
 * becomes of the times. */
#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/exit.h>
#include <ntk/flow.h>
#include <ntk/hard_margin.h>
#include <ntk/inference_problem.h>
#include <ntk/lab/context.h>
#include <ntk/lab/grid.h>
#include <ntk/lab/parameters.h>
#include <ntk/lab/problem.h>
#include <ntk/loss.h>
#include <ntk/models.h>
#include <ntk/random.h>
#include <ntk/status.h>

#include "fixture.h"
#include "suites/divergence/exit-time/exits.h"

TestSuite(exit_sweep, .fini = fixture_remove);

enum { INPUTS = 3, POINTS = 2, LIST = 16 };

static const ntk_parameter *const parameters[] = {ntk_sphere_parameters, ntk_exit_sweep_parameters, NULL};
static const fixture_setting tiny[] = {{"activations", "erf relu"},
                                       {"thresholds", "0.05 0.1"},
                                       {"widths", "4 8 16"},
                                       {"first-widths", "8 4"},
                                       {"last-widths", "16 8"},
                                       {"seeds", "2"},
                                       {"points", "2"},
                                       {"inputs", "3"},
                                       {"deep-widths", "4 6"},
                                       {0}};

static ntk_exit_sweep run(ntk_context *context, size_t depth) {
    ntk_exit_sweep sweep;
    assert_ok(ntk_exit_sweep_run(context, depth, &sweep));
    return sweep;
}

/* How far the lazy network of these parameters has gone by a time. */
static double lazy_gain(const ntk_training *training, const double *theta, double log_time) {
    const ntk_model *model = &training->model;
    double gram[POINTS * POINTS], weights[POINTS], gain;
    const ntk_inference_problem problem = {.loss = NTK_LOSS_LOGISTIC,
                                           .points = POINTS,
                                           .outputs = 1,
                                           .order = POINTS,
                                           .gram = gram,
                                           .targets = training->targets};
    ntk_hard_margin_result margin;
    assert_ok(model->tangent_kernel(model->context, theta, gram));
    assert_ok(ntk_inference_hard_margin(&problem, weights, NULL, &margin));
    assert_ok(ntk_exit_lazy_gain(model, theta, training->targets, weights, 1, &log_time, &gain));
    return gain;
}

/* log T of the network of neurons [begin, begin + m) of a seed's list, put together here; and
 * *gain, how far it has gone by then, were it lazy. */
static double exit_of_block(const ntk_exit_sweep *sweep, ntk_place at, size_t begin, double threshold,
                            double *gain) {
    double inner[LIST * INPUTS], outer[LIST], largest;
    ntk_stream root = ntk_stream_create(5, "a/b", at.at[NTK_EXIT_SEED]);
    ntk_stream first = ntk_stream_fork(&root, "input weights"),
               second = ntk_stream_fork(&root, "output weights");
    ntk_stream_normal(&first, LIST * INPUTS, inner);
    ntk_stream_normal(&second, LIST, outer);
    ntk_training training;
    ntk_flow_options flow;
    ntk_exit found;
    ntk_flow_result result;
    assert_ok(ntk_exit_sweep_problem(sweep, at, &training, &flow));
    const size_t m = (size_t)ntk_grid_number(&sweep->grid, at, NTK_EXIT_WIDTH);
    cr_assert_eq(training.parameters, m * (INPUTS + 1));
    for (size_t k = 0; k < m; k++) {
        for (size_t i = 0; i < INPUTS; i++) training.theta[k * INPUTS + i] = inner[(begin + k) * INPUTS + i];
        training.theta[m * INPUTS + k] = outer[begin + k];
    }
    double start[LIST * (INPUTS + 1)];
    memcpy(start, training.theta, training.parameters * sizeof *start);
    assert_ok(ntk_exit_run(&training.model, training.targets, &flow, 1, &threshold, training.theta, &found,
                           &largest, &result));
    *gain = lazy_gain(&training, start, found.log_time);
    ntk_training_release(&training);
    return found.log_time;
}

/* The row of a threshold. */
static const double *row_of(const ntk_exit_sweep *sweep, size_t activation, size_t step, size_t threshold,
                            size_t seed, size_t width) {
    return ntk_grid_row(&sweep->grid, (ntk_place){{activation, step, threshold, seed, width}});
}

/* Erf may not leave at these widths: ReLU, with either step. */
Test(exit_sweep, rows_are_means_over_consecutive_blocks) {
    ntk_exit_sweep sweep = run(fixture_context(parameters, tiny, NULL), 1);
    for (size_t s = 0; s < 2; s++)
        for (size_t step = 0; step < 2; step++) {
            const ntk_place at = {{1, step, 0, s, 1}};
            const double *first = row_of(&sweep, 1, step, 0, s, 1),
                         *second = row_of(&sweep, 1, step, 1, s, 1);
            double gain[3];
            const double a = exit_of_block(&sweep, at, 0, 0.05, &gain[0]);
            const double b = exit_of_block(&sweep, at, 8, 0.05, &gain[1]);
            cr_expect(first[NTK_EXIT_NETWORKS] == 2 && first[NTK_EXIT_COUNT] == 2);
            cr_expect_float_eq(first[NTK_EXIT_LOG_TIME], 0.5 * (a + b), 1e-6, "%g, %g %g",
                               first[NTK_EXIT_LOG_TIME], a, b);
            cr_expect_float_eq(first[NTK_EXIT_LOG_TIME_LOW], fmin(a, b), 1e-6);
            cr_expect_float_eq(first[NTK_EXIT_LOG_TIME_HIGH], fmax(a, b), 1e-6);
            cr_expect(first[NTK_EXIT_TRAVEL] > 0 && first[NTK_EXIT_DRIFT] >= 0.05);
            cr_expect_float_eq(first[NTK_EXIT_LAZY_GAIN], 0.5 * (gain[0] + gain[1]), 1e-4);
            cr_expect_float_eq(second[NTK_EXIT_LOG_TIME], exit_of_block(&sweep, at, 0, 0.1, &gain[2]), 1e-6);
            cr_expect_float_eq(second[NTK_EXIT_LAZY_GAIN], gain[2], 1e-4);
        }
    ntk_grid_release(&sweep.grid);
}

/* The first threshold uses 16 neurons from width 8 on, the second 8 from width 4 on. */
Test(exit_sweep, thresholds_use_their_own_neurons_and_widths) {
    ntk_exit_sweep sweep = run(fixture_context(parameters, tiny, NULL), 1);
    const double networks[3][2] = {{2, 2}, {2, 1}, {1, 0}}; /* width 4: blocks 2 and 3 belong to no
                                                             * law */
    for (size_t w = 0; w < 3; w++)
        for (size_t q = 0; q < 2; q++) {
            const double *row = row_of(&sweep, 1, 0, q, 1, w);
            cr_expect_eq(row[NTK_EXIT_NETWORKS], networks[w][q], "width %zu, threshold %zu", w, q);
            cr_expect_eq(ntk_exit_sweep_in_law(&sweep, (ntk_place){{1, 0, q, 1, w}}),
                         networks[w][q] > 0 && (q == 1 || w > 0));
            cr_expect_eq(isfinite(row[NTK_EXIT_PREDICTED]), (q == 0 && w == 2) || (q == 1 && w == 1),
                         "widest only");
            cr_expect_eq(isnan(row[NTK_EXIT_LOG_TIME]), networks[w][q] == 0);
        }
    cr_expect_eq(row_of(&sweep, 0, 1, 0, 0, 1)[NTK_EXIT_NETWORKS], 0, "erf has one step");
    ntk_grid_release(&sweep.grid);
}

Test(exit_sweep, the_first_seeds_are_run_with_twice_the_step) {
    ntk_context *context = fixture_context(parameters, tiny, "step-seeds", "1", NULL);
    ntk_exit_sweep sweep = run(context, 1);
    for (size_t s = 0; s < 2; s++) {
        cr_expect_eq(row_of(&sweep, 1, 1, 0, s, 1)[NTK_EXIT_NETWORKS], s == 0 ? 2 : 0);
        cr_expect_eq(row_of(&sweep, 1, 0, 0, s, 1)[NTK_EXIT_NETWORKS], 2);
    }
    ntk_grid_release(&sweep.grid);
}

Test(exit_sweep, two_hidden_layers_have_one_network_a_width) {
    ntk_exit_sweep sweep = run(fixture_context(parameters, tiny, "deep-thresholds", "1", NULL), 2);
    cr_expect_eq(ntk_grid_count(&sweep.grid, (ntk_place){{1, 0, NTK_ALL, NTK_ALL, NTK_ALL}}), 1 * 2 * 2);
    for (size_t w = 0; w < 2; w++) {
        cr_expect_eq(row_of(&sweep, 1, 0, 0, 1, w)[NTK_EXIT_NETWORKS], 1);
        cr_expect(ntk_exit_sweep_in_law(&sweep, (ntk_place){{1, 0, 0, 1, w}}));
        cr_expect(isnan(row_of(&sweep, 1, 0, 0, 1, w)[NTK_EXIT_PREDICTED]));
    }
    ntk_grid_release(&sweep.grid);
}

Test(exit_sweep, a_network_that_stays_has_no_time) {
    ntk_context *context =
        fixture_context(parameters, tiny, "epsilon", "0.4", "thresholds", "9 10", "activations", "erf", NULL);
    ntk_exit_sweep sweep = run(context, 1);
    cr_expect(sweep.converges);
    const double *row = row_of(&sweep, 0, 0, 0, 0, 1);
    cr_expect(row[NTK_EXIT_NETWORKS] == 2 && row[NTK_EXIT_COUNT] == 0);
    cr_expect(isnan(row[NTK_EXIT_LOG_TIME]) && isnan(row[NTK_EXIT_LOG_TIME_HIGH]) &&
              isnan(row[NTK_EXIT_TRAVEL]) && isnan(row[NTK_EXIT_LAZY_GAIN]));
    cr_expect(row[NTK_EXIT_DRIFT] > 0 && row[NTK_EXIT_DRIFT] < 9 && isnan(row[NTK_EXIT_PREDICTED]));
    ntk_grid_release(&sweep.grid);
}

Test(exit_sweep, an_error_names_its_place) {
    /* nine points of R^3 are never orthogonal to one another */
    ntk_context *context = fixture_context(parameters, tiny, "max-cosine", "0.01", "points", "9", NULL);
    ntk_exit_sweep sweep;
    assert_fails(ntk_exit_sweep_run(context, 1, &sweep), NTK_ERROR_NO_CONVERGENCE,
                 "erf, step 1, seed 0, width 16: ");
}

Test(exit_sweep, lists_must_fit_together) {
    const fixture_setting bad[] = {{"first-widths", "4 4 4"}, {"last-widths", "16"}, {"last-widths", "8 16"}};
    for (size_t i = 0; i < 3; i++) {
        ntk_context *context = fixture_context(parameters, tiny, bad[i].name, bad[i].value, NULL);
        ntk_exit_sweep sweep;
        cr_expect_eq(ntk_exit_sweep_run(context, 1, &sweep), NTK_ERROR_ARGUMENT, "%zu", i);
        cr_expect(strlen(ntk_error_detail()) > 0);
    }
}
