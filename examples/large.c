/* Kernel regression with a Gram matrix that is never stored: N points on the sphere in R^3, tiles
 * computed whenever a product wants them. Memory is that of the preconditioner.
 *
 *     large [N [RANK [LAMBDA [WORKERS]]]] */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <ntk/ntk.h>

enum { D = 3, OUTPUTS = 2 };

/* A smooth function, and the same with noise. */
static void draw_targets(ntk_stream *stream, size_t n, const double *x, double *y) {
    for (size_t i = 0; i < n; i++) {
        double noise;
        ntk_stream_normal(stream, 1, &noise);
        y[OUTPUTS * i] = exp(x[D * i]) * sin(4 * x[D * i + 1]) + x[D * i + 2];
        y[OUTPUTS * i + 1] = y[OUTPUTS * i] + 0.1 * noise;
    }
}

static ntk_status solve(size_t n, size_t rank, double lambda, const double *x, const double *y, double *a) {
    const ntk_architecture network = ntk_architecture_default();
    ntk_iterative_options options = ntk_iterative_options_default(NTK_LOSS_SQUARED);
    ntk_iterative_result result;
    ntk_tiles *tiles;
    options.rank = rank;
    NTK_TRY(ntk_tiles_of_kernel(&network, NTK_KERNEL_NTK, n, D, x, D, &tiles));
    const ntk_iterative_problem problem = {
        .loss = NTK_LOSS_SQUARED, .outputs = OUTPUTS, .tiles = tiles, .targets = y, .lambda = lambda};
    const ntk_status status = ntk_iterative_regression(&problem, &options, a, NULL, &result);
    ntk_tiles_destroy(tiles);
    printf("%zu points, %zu iterations, rank %zu\n", n, result.iterations, result.rank);
    printf("relative residual at most %.3g, of which rounding %.3g\n", result.residual, result.rounding);
    printf("|f - f*| at most %.3g; ||a - a*|| / ||a|| at most %.3g\n", result.output_error,
           result.coefficient_error);
    return status;
}

static ntk_status compute(size_t n, size_t rank, double lambda, size_t workers) {
    double *x, *y;
    ntk_stream stream = ntk_stream_create(1, "large", 0);
    NTK_TRY(ntk_set_workers(workers));
    NTK_TRY(ntk_linalg_start());
    NTK_TRY(ntk_allocate_doubles(n * D, &x));
    NTK_TRY(ntk_allocate_doubles(2 * n * OUTPUTS, &y));
    NTK_TRY(ntk_data_sphere(&stream, n, D, x));
    draw_targets(&stream, n, x, y);
    return solve(n, rank, lambda, x, y, y + n * OUTPUTS); /* the end of the program frees all */
}

int main(int argc, char **argv) {
    const size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 2000;
    const size_t rank = argc > 2 ? strtoul(argv[2], NULL, 10) : 300;
    const double lambda = argc > 3 ? strtod(argv[3], NULL) : 1e-5;
    const size_t workers = argc > 4 ? strtoul(argv[4], NULL, 10) : 1;
    const ntk_status status = compute(n, rank, lambda, workers);
    if (status != NTK_OK) fprintf(stderr, "%s: %s\n", ntk_status_name(status), ntk_error_detail());
    return status != NTK_OK;
}
