/* Problems, and naive formulas written from the definitions, shared by the tests of this folder. */
#ifndef NTK_TESTS_INFERENCE_CLASSIFIERS_H
#define NTK_TESTS_INFERENCE_CLASSIFIERS_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/flow.h>
#include <ntk/inference_problem.h>
#include <ntk/logistic.h>
#include <ntk/loss.h>

#include "pseudo_random.h"
#include "status.h"

enum { MAX_UNKNOWNS = 400 };

/* A problem and its arrays. The arrays live as long as the process. */
typedef struct drawn {
    ntk_inference_problem problem;
    double *gram, *f0, *targets;
    double a[MAX_UNKNOWNS], f[MAX_UNKNOWNS];
    size_t unknowns;
} drawn;

typedef enum target_kind { HARD, SOFT, MIXED } target_kind;

/* n points, K outputs; features of the given rank with normal entries: shared kernel X X^T / rank
 * of order n, or a full one of order nK. f0 of size 1. Targets: class i mod K, one-hot, softened
 * with random weights, or every other row of each. Draws depend on seed. */
drawn draw_problem(ntk_loss loss, size_t n, size_t outputs, bool full, size_t rank, target_kind kind,
                   double lambda, unsigned seed);

/* The same problem with Theta (x) I_K written out as a full kernel. */
drawn written_out(const drawn *shared);

/* A problem on the first n of `all` points, which have a shared kernel of rank 30; the others are
 * new. */
typedef struct split {
    drawn whole, trained;
    double *cross, *diagonal; /* Theta(new, trained): (all - n, n); Theta(new, new)_ii: (all - n) */
} split;

split draw_split(ntk_loss loss, size_t n, size_t all, size_t outputs, target_kind kind, double lambda,
                 unsigned seed);

/* A problem of the caller's arrays, with a shared kernel. */
ntk_inference_problem problem_of(ntk_loss loss, size_t n, size_t outputs, const double *gram,
                                 const double *f0, const double *targets, double lambda);

/* <J_{i,k}, J_{j,l}>, from the definition of `order`. */
double kernel_entry(const ntk_inference_problem *problem, size_t i, size_t k, size_t j, size_t l);

/* f_0 + Theta a and P(a), naively in long double. f: (n, K), may be NULL. */
long double naive_objective(const ntk_inference_problem *problem, const double *a, double *f);

/* a^T Theta b. */
long double naive_product(const ntk_inference_problem *problem, const double *a, const double *b);

/* dm/df at f, naively: (p - q) / n. Cancels for large margins. */
void naive_cotangent(const ntk_inference_problem *problem, const double *f, double *cotangent);

/* Solve and assert success. */
ntk_logistic_result solve_logistic(drawn *d);

/* The flow of the linear model with the problem's full kernel, from f_0, with the problem's loss
 * and lambda; its outputs at the end in f. */
ntk_flow_result run_linear_flow(const ntk_inference_problem *problem, ntk_flow_options options, double *f);

/* The mean of batch means, `stride` doubles apart, is `wanted` up to six of its standard errors,
 * which are below `largest`: a test with power. */
void expect_mean(size_t batches, const double *means, size_t stride, double wanted, double largest);

#endif
