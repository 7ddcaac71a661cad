/* The architecture: one value that describes the infinite-width kernel and the finite network.
 *
 * Dense network in the NTK parametrisation (Jacot et al. 2018, section 3), L hidden layers of width
 * m, K outputs, input dimension d, every parameter i.i.d. N(0, 1) at the start:
 *
 *     h^1     = (w / sqrt(d)) W^1 x + b beta^1            (1 for sqrt(d) with NTK_INPUT_SCALE_NONE)
 *     h^{l+1} = (w / sqrt(m)) W^{l+1} phi(h^l) + b beta^{l+1},       l = 1 .. L
 *     f       = h^{L+1}
 *
 * with w^2 the weight variance and b^2 the bias variance. Either may differ from layer to layer,
 * w_l and b_l in h^l, l = 1 .. L + 1; a layer with b_l = 0 has no biases. L = 0 is the linear model
 * f = h^1.
 *
 * Residual network (chen-2025, (2.2); all parameters trained), L blocks of width m:
 *
 *     h^0 = W^0 x / sqrt(d) + b beta^0                    (1 for sqrt(d) with NTK_INPUT_SCALE_NONE)
 *     h^l = h^{l-1} + alpha (sqrt(1/m) V^l phi(g^l) + b gamma^l),
 *     g^l = (w / sqrt(m)) W^l h^{l-1} + w b beta^l,                         l = 1 .. L
 *     f   = sqrt(1/m) v^T h^L,     W^0: (m, d); W^l, V^l: (m, m); v: one column per output
 *
 * with alpha the residual scale. The paper's has ReLU, w^2 = 2 and b = 1. With NTK_BIAS_START_ZERO
 * the blocks' beta^l and gamma^l, l >= 1, begin at 0; beta^0 is drawn all the same.
 *
 * Convolutional network (Bietti and Mairal 2019; Novak et al. 2019; the NTK parametrisation), L
 * layers of m channels on images of height x width positions u and C channels. V are the p offsets
 * -floor((p - 1) / 2) .. floor(p / 2) of a patch on each axis of more than one position, |V| their
 * number; t the stride:
 *
 *     h^1[u]     = (w_0 / sqrt(c s_1)) sum_v W^1_v x[t u + v]          + b beta^1
 *     h^{l+1}[u] = (w / sqrt(m s_{l+1})) sum_v W^{l+1}_v a^l[t u + v]  + b beta^{l+1}
 *     a^l        = the linear pooling of phi(h^l), channel by channel
 *     flatten:  f = (w / sqrt(m)) sum_u <w_u, a^L[u]>                  + b beta
 *     average:  f = (w / sqrt(m)) <w, (1/N) sum_u a^L[u]>              + b beta
 *
 * c = C, or 1 with NTK_INPUT_SCALE_NONE; s = |V| for the mean of a patch, which is |V| at a border
 * too, and 1 for its sum; N positions at the end. Outside the grid x and a are 0, or repeat
 * (circular). An axis of n positions has ceil(n / t) after a convolution. */
#ifndef NTK_ARCHITECTURE_H
#define NTK_ARCHITECTURE_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/api.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

typedef enum ntk_family { NTK_DENSE, NTK_RESIDUAL, NTK_CONVOLUTIONAL } ntk_family;

typedef enum ntk_activation {
    NTK_RELU, /* max(x, 0) */
    NTK_ERF,  /* erf(x) itself, as in Williams 1997 and Lee et al. 2019; not rescaled to erf(x /
               * sqrt(2)) */
    NTK_GELU, /* x Phi(x), Phi the normal distribution function */
    NTK_TANH,
    NTK_SOFTPLUS, /* log(1 + e^x) */
    NTK_SIGMOID,  /* 1 / (1 + e^-x) */
    NTK_SIN,
    NTK_LINEAR, /* x */
    NTK_COS,
    NTK_LEAKY_RELU, /* x for x > 0, s x else, with s the architecture's leaky_slope */
    NTK_ABS,        /* |x| */
    NTK_ACTIVATION_COUNT
} ntk_activation;

typedef enum ntk_input_scale { NTK_INPUT_SCALE_DIMENSION, NTK_INPUT_SCALE_NONE } ntk_input_scale;

typedef enum ntk_parametrisation {
    NTK_PARAMETRISATION_NTK,
    /* The output divided by a further sqrt(m): features move at every width. Finite networks only;
     * a flow multiplies time by m and divides lambda by m to compare with the NTK
     * parametrisation. */
    NTK_PARAMETRISATION_MEAN_FIELD
} ntk_parametrisation;

