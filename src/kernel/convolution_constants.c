#include "kernel/convolution_constants.h"

#include <math.h>

#include "kernel/dual.h"
#include "kernel/kernel_points.h"

enum { LARGEST_SCALE = 300 /* binary exponent that sums may reach before they are scaled down */ };

/* What rounding can do to 1 - |rho| in layer l (0-based) beyond the first: each layer brings sums
 * and roots, some 16 roundings in all, to S and to both variances, and kappa_1 does not enlarge
 * what comes from below.
 */
static double angle_limit(size_t l) { return 16 * (double)(l + 1) * 0x1p-52; }

/* Plain ReLU: S = p, and true S = scale S. Returns the true S's factor for the next layer; sums
 * that have grown too large are scaled down by a power of two. */
static void plain_layers(ntk_convolution_kernel *kernel, double first, double weight) {
    const ntk_convolution_plan *plan = kernel->plan;
    double scale = first / plan->layer[0].divisor;
    /* Of products of pixels. */
    double growth = 26 + log2((double)plan->architecture->convolution.channels);
    for (size_t l = 0; l < plan->depth; l++) {
        const ntk_image_axis *vertical = &plan->layer[l].axis[NTK_VERTICAL].shape;
        const ntk_image_axis *horizontal = &plan->layer[l].axis[NTK_HORIZONTAL].shape;
        kernel->layer[l].factor = 1;
        growth += log2(M_PI * (double)vertical->patch * (double)horizontal->patch);
        if (l > 0) scale *= weight / (2 * M_PI * plan->layer[l].divisor);
        if (growth > LARGEST_SCALE) {
            kernel->layer[l].factor = ldexp(1, -LARGEST_SCALE);
            scale = ldexp(scale, LARGEST_SCALE);
            growth -= LARGEST_SCALE;
        }
    }
    kernel->scale = scale * weight / (2 * M_PI);
}

static void affine_layers(ntk_convolution_kernel *kernel, double first, double weight, double bias) {
    const ntk_convolution_plan *plan = kernel->plan;
    const double dual =
        plan->architecture->activation == NTK_RELU ? 2 * M_PI : 1; /* E is stored times this */
    for (size_t l = 0; l < plan->depth; l++) {
        kernel->layer[l].factor = (l == 0 ? first : weight / dual) / plan->layer[l].divisor;
        kernel->layer[l].shift = bias;
    }
    kernel->scale = weight / dual;
}

ntk_convolution_kernel ntk_convolution_kernel_create(const ntk_convolution_plan *plan, bool tangent,
                                                     double squared_unit) {
    const ntk_architecture *a = plan->architecture;
    const ntk_convolution *convolution = &a->convolution;
    ntk_convolution_kernel kernel = {.plan = plan,
                                     .planes = ntk_planes_chosen(),
                                     .tangent = tangent,
                                     .plain = a->activation == NTK_RELU && a->bias_variance == 0,
                                     .bias = a->bias_variance,
                                     .squared_unit = squared_unit};
    double first =
        convolution->first_weight_variance > 0 ? convolution->first_weight_variance : a->weight_variance;
    if (a->input_scale == NTK_INPUT_SCALE_DIMENSION) first /= (double)convolution->channels;
    if (kernel.plain)
        plain_layers(&kernel, first, a->weight_variance);
    else
        affine_layers(&kernel, first, a->weight_variance, a->bias_variance / squared_unit);
    for (size_t l = 0; l < plan->depth; l++) {
        kernel.layer[l].fields.fields = NTK_CLOSED_FORM_FIELDS;
        kernel.layer[l].fields.limit = l == 0 ? -1 : angle_limit(l); /* of ReLU */
    }
    if (convolution->readout == NTK_READOUT_AVERAGE) {
        const ntk_layer_plan *last = &plan->layer[plan->depth - 1];
        const double positions =
            (double)last->axis[NTK_VERTICAL].shape.pooled * (double)last->axis[NTK_HORIZONTAL].shape.pooled;
        kernel.scale /= positions * positions;
    }
    return kernel;
}

static double largest_variance(const ntk_convolution_kernel *kernel, const ntk_images *images, size_t l) {
    const ntk_layer_plan *layer = &kernel->plan->layer[l];
    double most = 0;
    for (size_t i = 0; i < images->count; i++)
        for (size_t k = 0; k < layer->positions; k++)
            most = fmax(most, images->variance[i * kernel->plan->positions + layer->first + k]);
    return kernel->layer[l].factor * most + kernel->layer[l].shift;
}

ntk_status ntk_convolution_kernel_expand(ntk_convolution_kernel *kernel, const ntk_images *rows,
                                         const ntk_images *columns) {
    const ntk_activation activation = kernel->plan->architecture->activation;
    if (ntk_dual_has_closed_form(activation)) return NTK_OK;
    for (size_t l = 0; l < kernel->plan->depth; l++) {
        const double most = fmax(largest_variance(kernel, rows, l), largest_variance(kernel, columns, l));
        NTK_TRY(ntk_mehler_create(activation, most, &kernel->mehler[l]));
    }
    return NTK_OK;
}

void ntk_convolution_kernel_destroy(ntk_convolution_kernel *kernel) {
    for (size_t l = 0; l < NTK_CONVOLUTION_DEPTH_MAX; l++) ntk_mehler_destroy(kernel->mehler[l]);
}
