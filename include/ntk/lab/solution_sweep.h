/* Sweeps whose networks are trained to the end: what the claims about the solution of the lazy
 * regime read off their runs.
 *
 * With L2 towards the initialisation a flow ends near the kernel logistic regression with the
 * empirical NTK at its start, and near that with the infinite-width NTK: by errors that fall with
 * the width, the first of them within a bound that holds path by path (solution.h). An experiment
 * takes ntk_solution_parameters, compares each run, adds columns of its own if it likes, and
 * reduces. */
#ifndef NTK_LAB_SOLUTION_SWEEP_H
#define NTK_LAB_SOLUTION_SWEEP_H

#include <ntk/api.h>
#include <ntk/lab/context.h>
#include <ntk/lab/parameters.h>
#include <ntk/lab/solution.h>
#include <ntk/lab/sweep.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* What they read, besides the parameters of every sweep: what a control sets to compare with the
 * solution of another problem. */
extern const ntk_parameter ntk_solution_parameters[];

/* The first columns of such a sweep: the members of ntk_solution_comparison. */
#define NTK_SOLUTION_SWEEP_COLUMNS "error-empirical error-limit bound-ratio unfinished relative-residual"
enum {
    NTK_SOLUTION_ERROR_EMPIRICAL,
    NTK_SOLUTION_ERROR_LIMIT,
    NTK_SOLUTION_BOUND_RATIO,
    NTK_SOLUTION_UNFINISHED,
    NTK_SOLUTION_RESIDUAL,
    NTK_SOLUTION_SWEEP_OWN /* the first column of the experiment's own */
};

/* Compare the end of a run with its solutions (solution.h, ntk_solution_compare) and fill these
 * columns. own: what `measure` was given. found: to be released. Errors: those of
 * ntk_solution_compare. */
ntk_status ntk_solution_sweep_compare(const ntk_sweep_run *run, const void *own, double *values,
                                      ntk_solution_comparison *found);

/* The reduction of these columns (sweep.h, ntk_sweep_reduce): exponents of the errors in the width
 * (ntk_sweep_emit_rates, "rate-empirical" and "rate-limit"), and by kind the largest "bound-ratio",
 * "relative-residual" and "unfinished". */
ntk_status ntk_solution_sweep_reduce(ntk_context *context, const ntk_sweep *sweep, size_t activation);

/* ntk_sweep_conduct, of flows with L2 that are followed on test points. Errors: also
 * NTK_ERROR_ARGUMENT where the parameters say otherwise. */
ntk_status ntk_solution_sweep_conduct(ntk_context *context, const char *columns, ntk_sweep_measure measure,
                                      ntk_sweep_reduce reduce);

/* Of any run with test points: let its curve be the distance of the outputs, along the flow, from a
 * solution (all_points, K), over points first and later (solution.h, ntk_solution_distance). */
void ntk_solution_sweep_draw(const ntk_sweep_run *run, size_t first, bool centred, const double *solution);

NTK_END_DECLS

#endif
