#include "kernel/recursion.h"

#include <string.h>

#include "base/vector.h"
#include "kernel/kernel_points.h"
#include "kernel/residual.h"

double ntk_input_factor(const ntk_architecture *architecture, size_t d) {
    const double variance =
        ntk_residual_is_plain(architecture) ? 1 : ntk_architecture_weight_variance(architecture, 1);
    return architecture->input_scale == NTK_INPUT_SCALE_DIMENSION ? variance / (double)d : variance;
}

double ntk_input_bias(const ntk_architecture *architecture) {
    const double b2 = ntk_architecture_bias_variance(architecture, 1);
    if (architecture->family != NTK_RESIDUAL) return b2;
    return architecture->weight_variance * (b2 + ntk_residual_started(architecture));
}

ntk_recursion ntk_recursion_create(const ntk_architecture *architecture, size_t d,
                                   ntk_recursion_layer *layer) {
    return (ntk_recursion){.input_scale = ntk_input_factor(architecture, d),
                           .bias = ntk_input_bias(architecture),
                           .share = ntk_residual_share(architecture),
                           .skips = ntk_residual_skips(architecture, d),
                           .depth = architecture->depth,
                           .layer = layer};
}

ntk_recursion_run ntk_recursion_find(const ntk_recursion_table *table, const ntk_architecture *architecture) {
    if (architecture->family != NTK_RESIDUAL) return table->dense[architecture->activation];
    return ntk_residual_is_plain(architecture) ? table->residual : table->skips[architecture->activation];
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
