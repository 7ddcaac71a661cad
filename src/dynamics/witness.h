/* The witness: turns a state of the path into what observers and events are shown. */
#ifndef NTK_DYNAMICS_WITNESS_H
#define NTK_DYNAMICS_WITNESS_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/flow.h>
#include <ntk/status.h>

#include "dynamics/stepper.h"

typedef struct ntk_witness {
    ntk_stepper *stepper;
    const double *targets;
    double *margins; /* (n) */
    /* (nK, nK) each; NULL unless kernels are asked for, the third unless their lambda_min is */
    double *kernel, *initial_kernel, *eigen;
    double *eigenvalues; /* (nK), like `eigen` */
    /* Where hard margins are observed: the targets made hard (n, K), scratch (n, K) and, of a model
     * with kinks, the kernel of the sliding flow (nK, nK), else NULL */
    double *classes, *coefficients, *sliding;
    double initial_norm; /* ||Theta_0||_F */
    /* What `kernel` holds: that of the path at this time, its drift, smallest eigenvalue and hard
     * margin. An event asks for one kernel several times. */
    double kernel_log_time; /* NaN: none yet */
    double drift, lambda_min, margin_norm;
    void *memory;
} ntk_witness;

/* Computes Theta_0 from the stepper's beginning where the options ask for kernels, and room for
 * what they ask for of them. The stepper stays the caller's. Errors: NTK_ERROR_MEMORY;
 * NTK_ERROR_ARGUMENT where the model has no tangent kernel. */
ntk_status ntk_witness_create(ntk_stepper *stepper, const ntk_flow_options *options, ntk_witness *out);
void ntk_witness_release(ntk_witness *witness);

/* The state must have been evaluated. Pointers of *out are valid until the next call. Errors: those
 * of the model and of ntk_inference_hard_margin; NTK_ERROR_DIVERGED where the tangent kernel is not
 * finite. */
ntk_status ntk_witness_observe(ntk_witness *witness, ntk_state *state, bool kernel, ntk_observation *out);

#endif
