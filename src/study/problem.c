/* Training problems: drawing points, labels, targets and initial weights. */
#include <ntk/lab/problem.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <ntk/data.h>
#include <ntk/hard_margin.h>
#include <ntk/inference_problem.h>
#include <ntk/kernel.h>
#include <ntk/loss.h>
#include <ntk/memory.h>
#include <ntk/models.h>
#include <ntk/network.h>
#include <ntk/random.h>
#include <ntk/status.h>
#include <ntk/targets.h>

static ntk_status draw_images(const ntk_training_options *options, ntk_stream *stream, ntk_training *out) {
    if (options->digits->rows * options->digits->columns != out->inputs)
        return ntk_fail(NTK_ERROR_SHAPE, "training: images of %zu x %zu pixels, but %zu inputs",
                        options->digits->rows, options->digits->columns, out->inputs);
    NTK_TRY(ntk_allocate(out->all_points, sizeof *out->images, (void **)&out->images));
    return ntk_digits_draw(options->digits, stream, options->digit_classes, options->classes, out->all_points,
                           out->x, out->labels, out->images);
}

/* x (all_points, inputs) by its coordinates. */
static ntk_status take_coordinates(ntk_training *out) {
    const size_t n = out->all_points;
    if (n >= out->inputs) return NTK_OK;
    double *coordinates;
    NTK_TRY(ntk_allocate_doubles(n * n, &coordinates));
    const ntk_status status = ntk_data_coordinates(n, out->inputs, out->x, coordinates);
    ntk_release(status == NTK_OK ? out->x : coordinates);
    if (status != NTK_OK) return status;
    out->x = coordinates;
    out->inputs = n;
    return NTK_OK;
}

static ntk_status take_given(const ntk_given_data *given, ntk_training *out) {
    if (given->n != out->all_points || given->d != out->inputs || given->labels == NULL)
        return ntk_fail(NTK_ERROR_SHAPE, "training: %zu labelled points of %zu coordinates are wanted",
                        out->all_points, out->inputs);
    memcpy(out->x, given->x, given->n * given->d * sizeof(double));
    memcpy(out->labels, given->labels, given->n * sizeof *out->labels);
    return NTK_OK;
}

static ntk_status draw_points(const ntk_training_options *options, const ntk_stream *stream,
                              ntk_training *out) {
    ntk_stream points = ntk_stream_fork(stream, "points");
    for (size_t i = 0; i < out->all_points; i++) out->labels[i] = i % options->classes;
    if (options->given != NULL)
        NTK_TRY(take_given(options->given, out));
    else if (options->digits != NULL)
        NTK_TRY(draw_images(options, &points, out));
    else
        NTK_TRY(
            ntk_data_sphere_separated(&points, out->all_points, out->inputs, options->max_cosine, out->x));
    if (options->coordinates) NTK_TRY(take_coordinates(out));
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
    const bool one_output = options->classes == 2 && options->loss != NTK_LOSS_SOFTMAX;
    out->architecture = options->architecture;
    out->points = options->points;
    out->all_points = options->points + options->test_points;
    out->inputs = options->inputs;
    out->outputs = one_output ? 1 : options->classes;
    NTK_TRY(ntk_allocate_doubles(out->all_points * out->inputs, &out->x));
    NTK_TRY(ntk_allocate(out->all_points, sizeof *out->labels, (void **)&out->labels));
    NTK_TRY(ntk_allocate_doubles(out->points * out->outputs, &out->targets));
    NTK_TRY(draw_points(options, stream, out));
    NTK_TRY(
        ntk_network_create(&options->architecture, out->inputs, options->width, out->outputs, &out->network));
    out->parameters = ntk_network_parameters(out->network);
    NTK_TRY(ntk_allocate_doubles(out->parameters, &out->theta0));
    NTK_TRY(ntk_allocate_doubles(out->parameters, &out->theta));
    draw_weights(options, stream, out);
    NTK_TRY(ntk_model_network(out->network, out->all_points, out->x, &out->everywhere));
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
    ntk_model_release(&training->model);
    ntk_model_release(&training->everywhere);
    ntk_network_destroy(training->network);
    ntk_release(training->x);
    ntk_release(training->labels);
    ntk_release(training->images);
    ntk_release(training->targets);
    ntk_release(training->theta0);
    ntk_release(training->theta);
    *training = (ntk_training){0};
}

/* ---- linear models --------------------------------------------------------------------------- */

/* kernel (all_points K, points K) <- Theta (x) I_K. */
static ntk_status fill_limit_kernel(const ntk_training *training, double *kernel) {
    const size_t n = training->points, q = training->all_points, d = training->inputs;
    const size_t outputs = training->outputs;
    double *theta;
    NTK_TRY(ntk_allocate_doubles(q * n, &theta));
    const ntk_status status = ntk_kernel_cross(&training->architecture, NTK_KERNEL_NTK, q, n, d, training->x,
                                               d, training->x, d, theta, n);
    if (status == NTK_OK) {
        memset(kernel, 0, q * n * outputs * outputs * sizeof *kernel);
        for (size_t i = 0; i < q; i++)
            for (size_t j = 0; j < n; j++)
                for (size_t k = 0; k < outputs; k++)
                    kernel[((i * outputs + k) * n + j) * outputs + k] = theta[i * n + j];
    }
    ntk_release(theta);
    return status;
}

