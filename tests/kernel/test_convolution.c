/* Kernels of convolutional networks against ball arithmetic over all pairs of positions
 * (ball_convolution.c).
 */
#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/ntk.h>

#include "arrays.h"
#include "ball_convolution.h"
#include "ball_kernel.h"
#include "base/vector_table.h"
#include "convolution_reference.h"
#include "kernel/convolution_pairs.h"
#include "start.h"

TestSuite(convolution, .init = start_linalg);

static ntk_architecture network(size_t height, size_t width, size_t channels, const char *layers,
                                ntk_readout readout) {
    ntk_architecture a;
    assert_ok(ntk_architecture_convolutional(height, width, channels, layers, &a));
    a.convolution.readout = readout;
    return a;
}

static size_t dimension(const ntk_architecture *a) {
    return a->convolution.height * a->convolution.width * a->convolution.channels;
}

/* ---- accuracy -------------------------------------------------------------------------------- */

/* What is asked of every entry, diagonals included, relative to sqrt(K_xx K_x'x'). */
static const double wanted = 1e-14;

static double middle(const arb_t ball) { return arf_get_d(arb_midref(ball), ARF_RND_NEAR); }

enum { MOST_IMAGES = 8 };

/* Both kernels of n images against the reference. */
static void expect_accurate(const ntk_architecture *a, size_t n, const double *x, double bound) {
    const size_t d = dimension(a);
    double nngp[MOST_IMAGES * MOST_IMAGES], ntk[MOST_IMAGES * MOST_IMAGES], scale[2 * MOST_IMAGES];
    char layers[512];
    ntk_architecture_print_layers(a, sizeof layers, layers);
    assert_ok(ntk_kernel_gram_both(a, n, d, x, d, nngp, ntk, n));
    arb_t s, t;
    arb_init(s);
    arb_init(t);
    for (size_t i = 0; i < n; i++) {
        ball_convolution_compute(a, x + i * d, x + i * d, s, t);
        scale[i] = sqrt(middle(s));
        scale[n + i] = sqrt(middle(t));
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) {
            ball_convolution_compute(a, x + i * d, x + j * d, s, t);
            const double s_error = ball_distance(s, nngp[i * n + j]),
                         t_error = ball_distance(t, ntk[i * n + j]);
            cr_expect(s_error <= bound * scale[i] * scale[j], "%s: NNGP (%zu, %zu) is off by %g of %g",
                      layers, i, j, s_error, scale[i] * scale[j]);
            cr_expect(t_error <= bound * scale[n + i] * scale[n + j], "%s: NTK (%zu, %zu) is off by %g of %g",
                      layers, i, j, t_error, scale[n + i] * scale[n + j]);
            cr_expect_eq(ntk[i * n + j], ntk[j * n + i]);
        }
    arb_clear(s);
    arb_clear(t);
}

/* Layers that differ in what a plane meets: borders of both kinds, even patches, strides that
 * divide the grid or not, every pooling, changes of padding, a grid that shrinks to one position.
 */
static const char *const many_layers[] = {
    "conv 3",
    "conv 3, conv 3",
    "conv 3 sum, conv 2 sum",
    "conv 2 circular, conv 3 circular",
    "conv 3 stride 2, conv 3",
    "conv 3, conv 3 stride 2, conv 2",
    "conv 3 stride 2 circular, conv 3 circular",
    "conv 3 circular, conv 3 stride 2 circular",
    "conv 3 circular, conv 3, conv 2 circular",
    "conv 3, pool box 2, conv 3",
    "conv 3, pool gauss 2, conv 3",
    "conv 3, conv 3, pool gauss-same 2, conv 2",
    "conv 3 circular, conv 3 circular, pool gauss-circular 2, conv 3 circular",
    "conv 1 stride 2 circular, conv 5 circular",
    "conv 5, pool gauss-same 3",
};
enum { MANY = sizeof many_layers / sizeof *many_layers };

static const size_t grids[][2] = {{1, 7}, {4, 5}, {6, 4}};

