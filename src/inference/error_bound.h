/* How far a solution of kernel logistic regression can be from the exact one. */
#ifndef NTK_INFERENCE_ERROR_BOUND_H
#define NTK_INFERENCE_ERROR_BOUND_H

#include <ntk/status.h>

#include "inference/distinct.h"

/* What has been computed at coefficients a, all (points, K) of the distinct points. */
typedef struct ntk_candidate {
    const double *a;
    const double *image;     /* Theta a */
    const double *f;         /* f_0 + image */
    const double *cotangent; /* c = dm/df */
    const double *weight;    /* of H (curvature.h) */
    const double *residual;  /* r = c + lambda a */
    double gradient_norm;    /* sqrt(r^T Theta r), from products as they are computed by BLAS */
    double square;           /* a^T Theta a, from image */
    /* Theta a is off by this times sqrt(Theta_ii) sum_j sqrt(Theta_jj) |a_j|, beside an ulp of
     * itself. */
    double product_error;
} ntk_candidate;

/* product_error of ntk_inference_apply and of ntk_inference_apply_compensated. */
double ntk_product_error(size_t order);
double ntk_compensated_error(size_t order);

typedef struct ntk_error_bound {
    double output;    /* |f_ik - f*_ik| at every point */
    double weight;    /* ||J^T a - w*||, and | sqrt(square) - ||w*|| | */
    double norm;      /* the part of that which is rounding in the square */
    double objective; /* |P - min P| */
} ntk_error_bound;

/* For lambda > 0; infinite where nothing can be said. Errors: NTK_ERROR_MEMORY. */
ntk_status ntk_bound_errors(const ntk_distinct *distinct, const ntk_candidate *candidate,
                            ntk_error_bound *out);

#endif
