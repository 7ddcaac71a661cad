/* The matrix is made in bands of rows, from the top. Of a Gram matrix a band is computed up to the
 * diagonal, and what it mirrors is written to the rows above: every pair is computed once. Where
 * not even a low band fits into the memory, it is cut into panels of columns. Blocks have the bits
 * of the whole matrix (ntk_kernel_block), so the file has them for any memory and any number of
 * workers.
 *
 * Shards take stripes of rows, and with a stripe of a Gram matrix its mirror image: entry (r, c) is
 * written by the shard that has row max(r, c), and by no other.
 *
 * Written by position, not through a mapping: a disk that fills up is an error, not a signal, and
 * what is in memory is what was asked for. */
#include "cli/kernel_file.h"

#include <stdio.h>
#include <string.h>

#include <ntk/memory.h>
#include <ntk/log.h>
#include <ntk/parallel.h>

#include "cli/meter.h"
#include "data/npy_part.h"
#include "run/identity.h"

enum {
    TILE = 256,       /* of kernel/gram.c */
    MOST_ROWS = 1024, /* of a band: higher ones gain nothing and are lost when the program is
                       * ended */
    MOST_IMAGES = 64, /* the same for convolutional networks, whose pairs take far longer */
    WRITE_ROWS = 64,  /* written by one unit of a map */
    STRIPES = 8,      /* of a shard at least, where stripes may be so low */
    GROUP = 8,        /* the lowest stripe of a convolutional network: the lanes of kernel/gram.c */
};

/* ---- the size of blocks ---------------------------------------------------------------------- */

typedef struct {
    size_t n, m;
    bool symmetric;
    size_t rows, columns; /* of a block at most */
    size_t stripe;        /* rows that go to one shard together: n where there is none */
    ntk_shard shard;
} plan;

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* By what all shards have in common, and not by their memory. */
static ntk_status plan_stripes(const cli_kernel_file *request, plan *p) {
    const bool images = request->architecture->family == NTK_CONVOLUTIONAL;
    const size_t step = images ? GROUP : TILE, most = images ? MOST_IMAGES : MOST_ROWS;
    p->shard = request->shard;
    p->stripe = p->n;
    if (p->shard.count == 0) return NTK_OK;
    const size_t even = p->n / (STRIPES * p->shard.count) / step * step;
    p->stripe = smaller(even > 0 ? even : step, most);
    const size_t stripes = (p->n + p->stripe - 1) / p->stripe;
    if (p->shard.count <= stripes) return NTK_OK;
    return ntk_fail(NTK_ERROR_ARGUMENT, "%zu rows are %zu stripes of %zu: too few for %zu shards", p->n,
                    stripes, p->stripe, p->shard.count);
}

/* Forth and back, since the stripes of a Gram matrix grow. */
static bool is_mine(const plan *p, size_t stripe) {
    const size_t count = p->shard.count;
    if (count == 0) return true;
    const size_t k = stripe % (2 * count);
    return (k < count ? k : 2 * count - 1 - k) + 1 == p->shard.index;
}

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
    cli_meter meter;
    double base, span; /* what was done before the map that runs, and what it adds */
    double begin;      /* done before this process */
    double total;      /* of the matrix, to be done by this shard */
} progress;

static void show(double fraction, void *context) {
    progress *p = context;
    const double done = p->base + p->span * fraction;
    if (!cli_meter_begin_line(&p->meter)) return;
    fprintf(stderr, "%5.1f %%", 100 * done);
    cli_meter_print_left(&p->meter, (done - p->begin) / (1 - p->begin));
}

/* The part of the matrix that stands in the first rows. */
static double share(const plan *p, size_t rows) {
    const double f = (double)rows / (double)p->n;
    return p->symmetric ? f * f : f;
}

/* The same of the stripes of this shard. */
static double own_share(const plan *p, size_t rows) {
    double sum = 0;
    for (size_t first = 0; first < rows; first += p->stripe)
        if (is_mine(p, first / p->stripe))
            sum += share(p, smaller(first + p->stripe, rows)) - share(p, first);
    return sum;
}

static void start_progress(progress *p, const plan *blocks, size_t finished) {
    *p = (progress){.total = own_share(blocks, blocks->n)};
    p->base = p->begin = own_share(blocks, finished) / p->total;
    cli_meter_start(&p->meter);
    if (p->meter.live) ntk_progress_set_sink(show, p);
}

static void end_progress(const progress *p) {
    ntk_progress_set_sink(NULL, NULL);
    cli_meter_end(&p->meter);
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

static ntk_status make_band(work *w, size_t row, size_t rows) {
    const plan *p = &w->plan;
    const size_t end = p->symmetric ? row + rows : p->m;
    const double before = w->progress.base;
    const double gain = (share(p, row + rows) - share(p, row)) / w->progress.total;
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

/* From the row behind what is finished, which may lie inside a stripe. */
static ntk_status make_stripe(work *w, size_t first, size_t finished) {
    const plan *p = &w->plan;
    const size_t end = smaller(first + p->stripe, p->n);
    for (size_t row = first > finished ? first : finished; row < end; row += p->rows)
        NTK_TRY(make_band(w, row, smaller(p->rows, end - row)));
    return NTK_OK;
}

static ntk_status make_bands(work *w, size_t finished) {
    const plan *p = &w->plan;
    NTK_TRY(ntk_allocate_doubles(p->rows * p->columns, &w->room));
    ntk_status status = NTK_OK;
    start_progress(&w->progress, p, finished);
    for (size_t first = 0; first < p->n && status == NTK_OK; first += p->stripe)
        if (is_mine(p, first / p->stripe)) status = make_stripe(w, first, finished);
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

static void tell(const cli_kernel_file *request, size_t missing) {
    const ntk_shard shard = request->shard;
    if (missing == 0)
        printf("%s: complete\n", request->output);
    else
        printf("%s: shard %zu/%zu is complete, %zu to come\n", request->output, shard.index, shard.count,
               missing);
}

static ntk_status write_shard(const cli_kernel_file *request, work *w, ntk_digest key) {
    size_t finished = 0, missing = 0;
    const ntk_npy_shard shard = {request->shard.index, request->shard.count};
    NTK_TRY(ntk_npy_part_open_shard(request->output, request->number, w->plan.n, w->plan.m, key, shard,
                                    request->resume, &w->part, &finished, &missing));
    ntk_status status = NTK_OK;
    if (w->part != NULL) {
        status = fill(request, w, finished);
        if (status == NTK_OK)
            status = ntk_npy_part_commit_shard(w->part, &missing);
        else
            ntk_npy_part_discard(w->part);
    }
    if (status == NTK_OK) tell(request, missing);
    return status;
}

static ntk_status write_all(const cli_kernel_file *request, work *w, ntk_digest key) {
    size_t finished = 0;
    NTK_TRY(ntk_npy_part_open(request->output, request->number, w->plan.n, w->plan.m, key, request->resume,
                              &w->part, &finished));
    const ntk_status status = fill(request, w, finished);
    if (status == NTK_OK) return ntk_npy_part_commit(w->part);
    ntk_npy_part_discard(w->part);
    return status;
}

ntk_status cli_kernel_write(const cli_kernel_file *request) {
    work w = {0};
    ntk_digest key;
    NTK_TRY(plan_blocks(request, &w.plan));
    NTK_TRY(plan_stripes(request, &w.plan));
    NTK_TRY(find_key(request, &key));
    return request->shard.count > 0 ? write_shard(request, &w, key) : write_all(request, &w, key);
}
