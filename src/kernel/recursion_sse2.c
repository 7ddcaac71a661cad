/* SSE2: two doubles at a time. */
#include <emmintrin.h>
#include <sleef.h>

enum { WIDTH = 2 };
#define VECTOR           __m128d
#define LOAD             _mm_loadu_pd
#define STORE            _mm_storeu_pd
#define SPLAT(x)         _mm_set1_pd(x)
#define MIN              _mm_min_pd
#define MAX              _mm_max_pd
#define SQRT             _mm_sqrt_pd
#define ABS(x)           _mm_andnot_pd(_mm_set1_pd(-0.0), x)
#define BEYOND(x, limit) ((unsigned)_mm_movemask_pd(_mm_cmpnle_pd(ABS(x), SPLAT(limit))))
#define ACOS             Sleef_cinz_acosd2_u35sse2
#define ASIN             Sleef_cinz_asind2_u35sse2
#define EXP              Sleef_cinz_expd2_u10sse2
#define EXPM1            Sleef_cinz_expm1d2_u10sse2
#define ISA              "sse2"
#define TABLE            ntk_recursion_sse2

#include "kernel/recursion.inc"
