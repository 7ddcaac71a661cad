"""Neural tangent kernels: infinite and finite width, certificates, inference, flows.

Everything is computed by the C library libntk, which this package carries. Threads are the
library's own; its BLAS runs on one.
"""

import os as _os

from . import _native
from .errors import (
    InvalidInput,
    NoConvergence,
    NotPositiveDefinite,
    NtkError,
    OutOfMemory,
    Unsupported,
    error_of as _error_of,
)

_native.set_error_factory(_error_of)

from .architecture import Architecture, convolutional, dense, residual  # noqa: E402
from .flows import Flow, Observation, gradient_flow, linear_flow  # noqa: E402
from .inference import (  # noqa: E402
    HardMargin,
    LogisticSolution,
    RegressionSolution,
    Solution,
    hard_margin,
    kernel_logistic_regression,
    kernel_regression,
)
from .kernels import (  # noqa: E402
    Accuracy,
    Certificate,
    certify,
    certify_kernel,
    check,
    kernel,
    kernel_diagonal,
)
from .large import (  # noqa: E402
    Extremes,
    IterativeSolution,
    PointKernel,
    certify_large,
    extreme_eigenvalues,
    solve_logistic,
    solve_regression,
)
from .networks import Network, empirical_kernel  # noqa: E402
from .runs import Run, read_run  # noqa: E402

__version__ = _native.version()


def set_workers(count: int) -> None:
    """Threads that the library uses; all cores until set. Results do not depend on it."""
    _native.set_workers(count)


def workers() -> int:
    """Threads that the library uses."""
    return _native.workers()


def blas() -> dict:
    """Which BLAS computes: name, version, core, threads."""
    return _native.blas()


set_workers(len(_os.sched_getaffinity(0)))
_native.start()

__all__ = [
    "Accuracy",
    "Architecture",
    "Certificate",
    "Extremes",
    "Flow",
    "HardMargin",
    "InvalidInput",
    "IterativeSolution",
    "LogisticSolution",
    "Network",
    "NoConvergence",
    "NotPositiveDefinite",
    "NtkError",
    "Observation",
    "OutOfMemory",
    "PointKernel",
    "RegressionSolution",
    "Run",
    "Solution",
    "Unsupported",
    "blas",
    "certify",
    "certify_kernel",
    "certify_large",
    "check",
    "convolutional",
    "dense",
    "empirical_kernel",
    "extreme_eigenvalues",
    "gradient_flow",
    "hard_margin",
    "kernel",
    "kernel_diagonal",
    "kernel_logistic_regression",
    "kernel_regression",
    "linear_flow",
    "read_run",
    "residual",
    "set_workers",
    "solve_logistic",
    "solve_regression",
    "workers",
]
