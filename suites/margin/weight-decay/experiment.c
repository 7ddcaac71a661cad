/* Weight decay takes a network from the lazy regime to the margin at a time of its own (Lyu et al.
 * 2024).
 *
 * Diagonal network f = <beta, x>, beta = u^2 - v^2, u = v = alpha at the start, on the mean
 * logistic loss L with L2 towards zero:
 *
 *     u' = 2 u X^T(-dL/df) - lambda u,    v' = -2 v X^T(-dL/df) - lambda v.
 *
 * The product has (u v)' = -2 lambda u v, whatever the loss, so
 *
 *     u_j v_j = (alpha e^{-lambda t})^2 = e^{-2w},        w = lambda t - log alpha.
 *
 * Without decay the network of scale alpha stays on u v = alpha^2 (margin/diagonal). With it the
 * scale falls like e^{-lambda t}, and beta has the loss's minimum on its way at every scale that it
 * passes, as the decay is slow beside the flow of the loss. What one sees at time t depends on w
 * alone (ours; the paper has a window about w = 0 outside which the direction is one or the other).
 * That the regime is the rich one is said by
 *
 *     rho = sum |u^2 - v^2| / sum (u^2 + v^2),    0 at the start, 1 where u_j or v_j is alone,
 *
 * and t*, at which rho = 1/2, has lambda t* = log alpha + c: slope 1 in log alpha.
 *
 * Of all u, v with the same beta the least u^2 + v^2 is |beta|, where u_j or v_j is 0: the flow
 * comes to rest at the minimum of L(beta) + (lambda/2) sum |beta_j|. It is not at 0 if and only if
 *
 *     lambda < 2 max_j |dL/dbeta_j (0)|,    dL/dbeta_j (0) = (1/n) sum_i (1/2 - y_i) x_ij,
 *
 * and then rho tends to 1, so that there is a t*. With more decay beta falls to 0 with u and v: a
 * network that is neither lazy nor rich.
 *
 * What a finite alpha remembers of its start: with u_j / v_j = e^{2 phi_j} one has beta_j = 2
 * e^{-2w} sinh(2 phi_j), and at the start the limit has phi = beta / (4 alpha^2) where the network
 * has 0. */
#include <math.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_REALS("scales", "30 100 300 1000", 1, 1e6, "alpha, ascending"),
    NTK_INTEGER("seeds", 8, 1, 1000, "draws of the points"),
    NTK_REAL("lambda", 1e-3, 1e-6, 100, "weight decay"),
    NTK_CHOICE("centre", "zero", "zero|initialisation", "what the decay pulls towards"),
    NTK_REAL("end", 3, 0, 30, "w at which the flows end"),
    NTK_REAL("never", 20, 1, 100, "lambda t* of a flow that does not get there"),
    NTK_REAL("tolerance", 1e-10, 1e-13, 0.1, "of the integrator"),
    NTK_PLANTS("lambda"), /* of the flow */
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("slope", "of lambda t* in log alpha"),
    NTK_METRIC("invariant", "largest |u_j v_j - e^(-2w)| / max(1, e^(-2w)) at 60 times and at t*"),
    NTK_METRIC("offset-spread", "largest difference of lambda t* - log alpha between scales of a draw"),
    NTK_METRIC("decay-share", "largest lambda / (2 max_j |dL/dbeta_j|) at beta = 0, over the draws"),
    {0},
};

enum { LOG_SCALE, DECAY_TIME, INVARIANT, SPREAD, SHARE };
static const char columns[] = "log-scale decay-time invariant spread decay-share";
enum { SEED, SCALE };
/* Of the curves: w and rho. */
enum { W, RHO, CURVES, TIMES = 60 };
enum { MOST = 64 };

typedef struct study {
    ntk_context *context;
    ntk_grid grid;
} study;

typedef struct decay {
    ntk_diagonal network;
    double alpha, lambda;
    size_t seen;
    double *curves;            /* (CURVES, TIMES) */
    double arrival, invariant; /* lambda t*, NaN before; the largest so far */
} decay;

