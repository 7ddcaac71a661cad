/* The kernel of a network on the vertices of a cube, and all of its eigenvalues in closed form: an
 * exact reference at any number of points. */
#ifndef NTK_LAB_CUBE_H
#define NTK_LAB_CUBE_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/architecture.h>
#include <ntk/formula.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* The 2^dimension points of {-1, 1}^dimension, exact doubles; coordinate c of point i is -1 where
 * bit
 * c of i is set. x: (2^dimension, dimension). */
void ntk_cube_points(size_t dimension, double *x);

/* Products of coordinates c < degree: eigenvectors of every such kernel. values: (2^dimension), 1
 * or -1. */
void ntk_cube_character(size_t dimension, size_t degree, double *values);

/* Defines lambda0, lambda1, ..., the eigenvalue of the products of so many coordinates, exactly, in
 * terms of formula.h; C(dimension, j) of them are lambda_j. The inputs of the architecture are
 * scaled by the dimension; ReLU with weights of variance 2 and no biases, or erf with one hidden
 * layer. Errors: those of ntk_formula_define; NTK_ERROR_ARGUMENT for a dimension above 12 and for
 * another architecture. */
ntk_status ntk_cube_define(ntk_formula *formula, const ntk_architecture *architecture, size_t dimension);

/* The enclosures of all of them, one or two ulps wide, ascending. low, high: (2^dimension). */
ntk_status ntk_cube_eigenvalues(const ntk_architecture *architecture, size_t dimension, double *low,
                                double *high);

NTK_END_DECLS

#endif
