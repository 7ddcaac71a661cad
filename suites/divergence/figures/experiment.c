/* The figures of chen-2025, regenerated: gradient descent with the printed steps, the flow beside
 * it, and what is printed.
 *
 *     Figure 1   outputs at six points of the circle, labels 0, 1, 0, 1, 0, 1, while a network of
 *                L = 3 and m = 2000 descends with the rate 0.1 for 10^4 epochs
 *     Figure 2   Theta_0(x, x') against the angle of x', m = 200, 1000, 2000
 *     Figure 3   Theta_t(x, x') at the epochs 0, 10^4 and 2 10^5
 *     Figure 4   Theta_t(x, x) of three images while a network of four layers, m = 500, learns the
 *                parity of digits with the rate 0.5
 *
 * Network (2.1) of the paper has hidden biases and its loss (2.3) is a sum. What reproduces its
 * figures is the network without biases,
 *
 *     a^0 = x,  a^l = sqrt(2/m) relu(W^l a^{l-1}),  f = W^4 a^3,
 *
 * and the mean of the losses; both can be run here (`network` and `descended`). At the rate r an
 * epoch is the time r of the flow of the mean, and n r for the sum.
 *
 * Two statements are judged. Descent and flow: an Euler step multiplies a mode of curvature c by
 * 1 - rc in the place of e^{-rc}; after k steps the two differ by at most max_k k (rc)^2 / 2
 * e^{-rck} = rc / (2e) of what the mode began with, to first order in rc. The kernel: while it is
 * near its start it moves in proportion to the outputs. Under cross-entropy these grow like log t,
 * so that each decade of epochs adds to its trace; under squared loss outputs and kernel come
 * to rest, but for neurons that a step takes across the kink that they rest on. */
#include <math.h>
#include <string.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_CHOICES("cases", "circle digits", "circle|digits", "six points of the circle; images of digits"),
    NTK_CHOICE("network", "plain", "plain|printed", "without biases; (2.1), with hidden ones"),
    NTK_CHOICE("descended", "mean", "mean|sum", "of the losses of the points; printed is the sum, (2.3)"),
    NTK_CHOICE("loss", "cross-entropy", "cross-entropy|squared", "what is descended"),
    NTK_INTEGER("circle-width", 2000, 2, 65536, "of the hidden layers, on the circle"),
    NTK_INTEGER("digits-width", 500, 2, 65536, "likewise, on digits"),
    NTK_REAL("circle-rate", 0.1, 1e-6, 100, "length of the steps of descent, on the circle"),
    NTK_REAL("digits-rate", 0.5, 1e-6, 100, "likewise, on digits"),
    NTK_INTEGER("circle-epochs", 10000, 100, 10000000, "steps of descent, a power of ten"),
    NTK_INTEGER("digits-epochs", 10000, 100, 10000000, "likewise, on digits"),
    NTK_INTEGER("horizon", 200000, 100, 1000000000, "epochs at which the flow ends"),
    NTK_INTEGER("images", 10, 4, 16, "training images of digits"),
    NTK_REAL("step", 0.25, 1e-3, 1, "of the bounded-step rule of the flow"),
    NTK_INTEGERS("initial-widths", "200 1000 2000", 2, 65536, "of Figure 2"),
    NTK_INTEGER("initial-seeds", 24, 2, 10000, "initialisations at each of these"),
    {0},
};

static bool has_circle(const ntk_context *context, const char *const *words) {
    (void)words;
    size_t count;
    const char *const *cases = ntk_context_choices(context, "cases", &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(cases[i], "circle") == 0) return true;
    return false;
}

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC_WHEN("output-middle", "mean |f| on the circle after a tenth of the epochs", has_circle),
    NTK_METRIC_WHEN("output-last", "the same after all epochs", has_circle),
    NTK_METRIC_WHEN("peak-last", "mean Theta(x, x) on the circle after all epochs, over that at the start",
                    has_circle),
    NTK_METRIC_WHEN("peak-end", "the same at the horizon, by the flow", has_circle),
    NTK_METRIC("descent-gap-{cases}", "largest |f| of descent less that of the flow, over the epochs"),
    NTK_METRIC("last-decade-{cases}",
               "log of what the trace of the kernel grows by in the last decade of epochs"),
    NTK_METRIC("initial-rate", "exponent in m of |Theta_0 - Theta| / |Theta| on 48 points of the circle"),
    {0},
};

