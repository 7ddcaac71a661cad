/* Random streams: counter-based, so that a draw depends on its name alone.
 *
 * A stream is named by (seed, label, unit). Its draws are Philox4x64-10 (Salmon et al., "Parallel
 * random numbers: as easy as 1, 2, 3", SC 2011) with key (seed, hash of label) and counter
 * (index, unit, fork, 0), hashes being 64-bit FNV-1a: two streams with different names share no
 * block (barring a collision of hashes, 2^-64 a pair), and neither the order in which streams are
 * used, nor a selection of them, nor threads change a draw. Normals are Box-Muller on bit-stable
 * vectorised log and sincospi: the same bits on every CPU. */
#ifndef NTK_RANDOM_H
#define NTK_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#include <ntk/api.h>

NTK_BEGIN_DECLS

/* A plain value: copy it to replay. Not to be shared by threads while it is drawn from. */
typedef struct ntk_stream {
    uint64_t key[2];
    uint64_t index; /* next block */
    uint64_t unit;
    uint64_t fork;
} ntk_stream;

/* The stream named (seed, label, unit); label is a NUL-terminated string, a claim's id as a
 * rule. */
ntk_stream ntk_stream_create(uint64_t seed, const char *label, uint64_t unit);

/* A stream for one purpose within a unit ("weights", "data"): same key and unit, a fork derived
 * from the parent's and from `purpose`; independent of how far the parent has been drawn. */
ntk_stream ntk_stream_fork(const ntk_stream *stream, const char *purpose);

/* n draws of the uniform law on (0, 1), never 0 or 1: midpoints (k + 1/2) 2^-52, k of 52 bits. out:
 * (n). */
void ntk_stream_uniform(ntk_stream *stream, size_t n, double *out);

/* n draws of N(0, 1). out: (n). Each call starts at a fresh block, and a call for n draws is a
 * prefix of a call for more from the same state. */
void ntk_stream_normal(ntk_stream *stream, size_t n, double *out);

/* One integer, uniform on 0 .. bound - 1 without bias; 0 where bound is 0 or 1. */
uint64_t ntk_stream_below(ntk_stream *stream, uint64_t bound);

/* A uniformly random permutation of 0 .. n - 1 (Fisher-Yates). out: (n). */
void ntk_stream_permutation(ntk_stream *stream, size_t n, size_t *out);

NTK_END_DECLS

#endif
