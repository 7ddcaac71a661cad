"""Arrays as the library takes them: doubles, rows contiguous."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def real(values: ArrayLike, name: str) -> np.ndarray:
    """Any real array, of any dtype and memory order, as contiguous doubles."""
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name}: real numbers are wanted, not {array.dtype}")
    return np.ascontiguousarray(array, dtype=np.float64)


def points(values: ArrayLike, name: str = "X") -> np.ndarray:
    """Points as rows, (n, d); the axes behind the first are joined (images, say)."""
    array = real(values, name)
    if array.ndim < 2:
        raise ValueError(f"{name}: points are rows of an array of two or more axes, not of {array.ndim}")
    if array.size == 0:
        raise ValueError(f"{name}: no points, or points of no coordinates: shape {array.shape}")
    return array.reshape(array.shape[0], -1)


def square(values: ArrayLike, name: str) -> np.ndarray:
    array = real(values, name)
    if array.ndim != 2 or array.shape[0] != array.shape[1]:
        raise ValueError(f"{name}: a square matrix is wanted, not shape {array.shape}")
    return array


def columns(values: ArrayLike, n: int, name: str) -> np.ndarray:
    """(n, K) from (n, K) or, for K = 1, (n,)."""
    array = real(values, name)
    if array.ndim == 1:
        array = array.reshape(-1, 1)
    if array.ndim != 2 or array.shape[0] != n:
        raise ValueError(f"{name}: {n} rows are wanted, not shape {np.shape(values)}")
    return array
