/* Diagnostics of chains against autoregressions of known autocorrelation, sums by hand, and chains
 * that do not mix. */
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/stats.h>

#include "status.h"

enum { CHAINS = 8, LENGTH = 4000 };

static double draws[CHAINS * LENGTH];

/* x_{t+1} = rho x_t + sqrt(1 - rho^2) z, stationary from the start. */
static void draw_autoregressions(double rho, uint64_t seed) {
    for (size_t c = 0; c < CHAINS; c++) {
        ntk_stream stream = ntk_stream_create(seed, "chains", c);
        double *x = draws + c * LENGTH;
        ntk_stream_normal(&stream, LENGTH, x);
        for (size_t t = 1; t < LENGTH; t++) x[t] = rho * x[t - 1] + sqrt(1 - rho * rho) * x[t];
    }
}

/* tau = (1 + rho) / (1 - rho). Its estimate has a relative error of some sqrt(window / draws), 0.05
 * here. */
Test(chains, effective_size_of_autoregressions) {
    const double rhos[] = {0, 0.5, 0.9, 0.97, -0.4};
    for (size_t i = 0; i < 5; i++) {
        double size = 0;
        draw_autoregressions(rhos[i], 1 + i);
        assert_ok(ntk_stats_effective_size(CHAINS, LENGTH, draws, &size));
        const double wanted = CHAINS * LENGTH * (1 - rhos[i]) / (1 + rhos[i]);
        cr_expect_float_eq(size / wanted, 1, 0.25, "rho %g: %g, not %g", rhos[i], size, wanted);
    }
}

/* The error of the mean is what the effective size says: chi-square over 400 replications. */
Test(chains, effective_size_predicts_the_error) {
    double squares = 0, sizes = 0;
    for (uint64_t seed = 0; seed < 50; seed++) {
        double size = 0;
        draw_autoregressions(0.8, 100 + seed);
        assert_ok(ntk_stats_effective_size(CHAINS, LENGTH, draws, &size));
        sizes += size / CHAINS / 50;
        for (size_t c = 0; c < CHAINS; c++) {
            double mean = 0;
            for (size_t t = 0; t < LENGTH; t++) mean += draws[c * LENGTH + t] / LENGTH;
            squares += mean * mean / (50 * CHAINS);
        }
    }
    cr_expect_float_eq(squares * sizes, 1, 0.35); /* five standard errors, sqrt(2/400) each */
}

/* One chain of eight draws: halves (1, 2, 3, 6) and (5, 4, 9, 10) have means 3 and 7, variances
 * 14/3 and 26/3. */
Test(chains, split_r_hat_by_hand) {
    const double x[8] = {1, 2, 3, 6, 5, 4, 9, 10};
    double r_hat = 0;
    assert_ok(ntk_stats_split_r_hat(1, 8, x, &r_hat));
    const double within = (14.0 / 3 + 26.0 / 3) / 2, between = 8;
    cr_expect_float_eq(r_hat, sqrt((0.75 * within + between) / within), 1e-14);
}

/* Chains with means d apart, and chains that drift: neither may pass for one law. A drift is what
 * the split is for. */
Test(chains, split_r_hat_sees_what_has_not_mixed) {
    double r_hat = 0;
    draw_autoregressions(0.5, 7);
    assert_ok(ntk_stats_split_r_hat(CHAINS, LENGTH, draws, &r_hat));
    cr_expect_lt(r_hat, 1.005);
    for (size_t i = 0; i < CHAINS * LENGTH; i++) draws[i] += i / LENGTH % 2 == 0 ? 0.5 : -0.5;
    assert_ok(ntk_stats_split_r_hat(CHAINS, LENGTH, draws, &r_hat));
    /* B = 0.25 * 16/15 */
    cr_expect_float_eq(r_hat, sqrt(1 + 0.25 * 16 / 15), 0.02);
    draw_autoregressions(0.5, 7);
    for (size_t i = 0; i < CHAINS * LENGTH; i++) draws[i] += (double)(i % LENGTH) / LENGTH * 2;
    assert_ok(ntk_stats_split_r_hat(CHAINS, LENGTH, draws, &r_hat));
    cr_expect_gt(r_hat, 1.08);
}

Test(chains, chains_that_differ_have_few_effective_draws) {
    double size = 0;
    draw_autoregressions(0, 8);
    for (size_t i = 0; i < CHAINS * LENGTH; i++) draws[i] += 3 * (double)(i / LENGTH);
    assert_ok(ntk_stats_effective_size(CHAINS, LENGTH, draws, &size));
    cr_expect_lt(size, 2 * CHAINS);
}

Test(chains, refusals) {
    double out = 0, constant[16] = {0};
    draw_autoregressions(0, 9);
    cr_expect_eq(ntk_stats_split_r_hat(1, 6, draws, &out), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_stats_split_r_hat(2, 9, draws, &out), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_stats_effective_size(0, 8, draws, &out), NTK_ERROR_ARGUMENT);
    cr_expect_eq(ntk_stats_split_r_hat(2, 8, constant, &out), NTK_ERROR_NOT_FINITE);
    constant[11] = NAN;
    assert_fails(ntk_stats_effective_size(2, 8, constant, &out), NTK_ERROR_NOT_FINITE, "draw 3 of chain 1");
}
