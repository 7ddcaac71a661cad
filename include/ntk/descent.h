/* Gradient descent: steps of a fixed length, as a network is trained in practice.
 *
 *     theta_{k+1} = theta_k - rate (grad L(theta_k) + lambda (theta_k - theta_0)),
 *
 * L the mean loss over n points (loss.h): the Euler steps of the flow of flow.h, of which k steps
 * reach the time t = k rate. For the sum of the losses multiply the rate by n and divide lambda by
 * it. The steps are as long as they are told to be: on a quadratic of curvature c they oscillate
 * from rate c > 1 on and grow beyond 2, which is no error until a number overflows. */
#ifndef NTK_DESCENT_H
#define NTK_DESCENT_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/api.h>
#include <ntk/loss.h>
#include <ntk/models.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* What was seen after `step` steps. Pointers are valid during the call only. */
typedef struct ntk_descent_observation {
    size_t step;
    double log_loss;       /* log of the mean loss L, without the regulariser */
    double displacement;   /* ||theta_k - theta_0||, in the model's norm */
    double gradient_norm;  /* ||grad of the objective||, likewise */
    const double *outputs; /* (n, K) */
    const double *theta;   /* (p) */
} ntk_descent_observation;

/* Return NTK_OK to go on, NTK_ERROR_CANCELLED to stop here (which is no error of the descent),
 * another code to fail it. It may evaluate the model elsewhere. */
typedef ntk_status (*ntk_descent_observer)(const ntk_descent_observation *observation, void *context);

typedef struct ntk_descent_options {
    ntk_loss loss;
    double rate;   /* > 0, finite */
    double lambda; /* >= 0 */
    size_t steps;
    /* After how many steps to observe, ascending; 0 is the start. Those beyond `steps` are not
     * reached. */
    const size_t *observation_steps;
    size_t observation_count;
    ntk_descent_observer observer; /* NULL for none */
    void *context;
} ntk_descent_options;

/* Descend from theta (p), which is overwritten by the end point; *steps (may be NULL): how many
 * were taken. targets: (n, K). Errors: NTK_ERROR_ARGUMENT for options out of range; those of the
 * loss, the model and the observer; NTK_ERROR_DIVERGED, naming the step, where an output or the
 * loss stops being finite; NTK_ERROR_MEMORY. After an error theta is as it was. */
ntk_status ntk_descent_run(const ntk_model *model, const double *targets, const ntk_descent_options *options,
                           double *theta, size_t *steps);

NTK_END_DECLS

#endif
