/* Flows of classes, of a kernel that changes, of stiff modes and in steps, in absolute terms. Laws
 * in other claims are exponents and bounds; what stands here has no constant left to choose.
 *
 *   classes     softmax loss of one point, true class y, kernel c I: f' = c (e_y - p). For a rival
 *               k, (e^{-f_k})' = c / Z with Z = sum_j e^{f_j}, the same for all of them, and the
 *               sum S of the outputs stays. So with s the integral of c / Z
 *
 *                   e^{-f_k} = u_k + s,   u_k = e^{-f_k(0)},   f_y = S + sum_k log(u_k + s),
 *                   c t = integral of Z ds
 *                       = e^S int_0^s prod_k (u_k + r) dr + sum_k log(1 + s / u_k).
 *
 *   soft        targets all above 0, no regulariser: P f = P log q where the flow rests, P taking
 *               off row means, and Theta A = P (log q - f_0) for the coefficients A.
 *   event       logistic loss of one point: f + e^f = f_0 + e^{f_0} + c t where f passes a level.
 *   exit        f = theta^2 / 2: the tangent kernel theta^2 = 2 f changes. Squared loss: f' = 2 f
 *               (y - f), so that f = f_0 (1 + q), where the kernel has changed by q, is reached at
 *               2 y T = log((1 + q) (y - f_0) / (y - f_0 (1 + q))).
 *   local       y' = -c y by the pair of Dormand and Prince: its two results differ by d(z) y, z =
 *               -c h, d(z) = -97 z^5 / 120000 + 13 z^6 / 40000 - z^7 / 24000 (their stability
 *               functions: Hairer, Wanner, Solving ODEs II, section IV.2). That is what a step may
 *               not have beyond the tolerance.
 *   stiff       modes e^{-lambda_i t / n} of squared loss, lambda_1 / lambda_n = 10^5, by the
 *               stabilised method.
 *   descent     steps of length r on squared loss with lambda: every mode of f - f* is multiplied
 *               by 1 - r (lambda_i / n + lambda), f* what kernel regression has.
 *   tangent     J J^T = Theta_hat: along J^T a outputs begin to move by Theta_hat a, and those of
 *               the linearised network do so all the way.
 *
 * The references are computed here; nothing of src/dynamics, src/objective or src/inference is used
 * for them. */
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_REAL("clock-error", 0, -0.9, 9, "relative error that is planted in the time of the theory"),
    NTK_REAL("level-error", 0, -0.5, 0.5, "the same in the levels of event and exit"),
    NTK_REAL("target-error", 0, -0.9, 1, "the same in the epsilon of soft targets"),
    NTK_REAL("tolerance-error", 0, -0.9, 99, "the same in the tolerance of the flow"),
    NTK_REAL("rate-error", 0, -0.9, 9, "the same in the length of the steps of descent"),
    NTK_REAL("kernel-error", 0, -0.9, 9, "the same in the empirical kernel"),
    NTK_CHOICE("stiff-integrator", "stabilised", "stabilised|embedded", "that of the stiff modes"),
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("classes-{physical,log-loss}", "largest error of log L along the flow of three classes"),
    NTK_METRIC("margins", "largest error of the margin along both"),
    NTK_METRIC("soft-rest", "largest error of the outputs where a flow with soft targets rests"),
    NTK_METRIC("soft-interpolation", "largest error of the coefficients that interpolate them"),
    NTK_METRIC("event", "error of the log of the time at which the output passes a level"),
    NTK_METRIC("exit", "error of the log of the time at which the kernel has changed by q"),
    NTK_METRIC("local-error", "largest local error of an accepted step, over what the tolerance allows"),
    NTK_METRIC("stiff", "largest error of the outputs along the stiff modes"),
    NTK_METRIC("stiff-work", "gradients over lambda_1 t / n, the time in units of the fastest mode"),
    NTK_METRIC("descent", "largest error of the outputs along the steps of descent"),
    NTK_METRIC("linearised", "error of the linearised network along J^T a, over the largest of Theta a"),
    NTK_METRIC("tangent", "the same of the network's derivative, by differences"),
    {0},
};

