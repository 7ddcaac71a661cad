/* The architecture: one value that describes the infinite-width kernel and the finite network.
 *
 * Dense network in the NTK parametrisation (Jacot et al. 2018, section 3), L hidden layers of width
 * m, K outputs, input dimension d, every parameter i.i.d. N(0, 1) at the start:
 *
 *     h^1     = (w / sqrt(d)) W^1 x + b beta^1            (1 for sqrt(d) with NTK_INPUT_SCALE_NONE)
 *     h^{l+1} = (w / sqrt(m)) W^{l+1} phi(h^l) + b beta^{l+1},       l = 1 .. L
 *     f       = h^{L+1}
 *
 * with w^2 the weight variance and b^2 the bias variance.
 *
 * Residual network (chen-2025; ReLU, no biases, all weights trained), L blocks of width m:
 *
 *     h^0 = W^0 x / sqrt(d)                               (1 for sqrt(d) with NTK_INPUT_SCALE_NONE)
 *     h^l = h^{l-1} + alpha sqrt(1/m) V^l phi(sqrt(2/m) W^l h^{l-1}),       l = 1 .. L
 *     f   = sqrt(1/m) v^T h^L,     W^0: (m, d); W^l, V^l: (m, m); v: one column per output
 *
 * with alpha the residual scale. */
#ifndef NTK_ARCHITECTURE_H
#define NTK_ARCHITECTURE_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/api.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

typedef enum ntk_family { NTK_DENSE, NTK_RESIDUAL } ntk_family;

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

#define NTK_DEPTH_MAX 64

typedef struct ntk_architecture {
    ntk_family family;
    size_t depth; /* L, hidden layers or blocks; 1 .. NTK_DEPTH_MAX */
    ntk_activation activation;
    double weight_variance; /* w^2 > 0; 2 for residual networks, whose scales are fixed */
    double bias_variance;   /* b^2 >= 0; 0: no biases at all, in the kernel and among the
                             * parameters */
    double residual_scale;  /* alpha >= 0, residual networks only */
    ntk_input_scale input_scale;
    ntk_parametrisation parametrisation;
} ntk_architecture;

/* Dense, one hidden layer, ReLU, w^2 = 2 (He: the forward variance is kept), no bias, residual
 * scale 1, input scale 1/d, NTK parametrisation. With .family = NTK_RESIDUAL it is a residual
 * network of one block. */
ntk_architecture ntk_architecture_default(void);

/* Errors: NTK_ERROR_ARGUMENT, naming the field and what is allowed. */
ntk_status ntk_architecture_check(const ntk_architecture *architecture);

/* "relu", "erf", ...; parse is the inverse. The name of a value outside the enumeration is
 * "unknown". Errors: NTK_ERROR_ARGUMENT, suggesting the name that is meant and listing all that
 * exist. */
const char *ntk_activation_name(ntk_activation activation);
ntk_status ntk_activation_parse(const char *name, ntk_activation *out);

/* Names of architectures: the activation of a dense network or "residual", and behind it the depth,
 * if the name says it: "relu", "erf-3", "residual-2". Parse sets family, activation and depth (0:
 * not said), and no other member. rest: where what follows the name begins ("-k3" of "erf-3-k3");
 * NULL: nothing may follow. Errors: NTK_ERROR_ARGUMENT, "'relv': ..." saying what is wrong in it;
 * *out is then as it was. */
ntk_status ntk_architecture_parse(const char *name, ntk_architecture *out, const char **rest);
/* The inverse, into buffer, which is returned. */
#define NTK_ARCHITECTURE_NAME_SIZE 32
const char *ntk_architecture_name(const ntk_architecture *architecture,
                                  char buffer[NTK_ARCHITECTURE_NAME_SIZE]);

/* True for activations with a continuous derivative: error-controlled integrators apply. False for
 * ReLU. */
bool ntk_activation_is_smooth(ntk_activation activation);

/* phi and phi' at n points; x, value, derivative: (n); value may be x itself; derivative may be
 * NULL and does not overlap the others. The derivative of ReLU at 0 is 0. Infinite arguments give
 * the limits (a NaN for sin), a NaN gives a NaN. Same bits on every CPU. Accuracy: a few units of
 * rounding times 1 + |x phi'(x) / phi(x)| relative, that is, what rounding x once would do; phi'
 * likewise. `activation` is a member of the enumeration. */
void ntk_activation_evaluate(ntk_activation activation, size_t n, const double *x, double *value,
                             double *derivative);

NTK_END_DECLS

#endif
