/* The empirical NTK does not stay near any fixed kernel (chen-2025, Theorems 1 and 2, Corollary 1),
 * for the network as printed there,
 *
 *     (2.1)  a^0 = x,  a^l = sqrt(2/m) relu(W^l a^{l-1} + b^l),  f = W^{L+1} a^L,
 *
 * biases in the hidden layers and none at the output, and labels y = +-1. S = sum_i l_i, l_i =
 * ln(1 + e^{-y_i f_i}), is what is descended, so that f' = Theta_t (y o u), u_i = 1 - e^{-l_i}.
 *
 * Theorem 1, with a rate (ours). Let lambda_min(Theta_t) >= lambda > 0. The u_i sum to at least 1 -
 * e^{-S}, so dS/dt = -|(y o u)|^2_Theta <= -(lambda/n) (1 - e^{-S})^2. With F(S) = S + log(1 -
 * e^{-S}) - 1/(e^S - 1), whose derivative is 1/(1 - e^{-S})^2,
 *
 *     F(S_t) <= F(S_0) - lambda t / n.
 *
 * With z = 1/(e^S - 1): F(S) = log(e^S - 1) - 1/(e^S - 1) = -(z + log z). Every margin g has e^{-g}
 * = e^l - 1 <= 1/z, so
 *
 *     e^g + g + F(S_0) >= lambda t / n:    every margin grows at least like log t.
 *
 * Theorem 2, sharper (ours): for every positive definite matrix M and every time t_0,
 *
 *     sup_{t >= t_0} max_ij |Theta_t(x_i, x_j) - M_ij| >= lambda_min(M) / n.
 *
 * Otherwise ||Theta_t - M||_2 <= n max_ij |...| stays below lambda_min(M) by a fixed amount, so
 * that lambda_min(Theta_t) >= c > 0 from t_0 on and by Theorem 1 |f| -> infinity. But whatever
 * theta is,
 *
 *     Theta(x, x) >= |a^L|^2 + |delta|^2 >= 2 |a^L| |delta| >= 2 sqrt(2/m) |f(x)|,
 *
 * the gradients in W^{L+1} and in b^L alone, delta = sqrt(2/m) W^{L+1} o relu'(h^L): relu(h) =
 * relu'(h) h gives f = <delta, relu(h^L)> and |relu(h^L)| = sqrt(m/2) |a^L|. So Theta_t(x, x) is
 * not bounded, and leaves M: a contradiction. The printed theorem has lambda_min(Theta) / (2 n^2),
 * half an nth of it, for M = Theta alone; M may as well be the kernel at the start.
 *
 * (Where neurons slide along kinks f' has the kernel of the sliding flow in the place of Theta_t,
 * and Theorem 1 holds with its smallest eigenvalue, which is what is observed.) */
#include <math.h>
#include <string.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_CHOICES("cases", "circle-1 circle-3 sphere-1 sphere-3", "circle-1|circle-3|sphere-1|sphere-3",
                "six points of the circle, or of the sphere; and the hidden layers"),
    NTK_INTEGERS("widths", "64 256", 2, 65536, "of the hidden layers"),
    NTK_INTEGER("seeds", 4, 1, 1000, "initialisations, on the sphere each with its own points"),
    NTK_CHOICE("loss", "cross-entropy", "cross-entropy|squared", "whose gradient flow is run"),
    NTK_REAL("epsilon", 0, 0, 0.49, "probability of the other class in the targets"),
    NTK_REAL("step", 0.5, 1e-3, 1, "of the bounded-step rule"),
    NTK_REAL("log-horizon", 8, 4, 1000, "log of the time of the end, of the sum of losses, at width 0"),
    NTK_REAL("horizon-growth", 0.25, 0, 10, "more of it with every unit of the root of the width"),
    {0},
};

static bool is_cross_entropy(const ntk_context *context, const char *const *words) {
    (void)words;
    return ntk_context_is(context, "loss", "cross-entropy");
}

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("literal-{cases}", "largest max |Theta_t - Theta| over lambda_min(Theta) / (2 n^2)"),
    NTK_METRIC("limit-{cases}", "max |Theta_t - Theta| at the end over lambda_min(Theta) / n"),
    NTK_METRIC("start-{cases}", "max |Theta_t - Theta_0| at the end over lambda_min(Theta_0) / n"),
    NTK_METRIC("lambda-min-{cases}", "smallest eigenvalue of the kernel of the flow that was seen"),
    NTK_METRIC_WHEN("margin-law-{cases}", "largest log(lambda t / n) - log(e^g + g + F(S_0))",
                    is_cross_entropy),
    NTK_METRIC_WHEN("margin-slope-{cases}", "smallest slope of the smallest margin in log t",
                    is_cross_entropy),
    NTK_METRIC("norm-exponent-{cases}", "smallest exponent of the largest |theta_t - theta_0| in log t"),
    {0},
};

