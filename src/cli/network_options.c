/* Options that describe a network, and points that suit it. */
#include "cli/network_options.h"

#include <stdbool.h>
#include <string.h>

/* ---- options --------------------------------------------------------------------------------- */

/* One of two names; *second tells which. */
static int choose(const cli_arguments *arguments, const char *name, const char *first, const char *other,
                  bool *second) {
    const char *value = cli_value(arguments, name);
    *second = value != NULL && strcmp(value, other) == 0;
    if (value == NULL || *second || strcmp(value, first) == 0) return CLI_OK;
    return cli_usage_error(arguments->command, "--%s takes %s or %s, not '%s'", name, first, other, value);
}

static int read_family(const cli_arguments *arguments, ntk_family *family) {
    static const char *const names[] = {
        [NTK_DENSE] = "dense", [NTK_RESIDUAL] = "residual", [NTK_CONVOLUTIONAL] = "convolutional"};
    const char *value = cli_value(arguments, "arch");
    *family = NTK_DENSE;
    if (value != NULL && strcmp(value, "conv") == 0) value = names[NTK_CONVOLUTIONAL];
    for (size_t k = 0; k < sizeof names / sizeof *names && value != NULL; k++)
        if (strcmp(value, names[k]) == 0) *family = (ntk_family)k;
    if (value == NULL || strcmp(value, names[*family]) == 0) return CLI_OK;
    return cli_usage_error(arguments->command, "--arch takes dense, residual or convolutional, not '%s'",
                           value);
}

/* Options that another family has are refused, not ignored. */
static int check_family_options(const cli_arguments *arguments, ntk_family family) {
    static const struct {
        const char *option, *text;
        bool allowed[3];
    } owners[] = {
        {"residual-scale", "--arch residual", {[NTK_RESIDUAL] = true}},
        {"bias-start", "--arch residual", {[NTK_RESIDUAL] = true}},
        {"image", "--arch convolutional", {[NTK_CONVOLUTIONAL] = true}},
        {"layers", "--arch convolutional", {[NTK_CONVOLUTIONAL] = true}},
        {"readout", "--arch convolutional", {[NTK_CONVOLUTIONAL] = true}},
        {"first-weight-variance", "--arch convolutional", {[NTK_CONVOLUTIONAL] = true}},
        {"depth",
         "the other families; --layers says how many there are",
         {[NTK_DENSE] = true, [NTK_RESIDUAL] = true}},
    };
    for (size_t k = 0; k < sizeof owners / sizeof *owners; k++)
        if (!owners[k].allowed[family] && cli_value(arguments, owners[k].option) != NULL)
            return cli_usage_error(arguments->command, "--%s belongs to %s", owners[k].option,
                                   owners[k].text);
    return CLI_OK;
}

/* --image (without it the size stays 0, for cli_read_points to find), --layers, --readout and
 * --first-weight-variance. */
static int read_convolution(const cli_arguments *arguments, ntk_architecture *architecture) {
    const char *image = cli_value(arguments, "image"), *layers = cli_value(arguments, "layers");
    bool average = false;
    if (image != NULL && ntk_architecture_parse_image(image, architecture) != NTK_OK)
        return cli_usage_error(arguments->command, "--image: %s", ntk_error_detail());
    if (ntk_architecture_parse_layers(layers != NULL ? layers : "conv 3", architecture) != NTK_OK)
        return cli_usage_error(arguments->command, "--layers: %s", ntk_error_detail());
    int usage = choose(arguments, "readout", "flatten", "average", &average);
    architecture->convolution.readout = average ? NTK_READOUT_AVERAGE : NTK_READOUT_FLATTEN;
    double first = architecture->convolution.first_weight_variance;
    if (usage == CLI_OK) usage = cli_real(arguments, "first-weight-variance", &first);
    if (usage == CLI_OK && cli_value(arguments, "first-weight-variance") != NULL && !(first > 0))
        return cli_usage_error(arguments->command, "--first-weight-variance takes a positive number");
    architecture->convolution.first_weight_variance = first;
    return usage;
}

/* One number for all layers, into *all, or one for each of the `layers`, into `each`, to which
 * *used then points. */
static int read_variances(const cli_arguments *arguments, const char *name, size_t layers, double *all,
                          double *each, const double **used) {
    const char *text = cli_value(arguments, name);
    size_t count = 0;
    if (text == NULL) return CLI_OK;
    if (ntk_architecture_parse_variances(text, each, &count) != NTK_OK)
        return cli_usage_error(arguments->command, "--%s: %s", name, ntk_error_detail());
    if (count == 1)
        *all = each[0];
    else if (count != layers)
        return cli_usage_error(arguments->command, "--%s: %zu numbers, where there are %zu layers", name,
                               count, layers);
    else
        *used = each;
    return CLI_OK;
}

