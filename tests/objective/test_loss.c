/* Losses against ball arithmetic, finite differences and their own inequalities. */
#include <float.h>
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/linalg.h>

#include "base/arb.h"
#include "objective/curvature.h"
#include "problems.h"

enum { PRECISION = 256 };

static double midpoint(const arb_t x) { return arf_get_d(arb_midref(x), ARF_RND_NEAR); }

/* log l and log(1 - p_y) of a row with the single class y, by log S = log sum_{j != y} e^{f_j -
 * f_y}. */
static void reference_row(size_t outputs, const double *f, size_t y, arb_t log_loss) {
    arb_t sum, term;
    arb_init(sum), arb_init(term);
    for (size_t k = 0; k < outputs; ++k) {
        if (k == y) continue;
        arb_set_d(term, f[k]);
        arb_set_d(log_loss, f[y]);
        arb_sub(term, term, log_loss, PRECISION);
        arb_exp(term, term, PRECISION);
        arb_add(sum, sum, term, PRECISION);
    }
    arb_log1p(log_loss, sum, PRECISION);
    arb_log(log_loss, log_loss, PRECISION);
    arb_clear(sum), arb_clear(term);
}

/* The tolerance is rounding: log L is a difference of numbers of the size of the margin. */
static double rounding(double margin) { return 8 * DBL_EPSILON * (1 + fabs(margin)); }

Test(losses, log_of_logistic_loss_agrees_with_ball_arithmetic) {
    static const double margins[] = {-1e4, -30,  -1, -1e-3, 0,   1e-3, 1,    10.5, 14,
                                     17.9, 18.1, 36, 40,    700, 745,  1000, 1e4};
    arb_t reference;
    arb_init(reference);
    for (size_t i = 0; i < sizeof margins / sizeof *margins; ++i) {
        const double m = margins[i], f[2] = {m, 0};
        reference_row(2, f, 0, reference);
        double log_loss, cotangent;
        ntk_loss_evaluate_log(NTK_LOSS_LOGISTIC, 1, 1, &m, (const double[]){1}, &log_loss, &cotangent);
        cr_assert_float_eq(log_loss, midpoint(reference), rounding(m), "margin %g: %.17g", m, log_loss);
        /* (dL/df) / L = -sigma(-m) / softplus(-m) -> -1 from above as m -> infinity, and 1/m as m
         * -> -infinity. */
        const double wanted = m > 40 ? -1 : -1 / (1 + exp(m)) / exp(log_loss);
        cr_assert_float_eq(cotangent, wanted, rounding(m) * fabs(wanted), "margin %g: %.17g", m, cotangent);
        ntk_loss_evaluate_log(NTK_LOSS_LOGISTIC, 1, 1, (const double[]){-m}, (const double[]){0}, &log_loss,
                              NULL);
        cr_assert_float_eq(log_loss, midpoint(reference), rounding(m), "class 0, margin %g", m);
    }
    arb_clear(reference);
}

Test(losses, log_of_softmax_loss_agrees_with_ball_arithmetic) {
    static const double scales[] = {1e-3, 1, 20, 300, 1e4};
    unsigned state = 1;
    arb_t reference;
    arb_init(reference);
    for (size_t i = 0; i < 5 * 4; ++i) {
        double f[4], q[4] = {0}, log_loss, cotangent[4], sum = 0;
        for (size_t k = 0; k < 4; ++k) f[k] = scales[i / 4] * pseudo_random(&state);
        q[i % 4] = 1;
        reference_row(4, f, i % 4, reference);
        ntk_loss_evaluate_log(NTK_LOSS_SOFTMAX, 1, 4, f, q, &log_loss, cotangent);
        cr_assert_float_eq(log_loss, midpoint(reference), rounding(scales[i / 4]), "%.17g", log_loss);
        for (size_t k = 0; k < 4; ++k) sum += cotangent[k];
        cr_assert_float_eq(sum, 0, 4 * DBL_EPSILON, "cotangents of a row sum to 0");
        cr_assert(-cotangent[i % 4] > 0 && -cotangent[i % 4] <= 1 + rounding(scales[i / 4]), "1 - p_y <= l");
    }
    arb_clear(reference);
}

/* Two points whose losses are e^{-10000} and e^{-10001}: the weights are their shares, 1/(1 +
 * e^{-1}) and so on. */
