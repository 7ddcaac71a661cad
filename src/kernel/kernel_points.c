/* The recursion of kernel.h on the diagonal, x = x':
 *
 *     S^1 = w^2 |x|^2 / d + b^2
 *     S^{l+1} = w^2 E[phi(u)^2] + b^2
 *     Theta^{l+1} = S^{l+1} + w^2 E[phi'(u)^2] Theta^l
 *
 * with u ~ N(0, S^l) and the variances of the layer on the left: closed forms of one variance,
 * which neither need an inverse trigonometric function of a rounded cosine nor lose anything at
 * rho = 1. Residual networks: residual.c; those that are not plain go from layer to layer too, with
 * p^l in the place of S and U^l in that of Theta. */
#include "kernel/kernel_points.h"

#include <math.h>
#include <string.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/parallel.h>

#include "kernel/dual.h"
#include "kernel/mehler.h"
#include "kernel/polar.h"
#include "kernel/residual.h"

enum { BATCH = 64 /* points expanded at a time */ };

static ntk_status check_row(const ntk_points *points, size_t i) {
    const double *x = points->x + i * points->ldx;
    for (size_t j = 0; j < points->dimension; j++)
        if (!isfinite(x[j]))
            return ntk_fail(NTK_ERROR_NOT_FINITE, "input %zu: component %zu is %g", i, j, x[j]);
    if (!isfinite(ntk_dot(points->dimension, x, x)))
        return ntk_fail(NTK_ERROR_NOT_FINITE, "input %zu: its squared norm overflows", i);
    return ntk_fail(NTK_ERROR_NOT_FINITE, "input %zu: its variance in the first layer overflows", i);
}

/* A residual network that is not plain. */
static bool has_skips(const ntk_architecture *architecture) {
    return architecture->family == NTK_RESIDUAL && !ntk_residual_is_plain(architecture);
}

ntk_status ntk_points_create(const ntk_architecture *architecture, size_t n, size_t d, const double *x,
                             size_t ldx, ntk_points *out) {
    const size_t block = NTK_POINT_BLOCK, depth = architecture->depth;
    *out = (ntk_points){.count = n, .dimension = d, .x = x, .ldx = ldx, .depth = depth};
    out->stride = (n + block - 1) / block * block;
    void *fields = NULL, *roots = NULL;
    NTK_TRY(ntk_allocate(depth, sizeof *out->field, &fields));
    out->field = fields;
    NTK_TRY(ntk_allocate_doubles((depth + 1) * out->stride, &out->variance));
    NTK_TRY(ntk_allocate_doubles(out->stride, &out->tangent));
    NTK_TRY(ntk_allocate_doubles(depth * out->stride, &out->growth));
    NTK_TRY(ntk_allocate(depth, sizeof *out->root, &roots));
    out->root = roots;
    const double factor = ntk_input_factor(architecture, d);
    const double b2 = ntk_input_bias(architecture);
    out->skips = ntk_residual_skips(architecture, d);
    for (size_t i = 0; i < n; i++) {
        const double *row = x + i * ldx, square = ntk_dot(d, row, row);
        out->tangent[i] = out->variance[i] = factor * square + b2;
        if (has_skips(architecture)) out->tangent[i] = out->skips.input_scale * square + out->skips.bias;
        if (!isfinite(out->variance[i])) return check_row(out, i);
    }
    return NTK_OK;
}

void ntk_points_destroy(ntk_points *points) {
    for (size_t l = 0; points->field && l < points->depth; l++) ntk_release(points->field[l]);
    for (size_t l = 0; points->root && l < points->depth; l++) ntk_release(points->root[l]);
    ntk_release(points->field);
    ntk_release(points->root);
    ntk_release(points->growth);
    ntk_release(points->variance);
    ntk_release(points->tangent);
}

void ntk_fill_fields(ntk_activation activation, double a, double *field) {
    switch (activation) {
    case NTK_RELU:
    case NTK_LEAKY_RELU:
    case NTK_ABS:
        field[0] = sqrt(a);
        field[NTK_POINT_BLOCK] = ntk_inverse_root(a);
        break;
    case NTK_ERF:
        field[0] = sqrt(2 / (1 + 2 * a));
        break;
    case NTK_GELU:
        field[0] = a;
        field[NTK_POINT_BLOCK] = 1 / sqrt(1 + a);
        break;
    case NTK_SIN:
    case NTK_COS:
        field[0] = 0.5 * a;
        break;
    default:
        break;
    }
}