enum { N = 6, D = 4, K = 3, TIMES = 12 };

static const double lambda_of_descent = 0.05;

typedef struct study {
    ntk_context *context;
    ntk_table *curves;
    double clock, level, target, tolerance, rate, kernel; /* 1 + what is planted */
    double x[N * D], gram[N * N], f0[N * K], y[N];
} study;

/* What an observer compares along a flow. */
typedef struct watch {
    const study *self;
    const char *name;
    double worst, worst_margin;
    const double *gram;
    double previous_time, previous_output; /* of the last accepted step */
} watch;

static ntk_status note(const watch *w, double log_time, double theory, double found, double error) {
    const char *labels[] = {w->name};
    const double row[] = {log_time, theory, found, error};
    return ntk_table_row(w->self->curves, labels, row);
}

/* A flow or a solver that gives up, or refuses targets that are no probabilities, is judged by an
 * error of one. */
static ntk_status unless_refused(ntk_status status, double *worst) {
    if (status != NTK_ERROR_STALLED && status != NTK_ERROR_DIVERGED && status != NTK_ERROR_ARGUMENT &&
        status != NTK_ERROR_NO_CONVERGENCE)
        return status;
    *worst = 1;
    return NTK_OK;
}

/* ---- classes --------------------------------------------------------------------------------- */

/* Kernel c I; the true class is the second, and the first rival is not the best. */
static const double class_kernel = 1.7, class_start[K] = {-0.4, 0.1, 0.8};
enum { TRUE_CLASS = 1 };

static double sum_of_start(void) { return class_start[0] + class_start[1] + class_start[2]; }

/* log(c t) as a function of log s. */
static double class_log_clock(double log_s) {
    const double u = exp(-class_start[0]), v = exp(-class_start[2]), s = exp(log_s);
    const double product = s * (u * v + s * ((u + v) / 2 + s / 3));
    return log(exp(sum_of_start()) * product + log1p(s / u) + log1p(s / v));
}

/* Loss and margin at log t, by bisection for log s: the clock is increasing. */
static void class_theory(double log_time, double *log_loss, double *margin) {
    const double wanted = log_time + log(class_kernel);
    double low = -100, high = 230;
    while (high - low > 2 * DBL_EPSILON * fabs(high)) {
        const double middle = low + (high - low) / 2;
        if (middle == low || middle == high) break;
        if (class_log_clock(middle) < wanted)
            low = middle;
        else
            high = middle;
    }
    const double s = exp(high), u = exp(-class_start[0]) + s, v = exp(-class_start[2]) + s;
    const double truth = sum_of_start() + log(u) + log(v);
    const double rest = exp(-truth) / u + exp(-truth) / v; /* e^{f_k - f_y}, summed */
    *log_loss = log(log1p(rest));
    *margin = truth + log(fmin(u, v));
}

static ntk_status watch_classes(const ntk_observation *seen, void *context) {
    watch *w = context;
    double log_loss, margin;
    class_theory(seen->log_time + log(w->self->clock), &log_loss, &margin);
    const double error = fabs(seen->log_loss - log_loss);
    w->worst = ntk_larger(w->worst, error);
    w->worst_margin = ntk_larger(w->worst_margin, fabs(seen->smallest_margin - margin));
    return note(w, seen->log_time, log_loss, seen->log_loss, error);
}

static void spread_times(double first, double last, double *times) {
    for (size_t k = 0; k < TIMES; k++) times[k] = first + (last - first) * (double)k / (TIMES - 1);
}

static ntk_flow_options options_of(ntk_loss loss, const double *times, ntk_observer observer, watch *w) {
    ntk_flow_options options = ntk_flow_options_default();
    options.loss = loss;
    options.tolerance = 1e-10;
    options.max_steps = 20000;
    options.observer = observer;
    options.context = w;
    if (times) {
        options.observation_log_times = times;
        options.observation_count = TIMES;
        options.log_horizon = times[TIMES - 1];
    }
    return options;
}

