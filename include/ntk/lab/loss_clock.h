/* The clock of the logistic loss: what time it must be at an output that a flow has reached.
 *
 * With the sum S of the losses descended and lambda a lower bound of the smallest eigenvalue of the
 * kernel of the flow, every margin g has, F as in trajectory.h (derived in divergence/theorem-2),
 *
 *     e^g + g + F(S_0) >= lambda t / n. */
#ifndef NTK_LAB_LOSS_CLOCK_H
#define NTK_LAB_LOSS_CLOCK_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/lab/context.h>
#include <ntk/lab/grid.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* log(lambda t / n) - log(e^g + g + F(S_0)), at most 0 by that law, from log(lambda t / n), g and
 * S_0. Where the second sum is not positive the law is broken by as much as a double can hold. */
double ntk_loss_clock_gap(double log_rate, double g, double initial_sum);

/* Times to observe: the start, then log t from -2 to `last` in even steps. log_times: (count). */
void ntk_loss_clock_times(double last, size_t count, double *log_times);

/* A table "paths" of what the units of a grid keep, (curves, count), the first curve log t: a row
 * for each time after the start that was reached, of the first seed of each case and width, axes 0
 * and 1 of three. columns: "$case width log-time ...", a name for each curve. */
ntk_status ntk_loss_clock_emit_paths(ntk_context *context, const ntk_grid *grid, const char *columns,
                                     size_t count);

NTK_END_DECLS

#endif
