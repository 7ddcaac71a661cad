/* Diagonal linear networks: the flow in closed form (Moroshko et al. 2020).
 *
 * f(x) = <beta, x>, beta = u^2 - v^2 entry by entry, u = v = alpha at the start, n points X (n, d),
 * logistic loss, gradient flow without a regulariser. With r_i = int_0^t -dL/df_i ds (y_i r_i >=
 * 0),
 *
 *     u' = 2 u X^T(-dL/df):     u = alpha e^{2 X^T r},     v = alpha e^{-2 X^T r},
 *     beta = 2 alpha^2 sinh(4 X^T r).
 *
 * (1) u v = alpha^2 at every time. (2) asinh(beta / (2 alpha^2)) / 4 = X^T r with y_i r_i >= 0: the
 * optimality conditions of minimising Q(beta) = sum_j int_0^{beta_j} asinh(b / (2 alpha^2)) db / 4
 * over all beta whose margins are at least those of the flow. (3) One point: r is a function of t
 * alone, with m(r) = 2 alpha^2 sum_j |x_j| sinh(4 |x_j| r) its margin,
 *
 *     dr/dt = 1 / (1 + e^m):     t = r + int_0^r e^{m(s)} ds.
 *
 * (4) With M_i(r) = 2 y_i <x_i, sinh(4 X^T r)> the margins over alpha^2, r begins at 0 and only
 * grows, and as log(1/epsilon) -> infinity the smallest M_i is mu = log(1/epsilon) / alpha^2, and
 * those of points whose r_i grows are next to it: a differential inclusion in which mu is the time,
 * and
 * alpha does not occur. So beta over its margin tends to a limit that mu fixes. Steps from mu_k to
 * mu_{k+1} of
 *
 *     r >= r_k,    M_i(r) >= mu_{k+1},    with equality where r_i > r_ki,
 *
 * a convex program each, give it to second order of the step. (It is often, not always, the
 * minimiser of Q under margins of at least mu: where that would have an r_i fall the flow keeps
 * it.) Margins that are equal in the limit differ in the flow by some log of their weights, as mu
 * alpha^2 does from the margin, which makes a distance of order 1 / l, l = log(1/epsilon). A point
 * whose margin falls behind counts until it lags by log(l) / l, which adds that order: an exponent
 * in l from -1 to -1 + 1 / log l. */
#include <math.h>
#include <string.h>

#include <ntk/lab/lab.h>

static const ntk_parameter parameters[] = {
    NTK_REALS("scales", "5 10 20 40", 0.01, 1000, "alpha, ascending"),
    NTK_INTEGER("seeds", 4, 1, 1000, "draws of the points"),
    NTK_REAL("mu", 1, 0.01, 100, "log(1/epsilon) / alpha^power at which flows of several points end"),
    NTK_REAL("power", 2, 0.1, 4, "2 by the theorem"),
    NTK_REAL("asymmetry", 0, 0, 10, "u starts at (1 + asymmetry) alpha"),
    NTK_REAL("log-horizon", 10000, 1, 1e6, "log of the time up to which one point is followed"),
    NTK_REAL("tolerance", 1e-10, 1e-13, 0.1, "of the integrator"),
    NTK_PLANTS("constant|time"), /* constant: alpha^2 in (1) and (2); time: the exact one of (3) */
    {0},
};

static const ntk_metric_declaration metrics[] = {
    NTK_METRIC("invariant", "largest |u_j v_j / alpha^2 - 1| over all steps"),
    NTK_METRIC("optimality", "largest distance of asinh(beta / (2 alpha^2)) from the cone of the points"),
    NTK_METRIC("clock", "largest error of log t, of the exact one that the state of one point says"),
    NTK_METRIC("collapse", "largest |exponent in log(1/epsilon) of the distance from the limit + 1|"),
    {0},
};

enum { INVARIANT, OPTIMALITY, CLOCK, DISTANCE, LOG_INVERSE, PRODUCT, COLLAPSE };
static const char columns[] = "invariant optimality clock distance log-inverse product collapse";

/* ---- the network ----------------------------------------------------------------------------- */

typedef struct diagonal {
    ntk_diagonal network;
    double *theta0; /* (2 inputs): u, then v */
    double *theta;  /* likewise */
    double alpha;
    double square;    /* alpha^2 of the theory */
    double target;    /* -log L at which a flow ends */
    double invariant; /* largest deviation so far */
} diagonal;

