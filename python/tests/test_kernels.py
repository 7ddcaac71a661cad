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


def leaky_kernel(x, depth, w2, b2, slope):
    """The recursion for leaky ReLU of any slope, each layer with its own variances, in NumPy."""
    s = w2[0] * x @ x.T / x.shape[1] + b2[0]
    theta = s.copy()
    for w, b in zip(w2[1:], b2[1:], strict=True):
        scale = np.sqrt(np.outer(s.diagonal(), s.diagonal()))
        angle = np.arccos(np.clip(s / scale, -1, 1))
        k0 = (np.pi - angle) / np.pi
        k1 = np.cos(angle) * k0 + np.sin(angle) / np.pi
        share = (1 - slope) ** 2 / 2
        next_s = w * (slope * s + share * scale * k1) + b
        theta = next_s + theta * w * (slope + share * k0)
        s = next_s
    return theta, s


@pytest.mark.parametrize("slope", [0.01, -1.0, 0.3])
def test_variances_of_each_layer_and_the_slope(data, slope):
    x, w2, b2 = data[0], [1.0, 3.0, 0.5], (0.1, 0.0, 0.7)
    arch = ntk.dense(2, "leaky-relu", weight_variance=w2, bias_variance=b2, leaky_slope=slope)
    theta, nngp = leaky_kernel(x, 2, w2, b2, slope)
    np.testing.assert_allclose(ntk.kernel(x, None, arch), theta, rtol=1e-13, atol=1e-6)
    np.testing.assert_allclose(ntk.kernel(x, None, arch, kind="nngp"), nngp, rtol=1e-13, atol=1e-6)
    off = ~np.eye(len(x), dtype=bool)  # arccos near 1 is NumPy's weakness, on the diagonal alone
    np.testing.assert_allclose(ntk.kernel(x, None, arch)[off], theta[off], rtol=1e-12)
    if slope == -1.0:
        absolute = ntk.dense(2, "abs", weight_variance=w2, bias_variance=b2)
        np.testing.assert_allclose(ntk.kernel(x, None, absolute), ntk.kernel(x, None, arch), rtol=1e-14)


def test_equal_variances_are_one_number(data):
    one = ntk.dense(3, "erf", weight_variance=1.5, bias_variance=0.2)
    each = ntk.dense(3, "erf", weight_variance=np.full(4, 1.5), bias_variance=[0.2] * 4)
    np.testing.assert_array_equal(ntk.kernel(data[0], None, one), ntk.kernel(data[0], None, each))
    assert each.weight_variance == (1.5,) * 4 and hash(each) != hash(one)


def test_variances_live_as_long_as_the_network(data):
    arch = ntk.dense(2, weight_variance=[1.0, 2.0, 4.0])
    network = ntk.Network(arch, 4, 2048)
    kernel = network.tangent_kernel(network.initialise(seed=3), data[0])
    exact = ntk.kernel(data[0], None, arch)
    assert np.abs(kernel / np.sqrt(np.outer(exact.diagonal(), exact.diagonal()))).max() < 1.3
    assert np.abs(kernel - exact).max() < 0.15 * exact.max()


def test_no_hidden_layer(data):
    x = data[0]
    arch = ntk.dense(0, weight_variance=[3.0])
    np.testing.assert_allclose(ntk.kernel(x, None, arch), 3 * x @ x.T / 4, rtol=1e-13, atol=1e-14)


def test_check_finds_the_worst_entry(data):
    x, arch = data[0], ntk.dense(3, "erf", bias_variance=0.1)
    gram = ntk.kernel(x, None, arch)
    good = ntk.check(gram, x, arch)
    assert good.digits > 14.5 and good.symmetric and good.positive_definite and good.judged == 49
    assert good.exact[0] <= good.exact[1]
    assert good.exact_lambda_min[0] <= good.lambda_min[1] * (1 + 1e-10)
    wrong = gram.copy()
    wrong[4, 2] *= 1 + 1e-6
    found = ntk.check(wrong, x, arch)
    assert found.worst == (4, 2) and found.stored == wrong[4, 2] and found.symmetric is False
    assert found.asymmetry > 1e-8
    assert found.exact[0] <= gram[4, 2] * (1 + 1e-14) and 5.9 < found.digits < 8
    assert ntk.check(gram, x, ntk.dense(3, "erf")).digits < 2
    indefinite = ntk.check(gram - 2 * gram.max() * np.eye(len(x)), x, arch)
    assert indefinite.positive_definite is False


def test_check_between_two_sets(data):
    x, y = data
    cross = ntk.kernel(x, y[:3], kind="nngp")
    found = ntk.check(cross, x, Y=y[:3], kind="nngp")
    assert found.digits > 14.5 and found.judged == 21
    assert found.symmetric is None and found.positive_definite is None and found.lambda_min is None
    assert ntk.check(cross, x, Y=y[:3]).digits < 1


def test_residual_of_one_block():
    x = np.array([[3.0, 0.0], [0.0, 4.0]])
    gram = ntk.kernel(x, None, ntk.residual(1, input_scale="none"))
    # Orthogonal inputs: S0 = 0, kappa_1(0) = 1/pi, kappa_0(0) = 1/2, alpha = 1.
    np.testing.assert_allclose(gram[0, 1], 2 * 12 / np.pi, rtol=1e-14)


def test_residual_with_biases_that_begin_at_0():
    # One ReLU block at a unit vector: S0 = 2, Theta = 2 S0 + 4 S0 + 5, or + 2 from 0 on.
    x = np.array([[1.0, 0.0]])
    for start, wanted in (("random", 17.0), ("zero", 14.0)):
        arch = ntk.residual(1, bias_variance=1.0, bias_start=start, input_scale="none")
        np.testing.assert_allclose(ntk.kernel(x, None, arch), [[wanted]], rtol=1e-14)
    smooth = ntk.residual(2, "erf", bias_variance=0.1)
    gram = ntk.kernel(np.array([[1.0, 0.0], [2.0, 0.0], [-1.0, 0.5]]), None, smooth)
    assert ntk.certify(gram).positive_definite
    with pytest.raises(ValueError):
        ntk.residual(1, bias_start="half")


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
        (lambda x: ntk.dense(2, weight_variance=[1, 2]), ntk.InvalidInput),
        (lambda x: ntk.dense(2, weight_variance=[]), ntk.InvalidInput),
        (lambda x: ntk.dense(1, weight_variance=[1, -2]), ntk.InvalidInput),
        (lambda x: ntk.dense(1, bias_variance=[[1, 2]]), TypeError),
        (lambda x: ntk.dense(1, bias_variance="12"), TypeError),
        (lambda x: ntk.dense(400, weight_variance=[1] * 401), ntk.InvalidInput),
        (lambda x: ntk.dense(1, "leaky-relu", leaky_slope=np.nan), ntk.InvalidInput),
        (lambda x: ntk.convolutional("2x2", "conv 1", weight_variance=[1, 2]), ntk.InvalidInput),
        (lambda x: ntk.check(np.eye(3), x), ValueError),
        (lambda x: ntk.check(np.ones((7, 2)), x, Y=x[:2, :3]), ValueError),
        (lambda x: ntk.check(np.full((7, 7), np.nan), x), ntk.InvalidInput),
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
