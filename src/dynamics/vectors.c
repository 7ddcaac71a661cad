#include "dynamics/vectors.h"

#include <math.h>

#include "base/vector.h"

void ntk_combine(size_t p, const double *base, size_t terms, const double *weight,
                 const double *const *direction, double *out) {
    ntk_vector_combine(p, base, terms, weight, direction, out);
}

double ntk_combination_norm(size_t p, size_t terms, const double *weight, const double *const *direction) {
    return sqrt(ntk_vector_combination_square(p, terms, weight, direction));
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
