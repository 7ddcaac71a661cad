"""Networks of finite width: outputs, empirical tangent kernel, Jacobian, linearisation."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from . import _native
from ._arrays import points, real
from .architecture import Architecture


class Network:
    """A network of hidden width `width`; parameters are vectors (parameters,), never kept inside."""

    def __init__(self, architecture: Architecture, inputs: int, width: int, outputs: int = 1):
        self.architecture, self.inputs, self.width, self.outputs = architecture, inputs, width, outputs
        self._native = _native.Network(architecture, inputs, width, outputs)

    @property
    def parameters(self) -> int:
        """Number of parameters, p."""
        return self._native.parameters()

    def initialise(self, seed: int, unit: int = 0, label: str = "network") -> np.ndarray:
        """theta ~ N(0, I), (p,): the draws depend on (seed, label, unit) alone, on every machine."""
        theta = np.empty(self.parameters)
        self._native.initialise(seed, label, unit, theta)
        return theta

    def __call__(self, theta: ArrayLike, X: ArrayLike) -> np.ndarray:
        """Outputs, (n, K)."""
        x = points(X)
        out = np.empty((len(x), self.outputs))
        self._native.forward(real(theta, "theta"), x, out)
        return out

    def tangent_kernel(self, theta: ArrayLike, X: ArrayLike, Y: ArrayLike | None = None) -> np.ndarray:
        """The empirical NTK J J^T, (n K, n K) or (n K, m K); row i K + k is output k at point i."""
        x = points(X)
        if Y is None:
            out = np.empty((len(x) * self.outputs,) * 2)
            self._native.tangent_kernel(real(theta, "theta"), x, out)
            return out
        y = points(Y, "Y")
        out = np.empty((len(x) * self.outputs, len(y) * self.outputs))
        self._native.tangent_kernel_cross(real(theta, "theta"), y, x, out)
        return out

    def jacobian(self, theta: ArrayLike, X: ArrayLike) -> np.ndarray:
        """The Jacobian of the outputs in the parameters, (n K, p)."""
        x = points(X)
        out = np.empty((len(x) * self.outputs, self.parameters))
        self._native.jacobian(real(theta, "theta"), x, out)
        return out

    def gradient(
        self, theta: ArrayLike, X: ArrayLike, cotangent: ArrayLike, out: np.ndarray | None = None
    ) -> np.ndarray:
        """J^T c, (p,): the gradient of sum_ik c_ik f_k(x_i) for a cotangent c, (n, K). out: where it
        is put, an array of an earlier call, say; new memory costs a large network as much as a layer.
        """
        x = points(X)
        if out is None:
            out = np.empty(self.parameters)
        elif out.shape != (self.parameters,) or out.dtype != np.float64 or not out.flags.carray:
            raise ValueError(f"out: not a contiguous array of {self.parameters} doubles that can be written")
        self._native.gradient(real(theta, "theta"), points(cotangent, "cotangent"), x, out)
        return out

    def linearised(self, theta0: ArrayLike, theta: ArrayLike, X: ArrayLike) -> np.ndarray:
        """f(x; theta0) + J(x; theta0) (theta - theta0), (n, K)."""
        x = points(X)
        out = np.empty((len(x), self.outputs))
        self._native.linearised(real(theta0, "theta0"), real(theta, "theta"), x, out)
        return out


def empirical_kernel(
    X: ArrayLike,
    Y: ArrayLike | None = None,
    architecture: Architecture | None = None,
    *,
    width: int,
    outputs: int = 1,
    seed: int = 0,
    unit: int = 0,
) -> np.ndarray:
    """The empirical NTK of one random network of that width at its start."""
    x = points(X)
    network = Network(architecture or Architecture(), x.shape[1], width, outputs)
    return network.tangent_kernel(network.initialise(seed, unit), x, Y)
