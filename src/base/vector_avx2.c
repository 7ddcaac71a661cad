/* AVX2 (SLEEF's variant without fused multiply-add is named for AVX): four doubles at a time. */
#include <immintrin.h>
#include <sleef.h>

enum { WIDTH = 4 };
#define VECTOR      __m256d
#define VECTOR_PAIR Sleef___m256d_2
#define LOAD        _mm256_loadu_pd
#define STORE       _mm256_storeu_pd
#define EXP         Sleef_cinz_expd4_u10avx
#define LOG         Sleef_cinz_logd4_u10avx
#define TANH        Sleef_cinz_tanhd4_u10avx
#define ERF         Sleef_cinz_erfd4_u10avx
#define ERFC        Sleef_cinz_erfcd4_u15avx
#define SINCOSPI    Sleef_cinz_sincospid4_u35avx
#define ISA         "avx2"
#define TABLE       ntk_vector_avx2

#include "base/vector_kernels.inc"