static ntk_status watch(const ntk_observation *seen, void *context) {
    diagonal *self = context;
    const size_t d = self->network.inputs;
    for (size_t j = 0; j < d; j++)
        self->invariant =
            ntk_larger(self->invariant, fabs(seen->theta[j] * seen->theta[d + j] / self->square - 1));
    return NTK_OK;
}

static double reached(const ntk_observation *seen, void *context) {
    const diagonal *self = context;
    return -seen->log_loss - self->target;
}

/* Up to -log L = target, or to a horizon in log t where that is finite. */
static ntk_status follow(diagonal *self, const double *targets, double tolerance, double log_horizon,
                         ntk_flow_result *result) {
    const ntk_model model = ntk_diagonal_model(&self->network);
    ntk_flow_options flow = ntk_flow_options_default();
    flow.loss = NTK_LOSS_LOGISTIC;
    flow.time = NTK_TIME_LOG_LOSS;
    flow.tolerance = tolerance;
    flow.every_step = watch;
    flow.context = self;
    flow.log_horizon = log_horizon;
    if (!isfinite(log_horizon)) flow.event = reached;
    flow.event_tolerance = 1e-9;
    memcpy(self->theta, self->theta0, model.dimension * sizeof(double));
    return ntk_flow_run(&model, targets, &flow, self->theta, result);
}

/* ---- what theory says of its end ------------------------------------------------------------- */

/* The distance of z = asinh(beta / (2 alpha^2)) / 4 from {X^T r: y_i r_i >= 0}, relative to ||z||:
 * by least squares for r, and what of it has the wrong sign. memory: (n, n), (n), (d). */
static ntk_status measure_optimality(const diagonal *self, const double *targets, double *memory,
                                     double *out) {
    const size_t n = self->network.points, d = self->network.inputs;
    double *gram = memory, *r = gram + n * n, *z = r + n, wrong = 0;
    for (size_t j = 0; j < d; j++) {
        const double u = self->theta[j], v = self->theta[d + j];
        z[j] = asinh((u - v) * (u + v) / (2 * self->square)) / 4;
    }
    const double length = ntk_norm(d, z);
    for (size_t i = 0; i < n; i++) {
        r[i] = ntk_dot(d, self->network.x + i * d, z);
        for (size_t k = 0; k < n; k++)
            gram[i * n + k] = ntk_dot(d, self->network.x + i * d, self->network.x + k * d);
    }
    NTK_TRY(ntk_cholesky(n, gram, n));
    NTK_TRY(ntk_cholesky_solve(n, 1, gram, n, r, 1));
    for (size_t i = 0; i < n; i++) {
        wrong = ntk_larger(wrong, -(2 * targets[i] - 1) * r[i]);
        for (size_t j = 0; j < d; j++) z[j] -= r[i] * self->network.x[i * d + j];
    }
    *out = (ntk_norm(d, z) + wrong) / length;
    return NTK_OK;
}

static double margin_of(const diagonal *self, double r) {
    double sum = 0;
    for (size_t j = 0; j < self->network.inputs; j++)
        sum += fabs(self->network.x[j]) * sinh(4 * fabs(self->network.x[j]) * r);
    return 2 * self->alpha * self->alpha * sum;
}

/* log t of r, by Gauss and Legendre's rule on panels of the length 1/m'(r), over which e^m changes
 * by a factor e at most; the rest, some 60 of them away, is below rounding. */
static double exact_log_time(const diagonal *self, double r) {
    static const double nodes[] = {-0.9324695142031521, -0.6612093864662645, -0.2386191860831969,
                                   0.2386191860831969,  0.6612093864662645,  0.9324695142031521};
    static const double weights[] = {0.1713244923791704, 0.3607615730481386, 0.4679139345726910,
                                     0.4679139345726910, 0.3607615730481386, 0.1713244923791704};
    const double m = margin_of(self, r);
    double slope = 0, sum = 0;
    for (size_t j = 0; j < self->network.inputs; j++)
        slope += 8 * self->alpha * self->alpha * self->network.x[j] * self->network.x[j] *
                 cosh(4 * fabs(self->network.x[j]) * r);
    const double panel = fmin(1 / slope, r / 8);
    for (double end = r; end > 0 && r - end < 80 / slope; end -= panel)
        for (size_t k = 0; k < 6; k++) {
            const double s = end - 0.5 * panel * (1 - nodes[k]);
            if (s > 0) sum += 0.5 * panel * weights[k] * exp(margin_of(self, s) - m);
        }
    return m + log(sum + r * exp(-m));
}

