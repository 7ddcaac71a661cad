/* More rows than a chunk has, of every loss, against the definitions in extended precision; with a
 * row that is far out, so that all of them are taken one by one; and where rows may be taken at
 * once. */
#include <float.h>
#include <math.h>

#include <criterion/criterion.h>

#include "objective/loss_rows.h"

enum { N = 150, MOST = 10 };

/* p (K): softmax, or sigma(f) where K = 1. */
static void reference_probabilities(size_t outputs, const double *f, long double *p) {
    long double sum = 0;
    if (outputs == 1) p[0] = 1 / (1 + expl(-(long double)f[0]));
    if (outputs == 1) return;
    for (size_t k = 0; k < outputs; ++k) sum += p[k] = expl((long double)f[k]);
    for (size_t k = 0; k < outputs; ++k) p[k] /= sum;
}

/* l of a row, and its slopes, as loss.h writes them. */
static long double reference_row(ntk_loss loss, size_t outputs, const double *f, const double *q,
                                 long double *slope) {
    long double p[MOST], value = 0, mean = 0;
    reference_probabilities(outputs, f, p);
    for (size_t k = 0; k < outputs; ++k) mean += p[k] * (p[k] - q[k]);
    for (size_t k = 0; k < outputs; ++k) {
        const long double fk = f[k], qk = q[k], r = p[k] - qk;
        switch (loss) {
        case NTK_LOSS_SQUARED:
            value += (fk - qk) * (fk - qk) / 2;
            slope[k] = fk - qk;
            break;
        case NTK_LOSS_LOGISTIC:
            value += log1pl(expl(fk)) - qk * fk;
            slope[k] = r;
            break;
        case NTK_LOSS_SOFTMAX:
            value -= qk * logl(p[k]);
            slope[k] = r;
            break;
        case NTK_LOSS_BRIER:
            value += r * r;
            slope[k] = outputs == 1 ? 2 * r * p[k] * (1 - p[k]) : 2 * p[k] * (r - mean);
            break;
        case NTK_LOSS_POISSON:
            value += 2 * ((qk == 0 ? 0 : qk * (logl(qk) - fk)) - qk + expl(fk));
            slope[k] = 2 * (expl(fk) - qk);
            break;
        }
    }
    return value;
}

/* Targets: of a class, or what a loss allows. */
static void draw_targets(ntk_loss loss, size_t outputs, bool hard, size_t i, double *q) {
    double sum = 0;
    for (size_t k = 0; k < outputs; ++k) {
        q[k] = hard ? (double)(k == i % outputs) : 1.1 + cos((double)(5 * i + 3 * k));
        sum += q[k];
    }
    if (outputs == 1) q[0] = hard ? (double)(i % 2) : loss == NTK_LOSS_POISSON ? 2 * q[0] : q[0] / 2.2;
    for (size_t k = 0; k < outputs && outputs > 1 && loss != NTK_LOSS_POISSON; ++k) q[k] /= sum;
}

/* What a slope is off by where it is a difference of larger numbers: p - q of soft targets, e^f -
 * q, and the Brier score's. */
static double smallest_difference(ntk_loss loss, bool hard, double f, double q) {
    if (loss == NTK_LOSS_POISSON) return 8 * DBL_EPSILON * (exp(f) + q);
    return hard && loss != NTK_LOSS_BRIER ? 1e-17 : 8 * DBL_EPSILON;
}

/* far: added to the outputs of row 77, whose slopes are not compared. The tolerances: 16 roundings
 * of a value, those of f itself, 9 units, counted where it is an exponent; extended precision has
 * 2^-64 of numbers of the size of 10. */
