/* Elementary functions of arrays, with the same bits on every CPU.
 *
 * An element's value depends on its argument alone: not on its position, not on n, not on its
 * neighbours, not on the instruction set in use: there is no fused multiply-add in
 * vector_functions.inc. out, or value, may be the argument itself; it may not overlap it otherwise.
 * Errors are in units of the spacing of doubles (ulp) at the result, that of subnormal numbers
 * included; infinities and zeros are exact, and a NaN gives NaN. The bounds are worst cases by the
 * budgets in vector_functions.inc; they hold for rounding to nearest, to which the elementary
 * functions go back. */
#ifndef NTK_BASE_VECTOR_H
#define NTK_BASE_VECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Errors at most 1.1 ulp of exp, 1.8 ulp of log, which is -infinity at 0 and NaN below. log(1 +
 * e^x) is softplus. */
void ntk_vector_exp(size_t n, const double *x, double *out);
void ntk_vector_log(size_t n, const double *x, double *out);

/* A function and, in the same pass, its derivative, unless that is NULL; derivative overlaps
 * neither of the others. Errors of both, in ulp:
 *
 *     erf                          1.6    2
 *     GELU      x Phi(x)          10      8, of the larger of Phi(x) and |x| p(x)
 *     tanh                         3      5
 *     sigmoid   1 / (1 + e^-x)     3      5
 *     softplus  log(1 + e^x)       2.5    3
 *     sin, cos                     1.1    1.1 */
void ntk_vector_erf(size_t n, const double *x, double *value, double *derivative);
void ntk_vector_gelu(size_t n, const double *x, double *value, double *derivative);
void ntk_vector_tanh(size_t n, const double *x, double *value, double *derivative);
void ntk_vector_sigmoid(size_t n, const double *x, double *value, double *derivative);
void ntk_vector_softplus(size_t n, const double *x, double *value, double *derivative);
void ntk_vector_sin(size_t n, const double *x, double *value, double *derivative);
void ntk_vector_cos(size_t n, const double *x, double *value, double *derivative);

/* Box-Muller: from the words 2 i and 2 i + 1 the normals sqrt(-2 log u) (cos 2 pi v, sin 2 pi v)
 * with u, v = (k + 1/2) 2^-52, k the upper 52 bits of a word. Errors at most 5 ulp. words and out:
 * (2 pairs). */
void ntk_vector_normal(size_t pairs, const uint64_t *words, double *out);

/* max(x, 0), and in the same pass its derivative, 0 at 0, unless that is NULL; a NaN gives NaNs.
 * value may be x; derivative overlaps neither. */
void ntk_vector_relu(size_t n, const double *x, double *value, double *derivative);

/* out = (scale x) y, element by element; out may be x or y. */
void ntk_vector_multiply(size_t n, double scale, const double *x, const double *y, double *out);

/* out = base + sum_j weight[j] direction[j], summed in this order; base NULL for 0; out may be base
 * or one of the directions. Terms of weight 0 are left out: their vectors need not hold numbers. */
void ntk_vector_combine(size_t n, const double *base, size_t terms, const double *weight,
                        const double *const *direction, double *out);

/* sum_i c_i^2 for c = sum_j weight[j] direction[j] as above, in one pass and in the order of
 * ntk_dot: to the bit what it gives of c. */
double ntk_vector_combination_square(size_t n, size_t terms, const double *weight,
                                     const double *const *direction);

/* How many products ntk_vector_products takes at once. */
#define NTK_VECTOR_SIDE_BY_SIDE 8

/* Eight products out = A B^T of small matrices of one shape. An element of a matrix is eight
 * numbers
 * in a row, one of each product; none depends on the other seven. Elements of A stand a_step[0]
 * apart from row to row and a_step[1] from term to term, those of B likewise. out: (n, q, 8),
 * out_ij = sum_k A_ik B_jk, summed from k = 0 on; it overlaps neither. */
void ntk_vector_products(size_t n, size_t q, size_t terms, const double *a, const size_t a_step[2],
                         const double *b, const size_t b_step[2], double *out);

/* Lower triangle of out (n, n) = scale A A^T, A: (n, k), with lda and ldo doubles from row to row.
 * Each element is scale times what ntk_dot
 * gives of its two rows, to the bit. */
void ntk_vector_gram(size_t n, size_t k, double scale, const double *a, size_t lda, double *out, size_t ldo);

/* out = scale A W^T, or, to add, out + scale A W^T. A: (n, k), W: (q, k), out: (n, q) with ldo
 * doubles from row to row; k <= NTK_VECTOR_FEW_INPUTS. An element is summed over the inputs in
 * their order and scaled. */
enum { NTK_VECTOR_FEW_INPUTS = 16 };
void ntk_vector_few_inputs(size_t n, size_t q, size_t k, double scale, const double *a, const double *w,
                           bool add, double *out, size_t ldo);

/* The instruction set in use: "avx512", "avx2", "sse2" or "scalar"; the best that the CPU has. The
 * environment variable NTK_SIMD, one of these names, lowers it (for tests). */
const char *ntk_vector_isa(void);

#endif
