#include <ntk/architecture.h>

#include <math.h>

#include "architecture/geometry.h"

/* activation, name, continuous derivative; in the order of the enumeration. */
#define ACTIVATION_TABLE(X)                                                                                  \
    X(NTK_RELU, "relu", false)                                                                               \
    X(NTK_ERF, "erf", true)                                                                                  \
    X(NTK_GELU, "gelu", true)                                                                                \
    X(NTK_TANH, "tanh", true)                                                                                \
    X(NTK_SOFTPLUS, "softplus", true)                                                                        \
    X(NTK_SIGMOID, "sigmoid", true)                                                                          \
    X(NTK_SIN, "sin", true)                                                                                  \
    X(NTK_LINEAR, "linear", true)                                                                            \
    X(NTK_COS, "cos", true)                                                                                  \
    X(NTK_LEAKY_RELU, "leaky-relu", false)                                                                   \
    X(NTK_ABS, "abs", false)

typedef struct activation_entry {
    const char *name;
    bool smooth;
} activation_entry;

static const activation_entry activations[] = {
#define ACTIVATION_ENTRY(activation, text, smooth) [activation] = {text, smooth},
    ACTIVATION_TABLE(ACTIVATION_ENTRY)
#undef ACTIVATION_ENTRY
};

_Static_assert(sizeof activations / sizeof activations[0] == NTK_ACTIVATION_COUNT,
               "every activation has its row in the table");

static bool is_activation(ntk_activation activation) { return (size_t)activation < NTK_ACTIVATION_COUNT; }

const char *ntk_activation_name(ntk_activation activation) {
    return is_activation(activation) ? activations[activation].name : "unknown";
}

bool ntk_activation_is_smooth(ntk_activation activation) {
    return is_activation(activation) && activations[activation].smooth;
}

ntk_architecture ntk_architecture_default(void) {
    return (ntk_architecture){
        .family = NTK_DENSE,
        .depth = 1,
        .activation = NTK_RELU,
        .weight_variance = 2,
        .bias_variance = 0,
        .leaky_slope = NTK_LEAKY_SLOPE,
        .residual_scale = 1,
        .input_scale = NTK_INPUT_SCALE_DIMENSION,
        .parametrisation = NTK_PARAMETRISATION_NTK,
    };
}

static ntk_status fail_enumeration(const char *field, int value, const char *allowed) {
    return ntk_fail(NTK_ERROR_ARGUMENT, "architecture: %s is %d; it must be %s", field, value, allowed);
}

static ntk_status check_residual(const ntk_architecture *a) {
    if (isfinite(a->residual_scale) && a->residual_scale >= 0) return NTK_OK;
    return ntk_fail(NTK_ERROR_ARGUMENT,
                    "architecture: residual_scale is %g; it must be non-negative and finite",
                    a->residual_scale);
}

static ntk_status check_bias_start(const ntk_architecture *a) {
    if (a->bias_start != NTK_BIAS_START_RANDOM && a->bias_start != NTK_BIAS_START_ZERO)
        return fail_enumeration("bias_start", (int)a->bias_start, "a member of ntk_bias_start");
    if (a->bias_start == NTK_BIAS_START_RANDOM || a->family == NTK_RESIDUAL) return NTK_OK;
    return ntk_fail(NTK_ERROR_ARGUMENT, "architecture: biases that begin at 0 belong to residual networks");
}

static ntk_status check_layer(const ntk_convolution_layer *layer, size_t l) {
    const unsigned sizes[] = {layer->patch, layer->stride,
                              layer->pooling == NTK_POOLING_NONE ? 1 : layer->factor};
    static const char *const names[] = {"patch", "stride", "factor of the pooling"};
    if ((unsigned)layer->padding > NTK_PADDING_CIRCULAR)
        return fail_enumeration("padding", (int)layer->padding, "a member of ntk_padding");
    if ((unsigned)layer->scale > NTK_PATCH_SUM)
        return fail_enumeration("scale", (int)layer->scale, "a member of ntk_patch_scale");
    if ((unsigned)layer->pooling >= NTK_POOLING_COUNT)
        return fail_enumeration("pooling", (int)layer->pooling, "a member of ntk_pooling");
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
        if (sizes[k] < 1 || sizes[k] > NTK_GRID_MAX)
            return ntk_fail(NTK_ERROR_ARGUMENT,
                            "architecture: convolutional layer %zu: the %s is %u; it must be 1 to %d", l + 1,
                            names[k], sizes[k], NTK_GRID_MAX);
    return NTK_OK;
}

/* Of either axis: a pooling must leave a position. */
static ntk_status check_axis(const ntk_image_axis *axis, size_t l) {
    if (axis->pooled > 0) return NTK_OK;
    return ntk_fail(NTK_ERROR_ARGUMENT,
                    "architecture: convolutional layer %zu: pooling by %zu leaves nothing of %zu positions; "
                    "it needs %zu",
                    l + 1, axis->factor, axis->out,
                    axis->pooling == NTK_POOLING_GAUSS ? 2 * axis->factor : axis->factor);
}

static ntk_status check_image(const ntk_convolution *convolution) {
    const size_t sizes[] = {convolution->height, convolution->width, convolution->channels};
    static const char *const names[] = {"height", "width", "channels"};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
        if (sizes[k] < 1 || sizes[k] > NTK_GRID_MAX)
            return ntk_fail(NTK_ERROR_ARGUMENT, "architecture: the image's %s is %zu; it must be 1 to %d",
                            names[k], sizes[k], NTK_GRID_MAX);
    return NTK_OK;
}