static void check(ntk_loss loss, size_t outputs, bool hard, double far) {
    double f[N * MOST], q[N * MOST], slope[N * MOST], share[N * MOST], value, log_value;
    long double sum = 0, wanted[N * MOST];
    for (size_t i = 0; i < N; ++i) {
        double *fi = f + i * outputs;
        for (size_t k = 0; k < outputs; ++k) fi[k] = 6 * sin((double)(7 * i + 11 * k * k + 1));
        if (i == 77) fi[0] += far;
        draw_targets(loss, outputs, hard, i, q + i * outputs);
        sum += reference_row(loss, outputs, fi, q + i * outputs, wanted + i * outputs);
    }
    ntk_loss_evaluate(loss, N, outputs, f, q, &value, slope);
    ntk_loss_evaluate_log(loss, N, outputs, f, q, &log_value, share);
    cr_assert_float_eq(value, (double)(sum / N), 16 * DBL_EPSILON * value, "loss %d, %zu", loss, outputs);
    cr_assert_float_eq(log_value, (double)logl(sum / N), 16 * DBL_EPSILON * (1 + fabs(log_value)));
    for (size_t j = 0; j < N * outputs; ++j) {
        const double apart = smallest_difference(loss, hard, f[j], q[j]);
        const double expected = (double)wanted[j], tolerance = 64 * DBL_EPSILON * fabs(expected) + apart;
        if (j / outputs == 77) continue;
        cr_assert_float_eq(slope[j] * N, expected, tolerance, "loss %d, %zu: %zu", loss, outputs, j);
        cr_assert_float_eq(share[j] * (double)sum, expected, tolerance, "loss %d, %zu: %zu", loss, outputs,
                           j);
    }
}

static void check_loss(ntk_loss loss, size_t outputs) {
    for (int hard = 0; hard < 2; ++hard) {
        check(loss, outputs, hard, 0);
        if (loss != NTK_LOSS_POISSON) check(loss, outputs, hard, 900);
        if (loss != NTK_LOSS_POISSON) check(loss, outputs, hard, -900);
    }
}

Test(loss_rows, of_one_output_have_their_values) {
    check_loss(NTK_LOSS_SQUARED, 1);
    check_loss(NTK_LOSS_LOGISTIC, 1);
    check_loss(NTK_LOSS_BRIER, 1);
    check_loss(NTK_LOSS_POISSON, 1);
}

Test(loss_rows, of_classes_have_their_values) {
    static const size_t classes[] = {2, 3, 10};
    for (size_t k = 0; k < 3; ++k) {
        check_loss(NTK_LOSS_SQUARED, classes[k]);
        check_loss(NTK_LOSS_SOFTMAX, classes[k]);
        check_loss(NTK_LOSS_BRIER, classes[k]);
        check_loss(NTK_LOSS_POISSON, classes[k]);
    }
}

/* log 1 = 0, so that u = f: e^f - 1 without cancellation. */
Test(loss_rows, of_poisson_keep_the_digits_of_a_small_residual) {
    static const double f[] = {1e-5, -3e-9, 0.3, -0.7, 1.4}, q[] = {1, 1, 1, 1, 1};
    double sum, slopes[5];
    cr_assert(loss_rows(NTK_LOSS_POISSON, 1, 5, f, q, &sum, slopes));
    for (size_t k = 0; k < 5; ++k) {
        const double wanted = (double)(2 * expm1l((long double)f[k]));
        cr_expect_float_eq(slopes[k], wanted, 4 * DBL_EPSILON * fabs(wanted), "f = %g: %.17g", f[k],
                           slopes[k]);
    }
}

/* Near and far: whether rows are taken at once. */
static void check_choice(ntk_loss loss, size_t outputs, const double *f, const double *q, bool wanted) {
    double sum, slopes[MOST];
    cr_expect_eq(loss_rows(loss, 1, outputs, f, q, &sum, slopes), wanted, "loss %d: f = %g", loss, f[0]);
}