Test(losses, weights_of_vanishing_losses_are_their_shares) {
    const double f[] = {10000, 10001}, q[] = {1, 1}, share = 1 / (1 + exp(-1));
    double log_loss, weights[2];
    ntk_loss_evaluate_log(NTK_LOSS_LOGISTIC, 2, 1, f, q, &log_loss, weights);
    cr_assert_float_eq(log_loss, -10000 - log(2) - log(share), rounding(1e4));
    cr_assert_float_eq(weights[0], -share, rounding(1e4));
    cr_assert_float_eq(weights[1], share - 1, rounding(1e4));
}

/* Rows of hard labels are taken many at a time, unless one of them is far out: more than a chunk of
 * them, in both ways. */
static void check_many_logistic_rows(double far) {
    enum { N = 150 };
    double f[N], q[N], value, log_value, slope[N], share[N];
    long double sum = 0;
    for (size_t i = 0; i < N; ++i) {
        f[i] = i == 77 ? far : 30 * sin((double)(7 * i + 1));
        q[i] = (double)(i % 3 == 0);
        sum += log1pl(expl(q[i] == 1 ? -(long double)f[i] : (long double)f[i]));
    }
    ntk_loss_evaluate(NTK_LOSS_LOGISTIC, N, 1, f, q, &value, slope);
    ntk_loss_evaluate_log(NTK_LOSS_LOGISTIC, N, 1, f, q, &log_value, share);
    cr_assert_float_eq(value, (double)(sum / N), 1e-14 * value);
    cr_assert_float_eq(log_value, (double)logl(sum / N), 1e-14);
    for (size_t i = 0; i < N; ++i) {
        const long double x = q[i] == 1 ? -(long double)f[i] : (long double)f[i];
        const double wanted = (double)((q[i] == 1 ? -1 : 1) / (1 + expl(-x)));
        cr_assert_float_eq(slope[i] * N, wanted, 1e-13 * fabs(wanted), "row %zu", i);
        cr_assert_float_eq(share[i] * (double)sum, wanted, 1e-13 * fabs(wanted), "row %zu", i);
    }
}

Test(losses, many_logistic_rows_are_rows_one_by_one) {
    check_many_logistic_rows(3);
    check_many_logistic_rows(-900);
    check_many_logistic_rows(900);
}

static void check_cotangent(ntk_loss loss, size_t outputs, const double *f, const double *q) {
    const size_t count = 2 * outputs;
    const double step = 1e-5;
    double cotangent[8], scaled[8], value, log_value, shifted[8];
    ntk_loss_evaluate(loss, 2, outputs, f, q, &value, cotangent);
    ntk_loss_evaluate_log(loss, 2, outputs, f, q, &log_value, scaled);
    cr_assert_float_eq(log_value, log(value), 1e-14 * (1 + fabs(log(value))));
    for (size_t i = 0; i < count; ++i) {
        double above, below;
        for (size_t j = 0; j < count; ++j) shifted[j] = f[j] + (i == j ? step : 0);
        ntk_loss_evaluate(loss, 2, outputs, shifted, q, &above, NULL);
        for (size_t j = 0; j < count; ++j) shifted[j] = f[j] - (i == j ? step : 0);
        ntk_loss_evaluate(loss, 2, outputs, shifted, q, &below, NULL);
        /* Central difference: step^2 / 6 times the third derivative (< 1), and rounding eps L /
         * step. */
        cr_assert_float_eq(cotangent[i], (above - below) / (2 * step), 1e-10, "loss %d, entry %zu", loss, i);
        cr_assert_float_eq(scaled[i] * value, cotangent[i], 1e-14, "loss %d, entry %zu", loss, i);
    }
}

Test(losses, cotangents_agree_with_differences) {
    const double f[] = {0.7, -1.2, 3.1, 2.9, -0.3, 0.4};
    const double soft[] = {0.2, 0.5, 0.3, 0.1, 0.1, 0.8}, hard[] = {0, 1, 0, 0, 0, 1};
    check_cotangent(NTK_LOSS_SQUARED, 3, f, soft);
    check_cotangent(NTK_LOSS_SOFTMAX, 3, f, soft);
    check_cotangent(NTK_LOSS_SOFTMAX, 3, f, hard);
    check_cotangent(NTK_LOSS_LOGISTIC, 1, f, soft);
    check_cotangent(NTK_LOSS_LOGISTIC, 1, f, hard);
    check_cotangent(NTK_LOSS_BRIER, 3, f, soft);
    check_cotangent(NTK_LOSS_BRIER, 3, f, hard);
    check_cotangent(NTK_LOSS_BRIER, 1, f, soft);
    check_cotangent(NTK_LOSS_BRIER, 1, f, hard);
}

