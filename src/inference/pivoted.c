/* Pivoted Cholesky with random pivots (Chen, Epperly, Tropp and Webber, "Randomly pivoted
 * Cholesky", 2022), in blocks.
 *
 * Let E = Theta - F F^T be what is left, d its diagonal. Pivots are drawn with probabilities d_i /
 * sum d, a block at a time; the rows of E there, of which those of Theta are computed or read and
 * those of F F^T subtracted, are divided by the Cholesky factor of the pivots' own square, and
 * become the new columns of F. E stays positive semi-definite, so that every eigenvalue of (F F^T
 * + s I)^{-1} (Theta + s I) lies in [1, 1 + ||E|| / s]: conjugate gradients take some sqrt(1 +
 * ||E|| / s) iterations for each digit or so. ||E|| falls like the sum of the eigenvalues of Theta
 * beyond the rank; greedy pivots may choose badly where points lie in clusters, random ones do not.
 *
 * The inverse is Woodbury's,
 *
 *     (S F F^T S + s I)^{-1} = (I - S F (s I + F^T S^2 F)^{-1} F^T S) / s,
 *
 * which loses trace / s of the working precision: s is held above 1e-13 of the trace. A
 * preconditioner changes how many iterations are needed, never what is accepted. */
#include "inference/pivoted.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/random.h>

#include "kernel/tiles.h"

enum { BLOCK = 64, CHUNK = 256 };

/* A diagonal of E below -clearly of Theta's is no rounding. */
static const double clearly = 1e-3, least_shift = 1e-13;

typedef struct drawing {
    const ntk_tiles *tiles;
    const double *diagonal;
    double floor;
    ntk_stream stream;
    ntk_pivoted *out;
    double *left;        /* (n), d */
    double *rows;        /* (BLOCK, n) */
    double *pivot_rows;  /* (BLOCK, stride): the rows of F at the pivots */
    double *square;      /* (BLOCK, BLOCK), theirs of E; its Cholesky factor */
    size_t index[BLOCK]; /* the pivots */
    size_t count;
} drawing;

/* ---- pivots ---------------------------------------------------------------------------------- */

static bool is_chosen(const drawing *w, size_t i) {
    for (size_t k = 0; k < w->count; k++)
        if (w->index[k] == i) return true;
    return false;
}

static bool may_be_chosen(const drawing *w, size_t i) { return w->left[i] > w->floor * w->diagonal[i]; }

/* One point with probability d_i / sum d among those that may be chosen, or n. */
static size_t draw_one(drawing *w, double total) {
    double at;
    size_t last = w->out->n;
    ntk_stream_uniform(&w->stream, 1, &at);
    at *= total;
    for (size_t i = 0; i < w->out->n; i++) {
        if (!may_be_chosen(w, i)) continue;
        last = i;
        at -= w->left[i];
        if (at <= 0) break;
    }
    return last;
}

/* Points that are drawn twice count once: a block may have fewer. */
static void draw_pivots(drawing *w, size_t wanted) {
    double total = 0;
    w->count = 0;
    for (size_t i = 0; i < w->out->n; i++)
        if (may_be_chosen(w, i)) total += w->left[i];
    if (!(total > 0)) return;
    for (size_t k = 0; k < wanted; k++) {
        const size_t i = draw_one(w, total);
        if (i < w->out->n && !is_chosen(w, i)) w->index[w->count++] = i;
    }
}

/* ---- a block --------------------------------------------------------------------------------- */

/* rows = those of E at the pivots. */
static ntk_status find_rows(drawing *w) {
    const ntk_pivoted *out = w->out;
    NTK_TRY(ntk_tiles_rows(w->tiles, w->count, w->index, w->rows));
    if (!ntk_all_finite(w->count * out->n, w->rows))
        return ntk_fail(NTK_ERROR_NOT_FINITE, "the Gram matrix: a row has an entry that is not finite");
    if (out->rank == 0) return NTK_OK;
    for (size_t k = 0; k < w->count; k++)
        memcpy(w->pivot_rows + k * out->rank, out->factor + w->index[k] * out->stride,
               out->rank * sizeof(double));
    return ntk_gemm(NTK_NO_TRANSPOSE, NTK_TRANSPOSE, w->count, out->n, out->rank, -1, w->pivot_rows,
                    out->rank, out->factor, out->stride, 1, w->rows, out->n);
}

static void swap(double *a, double *b) {
    const double moved = *a;
    *a = *b, *b = moved;
}

