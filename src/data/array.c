#include "data/array.h"

#include <math.h>
#include <stdint.h>

#include <ntk/memory.h>

size_t ntk_layout_bytes(const ntk_layout *layout) {
    size_t bytes = layout->type.size;
    for (size_t k = 0; k < layout->axes; k++)
        if (__builtin_mul_overflow(bytes, layout->shape[k], &bytes)) return SIZE_MAX;
    return bytes;
}

/* In elements, by which one step along each axis moves through the file. */
static void find_strides(const ntk_layout *layout, size_t *stride) {
    size_t step = 1;
    for (size_t k = 0; k < layout->axes; k++) {
        const size_t axis = layout->fortran_order ? k : layout->axes - 1 - k;
        stride[axis] = step;
        step *= layout->shape[axis];
    }
}

static ntk_status load_elements(const char *name, const ntk_layout *layout, const char *bytes,
                                const ntk_array *out) {
    size_t stride[NTK_ARRAY_MOST_AXES], index[NTK_ARRAY_MOST_AXES] = {0}, offset = 0;
    find_strides(layout, stride);
    for (size_t k = 0; k < out->rows * out->columns; k++) {
        const double value = ntk_element_load(layout->type, bytes + offset * layout->type.size);
        if (!isfinite(value))
            return ntk_fail(NTK_ERROR_NOT_FINITE, "%s: row %zu, column %zu (from 0) is %g", name,
                            k / out->columns, k % out->columns, value);
        out->values[k] = value;
        for (size_t axis = layout->axes; axis-- > 0;) { /* the next index, the last one running
                                                         * fastest */
            offset += stride[axis];
            if (++index[axis] < layout->shape[axis]) break;
            offset -= stride[axis] * index[axis];
            index[axis] = 0;
        }
    }
    return NTK_OK;
}

ntk_status ntk_layout_load(const char *name, const ntk_layout *layout, const char *bytes, ntk_array *out) {
    ntk_array array = {.axes = layout->axes, .rows = layout->shape[0], .columns = 1};
    for (size_t k = 0; k < layout->axes; k++) {
        array.shape[k] = layout->shape[k];
        if (k > 0) array.columns *= layout->shape[k];
    }
    NTK_TRY(ntk_allocate_doubles(array.rows * array.columns, &array.values));
    const ntk_status status = load_elements(name, layout, bytes, &array);
    if (status == NTK_OK)
        *out = array;
    else
        ntk_release(array.values);
    return status;
}

void ntk_array_release(ntk_array *array) {
    ntk_release(array->values);
    *array = (ntk_array){0};
}
