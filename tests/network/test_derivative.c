/* Jacobian, pullback and pushforward against finite differences of the network as written in
 * reference.c, in extended precision, and against each other; the linearised model. */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include <criterion/criterion.h>

#include <ntk/network.h>

#include "reference.h"
#include "status.h"

/* Central differences: truncation STEP^2 f''' / 6, some 1e-12; rounding LDBL_EPSILON / STEP, some
 * 1e-13. */
#define STEP       1e-6
#define DIFFERENCE (LDBL_EPSILON < 1e-18 ? 1e-10 : 1e-6)
/* Sums of at most a few hundred products. */
#define ROUNDING 1e-13

/* (n K, p) by finite differences, away from kinks. */
static double *difference_jacobian(const reference_case *shape, const reference_draw *draw) {
    double *jacobian = reference_doubles(draw->rows * draw->parameters), column[64];
    long double f[64];
    /* A step moves h by at most STEP times an activation or its product with weights: far less than
     * this. */
    if (!ntk_activation_is_smooth(shape->architecture.activation))
        cr_assert(reference_forward(shape, draw->theta, draw->x, f) > 1e-4L, "a test point at a kink");
    for (size_t p = 0; p < draw->parameters; p++) {
        reference_difference(shape, draw->theta, p, STEP, draw->x, column);
        for (size_t i = 0; i < draw->rows; i++) jacobian[i * draw->parameters + p] = column[i];
    }
    return jacobian;
}

static void draw_normals(const char *label, size_t count, double *out) {
    ntk_stream stream = ntk_stream_create(2, label, count);
    ntk_stream_normal(&stream, count, out);
}

/* out <- J^T c, plain sums. */
static void multiply_transposed(const reference_draw *draw, const double *jacobian, const double *c,
                                double *out) {
    for (size_t p = 0; p < draw->parameters; p++) {
        out[p] = 0.0;
        for (size_t i = 0; i < draw->rows; i++) out[p] += jacobian[i * draw->parameters + p] * c[i];
    }
}

static void multiply(const reference_draw *draw, const double *jacobian, const double *v, double *out) {
    for (size_t i = 0; i < draw->rows; i++) {
        out[i] = 0.0;
        for (size_t p = 0; p < draw->parameters; p++) out[i] += jacobian[i * draw->parameters + p] * v[p];
    }
}

static void check_case(size_t t) {
    const reference_case *shape = &reference_cases[t];
    reference_draw draw = reference_draw_create(shape);
    const size_t p = draw.parameters;
    double *differences = difference_jacobian(shape, &draw), *jacobian = reference_doubles(draw.rows * p);
    double *gradient = reference_doubles(p), *wanted = reference_doubles(p), *v = reference_doubles(p);
    double c[64], f[64], tangent[64], wanted_tangent[64];
    draw_normals("cotangent", draw.rows, c);
    draw_normals("direction", p, v);

    assert_ok(ntk_network_jacobian(draw.network, draw.theta, shape->n, draw.x, jacobian));
    double error = reference_relative_error(draw.rows * p, jacobian, differences);
    cr_assert(error <= DIFFERENCE, "case %zu: Jacobian and differences: %g", t, error);

    assert_ok(ntk_network_forward(draw.network, draw.theta, shape->n, draw.x, f));
    assert_ok(ntk_network_pullback(draw.network, draw.theta, shape->n, draw.x, c, gradient));
    multiply_transposed(&draw, differences, c, wanted);
    error = reference_relative_error(p, gradient, wanted);
    cr_assert(error <= DIFFERENCE, "case %zu: pullback and differences: %g", t, error);
    multiply_transposed(&draw, jacobian, c, wanted);
    error = reference_relative_error(p, gradient, wanted);
    cr_assert(error <= ROUNDING, "case %zu: pullback and Jacobian: %g", t, error);

    assert_ok(ntk_network_pushforward(draw.network, draw.theta, shape->n, draw.x, v, tangent));
    multiply(&draw, differences, v, wanted_tangent);
    error = reference_relative_error(draw.rows, tangent, wanted_tangent);
    cr_assert(error <= DIFFERENCE, "case %zu: pushforward and differences: %g", t, error);
    multiply(&draw, jacobian, v, wanted_tangent);
    error = reference_relative_error(draw.rows, tangent, wanted_tangent);
    cr_assert(error <= ROUNDING, "case %zu: pushforward and Jacobian: %g", t, error);

    double left = 0.0, right = 0.0, scale = 0.0; /* <c, J v> = <J^T c, v> */
    for (size_t i = 0; i < draw.rows; i++) left += c[i] * tangent[i];
    for (size_t i = 0; i < p; i++) right += gradient[i] * v[i], scale += fabs(gradient[i] * v[i]);
    cr_assert(fabs(left - right) <= ROUNDING * scale, "case %zu: <c, Jv> and <J^T c, v>", t);

    free(differences), free(jacobian), free(gradient), free(wanted), free(v);
    reference_draw_destroy(&draw);
}

Test(network_derivative, agrees_with_differences_and_with_the_jacobian) {
    for (size_t t = 0; t < reference_case_count; t++) check_case(t);
}

/* At widths where the weights are walked in bands: against the Jacobian, and against inputs one at
 * a time, for which one band suffices. */
