/* Which shift can be certified is not known before: lambda_min is where a factor ceases to exist,
 * and Lanczos's method, whose smallest Ritz value is an upper bound, may be far from it where the
 * smallest eigenvalues crowd. So nine tenths of that are tried, then ever smaller parts down to as
 * little as can be certified at all, and then what lies between, until it is known to a factor of
 * two. */
#include "cli/certify_file.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

#include <ntk/log.h>
#include <ntk/memory.h>
#include <ntk/parallel.h>

#include "kernel/tiles.h"

enum {
    PANEL = 256, /* of certify/extremes_certify.c */
    HEIGHT = 256,
    WIDTH = 2048 /* of a tile of a file, at most */
};

/* A shift is certified up to 256 u trace or so: less than eight times that is not worth a try. */
static const double resolution = 2048 * DBL_EPSILON / 2;

/* ---- progress -------------------------------------------------------------------------------- */

/* Panel j is loaded, j panels before it are subtracted, and it is divided: j + 2 maps, each in
 * proportion to its length. */
static double part_done(const cli_certify_file *c) {
    double done = 0, all = 0;
    size_t maps = 0;
    for (size_t j = 0, first = 0; first < c->order; j++, first += PANEL) {
        const double each = (double)(c->order - first);
        const size_t before = maps;
        maps += j + 2;
        all += each * (double)(j + 2);
        done += each * (double)(c->maps >= maps ? j + 2 : c->maps > before ? c->maps - before : 0);
    }
    return done / all;
}

static void tick(double fraction, void *context) {
    cli_certify_file *c = context;
    c->maps += fraction >= 1;
    if (!cli_meter_begin_line(&c->meter)) return;
    if (!c->factorising) {
        fputs(c->phase, stderr);
        return;
    }
    fprintf(stderr, "shift %.3g: %5.1f %%", c->tried, 100 * part_done(c));
    cli_meter_print_left(&c->meter, part_done(c));
}

static void begin_phase(cli_certify_file *c, const char *phase) {
    c->phase = phase;
    c->factorising = phase == NULL;
    c->maps = 0;
    cli_meter_start(&c->meter);
}

/* ---- the matrix ------------------------------------------------------------------------------ */

static ntk_status compare(const ntk_tile *t, size_t i, size_t j, double above) {
    const size_t row = t->row + i, column = t->column + j;
    if (!isfinite(above))
        return ntk_fail(NTK_ERROR_NOT_FINITE, "row %zu, column %zu (from 0) is %g", column, row, above);
    const double below = t->entries[i * t->columns + j];
    if (below == above) return NTK_OK;
    return ntk_fail(NTK_ERROR_SHAPE,
                    "not symmetric: [%zu, %zu] is %.17g and [%zu, %zu] is %.17g (--lower takes the lower "
                    "triangle)",
                    row, column, below, column, row, above);
}

static ntk_status compare_tile(const ntk_tile *t, void *context) {
    double *mirrored = NULL;
    NTK_TRY(ntk_allocate_doubles(t->rows * t->columns, &mirrored));
    ntk_status status = ntk_tiles_read(context, t->column, t->columns, t->row, t->rows, mirrored, t->rows);
    for (size_t i = 0; i < t->rows; i++)
        for (size_t j = 0; j < t->columns && t->column + j < t->row + i && status == NTK_OK; j++)
            status = compare(t, i, j, mirrored[j * t->rows + i]);
    ntk_release(mirrored);
    return status;
}

static ntk_status check_symmetric(cli_certify_file *c, ntk_tiles *tiles) {
    begin_phase(c, "symmetry");
    for (size_t band = 0; band < ntk_tiles_bands(tiles); band++)
        NTK_TRY(ntk_tiles_visit_band(tiles, band, compare_tile, tiles));
    return NTK_OK;
}

static ntk_status find_trace(const ntk_tiles *tiles, double *trace) {
    double *diagonal = NULL;
    NTK_TRY(ntk_allocate_doubles(ntk_tiles_order(tiles), &diagonal));
    const ntk_status status = ntk_tiles_diagonal(tiles, diagonal);
    *trace = 0;
    for (size_t i = 0; i < ntk_tiles_order(tiles) && status == NTK_OK; i++) *trace += fabs(diagonal[i]);
    ntk_release(diagonal);
    if (status == NTK_OK && !isfinite(*trace))
        return ntk_fail(NTK_ERROR_NOT_FINITE,
                        "the sum of the diagonal overflows, which tells where to begin: give --shift");
    return status;
}

