/* Elementary functions of arrays, beside those of SLEEF that they replaced: of the same width, and
 * with the same bits on every instruction set (`cinz`, no fused multiply-add). On every instruction
 * set of this CPU, in one run.
 *
 * Nanoseconds a value: arrays of 512 in the first-level cache, CPU time, medians of REPEATS, new
 * and old in turns. For a function with its derivative the old way is that of two of SLEEF's
 * functions and the products beside them. `ratio` is old over new. Wanted: at least 0.9; a function
 * of ours is there only because it is not slower, and a tenth is what ratios are off by on a busy
 * machine.
 *
 * A normal that is drawn costs the random word and what makes a normal of it, and little between
 * the two. Wanted: at most 1.15 of their sum. */
#include <math.h>
#include <sleef.h>
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "base/vector_table.h"
#include "timing.h"

enum { COUNT = 512, CALLS = 1000, REPEATS = 15 };
static const double wanted = 0.9, wanted_of_normals = 1.15;

/* SLEEF declares its wide functions only where the whole file is compiled for them. */
#ifdef __x86_64__
#define TARGET_AVX512 __attribute__((target("avx512f")))
#define TARGET_AVX2   __attribute__((target("avx2")))
typedef struct two_m512d {
    __m512d x, y;
} two_m512d;
typedef struct two_m256d {
    __m256d x, y;
} two_m256d;
TARGET_AVX512 __m512d Sleef_cinz_expd8_u10avx512fnofma(__m512d x);
TARGET_AVX512 __m512d Sleef_cinz_logd8_u10avx512fnofma(__m512d x);
TARGET_AVX512 __m512d Sleef_cinz_tanhd8_u10avx512fnofma(__m512d x);
TARGET_AVX512 __m512d Sleef_cinz_erfd8_u10avx512fnofma(__m512d x);
TARGET_AVX512 __m512d Sleef_cinz_erfcd8_u15avx512fnofma(__m512d x);
TARGET_AVX512 two_m512d Sleef_cinz_sincospid8_u35avx512fnofma(__m512d x);
TARGET_AVX2 __m256d Sleef_cinz_expd4_u10avx(__m256d x);
TARGET_AVX2 __m256d Sleef_cinz_logd4_u10avx(__m256d x);
TARGET_AVX2 __m256d Sleef_cinz_tanhd4_u10avx(__m256d x);
TARGET_AVX2 __m256d Sleef_cinz_erfd4_u10avx(__m256d x);
TARGET_AVX2 __m256d Sleef_cinz_erfcd4_u15avx(__m256d x);
TARGET_AVX2 two_m256d Sleef_cinz_sincospid4_u35avx(__m256d x);
#endif
static double load_one(const double *p) { return *p; }
static void store_one(double *p, double x) { *p = x; }

typedef struct old_functions {
    const char *isa;
    void (*exp)(const double *in, double *out);
    void (*log)(const double *in, double *out);
    void (*tanh)(const double *in, double *out);
    void (*erf)(const double *in, double *out);
    void (*erfc)(const double *in, double *out);
    void (*sincospi)(const double *in, double *sine, double *cosine); /* of COUNT / 2 */
} old_functions;

#define DEFINE_MAP(name, target, width, load, store, function)                                               \
    target static void name(const double *in, double *out) {                                                 \
        for (size_t i = 0; i < COUNT; i += width) store(out + i, function(load(in + i)));                    \
    }

#define DEFINE_PAIR(name, target, pair, width, load, store, function)                                        \
    target static void name(const double *in, double *sine, double *cosine) {                                \
        for (size_t i = 0; i < COUNT / 2; i += width) {                                                      \
            const pair found = function(load(in + i));                                                       \
            store(sine + i, found.x);                                                                        \
            store(cosine + i, found.y);                                                                      \
        }                                                                                                    \
    }