/* Values of h(u) = e^u - 1 - u by ball arithmetic, on both sides of where the series begins. */
Test(losses, brier_and_poisson_have_their_values) {
    static const double offsets[] = {-3, -0.51, -0.49, -1e-3, 1e-9, 0.02, 0.49, 0.51, 4};
    arb_t u, h;
    arb_init(u), arb_init(h);
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; ++i) {
        const double q = 2.5, f = offsets[i] + log(q);
        double value, cotangent;
        arb_set_d(u, f - log(q)); /* as rounded: the value is h of it */
        arb_expm1(h, u, PRECISION);
        arb_sub(h, h, u, PRECISION);
        ntk_loss_evaluate(NTK_LOSS_POISSON, 1, 1, &f, &q, &value, &cotangent);
        const double wanted = 2 * q * midpoint(h);
        cr_expect_float_eq(value, wanted, 8 * DBL_EPSILON * wanted, "u = %g: %.17g", offsets[i], value);
        cr_expect_float_eq(cotangent, 2 * (exp(f) - q), 8 * DBL_EPSILON * (exp(f) + q), "u = %g", offsets[i]);
    }
    arb_clear(u), arb_clear(h);
    double value;
    ntk_loss_evaluate(NTK_LOSS_POISSON, 1, 2, (const double[]){0, 1}, (const double[]){0, exp(1)}, &value,
                      NULL);
    cr_expect_float_eq(value, 2, 1e-15, "count 0 costs 2 e^f");
    /* p = (3/4, 1/4). */
    const double f[] = {log(3), 0}, q[] = {0.5, 0.5};
    ntk_loss_evaluate(NTK_LOSS_BRIER, 1, 2, f, q, &value, NULL);
    cr_expect_float_eq(value, 0.125, 1e-15);
    ntk_loss_evaluate(NTK_LOSS_BRIER, 1, 1, f, q, &value, NULL);
    cr_expect_float_eq(value, 0.0625, 1e-15);
    ntk_loss_evaluate(NTK_LOSS_BRIER, 1, 1, (const double[]){50}, (const double[]){1}, &value, NULL);
    cr_expect_float_eq(value, exp(-100), 1e-14 * exp(-100), "1 - p without cancellation");
}

/* f - log q is 713.8, whose exponential overflows; the loss is 2 (e^f - q - q 713.8). */
Test(losses, poisson_of_a_tiny_count_does_not_overflow) {
    static const double outputs[] = {0, 1, -5, 300};
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; ++i) {
        const double f = outputs[i], q = 1e-310, wanted = 2 * exp(f);
        double value, cotangent, log_value, scaled;
        ntk_loss_evaluate(NTK_LOSS_POISSON, 1, 1, &f, &q, &value, &cotangent);
        cr_expect_float_eq(value, wanted, 8 * DBL_EPSILON * wanted, "f = %g: %g", f, value);
        cr_expect_float_eq(cotangent, wanted, 8 * DBL_EPSILON * wanted, "f = %g: %g", f, cotangent);
        ntk_loss_evaluate_log(NTK_LOSS_POISSON, 1, 1, &f, &q, &log_value, &scaled);
        cr_expect_float_eq(log_value, log(2) + f, rounding(f), "f = %g: %.17g", f, log_value);
        cr_expect_float_eq(scaled, 1, rounding(f), "f = %g: %.17g", f, scaled);
    }
}

/* Where h(u) = u^2 / 2 (1 + u / 3 + ...) underflows: l = q u^2, (dl/df) / l = 2 / u; and where q
 * alone makes it small, h(1) = e - 2. */
