/* The kernel of the sliding flow against J P J^T, with J and the gradients of the pre-activations
 * from explicit Jacobians, P by Gram and Schmidt, and what slides from the velocities on both
 * sides. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/linalg.h>
#include <ntk/network.h>

#include "reference.h"
#include "status.h"

enum { INPUTS = 3, WIDTH = 12, POINTS = 4, KINKS = 3 };

static const double on_kink = 1e-11, reach = 1e-6;

typedef struct place {
    size_t layer, unit, point;
} place;

/* Pre-activations of layer l of a network without biases are outputs of one of l - 1 hidden layers,
 * on the same weights; of the first layer, of the inputs. out: (n, m, p), d h_k(x_i) / d theta, and
 * h (n, m). */
static void preactivations(const reference_case *shape, const reference_draw *draw, size_t l, double *h,
                           double *out) {
    const size_t n = shape->n, m = shape->width, d = shape->inputs, p = draw->parameters;
    memset(out, 0, n * m * p * sizeof *out);
    if (l == 1) {
        const double scale = sqrt(shape->architecture.weight_variance / (double)d);
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < m; k++) {
                h[i * m + k] = 0;
                for (size_t c = 0; c < d; c++) {
                    h[i * m + k] += scale * draw->theta[k * d + c] * draw->x[i * d + c];
                    out[(i * m + k) * p + k * d + c] = scale * draw->x[i * d + c];
                }
            }
        return;
    }
    ntk_architecture below = shape->architecture;
    ntk_network *network;
    below.depth = l - 1;
    assert_ok(ntk_network_create(&below, d, m, m, &network));
    const size_t q = ntk_network_parameters(network);
    double *jacobian = reference_doubles(n * m * q);
    assert_ok(ntk_network_forward(network, draw->theta, n, draw->x, h));
    assert_ok(ntk_network_jacobian(network, draw->theta, n, draw->x, jacobian));
    for (size_t r = 0; r < n * m; r++) memcpy(out + r * p, jacobian + r * q, q * sizeof *out);
    free(jacobian);
    ntk_network_destroy(network);
}

/* Move the weights of a neuron so that its pre-activation at a point is `value`. */
static void put_on_kink(const reference_case *shape, reference_draw *draw, place at, double value) {
    const size_t m = shape->width, d = shape->inputs, p = draw->parameters;
    const size_t row = at.point * m + at.unit;
    double h[POINTS * WIDTH], *gradient = reference_doubles(shape->n * m * p), square = 0;
    preactivations(shape, draw, at.layer, h, gradient);
    const size_t fan_in = at.layer == 1 ? d : m;
    const size_t first = (at.layer == 1 ? 0 : m * d + (at.layer - 2) * m * m) + at.unit * fan_in;
    const double *own = gradient + row * p + first;
    for (size_t c = 0; c < fan_in; c++) square += own[c] * own[c];
    for (size_t c = 0; c < fan_in; c++) draw->theta[first + c] += (value - h[row]) * own[c] / square;
    free(gradient);
}

/* Velocity of a pre-activation under theta' = -J^T c, at the parameters as they are. */
static double velocity(const reference_case *shape, const reference_draw *draw, place at, const double *c) {
    const size_t p = draw->parameters, rows = draw->rows;
    double h[POINTS * WIDTH], sum = 0, *gradient = reference_doubles(shape->n * shape->width * p);
    double *jacobian = reference_doubles(rows * p);
    preactivations(shape, draw, at.layer, h, gradient);
    assert_ok(ntk_network_jacobian(draw->network, draw->theta, shape->n, draw->x, jacobian));
    for (size_t r = 0; r < rows; r++)
        for (size_t k = 0; k < p; k++)
            sum -= c[r] * jacobian[r * p + k] * gradient[(at.point * shape->width + at.unit) * p + k];
    free(gradient), free(jacobian);
    return sum;
}

