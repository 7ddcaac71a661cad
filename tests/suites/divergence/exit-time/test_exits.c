/* Exit sweeps: which neurons a network is made of, which thresholds it is followed to, and what becomes of
 * the times. */
#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/exit.h>
#include <ntk/flow.h>
#include <ntk/hard_margin.h>
#include <ntk/inference_problem.h>
#include <ntk/lab/context.h>
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

/* log T of the network of neurons [begin, begin + m) of a seed's list, put together here; and *gain, how far
 * it has gone by then, were it lazy. */
static double exit_of_block(const ntk_exit_sweep *sweep, ntk_exit_place at, size_t begin, double threshold,
                            double *gain) {
    double inner[LIST * INPUTS], outer[LIST], largest;
    ntk_stream root = ntk_stream_create(5, "a/b", at.seed);
    ntk_stream first = ntk_stream_fork(&root, "input weights"),
               second = ntk_stream_fork(&root, "output weights");
    ntk_stream_normal(&first, LIST * INPUTS, inner);
    ntk_stream_normal(&second, LIST, outer);
    ntk_training training;
    ntk_flow_options flow;
    ntk_exit found;
    ntk_flow_result result;
    assert_ok(ntk_exit_sweep_problem(sweep, at, &training, &flow));
    const size_t m = (size_t)sweep->widths[at.width];
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

/* Erf may not leave at these widths: ReLU, with either step. */
Test(exit_sweep, cells_are_means_over_consecutive_blocks) {
    ntk_exit_sweep sweep = run(fixture_context(parameters, tiny, NULL), 1);
    for (size_t s = 0; s < 2; s++)
        for (int twice = 0; twice <= 1; twice++) {
            const ntk_exit_place at = {1, s, 1, twice};
            const ntk_exit_cell *cells = ntk_exit_sweep_cells(&sweep, at);
            double gain[3];
            const double a = exit_of_block(&sweep, at, 0, 0.05, &gain[0]);
            const double b = exit_of_block(&sweep, at, 8, 0.05, &gain[1]);
            cr_expect(cells[0].runs == 2 && cells[0].exits == 2);
            cr_expect_float_eq(cells[0].log_time, 0.5 * (a + b), 1e-6, "%g, %g %g", cells[0].log_time, a, b);
            cr_expect_float_eq(cells[0].low, fmin(a, b), 1e-6);
            cr_expect_float_eq(cells[0].high, fmax(a, b), 1e-6);
            cr_expect(cells[0].travel > 0 && cells[0].largest_drift >= 0.05);
            cr_expect_float_eq(cells[0].lazy_gain, 0.5 * (gain[0] + gain[1]), 1e-4);
            cr_expect_float_eq(cells[1].log_time, exit_of_block(&sweep, at, 0, 0.1, &gain[2]), 1e-6);
            cr_expect_float_eq(cells[1].lazy_gain, gain[2], 1e-4);
        }
    ntk_exit_sweep_release(&sweep);
}

/* The first threshold uses 16 neurons from width 8 on, the second 8 from width 4 on. */
Test(exit_sweep, thresholds_use_their_own_neurons_and_widths) {
    ntk_exit_sweep sweep = run(fixture_context(parameters, tiny, NULL), 1);
    const size_t runs[3][2] = {{2, 2}, {2, 1}, {1, 0}}; /* width 4: blocks 2 and 3 belong to no law */
    for (size_t w = 0; w < 3; w++)
        for (size_t q = 0; q < 2; q++) {
            const ntk_exit_place at = {1, 1, w, false};
            const ntk_exit_cell *cell = &ntk_exit_sweep_cells(&sweep, at)[q];
            cr_expect_eq(cell->runs, runs[w][q], "width %zu, threshold %zu: %zu", w, q, cell->runs);
            cr_expect_eq(ntk_exit_sweep_in_law(&sweep, at, q), runs[w][q] > 0 && (q == 1 || w > 0));
            cr_expect_eq(isfinite(cell->predicted), (q == 0 && w == 2) || (q == 1 && w == 1), "widest only");
            cr_expect_eq(isnan(cell->log_time), runs[w][q] == 0);
        }
    cr_expect_eq(ntk_exit_sweep_cells(&sweep, (ntk_exit_place){0, 0, 1, true})[0].runs, 0,
                 "erf has one step");
    ntk_exit_sweep_release(&sweep);
}

Test(exit_sweep, the_first_seeds_are_run_with_twice_the_step) {
    ntk_context *context = fixture_context(parameters, tiny, "step-seeds", "1", NULL);
    ntk_exit_sweep sweep = run(context, 1);
    for (size_t s = 0; s < 2; s++) {
        cr_expect_eq(ntk_exit_sweep_cells(&sweep, (ntk_exit_place){1, s, 1, true})[0].runs, s == 0 ? 2 : 0);
        cr_expect_eq(ntk_exit_sweep_cells(&sweep, (ntk_exit_place){1, s, 1, false})[0].runs, 2);
    }
    ntk_exit_sweep_release(&sweep);
}

Test(exit_sweep, two_hidden_layers_have_one_network_a_width) {
    ntk_exit_sweep sweep = run(fixture_context(parameters, tiny, "deep-thresholds", "1", NULL), 2);
    cr_expect(sweep.threshold_count == 1 && sweep.width_count == 2 && sweep.seeds == 2);
    for (size_t w = 0; w < 2; w++) {
        const ntk_exit_place at = {1, 1, w, false};
        cr_expect_eq(ntk_exit_sweep_cells(&sweep, at)[0].runs, 1);
        cr_expect(ntk_exit_sweep_in_law(&sweep, at, 0));
        cr_expect(isnan(ntk_exit_sweep_cells(&sweep, at)[0].predicted));
    }
    ntk_exit_sweep_release(&sweep);
}

Test(exit_sweep, a_network_that_stays_has_no_time) {
    ntk_context *context =
        fixture_context(parameters, tiny, "epsilon", "0.4", "thresholds", "9 10", "activations", "erf", NULL);
    ntk_exit_sweep sweep = run(context, 1);
    cr_expect(sweep.converges);
    const ntk_exit_cell *cell = ntk_exit_sweep_cells(&sweep, (ntk_exit_place){0, 0, 1, false});
    cr_expect(cell->runs == 2 && cell->exits == 0 && isnan(cell->log_time) && isnan(cell->high) &&
              isnan(cell->travel) && isnan(cell->lazy_gain));
    cr_expect(cell->largest_drift > 0 && cell->largest_drift < 9 && isnan(cell->predicted));
    ntk_exit_sweep_release(&sweep);
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
