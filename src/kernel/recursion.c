#include "kernel/recursion.h"

#include <string.h>

#include "base/vector.h"

const ntk_recursion_table *ntk_recursion_chosen(void) {
#ifdef NTK_SIMD_X86
    static const ntk_recursion_table *const tables[] = {&ntk_recursion_avx512, &ntk_recursion_avx2,
                                                        &ntk_recursion_sse2};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (strcmp(tables[i]->isa, ntk_vector_isa()) == 0) return tables[i];
#endif
    return &ntk_recursion_scalar;
}
