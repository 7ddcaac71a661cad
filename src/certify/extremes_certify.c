/* A verified lower bound of the smallest eigenvalue of a matrix in tiles.
 *
 * The theorem of cholesky.c: for every lower triangular L and every beta >= ||L L^T - (T - s
 * I)||_2, lambda_min(T) >= s - beta. Here L is computed panel by panel (columns c .. c + w, w <=
 * WIDTH) from
 * a file of the panels before, and the residual comes with it. With l_iK the part of row i of L in
 * panel K, and i >= j, j in panel J:
 *
 *     S^0 = fl(T - s I),    D^K = fl(L_iK L_jK^T),    S^{K+1} = fl(S^K - D^K)     for K < J,
 *     C = fl(S^J - fl(L_iJ L_jJ^T)),      L_iJ: the solution of S^J = L_iJ L_JJ^T, whatever it is.
 *
 * Lemma. ||L L^T - (T - s I)||_2 <= beta,
 *
 *     beta = (1 + u) ||C||_F + gamma_WIDTH ||L||_F^2 + u sum_K ||S^K||_F + u max_i |S^0_ii| + n^2
 *     eta'.
 *
 * Proof. Entry (i, j) of T - s I - L L^T is S^0_ij - sum_{K <= J} l_iK . l_jK, up to u |S^0_ii| on
 * the diagonal. A product of depth w is off by gamma_w |l_iK| . |l_jK| <= gamma_WIDTH ||l_iK||
 * ||l_jK||, in any order of summation; the sum over K is at most gamma_WIDTH ||l_i|| ||l_j||
 * (Cauchy-Schwarz): a matrix of rank one, whose norm is gamma_WIDTH sum_i ||l_i||^2. Each
 * subtraction is off by u times its result: matrices bounded by u |S^K| where K < J was subtracted,
 * and by u |C|, whose norms Frobenius's bounds. eta' = 8 n 2^-1022 bounds what underflows in an
 * entry.
 *
 * Products of a small depth are what makes this sharp: gamma_256 ||L||_F^2 is about 256 u trace(T),
 * where a product of depth n would give n u trace(T); the S^K are what is left of T after K panels,
 * and fall quickly for kernels. As in cholesky.c nothing is assumed of L, of who computed it and
 * how: neither of the file that it was read from, as long as it is read the same way twice. It is
 * read once for each later panel, so that is presupposed: a file that does not lie.
 *
 * A matrix whose diagonal is near the ends of the range is scaled (extremes_scale.h): its entries
 * are then off by 2^-1075, which eta' has room for, and the shift is what it became.
 *
 * Panels are kept transposed, (w, n - c): rows of a panel are long, and read in one piece. */
#include <ntk/extremes.h>

#include <errno.h>
#include <fcntl.h>
#include <fenv.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ntk/linalg.h>
#include <ntk/memory.h>
#include <ntk/parallel.h>

#include "certify/cholesky.h"
#include "certify/extremes_scale.h"
#include "kernel/tiles.h"

static const double unit_roundoff = DBL_EPSILON / 2;

enum {
    WIDTH = 256, /* of a panel */
    CHUNK = 2048 /* columns of a transposed panel that one unit treats */
};

typedef struct factorisation {
    const ntk_tiles *tiles;
    double shift, asked; /* scaled; as it was given */
    size_t n;
    int descriptor;
    size_t first, width, length; /* of the panel: c, w, n - c */
    double *panel;               /* (w, n - c): S, then L */
    double *earlier;             /* (w', n - c): a panel before, from column c on */
    double *product;             /* (w, n - c) */
    double *square;              /* (w, w): L_JJ */
    size_t depth;                /* w' */
    double *squares;             /* (panels): sum of S^K_ij^2, those off the diagonal twice */
    double *chunk_squares;       /* (chunks) */
    double residual_squares, factor_squares, diagonal;
} factorisation;

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* ---- the file -------------------------------------------------------------------------------- */

