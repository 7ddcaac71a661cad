/* Deformations of images.
 *
 * Fields. White noise w on a grid that reaches `reach` further on every side, smoothed along both
 * axes by h_i = exp(-i^2 / length^2) / sqrt(sum h^2), |i| <= reach, has the covariance c(i - i')
 * c(j - j') with
 *
 *     c(k) = sum_i h_i h_{i+k} = exp(-k^2 / (2 length^2)) (S_k / S_0) (1 + t),
 *     S_k  = sum_i exp(-2 (i + k/2)^2 / length^2),
 *
 * and S_k / S_0 differs from 1, for odd k, by 4 exp(-pi^2 length^2 / 2) at most (Poisson
 * summation). t is what the cut leaves: reach = 4.3 length has exp(-4.3^2) = 1e-8.
 *
 * Interpolation. At a position with the fractional part f on an axis, Keys' weights of the four
 * nodes around it are, for a = -1/2,
 *
 *     (-f + 2 f^2 - f^3, 2 - 5 f^2 + 3 f^3, f + 4 f^2 - 3 f^3, -f^2 + f^3) / 2. */
#include <ntk/deform.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>

#include "base/vector.h"

#define SIDE_MAX 16383 /* so that what is allocated fits a size_t of 32 bits */

static ntk_status check_grid(const char *what, size_t least, size_t rows, size_t columns) {
    if (rows >= least && columns >= least && rows <= SIDE_MAX && columns <= SIDE_MAX) return NTK_OK;
    return ntk_fail(NTK_ERROR_ARGUMENT, "%s: an image of %zu x %zu pixels; %zu to %d on a side are possible",
                    what, rows, columns, least, SIDE_MAX);
}

/* ---- fields ---------------------------------------------------------------------------------- */

typedef struct {
    size_t rows, columns, reach;
    double *weight; /* (2 reach + 1), of sum of squares 1 */
    double *noise;  /* (rows + 2 reach, columns + 2 reach) */
    double *smooth; /* (rows, columns + 2 reach): down the rows */
} smoother;

static size_t noise_rows(const smoother *s) { return s->rows + 2 * s->reach; }
static size_t noise_columns(const smoother *s) { return s->columns + 2 * s->reach; }

static void fill_weights(const smoother *s, double length) {
    const size_t count = 2 * s->reach + 1;
    double squares = 0;
    for (size_t i = 0; i < count; i++) {
        const double from = (double)i - (double)s->reach;
        s->weight[i] = -from * from / (length * length);
    }
    ntk_vector_exp(count, s->weight, s->weight);
    for (size_t i = 0; i < count; i++) squares += s->weight[i] * s->weight[i];
    for (size_t i = 0; i < count; i++) s->weight[i] /= sqrt(squares);
}

static ntk_status create_smoother(size_t rows, size_t columns, double length, smoother *out) {
    const size_t reach = (size_t)ceil(4.3 * length);
    *out = (smoother){rows, columns, reach, NULL, NULL, NULL};
    const size_t weights = 2 * reach + 1, noise = noise_rows(out) * noise_columns(out);
    NTK_TRY(ntk_allocate_doubles(weights + noise + rows * noise_columns(out), &out->weight));
    out->noise = out->weight + weights;
    out->smooth = out->noise + noise;
    fill_weights(out, length);
    return NTK_OK;
}

static void draw_field(const smoother *s, ntk_stream *stream, double *field) {
    const size_t width = noise_columns(s), taps = 2 * s->reach + 1;
    ntk_stream_normal(stream, noise_rows(s) * width, s->noise);
    memset(s->smooth, 0, s->rows * width * sizeof *s->smooth);
    for (size_t i = 0; i < s->rows; i++)
        for (size_t tap = 0; tap < taps; tap++)
            for (size_t j = 0; j < width; j++)
                s->smooth[i * width + j] += s->weight[tap] * s->noise[(i + tap) * width + j];
    memset(field, 0, s->rows * s->columns * sizeof *field);
    for (size_t i = 0; i < s->rows; i++)
        for (size_t tap = 0; tap < taps; tap++)
            for (size_t j = 0; j < s->columns; j++)
                field[i * s->columns + j] += s->weight[tap] * s->smooth[i * width + j + tap];
}

ntk_status ntk_deform_field(ntk_stream *stream, size_t count, size_t rows, size_t columns, double length,
                            double *field) {
    smoother s;
    NTK_TRY(check_grid("field", 1, rows, columns));
    if (!(length >= 1 && length <= 1000))
        return ntk_fail(NTK_ERROR_ARGUMENT, "field: the length is %g pixels; it must be in [1, 1000]",
                        length);
    NTK_TRY(create_smoother(rows, columns, length, &s));
    for (size_t k = 0; k < count; k++) draw_field(&s, stream, field + k * rows * columns);
    ntk_release(s.weight);
    return NTK_OK;
}