Test(losses, poisson_below_underflow_keeps_its_logarithm) {
    static const double offsets[] = {1e-170, -3e-200, 1e-141, 1e-139, 1e-145, 1e-300};
    double log_value, scaled;
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; ++i) {
        const double u = offsets[i], q = 1, wanted = 2 * log(fabs(u));
        ntk_loss_evaluate_log(NTK_LOSS_POISSON, 1, 1, &u, &q, &log_value, &scaled);
        cr_expect_float_eq(log_value, wanted, 4 * DBL_EPSILON * fabs(wanted), "u = %g: %.17g", u, log_value);
        /* e^{-log l} turns the error of log l into a relative one. */
        cr_expect_float_eq(scaled * u, 2, 2 * 8 * DBL_EPSILON * fabs(wanted), "u = %g: %g", u, scaled);
    }
    static const double tiny[] = {1e-305, 0x3p-1074};
    for (size_t i = 0; i < 2; ++i) {
        const double q = tiny[i], f = 1 + log(q), wanted = log(2) + log(q) + log(exp(1) - 2);
        ntk_loss_evaluate_log(NTK_LOSS_POISSON, 1, 1, &f, &q, &log_value, &scaled);
        /* u has the errors of f and log q, an ulp of f; d log h / du at 1 is (e - 1) / (e - 2) =
         * 2.4. */
        cr_expect_float_eq(log_value, wanted, rounding(f), "q = %g: %.17g", q, log_value);
        cr_expect_float_eq(scaled, (exp(1) - 1) / (exp(1) - 2), 2.4 * rounding(f), "q = %g: %.17g", q,
                           scaled);
    }
    const double f = -745, zero = 0;
    ntk_loss_evaluate_log(NTK_LOSS_POISSON, 1, 1, &f, &zero, &log_value, &scaled);
    cr_expect_float_eq(log_value, log(2) + f, rounding(f), "%.17g", log_value);
    cr_expect_float_eq(scaled, 1, rounding(f), "%.17g", scaled);
    const double pair[] = {1e-170, 1e-170}, counts[] = {1, 1};
    ntk_loss_evaluate_log(NTK_LOSS_POISSON, 1, 2, pair, counts, &log_value, NULL);
    cr_expect_float_eq(log_value, log(2) + 2 * log(1e-170), rounding(log_value), "%.17g", log_value);
}

/* d2L/df2 of poisson is large at f = 3.1: differences in the scale of its third derivative. */
Test(losses, cotangents_of_poisson_agree_with_differences) {
    const double f[] = {0.7, -1.2, 3.1, 2.9, -0.3, 0.4}, counts[] = {0, 2, 1.5, 3, 0, 1}, step = 1e-4;
    double cotangent[6], shifted[6], side[2];
    ntk_loss_evaluate(NTK_LOSS_POISSON, 2, 3, f, counts, NULL, cotangent);
    for (size_t i = 0; i < 6; ++i) {
        for (int up = 0; up < 2; ++up) {
            for (size_t j = 0; j < 6; ++j) shifted[j] = f[j] + (i == j ? (up ? step : -step) : 0);
            ntk_loss_evaluate(NTK_LOSS_POISSON, 2, 3, shifted, counts, &side[up], NULL);
        }
        /* step^2 / 6 times the third derivative, at most e^{3.1} = 22, and eps L / step. */
        cr_expect_float_eq(cotangent[i], (side[1] - side[0]) / (2 * step), 1e-7, "entry %zu", i);
    }
}

/* r <- p - q, q[truth] being 1 minus the others, l and the slopes of the Brier score: enough bits
 * for
 * 1 - p = e^-700 and its square. */
enum { BITS = 4096, CLASSES = 5 };

static void reference_residuals(size_t outputs, const double *f, const double *q, arb_ptr p, arb_ptr r) {
    size_t truth = 0;
    arb_t term;
    arb_init(term);
    for (size_t k = 0; k < outputs; ++k) {
        arb_zero(p + k);
        for (size_t j = 0; j < outputs; ++j) {
            arb_set_d(term, f[j]);
            arb_set_d(r + k, f[k]);
            arb_sub(term, term, r + k, BITS);
            arb_exp(term, term, BITS);
            arb_add(p + k, p + k, term, BITS);
        }
        arb_inv(p + k, p + k, BITS);
        arb_set_d(term, q[k]);
        arb_sub(r + k, p + k, term, BITS);
        if (q[k] > q[truth]) truth = k;
    }
    arb_zero(r + truth);
    arb_zero(term);
    for (size_t k = 0; k < outputs; ++k) arb_add(term, term, r + k, BITS);
    arb_neg(r + truth, term);
    arb_clear(term);
}

static void reference_brier(size_t outputs, const double *f, const double *q, arb_t loss, arb_ptr slopes) {
    arb_ptr p = _arb_vec_init(CLASSES), r = _arb_vec_init(CLASSES);
    arb_t mean;
    arb_init(mean);
    reference_residuals(outputs, f, q, p, r);
    arb_zero(loss);
    for (size_t k = 0; k < outputs; ++k) {
        arb_addmul(loss, r + k, r + k, BITS);
        arb_addmul(mean, p + k, r + k, BITS);
    }
    for (size_t k = 0; k < outputs; ++k) {
        arb_sub(slopes + k, r + k, mean, BITS);
        arb_mul(slopes + k, slopes + k, p + k, BITS);
        arb_mul_2exp_si(slopes + k, slopes + k, 1);
    }
    arb_clear(mean);
    _arb_vec_clear(p, CLASSES), _arb_vec_clear(r, CLASSES);
}