/* One point, at a horizon: the state says r, and r what time it is. */
static ntk_status measure_clock(const ntk_context *context, diagonal self, double *out) {
    const double target = 1, planted = log(ntk_plant_factor(context, NTK_PLANT_TIME));
    ntk_flow_result result;
    double share = 0, r = 0;
    self.network.points = 1;
    NTK_TRY(follow(&self, &target, ntk_context_real(context, "tolerance"),
                   ntk_context_real(context, "log-horizon"), &result));
    for (size_t j = 0; j < self.network.inputs; j++) {
        r += self.network.x[j] * log(self.theta[j] / self.theta[self.network.inputs + j]) / 4;
        share += self.network.x[j] * self.network.x[j];
    }
    *out = fabs(exact_log_time(&self, r / share) + planted - result.log_time);
    return NTK_OK;
}

/* ---- one draw of the points, every alpha ----------------------------------------------------- */

typedef struct study {
    const ntk_context *context;
    ntk_grid grid;
} study;

/* beta over its smallest margin. */
static void normalise(const diagonal *self, const double *targets, double *beta) {
    const size_t n = self->network.points, d = self->network.inputs;
    double smallest = INFINITY;
    ntk_diagonal_vector(&self->network, self->theta, beta);
    for (size_t i = 0; i < n; i++)
        smallest = ntk_smaller(smallest, (2 * targets[i] - 1) * ntk_dot(d, self->network.x + i * d, beta));
    for (size_t j = 0; j < d; j++) beta[j] /= smallest;
}

/* M_i, and its derivative in y_i r_i over 4; z = X^T r. */
static double margin_at(size_t d, const double *x, double y, const double *z, double *slope) {
    double sum = 0;
    *slope = 0;
    for (size_t j = 0; j < d; j++) {
        sum += 2 * y * x[j] * sinh(4 * z[j]);
        *slope += 2 * x[j] * x[j] * cosh(4 * z[j]);
    }
    return sum;
}

/* From |r| at the last mu, floor, to that at this one: in one r_i after the other, by a Newton step
 * each. */
static ntk_status step_limit(const diagonal *self, const double *targets, double mu, const double *floor,
                             double *r, double *z) {
    enum { SWEEPS = 100000 };
    const size_t n = self->network.points, d = self->network.inputs;
    double left = INFINITY, slope;
    for (size_t sweep = 0; sweep < SWEEPS && !(left <= 1e-11 * mu); sweep++) {
        left = 0;
        for (size_t i = 0; i < n; i++) {
            const double *x = self->network.x + i * d;
            const double y = 2 * targets[i] - 1;
            const double lacks = mu - margin_at(d, x, y, z, &slope);
            const double step = fmax(lacks / (4 * slope), floor[i] - r[i]);
            for (size_t j = 0; j < d; j++) z[j] += y * step * x[j];
            r[i] += step;
            left = ntk_larger(left, fabs(step) * slope);
        }
    }
    if (left <= 1e-11 * mu) return NTK_OK;
    return ntk_fail(NTK_ERROR_STALLED, "the limit at mu = %g: %g is left", mu, left);
}

/* The limit of beta over its margin, (d). */
static ntk_status find_limit(const diagonal *self, const double *targets, double mu, double *b) {
    enum { STEPS = 400 };
    const size_t n = self->network.points, d = self->network.inputs;
    double floor[64], r[64] = {0}, z[64] = {0};
    if (d > 64) return ntk_fail(NTK_ERROR_ARGUMENT, "%zu dimensions: at most 64", d);
    for (size_t k = 1; k <= STEPS; k++) {
        memcpy(floor, r, n * sizeof *r);
        NTK_TRY(step_limit(self, targets, mu * (double)k / STEPS, floor, r, z));
    }
    for (size_t j = 0; j < d; j++) b[j] = 2 / mu * sinh(4 * z[j]);
    return NTK_OK;
}

static ntk_status run_scale(const ntk_context *context, diagonal *self, const double *targets, double *memory,
                            double *values, double *beta) {
    const size_t d = self->network.inputs;
    const double tolerance = ntk_context_real(context, "tolerance"), alpha = self->alpha;
    ntk_flow_result result;
    for (size_t j = 0; j < 2 * d; j++)
        self->theta0[j] = alpha * (j < d ? 1 + ntk_context_real(context, "asymmetry") : 1);
    self->invariant = 0;
    self->square = alpha * alpha * ntk_plant_factor(context, NTK_PLANT_CONSTANT);
    self->target = ntk_context_real(context, "mu") * pow(alpha, ntk_context_real(context, "power"));
    NTK_TRY(follow(self, targets, tolerance, INFINITY, &result));
    values[LOG_INVERSE] = self->target;
    NTK_TRY(measure_optimality(self, targets, memory, &values[OPTIMALITY]));
    normalise(self, targets, beta);
    values[INVARIANT] = self->invariant;
    return measure_clock(context, *self, &values[CLOCK]);
}