static double richness(size_t d, const double *theta) {
    double apart = 0, all = 0;
    for (size_t j = 0; j < d; j++) {
        const double u = theta[j], v = theta[d + j];
        apart += fabs((u - v) * (u + v));
        all += u * u + v * v;
    }
    return apart / all;
}

static double half_way(const ntk_observation *seen, void *context) {
    const decay *self = context;
    return richness(self->network.inputs, seen->theta) - 0.5;
}

static double phase(const decay *self, double log_time) {
    return self->lambda * exp(log_time) - log(self->alpha);
}

/* Of u_j v_j, relative where the network is lazy and absolute where it is rich. */
static void check_invariant(decay *self, double w, const double *theta) {
    const double product = exp(-2 * w);
    for (size_t j = 0; j < self->network.inputs; j++) {
        const double error = fabs(theta[j] * theta[self->network.inputs + j] - product);
        self->invariant = ntk_larger(self->invariant, error / ntk_larger(1, product));
    }
}

static ntk_status arrive(const ntk_observation *seen, void *context) {
    decay *self = context;
    if (!isnan(self->arrival)) return NTK_OK;
    self->arrival = self->lambda * exp(seen->log_time);
    check_invariant(self, phase(self, seen->log_time), seen->theta);
    return NTK_OK;
}

static ntk_status watch(const ntk_observation *seen, void *context) {
    decay *self = context;
    const double w = phase(self, seen->log_time);
    check_invariant(self, w, seen->theta);
    if (self->seen == TIMES) return NTK_OK;
    self->curves[W * TIMES + self->seen] = w;
    self->curves[RHO * TIMES + self->seen++] = richness(self->network.inputs, seen->theta);
    return NTK_OK;
}

/* lambda / (2 max_j |dL/dbeta_j|) at beta = 0. */
static double decay_share(const decay *self, const double *targets) {
    const size_t n = self->network.points, d = self->network.inputs;
    double steepest = 0;
    for (size_t j = 0; j < d; j++) {
        double sum = 0;
        for (size_t i = 0; i < n; i++) sum += (0.5 - targets[i]) * self->network.x[i * d + j];
        steepest = ntk_larger(steepest, fabs(sum) / (double)n);
    }
    return self->lambda / (2 * steepest);
}

static ntk_status follow(const ntk_context *context, decay *self, const double *targets, double *theta,
                         ntk_flow_result *result) {
    const size_t d = self->network.inputs;
    const ntk_model model = ntk_diagonal_model(&self->network);
    const double end = (log(self->alpha) + ntk_context_real(context, "end")) / self->lambda;
    double times[TIMES];
    for (size_t k = 0; k < TIMES; k++) times[k] = log(end * (double)(k + 1) / (double)TIMES);
    for (size_t j = 0; j < 2 * d; j++) theta[j] = self->alpha;
    ntk_flow_options flow = ntk_flow_options_default();
    flow.loss = NTK_LOSS_LOGISTIC;
    flow.lambda = self->lambda * ntk_plant_factor(context, NTK_PLANT_LAMBDA);
    flow.centre = ntk_context_is(context, "centre", "zero") ? NTK_CENTRE_ZERO : NTK_CENTRE_INITIALISATION;
    flow.tolerance = ntk_context_real(context, "tolerance");
    flow.horizon = end;
    flow.observation_log_times = times;
    flow.observation_count = TIMES;
    flow.observer = watch;
    flow.event = half_way;
    flow.on_event = arrive;
    flow.event_tolerance = 1e-9;
    flow.context = self;
    return ntk_flow_run(&model, targets, &flow, theta, result);
}

static ntk_status run_scale(const ntk_context *context, decay *self, const double *targets, double *values) {
    double theta[2 * MOST];
    ntk_flow_result result;
    NTK_TRY(follow(context, self, targets, theta, &result));
    if (isnan(self->arrival)) self->arrival = ntk_context_real(context, "never");
    values[LOG_SCALE] = log(self->alpha);
    values[DECAY_TIME] = self->arrival;
    values[INVARIANT] = self->invariant;
    values[SHARE] = decay_share(self, targets);
    return NTK_OK;
}

