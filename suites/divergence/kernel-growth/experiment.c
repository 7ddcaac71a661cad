/* The empirical NTK grows with the output (ours), and the loss is a Lyapunov function (chen-2025,
 * Lemma 8). ReLU, L hidden layers, no biases; with a^0 = x, a^l = relu(h^l), d^l = df/dh^l,
 * d^{L+1} = 1, inputs not scaled:
 *
 *     Theta(x, x) = w^2 |d^1|^2 |a^0|^2 + (w^2/m) sum_{l=2..L+1} |d^l|^2 |a^{l-1}|^2.
 *
 * relu(h) = relu'(h) h, so that f = <d^l, h^l> = <d^l, a^l> and |f| <= |d^l| |a^l|, l = 1 .. L. In
 * the product of the L + 1 terms these pairs stand next to each other; the arithmetic mean is at
 * least the geometric one:
 *
 *     Theta(x, x) >= (L + 1) [w^2 |x|^2 (w^2/m)^L |f(x)|^{2L}]^{1/(L+1)}        for every theta.
 *
 * Read the other way round: |f(x)| <= B, B = (Theta(x, x)/(L + 1))^{(L+1)/(2L)} (w^2
 * |x|^2)^{-1/(2L)} (m/w^2)^{1/2}. While a diagonal entry has not grown by more than a factor 1 + q,
 * |f| is at most a constant times sqrt(m). Margins do grow: with the sum S of the losses descended
 * and lambda a lower bound of the smallest eigenvalue of the kernel of the flow, the smallest one,
 * g, has e^g + g + F(S_0) >= lambda t / n (divergence/theorem-2). So at any time t
 *
 *     lambda t / n <= e^B + B + F(S_0),    B that of any of the points:
 *
 * the upper half of the exit law at every depth, log T <= C sqrt(m).
 *
 * Lemma 8: V = -sum log(1 - u_i), u_i = |sigma(f_i) - y_i|, has 1 - u_i = e^{-l_i}, so V is the sum
 * S itself, and falls: dV/dt = -u^T Theta u, signs of the labels in u, Theta that of the flow. */
#include <math.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_CHOICES("cases", "depth-1 depth-2 depth-3", "depth-1|depth-2|depth-3", "hidden layers"),
    NTK_CHOICE("activation", "relu", "relu|erf", "of the hidden layers"),
    NTK_INTEGERS("widths", "32 128", 2, 65536, "of the hidden layers"),
    NTK_INTEGER("seeds", 4, 1, 1000, "initialisations, each with its own points"),
    NTK_REAL("step", 0.5, 1e-3, 1, "of the bounded-step rule"),
    NTK_REAL("log-horizon", 40, 4, 1000, "log of the time of the end, of the sum of losses"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("growth-{cases}", "largest bound of Theta(x, x) over Theta(x, x)"),
    NTK_METRIC("reached-{cases}", "the largest of these at the end, mean of the widest networks"),
    NTK_METRIC("clock-{cases}", "largest log(lambda t / n) - log(e^B + B + F(S_0))"),
    NTK_METRIC("rise-{cases}", "largest change of log V by a step"),
    {0},
};

enum { GROWTH, REACHED, CLOCK, RISE };
static const char columns[] = "growth reached clock rise";
enum { CASE, WIDTH, SEED };
enum { LOG_TIME, RATIO, OUTPUT, CURVES };
enum { TIMES = 41 };

typedef struct study {
    ntk_context *context;
    ntk_grid grid;
} study;

typedef struct watch {
    const ntk_training *of;
    double depth, width, weight_variance;
    size_t seen;
    double *curves; /* (CURVES, TIMES) */
    double least_b[TIMES];
    double initial_loss, lambda_min, log_loss, rise, growth, reached;
} watch;

/* Bound of Theta(x, x) over Theta(x, x), and B, of one point. */
static void compare(const watch *self, double square, double output, double kernel, double *ratio,
                    double *b) {
    const double L = self->depth, w2 = self->weight_variance;
    const double log_constant = log(w2 * square) + L * log(w2 / self->width);
    *ratio = (L + 1) * exp((log_constant + 2 * L * log(fabs(output))) / (L + 1)) / kernel;
    *b = exp(((L + 1) * log(kernel / (L + 1)) - log_constant) / (2 * L));
}

static ntk_status look_at_step(const ntk_observation *seen, void *context) {
    watch *self = context;
    self->rise = ntk_larger(self->rise, seen->log_loss - self->log_loss);
    self->log_loss = seen->log_loss;
    return NTK_OK;
}

