/* Flows of networks of finite width: no closed form, so integrators, tolerances and times are
 * compared. */
#include <criterion/criterion.h>

#include <math.h>
#include <string.h>

#include <ntk/data.h>
#include <ntk/linalg.h>

#include "problems.h"

enum { N = 6, D = 5, WIDTH = 32, LIMIT = 4096 };

typedef struct fixture {
    ntk_network *network;
    ntk_model model;
    double x[N * D], targets[N];
    double theta0[LIMIT], theta[LIMIT];
    size_t parameters;
    ntk_flow_options options;
} fixture;

static void setup_network(ntk_architecture architecture, ntk_activation activation, fixture *out) {
    assert_ok(ntk_linalg_start());
    memset(out, 0, sizeof *out);
    ntk_stream stream = ntk_stream_create(7, "tests of dynamics", 0);
    ntk_stream data = ntk_stream_fork(&stream, "data"), weights = ntk_stream_fork(&stream, "weights");
    architecture.activation = activation;
    assert_ok(ntk_data_sphere_separated(&data, N, D, 0.6, out->x));
    assert_ok(ntk_network_create(&architecture, D, WIDTH, 1, &out->network));
    assert_ok(ntk_model_network(out->network, N, out->x, &out->model));
    out->parameters = out->model.dimension;
    cr_assert(out->parameters <= LIMIT);
    ntk_network_initialise(out->network, &weights, out->theta0);
    for (size_t i = 0; i < N; ++i) out->targets[i] = (double)(i % 2);
    out->options = ntk_flow_options_default();
    out->options.loss = NTK_LOSS_LOGISTIC;
    out->options.kinked = !ntk_activation_is_smooth(activation);
}

static void setup(ntk_activation activation, fixture *out) {
    setup_network(ntk_architecture_default(), activation, out);
}

static void teardown(fixture *self) {
    ntk_model_release(&self->model);
    ntk_network_destroy(self->network);
}

static ntk_flow_result run(fixture *self) {
    memcpy(self->theta, self->theta0, self->parameters * sizeof(double));
    return run_flow(&self->model, self->targets, &self->options, self->theta);
}

/* theta -> flow -> theta in one setting against another; relative to the way travelled. */
static double difference(fixture *self, const ntk_flow_options *first, const ntk_flow_options *second) {
    static double kept[LIMIT];
    self->options = *first;
    run(self);
    memcpy(kept, self->theta, sizeof kept);
    self->options = *second;
    const ntk_flow_result result = run(self);
    return ntk_distance(self->parameters, kept, self->theta) / result.displacement;
}

Test(network_flow, rate_is_minus_the_gradient_of_the_loss) {
    fixture f;
    setup(NTK_ERF, &f);
    double outputs[N], cotangent[N], shifted[N], loss[2];
    static double gradient[LIMIT];
    assert_ok(f.model.evaluate(f.model.context, f.theta0, outputs));
    ntk_loss_evaluate(NTK_LOSS_LOGISTIC, N, 1, outputs, f.targets, NULL, cotangent);
    assert_ok(f.model.pullback(f.model.context, f.theta0, cotangent, gradient));
    for (size_t i = 0; i < f.parameters; i += 17) {
        for (int side = 0; side < 2; ++side) {
            memcpy(f.theta, f.theta0, sizeof f.theta);
            f.theta[i] += side ? 1e-5 : -1e-5;
            assert_ok(f.model.evaluate(f.model.context, f.theta, shifted));
            ntk_loss_evaluate(NTK_LOSS_LOGISTIC, N, 1, shifted, f.targets, &loss[side], NULL);
        }
        cr_assert_float_eq(gradient[i], (loss[1] - loss[0]) / 2e-5, 1e-9, "parameter %zu", i);
    }
    teardown(&f);
}

Test(network_flow, smooth_flow_converges_with_the_tolerance) {
    fixture f;
    setup(NTK_ERF, &f);
    f.options.time = NTK_TIME_LOG_LOSS;
    f.options.log_horizon = 20;
    ntk_flow_options coarse = f.options, fine = f.options, finest = f.options;
    coarse.tolerance = 1e-5;
    fine.tolerance = 1e-7;
    finest.tolerance = 1e-10;
    /* Local errors of the tolerance, amplified over some dozens of steps. */
    const double first = difference(&f, &coarse, &finest), second = difference(&f, &fine, &finest);
    cr_assert(first < 1e-3 && second < 1e-5 && second < 0.1 * first, "%g, %g", first, second);
    teardown(&f);
}

