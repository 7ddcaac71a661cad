import numpy as np
import pytest

import ntk_verify as ntk


@pytest.fixture
def problem():
    random = np.random.default_rng(11)
    x, new = random.normal(size=(9, 4)), random.normal(size=(5, 4))
    arch = ntk.dense(2, bias_variance=0.1)
    return ntk.kernel(x, None, arch), ntk.kernel(new, x, arch), random


def test_regression_is_the_solution_of_the_system(problem):
    gram, cross, random = problem
    y, f0 = random.normal(size=(9, 2)), random.normal(size=(9, 2))
    found = ntk.kernel_regression(gram, y, l2=0.05, f0=f0)
    a = np.linalg.solve(gram + 9 * 0.05 * np.eye(9), y - f0)
    np.testing.assert_allclose(found.coefficients, a, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(found.outputs, f0 + gram @ a, rtol=1e-10, atol=1e-11)
    np.testing.assert_allclose(found.predict(cross), cross @ a, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("classes", [2, 3])
def test_logistic_solution_is_a_fixed_point_within_its_bound(problem, classes):
    gram, _, random = problem
    labels = random.integers(0, classes, size=9)
    targets = (labels == 1).astype(float) if classes == 2 else np.eye(classes)[labels]
    found = ntk.kernel_logistic_regression(gram, targets, l2=0.02)
    f = found.outputs
    if classes == 2:
        p, q = 1 / (1 + np.exp(-f)), targets.reshape(-1, 1)
    else:
        p = np.exp(f - f.max(1, keepdims=True))
        p, q = p / p.sum(1, keepdims=True), targets
    np.testing.assert_allclose(gram @ (q - p) / (9 * 0.02), f, atol=1e-7)
    assert 0 <= found.output_error < 1e-6 and found.duality_gap < 1e-9


def test_soft_targets_are_interpolated(problem):
    gram, _, random = problem
    q = random.uniform(0.1, 0.9, size=9)
    found = ntk.kernel_logistic_regression(gram, q, l2=0)
    np.testing.assert_allclose(found.outputs[:, 0], np.log(q / (1 - q)), rtol=1e-6)


def test_hard_margin_of_two_points():
    # Features e1 and 2 e2, labels 1 and 0: w = (1, -1/2), the norm is sqrt(5) / 2.
    found = ntk.hard_margin(np.diag([1.0, 4.0]), [1, 0])
    assert found.norm_lower <= np.sqrt(1.25) <= found.norm_upper
    assert found.norm_upper - found.norm_lower < 1e-5 and found.support_vectors == 2
    np.testing.assert_allclose(found.coefficients[:, 0], [1, -0.25], rtol=1e-6)


def test_contradictions_are_refused():
    gram = np.ones((2, 2))
    with pytest.raises(ntk.InvalidInput):
        ntk.hard_margin(gram, [0, 1])
    with pytest.raises(ntk.InvalidInput):
        ntk.kernel_logistic_regression(np.array([[1.0, 0.5], [0.2, 1.0]]), [0, 1], l2=0.1)
    with pytest.raises(ntk.NotPositiveDefinite):
        ntk.kernel_logistic_regression(np.diag([1.0, -1.0]), [0, 1], l2=0.1)
    with pytest.raises(ValueError):
        ntk.kernel_regression(np.eye(3), [1.0, 2.0])


def test_full_kernel_of_several_outputs(problem):
    gram, cross, random = problem
    y = random.normal(size=(9, 2))
    shared = ntk.kernel_regression(gram, y, l2=0.1)
    full = ntk.kernel_regression(np.kron(gram, np.eye(2)), y, l2=0.1)
    np.testing.assert_allclose(full.outputs, shared.outputs, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(
        full.predict(np.kron(cross, np.eye(2))), shared.predict(cross), rtol=1e-9, atol=1e-10
    )
