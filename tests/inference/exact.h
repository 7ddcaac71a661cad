/* Solutions of inference problems in 100 digits, for the tests of this folder. Nothing of the
 * library is called: the equations are written from the header, in Arb's arithmetic, and a solution
 * counts as one when it satisfies them to 10^-50. */
#ifndef NTK_TESTS_INFERENCE_EXACT_H
#define NTK_TESTS_INFERENCE_EXACT_H

#include <stddef.h>

#include <ntk/inference_problem.h>

/* The Gram matrix of a problem: that of its doubles, or X X^T of doubles X (order, rank),
 * exactly. */
typedef struct exact_gram {
    const double *gram;     /* (order, order), or NULL */
    const double *features; /* (order, rank) */
    size_t rank;
} exact_gram;

typedef struct exact_solution {
    double norm;      /* ||w*|| */
    double objective; /* min P */
} exact_solution;

/* Kernel logistic regression, lambda > 0: r = c(f) + lambda a = 0. f: (n, K). The Gram matrix of
 * the problem is not read, nor are its sizes beyond what n, K and `order` say. Fails the test where
 * Newton's method does. */
exact_solution exact_logistic(const ntk_inference_problem *problem, exact_gram gram, double *f);

/* Kernel regression: (Theta + n lambda I) a = y - f_0, for lambda > 0 or a Theta that is not
 * singular. */
void exact_regression(const ntk_inference_problem *problem, exact_gram gram, double *f);

/* The hard margin, by trying every active set of at most 10 constraints: ||w_hat||, or infinity
 * where no set is optimal. */
double exact_hard_margin(const ntk_inference_problem *problem, exact_gram gram);

#endif
