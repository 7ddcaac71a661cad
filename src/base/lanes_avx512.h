/* AVX-512: eight doubles at a time. */
#ifndef NTK_BASE_LANES_AVX512_H
#define NTK_BASE_LANES_AVX512_H

#include <immintrin.h>
#include <math.h>
#include <sleef.h>

enum { WIDTH = 8 };
#define VECTOR                     __m512d
#define LOAD                       _mm512_loadu_pd
#define STORE                      _mm512_storeu_pd
#define SPLAT(x)                   _mm512_set1_pd(x)
#define MIN                        _mm512_min_pd
#define MAX                        _mm512_max_pd
#define SQRT                       _mm512_sqrt_pd
#define ABS                        _mm512_abs_pd
#define BEYOND(x, limit)           ((unsigned)_mm512_cmp_pd_mask(ABS(x), SPLAT(limit), _CMP_NLE_UQ))
#define ACOS                       Sleef_cinz_acosd8_u35avx512fnofma
#define ASIN                       Sleef_cinz_asind8_u35avx512fnofma
#define ATAN                       Sleef_cinz_atand8_u35avx512fnofma
#define EXP                        Sleef_cinz_expd8_u10avx512fnofma
#define EXPM1                      Sleef_cinz_expm1d8_u10avx512fnofma
#define ISA                        "avx512"
#define WHERE_ABOVE(z, low, x)     _mm512_maskz_mov_pd(_mm512_cmp_pd_mask(z, low, _CMP_GT_OQ), x)
#define WHERE_BELOW(z, high, a, b) _mm512_mask_blend_pd(_mm512_cmp_pd_mask(z, high, _CMP_LT_OQ), b, a)
#define ANY_BELOW(z, high)         (_mm512_cmp_pd_mask(z, high, _CMP_LT_OQ) != 0)
#define SIGN(x)                    _mm512_and_pd(x, _mm512_set1_pd(-0.0))
#define WITH_SIGN(x, s)            _mm512_or_pd(x, s)
#define UPPER(x)                   _mm512_and_pd(x, _mm512_castsi512_pd(_mm512_set1_epi64(-0x8000000)))
#define WITHIN(x)                  _mm512_andnot_pd(_mm512_set1_pd(-INFINITY), x)
#define FRACTION(x)                _mm512_or_pd(WITHIN(x), _mm512_set1_pd(1))
#define EXPONENT(x)                _mm512_sub_pd(BIASED(x), _mm512_set1_pd(0x1p52 + 1023))
#define BIASED(x)                                                                                            \
    _mm512_or_pd(_mm512_castsi512_pd(_mm512_srli_epi64(_mm512_castpd_si512(x), 52)), _mm512_set1_pd(0x1p52))
#define ODD(k)                                                                                               \
    _mm512_or_pd(_mm512_castsi512_pd(_mm512_slli_epi64(_mm512_castpd_si512(k), 63)), _mm512_set1_pd(1))
#define FLIP(x, k)                                                                                           \
    _mm512_xor_pd(x, _mm512_and_pd(_mm512_castsi512_pd(_mm512_slli_epi64(_mm512_castpd_si512(k), 62)),       \
                                   _mm512_set1_pd(-0.0)))
#define UNIFORM(p)                                                                                           \
    _mm512_or_pd(_mm512_castsi512_pd(_mm512_srli_epi64(_mm512_loadu_si512(p), 12)), _mm512_set1_pd(1))
#define EVENS    _mm512_unpacklo_pd
#define ODDS     _mm512_unpackhi_pd
#define POWER(k) _mm512_castsi512_pd(_mm512_slli_epi64(_mm512_castpd_si512(k), 52))
#define TABLE_16(t, bits)                                                                                    \
    _mm512_permutex2var_pd(_mm512_load_pd(t), _mm512_castpd_si512(bits), _mm512_load_pd((t) + 8))

#endif
