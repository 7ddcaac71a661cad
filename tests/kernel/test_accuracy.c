/* The kernels against the recursion in ball arithmetic (ball_kernel.c). src/kernel/gram.c derives
 *
 *     eps (sqrt(d) + 9 (L + 1)) (1 + sum_l g_l)
 *
 * relative to sqrt(Theta_xx Theta_x'x'), g_l what layer l may amplify (ball_kernel.h); residual.c
 * the same for residual networks. There every rounding errs in the same direction; roundings of
 * random sign stay below a quarter of it, which is what is allowed here: two lost bits show. */
#include <float.h>
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/ntk.h>

#include "ball_kernel.h"
#include "kernel/mixture.h"
#include "start.h"

TestSuite(accuracy, .init = start_linalg);

enum { POINTS = 6, MAX_D = 784, DEPTHS = 6 };

enum { CLOSED_FORMS = 7 };
static const ntk_activation closed_forms[CLOSED_FORMS] = {NTK_RELU, NTK_ERF,        NTK_GELU, NTK_SIN,
                                                          NTK_COS,  NTK_LEAKY_RELU, NTK_ABS};
static const double slopes[DEPTHS] = {0.01, -0.5, 0.3, 2, -1 + 1e-6, 0.99};

static const size_t dimensions[] = {3, 10, MAX_D};

static double allowance(const ntk_architecture *architecture, size_t d, const ball_kernel *exact) {
    const double rounding = DBL_EPSILON * (sqrt((double)d) + 9 * (double)(architecture->depth + 1));
    return 0.25 * rounding * exact->factor;
}

/* All entries of both kernels of n <= 8 points. */
static void check_points(const ntk_architecture *architecture, size_t n, size_t d, const double *x,
                         const char *what) {
    double nngp[64], ntk[64];
    assert_ok(ntk_kernel_gram_both(architecture, n, d, x, d, nngp, ntk, n));
    ball_kernel exact;
    ball_kernel_init(&exact);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) {
            ball_kernel_compute(architecture, d, x + i * d, x + j * d, &exact);
            const double tangent_error = ball_distance(exact.ntk, ntk[i * n + j]) / exact.scale;
            const double nngp_error = ball_distance(exact.nngp, nngp[i * n + j]) / exact.nngp_scale;
            const double error = fmax(tangent_error, nngp_error),
                         allowed = allowance(architecture, d, &exact);
            cr_assert(error <= allowed,
                      "%s, %s, d = %zu, L = %zu, pair (%zu, %zu): NTK %g, NNGP %g, allowed %g", what,
                      architecture->family == NTK_RESIDUAL ? "residual"
                                                           : ntk_activation_name(architecture->activation),
                      d, architecture->depth, i, j, tangent_error, nngp_error, allowed);
        }
    ball_kernel_clear(&exact);
}

static ntk_architecture residual(size_t depth, double scale) {
    ntk_architecture out = ntk_architecture_default();
    out.family = NTK_RESIDUAL;
    out.depth = depth;
    out.residual_scale = scale;
    return out;
}

/* Every closed-form activation with and without bias, both input scales, depth 1 .. 6. */
static void check_architectures(size_t n, size_t d, const double *x, const char *what) {
    for (size_t i = 0; i < CLOSED_FORMS; i++)
        for (size_t depth = 1; depth <= DEPTHS; depth++) {
            ntk_architecture architecture = ntk_architecture_default();
            architecture.activation = closed_forms[i];
            architecture.leaky_slope = slopes[depth - 1];
            architecture.depth = depth;
            check_points(&architecture, n, d, x, what);
            architecture.bias_variance = depth % 2 ? 0.01 : 0.7;
            architecture.weight_variance = 1.3;
            architecture.input_scale = depth % 3 ? NTK_INPUT_SCALE_DIMENSION : NTK_INPUT_SCALE_NONE;
            check_points(&architecture, n, d, x, what);
        }
}

static void normals(const char *name, size_t n, double *out) {
    ntk_stream stream = ntk_stream_create(20, name, 0);
    ntk_stream_normal(&stream, n, out);
}