/* `theta` is where the flow begins and ends. */
static ntk_status follow(size_t n, size_t outputs, const double *gram, const double *f0,
                         const double *targets, const ntk_flow_options *options, double *theta,
                         ntk_flow_result *result) {
    ntk_model model;
    NTK_TRY(ntk_model_linear(n, outputs, gram, f0, &model));
    const ntk_status status = ntk_flow_run(&model, targets, options, theta, result);
    ntk_model_release(&model);
    return status;
}

static ntk_status follow_classes(const study *self, ntk_time time, const char *name, double last,
                                 double *worst_margin) {
    const double targets[K] = {0, 1, 0};
    double times[TIMES], theta[K] = {0}, full[K * K] = {0};
    watch w = {.self = self, .name = name};
    ntk_flow_result result;
    for (size_t k = 0; k < K; k++) full[k * K + k] = class_kernel;
    spread_times(-3, last, times);
    ntk_flow_options options = options_of(NTK_LOSS_SOFTMAX, times, watch_classes, &w);
    options.time = time;
    NTK_TRY(unless_refused(follow(1, K, full, class_start, targets, &options, theta, &result), &w.worst));
    *worst_margin = ntk_larger(*worst_margin, w.worst_margin);
    return ntk_emit_scalar_as(self->context, w.worst, "classes-%s", name);
}

static ntk_status judge_classes(const study *self) {
    double worst_margin = 0;
    NTK_TRY(follow_classes(self, NTK_TIME_PHYSICAL, "physical", 7, &worst_margin));
    NTK_TRY(follow_classes(self, NTK_TIME_LOG_LOSS, "log-loss", 600, &worst_margin));
    return ntk_emit_scalar(self->context, "margins", worst_margin);
}

/* ---- soft targets ---------------------------------------------------------------------------- */

static size_t label_of(size_t i) { return i % K; }

/* P log q of the theory, (N, K). */
static void centred_logits(const study *self, double *out) {
    const double epsilon = 0.1 * self->target, truth = log(1 - (K - 1) * epsilon), other = log(epsilon);
    const double mean = (truth + (K - 1) * other) / K;
    for (size_t i = 0; i < N; i++)
        for (size_t k = 0; k < K; k++) out[i * K + k] = (k == label_of(i) ? truth : other) - mean;
}

/* P f_0: the rows' means taken off. */
static void centred_start(const study *self, double *out) {
    for (size_t i = 0; i < N; i++) {
        const double *f = self->f0 + i * K, mean = (f[0] + f[1] + f[2]) / K;
        for (size_t k = 0; k < K; k++) out[i * K + k] = f[k] - mean;
    }
}

