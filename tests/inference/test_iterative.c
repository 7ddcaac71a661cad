/* Kernel systems in tiles: closed forms, the dense solvers, bounds that hold, and no OK without
 * them. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/ntk.h>

#include "classifiers.h"
#include "folder.h"
#include "inference/conjugate.h"
#include "inference/pivoted.h"
#include "start.h"

TestSuite(iterative, .init = start_linalg);

enum { BITS = 9, CUBE = 1 << BITS };

static double cube[CUBE * BITS];

static ntk_tiles *cube_kernel(void) {
    static ntk_architecture network;
    ntk_tiles *tiles;
    network = ntk_architecture_default();
    network.depth = 2;
    for (size_t i = 0; i < CUBE; i++)
        for (size_t b = 0; b < BITS; b++) cube[i * BITS + b] = i >> b & 1 ? -1 : 1;
    assert_ok(ntk_tiles_of_kernel(&network, NTK_KERNEL_NTK, CUBE, BITS, cube, BITS, &tiles));
    return tiles;
}

static double parity(size_t i, size_t set) { return __builtin_popcountll(i & set) % 2 ? -1 : 1; }

/* On the vertices of the cube the parities of subsets are eigenvectors of every kernel of the inner
 * product; their eigenvalues are sums of one row. */
static long double eigenvalue(size_t set) {
    static double row[CUBE];
    ntk_architecture a = ntk_architecture_default();
    a.depth = 2;
    assert_ok(ntk_kernel_cross(&a, NTK_KERNEL_NTK, 1, CUBE, BITS, cube, BITS, cube, BITS, row, CUBE));
    long double sum = 0;
    for (size_t i = 0; i < CUBE; i++) sum += row[i] * (long double)parity(i, set);
    return sum;
}

static ntk_iterative_problem regression_of(const ntk_tiles *tiles, size_t outputs, const double *targets,
                                           double lambda) {
    return (ntk_iterative_problem){
        .loss = NTK_LOSS_SQUARED, .outputs = outputs, .tiles = tiles, .targets = targets, .lambda = lambda};
}

/* ---- closed forms ---------------------------------------------------------------------------- */

Test(iterative, parities_on_the_cube) {
    static const size_t sets[] = {0, 1, 0x3, 0x1b, 0x1ff};
    enum { SETS = sizeof sets / sizeof *sets };
    static double targets[CUBE * SETS], a[CUBE * SETS], f[CUBE * SETS];
    ntk_tiles *tiles = cube_kernel();
    for (size_t i = 0; i < CUBE; i++)
        for (size_t s = 0; s < SETS; s++) targets[i * SETS + s] = (double)(s + 1) * parity(i, sets[s]);
    for (size_t rank = 0; rank <= 200; rank += 100)
        for (double lambda = 1e-6; lambda < 1; lambda *= 1e3) {
            const ntk_iterative_problem problem = regression_of(tiles, SETS, targets, lambda);
            ntk_iterative_options options = ntk_iterative_options_default(NTK_LOSS_SQUARED);
            ntk_iterative_result result;
            options.rank = rank;
            options.coefficient_tolerance = 1e-14 / lambda + 1e-10;
            assert_ok(ntk_iterative_regression(&problem, &options, a, f, &result));
            cr_assert(result.residual <= 1e-10 && result.coefficient_error <= 2e-8);
            cr_assert(result.rank <= rank && (rank == 0 || result.rank > rank / 2));
            for (size_t s = 0; s < SETS; s++) {
                const long double lambda_s = eigenvalue(sets[s]);
                const long double wanted = (long double)(s + 1) / (lambda_s + (long double)CUBE * lambda);
                long double distance = 0, square = 0, output = 0;
                for (size_t i = 0; i < CUBE; i++) {
                    const long double exact = wanted * parity(i, sets[s]);
                    distance += powl(a[i * SETS + s] - exact, 2);
                    square += exact * exact;
                    output = fmaxl(output, fabsl(f[i * SETS + s] - lambda_s * exact));
                }
                cr_assert(sqrtl(distance) <= 1.001 * result.coefficient_error * sqrtl(square),
                          "%Lg beyond %g", sqrtl(distance / square), result.coefficient_error);
                cr_assert(output <= result.output_error, "%Lg beyond %g", output, result.output_error);
            }
        }
    ntk_tiles_destroy(tiles);
}

/* A better preconditioner, fewer iterations. (Not on the cube, whose ten eigenvalues take ten.) */
/* At points off the cube, with the exact coefficients: |f - f*| <= radius, and the norm of w - w*
 * itself. The tolerance is large, so that it is no rounding that the bounds cover; lambda = 0 wants
 * the smallest eigenvalue. */
Test(iterative, predictions_within_their_radius) {
    enum { NEW = 300, SET = 0x1b };
    static double targets[CUBE], a[CUBE], points[NEW * BITS], cross[NEW * CUBE], f[NEW], radius[NEW];
    ntk_tiles *tiles = cube_kernel();
    ntk_architecture network = ntk_architecture_default();
    network.depth = 2;
    ntk_stream stream = ntk_stream_create(1, "new points", 0);
    ntk_stream_normal(&stream, NEW * BITS, points);
    assert_ok(
        ntk_kernel_cross(&network, NTK_KERNEL_NTK, NEW, CUBE, BITS, points, BITS, cube, BITS, cross, CUBE));
    long double least = INFINITY;
    for (size_t set = 0; set < CUBE; set++) least = fminl(least, eigenvalue(set));
    for (size_t i = 0; i < CUBE; i++) targets[i] = parity(i, SET) + (i == 3);
    for (double lambda = 0; lambda<1; lambda = lambda> 0 ? lambda * 1e3 : 1e-6) {
        ntk_iterative_problem problem = regression_of(tiles, 1, targets, lambda);
        problem.lambda_min = (double)least * 0.999;
        ntk_iterative_options options = ntk_iterative_options_default(NTK_LOSS_SQUARED);
        ntk_iterative_result result;
        options.rank = 50;
        options.tolerance = 1e-4;
        assert_ok(ntk_iterative_regression(&problem, &options, a, NULL, &result));
        assert_ok(ntk_iterative_predict(&network, NTK_KERNEL_NTK, CUBE, NEW, BITS, cube, points, 1, a,
                                        result.weight_error, options.entry_error, f, radius));
        /* a*: that of the parity, and of one vertex by its parities, all with weight 1 / CUBE */
        static long double exact[CUBE], off[CUBE];
        long double square = 0, largest = 0;
        memset(exact, 0, sizeof exact);
        for (size_t set = 0; set < CUBE; set++) {
            const long double weight = (set == SET) + (long double)parity(3, set) / CUBE;
            const long double part = weight / (eigenvalue(set) + (long double)CUBE * lambda);
            for (size_t i = 0; i < CUBE; i++) exact[i] += part * parity(i, set);
        }
        for (size_t i = 0; i < CUBE; i++) off[i] = a[i] - exact[i];
        for (size_t set = 0; set < CUBE; set++) {
            long double along = 0;
            for (size_t i = 0; i < CUBE; i++) along += off[i] * parity(i, set);
            square += eigenvalue(set) * along * along / CUBE;
        }
        cr_expect(sqrtl(square) <= result.weight_error && sqrtl(square) > 1e-3 * result.weight_error,
                  "lambda %g: %Lg, bound %g", lambda, sqrtl(square), result.weight_error);
        for (size_t j = 0; j < NEW; j++) {
            long double wanted = 0;
            for (size_t i = 0; i < CUBE; i++) wanted += exact[i] * cross[j * CUBE + i];
            cr_expect(fabsl(f[j] - wanted) <= radius[j], "%g, %zu: %Lg beyond %g", lambda, j,
                      fabsl(f[j] - wanted), radius[j]);
            largest = fmaxl(largest, fabsl(f[j] - wanted) / radius[j]);
        }
        cr_expect(largest > 1e-3, "the bound is far off: %Lg", largest);
    }
    ntk_tiles_destroy(tiles);
}

