"""How lazy is a network of finite width? From kernel to figure in one page.

Trains erf networks of three widths with cross-entropy, without a regulariser and with one, and
draws how far the empirical tangent kernel moves, beside the solution that the infinite-width kernel
predicts. Run: python lazy_training.py [figure.png]  (needs matplotlib)
"""

import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

import ntk_verify as ntk

WIDTHS = (64, 256, 1024)
POINTS, INPUTS, L2 = 8, 10, 0.1

# Points on the sphere, labels that alternate.
random = np.random.default_rng(0)
x = random.normal(size=(POINTS, INPUTS))
x /= np.linalg.norm(x, axis=1, keepdims=True)
labels = np.arange(POINTS) % 2

architecture = ntk.dense(1, "erf", input_scale="none")
gram = ntk.kernel(x, architecture=architecture)
print(f"infinite width: lambda_min >= {ntk.certify_kernel(x, architecture):.6f}, proved")

# What the flow with L2 tends to at infinite width, with what is proved of the number.
solution = ntk.kernel_logistic_regression(gram, labels, l2=L2)
print(f"kernel logistic regression: ||w|| = {solution.norm:.12f} +- {solution.weight_error:.1e}")

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), constrained_layout=True)
times = np.logspace(-1, 3, 40)
for width in WIDTHS:
    network = ntk.Network(architecture, INPUTS, width)
    theta = network.initialise(seed=1, unit=width)
    start = network(theta, x)
    free = ntk.gradient_flow(network, theta, x, labels, times=times, observe_kernel=True)
    held = ntk.gradient_flow(network, theta, x, labels, l2=L2, times=times, observe_kernel=True)
    curve = left.loglog(times, free.series("kernel_drift")[: times.size], label=f"width {width}")[0]
    left.loglog(times, held.series("kernel_drift")[: times.size], "--", color=curve.get_color())
    predicted = ntk.kernel_logistic_regression(network.tangent_kernel(theta, x), labels, L2, f0=start)
    distance = np.abs(held.observations[-1].outputs - predicted.outputs).max()
    print(f"width {width:5}: outputs at the end within {distance:.2e} of the kernel's prediction")
    right.semilogx(times, [seen.smallest_margin for seen in free.observations[: times.size]])
left.set(xlabel="time", ylabel="relative change of the empirical NTK", title="free (solid), L2 (dashed)")
left.legend(frameon=False)
right.set(xlabel="time", ylabel="smallest margin", title="without a regulariser it grows")
figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "lazy_training.png", dpi=150)
