/* Feature distances from kernel matrices,
 *
 *     |Phi(x) - Phi(y)|^2 = K(x, x) + K(y, y) - 2 K(x, y),
 *
 * for both kernels in one pass. The engine takes images in groups of eight (kernel/convolution.c):
 * so a matrix here is one of the first image and seven others. */
#include <ntk/lab/stability.h>

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <ntk/kernel.h>
#include <ntk/lab/problem.h>
#include <ntk/linalg.h>
#include <ntk/memory.h>

enum { GROUP = 8, CLASSES = 10 };
static const uint8_t all_classes[CLASSES] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};

ntk_status ntk_stability_network(size_t rows, size_t columns, const char *layers, ntk_architecture *out) {
    NTK_TRY(ntk_architecture_convolutional(rows, columns, 1, layers, out));
    out->weight_variance = 2;
    out->convolution.first_weight_variance = 1;
    out->input_scale = NTK_INPUT_SCALE_NONE;
    return NTK_OK;
}

/* Of image i from image 0, or from the black one for i = 0. gram: (n, n). Rounding may leave the
 * square of a distance of 0 a little below it; a NaN stays one. */
static double distance(size_t n, const double *gram, size_t i) {
    const double square = i == 0 ? gram[0] : gram[0] + gram[i * n + i] - 2 * gram[i];
    return sqrt(ntk_larger(0, square));
}

/* group: (n, d), n <= GROUP. Distances of images 1 .. n - 1, and of image 0. */
static ntk_status measure_group(const ntk_architecture *architecture, size_t n, size_t d, const double *group,
                                ntk_feature_distance *first, ntk_feature_distance *others) {
    double nngp[GROUP * GROUP], ntk[GROUP * GROUP];
    NTK_TRY(ntk_kernel_gram_both(architecture, n, d, group, d, nngp, ntk, n));
    *first = (ntk_feature_distance){ntk_norm(d, group), distance(n, nngp, 0), distance(n, ntk, 0)};
    for (size_t i = 1; i < n; i++)
        others[i - 1] = (ntk_feature_distance){ntk_distance(d, group, group + i * d), distance(n, nngp, i),
                                               distance(n, ntk, i)};
    return NTK_OK;
}

ntk_status ntk_stability_distances(const ntk_architecture *architecture, size_t count, size_t d,
                                   const double *images, ntk_feature_distance *out) {
    double *group;
    if (count == 0) return ntk_fail(NTK_ERROR_SHAPE, "feature distances: no image");
    NTK_TRY(ntk_allocate_doubles(GROUP * d, &group));
    memcpy(group, images, d * sizeof *group);
    ntk_status status = NTK_OK;
    size_t done = 1;
    do {
        const size_t more = count - done < GROUP - 1 ? count - done : GROUP - 1;
        memcpy(group + d, images + done * d, more * d * sizeof *group);
        status = measure_group(architecture, more + 1, d, group, out, out + done);
        done += more;
    } while (status == NTK_OK && done < count);
    ntk_release(group);
    return status;
}

ntk_status ntk_stability_digits(const ntk_context *context, ntk_stream *stream, size_t n, double **x,
                                size_t *rows, size_t *columns) {
    ntk_digits digits;
    size_t *label = NULL;
    *x = NULL;
    NTK_TRY(ntk_context_digits(context, &digits));
    ntk_status status;
    NTK_TRY_OR(done, status, ntk_allocate_doubles(n * digits.rows * digits.columns, x));
    NTK_TRY_OR(done, status, ntk_allocate(n, sizeof *label, (void **)&label));
    status = ntk_digits_draw(&digits, stream, all_classes, CLASSES, n, *x, label, NULL);
    *rows = digits.rows;
    *columns = digits.columns;
done:
    if (status != NTK_OK) {
        ntk_release(*x);
        *x = NULL;
    }
    ntk_release(label);
    ntk_digits_release(&digits);
    return status;
}

ntk_status ntk_stability_list(const ntk_context *context, const ntk_digits *digits, const char *purpose,
                              long label, size_t n, size_t *list) {
    const ntk_stream parent = ntk_context_stream(context, 0);
    ntk_stream stream = ntk_stream_fork(&parent, purpose);
    const bool any = label == NTK_STABILITY_ANY;
    const uint8_t one = (uint8_t)label;
    double *x;
    size_t *labels = NULL;
    NTK_TRY(ntk_allocate_doubles(n * digits->rows * digits->columns, &x));
    ntk_status status = ntk_allocate(n, sizeof *labels, (void **)&labels);
    if (status == NTK_OK)
        status =
            ntk_digits_draw(digits, &stream, any ? all_classes : &one, any ? CLASSES : 1, n, x, labels, list);
    ntk_release(labels);
    ntk_release(x);
    return status;
}

void ntk_stability_pixels(const ntk_digits *digits, size_t digit, double *x) {
    const size_t pixels = digits->rows * digits->columns;
    for (size_t u = 0; u < pixels; u++) x[u] = digits->pixels[digit * pixels + u];
}
