/* Where the memory allows it the matrix of points is kept in it. Else its tiles are computed anew
 * for each product, or read from a file, and the preconditioner has the rank for which there is
 * room. */
#include "cli/solve.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <ntk/linalg.h>
#include <ntk/log.h>
#include <ntk/memory.h>
#include <ntk/parallel.h>
#include <ntk/tiles.h>

#include "cli/network_options.h"
#include "cli/solve_targets.h"

/* ---- progress -------------------------------------------------------------------------------- */

/* Residuals fall by a factor at each iteration, more or less. */
static double part_done(const cli_solve_problem *p) {
    const double excess = p->progress.excess;
    if (!(p->first > 1 && excess > 0)) return 0;
    return fmin(fmax(log(p->first / fmax(excess, 1)) / log(p->first), 0), 1);
}

static void show(const cli_solve_problem *p) {
    if (p->phase != NULL) {
        fputs(p->phase, stderr);
        return;
    }
    fprintf(stderr, "iteration %zu, residual %.1e x target", p->progress.iterations + 1, p->progress.excess);
    cli_meter_print_left(&p->meter, part_done(p));
}

/* Of whatever map runs. */
static void tick(double fraction, void *context) {
    cli_solve_problem *p = context;
    if (!cli_meter_begin_line(&p->meter)) return;
    show(p);
    if (p->phase != NULL && p->source == CLI_SOLVE_MEMORY) fprintf(stderr, " %5.1f %%", 100 * fraction);
}

static ntk_status watch(const ntk_iterative_progress *progress, void *context) {
    cli_solve_problem *p = context;
    p->progress = *progress;
    p->phase = NULL;
    if (p->first == 0) p->first = progress->excess;
    if (cli_meter_begin_line(&p->meter)) show(p);
    return NTK_OK;
}

/* ---- reading --------------------------------------------------------------------------------- */

static ntk_status read_points(cli_solve_problem *p) {
    if (p->x_path != NULL) NTK_TRY(cli_read_points(p->architecture, p->x_path, &p->x));
    if (p->fresh_path == NULL) return NTK_OK;
    NTK_TRY(cli_read_points(p->architecture, p->fresh_path, &p->fresh));
    if (p->fresh.columns == p->x.columns) return NTK_OK;
    return ntk_fail(NTK_ERROR_SHAPE, "%s: points of %zu coordinates, where those of %s have %zu",
                    p->fresh_path, p->fresh.columns, p->x_path, p->x.columns);
}

static ntk_status open_file(cli_solve_problem *p, ntk_tiles **file) {
    if (p->kernel_path == NULL) return NTK_OK;
    NTK_TRY(ntk_tiles_of_file(p->kernel_path, file));
    if (p->x.values == NULL || ntk_tiles_order(*file) == p->x.rows) return NTK_OK;
    return ntk_fail(NTK_ERROR_SHAPE, "%s: of order %zu, where %s has %zu points", p->kernel_path,
                    ntk_tiles_order(*file), p->x_path, p->x.rows);
}

/* ---- memory ---------------------------------------------------------------------------------- */

/* Bytes, as doubles: they may be any number. A tile, the room to split it into parts of few bits or
 * to compute it, and BLAS's own copies; of vectors those of the solvers, of targets, solutions and
 * predictions. */
static double fixed_bytes(const cli_solve_problem *p) {
    const double n = (double)p->n, k = (double)p->outputs, q = (double)p->fresh.rows;
    const double tile = 256 * fmin(p->kernel_path != NULL ? 2048 : 256, n);
    const double points = (n + q) * ((double)p->x.columns + k + 8);
    return sizeof(double) * (n * (80 + 26 * k) + points + (double)ntk_workers() * 6 * tile);
}

static double preconditioner_bytes(const cli_solve_problem *p, size_t rank) {
    const double r = (double)rank, inverses = p->loss == NTK_LOSS_SQUARED ? 1 : (double)p->outputs;
    return sizeof(double) * (r * (double)p->n + (inverses + 1) * r * r);
}

static ntk_status fail_memory(const cli_solve_problem *p, double wanted) {
    return ntk_fail(NTK_ERROR_ARGUMENT,
                    "%zu points, %zu targets each and %zu workers need %.0f kB of memory at least with a "
                    "preconditioner of rank %zu, not %zu",
                    p->n, p->outputs, ntk_workers(), ceil(wanted / 1024), p->options.rank, p->memory / 1024);
}

/* The source, and the rank. */
static ntk_status plan(cli_solve_problem *p) {
    const double memory = (double)p->memory, fixed = fixed_bytes(p);
    const double matrix = sizeof(double) * (double)p->n * (double)p->n;
    size_t *rank = &p->options.rank;
    if (*rank > p->n) *rank = p->n;
    p->source = p->kernel_path != NULL ? CLI_SOLVE_FILE : CLI_SOLVE_POINTS;
    if (p->source == CLI_SOLVE_POINTS && fixed + matrix + preconditioner_bytes(p, *rank) <= memory)
        p->source = CLI_SOLVE_MEMORY;
    while (!p->rank_given && *rank > 0 && fixed + preconditioner_bytes(p, *rank) > memory) --*rank;
    const double wanted = fixed + preconditioner_bytes(p, *rank);
    return wanted <= memory ? NTK_OK : fail_memory(p, wanted);
}