/* tolerance: relative to the largest slope. */
static void expect_slopes(size_t outputs, const double *slopes, const double *wanted, double tolerance,
                          const char *what) {
    double largest = 0, sum = 0;
    for (size_t k = 0; k < outputs; ++k) largest = fmax(largest, fabs(wanted[k]));
    for (size_t k = 0; k < outputs; ++k) {
        sum += slopes[k];
        cr_expect_float_eq(slopes[k], wanted[k], tolerance * largest, "%s %zu: %.17g, not %.17g", what, k,
                           slopes[k], wanted[k]);
    }
    cr_expect(fabs(sum) <= 4 * DBL_EPSILON * largest, "%s sum to %g", what, sum);
}

/* An exponent f_k - f_top is rounded to within an ulp of its size; the residuals have eight times
 * that, l and the slopes, which are products of two, twice. Below 1e-290 digits of l underflow, and
 * only its logarithm is accurate. */
static void check_brier(size_t outputs, const double *f, const double *q) {
    double span = 0, value, log_value, slopes[CLASSES], shares[CLASSES], wanted[CLASSES], parts[CLASSES];
    arb_ptr reference = _arb_vec_init(CLASSES);
    arb_t loss, part;
    arb_init(loss), arb_init(part);
    reference_brier(outputs, f, q, loss, reference);
    for (size_t k = 0; k < outputs; ++k) {
        span = fmax(span, fabs(f[k]));
        wanted[k] = midpoint(reference + k);
        arb_div(part, reference + k, loss, BITS);
        parts[k] = midpoint(part);
    }
    ntk_loss_evaluate(NTK_LOSS_BRIER, 1, outputs, f, q, &value, slopes);
    ntk_loss_evaluate_log(NTK_LOSS_BRIER, 1, outputs, f, q, &log_value, shares);
    if (midpoint(loss) > 1e-290) {
        const double l = midpoint(loss);
        cr_expect_float_eq(value, l, 2 * rounding(span) * l, "f = %g: %.17g, not %.17g", f[0], value, l);
        expect_slopes(outputs, slopes, wanted, 2 * rounding(span), "slopes");
    }
    arb_log(loss, loss, BITS);
    cr_expect_float_eq(log_value, midpoint(loss), 2 * rounding(span), "f = %g: %.17g", f[0], log_value);
    expect_slopes(outputs, shares, parts, 4 * rounding(span), "slopes by the loss");
    arb_clear(loss), arb_clear(part);
    _arb_vec_clear(reference, CLASSES);
}

/* Of every margin: the true class, another and a soft row at the top. */
Test(losses, brier_of_classes_is_accurate_at_every_margin) {
    static const double margins[] = {0.5, 5, 20, 36, 40, 100, 324, 326, 372, 500, 650, 700};
    static const double targets[][2] = {{1, 0}, {0, 1}, {0.6875, 0.3125}, {0.25, 0.75}, {0x1p-60, 1}};
    for (size_t i = 0; i < sizeof margins / sizeof *margins; ++i) {
        const double m = margins[i], two[] = {m, 0}, five[] = {-0.3, m, 0.4 - m / 3, 0.2, -1.5};
        for (size_t j = 0; j < sizeof targets / sizeof *targets; ++j) {
            check_brier(2, two, targets[j]);
            check_brier(3, five, (const double[]){0, targets[j][0], targets[j][1]});
            check_brier(5, five, (const double[]){targets[j][1], targets[j][0], 0, 0, 0});
        }
    }
    const double f[] = {-33.7, 19.7, -134.6};
    check_brier(3, f, (const double[]){0, 0.6875, 0.3125});
    check_brier(3, f, (const double[]){0x1p-40, 1 - 0x1p-39, 0x1p-40});
}

