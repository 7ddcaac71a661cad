/* AVX-512: eight doubles at a time. */
#include <immintrin.h>
#include <sleef.h>

enum { WIDTH = 8 };
#define VECTOR      __m512d
#define VECTOR_PAIR Sleef___m512d_2
#define LOAD        _mm512_loadu_pd
#define STORE       _mm512_storeu_pd
#define EXP         Sleef_cinz_expd8_u10avx512fnofma
#define LOG         Sleef_cinz_logd8_u10avx512fnofma
#define TANH        Sleef_cinz_tanhd8_u10avx512fnofma
#define ERF         Sleef_cinz_erfd8_u10avx512fnofma
#define ERFC        Sleef_cinz_erfcd8_u15avx512fnofma
#define SINCOSPI    Sleef_cinz_sincospid8_u35avx512fnofma
#define ISA         "avx512"
#define TABLE       ntk_vector_avx512

#include "base/vector_kernels.inc"
