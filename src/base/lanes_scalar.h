/* Scalar twin of the vector files: SLEEF's plain C functions, on any CPU. Each of these headers
 * defines
 *
 *     WIDTH                       doubles in a vector
 *     VECTOR                      its type, with + - * and /
 *     LOAD(p), STORE(p, v)        unaligned access
 *     SPLAT(x)                    x in every lane
 *     MIN MAX SQRT ABS            lane by lane
 *     BEYOND(x, limit)            a bit for each lane with !(|x| <= limit), NaN included
 *     WHERE_ABOVE(z, low, x)      x where z > low, 0 elsewhere
 *     WHERE_BELOW(z, high, a, b)  a where z < high, b elsewhere
 *     ANY_BELOW(z, high)          whether z < high in some lane
 *     TABLE_16(t, bits)           t[the last four bits of bits]; t: 16 doubles, aligned
 *     SIGN(x), WITH_SIGN(x, s)    the sign bit of x; x >= 0 with that sign bit
 *     UPPER(x)                    x without the lower 27 bits of its fraction
 *     POWER(k)                    2^(j - 1023), 0 < j < 2047, with j in the lowest bits of k
 *     FRACTION(x), EXPONENT(x)    x = FRACTION 2^EXPONENT for a normal x > 0, 1 <= FRACTION < 2
 *     ODD(k)                      -1 where the lowest bit of k is set, 1 elsewhere
 *     FLIP(x, k)                  -x where the second lowest bit of k is set, x elsewhere
 *     UNIFORM(p)                  1 + the upper 52 bits of uint64_t at p, as parts of 2^52
 *     EVENS(a, b), ODDS(a, b)     the even lanes of a and b in turns; the odd ones. One lane: a, b
 *     ACOS ASIN ATAN EXP EXPM1   SLEEF's functions of that width
 *     ISA                         the name of the instruction set */
#ifndef NTK_BASE_LANES_SCALAR_H
#define NTK_BASE_LANES_SCALAR_H

#include <math.h>
#include <sleef.h>
#include <stdint.h>
#include <string.h>

enum { WIDTH = 1 };
#define VECTOR                     double
#define LOAD(p)                    (*(p))
#define STORE(p, x)                (*(p) = (x))
#define SPLAT(x)                   ((double)(x))
#define MIN(a, b)                  ((a) < (b) ? (a) : (b))
#define MAX(a, b)                  ((a) > (b) ? (a) : (b))
#define SQRT                       sqrt
#define ABS                        fabs
#define BEYOND(x, limit)           ((unsigned)!(fabs(x) <= (limit)))
#define ACOS                       Sleef_cinz_acosd1_u35purec
#define ASIN                       Sleef_cinz_asind1_u35purec
#define ATAN                       Sleef_cinz_atand1_u35purec
#define EXP                        Sleef_cinz_expd1_u10purec
#define EXPM1                      Sleef_cinz_expm1d1_u10purec
#define ISA                        "scalar"
#define WHERE_ABOVE(z, low, x)     ((z) > (low) ? (x) : 0.0)
#define WHERE_BELOW(z, high, a, b) ((z) < (high) ? (a) : (b))
#define ANY_BELOW(z, high)         ((z) < (high))
#define TABLE_16(t, bits)          look_up(t, bits)

#define SIGN(x)         from_bits(to_bits(x) & 0x8000000000000000u)
#define WITH_SIGN(x, s) from_bits(to_bits(x) | to_bits(s))
#define UPPER(x)        from_bits(to_bits(x) & 0xfffffffff8000000u)
#define FRACTION(x)     from_bits((to_bits(x) & 0x000fffffffffffffu) | 0x3ff0000000000000u)
#define EXPONENT(x)     ((double)(int)(to_bits(x) >> 52) - 1023)
#define ODD(k)          from_bits(to_bits(k) << 63 | 0x3ff0000000000000u)
#define FLIP(x, k)      from_bits(to_bits(x) ^ (to_bits(k) << 62 & 0x8000000000000000u))
#define UNIFORM(p)      from_bits(*(p) >> 12 | 0x3ff0000000000000u)
#define EVENS(a, b)     (a)
#define ODDS(a, b)      (b)
#define POWER(k)        from_bits(to_bits(k) << 52)

static inline uint64_t to_bits(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline double from_bits(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline double look_up(const double *table, double bits) { return table[to_bits(bits) & 15]; }

#endif
