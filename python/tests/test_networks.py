import threading

import numpy as np
import pytest

import ntk_verify as ntk


@pytest.fixture
def net():
    return ntk.Network(ntk.dense(2, "erf", weight_variance=1.5, bias_variance=0.2), 3, 11, 2)


@pytest.fixture
def x():
    return np.random.default_rng(5).normal(size=(4, 3))


def outputs(theta, x, d, m, k, w2, b2):
    """The network of two hidden layers in NumPy, with the layout of include/ntk/network.h."""
    erf = np.vectorize(__import__("math").erf)
    sizes = [(m, d), (m,), (m, m), (m,), (k, m), (k,)]
    parts, start = [], 0
    for size in sizes:
        count = int(np.prod(size))
        parts.append(theta[start : start + count].reshape(size))
        start += count
    assert start == theta.size
    h = np.sqrt(w2 / d) * x @ parts[0].T + np.sqrt(b2) * parts[1]
    h = np.sqrt(w2 / m) * erf(h) @ parts[2].T + np.sqrt(b2) * parts[3]
    return np.sqrt(w2 / m) * erf(h) @ parts[4].T + np.sqrt(b2) * parts[5]


def test_forward_is_the_documented_network(net, x):
    theta = net.initialise(seed=7)
    np.testing.assert_allclose(net(theta, x), outputs(theta, x, 3, 11, 2, 1.5, 0.2), rtol=1e-12, atol=1e-13)


def test_draws_depend_on_their_name_alone(net):
    theta = net.initialise(7)
    np.testing.assert_array_equal(theta, net.initialise(7))
    assert not np.array_equal(theta, net.initialise(7, unit=1))
    for seed in (-1, 2**64):
        with pytest.raises(OverflowError):
            net.initialise(seed)
    assert abs(theta.mean()) < 5 / np.sqrt(theta.size) and abs(theta.var() - 1) < 0.5


def test_jacobian_is_the_difference_quotient(net, x):
    theta, h = net.initialise(8), 1e-5
    step = np.random.default_rng(6).normal(size=theta.size)
    quotient = (net(theta + h * step, x) - net(theta - h * step, x)) / (2 * h)
    np.testing.assert_allclose((net.jacobian(theta, x) @ step).reshape(quotient.shape), quotient, atol=1e-7)


def test_tangent_kernels_are_products_of_jacobians(net, x):
    theta, y = net.initialise(9), np.random.default_rng(7).normal(size=(3, 3))
    jx, jy = net.jacobian(theta, x), net.jacobian(theta, y)
    np.testing.assert_allclose(net.tangent_kernel(theta, x), jx @ jx.T, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(net.tangent_kernel(theta, x, y), jx @ jy.T, rtol=1e-11, atol=1e-12)


def test_gradient_is_a_product_with_the_jacobian(net, x):
    theta, cotangent = net.initialise(3), np.random.default_rng(4).standard_normal((4, 2))
    expected = net.jacobian(theta, x).T @ cotangent.ravel()
    np.testing.assert_allclose(net.gradient(theta, x, cotangent), expected, rtol=1e-11, atol=1e-11)
    place = np.zeros(net.parameters)
    assert net.gradient(theta, x, cotangent, out=place) is place
    np.testing.assert_array_equal(place, net.gradient(theta, x, cotangent))
    for bad in (place[:-1], place[::2], place.astype("f4")):
        with pytest.raises(ValueError):
            net.gradient(theta, x, cotangent, out=bad)
    with pytest.raises(ValueError):
        net.gradient(theta, x, cotangent[:, :1])


def test_linearised(net, x):
    theta0, theta = net.initialise(1), net.initialise(2)
    expected = net(theta0, x) + (net.jacobian(theta0, x) @ (theta - theta0)).reshape(4, 2)
    np.testing.assert_allclose(net.linearised(theta0, theta, x), expected, rtol=1e-11, atol=1e-11)


def test_empirical_kernel_tends_to_the_kernel(x):
    arch = ntk.dense(1, "relu")
    mean = np.mean([ntk.empirical_kernel(x, architecture=arch, width=512, unit=i) for i in range(40)], axis=0)
    # One hidden layer: unbiased; the standard error is about 0.3 % of the diagonal.
    np.testing.assert_allclose(mean, ntk.kernel(x, None, arch), atol=0.02 * mean.max())


def test_wrong_sizes_are_told(net, x):
    theta = net.initialise(1)
    for call in (lambda: net(theta[:-1], x), lambda: net(theta, x[:, :2]), lambda: net.jacobian(theta, x[0])):
        with pytest.raises(ValueError):
            call()
    with pytest.raises(ValueError):
        ntk.Network(ntk.dense(), 3, 0)


def test_one_network_in_two_threads_is_refused_or_right():
    net = ntk.Network(ntk.dense(3), 10, 256)
    theta, x = net.initialise(1), np.random.default_rng(8).normal(size=(200, 10))
    right, seen = net.tangent_kernel(theta, x), []

    def work():
        for _ in range(5):
            try:
                seen.append(np.array_equal(net.tangent_kernel(theta, x), right))
            except RuntimeError as error:
                seen.append("another thread" in str(error))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 15 and all(seen)
