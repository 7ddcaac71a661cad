/* SSE2: two doubles at a time. */
#ifndef NTK_BASE_LANES_SSE2_H
#define NTK_BASE_LANES_SSE2_H

#include <emmintrin.h>
#include <math.h>
#include <sleef.h>

enum { WIDTH = 2 };
#define VECTOR                     __m128d
#define LOAD                       _mm_loadu_pd
#define STORE                      _mm_storeu_pd
#define SPLAT(x)                   _mm_set1_pd(x)
#define MIN                        _mm_min_pd
#define MAX                        _mm_max_pd
#define SQRT                       _mm_sqrt_pd
#define ABS(x)                     _mm_andnot_pd(_mm_set1_pd(-0.0), x)
#define BEYOND(x, limit)           ((unsigned)_mm_movemask_pd(_mm_cmpnle_pd(ABS(x), SPLAT(limit))))
#define ACOS                       Sleef_cinz_acosd2_u35sse2
#define ASIN                       Sleef_cinz_asind2_u35sse2
#define ATAN                       Sleef_cinz_atand2_u35sse2
#define EXP                        Sleef_cinz_expd2_u10sse2
#define EXPM1                      Sleef_cinz_expm1d2_u10sse2
#define ISA                        "sse2"
#define WHERE_ABOVE(z, low, x)     _mm_and_pd(_mm_cmpgt_pd(z, low), x)
#define WHERE_BELOW(z, high, a, b) choose(_mm_cmplt_pd(z, high), a, b)
#define ANY_BELOW(z, high)         (_mm_movemask_pd(_mm_cmplt_pd(z, high)) != 0)
#define SIGN(x)                    _mm_and_pd(x, _mm_set1_pd(-0.0))
#define WITH_SIGN(x, s)            _mm_or_pd(x, s)
#define UPPER(x)                   _mm_and_pd(x, _mm_castsi128_pd(_mm_set1_epi64x(-0x8000000)))
#define FRACTION(x)                _mm_or_pd(_mm_andnot_pd(_mm_set1_pd(-INFINITY), x), _mm_set1_pd(1))
#define EXPONENT(x)                                                                                          \
    _mm_sub_pd(_mm_or_pd(_mm_castsi128_pd(_mm_srli_epi64(_mm_castpd_si128(x), 52)), _mm_set1_pd(0x1p52)),    \
               _mm_set1_pd(0x1p52 + 1023))
#define ODD(k) _mm_or_pd(_mm_castsi128_pd(_mm_slli_epi64(_mm_castpd_si128(k), 63)), _mm_set1_pd(1))
#define FLIP(x, k)                                                                                           \
    _mm_xor_pd(x, _mm_and_pd(_mm_castsi128_pd(_mm_slli_epi64(_mm_castpd_si128(k), 62)), _mm_set1_pd(-0.0)))
#define UNIFORM(p)                                                                                           \
    _mm_or_pd(_mm_castsi128_pd(_mm_srli_epi64(_mm_loadu_si128((const __m128i *)(p)), 12)), _mm_set1_pd(1))
#define EVENS             _mm_unpacklo_pd
#define ODDS              _mm_unpackhi_pd
#define POWER(k)          _mm_castsi128_pd(_mm_slli_epi64(_mm_castpd_si128(k), 52))
#define TABLE_16(t, bits) look_up(t, bits)

static inline __m128d choose(__m128d mask, __m128d a, __m128d b) {
    return _mm_or_pd(_mm_and_pd(mask, a), _mm_andnot_pd(mask, b));
}

static inline __m128d look_up(const double *table, __m128d bits) {
    const __m128i index = _mm_and_si128(_mm_castpd_si128(bits), _mm_set1_epi64x(15));
    return _mm_set_pd(table[_mm_extract_epi16(index, 4)], table[_mm_extract_epi16(index, 0)]);
}

#endif
