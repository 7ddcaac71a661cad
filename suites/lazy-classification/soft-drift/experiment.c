/* With soft targets and no regulariser the empirical NTK stays near its start for all time
 * (plenk-2026).
 *
 * Cross-entropy L, targets q >= epsilon > 0, E = L - H(q) what is left of the loss,
 * lambda_min(Theta_t) >= lambda > 0 along the path. The loss bounds the logits (soft-bounded), so
 * all probabilities are at least some p_ > 0, and
 *
 *     -dE/dt = ||grad L||^2 >= kappa E,     kappa = lambda p_ / (2n)    (derived in study/drift.c):
 *
 * E vanishes like e^{-kappa t}, the targets are reached at finite logits, and the parameters travel
 * at most 2 sqrt(E_0 / kappa) in all time, a distance that does not depend on the width. Over it
 * the kernel of a network in the NTK parametrisation changes, relative to itself, by O(m^{-1/2}) at
 * most:
 *
 *     sup over all t of ||Theta_t - Theta_0||_F / ||Theta_0||_F = O(m^{-1/2}),
 *
 * for any number of layers and of classes. With a smooth activation it is O(1/m): to first order in
 * theta - theta_0 the change is odd in the output weights, whose random signs average it out over
 * the neurons. With mean-field scaling features move by O(1). "All t" is the same inequality from
 * the end of a run on: what is left of E bounds what is left to travel, for ReLU as well.
 *
 * ReLU's own m^{-1/2}: neurons that come to lie on a kink stay there, of order sqrt(m) of them, and
 * each adds O(1/m) to the kernel or does not. At small widths that is hidden under the 1/m of all
 * the others: the local exponent begins near -1 and tends to -1/2. */
#include <ntk/lab/lab.h>

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_sphere_parameters, ntk_digits_parameters, ntk_sweep_parameters},
    .metrics = {ntk_drift_metrics},
    .run = ntk_drift_conduct_under_soft_targets,
};
