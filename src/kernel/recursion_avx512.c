/* AVX-512: eight doubles at a time. */
#include <immintrin.h>
#include <sleef.h>

enum { WIDTH = 8 };
#define VECTOR           __m512d
#define LOAD             _mm512_loadu_pd
#define STORE            _mm512_storeu_pd
#define SPLAT(x)         _mm512_set1_pd(x)
#define MIN              _mm512_min_pd
#define MAX              _mm512_max_pd
#define SQRT             _mm512_sqrt_pd
#define ABS              _mm512_abs_pd
#define BEYOND(x, limit) ((unsigned)_mm512_cmp_pd_mask(ABS(x), SPLAT(limit), _CMP_NLE_UQ))
#define ACOS             Sleef_cinz_acosd8_u35avx512fnofma
#define ASIN             Sleef_cinz_asind8_u35avx512fnofma
#define EXP              Sleef_cinz_expd8_u10avx512fnofma
#define EXPM1            Sleef_cinz_expm1d8_u10avx512fnofma
#define ISA              "avx512"
#define TABLE            ntk_recursion_avx512

#include "kernel/recursion.inc"