/* One point through block l (0-based) of a residual network; the last one leaves S and Theta. */
static void advance_block(ntk_points *points, size_t l, size_t i, ntk_dual dual) {
    const ntk_skips *skips = &points->skips;
    const double before = points->variance[l * points->stride + i], u = points->tangent[i];
    const double late = skips->weight * (skips->bias - skips->started);
    const double through = dual.derivative * (skips->weight * u + before + late);
    const double after = before + skips->gain * skips->weight * (dual.value + skips->started);
    double *variance = &points->variance[(l + 1) * points->stride + i];
    *variance = after;
    points->tangent[i] = u + skips->gain * (through + dual.value + skips->bias);
    if (after > 0)
        points->growth[l * points->stride + i] =
            (before + skips->gain * skips->weight * dual.derivative * before) / after;
    if (l + 1 < points->depth) return;
    *variance = after / skips->weight - skips->started;
    points->tangent[i] += *variance;
}

/* One point from layer l (0-based) to the next. */
static void advance(const ntk_architecture *architecture, ntk_points *points, size_t l, size_t i,
                    ntk_dual dual) {
    if (architecture->family == NTK_RESIDUAL) {
        advance_block(points, l, i, dual);
        return;
    }
    const double w2 = ntk_architecture_weight_variance(architecture, l + 2);
    const double b2 = ntk_architecture_bias_variance(architecture, l + 2);
    const double variance = w2 * dual.value + b2, before = points->variance[l * points->stride + i];
    points->variance[(l + 1) * points->stride + i] = variance;
    points->tangent[i] = variance + points->tangent[i] * (w2 * dual.derivative);
    if (variance > 0) points->growth[l * points->stride + i] = w2 * dual.derivative * (before / variance);
}

/* Beyond this a product of two variances may overflow. */
#define LARGE_VARIANCE 0x1p500

static ntk_dual diagonal_dual(const ntk_architecture *architecture, double a) {
    const ntk_activation activation = architecture->activation;
    if (ntk_dual_is_homogeneous(activation))
        return ntk_dual_homogeneous_diagonal(ntk_dual_slope(architecture), a);
    if (a < LARGE_VARIANCE) return ntk_dual_closed_form(activation, a, a, a);
    const double q = sqrt(a);
    return ntk_polar_dual(activation, &(ntk_polar){.q = q, .r = q, .angle = ntk_angle_from_minus(0)});
}

static ntk_status closed_form_layer(const ntk_architecture *architecture, ntk_points *points, size_t l) {
    const double *variance = points->variance + l * points->stride;
    NTK_TRY(ntk_allocate_doubles(NTK_CLOSED_FORM_FIELDS * points->stride, &points->field[l]));
    for (size_t i = 0; i < points->count; i++) {
        const double a = variance[i];
        ntk_fill_fields(architecture->activation, a,
                        points->field[l] + ntk_field_offset(i, NTK_CLOSED_FORM_FIELDS));
        advance(architecture, points, l, i, diagonal_dual(architecture, a));
    }
    return NTK_OK;
}

typedef struct {
    const ntk_architecture *architecture;
    const ntk_mehler *mehler;
    ntk_points *points;
    size_t layer;
    double *tail; /* (n) */
} expansion;

static ntk_status expand_batch(size_t unit, void *context) {
    const expansion *e = context;
    ntk_points *points = e->points;
    const size_t first = unit * BATCH, terms = ntk_mehler_terms(e->mehler);
    const size_t count = points->count - first < BATCH ? points->count - first : BATCH;
    const double *variance = points->variance + e->layer * points->stride + first;
    ntk_dual dual[BATCH];
    double *coefficient = NULL; /* (2K, count) */
    NTK_TRY(ntk_allocate_doubles(2 * terms * count, &coefficient));
    const ntk_status status = ntk_mehler_expand(e->mehler, count, variance, coefficient,
                                                coefficient + terms * count, dual, e->tail + first);
    for (size_t i = 0; i < count && status == NTK_OK; i++) {
        double *field = points->field[e->layer] + ntk_field_offset(first + i, 1 + 2 * terms);
        field[0] = ntk_inverse_root(variance[i]);
        for (size_t k = 0; k < 2 * terms; k++) field[(1 + k) * NTK_POINT_BLOCK] = coefficient[k * count + i];
        advance(e->architecture, points, e->layer, first + i, dual[i]);
    }
    ntk_release(coefficient);
    return status;
}

