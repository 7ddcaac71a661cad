/* The yardsticks of the kernels' benchmarks, each as fast as this CPU can: the widest vectors,
 * fused multiply-add, SLEEF's fastest variants (3.5 ulp).
 *
 * Streams: the arccosine, and the square root, over arrays, in and out of memory. Closed forms: the
 * NTK of points of one norm through all layers, from the cosine to the kernel. A cosine is read and
 * a kernel written, what is between stays in registers (but for what a call of SLEEF saves); four
 * registers pass a layer together, so that their chains overlap. */
#ifndef NTK_BENCH_STREAMS_H
#define NTK_BENCH_STREAMS_H

#include <math.h>
#include <sleef.h>
#include <stddef.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

/* SLEEF declares its wide functions only where the whole file is compiled for them. */
#ifdef __x86_64__
#define TARGET_AVX512 __attribute__((target("avx512f")))
#define TARGET_AVX2   __attribute__((target("avx2,fma")))
TARGET_AVX512 __m512d Sleef_acosd8_u35avx512f(__m512d x);
TARGET_AVX512 __m512d Sleef_asind8_u35avx512f(__m512d x);
TARGET_AVX2 __m256d Sleef_acosd4_u35avx2(__m256d x);
TARGET_AVX2 __m256d Sleef_asind4_u35avx2(__m256d x);
#endif

#define DEFINE_STREAMS(isa, target, width, load, store, acos_function, sqrt_function)                        \
    target static void acos_##isa(size_t n, const double *in, double *out) {                                 \
        for (size_t i = 0; i + width <= n; i += width) store(out + i, acos_function(load(in + i)));          \
    }                                                                                                        \
    target static void sqrt_##isa(size_t n, const double *in, double *out) {                                 \
        for (size_t i = 0; i + width <= n; i += width) store(out + i, sqrt_function(load(in + i)));          \
    }

/* Of ReLU with w^2 = 2, with a = pi - arccos(c): c <- (sqrt(1 - c^2) + c a) / pi, t <- c + t a /
 * pi.
 * Of erf with w^2 = 1 and inputs of variance 1/2, where the next ones' is 1/3 = (2 / pi)
 * arcsin(1/2); the layers are given the first one's constants, which costs the same: with u =
 * c / 2, s = (2 / pi) arcsin(u), t <- s + t (2 / pi) / sqrt(1 - u^2), c <- 3 s. */
enum { TOGETHER = 4 };
#define DEFINE_CLOSED_FORMS(isa, target, vector, width, load, store, all, fma_function, acos_function,       \
                            asin_function, sqrt_function)                                                    \
    target static void relu_##isa(size_t n, size_t depth, const double *in, double *out) {                   \
        for (size_t i = 0; i + TOGETHER * width <= n; i += TOGETHER * width) {                               \
            vector c[TOGETHER], t[TOGETHER];                                                                 \
            for (size_t g = 0; g < TOGETHER; g++) c[g] = t[g] = load(in + i + g * width);                    \
            for (size_t l = 0; l < depth; l++)                                                               \
                for (size_t g = 0; g < TOGETHER; g++) {                                                      \
                    const vector a = acos_function(-c[g]) * all(1 / M_PI);                                   \
                    const vector sine = sqrt_function(fma_function(-c[g], c[g], all(1)));                    \
                    c[g] = fma_function(sine, all(1 / M_PI), c[g] * a);                                      \
                    t[g] = fma_function(t[g], a, c[g]);                                                      \
                }                                                                                            \
            for (size_t g = 0; g < TOGETHER; g++) store(out + i + g * width, t[g]);                          \
        }                                                                                                    \
    }                                                                                                        \
    target static void erf_##isa(size_t n, size_t depth, const double *in, double *out) {                    \
        for (size_t i = 0; i + TOGETHER * width <= n; i += TOGETHER * width) {                               \
            vector c[TOGETHER], t[TOGETHER];                                                                 \
            for (size_t g = 0; g < TOGETHER; g++) c[g] = t[g] = load(in + i + g * width);                    \
            for (size_t l = 0; l < depth; l++)                                                               \
                for (size_t g = 0; g < TOGETHER; g++) {                                                      \
                    const vector u = c[g] * all(0.5), s = asin_function(u) * all(2 / M_PI);                  \
                    const vector root = sqrt_function(fma_function(-u, u, all(1)));                          \
                    t[g] = fma_function(t[g], all(2 / M_PI) / root, s);                                      \
                    c[g] = s * all(3);                                                                       \
                }                                                                                            \
            for (size_t g = 0; g < TOGETHER; g++) store(out + i + g * width, t[g]);                          \
        }                                                                                                    \
    }