static int read_all_variances(const cli_arguments *arguments, ntk_architecture *architecture) {
    static double weight[NTK_DEPTH_MAX + 1], bias[NTK_DEPTH_MAX + 1];
    const size_t layers = architecture->depth + 1;
    const int usage = read_variances(arguments, "weight-variance", layers, &architecture->weight_variance,
                                     weight, &architecture->weight_variances);
    if (usage != CLI_OK) return usage;
    return read_variances(arguments, "bias-variance", layers, &architecture->bias_variance, bias,
                          &architecture->bias_variances);
}

static bool lacks_image(const ntk_architecture *architecture) {
    return architecture->family == NTK_CONVOLUTIONAL && architecture->convolution.height == 0;
}

/* As far as it is known: every layer fits a single position. */
static ntk_status check_network(const ntk_architecture *architecture) {
    ntk_architecture known = *architecture;
    if (lacks_image(architecture))
        known.convolution.height = known.convolution.width = known.convolution.channels = 1;
    return ntk_architecture_check(&known);
}

int cli_network(const cli_arguments *arguments, ntk_architecture *architecture) {
    const char *activation = cli_value(arguments, "activation");
    bool no_scale = false, from_0 = false;
    *architecture = ntk_architecture_default();
    int usage = read_family(arguments, &architecture->family);
    if (usage == CLI_OK) usage = check_family_options(arguments, architecture->family);
    if (usage == CLI_OK && architecture->family == NTK_CONVOLUTIONAL)
        usage = read_convolution(arguments, architecture);
    if (usage != CLI_OK) return usage;
    if (activation != NULL && ntk_activation_parse(activation, &architecture->activation) != NTK_OK)
        return cli_usage_error(arguments->command, "--activation: %s", ntk_error_detail());
    usage = cli_size(arguments, "depth", 0, NTK_DEPTH_MAX, &architecture->depth);
    if (usage == CLI_OK && architecture->activation != NTK_LEAKY_RELU &&
        cli_value(arguments, "leaky-slope") != NULL)
        return cli_usage_error(arguments->command, "--leaky-slope belongs to --activation leaky-relu");
    if (usage == CLI_OK) usage = cli_real(arguments, "leaky-slope", &architecture->leaky_slope);
    if (usage == CLI_OK) usage = cli_real(arguments, "residual-scale", &architecture->residual_scale);
    if (usage == CLI_OK) usage = read_all_variances(arguments, architecture);
    if (usage == CLI_OK) usage = choose(arguments, "input-scale", "dimension", "none", &no_scale);
    if (usage == CLI_OK) usage = choose(arguments, "bias-start", "random", "zero", &from_0);
    if (usage != CLI_OK) return usage;
    architecture->bias_start = from_0 ? NTK_BIAS_START_ZERO : NTK_BIAS_START_RANDOM;
    architecture->input_scale = no_scale ? NTK_INPUT_SCALE_NONE : NTK_INPUT_SCALE_DIMENSION;
    if (check_network(architecture) != NTK_OK)
        return cli_usage_error(arguments->command, "%s", ntk_error_detail());
    return CLI_OK;
}

int cli_kernel_type(const cli_arguments *arguments, ntk_kernel_type *type) {
    bool nngp = false;
    const int usage = choose(arguments, "type", "ntk", "nngp", &nngp);
    *type = nngp ? NTK_KERNEL_NNGP : NTK_KERNEL_NTK;
    return usage;
}

/* ---- points ---------------------------------------------------------------------------------- */

/* Images of (n, height, width, channels), or without the last where that is 1; points in rows are
 * signals. */
static ntk_status take_image(ntk_architecture *architecture, const ntk_array *x) {
    ntk_convolution *c = &architecture->convolution;
    const bool as_images = x->axes == 3 || x->axes == 4;
    if (!lacks_image(architecture)) return NTK_OK;
    c->height = as_images ? x->shape[1] : 1;
    c->width = as_images ? x->shape[2] : x->columns;
    c->channels = x->axes == 4 ? x->shape[3] : 1;
    return ntk_architecture_check(architecture);
}

/* Images that come with a shape have the one that is known. Any other shape is taken by its numbers
 * alone. */
static ntk_status check_images(const ntk_architecture *architecture, const ntk_array *x) {
    const ntk_convolution *c = &architecture->convolution;
    if (architecture->family != NTK_CONVOLUTIONAL) return NTK_OK;
    const bool as_images = x->axes == 4 || (x->axes == 3 && c->channels == 1);
    const size_t channels = x->axes == 4 ? x->shape[3] : 1;
    if (!as_images || (x->shape[1] == c->height && x->shape[2] == c->width && channels == c->channels))
        return NTK_OK;
    return ntk_fail(NTK_ERROR_SHAPE, "images of %zu x %zu x %zu, where %zu x %zu x %zu are wanted",
                    x->shape[1], x->shape[2], channels, c->height, c->width, c->channels);
}

ntk_status cli_read_points(ntk_architecture *architecture, const char *path, ntk_array *out) {
    NTK_TRY(ntk_array_read(path, out));
    ntk_status status = take_image(architecture, out);
    if (status == NTK_OK) status = check_images(architecture, out);
    if (status != NTK_OK) ntk_array_release(out);
    return status;
}
