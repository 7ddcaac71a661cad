/* Predictive probabilities of one classification problem, by the routes that classifier.h offers,
 * with the identities that each route obeys. Units of ntk_map_units are chains and members, with
 * streams (base seed, claim, unit) forked by purpose. Arrays are row-major; N = n K values at the
 * points trained on, M = q K values at the new ones. */
#ifndef NTK_SUITES_PREDICTIVE_H
#define NTK_SUITES_PREDICTIVE_H

#include <stddef.h>

#include <ntk/architecture.h>
#include <ntk/inference_problem.h>
#include <ntk/lab/context.h>
#include <ntk/lab/definiteness.h>
#include <ntk/lab/parameters.h>
#include <ntk/loss.h>
#include <ntk/slice.h>
#include <ntk/status.h>

/* What is classified. Arrays are owned. */
typedef struct ntk_classification {
    ntk_loss loss;
    size_t points, others, inputs, outputs; /* n to train on, q new ones, d, K */
    double *x;                              /* (n + q, d), those to train on first */
    double *targets;                        /* (n, K) */
    size_t *labels;                         /* (n + q) where the new points have labels, else
                                             * NULL */
} ntk_classification;

/* Two half circles of n / 2 points each that interlock, one for each class (one logistic output),
 * and grid x grid new points in the square around them, of side 4.5. n: even, at least 4; grid: at
 * least 2. */
ntk_status ntk_classification_plane(size_t n, size_t grid, ntk_classification *out);

/* Images of the digits that the parameter "digits" lists (softmax), of the set that "digit-set"
 * names (problem.h), in one draw from the fork "digits" of unit 0. Errors: those of data.h. */
ntk_status ntk_classification_digits(const ntk_context *context, size_t n, size_t q, ntk_classification *out);

/* Release and zero; a zeroed value is allowed. */
void ntk_classification_release(ntk_classification *data);

typedef struct ntk_predictive {
    ntk_inference_problem problem; /* kernel shared by the outputs, prior mean 0 */
    /* The lambda that posterior and solutions are computed with; problem.lambda, which the
     * identities use, unless a control sets another. */
    double lambda;
    size_t q;
    double *gram;     /* (n, n), Theta of the infinitely wide network; owned, as are all arrays
                       * here */
    double *cross;    /* (q, n) */
    double *diagonal; /* (q) */
    double *targets;  /* (n, K) */
    /* Covariance of the ensemble's start at X and between X and the new points, shaped like the
     * kernel's. */
    double *start_gram, *start_cross, *start_diagonal;
} ntk_predictive;

/* What f_0, of which a member of the ensemble starts, is drawn from. */
typedef enum ntk_predictive_start {
    NTK_START_PRIOR,  /* N(0, C) */
    NTK_START_NETWORK /* N(0, S), S the NNGP kernel: a wide network as it is drawn */
} ntk_predictive_start;

/* The problem of these data, which are not referred to afterwards. Errors: those of kernel.h;
 * NTK_ERROR_MEMORY. */
ntk_status ntk_predictive_create(const ntk_architecture *architecture, const ntk_classification *data,
                                 double lambda, ntk_predictive_start start, ntk_predictive *out);
/* Release and zero; a zeroed value is allowed. */
void ntk_predictive_release(ntk_predictive *predictive);

/* The posterior, sampled by chains that start from draws of the prior. */
typedef struct ntk_predictive_chains {
    size_t chains, draws;
    double *probabilities; /* (M), mean of p(f(x)) over all draws */
    double *residuals;     /* (chains, N), means of (f - C g(f)) / sqrt(C_ii): 0 on average */
    double *fitted;        /* (chains, N), means of p(f(X)) */
    double *squares;       /* (chains, draws), (f^T C^{-1} f - f^T g(f)) / N: 1 on average */
    double *likelihoods;   /* (chains, draws), log-likelihoods */
} ntk_predictive_chains;

ntk_status ntk_predictive_sample(const ntk_context *context, const ntk_predictive *predictive,
                                 const char *purpose, size_t chains, const ntk_chain_options *options,
                                 ntk_predictive_chains *out);
void ntk_predictive_chains_release(ntk_predictive_chains *chains);

/* The posterior once more, with lambda of the problem and without a chain: prior draws weighed by
 * their likelihood, which is at most 1. For few points: the effective number of draws is the part
 * of the prior that the data leave. fitted: (batches, N), E p(f(X)) by the draws of one batch
 * each. */
ntk_status ntk_predictive_weigh(const ntk_context *context, const ntk_predictive *predictive,
                                const char *purpose, size_t batches, size_t draws, double *fitted);

