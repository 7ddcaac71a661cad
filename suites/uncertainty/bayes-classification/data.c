/* The data that predictive probabilities are compared on. */
#include <ntk/data.h>

#include <math.h>

#include <ntk/lab/context.h>
#include <ntk/lab/problem.h>
#include <ntk/loss.h>
#include <ntk/memory.h>
#include <ntk/random.h>
#include <ntk/status.h>
#include <ntk/targets.h>

#include "predictive.h"

void ntk_classification_release(ntk_classification *data) {
    ntk_release(data->x);
    ntk_release(data->targets);
    ntk_release(data->labels);
    *data = (ntk_classification){0};
}

/* Point i of class i mod 2: (cos a - 1/2, sin a - 1/4), 0 <= a <= pi, or that turned by pi. */
static void fill_plane(size_t grid, ntk_classification *data) {
    const size_t n = data->points;
    double *x = data->x;
    for (size_t i = 0; i < n; i++, x += 2) {
        const double angle = acos(-1.0) * (double)(i / 2) / (double)(n / 2 - 1), sign = i % 2 == 0 ? 1 : -1;
        x[0] = sign * (cos(angle) - 0.5);
        x[1] = sign * (sin(angle) - 0.25);
        data->targets[i] = (double)(i % 2);
    }
    for (size_t i = 0; i < data->others; i++, x += 2) {
        x[0] = 4.5 * ((double)(i % grid) / (double)(grid - 1) - 0.5);
        x[1] = 4.5 * ((double)(i / grid) / (double)(grid - 1) - 0.5);
    }
}

ntk_status ntk_classification_plane(size_t n, size_t grid, ntk_classification *out) {
    *out = (ntk_classification){0};
    if (n < 4 || n % 2 != 0 || grid < 2)
        return ntk_fail(NTK_ERROR_ARGUMENT, "plane: %zu points, a grid of %zu", n, grid);
    *out = (ntk_classification){
        .loss = NTK_LOSS_LOGISTIC, .points = n, .others = grid * grid, .inputs = 2, .outputs = 1};
    ntk_status status = ntk_allocate_doubles(2 * (n + grid * grid), &out->x);
    if (status == NTK_OK) status = ntk_allocate_doubles(n, &out->targets);
    if (status == NTK_OK)
        fill_plane(grid, out);
    else
        ntk_classification_release(out);
    return status;
}

static ntk_status draw_digits(const ntk_context *context, const ntk_digits *images, ntk_classification *out) {
    const size_t n = out->points, all = n + out->others;
    const ntk_stream root = ntk_context_stream(context, 0);
    ntk_stream stream = ntk_stream_fork(&root, "digits");
    uint8_t classes[10];
    void *labels;
    NTK_TRY(ntk_context_digit_classes(context, classes, &out->outputs));
    out->inputs = images->rows * images->columns;
    NTK_TRY(ntk_allocate_doubles(all * out->inputs, &out->x));
    NTK_TRY(ntk_allocate_doubles(n * out->outputs, &out->targets));
    NTK_TRY(ntk_allocate(all, sizeof(size_t), &labels));
    out->labels = labels;
    NTK_TRY(ntk_digits_draw(images, &stream, classes, out->outputs, all, out->x, out->labels, NULL));
    return ntk_targets_from_labels(NTK_LOSS_SOFTMAX, n, out->outputs, out->labels, 0, out->targets);
}

ntk_status ntk_classification_digits(const ntk_context *context, size_t n, size_t q,
                                     ntk_classification *out) {
    ntk_digits images;
    *out = (ntk_classification){.loss = NTK_LOSS_SOFTMAX, .points = n, .others = q};
    NTK_TRY(ntk_context_digits(context, &images));
    const ntk_status status = draw_digits(context, &images, out);
    ntk_digits_release(&images);
    if (status != NTK_OK) ntk_classification_release(out);
    return status;
}