/* Theta_hat with the Jacobian's rows projected off `count` vectors (count, p). */
static void project(const reference_case *shape, const reference_draw *draw, double *vectors, size_t count,
                    double *kernel) {
    const size_t p = draw->parameters, rows = draw->rows;
    double *jacobian = reference_doubles(rows * p);
    assert_ok(ntk_network_jacobian(draw->network, draw->theta, shape->n, draw->x, jacobian));
    for (size_t s = 0; s < count; s++) {
        double *v = vectors + s * p, norm = sqrt(ntk_dot(p, v, v));
        for (size_t k = 0; k < p; k++) v[k] /= norm;
        for (size_t r = 0; r < rows + count - s - 1; r++) {
            double *w = r < rows ? jacobian + r * p : vectors + (s + 1 + r - rows) * p;
            const double part = ntk_dot(p, v, w);
            for (size_t k = 0; k < p; k++) w[k] -= part * v[k];
        }
    }
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < rows; j++)
            kernel[i * rows + j] = ntk_dot(p, jacobian + i * p, jacobian + j * p);
    free(jacobian);
}

/* Kinks in different neurons, that hardly feel each other: each slides if its velocity points to it
 * from both sides. Returns how many do. */
static size_t check_case(const reference_case *shape, const place *at, uint64_t seed) {
    reference_draw draw = reference_draw_create(shape);
    const size_t p = draw.parameters, rows = draw.rows, m = shape->width;
    double c[POINTS * 2], h[POINTS * WIDTH], kernel[64], wanted[64];
    double *vectors = reference_doubles(KINKS * p), *gradient = reference_doubles(shape->n * m * p);
    ntk_stream stream = ntk_stream_create(seed, "cotangent", 0);
    ntk_stream_normal(&stream, rows, c);
    ntk_network_initialise(draw.network, &stream, draw.theta);
    size_t count = 0, found = 0;
    for (size_t s = 0; s < KINKS; s++) put_on_kink(shape, &draw, at[s], on_kink);
    for (size_t s = 0; s < KINKS; s++) {
        const double above = velocity(shape, &draw, at[s], c);
        put_on_kink(shape, &draw, at[s], -on_kink);
        const double below = velocity(shape, &draw, at[s], c);
        put_on_kink(shape, &draw, at[s], on_kink);
        if (!(above < 0 && below > 0)) continue;
        preactivations(shape, &draw, at[s].layer, h, gradient);
        memcpy(vectors + count++ * p, gradient + (at[s].point * m + at[s].unit) * p, p * sizeof(double));
    }
    assert_ok(ntk_network_sliding_kernel(draw.network, draw.theta, shape->n, draw.x, c, reach, kernel, rows,
                                         &found));
    project(shape, &draw, vectors, count, wanted);
    cr_assert_eq(found, count, "%zu slide, not %zu", found, count);
    const double error = reference_relative_error(rows * rows, kernel, wanted);
    cr_assert(error <= 1e-10, "depth %zu: error %g", shape->architecture.depth, error);
    /* Without a reach nothing slides. */
    assert_ok(
        ntk_network_sliding_kernel(draw.network, draw.theta, shape->n, draw.x, c, 0, kernel, rows, &found));
    project(shape, &draw, vectors, 0, wanted);
    cr_assert(found == 0 && reference_relative_error(rows * rows, kernel, wanted) <= 1e-12);
    free(vectors), free(gradient);
    reference_draw_destroy(&draw);
    return count;
}

