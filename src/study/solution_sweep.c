/* Sweeps whose networks are trained to the end, beside their kernel solutions. */
#include <ntk/lab/solution_sweep.h>

#include <ntk/lab/context.h>
#include <ntk/lab/solution.h>
#include <ntk/lab/sweep.h>
#include <ntk/status.h>
#include <ntk/trajectory.h>

const ntk_parameter ntk_solution_parameters[] = {
    NTK_REAL("lambda-factor", 1, 1e-3, 1e3, "lambda in the formula, over that of the flow"),
    {0},
};

ntk_status ntk_solution_sweep_compare(const ntk_sweep_run *run, const void *own, double *values,
                                      ntk_solution_comparison *found) {
    const double chosen = run->lambda * *(const double *)own;
    NTK_TRY(ntk_solution_compare(run->training, run->flow->loss, run->lambda, chosen, run->training->theta,
                                 found));
    values[NTK_SOLUTION_ERROR_EMPIRICAL] = found->error_empirical;
    values[NTK_SOLUTION_ERROR_LIMIT] = found->error_limit;
    values[NTK_SOLUTION_BOUND_RATIO] = found->bound_ratio;
    values[NTK_SOLUTION_UNFINISHED] = found->unfinished;
    values[NTK_SOLUTION_RESIDUAL] = found->relative_residual;
    return NTK_OK;
}

/* All networks together, once. */
ntk_status ntk_solution_sweep_reduce(ntk_context *context, const ntk_sweep *sweep, size_t activation) {
    if (activation > 0) return NTK_OK;
    NTK_TRY(ntk_sweep_emit_rates(context, sweep, "rate-empirical", NTK_SOLUTION_ERROR_EMPIRICAL));
    NTK_TRY(ntk_sweep_emit_rates(context, sweep, "rate-limit", NTK_SOLUTION_ERROR_LIMIT));
    NTK_TRY(ntk_sweep_emit_largest_by_kind(context, sweep, "bound-ratio", NTK_SOLUTION_BOUND_RATIO));
    NTK_TRY(ntk_sweep_emit_largest_by_kind(context, sweep, "relative-residual", NTK_SOLUTION_RESIDUAL));
    return ntk_sweep_emit_largest_by_kind(context, sweep, "unfinished", NTK_SOLUTION_UNFINISHED);
}

ntk_status ntk_solution_sweep_conduct(ntk_context *context, const char *columns, ntk_sweep_measure measure,
                                      ntk_sweep_reduce reduce) {
    ntk_sweep_options sweep;
    NTK_TRY(ntk_sweep_read(context, &sweep));
    const double lambda_factor = ntk_context_real(context, "lambda-factor");
    if (sweep.problem.test_points == 0 || !(sweep.flow.lambda > 0))
        return ntk_fail(NTK_ERROR_ARGUMENT,
                        "the solution needs lambda > 0 and test points to be compared at");
    return ntk_sweep_conduct(context, &sweep, columns, measure, &lambda_factor, reduce);
}

void ntk_solution_sweep_draw(const ntk_sweep_run *run, size_t first, bool centred, const double *solution) {
    const ntk_trajectory *path = run->trajectory;
    for (size_t t = 0; t < path->count; t++)
        run->curve[t] = ntk_solution_distance(run->training, first, run->training->all_points, centred,
                                              path->followed + t * path->followed_size, solution);
}
