/* The empirical NTK of a convolutional network at initialisation tends to the convolutional kernel,
 * whatever the borders, strides, poolings and activation.
 *
 * Theta_hat_0 is a sum over layers of averages over m channels, each of which is the sum over pairs
 * of positions of products of activations and of signals. Given the layers below, a layer's outputs
 * at all positions are jointly Gaussian: the covariance between positions u and u' tends to S[u,
 * u'] with fluctuations of order m^{-1/2} and a bias of order 1/m, and so
 *
 *     ||Theta_hat_0 - Theta||_F / ||Theta||_F ~ m^{-1/2}.
 *
 * The exponent is the mean over seeds of one log-log slope per seed. */
#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_REAL("kernel-weight-variance-factor", 1, 0.01, 100, "w^2 of the kernel over that of the networks"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("exponent-{relu-1,circular-2,strided-2,pooled-2}",
               "exponent of the relative error in the width"),
    {0},
};

/* Images of 4 x 4. */
static const struct {
    const char *label, *layers;
    ntk_readout readout;
    ntk_activation activation;
    double weight_variance, bias_variance;
} networks[] = {
    {"relu", "conv 3", NTK_READOUT_FLATTEN, NTK_RELU, 2, 0},
    {"circular", "conv 3 circular, conv 2 circular", NTK_READOUT_FLATTEN, NTK_ERF, 1.5, 0.1},
    {"strided", "conv 3 stride 2, conv 3", NTK_READOUT_FLATTEN, NTK_GELU, 2, 0},
    {"pooled", "conv 3, pool box 2, conv 3", NTK_READOUT_AVERAGE, NTK_RELU, 2, 0},
};
enum { NETWORKS = sizeof networks / sizeof *networks };

static ntk_status describe(const ntk_context *context, size_t k, ntk_convergence_case *out) {
    *out = (ntk_convergence_case){.label = networks[k].label, .weights = networks[k].label};
    ntk_architecture *network = &out->network;
    NTK_TRY(ntk_architecture_convolutional(4, 4, 1, networks[k].layers, network));
    network->convolution.readout = networks[k].readout;
    network->activation = networks[k].activation;
    network->weight_variance = networks[k].weight_variance;
    network->bias_variance = networks[k].bias_variance;
    network->input_scale = NTK_INPUT_SCALE_NONE; /* unit-sphere data */
    out->limit = *network;
    out->limit.weight_variance *= ntk_context_real(context, "kernel-weight-variance-factor");
    return NTK_OK;
}

static ntk_status run(ntk_context *context) {
    ntk_convergence_case cases[NETWORKS];
    for (size_t k = 0; k < NETWORKS; k++) NTK_TRY(describe(context, k, &cases[k]));
    return ntk_convergence_of_errors(context, NETWORKS, cases);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_sphere_parameters, ntk_convergence_parameters, parameters},
    .metrics = {metrics},
    .run = run,
};