/* Normals, or integers from -7 to 7 or so, many of them 0. */
static void fill(size_t n, const double *normal, bool integers, double *x) {
    for (size_t i = 0; i < n; i++) x[i] = integers ? nearbyint(2 * normal[i]) : normal[i];
}

static void expect_many(ntk_activation activation, double weight_variance, double bias_variance,
                        double bound) {
    enum { MOST = 2 * 24 * 2 };
    double *normal = normals(3, "many", MOST), x[MOST];
    for (size_t g = 0; g < sizeof grids / sizeof *grids; g++)
        for (size_t l = 0; l < MANY; l++) {
            ntk_architecture a = network(grids[g][0], grids[g][1], 1 + l % 2, many_layers[l],
                                         l % 3 ? NTK_READOUT_FLATTEN : NTK_READOUT_AVERAGE);
            a.activation = activation;
            a.weight_variance = weight_variance;
            a.bias_variance = bias_variance;
            a.convolution.first_weight_variance = l % 2 ? 0.75 : 0;
            fill(2 * dimension(&a), normal, l % 2, x);
            expect_accurate(&a, 2, x, bound);
        }
}

Test(convolution, relu_is_accurate) { expect_many(NTK_RELU, 2, 0, wanted); }
Test(convolution, relu_with_biases_is_accurate) { expect_many(NTK_RELU, 1.5, 0.125, wanted); }

/* erf's recursion amplifies by (1 + 2 S)^2 / (1 + 4 S), a few units here, and averages of circular
 * layers cancel. */
Test(convolution, erf_is_accurate) { expect_many(NTK_ERF, 1.5, 0.125, 1e-13); }
Test(convolution, gelu_is_accurate) { expect_many(NTK_GELU, 1.5, 0, 1e-13); }

/* Parallel patches in all layers: constants, single pixels at several places, copies scaled by what
 * is no power of two, bytes that saturate. The plain cosine would be off by 1e-9 and more on each.
 */
Test(convolution, parallel_patches) {
    enum { H = 6, W = 6, D = H * W, N = 8 };
    static const char *const layers[] = {"conv 3", "conv 3, pool gauss 2, conv 3",
                                         "conv 3 circular, conv 3 circular", "conv 3, conv 3, conv 3"};
    double x[N * D] = {0}, *normal = normals(3, "parallel", D);
    for (size_t k = 0; k < D; k++) {
        x[0 * D + k] = 200.0 / 255;
        x[1 * D + k] = 0.3;
        x[4 * D + k] = fmin(255, nearbyint(fabs(400 * normal[k]))) / 255;
        x[5 * D + k] = normal[k];
        x[6 * D + k] = 0.7 * normal[k];
        x[7 * D + k] = normal[k];
    }
    x[2 * D + 14] = 37.0 / 255;
    x[3 * D + 21] = 0.9;
    for (size_t l = 0; l < sizeof layers / sizeof *layers; l++)
        for (size_t readout = 0; readout < 2; readout++) {
            const ntk_architecture a = network(H, W, 1, layers[l], (ntk_readout)readout);
            expect_accurate(&a, N, x, wanted);
        }
}