static ntk_status judge_soft(const study *self) {
    double logits[N * K], start[N * K], wanted[N * K], targets[N * K], a[N * K] = {0}, b[N * K];
    double factor[N * N], full[N * K * N * K] = {0};
    size_t labels[N];
    ntk_flow_result result;
    for (size_t i = 0; i < N; i++) labels[i] = label_of(i);
    NTK_TRY(ntk_targets_from_labels(NTK_LOSS_SOFTMAX, N, K, labels, 0.1, targets));
    centred_logits(self, logits);
    centred_start(self, start);
    for (size_t k = 0; k < N * K; k++) wanted[k] = logits[k] - start[k];
    memcpy(factor, self->gram, sizeof factor);
    NTK_TRY(ntk_cholesky(N, factor, N));
    NTK_TRY(ntk_cholesky_solve(N, K, factor, N, wanted, K));

    ntk_flow_options options = options_of(NTK_LOSS_SOFTMAX, NULL, NULL, NULL);
    options.gradient_tolerance = 1e-9;
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < N; j++)
            for (size_t k = 0; k < K; k++) full[(i * K + k) * N * K + j * K + k] = self->gram[i * N + j];
    double worst = 0;
    NTK_TRY(unless_refused(follow(N, K, full, self->f0, targets, &options, a, &result), &worst));
    for (size_t i = 0; i < N; i++)
        for (size_t k = 0; k < K; k++) {
            double f = self->f0[i * K + k];
            for (size_t j = 0; j < N; j++) f += self->gram[i * N + j] * a[j * K + k];
            const double mean = self->f0[i * K + k] - start[i * K + k];
            worst = ntk_larger(worst, fabs(f - mean - logits[i * K + k]));
        }
    NTK_TRY(ntk_emit_scalar(self->context, "soft-rest", worst));

    const ntk_logistic_options solver = ntk_logistic_options_default();
    const ntk_inference_problem problem = {.loss = NTK_LOSS_SOFTMAX,
                                           .points = N,
                                           .outputs = K,
                                           .order = N,
                                           .gram = self->gram,
                                           .f0 = self->f0,
                                           .targets = targets};
    ntk_logistic_result solution;
    const ntk_status status = ntk_inference_logistic(&problem, &solver, b, NULL, &solution);
    double error = status == NTK_OK ? ntk_largest_difference(N * K, b, wanted) : 0;
    NTK_TRY(unless_refused(status, &error));
    return ntk_emit_scalar(self->context, "soft-interpolation", error);
}

/* ---- events ---------------------------------------------------------------------------------- */

static const double event_level = 2.5;

static double above_level(const ntk_observation *seen, void *context) {
    const watch *w = context;
    return seen->outputs[0] - event_level * w->self->level;
}

static ntk_status judge_event(const study *self) {
    const double c = 2.5, f0 = -1.5, q = 1;
    double a = 0;
    watch w = {.self = self, .name = "event"};
    ntk_flow_options options = options_of(NTK_LOSS_LOGISTIC, NULL, NULL, &w);
    ntk_flow_result result;
    options.log_horizon = 10;
    options.event = above_level;
    options.event_tolerance = 1e-10;
    NTK_TRY(follow(1, 1, &c, &f0, &q, &options, &a, &result));
    const double time = (event_level + exp(event_level) - f0 - exp(f0)) / c;
    const double error = fabs(result.log_time - log(time * self->clock));
    return ntk_emit_scalar(self->context, "event", result.end == NTK_END_EVENT ? error : 1);
}

/* f = theta^2 / 2 at one point. */
static ntk_status square_evaluate(void *context, const double *theta, double *f) {
    double *at = context;
    *at = *theta;
    *f = *theta * *theta / 2;
    return NTK_OK;
}

static ntk_status square_pullback(void *context, const double *theta, const double *cotangent,
                                  double *gradient) {
    (void)context;
    *gradient = *theta * *cotangent;
    return NTK_OK;
}

static ntk_status square_kernel(void *context, const double *theta, double *gram) {
    (void)context;
    *gram = *theta * *theta;
    return NTK_OK;
}

static ntk_status judge_exit(const study *self) {
    const double f0 = 0.5, y = 3, q = 0.5, threshold = q * self->level;
    double at = 0, theta = sqrt(2 * f0), largest;
    const ntk_model model = {.dimension = 1,
                             .points = 1,
                             .outputs = 1,
                             .context = &at,
                             .evaluate = square_evaluate,
                             .pullback = square_pullback,
                             .tangent_kernel = square_kernel};
    ntk_flow_options options = options_of(NTK_LOSS_SQUARED, NULL, NULL, NULL);
    ntk_flow_result result;
    ntk_exit exit;
    options.log_horizon = 3;
    options.event_tolerance = 1e-10;
    NTK_TRY(ntk_exit_run(&model, &y, &options, 1, &threshold, &theta, &exit, &largest, &result));
    const double time = log((1 + q) * (y - f0) / (y - f0 * (1 + q))) / (2 * y);
    const double error = fabs(exit.log_time - log(time * self->clock));
    return ntk_emit_scalar(self->context, "exit", isfinite(exit.log_time) ? error : 1);
}

