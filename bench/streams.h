/* The yardstick of the kernels' benchmarks: SLEEF's arccosine and the square root over arrays, in
 * and out of memory, each as fast as this CPU can - the widest vectors, fused multiply-add, SLEEF's
 * fastest variant of acos (3.5 ulp). */
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
TARGET_AVX2 __m256d Sleef_acosd4_u35avx2(__m256d x);
#endif

#define DEFINE_STREAMS(isa, target, width, load, store, acos_function, sqrt_function)                        \
    target static void acos_##isa(size_t n, const double *in, double *out) {                                 \
        for (size_t i = 0; i + width <= n; i += width) store(out + i, acos_function(load(in + i)));          \
    }                                                                                                        \
    target static void sqrt_##isa(size_t n, const double *in, double *out) {                                 \
        for (size_t i = 0; i + width <= n; i += width) store(out + i, sqrt_function(load(in + i)));          \
    }

#ifdef __x86_64__
DEFINE_STREAMS(avx512, TARGET_AVX512, 8, _mm512_loadu_pd, _mm512_storeu_pd, Sleef_acosd8_u35avx512f,
               _mm512_sqrt_pd)
DEFINE_STREAMS(avx2, TARGET_AVX2, 4, _mm256_loadu_pd, _mm256_storeu_pd, Sleef_acosd4_u35avx2, _mm256_sqrt_pd)
DEFINE_STREAMS(sse2, , 2, _mm_loadu_pd, _mm_storeu_pd, Sleef_acosd2_u35sse2, _mm_sqrt_pd)
#else
static double load_scalar(const double *p) { return *p; }
static void store_scalar(double *p, double x) { *p = x; }
DEFINE_STREAMS(scalar, , 1, load_scalar, store_scalar, Sleef_acosd1_u35, sqrt)
#endif

typedef void (*stream)(size_t n, const double *in, double *out);

static void choose_streams(stream *acos_stream, stream *sqrt_stream) {
#ifdef __x86_64__
    const int wide = __builtin_cpu_supports("avx512f"), middle = __builtin_cpu_supports("avx2");
    *acos_stream = wide ? acos_avx512 : middle ? acos_avx2 : acos_sse2;
    *sqrt_stream = wide ? sqrt_avx512 : middle ? sqrt_avx2 : sqrt_sse2;
#else
    *acos_stream = acos_scalar;
    *sqrt_stream = sqrt_scalar;
#endif
}

#endif
