/* AVX2: four doubles at a time. */
#ifndef NTK_BASE_LANES_AVX2_H
#define NTK_BASE_LANES_AVX2_H

#include <immintrin.h>
#include <math.h>
#include <sleef.h>

enum { WIDTH = 4 };
#define VECTOR                     __m256d
#define LOAD                       _mm256_loadu_pd
#define STORE                      _mm256_storeu_pd
#define SPLAT(x)                   _mm256_set1_pd(x)
#define MIN                        _mm256_min_pd
#define MAX                        _mm256_max_pd
#define SQRT                       _mm256_sqrt_pd
#define ABS(x)                     _mm256_andnot_pd(_mm256_set1_pd(-0.0), x)
#define NOT_AT_MOST(x, y)          _mm256_cmp_pd(x, y, _CMP_NLE_UQ)
#define BEYOND(x, limit)           ((unsigned)_mm256_movemask_pd(NOT_AT_MOST(ABS(x), SPLAT(limit))))
#define ACOS                       Sleef_cinz_acosd4_u35avx
#define ASIN                       Sleef_cinz_asind4_u35avx
#define ATAN                       Sleef_cinz_atand4_u35avx
#define EXP                        Sleef_cinz_expd4_u10avx
#define EXPM1                      Sleef_cinz_expm1d4_u10avx
#define ISA                        "avx2"
#define WHERE_ABOVE(z, low, x)     _mm256_and_pd(_mm256_cmp_pd(z, low, _CMP_GT_OQ), x)
#define WHERE_BELOW(z, high, a, b) _mm256_blendv_pd(b, a, _mm256_cmp_pd(z, high, _CMP_LT_OQ))
#define ANY_BELOW(z, high)         (_mm256_movemask_pd(_mm256_cmp_pd(z, high, _CMP_LT_OQ)) != 0)
#define SIGN(x)                    _mm256_and_pd(x, _mm256_set1_pd(-0.0))
#define WITH_SIGN(x, s)            _mm256_or_pd(x, s)
#define UPPER(x)                   _mm256_and_pd(x, _mm256_castsi256_pd(_mm256_set1_epi64x(-0x8000000)))
#define WITHIN(x)                  _mm256_andnot_pd(_mm256_set1_pd(-INFINITY), x)
#define FRACTION(x)                _mm256_or_pd(WITHIN(x), _mm256_set1_pd(1))
#define EXPONENT(x)                _mm256_sub_pd(BIASED(x), _mm256_set1_pd(0x1p52 + 1023))
#define BIASED(x)                                                                                            \
    _mm256_or_pd(_mm256_castsi256_pd(_mm256_srli_epi64(_mm256_castpd_si256(x), 52)), _mm256_set1_pd(0x1p52))
#define ODD(k)                                                                                               \
    _mm256_or_pd(_mm256_castsi256_pd(_mm256_slli_epi64(_mm256_castpd_si256(k), 63)), _mm256_set1_pd(1))
#define FLIP(x, k)                                                                                           \
    _mm256_xor_pd(x, _mm256_and_pd(_mm256_castsi256_pd(_mm256_slli_epi64(_mm256_castpd_si256(k), 62)),       \
                                   _mm256_set1_pd(-0.0)))
#define UNIFORM(p)                                                                                           \
    _mm256_or_pd(_mm256_castsi256_pd(_mm256_srli_epi64(_mm256_loadu_si256((const __m256i *)(p)), 12)),       \
                 _mm256_set1_pd(1))
#define EVENS    _mm256_unpacklo_pd
#define ODDS     _mm256_unpackhi_pd
#define POWER(k) _mm256_castsi256_pd(_mm256_slli_epi64(_mm256_castpd_si256(k), 52))
#define TABLE_16(t, bits)                                                                                    \
    _mm256_i64gather_pd(t, _mm256_and_si256(_mm256_castpd_si256(bits), _mm256_set1_epi64x(15)), 8)

#endif
