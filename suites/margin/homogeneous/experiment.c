/* After the exit: homogeneous networks maximise their margin (Lyu and Li 2020; Ji and Telgarsky
 * 2020).
 *
 * f is homogeneous of degree q = L + 1 in theta (ReLU or linear, no biases), n points, logistic
 * loss or softmax, gradient flow without a regulariser. Write l = n L and
 *
 *     gamma~ = log(1 / (e^l - 1)) / ||theta||^q,      defined once l < log 2.
 *
 * (1) It never falls. (2) It tends to a limit gamma > 0, so ||theta||^q ~ log t / gamma, and since
 * d(1/L)/dt = ||grad log L||^2 ~ (q gamma ||theta||^{q-1})^2,
 *
 *     d log(t L) / d log log t -> -(2 - 2/q),
 *     d log(||theta||^2 - ||theta_0||^2) / d log log t -> 2/q.
 *
 * ||theta||^2 itself starts at p and is of no use: its share of ||theta_0||^2 hides the law for any
 * time that can be reached. (3) theta / ||theta|| converges. theta moves along its limit u by a
 * step that is large beside what else moves, so that with secants d = theta_{k+1} - theta_k and
 * theta = r u + v, ||v|| ~ ||theta_0||,
 *
 *     1 - cos(d, theta) ~ ||v||^2 / (2 ||theta||^2),
 *
 * and 2 (1 - cos) ||theta||^2 / ||theta_0||^2 stays of order 1. (The gradient of one moment does
 * not converge in direction for ReLU: neurons slide along kinks, and it is that of one side.)
 *
 * Before that the network is lazy, t L near a constant, and then its kernel leaves: the paths show
 * all three. */
#include <math.h>
#include <string.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_NETWORKS("networks", "relu relu-2 relu-3 linear-2", NULL, "by name, homogeneous by the theorem"),
    NTK_CHOICE("activation", "own", "own|erf", "of the networks: what their names say, or erf"),
    NTK_INTEGER("width", 64, 2, 4096, "of the hidden layers"),
    NTK_INTEGER("seeds", 8, 1, 1000, "initialisations, each with its own points"),
    NTK_REAL("step", 0.2, 1e-3, 1, "of the bounded-step rule, ReLU"),
    NTK_REAL("tolerance", 1e-6, 1e-12, 0.1, "of the integrator, smooth activations"),
    NTK_REAL("log-horizon", 1000, 30, 20000, "log of the time up to which the loss is fitted"),
    NTK_REAL("norm-horizon", 3000, 30, 20000, "and the norm, of up to two hidden layers"),
    {0},
};

static bool is_shallow(const ntk_context *context, const char *const *words) {
    ntk_network_name name;
    (void)context;
    return ntk_network_name_parse(words[0], &name) == NTK_OK && name.depth <= 2;
}

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("fall-{networks}", "largest fall of gamma~ from what it has been, relative"),
    NTK_METRIC("loss-exponent-{networks}", "largest |exponent of t L in log t over -(2 - 2/q) - 1|"),
    NTK_METRIC_WHEN("norm-exponent-{networks}", "of ||theta||^2 - ||theta_0||^2, over 2/q", is_shallow),
    NTK_METRIC("alignment-{networks}", "largest 2 (1 - cos(secant, theta)) ||theta||^2 / ||theta_0||^2"),
    {0},
};

enum { FALL, LOSS_EXPONENT, NORM_EXPONENT, ALIGNMENT, MARGIN };
static const char columns[] = "fall loss-exponent norm-exponent alignment margin";

/* Observation times in steps of one factor: the lazy ones from log t = 1/2 on; from horizon / 20 to
 * the horizon, the last of which, from 3/10 of it, are fitted; and the norm's, beyond. */
enum { LAZY = 30, TIMES = 61, LATER = 20, FITTED = LAZY + TIMES, ALL_TIMES = FITTED + LATER, SECANT = 10 };

