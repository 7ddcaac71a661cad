/* The loss law of single networks, proved along their flows.
 *
 *     integral_0^t ds / (n W_s^2) <= F(n L_0) - F(n L_t),
 *     F(x) = x + log(1 - e^{-x}) - 1 / (e^x - 1),
 *
 * W_s the norm of the hard margin of the empirical NTK (docs/loss-law.md). A network is given by
 * its weights; the tube (ntk/tube.h) encloses its flow, and along it both sides, W by a primal and
 * a
 * dual vector on every part of every step (certify/tube_law.c). No run is sampled, and no
 * quadrature
 * is trusted. Beside it the flow of dynamics/ runs in doubles, with the solver of inference/ for
 * W. */
#include <float.h>
#include <math.h>

#include <ntk/lab/lab.h>

enum { ACTIVATION, WIDTH, SEED, TIME }; /* axes */
/* columns */
enum { REACHED, LEFT, RIGHT, SLACK, LOW, HIGH, NORM_LOW, NORM_HIGH, NORM_SEEN, ERROR };
enum { MOST_TIMES = 64 };

static const ntk_parameter parameters[] = {
    NTK_CHOICES("activations", "erf", "erf|gelu", "of the networks, one hidden layer"),
    NTK_INTEGERS("widths", "16 32", 1, 4096, "hidden widths, ascending"),
    NTK_INTEGER("seeds", 1, 1, 1000, "draws of points and weights"),
    NTK_REALS("log-times", "-2 0 2 4 6 8 9", -20, 60, "times at which the law is taken, ascending"),
    NTK_CHOICE("loss", "logistic", "logistic|squared", "whose gradient flow is run"),
    NTK_REAL("factor", 1, 0.1, 10, "of the left side: 1 in the law"),
    NTK_REAL("flow-tolerance", 1e-9, 1e-13, 1e-3, "of the flow in doubles"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("slack-{activations}", "right / left - 1, lower end, smallest"),
    NTK_METRIC("sharp-{activations}", "left / right at the last time, lower end, smallest"),
    NTK_METRIC("outside-{activations}", "relative distance of the flow's W from its interval, largest"),
    {0},
};

typedef struct study {
    const ntk_context *context;
    ntk_grid grid;
    ntk_training_options problem;
    ntk_tube_options tube;
    double factor, flow_tolerance;
} study;

/* ---- one network ----------------------------------------------------------------------------- */

static ntk_status prove(const study *self, const ntk_training_options *problem, const ntk_training *training,
                        ntk_tube_law *law, ntk_tube_state *state) {
    const ntk_axis *times = &self->grid.axes[TIME];
    ntk_tube *tube = NULL;
    NTK_TRY(ntk_training_tube(problem, training, 0, &self->tube, &tube));
    ntk_status status = ntk_tube_loss_law(tube, times->count, times->numbers, law);
    if (status == NTK_OK) status = ntk_tube_describe(tube, state);
    ntk_tube_destroy(tube);
    return status;
}

typedef struct record {
    size_t count, seen;
    double norms[MOST_TIMES];
} record;

static ntk_status note(const ntk_observation *observation, void *context) {
    record *self = context;
    if (self->seen < self->count) self->norms[self->seen++] = observation->kernel_margin_norm;
    return NTK_OK;
}

/* W at the times at which the law was taken, by the flow in doubles. */
static ntk_status follow(const study *self, ntk_training *training, const ntk_tube_law *law, record *out) {
    double times[MOST_TIMES];
    ntk_flow_options options = ntk_flow_options_default();
    ntk_flow_result result;
    size_t count = 0; /* two times may fall into one step, and are then one */
    for (size_t k = 0; k < self->grid.axes[TIME].count; k++)
        if (count == 0 || law[k].log_time.low > times[count - 1]) times[count++] = law[k].log_time.low;
    out->count = count;
    options.loss = self->problem.loss;
    if (self->problem.loss == NTK_LOSS_LOGISTIC) options.time = NTK_TIME_LOG_LOSS;
    options.tolerance = self->flow_tolerance;
    options.observation_log_times = times;
    options.observation_count = count;
    options.observe_kernel = true;
    options.observe_lambda_min = false;
    options.observe_hard_margin = NTK_FLOW_KERNEL_TANGENT;
    options.log_horizon = times[count - 1] + 0.1;
    options.observer = note;
    options.context = out;
    return ntk_flow_run(&training->model, training->targets, &options, training->theta, &result);
}

static void fill_row(const study *self, const ntk_tube_law *law, double seen, double error, double *row) {
    row[REACHED] = law->log_time.high;
    row[LEFT] = self->factor * law->left.high;
    row[RIGHT] = law->right.low;
    /* Rounded to nearest, four ulps at most; where the left side is known to be anything, there is
     * none. */
    row[SLACK] = isfinite(row[LEFT]) ? row[RIGHT] / row[LEFT] - 1 - 4 * DBL_EPSILON : -1;
    row[LOW] = self->factor * law->ratio.low;
    row[HIGH] = self->factor * law->ratio.high;
    row[NORM_LOW] = law->margin_norm.low;
    row[NORM_HIGH] = law->margin_norm.high;
    row[NORM_SEEN] = seen;
    row[ERROR] = error;
}

static ntk_status compute(const study *self, const ntk_training_options *problem, ntk_training *training,
                          ntk_slot *slot) {
    ntk_tube_law law[MOST_TIMES];
    ntk_tube_state state;
    record seen = {0};
    const size_t times = self->grid.axes[TIME].count;
    if (times > MOST_TIMES) return ntk_fail(NTK_ERROR_ARGUMENT, "at most %d times", (int)MOST_TIMES);
    NTK_TRY(prove(self, problem, training, law, &state));
    NTK_TRY(follow(self, training, law, &seen));
    if (seen.seen != seen.count)
        return ntk_fail(NTK_ERROR_STALLED, "the flow showed %zu of %zu times", seen.seen, seen.count);
    for (size_t k = 0, at = 0; k < times; k++) {
        if (k > 0 && law[k].log_time.low > law[k - 1].log_time.low) at++;
        fill_row(self, law + k, seen.norms[at], state.error, slot->values + k * (ERROR + 1));
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

static ntk_status judge(ntk_context *context, const ntk_grid *grid, size_t activation) {
    const char *name = grid->axes[ACTIVATION].labels[activation];
    const ntk_place part = ntk_grid_case(activation);
    double slack = INFINITY, sharp = INFINITY, outside = 0;
    for (size_t k = 0; k < ntk_grid_count(grid, part); k++) {
        const ntk_place at = ntk_grid_place(grid, part, k);
        const double *row = ntk_grid_row(grid, at);
        slack = ntk_smaller(slack, row[SLACK]);
        if (at.at[TIME] + 1 == grid->axes[TIME].count) sharp = ntk_smaller(sharp, row[LOW]);
        const double miss = ntk_larger(row[NORM_LOW] - row[NORM_SEEN], row[NORM_SEEN] - row[NORM_HIGH]);
        outside = ntk_larger(outside, miss / row[NORM_HIGH]);
    }
    NTK_TRY(ntk_emit_scalar_as(context, slack, "slack-%s", name));
    NTK_TRY(ntk_emit_scalar_as(context, sharp, "sharp-%s", name));
    return ntk_emit_scalar_as(context, outside, "outside-%s", name);
}

static ntk_status run(ntk_context *context) {
    study self = {
        .context = context,
        .grid = {.axes = {ntk_axis_of_choices(context, "activation", "activations"),
                          ntk_axis_of_numbers(context, "width", "widths"),
                          ntk_axis_of_count(context, "seed", "seeds"),
                          ntk_axis_of_numbers(context, "time", "log-times")},
                 .columns = "log-time left right slack low high norm-low norm-high norm-seen error"},
        .problem = ntk_context_sphere_problem(context),
        .tube = ntk_context_tubes(context),
        .factor = ntk_context_real(context, "factor"),
        .flow_tolerance = ntk_context_real(context, "flow-tolerance")};
    self.problem.loss = ntk_context_is(context, "loss", "squared") ? NTK_LOSS_SQUARED : NTK_LOSS_LOGISTIC;
    self.grid.axes[WIDTH].costly = true;
    self.grid.axes[TIME].inside = true;
    NTK_TRY(ntk_grid_run(&self.grid, compute_unit, &self));
    ntk_status status = ntk_grid_emit_table(context, &self.grid, "law");
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