/* ---- the size of a displacement -------------------------------------------------------------- */

static double length_of(double a, double b) { return sqrt(a * a + b * b); }

/* The larger singular value of ((a, b), (c, d)). */
static double spectral_norm(double a, double b, double c, double d) {
    return (length_of(a + d, b - c) + length_of(a - d, b + c)) / 2;
}

ntk_status ntk_deform_size(size_t rows, size_t columns, const double *displacement, double *largest,
                           double *gradient) {
    NTK_TRY(check_grid("size of a displacement", 2, rows, columns));
    const double *down = displacement, *right = displacement + rows * columns;
    *largest = *gradient = 0;
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) {
            const size_t u = i * columns + j;
            *largest = ntk_larger(*largest, length_of(down[u], right[u]));
            if (i + 1 == rows || j + 1 == columns) continue;
            *gradient =
                ntk_larger(*gradient, spectral_norm(down[u + columns] - down[u], down[u + 1] - down[u],
                                                    right[u + columns] - right[u], right[u + 1] - right[u]));
        }
    return NTK_OK;
}

/* ---- images ---------------------------------------------------------------------------------- */

typedef struct {
    size_t rows, columns;
    const double *x;
} image;

static double pixel(const image *x, ptrdiff_t i, ptrdiff_t j) {
    if (i < 0 || j < 0 || i >= (ptrdiff_t)x->rows || j >= (ptrdiff_t)x->columns) return 0;
    return x->x[(size_t)i * x->columns + (size_t)j];
}

/* The weights of the nodes -1, 0, 1, 2 at f in [0, 1); at f = 0 exactly those of node 0. */
static void node_weights(ntk_interpolation interpolation, double f, double weight[4]) {
    if (interpolation == NTK_INTERPOLATION_LINEAR) {
        weight[0] = weight[3] = 0;
        weight[1] = 1 - f;
        weight[2] = f;
        return;
    }
    weight[0] = f * (-1 + f * (2 - f)) / 2;
    weight[1] = (2 + f * f * (-5 + 3 * f)) / 2;
    weight[2] = f * (1 + f * (4 - 3 * f)) / 2;
    weight[3] = f * f * (-1 + f) / 2;
}

static double interpolate(const image *x, ntk_interpolation interpolation, double row, double column) {
    double down[4], right[4], sum = 0;
    const double i = floor(row), j = floor(column);
    if (!(i >= -2 && j >= -2 && i <= (double)x->rows && j <= (double)x->columns)) return 0;
    node_weights(interpolation, row - i, down);
    node_weights(interpolation, column - j, right);
    for (int a = 0; a < 4; a++) {
        double line = 0;
        for (int b = 0; b < 4; b++) line += right[b] * pixel(x, (ptrdiff_t)i + a - 1, (ptrdiff_t)j + b - 1);
        sum += down[a] * line;
    }
    return sum;
}

static ntk_status check_displacement(size_t count, const double *displacement) {
    for (size_t k = 0; k < count; k++)
        if (!isfinite(displacement[k]))
            return ntk_fail(NTK_ERROR_ARGUMENT, "image: displacement %zu is not finite", k);
    return NTK_OK;
}

ntk_status ntk_deform_image(size_t rows, size_t columns, const double *x, const double *displacement,
                            ntk_interpolation interpolation, double *out) {
    NTK_TRY(check_grid("image", 1, rows, columns));
    if ((unsigned)interpolation >= NTK_INTERPOLATION_COUNT)
        return ntk_fail(NTK_ERROR_ARGUMENT, "image: there is no interpolation %d", (int)interpolation);
    NTK_TRY(check_displacement(2 * rows * columns, displacement));
    const image source = {rows, columns, x};
    const double *down = displacement, *right = displacement + rows * columns;
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) {
            const size_t u = i * columns + j;
            out[u] = interpolate(&source, interpolation, (double)i - down[u], (double)j - right[u]);
        }
    return NTK_OK;
}

/* k modulo n, 0 .. n - 1. */
static ptrdiff_t wrapped(ptrdiff_t k, size_t n) {
    const ptrdiff_t rest = k % (ptrdiff_t)n;
    return rest < 0 ? rest + (ptrdiff_t)n : rest;
}