Test(loss_rows, leave_what_is_far_out_to_others) {
    const double q[] = {1, 0}, soft[] = {0.25, 0.75};
    for (int loss = NTK_LOSS_SQUARED; loss <= NTK_LOSS_POISSON; ++loss) {
        const size_t outputs = loss == NTK_LOSS_LOGISTIC ? 1 : 2;
        check_choice((ntk_loss)loss, outputs, (const double[]){0.5, 1}, soft, true);
        check_choice((ntk_loss)loss, outputs, (const double[]){NAN, 1}, q, false);
        if (outputs == 2) check_choice((ntk_loss)loss, outputs, (const double[]){1, NAN}, q, false);
        if (outputs == 2) check_choice((ntk_loss)loss, outputs, (const double[]){INFINITY, 1}, q, false);
    }
    check_choice(NTK_LOSS_SQUARED, 2, q, q, false);
    check_choice(NTK_LOSS_SOFTMAX, 2, (const double[]){640, 0}, q, true);
    check_choice(NTK_LOSS_SOFTMAX, 2, (const double[]){660, 0}, q, false);
    check_choice(NTK_LOSS_BRIER, 2, (const double[]){320, 0}, q, true);
    check_choice(NTK_LOSS_BRIER, 2, (const double[]){330, 0}, q, false);
    check_choice(NTK_LOSS_BRIER, 1, (const double[]){330}, q, false);
    check_choice(NTK_LOSS_LOGISTIC, 1, (const double[]){-699}, q, true);
    check_choice(NTK_LOSS_LOGISTIC, 1, (const double[]){701}, q, false);
    check_choice(NTK_LOSS_POISSON, 1, (const double[]){0}, q, false);
}

/* Softmax sees differences of outputs alone. Outputs are multiples of 2^-10, so that what is added
 * to all of a row, beyond where e^x overflows or vanishes too, leaves differences as they are:
 * every bit stays. */
static void check_shift(ntk_loss loss, size_t outputs, double shift) {
    enum { ROWS = 20 };
    double f[ROWS * MOST], q[ROWS * MOST], slopes[2][ROWS * MOST], sum[2];
    for (size_t i = 0; i < ROWS; ++i) draw_targets(loss, outputs, false, i, q + i * outputs);
    for (size_t k = 0; k < ROWS * outputs; ++k) f[k] = (double)(k * k * 37 % 4001) / 1024 - 2;
    cr_assert(loss_rows(loss, ROWS, outputs, f, q, &sum[0], slopes[0]));
    for (size_t k = 0; k < ROWS * outputs; ++k) f[k] += shift;
    cr_assert(loss_rows(loss, ROWS, outputs, f, q, &sum[1], slopes[1]), "loss %d, %g", loss, shift);
    cr_expect_eq(sum[0], sum[1], "loss %d of %zu, %g: %.17g", loss, outputs, shift, sum[1]);
    for (size_t k = 0; k < ROWS * outputs; ++k)
        cr_expect_eq(slopes[0][k], slopes[1][k], "loss %d of %zu, %g: %zu", loss, outputs, shift, k);
}

Test(loss_rows, do_not_see_what_is_added_to_all_outputs_of_a_row) {
    static const double shifts[] = {3, -5, 800, -800, 1e6, -1e6};
    for (size_t k = 0; k < sizeof shifts / sizeof *shifts; ++k)
        for (size_t outputs = 2; outputs <= MOST; outputs += 4) {
            check_shift(NTK_LOSS_SOFTMAX, outputs, shifts[k]);
            check_shift(NTK_LOSS_BRIER, outputs, shifts[k]);
        }
}

/* A row of more outputs than a chunk has. */
Test(loss_rows, with_many_outputs_are_taken_one_by_one) {
    enum { K = 300 };
    double f[K], q[K] = {0}, value, slopes[K], sum = 0;
    for (size_t k = 0; k < K; ++k) f[k] = sin((double)k);
    q[7] = 1;
    cr_assert(!loss_rows(NTK_LOSS_SOFTMAX, 1, K, f, q, &value, slopes));
    ntk_loss_evaluate(NTK_LOSS_SOFTMAX, 1, K, f, q, &value, slopes);
    for (size_t k = 0; k < K; ++k) sum += exp(f[k] - f[7]);
    cr_assert_float_eq(value, log(sum), 1e-14);
}

