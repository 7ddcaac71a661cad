#include "problems.h"

#include <criterion/criterion.h>
#include <string.h>

static size_t identity_order;

static ntk_status identity_evaluate(void *context, const double *theta, double *f) {
    (void)context;
    memcpy(f, theta, identity_order * sizeof *f);
    return NTK_OK;
}

static ntk_status identity_pullback(void *context, const double *theta, const double *cotangent,
                                    double *gradient) {
    (void)context, (void)theta;
    memcpy(gradient, cotangent, identity_order * sizeof *gradient);
    return NTK_OK;
}

ntk_model identity_model(size_t points, size_t outputs) {
    identity_order = points * outputs;
    return (ntk_model){.dimension = identity_order,
                       .points = points,
                       .outputs = outputs,
                       .evaluate = identity_evaluate,
                       .pullback = identity_pullback};
}

/* (I - 2 u u^T) D (I - 2 u u^T) with u_i proportional to 1 + i/n. */
void matrix_with_spectrum(size_t n, const double *eigenvalues, double *matrix) {
    double square = 0, weighted = 0;
    for (size_t i = 0; i < n; ++i) {
        const double u = 1 + (double)i / (double)n;
        square += u * u;
    }
    for (size_t i = 0; i < n; ++i) {
        const double u = 1 + (double)i / (double)n;
        weighted += u * u * eigenvalues[i] / square;
    }
    for (size_t i = 0; i < n; ++i)
        for (size_t j = 0; j < n; ++j) {
            const double uu = (1 + (double)i / (double)n) * (1 + (double)j / (double)n) / square;
            matrix[i * n + j] = (i == j ? eigenvalues[i] : 0) - 2 * uu * (eigenvalues[i] + eigenvalues[j]) +
                                4 * uu * weighted;
        }
}

ntk_status record(const ntk_observation *seen, void *context) {
    recorder *r = context;
    if (r->count < RECORDS) {
        r->log_time[r->count] = seen->log_time;
        r->log_loss[r->count] = seen->log_loss;
        r->displacement[r->count] = seen->displacement;
        r->output[r->count] = seen->outputs[0];
    }
    r->count++;
    return r->cancel_after && r->count == r->cancel_after ? NTK_ERROR_CANCELLED : NTK_OK;
}

double pseudo_random(unsigned *state) {
    *state = *state * 1664525u + 1013904223u;
    return (double)*state / 2147483648.0 - 1;
}
