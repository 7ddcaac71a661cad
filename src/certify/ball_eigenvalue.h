/* The smallest eigenvalue of a symmetric matrix of balls. */
#ifndef NTK_CERTIFY_BALL_EIGENVALUE_H
#define NTK_CERTIFY_BALL_EIGENVALUE_H

#include <ntk/status.h>

#include "base/arb.h"

/* `out` holds lambda_min of every symmetric matrix whose lower triangle lies in that of a (n, n), n
 * > 0. Arithmetic of `precision` bits; about n^3 of 50 ns times the sweeps of Jacobi's method, 6 to
 * 10. Errors: NTK_ERROR_NO_CONVERGENCE where the balls are too wide for any bound. */
ntk_status ball_smallest_eigenvalue(const arb_mat_t a, slong precision, arb_t out);

#endif