enum { LITERAL, LIMIT, START, LAMBDA_MIN, MARGIN_LAW, MARGIN_SLOPE, NORM_EXPONENT };
static const char columns[] = "literal limit start lambda-min margin-law margin-slope norm-exponent";
enum { CASE, WIDTH, SEED };
/* What is seen at each of the times, and kept. */
enum { LOG_TIME, FROM_LIMIT, FROM_START, MARGIN, MAX_NORM, CURVES };
enum { TIMES = 41, DEPTHS = 3 };

typedef struct study {
    ntk_context *context;
    ntk_grid grid;
    ntk_loss loss;
    double epsilon;
} study;

/* A network on its points. */
typedef struct setting {
    ntk_architecture architecture;
    double weight_variances[DEPTHS + 1], bias_variances[DEPTHS + 1];
    size_t depth, width, n, d, p;
    double *x, *targets, *limit, *theta0, *theta;
    ntk_network *network;
    ntk_model model;
} setting;

typedef struct watch {
    const setting *of;
    size_t seen;
    double *curves; /* (CURVES, TIMES) */
    double *start;  /* (n, n) */
    double initial_loss, lambda_min;
} watch;

/* ---- points and network ---------------------------------------------------------------------- */

/* Network (2.1): w_1^2 = 1 on inputs that are not scaled, then 2; b^2 = 1, and 0 at the output. */
static void describe(setting *self, const char *label) {
    self->depth = (size_t)(strchr(label, '-')[1] - '0');
    for (size_t l = 0; l <= self->depth; l++) {
        self->weight_variances[l] = l == 0 ? 1 : 2;
        self->bias_variances[l] = l < self->depth ? 1 : 0;
    }
    self->architecture = ntk_architecture_default();
    self->architecture.depth = self->depth;
    self->architecture.input_scale = NTK_INPUT_SCALE_NONE;
    self->architecture.weight_variances = self->weight_variances;
    self->architecture.bias_variances = self->bias_variances;
}

static ntk_status place_points(const ntk_context *context, const ntk_stream *stream, setting *self) {
    ntk_stream points = ntk_stream_fork(stream, "points");
    if (self->d > 2)
        return ntk_data_sphere_separated(&points, self->n, self->d, ntk_context_real(context, "max-cosine"),
                                         self->x);
    for (size_t i = 0; i < self->n; i++) {
        const double angle = 2 * acos(-1) * (double)i / (double)self->n;
        self->x[2 * i] = cos(angle);
        self->x[2 * i + 1] = sin(angle);
    }
    return NTK_OK;
}

static ntk_status fill(const study *study, const ntk_stream *stream, setting *self) {
    const size_t n = self->n;
    size_t labels[1000];
    NTK_TRY(ntk_allocate_doubles(n * self->d, &self->x));
    NTK_TRY(ntk_allocate_doubles(n, &self->targets));
    NTK_TRY(ntk_allocate_doubles(n * n, &self->limit));
    NTK_TRY(place_points(study->context, stream, self));
    for (size_t i = 0; i < n; i++) labels[i] = i % 2;
    NTK_TRY(ntk_targets_from_labels(study->loss, n, 1, labels, study->epsilon, self->targets));
    NTK_TRY(
        ntk_kernel_gram(&self->architecture, NTK_KERNEL_NTK, n, self->d, self->x, self->d, self->limit, n));
    NTK_TRY(ntk_network_create(&self->architecture, self->d, self->width, 1, &self->network));
    self->p = ntk_network_parameters(self->network);
    NTK_TRY(ntk_allocate_doubles(self->p, &self->theta0));
    NTK_TRY(ntk_allocate_doubles(self->p, &self->theta));
    ntk_stream weights = ntk_stream_fork(stream, self->depth > 1 ? "deep" : "shallow");
    ntk_network_initialise(self->network, &weights, self->theta0);
    memcpy(self->theta, self->theta0, self->p * sizeof(double));
    return ntk_model_network(self->network, n, self->x, &self->model);
}

