#include "kernel/recursion.h"

#include <string.h>

#include "base/vector.h"
#include "kernel/kernel_points.h"
#include "kernel/residual.h"

double ntk_input_factor(const ntk_architecture *architecture, size_t d) {
    const double variance =
        architecture->family == NTK_RESIDUAL ? 1 : ntk_architecture_weight_variance(architecture, 1);
    return architecture->input_scale == NTK_INPUT_SCALE_DIMENSION ? variance / (double)d : variance;
}

ntk_recursion ntk_recursion_create(const ntk_architecture *architecture, size_t d,
                                   ntk_recursion_layer *layer) {
    return (ntk_recursion){.input_scale = ntk_input_factor(architecture, d),
                           .bias = ntk_architecture_bias_variance(architecture, 1),
                           .share = ntk_residual_share(architecture),
                           .depth = architecture->depth,
                           .layer = layer};
}

ntk_recursion_run ntk_recursion_find(const ntk_recursion_table *table, const ntk_architecture *architecture) {
    return architecture->family == NTK_RESIDUAL ? table->residual : table->dense[architecture->activation];
}

ntk_recursion_run ntk_recursion_chosen(const ntk_architecture *architecture) {
#ifdef NTK_SIMD_X86
    static const ntk_recursion_table *const tables[] = {&ntk_recursion_avx512, &ntk_recursion_avx2,
                                                        &ntk_recursion_sse2};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (strcmp(tables[i]->isa, ntk_vector_isa()) == 0) return ntk_recursion_find(tables[i], architecture);
#endif
    return ntk_recursion_find(&ntk_recursion_scalar, architecture);
}
