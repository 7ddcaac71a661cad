/* Laws of ensembles: trained networks of two widths against the Gaussian law at infinite width.
 *
 * A study draws n training points, q test points and c points on a great circle through the first two
 * training points, once. The experiment says what is trained (the study's `problem`) and which law is
 * expected at the test and circle points; the networks of widths m < M are trained, and moments of the
 * outputs are compared with the law at the test points.
 *
 * Whitened samples. Outputs are taken in `copies` orthonormal directions of R^K, in each of which the law is
 * N(mean, C), independently. With C = L L^T over the test points, z = L^{-1} (f - mean), of law N(0, I), and
 * for each statistic h below E h(z) = 0:
 *
 *     mean         z_i of each copy, and <z, w> summed over copies, w the direction
 *                  of L^{-1} mean, along which a wrong mean shows most     q copies + 1 statistics
 *     covariance   z_i z_j - [i = j]                                       q (q + 1) / 2
 *     normality    (z_i^3 - 3 z_i) / sqrt 6, and Mardia's kurtosis
 *                  (|z|^4 - 2 (q + 2) |z|^2 + q (q + 2)) / sqrt(8 q (q + 2))     q + 1, of variance 1
 *     shape        (e^{-|z|^2/2} - 2^{-q/2}) / sqrt(3^{-q/2} - 2^{-q})           1, of variance 1
 *
 * each but the mean averaged over a network's copies, so that networks are independent samples.
 *
 * Extrapolation. At width m the expectation e_m = E h(z) differs from its limit e by O(1/m). With r = M / m,
 *
 *     e = (r e_M - e_m) / (r - 1)
 *
 * is free of that term (Richardson). Most of the variance of its plain estimate is the spread of the initial
 * outputs, which training has no part in. Each network has a linear partner with the same start, g(x) =
 * f_0(x) + A (y - f_0(X)) (y with the noise that the network saw), whitened to z'. With d_m = E h(z) - E
 * h(z')
 *
 *     e = (r d_M - d_m) / (r - 1)  +  e',          e' = (r E_M h(z') - E_m h(z')) / (r - 1),
 *
 * the first estimated from trained networks, as differences of correlated numbers, the second from these and
 * from thousands of untrained ones. With one hidden layer E h(z') is the same at every width for the mean,
 * the covariance and the third moments, whatever the law is (E f_0 f_0^T = S or, for starts J z, E
 * Theta_hat_0 = Theta hold exactly, and f_0 is even in law): there e' is the mean over the partners of both
 * widths. The last two statistics see the fourth cumulants of f_0, which are O(1/m): there e' is extrapolated
 * as above. (Kurtosis sees slight departures from a normal law, the bounded statistic strong ones without the
 * noise of fourth powers: networks whose scale varies with variance w, whose excess kurtosis is 3 w, move
 * them by about 1.7 w and 0.85 w at q = 4.)
 *
 * Metrics: mean-deviation, covariance-deviation, normality-deviation, shape-deviation: the largest |e| over
 * the statistics of each kind, with a simultaneous interval (stats.h, ntk_stats_largest); coupling-exponent:
 * exponent in the width of a network's distance to its linear partner, root mean square of z - z' over test
 * points and copies; gradient-norm: the largest at the end of a flow. Each is followed by "-" and the law's
 * label. */
#ifndef NTK_ENSEMBLE_LAW_H
#define NTK_ENSEMBLE_LAW_H

#include <stddef.h>

#include <ntk/ensemble.h>
#include <ntk/experiment.h>

#define NTK_ENSEMBLE_LAW_PARAMETERS                                                                           \
    {"widths", NTK_PARAMETER_INTEGER_LIST, "64 256", 2, 65536, NULL, "two hidden widths, ascending"},         \
        {"members", NTK_PARAMETER_INTEGER_LIST, "64 16", 2, 1000000, NULL, "trained networks of each width"}, \
        {"initialisations",           NTK_PARAMETER_INTEGER_LIST, "64 64", 2, 10000000, NULL,                 \
         "untrained ones beside them"},                                                                       \
        {"activation", NTK_PARAMETER_CHOICE, "erf", 0, 0, "erf|gelu", "of the hidden layer"},                 \
        NTK_SPHERE_PARAMETERS("8"),                                                                           \
        {"test-points", NTK_PARAMETER_INTEGER, "5", 1, 100, NULL, "test points on the unit sphere"},          \
        {"circle-points",                                                                                     \
         NTK_PARAMETER_INTEGER,                                                                               \
         "60",                                                                                                \
         0,                                                                                                   \
         1000,                                                                                                \
         NULL,                                                                                                \
         "on a circle through two training points, drawn in the figure"},                                     \
        {"near-angle",                                                                                        \
         NTK_PARAMETER_REAL,                                                                                  \
         "0",                                                                                                 \
         0,                                                                                                   \
         1,                                                                                                   \
         NULL,                                                                                                \
         "test point j stands at this angle from training point j; 0: anywhere"},                             \
        {"outputs", NTK_PARAMETER_INTEGER, "3", 1, 100, NULL, "K, outputs of a network"},                     \
        {"tolerance", NTK_PARAMETER_REAL, "1e-3", 1e-13, 0.1, NULL, "of the integrator"},                     \
        {"gradient-tolerance",                                                                                \
         NTK_PARAMETER_REAL,                                                                                  \
         "1e-5",                                                                                              \
         1e-12,                                                                                               \
         1,                                                                                                   \
         NULL,                                                                                                \
         "gradient norm that counts as stationary"},                                                          \
        {"log-horizon", NTK_PARAMETER_REAL, "12", -10, 100, NULL, "log of the time at which flows end"}, {    \
        "rare-scale", NTK_PARAMETER_REAL, "1", 1, 3.16, NULL,                                                 \
            "s: one network in ten draws numbers s times as large"                                            \
    }