static void check_bands(const reference_case *shape) {
    reference_draw draw = reference_draw_create(shape);
    const size_t p = draw.parameters, rows = draw.rows;
    double *jacobian = reference_doubles(rows * p), *v = reference_doubles(p), *wanted = reference_doubles(p);
    double *gradient = reference_doubles(p), *c = reference_doubles(rows), *f = reference_doubles(rows);
    double *single = reference_doubles(rows), *tangent = reference_doubles(rows);
    draw_normals("cotangent", rows, c);
    draw_normals("direction", p, v);
    for (size_t i = 0; i < shape->n; i++)
        assert_ok(ntk_network_forward(draw.network, draw.theta, 1, draw.x + i * shape->inputs,
                                      single + i * shape->outputs));
    assert_ok(ntk_network_jacobian(draw.network, draw.theta, shape->n, draw.x, jacobian));
    assert_ok(ntk_network_forward(draw.network, draw.theta, shape->n, draw.x, f));
    cr_assert(reference_relative_error(rows, f, single) <= ROUNDING);
    assert_ok(ntk_network_pullback(draw.network, draw.theta, shape->n, draw.x, c, gradient));
    multiply_transposed(&draw, jacobian, c, wanted);
    cr_assert(reference_relative_error(p, gradient, wanted) <= ROUNDING);
    assert_ok(ntk_network_pushforward(draw.network, draw.theta, shape->n, draw.x, v, tangent));
    multiply(&draw, jacobian, v, single);
    /* A plain sum over p = 160,000 terms of either sign errs by at most sqrt(p) roundings, in
     * practice. */
    cr_assert(reference_relative_error(rows, tangent, single) <= 1e-12);
    free(jacobian), free(v), free(wanted), free(gradient), free(c), free(f), free(single), free(tangent);
    reference_draw_destroy(&draw);
}

Test(network_derivative, does_not_depend_on_bands) {
    reference_case shape = {.architecture = ntk_architecture_default(), .inputs = 6, .width = 200, .n = 30};
    shape.outputs = 2;
    shape.architecture.depth = 2;
    shape.architecture.activation = NTK_TANH;
    shape.architecture.bias_variance = 0.1;
    check_bands(&shape);
    shape.architecture = ntk_architecture_default();
    shape.architecture.family = NTK_RESIDUAL;
    shape.architecture.depth = 2;
    check_bands(&shape);
}

Test(network_derivative, pullback_survives_pushforward_and_repeats) {
    const reference_case *shape = &reference_cases[5];
    reference_draw draw = reference_draw_create(shape);
    const size_t p = draw.parameters;
    double *first = reference_doubles(p), *second = reference_doubles(p), f[64], c[64], tangent[64];
    draw_normals("cotangent", draw.rows, c);
    assert_ok(ntk_network_forward(draw.network, draw.theta, shape->n, draw.x, f));
    assert_ok(ntk_network_pullback(draw.network, draw.theta, shape->n, draw.x, c, first));
    assert_ok(ntk_network_pushforward(draw.network, draw.theta, shape->n, draw.x, first, tangent));
    assert_ok(ntk_network_pullback(draw.network, draw.theta, shape->n, draw.x, c, second));
    cr_assert_arr_eq(first, second, p * sizeof *first);
    free(first), free(second);
    reference_draw_destroy(&draw);
}

Test(network_derivative, needs_the_forward_of_its_batch) {
    const reference_case *shape = &reference_cases[1];
    reference_draw draw = reference_draw_create(shape);
    double f[64], *gradient = reference_doubles(draw.parameters);
    cr_assert_eq(ntk_network_pullback(draw.network, draw.theta, shape->n, draw.x, f, gradient),
                 NTK_ERROR_ARGUMENT);
    cr_assert_eq(ntk_network_pushforward(draw.network, draw.theta, shape->n, draw.x, gradient, f),
                 NTK_ERROR_ARGUMENT);
    assert_ok(ntk_network_forward(draw.network, draw.theta, shape->n, draw.x, f));
    cr_assert_eq(ntk_network_pullback(draw.network, draw.theta, shape->n - 1, draw.x, f, gradient),
                 NTK_ERROR_ARGUMENT);
    free(gradient);
    reference_draw_destroy(&draw);
}

/* max |f(theta_0 + h v) - f_lin|, f in extended precision. */
static double linearisation_error(const reference_case *shape, reference_draw *draw, const double *v,
                                  double h) {
    double *theta = reference_doubles(draw->parameters), linear[64], error = 0.0;
    long double f[64];
    for (size_t i = 0; i < draw->parameters; i++) theta[i] = draw->theta[i] + h * v[i];
    assert_ok(ntk_network_linearised(draw->network, draw->theta, theta, shape->n, draw->x, linear));
    reference_forward(shape, theta, draw->x, f);
    for (size_t i = 0; i < draw->rows; i++) error = fmax(error, fabs(linear[i] - (double)f[i]));
    free(theta);
    return error;
}

Test(network_derivative, linearised_model_is_tangent) {
    for (size_t t = 0; t < reference_case_count; t++) {
        const reference_case *shape = &reference_cases[t];
        reference_draw draw = reference_draw_create(shape);
        double *v = reference_doubles(draw.parameters), f[64];
        draw_normals("direction", draw.parameters, v);
        assert_ok(ntk_network_forward(draw.network, draw.theta, shape->n, draw.x, f));
        double at_start[64];
        assert_ok(ntk_network_linearised(draw.network, draw.theta, draw.theta, shape->n, draw.x, at_start));
        cr_assert_arr_eq(at_start, f, draw.rows * sizeof *f, "case %zu: not exact at theta_0", t);
        if (ntk_activation_is_smooth(shape->architecture.activation) && shape->architecture.depth > 0) {
            /* The remainder is (h^2 / 2) f'' (1 + O(h)): halving h divides it by 4, to a few per
             * mille. */
            const double ratio =
                linearisation_error(shape, &draw, v, 2e-4) / linearisation_error(shape, &draw, v, 1e-4);
            cr_assert(ratio >= 3.95 && ratio <= 4.05, "case %zu: remainder falls by %g", t, ratio);
        }
        free(v);
        reference_draw_destroy(&draw);
    }
}
