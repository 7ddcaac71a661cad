/* Networks whose empirical NTK stays, proved for all time.
 *
 * Where a loss can be reached (squared loss, logistic loss with soft targets), or L2 holds the
 * parameters, the tube (ntk/tube.h) encloses the flow until a ball around its end is proved to hold
 * all the rest of the path: on it the kernel's change is bounded, and so it is for ever
 * (certify/tube_never.c). With one-hot targets and no regulariser there is no such end, and the
 * tube proves the opposite: an exit.
 *
 * Beside it the flow of dynamics/ runs in doubles, with its own derivatives and integrator, until
 * it rests. Where it rests must lie within that ball. */
#include <math.h>
#include <string.h>

#include <ntk/lab/lab.h>
#include <ntk/tube.h>

enum { ACTIVATION, WIDTH, SEED };                        /* axes */
enum { MARGIN, BOUND, SEEN, TIME, ERROR, REST, TRAVEL }; /* columns */

static const ntk_parameter parameters[] = {
    NTK_CHOICES("activations", "erf", "erf|gelu|erf-l2|gelu-l2|erf-soft|gelu-soft",
                "networks of one hidden layer, by name"),
    NTK_INTEGERS("widths", "32 64", 1, 4096, "hidden widths, ascending"),
    NTK_INTEGER("seeds", 4, 2, 1000, "draws of points and weights"),
    NTK_REAL("threshold", 0.5, 0.001, 10, "relative change of the kernel that is never reached"),
    NTK_CHOICE("loss", "squared", "squared|logistic", "of the networks without a setting in their name"),
    NTK_REAL("lambda", 0.1, 0, 1000, "of the L2 regulariser of -l2, towards the initialisation"),
    NTK_REAL("epsilon", 0.2, 0, 0.49, "of the soft targets of -soft"),
    NTK_REAL("horizon", 1000, 1, 1e20, "time at which waiting for a proof ends"),
    NTK_REAL("flow-tolerance", 1e-8, 1e-13, 1e-3, "of the flow in doubles"),
    /* constant: that of the proved radius; lambda, targets: those of the flow in doubles */
    NTK_PLANTS("constant|lambda|targets"),
    {0},
};

static const char *const kinds[] = {"l2", "soft"};

static ntk_network_setting setting_of(const char *label) {
    ntk_network_name name;
    (void)ntk_network_name_parse(label, &name); /* a value of the parameter */
    return name.setting;
}

static bool is_of_kind(const char *label, const char *kind) {
    return setting_of(label) == (strcmp(kind, "l2") == 0 ? NTK_SETTING_L2 : NTK_SETTING_SOFT);
}

static bool has_kind(const ntk_context *context, const char *const *words) {
    size_t count, found = 0;
    const char *const *labels = ntk_context_choices(context, "activations", &count);
    for (size_t k = 0; k < count; k++) found += is_of_kind(labels[k], words[0]);
    return found > 0;
}

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("margin-{activations}", "threshold less the bound of the change for all time, smallest"),
    NTK_METRIC("travel-{activations}", "distance that the flow still goes, over its bound, largest"),
    NTK_METRIC_WHEN("margin-{l2,soft}", "the smallest margin of a kind", has_kind),
    NTK_METRIC_WHEN("travel-{l2,soft}", "the largest travel of a kind", has_kind),
    {0},
};

typedef struct study {
    const ntk_context *context;
    ntk_grid grid;
    ntk_training_options problem;
    ntk_tube_options tube;
    double threshold, horizon, lambda, epsilon, flow_tolerance;
} study;

/* ---- one network ----------------------------------------------------------------------------- */

typedef struct objective {
    ntk_loss loss;
    double epsilon, lambda;
} objective;

static objective objective_of(const study *self, const char *label) {
    switch (setting_of(label)) {
    case NTK_SETTING_L2:
        return (objective){.loss = NTK_LOSS_LOGISTIC, .lambda = self->lambda};
    case NTK_SETTING_SOFT:
        return (objective){.loss = NTK_LOSS_LOGISTIC, .epsilon = self->epsilon};
    default:
        return (objective){.loss = self->problem.loss};
    }
}

/* A flow without an end: an exit, if it is proved before the horizon, refutes "never" by what the
 * change has reached; without a proof of either the margin is 0. */
static ntk_status refute(const study *self, ntk_tube *tube, double *row) {
    ntk_tube_exit exit;
    ntk_tube_state state;
    NTK_TRY(ntk_tube_exits(tube, 1, &self->threshold, log(self->horizon), &exit));
    NTK_TRY(ntk_tube_describe(tube, &state));
    row[MARGIN] = isfinite(exit.log_time.high) ? fmin(0, self->threshold - state.largest_drift.low) : 0;
    return NTK_OK;
}

static void plant_targets(const study *self, const objective *of, ntk_training *training) {
    const double shift = of->epsilon * ntk_plant_size(self->context, NTK_PLANT_TARGETS);
    for (size_t i = 0; i < training->points; i++)
        training->targets[i] += training->targets[i] > 0.5 ? -shift : shift;
}

/* Where the flow in doubles rests, in training->theta. */
static ntk_status follow(const study *self, const objective *of, ntk_training *training) {
    ntk_flow_options options = ntk_flow_options_default();
    ntk_flow_result result;
    options.loss = of->loss;
    options.lambda = of->lambda * ntk_plant_factor(self->context, NTK_PLANT_LAMBDA);
    options.tolerance = self->flow_tolerance;
    options.gradient_tolerance = self->flow_tolerance;
    options.horizon = 1e4 * self->horizon;
    plant_targets(self, of, training);
    return ntk_flow_run(&training->model, training->targets, &options, training->theta, &result);
}

