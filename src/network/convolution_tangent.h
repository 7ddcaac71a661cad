/* The empirical tangent kernel of a convolutional network, and its explicit Jacobian. */
#ifndef NTK_NETWORK_CONVOLUTION_TANGENT_H
#define NTK_NETWORK_CONVOLUTION_TANGENT_H

#include "network/network.h"

/* As ntk_network_tangent_kernel (columns NULL: the same batch) and
 * ntk_network_tangent_kernel_cross, for batches that have been through the hidden layers and a
 * checked leading dimension. */
ntk_status convolution_tangent_kernel(ntk_network *network, const double *theta, const network_batch *rows,
                                      const double *x, const network_batch *columns, const double *y,
                                      double *kernel, size_t ldk);

/* As ntk_network_jacobian, after the hidden layers. Input by input, plain sums, patches and
 * poolings found anew: it shares the forward with the rest, and nothing else. */
ntk_status convolution_jacobian(ntk_network *network, const double *theta, size_t n, const double *x,
                                double *jacobian);

#endif
