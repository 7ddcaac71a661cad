/* The integrators one step at a time: orders, stability, dense output, and their helpers. */
#include <float.h>
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/linalg.h>

#include "dynamics/bracket.h"
#include "dynamics/power_iteration.h"
#include "dynamics/stepper.h"
#include "dynamics/vectors.h"
#include "problems.h"

/* Three points of a logistic problem; its kernel is small enough that no bound cuts the steps of
 * the tests. */
enum { N = 3 };
static const double eigenvalues[N] = {0.02, 0.2, 1}, targets[N] = {1, 0, 1}, f0[N] = {0.3, 0.2, -1};
static const ntk_clock no_limit = {INFINITY, INFINITY};

static ntk_model logistic_model(void) {
    double gram[N * N];
    matrix_with_spectrum(N, eigenvalues, gram);
    return linear_model(N, 1, gram, f0);
}

static ntk_stepper start(const ntk_model *model, const ntk_method *method, ntk_time time) {
    ntk_flow_options options = ntk_flow_options_default();
    options.loss = NTK_LOSS_LOGISTIC;
    options.time = time;
    options.tolerance = 0.9; /* every step is accepted */
    options.step = 1;
    const double theta[N] = {0};
    ntk_stepper stepper;
    assert_ok(ntk_stepper_create(model, targets, &options, method, NULL, theta, &stepper));
    return stepper;
}

/* Coordinates and log t (physical: t) after s = length, by `steps` equal steps. */
static void fixed_steps(const ntk_model *model, const ntk_method *method, ntk_time time, double stiffness,
                        double length, size_t steps, double out[N + 1]) {
    ntk_stepper s = start(model, method, time);
    for (size_t i = 0; i < steps; ++i) {
        s.next = length / (double)steps;
        s.stiffness = stiffness; /* 0: as found; larger: more Chebyshev stages */
        s.stiffness_age = 0;
        assert_ok(ntk_stepper_advance(&s, &no_limit));
        cr_assert_float_eq(s.h, length / (double)steps, 1e-12, "the step was cut");
        ntk_stepper_accept(&s);
    }
    for (size_t i = 0; i < N; ++i) out[i] = s.begin.theta[i];
    out[N] = time == NTK_TIME_LOG_LOSS ? s.begin.clock.log_time : s.begin.clock.time;
    ntk_stepper_release(&s);
}

static double measured_order(const ntk_model *model, const ntk_method *method, ntk_time time,
                             double stiffness, size_t steps) {
    double coarse[N + 1], fine[N + 1], reference[N + 1];
    const double length = 4;
    fixed_steps(model, method, time, stiffness, length, steps, coarse);
    fixed_steps(model, method, time, stiffness, length, 2 * steps, fine);
    fixed_steps(model, &ntk_method_embedded, time, 0, length, 400, reference);
    return log2(ntk_distance(N + 1, coarse, reference) / ntk_distance(N + 1, fine, reference));
}

/* Halving the step divides the error by 2^order; the next term of the expansion shows as the
 * margin. */
Test(methods, orders_of_convergence) {
    ntk_model model = logistic_model();
    for (int time = NTK_TIME_PHYSICAL; time <= NTK_TIME_LOG_LOSS; ++time) {
        const double embedded = measured_order(&model, &ntk_method_embedded, (ntk_time)time, 0, 10);
        cr_assert(embedded > 4.6 && embedded < 5.6, "time %d, embedded: order %g", time, embedded);
        const double stabilised = measured_order(&model, &ntk_method_stabilised, (ntk_time)time, 1, 20);
        cr_assert(stabilised > 1.8 && stabilised < 2.3, "time %d, stabilised: order %g", time, stabilised);
        const double staged = measured_order(&model, &ntk_method_stabilised, (ntk_time)time, 1000, 20);
        cr_assert(staged > 1.8 && staged < 2.3, "time %d, many stages: order %g", time, staged);
        const double bounded = measured_order(&model, &ntk_method_bounded, (ntk_time)time, 0.1, 20);
        cr_assert(bounded > 1.8 && bounded < 2.3, "time %d, bounded: order %g", time, bounded);
    }
    ntk_model_release(&model);
}