/* Of several outputs and more than a block of rows and columns; no a, no prediction. */
Test(iterative, predictions_of_several_blocks) {
    enum { OLD = 2100, NEW = 270, OUTPUTS = 3 };
    static double x[OLD * 2], y[NEW * 2], a[OLD * OUTPUTS], f[NEW * OUTPUTS], cross[NEW * OLD];
    const ntk_architecture network = ntk_architecture_default();
    ntk_stream stream = ntk_stream_create(1, "blocks", 0);
    ntk_stream_normal(&stream, OLD * 2, x);
    ntk_stream_normal(&stream, NEW * 2, y);
    ntk_stream_normal(&stream, OLD * OUTPUTS, a);
    assert_ok(ntk_kernel_cross(&network, NTK_KERNEL_NNGP, NEW, OLD, 2, y, 2, x, 2, cross, OLD));
    assert_ok(ntk_iterative_predict(&network, NTK_KERNEL_NNGP, OLD, NEW, 2, x, y, OUTPUTS, a, 0, 0, f, NULL));
    for (size_t j = 0; j < NEW; j++)
        for (size_t k = 0; k < OUTPUTS; k++) {
            long double wanted = 0, size = 0;
            for (size_t i = 0; i < OLD; i++) {
                wanted += (long double)cross[j * OLD + i] * a[i * OUTPUTS + k];
                size += fabsl((long double)cross[j * OLD + i] * a[i * OUTPUTS + k]);
            }
            cr_expect(fabsl(f[j * OUTPUTS + k] - wanted) <= OLD * 0x1p-53 * size, "%zu, %zu", j, k);
        }
    x[0] = NAN;
    cr_expect_neq(
        ntk_iterative_predict(&network, NTK_KERNEL_NTK, OLD, NEW, 2, x, y, OUTPUTS, a, 0, 0, f, NULL),
        NTK_OK);
    cr_expect_eq(ntk_iterative_predict(&network, NTK_KERNEL_NTK, OLD, NEW, 2, y, y, 0, a, 0, 0, f, NULL),
                 NTK_ERROR_SHAPE);
}

typedef struct watched {
    size_t calls, most;
    double first, last;
} watched;

static ntk_status count_calls(const ntk_iterative_progress *progress, void *context) {
    watched *w = context;
    if (w->calls++ == 0) w->first = progress->excess;
    w->last = progress->excess;
    cr_expect(progress->excess > 0 && progress->iterations < w->calls);
    return w->calls < w->most ? NTK_OK : ntk_fail(NTK_ERROR_CANCELLED, "enough");
}

Test(iterative, it_can_be_watched_and_ended) {
    static double targets[CUBE], a[CUBE];
    ntk_tiles *tiles = cube_kernel();
    for (size_t i = 0; i < CUBE; i++) targets[i] = i % 3 == 0;
    for (int loss = 0; loss < 2; loss++) {
        ntk_iterative_problem problem = regression_of(tiles, 1, targets, 1e-4);
        problem.loss = loss == 0 ? NTK_LOSS_SQUARED : NTK_LOSS_LOGISTIC;
        ntk_iterative_options options = ntk_iterative_options_default(problem.loss);
        ntk_iterative_result result;
        watched w = {.most = SIZE_MAX};
        options.rank = 20;
        options.watch = count_calls;
        options.context = &w;
        const char *name = loss == 0 ? "squared" : "logistic";
        ntk_status (*solve)(const ntk_iterative_problem *, const ntk_iterative_options *, double *, double *,
                            ntk_iterative_result *) =
            loss == 0 ? ntk_iterative_regression : ntk_iterative_logistic;
        assert_ok(solve(&problem, &options, a, NULL, &result));
        cr_expect_eq(w.calls, result.iterations, "%s", name);
        cr_expect(w.first > 1e3 && w.last < 1e-2 * w.first, "%s: %g to %g", name, w.first, w.last);
        w = (watched){.most = 3};
        cr_expect_eq(solve(&problem, &options, a, NULL, &result), NTK_ERROR_CANCELLED, "%s", name);
        cr_expect_eq(w.calls, 3, "%s", name);
    }
    ntk_tiles_destroy(tiles);
}

Test(iterative, the_preconditioner_helps) {
    enum { N = 400 };
    static double x[3 * N], targets[N], a[N];
    unsigned state = 1;
    ntk_tiles *tiles;
    const ntk_architecture network = ntk_architecture_default();
    for (size_t i = 0; i < 3 * N; i++) x[i] = pseudo_random(&state);
    for (size_t i = 0; i < N; i++) targets[i] = pseudo_random(&state);
    assert_ok(ntk_tiles_of_kernel(&network, NTK_KERNEL_NTK, N, 3, x, 3, &tiles));
    const ntk_iterative_problem problem = regression_of(tiles, 1, targets, 1e-5);
    ntk_iterative_options options = ntk_iterative_options_default(NTK_LOSS_SQUARED);
    ntk_iterative_result without, with;
    options.rank = 0;
    assert_ok(ntk_iterative_regression(&problem, &options, a, NULL, &without));
    options.rank = 100;
    assert_ok(ntk_iterative_regression(&problem, &options, a, NULL, &with));
    cr_assert(4 * with.iterations < without.iterations, "%zu %zu", with.iterations, without.iterations);
    options.rank = N; /* all of it: a direct solver */
    assert_ok(ntk_iterative_regression(&problem, &options, a, NULL, &with));
    cr_assert(with.iterations <= 4, "%zu", with.iterations);
    ntk_tiles_destroy(tiles);
}

/* ---- dense solvers --------------------------------------------------------------------------- */

