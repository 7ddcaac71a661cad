/* Philox (Salmon et al. 2011, section 3.3): a round takes the 128 bits of two products of 64-bit
 * words. A factor is a_0 + 2^52 a_1, and so is its constant m; the instruction multiplies the lower
 * 52 bits of two lanes and adds the lower or the upper 52 bits of the product to a third:
 *
 *     a m = L + 2^52 H + 2^104 T,
 *     L = lo(a_0 m_0) < 2^52,
 *     H = hi(a_0 m_0) + lo(a_0 m_1) + lo(a_1 m_0) < 2^54,
 *     T = hi(a_0 m_1) + hi(a_1 m_0) + lo(a_1 m_1) < 2^25.
 *
 * Lanes are blocks, eight to a register; four registers of each word in flight hide the
 * latencies. */
#include "base/random_wide.h"

#include <immintrin.h>

enum { LANES = 8, FLIGHT = NTK_WIDE_BLOCKS / LANES, WORDS = 4, ROUNDS = 10 };

#define MULTIPLIER_0 0xd2e7470ee14c6c93u
#define MULTIPLIER_1 0xca5a826395121157u
#define KEY_STEP_0   0x9e3779b97f4a7c15u
#define KEY_STEP_1   0xbb67ae8584caa73bu

typedef struct constant {
    __m512i lower, upper; /* m_0, m_1 */
} constant;

static inline __m512i splat(uint64_t x) { return _mm512_set1_epi64((long long)x); }

static inline constant split(uint64_t m) {
    return (constant){splat(m & (((uint64_t)1 << 52) - 1)), splat(m >> 52)};
}

/* The lower 64 bits of a m; *high: the upper ones. */
static inline __m512i multiply(__m512i a, constant m, __m512i *high) {
    const __m512i zero = _mm512_setzero_si512(), top = _mm512_srli_epi64(a, 52);
    const __m512i L = _mm512_madd52lo_epu64(zero, a, m.lower);
    __m512i H = _mm512_madd52hi_epu64(zero, a, m.lower), T = _mm512_madd52hi_epu64(zero, a, m.upper);
    H = _mm512_madd52lo_epu64(H, a, m.upper);
    H = _mm512_madd52lo_epu64(H, top, m.lower);
    T = _mm512_madd52hi_epu64(T, top, m.lower);
    T = _mm512_madd52lo_epu64(T, top, m.upper);
    *high = _mm512_add_epi64(_mm512_srli_epi64(H, 12), _mm512_slli_epi64(T, 40));
    return _mm512_add_epi64(L, _mm512_slli_epi64(H, 52));
}

static inline __m512i exclusive_or(__m512i a, __m512i b, __m512i c) {
    return _mm512_ternarylogic_epi64(a, b, c, 0x96);
}

/* A group of blocks, word by word: x[f][w] holds word w of the blocks 8 f .. 8 f + 7. */
static inline void run_rounds(const uint64_t key[2], __m512i x[FLIGHT][WORDS]) {
    const constant m0 = split(MULTIPLIER_0), m1 = split(MULTIPLIER_1);
    __m512i k0 = splat(key[0]), k1 = splat(key[1]);
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t f = 0; f < FLIGHT; f++) {
            __m512i high0, high1;
            const __m512i low0 = multiply(x[f][0], m0, &high0), low1 = multiply(x[f][2], m1, &high1);
            x[f][0] = exclusive_or(high1, x[f][1], k0);
            x[f][2] = exclusive_or(high0, x[f][3], k1);
            x[f][1] = low1;
            x[f][3] = low0;
        }
        k0 = _mm512_add_epi64(k0, splat(KEY_STEP_0));
        k1 = _mm512_add_epi64(k1, splat(KEY_STEP_1));
    }
}

/* Eight blocks, block by block: pairs of words first, then pairs of pairs. */
static inline void store_blocks(const __m512i x[WORDS], uint64_t *words) {
    const __m512i even[2] = {_mm512_unpacklo_epi64(x[0], x[1]), _mm512_unpacklo_epi64(x[2], x[3])};
    const __m512i odd[2] = {_mm512_unpackhi_epi64(x[0], x[1]), _mm512_unpackhi_epi64(x[2], x[3])};
    const __m512i lower = _mm512_set_epi64(11, 10, 3, 2, 9, 8, 1, 0);
    const __m512i upper = _mm512_set_epi64(15, 14, 7, 6, 13, 12, 5, 4);
    const __m512i blocks[4] = {_mm512_permutex2var_epi64(even[0], lower, even[1]), /* 0, 2 */
                               _mm512_permutex2var_epi64(odd[0], lower, odd[1]),   /* 1, 3 */
                               _mm512_permutex2var_epi64(even[0], upper, even[1]), /* 4, 6 */
                               _mm512_permutex2var_epi64(odd[0], upper, odd[1])};  /* 5, 7 */
    for (size_t half = 0; half < 4; half += 2) {
        const __m512i a = blocks[half], b = blocks[half + 1];
        _mm512_storeu_si512(words + 8 * half, _mm512_shuffle_i64x2(a, b, 0x44));
        _mm512_storeu_si512(words + 8 * half + 8, _mm512_shuffle_i64x2(a, b, 0xee));
    }
}

void ntk_wide_words(const uint64_t counter[4], const uint64_t key[2], size_t groups, uint64_t *words) {
    const __m512i lanes = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);
    for (size_t g = 0; g < groups; g++, words += NTK_WIDE_BLOCKS * WORDS) {
        __m512i x[FLIGHT][WORDS];
        for (size_t f = 0; f < FLIGHT; f++) {
            const uint64_t first = counter[0] + g * NTK_WIDE_BLOCKS + f * LANES;
            x[f][0] = _mm512_add_epi64(splat(first), lanes);
            for (size_t w = 1; w < WORDS; w++) x[f][w] = splat(counter[w]);
        }
        run_rounds(key, x);
        for (size_t f = 0; f < FLIGHT; f++) store_blocks(x[f], words + f * LANES * WORDS);
    }
}
