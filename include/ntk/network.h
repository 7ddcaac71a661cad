/* Networks of finite width: the model of architecture.h evaluated, differentiated and linearised.
 *
 * Parameters are one vector theta of ntk_network_parameters() doubles, all drawn from N(0, 1),
 * matrices row-major. Dense: W^1 (m, d), then beta^1 (m) where b^2 > 0, W^2 (m, m), beta^2 (m),
 * ..., W^{L+1} (K, m), beta^{L+1} (K). Residual: W^0 (m, d), beta^0 (m) where b^2 > 0, then W^l (m,
 * m), beta^l (m), V^l (m, m), gamma^l (m) for l = 1 .. L, then v^T (K, m). Convolutional: W^1 (m,
 * |V|, C), beta^1 (m), W^2 (m, |V|, m), beta^2 (m), ..., the offsets V row by row, then the
 * readout's w, (K, positions, m) for flatten and (K, m) for
 * the average, and beta (K).
 *
 * A handle holds shapes and scratch memory, never parameters: one handle serves any number of
 * parameter vectors, but only one thread at a time. Scratch grows to the largest batch seen.
 * Batches of n inputs: x (n, d), outputs f (n, K), row-major. Errors: NTK_ERROR_MEMORY;
 * NTK_ERROR_SHAPE, for n = 0, for sizes that do not fit and for a leading dimension that is too
 * small; non-finite results are returned as they are (callers judge them). */
#ifndef NTK_NETWORK_H
#define NTK_NETWORK_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/architecture.h>
#include <ntk/random.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

typedef struct ntk_network ntk_network;

/* d inputs, hidden width m (channels of a convolutional network), K outputs. Errors: those of
 * ntk_architecture_check; NTK_ERROR_ARGUMENT for a zero size; NTK_ERROR_SHAPE where d is not the
 * height * width * channels of the images. */
ntk_status ntk_network_create(const ntk_architecture *architecture, size_t inputs, size_t width,
                              size_t outputs, ntk_network **out);
void ntk_network_destroy(ntk_network *network);

size_t ntk_network_parameters(const ntk_network *network);
size_t ntk_network_outputs(const ntk_network *network);

/* theta ~ N(0, I), but for biases that begin at 0 (architecture.h). theta: (p). */
void ntk_network_initialise(const ntk_network *network, ntk_stream *stream, double *theta);

/* f(x; theta). The activations of this batch are kept for the pullback and the pushforward. Tangent
 * kernels (a rectangular one: its x), Jacobian and linearised model put those of their own batch in
 * their place. */
ntk_status ntk_network_forward(ntk_network *network, const double *theta, size_t n, const double *x,
                               double *f);

/* J^T c for the batch and the parameters of the last forward: gradient of sum_ik c_ik f_k(x_i).
 * theta, n and x must be those of that forward. cotangent c: (n, K); gradient: (p), overwritten.
 * Errors: NTK_ERROR_ARGUMENT where the last forward had another n, or there was none; nothing else
 * is checked. */
ntk_status ntk_network_pullback(ntk_network *network, const double *theta, size_t n, const double *x,
                                const double *cotangent, double *gradient);

/* J v: derivative of the outputs along a direction v (p). Same conditions. tangent: (n, K). */
ntk_status ntk_network_pushforward(ntk_network *network, const double *theta, size_t n, const double *x,
                                   const double *direction, double *tangent);

/* Empirical NTK, (nK, nK) full symmetric, leading dimension ldg; row i*K + k is output k at input
 * i: Theta_hat = J J^T, built layer by layer as (Gram of activations) o (Gram of back-propagated
 * signals), two symmetric rank-k updates per layer, of n and of n K rows, no Jacobian in memory.
 * Runs its own forward. */
ntk_status ntk_network_tangent_kernel(ntk_network *network, const double *theta, size_t n, const double *x,
                                      double *gram, size_t ldg);

/* The same for the batch and the parameters of the last forward, whose activations are used. theta,
 * n and x must be those of that forward. Errors as for the pullback. */
ntk_status ntk_network_last_tangent_kernel(ntk_network *network, const double *theta, size_t n,
                                           const double *x, double *gram, size_t ldg);

/* The empirical NTKs of many networks of one shape: theta (count, p), kernels (count, nK, nK).
 * Narrow dense networks of one output are evaluated eight at a time, each sum in the order of its
 * terms: a kernel does not depend on the other networks or on their number. It agrees with
 * ntk_network_tangent_kernel up to rounding; of other networks it is that. readout: (count, n, n),
 * the part of the kernel that the weights and biases of the last layer have in it, s^2 <a_i, a_j> +
 * b^2, for each output; NULL where it is not asked for. Errors: NTK_ERROR_ARGUMENT where it is, of
 * convolutional networks. */
ntk_status ntk_network_tangent_kernels(ntk_network *network, size_t count, const double *theta, size_t n,
                                       const double *x, double *kernels, double *readout);

/* The kernel of the sliding flow: that of theta' = -J^T c where ReLU neurons slide along their
 * kinks, and for smooth activations the empirical NTK. The gradients of the outputs are projected
 * off those of the pre-activations that slide, which the velocity, a convex combination of those on
 * both sides of each kink, is orthogonal to: along the flow f' = -Theta c with this kernel and not
 * with the empirical one (derived in network/sliding.c; exact for one hidden layer). cotangent c:
 * (n, K), dL/df in the time of the flow. reach >= 0: the length of its steps; a kink within a step
 * can be one on which it slides, with 0 none is. gram: (nK, nK), as above. *sliding: how many pairs
 * of a neuron and a point slide. Errors: NTK_ERROR_ARGUMENT for a reach that is none;
 * NTK_ERROR_SHAPE for more than 2^15 kinks at hand. */
ntk_status ntk_network_sliding_kernel(ntk_network *network, const double *theta, size_t n, const double *x,
                                      const double *cotangent, double reach, double *gram, size_t ldg,
                                      size_t *sliding);

/* The empirical NTK between two batches: x (n, d), y (q, d); kernel: (nK, qK). */
ntk_status ntk_network_tangent_kernel_cross(ntk_network *network, const double *theta, size_t n,
                                            const double *x, size_t q, const double *y, double *kernel,
                                            size_t ldk);

/* Theta_hat v = J (J^T v), the empirical NTK as an operator that is never formed: a forward, a
 * pullback and a pushforward, in 8 p bytes beside the batch. The matrix takes 8 (nK)^2 bytes, and
 * about K/3 + n K^2 / (6m) times the operations of one such product (by layers of m x m weights):
 * in time it pays for itself soon; the operator is for kernels that do not fit and for a product or
 * two. v, image: (nK); they may be the same. */
ntk_status ntk_network_tangent_apply(ntk_network *network, const double *theta, size_t n, const double *x,
                                     const double *v, double *image);

/* Explicit Jacobian, (nK, p) row-major: for small problems and as the independent path. */
ntk_status ntk_network_jacobian(ntk_network *network, const double *theta, size_t n, const double *x,
                                double *jacobian);

/* Linearised model at theta0 (Lee et al. 2019, eq. 5): f_lin(x; theta) = f(x; theta0) + J(x;
 * theta0)(theta - theta0). f: (n, K). Runs forward and pushforward at theta0. */
ntk_status ntk_network_linearised(ntk_network *network, const double *theta0, const double *theta, size_t n,
                                  const double *x, double *f);

NTK_END_DECLS

#endif
