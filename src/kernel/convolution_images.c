/* Units. ReLU turns the angle between two patches into kappa_0, whose derivative is infinite at
 * parallel ones, and patches of real images often are parallel: of bytes that are saturated, or 0
 * but for one. What rounding does to the determinant a a' - p^2 of a pair of parallel patches is
 * then seen with its root. If the pixels are integers with at most 26 bits for the sum of their
 * squares over a patch, nothing is rounded. So are bytes, and bytes divided by 255; multiples of a
 * power of two are too, and images of a single value. Of such an image the greatest common divisor
 * is also taken out where it can be: then images of one constant, or of a single pixel, become
 * equal or shifted copies of each other, and what is parallel in the first layer remains so to the
 * last bit in all of them.
 *
 * Other images are scaled by powers of two, which keeps squares from overflow. */
#include "kernel/convolution_images.h"

#include <math.h>
#include <stdint.h>

#include <ntk/memory.h>

#define MOST_BITS 26

/* What an integer image is made of. */
typedef struct {
    bool exact;
    double unit;
} grain;

static double largest(size_t n, const double *x) {
    double most = 0;
    for (size_t i = 0; i < n; i++) most = fmax(most, fabs(x[i]));
    return most;
}

/* The exponent of the last bit that is set in any of the numbers; INT_MAX for zeros. */
static int last_bit(size_t n, const double *x) {
    int least = INT32_MAX;
    for (size_t i = 0; i < n; i++) {
        if (x[i] == 0) continue;
        int exponent = 0;
        const double mantissa = frexp(fabs(x[i]), &exponent); /* [1/2, 1) */
        const uint64_t bits = (uint64_t)ldexp(mantissa, 53);
        const int zeros = __builtin_ctzll(bits);
        if (exponent - 53 + zeros < least) least = exponent - 53 + zeros;
    }
    return least;
}

/* x = r / 255 or r (1/255), rounded, for an integer r. */
static bool is_255th(double x) {
    const double r = nearbyint(255 * x);
    return x == r / 255 || x == r * (1.0 / 255);
}

/* terms: of the sum over a patch. */
static bool fits(double most, double unit, size_t terms) {
    const double integer = most / unit;
    return (double)terms * integer * integer <= ldexp(1, MOST_BITS);
}

/* Every number is 0 or plus or minus one value. */
static bool has_one_size(size_t n, const double *x, double size) {
    for (size_t i = 0; i < n; i++)
        if (x[i] != 0 && fabs(x[i]) != size) return false;
    return true;
}

static grain find_grain(size_t n, const double *x, size_t terms) {
    const double most = largest(n, x);
    if (most == 0) return (grain){true, 1};
    if (has_one_size(n, x, most) && fits(1, 1, terms)) return (grain){true, most};
    const double unit = ldexp(1, last_bit(n, x));
    if (unit > 0 && fits(most, unit, terms)) return (grain){true, unit};
    if (!fits(most, 1.0 / 255, terms)) return (grain){false, 1};
    for (size_t i = 0; i < n; i++)
        if (!is_255th(x[i])) return (grain){false, 1};
    return (grain){true, 1.0 / 255};
}

static double power_of_two_near(double x) {
    int exponent = 0;
    frexp(x, &exponent);
    return x > 0 ? ldexp(1, exponent - 1) : 1;
}

