/* Flows and solutions with a closed form, in absolute terms: the scale of the loss, of time and of
 * lambda. Laws in other claims are exponents and bounds, which a factor leaves as they are.
 *
 *   one point   logistic loss, class 1, tangent kernel c: f' = c sigma(-f), so that
 *               f + e^f = f_0 + e^{f_0} + c t and L = log(1 + e^{-f}), in both kinds of time.
 *   modes       squared loss (1/2n) ||f - y||^2, lambda = 0, kernel Theta with eigenvectors v_i:
 *               v_i^T (f_t - y) = e^{-lambda_i t / n} v_i^T (f_0 - y).
 *   rest        with (lambda / 2) ||w||^2: f = f_0 + Theta (Theta + n lambda I)^{-1} (y - f_0),
 *               where the flow ends, and kernel regression.
 *   logistic    with lambda: n lambda a = q - sigma(f), f = f_0 + Theta a, likewise.
 *   network     of width m, squared loss with lambda: it ends where kernel regression with its own
 *               Theta_hat_0 says, up to O(1/m). From two widths m and 2m the combination 2 e(2m) -
 *               e(m) of the mean deviations is free of that order.
 *
 * The references are computed here, from eigenvectors and by Newton's method in one variable;
 * nothing of src/dynamics, src/objective or src/inference is used for them. */
#include <float.h>
#include <math.h>
#include <string.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_INTEGER("width", 1024, 4, 1e6, "m of the narrow networks; the others have 2m"),
    NTK_INTEGER("seeds", 8, 3, 1000, "networks of each width"),
    NTK_REAL("lambda", 0.3, 1e-3, 100, "of the flows with a regulariser"),
    NTK_PLANTS("lambda|time|loss|targets"), /* in flows and solutions */
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("one-point-physical", "largest error of log L along the flow of one point"),
    NTK_METRIC("one-point-log-loss", "the same in log-loss time, to log t = 1000"),
    NTK_METRIC("modes", "largest error of the outputs along a linear regression, over ||f_0 - y||"),
    NTK_METRIC("rest-flow", "largest error of the outputs at rest, the flow's"),
    NTK_METRIC("rest-regression", "that of kernel regression"),
    NTK_METRIC("logistic-flow", "largest residual of the equation at rest, the flow's"),
    NTK_METRIC("logistic-regression", "that of kernel logistic regression"),
    NTK_METRIC("network-end",
               "networks' ends less those of their first kernels, along the residual; free of 1/m"),
    {0},
};

enum { N = 6, D = 4, TIMES = 12 };

typedef struct study {
    ntk_context *context;
    ntk_table *curves;
    double lambda;         /* of the theory */
    double planted_lambda; /* of flows and solutions */
    double pace, loss_factor, target_error;
    double x[N * D], gram[N * N], f0[N], y[N], q[N];
} study;

/* ---- references ------------------------------------------------------------------------------ */

/* f of one point at log t: f + e^f = f_0 + e^{f_0} + e^{log t} c. Newton's method in e^f where f is
 * large does not overflow: with g = log of the right-hand side, f = log(e^g - f). */
static double one_point(double c, double f0, double log_time) {
    const double start = f0 + exp(f0), grown = log(c) + log_time;
    if (grown > 40) { /* e^f = c t (1 + (start - f) / (c t)) */
        double f = grown;
        for (int k = 0; k < 50; k++) f = grown + log1p((start - f) * exp(-grown));
        return f;
    }
    const double right = start + exp(grown);
    double f = fmin(right, log1p(fabs(right)));
    for (int k = 0; k < 100; k++) f -= (f + exp(f) - right) / (1 + exp(f));
    return f;
}

static double log_loss_of(double f) { return f > 30 ? -f - 0.5 * exp(-f) : log(log1p(exp(-f))); }

/* f = f_0 + sum_i v_i v_i^T (y - f_0) share(lambda_i) */
static ntk_status spectral(const study *self, const double *gram, const double *f0,
                           double (*share)(double eigenvalue, double parameter), double parameter,
                           double *f) {
    double vectors[N * N], values[N];
    memcpy(vectors, gram, sizeof vectors);
    NTK_TRY(ntk_eigen_symmetric(N, vectors, N, true, values));
    memcpy(f, f0, N * sizeof *f);
    for (size_t k = 0; k < N; k++) {
        double part = 0;
        for (size_t i = 0; i < N; i++) part += vectors[i * N + k] * (self->y[i] - f0[i]);
        for (size_t i = 0; i < N; i++) f[i] += vectors[i * N + k] * part * share(values[k], parameter);
    }
    return NTK_OK;
}

