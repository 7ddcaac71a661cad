/* The bounded-step rule: what its steps are bounded by. */
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/linalg.h>

#include "dynamics/stepper.h"
#include "problems.h"

static const ntk_clock no_limit = {INFINITY, INFINITY};

static ntk_stepper start(const ntk_model *model, const double *targets, const double *theta) {
    ntk_flow_options options = ntk_flow_options_default();
    options.loss = NTK_LOSS_LOGISTIC;
    options.time = NTK_TIME_LOG_LOSS;
    ntk_stepper stepper;
    assert_ok(ntk_linalg_start());
    assert_ok(ntk_stepper_create(model, targets, &options, &ntk_method_bounded, NULL, theta, &stepper));
    return stepper;
}

static void step(ntk_stepper *s) {
    assert_ok(ntk_stepper_advance(s, &no_limit));
    ntk_stepper_accept(s);
}

/* Two eigenvalues next to each other, of which power iteration finds a mean: the estimate is still
 * no less than the larger one, nor much more. */
Test(bounded, estimate_is_no_less_than_the_largest_eigenvalue) {
    enum { N = 4 };
    static const double targets[N] = {1, 0, 1, 0}, f0[N] = {0}, theta[N] = {0};
    for (double gap = 0.01; gap < 1; gap *= 1.5) {
        const double spectrum[N] = {0.1, 0.2, 3 * (1 - gap), 3};
        double gram[N * N];
        matrix_with_spectrum(N, spectrum, gram);
        ntk_model model = linear_model(N, 1, gram, f0);
        ntk_stepper s = start(&model, targets, theta);
        step(&s);
        cr_expect(s.stiffness >= 3 && s.stiffness <= 3.31, "gap %g: %.17g", gap, s.stiffness);
        ntk_stepper_release(&s);
        ntk_model_release(&model);
    }
}

/* f = theta^2 / 2, whose tangent kernel theta^2 grows all along the flow. */
static ntk_status half_square(void *context, const double *theta, double *f) {
    (void)context;
    *f = 0.5 * *theta * *theta;
    return NTK_OK;
}

static ntk_status times_theta(void *context, const double *theta, const double *cotangent, double *gradient) {
    (void)context;
    *gradient = *theta * *cotangent;
    return NTK_OK;
}

/* At every step: no less than the kernel of eight steps before, no more than 1.1 times that of the
 * step's begin, but for the difference that stands for a derivative. */
Test(bounded, estimate_follows_a_kernel_that_grows) {
    enum { STEPS = 400 };
    const ntk_model model = {
        .dimension = 1, .points = 1, .outputs = 1, .evaluate = half_square, .pullback = times_theta};
    const double target = 1, begin = 1;
    double kernel[STEPS + 1];
    ntk_stepper s = start(&model, &target, &begin);
    for (size_t i = 0; i < STEPS; i++) {
        kernel[i] = s.begin.theta[0] * s.begin.theta[0];
        step(&s);
        cr_assert(s.stiffness >= kernel[i < 8 ? 0 : i - 8], "step %zu: %g", i, s.stiffness);
        cr_assert(s.stiffness <= 1.1 * (1 + 1e-5) * kernel[i], "step %zu: %g", i, s.stiffness);
    }
    cr_assert(kernel[STEPS - 1] > 10, "the kernel has grown to %g", kernel[STEPS - 1]);
    ntk_stepper_release(&s);
}
