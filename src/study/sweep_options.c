/* What the parameters of a sweep say. */
#include <string.h>

#include <ntk/architecture.h>
#include <ntk/flow.h>
#include <ntk/lab/context.h>
#include <ntk/lab/network_name.h>
#include <ntk/lab/parameters.h>
#include <ntk/lab/problem.h>
#include <ntk/lab/sweep.h>
#include <ntk/loss.h>
#include <ntk/status.h>

const ntk_parameter ntk_sweep_parameters[] = {
    NTK_NETWORKS("activations", "erf", NULL, "networks, by name"),
    NTK_INTEGER("depth", 1, 1, 4, "hidden layers or blocks, where the network's name does not say"),
    NTK_CHOICE("data", "sphere", "sphere|digits", "what the points are drawn from"),
    NTK_FLAG("coordinates", false, "give networks the points' coordinates in their span: the same law"),
    NTK_INTEGERS("digits", "3 8", 0, 9, "the digits that are the classes"),
    NTK_INTEGERS("widths", "64", 2, 1048576, "hidden widths, ascending"),
    NTK_INTEGERS("deep-widths", "0", 0, 65536, "of networks with more than one layer, as many; 0: widths"),
    NTK_INTEGER("seeds", 2, 1, 100000, "initialisations (each with its own points) per width"),
    NTK_INTEGER("test-points", 0, 0, 1000, "points followed but never trained on"),
    NTK_INTEGER("classes", 2, 2, NTK_NETWORK_CLASSES_MAX, "where the name does not say; 2: one output"),
    NTK_CHOICE("loss", "cross-entropy", "cross-entropy|squared", "logistic for one output, else softmax"),
    NTK_CHOICE("scaling", "ntk", "ntk|mean-field", "mean-field: output / sqrt(m), time * m, lambda / m"),
    NTK_REAL("epsilon", 0, 0, 0.49, "smallest target probability; 0: one-hot"),
    NTK_REAL("lambda", 0, 0, 1e6, "strength of L2"),
    NTK_CHOICE("centre", "initialisation", "initialisation|zero", "what L2 pulls towards"),
    NTK_REAL("log-horizon", 10, -10, 1000, "log of the time at which a flow ends"),
    NTK_REAL("kinked-log-horizon", 1000, -10, 1000, "that of networks with kinks, never at rest, if nearer"),
    NTK_REAL("horizon-growth", 0, 0, 10, "c: it ends at log-horizon + c sqrt(m)"),
    NTK_INTEGER("observations", 61, 3, 61, "times at which a flow is observed"),
    NTK_FLAG("observe-lambda-min", true, "smallest eigenvalue of each observed kernel: (nK)^3 operations"),
    NTK_FLAG("observe-kernel", true, "record the drift of the tangent kernel"),
    NTK_REAL("tolerance", 1e-6, 1e-13, 0.1, "of the integrator, smooth activations"),
    NTK_REAL("step", 0.1, 1e-4, 1, "of the bounded-step rule, ReLU"),
    NTK_REAL("gradient-tolerance", 1e-8, 0, 1, "gradient norm that counts as stationary"),
    {0},
};

const ntk_parameter ntk_sweep_window_parameters[] = {
    NTK_REAL("window-start", 5, 0.1, 1000, "log of the time from which growth is fitted"),
    {0},
};

/* ---- options --------------------------------------------------------------------------------- */

static ntk_training_options read_problem(const ntk_context *context) {
    ntk_training_options out = ntk_context_sphere_problem(context);
    out.classes = ntk_context_size(context, "classes");
    out.test_points = ntk_context_size(context, "test-points");
    out.epsilon = ntk_context_real(context, "epsilon");
    out.coordinates = ntk_context_flag(context, "coordinates");
    out.architecture.depth = ntk_context_size(context, "depth");
    if (ntk_context_is(context, "scaling", "mean-field"))
        out.architecture.parametrisation = NTK_PARAMETRISATION_MEAN_FIELD;
    out.loss = ntk_context_is(context, "loss", "squared") ? NTK_LOSS_SQUARED : NTK_LOSS_LOGISTIC;
    return out;
}

static ntk_flow_options read_flow(const ntk_context *context) {
    ntk_flow_options out = ntk_flow_options_default();
    out.lambda = ntk_context_real(context, "lambda");
    out.centre = ntk_context_is(context, "centre", "zero") ? NTK_CENTRE_ZERO : NTK_CENTRE_INITIALISATION;
    out.tolerance = ntk_context_real(context, "tolerance");
    out.step = ntk_context_real(context, "step");
    out.log_horizon = ntk_context_real(context, "log-horizon");
    out.gradient_tolerance = ntk_context_real(context, "gradient-tolerance");
    out.observe_kernel = ntk_context_flag(context, "observe-kernel");
    out.observe_lambda_min = ntk_context_flag(context, "observe-lambda-min");
    return out;
}

static ntk_status read_widths(const ntk_context *context, ntk_sweep_options *out) {
    size_t count;
    out->widths = ntk_context_reals(context, "widths", &out->width_count);
    out->deep_widths = ntk_context_reals(context, "deep-widths", &count);
    if (count == 1 && out->deep_widths[0] == 0) {
        out->deep_widths = out->widths;
        return NTK_OK;
    }
    if (count != out->width_count)
        return ntk_fail(NTK_ERROR_ARGUMENT, "sweep: %zu deep-widths beside %zu widths", count,
                        out->width_count);
    for (size_t w = 0; w < count; w++)
        if (!(out->deep_widths[w] >= 2))
            return ntk_fail(NTK_ERROR_ARGUMENT, "sweep: a deep width is %g", out->deep_widths[w]);
    return NTK_OK;
}

ntk_status ntk_sweep_read(const ntk_context *context, ntk_sweep_options *out) {
    *out = (ntk_sweep_options){.seed_count = ntk_context_size(context, "seeds"),
                               .time_count = ntk_context_size(context, "observations"),
                               .problem = read_problem(context),
                               .flow = read_flow(context),
                               .kinked_log_horizon = ntk_context_real(context, "kinked-log-horizon"),
                               .horizon_growth = ntk_context_real(context, "horizon-growth"),
                               .digits = ntk_context_is(context, "data", "digits")};
    out->networks = ntk_context_networks(context, "activations", &out->network_count);
    NTK_TRY(read_widths(context, out));
    return ntk_context_digit_classes(context, out->digit_classes, &out->digit_count);
}

bool ntk_sweep_has_kind(const ntk_context *context, const char *const *words) {
    while (strcmp(*words, "smooth") != 0 && strcmp(*words, "kinked") != 0) words++;
    const bool smooth = strcmp(*words, "smooth") == 0;
    size_t count, found = 0;
    const ntk_network_name *networks = ntk_context_networks(context, "activations", &count);
    for (size_t i = 0; i < count; i++) found += ntk_activation_is_smooth(networks[i].activation) == smooth;
    return found > 0;
}

bool ntk_sweep_all_exited(const ntk_context *context, const char *const *words) {
    size_t widths;
    const ntk_metric *exited = ntk_context_metric(context, "exited-%s", words[0]);
    ntk_context_integers(context, "widths", &widths);
    return widths > 1 && ntk_context_size(context, "seeds") > 1 && (!exited || exited->estimate.value == 1);
}
