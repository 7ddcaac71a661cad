/* Log-loss time against solutions known in closed form, far beyond what physical time reaches.
 *
 * One point of class 1, logistic loss, Theta = c, f(0) = f_0: f' = c sigma(-f) gives f + e^f = c
 * t + f_0 + e^{f_0}. */
#include <criterion/criterion.h>

#include <math.h>

#include <ntk/linalg.h>

#include "problems.h"

/* log t of the solution; for large f through logarithms. Through f - f_0, which for small t has
 * more digits. */
static double log_time_of(double growth, double c, double f0) {
    const double f = f0 + growth, linear = growth + exp(f0) * expm1(growth);
    return (f < 600 ? log(linear) : f + log1p(f * exp(-f))) - log(c);
}

static ntk_flow_options log_time_options(recorder *r, const double *times, size_t count) {
    ntk_flow_options options = ntk_flow_options_default();
    options.loss = NTK_LOSS_LOGISTIC;
    options.time = NTK_TIME_LOG_LOSS;
    options.tolerance = 1e-9;
    record_at(&options, r, times, count);
    return options;
}

Test(log_time, one_point_follows_its_implicit_solution_to_log_time_1000) {
    static const double times[] = {-INFINITY,          -30, -5,  0,   2.3, 20, 40,
                                   41.446531673892822, 200, 700, 720, 1000};
    const size_t count = sizeof times / sizeof *times;
    const double c = 2.5, f0 = -1.5;
    ntk_model model = linear_model(1, 1, &c, &f0);
    recorder seen = {0};
    ntk_flow_options options = log_time_options(&seen, times, count);
    options.log_horizon = 1000;
    double a = 0;
    const ntk_flow_result result = run_flow(&model, (const double[]){1}, &options, &a);
    cr_assert(result.end == NTK_END_HORIZON && result.log_time == 1000);
    cr_assert_eq(seen.count, count, "%zu observations: the end once only", seen.count);
    for (size_t i = 0; i < count; ++i) {
        cr_assert_eq(seen.log_time[i], times[i], "observations are at the times asked for");
        if (times[i] == -INFINITY) continue;
        /* Errors of 1e-9 in t per step, of which the last few count: t grows by a factor over a few
         * steps. */
        const double growth = seen.displacement[i] * sqrt(c);
        cr_assert_float_eq(log_time_of(growth, c, f0), times[i], 1e-7, "log t = %g", times[i]);
        cr_assert_float_eq(f0 + growth, seen.output[i], 1e-14 * (1 + growth));
    }
    ntk_model_release(&model);
}

Test(log_time, every_integrator_agrees_with_the_implicit_solution) {
    const double times[] = {0, 1, 5, 10, 40}, c = 1, f0 = 0.5;
    ntk_model model = linear_model(1, 1, &c, &f0);
    for (int integrator = NTK_INTEGRATOR_EMBEDDED; integrator <= NTK_INTEGRATOR_BOUNDED_STEP; ++integrator) {
        recorder seen = {0};
        ntk_flow_options options = log_time_options(&seen, times, 5);
        options.integrator = (ntk_integrator)integrator;
        options.tolerance = 1e-7;
        options.step = 0.02;
        options.time_factor = 3;
        options.log_horizon = 40;
        double a = 0;
        run_flow(&model, (const double[]){1}, &options, &a);
        /* Order 2 at steps of 0.02 in log L: about 0.02^2. */
        const double tolerance = integrator == NTK_INTEGRATOR_BOUNDED_STEP ? 4e-4 : 1e-5;
        for (size_t i = 0; i < 5; ++i)
            cr_assert_float_eq(log_time_of(seen.output[i] - f0, 3 * c, f0), times[i], tolerance,
                               "integrator %d: %g", integrator,
                               log_time_of(seen.output[i] - f0, 3 * c, f0) - times[i]);
    }
    ntk_model_release(&model);
}

/* The same path in both times: soft coupling of three points and three classes. */
Test(log_time, agrees_with_physical_time_where_both_reach) {
    enum { N = 3, K = 3 };
    double spectrum[N * K], gram[N * K * N * K], f0[N * K], theta[2][N * K];
    const double q[N * K] = {1, 0, 0, 0, 0, 1, 0, 1, 0};
    for (size_t i = 0; i < N * K; ++i) {
        spectrum[i] = 0.3 + 0.4 * (double)i;
        f0[i] = cos((double)i);
    }
    matrix_with_spectrum(N * K, spectrum, gram);
    ntk_model model = linear_model(N, K, gram, f0);
    for (int time = NTK_TIME_PHYSICAL; time <= NTK_TIME_LOG_LOSS; ++time) {
        ntk_flow_options options = ntk_flow_options_default();
        options.time = (ntk_time)time;
        options.integrator = NTK_INTEGRATOR_EMBEDDED;
        options.tolerance = 1e-10;
        options.horizon = 200;
        for (size_t i = 0; i < N * K; ++i) theta[time][i] = 0;
        run_flow(&model, q, &options, theta[time]);
    }
    cr_assert_float_eq(ntk_distance(N * K, theta[0], theta[1]), 0, 1e-7);
    ntk_model_release(&model);
}

