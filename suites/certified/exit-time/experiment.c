/* Exit times of single networks, proved.
 *
 * A network is given by its weights, which are doubles and so exact numbers. The tube (ntk/tube.h)
 * encloses its gradient flow over the whole path, and with it R(t) = ||K_t - K_0||_F / ||K_0||_F:
 * R < q until t(S_1) and R > q at t(S_2), so the first time T with R = q lies between. Nothing is
 * estimated and no seed is averaged over: each row of the table is a theorem about one network.
 *
 * Beside it the flow of dynamics/ runs in doubles, with its own derivatives, integrator and search
 * for the event; what it finds must lie within its tolerance of the proved interval. */
#include <math.h>

#include <ntk/lab/lab.h>

enum { ACTIVATION, WIDTH, SEED, THRESHOLD };                     /* axes */
enum { LOW, HIGH, FLOW, DISPLACEMENT, ERROR, EXPANSION, STEPS }; /* columns */

static const ntk_parameter parameters[] = {
    NTK_CHOICES("activations", "erf", "erf|gelu", "of the networks, one hidden layer"),
    NTK_INTEGERS("widths", "8 16", 1, 4096, "hidden widths, ascending"),
    NTK_INTEGER("seeds", 2, 1, 1000, "draws of points and weights"),
    NTK_REALS("thresholds", "0.1 0.25 0.5", 0.001, 10, "relative changes of the kernel, ascending"),
    NTK_CHOICE("loss", "logistic", "logistic|squared", "whose gradient flow is run"),
    NTK_REAL("log-horizon", 35, -5, 200, "log of the time at which waiting for an exit ends"),
    NTK_REAL("flow-tolerance", 1e-9, 1e-13, 1e-3, "of the flow in doubles"),
    NTK_REAL("start-shift", 0, 0, 1, "how far from the weights that flow starts"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("exits-{activations}", "part of the networks with a proved exit, smallest threshold"),
    NTK_METRIC("missed-{activations}", "part of the exits of the flow that are not proved"),
    NTK_METRIC("outside-{activations}", "of the flow's log T, largest distance from the interval"),
    NTK_METRIC("interval-{activations}", "widest proved interval of log T"),
    NTK_METRIC("latest-{activations}", "latest proved log T"),
    {0},
};

typedef struct study {
    const ntk_context *context;
    ntk_grid grid;
    ntk_training_options problem;
    ntk_tube_options tube;
    const double *thresholds;
    double log_horizon, flow_tolerance, shift;
} study;

/* ---- one network ----------------------------------------------------------------------------- */

/* Squared loss: whether it is proved that there is no exit at all. */
static ntk_status prove_none(const study *self, ntk_tube *tube, bool *none) {
    double margin = 0;
    if (self->problem.loss == NTK_LOSS_SQUARED)
        NTK_TRY(ntk_tube_never(tube, self->thresholds[0], exp(self->log_horizon), &margin));
    *none = margin > 0;
    return NTK_OK;
}

/* A tube that ends early leaves the thresholds behind its end unproved; it is no error. */
static ntk_status prove(const study *self, const ntk_training_options *problem, const ntk_training *training,
                        ntk_tube_exit *exits, ntk_tube_state *state) {
    const size_t thresholds = self->grid.axes[THRESHOLD].count;
    ntk_tube *tube = NULL;
    bool none;
    NTK_TRY(ntk_training_tube(problem, training, 0, &self->tube, &tube));
    ntk_status status = prove_none(self, tube, &none);
    if (status == NTK_OK && !none) {
        ntk_tube_destroy(tube);
        NTK_TRY(ntk_training_tube(problem, training, 0, &self->tube, &tube));
        status = ntk_tube_exits(tube, thresholds, self->thresholds, self->log_horizon, exits);
    }
    for (size_t k = 0; k < thresholds && none; k++)
        exits[k] = (ntk_tube_exit){{INFINITY, INFINITY}, INFINITY, INFINITY, NAN};
    if (status == NTK_OK || status == NTK_ERROR_NO_CONVERGENCE) status = ntk_tube_describe(tube, state);
    ntk_tube_destroy(tube);
    return status;
}

static ntk_status follow(const study *self, ntk_training *training, ntk_exit *exits) {
    ntk_flow_options options = ntk_flow_options_default();
    options.loss = self->problem.loss;
    if (self->problem.loss == NTK_LOSS_SQUARED)
        options.gradient_tolerance = 1e-8; /* to the end */
    else
        options.time = NTK_TIME_LOG_LOSS;
    options.tolerance = options.event_tolerance = self->flow_tolerance;
    options.log_horizon = self->log_horizon;
    training->theta[0] += self->shift;
    double largest;
    ntk_flow_result result;
    return ntk_exit_run(&training->model, training->targets, &options, self->grid.axes[THRESHOLD].count,
                        self->thresholds, training->theta, exits, &largest, &result);
}

/* NaN, which is no point of a figure, for an exit that there is none of. */
static double or_nan(double x) { return isfinite(x) ? x : NAN; }

static ntk_status compute(const study *self, const ntk_training_options *problem, ntk_training *training,
                          ntk_slot *slot) {
    enum { MOST = 16 };
    ntk_tube_exit proved[MOST];
    ntk_exit seen[MOST];
    ntk_tube_state state;
    const size_t thresholds = self->grid.axes[THRESHOLD].count, columns = STEPS + 1;
    if (thresholds > MOST) return ntk_fail(NTK_ERROR_ARGUMENT, "at most %d thresholds", (int)MOST);
    NTK_TRY(prove(self, problem, training, proved, &state));
    NTK_TRY(follow(self, training, seen));
    for (size_t k = 0; k < thresholds; k++) {
        double *row = slot->values + k * columns;
        row[LOW] = or_nan(proved[k].log_time.low);
        row[HIGH] = or_nan(proved[k].log_time.high);
        row[FLOW] = or_nan(seen[k].log_time);
        row[DISPLACEMENT] = proved[k].displacement;
        row[ERROR] = state.error;
        row[EXPANSION] = state.expansion;
        row[STEPS] = (double)state.steps;
    }
    return NTK_OK;
}

static ntk_status compute_unit(const void *context, ntk_slot *slot) {
    const study *self = context;
    ntk_training_options problem;
    ntk_training training;
    NTK_TRY(ntk_tubes_draw(self->context, &self->grid, slot->at, &self->problem, &problem, &training));
    const ntk_status status = compute(self, &problem, &training, slot);
    ntk_training_release(&training);
    return status;
}

/* ---- what is judged -------------------------------------------------------------------------- */

typedef struct tally {
    size_t networks, exits, seen, missed;
    double outside, widest, latest;
} tally;

static void count_row(const double *row, bool smallest, tally *out) {
    const bool proved = isfinite(row[HIGH]), seen = isfinite(row[FLOW]);
    out->networks += smallest;
    out->exits += smallest && proved;
    out->seen += seen;
    out->missed += seen && !proved;
    if (!proved) return;
    out->widest = ntk_larger(out->widest, row[HIGH] - row[LOW]);
    out->latest = ntk_larger(out->latest, row[HIGH]);
    /* An exit that the flow does not see is as far away as can be. */
    out->outside = ntk_larger(out->outside, seen ? fmax(0, fmax(row[LOW] - row[FLOW], row[FLOW] - row[HIGH]))
                                                 : fabs(row[HIGH]) + 1);
}

/* Without any exit, distances and widths are 0: it is the other metrics that tell. */
static ntk_status judge(ntk_context *context, const ntk_grid *grid, size_t activation) {
    tally all = {0};
    const ntk_place part = ntk_grid_case(activation);
    for (size_t k = 0; k < ntk_grid_count(grid, part); k++) {
        const ntk_place at = ntk_grid_place(grid, part, k);
        count_row(ntk_grid_row(grid, at), at.at[THRESHOLD] == 0, &all);
    }
    const char *name = grid->axes[ACTIVATION].labels[activation];
    NTK_TRY(ntk_emit_scalar_as(context, (double)all.exits / (double)all.networks, "exits-%s", name));
    NTK_TRY(
        ntk_emit_scalar_as(context, all.seen ? (double)all.missed / (double)all.seen : 0, "missed-%s", name));
    NTK_TRY(ntk_emit_scalar_as(context, all.outside, "outside-%s", name));
    NTK_TRY(ntk_emit_scalar_as(context, all.widest, "interval-%s", name));
    return ntk_emit_scalar_as(context, all.latest, "latest-%s", name);
}

static ntk_status run(ntk_context *context) {
    size_t count;
    study self = {.context = context,
                  .grid = {.axes = {ntk_axis_of_choices(context, "activation", "activations"),
                                    ntk_axis_of_numbers(context, "width", "widths"),
                                    ntk_axis_of_count(context, "seed", "seeds"),
                                    ntk_axis_of_numbers(context, "threshold", "thresholds")},
                           .columns = "low high flow displacement error expansion steps"},
                  .problem = ntk_context_sphere_problem(context),
                  .tube = ntk_context_tubes(context),
                  .thresholds = ntk_context_reals(context, "thresholds", &count),
                  .log_horizon = ntk_context_real(context, "log-horizon"),
                  .flow_tolerance = ntk_context_real(context, "flow-tolerance"),
                  .shift = ntk_context_real(context, "start-shift")};
    self.problem.loss = ntk_context_is(context, "loss", "squared") ? NTK_LOSS_SQUARED : NTK_LOSS_LOGISTIC;
    self.grid.axes[WIDTH].costly = true;
    self.grid.axes[THRESHOLD].inside = true;
    NTK_TRY(ntk_grid_run(&self.grid, compute_unit, &self));
    ntk_status status = ntk_grid_emit_table(context, &self.grid, "exits");
    for (size_t a = 0; a < self.grid.axes[ACTIVATION].count && status == NTK_OK; a++)
        status = judge(context, &self.grid, a);
    ntk_grid_release(&self.grid);
    return status;
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_sphere_parameters, ntk_tubes_parameters, parameters},
    .metrics = {metrics},
    .run = run,
};