typedef struct watch {
    size_t points, parameters, degree, seen;
    double initial_square; /* ||theta_0||^2 */
    double highest, fall;  /* of gamma~; NaN before l < log 2 */
    double log_time[ALL_TIMES], log_tl[ALL_TIMES], gained[ALL_TIMES], margin[ALL_TIMES], drift[ALL_TIMES];
    double *origin, *before, *secant; /* (p) each: theta_0, theta at the last secant's end,
                                       * scratch */
    double misaligned;
} watch;

typedef struct study {
    const ntk_context *context;
    const ntk_network_name *networks;
    ntk_grid grid;
} study;

/* gamma~, from log l: log(1 / (e^l - 1)) = -log l - l/2 - ... */
static double normalised_margin(const watch *self, double log_total, double square) {
    const double total = exp(log_total);
    if (!(total < log(2))) return NAN;
    const double margin = total > 1e-8 ? -log(expm1(total)) : -log_total - total / 2;
    return margin / pow(square, 0.5 * (double)self->degree);
}

static ntk_status watch_step(const ntk_observation *seen, void *context) {
    watch *self = context;
    const double log_total = log((double)self->points) + seen->log_loss;
    if (!(log_total < log(log(2)))) return NTK_OK;
    const double square = ntk_dot(self->parameters, seen->theta, seen->theta);
    const double margin = normalised_margin(self, log_total, square);
    if (isnan(self->highest) || margin > self->highest) self->highest = margin;
    self->fall = fmax(self->fall, (self->highest - margin) / self->highest);
    return NTK_OK;
}

static void take_secant(watch *self, const double *theta) {
    const size_t p = self->parameters;
    for (size_t k = 0; k < p; k++) self->secant[k] = theta[k] - self->before[k];
    const double square = ntk_dot(p, theta, theta);
    const double cosine = ntk_dot(p, self->secant, theta) / (ntk_norm(p, self->secant) * sqrt(square));
    if (self->seen > LAZY)
        self->misaligned = fmax(self->misaligned, 2 * (1 - cosine) * square / self->initial_square);
    memcpy(self->before, theta, p * sizeof *theta);
}

/* ||theta||^2 - ||theta_0||^2 without cancellation: <theta - theta_0, theta + theta_0>. */
static double gained_square(watch *self, const double *theta) {
    double sum = 0;
    for (size_t k = 0; k < self->parameters; k++)
        sum += (theta[k] - self->origin[k]) * (theta[k] + self->origin[k]);
    return sum;
}

static ntk_status watch_time(const ntk_observation *seen, void *context) {
    watch *self = context;
    const size_t i = self->seen;
    if (i == ALL_TIMES || (i > 0 && seen->log_time <= self->log_time[i - 1])) return NTK_OK;
    if (i >= LAZY && (i - LAZY) % SECANT == 0 && i < FITTED) take_secant(self, seen->theta);
    self->log_time[i] = seen->log_time;
    self->log_tl[i] = seen->log_time + seen->log_loss;
    self->gained[i] = gained_square(self, seen->theta);
    self->margin[i] = normalised_margin(self, log((double)self->points) + seen->log_loss,
                                        ntk_dot(self->parameters, seen->theta, seen->theta));
    self->drift[i] = seen->kernel_drift;
    self->seen++;
    return NTK_OK;
}

/* Slope in log log t over the observations first .. last. */
static ntk_status fit(const watch *self, size_t first, size_t last, const double *values, double *slope) {
    double x[ALL_TIMES], intercept;
    for (size_t i = first; i <= last; i++) x[i] = log(self->log_time[i]);
    return ntk_stats_slope(last - first + 1, x + first, values + first, slope, &intercept);
}