static void swap_pivots(drawing *w, double *share, size_t a, size_t b) {
    const size_t n = w->out->n, index = w->index[a];
    w->index[a] = w->index[b], w->index[b] = index;
    swap(share + a, share + b);
    for (size_t j = 0; j < n; j++) swap(w->rows + a * n + j, w->rows + b * n + j);
    for (size_t j = 0; j < a; j++) swap(w->square + a * BLOCK + j, w->square + b * BLOCK + j);
}

/* Column k of the factor of the pivots' square, and what it leaves of the later ones' shares. */
static void eliminate(drawing *w, double *share, size_t k) {
    const double root = w->square[k * BLOCK + k] = sqrt(share[k]);
    for (size_t i = k + 1; i < w->count; i++) {
        double entry = w->rows[i * w->out->n + w->index[k]];
        for (size_t j = 0; j < k; j++) entry -= w->square[i * BLOCK + j] * w->square[k * BLOCK + j];
        w->square[i * BLOCK + k] = entry / root;
        share[i] -= w->square[i * BLOCK + k] * w->square[i * BLOCK + k];
    }
}

/* Pivots of the block whose own share of E, beyond those before them, is above rounding, the
 * largest first; the others are given up. `square` becomes their lower triangular factor. */
static void factorise_square(drawing *w) {
    double share[BLOCK];
    for (size_t k = 0; k < w->count; k++) share[k] = w->rows[k * w->out->n + w->index[k]];
    for (size_t k = 0; k < w->count; k++) {
        size_t best = k;
        for (size_t i = k + 1; i < w->count; i++)
            if (share[i] > share[best]) best = i;
        if (best != k) swap_pivots(w, share, k, best);
        if (share[k] > w->floor * w->diagonal[w->index[k]])
            eliminate(w, share, k);
        else
            w->count = k;
    }
}

/* The new columns of F, and what they leave. */
static ntk_status add_columns(drawing *w) {
    ntk_pivoted *out = w->out;
    NTK_TRY(ntk_triangular_solve(NTK_NO_TRANSPOSE, w->count, out->n, w->square, BLOCK, w->rows, out->n));
    for (size_t i = 0; i < out->n; i++) {
        for (size_t k = 0; k < w->count; k++) {
            const double entry = w->rows[k * out->n + i];
            out->factor[i * out->stride + out->rank + k] = entry;
            w->left[i] -= entry * entry;
        }
        if (!(w->left[i] >= -clearly * w->diagonal[i]))
            return ntk_fail(
                NTK_ERROR_NOT_POSITIVE_DEFINITE,
                "the Gram matrix is not positive semi-definite: beside %zu other points point %zu "
                "is left with %g of its %g",
                out->rank + w->count, i, w->left[i], w->diagonal[i]);
    }
    for (size_t k = 0; k < w->count; k++) w->left[w->index[k]] = 0;
    out->rank += w->count;
    return NTK_OK;
}

static ntk_status draw_blocks(drawing *w) {
    ntk_pivoted *out = w->out;
    while (out->rank < out->stride) {
        const size_t wanted = out->stride - out->rank;
        draw_pivots(w, wanted < BLOCK ? wanted : BLOCK);
        if (w->count == 0) break;
        NTK_TRY(find_rows(w));
        factorise_square(w);
        if (w->count == 0) break;
        NTK_TRY(add_columns(w));
    }
    for (size_t i = 0; i < out->n; i++) out->rest += w->left[i] > 0 ? w->left[i] : 0;
    return NTK_OK;
}

/* ---- the factor ------------------------------------------------------------------------------ */

static ntk_status draw_factor(drawing *w) {
    ntk_pivoted *out = w->out;
    const size_t n = out->n;
    double *memory = NULL;
    NTK_TRY(ntk_allocate_doubles(n * out->stride, &out->factor));
    NTK_TRY(ntk_allocate_doubles(n + BLOCK * (n + out->stride + BLOCK), &memory));
    w->left = memory;
    w->rows = w->left + n;
    w->pivot_rows = w->rows + BLOCK * n;
    w->square = w->pivot_rows + BLOCK * out->stride;
    memcpy(w->left, w->diagonal, n * sizeof *w->left);
    for (size_t i = 0; i < n; i++) out->trace += w->diagonal[i];
    const ntk_status status = draw_blocks(w);
    ntk_release(memory);
    return status;
}

