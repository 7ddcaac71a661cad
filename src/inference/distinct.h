/* The distinct points of a problem.
 *
 * Where rows of Theta are equal, entry by entry, and so are initial outputs, the points are one
 * point x seen m_x times. f is the same at all of them and so is J, hence only the sum of their
 * coefficients and the mean of their targets count:
 *
 *     (1/n) sum_i l(f_i; q_i) = sum_x (m_x / n) l(f_x; mean q) + what does not depend on f,
 *     J^T a = sum_x J_x^T a_x,   a_x = sum of a_i over the copies of x.
 *
 * (Cross-entropies are linear in q; squared losses differ by the variance of q.) What is solved is
 * the problem in f_x and a_x, whose Theta has no equal rows. Seen from outside, a_x is shared out
 * equally, which is the choice of least norm, and f is the same at all copies. Without this,
 * coefficients of size 1 / (n lambda) cancel in Theta a wherever copies have different targets. */
#ifndef NTK_INFERENCE_DISTINCT_H
#define NTK_INFERENCE_DISTINCT_H

#include <stddef.h>

#include <ntk/inference_problem.h>
#include <ntk/status.h>

typedef struct ntk_distinct {
    /* Of the distinct points: gram, f0 and targets are those given or copies, and lambda is as
     * scaled. */
    ntk_inference_problem problem;
    size_t all;           /* n: how many points were given */
    const size_t *group;  /* (n), which distinct point each is; NULL where all are distinct */
    const double *copies; /* (points), m_x; NULL for 1 */
    /* Entries of Theta are taken to be known to gram_error sqrt(Theta_ii Theta_jj): a few
     * roundings, and what the two triangles differ by. */
    double gram_error;
    /* Even, and 0 but for a Theta near the ends of the range: the gram here is 2^-exponent times
     * that given, and so is lambda, which leaves f as it is and multiplies a by 2^exponent, w by
     * its root. */
    int exponent;
    void *memory[4];
} ntk_distinct;

/* Checks the problem (ntk_inference_check); its arrays must outlive *out. Errors: those of the
 * check, and NTK_ERROR_NO_CONVERGENCE for a lambda that vanishes beside Theta. */
ntk_status ntk_distinct_create(const ntk_inference_problem *problem, ntk_distinct *out);
void ntk_distinct_release(ntk_distinct *distinct);

/* m_x / n of the distinct point x. */
double ntk_distinct_share(const ntk_distinct *distinct, size_t x);

/* The loss and its cotangent dm/df over the distinct points. f, cotangent: (points, K). */
void ntk_distinct_loss(const ntk_distinct *distinct, const double *f, double *value, double *cotangent);

/* From the distinct points to all: coefficients in their shares and with the scale taken back, or
 * outputs. values: (points, K), out: (n, K); nothing is done where the two are one array. */
void ntk_distinct_spread_coefficients(const ntk_distinct *distinct, const double *values, double *out);
void ntk_distinct_spread_outputs(const ntk_distinct *distinct, const double *values, double *out);

#endif
