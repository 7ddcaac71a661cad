"""Kernel systems and eigenvalues where the matrix need not be in memory.

A kernel is an array (n, n); the path of a .npy file, which is read in tiles; or a PointKernel,
whose tiles are computed whenever they are wanted. Only products with it are taken, and every answer
carries what is proved of its error (include/ntk/iterative.h, include/ntk/extremes.h).
"""

from __future__ import annotations

import dataclasses
import os
import tempfile

import numpy as np
from numpy.typing import ArrayLike

from . import _native
from ._arrays import columns, points, real, square
from .architecture import Architecture
from .inference import Solution


@dataclasses.dataclass(frozen=True, eq=False)
class PointKernel:
    """The Gram matrix of the rows of X, as of kernel(X, None, architecture, kind), never stored.

    X is copied and read-only: what is proved of a solution is proved of these points.
    """

    X: ArrayLike
    architecture: Architecture | None = None
    kind: str = "ntk"

    def __post_init__(self):
        own = points(self.X).copy()
        own.flags.writeable = False
        object.__setattr__(self, "X", own)
        object.__setattr__(self, "architecture", self.architecture or Architecture())

    def __len__(self) -> int:
        return len(self.X)


Kernel = ArrayLike | str | os.PathLike | PointKernel


def _source(kernel: Kernel, name: str):
    """As _native takes it: a path, a matrix, or (architecture, kind, points)."""
    if isinstance(kernel, PointKernel):
        return (kernel.architecture, kernel.kind, kernel.X)
    if isinstance(kernel, (str, os.PathLike)):
        return os.fsdecode(kernel)
    return square(kernel, name)


@dataclasses.dataclass(frozen=True)
class IterativeSolution(Solution):
    """Proved, rounding included, w = J^T coefficients: |outputs - exact| <= output_error, ||w -
    exact|| <= weight_error; of regression, each output, ||coefficients - exact|| <=
    coefficient_error ||coefficients||.

    residual is what the tolerance is of, `rounding` the part of it that no iteration removes;
    iterations are products with the kernel, steps refinements or Newton steps.
    """

    residual: float
    rounding: float
    output_error: float
    coefficient_error: float
    weight_error: float
    iterations: int
    steps: int
    rank: int
    entry_error: float
    points: PointKernel | None

    def predict_at(self, X: ArrayLike, f0: ArrayLike | None = None) -> tuple[np.ndarray, np.ndarray]:
        """f at q new points, (q, K), and a proved bound (q,) of how far it is from the exact
        solution's; for a solution that is proved of points: its reference is a PointKernel, or,
        without one, its kernel."""
        if self.points is None:
            raise ValueError(
                "predict_at wants the points: solve with a PointKernel (as reference, where there is one),"
                " or predict(cross)"
            )
        new, old = points(X), self.points.X
        if new.shape[1] != old.shape[1]:
            raise ValueError(f"X: its points have {new.shape[1]} coordinates, the others {old.shape[1]}")
        f, radius = np.empty((len(new), self.coefficients.shape[1])), np.empty(len(new))
        _native.predict(
            self.points.architecture,
            self.points.kind,
            old,
            new,
            self.coefficients,
            self.weight_error,
            self.entry_error,
            f,
            radius,
        )
        return (f if f0 is None else f + columns(f0, len(f), "f0")), radius


def _targets(targets: ArrayLike) -> np.ndarray:
    if np.ndim(targets) == 0:
        raise ValueError("targets: one for each point is wanted, not a single number")
    return real(targets, "targets")


def _solve(loss, kernel, targets, l2, f0, reference, options):
    source = _source(kernel, "kernel")
    other = None if reference is None else _source(reference, "reference")
    wanted = _targets(targets)
    q = columns(wanted, len(wanted), "targets")
    start = None if f0 is None else columns(f0, len(q), "f0")
    a, f = np.empty(q.shape), np.empty(q.shape)
    given = {name: value for name, value in options.items() if value is not None}
    found = _native.iterative(loss, source, other, start, q, float(l2), given, a, f)
    a.flags.writeable = f.flags.writeable = False
    decides = kernel if reference is None else reference
    return IterativeSolution(
        a, f, len(q), **found, points=decides if isinstance(decides, PointKernel) else None
    )


