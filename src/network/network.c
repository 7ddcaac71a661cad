/* The handle: shapes, the layout of the parameters, scratch memory; and the initial draw. */
#include "network/network.h"

#include "network/convolution_layers.h"

#include <math.h>
#include <stdint.h>

#include <ntk/memory.h>

/* *total += count; false where that does not fit. */
static bool add_checked(size_t count, size_t *total) {
    if (count > SIZE_MAX - *total) return false;
    *total += count;
    return true;
}

static void batch_release(network_batch *batch) {
    ntk_release(batch->input.data);
    ntk_release(batch->derivative.data);
    ntk_release(batch->signal[0].data);
    ntk_release(batch->signal[1].data);
}

/* Place layer l behind the `*end` parameters laid out so far. */
static bool place_layer(ntk_network *network, size_t l, size_t *end) {
    network_layer *layer = &network->layers[l];
    size_t weights;
    if (!network_multiply_sizes(layer->fan_out, layer->fan_in, &weights)) return false;
    layer->weight = *end;
    if (!add_checked(weights, end)) return false;
    layer->bias = *end;
    return !layer->has_bias || add_checked(layer->fan_out, end);
}

/* Layer l of a dense network: all but the last are activated. */
static void describe_dense(const ntk_network *network, size_t l, double fan, network_layer *layer) {
    layer->activated = l < network->layer_count;
    layer->activation = l - 1;
    const double bias_variance = ntk_architecture_bias_variance(&network->architecture, l);
    layer->weight_scale = sqrt(ntk_architecture_weight_variance(&network->architecture, l) / fan);
    layer->bias_scale = sqrt(bias_variance);
    layer->has_bias = bias_variance > 0;
}

/* Layer l of a residual network: W^0, then W^l (activated) and V^l (added) of each block, then v,
 * which alone has no bias. */
static void describe_residual(const ntk_network *network, size_t l, double fan, network_layer *layer) {
    const bool in_block = l > 1 && l < network->layer_count;
    layer->activated = in_block && l % 2 == 0;
    layer->added = in_block && l % 2 == 1;
    if (layer->activated) layer->activation = l / 2 - 1;
    const ntk_architecture *architecture = &network->architecture;
    layer->weight_scale = sqrt((layer->activated ? architecture->weight_variance : 1.0) / fan);
    layer->has_bias = architecture->bias_variance > 0 && l < network->layer_count;
    layer->bias_scale = layer->has_bias ? sqrt(architecture->bias_variance) : 0;
    if (layer->activated) layer->bias_scale *= sqrt(architecture->weight_variance);
    if (layer->added) layer->weight_scale *= architecture->residual_scale;
    if (layer->added) layer->bias_scale *= architecture->residual_scale;
}

static void describe_layer(ntk_network *network, size_t l) {
    const ntk_architecture *architecture = &network->architecture;
    network_layer *layer = &network->layers[l];
    layer->fan_in = l == 1 ? network->inputs : network->width;
    layer->fan_out = l == network->layer_count ? network->outputs : network->width;
    const bool unscaled = l == 1 && architecture->input_scale == NTK_INPUT_SCALE_NONE;
    const double fan = unscaled ? 1.0 : (double)layer->fan_in;
    if (architecture->family == NTK_RESIDUAL)
        describe_residual(network, l, fan, layer);
    else
        describe_dense(network, l, fan, layer);
    if (l == network->layer_count && architecture->parametrisation == NTK_PARAMETRISATION_MEAN_FIELD) {
        layer->weight_scale /= sqrt((double)network->width);
        layer->bias_scale /= sqrt((double)network->width);
    }
}

static ntk_status lay_out(ntk_network *network) {
    if (network->architecture.family == NTK_CONVOLUTIONAL) {
        network->has_bias = network->architecture.bias_variance > 0;
        return convolution_create(network, &network->convolution, &network->parameters);
    }
    const size_t depth = network->architecture.depth;
    network->layer_count = network->architecture.family == NTK_RESIDUAL ? 2 * depth + 2 : depth + 1;
    for (size_t l = 1; l <= network->layer_count; l++) {
        describe_layer(network, l);
        if (network->layers[l].has_bias) network->has_bias = true;
        if (!place_layer(network, l, &network->parameters))
            return ntk_fail(NTK_ERROR_SHAPE,
                            "network: %zu inputs, width %zu, %zu outputs: too many parameters",
                            network->inputs, network->width, network->outputs);
    }
    return NTK_OK;
}

ntk_status ntk_network_create(const ntk_architecture *architecture, size_t inputs, size_t width,
                              size_t outputs, ntk_network **out) {
    *out = NULL;
    NTK_TRY(ntk_architecture_check(architecture));
    if (inputs == 0 || width == 0 || outputs == 0)
        return ntk_fail(NTK_ERROR_ARGUMENT, "network: %zu inputs, width %zu, %zu outputs: none may be zero",
                        inputs, width, outputs);
    void *memory;
    NTK_TRY(ntk_allocate(1, sizeof(ntk_network), &memory));
    ntk_network *network = memory;
    network->architecture = *architecture;
    network->inputs = inputs;
    network->width = width;
    network->outputs = outputs;
    const ntk_status status = lay_out(network);
    network->architecture.weight_variances = network->architecture.bias_variances = NULL;
    if (status != NTK_OK) {
        ntk_network_destroy(network);
        return status;
    }
    *out = network;
    return NTK_OK;
}

void ntk_network_destroy(ntk_network *network) {
    if (network == NULL) return;
    batch_release(&network->batch);
    batch_release(&network->columns);
    convolution_destroy(network->convolution);
    ntk_release(network->input_gram.data);
    ntk_release(network->signal_gram.data);
    ntk_release(network->direction.data);
    ntk_release(network->packed.data);
    ntk_release(network->tangent.data);
    ntk_release(network);
}

size_t ntk_network_parameters(const ntk_network *network) { return network->parameters; }
size_t ntk_network_outputs(const ntk_network *network) { return network->outputs; }

void ntk_network_initialise(const ntk_network *network, ntk_stream *stream, double *theta) {
    ntk_stream_normal(stream, network->parameters, theta);
    if (network->architecture.bias_start != NTK_BIAS_START_ZERO) return;
    for (size_t l = 2; l < network->layer_count; l++) {
        const network_layer *layer = &network->layers[l];
        for (size_t k = 0; layer->has_bias && k < layer->fan_out; k++) theta[layer->bias + k] = 0;
    }
}
