/* Dense linear algebra on BLAS and LAPACK, OpenBLAS's or another's; the only module that calls
 * them.
 *
 * Matrices are row-major; the leading dimension ld is the distance between the starts of two rows,
 * in elements, at least the number of columns. A symmetric matrix is stored in full unless said
 * otherwise. BLAS runs on one thread: parallelism is over units (parallel.h).
 * Errors of every function here: NTK_ERROR_SHAPE where a dimension does not fit into lapack_int or
 * a leading dimension is too small. */
#ifndef NTK_LINALG_H
#define NTK_LINALG_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/api.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* A file that serves BLAS or LAPACK to this process. */
typedef struct ntk_blas_library {
    char path[512];
    char build[64];    /* its build-id, in hexadecimal; "content-" and a digest where its linker
                        * wrote none */
    char symbols[256]; /* what it serves of all that this library calls or that LAPACK calls for it,
                        * with blanks */
} ntk_blas_library;

enum { NTK_BLAS_MOST_LIBRARIES = 6 };

/* Who computes. Two processes with equal names, versions, cores, builds and symbols compute the
 * same bits. */
typedef struct ntk_blas_info {
    char name[32];     /* of the maker of cblas_dgemm: "OpenBLAS", "BLIS", "MKL", "ATLAS";
                        * "reference BLAS" where it says nothing and adds in plain order; "unnamed
                        * BLAS" */
    char version[192]; /* what it says of itself; "" for nothing */
    char core[64];     /* the CPU kernel in use, "Haswell" say: it decides the bits; "" where it
                        * does not say */
    int threads;       /* 1 after ntk_linalg_start; 0 where it does not say */
    size_t library_count;
    ntk_blas_library libraries[NTK_BLAS_MOST_LIBRARIES];
    char better_core[64]; /* empty, or the value of OPENBLAS_CORETYPE (read when a process starts)
                           * that suits this CPU where OpenBLAS does not know it and runs its oldest
                           * code */
} ntk_blas_info;

/* Pin BLAS to one thread, and verify that it is, as far as it can be told and asked. Call once,
 * after ntk_set_workers and before any other function of the library computes. Where the address
 * space is limited, what OpenBLAS needs for each worker is taken now: without it, OpenBLAS would
 * ask for it for ever. Logs a warning where better_core is not empty. Errors: NTK_ERROR_LIBRARY,
 * with what was found; NTK_ERROR_MEMORY. */
ntk_status ntk_linalg_start(void);

void ntk_blas_describe(ntk_blas_info *out);

/* For a program's main, before anything else: where the environment has to be another for BLAS to
 * start as it should - a better core, one thread where it cannot be told, no threads of its own
 * where the address space is limited - change it, and start this program again with the arguments
 * argv. Returns where there is nothing to change, the user has chosen a core, or the system cannot
 * do it. */
void ntk_linalg_restart(char **argv);

typedef enum ntk_transpose { NTK_NO_TRANSPOSE, NTK_TRANSPOSE } ntk_transpose;

/* C <- alpha op(A) op(B) + beta C; op(A): (m, k), op(B): (k, n), C: (m, n). */
ntk_status ntk_gemm(ntk_transpose transpose_a, ntk_transpose transpose_b, size_t m, size_t n, size_t k,
                    double alpha, const double *a, size_t lda, const double *b, size_t ldb, double beta,
                    double *c, size_t ldc);

/* Lower triangle of C <- alpha A A^T + beta C; A: (n, k), C: (n, n). The strict upper triangle is
 * not touched. */
ntk_status ntk_syrk(size_t n, size_t k, double alpha, const double *a, size_t lda, double beta, double *c,
                    size_t ldc);

/* Lower triangle of C <- alpha A^T A + beta C; A: (k, n), C: (n, n). */
ntk_status ntk_syrk_transposed(size_t n, size_t k, double alpha, const double *a, size_t lda, double beta,
                               double *c, size_t ldc);

/* Copy the lower triangle to the upper one. a: (n, n). */
void ntk_symmetrise(size_t n, double *a, size_t lda);

/* y <- alpha op(A) x + beta y; A: (m, n) as stored. */
ntk_status ntk_gemv(ntk_transpose transpose, size_t m, size_t n, double alpha, const double *a, size_t lda,
                    const double *x, double beta, double *y);

/* y <- alpha A x + beta y for a symmetric A (n, n), of which the lower triangle is read. */
ntk_status ntk_symv(size_t n, double alpha, const double *a, size_t lda, const double *x, double beta,
                    double *y);

/* Sums in a fixed order that depends on n only, whatever the CPU: eight running sums, folded
 * pairwise. */
double ntk_dot(size_t n, const double *x, const double *y);
double ntk_norm(size_t n, const double *x); /* Euclidean; inputs beyond 1e150 overflow to
                                             * infinity */
double ntk_distance(size_t n, const double *x, const double *y);

/* A = L L^T in place: the lower triangle of A is read and overwritten with L; the strict upper
 * triangle is not touched. Errors: NTK_ERROR_NOT_POSITIVE_DEFINITE with the order of the leading
 * minor that fails; NTK_ERROR_NOT_FINITE where a NaN or an infinity reaches a pivot. */
ntk_status ntk_cholesky(size_t n, double *a, size_t lda);

/* Solve A X = B given L of ntk_cholesky; b: (n, columns), overwritten with X. */
ntk_status ntk_cholesky_solve(size_t n, size_t columns, const double *l, size_t ldl, double *b, size_t ldb);

/* L^{-1} B in place, for sampling and whitening; l lower triangular, b: (n, columns). */
ntk_status ntk_triangular_solve(ntk_transpose transpose, size_t n, size_t columns, const double *l,
                                size_t ldl, double *b, size_t ldb);

/* Eigenvalues (ascending, (n)) of a symmetric A whose lower triangle is read. A is overwritten: by
 * eigenvectors in columns (a[i][k] is component i of vector k) with vectors = true, by rubbish
 * without. Errors: NTK_ERROR_NOT_FINITE, NTK_ERROR_NO_CONVERGENCE. */
ntk_status ntk_eigen_symmetric(size_t n, double *a, size_t lda, bool vectors, double *values);

/* True when every element is finite. */
bool ntk_all_finite(size_t n, const double *x);

/* The larger and the smaller of two numbers, and max |x_i - y_i| (0 for n = 0): NaN where any
 * argument is one, unlike fmax and fmin, so that the extreme of a run shows what went wrong in
 * it. */
double ntk_larger(double a, double b);
double ntk_smaller(double a, double b);
double ntk_largest_difference(size_t n, const double *x, const double *y);

NTK_END_DECLS

#endif