/* Two separable points. The hard-margin solution minimises ||w||^2 = a^T Theta a subject to y_i
 * (Theta a)_i >= 1; where both constraints are active, a = Theta^{-1} y and ||w||^2 = y^T
 * Theta^{-1} y. Then theta grows like
 * ||w|| log t and t L -> ||w||^2 (L falls as e^{-margin}, margin = log t + const). */
Test(log_time, slope_tends_to_the_hard_margin_norm) {
    const double gram[] = {1, 0.3, 0.3, 2}, f0[] = {0.2, -0.1}, q[] = {1, 0};
    const double y[] = {1, -1}, determinant = 2 - 0.09;
    const double square = (2 * y[0] * y[0] - 2 * 0.3 * y[0] * y[1] + y[1] * y[1]) / determinant;
    const double times[] = {300, 600};
    ntk_model model = linear_model(2, 1, gram, f0);
    recorder seen = {0};
    ntk_flow_options options = log_time_options(&seen, times, 2);
    options.log_horizon = 600;
    double a[2] = {0};
    run_flow(&model, q, &options, a);
    const double slope = (seen.displacement[1] - seen.displacement[0]) / 300;
    /* The correction to the displacement is O(1 / log t), its change over this stretch < 1 /
     * 300. */
    cr_assert_float_eq(slope, sqrt(square), 1e-3, "slope %.8g, norm %.8g", slope, sqrt(square));
    cr_assert_float_eq(seen.log_loss[1] + 600, log(square), 1e-4, "t L = %g", exp(seen.log_loss[1] + 600));
    ntk_model_release(&model);
}

/* f = theta^2 / 2 for one point: features move, -log L blows up at a finite s, and log t is reached
 * all the same. f' = theta theta' = 2 f sigma(-f) => t = integral of (1 + e^u) / (2 u) du from f_0
 * to f. */
static ntk_status half_square(void *context, const double *theta, double *f) {
    (void)context;
    *f = 0.5 * *theta * *theta;
    return NTK_OK;
}

static ntk_status half_square_pullback(void *context, const double *theta, const double *cotangent,
                                       double *gradient) {
    (void)context;
    *gradient = *theta * *cotangent;
    return NTK_OK;
}

static double integrand(double u, double shift) { return (exp(-shift) + exp(u - shift)) / (2 * u); }

/* log of the integral, scaled by e^{-f}, by composite Simpson over the last 60 units, below which
 * e^u vanishes. */
static double log_time_of_half_square(double f, double f0) {
    enum { PANELS = 20000 };
    const double low = fmax(f0, f - 60), width = (f - low) / PANELS;
    double sum = integrand(low, f) + integrand(f, f);
    for (int i = 1; i < PANELS; ++i) sum += (i % 2 ? 4 : 2) * integrand(low + i * width, f);
    return f + log(sum * width / 3);
}

Test(log_time, moving_features_reach_any_log_time) {
    const ntk_model model = {
        .dimension = 1, .points = 1, .outputs = 1, .evaluate = half_square, .pullback = half_square_pullback};
    const double times[] = {2, 30, 5000};
    for (int integrator = NTK_INTEGRATOR_EMBEDDED; integrator <= NTK_INTEGRATOR_BOUNDED_STEP;
         integrator += 2) {
        recorder seen = {0};
        ntk_flow_options options = log_time_options(&seen, times, 3);
        options.integrator = (ntk_integrator)integrator;
        options.log_horizon = 5000;
        double theta = 1;
        run_flow(&model, (const double[]){1}, &options, &theta);
        /* step^2 / 2 */
        const double tolerance = integrator == NTK_INTEGRATOR_EMBEDDED ? 1e-6 : 5e-3;
        for (size_t i = 0; i < 3; ++i)
            cr_assert_float_eq(log_time_of_half_square(seen.output[i], 0.5), times[i], tolerance,
                               "%d: %g at %g", integrator,
                               log_time_of_half_square(seen.output[i], 0.5) - times[i], times[i]);
    }
}
