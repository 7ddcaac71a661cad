/* Proved trajectories of training problems (ntk/tube.h). */
#ifndef NTK_LAB_TUBES_H
#define NTK_LAB_TUBES_H

#include <ntk/api.h>
#include <ntk/lab/context.h>
#include <ntk/lab/grid.h>
#include <ntk/lab/parameters.h>
#include <ntk/lab/problem.h>
#include <ntk/status.h>
#include <ntk/tube.h>

NTK_BEGIN_DECLS

/* `bits` and `order`, and the options that they make. */
extern const ntk_parameter ntk_tubes_parameters[];
ntk_tube_options ntk_context_tubes(const ntk_context *context);

/* The problem of a unit of a grid whose first three axes are activations or networks by name,
 * widths and seeds: `base` with the activation and the width of the place, drawn by its seed.
 * training: to be released. Errors: those of ntk_training_create. */
ntk_status ntk_tubes_draw(const ntk_context *context, const ntk_grid *grid, ntk_place at,
                          const ntk_training_options *base, ntk_training_options *problem,
                          ntk_training *training);

/* The tube of a problem that was drawn with `problem`, from its initialisation; lambda: of L2
 * towards the initialisation. Errors: those of
 * ntk_tube_create. */
ntk_status ntk_training_tube(const ntk_training_options *problem, const ntk_training *training, double lambda,
                             const ntk_tube_options *options, ntk_tube **out);

NTK_END_DECLS

#endif