/* ---- steps ----------------------------------------------------------------------------------- */

static const double local_kernel = 4, local_start = 3, local_tolerance = 1e-7;

/* Of the linear model a step h from output f has the local error |f| d(-c h) in outputs, so that
 * over sqrt(c) in parameters, and has moved by |f - f_0| / sqrt(c) before (the target is 0). */
static ntk_status watch_steps(const ntk_observation *seen, void *context) {
    watch *w = context;
    const double c = local_kernel, z = -c * (seen->time - w->previous_time), z2 = z * z;
    const double d = z2 * z2 * z * (-97.0 / 120000 + z * (13.0 / 40000 - z / 24000));
    const double local = fabs(w->previous_output * d) / sqrt(c);
    const double allowed = local_tolerance * (1 + fabs(w->previous_output - local_start) / sqrt(c));
    w->worst = ntk_larger(w->worst, local / allowed);
    w->previous_time = seen->time;
    w->previous_output = seen->outputs[0];
    return NTK_OK;
}

static ntk_status judge_steps(const study *self) {
    const double target = 0;
    double a = 0;
    watch w = {.self = self, .previous_output = local_start};
    ntk_flow_options options = options_of(NTK_LOSS_SQUARED, NULL, NULL, &w);
    ntk_flow_result result;
    options.integrator = NTK_INTEGRATOR_EMBEDDED;
    options.tolerance = local_tolerance * self->tolerance;
    options.every_step = watch_steps;
    options.horizon = 1;
    NTK_TRY(follow(1, 1, &local_kernel, &local_start, &target, &options, &a, &result));
    return ntk_emit_scalar(self->context, "local-error", w.worst);
}

/* ---- modes ----------------------------------------------------------------------------------- */

/* out = sum_i v_i v_i^T r factor(lambda_i) for the r (N) given. */
static ntk_status spectral(const double *gram, const double *r, double (*factor)(double, double),
                           double parameter, double *out) {
    double vectors[N * N], values[N];
    memcpy(vectors, gram, sizeof vectors);
    NTK_TRY(ntk_eigen_symmetric(N, vectors, N, true, values));
    memset(out, 0, N * sizeof *out);
    for (size_t k = 0; k < N; k++) {
        double part = 0;
        for (size_t i = 0; i < N; i++) part += vectors[i * N + k] * r[i];
        for (size_t i = 0; i < N; i++) out[i] += vectors[i * N + k] * part * factor(values[k], parameter);
    }
    return NTK_OK;
}

static double decayed(double eigenvalue, double t) { return exp(-eigenvalue * t / N); }

/* Eigenvalues 1, 10, ... 10^5, their vectors those of a Householder reflection. */
static void stiff_kernel(double *gram) {
    memset(gram, 0, N * N * sizeof *gram);
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < N; j++)
            for (size_t k = 0; k < N; k++) {
                const double left = (i == k) - 2.0 / N, right = (j == k) - 2.0 / N;
                gram[i * N + j] += left * pow(10, (double)k) * right;
            }
}

static ntk_status watch_modes(const ntk_observation *seen, void *context) {
    watch *w = context;
    const study *self = w->self;
    double start[N], left[N];
    for (size_t i = 0; i < N; i++) start[i] = -self->y[i];
    NTK_TRY(spectral(w->gram, start, decayed, self->clock * exp(seen->log_time), left));
    for (size_t i = 0; i < N; i++) left[i] += self->y[i];
    const double error = ntk_largest_difference(N, left, seen->outputs);
    w->worst = ntk_larger(w->worst, error);
    return note(w, seen->log_time, left[0], seen->outputs[0], error);
}

