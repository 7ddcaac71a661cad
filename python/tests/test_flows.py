import signal
import threading

import numpy as np
import pytest

import ntk_verify as ntk


def test_linear_regression_decays_mode_by_mode():
    random = np.random.default_rng(21)
    gram = ntk.kernel(random.normal(size=(5, 3)))
    y, f0, times = random.normal(size=5), random.normal(size=5), [0.0, 0.5, 3.0]
    flow = ntk.linear_flow(gram, y, f0=f0, loss="squared", times=times, tolerance=1e-10)
    values, vectors = np.linalg.eigh(gram)
    for t, seen in zip(times, flow.observations):
        exact = y + vectors @ (np.exp(-values * t / 5) * (vectors.T @ (f0 - y)))
        np.testing.assert_allclose(seen.outputs[:, 0], exact, atol=1e-8)
    assert flow.end == "horizon" and flow.log_time == pytest.approx(np.log(3.0))


@pytest.fixture
def training():
    net = ntk.Network(ntk.dense(1, "erf"), 3, 64)
    x = np.random.default_rng(22).normal(size=(6, 3))
    return net, net.initialise(3), x, (np.arange(6) % 2).astype(float)


def test_network_flow_obeys_the_ball(training):
    net, theta, x, y = training
    flow = ntk.gradient_flow(net, theta, x, y, l2=0.1, times=[0, 1, 10, 100], observe_kernel=True)
    bound = np.sqrt(2 * np.exp(flow.observations[0].log_loss) / 0.1)
    assert (flow.series("displacement") <= bound).all() and flow.displacement > 0
    assert np.linalg.norm(flow.theta - theta) == pytest.approx(flow.displacement, rel=1e-9)
    np.testing.assert_allclose(flow.observations[0].kernel, net.tangent_kernel(theta, x), rtol=1e-12)
    np.testing.assert_allclose(flow.observations[-1].outputs, net(flow.theta, x), rtol=1e-9, atol=1e-12)
    assert flow.series("kernel_drift")[0] == 0 and flow.observations[0].theta is None


def test_log_loss_time_goes_far(training):
    net, theta, x, y = training
    flow = ntk.gradient_flow(net, theta, x, y, time="log-loss", log_times=[0, 10, 20, 40])
    growth = np.diff(flow.series("displacement"))
    assert (growth > 0).all() and flow.series("log_loss")[-1] < -30


def test_an_observer_ends_a_flow_and_its_errors_are_raised(training):
    net, theta, x, y = training
    flow = ntk.gradient_flow(net, theta, x, y, times=[0, 1, 2, 3], observer=lambda seen: seen.time < 1)
    assert flow.end == "observer" and len(flow.observations) == 2

    def broken(seen):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        ntk.gradient_flow(net, theta, x, y, times=[0, 1], observer=broken)
    assert net(theta, x).shape == (6, 1)  # and the network is free again


@pytest.fixture
def interruptible():
    """Ctrl-C as in a terminal: who starts tests in the background may have it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_control_c_ends_a_flow(training, interruptible):
    net, theta, x, y = training
    timer = threading.Timer(0.3, lambda: signal.raise_signal(signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        ntk.gradient_flow(net, theta, x, y, times=[9], integrator="bounded-step", step=1e-7, max_steps=10**6)
    timer.join()


def test_wrong_options_are_told(training):
    net, theta, x, y = training
    with pytest.raises(TypeError, match="lambda_"):
        ntk.gradient_flow(net, theta, x, y, times=[1], lambda_=0.1)
    with pytest.raises(ValueError, match="loss"):
        ntk.gradient_flow(net, theta, x, y, times=[1], loss="hinge")
    with pytest.raises(ntk.InvalidInput):
        ntk.gradient_flow(net, theta, x, y, times=[1], l2=-1)
    with pytest.raises(ValueError, match="targets"):
        ntk.gradient_flow(net, theta, x, y[:-1], times=[1])
    with pytest.raises(ntk.NoConvergence):
        ntk.gradient_flow(net, theta, x, y, times=[1e9], max_steps=3)