enum { OUTPUT_MIDDLE, OUTPUT_LAST, PEAK_LAST, PEAK_END, DESCENT_GAP, LAST_DECADE };
static const char columns[] = "output-middle output-last peak-last peak-end descent-gap last-decade";
enum { CASE };
enum { SHOWN = 3 /* images in Figure 4 */ };
enum { DEPTH = 3, POINTS = 16, TIMES = 32, ANGLES = 48, DIGITS = 10 };
enum { DESCENT, FLOW, METHODS };
/* Kernels against the angle that are kept: at the start, after the epochs, at the horizon. */
enum { START, LAST, END, PROFILES };
static const char *const method_names[] = {"descent", "flow"};

/* What one network keeps, in doubles. */
typedef struct record {
    double points;
    double epoch[METHODS][TIMES]; /* NaN: not observed */
    double output[METHODS][TIMES][POINTS], diagonal[METHODS][TIMES][POINTS];
    double profile[PROFILES][ANGLES];
} record;

typedef struct study {
    ntk_context *context;
    ntk_grid grid, initial;
    ntk_digits digits;
} study;

/* A network on its points. */
typedef struct setting {
    ntk_architecture architecture;
    double weight_variances[DEPTH + 1], bias_variances[DEPTH + 1];
    size_t width, n, d, p, epochs;
    double rate; /* of the descent of the mean */
    ntk_loss loss;
    double *x, *targets, *theta0, *theta;
    ntk_network *network;
    ntk_model model;
} setting;

typedef struct watch {
    const setting *of;
    record *kept;
    size_t seen, method;
    double angles[2 * ANGLES];
    double *kernel; /* (n, n), of the observation at hand */
} watch;

/* ---- points and network ---------------------------------------------------------------------- */

static void describe(const ntk_context *context, setting *self) {
    const bool biases = ntk_context_is(context, "network", "printed");
    for (size_t l = 0; l <= DEPTH; l++) {
        self->weight_variances[l] = l == 0 ? 1 : 2;
        self->bias_variances[l] = biases && l < DEPTH ? 1 : 0;
    }
    self->architecture = ntk_architecture_default();
    self->architecture.depth = DEPTH;
    self->architecture.input_scale = NTK_INPUT_SCALE_NONE;
    self->architecture.weight_variances = self->weight_variances;
    self->architecture.bias_variances = self->bias_variances;
}

/* `count` points of the circle, from angle 0 on. */
static void place_on_circle(size_t count, double *x) {
    for (size_t i = 0; i < count; i++) {
        const double angle = 2 * acos(-1) * (double)i / (double)count;
        x[2 * i] = cos(angle);
        x[2 * i + 1] = sin(angle);
    }
}

/* Images of the ten digits in turn, in coordinates of the space that they span. */
static ntk_status draw_images(const study *study, const ntk_stream *stream, size_t n, double *x) {
    const size_t pixels = study->digits.rows * study->digits.columns;
    const uint8_t classes[DIGITS] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    size_t labels[POINTS];
    double *images;
    NTK_TRY(ntk_allocate_doubles(n * pixels, &images));
    ntk_stream points = ntk_stream_fork(stream, "points");
    ntk_status status = ntk_digits_draw(&study->digits, &points, classes, DIGITS, n, images, labels, NULL);
    if (status == NTK_OK) status = ntk_data_coordinates(n, pixels, images, x);
    ntk_release(images);
    return status;
}

/* The parity of the digits 0 .. 9 in turn is that of the position, as are the labels 0, 1, 0, 1,
 * 0, 1. */
static ntk_status place_points(const study *study, const ntk_stream *stream, bool circle, setting *self) {
    size_t labels[POINTS];
    self->n = circle ? 6 : ntk_context_size(study->context, "images");
    self->d = circle ? 2 : self->n;
    for (size_t i = 0; i < self->n; i++) labels[i] = i % DIGITS % 2;
    NTK_TRY(ntk_allocate_doubles(self->n * self->d, &self->x));
    NTK_TRY(ntk_allocate_doubles(self->n, &self->targets));
    NTK_TRY(ntk_targets_from_labels(self->loss, self->n, 1, labels, 0, self->targets));
    if (!circle) return draw_images(study, stream, self->n, self->x);
    place_on_circle(self->n, self->x);
    return NTK_OK;
}