static ntk_status judge_stiff(const study *self) {
    const double horizon = 12, fastest = 1e5;
    double times[TIMES], gram[N * N], a[N] = {0}, f0[N] = {0};
    watch w = {.self = self, .name = "stiff", .gram = gram};
    ntk_flow_result result = {0};
    stiff_kernel(gram);
    spread_times(-4, log(horizon), times);
    ntk_flow_options options = options_of(NTK_LOSS_SQUARED, times, watch_modes, &w);
    options.tolerance = 1e-6;
    options.max_steps = 100000;
    options.integrator = ntk_context_is(self->context, "stiff-integrator", "stabilised")
                             ? NTK_INTEGRATOR_STABILISED
                             : NTK_INTEGRATOR_EMBEDDED;
    const ntk_status status = follow(N, 1, gram, f0, self->y, &options, a, &result);
    NTK_TRY(unless_refused(status, &w.worst));
    const double work = status == NTK_OK ? (double)result.evaluations / (fastest * horizon / N) : 1;
    NTK_TRY(ntk_emit_scalar(self->context, "stiff", w.worst));
    return ntk_emit_scalar(self->context, "stiff-work", work);
}

/* The rate of the theory is 1. */
static double descended(double eigenvalue, double count) {
    return pow(1 - (eigenvalue / N + lambda_of_descent), count);
}

static double at_rest(double eigenvalue, double lambda) { return eigenvalue / (eigenvalue + N * lambda); }

static ntk_status watch_descent(const ntk_descent_observation *seen, void *context) {
    watch *w = context;
    const study *self = w->self;
    double f0[N], gap[N], end[N], left[N];
    for (size_t i = 0; i < N; i++) {
        f0[i] = self->f0[i];
        gap[i] = self->y[i] - f0[i];
    }
    NTK_TRY(spectral(self->gram, gap, at_rest, lambda_of_descent, end));
    NTK_TRY(spectral(self->gram, end, descended, (double)seen->step, left));
    for (size_t i = 0; i < N; i++) left[i] = f0[i] + end[i] - left[i];
    w->worst = ntk_larger(w->worst, ntk_largest_difference(N, left, seen->outputs));
    return NTK_OK;
}

static ntk_status judge_descent(const study *self) {
    static const size_t at[] = {1, 2, 10, 100};
    double a[N] = {0}, f0[N];
    watch w = {.self = self};
    ntk_model model;
    memcpy(f0, self->f0, sizeof f0);
    const ntk_descent_options options = {.loss = NTK_LOSS_SQUARED,
                                         .rate = self->rate,
                                         .lambda = lambda_of_descent,
                                         .steps = 100,
                                         .observation_steps = at,
                                         .observation_count = 4,
                                         .observer = watch_descent,
                                         .context = &w};
    NTK_TRY(ntk_model_linear(N, 1, self->gram, f0, &model));
    const ntk_status status = ntk_descent_run(&model, self->y, &options, a, NULL);
    ntk_model_release(&model);
    NTK_TRY(status);
    return ntk_emit_scalar(self->context, "descent", w.worst);
}

/* ---- the network's derivative ---------------------------------------------------------------- */

static ntk_architecture architecture_of(void) {
    ntk_architecture out = ntk_architecture_default();
    out.activation = NTK_ERF;
    out.depth = 2;
    out.bias_variance = 0.25;
    out.input_scale = NTK_INPUT_SCALE_NONE;
    return out;
}

/* Outputs at theta0 + h direction. */
static ntk_status outputs_along(const study *self, ntk_network *network, const double *theta0,
                                const double *direction, double h, double *theta, double *f) {
    const size_t count = ntk_network_parameters(network);
    for (size_t k = 0; k < count; k++) theta[k] = theta0[k] + h * direction[k];
    return ntk_network_forward(network, theta, N, self->x, f);
}

/* Theta_hat a against what the outputs do along J^T a: those of the linearised network after a step
 * of 1, and (8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12 h of the network itself. */