/* Branches from negligible to dominant, both input scales, depth 1 .. 6. */
static void check_residual(size_t n, size_t d, const double *x, const char *what) {
    const double scales[] = {0, 1e-3, 0.3, 1, 20};
    for (size_t i = 0; i < 5; i++)
        for (size_t depth = 1; depth <= DEPTHS; depth++) {
            ntk_architecture architecture = residual(depth, scales[i]);
            architecture.input_scale = depth % 2 ? NTK_INPUT_SCALE_DIMENSION : NTK_INPUT_SCALE_NONE;
            check_points(&architecture, n, d, x, what);
        }
}

Test(accuracy, separated_points) {
    double x[POINTS * MAX_D];
    for (size_t k = 0; k < 3; k++) {
        normals("separated", POINTS * dimensions[k], x);
        if (dimensions[k] == MAX_D) /* norms stay moderate at scale none */
            for (size_t i = 0; i < POINTS * MAX_D; i++) x[i] *= 0.2;
        check_architectures(POINTS, dimensions[k], x, "separated");
        check_residual(POINTS, dimensions[k], x, "separated");
        const ntk_architecture deepest = residual(NTK_DEPTH_MAX, 0.5);
        check_points(&deepest, POINTS, dimensions[k], x, "deepest");
    }
}

/* "1e-12 for well-separated points" by itself, not through the bound. */
Test(accuracy, separated_points_reach_1e_12) {
    double x[POINTS * MAX_D], kernel[POINTS * POINTS];
    ball_kernel exact;
    ball_kernel_init(&exact);
    for (size_t k = 0; k < 3; k++) {
        const size_t d = dimensions[k];
        normals("1e-12", POINTS * d, x);
        ntk_architecture dense = ntk_architecture_default();
        dense.depth = DEPTHS;
        const ntk_architecture architectures[] = {dense, residual(DEPTHS, 0.5), residual(DEPTHS, 1)};
        for (size_t i = 0; i < 3 * POINTS * POINTS; i++) {
            const ntk_architecture *architecture = architectures + i / (POINTS * POINTS);
            const size_t row = i / POINTS % POINTS, column = i % POINTS;
            if (row == 0 && column == 0)
                assert_ok(ntk_kernel_gram(architecture, NTK_KERNEL_NTK, POINTS, d, x, d, kernel, POINTS));
            ball_kernel_compute(architecture, d, x + row * d, x + column * d, &exact);
            cr_assert(ball_distance(exact.ntk, kernel[row * POINTS + column]) <= 1e-12 * exact.scale);
        }
    }
    ball_kernel_clear(&exact);
}

/* x' = cos(t) x + sin(t) z |x| / |z| with z orthogonal to x: 1 - rho = t^2 / 2 from 1e-2 to 1e-16,
 * and -x'. */
Test(accuracy, nearly_parallel_and_antiparallel_points) {
    double x[POINTS * MAX_D];
    for (size_t k = 0; k < 3; k++) {
        const size_t d = dimensions[k];
        double *z = x + (POINTS - 1) * d;
        for (int exponent = 2; exponent <= 16; exponent += 2) {
            normals("near", POINTS * d, x);
            const double t = sqrt(2 * pow(10, -exponent)), c = ntk_dot(d, x, z) / ntk_dot(d, x, x);
            for (size_t i = 0; i < d; i++) z[i] -= c * x[i];
            const double ratio = ntk_norm(d, x) / ntk_norm(d, z);
            for (size_t i = 0; i < d; i++) {
                x[d + i] = cos(t) * x[i] + sin(t) * ratio * z[i];
                x[2 * d + i] = -x[d + i];
                x[3 * d + i] = 1.7 * x[d + i]; /* parallel up to rounding, of another norm */
            }
            for (size_t depth = 1; depth <= DEPTHS; depth += 2) {
                ntk_architecture architecture = ntk_architecture_default();
                architecture.depth = depth;
                check_points(&architecture, 4, d, x, "near");
                architecture.bias_variance = 0.1;
                check_points(&architecture, 4, d, x, "near, bias");
                architecture.activation = depth % 4 == 1 ? NTK_ERF : NTK_GELU;
                check_points(&architecture, 4, d, x, "near, smooth");
            }
            check_residual(4, d, x, "near");
        }
    }
}

