/* One step of a flow, by whichever method: what the methods share, and what they must provide.
 *
 * A step goes from `begin` to `end` over h in s. The elapsed physical time is kept in units of the
 * speed dt/ds at the beginning,
 *
 *     t(sigma) = t_n + e^{log_speed_n} W(sigma),  W(1) = h sum_i b_i e^{l_i - l_n},  l = log dt/ds,
 *
 * which is the method's own quadrature of t as one more component, scaled so that nothing
 * overflows: only the variation of l within a step enters an exponential. */
#ifndef NTK_DYNAMICS_STEPPER_H
#define NTK_DYNAMICS_STEPPER_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/flow.h>
#include <ntk/models.h>
#include <ntk/status.h>

#include "dynamics/field.h"

enum { NTK_STEPPER_STAGES = 7 };

typedef struct ntk_stepper ntk_stepper;

typedef struct ntk_method {
    size_t vectors;     /* (p) work vectors */
    double error_order; /* the error estimate is O(h^error_order); 0: the method has no error
                         * control */
    /* Cut *h to what the method allows, before an attempt. NULL: anything goes. */
    ntk_status (*limit)(ntk_stepper *stepper, double *h);
    /* Fill `end` (all but the clock), `elapsed`, `error` (estimate over tolerance; NaN where a
     * stage is not finite, and `end` is then undefined) for a step of stepper->h. */
    ntk_status (*attempt)(ntk_stepper *stepper);
    /* theta and W at begin + sigma h of an attempted step. */
    void (*interpolate)(const ntk_stepper *stepper, double sigma, double *theta);
    double (*elapsed_at)(const ntk_stepper *stepper, double sigma);
} ntk_method;

extern const ntk_method ntk_method_embedded, ntk_method_stabilised, ntk_method_bounded;

struct ntk_stepper {
    ntk_field field;
    const ntk_method *method;
    double tolerance; /* per step, relative to 1 + displacement */
    double step;      /* of the bounded-step rule */
    size_t max_steps, steps, rejected;
    const ntk_method *stiff; /* to switch to where stability limits the steps; NULL: never, or
                              * done */

    ntk_state begin, end;
    ntk_state seen;  /* scratch, for a point inside a step */
    double *origin;  /* (p) theta_0 */
    double *scratch; /* (p) */
    double *work[NTK_STEPPER_STAGES];
    void *memory[2];

    double h;       /* the step attempted last */
    double next;    /* the step to attempt next */
    double elapsed; /* W(1) */
    double error;
    double previous_error;
    double log_speeds[NTK_STEPPER_STAGES];

    /* stiffness, kept by the methods that need it */
    double *mode;         /* dominant direction of the last estimate: (p) or (n, K) */
    double stiffness;     /* the estimate; 0: none yet */
    size_t stiffness_age; /* accepted steps since */
};

/* method, and stiff to switch to (above). targets stay the caller's; theta (p) is copied. Evaluates
 * the field at the start, t = 0. Errors: NTK_ERROR_MEMORY; NTK_ERROR_DIVERGED where the start is
 * not finite. */
ntk_status ntk_stepper_create(const ntk_model *model, const double *targets, const ntk_flow_options *options,
                              const ntk_method *method, const ntk_method *stiff, const double *theta,
                              ntk_stepper *out);
void ntk_stepper_release(ntk_stepper *stepper);

/* Attempt steps until one is good enough: `end` is then the state after it, with its clock. In
 * physical time a step does not go past `limit`, and ends on it exactly. Errors:
 * NTK_ERROR_DIVERGED, NTK_ERROR_STALLED. */
ntk_status ntk_stepper_advance(ntk_stepper *stepper, const ntk_clock *limit);

/* Make the end of the step the beginning of the next. */
void ntk_stepper_accept(ntk_stepper *stepper);

/* Go on with the method `stiff`, which is not NULL. */
void ntk_stepper_switch(ntk_stepper *stepper);

/* ||theta - theta_0|| at an evaluated state: summed once, however often it is asked for. */
double ntk_stepper_displacement(ntk_stepper *stepper, ntk_state *state);

/* sigma at which the step reaches log t, begin < log_time <= end: root of the quadrature
 * polynomial. */
double ntk_stepper_locate(const ntk_stepper *stepper, double log_time);

/* log t at sigma. */
double ntk_stepper_log_time(const ntk_stepper *stepper, double sigma);

/* Put the state at sigma into `seen` and evaluate it there. */
ntk_status ntk_stepper_look(ntk_stepper *stepper, double sigma, double log_time);

/* Cubic Hermite interpolation on the two ends of a step, for methods without dense output of their
 * own. */
void ntk_hermite_interpolate(const ntk_stepper *stepper, double sigma, double *theta);
double ntk_hermite_elapsed_at(const ntk_stepper *stepper, double sigma);

/* Relative local error of t for an error `elapsed_error` in W(1), over the tolerance; 0 in physical
 * time. */
double ntk_stepper_time_error(const ntk_stepper *stepper, double elapsed_error);

#endif
