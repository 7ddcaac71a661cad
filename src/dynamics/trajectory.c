/* Trajectories: ntk_flow_run with a recorder as its observer. */
#include <ntk/trajectory.h>

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>

typedef struct recorder {
    ntk_trajectory *trajectory;
    const double *log_times; /* (count) */
    size_t count;
    size_t points, outputs;
    bool lambda_min;             /* observed */
    double *initial;             /* (n, K) outputs at the start */
    const ntk_model *everywhere; /* followed; NULL for none */
    ntk_trajectory_point last;
} recorder;

static double largest_spread(size_t points, size_t outputs, const double *f) {
    double largest = 0;
    for (size_t i = 0; i < points; i++) {
        double low = f[i * outputs], high = low;
        for (size_t k = 1; k < outputs; k++) {
            low = ntk_smaller(low, f[i * outputs + k]);
            high = ntk_larger(high, f[i * outputs + k]);
        }
        largest = ntk_larger(largest, outputs == 1 ? fabs(high) : high - low);
    }
    return largest;
}

static ntk_trajectory_point point_of(const recorder *self, const ntk_observation *seen) {
    return (ntk_trajectory_point){.log_time = seen->log_time,
                                  .log_loss = seen->log_loss,
                                  .objective = seen->objective,
                                  .displacement = seen->displacement,
                                  .smallest_margin = seen->smallest_margin,
                                  .largest_spread =
                                      largest_spread(self->points, self->outputs, seen->outputs),
                                  .kernel_drift = seen->kernel_drift,
                                  .kernel_lambda_min = seen->kernel_lambda_min,
                                  .kernel_margin_norm = seen->kernel_margin_norm};
}

static ntk_status record_step(const ntk_observation *seen, void *context) {
    recorder *self = context;
    ntk_trajectory *out = self->trajectory;
    out->max_displacement = ntk_larger(out->max_displacement, seen->displacement);
    out->max_spread = ntk_larger(out->max_spread, largest_spread(self->points, self->outputs, seen->outputs));
    out->max_output_change =
        ntk_larger(out->max_output_change,
                   ntk_largest_difference(self->points * self->outputs, seen->outputs, self->initial));
    out->min_log_loss = ntk_smaller(out->min_log_loss, seen->log_loss);
    return NTK_OK;
}

/* The outputs everywhere at the point that is about to be counted. */
static ntk_status follow(const recorder *self, const double *theta) {
    ntk_trajectory *out = self->trajectory;
    if (!self->everywhere) return NTK_OK;
    return self->everywhere->evaluate(self->everywhere->context, theta,
                                      out->followed + out->count * out->followed_size);
}

static ntk_status record_point(const ntk_observation *seen, void *context) {
    recorder *self = context;
    ntk_trajectory *out = self->trajectory;
    self->last = point_of(self, seen);
    memcpy(out->outputs, seen->outputs, self->points * self->outputs * sizeof(double));
    /* The end is observed too, on top of the times asked for. */
    if (out->count < self->count && seen->log_time >= self->log_times[out->count] - 1e-9) {
        NTK_TRY(follow(self, seen->theta));
        out->points[out->count++] = self->last;
    }
    if (self->lambda_min) out->min_lambda_min = ntk_smaller(out->min_lambda_min, seen->kernel_lambda_min);
    return record_step(seen, context);
}

/* What is known before the first step: the initial outputs and loss. */
static ntk_status record_start(const ntk_model *model, const double *targets, ntk_loss loss,
                               const double *theta, recorder *self) {
    NTK_TRY(model->evaluate(model->context, theta, self->initial));
    ntk_trajectory *out = self->trajectory;
    ntk_loss_evaluate(loss, self->points, self->outputs, self->initial, targets, &out->initial_loss, NULL);
    out->initial_spread = largest_spread(self->points, self->outputs, self->initial);
    out->max_spread = out->initial_spread;
    out->min_log_loss = log(out->initial_loss);
    out->min_lambda_min = self->lambda_min ? INFINITY : NAN;
    return NTK_OK;
}

static ntk_status hold_end(const recorder *self, const double *theta) {
    ntk_trajectory *out = self->trajectory;
    if (out->count < self->count && out->flow.end != NTK_END_STATIONARY)
        return ntk_fail(NTK_ERROR_ARGUMENT,
                        "trajectory: the flow ended at log t = %g, before the observation at %g",
                        out->flow.log_time, self->log_times[out->count]);
    while (out->count < self->count) {
        out->points[out->count] = self->last;
        out->points[out->count].log_time = self->log_times[out->count];
        NTK_TRY(follow(self, theta));
        out->count++;
    }
    return NTK_OK;
}

static ntk_status prepare_following(const recorder *self, const ntk_model *model) {
    if (!self->everywhere) return NTK_OK;
    if (self->everywhere->dimension != model->dimension)
        return ntk_fail(NTK_ERROR_SHAPE, "trajectory: a model of dimension %zu cannot follow one of %zu",
                        self->everywhere->dimension, model->dimension);
    ntk_trajectory *out = self->trajectory;
    out->followed_size = self->everywhere->points * self->everywhere->outputs;
    return ntk_allocate(self->count, out->followed_size * sizeof *out->followed, (void **)&out->followed);
}

