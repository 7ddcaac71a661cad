/* The extreme eigenvalues of a symmetric matrix T in tiles (tiles.h): estimates by Lanczos's
 * method, and what is proved of them.
 *
 * A Ritz value alone proves little: its residual says that some eigenvalue is near, not which. What
 * holds whatever the rounding was is this, of the numbers that the tiles hold:
 *
 *     lambda_min(T) <= min_upper, max_lower <= lambda_max(T)   Rayleigh quotients
 *     lambda_max(T) <= max_upper      max_i (|T| v)_i / v_i of a positive v (Collatz and Wielandt)
 *     |lambda_i(T) - lambda_min| <= min_radius for some i, and likewise for lambda_max
 *     lambda_min(T) >= *bound         ntk_extremes_certify, a Cholesky factorisation of T - s I
 *
 * min_upper is as good as lambda_min converged; for a kernel whose smallest eigenvalues crowd it is
 * an upper bound and may be far from sharp. No cheap statement bounds lambda_min from below: the
 * factorisation takes n^3 / 3 operations and a file of 4 n^2 bytes, where the eigenvalues of a
 * dense solver would take the matrix in memory several times.
 *
 * Where T is off from Theta by at most e sqrt(Theta_ii Theta_jj) an entry, |lambda_i(T) -
 * lambda_i(Theta)| <= ||T - Theta||_2 <= e trace(Theta). */
#ifndef NTK_EXTREMES_H
#define NTK_EXTREMES_H

#include <stddef.h>
#include <stdint.h>

#include <ntk/api.h>
#include <ntk/status.h>
#include <ntk/tiles.h>

NTK_BEGIN_DECLS

typedef struct ntk_extremes {
    double lambda_min, lambda_max;          /* Ritz values: estimates */
    double min_upper, max_lower, max_upper; /* proved, as above */
    double min_radius, max_radius;          /* proved, as above */
    size_t steps;                           /* of Lanczos's method: fewer than asked where the
                                             * space was exhausted */
} ntk_extremes;

/* Lanczos's method with full orthogonalisation from a random vector (seed): at most `steps` <= n
 * products, and four passes more for what is proved. Memory: n (steps + 10) + steps (steps + 1)
 * doubles. A matrix whose diagonal is near the ends of the range is scaled by a power of two.
 * Errors: NTK_ERROR_ARGUMENT for no steps; those of ntk_tiles_apply_compensated;
 * NTK_ERROR_NOT_FINITE where numbers off the diagonal are so much larger that products overflow;
 * NTK_ERROR_NO_CONVERGENCE of the small eigenproblem. */
ntk_status ntk_extremes_find(const ntk_tiles *tiles, size_t steps, uint64_t seed, ntk_extremes *out);

/* *bound, proved: lambda_min(T) >= *bound, a little below s = `shift`, by some 256 u trace(T), u =
 * 2^-53; it may be negative, which is no failure. The factor is kept in a file without a name in
 * `folder`, 4 n (n + 256) bytes. Memory: 768 n doubles. Derived in certify/extremes_certify.c;
 * presupposed is what certify/cholesky.c presupposes. Errors: NTK_ERROR_NOT_POSITIVE_DEFINITE where
 * T - s I has no
 * factor, s being too close to lambda_min or beyond it, *bound is then -infinity; NTK_ERROR_IO;
 * NTK_ERROR_NOT_FINITE; NTK_ERROR_UNSUPPORTED where the rounding mode is not to nearest; those of
 * reading tiles. */
ntk_status ntk_extremes_certify(const ntk_tiles *tiles, double shift, const char *folder, double *bound);

NTK_END_DECLS

#endif