static ntk_status look(const ntk_observation *seen, void *context) {
    watch *self = context;
    const size_t n = self->of->points, d = self->of->inputs;
    if (self->seen == TIMES) return NTK_OK;
    if (self->seen == 0) {
        self->initial_loss = (double)n * exp(seen->log_loss);
        self->lambda_min = seen->kernel_lambda_min;
        self->log_loss = seen->log_loss;
    }
    double largest = 0, least_b = INFINITY, output = 0;
    for (size_t i = 0; i < n; i++) {
        const double *x = self->of->x + i * d;
        double ratio, b;
        compare(self, ntk_dot(d, x, x), seen->outputs[i], seen->kernel[i * n + i], &ratio, &b);
        largest = ntk_larger(largest, ratio);
        least_b = ntk_smaller(least_b, b);
        output = fmax(output, fabs(seen->outputs[i]));
    }
    double *at = self->curves + self->seen;
    at[LOG_TIME * TIMES] = seen->log_time - log((double)n); /* the clock of the sum of losses */
    at[RATIO * TIMES] = largest;
    at[OUTPUT * TIMES] = output;
    self->least_b[self->seen++] = least_b;
    self->reached = largest;
    self->growth = ntk_larger(self->growth, largest);
    self->lambda_min = ntk_smaller(self->lambda_min, seen->kernel_lambda_min);
    return NTK_OK;
}

static ntk_status follow(const study *self, ntk_training *problem, watch *seen) {
    const double last = ntk_context_real(self->context, "log-horizon") + log((double)problem->points);
    double times[TIMES];
    ntk_loss_clock_times(last, TIMES, times);
    ntk_flow_options flow = ntk_flow_options_default();
    ntk_flow_result result;
    flow.loss = NTK_LOSS_LOGISTIC;
    flow.time = NTK_TIME_LOG_LOSS;
    flow.kinked = !ntk_activation_is_smooth(problem->architecture.activation);
    flow.step = ntk_context_real(self->context, "step");
    flow.log_horizon = last;
    flow.observation_log_times = times;
    flow.observation_count = TIMES;
    flow.observe_kernel = true;
    flow.observe_hard_margin = NTK_FLOW_KERNEL_SLIDING;
    flow.observer = look;
    flow.every_step = look_at_step;
    flow.context = seen;
    return ntk_flow_run(&problem->model, problem->targets, &flow, problem->theta, &result);
}

/* log(lambda t / n) - log(e^B + B + F(S_0)), the largest over the times after the start. */
static double worst_of_clock(const watch *self) {
    double worst = -INFINITY;
    for (size_t i = 1; i < self->seen; i++) {
        const double log_rate =
            log(self->lambda_min / (double)self->of->points) + self->curves[LOG_TIME * TIMES + i];
        worst = ntk_larger(worst, ntk_loss_clock_gap(log_rate, self->least_b[i], self->initial_loss));
    }
    return worst;
}

static ntk_status run_unit(const void *argument, ntk_slot *slot) {
    const study *self = argument;
    ntk_training_options options = ntk_context_sphere_problem(self->context);
    options.loss = NTK_LOSS_LOGISTIC;
    options.width = (size_t)ntk_grid_number(&self->grid, slot->at, WIDTH);
    options.architecture.depth = (size_t)(ntk_grid_label(&self->grid, slot->at, CASE)[6] - '0');
    if (ntk_context_is(self->context, "activation", "erf")) options.architecture.activation = NTK_ERF;
    const ntk_stream stream = ntk_context_stream(self->context, slot->at.at[SEED]);
    ntk_training problem;
    NTK_TRY(ntk_training_create(&options, &stream, &problem));
    watch seen = {.of = &problem,
                  .depth = (double)options.architecture.depth,
                  .width = (double)options.width,
                  .weight_variance = options.architecture.weight_variance,
                  .curves = slot->kept,
                  .rise = -INFINITY};
    const ntk_status status = follow(self, &problem, &seen);
    slot->values[GROWTH] = seen.growth;
    slot->values[REACHED] = seen.reached;
    slot->values[CLOCK] = worst_of_clock(&seen);
    slot->values[RISE] = seen.rise;
    ntk_training_release(&problem);
    return status;
}

static const ntk_reduction reductions[] = {
    {.prefix = "growth", .kind = NTK_REDUCE_LARGEST, .column = GROWTH},
    {.prefix = "reached", .kind = NTK_REDUCE_MEAN_AT_LAST, .column = REACHED},
    {.prefix = "clock", .kind = NTK_REDUCE_LARGEST, .column = CLOCK},
    {.prefix = "rise", .kind = NTK_REDUCE_LARGEST, .column = RISE},
    {0}};

static ntk_status conduct(ntk_context *context, study *self) {
    NTK_TRY(ntk_grid_run(&self->grid, run_unit, self));
    NTK_TRY(ntk_grid_emit_table(context, &self->grid, "runs"));
    NTK_TRY(ntk_loss_clock_emit_paths(context, &self->grid, "$case width log-time ratio output", TIMES));
    return ntk_grid_emit(context, &self->grid, reductions);
}

static ntk_status run(ntk_context *context) {
    study self = {.context = context,
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
