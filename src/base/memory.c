#include <ntk/memory.h>

#include <stdlib.h>
#include <string.h>

ntk_status ntk_allocate(size_t count, size_t size, void **out) {
    *out = NULL;
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes))
        return ntk_fail(NTK_ERROR_MEMORY, "%zu x %zu bytes exceed the address space", count, size);
    /* posix_memalign takes any size; aligned_alloc would want it rounded up to the alignment, and
     * the padding would hide short overruns from AddressSanitizer. */
    if (posix_memalign(out, NTK_ALIGNMENT, bytes ? bytes : 1) != 0) {
        *out = NULL;
        return ntk_fail(NTK_ERROR_MEMORY, "cannot allocate %zu x %zu bytes", count, size);
    }
    memset(*out, 0, bytes);
    return NTK_OK;
}

ntk_status ntk_allocate_doubles(size_t count, double **out) {
    void *memory = NULL;
    const ntk_status status = ntk_allocate(count, sizeof(double), &memory);
    *out = memory;
    return status;
}

void ntk_release(void *memory) { free(memory); }