static ntk_status open_file(const char *folder, int *descriptor) {
    const size_t size = strlen(folder) + 32;
    void *memory = NULL;
    NTK_TRY(ntk_allocate(size, 1, &memory));
    char *path = memory;
    snprintf(path, size, "%s/ntk-factor-XXXXXX", folder);
    *descriptor = mkostemp(path, O_CLOEXEC);
    const int error = errno;
    if (*descriptor >= 0) unlink(path);
    ntk_release(memory);
    if (*descriptor >= 0) return NTK_OK;
    return ntk_fail(NTK_ERROR_IO, "%s: cannot make a file for the factor: %s", folder, strerror(error));
}

/* Where row k of the panel at column `first` begins. */
static off_t place(const factorisation *s, size_t first, size_t k) {
    size_t before = 0; /* panels before are WIDTH wide */
    for (size_t c = 0; c < first; c += WIDTH) before += WIDTH * (s->n - c);
    return (off_t)((before + k * (s->n - first)) * sizeof(double));
}

static ntk_status move(int descriptor, bool out, double *row, size_t count, off_t offset) {
    char *next = (char *)row;
    for (size_t left = count * sizeof *row; left > 0;) {
        const ssize_t moved =
            out ? pwrite(descriptor, next, left, offset) : pread(descriptor, next, left, offset);
        if (moved < 0 && errno == EINTR) continue;
        if (moved <= 0)
            return ntk_fail(NTK_ERROR_IO, "the file of the factor: cannot %s it: %s", out ? "write" : "read",
                            moved < 0 ? strerror(errno) : "it ends too early");
        next += moved;
        offset += moved;
        left -= (size_t)moved;
    }
    return NTK_OK;
}

static ntk_status write_panel(const factorisation *s) {
    for (size_t k = 0; k < s->width; k++)
        NTK_TRY(move(s->descriptor, true, s->panel + k * s->length, s->length, place(s, s->first, k)));
    return NTK_OK;
}

/* Of the panel at column `from` what stands in rows from `first` on. */
static ntk_status read_earlier(factorisation *s, size_t from) {
    s->depth = WIDTH;
    for (size_t k = 0; k < s->depth; k++)
        NTK_TRY(move(s->descriptor, false, s->earlier + k * s->length, s->length,
                     place(s, from, k) + (off_t)((s->first - from) * sizeof(double))));
    return NTK_OK;
}

/* ---- a panel --------------------------------------------------------------------------------- */

/* S^0 of the rows of a chunk, from the lower triangle. */
static ntk_status load_unit(size_t unit, void *context) {
    factorisation *s = context;
    const size_t begin = unit * WIDTH, rows = smaller(WIDTH, s->length - begin);
    double *block = NULL;
    NTK_TRY(ntk_allocate_doubles(rows * s->width, &block));
    const ntk_status status =
        ntk_tiles_read(s->tiles, s->first + begin, rows, s->first, s->width, block, s->width);
    for (size_t i = 0; i < rows && status == NTK_OK; i++)
        for (size_t k = 0; k < s->width; k++) s->panel[k * s->length + begin + i] = block[i * s->width + k];
    ntk_release(block);
    return status;
}

static ntk_status load_panel(factorisation *s) {
    NTK_TRY(ntk_map((s->length + WIDTH - 1) / WIDTH, load_unit, s));
    for (size_t k = 0; k < s->width; k++) {
        for (size_t i = 0; i < k; i++) s->panel[k * s->length + i] = s->panel[i * s->length + k];
        s->panel[k * s->length + k] -= s->shift;
        s->diagonal = ntk_larger(s->diagonal, fabs(s->panel[k * s->length + k]));
    }
    if (ntk_all_finite(s->width * s->length, s->panel)) return NTK_OK;
    return ntk_fail(NTK_ERROR_NOT_FINITE,
                    "the matrix: one of the columns %zu to %zu has an entry that is not "
                    "finite",
                    s->first, s->first + s->width - 1);
}

/* The squares of a part of a panel, those off the diagonal square twice; within it both triangles
 * are there. */
static double sum_squares(const factorisation *s, const double *a, size_t begin, size_t end) {
    double sum = 0;
    for (size_t k = 0; k < s->width; k++)
        for (size_t i = begin; i < end; i++)
            sum += (i < s->width ? 1 : 2) * a[k * s->length + i] * a[k * s->length + i];
    return sum;
}