static double share_at_time(double eigenvalue, double t) { return -expm1(-eigenvalue * t / N); }
static double share_at_rest(double eigenvalue, double lambda) {
    return eigenvalue / (eigenvalue + N * lambda);
}

static double largest_difference(const double *a, const double *b) {
    double out = 0;
    for (size_t i = 0; i < N; i++) out = ntk_larger(out, fabs(a[i] - b[i]));
    return out;
}

/* ---- flows ----------------------------------------------------------------------------------- */

static ntk_flow_options options_of(const study *self, ntk_loss loss) {
    ntk_flow_options options = ntk_flow_options_default();
    options.loss = loss;
    options.tolerance = 1e-10;
    options.time_factor = self->pace * self->loss_factor;
    return options;
}

/* What an observer compares along a flow. */
typedef struct watch {
    const study *self;
    double c, f0, worst;
    const char *name;
} watch;

static ntk_status note(const watch *w, const ntk_observation *seen, double theory, double found,
                       double error) {
    const char *labels[] = {w->name};
    const double row[] = {seen->log_time, theory, found, error};
    return ntk_table_row(w->self->curves, labels, row);
}

static ntk_status watch_point(const ntk_observation *seen, void *context) {
    watch *w = context;
    const double theory = log_loss_of(one_point(w->c, w->f0, seen->log_time));
    const double found = seen->log_loss + log(w->self->loss_factor);
    w->worst = ntk_larger(w->worst, fabs(found - theory));
    return note(w, seen, theory, found, fabs(found - theory));
}

static ntk_status follow_point(const study *self, ntk_time time, const char *name, double last) {
    const double c = 2.5, f0 = -1.5, q = 1, planted = c * self->pace * self->loss_factor;
    double times[TIMES], a = 0;
    watch w = {.self = self, .c = c, .f0 = f0, .name = name};
    ntk_flow_options options = options_of(self, NTK_LOSS_LOGISTIC);
    ntk_flow_result result;
    ntk_model model;
    for (size_t k = 0; k < TIMES; k++) times[k] = -3 + (last + 3) * (double)(k + 1) / TIMES;
    options.time = time;
    options.time_factor = 1; /* log-loss time knows none: what is planted is in the kernel */
    options.log_horizon = last;
    options.observation_log_times = times;
    options.observation_count = TIMES;
    options.observer = watch_point;
    options.context = &w;
    NTK_TRY(ntk_model_linear(1, 1, &planted, &f0, &model));
    const ntk_status status = ntk_flow_run(&model, &q, &options, &a, &result);
    ntk_model_release(&model);
    if (status != NTK_OK) return status;
    return ntk_emit_scalar_as(self->context, w.worst, "one-point-%s", name);
}

static ntk_status watch_modes(const ntk_observation *seen, void *context) {
    watch *w = context;
    const study *self = w->self;
    double f[N];
    NTK_TRY(spectral(self, self->gram, self->f0, share_at_time, exp(seen->log_time), f));
    const double error = largest_difference(f, seen->outputs) / ntk_distance(N, self->f0, self->y);
    w->worst = ntk_larger(w->worst, error);
    return note(w, seen, f[0], seen->outputs[0], error);
}

static void planted_targets(const study *self, double *y) {
    for (size_t i = 0; i < N; i++) y[i] = self->y[i] + self->target_error;
}

static ntk_status follow_modes(const study *self) {
    double times[TIMES], a[N] = {0}, y[N];
    watch w = {.self = self, .name = "modes"};
    ntk_flow_options options = options_of(self, NTK_LOSS_SQUARED);
    ntk_flow_result result;
    ntk_model model;
    for (size_t k = 0; k < TIMES; k++) times[k] = -4 + 9.0 * (double)k / (TIMES - 1);
    options.log_horizon = times[TIMES - 1];
    options.observation_log_times = times;
    options.observation_count = TIMES;
    options.observer = watch_modes;
    options.context = &w;
    planted_targets(self, y);
    NTK_TRY(ntk_model_linear(N, 1, self->gram, self->f0, &model));
    const ntk_status status = ntk_flow_run(&model, y, &options, a, &result);
    ntk_model_release(&model);
    if (status != NTK_OK) return status;
    return ntk_emit_scalar(self->context, "modes", w.worst);
}

