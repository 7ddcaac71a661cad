/* Networks whose empirical NTK stays, proved for all time.
 *
 * Under squared loss the tube (ntk/tube.h) encloses the flow until the residual r is so small that
 * what is left of the path, at most |r| / sqrt(lambda_min), fits into a ball on which lambda_min
 * and the kernel's change are bounded: from there on the bound holds for ever. With the logistic
 * loss there is no such end, and the tube proves the opposite: an exit. */
#include <math.h>

#include <ntk/lab/lab.h>
#include <ntk/tube.h>

enum { ACTIVATION, WIDTH, SEED };          /* axes */
enum { MARGIN, BOUND, SEEN, TIME, ERROR }; /* columns */

static const ntk_parameter parameters[] = {
    NTK_CHOICES("activations", "erf", "erf|gelu", "of the networks, one hidden layer"),
    NTK_INTEGERS("widths", "32 64", 1, 4096, "hidden widths, ascending"),
    NTK_INTEGER("seeds", 4, 2, 1000, "draws of points and weights"),
    NTK_REAL("threshold", 0.5, 0.001, 10, "relative change of the kernel that is never reached"),
    NTK_CHOICE("loss", "squared", "squared|logistic", "whose gradient flow is run"),
    NTK_REAL("horizon", 1000, 1, 1e20, "time at which waiting for a proof ends"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("margin-{activations}", "threshold less the bound of the change for all time, smallest"),
    {0},
};

typedef struct study {
    const ntk_context *context;
    ntk_grid grid;
    ntk_training_options problem;
    ntk_tube_options tube;
    double threshold, horizon;
} study;

/* ---- one network ----------------------------------------------------------------------------- */

/* Logistic loss: an exit, if it is proved before the horizon, refutes "never" by what the change
 * has reached; without a proof of either the margin is 0. */
static ntk_status refute(const study *self, ntk_tube *tube, ntk_tube_state *state, double *margin) {
    ntk_tube_exit exit;
    NTK_TRY(ntk_tube_exits(tube, 1, &self->threshold, log(self->horizon), &exit));
    NTK_TRY(ntk_tube_describe(tube, state));
    *margin = isfinite(exit.log_time.high) ? fmin(0, self->threshold - state->largest_drift.low) : 0;
    return NTK_OK;
}

static ntk_status prove(const study *self, ntk_tube *tube, double *row) {
    ntk_tube_state state;
    double margin;
    if (self->problem.loss == NTK_LOSS_SQUARED) {
        NTK_TRY(ntk_tube_never(tube, self->threshold, self->horizon, &margin));
        NTK_TRY(ntk_tube_describe(tube, &state));
    } else
        NTK_TRY(refute(self, tube, &state, &margin));
    row[MARGIN] = isfinite(margin) ? margin : 0; /* no bound at all: nothing is proved */
    row[BOUND] = margin > 0 ? self->threshold - margin : NAN;
    row[SEEN] = state.largest_drift.low;
    row[TIME] = exp(state.log_time.low);
    row[ERROR] = state.error;
    return NTK_OK;
}

static ntk_status compute_unit(const void *context, ntk_slot *slot) {
    const study *self = context;
    ntk_training_options options;
    ntk_training training;
    NTK_TRY(ntk_tubes_draw(self->context, &self->grid, slot->at, &self->problem, &options, &training));
    ntk_tube *tube = NULL;
    ntk_status status = ntk_training_tube(&options, &training, &self->tube, &tube);
    if (status == NTK_OK) status = prove(self, tube, slot->values);
    ntk_tube_destroy(tube);
    ntk_training_release(&training);
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static ntk_status judge(ntk_context *context, const ntk_grid *grid) {
    static const ntk_reduction margins[] = {{.prefix = "margin", NTK_REDUCE_SMALLEST, MARGIN}, {0}};
    NTK_TRY(ntk_grid_emit_table(context, grid, "bounds"));
    return ntk_grid_emit(context, grid, margins);
}

static ntk_status run(ntk_context *context) {
    study self = {.context = context,
                  .grid = {.axes = {ntk_axis_of_choices(context, "activation", "activations"),
                                    ntk_axis_of_numbers(context, "width", "widths"),
                                    ntk_axis_of_count(context, "seed", "seeds")},
                           .columns = "margin bound seen time error"},
                  .problem = ntk_context_sphere_problem(context),
                  .tube = ntk_context_tubes(context),
                  .threshold = ntk_context_real(context, "threshold"),
                  .horizon = ntk_context_real(context, "horizon")};
    self.problem.loss = ntk_context_is(context, "loss", "squared") ? NTK_LOSS_SQUARED : NTK_LOSS_LOGISTIC;
    self.grid.axes[WIDTH].costly = true;
    NTK_TRY(ntk_grid_run(&self.grid, compute_unit, &self));
    const ntk_status status = judge(context, &self.grid);
    ntk_grid_release(&self.grid);
    return status;
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_sphere_parameters, ntk_tubes_parameters, parameters},
    .metrics = {metrics},
    .run = run,
};