/* Units may have rounding modes of their own (base/rounding.h). */
static ntk_status check_rounding(void) {
    if (fegetround() == FE_TONEAREST) return NTK_OK;
    return ntk_fail(NTK_ERROR_UNSUPPORTED, "ntk_extremes_certify: the rounding mode is not to nearest");
}

/* S^{K+1} = S^K - D^K for a chunk. */
static ntk_status subtract_unit(size_t unit, void *context) {
    factorisation *s = context;
    NTK_TRY(check_rounding());
    const size_t begin = unit * CHUNK, count = smaller(CHUNK, s->length - begin);
    NTK_TRY(ntk_gemm(NTK_TRANSPOSE, NTK_NO_TRANSPOSE, s->width, count, s->depth, 1, s->earlier, s->length,
                     s->earlier + begin, s->length, 0, s->product + begin, s->length));
    for (size_t k = 0; k < s->width; k++)
        for (size_t i = begin; i < begin + count; i++)
            s->panel[k * s->length + i] -= s->product[k * s->length + i];
    s->chunk_squares[unit] = sum_squares(s, s->panel, begin, begin + count);
    return NTK_OK;
}

static size_t chunks(const factorisation *s) { return (s->length + CHUNK - 1) / CHUNK; }

static ntk_status subtract_earlier(factorisation *s) {
    for (size_t from = 0; from < s->first; from += WIDTH) {
        NTK_TRY(read_earlier(s, from));
        NTK_TRY(ntk_map(chunks(s), subtract_unit, s));
        for (size_t unit = 0; unit < chunks(s); unit++) s->squares[from / WIDTH] += s->chunk_squares[unit];
    }
    return NTK_OK;
}

/* S becomes L, and C stands in `product`. */
static ntk_status divide_unit(size_t unit, void *context) {
    factorisation *s = context;
    NTK_TRY(check_rounding());
    const size_t begin = unit * CHUNK, count = smaller(CHUNK, s->length - begin);
    double *kept = s->earlier; /* S */
    for (size_t k = 0; k < s->width; k++)
        memcpy(kept + k * s->length + begin, s->panel + k * s->length + begin, count * sizeof *kept);
    NTK_TRY(ntk_triangular_solve(NTK_NO_TRANSPOSE, s->width, count, s->square, s->width, s->panel + begin,
                                 s->length));
    for (size_t k = 0; k < s->width; k++) /* the diagonal square is L_JJ itself */
        for (size_t i = begin; i < s->width && i < begin + count; i++)
            s->panel[k * s->length + i] = i < k ? 0 : s->square[i * s->width + k];
    NTK_TRY(ntk_gemm(NTK_NO_TRANSPOSE, NTK_NO_TRANSPOSE, s->width, count, s->width, 1, s->square, s->width,
                     s->panel + begin, s->length, 0, s->product + begin, s->length));
    for (size_t k = 0; k < s->width; k++)
        for (size_t i = begin; i < begin + count; i++)
            s->product[k * s->length + i] = kept[k * s->length + i] - s->product[k * s->length + i];
    s->chunk_squares[unit] = sum_squares(s, s->product, begin, begin + count);
    return NTK_OK;
}

static ntk_status factorise_panel(factorisation *s) {
    for (size_t i = 0; i < s->width; i++)
        for (size_t k = 0; k < s->width; k++)
            s->square[i * s->width + k] = k <= i ? s->panel[k * s->length + i] : 0;
    const ntk_status status = ntk_cholesky(s->width, s->square, s->width);
    if (status == NTK_ERROR_NOT_POSITIVE_DEFINITE || status == NTK_ERROR_NOT_FINITE)
        return ntk_fail(NTK_ERROR_NOT_POSITIVE_DEFINITE,
                        "the matrix less %g I has no Cholesky factor: one of its pivots %zu to %zu is not "
                        "positive",
                        s->asked, s->first, s->first + s->width - 1);
    NTK_TRY(status);
    NTK_TRY(ntk_map(chunks(s), divide_unit, s));
    for (size_t unit = 0; unit < chunks(s); unit++) s->residual_squares += s->chunk_squares[unit];
    for (size_t k = 0; k < s->width * s->length; k++) s->factor_squares += s->panel[k] * s->panel[k];
    return write_panel(s);
}