/* A row that is far out sends the others through the formulas of one row: each must keep its
 * slopes,
 * to the rounding of an exponent as large as the span of a row and of e^x and softplus in either
 * way. offset: common to the outputs of a row, which changes no slope. */
static void check_far_row(ntk_loss loss, size_t outputs, double offset, double span, double far) {
    enum { ROWS = 12 };
    double f[(ROWS + 1) * MOST], q[(ROWS + 1) * MOST], near[(ROWS + 1) * MOST], all[(ROWS + 1) * MOST];
    double sum, value, log_value, shares[(ROWS + 1) * MOST];
    for (size_t i = 0; i <= ROWS; ++i) {
        for (size_t k = 0; k < outputs; ++k)
            f[i * outputs + k] =
                (outputs > 1 ? offset : 0) + span / 2 * sin((double)(7 * i + 11 * k * k + 1));
        draw_targets(loss, outputs, i % 2 == 0, i, q + i * outputs);
    }
    for (size_t k = 0; k < outputs; ++k) f[ROWS * outputs + k] = k == 0 ? far : 0;
    cr_assert(loss_rows(loss, ROWS, outputs, f, q, &sum, near));
    cr_assert(!loss_rows(loss, ROWS + 1, outputs, f, q, &sum, all));
    ntk_loss_evaluate(loss, ROWS + 1, outputs, f, q, &value, all);
    ntk_loss_evaluate_log(loss, ROWS + 1, outputs, f, q, &log_value, shares);
    for (size_t i = 0; i < ROWS * outputs; ++i) {
        double largest = i / outputs % 2 == 0 ? 0 : 1; /* p - q of soft targets cancels */
        for (size_t k = i / outputs * outputs; k < (i / outputs + 1) * outputs; ++k)
            largest = fmax(largest, fabs(near[k]));
        const double one = all[i] * (ROWS + 1), scaled = shares[i] * exp(log_value) * (ROWS + 1);
        const double tolerance = (16 + span) * DBL_EPSILON * largest;
        cr_expect_float_eq(one, near[i], tolerance, "loss %d, %zu: %.17g, %.17g", loss, i, one, near[i]);
        cr_expect_float_eq(scaled, near[i], 2 * tolerance, "loss %d, %zu: %.17g, %.17g", loss, i, scaled,
                           near[i]);
    }
}

Test(loss_rows, keep_their_slopes_beside_a_row_that_is_far_out) {
    static const double offsets[] = {0, 1e6, -3e9, 1e12};
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; ++i) {
        check_far_row(NTK_LOSS_SOFTMAX, 2, offsets[i], 1, 700);
        check_far_row(NTK_LOSS_SOFTMAX, 3, offsets[i], 600, -700);
        check_far_row(NTK_LOSS_SOFTMAX, 10, offsets[i], 30, 700);
        check_far_row(NTK_LOSS_BRIER, 2, offsets[i], 1, 340);
        check_far_row(NTK_LOSS_BRIER, 3, offsets[i], 300, -340);
        check_far_row(NTK_LOSS_BRIER, 10, offsets[i], 30, 340);
    }
    check_far_row(NTK_LOSS_LOGISTIC, 1, 0, 30, -720);
    check_far_row(NTK_LOSS_BRIER, 1, 0, 30, -340);
    double slopes[4];
    ntk_loss_evaluate(NTK_LOSS_SOFTMAX, 2, 2, (const double[]){1e6, 1e6, 700, 0},
                      (const double[]){1, 0, 1, 0}, NULL, slopes);
    cr_expect(slopes[0] == -0.25 && slopes[1] == 0.25, "%.17g, %.17g", slopes[0], slopes[1]);
}
