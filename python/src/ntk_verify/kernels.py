"""Kernels of infinitely wide networks, and certificates of Gram matrices."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import ArrayLike

from . import _native
from ._arrays import points, square
from .architecture import Architecture


def kernel(
    X: ArrayLike, Y: ArrayLike | None = None, architecture: Architecture | None = None, kind: str = "ntk"
) -> np.ndarray:
    """The NTK (or kind="nngp") between the rows of X (n, d) and of Y (m, d), or X itself.

    Images (n, height, width[, channels]) are points too. The default architecture is one hidden
    layer of ReLU. The error bound stands in include/ntk/kernel.h; diagonals are exact to rounding.
    """
    architecture = architecture or Architecture()
    x = points(X)
    y = None if Y is None else points(Y, "Y")
    if y is not None and y.shape[1] != x.shape[1]:
        raise ValueError(f"Y: its points have {y.shape[1]} coordinates, those of X {x.shape[1]}")
    out = np.empty((len(x), len(x) if y is None else len(y)))
    _native.kernel(architecture, kind, x, y, out)
    return out


def kernel_diagonal(X: ArrayLike, architecture: Architecture | None = None, kind: str = "ntk") -> np.ndarray:
    """The kernel of each row of X with itself, (n,)."""
    x = points(X)
    out = np.empty(len(x))
    _native.kernel_diagonal(architecture or Architecture(), kind, x, out)
    return out


@dataclasses.dataclass(frozen=True)
class Certificate:
    """lambda_min(A) >= lambda_min_bound, proved; lambda_min is what an eigensolver says of it."""

    lambda_min_bound: float
    lambda_min: float
    shift: float
    residual_bound: float

    @property
    def positive_definite(self) -> bool:
        """True: proved. False: not proved, since A is not or too close to it."""
        return self.lambda_min_bound > 0


def certify(matrix: ArrayLike) -> Certificate:
    """A proved lower bound of the smallest eigenvalue of a symmetric matrix as it is stored."""
    return Certificate(*_native.certify(square(matrix, "matrix")))


def certify_kernel(X: ArrayLike, architecture: Architecture | None = None) -> float:
    """A proved lower bound of the smallest eigenvalue of the exact NTK of the stored points.

    The certificate of the computed matrix, less a bound of its distance from the exact one.
    """
    architecture = architecture or Architecture()
    x = points(X)
    gram = kernel(x, architecture=architecture)
    bound = _native.certify(gram)[0] - _native.kernel_error(architecture, x, gram)
    return math.nextafter(bound, -math.inf)