static uint64_t greatest_common_divisor(uint64_t a, uint64_t b) {
    while (b != 0) {
        const uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* The image in multiples of `unit`. */
static void set_unit(ntk_images *images, size_t i, double unit, bool exact) {
    double *pixel = images->pixel + i * images->size;
    for (size_t k = 0; k < images->size; k++) pixel[k] = exact ? nearbyint(pixel[k] / unit) : pixel[k] / unit;
    images->unit[i] = unit;
    images->exact[i] = exact;
}

static void divide_by_common_divisor(ntk_images *images, size_t i) {
    double *pixel = images->pixel + i * images->size;
    uint64_t divisor = 0;
    for (size_t k = 0; k < images->size; k++)
        divisor = greatest_common_divisor(divisor, (uint64_t)fabs(pixel[k]));
    if (divisor == 0) return;
    for (size_t k = 0; k < images->size; k++) pixel[k] /= (double)divisor;
    images->unit[i] *= (double)divisor;
}

static void own_units(ntk_images *images, size_t terms) {
    for (size_t i = 0; i < images->count; i++) {
        const double *pixel = images->pixel + i * images->size;
        const grain found = find_grain(images->size, pixel, terms);
        if (found.exact) {
            set_unit(images, i, found.unit, true);
            divide_by_common_divisor(images, i);
        } else {
            set_unit(images, i, power_of_two_near(largest(images->size, pixel)), false);
        }
    }
}

static grain common_grain(const ntk_images *rows, const ntk_images *columns, size_t terms) {
    const grain a = find_grain(rows->count * rows->size, rows->pixel, terms);
    const grain b = find_grain(columns->count * columns->size, columns->pixel, terms);
    const double most_a = largest(rows->count * rows->size, rows->pixel);
    const double most_b = largest(columns->count * columns->size, columns->pixel);
    if (most_a == 0) return b;
    if (most_b == 0) return a;
    const double unit = fmin(a.unit, b.unit), most = fmax(most_a, most_b);
    const bool same_kind = (a.unit == 1.0 / 255) == (b.unit == 1.0 / 255);
    if (a.exact && b.exact && same_kind && fits(most, unit, terms)) return (grain){true, unit};
    return (grain){false, 1};
}

void ntk_images_choose_units(const ntk_convolution_plan *plan, ntk_images *rows, ntk_images *columns) {
    const ntk_architecture *architecture = plan->architecture;
    const ntk_layer_plan *layer = &plan->layer[0];
    const size_t terms = layer->axis[NTK_VERTICAL].shape.patch * layer->axis[NTK_HORIZONTAL].shape.patch *
                         architecture->convolution.channels;
    if (architecture->bias_variance == 0) {
        own_units(rows, terms);
        if (columns != rows) own_units(columns, terms);
        return;
    }
    grain common = common_grain(rows, columns, terms);
    if (!common.exact) {
        const double most = fmax(largest(rows->count * rows->size, rows->pixel),
                                 largest(columns->count * columns->size, columns->pixel));
        common.unit = power_of_two_near(fmax(most, sqrt(architecture->bias_variance)));
    }
    for (size_t i = 0; i < rows->count; i++) set_unit(rows, i, common.unit, common.exact);
    for (size_t i = 0; columns != rows && i < columns->count; i++)
        set_unit(columns, i, common.unit, common.exact);
}

/* ---- creation -------------------------------------------------------------------------------- */

static ntk_status copy_pixels(const ntk_architecture *architecture, const double *x, size_t ldx,
                              ntk_images *out) {
    const size_t width = architecture->convolution.width, channels = architecture->convolution.channels;
    for (size_t i = 0; i < out->count; i++)
        for (size_t k = 0; k < out->size; k++) {
            const double value = x[i * ldx + k];
            if (!isfinite(value))
                return ntk_fail(NTK_ERROR_NOT_FINITE, "image %zu: row %zu, column %zu, channel %zu is %g", i,
                                k / (width * channels), k / channels % width, k % channels, value);
            out->pixel[i * out->size + k] = value;
        }
    return NTK_OK;
}

ntk_status ntk_images_create(const ntk_convolution_plan *plan, size_t n, const double *x, size_t ldx,
                             ntk_images *out) {
    const ntk_convolution *convolution = &plan->architecture->convolution;
    *out = (ntk_images){.count = n, .size = convolution->height * convolution->width * convolution->channels};
    void *flags = NULL;
    NTK_TRY(ntk_allocate(n, sizeof *out->exact, &flags));
    out->exact = flags;
    if (n > SIZE_MAX / out->size || n > SIZE_MAX / plan->positions)
        return ntk_fail(NTK_ERROR_MEMORY, "%zu images of %zu numbers are too many", n, out->size);
    NTK_TRY(ntk_allocate_doubles(n * out->size, &out->pixel));
    NTK_TRY(ntk_allocate_doubles(n * plan->positions, &out->variance));
    NTK_TRY(ntk_allocate_doubles(n, &out->unit));
    NTK_TRY(ntk_allocate_doubles(n, &out->nngp));
    NTK_TRY(ntk_allocate_doubles(n, &out->ntk));
    for (size_t i = 0; i < n; i++) out->unit[i] = 1;
    return copy_pixels(plan->architecture, x, ldx, out);
}

void ntk_images_destroy(ntk_images *images) {
    ntk_release(images->pixel);
    ntk_release(images->unit);
    ntk_release(images->exact);
    ntk_release(images->variance);
    ntk_release(images->nngp);
    ntk_release(images->ntk);
}