/* How far from the end of the tube that is, over the bound; 0 where nothing was proved. */
static ntk_status measure_travel(const study *self, const objective *of, ntk_tube *tube, double rest,
                                 ntk_training *training, double *travel) {
    const double factor = ntk_plant_factor(self->context, NTK_PLANT_CONSTANT);
    double *centre = NULL, distance, square = 0;
    NTK_TRY(ntk_allocate_doubles(training->parameters, &centre));
    ntk_status status = ntk_tube_centre(tube, centre, &distance);
    if (status == NTK_OK) status = follow(self, of, training);
    for (size_t k = 0; k < training->parameters; k++)
        square += (training->theta[k] - centre[k]) * (training->theta[k] - centre[k]);
    ntk_release(centre);
    *travel = isfinite(rest) ? sqrt(square) / (factor * rest) : 0;
    return status;
}

static ntk_status prove(const study *self, const objective *of, ntk_tube *tube, ntk_training *training,
                        double *row) {
    ntk_tube_state state;
    double margin;
    NTK_TRY(ntk_tube_never(tube, self->threshold, self->horizon, &margin));
    NTK_TRY(ntk_tube_describe(tube, &state));
    row[MARGIN] = isfinite(margin) ? margin : 0; /* no bound at all: nothing is proved */
    row[REST] = state.rest;
    return measure_travel(self, of, tube, state.rest, training, row + TRAVEL);
}

static ntk_status compute(const study *self, const objective *of, ntk_tube *tube, ntk_training *training,
                          double *row) {
    ntk_tube_state state;
    row[REST] = INFINITY;
    row[TRAVEL] = 0;
    const bool ends = of->loss == NTK_LOSS_SQUARED || of->lambda > 0 || of->epsilon > 0;
    if (ends)
        NTK_TRY(prove(self, of, tube, training, row));
    else
        NTK_TRY(refute(self, tube, row));
    NTK_TRY(ntk_tube_describe(tube, &state));
    row[BOUND] = row[MARGIN] > 0 ? self->threshold - row[MARGIN] : NAN;
    row[SEEN] = state.largest_drift.low;
    row[TIME] = exp(state.log_time.low);
    row[ERROR] = state.error;
    return NTK_OK;
}

static ntk_status compute_unit(const void *context, ntk_slot *slot) {
    const study *self = context;
    const objective of = objective_of(self, ntk_grid_label(&self->grid, slot->at, ACTIVATION));
    ntk_training_options base = self->problem, options;
    ntk_training training;
    base.loss = of.loss;
    base.epsilon = of.epsilon;
    NTK_TRY(ntk_tubes_draw(self->context, &self->grid, slot->at, &base, &options, &training));
    ntk_tube *tube = NULL;
    ntk_status status = ntk_training_tube(&options, &training, of.lambda, &self->tube, &tube);
    if (status == NTK_OK) status = compute(self, &of, tube, &training, slot->values);
    ntk_tube_destroy(tube);
    ntk_training_release(&training);
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* Over the networks of a kind, if there are any. */
static ntk_status judge_kind(ntk_context *context, const ntk_grid *grid, const char *kind) {
    double margin = INFINITY, travel = -INFINITY;
    for (size_t a = 0; a < grid->axes[ACTIVATION].count; a++) {
        if (!is_of_kind(grid->axes[ACTIVATION].labels[a], kind)) continue;
        const ntk_place part = ntk_grid_case(a);
        for (size_t k = 0; k < ntk_grid_count(grid, part); k++) {
            const double *row = ntk_grid_row(grid, ntk_grid_place(grid, part, k));
            margin = ntk_smaller(margin, row[MARGIN]);
            travel = ntk_larger(travel, row[TRAVEL]);
        }
    }
    if (margin == INFINITY) return NTK_OK;
    NTK_TRY(ntk_emit_scalar_as(context, margin, "margin-%s", kind));
    return ntk_emit_scalar_as(context, travel, "travel-%s", kind);
}

static ntk_status judge(ntk_context *context, const ntk_grid *grid) {
    static const ntk_reduction reductions[] = {{.prefix = "margin", NTK_REDUCE_SMALLEST, MARGIN},
                                               {.prefix = "travel", NTK_REDUCE_LARGEST, TRAVEL},
                                               {0}};
    NTK_TRY(ntk_grid_emit_table(context, grid, "bounds"));
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) NTK_TRY(judge_kind(context, grid, kinds[k]));
    return ntk_grid_emit(context, grid, reductions);
}

static ntk_status run(ntk_context *context) {
    study self = {.context = context,
                  .grid = {.axes = {ntk_axis_of_choices(context, "activation", "activations"),
                                    ntk_axis_of_numbers(context, "width", "widths"),
                                    ntk_axis_of_count(context, "seed", "seeds")},
                           .columns = "margin bound seen time error rest travel"},
                  .problem = ntk_context_sphere_problem(context),
                  .tube = ntk_context_tubes(context),
                  .threshold = ntk_context_real(context, "threshold"),
                  .horizon = ntk_context_real(context, "horizon"),
                  .lambda = ntk_context_real(context, "lambda"),
                  .epsilon = ntk_context_real(context, "epsilon"),
                  .flow_tolerance = ntk_context_real(context, "flow-tolerance")};
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
