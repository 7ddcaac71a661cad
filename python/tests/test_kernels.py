import numpy as np
import pytest

import ntk_verify as ntk


def relu_kernel(x, y, depth, w2, b2):
    """Jacot et al. 2018, Theorem 1, for ReLU, written out in NumPy."""
    d = x.shape[1]
    s = w2 * x @ y.T / d + b2
    sx, sy = w2 * (x**2).sum(1) / d + b2, w2 * (y**2).sum(1) / d + b2
    theta = s.copy()
    for _ in range(depth):
        scale = np.sqrt(np.outer(sx, sy))
        angle = np.arccos(np.clip(s / scale, -1, 1))
        k0 = (np.pi - angle) / np.pi
        k1 = np.cos(angle) * k0 + np.sin(angle) / np.pi
        s, sx, sy = w2 * scale * k1 / 2 + b2, w2 * sx / 2 + b2, w2 * sy / 2 + b2
        theta = s + theta * w2 * k0 / 2
    return theta, s


@pytest.fixture
def data():
    random = np.random.default_rng(1)
    return random.normal(size=(7, 4)), random.normal(size=(7, 4))


@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("b2", [0.0, 0.3])
def test_dense_relu_is_the_recursion(data, depth, b2):
    x, y = data
    arch = ntk.dense(depth, weight_variance=1.7, bias_variance=b2)
    theta, nngp = relu_kernel(x, y, depth, 1.7, b2)
    np.testing.assert_allclose(ntk.kernel(x, y, arch), theta, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(ntk.kernel(x, y, arch, kind="nngp"), nngp, rtol=1e-13, atol=1e-14)


def test_cross_kernel_is_not_transposed(data):
    x, y = data
    np.testing.assert_allclose(ntk.kernel(x, y), ntk.kernel(y, x).T, rtol=1e-13, atol=1e-14)
    assert abs(ntk.kernel(x, y)[0, 1] - ntk.kernel(x, y)[1, 0]) > 1e-3


def test_diagonal(data):
    x = data[0]
    arch = ntk.dense(2, "erf", bias_variance=0.1)
    np.testing.assert_array_equal(ntk.kernel_diagonal(x, arch), np.diag(ntk.kernel(x, None, arch)))


@pytest.mark.parametrize("change", [np.float32, ">f8", ">i2", np.uint8, np.longdouble])
def test_any_dtype_is_the_same_numbers(change):
    x = np.random.default_rng(2).integers(0, 200, size=(5, 6)).astype(change)
    np.testing.assert_array_equal(ntk.kernel(x), ntk.kernel(np.asarray(x, dtype=float)))


def test_any_memory_order(data):
    x = data[0]
    wide = np.zeros((14, 12))
    wide[::2, ::3] = x
    for same in (np.asfortranarray(x), wide[::2, ::3], x[::-1][::-1], x.tolist()):
        np.testing.assert_array_equal(ntk.kernel(same), ntk.kernel(x))


def test_residual_of_one_block():
    x = np.array([[3.0, 0.0], [0.0, 4.0]])
    gram = ntk.kernel(x, None, ntk.residual(1, input_scale="none"))
    # Orthogonal inputs: S0 = 0, kappa_1(0) = 1/pi, kappa_0(0) = 1/2, alpha = 1.
    np.testing.assert_allclose(gram[0, 1], 2 * 12 / np.pi, rtol=1e-14)


def test_convolutional_images_of_four_axes():
    images = np.random.default_rng(3).normal(size=(3, 6, 5, 2))
    arch = ntk.convolutional((6, 5, 2), "conv 3, pool box 2, conv 3", readout="average")
    gram = ntk.kernel(images, None, arch)
    np.testing.assert_array_equal(gram, ntk.kernel(images.reshape(3, -1), None, arch))
    assert arch.depth == 2 and ntk.certify(gram).positive_definite


def test_one_position_is_a_dense_network(data):
    x = data[0]
    arch = ntk.convolutional((1, 1, 4), "conv 1, conv 1")
    np.testing.assert_allclose(ntk.kernel(x, None, arch), ntk.kernel(x, None, ntk.dense(2)), rtol=1e-13)


def test_workers_change_no_bit(data):
    before = ntk.workers()
    try:
        ntk.set_workers(1)
        one = ntk.kernel(np.tile(data[0], (40, 3)))
        ntk.set_workers(4)
        np.testing.assert_array_equal(one, ntk.kernel(np.tile(data[0], (40, 3))))
    finally:
        ntk.set_workers(before)


def test_certificate_brackets_known_eigenvalues():
    q, _ = np.linalg.qr(np.random.default_rng(4).normal(size=(8, 8)))
    certificate = ntk.certify((q * np.linspace(0.25, 3, 8)) @ q.T)
    assert 0.2499999 < certificate.lambda_min_bound <= 0.25 + 1e-14 and certificate.positive_definite
    indefinite = ntk.certify(np.diag([1.0, -1e-3]))
    assert not indefinite.positive_definite and indefinite.lambda_min_bound <= -1e-3


def test_certified_kernel_is_below_the_computed_one(data):
    bound = ntk.certify_kernel(data[0], ntk.dense(2))
    smallest = np.linalg.eigvalsh(ntk.kernel(data[0], None, ntk.dense(2)))[0]
    assert smallest * (1 - 1e-9) < bound < smallest


@pytest.mark.parametrize(
    "call, error",
    [
        (lambda x: ntk.kernel(x[0]), ValueError),
        (lambda x: ntk.kernel(x, x[:, :2]), ValueError),
        (lambda x: ntk.kernel(x * np.nan), ntk.InvalidInput),
        (lambda x: ntk.kernel(x.astype(complex)), TypeError),
        (lambda x: ntk.kernel(np.array([["a", "b"]])), TypeError),
        (lambda x: ntk.kernel(x, kind="tangent"), ValueError),
        (lambda x: ntk.dense(1, "relv"), ntk.InvalidInput),
        (lambda x: ntk.dense(-1), (ValueError, OverflowError)),
        (lambda x: ntk.dense(1, weight_variance=0), ntk.InvalidInput),
        (lambda x: ntk.convolutional("6x5", "pool box 2"), ntk.InvalidInput),
        (lambda x: ntk.certify(x), ValueError),
        (lambda x: ntk.certify(np.full((2, 2), np.inf)), ntk.InvalidInput),
    ],
)
def test_bad_input_is_an_exception_that_says_what(data, call, error):
    with pytest.raises(error) as caught:
        call(data[0])
    assert str(caught.value)


def test_status_and_message_are_the_librarys():
    with pytest.raises(ntk.NtkError, match="relu") as caught:
        ntk.dense(1, "relv")
    assert caught.value.status == "NTK_ERROR_ARGUMENT"
