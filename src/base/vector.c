#include "base/vector.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <ntk/log.h>
#include <ntk/rounding.h>

#include "base/vector_table.h"

#ifdef NTK_SIMD_X86
const ntk_vector_table *const *ntk_vector_available(size_t *count) {
    static const ntk_vector_table *const tables[] = {&ntk_vector_avx512, &ntk_vector_avx2, &ntk_vector_sse2,
                                                     &ntk_vector_scalar};
    const size_t all = sizeof tables / sizeof *tables;
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                        __builtin_cpu_supports("avx512vl");
    const size_t first = avx512 ? 0 : avx2 ? 1 : 2; /* every x86-64 has SSE2 */
    *count = all - first;
    return tables + first;
}
#else
const ntk_vector_table *const *ntk_vector_available(size_t *count) {
    static const ntk_vector_table *const tables[] = {&ntk_vector_scalar};
    *count = 1;
    return tables;
}
#endif

static const ntk_vector_table *choose(void) {
    size_t count = 0;
    const ntk_vector_table *const *tables = ntk_vector_available(&count);
    const char *cap = getenv("NTK_SIMD");
    if (cap == NULL || *cap == '\0') return tables[0];
    for (size_t i = 0; i < count; i++)
        if (strcmp(tables[i]->isa, cap) == 0) return tables[i];
    ntk_log(NTK_LOG_WARNING, "NTK_SIMD=%s is unknown or not available here: using %s", cap, tables[0]->isa);
    return tables[0];
}

/* Chosen once; threads that meet here at the same time choose the same. */
static const ntk_vector_table *table(void) {
    static _Atomic(const ntk_vector_table *) chosen;
    const ntk_vector_table *current = atomic_load_explicit(&chosen, memory_order_acquire);
    if (current != NULL) return current;
    current = choose();
    atomic_store_explicit(&chosen, current, memory_order_release);
    return current;
}

/* Reductions of arguments round by adding 1.5 2^52, which is right to nearest alone: to one side,
 * the reduced argument is twice as long, its polynomial runs beyond its interval, and exp loses
 * five digits. So these functions are to nearest whatever the mode; sums of vectors are not. */
#define TO_NEAREST(call)                                                                                     \
    do {                                                                                                     \
        const int before = ntk_rounding_nearest();                                                           \
        call;                                                                                                \
        ntk_rounding_restore(before);                                                                        \
    } while (0)

void ntk_vector_exp(size_t n, const double *x, double *out) { TO_NEAREST(table()->exp(n, x, out)); }

void ntk_vector_log(size_t n, const double *x, double *out) { TO_NEAREST(table()->log(n, x, out)); }

void ntk_vector_normal(size_t pairs, const uint64_t *words, double *out) {
    TO_NEAREST(table()->normal(pairs, words, out));
}

void ntk_vector_erf(size_t n, const double *x, double *value, double *derivative) {
    TO_NEAREST(table()->erf(n, x, value, derivative));
}

void ntk_vector_gelu(size_t n, const double *x, double *value, double *derivative) {
    TO_NEAREST(table()->gelu(n, x, value, derivative));
}

void ntk_vector_tanh(size_t n, const double *x, double *value, double *derivative) {
    TO_NEAREST(table()->tanh(n, x, value, derivative));
}

void ntk_vector_sigmoid(size_t n, const double *x, double *value, double *derivative) {
    TO_NEAREST(table()->sigmoid(n, x, value, derivative));
}

void ntk_vector_softplus(size_t n, const double *x, double *value, double *derivative) {
    TO_NEAREST(table()->softplus(n, x, value, derivative));
}

void ntk_vector_sin(size_t n, const double *x, double *value, double *derivative) {
    TO_NEAREST(table()->sin(n, x, value, derivative));
}

void ntk_vector_cos(size_t n, const double *x, double *value, double *derivative) {
    TO_NEAREST(table()->cos(n, x, value, derivative));
}

void ntk_vector_relu(size_t n, const double *x, double *value, double *derivative) {
    table()->relu(n, x, value, derivative);
}

void ntk_vector_multiply(size_t n, double scale, const double *x, const double *y, double *out) {
    table()->multiply(n, scale, x, y, out);
}

void ntk_vector_combine(size_t n, const double *base, size_t terms, const double *weight,
                        const double *const *direction, double *out) {
    table()->combine(n, base, terms, weight, direction, out);
}

double ntk_vector_combination_square(size_t n, size_t terms, const double *weight,
                                     const double *const *direction) {
    return table()->combination_square(n, terms, weight, direction);
}

void ntk_vector_products(size_t n, size_t q, size_t terms, const double *a, const size_t a_step[2],
                         const double *b, const size_t b_step[2], double *out) {
    table()->products(n, q, terms, a, a_step, b, b_step, out);
}

void ntk_vector_gram(size_t n, size_t k, double scale, const double *a, size_t lda, double *out, size_t ldo) {
    table()->gram(n, k, scale, a, lda, out, ldo);
}

void ntk_vector_few_inputs(size_t n, size_t q, size_t k, double scale, const double *a, const double *w,
                           bool add, double *out, size_t ldo) {
    table()->few_inputs(n, q, k, scale, a, w, add, out, ldo);
}

const char *ntk_vector_isa(void) { return table()->isa; }
