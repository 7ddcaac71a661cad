/* The Gram matrices of a layer are the parts that run on all workers: both at once, each in tiles
 * of some 1024 rows where it has as many, or else, where its vectors are long, as sums over ranges
 * of their components that are added up in their order. The sizes alone decide. Tiles repeat the
 * packing of their rows and sums are written and read once more: 2 % of the time. */
#include "network/layer_kernel.h"

#include <ntk/linalg.h>

#include "base/split.h"
#include "base/vector.h"

/* Up to this order, sums in registers are 1.5 to 3.5 times faster than dsyrk, which packs its
 * factor, and the same on every BLAS. */
enum { SMALL_GRAM = 64 };

#define TILE      ((size_t)1024) /* rows, at least */
#define TERMS     ((size_t)1024) /* of a sum, at least */
#define MOST_SUMS ((size_t)8)
#define SUMS_ROOM ((size_t)1 << 23) /* doubles of all sums of a matrix: 64 MB */
#define PASS      ((size_t)1 << 17) /* numbers of a range of rows, at least */

/* ---- one Gram matrix ------------------------------------------------------------------------- */

/* scale A B^T, (n, q), or its lower triangle where A is B. */
typedef struct gram {
    bool symmetric;
    size_t n, q, k;
    double scale;
    const double *a, *b; /* (n, k), (q, k) */
    size_t high, wide;   /* tiles, in either direction */
    size_t sums;         /* 1 where there is more than one tile */
    double *out;         /* (sums, n, q): it is their sum */
} gram;

static size_t operations(const gram *g) { return g->n * g->q * g->k / (g->symmetric ? 2 : 1); }

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

/* Where it is cut. */
static void plan(gram *g) {
    g->high = g->wide = g->sums = 1;
    if (operations(g) < NETWORK_SPLIT_OPERATIONS) return;
    g->high = larger(g->n / TILE, 1);
    g->wide = larger(g->q / TILE, 1);
    if (g->high * g->wide > 1) return;
    const size_t most = smaller(MOST_SUMS, SUMS_ROOM / (g->n * g->q));
    g->sums = larger(smaller(g->k / (2 * TERMS) * 2, most / 2 * 2), 1);
}

static size_t task_count(const gram *g) {
    return g->symmetric ? g->high * (g->high + 1) / 2 * g->sums : g->high * g->wide * g->sums;
}

/* A rectangle of the matrix, over some of the components. */
typedef struct tile {
    size_t i, rows, j, columns, first, terms;
    double *out;
} tile;

static tile tile_of(const gram *g, size_t task) {
    size_t row = 0, column = task / g->sums;
    const size_t sum = task % g->sums;
    for (; column >= (g->symmetric ? row + 1 : g->wide); row++) column -= g->symmetric ? row + 1 : g->wide;
    tile t = {.i = ntk_range_begin(g->n, g->high, row), .j = ntk_range_begin(g->q, g->wide, column)};
    t.rows = ntk_range_begin(g->n, g->high, row + 1) - t.i;
    t.columns = ntk_range_begin(g->q, g->wide, column + 1) - t.j;
    t.first = ntk_range_begin(g->k, g->sums, sum);
    t.terms = ntk_range_begin(g->k, g->sums, sum + 1) - t.first;
    t.out = g->out + sum * g->n * g->q + t.i * g->q + t.j;
    return t;
}

static ntk_status compute_tile(const gram *g, size_t task) {
    const tile t = tile_of(g, task);
    const bool diagonal = g->symmetric && t.i == t.j;
    const double *a = g->a + t.i * g->k + t.first, *b = g->b + t.j * g->k + t.first;
    if (diagonal && t.rows <= SMALL_GRAM) {
        ntk_vector_gram(t.rows, t.terms, g->scale, a, g->k, t.out, g->q);
        return NTK_OK;
    }
    if (diagonal) return ntk_syrk(t.rows, t.terms, g->scale, a, g->k, 0.0, t.out, g->q);
    return ntk_gemm(NTK_NO_TRANSPOSE, NTK_TRANSPOSE, t.rows, t.columns, t.terms, g->scale, a, g->k, b, g->k,
                    0.0, t.out, g->q);
}

/* ---- both of a layer ------------------------------------------------------------------------- */

typedef struct layer_kernel {
    const kernel_sides *sides;
    gram inputs, signals;
    double constant; /* b^2 */
} layer_kernel;

static gram input_gram(const kernel_sides *s, size_t l, double *out) {
    const network_layer *layer = &s->network->layers[l];
    gram g = {.symmetric = s->symmetric,
              .n = s->rows->n,
              .q = s->columns->n,
              .k = layer->fan_in,
              .scale = layer->weight_scale * layer->weight_scale,
              .a = network_layer_input(s->network, s->rows, s->row_inputs, l),
              .b = network_layer_input(s->network, s->columns, s->column_inputs, l),
              .out = out};
    plan(&g);
    return g;
}

static gram signal_gram(const kernel_sides *s, size_t l, double *out) {
    gram g = {.symmetric = s->symmetric,
              .n = s->rows->n * s->network->outputs,
              .q = s->columns->n * s->network->outputs,
              .k = s->network->width,
              .scale = 1.0,
              .a = s->rows->signal[l % 2].data,
              .b = s->columns->signal[l % 2].data,
              .out = out};
    plan(&g);
    return g;
}

