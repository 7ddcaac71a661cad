/* Diagonal linear networks of depth 2: f(x) = <beta, x>, beta = u^2 - v^2 entry by entry (Woodworth
 * et al. 2020, Moroshko et al. 2020). */
#ifndef NTK_LAB_DIAGONAL_H
#define NTK_LAB_DIAGONAL_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/models.h>

NTK_BEGIN_DECLS

/* Parameters theta = (u, v), (2 inputs). */
typedef struct ntk_diagonal {
    size_t points, inputs;
    const double *x; /* (points, inputs), row-major */
} ntk_diagonal;

/* One output. The network stays the caller's; the model holds a pointer to it and nothing of its
 * own, and has no kernel to observe. */
ntk_model ntk_diagonal_model(const ntk_diagonal *network);

/* beta: (inputs). */
void ntk_diagonal_vector(const ntk_diagonal *network, const double *theta, double *beta);

NTK_END_DECLS

#endif