static ntk_status initialise(const ntk_stream *stream, setting *self) {
    NTK_TRY(ntk_network_create(&self->architecture, self->d, self->width, 1, &self->network));
    self->p = ntk_network_parameters(self->network);
    NTK_TRY(ntk_allocate_doubles(self->p, &self->theta0));
    NTK_TRY(ntk_allocate_doubles(self->p, &self->theta));
    ntk_stream weights = ntk_stream_fork(stream, "weights");
    ntk_network_initialise(self->network, &weights, self->theta0);
    return NTK_OK;
}

static ntk_status fill(const study *study, const ntk_stream *stream, bool circle, setting *self) {
    const ntk_context *context = study->context;
    describe(context, self);
    self->loss = ntk_context_is(context, "loss", "squared") ? NTK_LOSS_SQUARED : NTK_LOSS_LOGISTIC;
    self->width = ntk_context_size(context, circle ? "circle-width" : "digits-width");
    self->rate = ntk_context_real(context, circle ? "circle-rate" : "digits-rate");
    self->epochs = ntk_context_size(context, circle ? "circle-epochs" : "digits-epochs");
    NTK_TRY(place_points(study, stream, circle, self));
    if (ntk_context_is(context, "descended", "sum")) self->rate *= (double)self->n;
    NTK_TRY(initialise(stream, self));
    return ntk_model_network(self->network, self->n, self->x, &self->model);
}

static void release(setting *self) {
    ntk_model_release(&self->model);
    ntk_network_destroy(self->network);
    ntk_release(self->x);
    ntk_release(self->targets);
    ntk_release(self->theta0);
    ntk_release(self->theta);
}

/* ---- what is seen ---------------------------------------------------------------------------- */

/* 0, then 1, 2, 5, 10, ... up to the last epoch. Returned is how many. */
static size_t epochs_to_observe(size_t last, size_t epochs[TIMES]) {
    const size_t steps[] = {1, 2, 5};
    size_t count = 0, decade = 1;
    epochs[count++] = 0;
    for (size_t i = 0; count < TIMES && steps[i % 3] * decade < last; i++) {
        epochs[count++] = steps[i % 3] * decade;
        if (i % 3 == 2) decade *= 10;
    }
    if (count < TIMES) epochs[count++] = last;
    return count;
}

static ntk_status keep_profile(watch *self, const double *theta, double *profile) {
    return ntk_network_tangent_kernel_cross(self->of->network, theta, 1, self->of->x, ANGLES, self->angles,
                                            profile, ANGLES);
}

static ntk_status keep(watch *self, size_t epoch, const double *theta, const double *outputs) {
    const setting *of = self->of;
    record *kept = self->kept;
    const size_t i = self->seen;
    if (i == TIMES) return NTK_OK;
    NTK_TRY(ntk_network_tangent_kernel(of->network, theta, of->n, of->x, self->kernel, of->n));
    kept->epoch[self->method][i] = (double)epoch;
    for (size_t k = 0; k < of->n; k++) {
        kept->output[self->method][i][k] = outputs[k];
        kept->diagonal[self->method][i][k] = self->kernel[k * (of->n + 1)];
    }
    self->seen++;
    if (of->d != 2) return NTK_OK;
    if (self->method == DESCENT && epoch == 0) NTK_TRY(keep_profile(self, theta, kept->profile[START]));
    if (self->method == DESCENT && epoch == of->epochs) return keep_profile(self, theta, kept->profile[LAST]);
    return NTK_OK;
}

static ntk_status look_at_descent(const ntk_descent_observation *seen, void *context) {
    return keep(context, seen->step, seen->theta, seen->outputs);
}

/* Observations of the flow come in the order of their epochs, and its end with the last. */
static ntk_status look_at_flow(const ntk_observation *seen, void *context) {
    const watch *self = context;
    return keep(context, (size_t)llround(seen->time / self->of->rate), seen->theta, seen->outputs);
}

/* ---- descent and flow ------------------------------------------------------------------------ */

static ntk_status descend(setting *of, watch *seen) {
    size_t at[TIMES];
    const size_t count = epochs_to_observe(of->epochs, at);
    const ntk_descent_options options = {.loss = of->loss,
                                         .rate = of->rate,
                                         .steps = of->epochs,
                                         .observation_steps = at,
                                         .observation_count = count,
                                         .observer = look_at_descent,
                                         .context = seen};
    memcpy(of->theta, of->theta0, of->p * sizeof(double));
    seen->method = DESCENT;
    seen->seen = 0;
    return ntk_descent_run(&of->model, of->targets, &options, of->theta, NULL);
}