static ntk_status fill_kernel(const ntk_training *training, ntk_training_kernel which, double *kernel) {
    if (which == NTK_TRAINING_KERNEL_LIMIT) return fill_limit_kernel(training, kernel);
    return ntk_network_tangent_kernel_cross(training->network, training->theta0, training->all_points,
                                            training->x, training->points, training->x, kernel,
                                            training->points * training->outputs);
}

ntk_status ntk_training_kernel_model(const ntk_training *training, ntk_training_kernel kernel,
                                     ntk_model *model, ntk_model *everywhere) {
    const size_t n = training->points, q = training->all_points, outputs = training->outputs;
    double *theta = NULL, *f0 = NULL;
    *model = *everywhere = (ntk_model){0};
    ntk_status status;
    NTK_TRY_OR(done, status, ntk_allocate_doubles(q * outputs * n * outputs, &theta));
    NTK_TRY_OR(done, status, ntk_allocate_doubles(q * outputs, &f0));
    NTK_TRY_OR(done, status, fill_kernel(training, kernel, theta));
    NTK_TRY_OR(done, status, ntk_network_forward(training->network, training->theta0, q, training->x, f0));
    /* The training points come first: their rows are the Gram matrix. */
    NTK_TRY_OR(done, status, ntk_model_linear(n, outputs, theta, f0, model));
    status = ntk_model_linear_prediction(q, n, outputs, theta, f0, everywhere);
    if (status != NTK_OK) ntk_model_release(model);
done:
    ntk_release(theta);
    ntk_release(f0);
    return status;
}

ntk_status ntk_training_linearise(const ntk_training *training, ntk_model *out) {
    ntk_model everywhere;
    NTK_TRY(ntk_training_kernel_model(training, NTK_TRAINING_KERNEL_EMPIRICAL, out, &everywhere));
    ntk_model_release(&everywhere);
    return NTK_OK;
}

/* memory: (n, n), (n) and (n). */
static ntk_status solve_margin(const ntk_training *training, double *memory, ntk_hard_margin_result *out) {
    const size_t n = training->points;
    double *gram = memory, *weights = memory + n * n, *targets = weights + n;
    NTK_TRY(ntk_network_tangent_kernel(training->network, training->theta0, n, training->x, gram, n));
    NTK_TRY(ntk_targets_from_labels(NTK_LOSS_LOGISTIC, n, 1, training->labels, 0, targets));
    const ntk_inference_problem problem = {
        .loss = NTK_LOSS_LOGISTIC, .points = n, .outputs = 1, .order = n, .gram = gram, .targets = targets};
    return ntk_inference_hard_margin(&problem, weights, NULL, out);
}

ntk_status ntk_training_hard_margin(const ntk_training *training, double *weights,
                                    ntk_hard_margin_result *out) {
    const size_t n = training->points;
    double *memory;
    NTK_TRY(ntk_allocate_doubles(n * (n + 2), &memory));
    const ntk_status status = solve_margin(training, memory, out);
    if (status == NTK_OK && weights) memcpy(weights, memory + n * n, n * sizeof *weights);
    ntk_release(memory);
    return status;
}

/* ---- what parameters say of a problem -------------------------------------------------------- */

const ntk_parameter ntk_sphere_parameters[] = {
    NTK_INTEGER("points", 8, 2, 1000, "training points on the unit sphere"),
    NTK_INTEGER("inputs", 10, 2, 10000, "input dimension"),
    NTK_REAL("max-cosine", 0.6, 0.01, 1, "largest |cosine| between two points"),
    {0},
};

ntk_training_options ntk_context_sphere_problem(const ntk_context *context) {
    ntk_training_options out = {.architecture = ntk_architecture_default(),
                                .points = ntk_context_size(context, "points"),
                                .inputs = ntk_context_size(context, "inputs"),
                                .classes = 2,
                                .max_cosine = ntk_context_real(context, "max-cosine")};
    out.architecture.input_scale = NTK_INPUT_SCALE_NONE;
    return out;
}

const ntk_parameter ntk_digits_parameters[] = {
    NTK_CHOICE("digit-set", "subset", "subset|training|test",
               "MNIST: the committed 5,000, or the full files"),
    {0},
};

ntk_status ntk_context_digits(const ntk_context *context, ntk_digits *out) {
    const char *set = ntk_context_choice(context, "digit-set");
    const ntk_digits_set chosen = strcmp(set, "training") == 0 ? NTK_DIGITS_TRAINING
                                  : strcmp(set, "test") == 0   ? NTK_DIGITS_TEST
                                                               : NTK_DIGITS_SUBSET;
    return ntk_digits_read_folder(ntk_context_data(context), chosen, out);
}

ntk_status ntk_context_digit_classes(const ntk_context *context, uint8_t *classes, size_t *count) {
    const long *digits = ntk_context_integers(context, "digits", count);
    if (*count > 10) return ntk_fail(NTK_ERROR_ARGUMENT, "digits: %zu classes of ten", *count);
    for (size_t k = 0; k < *count; k++) classes[k] = (uint8_t)digits[k];
    return NTK_OK;
}