ntk_status ntk_deform_shift(size_t rows, size_t columns, const double *x, long down, long right, bool wrap,
                            double *out) {
    NTK_TRY(check_grid("shift", 1, rows, columns));
    if (labs(down) > SIDE_MAX || labs(right) > SIDE_MAX)
        return ntk_fail(NTK_ERROR_ARGUMENT,
                        "shift: by %ld down and %ld to the right; at most %d are possible", down, right,
                        SIDE_MAX);
    const image source = {rows, columns, x};
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) {
            const ptrdiff_t from_row = (ptrdiff_t)i - down, from_column = (ptrdiff_t)j - right;
            out[i * columns + j] =
                wrap ? pixel(&source, wrapped(from_row, rows), wrapped(from_column, columns))
                     : pixel(&source, from_row, from_column);
        }
    return NTK_OK;
}

static void fill_tangents(const image *x, double *tangents) {
    for (size_t i = 0; i < x->rows; i++)
        for (size_t j = 0; j < x->columns; j++) {
            const ptrdiff_t a = (ptrdiff_t)i, b = (ptrdiff_t)j;
            double *tangent = tangents + i * x->columns + j;
            tangent[0] = (pixel(x, a + 1, b) - pixel(x, a - 1, b)) / 2;
            tangent[x->rows * x->columns] = (pixel(x, a, b + 1) - pixel(x, a, b - 1)) / 2;
        }
}

ntk_status ntk_deform_tangents(size_t rows, size_t columns, const double *x, double *tangents) {
    NTK_TRY(check_grid("tangents", 1, rows, columns));
    fill_tangents(&(const image){rows, columns, x}, tangents);
    return NTK_OK;
}

/* ---- infinite MNIST -------------------------------------------------------------------------- */

ntk_tangent_deformation ntk_tangent_deformation_default(void) {
    return (ntk_tangent_deformation){.strength = 1, .amplitude = 0.5, .length = 4, .bytes = true};
}

static ntk_status check_deformation(const ntk_tangent_deformation *d) {
    if (!(isfinite(d->strength) && d->strength >= 0))
        return ntk_fail(NTK_ERROR_ARGUMENT, "deformation: the strength is %g; it must be non-negative",
                        d->strength);
    if (!(isfinite(d->amplitude) && d->amplitude > 0))
        return ntk_fail(NTK_ERROR_ARGUMENT, "deformation: the amplitude is %g; it must be positive",
                        d->amplitude);
    return NTK_OK;
}

static ntk_status check_pixels(size_t pixels, const double *x) {
    for (size_t u = 0; u < pixels; u++)
        if (!(x[u] >= 0 && x[u] <= 255))
            return ntk_fail(NTK_ERROR_ARGUMENT, "deformation: pixel %zu is %g; it must be in [0, 255]", u,
                            x[u]);
    return NTK_OK;
}

/* x + scale (F_1 T_1 - F_2 T_2). tangents, field: (2, pixels). */
static void move_along(size_t pixels, const double *x, double scale, bool bytes, const double *tangents,
                       const double *field, double *out) {
    for (size_t u = 0; u < pixels; u++) {
        out[u] = x[u] + scale * (field[u] * tangents[u] - field[pixels + u] * tangents[pixels + u]);
        if (bytes) out[u] = trunc(fmin(fmax(out[u], 0), 255));
    }
}

ntk_status ntk_deform_tangent(const ntk_tangent_deformation *deformation, ntk_stream *stream, size_t rows,
                              size_t columns, const double *x, double *out) {
    NTK_TRY(check_deformation(deformation));
    NTK_TRY(check_grid("deformation", 1, rows, columns));
    const size_t pixels = rows * columns;
    NTK_TRY(check_pixels(pixels, x));
    double *field, *tangents, *moved;
    NTK_TRY(ntk_allocate_doubles(5 * pixels, &field));
    tangents = field + 2 * pixels;
    moved = tangents + 2 * pixels;
    ntk_status status = ntk_deform_field(stream, 2, rows, columns, deformation->length, field);
    if (status == NTK_OK) {
        const uint64_t way = ntk_stream_below(stream, 9);
        const long down = deformation->translate ? (long)(way / 3) - 1 : 0,
                   right = deformation->translate ? (long)(way % 3) - 1 : 0;
        fill_tangents(&(const image){rows, columns, x}, tangents);
        move_along(pixels, x, deformation->strength * deformation->amplitude, deformation->bytes, tangents,
                   field, moved);
        status = ntk_deform_shift(rows, columns, moved, down, right, false, out);
    }
    ntk_release(field);
    return status;
}