/* Bytes as they are, and divided by 255, and by their norm: one kernel but for a factor. */
Test(convolution, units_of_images) {
    enum { D = 36 };
    double x[3 * D], gram[9], *normal = normals(4, "units", D), norm = 0;
    for (size_t k = 0; k < D; k++) {
        x[k] = fmin(255, nearbyint(fabs(150 * normal[k])));
        norm += x[k] * x[k];
    }
    for (size_t k = 0; k < D; k++) {
        x[D + k] = x[k] / 255;
        x[2 * D + k] = x[k] / sqrt(norm);
    }
    const ntk_architecture a = network(6, 6, 1, "conv 3, conv 3, pool box 2", NTK_READOUT_FLATTEN);
    assert_ok(ntk_kernel_gram(&a, NTK_KERNEL_NTK, 3, D, x, D, gram, 3));
    const double unit[3] = {1, 1.0 / 255, 1 / sqrt(norm)};
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < 3; j++) {
            const double want = gram[0] * unit[i] * unit[j];
            cr_expect(fabs(gram[i * 3 + j] - want) <= 4e-15 * want, "(%zu, %zu): %.17g, %.17g", i, j,
                      gram[i * 3 + j], want);
        }
    assert_ok(ntk_kernel_gram(&a, NTK_KERNEL_NTK, 1, D, x, D, gram, 1));
    const double whole = gram[0];
    for (size_t k = 0; k < D; k++) x[k] = ldexp(x[k], 300); /* no overflow on the way */
    assert_ok(ntk_kernel_gram(&a, NTK_KERNEL_NTK, 1, D, x, D, gram, 1));
    cr_expect_eq(gram[0], ldexp(whole, 600));
}

/* So many layers that sums are scaled down on the way; without biases w^2 = 2 keeps the variance of
 * an infinite grid, so a circular constant image has NNGP 2 S / 2 = S^1 and NTK (L + 1) times that.
 */
Test(convolution, deep) {
    enum { N = 64 };
    char layers[N * 32] = "conv 7 circular";
    for (size_t l = 1; l < N; l++) strcat(layers, ", conv 7 circular");
    ntk_architecture a = network(8, 8, 1, layers, NTK_READOUT_AVERAGE);
    double x[64], nngp, ntk;
    for (size_t k = 0; k < 64; k++) x[k] = 3;
    assert_ok(ntk_kernel_gram_both(&a, 1, 64, x, 64, &nngp, &ntk, 1));
    cr_expect(fabs(nngp - 18) <= 1e-13 * 18, "%.17g", nngp);
    cr_expect(fabs(ntk - 18.0 * (N + 1)) <= 1e-13 * 18 * (N + 1), "%.17g", ntk);
}

/* ---- the same bits --------------------------------------------------------------------------- */

enum { IMAGES = 21, SIDE = 7, PIXELS = SIDE * SIDE };

static void some_images(double *x) {
    double *normal = normals(5, "some", IMAGES * PIXELS);
    for (size_t i = 0; i < IMAGES; i++)
        for (size_t k = 0; k < PIXELS; k++) /* bytes, and others; a few blank rows */
            x[i * PIXELS + k] = k < SIDE * (i % 3) ? 0
                                : i % 2            ? normal[i * PIXELS + k]
                                                   : nearbyint(100 * fabs(normal[i * PIXELS + k])) / 255;
}

static ntk_architecture one_of(ntk_activation activation, size_t kind) {
    static const char *const layers[] = {"conv 3, pool gauss 2, conv 3", "conv 3, conv 3, conv 2",
                                         "conv 3 circular, conv 3 circular, pool box 2"};
    ntk_architecture a =
        network(SIDE, SIDE, 1, layers[kind % 3], kind % 2 ? NTK_READOUT_AVERAGE : NTK_READOUT_FLATTEN);
    a.activation = activation;
    a.weight_variance = activation == NTK_RELU ? 2 : 1;
    a.bias_variance = kind >= 3 ? 0.1 : 0;
    return a;
}

Test(convolution, any_number_of_workers) {
    double *x = zeros(IMAGES * PIXELS), *one = zeros(IMAGES * IMAGES), *more = zeros(IMAGES * IMAGES);
    some_images(x);
    for (size_t kind = 0; kind < 6; kind++) {
        const ntk_architecture a = one_of(NTK_RELU, kind);
        assert_ok(ntk_set_workers(1));
        assert_ok(ntk_kernel_gram(&a, NTK_KERNEL_NTK, IMAGES, PIXELS, x, PIXELS, one, IMAGES));
        for (size_t workers = 2; workers <= 5; workers += 3) {
            assert_ok(ntk_set_workers(workers));
            assert_ok(ntk_kernel_gram(&a, NTK_KERNEL_NTK, IMAGES, PIXELS, x, PIXELS, more, IMAGES));
            cr_expect_arr_eq(one, more, IMAGES * IMAGES * sizeof *one, "kind %zu, %zu workers", kind,
                             workers);
        }
    }
}