static void release(setting *self) {
    ntk_model_release(&self->model);
    ntk_network_destroy(self->network);
    ntk_release(self->x);
    ntk_release(self->targets);
    ntk_release(self->limit);
    ntk_release(self->theta0);
    ntk_release(self->theta);
}

/* ---- the flow -------------------------------------------------------------------------------- */

static ntk_status look(const ntk_observation *seen, void *context) {
    watch *self = context;
    const setting *of = self->of;
    const size_t n = of->n;
    if (self->seen == 0) {
        memcpy(self->start, seen->kernel, n * n * sizeof(double));
        self->initial_loss = (double)n * exp(seen->log_loss);
        self->lambda_min = seen->kernel_lambda_min;
    }
    if (self->seen == TIMES) return NTK_OK;
    double *at = self->curves + self->seen++;
    at[LOG_TIME * TIMES] = seen->log_time - log((double)n); /* the clock of the sum of losses */
    at[FROM_LIMIT * TIMES] = ntk_largest_difference(n * n, seen->kernel, of->limit);
    at[FROM_START * TIMES] = ntk_largest_difference(n * n, seen->kernel, self->start);
    at[MARGIN * TIMES] = seen->smallest_margin;
    at[MAX_NORM * TIMES] = ntk_largest_difference(of->p, seen->theta, of->theta0);
    self->lambda_min = ntk_smaller(self->lambda_min, seen->kernel_lambda_min);
    return NTK_OK;
}

static double log_horizon(const study *self, size_t width) {
    return ntk_context_real(self->context, "log-horizon") +
           ntk_context_real(self->context, "horizon-growth") * sqrt((double)width);
}

static ntk_status follow(const study *self, setting *of, watch *seen) {
    const bool hard = self->loss == NTK_LOSS_LOGISTIC && self->epsilon == 0;
    const double last = log_horizon(self, of->width) + log((double)of->n);
    double times[TIMES];
    ntk_loss_clock_times(last, TIMES, times);
    ntk_flow_options flow = ntk_flow_options_default();
    ntk_flow_result result;
    flow.loss = self->loss;
    flow.time = hard ? NTK_TIME_LOG_LOSS : NTK_TIME_PHYSICAL;
    flow.kinked = true;
    flow.step = ntk_context_real(self->context, "step");
    flow.log_horizon = last;
    flow.observation_log_times = times;
    flow.observation_count = TIMES;
    flow.observe_kernel = true;
    flow.observe_hard_margin = hard ? NTK_FLOW_KERNEL_SLIDING : NTK_FLOW_KERNEL_NONE;
    flow.observer = look;
    flow.context = seen;
    return ntk_flow_run(&of->model, of->targets, &flow, of->theta, &result);
}

/* ---- what is read off ------------------------------------------------------------------------ */

/* log(lambda t / n) - log(e^g + g + F(S_0)), the worst of the times after the start. */
static double worst_of_margin_law(const watch *self) {
    double worst = -INFINITY;
    for (size_t i = 1; i < self->seen; i++) {
        const double log_rate =
            log(self->lambda_min / (double)self->of->n) + self->curves[LOG_TIME * TIMES + i];
        worst = ntk_larger(
            worst, ntk_loss_clock_gap(log_rate, self->curves[MARGIN * TIMES + i], self->initial_loss));
    }
    return worst;
}

static ntk_status smallest_eigenvalue(size_t n, const double *matrix, double *out) {
    double *copy, *values = NULL;
    NTK_TRY(ntk_allocate_doubles(n * n, &copy));
    memcpy(copy, matrix, n * n * sizeof(double));
    ntk_status status = ntk_allocate_doubles(n, &values);
    if (status == NTK_OK) status = ntk_eigen_symmetric(n, copy, n, false, values);
    if (status == NTK_OK) *out = values[0];
    ntk_release(values);
    ntk_release(copy);
    return status;
}

static ntk_status read_growth(const study *study, const watch *self, double *values) {
    const size_t first = self->seen - self->seen / 2, count = self->seen / 2;
    const double *log_time = self->curves + LOG_TIME * TIMES + first;
    double x[TIMES], y[TIMES], intercept;
    for (size_t i = 0; i < count; i++) {
        x[i] = log(log_time[i]);
        y[i] = log(self->curves[MAX_NORM * TIMES + first + i]);
    }
    NTK_TRY(ntk_stats_slope(count, x, y, &values[NORM_EXPONENT], &intercept));
    if (study->loss != NTK_LOSS_LOGISTIC) return NTK_OK;
    values[MARGIN_LAW] = worst_of_margin_law(self);
    return ntk_stats_slope(count, log_time, self->curves + MARGIN * TIMES + first, &values[MARGIN_SLOPE],
                           &intercept);
}

