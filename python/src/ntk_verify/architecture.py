"""The architecture: one value that describes the infinite-width kernel and the finite network."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from . import _native

Variance = float | Sequence[float]


def _variance(value: Variance, name: str) -> float | tuple[float, ...]:
    """A float, or a tuple of one for each layer."""
    array = np.asarray(value)
    if array.dtype.kind not in "iuf" or array.ndim > 1:
        raise TypeError(f"{name}: a number is wanted, or a sequence of numbers, not {value!r}")
    return float(array) if array.ndim == 0 else tuple(float(number) for number in array)


@dataclasses.dataclass(frozen=True)
class Architecture:
    """What include/ntk/architecture.h describes; `dense`, `residual` and `convolutional` make one.

    Checked when it is made. The parametrisation is the NTK's: every parameter is drawn from
    N(0, 1), and the variances scale the layers. A variance of a dense network is a number, or a
    sequence of depth + 1 numbers, one for each layer from the first to the output's.
    """

    family: str = "dense"
    depth: int = 1
    activation: str = "relu"
    weight_variance: Variance = 2.0
    bias_variance: Variance = 0.0
    residual_scale: float = 1.0
    bias_start: str = "random"
    input_scale: str = "dimension"
    image: str | None = None
    layers: str | None = None
    readout: str = "flatten"
    first_weight_variance: float = 0.0
    leaky_slope: float = 0.01

    def __post_init__(self):
        for name in ("weight_variance", "bias_variance"):
            object.__setattr__(self, name, _variance(getattr(self, name), name))
        object.__setattr__(self, "depth", _native.check_architecture(self))


def dense(
    depth: int = 1,
    activation: str = "relu",
    *,
    weight_variance: Variance = 2.0,
    bias_variance: Variance = 0.0,
    leaky_slope: float = 0.01,
    input_scale: str = "dimension",
) -> Architecture:
    """A dense network of `depth` hidden layers; input_scale "dimension" divides <x, x'> by d.

    Variances are numbers, or sequences of depth + 1 numbers; leaky_slope is that of "leaky-relu".
    """
    return Architecture(
        "dense",
        depth,
        activation,
        weight_variance=weight_variance,
        bias_variance=bias_variance,
        leaky_slope=leaky_slope,
        input_scale=input_scale,
    )


def residual(
    depth: int = 1,
    activation: str = "relu",
    *,
    residual_scale: float = 1.0,
    weight_variance: float = 2.0,
    bias_variance: float = 0.0,
    bias_start: str = "random",
    leaky_slope: float = 0.01,
    input_scale: str = "dimension",
) -> Architecture:
    """A residual network of `depth` blocks.

    With bias_start "zero" the biases in the blocks begin at 0; they are trained all the same.
    """
    return Architecture(
        "residual",
        depth,
        activation,
        residual_scale=residual_scale,
        weight_variance=weight_variance,
        bias_variance=bias_variance,
        bias_start=bias_start,
        leaky_slope=leaky_slope,
        input_scale=input_scale,
    )


def convolutional(
    image: tuple[int, ...] | str,
    layers: str,
    *,
    activation: str = "relu",
    readout: str = "flatten",
    weight_variance: float = 2.0,
    bias_variance: float = 0.0,
    first_weight_variance: float = 0.0,
    leaky_slope: float = 0.01,
    input_scale: str = "dimension",
) -> Architecture:
    """A convolutional network on images (height, width[, channels]).

    layers is a text such as "conv 3 stride 1 zero mean, pool gauss 2, conv 3, pool gauss 5";
    first_weight_variance 0 means the same as weight_variance.
    """
    text = image if isinstance(image, str) else "x".join(str(size) for size in image)
    return Architecture(
        "convolutional",
        activation=activation,
        weight_variance=weight_variance,
        bias_variance=bias_variance,
        input_scale=input_scale,
        image=text,
        layers=layers,
        readout=readout,
        first_weight_variance=first_weight_variance,
        leaky_slope=leaky_slope,
    )
