/* Scratch memory that grows on demand, and where the layers of a batch stand in it. */
#include "network/network.h"

#include <stdint.h>

#include <ntk/memory.h>

bool network_multiply_sizes(size_t a, size_t b, size_t *product) {
    if (b != 0 && a > SIZE_MAX / b) return false;
    *product = a * b;
    return true;
}

ntk_status network_reserve(network_buffer *buffer, size_t a, size_t b, size_t c) {
    size_t count;
    if (!network_multiply_sizes(a, b, &count) || !network_multiply_sizes(count, c, &count))
        return ntk_fail(NTK_ERROR_SHAPE, "network: scratch of %zu x %zu x %zu numbers is too large", a, b, c);
    if (count <= buffer->capacity) return NTK_OK;
    /* What grows once may grow a little a thousand times, as the rows of neurons at their kinks
     * do. */
    const size_t ample = buffer->capacity + buffer->capacity / 2;
    if (count < ample) count = ample;
    ntk_release(buffer->data);
    *buffer = (network_buffer){0};
    NTK_TRY(ntk_allocate_doubles(count, &buffer->data));
    buffer->capacity = count;
    return NTK_OK;
}

const double *network_layer_input(const ntk_network *network, const network_batch *batch, const double *x,
                                  size_t l) {
    return l == 1 ? x : batch->input.data + (l - 2) * batch->n * network->width;
}

const double *network_derivative(const ntk_network *network, const network_batch *batch, size_t l) {
    const network_layer *layer = &network->layers[l];
    return layer->activated ? batch->derivative.data + layer->activation * batch->n * network->width : NULL;
}
