/* The coefficient of 1/m in the mean of the empirical NTK. */
#ifndef MEAN_BIAS_COEFFICIENT_H
#define MEAN_BIAS_COEFFICIENT_H

#include <stddef.h>

/* c of E Theta_hat_0(x, x') = Theta(x, x') + c/m + O(1/m^2), dense ReLU networks without biases,
 * w^2
 * = 2, of L = `depth` hidden layers, at two points with S^1 = (1, rho; rho, 1), -1 < rho < 1. Like
 * the kernel it is proportional to S^1. */
double mean_bias_coefficient(size_t depth, double rho);

#endif
