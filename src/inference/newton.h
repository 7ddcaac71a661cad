/* The Newton system of kernel logistic regression, (lambda I + H Theta) delta = -r: conjugate gradients on
 * its symmetric form, preconditioned by the factorisation of an earlier one. */
#ifndef NTK_INFERENCE_NEWTON_H
#define NTK_INFERENCE_NEWTON_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/inference.h>

/* A factorisation for one H, and the scratch memory of the iteration. */
typedef struct ntk_newton ntk_newton;

/* For a checked problem with lambda > 0, which must outlive it. */
ntk_status ntk_newton_create(const ntk_inference_problem *problem, ntk_newton **out);
void ntk_newton_destroy(ntk_newton *newton);

/* Factorise for the H of these weights (curvature.h). weight: (n, K). Errors:
 * NTK_ERROR_NOT_POSITIVE_DEFINITE. */
ntk_status ntk_newton_factorise(ntk_newton *newton, const double *weight);

/* The system of one step. */
typedef struct ntk_newton_system {
    const double *weight;  /* (n, K), of H: not necessarily that of the factorisation */
    const double *r;       /* (n, K) */
    const double *r_image; /* (n, K), Theta r */
    double gradient_norm;  /* ||J^T r|| */
} ntk_newton_system;

/* Solve until ||J^T (lambda delta + H Theta delta + r)|| <= tolerance ||J^T r||, which *reached tells, or for
 * max_iterations: delta is a direction of descent in either case. delta, image = Theta delta: (n, K);
 * *iterations is added to. */
ntk_status ntk_newton_solve(ntk_newton *newton, const ntk_newton_system *system, double tolerance,
                            size_t max_iterations, double *delta, double *image, size_t *iterations,
                            bool *reached);

#endif
