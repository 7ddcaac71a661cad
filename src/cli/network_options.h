/* The options that describe a network, for every command that computes kernels. */
#ifndef NTK_CLI_NETWORK_OPTIONS_H
#define NTK_CLI_NETWORK_OPTIONS_H

#include <ntk/architecture.h>
#include <ntk/data.h>
#include <ntk/kernel.h>
#include <ntk/status.h>

#include "cli/cli.h"

/* A part of a command's table. */
#define CLI_NETWORK_OPTIONS                                                                                  \
    {"arch", 0, "FAMILY", "dense (default), residual, or convolutional (conv)"},                             \
        {"depth", 0, "L", "hidden layers, or blocks (default 1); 0: a linear model"},                        \
        {"residual-scale", 0, "A", "factor alpha >= 0 of each block (default 1), residual only"},            \
        {"bias-start", 0, "KIND",                                                                            \
         "random (default) or zero: what biases in the blocks begin with, residual only"},                   \
        {"image", 0, "HxWxC",                                                                                \
         "height, width and channels of an image; convolutional only (default: the file's, or 1xDx1)"},      \
        {"layers", 0, "LIST", "'conv 3, pool gauss 2, conv 3' say; convolutional only (default conv 3)"},    \
        {"readout", 0, "KIND",                                                                               \
         "flatten (default) or average: weights at each position, or the mean over all"},                    \
        {"first-weight-variance", 0, "W2", "w^2 of the first convolution (default: that of the others)"},    \
        {"activation", 0, "NAME",                                                                            \
         "relu (default), erf, gelu, tanh, softplus, sigmoid, sin, linear, cos, leaky-relu, abs"},           \
        {"leaky-slope", 0, "S", "slope of leaky-relu below 0 (default 0.01)"},                               \
        {"weight-variance", 0, "W2", "w^2 > 0 (default 2); or of each layer, L + 1 numbers: 1,4,9"},         \
        {"bias-variance", 0, "B2", "b^2 >= 0 (default 0: no biases); or of each layer"}, {                   \
        "input-scale", 0, "SCALE",                                                                           \
            "dimension (default: inner products divided by d; convolutional: by C), or none"                 \
    }

#define CLI_TYPE_OPTION                                                                                      \
    { "type", 0, "TYPE", "ntk (default) or nngp" }

/* What they say; the default where they say nothing, but for the size of images, which stays 0 x 0
 * x 0 until points are read. Variances of each layer are kept until the next call. CLI_OK, or
 * CLI_USAGE after one line on stderr. */
int cli_network(const cli_arguments *arguments, ntk_architecture *architecture);
int cli_kernel_type(const cli_arguments *arguments, ntk_kernel_type *type);

/* Points from a file: images of the size that a convolutional network has. Where the options left
 * that open, it becomes that of these images: (n, height, width) or (n, height, width, channels);
 * points in rows are signals of one channel. Errors: those of ntk_array_read; NTK_ERROR_SHAPE;
 * NTK_ERROR_ARGUMENT where the layers do not fit. */
ntk_status cli_read_points(ntk_architecture *architecture, const char *path, ntk_array *out);

#endif