/* r = -sigma(-m), l = r^2 and dl/df = 2 r sigma(m) sigma(-m), beyond where l underflows. */
Test(losses, brier_of_one_output_is_accurate_at_every_margin) {
    static const double margins[] = {0.5, 20, 36, 100, 324, 326, 372, 500, 700};
    for (size_t i = 0; i < sizeof margins / sizeof *margins; ++i) {
        const double m = margins[i], q = 1;
        double log_value, share;
        ntk_loss_evaluate_log(NTK_LOSS_BRIER, 1, 1, &m, &q, &log_value, &share);
        cr_expect_float_eq(log_value, (double)(-2 * (m + log1pl(expl(-(long double)m)))), 2 * rounding(m));
        cr_expect_float_eq(share, (double)(-2 / (1 + expl(-(long double)m))), 4 * rounding(m), "%g: %.17g", m,
                           share);
    }
}

/* 1 - |p|^2 = 2 s (1 - s), s = sigma(-m), where 1 - p_1^2 would be 0. */
Test(losses, curvature_of_brier_is_bounded_at_every_margin) {
    static const double margins[] = {2, 20, 36, 40, 100, 300};
    for (size_t i = 0; i < sizeof margins / sizeof *margins; ++i) {
        const double m = margins[i], s = 1 / (1 + exp(m)), f[] = {m, 0};
        const double bound = log(8 * s * s + 4 * s + 4 * s * (1 - s));
        cr_expect_float_eq(ntk_loss_log_curvature_at(NTK_LOSS_BRIER, 1, 2, f), bound, rounding(m), "%g", m);
    }
}

Test(losses, of_no_number_are_not_a_number) {
    const double f[] = {0.5, 1}, q[] = {1, 0};
    double value = 0, slopes[] = {0, 0};
    ntk_loss_evaluate((ntk_loss)(NTK_LOSS_POISSON + 1), 1, 2, f, q, &value, slopes);
    cr_expect(isnan(value) && isnan(slopes[0]) && isnan(slopes[1]));
    value = 0, slopes[0] = slopes[1] = 0;
    ntk_loss_evaluate_log((ntk_loss)(NTK_LOSS_POISSON + 1), 1, 2, f, q, &value, slopes);
    cr_expect(isnan(value) && isnan(slopes[0]) && isnan(slopes[1]));
}

/* e^f - q with a count so small that log q, hence f - log q, has an error of 1e-13. */
Test(losses, poisson_of_small_counts_keeps_its_digits) {
    static const double counts[] = {1e-21, 1e-100, 1e-219, 1e-300};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; ++i) {
        const double f = 0.1125, q = counts[i], wanted = 2 * exp(f);
        double value, slope, log_value;
        ntk_loss_evaluate(NTK_LOSS_POISSON, 1, 1, &f, &q, &value, &slope);
        ntk_loss_evaluate_log(NTK_LOSS_POISSON, 1, 1, &f, &q, &log_value, NULL);
        cr_expect_float_eq(value, wanted, 4 * DBL_EPSILON * wanted, "q = %g: %.17g", q, value);
        cr_expect_float_eq(slope, wanted, 4 * DBL_EPSILON * wanted, "q = %g: %.17g", q, slope);
        cr_expect_float_eq(log_value, log(2) + f, 4 * DBL_EPSILON, "q = %g: %.17g", q, log_value);
    }
}

/* q = 1 - 2 epsilon is exact, and so is p - q in extended precision up to 1e-7 of epsilon; in
 * double precision the difference itself would have an error of 1e-4 of it. By itself, and beside a
 * row that is far out. */
Test(losses, cotangents_of_nearly_hard_targets_do_not_cancel) {
    const double epsilon = 0x1p-40, q[] = {epsilon, 1 - 2 * epsilon, epsilon, 0, 1, 0};
    const double f[] = {-0.3, 27.4, 0.2, 700, 0, 0};
    long double sum = 0;
    for (size_t k = 0; k < 3; ++k) sum += expl((long double)f[k]);
    for (size_t rows = 1; rows <= 2; ++rows) {
        double cotangent[6];
        ntk_loss_evaluate(NTK_LOSS_SOFTMAX, rows, 3, f, q, NULL, cotangent);
        for (size_t k = 0; k < 3; ++k) {
            const double wanted = (double)(expl((long double)f[k]) / sum - (long double)q[k]) / (double)rows;
            cr_expect_float_eq(cotangent[k], wanted, 1e-6 * fabs(wanted), "class %zu: %.17g, not %.17g", k,
                               cotangent[k], wanted);
        }
    }
}