Test(network_sliding, is_the_kernel_projected_off_what_slides) {
    static const place shallow[KINKS] = {{1, 0, 0}, {1, 3, 1}, {1, 5, 2}};
    static const place deep[KINKS] = {{1, 0, 0}, {2, 3, 1}, {2, 5, 2}};
    static const place both[KINKS] = {{1, 5, 2}, {2, 1, 3}, {3, 3, 1}};
    reference_case shape = {{.depth = 1, .weight_variance = 2}, INPUTS, WIDTH, 1, POINTS};
    size_t sliding = 0, deeper = 0;
    for (uint64_t seed = 0; seed < 24; seed++) sliding += check_case(&shape, shallow, seed);
    shape.outputs = 2;
    shape.architecture.depth = 2;
    for (uint64_t seed = 0; seed < 12; seed++) deeper += check_case(&shape, deep, seed);
    shape.architecture.depth = 3;
    for (uint64_t seed = 0; seed < 6; seed++) deeper += check_case(&shape, both, seed);
    cr_assert(sliding >= 6 && deeper >= 4, "the test has seen %zu and %zu slide", sliding, deeper);
}

/* ---- two layers: what slides above decides what slides below --------------------------------- */

/* A kink of the first layer and one of the second at one point, y_A, y_B the parts of their
 * derivatives that are on. theta' and the velocity v_A are bilinear in (y_A, y_B), known at the
 * four corners: the sides. grad h_B has y_A kappa grad h_A, kappa the scaled weight from A to B, so
 * that v_B is u_B + y_A kappa v_A with u_B bilinear. */
typedef struct coupling {
    double v[2][2], u[2][2]; /* by the sides of A and of B, 1 above */
    double kappa;
} coupling;

static double bilinear(const double at[2][2], double a, double b) {
    return (1 - a) * ((1 - b) * at[0][0] + b * at[0][1]) + a * ((1 - b) * at[1][0] + b * at[1][1]);
}

static coupling couple(const reference_case *shape, reference_draw *draw, place A, place B, const double *c) {
    const size_t m = shape->width;
    coupling out = {.kappa = sqrt(shape->architecture.weight_variance / (double)m) *
                             draw->theta[m * shape->inputs + B.unit * m + A.unit]};
    for (int a = 0; a < 2; a++)
        for (int b = 0; b < 2; b++) {
            put_on_kink(shape, draw, A, a ? on_kink : -on_kink);
            put_on_kink(shape, draw, B, b ? on_kink : -on_kink);
            out.v[a][b] = velocity(shape, draw, A, c);
            out.u[a][b] = velocity(shape, draw, B, c) - a * out.kappa * out.v[a][b];
        }
    return out;
}

/* Whether both draw their pre-activations back from either side, wherever the other stands. */
static bool attract(const coupling *k) {
    for (int s = 0; s < 2; s++) {
        const double below = k->u[s][0] + s * k->kappa * k->v[s][0];
        const double above = k->u[s][1] + s * k->kappa * k->v[s][1];
        if (!(k->v[1][s] < k->v[0][s] && above < below)) return false;
    }
    return true;
}

/* y of a state, 0: off, 1: on, 2: slides; where both slide by Newton's method. */
static bool parts_of(const coupling *k, int A, int B, double *a, double *b) {
    *a = A == 2 ? 0.5 : A, *b = B == 2 ? 0.5 : B;
    for (int pass = 0; pass < 60 && (A == 2 || B == 2); pass++) {
        const double v = bilinear(k->v, *a, *b);
        const double u = bilinear(k->u, *a, *b) + (A == 2 ? 0 : *a * k->kappa * v);
        const double va = bilinear(k->v, 1, *b) - bilinear(k->v, 0, *b);
        const double vb = bilinear(k->v, *a, 1) - bilinear(k->v, *a, 0);
        const double ua = bilinear(k->u, 1, *b) - bilinear(k->u, 0, *b);
        const double ub = bilinear(k->u, *a, 1) - bilinear(k->u, *a, 0) + (A == 2 ? 0 : *a * k->kappa * vb);
        const double determinant = va * ub - vb * ua;
        if (A == 2 && B == 2)
            *a -= (v * ub - u * vb) / determinant, *b -= (u * va - v * ua) / determinant;
        else if (A == 2)
            *a -= v / va;
        else
            *b -= u / ub;
    }
    return *a >= 0 && *a <= 1 && *b >= 0 && *b <= 1;
}