/* The slope of log distance in log log(1/epsilon) over the scales. */
static ntk_status fit_collapse(size_t count, size_t width, double *values) {
    double x[64], y[64], slope, intercept;
    if (count > 64) return ntk_fail(NTK_ERROR_ARGUMENT, "%zu scales: at most 64", count);
    for (size_t k = 0; k < count; k++) {
        x[k] = log(values[k * width + LOG_INVERSE]);
        y[k] = log(values[k * width + DISTANCE]);
    }
    NTK_TRY(ntk_stats_slope(count, x, y, &slope, &intercept));
    for (size_t k = 0; k < count; k++) values[k * width + COLLAPSE] = fabs(slope + 1);
    return NTK_OK;
}

/* mu is that of the first scale, and by the theorem of all. */
static ntk_status run_scales(const study *self, ntk_slot *slot, diagonal *network, const double *targets,
                             double *memory, double *betas) {
    const size_t count = self->grid.axes[1].count, d = network->network.inputs;
    const size_t width = ntk_table_count_columns(columns);
    double *limit = betas + d, mu = NAN;
    for (size_t k = 0; k < count; k++) {
        double *values = slot->values + k * width;
        slot->at.at[1] = k;
        network->alpha = self->grid.axes[1].numbers[k];
        NTK_TRY(run_scale(self->context, network, targets, memory, values, betas));
        if (k == 0) {
            mu = network->target / (network->alpha * network->alpha);
            NTK_TRY(find_limit(network, targets, mu, limit));
        }
        values[DISTANCE] = ntk_distance(d, betas, limit) / ntk_norm(d, limit);
        values[PRODUCT] = values[DISTANCE] * values[LOG_INVERSE];
    }
    return fit_collapse(count, width, slot->values);
}

static ntk_status run_unit(const void *argument, ntk_slot *slot) {
    const study *self = argument;
    const size_t n = ntk_context_size(self->context, "points"), d = ntk_context_size(self->context, "inputs");
    const ntk_stream root = ntk_context_stream(self->context, slot->at.at[0]);
    ntk_stream stream = ntk_stream_fork(&root, "points");
    double *memory, targets[64];
    if (n > 64 || n > d)
        return ntk_fail(NTK_ERROR_ARGUMENT, "%zu points in %zu dimensions: at most that many, and 64", n, d);
    NTK_TRY(ntk_allocate_doubles(n * d + 4 * d + n * n + n + d + 2 * d, &memory));
    double *x = memory, *scratch = memory + n * d + 4 * d;
    for (size_t i = 0; i < n; i++) targets[i] = (double)(i % 2);
    diagonal network = {.network = {n, d, x}, .theta0 = x + n * d, .theta = x + n * d + 2 * d};
    ntk_status status =
        ntk_data_sphere_separated(&stream, n, d, ntk_context_real(self->context, "max-cosine"), x);
    if (status == NTK_OK)
        status = run_scales(self, slot, &network, targets, scratch, scratch + n * n + n + d);
    ntk_release(memory);
    return status;
}

static ntk_status emit(ntk_context *context, const study *self) {
    static const char *const names[] = {"invariant", "optimality", "clock", "collapse"};
    static const size_t which[] = {INVARIANT, OPTIMALITY, CLOCK, COLLAPSE};
    NTK_TRY(ntk_grid_emit_table(context, &self->grid, "runs"));
    for (size_t k = 0; k < sizeof which / sizeof *which; k++)
        NTK_TRY(ntk_emit_scalar(context, names[k],
                                ntk_grid_largest(&self->grid, ntk_grid_whole(), which[k]).value));
    return NTK_OK;
}

static ntk_status run(ntk_context *context) {
    study self = {.context = context, .grid = {.columns = columns, .level = ntk_context_level(context)}};
    self.grid.axes[0] = ntk_axis_of_count(context, "seed", "seeds");
    self.grid.axes[1] = ntk_axis_of_numbers(context, "alpha", "scales");
    self.grid.axes[1].inside = true;
    ntk_status status = ntk_grid_run(&self.grid, run_unit, &self);
    if (status == NTK_OK) status = emit(context, &self);
    ntk_grid_release(&self.grid);
    return status;
}

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_sphere_parameters, parameters},
    .metrics = {metrics},
    .run = run,
};
