"""Kernels that need not be in memory: from arrays, points and files, the answers are those of NumPy
and lie within what is proved."""

import signal
import threading
import time

import numpy as np
import pytest

import ntk_verify as ntk

N, K, L2 = 150, 2, 1e-3


@pytest.fixture(scope="module")
def problem(tmp_path_factory):
    random = np.random.default_rng(3)
    x, new, y = random.normal(size=(N, 4)), random.normal(size=(30, 4)), random.normal(size=(N, K))
    points = ntk.PointKernel(x, ntk.dense(2, bias_variance=0.1))
    gram, cross = ntk.kernel(x, None, points.architecture), ntk.kernel(new, x, points.architecture)
    path = tmp_path_factory.mktemp("kernels") / "k.npy"
    np.save(path, gram)
    return points, gram, path, new, cross, y


@pytest.mark.parametrize("kind", ["array", "points", "path", "text"])
def test_regression_from_each_kind_of_kernel(problem, kind):
    points, gram, path, new, cross, y = problem
    kernel = {"array": gram, "points": points, "path": path, "text": str(path)}[kind]
    f0 = np.full((N, K), 0.5)
    found = ntk.solve_regression(kernel, y, L2, f0, rank=30)
    a = np.linalg.solve(gram + N * L2 * np.eye(N), y - f0)
    size = np.linalg.norm(found.coefficients, axis=0)
    assert (np.linalg.norm(found.coefficients - a, axis=0) <= found.coefficient_error * size + 1e-11).all()
    assert abs(found.outputs - f0 - gram @ a).max() <= found.output_error + 1e-11
    assert 0 < found.residual <= 1e-10 and found.iterations > 1 and found.rank <= 30
    np.testing.assert_allclose(found.predict(cross, np.ones((30, K))), 1 + cross @ a, rtol=0, atol=1e-7)


def test_predictions_at_points_lie_within_their_radius(problem):
    points, gram, path, new, cross, y = problem
    found = ntk.solve_regression(points, y, L2, tolerance=1e-4, rank=10)
    a = np.linalg.solve(gram + N * L2 * np.eye(N), y)
    f, radius = found.predict_at(new)
    distance = abs(f - cross @ a).max(axis=1)
    assert (distance <= radius).all() and distance.max() > 1e-12
    assert radius.max() < 1e3 * np.abs(y).max() * 1e-4 * np.sqrt(N / L2)
    shifted, _ = found.predict_at(new, np.ones((30, K)))
    np.testing.assert_array_equal(shifted, f + 1)
    with pytest.raises(ValueError, match="its points have 3 coordinates"):
        found.predict_at(new[:, :3])
    with pytest.raises(ValueError, match="wants the points"):
        ntk.solve_regression(gram, y, L2).predict_at(new)


def test_a_rough_file_serves_the_iterations(problem, tmp_path):
    points, gram, path, new, cross, y = problem
    np.save(tmp_path / "rough.npy", gram.astype(np.float32))
    found = ntk.solve_regression(tmp_path / "rough.npy", y, L2, reference=points)
    a = np.linalg.solve(gram + N * L2 * np.eye(N), y)
    np.testing.assert_allclose(found.coefficients, a, rtol=0, atol=1e-8 * abs(a).max())
    alone = ntk.solve_regression(tmp_path / "rough.npy", y, L2)
    assert abs(alone.coefficients - a).max() > 1e-7 * abs(a).max()
    assert found.predict_at(new)[0].shape == (30, K)


def test_a_solution_keeps_its_points(problem):
    """What happens to the caller's array afterwards does not matter, and the solution's own arrays
    cannot be changed."""
    points, gram, path, new, cross, y = problem
    x = np.array(points.X)
    found = ntk.solve_regression(ntk.PointKernel(x, points.architecture), y, L2)
    before, _ = found.predict_at(new)
    x *= 2
    np.testing.assert_array_equal(found.predict_at(new)[0], before)
    for own in (found.points.X, found.coefficients, found.outputs):
        with pytest.raises(ValueError, match="read-only"):
            own *= 2


def test_predictions_are_of_the_kernel_that_decides(problem, tmp_path):
    """With an array or a file as reference the answer is not that of the points."""
    points, gram, path, new, cross, y = problem
    other = gram + 1e-4 * np.eye(N)
    np.save(tmp_path / "other.npy", other)
    for reference in (other, tmp_path / "other.npy"):
        found = ntk.solve_regression(points, y, L2, reference=reference)
        exact = np.linalg.solve(other + N * L2 * np.eye(N), y)
        assert abs(found.coefficients - exact).max() < 1e-8 * abs(exact).max()
        with pytest.raises(ValueError, match="wants the points"):
            found.predict_at(new)
    rough = ntk.PointKernel(points.X * (1 + 1e-7), points.architecture)
    found = ntk.solve_regression(rough, y, L2, reference=points)
    f, radius = found.predict_at(new)
    exact = cross @ np.linalg.solve(gram + N * L2 * np.eye(N), y)
    assert (abs(f - exact).max(axis=1) <= radius).all()