/* How many of the two slide: the states that are consistent, which have to be one. */
static size_t count_sliding(const coupling *k, int state[2]) {
    size_t found = 0;
    for (int A = 0; A < 3; A++)
        for (int B = 0; B < 3; B++) {
            double a, b;
            if (!parts_of(k, A, B, &a, &b)) continue;
            const double v = bilinear(k->v, a, b), u = bilinear(k->u, a, b) + a * k->kappa * v;
            if ((A == 0 && v > 0) || (A == 1 && v < 0) || (B == 0 && u > 0) || (B == 1 && u < 0)) continue;
            state[0] = A, state[1] = B;
            found++;
        }
    return found;
}

/* The projection off what slides; grad h_B from either side, since they differ by grad h_A. */
static void check_coupled(const reference_case *shape, reference_draw *draw, const place at[2],
                          const int state[2], const double *c) {
    const size_t p = draw->parameters, rows = draw->rows, m = shape->width;
    double h[POINTS * WIDTH], kernel[64], wanted[64];
    double *vectors = reference_doubles(2 * p), *gradient = reference_doubles(shape->n * m * p);
    size_t count = 0, found = 0;
    for (int s = 0; s < 2; s++) {
        if (state[s] != 2) continue;
        preactivations(shape, draw, at[s].layer, h, gradient);
        memcpy(vectors + count++ * p, gradient + (at[s].point * m + at[s].unit) * p, p * sizeof(double));
    }
    assert_ok(ntk_network_sliding_kernel(draw->network, draw->theta, shape->n, draw->x, c, reach, kernel,
                                         rows, &found));
    cr_assert_eq(found, count, "%zu slide, not %zu", found, count);
    if (count == 2) {
        project(shape, draw, vectors, count, wanted);
        const double error = reference_relative_error(rows * rows, kernel, wanted);
        cr_assert(error <= 1e-9, "error %g", error);
    }
    free(vectors), free(gradient);
}

Test(network_sliding, of_a_layer_decides_what_slides_below) {
    const reference_case shape = {{.depth = 2, .weight_variance = 2}, INPUTS, WIDTH, 1, POINTS};
    const place at[2] = {{1, 5, 2}, {2, 1, 2}};
    size_t seen = 0, both = 0, decided = 0;
    for (uint64_t seed = 0; seed < 400; seed++) {
        reference_draw draw = reference_draw_create(&shape);
        double c[POINTS];
        int state[2];
        ntk_stream stream = ntk_stream_create(seed, "coupled", 0);
        ntk_stream_normal(&stream, draw.rows, c);
        ntk_network_initialise(draw.network, &stream, draw.theta);
        const coupling k = couple(&shape, &draw, at[0], at[1], c); /* ends above both */
        if (attract(&k) && count_sliding(&k, state) == 1) {
            const bool on = k.v[1][1] < 0 && k.v[0][1] > 0, off = k.v[1][0] < 0 && k.v[0][0] > 0;
            seen++;
            both += state[0] == 2 && state[1] == 2;
            decided += on != off;
            check_coupled(&shape, &draw, at, state, c);
        }
        reference_draw_destroy(&draw);
    }
    cr_assert(seen >= 40 && both >= 3 && decided >= 1, "%zu, %zu, %zu", seen, both, decided);
}

/* Two points on the kink of one neuron, which feel each other: h' = q - G y, G = (1, g; g, 1) s^2,
 * by hand. f = s a [h]_+ over one neuron; c < 0 pulls outputs up, a < 0 makes that a push down.
 * With pushes p_1, p_2 and nothing else moving the neuron, q = 0: both are off, none slides. A
 * third point that pulls it up makes them slide. */