/* Outputs where the flow of the linear model comes to rest. */
static ntk_status come_to_rest(const study *self, ntk_loss loss, const double *targets, double *f) {
    double a[N] = {0};
    ntk_flow_options options = options_of(self, loss);
    ntk_flow_result result;
    ntk_model model;
    options.lambda = self->planted_lambda / self->loss_factor;
    options.gradient_tolerance = 1e-9;
    NTK_TRY(ntk_model_linear(N, 1, self->gram, self->f0, &model));
    ntk_status status = ntk_flow_run(&model, targets, &options, a, &result);
    if (status == NTK_OK) status = model.evaluate(model.context, a, f);
    ntk_model_release(&model);
    return status;
}

/* ---- at rest --------------------------------------------------------------------------------- */

static ntk_inference_problem problem_of(const study *self, ntk_loss loss, const double *targets) {
    return (ntk_inference_problem){.loss = loss,
                                   .points = N,
                                   .outputs = 1,
                                   .order = N,
                                   .gram = self->gram,
                                   .f0 = self->f0,
                                   .targets = targets,
                                   .lambda = self->planted_lambda / self->loss_factor};
}

static ntk_status judge_rest(const study *self) {
    double wanted[N], f[N], a[N], y[N];
    planted_targets(self, y);
    const ntk_inference_problem problem = problem_of(self, NTK_LOSS_SQUARED, y);
    NTK_TRY(spectral(self, self->gram, self->f0, share_at_rest, self->lambda, wanted));
    NTK_TRY(come_to_rest(self, NTK_LOSS_SQUARED, y, f));
    NTK_TRY(ntk_emit_scalar(self->context, "rest-flow", largest_difference(f, wanted)));
    NTK_TRY(ntk_inference_regression(&problem, a, f, NULL));
    return ntk_emit_scalar(self->context, "rest-regression", largest_difference(f, wanted));
}

/* f - f_0 - Theta (q - sigma(f)) / (n lambda) */
static double logistic_residual(const study *self, const double *f) {
    double wanted[N];
    for (size_t i = 0; i < N; i++) {
        wanted[i] = self->f0[i];
        for (size_t j = 0; j < N; j++)
            wanted[i] += self->gram[i * N + j] * (self->q[j] - 1 / (1 + exp(-f[j]))) / (N * self->lambda);
    }
    return largest_difference(f, wanted);
}

static ntk_status judge_logistic(const study *self) {
    const ntk_logistic_options options = ntk_logistic_options_default();
    const ntk_inference_problem problem = problem_of(self, NTK_LOSS_LOGISTIC, self->q);
    ntk_logistic_result result;
    double f[N], a[N];
    NTK_TRY(come_to_rest(self, NTK_LOSS_LOGISTIC, self->q, f));
    NTK_TRY(ntk_emit_scalar(self->context, "logistic-flow", logistic_residual(self, f)));
    const ntk_status status = ntk_inference_logistic(&problem, &options, a, f, &result);
    if (status == NTK_ERROR_NO_CONVERGENCE)
        memcpy(f, self->f0, sizeof f); /* it has not moved from where it began */
    else if (status != NTK_OK)
        return status;
    return ntk_emit_scalar(self->context, "logistic-regression", logistic_residual(self, f));
}

/* ---- networks -------------------------------------------------------------------------------- */

static ntk_architecture architecture_of(void) {
    ntk_architecture out = ntk_architecture_default();
    out.activation = NTK_ERF;
    out.bias_variance = 0.25;
    out.input_scale = NTK_INPUT_SCALE_NONE;
    return out;
}

typedef struct ensemble {
    const study *self;
    size_t width, seeds;
    double *deviations; /* (2, seeds) */
} ensemble;

/* <f - f*, y - f*> / ||y - f*||^2, f* what kernel regression with Theta_hat_0 has: a wrong lambda
 * or
 * a wrong pace moves f along y - f* for every network, with the same sign. */