/* Largest distance, over a grid of one step, between the dense output and much smaller steps. */
static double dense_error(const ntk_model *model, double h) {
    ntk_stepper s = start(model, &ntk_method_embedded, NTK_TIME_LOG_LOSS);
    s.next = h;
    assert_ok(ntk_stepper_advance(&s, &no_limit));
    double largest = 0;
    for (int i = 1; i < 8; ++i) {
        double theta[N], reference[N + 1];
        const double sigma = i / 8.0;
        s.method->interpolate(&s, sigma, theta);
        fixed_steps(model, &ntk_method_embedded, NTK_TIME_LOG_LOSS, 0, sigma * h, 20, reference);
        largest = fmax(largest, ntk_distance(N, theta, reference));
        largest = fmax(largest, fabs(exp(ntk_stepper_log_time(&s, sigma)) - exp(reference[N])));
    }
    ntk_stepper_release(&s);
    return largest;
}

Test(methods, dense_output_is_of_order_four) {
    ntk_model model = logistic_model();
    const double order = log2(dense_error(&model, 0.5) / dense_error(&model, 0.25));
    cr_assert(order > 4.6 && order < 5.6, "error over one step of an interpolant of order 4: h^%g", order);
    ntk_model_release(&model);
}

Test(methods, located_times_are_hit_to_rounding) {
    ntk_model model = logistic_model();
    static const ntk_method *const methods[] = {&ntk_method_embedded, &ntk_method_stabilised,
                                                &ntk_method_bounded};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; ++i) {
        ntk_stepper s = start(&model, methods[i], NTK_TIME_LOG_LOSS);
        s.next = 0.5;
        assert_ok(ntk_stepper_advance(&s, &no_limit));
        /* The first step starts at t = 0: log t runs from -infinity. */
        for (double log_time = s.end.clock.log_time; log_time > -60; log_time -= 7.3) {
            const double sigma = ntk_stepper_locate(&s, log_time);
            cr_assert_float_eq(ntk_stepper_log_time(&s, sigma), log_time, 1e-14 * (1 + fabs(log_time)));
        }
        ntk_stepper_release(&s);
    }
    ntk_model_release(&model);
}

Test(methods, combine_is_the_sum_of_its_terms) {
    enum { P = 1300 };
    static double base[P], first[P], second[P], out[P];
    unsigned state = 5;
    for (size_t i = 0; i < P; ++i)
        base[i] = pseudo_random(&state), first[i] = pseudo_random(&state), second[i] = pseudo_random(&state);
    first[7] = NAN;
    const double weights[] = {0, -2};
    ntk_combine(P, base, 2, weights, (const double *const[]){first, second}, out);
    for (size_t i = 0; i < P; ++i) cr_assert_eq(out[i], base[i] - 2 * second[i]);
    const double *const directions[] = {first, base, second};
    const double three[] = {0, 0.3, -1.7};
    for (size_t p = P; p > P - 40; --p) {
        ntk_combine(p, NULL, 3, three, directions, out);
        cr_assert(ntk_combination_norm(p, 3, three, directions) == ntk_norm(p, out), "length %zu", p);
    }
    ntk_combine(P, base, 2, weights, (const double *const[]){first, second}, out);
    ntk_combine(P, NULL, 2, weights, (const double *const[]){first, second}, second);
    for (size_t i = 0; i < P; ++i) cr_assert_eq(second[i], out[i] - base[i], "in place, entry %zu", i);
}

static size_t multiplied;

static ntk_status multiply(void *context, const double *v, double *image) {
    multiplied++;
    return ntk_symv(6, 1, context, 6, v, 0, image);
}

Test(methods, power_iteration_finds_the_largest_eigenvalue_from_below) {
    assert_ok(ntk_linalg_start());
    const double spectrum[] = {-40, 1, 2, 3, 30, 35};
    double matrix[36], v[] = {1, 1, 1, 1, 1, 1}, image[6], value = 0;
    matrix_with_spectrum(6, spectrum, matrix);
    assert_ok(ntk_power_iteration(6, multiply, matrix, 200, v, image, &value));
    cr_assert(value <= 40 * (1 + 1e-12) && value >= 37, "%g", value);
    multiplied = 0;
    assert_ok(ntk_power_iteration(6, multiply, matrix, 200, v, image, &value));
    cr_assert_eq(multiplied, 1, "going on from what was found took %zu products", multiplied);
    for (size_t i = 0; i < 36; ++i) matrix[i] *= 1.5;
    assert_ok(ntk_power_iteration(6, multiply, matrix, 200, v, image, &value));
    cr_assert(value <= 60 * (1 + 1e-12) && value >= 55.5 && multiplied > 2, "the matrix grew: %g", value);
    for (size_t i = 0; i < 36; ++i) matrix[i] = 0;
    assert_ok(ntk_power_iteration(6, multiply, matrix, 200, v, image, &value));
    cr_assert_eq(value, 0);
}

