/* Problems with known solutions, and recorders, shared by the tests of this folder. */
#ifndef NTK_TESTS_DYNAMICS_PROBLEMS_H
#define NTK_TESTS_DYNAMICS_PROBLEMS_H

#include <stddef.h>

#include <ntk/dynamics.h>

#include "../status.h"

/* f = theta: p = nK, tangent kernel the identity; `context` is a free word for tests that count or break
 * things. */
ntk_model identity_model(size_t points, size_t outputs);

/* A symmetric positive definite matrix of order n with the given eigenvalues and dense eigenvectors: a
 * Householder reflection of the diagonal. */
void matrix_with_spectrum(size_t n, const double *eigenvalues, double *matrix);

enum { RECORDS = 64 };

/* What an observer saw, call by call. As `context` of the options. */
typedef struct recorder {
    size_t count;
    double log_time[RECORDS], log_loss[RECORDS], displacement[RECORDS], output[RECORDS];
    size_t cancel_after; /* stop the flow at this call; 0 for never */
} recorder;

ntk_status record(const ntk_observation *seen, void *context);

/* Random doubles in [-1, 1), the same in every run. */
double pseudo_random(unsigned *state);

#endif