/* What stands in the other lanes does not matter: a pair alone, and in two matrices of other
 * shapes. */
Test(convolution, a_pair_alone) {
    double *x = zeros(IMAGES * PIXELS), *gram = zeros(IMAGES * IMAGES), *cross = zeros(IMAGES * IMAGES),
           pair[4];
    some_images(x);
    for (size_t kind = 0; kind < 3; kind++) {
        const ntk_architecture a = one_of(NTK_RELU, kind);
        assert_ok(ntk_kernel_gram(&a, NTK_KERNEL_NTK, IMAGES, PIXELS, x, PIXELS, gram, IMAGES));
        assert_ok(ntk_kernel_cross(&a, NTK_KERNEL_NTK, IMAGES, IMAGES, PIXELS, x, PIXELS, x, PIXELS, cross,
                                   IMAGES));
        for (size_t i = 1; i < IMAGES; i += 4) {
            double two[2 * PIXELS];
            memcpy(two, x, PIXELS * sizeof *x);
            memcpy(two + PIXELS, x + i * PIXELS, PIXELS * sizeof *x);
            assert_ok(ntk_kernel_gram(&a, NTK_KERNEL_NTK, 2, PIXELS, two, PIXELS, pair, 2));
            cr_expect_eq(pair[2], gram[i * IMAGES]);
            cr_expect_eq(pair[3], gram[i * IMAGES + i]);
        }
        for (size_t i = 0; i < IMAGES; i++)
            for (size_t j = 0; j < i; j++) cr_expect_eq(cross[i * IMAGES + j], gram[i * IMAGES + j]);
    }
}

/* Pairs (k, 0) of images with one instruction set's loops; and a pair of equal images. */
static void run_planes(const ntk_architecture *a, const ntk_planes *planes, const double *x, double *out) {
    ntk_convolution_plan plan;
    ntk_images images;
    assert_ok(ntk_convolution_plan_create(a, &plan));
    assert_ok(ntk_images_create(&plan, NTK_LANES, x, PIXELS, &images));
    if (a->activation == NTK_RELU) ntk_images_choose_units(&plan, &images, &images);
    ntk_convolution_kernel kernel = ntk_convolution_kernel_create(
        &plan, true, a->bias_variance > 0 ? images.unit[0] * images.unit[0] : 1);
    kernel.planes = planes;
    size_t all[NTK_LANES], first[NTK_LANES] = {0};
    for (size_t k = 0; k < NTK_LANES; k++) all[k] = k;
    ntk_pairs_room *room = NULL;
    assert_ok(ntk_pairs_room_create(&kernel, &room));
    assert_ok(ntk_convolution_selves(room, &images, all));
    assert_ok(ntk_convolution_kernel_expand(&kernel, &images, &images));
    assert_ok(ntk_convolution_pairs(room, &images, all, &images, first, out, out + NTK_LANES));
    assert_ok(
        ntk_convolution_pairs(room, &images, first, &images, all, out + 2 * NTK_LANES, out + 3 * NTK_LANES));
    memcpy(out + 4 * NTK_LANES, images.ntk, NTK_LANES * sizeof *out);
    ntk_pairs_room_destroy(room);
    ntk_convolution_kernel_destroy(&kernel);
    ntk_images_destroy(&images);
    ntk_convolution_plan_destroy(&plan);
}

