/* Training problems: drawing points, labels, targets and initial weights. */
#include <ntk/training.h>

#include <stdio.h>
#include <string.h>

#include <ntk/data.h>
#include <ntk/memory.h>

ntk_status ntk_targets_from_labels(ntk_loss loss, size_t n, size_t outputs, const size_t *labels,
                                   double epsilon, double *targets) {
    const size_t classes = loss == NTK_LOSS_LOGISTIC ? 2 : outputs;
    if (!(epsilon >= 0 && epsilon * (double)classes < 1))
        return ntk_fail(NTK_ERROR_ARGUMENT, "targets: epsilon = %g is not in [0, 1/%zu)", epsilon, classes);
    const double high = 1 - (double)(classes - 1) * epsilon;
    for (size_t i = 0; i < n; i++) {
        if (labels[i] >= classes)
            return ntk_fail(NTK_ERROR_ARGUMENT, "targets: label %zu of point %zu is not below %zu", labels[i],
                            i, classes);
        if (loss == NTK_LOSS_LOGISTIC)
            targets[i] = labels[i] == 1 ? high : epsilon;
        else
            for (size_t k = 0; k < outputs; k++) targets[i * outputs + k] = k == labels[i] ? high : epsilon;
    }
    return NTK_OK;
}

static ntk_status draw_points(const ntk_training_options *options, const ntk_stream *stream,
                              ntk_training *out) {
    ntk_stream points = ntk_stream_fork(stream, "points");
    NTK_TRY(ntk_data_sphere_separated(&points, out->points, out->inputs, options->max_cosine, out->x));
    for (size_t i = 0; i < out->points; i++) out->labels[i] = i % options->classes;
    return ntk_targets_from_labels(options->loss, out->points, out->outputs, out->labels, options->epsilon,
                                   out->targets);
}

static void draw_weights(const ntk_training_options *options, const ntk_stream *stream, ntk_training *out) {
    char purpose[64];
    snprintf(purpose, sizeof purpose, "weights at width %zu", options->width);
    ntk_stream weights = ntk_stream_fork(stream, purpose);
    ntk_network_initialise(out->network, &weights, out->theta0);
    memcpy(out->theta, out->theta0, out->parameters * sizeof(double));
}

static ntk_status create(const ntk_training_options *options, const ntk_stream *stream, ntk_training *out) {
    out->points = options->points;
    out->inputs = options->inputs;
    out->outputs = options->loss == NTK_LOSS_LOGISTIC ? 1 : options->classes;
    NTK_TRY(
        ntk_network_create(&options->architecture, out->inputs, options->width, out->outputs, &out->network));
    out->parameters = ntk_network_parameters(out->network);
    NTK_TRY(ntk_allocate_doubles(out->points * out->inputs, &out->x));
    NTK_TRY(ntk_allocate(out->points, sizeof *out->labels, (void **)&out->labels));
    NTK_TRY(ntk_allocate_doubles(out->points * out->outputs, &out->targets));
    NTK_TRY(ntk_allocate_doubles(out->parameters, &out->theta0));
    NTK_TRY(ntk_allocate_doubles(out->parameters, &out->theta));
    NTK_TRY(draw_points(options, stream, out));
    draw_weights(options, stream, out);
    return ntk_model_network(out->network, out->points, out->x, &out->model);
}

ntk_status ntk_training_create(const ntk_training_options *options, const ntk_stream *stream,
                               ntk_training *out) {
    *out = (ntk_training){0};
    const ntk_status status = create(options, stream, out);
    if (status != NTK_OK) ntk_training_release(out);
    return status;
}

void ntk_training_release(ntk_training *training) {
    if (training->model.context) ntk_model_release(&training->model);
    ntk_network_destroy(training->network);
    ntk_release(training->x);
    ntk_release(training->labels);
    ntk_release(training->targets);
    ntk_release(training->theta0);
    ntk_release(training->theta);
    *training = (ntk_training){0};
}

ntk_status ntk_training_linearise(const ntk_training *training, ntk_model *out) {
    const size_t size = training->points * training->outputs;
    double *gram = NULL, *f0 = NULL;
    ntk_status status;
    NTK_TRY_OR(done, status, ntk_allocate_doubles(size * size, &gram));
    NTK_TRY_OR(done, status, ntk_allocate_doubles(size, &f0));
    NTK_TRY_OR(done, status,
               ntk_network_tangent_kernel(training->network, training->theta0, training->points, training->x,
                                          gram, size));
    NTK_TRY_OR(done, status,
               ntk_network_forward(training->network, training->theta0, training->points, training->x, f0));
    status = ntk_model_linear(training->points, training->outputs, gram, f0, out);
done:
    ntk_release(gram);
    ntk_release(f0);
    return status;
}