/* Norms over six decades in one matrix; the dual activations of erf are close to saturation at the
 * top. */
Test(accuracy, norms_of_very_different_size) {
    double x[POINTS * 10];
    normals("norms", POINTS * 10, x);
    for (size_t i = 0; i < POINTS * 10; i++) x[i] *= pow(10, (double)(i / 10) - 4);
    check_architectures(POINTS, 10, x, "norms");
    check_residual(POINTS, 10, x, "norms");
}

/* Rows base, base, 2 base, -base, -base/2: homogeneity, Theta(x, c x) = c Theta(x, x), for c < 0
 * what the ball says. Rounding only: three operations a layer. */
static void check_parallel(const ntk_architecture *architecture, size_t d, const double *x) {
    enum { N = 5 };
    double kernel[N * N];
    assert_ok(ntk_kernel_gram(architecture, NTK_KERNEL_NTK, N, d, x, d, kernel, N));
    const double self = kernel[0], allowed = 4 * DBL_EPSILON * (double)(architecture->depth + 1);
    cr_assert(fabs(kernel[1] / self - 1) <= allowed);
    cr_assert(fabs(kernel[2] / (2 * self) - 1) <= allowed);
    ball_kernel exact;
    ball_kernel_init(&exact);
    for (size_t j = 3; j < N; j++) {
        ball_kernel_compute(architecture, d, x, x + j * d, &exact);
        cr_assert(ball_distance(exact.ntk, kernel[j]) <= 2 * allowed * exact.scale, "d %zu L %zu: %g", d,
                  architecture->depth, ball_distance(exact.ntk, kernel[j]) / exact.scale);
    }
    ball_kernel_clear(&exact);
}

/* Exactly singular pairs, to the last bits: x' = x, 2x, -x, -x/2 without bias. */
Test(accuracy, parallel_points_are_exact) {
    const double factor[] = {1, 1, 2, -1, -0.5};
    enum { N = 5 };
    double x[N * MAX_D], base[MAX_D];
    for (size_t k = 0; k < 3; k++) {
        const size_t d = dimensions[k];
        normals("parallel", d, base);
        for (size_t i = 0; i < N * d; i++) x[i] = factor[i / d] * base[i % d];
        for (size_t depth = 1; depth <= DEPTHS; depth++) {
            ntk_architecture architecture = ntk_architecture_default();
            architecture.depth = depth;
            check_parallel(&architecture, d, x);
            const double scales[] = {1e-6, 0.3, 1, 20};
            for (size_t i = 0; i < 4; i++) {
                architecture = residual(depth, scales[i]);
                check_parallel(&architecture, d, x);
            }
        }
    }
}

/* Scale 1e-3 .. 1e12, phase from ordered to chaotic, depth to 12, every kind of near pair: one
 * bound. */
Test(accuracy, at_any_scale_phase_depth_and_angle) {
    static const double weights[] = {0.5, 1, 1.5, 2, 10, 100}, biases[] = {0, 0.01, 0.5, 5};
    static const double factors[] = {1, 1, 1.3, 2, -1, -0.7};
    static const size_t depths[] = {1, 2, 3, 6, 9, 12};
    ntk_stream stream = ntk_stream_create(20, "any", 0);
    double x[2 * 10], u[6];
    for (size_t run = 0; run < 700; run++) {
        const size_t d = 2 + run % 4 * 2;
        ntk_stream_normal(&stream, 2 * d, x);
        ntk_stream_uniform(&stream, 6, u);
        const double scale = pow(10, 15 * u[0] * u[0] - 3), near = pow(10, -14 * u[1]);
        const double factor = factors[(size_t)(6 * u[2])];
        for (size_t k = 0; k < d; k++) {
            x[k] *= scale;
            x[d + k] = factor * x[k] + near * scale * x[d + k];
        }
        ntk_architecture architecture = ntk_architecture_default();
        architecture.activation = closed_forms[run / 4 % CLOSED_FORMS];
        architecture.leaky_slope = slopes[run / 28 % DEPTHS];
        architecture.weight_variance = weights[(size_t)(6 * u[3])];
        architecture.bias_variance = biases[(size_t)(4 * u[4])];
        architecture.depth = depths[(size_t)(6 * u[5])];
        /* The balls of GELU grow by S^2 a layer, those of ReLU by 1 / theta. */
        if (architecture.activation == NTK_GELU && architecture.depth > 6) architecture.depth = 6;
        check_points(&architecture, 2, d, x, "any");
    }
}

