/* SSE2: two doubles at a time. */
#include <immintrin.h>
#include <sleef.h>

enum { WIDTH = 2 };
#define VECTOR      __m128d
#define VECTOR_PAIR Sleef___m128d_2
#define LOAD        _mm_loadu_pd
#define STORE       _mm_storeu_pd
#define EXP         Sleef_cinz_expd2_u10sse2
#define LOG         Sleef_cinz_logd2_u10sse2
#define TANH        Sleef_cinz_tanhd2_u10sse2
#define ERF         Sleef_cinz_erfd2_u10sse2
#define ERFC        Sleef_cinz_erfcd2_u15sse2
#define SINCOSPI    Sleef_cinz_sincospid2_u35sse2
#define ISA         "sse2"
#define TABLE       ntk_vector_sse2

#include "base/vector_kernels.inc"