/* *worst becomes the largest tail if that is larger. */
static ntk_status expanded_layer(const ntk_architecture *architecture, const ntk_mehler *mehler,
                                 ntk_points *points, size_t l, double *worst) {
    expansion e = {architecture, mehler, points, l, NULL};
    NTK_TRY(ntk_allocate_doubles((1 + 2 * ntk_mehler_terms(mehler)) * points->stride, &points->field[l]));
    NTK_TRY(ntk_allocate_doubles(points->count, &e.tail));
    const ntk_status status = ntk_map((points->count + BATCH - 1) / BATCH, expand_batch, &e);
    for (size_t i = 0; i < points->count; i++) *worst = ntk_larger(*worst, e.tail[i]);
    ntk_release(e.tail);
    return status;
}

static double largest(const ntk_points *points, size_t l) {
    double most = 0;
    for (size_t i = 0; i < points->count; i++) most = fmax(most, points->variance[l * points->stride + i]);
    return most;
}

/* Points of a layer whose pairs are all flagged: its diagonal alone. The recursion passes it as an
 * expansion without terms, which reads the first three fields (dual_lanes.inc): zeros. */
static ntk_status mixture_points(const ntk_architecture *architecture, ntk_points *points, size_t l) {
    enum { FIELDS_READ = 3 };
    NTK_TRY(ntk_allocate_doubles(FIELDS_READ * points->stride, &points->field[l]));
    memset(points->field[l], 0, FIELDS_READ * points->stride * sizeof *points->field[l]);
    for (size_t i = 0; i < points->count; i++) {
        const double q = sqrt(points->variance[l * points->stride + i]);
        const ntk_polar diagonal = {.q = q, .r = q, .angle = ntk_angle_from_minus(0)};
        advance(architecture, points, l, i, ntk_polar_dual(architecture->activation, &diagonal));
    }
    return NTK_OK;
}

/* A layer without closed form: both sets share one expansion, made for the largest variance. Beyond
 * what the expansion converges for, every pair is left to mixtures (mixture.c). */
static ntk_status mehler_layer(const ntk_architecture *architecture, ntk_points *rows, ntk_points *columns,
                               size_t l, ntk_recursion_layer *layer) {
    ntk_mehler *mehler = NULL;
    double tail = 0;
    const double most = fmax(largest(rows, l), largest(columns, l));
    if (most > NTK_MEHLER_LARGEST) {
        layer->limit = -1;
        NTK_TRY(mixture_points(architecture, rows, l));
        return rows == columns ? NTK_OK : mixture_points(architecture, columns, l);
    }
    NTK_TRY(ntk_mehler_create(architecture->activation, most, &mehler));
    ntk_status status = expanded_layer(architecture, mehler, rows, l, &tail);
    if (status == NTK_OK && columns != rows) status = expanded_layer(architecture, mehler, columns, l, &tail);
    layer->terms = ntk_mehler_terms(mehler);
    layer->limit = ntk_mehler_limit(mehler, tail);
    ntk_mehler_destroy(mehler);
    return status;
}

static ntk_status check_diagonal(const ntk_points *points) {
    for (size_t i = 0; i < points->count; i++)
        if (!isfinite(points->tangent[i]))
            return ntk_fail(NTK_ERROR_NOT_FINITE, "kernel of input %zu with itself overflows", i);
    return NTK_OK;
}

static ntk_status residual_blocks(const ntk_architecture *architecture, ntk_points *rows, ntk_points *columns,
                                  ntk_recursion *recursion) {
    NTK_TRY(ntk_residual_points(architecture, rows));
    if (columns != rows) NTK_TRY(ntk_residual_points(architecture, columns));
    *recursion->layer = (ntk_recursion_layer){.row = rows->field[0],
                                              .column = columns->field[0],
                                              .fields = NTK_CLOSED_FORM_FIELDS,
                                              .limit = NTK_NEARLY_PARALLEL};
    return NTK_OK;
}

static double limit_of(ntk_activation activation) {
    switch (activation) {
    case NTK_RELU:
    case NTK_LEAKY_RELU:
    case NTK_ABS:
        return NTK_NEARLY_PARALLEL;
    case NTK_ERF:
    case NTK_GELU:
        return NTK_NEARLY_SINGULAR;
    case NTK_SIN:
    case NTK_COS:
        return NTK_EXPONENT_LIMIT;
    default:
        return INFINITY;
    }
}