static ntk_tiles *tiles_of(const drawn *d) {
    ntk_tiles *tiles;
    assert_ok(ntk_tiles_of_matrix(d->problem.points, d->gram, d->problem.points, &tiles));
    return tiles;
}

static ntk_iterative_problem iterative_of(const drawn *d, const ntk_tiles *tiles) {
    return (ntk_iterative_problem){.loss = d->problem.loss,
                                   .outputs = d->problem.outputs,
                                   .tiles = tiles,
                                   .f0 = d->f0,
                                   .targets = d->targets,
                                   .lambda = d->problem.lambda};
}

Test(iterative, regression_agrees_with_the_dense_solver) {
    for (unsigned seed = 0; seed < 3; seed++)
        for (double lambda = 1e-5; lambda < 1; lambda *= 100) {
            drawn d = draw_problem(NTK_LOSS_SQUARED, 100, 3, false, 150, SOFT, lambda, seed);
            double a[MAX_UNKNOWNS], f[MAX_UNKNOWNS];
            ntk_tiles *tiles = tiles_of(&d);
            const ntk_iterative_problem problem = iterative_of(&d, tiles);
            ntk_iterative_result result;
            assert_ok(ntk_inference_regression(&d.problem, d.a, d.f, NULL));
            assert_ok(ntk_iterative_regression(&problem, NULL, a, f, &result));
            for (size_t k = 0; k < d.unknowns; k++) {
                cr_assert_float_eq(f[k], d.f[k], result.output_error + 1e-12);
                cr_assert_float_eq(a[k], d.a[k], result.coefficient_error * 100 * fabs(d.a[k]) + 1e-8);
            }
            ntk_tiles_destroy(tiles);
        }
}

/* lambda = 0 with a proved lambda_min bounds the coefficients; without, the outputs only. */
Test(iterative, without_a_ridge) {
    drawn d = draw_problem(NTK_LOSS_SQUARED, 60, 1, false, 200, SOFT, 0, 3);
    double a[MAX_UNKNOWNS], distance = 0, size = 0;
    ntk_tiles *tiles = tiles_of(&d);
    ntk_iterative_problem problem = iterative_of(&d, tiles);
    ntk_iterative_options options = ntk_iterative_options_default(NTK_LOSS_SQUARED);
    ntk_iterative_result result;
    ntk_certificate certificate;
    assert_ok(ntk_iterative_regression(&problem, &options, a, NULL, &result));
    cr_assert(result.coefficient_error == INFINITY && result.output_error < 1e-8);
    assert_ok(ntk_certify_positive_definite(60, d.gram, 60, &certificate));
    problem.lambda_min = certificate.lambda_min_bound - 1e-12;
    options.coefficient_tolerance = 1e-10;
    assert_ok(ntk_iterative_regression(&problem, &options, a, NULL, &result));
    assert_ok(ntk_inference_regression(&d.problem, d.a, NULL, NULL));
    for (size_t i = 0; i < 60; i++) distance += pow(a[i] - d.a[i], 2), size += pow(d.a[i], 2);
    cr_assert(sqrt(distance / size) <= 2e-10 && result.coefficient_error <= 1e-10);
    ntk_tiles_destroy(tiles);
}

static void expect_classified(ntk_loss loss, size_t outputs, target_kind kind, double lambda, unsigned seed) {
    drawn d = draw_problem(loss, 90, outputs, false, 40, kind, lambda, seed);
    double a[MAX_UNKNOWNS], f[MAX_UNKNOWNS];
    ntk_tiles *tiles = tiles_of(&d);
    const ntk_iterative_problem problem = iterative_of(&d, tiles);
    ntk_iterative_result result;
    const ntk_logistic_result dense = solve_logistic(&d);
    assert_ok(ntk_iterative_logistic(&problem, NULL, a, f, &result));
    cr_assert(result.residual <= 1e-8);
    for (size_t k = 0; k < d.unknowns; k++)
        cr_assert_float_eq(f[k], d.f[k], result.output_error + dense.output_error, "%g %g", f[k], d.f[k]);
    cr_assert(result.output_error < 1e-5, "%g", result.output_error);
    ntk_tiles_destroy(tiles);
}

Test(iterative, logistic_agrees_with_the_dense_solver) {
    for (unsigned seed = 0; seed < 3; seed++)
        for (double lambda = 1e-4; lambda < 1; lambda *= 30) {
            expect_classified(NTK_LOSS_LOGISTIC, 1, seed == 1 ? SOFT : HARD, lambda, seed);
            expect_classified(NTK_LOSS_SOFTMAX, 3, seed == 2 ? MIXED : HARD, lambda, seed);
        }
}

/* ---- the bounds ------------------------------------------------------------------------------ */

/* entry_error says what other matrices may do: one that far away, whose solution is then within
 * the bound and clearly apart. */
Test(iterative, the_bound_covers_matrices_nearby) {
    const double h = 1e-7;
    drawn d = draw_problem(NTK_LOSS_SQUARED, 100, 1, false, 300, SOFT, 1e-3, 5), moved = d;
    static double gram[100 * 100];
    double a[MAX_UNKNOWNS];
    ntk_tiles *tiles = tiles_of(&d);
    const ntk_iterative_problem problem = iterative_of(&d, tiles);
    ntk_iterative_options options = ntk_iterative_options_default(NTK_LOSS_SQUARED);
    ntk_iterative_result result;
    options.entry_error = h;
    options.tolerance = 1e-2;
    assert_ok(ntk_iterative_regression(&problem, &options, a, NULL, &result));
    options.tolerance = 1e-9;
    assert_fails(ntk_iterative_regression(&problem, &options, a, NULL, &result), NTK_ERROR_NO_CONVERGENCE,
                 "entry_error");
    for (size_t i = 0; i < 100; i++)
        for (size_t j = 0; j < 100; j++)
            gram[i * 100 + j] = d.gram[i * 100 + j] + h * sqrt(d.gram[i * 101] * d.gram[j * 101]);
    moved.problem.gram = gram;
    assert_ok(ntk_inference_regression(&moved.problem, moved.a, NULL, NULL));
    double distance = 0, size = 0;
    for (size_t i = 0; i < 100; i++) distance += pow(a[i] - moved.a[i], 2), size += a[i] * a[i];
    distance = sqrt(distance / size);
    cr_assert(distance <= result.coefficient_error && distance > 1e-10, "%g %g", distance,
              result.coefficient_error);
    ntk_tiles_destroy(tiles);
}

/* What is known of the numbers that are held is less by entry_error trace(Theta) of the matrices
 * nearby. K = [[1, .999], [.999, 1]] and Theta = K + h [[-1, 1], [1, -1]]: (1, -1) is an
 * eigenvector
 * of both, with .001 and .001 - 2 h. */
