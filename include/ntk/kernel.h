/* Kernels of infinitely wide networks.
 *
 * Dense network (architecture.h), inputs x, x' (Jacot et al. 2018, Theorem 1; Lee et al. 2019,
 * section 2):
 *
 *     S^1     = w^2 <x, x'> / d + b^2,            Theta^1 = S^1
 *     S^{l+1} = w^2 E[phi(u) phi(v)] + b^2,            (u, v) ~ N(0, S^l restricted to {x, x'})
 *     Sd^{l+1}= w^2 E[phi'(u) phi'(v)]
 *     Theta^{l+1} = S^{l+1} + Theta^l Sd^{l+1}
 *
 * NNGP = S^{L+1}, NTK = Theta^{L+1}; for K outputs the NTK is Theta (x) I_K. Without biases (b = 0)
 * the terms in b^2 are absent; w^2 and b^2 may differ from layer to layer, and without hidden
 * layers both kernels are S^1. The expectations are closed forms for ReLU, leaky ReLU, |x|, erf,
 * GELU, sin, cos and linear; for the others a Hermite expansion, whose error per pair is known
 * (kernel/mehler.c), and at large variances mixtures of arc-cosine kernels (kernel/mixture.c).
 *
 * Residual network of scale alpha (chen-2025; derived in kernel/residual.c), plain: ReLU, w^2 = 2,
 * without biases; the others, of any activation, w^2 and b^2, are in residual.c too. 1 for 1/d
 * without input scale, bar S = sqrt(S_xx S_x'x'), kappa_i the arc-cosine kernels of rho = S / bar
 * S:
 *
 *     S^0 = <x, x'> / d,    S^l     = S^{l-1} + alpha^2 bar S^{l-1} kappa_1(rho_{l-1}),
 *     B_L = 1,              B_{l-1} = B_l (1 + alpha^2 kappa_0(rho_{l-1})),
 *     Theta = S^L + B_0 S^0 + sum_{l=1..L} alpha^2 B_l [bar S kappa_1(rho) + S kappa_0(rho)]_{l-1},
 *
 * NNGP = S^L, NTK = Theta.
 *
 * Convolutional networks: inputs are images (height, width, channels), d numbers each. The
 * recursion runs on pairs of positions (kernel/convolution.c); a kernel costs about a dual
 * activation for each pair of positions and layer. ReLU to about 1e-14 of
 * sqrt(Theta_xx Theta_x'x'), also for parallel patches, of which images are full: exact where the
 * images are multiples of integer ones (bytes, bytes / 255), otherwise from the difference of the
 * patches in the first layer. Beyond that, patches of different images that are nearly parallel
 * cost eps over their angle (2e-11 at 1e-6).
 *
 * Accuracy (derived in kernel/gram.c), relative to sqrt(Theta_xx Theta_x'x') and for NNGP to
 * sqrt(S_xx S_x'x'):
 *
 *     eps (sqrt(d) + 9 (L + 1)) (1 + sum_l g_l)
 *
 * with g_l what layer l may do to the rounding of its covariance before the pair is recomputed from
 * the difference of its inputs (kernel/pair.c):
 *
 *     ReLU       1 / (pi sqrt(1 - rho_l^2)), at most 32 / pi
 *                (slope s: times (1 - s)^2 / (1 + s^2); residual: times alpha^2 / (1 + alpha^2))
 *     erf, GELU  1 / (1 - u_l^2), at most 64, u_l the argument of the arcsine
 *     sin, cos   (S_xx + S_x'x') / 2 times e^(|S_xx'| - (S_xx + S_x'x') / 2), at most 16
 *     others     none; their expansions add at most 1e-13
 *
 * rho_l the cosine of layer l's covariance. That holds at every scale of the inputs, at every angle
 * down to equal rows, and in every phase: ordered, critical, chaotic. sqrt(d) stands for rounding
 * errors of random sign; the worst case of an inner product is d. Diagonal entries come from norms
 * and are exact to rounding; so are pairs of identical rows (x equal to x' bit for bit) and, for
 * ReLU without bias, of rows that differ by a factor of plus or minus a power of two. Without bias
 * the kernel of the input 0 is its limit: 0 with every input where phi(0) = 0.
 *
 * Rows of any size. Without biases the kernels of ReLU, leaky ReLU, |x| and linear networks grow as
 * |x| |x'|: every entry that is a normal number is as accurate as above, even where the norms of
 * its rows, or layers on the way, are beyond the range of doubles (kernel/scaling.c; a
 * convolutional network's rows are scaled, its layers are not). An entry that is subnormal is
 * rounded; one that overflows is an error. Other networks refuse rows whose squared norm
 * overflows.
 *
 * The result does not depend on the number of workers; tiles are the units of ntk_map. */
