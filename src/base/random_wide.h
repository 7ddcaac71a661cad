/* Philox4x64-10 for many blocks at a time, on a CPU with 52-bit products of integers (AVX-512
 * IFMA): the words of random.c to the bit. */
#ifndef NTK_BASE_RANDOM_WIDE_H
#define NTK_BASE_RANDOM_WIDE_H

#include <stddef.h>
#include <stdint.h>

/* Blocks of a group. */
enum { NTK_WIDE_BLOCKS = 32 };

#ifdef NTK_SIMD_X86
/* words (groups, NTK_WIDE_BLOCKS, 4) <- the blocks of the counters (counter[0] + b, counter[1],
 * counter[2], counter[3]), b = 0, 1, ... */
void ntk_wide_words(const uint64_t counter[4], const uint64_t key[2], size_t groups, uint64_t *words);
#endif

#endif
