#include <string.h>

#include <criterion/criterion.h>

#include <ntk/linalg.h>

#include "problems.h"

static size_t identity_order;

static ntk_status identity_evaluate(void *context, const double *theta, double *f) {
    (void)context;
    memcpy(f, theta, identity_order * sizeof *f);
    return NTK_OK;
}

static ntk_status identity_pullback(void *context, const double *theta, const double *cotangent,
                                    double *gradient) {
    (void)context, (void)theta;
    memcpy(gradient, cotangent, identity_order * sizeof *gradient);
    return NTK_OK;
}

ntk_model identity_model(size_t points, size_t outputs) {
    identity_order = points * outputs;
    return (ntk_model){.dimension = identity_order,
                       .points = points,
                       .outputs = outputs,
                       .evaluate = identity_evaluate,
                       .pullback = identity_pullback};
}

/* (I - 2 u u^T) D (I - 2 u u^T) with u_i proportional to 1 + i/n. */
void matrix_with_spectrum(size_t n, const double *eigenvalues, double *matrix) {
    double square = 0, weighted = 0;
    for (size_t i = 0; i < n; ++i) {
        const double u = 1 + (double)i / (double)n;
        square += u * u;
    }
    for (size_t i = 0; i < n; ++i) {
        const double u = 1 + (double)i / (double)n;
        weighted += u * u * eigenvalues[i] / square;
    }
    for (size_t i = 0; i < n; ++i)
        for (size_t j = 0; j < n; ++j) {
            const double uu = (1 + (double)i / (double)n) * (1 + (double)j / (double)n) / square;
            matrix[i * n + j] = (i == j ? eigenvalues[i] : 0) - 2 * uu * (eigenvalues[i] + eigenvalues[j]) +
                                4 * uu * weighted;
        }
}

ntk_model linear_model(size_t points, size_t outputs, const double *gram, const double *f0) {
    ntk_model out;
    assert_ok(ntk_linalg_start());
    assert_ok(ntk_model_linear(points, outputs, gram, f0, &out));
    return out;
}

ntk_training_options training_options(ntk_loss loss, size_t classes, size_t width) {
    return (ntk_training_options){.architecture = ntk_architecture_default(),
                                  .loss = loss,
                                  .width = width,
                                  .points = 4,
                                  .inputs = 5,
                                  .classes = classes,
                                  .max_cosine = 0.6};
}

ntk_training draw_training(const ntk_training_options *options, uint64_t seed, const char *name,
                           uint64_t unit) {
    const ntk_stream stream = ntk_stream_create(seed, name, unit);
    ntk_training out;
    assert_ok(ntk_linalg_start());
    assert_ok(ntk_training_create(options, &stream, &out));
    return out;
}

ntk_flow_result run_flow(const ntk_model *model, const double *targets, const ntk_flow_options *options,
                         double *theta) {
    ntk_flow_result out;
    assert_ok(ntk_flow_run(model, targets, options, theta, &out));
    return out;
}

ntk_trajectory run_trajectory(ntk_training *problem, const ntk_flow_options *options) {
    ntk_trajectory out;
    assert_ok(ntk_trajectory_follow(&problem->model, problem->targets, options, NULL, problem->theta, &out));
    return out;
}

ntk_status record(const ntk_observation *seen, void *context) {
    recorder *r = context;
    if (r->count < RECORDS) {
        r->log_time[r->count] = seen->log_time;
        r->log_loss[r->count] = seen->log_loss;
        r->displacement[r->count] = seen->displacement;
        r->output[r->count] = seen->outputs[0];
    }
    r->count++;
    return r->cancel_after && r->count == r->cancel_after ? NTK_ERROR_CANCELLED : NTK_OK;
}

void record_at(ntk_flow_options *options, recorder *r, const double *log_times, size_t count) {
    options->observation_log_times = log_times;
    options->observation_count = count;
    options->observer = record;
    options->context = r;
}