static ntk_status read_off(const watch *self, ntk_slot *slot) {
    const double q = (double)self->degree;
    double slope, log_gained[ALL_TIMES];
    size_t first = LAZY;
    while (self->log_time[first] < 0.3 * self->log_time[FITTED - 1]) first++;
    slot->values[FALL] = isnan(self->highest) ? NAN : self->fall;
    slot->values[ALIGNMENT] = self->misaligned;
    slot->values[MARGIN] = self->margin[self->seen - 1];
    NTK_TRY(fit(self, first, FITTED - 1, self->log_tl, &slope));
    slot->values[LOSS_EXPONENT] = fabs(slope / -(2 - 2 / q) - 1);
    memcpy(slot->kept, self->log_time, self->seen * sizeof(double));
    memcpy(slot->kept + ALL_TIMES, self->log_tl, self->seen * sizeof(double));
    memcpy(slot->kept + 2 * ALL_TIMES, self->gained, self->seen * sizeof(double));
    memcpy(slot->kept + 3 * ALL_TIMES, self->margin, self->seen * sizeof(double));
    memcpy(slot->kept + 4 * ALL_TIMES, self->drift, self->seen * sizeof(double));
    if (self->seen < ALL_TIMES) return NTK_OK;
    for (size_t i = FITTED - 1; i < ALL_TIMES; i++) log_gained[i] = log(self->gained[i]);
    NTK_TRY(fit(self, FITTED - 1, ALL_TIMES - 1, log_gained, &slope));
    slot->values[NORM_EXPONENT] = fabs(slope / (2 / q) - 1);
    return NTK_OK;
}

static size_t choose_times(const study *self, bool shallow, double *times) {
    const double horizon = ntk_context_real(self->context, "log-horizon");
    const double later = ntk_context_real(self->context, "norm-horizon");
    const double start = horizon / 20;
    for (size_t i = 0; i < LAZY; i++) times[i] = 0.5 * pow(2 * start, (double)i / LAZY);
    for (size_t i = 0; i < TIMES; i++) times[LAZY + i] = start * pow(20, (double)i / (TIMES - 1));
    times[FITTED - 1] = horizon;
    if (!shallow || later <= horizon) return FITTED;
    for (size_t i = 1; i <= LATER; i++)
        times[FITTED - 1 + i] = horizon * pow(later / horizon, (double)i / LATER);
    times[ALL_TIMES - 1] = later;
    return ALL_TIMES;
}

static ntk_status run_flow(const study *self, ntk_training *problem, ntk_loss loss, watch *seen, size_t count,
                           const double *times) {
    ntk_flow_options flow = ntk_flow_options_default();
    ntk_flow_result result;
    flow.loss = loss;
    flow.time = NTK_TIME_LOG_LOSS;
    flow.kinked = !ntk_activation_is_smooth(problem->architecture.activation);
    flow.step = ntk_context_real(self->context, "step");
    flow.tolerance = ntk_context_real(self->context, "tolerance");
    flow.log_horizon = times[count - 1];
    flow.observation_log_times = times;
    flow.observation_count = count;
    flow.observe_kernel = true;
    flow.observe_lambda_min = false;
    flow.every_step = watch_step;
    flow.observer = watch_time;
    flow.context = seen;
    return ntk_flow_run(&problem->model, problem->targets, &flow, problem->theta, &result);
}

static ntk_status follow(const study *self, ntk_training *problem, ntk_loss loss, size_t depth,
                         ntk_slot *slot) {
    const size_t p = problem->parameters;
    double times[ALL_TIMES], *memory;
    watch seen = {.points = problem->points,
                  .parameters = p,
                  .degree = depth + 1,
                  .initial_square = ntk_dot(p, problem->theta0, problem->theta0),
                  .highest = NAN,
                  .origin = problem->theta0};
    NTK_TRY(ntk_allocate_doubles(2 * p, &memory));
    seen.before = memory;
    seen.secant = memory + p;
    ntk_status status = run_flow(self, problem, loss, &seen, choose_times(self, depth <= 2, times), times);
    if (status == NTK_OK) status = read_off(&seen, slot);
    ntk_release(memory);
    return status;
}

