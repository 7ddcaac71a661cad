"""Kernels of infinitely wide networks, and certificates of Gram matrices."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import ArrayLike

from . import _native
from ._arrays import points, real, square
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


@dataclasses.dataclass(frozen=True)
class Accuracy:
    """How accurate a kernel matrix is, whoever computed it: against enclosures of the exact kernel.

    Errors are relative to sqrt(K_ii K_jj) and upper bounds; `exact` and the smallest eigenvalues
    are intervals (low, high) that are certain to hold the number. Those of a kernel between two
    sets have no eigenvalues and no symmetry: None.
    """

    digits: float
    error: float
    worst: tuple[int, int]
    stored: float
    exact: tuple[float, float]
    judged: int
    asymmetry: float | None = None
    lambda_min: tuple[float, float] | None = None
    exact_lambda_min: tuple[float, float] | None = None

    @property
    def symmetric(self) -> bool | None:
        """True where K_ij and K_ji are the same to the bit, everywhere."""
        return None if self.asymmetry is None else self.asymmetry == 0

    @property
    def positive_definite(self) -> bool | None:
        """Of the matrix as it is stored (lower triangle). True and False are certain."""
        if self.lambda_min is None:
            return None
        low, high = self.lambda_min
        return True if low > 0 else False if high <= 0 else None


def check(
    K: ArrayLike,
    X: ArrayLike,
    architecture: Architecture | None = None,
    *,
    Y: ArrayLike | None = None,
    kind: str = "ntk",
) -> Accuracy:
    """How many digits K has as the kernel of the rows of X, or between those of X and of Y.

    Networks whose kernel can be enclosed: include/ntk/enclosure.h. Of more than 20,000 pairs some
    are judged (include/ntk/accuracy.h). `exact_lambda_min` is unbounded for more than 64 points.
    """
    x = points(X)
    y = None if Y is None else points(Y, "Y")
    if y is not None and y.shape[1] != x.shape[1]:
        raise ValueError(f"Y: its points have {y.shape[1]} coordinates, those of X {x.shape[1]}")
    found = _native.accuracy(architecture or Architecture(), kind, x, y, real(K, "K"))
    square_only = ("asymmetry", "lambda_min", "exact_lambda_min")
    fields = {field.name for field in dataclasses.fields(Accuracy)}
    keep = fields if found["square"] else fields.difference(square_only)
    return Accuracy(**{name: value for name, value in found.items() if name in keep})
