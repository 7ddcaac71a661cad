/* Ensembles: networks that differ in their initialisation alone, trained on the same points and
 * targets.
 *
 * Member i of an ensemble draws its parameters from the stream (base seed, claim, i), forked by the
 * width: more members leave the first ones as they are. A member follows the gradient flow of
 * flow.h from theta_0, and its outputs are recorded before and after on all points, those of
 * training first. */
#ifndef NTK_LAB_ENSEMBLE_H
#define NTK_LAB_ENSEMBLE_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/api.h>
#include <ntk/architecture.h>
#include <ntk/flow.h>
#include <ntk/lab/context.h>
#include <ntk/lab/definiteness.h>
#include <ntk/network.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* What every member is trained on. The arrays stay the caller's. */
typedef struct ntk_ensemble_problem {
    ntk_architecture architecture;
    size_t points;         /* n, trained on */
    size_t all_points;     /* N >= n: the training points, then those at which outputs are only
                            * recorded */
    size_t inputs;         /* d */
    size_t outputs;        /* K */
    const double *x;       /* (N, d) */
    const double *targets; /* (n, K) */
    ntk_flow_options flow; /* loss, lambda, tolerances and what ends the flow; it must end */
    double noise_variance; /* of normal noise added to each member's targets, squared loss only; 0:
                            * none */
    double noise_mean;     /* of that noise */
    /* Start from a draw of the Gaussian process of covariance Theta_hat_0, the tangent kernel at
     * theta_0: a member's outputs are f(x; theta) - f(x; theta_0) + J(x; theta_0) z, z ~ N(0, I),
     * the offset J z - f_0 being constant along its flow (sample-then-optimise). False: f(x;
     * theta). */
    bool tangent_start;
    /* s: what a member's start is drawn from - its parameters or, with tangent_start, z - and its
     * noise share a random factor, s with probability 1/10 and sqrt((1 - s^2/10) / (9/10))
     * otherwise. Each number keeps its mean and its variance, and two of them are uncorrelated, but
     * they are not independent; 1 (or 0): they are. 1 <= s < sqrt(10). */
    double rare_scale;
} ntk_ensemble_problem;

/* One member after its flow has ended. */
typedef struct ntk_ensemble_member {
    size_t width, index;
    ntk_network *network;
    const double *theta0, *theta; /* (p), before and after */
    const double *targets;        /* (n, K), its noise included */
    const double *start, *end;    /* (N, K), outputs before and after, the offset of tangent_start
                                   * included */
    double gradient_norm;         /* at the end */
} ntk_ensemble_member;

/* Read `columns` values off a member. Called in parallel; values: (columns). */
typedef ntk_status (*ntk_ensemble_measure)(const ntk_ensemble_member *member, double *values, void *argument);

typedef struct ntk_ensemble {
    size_t width, members, points, all_points, outputs, columns;
    double *start;          /* (members, N, K) */
    double *end;            /* (members, N, K) */
    double *targets;        /* (members, n, K), their noise included */
    double *gradient_norms; /* (members), at the end */
    double *values;         /* (members, columns), what `measure` has read */
} ntk_ensemble;

/* Train `members` networks of one width as units of ntk_map_units. measure: NULL for none
 * (columns = 0). Errors: those of the network and its flow, naming width and member. */
ntk_status ntk_ensemble_train(const ntk_context *context, const ntk_ensemble_problem *problem, size_t width,
                              size_t members, size_t columns, ntk_ensemble_measure measure, void *argument,
                              ntk_ensemble *out);

/* Members first, first + 1, ... before training: only `start` and `targets` are recorded, the other
 * arrays are NULL. Untrained networks cost a thousandth of trained ones. Errors: those of the
 * network. */
ntk_status ntk_ensemble_initialise(const ntk_context *context, const ntk_ensemble_problem *problem,
                                   size_t width, size_t first, size_t members, ntk_ensemble *out);

/* Release and zero; a zeroed value is allowed. */
void ntk_ensemble_release(ntk_ensemble *ensemble);

NTK_END_DECLS

#endif
