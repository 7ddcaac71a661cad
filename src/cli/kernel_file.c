/* The matrix is made in bands of rows, from the top. Of a Gram matrix a band is computed up to the
 * diagonal, and what it mirrors is written to the rows above: every pair is computed once. Where
 * not even a low band fits into the memory, it is cut into panels of columns. Blocks have the bits
 * of the whole matrix (ntk_kernel_block), so the file has them for any memory and any number of
 * workers.
 *
 * Written by position, not through a mapping: a disk that fills up is an error, not a signal, and
 * what is in memory is what was asked for. */
#include "cli/kernel_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ntk/memory.h>
#include <ntk/log.h>
#include <ntk/parallel.h>

#include "data/npy_part.h"
#include "run/identity.h"
#include "run/process.h"

enum {
    TILE = 256,       /* of kernel/gram.c */
    MOST_ROWS = 1024, /* of a band: higher ones gain nothing and are lost when the program is
                       * ended */
    MOST_IMAGES = 64, /* the same for convolutional networks, whose pairs take far longer */
    WRITE_ROWS = 64,  /* written by one unit of a map */
};

/* ---- the size of blocks ---------------------------------------------------------------------- */

typedef struct {
    size_t n, m;
    bool symmetric;
    size_t rows, columns; /* of a block at most */
} plan;

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* A block, a tile and rows to transpose for each worker; of a convolutional network two indices a
 * pair. */
static ntk_status plan_blocks(const cli_kernel_file *request, plan *out) {
    const bool images = request->architecture->family == NTK_CONVOLUTIONAL;
    const size_t n = request->x->rows, m = request->y->values != NULL ? request->y->rows : n;
    const size_t step = images ? 1 : TILE, most = images ? MOST_IMAGES : MOST_ROWS;
    const size_t entry = images ? 3 * sizeof(double) : sizeof(double);
    const size_t each = sizeof(double) * (images ? 8 * MOST_IMAGES : TILE * TILE + 8 * MOST_ROWS);
    const size_t aside = ntk_workers() * each;
    const size_t least = aside + entry * step * step;
    *out = (plan){.n = n, .m = m, .symmetric = request->y->values == NULL};
    if (request->memory < least)
        return ntk_fail(NTK_ERROR_ARGUMENT, "%zu workers need %zu kB of memory at least, not %zu",
                        ntk_workers(), (least + 1023) / 1024, request->memory / 1024);
    const size_t entries = (request->memory - aside) / entry;
    const size_t fit = entries / m / step * step; /* rows */
    out->rows = smaller(smaller(fit > 0 ? fit : step, most), n);
    out->columns = fit > 0 ? m : smaller(entries / step / step * step, m);
    return NTK_OK;
}

bool cli_kernel_is_one_block(const cli_kernel_file *request) {
    plan p;
    return plan_blocks(request, &p) == NTK_OK && p.rows == p.n && p.columns == p.m;
}

/* ---- progress -------------------------------------------------------------------------------- */

typedef struct {
    bool live;
    double base, span; /* what was done before the map that runs, and what it adds */
    double begin;      /* done before this process */
    double start, last;
} progress;

static void print_left(double seconds) {
    const unsigned long long s = (unsigned long long)(seconds + 0.5);
    if (s < 3600)
        fprintf(stderr, "%llu:%02llu left", s / 60, s % 60);
    else
        fprintf(stderr, "%llu:%02llu:%02llu left", s / 3600, s / 60 % 60, s % 60);
}

static void show(double fraction, void *context) {
    progress *p = context;
    const double now = ntk_process_clock(), done = p->base + p->span * fraction;
    if (now - p->last < 0.2) return;
    p->last = now;
    fprintf(stderr, "\r\x1b[K%5.1f %%", 100 * done);
    if (now - p->start < 1 || done <= p->begin) return;
    fputs("  ", stderr);
    print_left((now - p->start) * (1 - done) / (done - p->begin));
}

/* The part of the matrix that stands in the first rows. */
static double share(const plan *p, size_t rows) {
    const double f = (double)rows / (double)p->n;
    return p->symmetric ? f * f : f;
}

static void start_progress(progress *p, const plan *blocks, size_t finished) {
    const char *terminal = getenv("TERM");
    *p = (progress){.live = isatty(STDERR_FILENO) && terminal != NULL && strcmp(terminal, "dumb") != 0};
    p->base = p->begin = share(blocks, finished);
    p->start = ntk_process_clock();
    if (p->live) ntk_progress_set_sink(show, p);
}

static void end_progress(const progress *p) {
    if (!p->live) return;
    ntk_progress_set_sink(NULL, NULL);
    fputs("\r\x1b[K", stderr);
}

/* ---- blocks ---------------------------------------------------------------------------------- */

/* A block that is computed and to be written, a (rows, columns): what stands left of column `row`
 * of a Gram matrix is written to its mirror image too. */
