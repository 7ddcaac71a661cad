/* The ten digits of MNIST under L2: the empirical NTK of 10 n logits stays near its start, wide
 * networks more so (plenk-2026).
 *
 * The theorem asks nothing of the data: with L2 towards the initialisation every theta_t lies in a
 * ball whose radius sqrt(2 L_0 / lambda) does not depend on the width, and the kernel's relative
 * change over it is O(m^{-1/2}) (l2-drift). Images of one class are close to one another, cosines
 * of 0.5 and more between classes are common, and lambda_min of the kernel is small: what made the
 * points of l2-drift easy is gone.
 *
 * A few images span few of the 784 dimensions. First-layer weights are Gaussian and a flow with
 * this regulariser moves them within that span only, so networks are given the images' coordinates
 * in it: outputs, kernels and displacements have the same law, in a fraction of the numbers
 * (problem.h). */
#include <ntk/lab/lab.h>

const ntk_experiment NTK_EXPERIMENT = {
    .parameters = {ntk_sphere_parameters, ntk_digits_parameters, ntk_sweep_parameters},
    .metrics = {ntk_drift_metrics},
    .run = ntk_drift_conduct_under_l2,
};
