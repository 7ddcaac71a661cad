/* The empirical NTK of a residual network at initialisation tends to the residual NTK (chen-2025).
 *
 * With all of W^0, W^l, V^l and v drawn from N(0, 1) and trained, Theta_hat_0 is a sum over these
 * matrices of (Gram of activations) o (Gram of signals), each an average over m neurons. Given what
 * lies below it, a block's branch is Gaussian in V^l, so the Gram of the stream tends to S^l and,
 * from the output down, that of the signals to B_l: the fluctuation is of order m^{-1/2}, the bias
 * of order 1/m, and
 *
 *     ||Theta_hat_0 - Theta||_F / ||Theta||_F ~ m^{-1/2}.
 *
 * The exponent is the mean over seeds of one log-log slope per seed. */
#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_INTEGERS("depths", "1 2", 1, 8, "residual blocks"),
    NTK_REAL("residual-scale", 1, 0, 100, "alpha of the networks"),
    NTK_REAL("kernel-residual-scale", 1, 0, 100, "alpha of the kernel; the theorem takes the networks'"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("exponent-residual-{depths}", "exponent of the relative error in the width"),
    {0},
};

static ntk_convergence_case describe(const ntk_context *context, size_t depth) {
    ntk_convergence_case out = {.label = "residual", .network = ntk_architecture_default()};
    out.network.family = NTK_RESIDUAL;
    out.network.depth = depth;
    out.network.residual_scale = ntk_context_real(context, "residual-scale");
    out.network.input_scale = NTK_INPUT_SCALE_NONE; /* unit-sphere data */
    out.limit = out.network;
    out.limit.residual_scale = ntk_context_real(context, "kernel-residual-scale");
    return out;
}

static ntk_status run(ntk_context *context) {
    size_t count;
    const long *depths = ntk_context_integers(context, "depths", &count);
    ntk_convergence_case *cases;
    NTK_TRY(ntk_allocate(count, sizeof *cases, (void **)&cases));
    for (size_t c = 0; c < count; c++) cases[c] = describe(context, (size_t)depths[c]);
    const ntk_status status = ntk_convergence_of_errors(context, count, cases);
    ntk_release(cases);
    return status;
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_sphere_parameters, ntk_convergence_parameters, parameters},
    .metrics = {metrics},
    .run = run,
};
