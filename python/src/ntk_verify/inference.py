"""The solutions that kernels predict, each with what is proved of its error.

gram is (n, n), shared by all outputs, or the full tangent kernel (n K, n K); targets are (n, K) or,
for one output, (n,). With one output the logistic loss takes the probability of class 1.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import ArrayLike

from . import _native
from ._arrays import columns, real, square


@dataclasses.dataclass(frozen=True)
class Solution:
    """f(x) = f0(x) + Theta(x, X) coefficients; `outputs` is f at the training points."""

    coefficients: np.ndarray
    outputs: np.ndarray
    gram_order: int

    def predict(self, cross: ArrayLike, f0: ArrayLike | None = None) -> np.ndarray:
        """f at q new points, (q, K), from cross = Theta(x, X), (q, n) or (q K, n K)."""
        n, k = self.coefficients.shape
        matrix = real(cross, "cross")
        if matrix.ndim != 2 or matrix.shape[1] != self.gram_order:
            raise ValueError(f"cross: {self.gram_order} columns are wanted, not shape {matrix.shape}")
        f = matrix @ self.coefficients if self.gram_order == n else matrix @ self.coefficients.reshape(-1)
        f = f.reshape(-1, k)
        return f if f0 is None else f + columns(f0, len(f), "f0")


@dataclasses.dataclass(frozen=True)
class RegressionSolution(Solution):
    relative_residual: float


@dataclasses.dataclass(frozen=True)
class LogisticSolution(Solution):
    """Proved, rounding included: |outputs - exact| <= output_error, |norm - exact| <= weight_error,
    objective - minimum <= duality_gap (include/ntk/logistic.h)."""

    objective: float
    norm: float
    gradient_norm: float
    relative_residual: float
    duality_gap: float
    output_error: float
    weight_error: float
    iterations: int


@dataclasses.dataclass(frozen=True)
class HardMargin(Solution):
    """Proved, rounding included: norm_lower <= ||w|| <= norm_upper; the margin is 1 / ||w||."""

    norm: float
    norm_lower: float
    norm_upper: float
    kkt_residual: float
    support_vectors: int
    iterations: int


def _solve(function, loss, gram, targets, l2, f0):
    matrix = square(gram, "gram")
    wanted = real(targets, "targets")
    n = len(wanted) if wanted.ndim else 0
    q = columns(wanted, n, "targets")
    start = None if f0 is None else columns(f0, n, "f0")
    if len(matrix) not in (n, q.size):
        raise ValueError(f"gram: order {n} or {q.size} is wanted, not {len(matrix)}")
    a, f = np.empty(q.shape), np.empty(q.shape)
    return a, f, len(matrix), function(loss, matrix, start, q, float(l2), a, f)


def kernel_regression(
    gram: ArrayLike, targets: ArrayLike, l2: float = 0.0, f0: ArrayLike | None = None
) -> RegressionSolution:
    """coefficients = (Theta + n l2 I)^{-1} (targets - f0): the limit of the flow of the mean squared
    loss, and the posterior mean of a Gaussian process of noise variance n l2."""
    a, f, order, residual = _solve(_native.regression, "squared", gram, targets, l2, f0)
    return RegressionSolution(a, f, order, residual)


def kernel_logistic_regression(
    gram: ArrayLike, targets: ArrayLike, l2: float, f0: ArrayLike | None = None
) -> LogisticSolution:
    """The minimiser of the mean cross-entropy + (l2/2) ||w||^2; logistic for one output, softmax for
    more. l2 = 0 takes soft targets only, and interpolates them."""
    loss = "logistic" if np.ndim(targets) == 1 or np.shape(targets)[1] == 1 else "softmax"
    a, f, order, found = _solve(_native.logistic, loss, gram, targets, l2, f0)
    return LogisticSolution(a, f, order, **found)


def hard_margin(gram: ArrayLike, targets: ArrayLike) -> HardMargin:
    """The maximum-margin solution, in whose direction the unregularised flow diverges."""
    loss = "logistic" if np.ndim(targets) == 1 or np.shape(targets)[1] == 1 else "softmax"
    a, f, order, found = _solve(_native.hard_margin, loss, gram, targets, 0.0, None)
    return HardMargin(a, f, order, **found)