Test(iterative, lambda_min_of_the_numbers_is_not_that_of_matrices_nearby) {
    static const double gram[4] = {1, .999, .999, 1}, targets[2] = {1, -1}, h = 3.99e-4;
    ntk_iterative_options options = ntk_iterative_options_default(NTK_LOSS_SQUARED);
    ntk_iterative_result result;
    ntk_tiles *tiles;
    double a[2];
    assert_ok(ntk_tiles_of_matrix(2, gram, 2, &tiles));
    for (double lambda = 0; lambda<1e-4; lambda = lambda> 0 ? 10 * lambda : 1e-7)
        for (int referred = 0; referred < 2; referred++) {
            ntk_iterative_problem problem = regression_of(tiles, 1, targets, lambda);
            problem.lambda_min = 9.9999e-4;
            problem.reference = referred ? tiles : NULL;
            options.entry_error = 4e-4;
            options.tolerance = 0.9;
            assert_ok(ntk_iterative_regression(&problem, &options, a, NULL, &result));
            const double least = .001 - 2 * h, exact = 1 / (least + 2 * lambda);
            const double distance = hypot(a[0] - exact, a[1] + exact), norm = hypot(a[0], a[1]);
            cr_expect(distance <= result.coefficient_error * norm, "%g: %g beyond %g", lambda,
                      distance / norm, result.coefficient_error);
            cr_expect(sqrt(least) * distance <= result.weight_error, "%g: %g beyond %g", lambda,
                      sqrt(least) * distance, result.weight_error);
            cr_expect(result.coefficient_error < 2 * distance / norm, "%g: far off", lambda);
        }
    /* where nothing is left of it */
    ntk_iterative_problem problem = regression_of(tiles, 1, targets, 0);
    problem.lambda_min = 7.9999e-4;
    assert_ok(ntk_iterative_regression(&problem, &options, a, NULL, &result));
    cr_expect(result.coefficient_error == INFINITY && result.weight_error == INFINITY);
    ntk_tiles_destroy(tiles);
}

/* A block with the eigenvalues -.8, 1.9 and 1.9, which no pair of points shows, beside the
 * identity:
 * n lambda = .8 and little more hides it from the solver. The exact solution from the
 * eigenvectors. */
static void expect_indefinite_bounds(size_t n, size_t rank) {
    static double gram[50 * 50], targets[50], a[50], f[50];
    static const double below = 1e-7;
    ntk_iterative_options options = ntk_iterative_options_default(NTK_LOSS_SQUARED);
    ntk_iterative_result result;
    ntk_tiles *tiles;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) gram[i * n + j] = i == j ? 1 : i < 3 && j < 3 ? -.9 : 0;
    for (size_t i = 0; i < n; i++) targets[i] = i == 1 ? 1 + 1e-11 : 1;
    assert_ok(ntk_tiles_of_matrix(n, gram, n, &tiles));
    const double lambda = (.8 + below) / (double)n;
    ntk_iterative_problem problem = regression_of(tiles, 1, targets, lambda);
    problem.lambda_min = -.8 - 1e-9;
    options.rank = rank;
    options.tolerance = 1e-6;
    assert_ok(ntk_iterative_regression(&problem, &options, a, f, &result));
    const long double off = -gram[1], shift = (long double)n * lambda;
    const long double mean = ((long double)targets[0] + targets[1] + targets[2]) / 3;
    long double distance = 0, size = 0, output = 0;
    for (size_t i = 0; i < n; i++) {
        const long double exact = i < 3
                                      ? mean / (1 - 2 * off + shift) + (targets[i] - mean) / (1 + off + shift)
                                      : targets[i] / (1 + shift);
        distance += (a[i] - exact) * (a[i] - exact);
        size += (long double)a[i] * a[i];
        output = fmaxl(output, fabsl(f[i] - (targets[i] - shift * exact)));
    }
    cr_expect(sqrtl(distance / size) <= result.coefficient_error, "%Lg beyond %g", sqrtl(distance / size),
              result.coefficient_error);
    cr_expect(output <= result.output_error, "%Lg beyond %g", output, result.output_error);
    cr_expect_eq(result.weight_error, INFINITY); /* there is no w */
    problem.lambda_min = -.9;                    /* perhaps singular */
    assert_ok(ntk_iterative_regression(&problem, &options, a, f, &result));
    cr_expect(result.residual <= 1e-6 && result.coefficient_error == INFINITY &&
              result.output_error == INFINITY);
    ntk_tiles_destroy(tiles);
}

Test(iterative, a_negative_lambda_min_is_reckoned_with) {
    expect_indefinite_bounds(3, 0);
    expect_indefinite_bounds(50, 0);
    static const double one[1] = {1};
    double a[1];
    ntk_iterative_result result;
    ntk_tiles *tiles;
    assert_ok(ntk_tiles_of_matrix(1, one, 1, &tiles));
    ntk_iterative_problem problem = regression_of(tiles, 1, one, 1);
    problem.lambda_min = -1, problem.loss = NTK_LOSS_LOGISTIC;
    assert_fails(ntk_iterative_logistic(&problem, NULL, a, NULL, &result), NTK_ERROR_ARGUMENT,
                 "lambda_min -1");
    problem.lambda_min = -INFINITY, problem.loss = NTK_LOSS_SQUARED;
    assert_fails(ntk_iterative_regression(&problem, NULL, a, NULL, &result), NTK_ERROR_ARGUMENT,
                 "lambda_min -inf");
    ntk_tiles_destroy(tiles);
}

/* K I, n points: whatever the scales, what is off is bounded, and a bound of 0 is a claim too. */
static bool expect_scaled(size_t n, double k, double y, double lambda) {
    static double gram[25], targets[5], a[5], f[5];
    ntk_iterative_options options = ntk_iterative_options_default(NTK_LOSS_SQUARED);
    ntk_iterative_result result;
    ntk_tiles *tiles;
    for (size_t i = 0; i < n; i++) targets[i] = (double)(i + 3) / 3 * y;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) gram[i * n + j] = i == j ? k : 0;
    assert_ok(ntk_tiles_of_matrix(n, gram, n, &tiles));
    const ntk_iterative_problem problem = regression_of(tiles, 1, targets, lambda);
    const ntk_status status = ntk_iterative_regression(&problem, &options, a, f, &result);
    ntk_tiles_destroy(tiles);
    if (status != NTK_OK) return false;
    const long double tiny = 16 * LDBL_EPSILON;
    long double distance = 0, size = 0, square = 0, output = 0, residual = 0;
    for (size_t i = 0; i < n; i++) {
        const long double exact = targets[i] / (k + (long double)n * lambda);
        const long double left = targets[i] - (k + (long double)n * lambda) * a[i];
        distance += (a[i] - exact) * (a[i] - exact);
        size += (long double)a[i] * a[i], square += (long double)targets[i] * targets[i];
        residual += left * left;
        output = fmaxl(output, fabsl(f[i] - k * exact));
    }
    const struct {
        const char *of;
        long double true_error;
        double bound;
        long double own; /* rounding of this reckoning */
    } each[] = {{"a", sqrtl(distance / size), result.coefficient_error, tiny},
                {"w", sqrtl(k * distance), result.weight_error, tiny * sqrtl(k * size)},
                {"f", output, result.output_error, tiny * sqrtl(square)},
                {"residual", sqrtl(residual / square), result.residual, tiny}};
    for (size_t i = 0; i < sizeof each / sizeof *each; i++)
        cr_expect(each[i].true_error <= (long double)each[i].bound + each[i].own,
                  "%zu, %g, %g, %g, %s: %Lg beyond %g", n, k, y, lambda, each[i].of, each[i].true_error,
                  each[i].bound);
    return true;
}

