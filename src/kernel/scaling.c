/* Rows of extreme size.
 *
 * Squares of components beyond 2^511 overflow, those below 2^-485 lose digits, although an entry of
 * a homogeneous kernel, which grows as |x| |x'|, may be an ordinary number. So rows are copied with
 * a power of two taken out, and so are the weight variances of dense networks, in which both
 * kernels are linear layer by layer:
 *
 *     K(2^a x, 2^b x'; 2^c_1 w_1^2, ..) = 2^(a + b + sum c_l) K(x, x'; w_1^2, ..).
 *
 * This is exact: all of S^l scales by a power of two, whose exponent on the diagonal is even (c_l
 * is), so that roots and their inverses scale too, and cosines are the same bits. The kernel of
 * rows that need no scaling is therefore the same with and without it. What rounds is a component
 * that becomes subnormal, 2^-600 of its row's largest one or less, and at the end an entry that is
 * subnormal itself.
 *
 * Limits. 2^400: near rows are projected on each other (angle.c), which leaves components of 2^-53
 * of them whose squares must be normal, and the layers multiply. A dense layer's gain, w^2 (1 +
 * s^2) / 2, is left within [1/2, 2), which moves variances by 2^256 at most. The blocks of a
 * residual network multiply by 1 + alpha^2 each, by G altogether, and have no weights to scale:
 * rows are brought to G^(-1/4), so that variances run from G^(-1/2) to G^(1/2); G up to 2^1600 is
 * served. */
#include "kernel/scaling.h"

#include <math.h>
#include <string.h>

#include <ntk/memory.h>

#include "kernel/dual.h"

#define LARGE 0x1p400
#define SMALL 0x1p-400
enum { MODERATE = 200 /* of exponents of gains */, LOWEST_LEVEL = 400 };

static bool has_biases(const ntk_architecture *architecture) {
    if (architecture->family != NTK_DENSE) return architecture->bias_variance > 0;
    for (size_t l = 1; l <= architecture->depth + 1; l++)
        if (ntk_architecture_bias_variance(architecture, l) > 0) return true;
    return false;
}

static bool is_homogeneous(const ntk_architecture *architecture) {
    const ntk_activation activation = architecture->activation;
    const bool any = architecture->family == NTK_DENSE && architecture->depth == 0;
    return (any || activation == NTK_LINEAR || ntk_dual_is_homogeneous(activation)) &&
           !has_biases(architecture);
}

static bool row_is_extreme(size_t d, const double *x) {
    bool large = false, ordinary = false, nonzero = false;
    for (size_t k = 0; k < d; k++) {
        large |= fabs(x[k]) > LARGE;
        ordinary |= fabs(x[k]) >= SMALL;
        nonzero |= x[k] != 0;
    }
    return large || (nonzero && !ordinary);
}

static bool rows_are_extreme(size_t n, size_t d, const double *x, size_t ldx) {
    for (size_t i = 0; i < n; i++)
        if (row_is_extreme(d, x + i * ldx)) return true;
    return false;
}

/* What layer l = 1 .. L + 1 of a dense network multiplies variances by. */
static double gain(const ntk_architecture *architecture, size_t l) {
    const double w2 = ntk_architecture_weight_variance(architecture, l);
    if (l == 1 || !ntk_dual_is_homogeneous(architecture->activation)) return w2;
    const double slope = ntk_dual_slope(architecture);
    return w2 * (0.5 * (1 + slope * slope));
}

/* log2 of what a residual network multiplies variances by; plain ones by 1 + alpha^2. */
static double residual_gain(const ntk_architecture *architecture) {
    const double alpha = architecture->residual_scale;
    return (double)architecture->depth * log2(1 + alpha * alpha * gain(architecture, 2));
}

static bool gains_are_extreme(const ntk_architecture *architecture) {
    if (architecture->family == NTK_CONVOLUTIONAL) return false;
    if (architecture->family == NTK_RESIDUAL) return residual_gain(architecture) > MODERATE;
    double exponent = 0;
    for (size_t l = 1; l <= architecture->depth + 1; l++) {
        exponent += log2(gain(architecture, l));
        if (fabs(exponent) > MODERATE) return true;
    }
    return false;
}