static ntk_status follow_flow(const ntk_context *context, setting *of, watch *seen) {
    size_t at[TIMES];
    double times[TIMES];
    const size_t horizon = ntk_context_size(context, "horizon");
    const size_t count = epochs_to_observe(horizon < of->epochs ? of->epochs : horizon, at);
    for (size_t i = 0; i < count; i++) times[i] = log((double)at[i] * of->rate);
    ntk_flow_options flow = ntk_flow_options_default();
    ntk_flow_result result;
    flow.loss = of->loss;
    flow.time = of->loss == NTK_LOSS_LOGISTIC ? NTK_TIME_LOG_LOSS : NTK_TIME_PHYSICAL;
    flow.kinked = true;
    flow.step = ntk_context_real(context, "step");
    flow.log_horizon = times[count - 1];
    flow.observation_log_times = times;
    flow.observation_count = count;
    flow.observer = look_at_flow;
    flow.context = seen;
    memcpy(of->theta, of->theta0, of->p * sizeof(double));
    seen->method = FLOW;
    seen->seen = 0;
    NTK_TRY(ntk_flow_run(&of->model, of->targets, &flow, of->theta, &result));
    return of->d == 2 ? keep_profile(seen, of->theta, seen->kept->profile[END]) : NTK_OK;
}

/* ---- what is read off ------------------------------------------------------------------------ */

static double mean_of(size_t n, const double *values, bool absolute) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += absolute ? fabs(values[i]) : values[i];
    return sum / (double)n;
}

/* The position of an epoch among the observations of descent; TIMES where it is not there. */
static size_t position_of(const record *kept, double epoch) {
    size_t i = 0;
    while (i < TIMES && kept->epoch[DESCENT][i] != epoch) i++;
    return i;
}

static double gap_between(const record *kept, size_t n) {
    double worst = 0;
    for (size_t i = 0; i < TIMES && isfinite(kept->epoch[DESCENT][i]); i++)
        worst =
            ntk_larger(worst, kept->epoch[FLOW][i] == kept->epoch[DESCENT][i]
                                  ? ntk_largest_difference(n, kept->output[DESCENT][i], kept->output[FLOW][i])
                                  : NAN);
    return worst;
}

static void read_off(const watch *self, double *values) {
    const record *kept = self->kept;
    const setting *of = self->of;
    const size_t n = of->n, end = self->seen - 1;
    const size_t last = position_of(kept, (double)of->epochs);
    const size_t middle = position_of(kept, (double)of->epochs / 10);
    const double start = mean_of(n, kept->diagonal[DESCENT][0], false);
    values[OUTPUT_MIDDLE] = middle < TIMES ? mean_of(n, kept->output[DESCENT][middle], true) : NAN;
    values[OUTPUT_LAST] = last < TIMES ? mean_of(n, kept->output[DESCENT][last], true) : NAN;
    values[PEAK_LAST] = last < TIMES ? mean_of(n, kept->diagonal[DESCENT][last], false) / start : NAN;
    values[PEAK_END] = mean_of(n, kept->diagonal[FLOW][end], false) / start;
    values[DESCENT_GAP] = gap_between(kept, n);
    values[LAST_DECADE] = middle < TIMES && last < TIMES
                              ? log(mean_of(n, kept->diagonal[DESCENT][last], false) /
                                    mean_of(n, kept->diagonal[DESCENT][middle], false))
                              : NAN;
}

static ntk_status run_setting(const study *self, const ntk_stream *stream, bool circle, setting *of,
                              ntk_slot *slot) {
    watch seen = {.of = of, .kept = (record *)(void *)slot->kept};
    place_on_circle(ANGLES, seen.angles);
    NTK_TRY(fill(self, stream, circle, of));
    seen.kept->points = (double)of->n;
    NTK_TRY(ntk_allocate_doubles(of->n * of->n, &seen.kernel));
    ntk_status status = descend(of, &seen);
    if (status == NTK_OK) status = follow_flow(self->context, of, &seen);
    if (status == NTK_OK) read_off(&seen, slot->values);
    ntk_release(seen.kernel);
    return status;
}

static ntk_status run_unit(const void *argument, ntk_slot *slot) {
    const study *self = argument;
    const bool circle = strcmp(ntk_grid_label(&self->grid, slot->at, CASE), "circle") == 0;
    const ntk_stream stream = ntk_context_stream(self->context, circle ? 0 : 1);
    setting of = {0};
    const ntk_status status = run_setting(self, &stream, circle, &of, slot);
    release(&of);
    return status;
}

/* ---- Figure 2 -------------------------------------------------------------------------------- */

