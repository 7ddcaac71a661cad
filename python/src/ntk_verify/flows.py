"""The gradient flow of a network, or of its linearisation, with observers."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from . import _native
from ._arrays import columns, points, real, square
from .networks import Network


@dataclasses.dataclass(frozen=True)
class Observation:
    """What was seen at one time; NaN or None where it was not asked for (include/ntk/flow.h)."""

    log_time: float
    time: float
    log_loss: float
    objective: float
    displacement: float
    gradient_norm: float
    smallest_margin: float
    kernel_drift: float
    kernel_lambda_min: float
    outputs: np.ndarray
    kernel: np.ndarray | None
    theta: np.ndarray | None


@dataclasses.dataclass(frozen=True)
class Flow:
    """How a flow ended ("horizon", "stationary" or "observer"), and what was seen on the way."""

    theta: np.ndarray
    observations: list[Observation]
    end: str
    log_time: float
    log_loss: float
    displacement: float
    gradient_norm: float
    steps: int
    rejected: int
    evaluations: int

    def series(self, name: str) -> np.ndarray:
        """One member of all observations as an array: flow.series("kernel_drift")."""
        return np.array([getattr(seen, name) for seen in self.observations])


@dataclasses.dataclass(frozen=True)
class _Options:
    loss: str
    l2: float
    centre: str
    time: str
    time_factor: float
    integrator: str
    kinked: bool
    tolerance: float
    step: float
    horizon: float
    log_horizon: float
    gradient_tolerance: float
    max_steps: int
    observe_kernel: bool
    observe_lambda_min: bool
    observe_theta: bool


def _log(time: float) -> float:
    return -math.inf if time == 0 else math.log(time)


def _options(loss, outputs, kinked, times, log_times, given):
    log_horizon = given.pop("log_horizon", math.inf)
    horizon = given.pop("horizon", math.inf)
    if times is not None and log_times is not None:
        raise ValueError("times and log_times: one of them is enough")
    if times is not None:
        log_times = [_log(t) for t in times]
    seen_at = None if log_times is None else real(log_times, "times").reshape(-1)
    if seen_at is not None and seen_at.size and math.isinf(horizon) and math.isinf(log_horizon):
        log_horizon = float(seen_at[-1])
    options = _Options(
        loss=loss or ("logistic" if outputs == 1 else "softmax"),
        l2=float(given.pop("l2", 0.0)),
        centre=given.pop("centre", "initialisation"),
        time=given.pop("time", "physical"),
        time_factor=float(given.pop("time_factor", 1.0)),
        integrator=given.pop("integrator", "automatic"),
        kinked=kinked,
        tolerance=float(given.pop("tolerance", 1e-6)),
        step=float(given.pop("step", 0.1)),
        horizon=float(horizon),
        log_horizon=float(log_horizon),
        gradient_tolerance=float(given.pop("gradient_tolerance", 0.0)),
        max_steps=int(given.pop("max_steps", 10**6)),
        observe_kernel=bool(given.pop("observe_kernel", False)),
        observe_lambda_min=bool(given.pop("observe_lambda_min", False)),
        observe_theta=bool(given.pop("observe_theta", False)),
    )
    if given:
        raise TypeError(f"not an option of a flow: {', '.join(sorted(given))}")
    return options, seen_at


def _recorder(shape, kernel_order, observer):
    seen: list[Observation] = []

    def record(raw):
        raw["outputs"] = np.frombuffer(raw["outputs"]).reshape(shape)
        if raw["kernel"] is not None:
            raw["kernel"] = np.frombuffer(raw["kernel"]).reshape(kernel_order, kernel_order)
        if raw["theta"] is not None:
            raw["theta"] = np.frombuffer(raw["theta"])
        seen.append(Observation(**raw))
        return observer is None or observer(seen[-1]) is not False

    return seen, record


def gradient_flow(
    network: Network,
    theta: ArrayLike,
    X: ArrayLike,
    targets: ArrayLike,
    *,
    loss: str | None = None,
    times: Sequence[float] | None = None,
    log_times: Sequence[float] | None = None,
    observer: Callable[[Observation], object] | None = None,
    **options,
) -> Flow:
    """theta' = -grad of the mean loss + (l2/2) ||theta - theta_0||^2, from theta.

    loss: "logistic" for one output and "softmax" for more, unless said ("squared"). Observed at
    times (or log_times), and at the end; an observer that returns False ends the flow there.
    Without a horizon (horizon=, log_horizon=) the last of the times is it. Further options, those of
    include/ntk/flow.h: l2, centre, time ("physical" or "log-loss"), integrator, tolerance, step,
    gradient_tolerance, max_steps, observe_kernel, observe_lambda_min, observe_theta, time_factor.
    """
    x = points(X)
    q = columns(targets, len(x), "targets")
    kinked = network.architecture.activation in ("relu", "leaky-relu", "abs")
    chosen, seen_at = _options(loss, network.outputs, kinked, times, log_times, options)
    seen, record = _recorder(q.shape, q.size, observer)
    end = np.array(real(theta, "theta"))
    result = network._native.flow(chosen, seen_at, q, end, record, x)
    return Flow(end, seen, **result)


def linear_flow(
    gram: ArrayLike,
    targets: ArrayLike,
    *,
    f0: ArrayLike | None = None,
    loss: str | None = None,
    times: Sequence[float] | None = None,
    log_times: Sequence[float] | None = None,
    observer: Callable[[Observation], object] | None = None,
    **options,
) -> Flow:
    """The same flow of the linear model f = f0 + Theta a with a fixed tangent kernel (n K, n K).

    Flow.theta are the coefficients a (n K,); displacements are those of the parameters.
    """
    wanted = real(targets, "targets")
    q = columns(wanted, len(wanted), "targets")
    start = np.zeros(q.shape) if f0 is None else columns(f0, len(q), "f0")
    chosen, seen_at = _options(loss, q.shape[1], False, times, log_times, options)
    seen, record = _recorder(q.shape, q.size, observer)
    a = np.zeros(q.size)
    result = _native.linear_flow(chosen, seen_at, q, a, record, square(gram, "gram"), start)
    return Flow(a, seen, **result)