/* ---- the shift ------------------------------------------------------------------------------- */

/* *good: it has a factor, and the bound is positive. */
static ntk_status try_shift(cli_certify_file *c, const ntk_tiles *tiles, double shift, bool *good) {
    double bound;
    begin_phase(c, NULL);
    c->tried = shift;
    c->attempts++;
    const ntk_status status = ntk_extremes_certify(tiles, shift, c->folder, &bound);
    *good = status == NTK_OK && bound > 0;
    if (status == NTK_OK && bound > c->bound) c->bound = bound;
    return status == NTK_ERROR_NOT_POSITIVE_DEFINITE ? NTK_OK : status;
}

static ntk_status search(cli_certify_file *c, const ntk_tiles *tiles) {
    double trace, high = c->extremes.min_upper, low = 0.9 * high, divisor = 2;
    bool good = false;
    if (!(high > 0)) return NTK_OK;
    NTK_TRY(find_trace(tiles, &trace));
    for (const double least = resolution * trace; !good;) {
        low = fmax(low, least);
        NTK_TRY(try_shift(c, tiles, low, &good));
        if (!good && low == least) return NTK_OK;
        if (good) break;
        high = low;
        low /= divisor;
        divisor *= divisor;
    }
    while (high > 2 * low) {
        const double between = sqrt(low * high);
        NTK_TRY(try_shift(c, tiles, between, &good));
        *(good ? &low : &high) = between;
    }
    return NTK_OK;
}

static ntk_status certify(cli_certify_file *c, ntk_tiles *tiles) {
    bool good;
    c->bound = -INFINITY;
    if (!c->lower) NTK_TRY(check_symmetric(c, tiles));
    begin_phase(c, "Lanczos's method");
    NTK_TRY(ntk_extremes_find(tiles, c->steps, 1, &c->extremes));
    NTK_TRY(isnan(c->shift) ? search(c, tiles) : try_shift(c, tiles, c->shift, &good));
    if (c->bound > 0 || (!isnan(c->shift) && isfinite(c->bound))) return NTK_OK;
    if (!isnan(c->shift))
        return ntk_fail(NTK_ERROR_NOT_POSITIVE_DEFINITE,
                        "the matrix less %g I has no Cholesky factor in double precision", c->shift);
    return ntk_fail(NTK_ERROR_NOT_POSITIVE_DEFINITE,
                    "no positive lower bound of lambda_min can be certified: order %zu", c->order);
}

/* ---- memory ---------------------------------------------------------------------------------- */

ntk_status cli_certify_exceeds(const char *path, size_t memory, bool *exceeds) {
    ntk_tiles *tiles;
    NTK_TRY(ntk_tiles_of_file(path, &tiles));
    const double n = (double)ntk_tiles_order(tiles);
    *exceeds = 6 * n * n * sizeof(double) > (double)memory;
    ntk_tiles_destroy(tiles);
    return NTK_OK;
}

static ntk_status check_memory(const cli_certify_file *c) {
    const double n = (double)c->order, steps = (double)c->steps;
    const double vectors = fmax(n * (3 * PANEL + 2), n * (steps + 16) + steps * (steps + 1));
    const double tile = HEIGHT * fmin(WIDTH, n); /* and its parts of few bits */
    const double wanted = sizeof(double) * (vectors + (double)ntk_workers() * 4 * tile);
    if (c->memory == 0 || wanted <= (double)c->memory) return NTK_OK;
    return ntk_fail(NTK_ERROR_ARGUMENT, "order %zu and %zu workers need %.0f kB of memory at least, not %zu",
                    c->order, ntk_workers(), ceil(wanted / 1024), c->memory / 1024);
}

ntk_status cli_certify_run(cli_certify_file *c) {
    ntk_tiles *tiles;
    NTK_TRY(ntk_tiles_of_file(c->path, &tiles));
    c->order = ntk_tiles_order(tiles);
    if (c->steps > c->order) c->steps = c->order;
    cli_meter_start(&c->meter);
    if (c->meter.live) ntk_progress_set_sink(tick, c);
    ntk_status status = check_memory(c);
    if (status == NTK_OK) status = certify(c, tiles);
    ntk_progress_set_sink(NULL, NULL);
    cli_meter_end(&c->meter);
    ntk_tiles_destroy(tiles);
    return status;
}