/* Variances that differ from layer to layer, some biases 0; and no hidden layer at all. */
Test(accuracy, variances_of_each_layer) {
    static const double weights[] = {1, 4, 9, 0.5, 2, 1.3, 3}, biases[] = {0.1, 0, 2, 0.3, 0, 0.5, 0};
    double x[POINTS * 10];
    normals("layers", POINTS * 10, x);
    for (size_t k = 0; k < 10; k++) x[10 + k] = x[k] * (1 + 1e-9);
    for (size_t depth = 0; depth <= 6; depth++)
        for (size_t a = 0; a < CLOSED_FORMS; a++) {
            ntk_architecture architecture = ntk_architecture_default();
            architecture.activation = closed_forms[a];
            architecture.depth = depth;
            check_points(&architecture, POINTS, 10, x, "depth");
            architecture.weight_variances = weights;
            check_points(&architecture, POINTS, 10, x, "weights");
            architecture.bias_variances = biases;
            check_points(&architecture, POINTS, 10, x, "weights and biases");
        }
}

/* The network (2.1) of chen-2025, L = 3: hidden biases of variance 1 inside the activation, none at
 * the output, the first layer not divided by the number of inputs; 40-digit values. With w_1^2 = 1
 * and b_l^2 = 1 the angle 0 gives S = 2, 3, 4 and Theta = 2, 5, 9, 13. */
Test(accuracy, the_network_of_chen_2025) {
    static const double weights[] = {1, 2, 2, 2}, biases[] = {1, 1, 1, 0}, angles[] = {0, 1, 2, M_PI};
    static const double wanted[] = {13, 9.596432869517077, 7.058757518061094, 6.160772960174095};
    double x[8], kernel[4];
    for (size_t i = 0; i < 4; i++) {
        x[2 * i] = cos(angles[i]);
        x[2 * i + 1] = sin(angles[i]);
    }
    ntk_architecture architecture = ntk_architecture_default();
    architecture.depth = 3;
    architecture.weight_variances = weights;
    architecture.bias_variances = biases;
    architecture.input_scale = NTK_INPUT_SCALE_NONE;
    assert_ok(ntk_kernel_cross(&architecture, NTK_KERNEL_NTK, 1, 4, 2, x, 2, x, 2, kernel, 4));
    for (size_t i = 0; i < 4; i++)
        cr_expect(fabs(kernel[i] - wanted[i]) <= 1e-14 * wanted[i], "angle %g: %.17g", angles[i], kernel[i]);
}

/* The deepest network: ordered, critical, chaotic. */
Test(accuracy, of_the_deepest_network) {
    double x[2 * 4];
    normals("deepest", 2 * 4, x);
    ball_bits = 8000; /* a layer of ReLU takes the bits of 1 / theta */
    for (size_t phase = 0; phase < 3; phase++)
        for (size_t a = 0; a < 3; a++) {
            ntk_architecture architecture = ntk_architecture_default();
            architecture.activation = (ntk_activation[]){NTK_RELU, NTK_ERF, NTK_SIN}[a];
            architecture.depth = NTK_DEPTH_MAX;
            architecture.weight_variance = (double[]){a == 0 ? 1.7 : 0.7, 2, 2.5}[phase];
            architecture.bias_variance = phase == 0 ? 0.5 : 0.05;
            check_points(&architecture, 2, 4, x, "deepest");
        }
}

