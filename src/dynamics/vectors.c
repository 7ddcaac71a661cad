/* Blocks of 4 KiB: the sum of a block stays in the first-level cache while the terms are added to it. */
#include "dynamics/vectors.h"

#include <string.h>

enum { BLOCK = 512 };

static void combine_block(size_t count, size_t start, const double *base, size_t terms, const double *weight,
                          const double *const *direction, double *restrict sum) {
    if (base)
        memcpy(sum, base + start, count * sizeof *sum);
    else
        memset(sum, 0, count * sizeof *sum);
    for (size_t j = 0; j < terms; ++j) {
        if (weight[j] == 0) continue;
        const double w = weight[j];
        const double *restrict v = direction[j] + start;
        for (size_t i = 0; i < count; ++i) sum[i] += w * v[i];
    }
}

void ntk_combine(size_t p, const double *base, size_t terms, const double *weight,
                 const double *const *direction, double *out) {
    double sum[BLOCK];
    for (size_t start = 0; start < p; start += BLOCK) {
        const size_t count = p - start < BLOCK ? p - start : BLOCK;
        combine_block(count, start, base, terms, weight, direction, sum);
        memcpy(out + start, sum, count * sizeof *sum);
    }
}