static ntk_status compare_tangents(const study *self, ntk_network *network, double *block) {
    const double h = 1e-3;
    const size_t count = ntk_network_parameters(network);
    double *theta0 = block, *theta = block + count, *direction = block + 2 * count;
    double kernel[N * N], wanted[N], f0[N], f[N], near[2][N], far[2][N], slope[N], size = 0;
    ntk_stream stream = ntk_context_stream(self->context, 1);
    ntk_network_initialise(network, &stream, theta0);
    NTK_TRY(ntk_network_tangent_kernel(network, theta0, N, self->x, kernel, N));
    NTK_TRY(ntk_network_forward(network, theta0, N, self->x, f0));
    NTK_TRY(ntk_network_pullback(network, theta0, N, self->x, self->y, direction));
    for (size_t i = 0; i < N; i++) {
        wanted[i] = self->kernel * ntk_dot(N, kernel + i * N, self->y);
        size = fmax(size, fabs(wanted[i]));
    }
    NTK_TRY(outputs_along(self, network, theta0, direction, h, theta, near[1]));
    NTK_TRY(outputs_along(self, network, theta0, direction, -h, theta, near[0]));
    NTK_TRY(outputs_along(self, network, theta0, direction, 2 * h, theta, far[1]));
    NTK_TRY(outputs_along(self, network, theta0, direction, -2 * h, theta, far[0]));
    NTK_TRY(outputs_along(self, network, theta0, direction, 1, theta, f));
    NTK_TRY(ntk_network_linearised(network, theta0, theta, N, self->x, f));
    for (size_t i = 0; i < N; i++) {
        slope[i] = (8 * (near[1][i] - near[0][i]) - (far[1][i] - far[0][i])) / (12 * h);
        f[i] -= f0[i];
    }
    NTK_TRY(ntk_emit_scalar(self->context, "linearised", ntk_largest_difference(N, f, wanted) / size));
    return ntk_emit_scalar(self->context, "tangent", ntk_largest_difference(N, slope, wanted) / size);
}

static ntk_status judge_tangents(const study *self) {
    const ntk_architecture architecture = architecture_of();
    ntk_network *network = NULL;
    double *block = NULL;
    NTK_TRY(ntk_network_create(&architecture, D, 16, 1, &network));
    ntk_status status = ntk_allocate_doubles(3 * ntk_network_parameters(network), &block);
    if (status == NTK_OK) status = compare_tangents(self, network, block);
    ntk_release(block);
    ntk_network_destroy(network);
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static ntk_status prepare(study *self) {
    const ntk_architecture architecture = architecture_of();
    ntk_stream stream = ntk_context_stream(self->context, 0);
    NTK_TRY(ntk_data_sphere_separated(&stream, N, D, 0.6, self->x));
    ntk_stream_normal(&stream, N * K, self->f0);
    for (size_t i = 0; i < N; i++) self->y[i] = i % 2 ? 1 : -1;
    return ntk_kernel_gram(&architecture, NTK_KERNEL_NTK, N, D, self->x, D, self->gram, N);
}

static ntk_status run(ntk_context *context) {
    study self = {.context = context,
                  .clock = 1 + ntk_context_real(context, "clock-error"),
                  .level = 1 + ntk_context_real(context, "level-error"),
                  .target = 1 + ntk_context_real(context, "target-error"),
                  .tolerance = 1 + ntk_context_real(context, "tolerance-error"),
                  .rate = 1 + ntk_context_real(context, "rate-error"),
                  .kernel = 1 + ntk_context_real(context, "kernel-error")};
    NTK_TRY(ntk_emit_table(context, "curves", "$flow log-time theory found error", &self.curves));
    NTK_TRY(prepare(&self));
    NTK_TRY(judge_classes(&self));
    NTK_TRY(judge_soft(&self));
    NTK_TRY(judge_event(&self));
    NTK_TRY(judge_exit(&self));
    NTK_TRY(judge_steps(&self));
    NTK_TRY(judge_stiff(&self));
    NTK_TRY(judge_descent(&self));
    return judge_tangents(&self);
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {parameters},
    .metrics = {metrics},
    .run = run,
};