/* The law to compare with, for the experiment to fill. */
typedef struct ntk_ensemble_law {
    const char *label;   /* of metrics and table rows */
    size_t copies;       /* K, or fewer with a basis of their own */
    const double *basis; /* (K, copies), orthonormal columns, the caller's; NULL: the outputs themselves */
    double *map;         /* (q + c, n), A of the linear partners */
    double *mean;        /* (q + c, copies) */
    double *covariance;  /* (q + c, q + c) */
} ntk_ensemble_law;

typedef struct ntk_ensemble_study {
    ntk_context *context;
    size_t points, test_points, circle_points; /* n, q, c */
    size_t others, all;                        /* q + c, n + q + c */
    double *x;                                 /* (all, d): training, test and circle points */
    double *theta, *s;                         /* (all, all), NTK and NNGP kernels */
    double *targets;                           /* (n, K), 0: for the experiment to fill */
    ntk_ensemble_problem problem;              /* on these, with the flow that the parameters describe */
    ntk_ensemble_law law;                      /* empty until it is named */
    ntk_ensemble ensembles[2];                 /* of the two widths, after training */
    ntk_ensemble initial[2];                   /* further members, untrained, without circle points */
    ntk_table *deviations, *quantiles, *circle;
} ntk_ensemble_study;

/* A whole experiment: create a study, let `compare` fill laws, train and judge, release the study. */
ntk_status ntk_ensemble_study_conduct(ntk_context *context, ntk_loss loss,
                                      ntk_status (*compare)(ntk_ensemble_study *study));

/* Draw points, compute kernels and make the tables, from the parameters: one hidden layer, unit-sphere data.
 */
ntk_status ntk_ensemble_study_create(ntk_context *context, ntk_loss loss, ntk_ensemble_study *out);
void ntk_ensemble_study_release(ntk_ensemble_study *study);

/* Name the study's law and make its arrays, zero; those of an earlier one are released. */
ntk_status ntk_ensemble_study_name_law(ntk_ensemble_study *study, const char *label, size_t copies,
                                       const double *basis);

/* Outputs in the directions of the study's law: values (rows, K), out (rows, copies). */
ntk_status ntk_ensemble_study_project(const ntk_ensemble_study *study, size_t rows, const double *values,
                                      double *out);

/* Fill map and mean of the study's law as of a linear model (gaussian.h): A = Theta_xX (Theta_XX + ridge
 * I)^{-1} and A y in the law's directions. targets: y (n, K). Errors: those of ntk_gaussian_map. */
ntk_status ntk_ensemble_study_solve_law(ntk_ensemble_study *study, double ridge, const double *targets);

/* Targets +1 and -1, output k at point i: (-1)^(number of bits that i and k share), the Walsh functions,
 * whose columns are orthogonal where n is a power of 2 and K <= n. */
void ntk_ensemble_study_sign_targets(ntk_ensemble_study *study);

/* Train the networks of both widths on the study's problem and draw the untrained ones; those of an earlier
 * call are released. columns, measure and argument: as of ntk_ensemble_train. */
ntk_status ntk_ensemble_study_train(ntk_ensemble_study *study, size_t columns, ntk_ensemble_measure measure,
                                    void *argument);

/* Test the values that `measure` has read off the networks of both widths as samples of N(0, I) (stats.h,
 * ntk_stats_gaussian_test; valid where that law is exact at every width). Emits its p-values,
 * <name>-mean-p, <name>-covariance-p and <name>-normality-p, and what they would have found,
 * detectable-shift, detectable-spread and detectable-distance. */
ntk_status ntk_ensemble_study_test_values(const ntk_ensemble_study *study, const char *name);

/* Compare the trained networks with the study's law: emit the metrics, and rows of three tables:
 *
 *     deviations  $law $kind width index value error: mean of h(z) - h(z') at a width, and its standard
 *                 error; e and the half-width of its interval at width 0
 *     quantiles   $law width probability z: the sorted z of all members, copies and test points, thinned
 *     circle      $law angle mean deviation q1 q2 q3 q4 q5: the law, and at the larger width quantiles at
 *                 probabilities 0.025, 0.25, 0.5, 0.75, 0.975 over members; first copy
 *
 * Errors: NTK_ERROR_NOT_POSITIVE_DEFINITE where the law is singular at the test points. */
ntk_status ntk_ensemble_study_judge(const ntk_ensemble_study *study);

#endif
