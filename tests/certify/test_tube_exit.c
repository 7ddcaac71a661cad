/* Proved exits against the flow in doubles. */
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/data.h>
#include <ntk/exit.h>
#include <ntk/random.h>
#include <ntk/tube.h>

#include "status.h"

enum { M = 12, N = 3, D = 3, P = M * (D + 1) };

static double theta[P], x[N * D], targets[N];
static ntk_architecture architecture;

static ntk_tube *make(ntk_activation activation, ntk_loss loss, size_t bits) {
    architecture = ntk_architecture_default();
    architecture.activation = activation;
    architecture.input_scale = NTK_INPUT_SCALE_NONE;
    ntk_stream stream = ntk_stream_create(1, "tests/tube-exit", 0);
    assert_ok(ntk_data_sphere_separated(&stream, N, D, 0.6, x));
    ntk_stream_normal(&stream, P, theta);
    for (size_t i = 0; i < N; i++) targets[i] = (double)(i % 2);
    const ntk_tube_problem problem = {.architecture = &architecture,
                                      .loss = loss,
                                      .inputs = D,
                                      .width = M,
                                      .theta = theta,
                                      .points = N,
                                      .x = x,
                                      .targets = targets};
    ntk_tube_options options = ntk_tube_options_default();
    options.bits = bits;
    options.order = 14;
    ntk_tube *tube = NULL;
    assert_ok(ntk_tube_create(&problem, &options, &tube));
    return tube;
}

/* The flow in doubles, with its own integrator, kernel and event: within its tolerance of the
 * proved interval. */
static void check_exits(ntk_activation activation) {
    const double q[] = {0.1, 0.25, 0.5};
    ntk_tube *tube = make(activation, NTK_LOSS_LOGISTIC, 64);
    ntk_tube_exit exits[3];
    assert_ok(ntk_tube_exits(tube, 3, q, 60, exits));
    ntk_network *network = NULL;
    ntk_model model;
    assert_ok(ntk_network_create(&architecture, D, M, 1, &network));
    assert_ok(ntk_model_network(network, N, x, &model));
    ntk_flow_options options = ntk_flow_options_default();
    options.loss = NTK_LOSS_LOGISTIC;
    options.time = NTK_TIME_LOG_LOSS;
    options.tolerance = 1e-10;
    options.event_tolerance = 1e-11;
    options.log_horizon = 60;
    ntk_exit seen[3];
    double largest;
    ntk_flow_result result;
    assert_ok(ntk_exit_run(&model, targets, &options, 3, q, theta, seen, &largest, &result));
    for (int k = 0; k < 3; k++) {
        const ntk_interval proved = exits[k].log_time;
        cr_expect(proved.low <= proved.high && proved.high - proved.low < 1e-3, "%d: [%.9g, %.9g]", k,
                  proved.low, proved.high);
        cr_expect(seen[k].log_time > proved.low - 1e-6 && seen[k].log_time < proved.high + 1e-6,
                  "%d: %.12g not in [%.12g, %.12g]", k, seen[k].log_time, proved.low, proved.high);
        cr_expect(exits[k].displacement <= seen[k].displacement + 1e-6 &&
                  exits[k].displacement > 0.99 * seen[k].displacement);
        cr_expect(exits[k].s_low < exits[k].s_high);
    }
    ntk_model_release(&model);
    ntk_network_destroy(network);
    ntk_tube_destroy(tube);
}

Test(tube_exit, holds_the_flows_exit_times_erf) { check_exits(NTK_ERF); }
Test(tube_exit, holds_the_flows_exit_times_gelu) { check_exits(NTK_GELU); }

/* The interval is where the proved change crosses the threshold: R < q at its beginning, > q
 * behind it, as the tube itself tells. More bits, less width. */
Test(tube_exit, more_bits_narrow_it) {
    const double q = 0.2;
    ntk_tube_exit coarse, fine;
    ntk_tube *tube = make(NTK_ERF, NTK_LOSS_LOGISTIC, 64);
    assert_ok(ntk_tube_exits(tube, 1, &q, 60, &coarse));
    ntk_tube_destroy(tube);
    tube = make(NTK_ERF, NTK_LOSS_LOGISTIC, 128);
    assert_ok(ntk_tube_exits(tube, 1, &q, 60, &fine));
    ntk_tube_state state;
    assert_ok(ntk_tube_describe(tube, &state));
    cr_expect(fine.log_time.low >= coarse.log_time.low && fine.log_time.high <= coarse.log_time.high);
    cr_expect(fine.log_time.high - fine.log_time.low < 1e-2 * (coarse.log_time.high - coarse.log_time.low));
    cr_expect(state.largest_drift.high > q && state.largest_drift.low > 0.99 * q);
    ntk_tube_destroy(tube);
}

/* The horizon comes first: no exit is claimed. */
Test(tube_exit, ends_at_the_horizon) {
    const double q[] = {0.05, 5};
    ntk_tube *tube = make(NTK_ERF, NTK_LOSS_LOGISTIC, 64);
    ntk_tube_exit exits[2];
    assert_ok(ntk_tube_exits(tube, 2, q, 3, exits));
    cr_expect(isfinite(exits[0].log_time.high) && exits[0].log_time.high < 3);
    cr_expect(isinf(exits[1].log_time.low) && isinf(exits[1].log_time.high));
    ntk_tube_destroy(tube);
}

Test(tube_exit, refuses_misuse) {
    ntk_tube *tube = make(NTK_ERF, NTK_LOSS_LOGISTIC, 64);
    ntk_tube_exit exit;
    cr_expect_eq(ntk_tube_exits(tube, 1, (double[]){-1}, 60, &exit), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_tube_exits(tube, 1, (double[]){0.1}, NAN, &exit), NTK_ERROR_ARGUMENT);
    ntk_tube_destroy(tube);
}