/* The mixtures of arc-cosine kernels are another form of the dual activations: quadrature at
 * moderate variances, expansions beyond its reach in angle, and the limits of sign and ReLU beyond
 * both. */
Test(accuracy, mixtures_agree_with_quadrature_and_limits) {
    static const ntk_activation activations[] = {NTK_TANH, NTK_SOFTPLUS, NTK_SIGMOID};
    static const double covariances[][3] = {
        {0.01, 0.02, 0.013}, {1, 1, 0.999}, {4, 0.5, -1.2}, {30, 50, 38.7}, {900, 400, 100}};
    for (size_t a = 0; a < 3; a++)
        for (size_t k = 0; k < 5; k++) {
            const double *s = covariances[k], scale = sqrt(s[0] * s[1]);
            double value, derivative;
            assert_ok(
                ntk_dual_activation_quadrature(activations[a], s[0], s[1], s[2], &value, &derivative, NULL));
            const ntk_angle angle = ntk_angle_from_sine(1 - s[2] / scale * (s[2] / scale), s[2]);
            const ntk_dual found = ntk_mixture_dual(activations[a], sqrt(s[0]), sqrt(s[1]), &angle);
            cr_expect(fabs(found.value - value) <= 2e-13 * (1 + fabs(value)), "%zu %zu: %.17g %.17g", a, k,
                      found.value, value);
            cr_expect(fabs(found.derivative - derivative) <= 2e-13, "%zu %zu: %.17g %.17g", a, k,
                      found.derivative, derivative);
        }
    const ntk_angle right = ntk_angle_from_minus(1), third = ntk_angle_from_minus(0.5);
    cr_expect(fabs(ntk_mixture_dual(NTK_TANH, 1e9, 1e9, &third).value - 1.0 / 3) <= 1e-15);
    cr_expect(fabs(ntk_mixture_dual(NTK_SIGMOID, 1e9, 1e9, &third).value - 1.0 / 3) <= 1e-15);
    cr_expect(fabs(ntk_mixture_dual(NTK_SOFTPLUS, 1e9, 1e9, &right).value - 1e18 / (2 * M_PI)) <= 1e3);
}

/* Both kernels of two points against their enclosures: what kernel.h states, the expansion's 1e-13
 * once for each layer. */
static void check_enclosed(const ntk_architecture *architecture, size_t d, const double *x,
                           const char *what) {
    static const size_t pairs[] = {0, 0, 0, 1, 1, 1}, entries[] = {0, 1, 3};
    double nngp[4], ntk[4];
    ntk_interval exact_nngp[3], exact_ntk[3];
    assert_ok(ntk_kernel_gram_both(architecture, 2, d, x, d, nngp, ntk, 2));
    assert_ok(ntk_enclosure_entries(architecture, 2, d, x, d, 3, pairs, exact_nngp, exact_ntk));
    const double rounding = DBL_EPSILON * (sqrt((double)d) + 9 * (double)(architecture->depth + 1));
    const double allowed = 0.25 * rounding + 1e-13 * (double)architecture->depth;
    for (size_t k = 0; k < 3; k++) {
        const double nngp_scale = sqrt(exact_nngp[0].high) * sqrt(exact_nngp[2].high);
        const double scale = sqrt(exact_ntk[0].high) * sqrt(exact_ntk[2].high);
        const double error = fmax(fabs(nngp[entries[k]] - exact_nngp[k].low) / nngp_scale,
                                  fabs(ntk[entries[k]] - exact_ntk[k].low) / scale);
        cr_expect(error <= allowed, "%s, %s, L = %zu, w^2 = %g, b^2 = %g, entry %zu: %g, allowed %g", what,
                  ntk_activation_name(architecture->activation), architecture->depth,
                  architecture->weight_variance, architecture->bias_variance, k, error, allowed);
    }
}

/* Scale 1e-3 .. 1e3, phase, depth to 8, every kind of near pair, as above; every fifth pair raw
 * pixels, of variance 21169. */