ntk_status ntk_pivoted_create(const ntk_tiles *tiles, const double *diagonal, size_t rank, double floor,
                              uint64_t seed, ntk_pivoted *out) {
    const size_t n = ntk_tiles_order(tiles);
    *out = (ntk_pivoted){.n = n, .stride = rank < n ? rank : n};
    drawing w = {.tiles = tiles,
                 .diagonal = diagonal,
                 .floor = floor,
                 .out = out,
                 .stream = ntk_stream_create(seed, "pivots", 0)};
    const ntk_status status = draw_factor(&w);
    if (status != NTK_OK) ntk_pivoted_release(out);
    return status;
}

void ntk_pivoted_release(ntk_pivoted *pivoted) {
    ntk_release(pivoted->factor);
    *pivoted = (ntk_pivoted){0};
}

/* ---- the inverse ----------------------------------------------------------------------------- */

/* inner = F^T S^2 F, lower triangle. */
static ntk_status form_inner(ntk_pivoted_inverse *inverse, double *rows) {
    const ntk_pivoted *p = inverse->pivoted;
    for (size_t first = 0; first < p->n; first += CHUNK) {
        const size_t some = p->n - first < CHUNK ? p->n - first : CHUNK;
        for (size_t i = 0; i < some; i++)
            for (size_t k = 0; k < p->rank; k++)
                rows[i * p->rank + k] =
                    (inverse->scale ? inverse->scale[first + i] : 1) * p->factor[(first + i) * p->stride + k];
        NTK_TRY(ntk_syrk_transposed(p->rank, some, 1, rows, p->rank, 1, inverse->inner, p->rank));
    }
    return NTK_OK;
}

static ntk_status prepare_inverse(ntk_pivoted_inverse *inverse, size_t columns) {
    const size_t rank = inverse->pivoted->rank;
    double *rows = NULL, trace = 0;
    NTK_TRY(ntk_allocate_doubles(rank * rank, &inverse->inner));
    NTK_TRY(ntk_allocate_doubles((rank + inverse->pivoted->n) * columns, &inverse->room));
    NTK_TRY(ntk_allocate_doubles(CHUNK * rank, &rows));
    const ntk_status status = rank > 0 ? form_inner(inverse, rows) : NTK_OK;
    ntk_release(rows);
    NTK_TRY(status);
    for (size_t k = 0; k < rank; k++) trace += inverse->inner[k * rank + k];
    inverse->shift = ntk_larger(inverse->shift, least_shift * trace);
    for (size_t k = 0; k < rank; k++) inverse->inner[k * rank + k] += inverse->shift;
    return rank > 0 ? ntk_cholesky(rank, inverse->inner, rank) : NTK_OK;
}

ntk_status ntk_pivoted_invert(const ntk_pivoted *pivoted, const double *scale, double shift, size_t columns,
                              ntk_pivoted_inverse *out) {
    *out = (ntk_pivoted_inverse){.pivoted = pivoted, .scale = scale, .shift = shift};
    const ntk_status status = prepare_inverse(out, columns);
    if (status != NTK_OK) ntk_pivoted_inverse_release(out);
    return status;
}

void ntk_pivoted_inverse_release(ntk_pivoted_inverse *inverse) {
    ntk_release(inverse->inner);
    ntk_release(inverse->room);
    *inverse = (ntk_pivoted_inverse){0};
}

ntk_status ntk_pivoted_apply(const ntk_pivoted_inverse *inverse, size_t columns, const double *r, double *z,
                             size_t ld) {
    const ntk_pivoted *p = inverse->pivoted;
    double *scaled = inverse->room, *inner = scaled + p->n * columns;
    for (size_t i = 0; i < p->n; i++)
        for (size_t k = 0; k < columns; k++)
            scaled[i * columns + k] = (inverse->scale ? inverse->scale[i] : 1) * r[i * ld + k];
    if (p->rank > 0) {
        NTK_TRY(ntk_gemm(NTK_TRANSPOSE, NTK_NO_TRANSPOSE, p->rank, columns, p->n, 1, p->factor, p->stride,
                         scaled, columns, 0, inner, columns));
        NTK_TRY(ntk_cholesky_solve(p->rank, columns, inverse->inner, p->rank, inner, columns));
        NTK_TRY(ntk_gemm(NTK_NO_TRANSPOSE, NTK_NO_TRANSPOSE, p->n, columns, p->rank, 1, p->factor, p->stride,
                         inner, columns, 0, scaled, columns));
    } else
        memset(scaled, 0, p->n * columns * sizeof *scaled);
    for (size_t i = 0; i < p->n; i++)
        for (size_t k = 0; k < columns; k++)
            z[i * ld + k] =
                (r[i * ld + k] - (inverse->scale ? inverse->scale[i] : 1) * scaled[i * columns + k]) /
                inverse->shift;
    return NTK_OK;
}
