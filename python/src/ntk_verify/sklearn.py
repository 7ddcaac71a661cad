"""An NTK as a kernel of scikit-learn: for GaussianProcessRegressor, KernelRidge, SVC and others.

    GaussianProcessRegressor(kernel=NTKKernel(dense(3)), alpha=1e-6)
    SVC(kernel=NTKKernel(dense(3, "erf")))
"""

from __future__ import annotations

import numpy as np
from sklearn.gaussian_process.kernels import Kernel

from .architecture import Architecture
from .kernels import kernel, kernel_diagonal


class NTKKernel(Kernel):
    """The NTK (kind="ntk") or the NNGP (kind="nngp") of an architecture; no free hyperparameter."""

    def __init__(self, architecture: Architecture = Architecture(), kind: str = "ntk"):
        self.architecture = architecture
        self.kind = kind

    def __call__(self, X, Y=None, eval_gradient=False):
        gram = kernel(X, Y, self.architecture, self.kind)
        if not eval_gradient:
            return gram
        if Y is not None:
            raise ValueError("the gradient is that of a Gram matrix: Y must be None")
        return gram, np.empty((*gram.shape, 0))

    def diag(self, X):
        return kernel_diagonal(X, self.architecture, self.kind)

    def is_stationary(self):
        return False

    def __repr__(self):
        return f"NTKKernel({self.architecture!r}, kind={self.kind!r})"
