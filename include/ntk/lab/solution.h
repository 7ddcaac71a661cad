/* Solutions: where a kernel predicts that the flow of a training problem (problem.h) ends, on all
 * of its points, and the measures by which an end is compared with it. */
#ifndef NTK_LAB_SOLUTION_H
#define NTK_LAB_SOLUTION_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/api.h>
#include <ntk/lab/context.h>
#include <ntk/lab/grid.h>
#include <ntk/lab/parameters.h>
#include <ntk/lab/problem.h>
#include <ntk/lab/sweep.h>
#include <ntk/loss.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* What is solved: cross-entropy with one of the problem's kernels. */
typedef struct ntk_solution_formula {
    ntk_training_kernel kernel;
    ntk_loss loss;         /* logistic for one output, else softmax */
    double lambda;         /* > 0: kernel logistic regression; 0: interpolation of soft targets */
    const double *targets; /* (points, K); NULL: the problem's own */
    const double *f0;      /* (all_points, K), where the flow starts; NULL: the network's outputs at
                            * theta0 */
} ntk_solution_formula;

/* f*(x) = f_0(x) + Theta(x, X) a at all points, a the coefficients of ntk_inference_logistic on the
 * training points: the end of the flow of the linear model with that kernel. Theta is solved as one
 * kernel for all outputs where it is the infinite-width one. f: (all_points, K). Errors: those of
 * ntk_inference_logistic, of the network and of the kernel. */
ntk_status ntk_solution_predict(const ntk_training *training, const ntk_solution_formula *formula, double *f);

/* norms[i K + k] = ||J_k(x_i; theta_0)|| = sqrt(Theta_hat_0(x_i, x_i)_kk): what a change of the
 * parameters by a distance of 1 does at most to an output of the linearised network. norms:
 * (all_points, K). */
ntk_status ntk_solution_norms(const ntk_training *training, double *norms);

/* What convexity says of any parameters theta, for lambda > 0: bounds[i K + k] >= |f_k(x_i; theta)
 * - f*_k(x_i)|, f* the solution with the empirical NTK at theta_0,
 *
 *     bounds = |f - f_lin| + ||J_k(x_i; theta_0)|| ||grad P|| / lambda,
 *
 * f_lin the linearised network at theta and P its objective there (derived in
 * study/solution.c). bounds: (all_points, K). Errors: those of the network. */
ntk_status ntk_solution_bound(const ntk_training *training, ntk_loss loss, double lambda, const double *theta,
                              double *bounds);

/* The end of a network's flow with L2 beside what the two kernels predict. Errors are largest
 * differences over all outputs of all points. */
typedef struct ntk_solution_comparison {
    double *end, *empirical, *limit;     /* (all_points, K), outputs: the network's, and the two
                                          * solutions */
    double error_empirical, error_limit; /* of end against them */
    /* Largest |end - empirical| / bound of ntk_solution_bound: at most 1. */
    double bound_ratio;
    /* ||grad|| / (lambda ||theta - theta_0||), grad that of the network's own objective: 0 at
     * rest. */
    double relative_residual;
    /* Largest ||J_k(x_i; theta_0)|| ||grad|| / lambda over error_empirical: what a run that has not
     * quite arrived adds to that bound at most. */
    double unfinished;
} ntk_solution_comparison;

/* theta: (p), where the flow of loss and lambda > 0 ended; formula_lambda: that of the solutions,
 * equal to lambda by rights. Errors: those of ntk_solution_predict and of the network. */
ntk_status ntk_solution_compare(const ntk_training *training, ntk_loss loss, double lambda,
                                double formula_lambda, const double *theta, ntk_solution_comparison *out);
/* Release and zero; a zeroed value is allowed. */
void ntk_solution_comparison_release(ntk_solution_comparison *comparison);

/* Largest |f - g| over the outputs of points first .. last - 1; centred: after each row's mean over
 * k is taken off (K > 1), which leaves what softmax sees. NaN where one is NaN. f, g: (last, K). */
double ntk_solution_distance(const ntk_training *training, size_t first, size_t last, bool centred,
                             const double *f, const double *g);

/* Largest |difference| between the means over the K outputs of f and g at points first .. last - 1:
 * what centring takes off. NaN where one is NaN. */
double ntk_solution_mean_distance(const ntk_training *training, size_t first, size_t last, const double *f,
                                  const double *g);

/* Part of the points first .. last - 1 whose label has the largest output (one output: whose class
 * its sign says); a tie is no answer. f: (last, K). */
double ntk_solution_accuracy(const ntk_training *training, size_t first, size_t last, const double *f);

/* ---- sweeps whose networks are trained to the end ----------------------------------------------
 *
 * With L2 towards the initialisation a flow ends near the kernel logistic regression with the
 * empirical NTK at its start, and near that with the infinite-width NTK: by errors that fall with
 * the width, the first of them within a bound that holds path by path. An experiment takes
 * ntk_solution_parameters, compares each run, adds columns of its own if it likes, and reduces. */

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

/* Compare the end of a run with its solutions (ntk_solution_compare) and fill these
 * columns. own: what `measure` was given. found: to be released. Errors: those of
 * ntk_solution_compare. */
ntk_status ntk_solution_sweep_compare(const ntk_sweep_run *run, const void *own, double *values,
                                      ntk_solution_comparison *found);

/* The metrics of these columns, as an entry of a list (NTK_REDUCE_OWN): exponents of the errors in
 * the width, "rate-empirical" and "rate-limit", and by kind the largest "bound-ratio",
 * "relative-residual" and "unfinished". */
extern const ntk_metric_declaration ntk_solution_metrics[];
ntk_status ntk_solution_sweep_reduce(ntk_context *context, const ntk_grid *grid, size_t which);

/* ntk_sweep_conduct, of flows with L2 that are followed on test points. Errors: also
 * NTK_ERROR_ARGUMENT where the parameters say otherwise. */
ntk_status ntk_solution_sweep_conduct(ntk_context *context, const char *columns, ntk_sweep_measure measure,
                                      const ntk_reduction *metrics);

/* Of any run with test points: let its curve be the distance of the outputs, along the flow, from a
 * solution (all_points, K), over points first and later (ntk_solution_distance). */
void ntk_solution_sweep_draw(const ntk_sweep_run *run, size_t first, bool centred, const double *solution);

NTK_END_DECLS

#endif
