/* Verified bounds: statements about a stored matrix that hold whatever the rounding was. */
#ifndef NTK_CERTIFY_H
#define NTK_CERTIFY_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/architecture.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

typedef struct ntk_certificate {
    double lambda_min_bound; /* rigorous: lambda_min(A) >= this */
    double lambda_min;       /* computed by an eigensolver, for comparison; no rigour */
    double shift;            /* s */
    double residual_bound;   /* rigorous bound of ||R^T R - (A - sI)||_2 */
} ntk_certificate;

/* A lower bound of the smallest eigenvalue of the symmetric matrix a (n, n), lower triangle read
 * (symmetric by definition), leading dimension lda (Rump, "Verification of positive definiteness",
 * BIT 46, 2006, gives the idea; the a-posteriori form and its derivation are in
 * certify/cholesky.c). The bound speaks of the stored doubles; it falls short of lambda_min by at
 * most about n u trace(A), u = 2^-53, as a rule by a few tenths of n u ||A||_2. Where that leaves
 * nothing, rows and columns are multiplied by powers of two, exactly, to a diagonal about 1: what
 * is then positive definite beyond n^2 u or so is certified, whatever the units of its rows
 * (diag(1e-300, 1)), and the bound speaks of A all the same; shift and residual_bound are then of
 * the matrix so scaled. Errors: NTK_ERROR_NOT_POSITIVE_DEFINITE: no positive bound could be
 * certified (singular, indefinite, or too close to it for double precision); *out is filled all the
 * same, and its bound, <= 0 then, is rigorous. NTK_ERROR_NOT_FINITE: an entry is NaN or infinite.
 * NTK_ERROR_SHAPE: n = 0, n > 2^24 or lda < n. NTK_ERROR_UNSUPPORTED: the rounding mode is not to
 * nearest. */
ntk_status ntk_certify_positive_definite(size_t n, const double *a, size_t lda, ntk_certificate *out);

/* Enclosures of all eigenvalues of a symmetric matrix a (n, n; lower triangle read): |lambda_i(A) -
 * values[i]| <= *radius for each i, ascending, proved (certify/eigenvalues.c); values: (n). The
 * radius is some n u ||A||_2. With ||A - Theta||_2 <= e, each eigenvalue of Theta lies within
 * *radius + e. Errors: NTK_ERROR_NOT_FINITE, NTK_ERROR_SHAPE, NTK_ERROR_UNSUPPORTED as above;
 * NTK_ERROR_NO_CONVERGENCE; NTK_ERROR_MEMORY. */
ntk_status ntk_certify_eigenvalues(size_t n, const double *a, size_t lda, double *values, double *radius);

/* A rigorous upper bound of ||G - Theta||_2, G the stored symmetric matrix gram (n, n; lower
 * triangle read) and Theta the exact NTK of the stored points x (n, d), enclosed entry by entry in
 * ball arithmetic. With lambda_min(G) >= c it gives lambda_min(Theta) >= c - *bound: the
 * certificate then speaks of the theorem's matrix. Any architecture; cost about 2 us an entry and
 * layer (tanh, sigmoid and softplus 30 ms) and 40 ns an entry and dimension; rows in parallel.
 * Errors: NTK_ERROR_UNSUPPORTED, NTK_ERROR_SHAPE, NTK_ERROR_NOT_FINITE. */
ntk_status ntk_certify_kernel_error(const ntk_architecture *architecture, size_t n, size_t d, const double *x,
                                    size_t ldx, const double *gram, size_t ldg, double *bound);

/* The same for a network of finite width: a rigorous upper bound of ||G - J J^T||_2, G the stored
 * symmetric matrix gram (n, n; lower triangle read), J the exact Jacobian at the stored parameters
 * theta (network.h; d inputs, width m, one output) and points x (n, d). With lambda_min(G) >= c it
 * gives lambda_min(J J^T) >= c - *bound. Dense architectures with relu or erf; a dot product in
 * 128-bit balls per neuron, point and direction: about 20 ns times 2 (L - 1) n m^2. Errors:
 * NTK_ERROR_UNSUPPORTED, also for the mean-field parametrisation; NTK_ERROR_SHAPE;
 * NTK_ERROR_NOT_FINITE. */
ntk_status ntk_certify_network_error(const ntk_architecture *architecture, size_t d, size_t m,
                                     const double *theta, size_t n, const double *x, const double *gram,
                                     size_t ldg, double *bound);

NTK_END_DECLS

#endif