Test(iterative, bounds_do_not_underflow) {
    static const size_t orders[] = {1, 2, 5};
    size_t solved = 0;
    for (size_t i = 0; i < 3; i++) {
        cr_expect(expect_scaled(orders[i], 3e150, 7e-151, 1e158));
        for (double k = 1e-290; k < 1e291; k *= 1e58)
            for (double y = 1e-290; y < 1e291; y *= 1e58)
                for (double lambda = 1e-290; lambda < 1e291; lambda *= 1e58)
                    solved += expect_scaled(orders[i], k, y, lambda);
    }
    cr_expect(solved > 1000, "%zu", solved);
}

/* What is beyond the range is told with its size, whatever does not survive it. */
Test(iterative, what_is_too_large_is_said) {
    static const double ones[2] = {1, 0}, large[2] = {1e300, -1e300};
    for (int which = 0; which < 4; which++) {
        const double k = which == 0 ? 1e305 : 1, gram[4] = {k, k / 2, k / 2, k};
        const bool classes = which == 3;
        double a[2];
        ntk_tiles *tiles;
        ntk_iterative_result result;
        assert_ok(ntk_tiles_of_matrix(2, gram, 2, &tiles));
        ntk_iterative_problem problem = regression_of(tiles, 1, which == 1 ? large : ones, 1e-3);
        problem.f0 = which >= 2 ? large : NULL;
        problem.loss = classes ? NTK_LOSS_LOGISTIC : NTK_LOSS_SQUARED;
        const ntk_status status = classes ? ntk_iterative_logistic(&problem, NULL, a, NULL, &result)
                                          : ntk_iterative_regression(&problem, NULL, a, NULL, &result);
        cr_expect_eq(status, classes ? NTK_ERROR_NO_CONVERGENCE : NTK_ERROR_NOT_FINITE, "%d: %s", which,
                     ntk_error_detail());
        if (!classes) assert_says(which == 0 ? "up to 1e+305" : "1e+300");
        if (!classes) assert_says("kernel regression");
        ntk_tiles_destroy(tiles);
    }
}

/* Predictions whose bound is a product that underflows; and none where the kernel is 0. */
Test(iterative, radii_do_not_underflow) {
    static const double x[2] = {1, 2}, a[2] = {1e-160, -1e-160};
    static const double y[3] = {1e-160, 1, 0};
    ntk_architecture network = ntk_architecture_default();
    double f[3], radius[3];
    network.bias_variance = 0;
    assert_ok(ntk_iterative_predict(&network, NTK_KERNEL_NTK, 2, 3, 1, x, y, 1, a, 1e-170, 1e-10, f, radius));
    cr_expect(radius[0] > 0 && radius[1] > 0 && radius[2] == 0 && f[2] == 0, "%g %g %g", radius[0], radius[1],
              radius[2]);
}

/* A float32 file and the points: the answer is that of the points. A file of another kernel, or one
 * with a wrong tile, is not enough. */
Test(iterative, the_reference_decides) {
    static double targets[CUBE], a[CUBE], wanted[CUBE], gram[CUBE * CUBE];
    char folder[FOLDER_SIZE], path[FOLDER_SIZE + 8];
    unsigned state = 2;
    ntk_tiles *reference = cube_kernel(), *tiles;
    ntk_architecture network = ntk_architecture_default();
    ntk_iterative_result result;
    network.depth = 2;
    folder_make("iterative", folder);
    snprintf(path, sizeof path, "%s/k.npy", folder);
    for (size_t i = 0; i < CUBE; i++) targets[i] = pseudo_random(&state);
    assert_ok(ntk_kernel_gram(&network, NTK_KERNEL_NTK, CUBE, BITS, cube, BITS, gram, CUBE));
    assert_ok(ntk_npy_write(path, NTK_NPY_FLOAT32, CUBE, CUBE, gram));
    assert_ok(ntk_tiles_of_file(path, &tiles));
    ntk_iterative_problem problem = regression_of(reference, 1, targets, 1e-4);
    assert_ok(ntk_iterative_regression(&problem, NULL, wanted, NULL, &result));
    problem.tiles = tiles, problem.reference = reference;
    assert_ok(ntk_iterative_regression(&problem, NULL, a, NULL, &result));
    cr_assert(result.residual <= 1e-10 && result.steps > 1, "%zu", result.steps);
    cr_assert(ntk_largest_difference(CUBE, a, wanted) < 1e-8);
    ntk_tiles_destroy(tiles);

    for (size_t i = 300; i < 400; i++)
        for (size_t j = 0; j < 100; j++) gram[i * CUBE + j] = gram[j * CUBE + i] = 0.5;
    assert_ok(ntk_npy_write(path, NTK_NPY_FLOAT64, CUBE, CUBE, gram));
    assert_ok(ntk_tiles_of_file(path, &tiles));
    problem.tiles = tiles;
    const ntk_status status = ntk_iterative_regression(&problem, NULL, a, NULL, &result);
    cr_assert(status == NTK_ERROR_NO_CONVERGENCE || status == NTK_ERROR_NOT_POSITIVE_DEFINITE, "%s",
              ntk_error_detail());
    ntk_tiles_destroy(tiles);
    ntk_tiles_destroy(reference);
    folder_remove(folder);
}

/* ---- no OK ----------------------------------------------------------------------------------- */

