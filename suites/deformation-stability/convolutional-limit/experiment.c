/* The empirical NTK of a convolutional network at initialisation tends to the convolutional kernel
 * (bietti-2019, Proposition 2).
 *
 * Patches P^k with zero padding, ReLU, linear Gaussian pooling A^k with subsampling, all weights
 * drawn from N(0, 1) and trained, m channels. Theta_hat_0 is a sum over layers of averages over
 * channels: the fluctuation is of order m^{-1/2}, the bias of order 1/m, and
 *
 *     ||Theta_hat_0 - Theta||_F / ||Theta||_F ~ m^{-1/2}
 *
 * for signals and for images, for the readout with weights of its own at each position (the
 * paper's) and for the global average. The exponent is the mean over seeds of one log-log slope per
 * seed. */
#include <string.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_CHOICE("kernel-pooling", "gauss", "gauss|box", "pooling of the kernel; the networks' is gauss"),
    NTK_CHOICE("kernel-patches", "mean", "mean|sum", "scale of the kernel's patches; the networks' is mean"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("exponent-{signal,image}-{flatten,average}-2", "exponent of the relative error in the width"),
    {0},
};

/* Sides whose product is the number of inputs: a signal of 36 positions or an image of 6 x 6, say.
 */
static ntk_status sides(const ntk_context *context, size_t *side) {
    const size_t inputs = ntk_context_size(context, "inputs");
    for (*side = 1; *side * *side < inputs;) ++*side;
    if (*side * *side == inputs) return NTK_OK;
    return ntk_fail(NTK_ERROR_ARGUMENT, "inputs is %zu; images are square", inputs);
}

/* The paper's network: w_0^2 = 1, w^2 = 2, patches of 3, pooling by 2, patches of 3. */
static ntk_status describe(const ntk_context *context, bool image, ntk_readout readout,
                           ntk_convergence_case *out) {
    size_t side;
    NTK_TRY(sides(context, &side));
    ntk_architecture *network = &out->network;
    NTK_TRY(ntk_architecture_convolutional(image ? side : 1, image ? side : side * side, 1,
                                           "conv 3, pool gauss 2, conv 3", network));
    network->input_scale = NTK_INPUT_SCALE_NONE;
    network->convolution.first_weight_variance = 1;
    network->convolution.readout = readout;
    out->limit = *network;
    if (strcmp(ntk_context_choice(context, "kernel-pooling"), "box") == 0)
        out->limit.convolution.layer[0].pooling = NTK_POOLING_BOX;
    for (size_t l = 0; l < 2 && strcmp(ntk_context_choice(context, "kernel-patches"), "sum") == 0; l++)
        out->limit.convolution.layer[l].scale = NTK_PATCH_SUM;
    return NTK_OK;
}

static ntk_status run(ntk_context *context) {
    ntk_convergence_case cases[4] = {{.label = "signal-flatten", .weights = "signal"},
                                     {.label = "signal-average", .weights = "signal"},
                                     {.label = "image-flatten", .weights = "image"},
                                     {.label = "image-average", .weights = "image"}};
    for (size_t c = 0; c < 4; c++)
        NTK_TRY(describe(context, c >= 2, c % 2 ? NTK_READOUT_AVERAGE : NTK_READOUT_FLATTEN, &cases[c]));
    return ntk_convergence_of_errors(context, 4, cases);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_sphere_parameters, ntk_convergence_parameters, parameters},
    .metrics = {metrics},
    .run = run,
};
