/* The stiffness of a flow at the beginning of a step. */
#ifndef NTK_DYNAMICS_STIFFNESS_H
#define NTK_DYNAMICS_STIFFNESS_H

#include "dynamics/stepper.h"

/* Renew stepper->stiffness, an estimate from above of the spectral radius of the field's Jacobian
 * at `begin`; `seen` and `scratch` are overwritten. */
ntk_status ntk_stepper_estimate_stiffness(ntk_stepper *stepper);

#endif