Test(accuracy, of_expanded_activations_at_any_scale_phase_depth_and_angle) {
    static const ntk_activation activations[] = {NTK_TANH, NTK_SOFTPLUS, NTK_SIGMOID};
    static const double weights[] = {0.5, 1, 1.5, 2, 10, 100}, biases[] = {0, 0.01, 0.5, 5};
    static const double factors[] = {1, 1, 1.3, 2, -1, -0.7};
    static const size_t depths[] = {1, 1, 2, 3, 4, 8};
    ntk_stream stream = ntk_stream_create(20, "expanded", 0);
    double x[2 * 8], u[6];
    for (size_t run = 0; run < 30; run++) {
        const size_t d = 2 + run % 4 * 2;
        ntk_stream_normal(&stream, 2 * d, x);
        ntk_stream_uniform(&stream, 6, u);
        const double scale = run % 5 == 0 ? sqrt(21169) : pow(10, 6 * u[0] * u[0] - 3);
        const double near = pow(10, -14 * u[1]), factor = factors[(size_t)(6 * u[2])];
        for (size_t k = 0; k < d; k++) {
            x[k] *= scale;
            x[d + k] = factor * x[k] + near * scale * x[d + k];
        }
        ntk_architecture architecture = ntk_architecture_default();
        architecture.activation = activations[run % 3];
        architecture.weight_variance = run % 5 == 0 ? 2 : weights[(size_t)(6 * u[3])];
        architecture.bias_variance = biases[(size_t)(4 * u[4])];
        architecture.depth = depths[(size_t)(6 * u[5])];
        if (architecture.activation == NTK_SOFTPLUS && (architecture.weight_variance > 2 || run % 5 == 0))
            architecture.depth = 1; /* its variances grow; sums of large ones take long */
        check_enclosed(&architecture, d, x, run % 5 == 0 ? "pixels" : "any");
    }
}

/* Activations without a closed form: the expansion against the recursion by quadrature, pair by
 * pair. */
Test(accuracy, expansions_agree_with_quadrature) {
    enum { N = 5, D = 4 };
    const ntk_activation activations[] = {NTK_TANH, NTK_SOFTPLUS, NTK_SIGMOID};
    double x[N * D], nngp[N * N], ntk[N * N];
    normals("expansion", N * D, x);
    for (size_t k = 0; k < D; k++) x[D + k] = x[k] * (1 + 1e-6), x[2 * D + k] = 0;
    for (size_t a = 0; a < 3; a++) {
        ntk_architecture architecture = ntk_architecture_default();
        architecture.activation = activations[a];
        architecture.depth = 2;
        architecture.bias_variance = 0.05;
        assert_ok(ntk_kernel_gram_both(&architecture, N, D, x, D, nngp, ntk, N));
        for (size_t j = 0; j < N; j++) {
            double s[3]; /* xx, yy, xy */
            const double *const p[] = {x, x + j * D, x}, *const q[] = {x, x + j * D, x + j * D};
            for (size_t k = 0; k < 3; k++) s[k] = 2 * ntk_dot(D, p[k], q[k]) / D + 0.05;
            double theta = s[2];
            for (size_t l = 0; l < 2; l++) {
                double value[3], derivative;
                ntk_dual_activation_quadrature(activations[a], s[0], s[0], s[0], value, &derivative, NULL);
                ntk_dual_activation_quadrature(activations[a], s[1], s[1], s[1], value + 1, &derivative,
                                               NULL);
                ntk_dual_activation_quadrature(activations[a], s[0], s[1], s[2], value + 2, &derivative,
                                               NULL);
                for (size_t k = 0; k < 3; k++) s[k] = 2 * value[k] + 0.05;
                theta = s[2] + theta * 2 * derivative;
            }
            /* 1e-13 a layer is what the expansion promises. */
            cr_expect(fabs(nngp[j] - s[2]) <= 2e-13 * sqrt(nngp[0] * nngp[j * N + j]));
            cr_expect(fabs(ntk[j] - theta) <= 2e-13 * sqrt(ntk[0] * ntk[j * N + j]), "%s, %zu: %.17g %.17g",
                      ntk_activation_name(activations[a]), j, ntk[j], theta);
        }
    }
}
