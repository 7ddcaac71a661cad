/* Scratch memory that grows on demand. */
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
