/* Kernels of convolutional networks in 60 digits, made by convolution_reference.py: the independent
 * path of the library and of the command. */
#ifndef TESTS_CONVOLUTION_REFERENCE_H
#define TESTS_CONVOLUTION_REFERENCE_H

#include <stdbool.h>

enum { CONVOLUTION_REFERENCE_IMAGES = 3, CONVOLUTION_REFERENCE_PAIRS = 6 };

typedef struct convolution_reference {
    const char *image, *layers, *readout, *activation; /* as the command takes them */
    double first_weight_variance, weight_variance, bias_variance;
    bool divided;    /* the first layer's products, by the channels */
    const double *x; /* (3, height * width * channels), row-major */
    /* lower triangles */
    double nngp[CONVOLUTION_REFERENCE_PAIRS], ntk[CONVOLUTION_REFERENCE_PAIRS];
} convolution_reference;

/* Ends with an image of NULL. */
extern const convolution_reference convolution_references[];

/* max |K_ij - R_ij| / sqrt(R_ii R_jj). kernel: (3, 3), row-major, of which both triangles count. A
 * NaN gives an infinity. */
double convolution_reference_distance(const double *reference, const double *kernel);

#endif
