/* How accurate a kernel matrix is that anybody has computed: against enclosures of the exact kernel
 * (enclosure.h), not against another computation.
 *
 * The error of an entry is relative to sqrt(K_xx K_yy), the exact kernel of its two points with
 * themselves, and an upper bound: the distance to the far end of the entry's interval. So the error
 * of a correctly rounded entry is up to one unit in the last place, 2e-16. Where K_xx is 0, it is 0
 * for an entry 0 and infinite for any other.
 *
 * Every entry of at most NTK_ACCURACY_ALL pairs is judged; of more, NTK_ACCURACY_SAMPLE pairs
 * spread over the matrix (always the same ones), all K_ii, and the NTK_ACCURACY_SUSPECTS that lie
 * farthest from this library's own kernel in double precision. */
#ifndef NTK_ACCURACY_H
#define NTK_ACCURACY_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/api.h>
#include <ntk/architecture.h>
#include <ntk/interval.h>
#include <ntk/kernel.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

enum { NTK_ACCURACY_ALL = 20000, NTK_ACCURACY_SAMPLE = 10000, NTK_ACCURACY_SUSPECTS = 1000 };

typedef struct ntk_accuracy {
    size_t rows, columns;
    size_t judged; /* entries whose exact value was enclosed */

    /* The worst entry of those. */
    double error;
    size_t row, column;
    double stored;
    ntk_interval exact;

    /* Of Gram matrices only (square = true). The largest |K_ij - K_ji|, of all entries, relative as
     * above; 0 where K is symmetric bit for bit. */
    bool square;
    double asymmetry;
    size_t asymmetry_row, asymmetry_column;
    /* Smallest eigenvalues of the stored matrix (lower triangle) and of the exact one; the latter
     * from -infinity to infinity for more than NTK_ENCLOSURE_MOST_POINTS points. */
    ntk_interval lambda_min, exact_lambda_min;
} ntk_accuracy;

/* A Gram matrix of the points x (n, d); gram: (n, n). Errors: those of enclosure.h;
 * NTK_ERROR_NOT_FINITE for a NaN or an infinity in gram. */
ntk_status ntk_accuracy_gram(const ntk_architecture *architecture, ntk_kernel_type type, size_t n, size_t d,
                             const double *x, size_t ldx, const double *gram, size_t ldg, ntk_accuracy *out);

/* A kernel between x (n, d) and y (m, d); kernel: (n, m). Same errors. */
ntk_status ntk_accuracy_cross(const ntk_architecture *architecture, ntk_kernel_type type, size_t n, size_t m,
                              size_t d, const double *x, size_t ldx, const double *y, size_t ldy,
                              const double *kernel, size_t ldk, ntk_accuracy *out);

/* A Gram matrix against enclosures that are at hand: exact (n, n), and of its smallest eigenvalue.
 * Errors: NTK_ERROR_SHAPE, NTK_ERROR_NOT_FINITE. */
ntk_status ntk_accuracy_enclosed(size_t n, const ntk_interval *exact, ntk_interval exact_lambda_min,
                                 const double *gram, size_t ldg, ntk_accuracy *out);

/* -log10 of the error, at least 0: decimal digits that every judged entry has. */
double ntk_accuracy_digits(const ntk_accuracy *accuracy);

NTK_END_DECLS

#endif