#ifndef NTK_KERNEL_H
#define NTK_KERNEL_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/architecture.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

typedef enum ntk_kernel_type { NTK_KERNEL_NTK, NTK_KERNEL_NNGP } ntk_kernel_type;

/* Gram matrix of n points. x: (n, d), leading dimension ldx; gram: (n, n), full symmetric, leading
 * dimension ldg. Errors: those of ntk_architecture_check; NTK_ERROR_SHAPE, also for no inputs;
 * NTK_ERROR_NOT_FINITE (an input, or a result that overflows); NTK_ERROR_UNSUPPORTED (the
 * mean-field parametrisation). After an error the output is undefined.
 */
ntk_status ntk_kernel_gram(const ntk_architecture *architecture, ntk_kernel_type type, size_t n, size_t d,
                           const double *x, size_t ldx, double *gram, size_t ldg);

/* Kernel between two sets. x: (n, d), y: (m, d); kernel: (n, m). Same errors. */
ntk_status ntk_kernel_cross(const ntk_architecture *architecture, ntk_kernel_type type, size_t n, size_t m,
                            size_t d, const double *x, size_t ldx, const double *y, size_t ldy,
                            double *kernel, size_t ldk);

/* Both kernels in one pass; either output may be NULL. Shapes as above. */
ntk_status ntk_kernel_gram_both(const ntk_architecture *architecture, size_t n, size_t d, const double *x,
                                size_t ldx, double *nngp, double *ntk, size_t ldg);

/* A kernel matrix that is computed in blocks, where it does not fit into memory. */
typedef struct ntk_kernel_blocks ntk_kernel_blocks;

/* What belongs to single points. x: (n, d); y: (m, d), or NULL: the Gram matrix of x, m = n. The
 * arrays must stay until ntk_kernel_blocks_destroy, those of the architecture too. Same errors as
 * of ntk_kernel_cross; *out is NULL after an error. */
ntk_status ntk_kernel_blocks_create(const ntk_architecture *architecture, ntk_kernel_type type, size_t n,
                                    size_t m, size_t d, const double *x, size_t ldx, const double *y,
                                    size_t ldy, ntk_kernel_blocks **out);

/* Rows row .. row + rows and columns column .. column + columns of the matrix, bit for bit those of
 * ntk_kernel_gram or ntk_kernel_cross. out: (rows, columns), leading dimension ldo. Tiles of 256 x
 * 256 are computed whole (but not by convolutional networks), so that blocks do best to begin at
 * multiples of 256; within a block of a Gram matrix every pair is computed once. Errors:
 * NTK_ERROR_SHAPE for a block that is empty or exceeds the matrix; NTK_ERROR_NOT_FINITE;
 * NTK_ERROR_MEMORY. */
ntk_status ntk_kernel_block(const ntk_kernel_blocks *blocks, size_t row, size_t rows, size_t column,
                            size_t columns, double *out, size_t ldo);

/* NULL is allowed. */
void ntk_kernel_blocks_destroy(ntk_kernel_blocks *blocks);

/* Dual activation at one covariance: *value = E[phi(u) phi(v)], *derivative = E[phi'(u) phi'(v)]
 * for (u, v) ~ N(0, [[sxx, sxy], [sxy, syy]]). *error (may be NULL): an estimate of the absolute
 * error of the worse of the two (rounding level for closed forms; difference of two orders for
 * quadrature). Errors: NTK_ERROR_ARGUMENT where sxx or syy is not positive or |sxy| exceeds
 * sqrt(sxx syy) by more than rounding. */
ntk_status ntk_dual_activation(ntk_activation activation, double sxx, double syy, double sxy, double *value,
                               double *derivative, double *error);

/* The same by quadrature for every activation, closed form or not: an independent path for tests
 * and for users who add an activation. Some milliseconds. Errors: also NTK_ERROR_NO_CONVERGENCE
 * (sin at variances in the thousands). */
ntk_status ntk_dual_activation_quadrature(ntk_activation activation, double sxx, double syy, double sxy,
                                          double *value, double *derivative, double *error);

NTK_END_DECLS

#endif
