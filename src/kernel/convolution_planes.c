#include "kernel/convolution_planes.h"

#include <string.h>

#include "base/vector.h"

const ntk_planes *ntk_planes_chosen(void) {
#ifdef NTK_SIMD_X86
    static const ntk_planes *const tables[] = {&ntk_planes_avx512, &ntk_planes_avx2, &ntk_planes_sse2};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (strcmp(tables[i]->isa, ntk_vector_isa()) == 0) return tables[i];
#endif
    return &ntk_planes_scalar;
}