#define DEFINE_OLD(isa, target, pair, width, load, store, suffix)                                            \
    DEFINE_PAIR(sincospi_##isa, target, pair, width, load, store, Sleef_cinz_sincospid##width##_u35##suffix) \
    DEFINE_MAP(exp_##isa, target, width, load, store, Sleef_cinz_expd##width##_u10##suffix)                  \
    DEFINE_MAP(log_##isa, target, width, load, store, Sleef_cinz_logd##width##_u10##suffix)                  \
    DEFINE_MAP(tanh_##isa, target, width, load, store, Sleef_cinz_tanhd##width##_u10##suffix)                \
    DEFINE_MAP(erf_##isa, target, width, load, store, Sleef_cinz_erfd##width##_u10##suffix)                  \
    DEFINE_MAP(erfc_##isa, target, width, load, store, Sleef_cinz_erfcd##width##_u15##suffix)

#ifdef __x86_64__
DEFINE_OLD(avx512, TARGET_AVX512, two_m512d, 8, _mm512_loadu_pd, _mm512_storeu_pd, avx512fnofma)
DEFINE_OLD(avx2, TARGET_AVX2, two_m256d, 4, _mm256_loadu_pd, _mm256_storeu_pd, avx)
DEFINE_OLD(sse2, , Sleef___m128d_2, 2, _mm_loadu_pd, _mm_storeu_pd, sse2)
#endif
DEFINE_OLD(scalar, , Sleef_double_2, 1, load_one, store_one, purec)

#define OLD(isa)                                                                                             \
    { #isa, exp_##isa, log_##isa, tanh_##isa, erf_##isa, erfc_##isa, sincospi_##isa }
static const old_functions old_functions_of[] = {
#ifdef __x86_64__
    OLD(avx512), OLD(avx2), OLD(sse2),
#endif
    OLD(scalar)};

static const ntk_vector_table *now;
static const old_functions *then;

static double x[COUNT], value[COUNT], slope[COUNT];

static void exp_new(void) { now->exp(COUNT, x, value); }
static void exp_old(void) { then->exp(x, value); }
static void erf_new(void) { now->erf(COUNT, x, value, slope); }
static void erf_alone_new(void) { now->erf(COUNT, x, value, NULL); }
static void erf_alone_old(void) { then->erf(x, value); }

static void erf_old(void) {
    for (size_t i = 0; i < COUNT; i++) slope[i] = -(x[i] * x[i]);
    then->exp(slope, slope);
    for (size_t i = 0; i < COUNT; i++) slope[i] *= 1.1283791670955126;
    then->erf(x, value);
}

static void gelu_new(void) { now->gelu(COUNT, x, value, slope); }
static void gelu_old(void) {
    double cdf[COUNT];
    for (size_t i = 0; i < COUNT; i++) cdf[i] = -0.70710678118654752 * x[i];
    then->erfc(cdf, cdf);
    for (size_t i = 0; i < COUNT; i++) slope[i] = -0.5 * (x[i] * x[i]);
    then->exp(slope, slope);
    for (size_t i = 0; i < COUNT; i++) slope[i] = 0.5 * cdf[i] + x[i] * (0.3989422804014327 * slope[i]);
    for (size_t i = 0; i < COUNT; i++) value[i] = 0.5 * x[i] * cdf[i];
}

static void tanh_new(void) { now->tanh(COUNT, x, value, slope); }
static void tanh_old(void) {
    for (size_t i = 0; i < COUNT; i++) slope[i] = -2 * fabs(x[i]);
    then->exp(slope, slope);
    for (size_t i = 0; i < COUNT; i++) slope[i] = 4 * slope[i] / ((1 + slope[i]) * (1 + slope[i]));
    then->tanh(x, value);
}

static void sigmoid_new(void) { now->sigmoid(COUNT, x, value, slope); }
static void sigmoid_old(void) {
    double t[COUNT];
    for (size_t i = 0; i < COUNT; i++) t[i] = -fabs(x[i]);
    then->exp(t, t);
    for (size_t i = 0; i < COUNT; i++) slope[i] = t[i] / ((1 + t[i]) * (1 + t[i]));
    for (size_t i = 0; i < COUNT; i++) value[i] = (x[i] < 0 ? t[i] : 1) / (1 + t[i]);
}

static void softplus_new(void) { now->softplus(COUNT, x, value, slope); }
static void softplus_old(void) {
    double t[COUNT], log_s[COUNT];
    for (size_t i = 0; i < COUNT; i++) t[i] = -fabs(x[i]);
    then->exp(t, t);
    for (size_t i = 0; i < COUNT; i++) log_s[i] = 1 + t[i];
    then->log(log_s, log_s);
    for (size_t i = 0; i < COUNT; i++) {
        const double rounded = (1 + t[i]) - 1;
        slope[i] = (x[i] < 0 ? t[i] : 1) / (1 + t[i]);
        value[i] = (x[i] < 0 ? 0 : x[i]) + (rounded == 0 ? t[i] : log_s[i] * (t[i] / rounded));
    }
}

/* Box-Muller on random words, of which the old way reads uniforms: two normals of two. */
static uint64_t words[COUNT];
static double uniforms[COUNT];
static void normal_new(void) { now->normal(COUNT / 2, words, value); }
static void normal_old(void) {
    double radius[COUNT], sine[COUNT / 2], cosine[COUNT / 2];
    then->log(uniforms, radius);
    then->sincospi(uniforms + COUNT / 2, sine, cosine);
    for (size_t i = 0; i < COUNT / 2; i++) {
        const double r = sqrt(-2 * radius[i]);
        value[2 * i] = r * cosine[i];
        value[2 * i + 1] = r * sine[i];
    }
}

static ntk_stream drawn;
static void draw_normals(void) { ntk_stream_normal(&drawn, COUNT, value); }
static void draw_words(void) { ntk_stream_uniform(&drawn, COUNT, value); }

/* A stage sum: seven terms, of which this is what was compiled before, for SSE2 alone. */
enum { TERMS = 7 };
static double terms_of[TERMS][COUNT + 8]; /* 4 KiB apart they would share a set of the cache */
static const double *const term[TERMS] = {terms_of[0], terms_of[1], terms_of[2], terms_of[3],
                                          terms_of[4], terms_of[5], terms_of[6]};
static const double weight[TERMS] = {0.1, -0.2, 0.3, -0.4, 0.5, -0.6, 0.7};

static void sum_new(void) { now->combine(COUNT, x, TERMS, weight, term, value); }
static void sum_old(void) {
    double sum[COUNT];
    memcpy(sum, x, sizeof sum);
    for (size_t j = 0; j < TERMS; j++) {
        if (weight[j] == 0) continue;
        const double w = weight[j];
        const double *restrict v = term[j];
        for (size_t i = 0; i < COUNT; i++) sum[i] += w * v[i];
    }
    memcpy(value, sum, sizeof sum);
}

static void norm_new(void) { value[0] = now->combination_square(COUNT, TERMS, weight, term); }
static void norm_old(void) {
    sum_old();
    value[0] = ntk_norm(COUNT, value);
}

static const struct {
    const char *name;
    double reach; /* arguments are normals of this standard deviation */
    void (*now)(void), (*then)(void);
} cases[] = {{"exp", 10, exp_new, exp_old},
             {"erf", 1, erf_alone_new, erf_alone_old},
             {"erf, derivative", 1, erf_new, erf_old},
             {"GELU, derivative", 1, gelu_new, gelu_old},
             {"tanh, derivative", 1, tanh_new, tanh_old},
             {"sigmoid, derivative", 1, sigmoid_new, sigmoid_old},
             {"softplus, derivative", 1, softplus_new, softplus_old},
             {"normals from words", 1, normal_new, normal_old},
             {"sum of 7 terms", 1, sum_new, sum_old},
             {"norm of 7 terms", 1, norm_new, norm_old}};

static double nanoseconds(void (*work)(void)) {
    const double start = seconds(CLOCK_THREAD_CPUTIME_ID);
    for (int i = 0; i < CALLS; i++) work();
    return 1e9 * (seconds(CLOCK_THREAD_CPUTIME_ID) - start) / (CALLS * (double)COUNT);
}

/* Returns whether the ratio is what is wanted. */
static bool compare(size_t c) {
    double times[2][REPEATS], ratios[REPEATS];
    ntk_stream stream = ntk_stream_create(1, "bench/vector", c);
    ntk_stream_normal(&stream, COUNT, x);
    ntk_stream_uniform(&stream, COUNT, uniforms);
    for (size_t i = 0; i < COUNT; i++) {
        x[i] *= cases[c].reach;
        words[i] = (uint64_t)(uniforms[i] * 0x1p52) << 12;
    }
    /* Terms that nobody wrote would all lie in one page of zeros, which is not what sums read. */
    for (size_t j = 0; j < TERMS; j++) ntk_stream_normal(&stream, COUNT, terms_of[j]);
    for (int r = 0; r < REPEATS; r++) {
        times[0][r] = nanoseconds(cases[c].now);
        times[1][r] = nanoseconds(cases[c].then);
        ratios[r] = times[1][r] / times[0][r];
    }
    const double ratio = median(REPEATS, ratios);
    printf("%-8s %-24s %8.2f %8.2f %8.2f\n", now->isa, cases[c].name, median(REPEATS, times[0]),
           median(REPEATS, times[1]), ratio);
    return at_least(ratio, wanted);
}

/* On the instruction set in use. */
static bool compare_draws(void) {
    double drawn_times[REPEATS], words_times[REPEATS], made_times[REPEATS], ratios[REPEATS];
    drawn = ntk_stream_create(1, "bench/draws", 0);
    for (int r = 0; r < REPEATS; r++) {
        drawn_times[r] = nanoseconds(draw_normals);
        words_times[r] = nanoseconds(draw_words);
        made_times[r] = nanoseconds(normal_new);
        ratios[r] = drawn_times[r] / (words_times[r] + made_times[r]);
    }
    const double ratio = median(REPEATS, ratios);
    printf("\nnormals drawn, %s: %.2f; words %.2f, normals from words %.2f, ratio %.2f\n", now->isa,
           median(REPEATS, drawn_times), median(REPEATS, words_times), median(REPEATS, made_times), ratio);
    return at_most(ratio, wanted_of_normals);
}

int main(void) {
    size_t count = 0;
    const watch start = watch_now();
    const ntk_vector_table *const *tables = ntk_vector_available(&count);
    bool reached = true;
    printf("Elementary functions, nanoseconds a value\n\n%-8s %-24s %8s %8s %8s\n", "", "", "now", "SLEEF",
           "ratio");
    for (size_t t = 0; t < count; t++) {
        now = tables[t];
        for (then = old_functions_of; strcmp(then->isa, now->isa) != 0;) then++;
        for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) reached &= compare(c);
    }
    now = tables[0];
    reached &= compare_draws();
    return verdict("ratio = SLEEF / now, at least 0.9; normals drawn, at most 1.15", reached, start);
}