static ntk_status train(const ensemble *e, ntk_network *network, double *theta, double *out) {
    const study *self = e->self;
    double kernel[N * N], f0[N], f[N], wanted[N], y[N];
    ntk_flow_options options = options_of(self, NTK_LOSS_SQUARED);
    ntk_flow_result result;
    ntk_model model;
    options.lambda = self->planted_lambda / self->loss_factor;
    options.tolerance = 1e-6;
    options.gradient_tolerance = 1e-5; /* outputs to 2e-4, a tenth of what their spread leaves */
    planted_targets(self, y);
    NTK_TRY(ntk_network_forward(network, theta, N, self->x, f0));
    NTK_TRY(ntk_network_tangent_kernel(network, theta, N, self->x, kernel, N));
    NTK_TRY(spectral(self, kernel, f0, share_at_rest, self->lambda, wanted));
    NTK_TRY(ntk_model_network(network, N, self->x, &model));
    ntk_status status = ntk_flow_run(&model, y, &options, theta, &result);
    if (status == NTK_OK) status = ntk_network_forward(network, theta, N, self->x, f);
    ntk_model_release(&model);
    if (status != NTK_OK) return status;
    double along = 0, square = 0;
    for (size_t i = 0; i < N; i++) {
        const double left = self->y[i] - wanted[i];
        along += left * (f[i] - wanted[i]);
        square += left * left;
    }
    *out = along / square;
    return NTK_OK;
}

static ntk_status train_unit(size_t unit, void *argument) {
    const ensemble *e = argument;
    const size_t width = (1 + unit / e->seeds) * e->width;
    const ntk_architecture architecture = architecture_of();
    const ntk_stream root = ntk_context_stream(e->self->context, 1 + unit % e->seeds);
    ntk_stream stream = ntk_stream_fork(&root, unit < e->seeds ? "narrow" : "wide");
    ntk_network *network = NULL;
    double *theta = NULL;
    NTK_TRY(ntk_network_create(&architecture, D, width, 1, &network));
    ntk_status status = ntk_allocate_doubles(ntk_network_parameters(network), &theta);
    if (status == NTK_OK) ntk_network_initialise(network, &stream, theta);
    if (status == NTK_OK) status = train(e, network, theta, &e->deviations[unit]);
    ntk_release(theta);
    ntk_network_destroy(network);
    return status;
}

static ntk_status judge_networks(const study *self) {
    ensemble e = {.self = self,
                  .width = ntk_context_size(self->context, "width"),
                  .seeds = ntk_context_size(self->context, "seeds")};
    ntk_estimate end;
    NTK_TRY(ntk_allocate_doubles(2 * e.seeds, &e.deviations));
    const ntk_slots slots = {e.deviations, 1};
    ntk_status status = ntk_map_units(2 * e.seeds, train_unit, &e, &slots, 1);
    for (size_t k = 0; k < e.seeds && status == NTK_OK; k++)
        e.deviations[k] = 2 * e.deviations[e.seeds + k] - e.deviations[k];
    if (status == NTK_OK)
        status = ntk_stats_mean(e.seeds, e.deviations, ntk_context_level(self->context), &end);
    ntk_release(e.deviations);
    if (status != NTK_OK) return status;
    return ntk_emit_estimate(self->context, "network-end", &end);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static ntk_status prepare(study *self) {
    const ntk_architecture architecture = architecture_of();
    ntk_stream stream = ntk_context_stream(self->context, 0);
    NTK_TRY(ntk_data_sphere_separated(&stream, N, D, 0.6, self->x));
    ntk_stream_normal(&stream, N, self->f0);
    for (size_t i = 0; i < N; i++) {
        self->y[i] = i % 2 ? 1 : -1;
        self->q[i] = i % 2 ? 1 : 0;
    }
    return ntk_kernel_gram(&architecture, NTK_KERNEL_NTK, N, D, self->x, D, self->gram, N);
}

static ntk_status run(ntk_context *context) {
    study self = {.context = context,
                  .lambda = ntk_context_real(context, "lambda"),
                  .pace = ntk_plant_factor(context, NTK_PLANT_TIME),
                  .loss_factor = ntk_plant_factor(context, NTK_PLANT_LOSS),
                  .target_error = ntk_plant_size(context, NTK_PLANT_TARGETS)};
    self.planted_lambda = self.lambda * ntk_plant_factor(context, NTK_PLANT_LAMBDA);
    NTK_TRY(ntk_emit_table(context, "curves", "$flow log-time theory found error", &self.curves));
    NTK_TRY(prepare(&self));
    NTK_TRY(follow_point(&self, NTK_TIME_PHYSICAL, "physical", 7));
    NTK_TRY(follow_point(&self, NTK_TIME_LOG_LOSS, "log-loss", 1000));
    NTK_TRY(follow_modes(&self));
    NTK_TRY(judge_rest(&self));
    NTK_TRY(judge_logistic(&self));
    return judge_networks(&self);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {parameters},
    .metrics = {metrics},
    .run = run,
};
