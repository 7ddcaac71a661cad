/* Elementary functions of arrays, with the same bits on every CPU.
 *
 * An element's value depends on its argument alone: not on its position, not on n, not on its
 * neighbours, not on the instruction set in use: there is no fused multiply-add, neither in what
 * vector_functions.inc defines nor in SLEEF's `cinz` variants, which serve for log, tanh, erfc and
 * sincospi. out, or value, may be the argument itself; it may not overlap it otherwise. Errors are
 * in units of the spacing of doubles (ulp) at the result, that of subnormal numbers included;
 * infinities and zeros are exact, and a NaN gives NaN. */
#ifndef NTK_BASE_VECTOR_H
#define NTK_BASE_VECTOR_H

#include <stddef.h>

/* Errors at most 1 ulp; tanh: for normal results. */
void ntk_vector_exp(size_t n, const double *x, double *out);
void ntk_vector_log(size_t n, const double *x, double *out);
void ntk_vector_tanh(size_t n, const double *x, double *out);

/* erf(x), and in the same pass 2 / sqrt(pi) e^(-x^2), its derivative, unless that is NULL: errors
 * at most 1.5 and 2 ulp. derivative overlaps neither of the others. */
void ntk_vector_erf(size_t n, const double *x, double *value, double *derivative);

/* Errors at most 1.5 ulp; keeps its digits in the upper tail. */
void ntk_vector_erfc(size_t n, const double *x, double *out);

/* sin(pi x) and cos(pi x); errors at most 3.5 ulp for |x| <= 2.5e8. SLEEF's variant of half an ulp
 * takes three times as long, and normals spend most of their time here. */
void ntk_vector_sincospi(size_t n, const double *x, double *sine, double *cosine);

/* max(x, 0), and in the same pass its derivative, 0 at 0, unless that is NULL; a NaN gives NaNs.
 * value may be x; derivative overlaps neither. */
void ntk_vector_relu(size_t n, const double *x, double *value, double *derivative);

/* The instruction set in use: "avx512", "avx2", "sse2" or "scalar"; the best that the CPU has. The
 * environment variable NTK_SIMD, one of these names, lowers it (for tests). */
const char *ntk_vector_isa(void);

#endif
