/* Blocks of 4 KiB: the sum of a block stays in the first-level cache while the terms are added to
 * it. */
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

ntk_hermite_weights ntk_hermite_weights_at(double sigma) {
    const double rest = 1 - sigma;
    return (ntk_hermite_weights){sigma * sigma * (3 - 2 * sigma), sigma * rest * rest, -sigma * sigma * rest};
}

void ntk_hermite(size_t p, double sigma, double h, const double *const begin[2], const double *const end[2],
                 double *out) {
    const ntk_hermite_weights w = ntk_hermite_weights_at(sigma);
    const double weights[] = {-w.change, w.change, h * w.begin, h * w.end};
    ntk_combine(p, begin[0], 4, weights, (const double *const[]){begin[0], end[0], begin[1], end[1]}, out);
}
