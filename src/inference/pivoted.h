/* A preconditioner for kernel systems: a partial Cholesky factorisation with random pivots. */
#ifndef NTK_INFERENCE_PIVOTED_H
#define NTK_INFERENCE_PIVOTED_H

#include <stddef.h>
#include <stdint.h>

#include <ntk/status.h>
#include <ntk/tiles.h>

typedef struct ntk_pivoted {
    size_t n, rank;
    double *factor; /* (n, stride), of which `rank` columns: F, F F^T about Theta */
    size_t stride;
    double trace, rest; /* traces of Theta and of Theta - F F^T */
} ntk_pivoted;

/* Of this rank, or of a lower one where the diagonal of what is left is nothing but rounding: below
 * `floor` of that of Theta. `rank` rows of Theta are computed or read; memory n (rank + 64)
 * doubles. Errors: those of the tiles; NTK_ERROR_NOT_POSITIVE_DEFINITE where a diagonal of what is
 * left is clearly negative; NTK_ERROR_MEMORY. */
ntk_status ntk_pivoted_create(const ntk_tiles *tiles, const double *diagonal, size_t rank, double floor,
                              uint64_t seed, ntk_pivoted *out);
void ntk_pivoted_release(ntk_pivoted *pivoted);

/* P = S F F^T S + shift I, S diagonal: what its inverse needs. */
typedef struct ntk_pivoted_inverse {
    const ntk_pivoted *pivoted;
    const double *scale;  /* (n), S; NULL for the identity */
    double shift;         /* > 0, raised to 1e-13 of the trace of S F F^T S */
    double *inner, *room; /* (rank, rank), the Cholesky factor of shift I + F^T S^2 F; (n + rank,
                           * columns) */
} ntk_pivoted_inverse;

/* columns: of the arrays that it will be applied to, at most. `scale` must stay. Errors:
 * NTK_ERROR_MEMORY; NTK_ERROR_NOT_POSITIVE_DEFINITE, NTK_ERROR_NOT_FINITE of the factorisation. */
ntk_status ntk_pivoted_invert(const ntk_pivoted *pivoted, const double *scale, double shift, size_t columns,
                              ntk_pivoted_inverse *out);
void ntk_pivoted_inverse_release(ntk_pivoted_inverse *inverse);

/* z = P^{-1} r; r, z: (n, columns), leading dimension ld of both. */
ntk_status ntk_pivoted_apply(const ntk_pivoted_inverse *inverse, size_t columns, const double *r, double *z,
                             size_t ld);

#endif
