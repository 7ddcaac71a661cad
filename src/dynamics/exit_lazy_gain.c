/* How far a lazy network has gone by the time t.
 *
 * Let the network be its linearisation, f = f_0 + J w, trained from w = 0 with the mean logistic
 * loss over n points with labels y_i = +-1, and let w_hat = sum_i alpha_i y_i J_i be the solution
 * of maximal margin. With p_i = alpha_i / ||w_hat||^2 (sum_i p_i = 1, inference/hard_margin.c), the
 * way gone along w_hat is a weighted gain of the outputs,
 *
 *     G(t) = <w_hat, w(t)> / ||w_hat||^2 = sum_i p_i y_i (f_i(t) - f_i(0)).
 *
 * Late in the flow the margins of the support vectors are y_i f_i = log t - log(n alpha_i) + o(1)
 * (the rate equation for alpha_i in hard_margin.c), and only these have p_i > 0. Put that into G:
 *
 *     G(t) = log t - C + o(1),      C = sum_i p_i (log(n alpha_i) + y_i f_i(0)).
 *
 * So C is known before training: log ||w_hat||^2, plus what the entropy of p lacks to log n, plus
 * the weighted margin that the network starts with. It differs from network to network, but not
 * along the flow. What vanishes, like a power of 1/t, is the beginning: that time counts from 0 and
 * not from ||w_hat||^2 / L_0, that the loss is no exponential while margins are small, and that the
 * points have yet to find their weights. Running the linear flow accounts for all of it without a
 * parameter: it has n coordinates and costs next to nothing beside the network's. */
#include <math.h>

#include <ntk/exit.h>
#include <ntk/memory.h>

typedef struct follower {
    const double *weights; /* (n) */
    const double *outputs; /* (n), f_0 */
    size_t n, count, passed;
    const double *log_times; /* (count) */
    double *gains;           /* (count) */
} follower;

/* Several of the times may be the same. */
static ntk_status record_gain(const ntk_observation *seen, void *context) {
    follower *self = context;
    double sum = 0, norm = 0;
    for (size_t i = 0; i < self->n; i++) {
        sum += self->weights[i] * (seen->outputs[i] - self->outputs[i]);
        norm += fabs(self->weights[i]);
    }
    for (; self->passed < self->count && self->log_times[self->passed] <= seen->log_time; self->passed++)
        self->gains[self->passed] = sum / norm;
    return NTK_OK;
}

static ntk_status follow_linear(follower *self, const double *targets, const double *gram, double *distinct,
                                double *coordinates) {
    ntk_flow_options flow = ntk_flow_options_default();
    flow.loss = NTK_LOSS_LOGISTIC;
    flow.time = NTK_TIME_LOG_LOSS;
    flow.log_horizon = self->log_times[self->count - 1];
    for (size_t i = 0; i < self->count; i++)
        if (i == 0 || self->log_times[i] > self->log_times[i - 1])
            distinct[flow.observation_count++] = self->log_times[i];
    flow.observation_log_times = distinct;
    flow.observer = record_gain;
    flow.context = self;
    ntk_model linear;
    ntk_flow_result result;
    NTK_TRY(ntk_model_linear(self->n, 1, gram, self->outputs, &linear));
    const ntk_status status = ntk_flow_run(&linear, targets, &flow, coordinates, &result);
    ntk_model_release(&linear);
    return status;
}

static ntk_status check(const ntk_model *model, size_t count, const double *log_times) {
    if (model->outputs != 1 || !model->tangent_kernel)
        return ntk_fail(NTK_ERROR_ARGUMENT, "exit: the lazy gain needs one output and a tangent kernel");
    for (size_t i = 0; i < count; i++)
        if (!isfinite(log_times[i]) || (i > 0 && log_times[i] < log_times[i - 1]))
            return ntk_fail(NTK_ERROR_ARGUMENT, "exit: time %zu is %g; they must be finite and not descend",
                            i, log_times[i]);
    return NTK_OK;
}

ntk_status ntk_exit_lazy_gain(const ntk_model *model, const double *theta, const double *targets,
                              const double *weights, size_t count, const double *log_times, double *gains) {
    NTK_TRY(check(model, count, log_times));
    if (count == 0) return NTK_OK;
    const size_t n = model->points;
    double *memory;
    NTK_TRY(ntk_allocate_doubles(n * n + 2 * n + count, &memory));
    double *gram = memory, *outputs = gram + n * n, *coordinates = outputs + n, *distinct = coordinates + n;
    follower self = {.weights = weights,
                     .outputs = outputs,
                     .n = n,
                     .count = count,
                     .log_times = log_times,
                     .gains = gains};
    ntk_status status = model->tangent_kernel(model->context, theta, gram);
    if (status == NTK_OK) status = model->evaluate(model->context, theta, outputs);
    for (size_t i = 0; i < n; i++) coordinates[i] = 0;
    if (status == NTK_OK) status = follow_linear(&self, targets, gram, distinct, coordinates);
    ntk_release(memory);
    return status;
}