/* What the biases in the blocks of a residual network begin with. They are trained in any case. */
typedef enum ntk_bias_start { NTK_BIAS_START_RANDOM, NTK_BIAS_START_ZERO } ntk_bias_start;

#define NTK_DEPTH_MAX   256
#define NTK_LEAKY_SLOPE 0.01
/* Of convolutional networks. */
#define NTK_CONVOLUTION_DEPTH_MAX 64

typedef enum ntk_padding { NTK_PADDING_ZERO, NTK_PADDING_CIRCULAR } ntk_padding;

typedef enum ntk_patch_scale { NTK_PATCH_MEAN, NTK_PATCH_SUM } ntk_patch_scale;

/* Linear pooling of factor s on an axis of n > 1 positions (one of a single position stays as it
 * is), Gaussian weights as in Bietti and Mairal 2019:
 *
 *     box             the mean of s positions; floor(n / s) outputs
 *     gauss           weights exp(-i^2 / s^2) / sum, i = -s .. s, around s (j + 1),
 *                     j = 0 .. floor(n / s) - 2; positions outside are dropped, the other
 *                     weights not renormalised
 *     gauss-same      the same around s j, j = 0 .. ceil(n / s) - 1
 *     gauss-circular  as gauss-same, but positions outside are wrapped around */
typedef enum ntk_pooling {
    NTK_POOLING_NONE,
    NTK_POOLING_BOX,
    NTK_POOLING_GAUSS,
    NTK_POOLING_GAUSS_SAME,
    NTK_POOLING_GAUSS_CIRCULAR,
    NTK_POOLING_COUNT
} ntk_pooling;

typedef enum ntk_readout { NTK_READOUT_FLATTEN, NTK_READOUT_AVERAGE } ntk_readout;

/* Sizes of the grids, patches, strides and factors; a bound that only keeps products within a
 * size_t. */
#define NTK_GRID_MAX 32767

/* A convolution, the activation, and a pooling or none. */
typedef struct ntk_convolution_layer {
    unsigned patch, stride; /* p, t; 1 .. NTK_GRID_MAX */
    ntk_padding padding;
    ntk_patch_scale scale;
    ntk_pooling pooling;
    unsigned factor; /* s, 1 .. NTK_GRID_MAX; where there is pooling */
} ntk_convolution_layer;

/* What only convolutional networks have. An image is (height, width, channels), row-major: d =
 * height * width
 * * channels numbers. A signal has height 1. */
typedef struct ntk_convolution {
    size_t height, width, channels; /* 1 .. NTK_GRID_MAX */
    double first_weight_variance;   /* w_0^2 > 0; 0: the same as w^2 */
    ntk_readout readout;
    ntk_convolution_layer layer[NTK_CONVOLUTION_DEPTH_MAX]; /* the first `depth` of them */
} ntk_convolution;

typedef struct ntk_architecture {
    ntk_family family;
    size_t depth; /* L, hidden layers or blocks; 1 .. NTK_DEPTH_MAX, dense networks from 0; at most
                   * NTK_CONVOLUTION_DEPTH_MAX convolutions */
    ntk_activation activation;
    ntk_bias_start bias_start; /* residual networks only; of the others RANDOM */
    double weight_variance;    /* w^2 > 0; of residual networks that of the W^l, l >= 1, alone */
    double bias_variance;      /* b^2 >= 0; 0: no biases at all, in the kernel and among the
                             * parameters */
    /* Dense networks whose layers differ: (L + 1), w_l^2 and b_l^2 of layers 1 .. L + 1, in the
     * place of the two above; NULL: these. The caller's, and needed only while a call runs: a
     * network that has been created does not look at them again. */
    const double *weight_variances, *bias_variances;
    double leaky_slope;    /* s of leaky ReLU, any finite number */
    double residual_scale; /* alpha >= 0, residual networks only */
    ntk_input_scale input_scale;
    ntk_parametrisation parametrisation;
    ntk_convolution convolution; /* convolutional networks only */
} ntk_architecture;

/* Dense, one hidden layer, ReLU, w^2 = 2 (He: the forward variance is kept), no bias, leaky slope
 * NTK_LEAKY_SLOPE, residual scale 1, input scale 1/d, NTK parametrisation. With .family =
 * NTK_RESIDUAL it is a residual network of one block without biases; ntk_architecture_convolutional
 * makes a convolutional one. */
ntk_architecture ntk_architecture_default(void);

/* Errors: NTK_ERROR_ARGUMENT, naming the field and what is allowed. */
ntk_status ntk_architecture_check(const ntk_architecture *architecture);

