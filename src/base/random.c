#include <ntk/random.h>

#include <Random123/philox.h>
#include <string.h>

#include "base/random_wide.h"
#include "base/vector.h"

/* --- names ------------------------------------------------------------------------------------ */

/* 64-bit FNV-1a (Fowler, Noll, Vo): h <- (h xor byte) * prime, from the offset basis. */
static const uint64_t FNV_BASIS = 0xcbf29ce484222325u;
static const uint64_t FNV_PRIME = 0x00000100000001b3u;

static uint64_t hash_text(uint64_t hash, const char *text) {
    for (; *text != '\0'; text++) hash = (hash ^ (unsigned char)*text) * FNV_PRIME;
    return hash;
}

/* Least significant byte first, so that the hash does not depend on the machine's byte order. */
static uint64_t hash_number(uint64_t hash, uint64_t number) {
    for (int shift = 0; shift < 64; shift += 8) hash = (hash ^ ((number >> shift) & 0xff)) * FNV_PRIME;
    return hash;
}

ntk_stream ntk_stream_create(uint64_t seed, const char *label, uint64_t unit) {
    return (ntk_stream){.key = {seed, hash_text(FNV_BASIS, label)}, .unit = unit};
}

/* The parent's fork goes in as eight bytes of its own: forks "a" then "b" and the fork "ab"
 * differ. */
ntk_stream ntk_stream_fork(const ntk_stream *stream, const char *purpose) {
    ntk_stream fork = *stream;
    fork.index = 0;
    fork.fork = hash_text(hash_number(FNV_BASIS, stream->fork), purpose);
    return fork;
}

/* --- blocks of four words --------------------------------------------------------------------- */

enum { WORDS = 4 };

/* Where the CPU can, and NTK_SIMD does not say otherwise: as many of `blocks` as make whole
 * groups. */
static size_t next_groups(const philox4x64_ctr_t *counter, const philox4x64_key_t *key, size_t blocks,
                          uint64_t *words) {
#ifdef NTK_SIMD_X86
    const size_t groups = blocks / NTK_WIDE_BLOCKS;
    if (groups == 0 || !__builtin_cpu_supports("avx512ifma") || strcmp(ntk_vector_isa(), "avx512") != 0)
        return 0;
    ntk_wide_words(counter->v, key->v, groups, words);
    return groups * NTK_WIDE_BLOCKS;
#else
    (void)counter, (void)key, (void)blocks, (void)words;
    return 0;
#endif
}

/* The next `blocks` blocks. A loop of its own: the ten rounds are a long chain of multiplications,
 * and the processor overlaps several blocks only while little else stands between them. */
static void next_words(ntk_stream *stream, size_t blocks, uint64_t *words /* (blocks, 4) */) {
    const philox4x64_key_t key = {{stream->key[0], stream->key[1]}};
    philox4x64_ctr_t counter = {{stream->index, stream->unit, stream->fork, 0}};
    const size_t done = next_groups(&counter, &key, blocks, words);
    counter.v[0] += done;
    for (size_t b = done; b < blocks; b++, counter.v[0]++) {
        const philox4x64_ctr_t block = philox4x64(counter, key);
        memcpy(words + WORDS * b, block.v, sizeof block.v);
    }
    stream->index = counter.v[0];
}

/* (k + 1/2) 2^-52 with k the upper 52 bits. With 53 bits the midpoints next to 1 would need 54
 * digits and round to 1. The bits of k are the fraction of a double 1 + k 2^-52; both steps are
 * exact. */
static double open_uniform(uint64_t word) {
    const uint64_t bits = (word >> 12) | 0x3ff0000000000000u;
    double one_plus;
    memcpy(&one_plus, &bits, sizeof one_plus);
    return (one_plus - 1.0) + 0x1p-53;
}

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* Draws are made in batches whose arrays stay in the first-level cache. */
enum { BATCH_BLOCKS = 128, BATCH = WORDS * BATCH_BLOCKS };

void ntk_stream_uniform(ntk_stream *stream, size_t n, double *out) {
    uint64_t words[BATCH];
    for (size_t i = 0; i < n; i += BATCH) {
        const size_t count = smaller(BATCH, n - i);
        next_words(stream, (count + WORDS - 1) / WORDS, words);
        for (size_t j = 0; j < count; j++) out[i + j] = open_uniform(words[j]);
    }
}

/* --- normals ---------------------------------------------------------------------------------- */

/* u >= 2^-53 in Box-Muller's pairs bounds a normal by sqrt(106 log 2) = 8.57; the law's mass beyond
 * is below 2^-53. */
static void normal_batch(ntk_stream *stream, size_t blocks, double *out /* (4 blocks) */) {
    uint64_t words[BATCH];
    next_words(stream, blocks, words);
    ntk_vector_normal(WORDS * blocks / 2, words, out);
}

void ntk_stream_normal(ntk_stream *stream, size_t n, double *out) {
    const size_t whole = n - n % WORDS;
    for (size_t i = 0; i < whole; i += BATCH)
        normal_batch(stream, smaller(BATCH, whole - i) / WORDS, out + i);
    if (whole == n) return;
    double last[WORDS];
    normal_batch(stream, 1, last);
    memcpy(out + whole, last, (n - whole) * sizeof *last);
}

/* --- integers --------------------------------------------------------------------------------- */

/* A word below `surplus` = 2^64 mod bound is rejected; the others fall evenly on the residues. */
uint64_t ntk_stream_below(ntk_stream *stream, uint64_t bound) {
    if (bound < 2) return 0;
    const uint64_t surplus = (0 - bound) % bound;
    for (;;) {
        uint64_t words[WORDS];
        next_words(stream, 1, words);
        for (size_t j = 0; j < WORDS; j++)
            if (words[j] >= surplus) return words[j] % bound;
    }
}

void ntk_stream_permutation(ntk_stream *stream, size_t n, size_t *out) {
    for (size_t i = 0; i < n; i++) out[i] = i;
    for (size_t i = n; i > 1; i--) {
        const size_t j = (size_t)ntk_stream_below(stream, i);
        const size_t kept = out[i - 1];
        out[i - 1] = out[j];
        out[j] = kept;
    }
}