Test(convolution, any_vector_width) {
    const ntk_planes *tables[4] = {&ntk_planes_scalar};
    size_t count = 1;
#ifdef NTK_SIMD_X86
    const char *const isas[] = {"sse2", "avx2", "avx512"};
    const ntk_planes *const wide[] = {&ntk_planes_sse2, &ntk_planes_avx2, &ntk_planes_avx512};
    const int runs[] = {1, __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"),
                        __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")};
    for (size_t k = 0; k < 3; k++) {
        cr_expect_str_eq(wide[k]->isa, isas[k]);
        if (runs[k]) tables[count++] = wide[k];
    }
#endif
    double *x = zeros(IMAGES * PIXELS), want[5 * NTK_LANES], got[5 * NTK_LANES];
    some_images(x);
    for (size_t activation = 0; activation <= NTK_COS; activation++)
        for (size_t kind = 0; kind < 6; kind += activation == NTK_RELU ? 1 : 4) {
            const ntk_architecture a = one_of((ntk_activation)activation, kind);
            run_planes(&a, tables[0], x, want);
            for (size_t t = 1; t < count; t++) {
                run_planes(&a, tables[t], x, got);
                for (size_t k = 0; k < 5 * NTK_LANES; k++)
                    cr_expect_eq(got[k], want[k], "%s, kind %zu, %s, %zu: %.17g, %.17g",
                                 ntk_activation_name(a.activation), kind, tables[t]->isa, k, got[k], want[k]);
            }
        }
}

/* ---- other activations ----------------------------------------------------------------------- */

/* One layer "conv 1" on one position is a dense network of one hidden layer and inputs `channels`.
 */
Test(convolution, one_position_is_a_dense_network) {
    enum { N = 9, D = 5 };
    double *x = normals(6, "dense", N * D), got[N * N], want[N * N];
    for (size_t activation = 0; activation <= NTK_COS; activation++) {
        ntk_architecture dense = ntk_architecture_default();
        ntk_architecture a = network(1, 1, D, "conv 3, conv 3", NTK_READOUT_AVERAGE);
        dense.depth = 2;
        a.activation = dense.activation = (ntk_activation)activation;
        a.weight_variance = dense.weight_variance = 1.25;
        a.bias_variance = dense.bias_variance = 0.1;
        assert_ok(ntk_kernel_gram(&a, NTK_KERNEL_NTK, N, D, x, D, got, N));
        assert_ok(ntk_kernel_gram(&dense, NTK_KERNEL_NTK, N, D, x, D, want, N));
        for (size_t k = 0; k < N * N; k++) /* 1e-12: what dense expansions promise */
            cr_expect(fabs(got[k] - want[k]) <= 1e-12 * sqrt(want[k / N * (N + 1)] * want[k % N * (N + 1)]),
                      "%s: %.17g, %.17g", ntk_activation_name(a.activation), got[k], want[k]);
    }
}

/* A linear network's NNGP is a quadratic form: with one layer "conv 1" and flatten w^2 w_0^2 <x,
 * x'>. */
Test(convolution, linear_activation) {
    double *x = normals(7, "linear", 2 * PIXELS), gram[4];
    ntk_architecture a = network(SIDE, SIDE, 1, "conv 1", NTK_READOUT_FLATTEN);
    a.activation = NTK_LINEAR;
    a.weight_variance = 1.5;
    a.convolution.first_weight_variance = 0.5;
    assert_ok(ntk_kernel_gram(&a, NTK_KERNEL_NNGP, 2, PIXELS, x, PIXELS, gram, 2));
    const double want = 0.75 * ntk_dot(PIXELS, x, x + PIXELS);
    cr_expect(fabs(gram[1] - want) <= 1e-14 * sqrt(gram[0] * gram[3]));
}

/* ---- errors ---------------------------------------------------------------------------------- */

Test(convolution, errors) {
    double x[2 * PIXELS], gram[4];
    for (size_t k = 0; k < 2 * PIXELS; k++) x[k] = 1 + (double)(k % 5);
    ntk_architecture a = network(SIDE, SIDE, 1, "conv 3", NTK_READOUT_FLATTEN);
    assert_fails(ntk_kernel_gram(&a, NTK_KERNEL_NTK, 2, 48, x, 48, gram, 2), NTK_ERROR_SHAPE,
                 "7 x 7 x 1 takes 49");
    x[PIXELS + 9] = NAN;
    assert_fails(ntk_kernel_gram(&a, NTK_KERNEL_NTK, 2, PIXELS, x, PIXELS, gram, 2), NTK_ERROR_NOT_FINITE,
                 "image 1: row 1, column 2, channel 0");
    x[PIXELS + 9] = 1e200;
    assert_fails(ntk_kernel_gram(&a, NTK_KERNEL_NTK, 2, PIXELS, x, PIXELS, gram, 2), NTK_ERROR_NOT_FINITE,
                 "images 1 and 1 overflows");
    x[PIXELS + 9] = 1e5;
    a.activation = NTK_TANH;
    assert_fails(ntk_kernel_gram(&a, NTK_KERNEL_NTK, 2, PIXELS, x, PIXELS, gram, 2), NTK_ERROR_UNSUPPORTED,
                 "variance");
    a.parametrisation = NTK_PARAMETRISATION_MEAN_FIELD;
    assert_fails(ntk_kernel_gram(&a, NTK_KERNEL_NTK, 2, PIXELS, x, PIXELS, gram, 2), NTK_ERROR_UNSUPPORTED,
                 "mean-field");
}

/* Black images without biases: no NaN, the limit 0. */
Test(convolution, black_images) {
    double x[2 * PIXELS] = {0}, gram[4];
    for (size_t k = 0; k < PIXELS; k++) x[k] = (double)k;
    for (size_t kind = 0; kind < 3; kind++) {
        const ntk_architecture a = one_of(NTK_RELU, kind);
        assert_ok(ntk_kernel_gram(&a, NTK_KERNEL_NTK, 2, PIXELS, x, PIXELS, gram, 2));
        cr_expect(gram[0] > 0 && gram[1] == 0 && gram[2] == 0 && gram[3] == 0);
    }
}

/* ---- numbers made elsewhere ------------------------------------------------------------------ */

static ntk_architecture network_of(const convolution_reference *r) {
    ntk_architecture a = ntk_architecture_default();
    a.family = NTK_CONVOLUTIONAL;
    assert_ok(ntk_architecture_parse_image(r->image, &a));
    assert_ok(ntk_architecture_parse_layers(r->layers, &a));
    assert_ok(ntk_activation_parse(r->activation, &a.activation));
    a.convolution.readout = strcmp(r->readout, "average") == 0 ? NTK_READOUT_AVERAGE : NTK_READOUT_FLATTEN;
    a.convolution.first_weight_variance = r->first_weight_variance;
    a.weight_variance = r->weight_variance;
    a.bias_variance = r->bias_variance;
    a.input_scale = r->divided ? NTK_INPUT_SCALE_DIMENSION : NTK_INPUT_SCALE_NONE;
    return a;
}

/* The numbers have 17 digits, which adds an ulp. */
Test(convolution, sixty_digits_from_another_program) {
    for (const convolution_reference *r = convolution_references; r->image != NULL; r++) {
        const ntk_architecture a = network_of(r);
        const size_t n = CONVOLUTION_REFERENCE_IMAGES, d = dimension(&a);
        double nngp[9], ntk[9];
        assert_ok(ntk_kernel_gram_both(&a, n, d, r->x, d, nngp, ntk, n));
        const double errors[] = {convolution_reference_distance(r->nngp, nngp),
                                 convolution_reference_distance(r->ntk, ntk)};
        cr_expect(errors[0] <= wanted && errors[1] <= wanted, "%s, %s: NNGP is off by %g, NTK by %g",
                  r->image, r->layers, errors[0], errors[1]);
        assert_ok(ntk_kernel_cross(&a, NTK_KERNEL_NTK, n, n, d, r->x, d, r->x, d, ntk, n));
        cr_expect(convolution_reference_distance(r->ntk, ntk) <= wanted, "%s, %s: cross", r->image,
                  r->layers);
    }
}

/* The first two digits in the network of Bietti and Mairal's code (sums over patches, poolings by 2
 * and 5), in 90 digits. Without biases the kernel of bytes is that of bytes / 255 times 255^2. */
Test(convolution, digits_in_ninety_digits) {
    static const double wanted_nngp[] = {7.004274216490087297, 7.933901898107574527, 8.996039952137935604};
    static const double wanted_ntk[] = {15.45535470146751, 17.66310848284741620, 20.26841383160072};
    ntk_architecture a =
        network(28, 28, 1, "conv 3 sum, pool gauss 2, conv 3 sum, pool gauss 5", NTK_READOUT_FLATTEN);
    ntk_array x;
    double nngp[4], ntk[4];
    a.input_scale = NTK_INPUT_SCALE_NONE;
    a.convolution.first_weight_variance = 1;
    assert_ok(ntk_array_read("data/mnist-5k-images-idx3-ubyte.gz", &x));
    assert_ok(ntk_kernel_gram_both(&a, 2, 784, x.values, 784, nngp, ntk, 2));
    ntk_array_release(&x);
    for (size_t k = 0; k < 3; k++) {
        const size_t at = k == 2 ? 3 : k;
        cr_expect_float_eq(nngp[at] / (255 * 255), wanted_nngp[k], wanted * wanted_nngp[k]);
        cr_expect_float_eq(ntk[at] / (255 * 255), wanted_ntk[k], wanted * wanted_ntk[k]);
    }
}

/* ---- blocks ---------------------------------------------------------------------------------- */

/* Pairs fall into other groups of eight than in the whole matrix: within a block, across the
 * diagonal, mirrored only in part. Gaussian pixels, bytes (whose sums are exact), an expansion. */
Test(convolution, blocks_have_the_bits_of_the_whole_matrix) {
    enum { N = 29, M = 13, D = 5 * 4 * 2 };
    const size_t cuts[][4] = {{0, 29, 0, 13}, {5, 9, 0, 13}, {3, 20, 7, 4}, {12, 1, 0, 13}, {0, 1, 12, 1}};
    double *normal = normals(7, "blocks", N * D), x[N * D], whole[N * N], out[N * M];
    for (size_t kind = 0; kind < 6; kind++) {
        ntk_architecture a = network(5, 4, 2, "conv 3, pool gauss 2, conv 3", NTK_READOUT_AVERAGE);
        const ntk_kernel_type type = kind % 2 ? NTK_KERNEL_NNGP : NTK_KERNEL_NTK;
        if (kind / 2 == 1) a.bias_variance = 0.1;
        if (kind / 2 == 2) a.activation = NTK_TANH, a.weight_variance = 1;
        for (size_t i = 0; i < N * D; i++) x[i] = kind / 2 == 1 ? round(40 * normal[i]) : normal[i];
        for (int cross = 0; cross < 2; cross++) {
            const double *y = cross ? x + D : NULL;
            const size_t m = cross ? M : N;
            ntk_kernel_blocks *blocks = NULL;
            if (cross)
                assert_ok(ntk_kernel_cross(&a, type, N, M, D, x, D, y, D, whole, M));
            else
                assert_ok(ntk_kernel_gram(&a, type, N, D, x, D, whole, N));
            assert_ok(ntk_kernel_blocks_create(&a, type, N, m, D, x, D, y, D, &blocks));
            for (size_t k = 0; k < sizeof cuts / sizeof *cuts; k++) {
                const size_t *c = cuts[k];
                for (size_t i = 0; i < N * M; i++) out[i] = -777;
                assert_ok(ntk_kernel_block(blocks, c[0], c[1], c[2], c[3], out, M));
                for (size_t i = 0; i < c[1]; i++)
                    cr_expect_eq(memcmp(out + i * M, whole + (c[0] + i) * m + c[2], c[3] * sizeof *out), 0,
                                 "network %zu, cross %d, block %zu, row %zu", kind, cross, k, i);
            }
            ntk_kernel_blocks_destroy(blocks);
        }
    }
}
