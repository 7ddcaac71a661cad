/* The empirical NTK at initialisation tends to the infinite-width NTK (jacot-2018, chen-2025).
 *
 * Theta_hat_0 is, layer by layer, an average over m neurons, so its fluctuation about Theta is of
 * order m^{-1/2} and its bias of order 1/m: ||Theta_hat_0 - Theta||_F / ||Theta||_F ~ m^{-1/2}. The
 * exponent is the mean over seeds of one log-log slope per seed. */
#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_CHOICES("activations", "relu erf gelu", "relu|erf|gelu|tanh", "activations"),
    NTK_INTEGERS("depths", "1 2 3", 1, 8, "hidden layers"),
    NTK_REAL("weight-variance", 2, 0.01, 100, "of the networks"),
    NTK_REAL("bias-variance", 0.1, 0, 100, "of networks and kernel"),
    NTK_REAL("kernel-weight-variance", 2, 0.01, 100, "of the kernel; the theorem takes the networks'"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("exponent-{activations}-{depths}", "exponent of the relative error in the width"),
    {0},
};

static ntk_status describe(const ntk_context *context, const char *activation, size_t depth,
                           ntk_convergence_case *out) {
    *out = (ntk_convergence_case){.label = activation, .network = ntk_architecture_default()};
    out->network.depth = depth;
    out->network.weight_variance = ntk_context_real(context, "weight-variance");
    out->network.bias_variance = ntk_context_real(context, "bias-variance");
    out->network.input_scale = NTK_INPUT_SCALE_NONE;
    NTK_TRY(ntk_activation_parse(activation, &out->network.activation));
    out->limit = out->network;
    out->limit.weight_variance = ntk_context_real(context, "kernel-weight-variance");
    return NTK_OK;
}

static ntk_status run(ntk_context *context) {
    size_t activation_count, depth_count;
    const char *const *activations = ntk_context_choices(context, "activations", &activation_count);
    const long *depths = ntk_context_integers(context, "depths", &depth_count);
    ntk_convergence_case *cases;
    NTK_TRY(ntk_allocate(activation_count * depth_count, sizeof *cases, (void **)&cases));
    ntk_status status = NTK_OK;
    for (size_t c = 0; c < activation_count * depth_count && status == NTK_OK; c++)
        status = describe(context, activations[c / depth_count], (size_t)depths[c % depth_count], &cases[c]);
    if (status == NTK_OK) status = ntk_convergence_of_errors(context, activation_count * depth_count, cases);
    ntk_release(cases);
    return status;
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_sphere_parameters, ntk_convergence_parameters, parameters},
    .metrics = {metrics},
    .run = run,
};