static ntk_status run_unit(const void *argument, ntk_slot *slot) {
    const study *self = argument;
    const ntk_network_name *network = &self->networks[slot->at.at[0]];
    ntk_training_options options = ntk_context_sphere_problem(self->context);
    options.loss = network->classes > 2 ? NTK_LOSS_SOFTMAX : NTK_LOSS_LOGISTIC;
    options.width = ntk_context_size(self->context, "width");
    options.classes = network->classes > 2 ? network->classes : 2;
    options.architecture.activation = network->activation;
    if (ntk_context_is(self->context, "activation", "erf")) options.architecture.activation = NTK_ERF;
    options.architecture.depth = network->depth > 0 ? network->depth : 1;
    const ntk_stream stream = ntk_context_stream(self->context, slot->at.at[1]);
    ntk_training problem;
    NTK_TRY(ntk_training_create(&options, &stream, &problem));
    const ntk_status status = follow(self, &problem, options.loss, options.architecture.depth, slot);
    ntk_training_release(&problem);
    return status;
}

static const ntk_reduction reductions[] = {
    {.prefix = "fall", .kind = NTK_REDUCE_LARGEST, .column = FALL},
    {.prefix = "loss-exponent", .kind = NTK_REDUCE_LARGEST, .column = LOSS_EXPONENT},
    {.prefix = "norm-exponent", .kind = NTK_REDUCE_LARGEST, .column = NORM_EXPONENT, .when = ntk_grid_has},
    {.prefix = "alignment", .kind = NTK_REDUCE_LARGEST, .column = ALIGNMENT},
    {0}};

/* Each path of the first seed: margin and gained norm over their last values, and log(t L) less
 * that at the end of what the loss is fitted on. */
static ntk_status emit_path(ntk_table *table, const study *self, size_t which) {
    const double *kept = ntk_grid_kept(&self->grid, (ntk_place){{which, 0}});
    const double *log_tl = kept + ALL_TIMES, *gained = log_tl + ALL_TIMES, *margin = gained + ALL_TIMES;
    const double *drift = margin + ALL_TIMES;
    const size_t last = isfinite(kept[FITTED]) ? ALL_TIMES - 1 : FITTED - 1;
    for (size_t i = 0; i <= last; i++) {
        const double row[] = {kept[i], log_tl[i] - log_tl[FITTED - 1], gained[i] / gained[last],
                              margin[i] / margin[last], drift[i]};
        NTK_TRY(ntk_table_row(table, &self->grid.axes[0].labels[which], row));
    }
    return NTK_OK;
}

static ntk_status emit_paths(ntk_context *context, const study *self) {
    ntk_table *table;
    NTK_TRY(ntk_emit_table(context, "paths", "$network log-time loss-share norm-share margin-share drift",
                           &table));
    for (size_t k = 0; k < self->grid.axes[0].count; k++) NTK_TRY(emit_path(table, self, k));
    return NTK_OK;
}

static ntk_status conduct(ntk_context *context, study *self) {
    NTK_TRY(ntk_grid_run(&self->grid, run_unit, self));
    NTK_TRY(ntk_grid_emit_table(context, &self->grid, "runs"));
    NTK_TRY(emit_paths(context, self));
    return ntk_grid_emit(context, &self->grid, reductions);
}

static ntk_status run(ntk_context *context) {
    size_t count;
    const char *labels[32];
    study self = {.context = context,
                  .networks = ntk_context_networks(context, "networks", &count),
                  .grid = {.columns = columns, .kept = 5 * ALL_TIMES, .level = ntk_context_level(context)}};
    if (count > 32) return ntk_fail(NTK_ERROR_ARGUMENT, "%zu networks, more than 32", count);
    for (size_t k = 0; k < count; k++) labels[k] = self.networks[k].text;
    self.grid.axes[0] = (ntk_axis){.name = "network", .count = count, .labels = labels};
    self.grid.axes[1] = ntk_axis_of_count(context, "seed", "seeds");
    const ntk_status status = conduct(context, &self);
    ntk_grid_release(&self.grid);
    return status;
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_sphere_parameters, parameters},
    .metrics = {metrics},
    .run = run,
};