/* The ensemble of solutions f = f_0 + C_xX g(f(X)), f_0 = spread * (a draw of the start). For f_0 ~
 * N(0, C) Stein's lemma gives E f_0^T g(f) = -E tr W (C^{-1} + W)^{-1}, W at f(X): minus the
 * effective number of parameters. */
typedef struct ntk_predictive_members {
    size_t members;
    double *probabilities; /* (M), mean of p(f*(x)) over the members */
    double *degrees;       /* (members), effective number of parameters / N */
    double *balances;      /* (members), f_0^T g(f*) / N + degrees: 0 on average */
} ntk_predictive_members;

ntk_status ntk_predictive_solve(const ntk_context *context, const ntk_predictive *predictive,
                                const char *purpose, size_t members, double spread,
                                ntk_predictive_members *out);
void ntk_predictive_members_release(ntk_predictive_members *members);

/* The solution from one start: start (N + M), training points first; f (M), at the new points;
 * at_points (N) may be NULL. */
ntk_status ntk_predictive_solution(const ntk_predictive *predictive, const double *start, double *at_points,
                                   double *f);

/* The mode and the Laplace approximation (`draws` as of ntk_bayes_average): p at the mode, and
 * averaged. (M) each.
 */
ntk_status ntk_predictive_laplace(const ntk_context *context, const ntk_predictive *predictive, size_t draws,
                                  double *mode, double *laplace);

/* Mean over the new points of KL(p, other), in nats. p, other: (M). */
double ntk_predictive_divergence(const ntk_predictive *predictive, const double *p, const double *other);

/* ---- the routes side by side ----------------------------------------------------------------- */

/* What an experiment that compares them reads. */
extern const ntk_parameter ntk_routes_parameters[];

/* The same in effect, for code to read. */
typedef struct ntk_routes_options {
    size_t members, chains, weighed;
    ntk_chain_options chain;
    double spread, lambda_factor;
} ntk_routes_options;

ntk_routes_options ntk_routes_read(const ntk_context *context);

/* E p(f(x)) at the new points. (M) each. */
typedef struct ntk_routes {
    ntk_predictive problem;
    double *posterior; /* owned, the start of all four */
    double *ensemble, *laplace, *mode;
    ntk_routes_options options;
    double *fitted; /* (chains, N), of the posterior's chains; owned */
} ntk_routes;

/* Take over the problem, go all routes as the parameters say, and emit under names that end in
 * -<name>
 *
 *     split-r-hat, effective-size   the worse of two traces, log-likelihood and square
 *     posterior-square              mean of the square, 1 by the identity
 *     posterior-mean                largest |residual| of E f = C E g(f), 0, in prior deviations
 *     ensemble-balance              mean of the balance, 0 by the identity where spread = 1
 *     ensemble-degrees              E d / N, what the ensemble's square lacks
 *     ensemble-distance             ntk_routes_distance of the ensemble
 *     laplace-distance              and of Laplace's approximation
 *
 * The problem is released with the routes, after an error too. */
ntk_status ntk_routes_compare(ntk_context *context, const char *name, ntk_predictive *problem,
                              ntk_routes *out);
void ntk_routes_release(ntk_routes *routes);

/* Emit `importance-<name>`: the largest difference, over the points trained on, between the
 * posterior mean of p by the chains and by `weighed` prior draws for each of them. */
ntk_status ntk_routes_weigh(ntk_context *context, const char *name, const ntk_routes *routes);

/* Divergence from the posterior of probabilities (M) relative to that of the mode: 0 for agreement,
 * 1 for the single solution that averages nothing. */
double ntk_routes_distance(const ntk_routes *routes, const double *probabilities);

/* Networks beside the solutions that they should reach: "networks" of each of "widths" (parameters
 * of ntk_network_route_parameters), trained to stationarity from the start that "start" names, on
 * the points of a problem with n lambda = 1. Emits the table `gaps` (width, gap of each network)
 * and `network-rate`, the exponent in the width of the gap: what separates a network's
 * probabilities at the new points from those of the solution from its own start, relative to what
 * training moves that solution by. data: what the problem was made from; probabilities: (M), the
 * mean over the networks of the last width. Errors: NTK_ERROR_ARGUMENT for another lambda; those of
 * ensemble.h. */
extern const ntk_parameter ntk_network_route_parameters[];

ntk_predictive_start ntk_network_route_start(const ntk_context *context);

ntk_status ntk_network_route(ntk_context *context, const ntk_routes *routes,
                             const ntk_architecture *architecture, const ntk_classification *data,
                             double *probabilities);

/* Emit the table `reliability-<name>`: for each route, new points in bins of the probability of the
 * class it predicts: mean of it, part that has this class by `labels` (q), number. Softmax only. */
ntk_status ntk_routes_reliability(ntk_context *context, const char *name, const ntk_routes *routes,
                                  const size_t *labels);

#endif
