/* The functions of vector.h for one instruction set each; vector.c chooses among these tables. */
#ifndef NTK_BASE_VECTOR_TABLE_H
#define NTK_BASE_VECTOR_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ntk_vector_table {
    const char *isa;
    void (*exp)(size_t n, const double *x, double *out);
    void (*log)(size_t n, const double *x, double *out);
    void (*normal)(size_t pairs, const uint64_t *words, double *out);
    void (*erf)(size_t n, const double *x, double *value, double *derivative);
    void (*gelu)(size_t n, const double *x, double *value, double *derivative);
    void (*tanh)(size_t n, const double *x, double *value, double *derivative);
    void (*sigmoid)(size_t n, const double *x, double *value, double *derivative);
    void (*softplus)(size_t n, const double *x, double *value, double *derivative);
    void (*sin)(size_t n, const double *x, double *value, double *derivative);
    void (*cos)(size_t n, const double *x, double *value, double *derivative);
    void (*relu)(size_t n, const double *x, double *value, double *derivative);
    void (*multiply)(size_t n, double scale, const double *x, const double *y, double *out);
    void (*combine)(size_t n, const double *base, size_t terms, const double *weight,
                    const double *const *direction, double *out);
    double (*combination_square)(size_t n, size_t terms, const double *weight,
                                 const double *const *direction);
    void (*products)(size_t n, size_t q, size_t terms, const double *a, const size_t a_step[2],
                     const double *b, const size_t b_step[2], double *out);
    void (*gram)(size_t n, size_t k, double scale, const double *a, size_t lda, double *out, size_t ldo);
    void (*few_inputs)(size_t n, size_t q, size_t k, double scale, const double *a, const double *w, bool add,
                       double *out, size_t ldo);
} ntk_vector_table;

extern const ntk_vector_table ntk_vector_scalar;
#ifdef NTK_SIMD_X86
extern const ntk_vector_table ntk_vector_sse2;
extern const ntk_vector_table ntk_vector_avx2;
extern const ntk_vector_table ntk_vector_avx512;
#endif

/* The tables that this CPU can run, the widest first; *count of them. */
const ntk_vector_table *const *ntk_vector_available(size_t *count);

#endif