Test(iterative, what_was_not_reached_is_said) {
    drawn d = draw_problem(NTK_LOSS_SQUARED, 100, 1, false, 150, SOFT, 1e-6, 1);
    double a[MAX_UNKNOWNS];
    ntk_tiles *tiles = tiles_of(&d);
    ntk_iterative_problem problem = iterative_of(&d, tiles);
    ntk_iterative_options options = ntk_iterative_options_default(NTK_LOSS_SQUARED);
    ntk_iterative_result result;
    options.tolerance = 1e-17;
    assert_fails(ntk_iterative_regression(&problem, &options, a, NULL, &result), NTK_ERROR_NO_CONVERGENCE,
                 "where 1e-17 was asked");
    cr_assert(result.residual < 1e-10 && result.residual > 1e-17 && result.rounding <= result.residual);
    options = ntk_iterative_options_default(NTK_LOSS_SQUARED);
    options.rank = 3;
    options.max_iterations = 4;
    assert_fails(ntk_iterative_regression(&problem, &options, a, NULL, &result), NTK_ERROR_NO_CONVERGENCE,
                 "after 4 iterations");
    cr_assert(result.residual > 1e-6 && result.rounding < 1e-10);
    options = ntk_iterative_options_default(NTK_LOSS_SQUARED);
    options.coefficient_tolerance = 1e-16;
    assert_fails(ntk_iterative_regression(&problem, &options, a, NULL, &result), NTK_ERROR_NO_CONVERGENCE,
                 "where 1e-16 was asked");
    ntk_tiles_destroy(tiles);

    drawn c = draw_problem(NTK_LOSS_LOGISTIC, 90, 1, false, 40, HARD, 1e-3, 1);
    tiles = tiles_of(&c);
    problem = iterative_of(&c, tiles);
    options = ntk_iterative_options_default(NTK_LOSS_LOGISTIC);
    options.tolerance = 1e-17;
    options.absolute_tolerance = 0;
    assert_fails(ntk_iterative_logistic(&problem, &options, a, NULL, &result), NTK_ERROR_NO_CONVERGENCE,
                 "1e-17 was asked");
    cr_assert(result.residual < 1e-9);
    ntk_tiles_destroy(tiles);
}

/* A negative eigenvalue in the plane of two coordinates passes all pairs of points. */
Test(iterative, matrices_that_are_not_positive) {
    drawn d = draw_problem(NTK_LOSS_SQUARED, 60, 1, false, 200, SOFT, 1e-3, 3);
    double a[MAX_UNKNOWNS];
    ntk_iterative_result result;
    for (size_t i = 0; i < 60; i++)
        for (size_t j = 0; j < 60; j++) d.gram[i * 60 + j] = i == j ? 1 : i < 3 && j < 3 ? -0.9 : 0;
    ntk_iterative_options options = ntk_iterative_options_default(NTK_LOSS_SQUARED);
    for (options.rank = 0; options.rank <= 60; options.rank += 30) {
        ntk_tiles *tiles = tiles_of(&d);
        const ntk_iterative_problem problem = iterative_of(&d, tiles);
        assert_fails(ntk_iterative_regression(&problem, &options, a, NULL, &result),
                     NTK_ERROR_NOT_POSITIVE_DEFINITE, "not positive");
        ntk_tiles_destroy(tiles);
    }
}

/* One direction only, and a point whose kernel is 0. */
Test(iterative, singular_matrices_without_a_ridge) {
    drawn d = draw_problem(NTK_LOSS_SQUARED, 60, 1, false, 200, SOFT, 0, 3);
    double a[MAX_UNKNOWNS];
    ntk_iterative_result result;
    for (int zero = 0; zero < 2; zero++) {
        for (size_t i = 0; i < 60; i++)
            for (size_t j = 0; j < 60; j++) d.gram[i * 60 + j] = zero ? i == j && i < 59 : 1;
        ntk_tiles *tiles = tiles_of(&d);
        const ntk_iterative_problem problem = iterative_of(&d, tiles);
        assert_fails(ntk_iterative_regression(&problem, NULL, a, NULL, &result),
                     NTK_ERROR_NOT_POSITIVE_DEFINITE, "lambda = 0: the Gram matrix is singular");
        ntk_tiles_destroy(tiles);
    }
}

Test(iterative, problems_that_are_none) {
    drawn d = draw_problem(NTK_LOSS_SQUARED, 60, 1, false, 200, SOFT, 1e-3, 3);
    double a[MAX_UNKNOWNS];
    ntk_iterative_result result;
    ntk_tiles *tiles = tiles_of(&d), *other = cube_kernel();
    ntk_iterative_problem problem = iterative_of(&d, tiles);
    ntk_iterative_options options = ntk_iterative_options_default(NTK_LOSS_SQUARED);
    problem.reference = other;
    assert_fails(ntk_iterative_regression(&problem, NULL, a, NULL, &result), NTK_ERROR_SHAPE, "512");
    problem.reference = NULL;
    problem.lambda = NAN;
    assert_fails(ntk_iterative_regression(&problem, NULL, a, NULL, &result), NTK_ERROR_ARGUMENT, "lambda");
    problem.lambda = 1;
    options.entry_error = 0.1;
    assert_fails(ntk_iterative_regression(&problem, &options, a, NULL, &result), NTK_ERROR_ARGUMENT,
                 "entry_error");
    problem.loss = NTK_LOSS_LOGISTIC;
    problem.lambda = 0;
    assert_fails(ntk_iterative_logistic(&problem, NULL, a, NULL, &result), NTK_ERROR_ARGUMENT, "lambda");
    assert_fails(ntk_iterative_regression(&problem, NULL, a, NULL, &result), NTK_ERROR_ARGUMENT, "squared");
    ntk_tiles_destroy(tiles);
    ntk_tiles_destroy(other);
}

Test(iterative, nothing_to_fit) {
    static double targets[CUBE * 2], a[CUBE * 2];
    ntk_tiles *tiles = cube_kernel();
    ntk_iterative_result result;
    for (size_t i = 0; i < CUBE; i++) targets[2 * i] = parity(i, 7);
    const ntk_iterative_problem problem = regression_of(tiles, 2, targets, 1e-3);
    assert_ok(ntk_iterative_regression(&problem, NULL, a, NULL, &result));
    for (size_t i = 0; i < CUBE; i++) cr_assert(a[2 * i] != 0 && a[2 * i + 1] == 0);
    ntk_tiles_destroy(tiles);
}

/* (4^26 + 1/4, 1/2, -4^26 + 1/4) = Theta a: the rows cancel, and what they leave stands in the
 * rests
 * of the sums alone. */
Test(iterative, the_bound_of_f_holds_where_sums_cancel) {
    static const double gram[9] = {2, 1, 1, 1, 2, 1, 1, 1, 2}, big = 0x1p52;
    const double start[3] = {-big, 0, big}, targets[3] = {0.25, 0.5, 0.25};
    ntk_iterative_options options = ntk_iterative_options_default(NTK_LOSS_SQUARED);
    ntk_iterative_result result;
    ntk_tiles *tiles;
    double a[3], f[3];
    assert_ok(ntk_tiles_of_matrix(3, gram, 3, &tiles));
    ntk_iterative_problem problem = regression_of(tiles, 1, targets, 0);
    problem.f0 = start;
    problem.lambda_min = 0.999;
    options.tolerance = 1e-19;
    options.entry_error = 0;
    assert_ok(ntk_iterative_regression(&problem, &options, a, f, &result));
    cr_assert(result.output_error < 1e-3);
    for (size_t i = 0; i < 3; i++) cr_assert(fabs(f[i] - targets[i]) <= result.output_error);
    ntk_tiles_destroy(tiles);
}