/* w_l^2 and b_l^2 of layer l = 1 .. L + 1 of a dense network that has passed
 * ntk_architecture_check. */
double ntk_architecture_weight_variance(const ntk_architecture *architecture, size_t l);
double ntk_architecture_bias_variance(const ntk_architecture *architecture, size_t l);

/* Variances from text: "2", or "1,4,9", one for each layer. out: (NTK_DEPTH_MAX + 1), of which
 * *count are set. Errors: NTK_ERROR_ARGUMENT, naming the item; *count is then as it was. */
ntk_status ntk_architecture_parse_variances(const char *text, double *out, size_t *count);

/* The inverse, every digit written out. Returns the length, as snprintf does; `size` may be 0. */
size_t ntk_architecture_print_variances(size_t count, const double *variances, size_t size, char *text);

/* A convolutional network with the default's activation, variances and scales, readout flatten,
 * checked. layers: the layers' text, see below. Errors: NTK_ERROR_ARGUMENT. */
ntk_status ntk_architecture_convolutional(size_t height, size_t width, size_t channels, const char *layers,
                                          ntk_architecture *out);

/* Layers from text: "conv 3 stride 1 zero mean, pool gauss 2, conv 5". A convolution names its
 * patch size; then, in any order, its stride (1), zero (the default) or circular, mean (the
 * default) or sum. A pooling names its kind and its factor and belongs to the convolution before
 * it. Sets the depth and the layers, nothing else, and only if all is well; ntk_architecture_check
 * has the last word. Errors: NTK_ERROR_ARGUMENT, naming the item and what is wrong in it. */
ntk_status ntk_architecture_parse_layers(const char *text, ntk_architecture *architecture);

/* The inverse, every word written out. Returns the length, as snprintf does; `size` may be 0. */
size_t ntk_architecture_print_layers(const ntk_architecture *architecture, size_t size, char *text);

/* "28x28x1", or "28x28" for one channel: height, width, channels. Same manners and errors. */
ntk_status ntk_architecture_parse_image(const char *text, ntk_architecture *architecture);

/* The grid after the first `layers` layers (0: the image) of a convolutional network that has
 * passed ntk_architecture_check. */
void ntk_architecture_grid(const ntk_architecture *architecture, size_t layers, size_t *height,
                           size_t *width);

/* "relu", "erf", ...; parse is the inverse. The name of a value outside the enumeration is
 * "unknown". Errors: NTK_ERROR_ARGUMENT, suggesting the name that is meant and listing all that
 * exist. */
const char *ntk_activation_name(ntk_activation activation);
ntk_status ntk_activation_parse(const char *name, ntk_activation *out);

/* Names of architectures: the activation of a dense network, or "residual" and its activation, if
 * that is not ReLU, and behind it the depth, if the name says it: "relu", "erf-3", "leaky-relu-2",
 * "residual-2", "residual-erf-2". Parse sets family, activation
 * and depth (0: not said), and no other member. rest: where what follows the name begins ("-k3" of
 * "erf-3-k3");
 * NULL: nothing may follow. Errors: NTK_ERROR_ARGUMENT, "'relv': ..." saying what is wrong in it;
 * *out is then as it was. */
ntk_status ntk_architecture_parse(const char *name, ntk_architecture *out, const char **rest);
/* The inverse, into buffer, which is returned. */
#define NTK_ARCHITECTURE_NAME_SIZE 32
const char *ntk_architecture_name(const ntk_architecture *architecture,
                                  char buffer[NTK_ARCHITECTURE_NAME_SIZE]);

/* True for activations with a continuous derivative: error-controlled integrators apply. False for
 * ReLU, leaky ReLU and |x|. */
bool ntk_activation_is_smooth(ntk_activation activation);

/* phi and phi' at n points; x, value, derivative: (n); value may be x itself; derivative may be
 * NULL and does not overlap the others. The derivative at a kink is that from below: 0, s,
 * -1. Infinite arguments give the limits (a NaN for sin and cos), a NaN gives a NaN. Same bits on
 * every CPU. Accuracy: a few units of rounding times 1 + |x phi'(x) / phi(x)| relative, that is,
 * what rounding x once would do; phi' likewise. `activation` is a member of the enumeration; leaky
 * ReLU has the slope
 * NTK_LEAKY_SLOPE. */
void ntk_activation_evaluate(ntk_activation activation, size_t n, const double *x, double *value,
                             double *derivative);
/* The same with the architecture's slope. */
void ntk_architecture_activate(const ntk_architecture *architecture, size_t n, const double *x, double *value,
                               double *derivative);

NTK_END_DECLS

#endif
