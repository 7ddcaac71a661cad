/* Laws of ensembles: trained networks of two widths against the Gaussian law at infinite width.
 *
 * A study draws n training points, q test points and c points on a great circle through the first
 * two training points, once. The experiment says what is trained (the study's `problem`) and which
 * law is expected at the test and circle points; the networks of widths m < M are trained, and
 * moments of the outputs are compared with the law at the test points.
 *
 * Whitened samples. Outputs are taken in `copies` orthonormal directions of R^K, in each of which
 * the law is N(mean, C), independently. With C = L L^T over the test points, z = L^{-1} (f - mean),
 * of law N(0, I), and for each statistic h below E h(z) = 0:
 *
 *     mean         z_i of each copy, and <z, w> summed over copies, w the direction
 *                  of L^{-1} mean, along which a wrong mean shows most     q copies + 1 statistics
 *     covariance   z_i z_j - [i = j]                                     q (q + 1) / 2
 *     normality    (z_i^3 - 3 z_i) / sqrt 6, and Mardia's kurtosis
 *                  (|z|^4 - 2 (q + 2) |z|^2 + q (q + 2)) / sqrt(8 q (q + 2))  q + 1, of variance 1
 *     shape        (e^{-|z|^2/2} - 2^{-q/2}) / sqrt(3^{-q/2} - 2^{-q})        1, of variance 1
 *
 * each but the mean averaged over a network's copies, so that networks are independent samples.
 *
 * Extrapolation. At width m the expectation e_m = E h(z) differs from its limit e by O(1/m). With
 * r = M / m,
 *
 *     e = (r e_M - e_m) / (r - 1)
 *
 * is free of that term (Richardson). Most of the variance of its plain estimate is the spread of
 * the initial outputs, which training has no part in. Each network has a linear partner with the
 * same start, g(x) = f_0(x) + A (y - f_0(X)) (y with the noise that the network saw), whitened to
 * z'. With d_m = E h(z) - E h(z')
 *
 *     e = (r d_M - d_m) / (r - 1)  +  e',          e' = (r E_M h(z') - E_m h(z')) / (r - 1),
 *
 * the first estimated from trained networks, as differences of correlated numbers, the second from
 * these and from thousands of untrained ones. With one hidden layer E h(z') is the same at every
 * width for the mean, the covariance and the third moments, whatever the law is (E f_0 f_0^T = S
 * or, for starts J z, E Theta_hat_0 = Theta hold exactly, and f_0 is even in law): there e' is the
 * mean over the partners of both widths. The last two statistics see the fourth cumulants of f_0,
 * which are O(1/m): there e' is extrapolated as above. (Kurtosis sees slight departures from a
 * normal law, the bounded statistic strong ones without the noise of fourth powers: networks whose
 * scale varies with variance w, whose excess kurtosis is 3 w, move them by about 1.7 w and 0.85 w
 * at q = 4.)
 *
 * Metrics: mean-deviation, covariance-deviation, normality-deviation, shape-deviation: the largest
 * |e| over the statistics of each kind, with a simultaneous interval (stats.h, ntk_stats_largest);
 * coupling-exponent: exponent in the width of a network's distance to its linear partner, root mean
 * square of z - z' over test points and copies; gradient-norm: the largest at the end of a flow.
 * Each is followed by "-" and the law's label. */
#ifndef NTK_LAB_ENSEMBLE_LAW_H
#define NTK_LAB_ENSEMBLE_LAW_H

#include <ntk/api.h>
#include <ntk/lab/ensemble_study.h>

NTK_BEGIN_DECLS

/* Compare the trained networks with the study's law: emit the metrics, and rows of three tables:
 *
 *     deviations  $law $kind width index value error: mean of h(z) - h(z') at a width, and its
 *                 standard error; e and the half-width of its interval at width 0
 *     quantiles   $law width probability z: the sorted z of all members, copies and test points,
 *                 thinned
 *     circle      $law angle mean deviation q1 q2 q3 q4 q5: the law, and at the larger width
 *                 quantiles at probabilities 0.025, 0.25, 0.5, 0.75, 0.975 over members; first copy
 *
 * Errors: NTK_ERROR_NOT_POSITIVE_DEFINITE where the law is singular at the test points. */
ntk_status ntk_ensemble_study_judge(const ntk_ensemble_study *study);

NTK_END_DECLS

#endif