/* The weight variance of layer l with an even power of two taken out, which is added to
 * *exponent. */
static double reduced_weight(const ntk_architecture *architecture, size_t l, int *exponent) {
    const double w2 = ntk_architecture_weight_variance(architecture, l), factor = gain(architecture, l);
    if (!isfinite(factor)) return w2; /* a slope beyond 2^511 */
    const int above = ilogb(factor) + 1, even = above - (above & 1);
    *exponent += even;
    return ldexp(w2, -even);
}

static void scale_network(const ntk_architecture *architecture, ntk_scaling *out) {
    out->architecture = *architecture;
    if (architecture->family == NTK_DENSE) {
        for (size_t l = 1; l <= architecture->depth + 1; l++)
            out->weights[l - 1] = reduced_weight(architecture, l, &out->exponent);
        out->architecture.weight_variances = out->weights;
    }
    if (architecture->family == NTK_RESIDUAL)
        out->level = (int)fmin(LOWEST_LEVEL, residual_gain(architecture) / 4);
}

/* What to take out of a row; 0 for rows that are ordinary, 0 or not finite. */
static int row_exponent(const ntk_scaling *scaling, size_t d, const double *x) {
    if (scaling->level == 0 && !row_is_extreme(d, x)) return 0;
    double most = 0;
    for (size_t k = 0; k < d; k++) most = fmax(most, fabs(x[k]));
    return most > 0 && isfinite(most) ? ilogb(most) + scaling->level : 0;
}

static ntk_status scale_rows(const ntk_scaling *scaling, size_t n, size_t d, const double *x, size_t ldx,
                             double **out, int **exponent) {
    void *memory = NULL;
    NTK_TRY(ntk_allocate(n, sizeof **exponent, &memory));
    *exponent = memory;
    NTK_TRY(ntk_allocate_doubles(n * d, out));
    for (size_t i = 0; i < n; i++) {
        (*exponent)[i] = row_exponent(scaling, d, x + i * ldx);
        for (size_t k = 0; k < d; k++) (*out)[i * d + k] = ldexp(x[i * ldx + k], -(*exponent)[i]);
    }
    return NTK_OK;
}

ntk_status ntk_scaling_create(const ntk_architecture *architecture, size_t d, size_t n, const double *x,
                              size_t ldx, size_t m, const double *y, size_t ldy, ntk_scaling *out) {
    memset(out, 0, sizeof *out);
    out->used =
        is_homogeneous(architecture) && (gains_are_extreme(architecture) || rows_are_extreme(n, d, x, ldx) ||
                                         (y != NULL && rows_are_extreme(m, d, y, ldy)));
    if (!out->used) return NTK_OK;
    scale_network(architecture, out);
    NTK_TRY(scale_rows(out, n, d, x, ldx, &out->x, &out->row_exponent));
    if (y != NULL) NTK_TRY(scale_rows(out, m, d, y, ldy, &out->y, &out->column_exponent));
    return NTK_OK;
}

void ntk_scaling_destroy(ntk_scaling *scaling) {
    ntk_release(scaling->x);
    ntk_release(scaling->y);
    ntk_release(scaling->row_exponent);
    ntk_release(scaling->column_exponent);
}

ntk_status ntk_scaling_undo(const ntk_scaling *scaling, size_t row, size_t rows, size_t column,
                            size_t columns, double *kernel, size_t ldk) {
    if (!scaling->used || kernel == NULL) return NTK_OK;
    const int *other = scaling->column_exponent ? scaling->column_exponent : scaling->row_exponent;
    const bool images = scaling->architecture.family == NTK_CONVOLUTIONAL;
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) {
            double *entry = kernel + i * ldk + j;
            *entry = ldexp(*entry, scaling->row_exponent[row + i] + other[column + j] + scaling->exponent);
            if (!isfinite(*entry))
                return ntk_fail(NTK_ERROR_NOT_FINITE, "kernel of %s %zu and %zu overflows",
                                images ? "images" : "inputs", row + i, column + j);
        }
    return NTK_OK;
}