#ifdef __x86_64__
static inline __m128d unfused_sse2(__m128d a, __m128d b, __m128d c) { return a * b + c; }
DEFINE_STREAMS(avx512, TARGET_AVX512, 8, _mm512_loadu_pd, _mm512_storeu_pd, Sleef_acosd8_u35avx512f,
               _mm512_sqrt_pd)
DEFINE_STREAMS(avx2, TARGET_AVX2, 4, _mm256_loadu_pd, _mm256_storeu_pd, Sleef_acosd4_u35avx2, _mm256_sqrt_pd)
DEFINE_STREAMS(sse2, , 2, _mm_loadu_pd, _mm_storeu_pd, Sleef_acosd2_u35sse2, _mm_sqrt_pd)
DEFINE_CLOSED_FORMS(avx512, TARGET_AVX512, __m512d, 8, _mm512_loadu_pd, _mm512_storeu_pd, _mm512_set1_pd,
                    _mm512_fmadd_pd, Sleef_acosd8_u35avx512f, Sleef_asind8_u35avx512f, _mm512_sqrt_pd)
DEFINE_CLOSED_FORMS(avx2, TARGET_AVX2, __m256d, 4, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_set1_pd,
                    _mm256_fmadd_pd, Sleef_acosd4_u35avx2, Sleef_asind4_u35avx2, _mm256_sqrt_pd)
DEFINE_CLOSED_FORMS(sse2, , __m128d, 2, _mm_loadu_pd, _mm_storeu_pd, _mm_set1_pd, unfused_sse2,
                    Sleef_acosd2_u35sse2, Sleef_asind2_u35sse2, _mm_sqrt_pd)
#else
static double load_scalar(const double *p) { return *p; }
static void store_scalar(double *p, double x) { *p = x; }
static double all_scalar(double x) { return x; }
DEFINE_STREAMS(scalar, , 1, load_scalar, store_scalar, Sleef_acosd1_u35, sqrt)
DEFINE_CLOSED_FORMS(scalar, , double, 1, load_scalar, store_scalar, all_scalar, fma, Sleef_acosd1_u35,
                    Sleef_asind1_u35, sqrt)
#endif

typedef void (*stream)(size_t n, const double *in, double *out);
/* in, out: (n), n a multiple of 32; cosines of points of one norm, and their NTK of depth
 * layers. */
typedef void (*closed_form)(size_t n, size_t depth, const double *in, double *out);

static inline void choose_streams(stream *acos_stream, stream *sqrt_stream) {
#ifdef __x86_64__
    const int wide = __builtin_cpu_supports("avx512f"), middle = __builtin_cpu_supports("avx2");
    *acos_stream = wide ? acos_avx512 : middle ? acos_avx2 : acos_sse2;
    *sqrt_stream = wide ? sqrt_avx512 : middle ? sqrt_avx2 : sqrt_sse2;
#else
    *acos_stream = acos_scalar;
    *sqrt_stream = sqrt_scalar;
#endif
}

static inline void choose_closed_forms(closed_form *relu, closed_form *erf) {
#ifdef __x86_64__
    const int wide = __builtin_cpu_supports("avx512f"), middle = __builtin_cpu_supports("avx2");
    *relu = wide ? relu_avx512 : middle ? relu_avx2 : relu_sse2;
    *erf = wide ? erf_avx512 : middle ? erf_avx2 : erf_sse2;
#else
    *relu = relu_scalar;
    *erf = erf_scalar;
#endif
}

#endif
