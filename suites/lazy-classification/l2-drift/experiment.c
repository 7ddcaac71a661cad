/* Under L2 the empirical NTK stays near its start for all time, wide networks more so (plenk-2026).
 *
 * Along the flow of F = L + (lambda/2) ||theta - theta_0||^2, L a cross-entropy, F decreases: every
 * theta_t lies in the ball ||theta - theta_0|| <= R = sqrt(2 L_0 / lambda), whose radius does not
 * depend on the width. Within it the kernel of a network in the NTK parametrisation changes,
 * relative to itself, by O(m^{-1/2}) at most. So
 *
 *     sup over all t of ||Theta_t - Theta_0||_F / ||Theta_0||_F = O(m^{-1/2}),
 *
 * for any number of layers and of classes. With a smooth activation it is O(1/m): to first order in
 * theta - theta_0 the change is odd in the output weights, whose random signs average it out over
 * the neurons.
 *
 * L2 towards zero has no such ball: it pulls theta_0 itself to zero and the kernel with it, a
 * relative drift of 1 at every width. With mean-field scaling features move by O(1) within the
 * ball.
 *
 * "All t": a smooth flow is run until it is at rest, a ReLU flow, which slides along kinks and
 * never is, until it has contracted; what the parameters travel afterwards is a small part of what
 * they have travelled (drift.h). */
#include <ntk/lab/lab.h>

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_sphere_parameters, ntk_digits_parameters, ntk_sweep_parameters},
    .metrics = {ntk_drift_metrics},
    .run = ntk_drift_conduct_under_l2,
};
