/* The recursion over layers for runs of pairs, in registers; one implementation per instruction
 * set. */
#ifndef NTK_KERNEL_RECURSION_H
#define NTK_KERNEL_RECURSION_H

#include <stddef.h>

#include <ntk/architecture.h>

/* Points are stored in blocks of so many, a register at least. */
enum { NTK_POINT_BLOCK = 8 };

/* One layer as the pairs of (row point, column point) see it. Each point brings numbers computed
 * from its variance S_xx ("fields"):
 *
 *     relu and its like
 *              0: sqrt(S_xx)     1: 1 / sqrt(S_xx), 0 for S_xx = 0
 *              residual networks, one layer for all blocks: 0: sqrt(S^L_xx), 1: 1 / sqrt(S^0_xx)
 *     erf      0: sqrt(2 / (1 + 2 S_xx))
 *     gelu     0: S_xx           1: 1 / sqrt(1 + S_xx)
 *     sin, cos 0: S_xx / 2
 *     linear   none
 *     others   0: 1 / sqrt(S_xx), 0 for S_xx = 0   1 .. K: h_k   K + 1 .. 2K: g_k   (mehler.c)
 *
 * stored as (blocks, fields, NTK_POINT_BLOCK): the fields of a register of points are one stream,
 * and the last block is padded so that a whole register can be read. */
typedef struct ntk_recursion_layer {
    const double *row;
    const double *column;
    size_t fields;
    size_t terms;        /* K */
    double weight, bias; /* w^2 and b^2 of the layer that follows the activation; of a residual
                          * network what a block adds, alpha^2 w^2 and alpha^2 w^2 z b^2 */
    double slope, share; /* s and (1 - s)^2 of leaky ReLU */
    /* Pairs beyond it are flagged: of |rho|, for erf and GELU of the arcsine's |u|, for sin and cos
     * of the relative error of its exponential in units of rounding. */
    double limit;
    /* Where later layers tear near points apart: 1 / sqrt(S_xx), so that pairs with |rho| >
     * NTK_NEARLY_PARALLEL are flagged; else NULL. */
    const double *row_root, *column_root;
} ntk_recursion_layer;

/* Where field 0 of a point stands; the next field is NTK_POINT_BLOCK further. */
static inline size_t ntk_field_offset(size_t point, size_t fields) {
    return point / NTK_POINT_BLOCK * NTK_POINT_BLOCK * fields + point % NTK_POINT_BLOCK;
}

/* What the recursion may amplify in a layer before its pairs are flagged and recomputed (pair.c).
 * ReLU: sin theta <= 1/32, 1 - cos theta = 2^-11 (1 + 2^-13). erf and GELU: 1 / (1 - u^2) = 64.
 * sin: 8 units of rounding. */
#define NTK_NEARLY_PARALLEL (1 - 0x1p-11)
#define NTK_NEARLY_SINGULAR (1 - 0x1p-7)
#define NTK_EXPONENT_LIMIT  8.0
/* Growth of 1 - rho through all later layers up to which near points need no care, and what the
 * layers before may have left of it that points count as separated. */
#define NTK_GROWTH_ALLOWED 4.0
#define NTK_SHRUNK         0.25

/* Residual networks that are not plain (residual.c), whose pre-activations have the covariances
 * p^0, p^1, ..: constants. */
typedef struct ntk_skips {
    double input_scale; /* 1 / d or 1 */
    double weight;      /* w^2 */
    double bias;        /* b^2 */
    double started;     /* z b^2: b^2, or 0 where the biases of the blocks begin at 0 */
    double gain;        /* alpha^2 */
} ntk_skips;

typedef struct ntk_recursion {
    double input_scale; /* w^2 / d or w^2 of the first layer; of a plain residual network 1 / d or
                         * 1 */
    double bias;        /* b^2 of the first layer; of a residual network that of p^0 */
    double share;       /* q = alpha^2 / (1 + alpha^2), plain residual networks only */
    ntk_skips skips;    /* of the other residual networks */
    size_t depth;
    ntk_recursion_layer *layer; /* (depth); residual networks use the first */
} ntk_recursion;

/* The first covariance is a factor times <x, x'>, plus a constant: w^2 / d or w^2, and b^2. Of a
 * plain residual network S^0: 1 / d or 1, and 0. Of the others p^0 (residual.c). */
double ntk_input_factor(const ntk_architecture *architecture, size_t d);
double ntk_input_bias(const ntk_architecture *architecture);

/* For inputs of dimension d. */
ntk_recursion ntk_recursion_create(const ntk_architecture *architecture, size_t d,
                                   ntk_recursion_layer *layer);

/* Pairs (row, column + k), k < count, column a multiple of NTK_POINT_BLOCK: from the inner products
 * to the NNGP and the NTK. product, nngp, ntk: (count); nngp or ntk may be NULL; either may be
 * product itself. Returned is how many pairs are not to be trusted - |rho| beyond a layer's limit,
 * or a result that is not finite -; their k are in flagged (count).
 */
typedef size_t (*ntk_recursion_run)(const ntk_recursion *recursion, size_t row, size_t column, size_t count,
                                    const double *product, double *nngp, double *ntk, size_t *flagged);

/* All networks of one instruction set; the same bits from each set. */
typedef struct ntk_recursion_table {
    const char *isa;
    ntk_recursion_run dense[NTK_ACTIVATION_COUNT];
    ntk_recursion_run residual; /* plain */
    ntk_recursion_run skips[NTK_ACTIVATION_COUNT];
} ntk_recursion_table;

extern const ntk_recursion_table ntk_recursion_scalar;
#ifdef NTK_SIMD_X86
extern const ntk_recursion_table ntk_recursion_sse2;
extern const ntk_recursion_table ntk_recursion_avx2;
extern const ntk_recursion_table ntk_recursion_avx512;
#endif

/* The architecture's function in a table, and in that of the instruction set in use
 * (ntk_vector_isa). */
ntk_recursion_run ntk_recursion_find(const ntk_recursion_table *table, const ntk_architecture *architecture);
ntk_recursion_run ntk_recursion_chosen(const ntk_architecture *architecture);

#endif