/* ---- the bound ------------------------------------------------------------------------------- */

/* Sums of at most n^2 squares, n / WIDTH of them, and few other roundings. */
static double bound_residual(const factorisation *s) {
    const size_t terms = s->n * s->n + s->n + 64;
    const double n = (double)s->n, underflow = 8 * n * n * n * DBL_MIN;
    double differences = 0;
    for (size_t k = 0; k < s->n / WIDTH + 1; k++) differences += sqrt(s->squares[k] + n * n * DBL_MIN);
    const double gamma = (WIDTH + 1) * unit_roundoff;
    const double beta = sqrt(s->residual_squares + n * n * DBL_MIN) * (1 + DBL_EPSILON) +
                        gamma * s->factor_squares + unit_roundoff * (differences + s->diagonal) + underflow;
    return certify_inflate(beta, terms);
}

static ntk_status factorise(factorisation *s, double *bound) {
    for (s->first = 0; s->first < s->n; s->first += WIDTH) {
        s->width = smaller(WIDTH, s->n - s->first);
        s->length = s->n - s->first;
        NTK_TRY(load_panel(s));
        NTK_TRY(subtract_earlier(s));
        NTK_TRY(factorise_panel(s));
    }
    const double lowest = s->shift - bound_residual(s);
    if (!isfinite(lowest))
        return ntk_fail(NTK_ERROR_NOT_POSITIVE_DEFINITE, "the residual of the factor is not finite");
    *bound = nextafter(lowest, -INFINITY);
    return NTK_OK;
}

static ntk_status allocate_and_factorise(factorisation *s, double *bound) {
    double *memory = NULL;
    const size_t panel = smaller(WIDTH, s->n) * s->n, panels = s->n / WIDTH + 1, most = s->n / CHUNK + 1;
    NTK_TRY(ntk_allocate_doubles(3 * panel + WIDTH * WIDTH + panels + most, &memory));
    s->panel = memory;
    s->earlier = s->panel + panel;
    s->product = s->earlier + panel;
    s->square = s->product + panel;
    s->squares = s->square + WIDTH * WIDTH;
    s->chunk_squares = s->squares + panels;
    const ntk_status status = factorise(s, bound);
    ntk_release(memory);
    return status;
}

static ntk_status certify_scaled(const ntk_tiles *tiles, double shift, double asked, const char *folder,
                                 double *bound) {
    factorisation s = {.tiles = tiles, .shift = shift, .asked = asked, .n = ntk_tiles_order(tiles)};
    NTK_TRY(open_file(folder, &s.descriptor));
    const ntk_status status = allocate_and_factorise(&s, bound);
    close(s.descriptor);
    return status;
}

ntk_status ntk_extremes_certify(const ntk_tiles *tiles, double shift, const char *folder, double *bound) {
    ntk_tiles *view;
    int exponent;
    *bound = -INFINITY;
    if (!isfinite(shift)) return ntk_fail(NTK_ERROR_ARGUMENT, "a shift of %g", shift);
    if (ntk_tiles_order(tiles) > 1 << 24)
        return ntk_fail(NTK_ERROR_SHAPE, "a matrix of order %zu, beyond 2^24", ntk_tiles_order(tiles));
    NTK_TRY(check_rounding());
    NTK_TRY(ntk_extremes_scale(tiles, &view, &exponent));
    const double scaled = ldexp(shift, -exponent);
    const ntk_status status = isfinite(scaled)
                                  ? certify_scaled(view ? view : tiles, scaled, shift, folder, bound)
                                  : ntk_fail(NTK_ERROR_NOT_POSITIVE_DEFINITE,
                                             "a shift of %g is beyond every eigenvalue of the matrix", shift);
    ntk_tiles_release_scaled(view);
    *bound = ntk_extremes_below(*bound, exponent);
    return status;
}
