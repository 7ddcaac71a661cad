/* The flow of a linear model, run to its end, against the solutions computed here: two paths that
 * share the loss and the product with Theta, and nothing else. */
#include <math.h>

#include <criterion/criterion.h>

#include <ntk/hard_margin.h>

#include "classifiers.h"

/* Outputs of the flow from f_0 where the gradient has fallen to 1e-9. */
static double run_to_stationarity(const drawn *d, double *f) {
    ntk_flow_options options = ntk_flow_options_default();
    options.tolerance = 1e-7;
    options.gradient_tolerance = 1e-9;
    const ntk_flow_result result = run_linear_flow(&d->problem, options, f);
    cr_assert_eq(result.end, NTK_END_STATIONARY);
    return result.displacement;
}

/* The flow of one problem ends at the solution of the other, whose kernel is the same but perhaps
 * shared. */
static void assert_end(const drawn *flowing, drawn *solved, double norm_error, double error) {
    double f[MAX_UNKNOWNS];
    const double displacement = run_to_stationarity(flowing, f);
    cr_assert_float_eq(solve_logistic(solved).norm, displacement, norm_error);
    for (size_t j = 0; j < solved->unknowns; ++j)
        cr_assert_float_eq(solved->f[j], f[j], error, "output %zu: %g", j, solved->f[j] - f[j]);
}

/* ||w - w*|| <= 1e-9 / lambda by strong convexity, so |f - f*| <= sqrt(Theta_ii) 1e-9 / lambda:
 * 3e-6 for lambda = 1e-3 and diagonals below 9. */
Test(flow, regularised_flow_ends_at_the_solution) {
    for (unsigned seed = 0; seed < 3; ++seed) {
        drawn shared = draw_problem(NTK_LOSS_SOFTMAX, 8, 3, false, 30, HARD, 1e-3, seed);
        drawn problems[] = {written_out(&shared),
                            draw_problem(NTK_LOSS_SOFTMAX, 6, 3, true, 40, MIXED, 1e-3, seed),
                            draw_problem(NTK_LOSS_LOGISTIC, 10, 1, false, 30, HARD, 1e-3, seed)};
        for (size_t i = 0; i < 3; ++i) assert_end(&problems[i], i == 0 ? &shared : &problems[i], 1e-6, 3e-6);
    }
}

/* Without lambda the curvature at the end, about q_min / n times the smallest eigenvalue of Theta,
 * takes its place. */
Test(flow, soft_flow_ends_at_the_interpolation) {
    for (unsigned seed = 0; seed < 3; ++seed) {
        drawn shared = draw_problem(NTK_LOSS_SOFTMAX, 6, 3, false, 60, SOFT, 0, seed);
        drawn problems[] = {written_out(&shared),
                            draw_problem(NTK_LOSS_SOFTMAX, 5, 3, true, 100, SOFT, 0, seed),
                            draw_problem(NTK_LOSS_LOGISTIC, 8, 1, false, 60, SOFT, 0, seed)};
        for (size_t i = 0; i < 3; ++i) assert_end(&problems[i], i == 0 ? &shared : &problems[i], 1e-5, 1e-5);
    }
}

typedef struct late {
    double displacement[2], log_time[2], log_loss[2];
    size_t count;
} late;

static ntk_status observe(const ntk_observation *seen, void *context) {
    late *l = context;
    if (l->count < 2) {
        l->displacement[l->count] = seen->displacement;
        l->log_time[l->count] = seen->log_time;
        l->log_loss[l->count] = seen->log_loss;
    }
    l->count++;
    return NTK_OK;
}

/* w = w_hat log t + w~ + O(1/t) where all multipliers of the active constraints are positive: t L
 * -> ||w_hat||^2 at once, and the slope between log t = 400 and 800 differs from ||w_hat|| by
 * O(||w~_perp||^2 / (||w_hat|| log^2 t)), whose perpendicular part the ratio ||w|| / log t does not
 * know to be small. */
static void assert_hard_margin_reached(drawn *d, const drawn *shared) {
    const double times[] = {400, 800};
    late seen = {0};
    ntk_flow_options options = ntk_flow_options_default();
    options.time = NTK_TIME_LOG_LOSS;
    options.tolerance = 1e-7;
    options.observation_log_times = times;
    options.observation_count = 2;
    options.log_horizon = 800;
    options.observer = observe;
    options.context = &seen;
    run_linear_flow(&d->problem, options, d->f);
    ntk_hard_margin_result margin;
    assert_ok(ntk_inference_hard_margin(&shared->problem, d->a, NULL, &margin));
    const double slope = (seen.displacement[1] - seen.displacement[0]) / 400;
    cr_assert_float_eq(slope, margin.norm, 1e-3 * margin.norm, "%g, not %g", slope, margin.norm);
    cr_assert_float_eq(seen.displacement[1] / 800, margin.norm, 0.05 * margin.norm);
    const double constant = exp(seen.log_time[1] + seen.log_loss[1]), square = margin.norm * margin.norm;
    cr_assert_float_eq(constant, square, 1e-3 * square, "%g, not %g", constant, square);
}

Test(flow, one_hot_flow_follows_the_hard_margin) {
    for (unsigned seed = 0; seed < 3; ++seed) {
        drawn shared = draw_problem(NTK_LOSS_SOFTMAX, 6, 3, false, 40, HARD, 0, seed);
        drawn out = written_out(&shared);
        assert_hard_margin_reached(&out, &shared);
        drawn full = draw_problem(NTK_LOSS_SOFTMAX, 5, 3, true, 60, HARD, 0, seed);
        assert_hard_margin_reached(&full, &full);
        drawn one = draw_problem(NTK_LOSS_LOGISTIC, 8, 1, false, 40, HARD, 0, seed);
        assert_hard_margin_reached(&one, &one);
    }
}

/* The regularised path has the same direction: w(lambda) / ||w(lambda)|| -> w_hat / ||w_hat||,
 * slowly. */
Test(flow, vanishing_regulariser_has_the_hard_margin_direction) {
    drawn d = draw_problem(NTK_LOSS_SOFTMAX, 8, 3, false, 40, HARD, 1e-12, 2), hard = d;
    const ntk_logistic_result regularised = solve_logistic(&d);
    ntk_hard_margin_result margin;
    assert_ok(ntk_inference_hard_margin(&hard.problem, hard.a, NULL, &margin));
    const double cosine = (double)naive_product(&d.problem, d.a, hard.a) / (regularised.norm * margin.norm);
    cr_assert(cosine > 0.99 && cosine <= 1 + 1e-12, "%g", cosine);
}
