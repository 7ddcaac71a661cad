/* Symmetric matrices that are met in tiles: Gram matrices that do not fit into memory.
 *
 * Theta, of order n, stands in memory, or in a .npy file, or nowhere: then its tiles are computed
 * from the points whenever they are wanted (ntk_kernel_block). Only its lower triangle counts: it
 * is symmetric by definition, and products touch each tile once and use it for its mirror image
 * too. Memory is a tile for each worker, and what a function says.
 *
 * Results do not depend on the number of workers: tiles are the units of ntk_map, and sums are
 * formed in the order of tiles. */
#ifndef NTK_TILES_H
#define NTK_TILES_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/architecture.h>
#include <ntk/kernel.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

typedef struct ntk_tiles ntk_tiles;

/* A matrix in memory, a (n, n), leading dimension lda; it must stay. Errors: NTK_ERROR_SHAPE. */
ntk_status ntk_tiles_of_matrix(size_t n, const double *a, size_t lda, ntk_tiles **out);

/* The kernel of the points x (n, d), computed anew whenever it is wanted; the arrays must stay,
 * those of the architecture too. Errors: those of ntk_kernel_blocks_create. */
ntk_status ntk_tiles_of_kernel(const ntk_architecture *architecture, ntk_kernel_type type, size_t n, size_t d,
                               const double *x, size_t ldx, ntk_tiles **out);

/* A .npy file, that of `ntk kernel` say: square, in C order, of real numbers of any type. It is
 * read by position; that it changes meanwhile is an error, as far as its size or the time of its
 * last change tell: no other program may have it mapped for writing. Errors: NTK_ERROR_IO;
 * NTK_ERROR_FORMAT, where it is cut short or no such matrix; NTK_ERROR_MEMORY. */
ntk_status ntk_tiles_of_file(const char *path, ntk_tiles **out);

/* NULL is allowed. */
void ntk_tiles_destroy(ntk_tiles *tiles);

size_t ntk_tiles_order(const ntk_tiles *tiles);

/* diagonal: (n). Errors of this and the following functions: those of reading the file or of
 * ntk_kernel_block; NTK_ERROR_NOT_FINITE with the position; NTK_ERROR_MEMORY. */
ntk_status ntk_tiles_diagonal(const ntk_tiles *tiles, double *diagonal);

/* Is this a Gram matrix, as far as pairs of points tell? Every entry is finite, no diagonal is
 * negative, both triangles agree within max(2e-13, 2 entry_error) sqrt(Theta_ii Theta_jj), and
 * |Theta_ij| <= (1 + max(1e-12, 2 entry_error)) sqrt(Theta_ii Theta_jj). entry_error: what the
 * entries may be off by, relative to that root: 2^-24 for float32. One pass over the whole matrix,
 * for files and memory; of kernels that are computed nothing is looked at. Errors:
 * NTK_ERROR_ARGUMENT where it is not symmetric; NTK_ERROR_NOT_POSITIVE_DEFINITE; both with the
 * position. */
ntk_status ntk_tiles_check(const ntk_tiles *tiles, double entry_error);

/* image = Theta v. v, image: (n, columns), which must not overlap. A pass over the lower triangle
 * and 2 n^2 columns operations in matrix products; beside v and image n columns doubles. */
ntk_status ntk_tiles_apply(const ntk_tiles *tiles, size_t columns, const double *v, double *image);

/* The same as if in twice the working precision (Ogita, Rump and Oishi 2005), at some ten times the
 * work: Theta v = high + low up to
 *
 *     |Theta v - (high + low)|_ik <= error_ik <= (2 (n + 2) u)^2 sum_j |Theta_ij| max_j |v_jk| and
 *                                    what underflows,                                 u = 2^-53,
 *
 * proved, of the numbers that the tiles hold (kernel/tiles_compensated.c). high, low, error: (n,
 * columns); row_sums (n): upper bounds of sum_j |Theta_ij|, whose maximum bounds ||Theta||_2.
 * 6 n columns doubles. Numbers beyond 2^996 give NaN. Errors: also NTK_ERROR_UNSUPPORTED where the
 * rounding mode is not to nearest. */
ntk_status ntk_tiles_apply_compensated(const ntk_tiles *tiles, size_t columns, const double *v, double *high,
                                       double *low, double *error, double *row_sums);

NTK_END_DECLS

#endif