static ntk_status read_off(const study *study, const watch *self, double *values) {
    const double n = (double)self->of->n;
    const size_t last = self->seen - 1;
    double limit, start, largest = 0;
    NTK_TRY(smallest_eigenvalue(self->of->n, self->of->limit, &limit));
    NTK_TRY(smallest_eigenvalue(self->of->n, self->start, &start));
    for (size_t i = 0; i <= last; i++) largest = ntk_larger(largest, self->curves[FROM_LIMIT * TIMES + i]);
    values[LITERAL] = largest / (limit / (2 * n * n));
    values[LIMIT] = self->curves[FROM_LIMIT * TIMES + last] / (limit / n);
    values[START] = self->curves[FROM_START * TIMES + last] / (start / n);
    values[LAMBDA_MIN] = self->lambda_min;
    /* The curves in the units of their bounds, to be drawn. */
    for (size_t i = 0; i <= last; i++) {
        self->curves[FROM_LIMIT * TIMES + i] /= limit / n;
        self->curves[FROM_START * TIMES + i] /= start / n;
    }
    return read_growth(study, self, values);
}

static ntk_status run_setting(const study *self, setting *of, const ntk_stream *stream, ntk_slot *slot) {
    watch seen = {.of = of, .curves = slot->kept};
    NTK_TRY(fill(self, stream, of));
    NTK_TRY(ntk_allocate_doubles(of->n * of->n, &seen.start));
    ntk_status status = follow(self, of, &seen);
    if (status == NTK_OK) status = read_off(self, &seen, slot->values);
    ntk_release(seen.start);
    return status;
}

static ntk_status run_unit(const void *argument, ntk_slot *slot) {
    const study *self = argument;
    const char *label = ntk_grid_label(&self->grid, slot->at, CASE);
    const bool circle = strncmp(label, "circle", 6) == 0;
    setting of = {.n = circle ? 6 : ntk_context_size(self->context, "points"),
                  .d = circle ? 2 : ntk_context_size(self->context, "inputs"),
                  .width = (size_t)ntk_grid_number(&self->grid, slot->at, WIDTH)};
    describe(&of, label);
    const ntk_stream stream = ntk_context_stream(self->context, slot->at.at[SEED]);
    const ntk_status status = run_setting(self, &of, &stream, slot);
    release(&of);
    return status;
}

static const ntk_reduction reductions[] = {
    {.prefix = "literal", .kind = NTK_REDUCE_SMALLEST, .column = LITERAL},
    {.prefix = "limit", .kind = NTK_REDUCE_SMALLEST, .column = LIMIT},
    {.prefix = "start", .kind = NTK_REDUCE_SMALLEST, .column = START},
    {.prefix = "lambda-min", .kind = NTK_REDUCE_SMALLEST, .column = LAMBDA_MIN},
    {.prefix = "margin-law", .kind = NTK_REDUCE_LARGEST, .column = MARGIN_LAW, .when = ntk_grid_has},
    {.prefix = "margin-slope", .kind = NTK_REDUCE_SMALLEST, .column = MARGIN_SLOPE, .when = ntk_grid_has},
    {.prefix = "norm-exponent", .kind = NTK_REDUCE_SMALLEST, .column = NORM_EXPONENT},
    {0}};

static ntk_status conduct(ntk_context *context, study *self) {
    NTK_TRY(ntk_grid_run(&self->grid, run_unit, self));
    NTK_TRY(ntk_grid_emit_table(context, &self->grid, "runs"));
    NTK_TRY(ntk_loss_clock_emit_paths(context, &self->grid,
                                      "$case width log-time limit start margin max-norm", TIMES));
    return ntk_grid_emit(context, &self->grid, reductions);
}

static ntk_status run(ntk_context *context) {
    study self = {.context = context,
                  .loss = ntk_context_is(context, "loss", "squared") ? NTK_LOSS_SQUARED : NTK_LOSS_LOGISTIC,
                  .epsilon = ntk_context_real(context, "epsilon"),
                  .grid = {.axes = {ntk_axis_of_choices(context, "case", "cases"),
                                    ntk_axis_of_numbers(context, "width", "widths"),
                                    ntk_axis_of_count(context, "seed", "seeds")},
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