enum { ONE, WIDTH, SEED };

/* The kernel that the paper draws is that without biases, whatever the network. */
static ntk_status limit_of(double *limit) {
    const double weights[DEPTH + 1] = {1, 2, 2, 2};
    ntk_architecture plain = ntk_architecture_default();
    double x[2 * ANGLES];
    plain.depth = DEPTH;
    plain.input_scale = NTK_INPUT_SCALE_NONE;
    plain.weight_variances = weights;
    place_on_circle(ANGLES, x);
    return ntk_kernel_gram(&plain, NTK_KERNEL_NTK, ANGLES, 2, x, 2, limit, ANGLES);
}

static ntk_status compare_start(setting *of, const double *x, double *kernels, ntk_slot *slot) {
    double *kernel = kernels, *limit = kernels + ANGLES * ANGLES;
    NTK_TRY(limit_of(limit));
    NTK_TRY(ntk_network_tangent_kernel(of->network, of->theta0, ANGLES, x, kernel, ANGLES));
    slot->values[0] = ntk_distance(ANGLES * ANGLES, kernel, limit) / ntk_norm(ANGLES * ANGLES, limit);
    memcpy(slot->kept, kernel, ANGLES * sizeof(double));
    memcpy(slot->kept + ANGLES, limit, ANGLES * sizeof(double));
    return NTK_OK;
}

static ntk_status run_initial(const void *argument, ntk_slot *slot) {
    const study *self = argument;
    const ntk_stream stream = ntk_context_stream(self->context, 2 + slot->at.at[SEED]);
    setting of = {.d = 2, .width = (size_t)ntk_grid_number(&self->initial, slot->at, WIDTH)};
    double x[2 * ANGLES], *kernels;
    describe(self->context, &of);
    place_on_circle(ANGLES, x);
    NTK_TRY(ntk_allocate_doubles(2 * ANGLES * ANGLES, &kernels));
    ntk_status status = initialise(&stream, &of);
    if (status == NTK_OK) status = compare_start(&of, x, kernels, slot);
    ntk_release(kernels);
    release(&of);
    return status;
}

/* ---- emission -------------------------------------------------------------------------------- */

/* What the paper's figures show, read off them: |f| of Figure 1 and Theta(x, x) of Figure 3. */
static ntk_status emit_printed(ntk_context *context) {
    const double printed[][3] = {{1, 100, 1.0}, {1, 1000, 2.9},   {1, 10000, 5.2},
                                 {3, 0, 3.95},  {3, 10000, 4.85}, {3, 200000, 5.65}};
    ntk_table *table;
    NTK_TRY(ntk_emit_table(context, "printed", "figure epoch value", &table));
    for (size_t i = 0; i < sizeof printed / sizeof *printed; i++)
        NTK_TRY(ntk_table_row(table, NULL, printed[i]));
    return NTK_OK;
}

static bool is_circle(const ntk_grid *grid, size_t which, size_t column) {
    (void)column;
    return strcmp(ntk_grid_label(grid, ntk_grid_case(which), CASE), "circle") == 0;
}

static ntk_status emit_path(const study *self, size_t which, ntk_table *table) {
    const ntk_place at = ntk_grid_case(which);
    const record *kept = (const record *)(const void *)ntk_grid_kept(&self->grid, (ntk_place){{which}});
    const size_t points = is_circle(&self->grid, which, 0) ? (size_t)kept->points : SHOWN;
    for (size_t method = 0; method < METHODS; method++) {
        const char *const labels[] = {ntk_grid_label(&self->grid, at, CASE), method_names[method]};
        for (size_t k = 0; k < points; k++)
            for (size_t i = 0; i < TIMES && isfinite(kept->epoch[method][i]); i++) {
                const double row[] = {(double)k, kept->epoch[method][i], kept->output[method][i][k],
                                      kept->diagonal[method][i][k], kept->diagonal[method][0][k]};
                NTK_TRY(ntk_table_row(table, labels, row));
            }
    }
    return NTK_OK;
}

/* Angles from -pi to pi, both ends. */
static ntk_status emit_profile(ntk_table *table, double key, const double *values) {
    for (size_t i = 0; i <= ANGLES; i++) {
        const double angle = 2 * acos(-1) * ((double)i / ANGLES - 0.5);
        const double row[] = {key, angle, values[(i + ANGLES / 2) % ANGLES]};
        NTK_TRY(ntk_table_row(table, NULL, row));
    }
    return NTK_OK;
}