Test(losses, squared_loss_below_underflow_keeps_its_logarithm) {
    const double f[] = {3e-200, 4e-200}, q[] = {0, 0};
    double log_loss, cotangent[2];
    ntk_loss_evaluate_log(NTK_LOSS_SQUARED, 1, 2, f, q, &log_loss, cotangent);
    cr_assert_float_eq(log_loss, log(12.5) - 400 * log(10), 1e-12);
    cr_assert_float_eq(cotangent[0] * 1e-200, 0.24, 1e-12);
    ntk_loss_evaluate_log(NTK_LOSS_SQUARED, 1, 2, q, q, &log_loss, cotangent);
    cr_assert(log_loss == -INFINITY && cotangent[0] == 0);
}

/* Largest eigenvalue of d2L/df2 at one point, by differences of the cotangent. */
static double measured_curvature(ntk_loss loss, size_t outputs, const double *f, const double *q) {
    double hessian[16], above[4], below[4], shifted[4], values[4];
    const double step = 1e-6;
    for (size_t j = 0; j < outputs; ++j) {
        for (size_t k = 0; k < outputs; ++k) shifted[k] = f[k] + (j == k ? step : 0);
        ntk_loss_evaluate(loss, 1, outputs, shifted, q, NULL, above);
        for (size_t k = 0; k < outputs; ++k) shifted[k] = f[k] - (j == k ? step : 0);
        ntk_loss_evaluate(loss, 1, outputs, shifted, q, NULL, below);
        for (size_t k = 0; k < outputs; ++k) hessian[k * outputs + j] = (above[k] - below[k]) / (2 * step);
    }
    assert_ok(ntk_eigen_symmetric(outputs, hessian, outputs, false, values));
    return values[outputs - 1];
}

/* Differences of a cotangent of the size e^8 have errors of eps e^8 / 1e-6. */
static void expect_curvature_below(ntk_loss loss, size_t outputs, const double *f, const double *q) {
    const double bound = exp(ntk_loss_log_curvature_at(loss, 1, outputs, f));
    const double measured = measured_curvature(loss, outputs, f, q);
    cr_expect(measured <= bound * (1 + 1e-9) + 1e-8, "loss %d: %.17g > %.17g", loss, measured, bound);
    cr_expect(bound <= ntk_loss_curvature(loss, 1), "loss %d", loss);
}

Test(losses, curvature_is_bounded_and_the_bound_is_attained) {
    assert_ok(ntk_linalg_start());
    unsigned state = 3;
    const double q[] = {0, 1, 0};
    for (int i = 0; i < 200; ++i) {
        double f[3], log_loss;
        for (size_t k = 0; k < 3; ++k) f[k] = 8 * pseudo_random(&state);
        const double softmax = measured_curvature(NTK_LOSS_SOFTMAX, 3, f, q);
        const double bound = exp(ntk_loss_log_curvature_at(NTK_LOSS_SOFTMAX, 1, 3, f));
        ntk_loss_evaluate_log(NTK_LOSS_SOFTMAX, 1, 3, f, q, &log_loss, NULL);
        cr_assert(softmax <= bound + 1e-9 && bound <= ntk_loss_curvature(NTK_LOSS_SOFTMAX, 1) + DBL_EPSILON);
        cr_assert(bound <= 2 * exp(log_loss) * (1 + 1e-12), "bounded by twice the loss");
        const double logistic = measured_curvature(NTK_LOSS_LOGISTIC, 1, f, q);
        cr_assert_float_eq(logistic, exp(ntk_loss_log_curvature_at(NTK_LOSS_LOGISTIC, 1, 1, f)), 1e-9);
        cr_assert(logistic <= ntk_loss_curvature(NTK_LOSS_LOGISTIC, 1) + 1e-9);
        expect_curvature_below(NTK_LOSS_BRIER, 3, f, q);
        expect_curvature_below(NTK_LOSS_BRIER, 1, f, q + i % 2);
        expect_curvature_below(NTK_LOSS_POISSON, 3, f, q);
    }
    const double zero[] = {0, 0};
    cr_assert_float_eq(measured_curvature(NTK_LOSS_SOFTMAX, 2, zero, q),
                       ntk_loss_curvature(NTK_LOSS_SOFTMAX, 1), 1e-9);
    cr_assert_float_eq(measured_curvature(NTK_LOSS_LOGISTIC, 1, zero, q),
                       ntk_loss_curvature(NTK_LOSS_LOGISTIC, 1), 1e-9);
    cr_assert_float_eq(measured_curvature(NTK_LOSS_SQUARED, 2, zero, q),
                       ntk_loss_curvature(NTK_LOSS_SQUARED, 1), 1e-9);
    cr_assert_eq(ntk_loss_curvature(NTK_LOSS_SQUARED, 8), 0.125);
}

