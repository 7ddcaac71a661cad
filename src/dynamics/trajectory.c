/* Trajectories: ntk_flow_run with a recorder as its observer. */
#include <ntk/trajectory.h>

#include <math.h>
#include <string.h>

#include <ntk/memory.h>

typedef struct recorder {
    ntk_trajectory *trajectory;
    const double *log_times; /* (count) */
    size_t count;
    size_t points, outputs;
    double *initial; /* (n, K) outputs at the start */
    ntk_trajectory_point last;
} recorder;

static double largest_spread(size_t points, size_t outputs, const double *f) {
    double largest = 0;
    for (size_t i = 0; i < points; i++) {
        double low = f[i * outputs], high = low;
        for (size_t k = 1; k < outputs; k++) {
            low = fmin(low, f[i * outputs + k]);
            high = fmax(high, f[i * outputs + k]);
        }
        const double spread = outputs == 1 ? fabs(high) : high - low;
        if (!(spread <= largest)) largest = spread; /* a NaN is kept, not passed over */
    }
    return largest;
}

static double largest_change(size_t count, const double *f, const double *initial) {
    double largest = 0;
    for (size_t i = 0; i < count; i++) {
        const double change = fabs(f[i] - initial[i]);
        if (!(change <= largest)) largest = change;
    }
    return largest;
}

static ntk_trajectory_point point_of(const recorder *self, const ntk_observation *seen) {
    return (ntk_trajectory_point){.log_time = seen->log_time,
                                  .log_loss = seen->log_loss,
                                  .displacement = seen->displacement,
                                  .smallest_margin = seen->smallest_margin,
                                  .largest_spread =
                                      largest_spread(self->points, self->outputs, seen->outputs),
                                  .kernel_drift = seen->kernel_drift,
                                  .kernel_lambda_min = seen->kernel_lambda_min};
}

/* fmax and fmin pass a NaN over; an extreme must not. */
static void raise_to(double *extreme, double value) {
    if (!(value <= *extreme)) *extreme = value;
}

static void lower_to(double *extreme, double value) {
    if (!(value >= *extreme)) *extreme = value;
}

static ntk_status record_step(const ntk_observation *seen, void *context) {
    recorder *self = context;
    ntk_trajectory *out = self->trajectory;
    raise_to(&out->max_displacement, seen->displacement);
    raise_to(&out->max_spread, largest_spread(self->points, self->outputs, seen->outputs));
    raise_to(&out->max_output_change,
             largest_change(self->points * self->outputs, seen->outputs, self->initial));
    lower_to(&out->min_log_loss, seen->log_loss);
    return NTK_OK;
}

static ntk_status record_point(const ntk_observation *seen, void *context) {
    recorder *self = context;
    ntk_trajectory *out = self->trajectory;
    self->last = point_of(self, seen);
    memcpy(out->outputs, seen->outputs, self->points * self->outputs * sizeof(double));
    /* The end is observed too, on top of the times asked for. */
    if (out->count < self->count && seen->log_time >= self->log_times[out->count] - 1e-9)
        out->points[out->count++] = self->last;
    if (isfinite(seen->kernel_lambda_min) && !(seen->kernel_lambda_min >= out->min_lambda_min))
        out->min_lambda_min = seen->kernel_lambda_min;
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
    out->min_lambda_min = NAN;
    return NTK_OK;
}

static ntk_status hold_end(const recorder *self) {
    ntk_trajectory *out = self->trajectory;
    if (out->count < self->count && out->flow.end != NTK_END_STATIONARY)
        return ntk_fail(NTK_ERROR_ARGUMENT,
                        "trajectory: the flow ended at log t = %g, before the observation at %g",
                        out->flow.log_time, self->log_times[out->count]);
    while (out->count < self->count) {
        out->points[out->count] = self->last;
        out->points[out->count].log_time = self->log_times[out->count];
        out->count++;
    }
    return NTK_OK;
}

ntk_status ntk_trajectory_run(const ntk_model *model, const double *targets, const ntk_flow_options *options,
                              double *theta, ntk_trajectory *out) {
    *out = (ntk_trajectory){0};
    recorder self = {.trajectory = out,
                     .log_times = options->observation_log_times,
                     .count = options->observation_count,
                     .points = model->points,
                     .outputs = model->outputs};
    ntk_flow_options recorded = *options;
    recorded.observer = record_point;
    recorded.every_step = record_step;
    recorded.context = &self;

    ntk_status status;
    const size_t outputs = model->points * model->outputs;
    NTK_TRY_OR(done, status, ntk_allocate(self.count, sizeof *out->points, (void **)&out->points));
    NTK_TRY_OR(done, status, ntk_allocate_doubles(outputs, &out->outputs));
    NTK_TRY_OR(done, status, ntk_allocate_doubles(outputs, &self.initial));
    NTK_TRY_OR(done, status, record_start(model, targets, options->loss, theta, &self));
    NTK_TRY_OR(done, status, ntk_flow_run(model, targets, &recorded, theta, &out->flow));
    status = hold_end(&self);
done:
    ntk_release(self.initial);
    if (status != NTK_OK) ntk_trajectory_release(out);
    return status;
}

void ntk_trajectory_release(ntk_trajectory *trajectory) {
    ntk_release(trajectory->points);
    ntk_release(trajectory->outputs);
    *trajectory = (ntk_trajectory){0};
}
