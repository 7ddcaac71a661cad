/* The kernel of a problem as an operator on (n, K) arrays, and its semi-norm. */
#ifndef NTK_INFERENCE_INFERENCE_PROBLEM_H
#define NTK_INFERENCE_INFERENCE_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/inference_problem.h>
#include <ntk/status.h>

/* What a look at all entries of Theta tells. */
typedef struct ntk_gram_facts {
    double asymmetry; /* max |Theta_ij - Theta_ji| / sqrt(Theta_ii Theta_jj), of order eps */
    bool twins;       /* Theta_ij = Theta_ii = Theta_jj for some i != j: J_i and J_j may be the
                       * same */
} ntk_gram_facts;

/* Shapes, finite numbers, lambda >= 0, targets; Theta is symmetric, its diagonal is not negative,
 * and no entry exceeds what the Cauchy-Schwarz inequality allows, symmetry and inequality up to
 * rounding. */
ntk_status ntk_inference_check(const ntk_inference_problem *problem, ntk_gram_facts *facts);

/* n K. */
size_t ntk_inference_unknowns(const ntk_inference_problem *problem);

/* True where gram has order n and stands for Theta (x) I_K. */
bool ntk_inference_is_shared(const ntk_inference_problem *problem);

/* image = Theta v. v, image: (n, K). */
ntk_status ntk_inference_apply(const ntk_inference_problem *problem, const double *v, double *image);

/* f = f_0 + Theta a; image (Theta a) is kept. All (n, K). */
ntk_status ntk_inference_outputs(const ntk_inference_problem *problem, const double *a, double *image,
                                 double *f);

/* *norm = ||J^T v|| = sqrt(v^T Theta v), given image = Theta v. A form that is negative by no more
 * than rounding explains counts as 0. Errors: NTK_ERROR_NOT_POSITIVE_DEFINITE where it is more
 * negative. */
ntk_status ntk_inference_seminorm(const ntk_inference_problem *problem, const double *v, const double *image,
                                  double *norm);

/* sum_ik sqrt(Theta_ii) |v_ik|: by Cauchy and Schwarz |Theta_ij| <= sqrt(Theta_ii Theta_jj), so
 * |Theta| |v| is at most sqrt(Theta_ii) times this, which bounds what rounding does to Theta v. */
double ntk_inference_mass(const ntk_inference_problem *problem, const double *v);

/* Theta_ii of the unknown i (0 .. nK - 1). */
double ntk_inference_diagonal(const ntk_inference_problem *problem, size_t i);

#endif
