/* The kernel of a network on the vertices of a cube, and all of its eigenvalues in closed form. */
#ifndef CERTIFIED_SPECTRUM_CUBE_H
#define CERTIFIED_SPECTRUM_CUBE_H

#include <stddef.h>

#include <ntk/architecture.h>
#include <ntk/interval.h>
#include <ntk/status.h>

/* The 2^dimension points of {-1, 1}^dimension, exact doubles. x: (2^dimension, dimension). */
void cube_points(size_t dimension, double *x);

/* Enclosures of the eigenvalues of Theta on them, one or two ulps wide, ascending, each as often as
 * it occurs. low, high: (2^dimension). The inputs of the architecture are scaled by the dimension;
 * ReLU with weights of variance 2 and no biases, or erf with one hidden layer. Errors: those of
 * ntk_formula_define; NTK_ERROR_ARGUMENT for a dimension above 12. */
ntk_status cube_eigenvalues(const ntk_architecture *architecture, size_t dimension, double *low,
                            double *high);

#endif
