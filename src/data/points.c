/* Synthetic points on the unit sphere S^{d-1}.
 *
 * A standard normal vector g has a rotation-invariant law, so g / |g| is uniform on the sphere
 * (Muller 1959). Points are drawn one after the other, each from fresh draws of the stream: the
 * first n points are the same whatever their total number. */
#include <ntk/data.h>

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>

#define MAX_REJECTIONS 100000

static ntk_status check_size(const char *what, size_t n, size_t d) {
    if (n == 0 || d == 0) {
        return ntk_fail(NTK_ERROR_ARGUMENT, "%s: n = %zu points in dimension d = %zu; both must be positive",
                        what, n, d);
    }
    return NTK_OK;
}

/* x <- x / |x|; false where x has no direction. */
static bool normalise(size_t d, double *x) {
    const double norm = ntk_norm(d, x);
    if (!(norm > 0)) return false;
    for (size_t k = 0; k < d; k++) x[k] /= norm;
    return true;
}

/* One uniform point. A normal draw is exactly 0 with a probability of about 2^-53, in which case
 * (d = 1) the next one is taken. */
static void draw_point(ntk_stream *stream, size_t d, double *x) {
    do {
        ntk_stream_normal(stream, d, x);
    } while (!normalise(d, x));
}

ntk_status ntk_data_sphere(ntk_stream *stream, size_t n, size_t d, double *x) {
    NTK_TRY(check_size("uniform sphere", n, d));
    for (size_t i = 0; i < n; i++) draw_point(stream, d, x + i * d);
    return NTK_OK;
}

static bool is_separated(size_t n, size_t d, double max_cosine, const double *x, const double *point) {
    for (size_t i = 0; i < n; i++) {
        if (!(fabs(ntk_dot(d, x + i * d, point)) <= max_cosine)) return false;
    }
    return true;
}

ntk_status ntk_data_sphere_separated(ntk_stream *stream, size_t n, size_t d, double max_cosine, double *x) {
    NTK_TRY(check_size("separated sphere", n, d));
    if (!(max_cosine > 0 && max_cosine <= 1)) {
        return ntk_fail(NTK_ERROR_ARGUMENT, "separated sphere: max_cosine is %g; it must be in (0, 1]",
                        max_cosine);
    }
    for (size_t i = 0; i < n; i++) {
        size_t rejections = 0;
        do {
            if (rejections++ == MAX_REJECTIONS) {
                return ntk_fail(
                    NTK_ERROR_NO_CONVERGENCE,
                    "separated sphere: no room for point %zu of %zu in dimension %zu with |cosine| "
                    "<= %g (%d proposals in a row were refused)",
                    i + 1, n, d, max_cosine, MAX_REJECTIONS);
            }
            draw_point(stream, d, x + i * d);
        } while (!is_separated(i, d, max_cosine, x, x + i * d));
    }
    return NTK_OK;
}

ntk_status ntk_data_antipodal(ntk_stream *stream, size_t n, size_t d, double *x) {
    NTK_TRY(check_size("antipodal pairs", n, d));
    if (n % 2 != 0) {
        return ntk_fail(NTK_ERROR_ARGUMENT, "antipodal pairs: n is %zu; it must be even", n);
    }
    for (size_t i = 0; i < n; i += 2) {
        double *point = x + i * d, *antipode = point + d;
        draw_point(stream, d, point);
        for (size_t k = 0; k < d; k++) antipode[k] = -point[k];
    }
    return NTK_OK;
}

static void draw_near(ntk_stream *stream, size_t d, const double *centre, double deviation, double *x) {
    do {
        ntk_stream_normal(stream, d, x);
        for (size_t k = 0; k < d; k++) x[k] = centre[k] + deviation * x[k];
    } while (!normalise(d, x));
}

ntk_status ntk_data_clusters(ntk_stream *stream, size_t n, size_t d, size_t classes, double spread, double *x,
                             size_t *label) {
    NTK_TRY(check_size("clusters", n, d));
    if (classes == 0) return ntk_fail(NTK_ERROR_ARGUMENT, "clusters: classes is 0; it must be positive");
    if (!(isfinite(spread) && spread >= 0)) {
        return ntk_fail(NTK_ERROR_ARGUMENT, "clusters: spread is %g; it must be non-negative and finite",
                        spread);
    }
    if (classes > SIZE_MAX / d) {
        return ntk_fail(NTK_ERROR_SHAPE, "clusters: %zu centres in dimension %zu overflow", classes, d);
    }
    double *centres;
    NTK_TRY(ntk_allocate_doubles(classes * d, &centres));
    for (size_t c = 0; c < classes; c++) draw_point(stream, d, centres + c * d);
    const double deviation = spread / sqrt((double)d);
    for (size_t i = 0; i < n; i++) {
        label[i] = i % classes;
        draw_near(stream, d, centres + label[i] * d, deviation, x + i * d);
    }
    ntk_release(centres);
    return NTK_OK;
}

/* Gram-Schmidt, each point twice: the second pass takes off what rounding left of the first
 * (Kahan's "twice is enough"). Unlike eigenvectors or a pivoted factorisation, the result does not
 * depend on the CPU: ntk_dot sums in a fixed order. A point that the earlier ones span to rounding
 * has no axis of its own. */
static void orthogonalise(size_t n, size_t d, const double *x, double *basis, double *out) {
    for (size_t i = 0; i < n; i++) {
        double *rest = basis + i * d, *coordinates = out + i * n;
        memcpy(rest, x + i * d, d * sizeof *rest);
        memset(coordinates, 0, n * sizeof *coordinates);
        for (size_t axis = 0; axis < 2 * i; axis++) {
            const double *direction = basis + axis % i * d, part = ntk_dot(d, direction, rest);
            coordinates[axis % i] += part;
            for (size_t k = 0; k < d; k++) rest[k] -= part * direction[k];
        }
        const double length = ntk_norm(d, rest);
        coordinates[i] = length > 1e-13 * ntk_norm(d, x + i * d) ? length : 0;
        for (size_t k = 0; k < d; k++) rest[k] = coordinates[i] > 0 ? rest[k] / length : 0;
    }
}

ntk_status ntk_data_coordinates(size_t n, size_t d, const double *x, double *out) {
    NTK_TRY(check_size("coordinates", n, d));
    if (n >= d) {
        memcpy(out, x, n * d * sizeof *out);
        return NTK_OK;
    }
    double *basis;
    NTK_TRY(ntk_allocate_doubles(n * d, &basis));
    orthogonalise(n, d, x, basis, out);
    ntk_release(basis);
    return NTK_OK;
}