/* A function that false position alone would approach from one side for ever. */
static double flat(double x) { return pow(x, 9) - 1e-9; }

Test(methods, bracket_converges_on_flat_and_on_jumping_functions) {
    ntk_bracket smooth = ntk_bracket_create(0, flat(0), 1, flat(1));
    ntk_bracket jump = ntk_bracket_create(0, -1e-9, 1, 1e9);
    for (int i = 0; i < 60; ++i) {
        const double x = ntk_bracket_trial(&smooth), y = ntk_bracket_trial(&jump);
        cr_assert(x > smooth.low && x < smooth.high && y >= jump.low && y <= jump.high);
        ntk_bracket_update(&smooth, x, flat(x));
        ntk_bracket_update(&jump, y, y < 0.7 ? -1e-9 : 1e9);
        if (smooth.high - smooth.low < 1e-9) break;
    }
    cr_assert(smooth.low <= 0.1 && smooth.high >= 0.1 && smooth.high - smooth.low < 1e-4);
    cr_assert(jump.low < 0.7 && jump.high >= 0.7 && jump.high - jump.low < 1e-4);
}

/* Secants of a smooth function converge faster than linearly only while both their ends carry their
 * own values. */
Test(methods, bracket_closes_on_a_smooth_function_in_few_trials) {
    const double target = exp(0.3);
    ntk_bracket bracket = ntk_bracket_create(0, 1 - target, 1, exp(1) - target);
    size_t trials = 0;
    for (; bracket.high - bracket.low > 1e-6; ++trials) {
        const double x = ntk_bracket_trial(&bracket);
        ntk_bracket_update(&bracket, x, exp(x) - target);
    }
    cr_expect(bracket.low < 0.3 && bracket.high >= 0.3);
    cr_expect_leq(trials, 8, "%zu", trials);
}

/* f_1 = theta_1 and f_2 = c theta_2^2 / 2, whose kernel c^2 theta_2^2 overtakes that of f_1 within
 * a few steps, unseen by a power iteration that has settled on f_1. f_2 ends at its target, 1. */
static const double GROWTH = 200;

static ntk_status evaluate_growing(void *context, const double *theta, double *f) {
    (void)context;
    f[0] = theta[0];
    f[1] = GROWTH * theta[1] * theta[1] / 2;
    return NTK_OK;
}

static ntk_status pull_growing(void *context, const double *theta, const double *cotangent,
                               double *gradient) {
    (void)context;
    gradient[0] = cotangent[0];
    gradient[1] = cotangent[1] * GROWTH * theta[1];
    return NTK_OK;
}

static ntk_status keep_largest(const ntk_observation *seen, void *context) {
    double *largest = context;
    *largest = fmax(*largest, seen->outputs[1]);
    return NTK_OK;
}

Test(methods, a_bounded_step_whose_loss_rises_is_taken_again) {
    const ntk_model model = {
        .dimension = 2, .points = 2, .outputs = 1, .evaluate = evaluate_growing, .pullback = pull_growing};
    double largest = 0, theta[] = {0, 1e-3};
    ntk_flow_options options = ntk_flow_options_default();
    ntk_flow_result result;
    options.loss = NTK_LOSS_SQUARED;
    options.kinked = true;
    options.horizon = 30;
    options.step = 0.1;
    options.every_step = keep_largest;
    options.context = &largest;
    assert_ok(ntk_flow_run(&model, (const double[]){1e3, 1}, &options, theta, &result));
    cr_assert(result.rejected > 0 && largest < 10, "f_2 came to %g", largest);
    cr_assert_float_eq(GROWTH * theta[1] * theta[1] / 2, 1, 1e-6);
}