typedef struct {
    ntk_npy_part *part;
    size_t row, rows, column, columns, mirrored, units;
    const double *a;
} block;

static ntk_status write_unit(size_t unit, void *context) {
    const block *b = context;
    const size_t first = unit < b->units ? unit * WRITE_ROWS : (unit - b->units) * WRITE_ROWS;
    if (unit < b->units)
        return ntk_npy_part_write(b->part, b->row + first, b->column, smaller(WRITE_ROWS, b->rows - first),
                                  b->columns, b->a + first * b->columns, b->columns);
    return ntk_npy_part_write_transposed(b->part, b->column + first, b->row,
                                         smaller(WRITE_ROWS, b->mirrored - first), b->rows, b->a + first,
                                         b->columns);
}

static size_t units(size_t rows) { return rows / WRITE_ROWS + (rows % WRITE_ROWS != 0); }

static ntk_status write_block(block *b, bool symmetric) {
    b->mirrored = symmetric && b->column < b->row ? smaller(b->columns, b->row - b->column) : 0;
    b->units = units(b->rows);
    return ntk_map(b->units + units(b->mirrored), write_unit, b);
}

typedef struct {
    const ntk_kernel_blocks *blocks;
    ntk_npy_part *part;
    plan plan;
    double *room;
    progress progress;
} work;

static ntk_status make_band(work *w, size_t row) {
    const plan *p = &w->plan;
    const size_t rows = smaller(p->rows, p->n - row), end = p->symmetric ? row + rows : p->m;
    const double before = share(p, row), gain = share(p, row + rows) - before;
    for (size_t column = 0; column < end; column += p->columns) {
        block b = {.part = w->part, .row = row, .rows = rows, .column = column, .a = w->room};
        b.columns = smaller(p->columns, end - column);
        w->progress.span = gain * (double)b.columns / (double)end;
        NTK_TRY(ntk_kernel_block(w->blocks, row, rows, column, b.columns, w->room, b.columns));
        w->progress.base = before + gain * (double)(column + b.columns) / (double)end;
        w->progress.span = 0;
        NTK_TRY(write_block(&b, p->symmetric));
    }
    return row + rows < p->n ? ntk_npy_part_finish_rows(w->part, row + rows) : NTK_OK;
}

static ntk_status make_bands(work *w, size_t finished) {
    NTK_TRY(ntk_allocate_doubles(w->plan.rows * w->plan.columns, &w->room));
    ntk_status status = NTK_OK;
    start_progress(&w->progress, &w->plan, finished);
    for (size_t row = finished; row < w->plan.n && status == NTK_OK; row += w->plan.rows)
        status = make_band(w, row);
    end_progress(&w->progress);
    ntk_release(w->room);
    return status;
}

/* ---- the file -------------------------------------------------------------------------------- */

static ntk_digest digest_array(ntk_digest digest, const ntk_array *a) {
    const uint64_t shape[] = {a->rows, a->columns};
    digest = ntk_digest_bytes(digest, shape, sizeof shape);
    return a->values == NULL ? digest
                             : ntk_digest_bytes(digest, a->values, a->rows * a->columns * sizeof *a->values);
}

/* Of everything that decides the bytes of the file. */
static ntk_status find_key(const cli_kernel_file *request, ntk_digest *key) {
    ntk_provenance origin;
    NTK_TRY(ntk_provenance_read("/proc/self/exe", &origin));
    ntk_digest digest = ntk_digest_bytes(request->options, &origin.code, sizeof origin.code);
    digest = ntk_digest_text(ntk_digest_blas(digest, &origin.blas), origin.vector_isa);
    digest = digest_array(digest, request->x);
    *key = digest_array(digest, request->y);
    return NTK_OK;
}

static ntk_status fill(const cli_kernel_file *request, work *w, size_t finished) {
    const ntk_array *x = request->x, *y = request->y;
    ntk_kernel_blocks *blocks = NULL;
    NTK_TRY(ntk_kernel_blocks_create(request->architecture, request->type, w->plan.n, w->plan.m, x->columns,
                                     x->values, x->columns, y->values, y->columns, &blocks));
    w->blocks = blocks;
    const ntk_status status = make_bands(w, finished);
    ntk_kernel_blocks_destroy(blocks);
    return status;
}

ntk_status cli_kernel_write(const cli_kernel_file *request) {
    work w = {0};
    ntk_digest key;
    size_t finished = 0;
    NTK_TRY(plan_blocks(request, &w.plan));
    NTK_TRY(find_key(request, &key));
    NTK_TRY(ntk_npy_part_open(request->output, request->number, w.plan.n, w.plan.m, key, request->resume,
                              &w.part, &finished));
    const ntk_status status = fill(request, &w, finished);
    if (status == NTK_OK) return ntk_npy_part_commit(w.part);
    ntk_npy_part_discard(w.part);
    return status;
}
