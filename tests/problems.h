/* Problems with known solutions, networks to train, flows that have to succeed, and recorders,
 * shared by the tests of several folders. */
#ifndef NTK_TESTS_PROBLEMS_H
#define NTK_TESTS_PROBLEMS_H

#include <stddef.h>

#include <ntk/flow.h>
#include <ntk/lab/problem.h>
#include <ntk/loss.h>
#include <ntk/models.h>
#include <ntk/status.h>
#include <ntk/trajectory.h>

#include "pseudo_random.h"
#include "status.h"

/* f = theta: p = nK, tangent kernel the identity; `context` is a free word for tests that count or
 * break things. */
ntk_model identity_model(size_t points, size_t outputs);

/* A symmetric positive definite matrix of order n with the given eigenvalues and dense
 * eigenvectors: a Householder reflection of the diagonal. */
void matrix_with_spectrum(size_t n, const double *eigenvalues, double *matrix);

/* The linear model of a Gram matrix; to be released. */
ntk_model linear_model(size_t points, size_t outputs, const double *gram, const double *f0);

/* Four points of R^5 with |cosines| of at most 0.6, and a network of the default architecture: for
 * tests to change. */
ntk_training_options training_options(ntk_loss loss, size_t classes, size_t width);

/* A problem with these options, drawn from the stream (seed, name, unit); to be released. */
ntk_training draw_training(const ntk_training_options *options, uint64_t seed, const char *name,
                           uint64_t unit);

/* ntk_flow_run, which succeeds. */
ntk_flow_result run_flow(const ntk_model *model, const double *targets, const ntk_flow_options *options,
                         double *theta);

/* ntk_trajectory_follow, of no other model, from where the problem's theta stands, which succeeds;
 * to be released. */
ntk_trajectory run_trajectory(ntk_training *problem, const ntk_flow_options *options);

enum { RECORDS = 64 };

/* What an observer saw, call by call. As `context` of the options. */
typedef struct recorder {
    size_t count;
    double log_time[RECORDS], log_loss[RECORDS], displacement[RECORDS], output[RECORDS];
    size_t cancel_after; /* stop the flow at this call; 0 for never */
} recorder;

ntk_status record(const ntk_observation *seen, void *context);

/* Makes `record` the observer, at these times. */
void record_at(ntk_flow_options *options, recorder *r, const double *log_times, size_t count);

#endif
