/* The generator against an independent Philox, and the laws against bounds from sampling error: at
 * a fixed seed a passing test passes for ever; 5 standard errors is a chance of 6e-7 that an honest
 * generator would have been refused when the seed was chosen. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/parallel.h>
#include <ntk/random.h>

#include "status.h"

/* --- Philox4x64-10 from its paper (Salmon et al. 2011, section 3.3) --------------------------- */

__extension__ typedef unsigned __int128 wide;

static void philox(const uint64_t counter[4], const uint64_t key[2], uint64_t out[4]) {
    uint64_t c[4] = {counter[0], counter[1], counter[2], counter[3]}, k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        const wide p0 = (wide)0xD2E7470EE14C6C93u * c[0], p1 = (wide)0xCA5A826395121157u * c[2];
        const uint64_t next[4] = {(uint64_t)(p1 >> 64) ^ c[1] ^ k0, (uint64_t)p1,
                                  (uint64_t)(p0 >> 64) ^ c[3] ^ k1, (uint64_t)p0};
        memcpy(c, next, sizeof c);
        k0 += 0x9E3779B97F4A7C15u;
        k1 += 0xBB67AE8584CAA73Bu;
    }
    memcpy(out, c, sizeof c);
}

typedef struct {
    uint64_t counter[4], key[2], out[4];
} known_answer;

/* The vectors published with Random123 (kat_vectors, philox4x64 10). */
static const known_answer published[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x16554d9eca36314c, 0xdb20fe9d672d0fdc, 0xd7e772cee186176b, 0x7e68b68aec7ba23b}},
    {{~0ull, ~0ull, ~0ull, ~0ull},
     {~0ull, ~0ull},
     {0x87b092c3013fe90b, 0x438c3c67be8d0224, 0x9cc7d7c69cd777b6, 0xa09caebf594f0ba0}},
    {{0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89},
     {0x452821e638d01377, 0xbe5466cf34e90c6c},
     {0xa528f45403e61d95, 0x38c72dbd566e9788, 0xa5a1610e72fd18b5, 0x57bd43b5e52b7fe6}}};

Test(random, the_reference_reproduces_the_published_vectors) {
    for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
        uint64_t out[4];
        philox(published[i].counter, published[i].key, out);
        cr_assert_arr_eq(out, published[i].out, sizeof out);
    }
}

/* Midpoint of the upper 52 bits, in integers: (2 k + 1) 2^-53. */
static double midpoint(uint64_t word) { return ldexp((double)(2 * (word >> 12) + 1), -53); }

static void block_of(const ntk_stream *stream, uint64_t index, uint64_t out[4]) {
    philox((const uint64_t[4]){index, stream->unit, stream->fork, 0}, stream->key, out);
}

Test(random, uniforms_are_the_words_of_the_named_blocks) {
    enum { N = 3001 };
    double drawn[N];
    const ntk_stream name = ntk_stream_fork(&(ntk_stream){.key = {7, 11}, .unit = 13}, "weights");
    ntk_stream stream = name;
    stream.index = UINT64_MAX - 100; /* over the end of the counter as well */
    const uint64_t first = stream.index;
    ntk_stream_uniform(&stream, N, drawn);
    for (size_t i = 0; i < N; i++) {
        uint64_t words[4];
        block_of(&name, first + i / 4, words);
        cr_assert(drawn[i] == midpoint(words[i % 4]));
    }
    cr_assert(stream.index == first + (N + 3) / 4);
}

/* Box-Muller with libm. The errors: log 1 ulp, halved by the root, which adds half an ulp; sin and
 * cos of pi v 3.5 ulp, and as much in the reference, which rounds 2 pi v (a relative error of v
 * near 2, times the angle: 4 pi half-ulps, absolute). Together below 16 units of 2^-53 of the
 * radius, which is below 9. */
Test(random, normals_are_box_muller_of_the_blocks) {
    enum { N = 4099 };
    double drawn[N];
    ntk_stream stream = ntk_stream_create(1, "normals", 5);
    const ntk_stream name = stream;
    ntk_stream_normal(&stream, N, drawn);
    for (size_t i = 0; i < N; i++) {
        uint64_t words[4];
        block_of(&name, i / 4, words);
        const double u = midpoint(words[i % 4 / 2 * 2]), v = midpoint(words[i % 4 / 2 * 2 + 1]);
        const double angle = 2 * 3.14159265358979323846 * v, radius = sqrt(-2 * log(u));
        const double want = radius * (i % 2 == 0 ? cos(angle) : sin(angle));
        cr_assert(fabs(drawn[i] - want) <= 16 * 0x1p-53 * 9, "%zu: %.17g, not %.17g", i, drawn[i], want);
    }
}

/* --- names ------------------------------------------------------------------------------------ */