Test(network_flow, physical_and_log_loss_time_agree) {
    fixture f;
    setup(NTK_ERF, &f);
    f.options.horizon = 300;
    ntk_flow_options physical = f.options, logarithmic = f.options, stabilised = f.options;
    physical.integrator = NTK_INTEGRATOR_EMBEDDED;
    physical.tolerance = logarithmic.tolerance = 1e-9;
    logarithmic.time = NTK_TIME_LOG_LOSS;
    stabilised.tolerance = 1e-7;
    const double times = difference(&f, &physical, &logarithmic);
    cr_assert(times < 1e-6, "physical against log-loss time: %g", times);
    /* Order 2: the global error is the local one to the power 2/3, 1e-7^(2/3) = 2e-5. */
    const double methods = difference(&f, &physical, &stabilised);
    cr_assert(methods < 1e-4, "embedded against stabilised: %g", methods);
    teardown(&f);
}

Test(network_flow, regularised_flow_obeys_its_energy_bound_and_becomes_stationary) {
    fixture f;
    setup(NTK_ERF, &f);
    double outputs[N], loss;
    assert_ok(f.model.evaluate(f.model.context, f.theta0, outputs));
    ntk_loss_evaluate(NTK_LOSS_LOGISTIC, N, 1, outputs, f.targets, &loss, NULL);
    f.options.lambda = 0.05;
    f.options.gradient_tolerance = 1e-8;
    const ntk_flow_result result = run(&f);
    cr_assert(result.end == NTK_END_STATIONARY);
    cr_assert(result.displacement <= sqrt(2 * loss / 0.05) && result.displacement > 0.5, "%g",
              result.displacement);
    teardown(&f);
}

Test(network_flow, kinked_flow_by_bounded_steps_changes_little_when_they_are_halved) {
    fixture f;
    setup(NTK_RELU, &f);
    f.options.time = NTK_TIME_LOG_LOSS;
    f.options.log_horizon = 15;
    ntk_flow_options whole = f.options, half = f.options, quarter = f.options;
    whole.step = 0.1, half.step = 0.05, quarter.step = 0.025;
    /* First order across kinks, second between them: at least a factor of about 2 a halving. */
    const double first = difference(&f, &whole, &half), second = difference(&f, &half, &quarter);
    cr_assert(first < 0.02 && second < 0.7 * first, "%g, %g", first, second);
    f.options = whole;
    const size_t steps = run(&f).steps;
    f.options = half;
    const double ratio = (double)run(&f).steps / (double)steps;
    cr_assert(ratio > 1.8 && ratio < 2.2, "halving the step doubles the number of steps: %g", ratio);
    teardown(&f);
}

static ntk_status check_drift(const ntk_observation *seen, void *context) {
    double *last = context;
    cr_assert(seen->kernel_lambda_min > 0 && seen->kernel_drift >= *last);
    *last = seen->kernel_drift;
    return NTK_OK;
}

static double drift_threshold(const ntk_observation *seen, void *context) {
    (void)context;
    return seen->kernel_drift - 0.1;
}

static double outputs_of_drift(fixture *f, double *drift) {
    static double kernel[2][N * N];
    assert_ok(f->model.tangent_kernel(f->model.context, f->theta0, kernel[0]));
    assert_ok(f->model.tangent_kernel(f->model.context, f->theta, kernel[1]));
    return *drift = ntk_distance(N * N, kernel[0], kernel[1]) / ntk_norm(N * N, kernel[0]);
}

Test(network_flow, the_exit_of_the_kernel_is_located) {
    fixture f;
    setup(NTK_ERF, &f);
    const double times[] = {-INFINITY, -2, 0, 1};
    double drift = 0;
    f.options.time = NTK_TIME_LOG_LOSS;
    f.options.log_horizon = 100;
    f.options.event = drift_threshold;
    f.options.event_needs_kernel = true;
    f.options.event_tolerance = 1e-7;
    f.options.observe_kernel = true;
    f.options.observer = check_drift;
    f.options.observation_log_times = times;
    f.options.observation_count = 4;
    f.options.context = &drift;
    const ntk_flow_result result = run(&f);
    cr_assert_eq(result.end, NTK_END_EVENT);
    cr_assert_float_eq(outputs_of_drift(&f, &drift), 0.1, 1e-7, "%.12g", drift);
    teardown(&f);
}