Test(losses, margins) {
    const double f[] = {1, 4, 2, 5, 0, 3}, q[] = {0, 1, 0, 0, 0, 1};
    double margins[2];
    ntk_loss_margins(NTK_LOSS_SOFTMAX, 2, 3, f, q, margins);
    cr_assert(margins[0] == 2 && margins[1] == -2);
    ntk_loss_margins(NTK_LOSS_LOGISTIC, 2, 1, f, q, margins);
    cr_assert(margins[0] == -1 && margins[1] == 4);
    ntk_loss_margins(NTK_LOSS_BRIER, 2, 1, f, q, margins);
    cr_assert(margins[0] == -1 && margins[1] == 4);
    ntk_loss_margins(NTK_LOSS_SQUARED, 2, 1, f, q, margins);
    cr_assert(isnan(margins[0]));
    ntk_loss_margins(NTK_LOSS_POISSON, 2, 1, f, q, margins);
    cr_assert(isnan(margins[0]));
}

Test(losses, nan_in_the_outputs_is_not_hidden) {
    const double f[] = {NAN, 1, 2}, q[] = {0, 1, 0};
    double value;
    for (int loss = NTK_LOSS_SQUARED; loss <= NTK_LOSS_POISSON; ++loss) {
        const size_t outputs = loss == NTK_LOSS_LOGISTIC ? 1 : 3;
        ntk_loss_evaluate((ntk_loss)loss, 1, outputs, f, q, &value, NULL);
        cr_assert(isnan(value), "loss %d", loss);
        ntk_loss_evaluate_log((ntk_loss)loss, 1, outputs, f, q, &value, NULL);
        cr_assert(isnan(value), "log of loss %d", loss);
    }
}

Test(losses, targets_are_checked) {
    cr_assert_eq(ntk_loss_check(NTK_LOSS_LOGISTIC, 1, 2, (const double[]){0, 1}), NTK_ERROR_ARGUMENT);
    cr_assert_eq(ntk_loss_check(NTK_LOSS_SOFTMAX, 1, 1, (const double[]){1}), NTK_ERROR_ARGUMENT);
    cr_assert_eq(ntk_loss_check(NTK_LOSS_SQUARED, 0, 1, NULL), NTK_ERROR_ARGUMENT);
    cr_assert_eq(ntk_loss_check(NTK_LOSS_LOGISTIC, 1, 1, (const double[]){1.5}), NTK_ERROR_ARGUMENT);
    cr_assert_eq(ntk_loss_check(NTK_LOSS_SQUARED, 1, 1, (const double[]){NAN}), NTK_ERROR_NOT_FINITE);
    assert_fails(ntk_loss_check(NTK_LOSS_SOFTMAX, 2, 2, (const double[]){0, 1, 0.5, 0.6}), NTK_ERROR_ARGUMENT,
                 "row 1");
    assert_ok(ntk_loss_check(NTK_LOSS_SOFTMAX, 1, 3, (const double[]){0.1, 0.2, 0.7}));
    cr_assert_eq(ntk_loss_check(NTK_LOSS_BRIER, 1, 2, (const double[]){0.5, 0.6}), NTK_ERROR_ARGUMENT);
    cr_assert_eq(ntk_loss_check(NTK_LOSS_POISSON, 1, 1, (const double[]){-1}), NTK_ERROR_ARGUMENT);
    assert_ok(ntk_loss_check(NTK_LOSS_BRIER, 1, 1, (const double[]){0.5}));
    assert_ok(ntk_loss_check(NTK_LOSS_POISSON, 1, 2, (const double[]){0, 7}));
    cr_assert(ntk_loss_targets_are_hard(NTK_LOSS_SOFTMAX, 2, 2, (const double[]){0, 1, 1, 0}));
    cr_assert(!ntk_loss_targets_are_hard(NTK_LOSS_BRIER, 2, 2, (const double[]){0, 1, 1, 0}));
    cr_assert(!ntk_loss_targets_are_hard(NTK_LOSS_SOFTMAX, 2, 2, (const double[]){0, 1, 0.5, 0.5}));
    cr_assert(!ntk_loss_targets_are_hard(NTK_LOSS_LOGISTIC, 2, 1, (const double[]){0, 0.9}));
}