/* One point, two classes: a_1 = -a_2 = a, Q / (1 + e^{-2a}) - q_1 + lambda a = 0, Q = q_1 + q_2. */
Test(iterative, the_bound_holds_for_targets_that_nearly_sum_to_one) {
    static const double gram[1] = {1}, targets[2] = {0.7 + 4e-13, 0.3 + 4e-13};
    const long double sum = (long double)targets[0] + targets[1];
    long double exact = 0;
    ntk_iterative_options options = ntk_iterative_options_default(NTK_LOSS_SOFTMAX);
    ntk_iterative_result result;
    ntk_tiles *tiles;
    double a[2], f[2];
    assert_ok(ntk_tiles_of_matrix(1, gram, 1, &tiles));
    const ntk_iterative_problem problem = {
        .loss = NTK_LOSS_SOFTMAX, .outputs = 2, .tiles = tiles, .targets = targets, .lambda = 1};
    options.tolerance = 1e-10;
    options.entry_error = 0;
    assert_ok(ntk_iterative_logistic(&problem, &options, a, f, &result));
    for (int k = 0; k < 50; k++) {
        const long double p = 1 / (1 + expl(-2 * exact));
        exact -= (sum * p - targets[0] + exact) / (2 * sum * p * (1 - p) + 1);
    }
    cr_assert(hypot((double)(a[0] - exact), (double)(a[1] + exact)) <= result.coefficient_error);
    ntk_tiles_destroy(tiles);
}

/* w* = 0, which no relative error of w ever meets: labels that contradict each other, and one that
 * is the start. */
Test(iterative, a_minimiser_at_zero) {
    static const double ones[4] = {1, 1, 1, 1}, labels[2] = {0, 1}, half[1] = {0.5};
    for (size_t n = 1; n <= 2; n++)
        for (double lambda = 1e-2; lambda <= 1e2; lambda *= 10) {
            ntk_iterative_options options = ntk_iterative_options_default(NTK_LOSS_LOGISTIC);
            ntk_iterative_result result;
            ntk_tiles *tiles;
            double a[2], f[2];
            assert_ok(ntk_tiles_of_matrix(n, ones, n, &tiles));
            const ntk_iterative_problem problem = {.loss = NTK_LOSS_LOGISTIC,
                                                   .outputs = 1,
                                                   .tiles = tiles,
                                                   .targets = n == 1 ? half : labels,
                                                   .lambda = lambda};
            assert_ok(ntk_iterative_logistic(&problem, &options, a, f, &result));
            cr_assert(result.steps < 8 && result.output_error < 2e-9, "%zu, %g", result.steps,
                      result.output_error);
            for (size_t i = 0; i < n; i++) cr_assert(fabs(f[i]) <= result.output_error);
            options.absolute_tolerance = 0;
            assert_fails(ntk_iterative_logistic(&problem, &options, a, f, &result), NTK_ERROR_NO_CONVERGENCE,
                         "1e-08 ||w|| was asked");
            cr_assert(result.steps < 30, "%zu", result.steps);
            ntk_tiles_destroy(tiles);
        }
}

/* The absolute tolerance is for w next to nothing, and never more than the tolerance. */
Test(iterative, the_absolute_tolerance_is_no_way_around_the_tolerance) {
    static const double tolerances[] = {0, 1e-16, 1e-15};
    for (int classes = 1; classes <= 3; classes += 2)
        for (size_t k = 0; k < sizeof tolerances / sizeof *tolerances; k++) {
            const ntk_loss loss = classes == 1 ? NTK_LOSS_LOGISTIC : NTK_LOSS_SOFTMAX;
            drawn d = draw_problem(loss, 90, (size_t)classes, false, 40, HARD, 1e-3, 1);
            double a[MAX_UNKNOWNS];
            ntk_tiles *tiles = tiles_of(&d);
            const ntk_iterative_problem problem = iterative_of(&d, tiles);
            ntk_iterative_options options = ntk_iterative_options_default(loss);
            ntk_iterative_result result;
            options.tolerance = tolerances[k];
            assert_fails(ntk_iterative_logistic(&problem, &options, a, NULL, &result),
                         NTK_ERROR_NO_CONVERGENCE,
                         classes == 1 ? "kernel logistic regression" : "kernel softmax regression");
            cr_expect(result.residual > tolerances[k] && result.residual < 1e-8, "%g", result.residual);
            /* half of what rounding leaves: w is not next to nothing */
            options.tolerance = result.residual / 2;
            options.absolute_tolerance = 1;
            assert_fails(ntk_iterative_logistic(&problem, &options, a, NULL, &result),
                         NTK_ERROR_NO_CONVERGENCE, "was asked");
            ntk_tiles_destroy(tiles);
        }
}

/* One label at 1, one at 0, the points nearly equal: w* is far below W, 0 < ||w*|| < W / 100. */
Test(iterative, the_absolute_tolerance_shrinks_with_the_tolerance) {
    static const double gram[4] = {1, 1 - 1e-9, 1 - 1e-9, 1}, labels[2] = {0, 1};
    const double most = sqrt(2 * log(2) / 1e-2); /* W */
    ntk_tiles *tiles;
    double a[2];
    assert_ok(ntk_tiles_of_matrix(2, gram, 2, &tiles));
    const ntk_iterative_problem problem = {
        .loss = NTK_LOSS_LOGISTIC, .outputs = 1, .tiles = tiles, .targets = labels, .lambda = 1e-2};
    for (double tolerance = 1e-6; tolerance > 1e-14; tolerance /= 10) {
        ntk_iterative_options options = ntk_iterative_options_default(NTK_LOSS_LOGISTIC);
        ntk_iterative_result result;
        options.tolerance = tolerance;
        options.absolute_tolerance = 1e-8;
        options.entry_error = 0;
        if (ntk_iterative_logistic(&problem, &options, a, NULL, &result) == NTK_OK)
            cr_expect(result.residual <= tolerance || result.weight_error <= fmin(tolerance, 1e-8) * most,
                      "%g: %g, %g", tolerance, result.residual, result.weight_error);
        else
            cr_expect(tolerance < 1e-12, "%g: %s", tolerance, ntk_error_detail());
    }
    ntk_tiles_destroy(tiles);
}