def solve_regression(
    kernel: Kernel,
    targets: ArrayLike,
    l2: float,
    f0: ArrayLike | None = None,
    *,
    reference: Kernel | None = None,
    tolerance: float | None = None,
    coefficient_tolerance: float | None = None,
    entry_error: float | None = None,
    lambda_min: float = 0.0,
    rank: int | None = None,
    max_iterations: int | None = None,
    seed: int | None = None,
) -> IterativeSolution:
    """coefficients = (Theta + n l2 I)^{-1} (targets - f0), by preconditioned conjugate gradients.

    The residual, computed anew in twice the working precision, is at most `tolerance` (1e-10) of
    the targets, and the coefficients are off by at most `coefficient_tolerance` of themselves;
    otherwise NoConvergence is raised. `reference` is the kernel for that residual: with a file of
    float32 as kernel and the points as reference the answer is that of the points. What is proved
    is proved for every Gram matrix whose entries lie within `entry_error` (2^-51) of sqrt(Theta_ii
    Theta_jj) of these; how far the exact kernel of points may be is in include/ntk/kernel.h. That
    an array or a file holds a Gram matrix, with no negative eigenvalue, is for the caller to know:
    certify and certify_large tell. lambda_min: a proved lower bound of the smallest eigenvalue of
    the stored numbers, of certify say; of the reference where there is one. What a kernel that is
    off by `entry_error` may be below it, entry_error trace(Theta), is subtracted here. It may be
    negative: then the bounds of a and f hold of any symmetric matrix, and there is none of w. rank:
    of the preconditioner (500).
    """
    options = {
        "tolerance": tolerance,
        "coefficient_tolerance": coefficient_tolerance,
        "entry_error": entry_error,
        "lambda_min": lambda_min,
        "rank": rank,
        "max_iterations": max_iterations,
        "seed": seed,
    }
    return _solve("squared", kernel, targets, l2, f0, reference, options)


def solve_logistic(
    kernel: Kernel,
    targets: ArrayLike,
    l2: float,
    f0: ArrayLike | None = None,
    *,
    reference: Kernel | None = None,
    tolerance: float | None = None,
    absolute_tolerance: float | None = None,
    entry_error: float | None = None,
    rank: int | None = None,
    max_iterations: int | None = None,
    seed: int | None = None,
) -> IterativeSolution:
    """The minimiser of the mean cross-entropy + (l2/2) ||w||^2, l2 > 0, by Newton's method.

    Targets as of kernel_logistic_regression: the probability of class 1, (n,) or (n, 1), or of each
    class, (n, K). `tolerance` (1e-8) is of ||w - exact|| / ||w||. Where w is next to nothing, less
    than W / 100, ||w - exact|| <= absolute_tolerance W (1e-10) does as well, W being the largest
    norm that the problem allows (include/ntk/iterative.h); 0: never. The others as of
    solve_regression.
    """
    wanted = _targets(targets)
    loss = "logistic" if wanted.ndim == 1 or wanted.shape[1] == 1 else "softmax"
    options = {
        "tolerance": tolerance,
        "absolute_tolerance": absolute_tolerance,
        "entry_error": entry_error,
        "rank": rank,
        "max_iterations": max_iterations,
        "seed": seed,
    }
    return _solve(loss, kernel, wanted, l2, f0, reference, options)


@dataclasses.dataclass(frozen=True)
class Extremes:
    """lambda_min and lambda_max are estimates. Proved, of the kernel's numbers: lambda_min <=
    min_upper, max_lower <= lambda_max <= max_upper, and an eigenvalue within min_radius (max_radius)
    of each estimate."""

    lambda_min: float
    lambda_max: float
    min_upper: float
    max_lower: float
    max_upper: float
    min_radius: float
    max_radius: float
    steps: int


def extreme_eigenvalues(kernel: Kernel, steps: int = 60, seed: int = 1) -> Extremes:
    """The smallest and the largest eigenvalue by Lanczos's method, `steps` products.

    The smallest one is bounded from below by certify or certify_large.
    """
    return Extremes(**_native.extremes(_source(kernel, "kernel"), int(steps), int(seed)))


def certify_large(kernel: Kernel, shift: float, folder: str | os.PathLike | None = None) -> float:
    """A proved lower bound of the smallest eigenvalue, a little below `shift`.

    NotPositiveDefinite where `shift` is too close to the smallest eigenvalue or beyond it. The
    factor is kept in a file of 4 n^2 bytes in `folder` (that for temporary files), which is gone
    afterwards; memory is 768 n doubles, and the work n^3 / 3 operations.
    """
    place = tempfile.gettempdir() if folder is None else os.fsdecode(folder)
    return _native.certify_tiles(_source(kernel, "kernel"), float(shift), place)
