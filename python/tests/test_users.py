"""What other packages see: scikit-learn, pandas, neural-tangents."""

import json
import os
import subprocess

import numpy as np
import pytest

import ntk_verify as ntk


def test_scikit_learn_takes_the_kernel():
    pytest.importorskip("sklearn")
    from sklearn.base import clone
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.svm import SVC

    from ntk_verify.sklearn import NTKKernel

    random = np.random.default_rng(31)
    x, new = random.normal(size=(12, 4)), random.normal(size=(5, 4))
    y, arch = np.sin(x).sum(1), ntk.dense(2, bias_variance=0.1)
    made = clone(NTKKernel(arch))
    model = GaussianProcessRegressor(made, alpha=1e-3).fit(x, y)
    gram = ntk.kernel(x, None, arch)
    expected = ntk.kernel(new, x, arch) @ np.linalg.solve(gram + 1e-3 * np.eye(12), y)
    np.testing.assert_allclose(model.predict(new), expected, rtol=1e-8)
    mean, deviation = model.predict(new, return_std=True)
    assert (deviation > 0).all()
    assert SVC(kernel=made, C=1e6).fit(x, y > 0).score(x, y > 0) == 1


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    binary = os.environ.get("NTK_BINARY")
    if not binary:
        pytest.skip("NTK_BINARY names no ntk")
    folder = tmp_path_factory.mktemp("runs") / "run"
    subprocess.run(
        [binary, "verify", "smoothness/not-lipschitz", "--out", folder], check=True, capture_output=True
    )
    return folder


def test_runs_are_read(run):
    pytest.importorskip("pandas")
    read = ntk.read_run(run)
    assert read.claims.loc["smoothness/not-lipschitz", "verdict"] == "HOLDS"
    assert set(read.checks.verdict) == {"HOLDS"}
    metrics = read.metrics("smoothness/not-lipschitz")
    check = read.checks.iloc[0]
    assert metrics.loc[check.metric, "value"] == check.value
    assert "metrics" in read.tables("smoothness/not-lipschitz")
    assert read.manifest == json.loads((run / "manifest.json").read_text())


def test_no_run_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match="no finished run"):
        ntk.read_run(tmp_path)


def test_neural_tangents_agrees():
    stax = pytest.importorskip("neural_tangents").stax
    x = np.random.default_rng(32).normal(size=(6, 5))
    layers = [stax.Dense(1, W_std=np.sqrt(2), b_std=0.3), stax.Relu()] * 2
    _, _, kernel_fn = stax.serial(*layers, stax.Dense(1, W_std=np.sqrt(2), b_std=0.3))
    ours = ntk.kernel(x, None, ntk.dense(2, bias_variance=0.09))
    np.testing.assert_allclose(np.asarray(kernel_fn(x, None, "ntk")), ours, rtol=1e-4)