static ntk_status run_unit(const void *argument, ntk_slot *slot) {
    const study *self = argument;
    const size_t n = ntk_context_size(self->context, "points"), d = ntk_context_size(self->context, "inputs");
    const ntk_stream root = ntk_context_stream(self->context, slot->at.at[SEED]);
    ntk_stream stream = ntk_stream_fork(&root, "points");
    double x[MOST * MOST], targets[MOST];
    if (n > MOST || d > MOST)
        return ntk_fail(NTK_ERROR_ARGUMENT, "%zu points in %zu dimensions: at most %d", n, d, MOST);
    for (size_t i = 0; i < n; i++) targets[i] = (double)(i % 2);
    NTK_TRY(ntk_data_sphere_separated(&stream, n, d, ntk_context_real(self->context, "max-cosine"), x));
    decay network = {.network = {n, d, x},
                     .alpha = ntk_grid_number(&self->grid, slot->at, SCALE),
                     .lambda = ntk_context_real(self->context, "lambda"),
                     .curves = slot->kept,
                     .arrival = NAN};
    return run_scale(self->context, &network, targets, slot->values);
}

static ntk_status emit_curves(ntk_context *context, const ntk_grid *grid) {
    ntk_table *table;
    NTK_TRY(ntk_emit_table(context, "paths", "alpha w rho", &table));
    for (size_t k = 0; k < grid->axes[SCALE].count; k++) {
        const double *kept = ntk_grid_kept(grid, (ntk_place){{0, k}});
        for (size_t i = 0; i < TIMES && isfinite(kept[i]); i++) {
            const double row[] = {grid->axes[SCALE].numbers[k], kept[W * TIMES + i], kept[RHO * TIMES + i]};
            NTK_TRY(ntk_table_row(table, NULL, row));
        }
    }
    return NTK_OK;
}

/* Over the scales of each draw. */
static void spread_offsets(ntk_grid *grid) {
    for (size_t seed = 0; seed < grid->axes[SEED].count; seed++) {
        double least = INFINITY, most = -INFINITY;
        for (size_t k = 0; k < grid->axes[SCALE].count; k++) {
            const double *row = ntk_grid_row(grid, (ntk_place){{seed, k}});
            least = ntk_smaller(least, row[DECAY_TIME] - row[LOG_SCALE]);
            most = ntk_larger(most, row[DECAY_TIME] - row[LOG_SCALE]);
        }
        for (size_t k = 0; k < grid->axes[SCALE].count; k++)
            ntk_grid_row(grid, (ntk_place){{seed, k}})[SPREAD] = most - least;
    }
}

static ntk_status conduct(ntk_context *context, study *self) {
    ntk_estimate slope;
    NTK_TRY(ntk_grid_run(&self->grid, run_unit, self));
    spread_offsets(&self->grid);
    NTK_TRY(ntk_grid_emit_table(context, &self->grid, "runs"));
    NTK_TRY(emit_curves(context, &self->grid));
    NTK_TRY(ntk_grid_slope(&self->grid, ntk_grid_whole(), SCALE, LOG_SCALE, INFINITY, DECAY_TIME, &slope));
    NTK_TRY(ntk_emit_estimate(context, "slope", &slope));
    NTK_TRY(ntk_emit_scalar(context, "invariant",
                            ntk_grid_largest(&self->grid, ntk_grid_whole(), INVARIANT).value));
    NTK_TRY(ntk_emit_scalar(context, "offset-spread",
                            ntk_grid_largest(&self->grid, ntk_grid_whole(), SPREAD).value));
    return ntk_emit_scalar(context, "decay-share",
                           ntk_grid_largest(&self->grid, ntk_grid_whole(), SHARE).value);
}

static ntk_status run(ntk_context *context) {
    study self = {.context = context,
                  .grid = {.axes = {ntk_axis_of_count(context, "seed", "seeds"),
                                    ntk_axis_of_numbers(context, "alpha", "scales")},
                           .columns = columns,
                           .kept = CURVES * TIMES,
                           .level = ntk_context_level(context)}};
    const ntk_status status = conduct(context, &self);
    ntk_grid_release(&self.grid);
    return status;
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_sphere_parameters, parameters},
    .metrics = {metrics},
    .run = run,
};