/* ---- the matrix ------------------------------------------------------------------------------ */

static ntk_status make_gram(cli_solve_problem *p, ntk_tiles **tiles) {
    p->phase = "kernel";
    NTK_TRY(ntk_allocate_doubles(p->n * p->n, &p->gram));
    NTK_TRY(ntk_kernel_gram(p->architecture, p->type, p->n, p->x.columns, p->x.values, p->x.columns, p->gram,
                            p->n));
    return ntk_tiles_of_matrix(p->n, p->gram, p->n, tiles);
}

static ntk_status tiles_of_points(const cli_solve_problem *p, ntk_tiles **tiles) {
    return ntk_tiles_of_kernel(p->architecture, p->type, p->n, p->x.columns, p->x.values, p->x.columns,
                               tiles);
}

/* ---- solving --------------------------------------------------------------------------------- */

static ntk_status solve(cli_solve_problem *p, const ntk_tiles *tiles, const ntk_tiles *reference) {
    const ntk_iterative_problem problem = {.loss = p->loss,
                                           .outputs = p->outputs,
                                           .tiles = tiles,
                                           .reference = reference,
                                           .targets = p->y.values,
                                           .lambda = p->lambda,
                                           .lambda_min = p->lambda_min};
    p->options.watch = watch;
    p->options.context = p;
    p->phase = "preconditioner";
    NTK_TRY(ntk_allocate_doubles(p->n * p->outputs, &p->a));
    NTK_TRY(ntk_allocate_doubles(p->n * p->outputs, &p->f));
    return p->loss == NTK_LOSS_SQUARED
               ? ntk_iterative_regression(&problem, &p->options, p->a, p->f, &p->result)
               : ntk_iterative_logistic(&problem, &p->options, p->a, p->f, &p->result);
}

static ntk_status predict(cli_solve_problem *p) {
    const size_t q = p->fresh.rows;
    double *radius = NULL;
    p->phase = "predictions";
    NTK_TRY(ntk_allocate_doubles(q * p->outputs, &p->g));
    NTK_TRY(ntk_allocate_doubles(q, &radius));
    const ntk_status status =
        ntk_iterative_predict(p->architecture, p->type, p->n, q, p->x.columns, p->x.values, p->fresh.values,
                              p->outputs, p->a, p->result.weight_error, p->options.entry_error, p->g, radius);
    for (size_t j = 0; j < q && status == NTK_OK; j++) p->radius = ntk_larger(p->radius, radius[j]);
    ntk_release(radius);
    return status;
}

/* A line on the matrix that does not say which. */
static ntk_status name_file(const cli_solve_problem *p, ntk_status status) {
    const char *detail = ntk_error_detail();
    if (p->kernel_path == NULL || strncmp(detail, "the Gram matrix", strlen("the Gram matrix")) != 0)
        return status;
    return ntk_fail(status, "%s: %s", p->kernel_path, detail);
}

static ntk_status solve_and_predict(cli_solve_problem *p, const ntk_tiles *file) {
    ntk_tiles *tiles = NULL;
    ntk_status status = NTK_OK;
    if (p->source == CLI_SOLVE_MEMORY)
        status = make_gram(p, &tiles);
    else if (p->x.values != NULL)
        status = tiles_of_points(p, &tiles);
    if (status == NTK_OK) status = file != NULL ? solve(p, file, tiles) : solve(p, tiles, NULL);
    if (status != NTK_OK) status = name_file(p, status);
    ntk_tiles_destroy(tiles);
    if (status == NTK_OK && p->fresh.values != NULL) status = predict(p);
    return status;
}

static ntk_status read_and_solve(cli_solve_problem *p, ntk_tiles **file) {
    NTK_TRY(read_points(p));
    NTK_TRY(open_file(p, file));
    p->n = *file != NULL ? ntk_tiles_order(*file) : p->x.rows;
    NTK_TRY(cli_read_targets(p->loss, p->y_path, p->n, &p->y));
    p->outputs = p->y.columns;
    NTK_TRY(plan(p));
    cli_meter_start(&p->meter);
    if (p->meter.live) ntk_progress_set_sink(tick, p);
    const ntk_status status = solve_and_predict(p, *file);
    ntk_progress_set_sink(NULL, NULL);
    cli_meter_end(&p->meter);
    return status;
}

ntk_status cli_solve_run(cli_solve_problem *p) {
    ntk_tiles *file = NULL;
    const ntk_status status = read_and_solve(p, &file);
    ntk_tiles_destroy(file);
    return status;
}

void cli_solve_release(cli_solve_problem *p) {
    ntk_array_release(&p->x);
    ntk_array_release(&p->y);
    ntk_array_release(&p->fresh);
    ntk_release(p->gram);
    ntk_release(p->a);
    ntk_release(p->f);
    ntk_release(p->g);
}