Test(random, labels_are_hashed_by_fnv_1a) {
    cr_assert(ntk_stream_create(0, "", 0).key[1] == 0xcbf29ce484222325u);
    /* the published values */
    cr_assert(ntk_stream_create(0, "a", 0).key[1] == 0xaf63dc4c8601ec8cu);
    cr_assert(ntk_stream_create(0, "foobar", 0).key[1] == 0x85944171f73967e8u);
}

static int compare_doubles(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Units are numbered one after the other: an even one and the next, an odd one and the next. */
Test(random, streams_of_neighbouring_units_share_no_draw) {
    enum { N = 100 };
    double before[N], drawn[N];
    for (uint64_t unit = 0; unit < 4; unit++) {
        ntk_stream stream = ntk_stream_create(1, "units", unit);
        ntk_stream_uniform(&stream, N, drawn);
        for (size_t i = 0; unit > 0 && i < N; i++) cr_expect(drawn[i] != before[i]);
        memcpy(before, drawn, sizeof before);
    }
}

Test(random, streams_of_neighbouring_seeds_share_no_draw) {
    enum { N = 100 };
    double before[N], drawn[N];
    for (uint64_t seed = 0; seed < 4; seed++) {
        ntk_stream stream = ntk_stream_create(seed, "seeds", 0);
        ntk_stream_uniform(&stream, N, drawn);
        for (size_t i = 0; seed > 0 && i < N; i++) cr_expect(drawn[i] != before[i]);
        memcpy(before, drawn, sizeof before);
    }
}

Test(random, streams_of_different_names_share_no_draw) {
    enum { STREAMS = 11, N = 1000 };
    const ntk_stream base = ntk_stream_create(1, "a/b", 2), data = ntk_stream_fork(&base, "data");
    const ntk_stream a = ntk_stream_fork(&base, "a");
    ntk_stream streams[STREAMS] = {base,
                                   data,
                                   a,
                                   ntk_stream_create(2, "a/b", 2),
                                   ntk_stream_create(1, "a/c", 2),
                                   ntk_stream_create(1, "a/b", 1),
                                   ntk_stream_fork(&base, "weights"),
                                   ntk_stream_fork(&base, "ab"),
                                   ntk_stream_fork(&a, "b"),
                                   ntk_stream_fork(&data, "data"),
                                   ntk_stream_fork(&streams[3], "data")};
    double *drawn = malloc(STREAMS * N * sizeof *drawn);
    for (size_t s = 0; s < STREAMS; s++) ntk_stream_uniform(&streams[s], N, drawn + s * N);
    qsort(drawn, STREAMS * N, sizeof *drawn, compare_doubles);
    for (size_t i = 1; i < STREAMS * N; i++) cr_assert(drawn[i] != drawn[i - 1]);
    free(drawn);
}

Test(random, a_fork_does_not_depend_on_how_far_its_parent_is_drawn) {
    ntk_stream parent = ntk_stream_create(1, "a", 0);
    const ntk_stream before = ntk_stream_fork(&parent, "x");
    double drawn[100];
    ntk_stream_normal(&parent, 100, drawn);
    const ntk_stream after = ntk_stream_fork(&parent, "x");
    cr_assert(memcmp(&before, &after, sizeof before) == 0);
}

/* --- how draws are cut into calls ------------------------------------------------------------- */

Test(random, fewer_draws_are_a_prefix_of_more) {
    enum { N = 1100 }; /* more than two batches */
    double all[N], some[N];
    const ntk_stream name = ntk_stream_create(3, "prefix", 0);
    ntk_stream stream = name;
    ntk_stream_normal(&stream, N, all);
    for (size_t n = 0; n <= N; n += n < 20 ? 1 : 97) {
        stream = name;
        some[n < N ? n : 0] = 42.0;
        ntk_stream_normal(&stream, n, some);
        cr_assert(memcmp(some, all, n * sizeof *all) == 0, "n = %zu", n);
        cr_assert(n >= N || some[n] == 42.0, "writes past n = %zu", n);
        cr_assert(stream.index == (n + 3) / 4);
    }
}

enum { UNITS = 40, PER_UNIT = 333 };

static ntk_status draw_unit(size_t unit, void *context) {
    ntk_stream stream = ntk_stream_create(9, "workers", unit);
    ntk_stream_normal(&stream, PER_UNIT, (double *)context + unit * PER_UNIT);
    return NTK_OK;
}

Test(random, draws_do_not_depend_on_the_number_of_workers) {
    double *serial = malloc(UNITS * PER_UNIT * sizeof *serial),
           *parallel = malloc(UNITS * PER_UNIT * sizeof *parallel);
    assert_ok(ntk_map(UNITS, draw_unit, serial));
    assert_ok(ntk_set_workers(5));
    assert_ok(ntk_map(UNITS, draw_unit, parallel));
    cr_assert(memcmp(serial, parallel, UNITS * PER_UNIT * sizeof *serial) == 0);
    free(serial), free(parallel);
}

/* --- laws ------------------------------------------------------------------------------------- */

/* Kolmogorov-Smirnov: sqrt(n) sup |F_n - F| exceeds 1.95 with probability 0.001. */
static double kolmogorov(size_t n, double *x, double (*law)(double)) {
    qsort(x, n, sizeof *x, compare_doubles);
    double worst = 0;
    for (size_t i = 0; i < n; i++) {
        const double f = law(x[i]);
        worst = fmax(worst, fmax(f - (double)i / (double)n, (double)(i + 1) / (double)n - f));
    }
    return sqrt((double)n) * worst;
}

static double identity(double u) { return u; }
static double normal_law(double z) { return 0.5 * erfc(-z / sqrt(2.0)); }

Test(random, uniforms_are_uniform_and_inside) {
    enum { N = 100000 };
    double *u = malloc(N * sizeof *u);
    ntk_stream stream = ntk_stream_create(1, "uniform", 0);
    ntk_stream_uniform(&stream, N, u);
    for (size_t i = 0; i < N; i++) cr_assert(u[i] > 0 && u[i] < 1);
    cr_assert(kolmogorov(N, u, identity) <= 1.95);
    free(u);
}

/* Standard errors of the k-th moment of n normals: sqrt((m_2k - m_k^2) / n) with m_k its k-th
 * moment. */
Test(random, normals_have_the_moments_of_the_normal_law) {
    enum { N = 1000000 };
    double *z = malloc(N * sizeof *z), moment[5] = {0}, neighbours = 0, magnitudes = 0;
    ntk_stream stream = ntk_stream_create(1, "moments", 0);
    ntk_stream_normal(&stream, N, z);
    for (size_t i = 0; i < N; i++) {
        for (int k = 1; k <= 4; k++) moment[k] += pow(z[i], k) / N;
        if (i % 2 == 1) { /* the two normals of one pair share their radius */
            neighbours += z[i] * z[i - 1] / (N / 2);
            magnitudes += (z[i] * z[i] - 1) * (z[i - 1] * z[i - 1] - 1) / (N / 2);
        }
    }
    cr_assert(fabs(moment[1]) <= 5 * sqrt(1.0 / N));
    cr_assert(fabs(moment[2] - 1) <= 5 * sqrt(2.0 / N));
    cr_assert(fabs(moment[3]) <= 5 * sqrt(15.0 / N));
    cr_assert(fabs(moment[4] - 3) <= 5 * sqrt(96.0 / N));
    cr_assert(fabs(neighbours) <= 5 * sqrt(2.0 / N));
    cr_assert(fabs(magnitudes) <= 5 * sqrt(2.0 * 4 / N));
    cr_assert(kolmogorov(N / 10, z, normal_law) <= 1.95);
    free(z);
}

/* Of bound = 3 2^62 a plain remainder of 64 bits would fall below 2^62 half of the time, not a
 * third. */
Test(random, integers_are_unbiased) {
    enum { N = 30000 };
    ntk_stream stream = ntk_stream_create(1, "integers", 0);
    const uint64_t bound = 3ull << 62;
    size_t low = 0;
    for (size_t i = 0; i < N; i++) {
        const uint64_t drawn = ntk_stream_below(&stream, bound);
        cr_assert(drawn < bound);
        low += drawn < 1ull << 62;
    }
    cr_assert(fabs((double)low - N / 3.0) <= 5 * sqrt(N * (1 / 3.0) * (2 / 3.0)));
    cr_assert(ntk_stream_below(&stream, 0) == 0 && ntk_stream_below(&stream, 1) == 0);
    cr_assert(ntk_stream_below(&stream, 2) < 2);
}

/* All 24 permutations of four: chi^2 with 23 degrees of freedom exceeds 49.7 with probability
 * 0.001. */
Test(random, permutations_are_uniform) {
    enum { N = 24000 };
    size_t counts[256] = {0}, p[4];
    ntk_stream stream = ntk_stream_create(1, "permutations", 0);
    for (size_t i = 0; i < N; i++) {
        ntk_stream_permutation(&stream, 4, p);
        counts[p[0] | p[1] << 2 | p[2] << 4 | p[3] << 6]++;
    }
    double chi_squared = 0;
    size_t seen = 0;
    for (size_t c = 0; c < 256; c++)
        if (counts[c] > 0) {
            seen++;
            chi_squared += pow((double)counts[c] - N / 24.0, 2) / (N / 24.0);
        }
    cr_assert(seen == 24 && chi_squared <= 49.7, "%zu permutations, chi^2 = %g", seen, chi_squared);
}

Test(random, a_permutation_holds_every_index_once) {
    enum { N = 1000 };
    size_t p[N];
    bool seen[N] = {false};
    ntk_stream stream = ntk_stream_create(1, "permutation", 0);
    ntk_stream_permutation(&stream, N, p);
    for (size_t i = 0; i < N; i++) {
        cr_assert(p[i] < N && !seen[p[i]]);
        seen[p[i]] = true;
    }
    ntk_stream_permutation(&stream, 0, p);
}