static ntk_status emit_profiles(const study *self) {
    ntk_table *table;
    NTK_TRY(ntk_emit_table(self->context, "profiles", "epoch angle kernel", &table));
    for (size_t k = 0; k < self->grid.axes[CASE].count; k++) {
        const record *kept = (const record *)(const void *)ntk_grid_kept(&self->grid, (ntk_place){{k}});
        const double epochs[] = {0, (double)ntk_context_size(self->context, "circle-epochs"),
                                 (double)ntk_context_size(self->context, "horizon")};
        if (strcmp(ntk_grid_label(&self->grid, ntk_grid_case(k), CASE), "circle") != 0) continue;
        for (size_t i = 0; i < PROFILES; i++) NTK_TRY(emit_profile(table, epochs[i], kept->profile[i]));
    }
    return NTK_OK;
}

/* Figure 2: one network of each width, and under the width 0 the limit. */
static ntk_status emit_initial(const study *self) {
    ntk_table *table;
    NTK_TRY(ntk_emit_table(self->context, "initial", "width angle kernel", &table));
    const double *kept = NULL;
    for (size_t i = 0; i < self->initial.axes[WIDTH].count; i++) {
        const ntk_place at = {{0, i, 0}};
        kept = ntk_grid_kept(&self->initial, at);
        NTK_TRY(emit_profile(table, ntk_grid_number(&self->initial, at, WIDTH), kept));
    }
    NTK_TRY(emit_profile(table, 0, kept + ANGLES));
    ntk_estimate rate;
    NTK_TRY(ntk_grid_rate(&self->initial, ntk_grid_whole(), WIDTH, 0, &rate));
    return ntk_emit_estimate(self->context, "initial-rate", &rate);
}

static ntk_status emit_circle(ntk_context *context, const ntk_grid *grid, size_t which) {
    const double *row = ntk_grid_row(grid, (ntk_place){{which}});
    NTK_TRY(ntk_emit_scalar(context, "output-middle", row[OUTPUT_MIDDLE]));
    NTK_TRY(ntk_emit_scalar(context, "output-last", row[OUTPUT_LAST]));
    NTK_TRY(ntk_emit_scalar(context, "peak-last", row[PEAK_LAST]));
    return ntk_emit_scalar(context, "peak-end", row[PEAK_END]);
}

static const ntk_reduction reductions[] = {
    {.prefix = "circle", .kind = NTK_REDUCE_OWN, .own = emit_circle, .when = is_circle},
    {.prefix = "descent-gap", .kind = NTK_REDUCE_LARGEST, .column = DESCENT_GAP},
    {.prefix = "last-decade", .kind = NTK_REDUCE_SMALLEST, .column = LAST_DECADE},
    {0}};

static ntk_status conduct(ntk_context *context, study *self) {
    ntk_table *table;
    NTK_TRY(ntk_context_digits(context, &self->digits));
    NTK_TRY(ntk_grid_run(&self->grid, run_unit, self));
    NTK_TRY(ntk_grid_run(&self->initial, run_initial, self));
    NTK_TRY(emit_printed(context));
    NTK_TRY(ntk_emit_table(context, "paths", "$case $method point epoch output kernel start", &table));
    for (size_t k = 0; k < self->grid.axes[CASE].count; k++) NTK_TRY(emit_path(self, k, table));
    NTK_TRY(emit_profiles(self));
    NTK_TRY(emit_initial(self));
    return ntk_grid_emit(context, &self->grid, reductions);
}

static ntk_status run(ntk_context *context) {
    static const char *const one[] = {"circle"};
    const double level = ntk_context_level(context);
    study self = {
        .context = context,
        .grid = {.axes = {ntk_axis_of_choices(context, "case", "cases"), {.name = "seed", .count = 1}},
                 .columns = columns,
                 .kept = sizeof(record) / sizeof(double),
                 .level = level},
        .initial = {.axes = {{.name = "case", .count = 1, .labels = one},
                             ntk_axis_of_numbers(context, "width", "initial-widths"),
                             ntk_axis_of_count(context, "seed", "initial-seeds")},
                    .columns = "error",
                    .kept = 2 * ANGLES,
                    .level = level}};
    self.initial.axes[WIDTH].costly = true;
    const ntk_status status = conduct(context, &self);
    ntk_grid_release(&self.grid);
    ntk_grid_release(&self.initial);
    ntk_digits_release(&self.digits);
    return status;
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_digits_parameters, parameters},
    .metrics = {metrics},
    .run = run,
};