/* The larger matrix first. */
static ntk_status compute_task(size_t task, void *context) {
    const layer_kernel *k = context;
    const size_t signals = task_count(&k->signals);
    return task < signals ? compute_tile(&k->signals, task) : compute_tile(&k->inputs, task - signals);
}

static ntk_status compute_grams(layer_kernel *k) {
    const size_t tasks = task_count(&k->signals) + task_count(&k->inputs);
    if (operations(&k->inputs) + operations(&k->signals) >= NETWORK_SPLIT_OPERATIONS)
        return ntk_split(tasks, compute_task, k);
    for (size_t task = 0; task < tasks; task++) NTK_TRY(compute_task(task, k));
    return NTK_OK;
}

/* ---- their product --------------------------------------------------------------------------- */

/* Columns of row r of the kernel that are built. */
static size_t row_end(const kernel_sides *s, size_t r) {
    return s->symmetric ? r + 1 : s->columns->n * s->network->outputs;
}

/* Element `at` of a Gram matrix. */
static double entry(const gram *g, size_t at) {
    double sum = g->out[at];
    for (size_t p = 1; p < g->sums; p++) sum += g->out[p * g->n * g->q + at];
    return sum;
}

static double input_entry(const layer_kernel *k, size_t i, size_t j) {
    return entry(&k->inputs, i * k->inputs.q + j) + k->constant;
}

static ntk_status start_rows(size_t first, size_t count, void *context) {
    const layer_kernel *k = context;
    const kernel_sides *s = k->sides;
    const size_t K = s->network->outputs;
    for (size_t r = first * K; r < (first + count) * K; r++) {
        double *row = s->kernel + r * s->ldk;
        for (size_t c = 0; c < row_end(s, r); c++) row[c] = 0.0;
        for (size_t c = r % K, j = 0; c < row_end(s, r); c += K, j++) row[c] = input_entry(k, r / K, j);
    }
    return NTK_OK;
}

/* Columns begin .. end - 1 of the K rows of input i. */
enum { CHUNK = 512 };
static void add_chunk(const layer_kernel *k, size_t i, size_t begin, size_t end) {
    const kernel_sides *s = k->sides;
    const size_t K = s->network->outputs, first = begin / K;
    double factor[CHUNK], value = input_entry(k, i, first);
    for (size_t c = begin, j = first, next = (first + 1) * K; c < end; c++) {
        if (c == next) value = input_entry(k, i, ++j), next += K;
        factor[c - begin] = value;
    }
    for (size_t r = i * K; r < (i + 1) * K; r++) {
        const size_t stop = smaller(end, row_end(s, r)), at = r * k->signals.q;
        double *row = s->kernel + r * s->ldk;
        if (k->signals.sums == 1)
            for (size_t c = begin; c < stop; c++) row[c] += factor[c - begin] * k->signals.out[at + c];
        else
            for (size_t c = begin; c < stop; c++) row[c] += factor[c - begin] * entry(&k->signals, at + c);
    }
}

static ntk_status add_rows(size_t first, size_t count, void *context) {
    const layer_kernel *k = context;
    const size_t K = k->sides->network->outputs;
    for (size_t i = first; i < first + count; i++) {
        const size_t end = row_end(k->sides, (i + 1) * K - 1);
        for (size_t c = 0; c < end; c += CHUNK) add_chunk(k, i, c, smaller(end, c + CHUNK));
    }
    return NTK_OK;
}

static ntk_status over_rows(layer_kernel *k, ntk_range rows) {
    const size_t K = k->sides->network->outputs, n = k->inputs.n, least = PASS / (k->inputs.q * K * K) + 1;
    return ntk_split_range(n, n / least, rows, k);
}

static double constant_of(const network_layer *layer) {
    return layer->has_bias ? layer->bias_scale * layer->bias_scale : 0;
}

ntk_status layer_kernel_start(const kernel_sides *s, double *inputs) {
    const size_t last = s->network->layer_count;
    layer_kernel k = {.sides = s,
                      .inputs = input_gram(s, last, inputs),
                      .constant = constant_of(&s->network->layers[last])};
    NTK_TRY(compute_grams(&k));
    return over_rows(&k, start_rows);
}

ntk_status layer_kernel_add(const kernel_sides *s, size_t l, double *inputs, double *signals) {
    layer_kernel k = {.sides = s,
                      .inputs = input_gram(s, l, inputs),
                      .signals = signal_gram(s, l, signals),
                      .constant = constant_of(&s->network->layers[l])};
    NTK_TRY(compute_grams(&k));
    return over_rows(&k, add_rows);
}

/* ---- room ------------------------------------------------------------------------------------ */

static size_t most_sums(size_t found, gram g) { return larger(found, g.sums); }

ntk_status layer_kernel_reserve(ntk_network *network, const kernel_sides *s) {
    const size_t K = network->outputs, n = s->rows->n, q = s->columns->n;
    size_t of_inputs = 1, of_signals = 1;
    /* Without sums first: their numbers are products of the sizes, and those fit then. */
    NTK_TRY(network_reserve(&network->input_gram, n, q, 1));
    NTK_TRY(network_reserve(&network->signal_gram, n * K, q, K));
    for (size_t l = 1; l <= network->layer_count; l++) {
        of_inputs = most_sums(of_inputs, input_gram(s, l, NULL));
        of_signals = most_sums(of_signals, signal_gram(s, l, NULL));
    }
    NTK_TRY(network_reserve(&network->input_gram, n, q, of_inputs));
    return network_reserve(&network->signal_gram, n * K, q * K, of_signals);
}