Test(network_sliding, of_two_points_on_one_neuron) {
    const ntk_architecture architecture = {
        .depth = 1, .weight_variance = 1, .input_scale = NTK_INPUT_SCALE_NONE};
    ntk_network *network;
    assert_ok(ntk_linalg_start());
    assert_ok(ntk_network_create(&architecture, 3, 1, 1, &network));
    /* w is orthogonal to the first two points; the third, on w's side, pulls along e_1 + e_2. */
    const double x[] = {1, 0, 0, 0, 1, 0, 1, 1, 1}, theta[] = {1e-12, -1e-12, 1, -1};
    double c[] = {-1, -1, 0.1}, kernel[9];
    size_t found;
    /* dL/da = c a: push 1 at both, pull 0.1 along x_3: h_1' = h_2' = 0.1 - y. */
    c[0] = c[1] = -1;
    assert_ok(ntk_network_sliding_kernel(network, theta, 3, x, c, 1e-6, kernel, 3, &found));
    cr_assert_eq(found, 2);
    /* grad f_3 = (a x_3, h_3), a = -1: what is left is (0, 0, -1; 1). grad f_1, grad f_2 vanish. */
    for (size_t k = 0; k < 8; k++) cr_assert_float_eq(kernel[k], 0, 1e-10);
    cr_assert_float_eq(kernel[8], 2, 1e-10);
    c[2] = -0.1; /* pulls the other way: they leave, off */
    assert_ok(ntk_network_sliding_kernel(network, theta, 3, x, c, 1e-6, kernel, 3, &found));
    cr_assert_eq(found, 0);
    c[2] = 1.5; /* too strong for the pushes: they leave, on */
    assert_ok(ntk_network_sliding_kernel(network, theta, 3, x, c, 1e-6, kernel, 3, &found));
    cr_assert_eq(found, 0);
    cr_assert_eq(ntk_network_sliding_kernel(network, theta, 3, x, c, NAN, kernel, 3, &found),
                 NTK_ERROR_ARGUMENT);
    ntk_network_destroy(network);
}

Test(network_sliding, of_a_smooth_network_is_the_tangent_kernel) {
    for (size_t t = 0; t < reference_case_count; t++) {
        const reference_case *shape = &reference_cases[t];
        if (!ntk_activation_is_smooth(shape->architecture.activation)) continue;
        reference_draw draw = reference_draw_create(shape);
        double kernel[256], wanted[256], c[16];
        size_t found = 1;
        for (size_t i = 0; i < draw.rows; i++) c[i] = 1;
        assert_ok(ntk_network_sliding_kernel(draw.network, draw.theta, shape->n, draw.x, c, 1, kernel,
                                             draw.rows, &found));
        assert_ok(ntk_network_tangent_kernel(draw.network, draw.theta, shape->n, draw.x, wanted, draw.rows));
        cr_assert(found == 0 && memcmp(kernel, wanted, draw.rows * draw.rows * sizeof(double)) == 0);
        reference_draw_destroy(&draw);
    }
}

/* Slopes that are not 0 and 1, and networks whose layers are not dense: refused, not computed. */
Test(sliding, refuses_other_kinks) {
    const ntk_activation others[] = {NTK_LEAKY_RELU, NTK_ABS};
    double theta[WIDTH * (INPUTS + 1)] = {0}, x[INPUTS] = {1, 2, 3}, cotangent[1] = {1}, gram[1];
    size_t sliding;
    for (size_t k = 0; k < 3; k++) {
        ntk_architecture a = ntk_architecture_default();
        if (k < 2)
            a.activation = others[k];
        else
            assert_ok(ntk_architecture_convolutional(1, INPUTS, 1, "conv 1", &a));
        ntk_network *network = NULL;
        assert_ok(ntk_network_create(&a, INPUTS, WIDTH, 1, &network));
        cr_assert_leq(ntk_network_parameters(network), sizeof theta / sizeof *theta);
        cr_expect_eq(ntk_network_sliding_kernel(network, theta, 1, x, cotangent, 1e-6, gram, 1, &sliding),
                     NTK_ERROR_UNSUPPORTED, "%zu", k);
        ntk_network_destroy(network);
    }
}