def test_the_absolute_tolerance_is_for_solutions_next_to_nothing(problem):
    points, gram, *_ = problem
    found = ntk.solve_logistic(gram, np.full(N, 0.5), L2)
    assert not found.coefficients.any() and 0 <= found.weight_error < 1e-6
    with pytest.raises(ntk.NoConvergence):
        ntk.solve_logistic(gram, np.full(N, 0.5), L2, absolute_tolerance=0)


@pytest.mark.parametrize("classes", [2, 3])
def test_logistic_agrees_with_the_dense_solver(problem, classes):
    points, gram, path, *_ = problem
    labels = np.arange(N) * 7919 % 101 % classes
    targets = labels.astype(float) if classes == 2 else np.eye(classes)[labels]
    dense = ntk.kernel_logistic_regression(gram, targets, L2)
    for kernel in (gram, points, path):
        found = ntk.solve_logistic(kernel, targets, L2, rank=40)
        assert abs(found.outputs - dense.outputs).max() <= found.output_error + dense.output_error
        assert found.residual <= 1e-8 and found.steps > 1


def test_extreme_eigenvalues_are_bounded(problem):
    points, gram, path, *_ = problem
    values = np.linalg.eigvalsh(gram)
    for kernel in (gram, points, path):
        found = ntk.extreme_eigenvalues(kernel, steps=N)
        assert found.max_lower <= values[-1] * (1 + 1e-13) and found.max_upper >= values[-1] * (1 - 1e-13)
        assert values[0] <= found.min_upper + 1e-10 and abs(found.lambda_min - values[0]) < 1e-8
        bound = ntk.certify_large(kernel, 0.9 * values[0])
        assert 0.89 * values[0] < bound < 0.9 * values[0]
        with pytest.raises(ntk.NotPositiveDefinite, match="no Cholesky factor"):
            ntk.certify_large(kernel, 1.1 * values[0])


def test_failures_are_exceptions_with_the_line(problem, tmp_path):
    points, gram, path, new, cross, y = problem
    crooked = gram.copy()
    crooked[3, 5] += 1e-6
    with pytest.raises(ntk.InvalidInput, match="not symmetric: row 5, column 3"):
        ntk.solve_regression(crooked, y, L2)
    with pytest.raises(ntk.NoConvergence, match="residual is at most"):
        ntk.solve_regression(gram, y, L2, tolerance=1e-30)
    with pytest.raises(ntk.NotPositiveDefinite, match="lambda = 0"):
        ntk.solve_regression(np.ones((N, N)), y, 0)
    with pytest.raises(ntk.InvalidInput, match="lambda -1"):
        ntk.solve_regression(gram, y, -1)
    with pytest.raises(ntk.InvalidInput, match="lambda 0"):
        ntk.solve_logistic(gram, np.arange(N) % 2, 0)
    with pytest.raises(ntk.InvalidInput, match="outside"):
        ntk.solve_logistic(gram, np.arange(N) % 3, L2)
    with pytest.raises(ntk.InvalidInput, match="no steps"):
        ntk.extreme_eigenvalues(gram, steps=0)
    with pytest.raises(ntk.NtkError, match="none.npy"):
        ntk.solve_regression(tmp_path / "none.npy", y, L2)
    with pytest.raises(ntk.NtkError, match="nowhere"):
        ntk.certify_large(gram, 0.0, tmp_path / "nowhere")
    np.save(tmp_path / "oblong.npy", gram[:, :7])
    with pytest.raises(ntk.InvalidInput, match="oblong.npy: 150 x 7"):
        ntk.extreme_eigenvalues(tmp_path / "oblong.npy")
    with pytest.raises(ValueError, match="targets"):
        ntk.solve_regression(points, y[:-1], L2)
    with pytest.raises(ValueError, match="square"):
        ntk.solve_regression(gram[:, :3], y, L2)
    with pytest.raises(ValueError, match="rank: an integer of 0 or more is wanted, not -1"):
        ntk.solve_regression(gram, y, L2, rank=-1)
    with pytest.raises(TypeError, match="max_iterations: an integer is wanted, not 1.5"):
        ntk.solve_regression(gram, y, L2, max_iterations=1.5)
    with pytest.raises(TypeError, match="tolerance: a number is wanted, not 'small'"):
        ntk.solve_regression(gram, y, L2, tolerance="small")
    assert ntk.solve_regression(gram, y, L2, rank=np.int64(7)).rank == 7
    for solve in (ntk.solve_regression, ntk.solve_logistic):
        with pytest.raises(ValueError, match="targets: one for each point is wanted, not a single number"):
            solve(gram, 0.5, L2)
    for empty in (np.empty((0, 4)), np.empty((4, 0))):
        with pytest.raises(ValueError, match="X: no points"):
            ntk.PointKernel(empty)
        with pytest.raises(ValueError, match="X: no points"):
            ntk.solve_regression(points, y, L2).predict_at(empty)


def test_ctrl_c_ends_it():
    """Without a preconditioner and with hardly a ridge it would take most of a minute."""
    x = np.random.default_rng(0).normal(size=(3000, 6))
    timer = threading.Timer(0.3, signal.raise_signal, (signal.SIGINT,))
    begin = time.monotonic()
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        ntk.solve_regression(ntk.PointKernel(x), x[:, 0] * x[:, 1], 1e-12, rank=0)
    assert time.monotonic() - begin < 15