/* Observers and events may use the network, which then has other activations than those of the
 * state whose kernel is asked for next. */
typedef struct disturber {
    fixture *f;
    bool disturbs;
    size_t count;
    double drift[LIMIT];
} disturber;

static void disturb(disturber *self) {
    double outputs[N], other[N * D];
    for (size_t i = 0; i < N * D; ++i) other[i] = 1 - self->f->x[i];
    if (self->disturbs) assert_ok(ntk_network_forward(self->f->network, self->f->theta0, N, other, outputs));
}

static ntk_status disturb_at_step(const ntk_observation *seen, void *context) {
    (void)seen;
    disturb(context);
    return NTK_OK;
}

static ntk_status keep_drift(const ntk_observation *seen, void *context) {
    disturber *self = context;
    self->drift[self->count++] = seen->kernel_drift;
    disturb(self);
    return NTK_OK;
}

static double drift_by_steps(const ntk_observation *seen, void *context) {
    disturber *self = context;
    self->drift[self->count++] = seen->kernel_drift;
    disturb(self);
    return seen->kernel_drift - 0.2;
}

static void check_undisturbed(ntk_activation activation, ntk_event event) {
    fixture f;
    static disturber runs[2];
    const double times[] = {-1, 0, 1, 1.5};
    setup(activation, &f);
    f.options.time = NTK_TIME_LOG_LOSS;
    f.options.log_horizon = 2;
    f.options.event = event;
    f.options.event_needs_kernel = event != NULL;
    f.options.observe_kernel = true;
    f.options.observer = keep_drift;
    f.options.every_step = disturb_at_step;
    f.options.observation_log_times = times;
    f.options.observation_count = 4;
    for (size_t r = 0; r < 2; ++r) {
        runs[r] = (disturber){.f = &f, .disturbs = r == 1};
        f.options.context = &runs[r];
        run(&f);
    }
    cr_assert(runs[0].count >= 4 && runs[0].count == runs[1].count);
    for (size_t i = 0; i < runs[0].count; ++i) cr_assert_eq(runs[0].drift[i], runs[1].drift[i], "%zu", i);
    teardown(&f);
}

Test(network_flow, observers_may_use_the_network) {
    check_undisturbed(NTK_ERF, NULL);
    check_undisturbed(NTK_RELU, NULL);
    check_undisturbed(NTK_ERF, drift_by_steps);
    check_undisturbed(NTK_RELU, drift_by_steps);
}

Test(network_flow, the_same_run_gives_the_same_bits) {
    fixture f;
    static double kept[LIMIT];
    setup(NTK_GELU, &f);
    f.options.time = NTK_TIME_LOG_LOSS;
    f.options.log_horizon = 10;
    run(&f);
    memcpy(kept, f.theta, sizeof kept);
    run(&f);
    cr_assert_eq(memcmp(kept, f.theta, f.parameters * sizeof(double)), 0);
    teardown(&f);
}

/* The same of a convolutional network on signals of D positions, which is one more model to a flow.
 */
Test(network_flow, convolutional_network_flows_unchanged) {
    fixture f;
    ntk_architecture architecture;
    assert_ok(ntk_architecture_convolutional(1, D, 1, "conv 3, conv 2", &architecture));
    setup_network(architecture, NTK_ERF, &f);
    double outputs[N], loss;
    assert_ok(f.model.evaluate(f.model.context, f.theta0, outputs));
    ntk_loss_evaluate(NTK_LOSS_LOGISTIC, N, 1, outputs, f.targets, &loss, NULL);
    f.options.horizon = 100;
    ntk_flow_options physical = f.options, logarithmic = f.options;
    physical.integrator = NTK_INTEGRATOR_EMBEDDED;
    physical.tolerance = logarithmic.tolerance = 1e-9;
    logarithmic.time = NTK_TIME_LOG_LOSS;
    const double times = difference(&f, &physical, &logarithmic);
    cr_assert(times < 1e-6, "physical against log-loss time: %g", times);
    f.options = physical;
    f.options.horizon = INFINITY;
    f.options.integrator = ntk_flow_options_default().integrator;
    f.options.lambda = 0.05;
    f.options.gradient_tolerance = 1e-8;
    const ntk_flow_result result = run(&f);
    cr_assert(result.end == NTK_END_STATIONARY);
    cr_assert(result.displacement <= sqrt(2 * loss / 0.05) && result.displacement > 0.3, "%g",
              result.displacement);
    teardown(&f);
}