ntk_status ntk_trajectory_follow(const ntk_model *model, const double *targets,
                                 const ntk_flow_options *options, const ntk_model *everywhere, double *theta,
                                 ntk_trajectory *out) {
    *out = (ntk_trajectory){0};
    recorder self = {.trajectory = out,
                     .log_times = options->observation_log_times,
                     .count = options->observation_count,
                     .points = model->points,
                     .outputs = model->outputs,
                     .lambda_min = options->observe_kernel && options->observe_lambda_min,
                     .everywhere = everywhere};
    ntk_flow_options recorded = *options;
    recorded.observer = record_point;
    recorded.every_step = record_step;
    recorded.context = &self;

    ntk_status status;
    const size_t outputs = model->points * model->outputs;
    NTK_TRY_OR(done, status, ntk_allocate(self.count, sizeof *out->points, (void **)&out->points));
    NTK_TRY_OR(done, status, ntk_allocate_doubles(outputs, &out->outputs));
    NTK_TRY_OR(done, status, ntk_allocate_doubles(outputs, &self.initial));
    NTK_TRY_OR(done, status, prepare_following(&self, model));
    NTK_TRY_OR(done, status, record_start(model, targets, options->loss, theta, &self));
    NTK_TRY_OR(done, status, ntk_flow_run(model, targets, &recorded, theta, &out->flow));
    status = hold_end(&self, theta);
done:
    ntk_release(self.initial);
    if (status != NTK_OK) ntk_trajectory_release(out);
    return status;
}

/* Observation times are what was asked for to rounding. */
static bool is_until(const ntk_trajectory *trajectory, size_t i, double until) {
    return i < trajectory->count && trajectory->points[i].log_time <= until + 1e-9;
}

double ntk_trajectory_largest_drift(const ntk_trajectory *trajectory, double until) {
    double largest = is_until(trajectory, 0, until) ? trajectory->points[0].kernel_drift : NAN;
    for (size_t i = 1; is_until(trajectory, i, until); i++)
        largest = ntk_larger(largest, trajectory->points[i].kernel_drift);
    return largest;
}

double ntk_trajectory_largest_gap(const ntk_trajectory *a, const ntk_trajectory *b, double until) {
    double largest = a->followed && a->followed_size == b->followed_size ? 0 : NAN;
    const size_t size = a->followed_size;
    size_t i = 0;
    for (; is_until(a, i, until) && !isnan(largest); i++) {
        const bool same = i < b->count && fabs(a->points[i].log_time - b->points[i].log_time) <= 1e-8;
        largest = ntk_larger(
            largest,
            same ? ntk_largest_difference(size, a->followed + i * size, b->followed + i * size) : NAN);
    }
    return i == 0 ? NAN : largest;
}

double ntk_trajectory_exit_time(const ntk_trajectory *trajectory, double threshold) {
    for (size_t i = 0; i < trajectory->count; i++) {
        const ntk_trajectory_point *here = &trajectory->points[i];
        if (isnan(here->kernel_drift)) return NAN;
        if (here->kernel_drift < threshold) continue;
        if (i == 0) return here->log_time;
        const ntk_trajectory_point *before = here - 1;
        const double part = (threshold - before->kernel_drift) / (here->kernel_drift - before->kernel_drift);
        return before->log_time + part * (here->log_time - before->log_time);
    }
    return INFINITY;
}

double ntk_trajectory_arrival(const ntk_trajectory *trajectory, double distance) {
    const size_t size = trajectory->followed_size;
    double after = 0; /* the difference at the observation that follows */
    if (!trajectory->followed || trajectory->count < 2) return NAN;
    for (size_t i = trajectory->count - 1; i-- > 0;) {
        const double gap = ntk_largest_difference(size, trajectory->followed + i * size,
                                                  trajectory->followed + (trajectory->count - 1) * size);
        const double begin = exp(trajectory->points[i].log_time);
        const double end = exp(trajectory->points[i + 1].log_time);
        if (!(gap <= distance) && !(after > 0)) return NAN;
        if (!(gap <= distance)) return log(begin + (end - begin) * log(gap / distance) / log(gap / after));
        after = gap;
    }
    return NAN;
}

/* With p_i the probability of the true class and l_i <= n L_0 the loss of point i, 1 - p_i = 1 -
 * e^{-l_i} >= c l_i, c = (1 - e^{-n L_0}) / (n L_0) (concavity), so that
 *
 *     -dL/dt = ||grad L||^2 >= lambda ||dL/df||^2
 *            >= (lambda / n) (mean_i (1 - p_i))^2 >= (lambda / n) (c L)^2
 *
 * and, integrated, t L(t) <= n / (lambda c^2). */
double ntk_trajectory_loss_bound(const ntk_trajectory *trajectory, size_t points) {
    const double n = (double)points, total = n * trajectory->initial_loss;
    const double c = -expm1(-total) / total;
    return n / (trajectory->min_lambda_min * c * c);
}

/* In logarithms: t may be e^1000. */
double ntk_trajectory_loss_ratio(const ntk_trajectory *trajectory, size_t points) {
    const double log_bound = log(ntk_trajectory_loss_bound(trajectory, points));
    double worst = -INFINITY;
    for (size_t i = 0; i < trajectory->count; i++)
        worst =
            ntk_larger(worst, trajectory->points[i].log_time + trajectory->points[i].log_loss - log_bound);
    return exp(worst);
}

void ntk_trajectory_release(ntk_trajectory *trajectory) {
    ntk_release(trajectory->followed);
    ntk_release(trajectory->points);
    ntk_release(trajectory->outputs);
    *trajectory = (ntk_trajectory){0};
}
