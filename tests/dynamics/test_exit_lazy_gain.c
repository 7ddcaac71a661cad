/* How far a lazy network has gone.
 *
 * With a diagonal kernel the points move alone: the margin of point i obeys m' = (k_i / n) / (1 +
 * e^m), so that m + e^m grows by k_i t / n. The hard margin's weights are 1 / k_i. */
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/exit.h>

#include "problems.h"

enum { POINTS = 3, TIMES = 8 };

static const double diagonal[] = {0.5, 2, 3}, labels[] = {1, -1, 1}, outputs[] = {0.4, 0.9, -2};
static const double hard[] = {1, 0, 1};

/* m with m + e^m = x. */
static double margin_of(double x) {
    double low = -50, high = 50;
    for (int i = 0; i < 200; i++) {
        const double m = 0.5 * (low + high);
        *(m + exp(m) < x ? &low : &high) = m;
    }
    return 0.5 * (low + high);
}

static ntk_model diagonal_model(void) {
    double gram[POINTS * POINTS] = {0};
    for (size_t i = 0; i < POINTS; i++) gram[i * (POINTS + 1)] = diagonal[i];
    ntk_model model = linear_model(POINTS, 1, gram, outputs);
    return model;
}

static void diagonal_weights(double scale, double *weights) {
    for (size_t i = 0; i < POINTS; i++) weights[i] = scale * labels[i] / diagonal[i];
}

Test(lazy_gain, agrees_with_points_that_move_alone) {
    const double log_times[TIMES] = {-2, 0, 0, 1.5, 3, 3, 8, 20};
    double weights[POINTS], gains[TIMES];
    const double origin[POINTS] = {0};
    ntk_model model = diagonal_model();
    diagonal_weights(1, weights);
    assert_ok(ntk_exit_lazy_gain(&model, origin, hard, weights, TIMES, log_times, gains));
    for (size_t k = 0; k < TIMES; k++) {
        double sum = 0, norm = 0;
        for (size_t i = 0; i < POINTS; i++) {
            const double m = labels[i] * outputs[i];
            sum += (margin_of(m + exp(m) + diagonal[i] * exp(log_times[k]) / POINTS) - m) / diagonal[i];
            norm += 1 / diagonal[i];
        }
        cr_expect_float_eq(gains[k], sum / norm, 2e-5, "log t = %g: %g, not %g", log_times[k], gains[k],
                           sum / norm);
    }
    ntk_model_release(&model);
}

/* log t - C, C by the weights and the initial outputs alone; and the scale of the weights counts in
 * C only. */
Test(lazy_gain, tends_to_log_t_less_a_constant_of_the_network) {
    const double gram[] = {2, 1, 1, 3}, start[] = {0.3, -0.8}, targets[] = {1, 1}, origin[] = {0, 0};
    const double weights[] = {2.0 / 5, 1.0 / 5}; /* gram weights = (1, 1) */
    const double log_times[] = {60, 90};
    double limit = 0, gains[2], scaled[2];
    for (size_t i = 0; i < 2; i++) limit += weights[i] / 0.6 * (log(2 * weights[i]) + start[i]);
    ntk_model model = linear_model(2, 1, gram, start);
    assert_ok(ntk_exit_lazy_gain(&model, origin, targets, weights, 2, log_times, gains));
    for (size_t k = 0; k < 2; k++)
        cr_expect_float_eq(gains[k], log_times[k] - limit, 1e-3, "%g", gains[k] - log_times[k] + limit);
    assert_ok(ntk_exit_lazy_gain(&model, origin, targets, (const double[]){4, 2}, 2, log_times, scaled));
    cr_expect_float_eq(scaled[0], gains[0], 1e-12);
    ntk_model_release(&model);
}

Test(lazy_gain, what_cannot_be_is_refused) {
    const double descending[] = {1, 0.5}, endless[] = {1, INFINITY}, time = 1, origin[POINTS] = {0};
    const double soft[] = {0.9, 0.1, 0.9};
    double weights[POINTS], gains[2];
    ntk_model model = diagonal_model();
    diagonal_weights(1, weights);
    cr_expect_eq(ntk_exit_lazy_gain(&model, origin, hard, weights, 2, descending, gains), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_exit_lazy_gain(&model, origin, hard, weights, 2, endless, gains), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_exit_lazy_gain(&model, origin, soft, weights, 1, &time, gains), NTK_ERROR_ARGUMENT);
    model.outputs = 2;
    cr_expect_eq(ntk_exit_lazy_gain(&model, origin, hard, weights, 1, &time, gains), NTK_ERROR_ARGUMENT);
    model.outputs = 1;
    assert_ok(ntk_exit_lazy_gain(&model, origin, hard, weights, 0, NULL, gains));
    ntk_model_release(&model);
}
