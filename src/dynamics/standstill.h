/* Flows whose solution has come to rest. */
#ifndef NTK_DYNAMICS_STANDSTILL_H
#define NTK_DYNAMICS_STANDSTILL_H

#include <stdbool.h>

#include <ntk/status.h>

#include "dynamics/stepper.h"

/* Whether the flow stands still at `begin`, as far as rounding lets one see, with so much time left
 * to `limit` that it is worth asking. `seen` is scratch. May switch the stepper to its method for
 * stiff flows. */
ntk_status ntk_stepper_is_at_rest(ntk_stepper *stepper, const ntk_clock *limit, bool *at_rest);

/* Make the rest of time, up to a finite limit, one step in which nothing moves. */
void ntk_stepper_hold(ntk_stepper *stepper, const ntk_clock *limit);

#endif