/* A weak regulariser: the error of Newton's step is that of its system over n lambda. */
Test(iterative, softmax_with_a_weak_regulariser) {
    enum { N = 150, K = 3 };
    static double x[N * 4], targets[N * K], a[N * K], f[N * K];
    for (double lambda = 1e-6; lambda < 2e-5; lambda *= 10) {
        unsigned state = 3;
        ntk_tiles *tiles;
        ntk_iterative_result result;
        ntk_iterative_options options = ntk_iterative_options_default(NTK_LOSS_SOFTMAX);
        const ntk_architecture network = ntk_architecture_default();
        ntk_stream stream = ntk_stream_create(1, "weakly regularised", 0);
        ntk_stream_normal(&stream, N * 4, x);
        memset(targets, 0, sizeof targets);
        for (size_t i = 0; i < N; i++) targets[i * K + (size_t)(1.5 * (1 + pseudo_random(&state)))] = 1;
        assert_ok(ntk_tiles_of_kernel(&network, NTK_KERNEL_NTK, N, 4, x, 4, &tiles));
        const ntk_iterative_problem problem = {
            .loss = NTK_LOSS_SOFTMAX, .outputs = K, .tiles = tiles, .targets = targets, .lambda = lambda};
        options.rank = 60;
        options.tolerance = 1e-5;
        assert_ok(ntk_iterative_logistic(&problem, &options, a, f, &result));
        cr_expect(result.steps <= 15, "%g: %zu steps, %zu iterations, residual %g", lambda, result.steps,
                  result.iterations, result.residual);
        ntk_tiles_destroy(tiles);
    }
}

/* The same bits for any number of workers. */
Test(iterative, workers_do_not_matter) {
    static double targets[CUBE], a[CUBE], again[CUBE];
    unsigned state = 4;
    ntk_tiles *tiles = cube_kernel();
    ntk_iterative_result result;
    for (size_t i = 0; i < CUBE; i++) targets[i] = pseudo_random(&state);
    const ntk_iterative_problem problem = regression_of(tiles, 1, targets, 1e-4);
    assert_ok(ntk_iterative_regression(&problem, NULL, a, NULL, &result));
    assert_ok(ntk_set_workers(3));
    assert_ok(ntk_iterative_regression(&problem, NULL, again, NULL, &result));
    cr_assert_eq(memcmp(a, again, sizeof a), 0);
    ntk_tiles_destroy(tiles);
}

/* ---- parts ----------------------------------------------------------------------------------- */

static ntk_status double_it(void *context, const double *v, double *image) {
    (void)context;
    for (size_t i = 0; i < 4; i++) image[i] = 2 * v[i];
    return NTK_OK;
}

static ntk_status negate(void *context, const double *v, double *image) {
    (void)context;
    for (size_t i = 0; i < 4; i++) image[i] = -v[i];
    return NTK_OK;
}

Test(iterative, conjugate_gradients_tell_what_is_not_positive) {
    const double b[] = {1, 2, 3, 4}, wanted = 1e-14;
    double x[4];
    size_t iterations = 0;
    ntk_conjugate system = {.n = 4, .columns = 1, .apply = double_it, .precondition = double_it};
    assert_ok(ntk_conjugate_solve(&system, b, &wanted, 9, x, &iterations));
    cr_assert_eq(iterations, 1);
    for (size_t i = 0; i < 4; i++) cr_assert_float_eq(x[i], b[i] / 2, 1e-15);
    system.precondition = negate;
    assert_fails(ntk_conjugate_solve(&system, b, &wanted, 9, x, &iterations), NTK_ERROR_NOT_POSITIVE_DEFINITE,
                 "preconditioner");
    system.precondition = double_it, system.apply = negate;
    assert_fails(ntk_conjugate_solve(&system, b, &wanted, 9, x, &iterations), NTK_ERROR_NOT_POSITIVE_DEFINITE,
                 "matrix");
}

/* diag(1, 2, 3, 4) and a matrix of ones, columns of three. */
static ntk_status apply_three(void *context, const double *v, double *image) {
    (void)context;
    for (size_t k = 0; k < 3; k++) {
        double sum = 0;
        for (size_t i = 0; i < 4; i++) sum += v[3 * i + k];
        for (size_t i = 0; i < 4; i++) image[3 * i + k] = (double)(i + 1) * v[3 * i + k] + sum;
    }
    return NTK_OK;
}

static ntk_status copy_three(void *context, const double *r, double *z) {
    (void)context;
    memcpy(z, r, 12 * sizeof *z);
    return NTK_OK;
}

/* Squares of 2^600 and of 2^-600 are no doubles. */
Test(iterative, conjugate_gradients_do_not_depend_on_the_scale) {
    const ntk_conjugate system = {.n = 4, .columns = 3, .apply = apply_three, .precondition = copy_three};
    const double wanted[3] = {1e-12, 0x1p600 * 1e-12, 0x1p-600 * 1e-12};
    double b[12], x[12];
    size_t iterations = 0;
    for (size_t i = 0; i < 4; i++) {
        b[3 * i] = 1 + (double)(i * i) / 3;
        b[3 * i + 1] = 0x1p600 * b[3 * i], b[3 * i + 2] = 0x1p-600 * b[3 * i];
    }
    assert_ok(ntk_conjugate_solve(&system, b, wanted, 20, x, &iterations));
    cr_expect_leq(iterations, 6);
    for (size_t i = 0; i < 4; i++) {
        cr_expect_eq(x[3 * i + 1], 0x1p600 * x[3 * i]);
        cr_expect_eq(x[3 * i + 2], 0x1p-600 * x[3 * i]);
    }
}

/* F F^T is Theta at the pivots, and what is left is positive semi-definite with the trace told. */
Test(iterative, the_factor_is_a_partial_cholesky_factor) {
    drawn d = draw_problem(NTK_LOSS_SQUARED, 200, 1, false, 60, SOFT, 1e-3, 3);
    ntk_tiles *tiles = tiles_of(&d);
    double diagonal[200];
    ntk_pivoted pivoted;
    for (size_t i = 0; i < 200; i++) diagonal[i] = d.gram[i * 201];
    for (size_t rank = 20; rank <= 100; rank += 40) {
        assert_ok(ntk_pivoted_create(tiles, diagonal, rank, 1e-10, 1, &pivoted));
        cr_assert_eq(pivoted.rank, rank < 60 ? rank : 60, "%zu", pivoted.rank);
        double trace = 0;
        size_t exact = 0;
        for (size_t i = 0; i < 200; i++) {
            double left = diagonal[i];
            for (size_t k = 0; k < pivoted.rank; k++) left -= pow(pivoted.factor[i * pivoted.stride + k], 2);
            cr_assert(left > -1e-12 * diagonal[i]);
            trace += left;
            exact += left < 1e-10 * diagonal[i];
        }
        cr_assert(exact >= pivoted.rank);
        cr_assert_float_eq(trace, pivoted.rest, 1e-9);
        ntk_pivoted_release(&pivoted);
    }
    ntk_tiles_destroy(tiles);
}
