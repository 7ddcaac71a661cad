/* What is left of a kernel system, with a bound of what rounding hides of it. */
#ifndef NTK_INFERENCE_ITERATIVE_RESIDUAL_H
#define NTK_INFERENCE_ITERATIVE_RESIDUAL_H

#include <stddef.h>

#include <ntk/iterative.h>
#include <ntk/status.h>
#include <ntk/tiles.h>

#include "inference/pivoted.h"

/* The problem as its solvers see it. */
typedef struct ntk_iterative {
    const ntk_iterative_problem *problem;
    const ntk_iterative_options *options;
    const ntk_tiles *reference;
    size_t n, outputs;
    double *roots;    /* (n), sqrt(Theta_ii) of the reference */
    double root_norm; /* an upper bound of sqrt(sum_i Theta_ii) */
    double least;     /* a lower bound of the smallest eigenvalue of Theta */
} ntk_iterative;

/* An upper bound of a sum of `terms` non-negative numbers computed as x, or of its root. */
double ntk_iterative_upper(double x, size_t terms);

/* Upper bounds, up to a factor 1 + u, of a / b and a b for a, b >= 0 where the quotient or the
 * product may underflow: at least 2^-1022 unless it is exactly 0. */
double ntk_iterative_quotient(double a, double b);
double ntk_iterative_product(double a, double b);

/* NTK_ERROR_NOT_FINITE with the sizes from which numbers beyond the range come; what: which
 * regression, found: what is not finite. */
ntk_status ntk_iterative_refuse_range(const ntk_iterative *s, const char *what, const char *found);

/* Checks the problem and the tiles. Errors: those of ntk_iterative_regression. */
ntk_status ntk_iterative_create(const ntk_iterative_problem *problem, const ntk_iterative_options *options,
                                ntk_iterative *out);
void ntk_iterative_release(ntk_iterative *iterative);

/* The factor of the tiles from which preconditioners are made, of the rank that is asked for or
 * less; to be released. Errors: those of ntk_pivoted_create. */
ntk_status ntk_iterative_factor(const ntk_iterative *s, ntk_pivoted *out);

/* Theta v of the reference in two parts and the error of their sum, for Theta with its entry_error;
 * all (n, K). */
typedef struct ntk_iterative_image {
    double *high, *low, *error;
} ntk_iterative_image;

ntk_status ntk_iterative_image_create(const ntk_iterative *s, ntk_iterative_image *out);
void ntk_iterative_image_release(ntk_iterative_image *image);
ntk_status ntk_iterative_image_of(const ntk_iterative *s, const double *v, ntk_iterative_image *image);

/* norm (K): an upper bound of the norm of each column of any (n, K) array that lies within `error`
 * (n, K; NULL for 0) of v. */
void ntk_iterative_norms(const ntk_iterative *s, const double *v, const double *error, double *norm);

#endif