static ntk_status check_convolution(const ntk_architecture *a) {
    const ntk_convolution *convolution = &a->convolution;
    if (a->activation == NTK_LEAKY_RELU || a->activation == NTK_ABS)
        return ntk_fail(NTK_ERROR_ARGUMENT,
                        "architecture: convolutional networks do not have the activation %s",
                        ntk_activation_name(a->activation));
    NTK_TRY(check_image(convolution));
    if ((unsigned)convolution->readout > NTK_READOUT_AVERAGE)
        return fail_enumeration("readout", (int)convolution->readout, "a member of ntk_readout");
    if (!(isfinite(convolution->first_weight_variance) && convolution->first_weight_variance >= 0))
        return ntk_fail(NTK_ERROR_ARGUMENT,
                        "architecture: first_weight_variance is %g; it must be positive and finite, or 0 for "
                        "that of the other layers",
                        convolution->first_weight_variance);
    size_t height = convolution->height, width = convolution->width;
    for (size_t l = 0; l < a->depth; l++) {
        NTK_TRY(check_layer(&convolution->layer[l], l));
        const ntk_image_axis vertical = ntk_image_axis_create(&convolution->layer[l], height);
        const ntk_image_axis horizontal = ntk_image_axis_create(&convolution->layer[l], width);
        NTK_TRY(check_axis(&vertical, l));
        NTK_TRY(check_axis(&horizontal, l));
        height = vertical.pooled;
        width = horizontal.pooled;
    }
    return NTK_OK;
}

static ntk_status check_depth(const ntk_architecture *a) {
    const size_t least = a->family == NTK_DENSE ? 0 : 1;
    const size_t most = a->family == NTK_CONVOLUTIONAL ? NTK_CONVOLUTION_DEPTH_MAX : NTK_DEPTH_MAX;
    if (a->depth >= least && a->depth <= most) return NTK_OK;
    return ntk_fail(NTK_ERROR_ARGUMENT, "architecture: depth is %zu; it must be %zu to %zu hidden layers",
                    a->depth, least, most);
}

static bool is_weight_variance(double value) { return isfinite(value) && value > 0; }
static bool is_bias_variance(double value) { return isfinite(value) && value >= 0; }

/* `values`: (L + 1), or NULL. */
static ntk_status check_each(const ntk_architecture *a, const char *field, const double *values,
                             bool (*allowed)(double), const char *want) {
    if (values == NULL) return NTK_OK;
    if (a->family != NTK_DENSE)
        return ntk_fail(NTK_ERROR_ARGUMENT,
                        "architecture: %s belong to dense networks; the layers of the others share one",
                        field);
    for (size_t l = 1; l <= a->depth + 1; l++)
        if (!allowed(values[l - 1]))
            return ntk_fail(NTK_ERROR_ARGUMENT, "architecture: %s: that of layer %zu is %g; it must be %s",
                            field, l, values[l - 1], want);
    return NTK_OK;
}

static ntk_status check_variances(const ntk_architecture *a) {
    if (a->weight_variances == NULL && !is_weight_variance(a->weight_variance))
        return ntk_fail(NTK_ERROR_ARGUMENT,
                        "architecture: weight_variance is %g; it must be positive and finite",
                        a->weight_variance);
    if (a->bias_variances == NULL && !is_bias_variance(a->bias_variance))
        return ntk_fail(NTK_ERROR_ARGUMENT,
                        "architecture: bias_variance is %g; it must be non-negative and finite",
                        a->bias_variance);
    NTK_TRY(
        check_each(a, "weight_variances", a->weight_variances, is_weight_variance, "positive and finite"));
    return check_each(a, "bias_variances", a->bias_variances, is_bias_variance, "non-negative and finite");
}

ntk_status ntk_architecture_check(const ntk_architecture *a) {
    if ((unsigned)a->family > NTK_CONVOLUTIONAL)
        return fail_enumeration("family", (int)a->family, "a member of ntk_family");
    if (!is_activation(a->activation)) {
        return fail_enumeration("activation", (int)a->activation, "a member of ntk_activation");
    }
    if (a->input_scale != NTK_INPUT_SCALE_DIMENSION && a->input_scale != NTK_INPUT_SCALE_NONE) {
        return fail_enumeration("input_scale", (int)a->input_scale, "a member of ntk_input_scale");
    }
    if (a->parametrisation != NTK_PARAMETRISATION_NTK &&
        a->parametrisation != NTK_PARAMETRISATION_MEAN_FIELD) {
        return fail_enumeration("parametrisation", (int)a->parametrisation,
                                "a member of ntk_parametrisation");
    }
    if (a->activation == NTK_LEAKY_RELU && !isfinite(a->leaky_slope))
        return ntk_fail(NTK_ERROR_ARGUMENT, "architecture: leaky_slope is %g; it must be finite",
                        a->leaky_slope);
    NTK_TRY(check_depth(a));
    NTK_TRY(check_variances(a));
    NTK_TRY(check_bias_start(a));
    if (a->family == NTK_CONVOLUTIONAL) return check_convolution(a);
    return a->family == NTK_RESIDUAL ? check_residual(a) : NTK_OK;
}