/* Dense networks, and residual ones that are not plain. */
static ntk_status dense_layers(const ntk_architecture *architecture, ntk_points *rows, ntk_points *columns,
                               ntk_recursion *recursion) {
    const ntk_activation activation = architecture->activation;
    const double slope = ntk_dual_slope(architecture);
    for (size_t l = 0; l < rows->depth; l++) {
        ntk_recursion_layer *layer = recursion->layer + l;
        *layer = (ntk_recursion_layer){.limit = limit_of(activation),
                                       .slope = slope,
                                       .share = (1 - slope) * (1 - slope),
                                       .weight = ntk_architecture_weight_variance(architecture, l + 2),
                                       .bias = ntk_architecture_bias_variance(architecture, l + 2)};
        if (has_skips(architecture)) {
            const ntk_skips *skips = &recursion->skips;
            layer->weight = skips->gain * skips->weight;
            layer->bias = layer->weight * skips->started;
        }
        if (ntk_dual_has_closed_form(activation)) {
            NTK_TRY(closed_form_layer(architecture, rows, l));
            if (columns != rows) NTK_TRY(closed_form_layer(architecture, columns, l));
        } else {
            NTK_TRY(mehler_layer(architecture, rows, columns, l, layer));
        }
        layer->row = rows->field[l];
        layer->column = columns->field[l];
        layer->fields = layer->terms ? 1 + 2 * layer->terms : NTK_CLOSED_FORM_FIELDS;
    }
    return NTK_OK;
}

static ntk_status take_roots(ntk_points *points, size_t l) {
    NTK_TRY(ntk_allocate_doubles(points->stride, &points->root[l]));
    for (size_t i = 0; i < points->count; i++)
        points->root[l][i] = ntk_inverse_root(points->variance[l * points->stride + i]);
    return NTK_OK;
}

/* ahead: (L), the largest prod_{k >= l} max(1, growth_k) of any point, if that is larger; left:
 * (L), the least that the layers before l leave of 1 - rho, from the layer on where it was
 * largest. */
static void follow_near_points(const ntk_points *points, double *ahead, double *left) {
    for (size_t i = 0; i < points->count; i++) {
        double later = 1, before = 1;
        for (size_t l = points->depth; l-- > 0;) {
            later *= fmax(1, points->growth[l * points->stride + i]);
            ahead[l] = ntk_larger(ahead[l], later);
        }
        for (size_t l = 0; l < points->depth; l++) {
            left[l] = fmin(left[l], before);
            before = fmin(1, before) * points->growth[l * points->stride + i];
        }
    }
}

/* Smooth layers in the chaotic phase tear near points apart, and with them their rounding; ReLU's
 * never do. Points are near by themselves, or since the layers before have brought them
 * together. */
static ntk_status guard_near_points(ntk_points *rows, ntk_points *columns, ntk_recursion *recursion) {
    const size_t depth = rows->depth;
    double ahead[NTK_DEPTH_MAX], left[NTK_DEPTH_MAX];
    for (size_t l = 0; l < depth; l++) ahead[l] = left[l] = 1;
    follow_near_points(rows, ahead, left);
    follow_near_points(columns, ahead, left);
    for (size_t l = 0; l < depth; l++) {
        if (ahead[l] <= NTK_GROWTH_ALLOWED || (l > 0 && left[l] >= NTK_SHRUNK)) continue;
        NTK_TRY(take_roots(rows, l));
        if (columns != rows) NTK_TRY(take_roots(columns, l));
        recursion->layer[l].row_root = rows->root[l];
        recursion->layer[l].column_root = columns->root[l];
    }
    return NTK_OK;
}

ntk_status ntk_points_recurse(const ntk_architecture *architecture, ntk_points *rows, ntk_points *columns,
                              ntk_recursion *recursion) {
    if (ntk_residual_is_plain(architecture)) {
        NTK_TRY(residual_blocks(architecture, rows, columns, recursion));
    } else {
        NTK_TRY(dense_layers(architecture, rows, columns, recursion));
        NTK_TRY(guard_near_points(rows, columns, recursion));
    }
    NTK_TRY(check_diagonal(rows));
    return columns == rows ? NTK_OK : check_diagonal(columns);
}
