"""What speed.py measures: each computation, in doubles, by every library that has it, and the least
time that the machine's rates allow for it.

A computation holds `libraries`: for each a function that makes everything ready and returns a call
without arguments, which returns the numbers. Libraries are imported by those functions alone, so
that one that is missing is left out.
"""
import dataclasses
from collections.abc import Callable

import numpy as np

OURS = "ntk-verify"
STRUCTURED = 3  # neural-tangents' fastest method here: 77 and 104 times as fast as its next one


@dataclasses.dataclass
class Computation:
    name: str
    libraries: dict[str, Callable]
    limit: Callable | None  # of Rates: milliseconds on one core


class Rates:
    """One core's, as bench_machine prints them. A limit is the time of the operations, or of the
    memory's traffic where that takes longer."""

    def __init__(self, lines):
        self.of = {name: float(value) for name, value, _ in (line.split() for line in lines)}

    def products(self, operations):
        return 1e-6 * operations / self.of["product"]

    def each(self, name, count):
        return 1e-6 * count * self.of[name]

    def traffic(self, megabytes):
        """Of an array that is read once, by the rate of arrays of its size."""
        size = next((s for s in (8, 16) if megabytes <= s), 256)
        return megabytes / self.of[f"read-{size}"]


def points(n, d, seed):
    x = np.random.default_rng(seed).standard_normal((n, d))
    return x / np.linalg.norm(x, axis=1, keepdims=True) * np.sqrt(d)


# ---- networks of infinite width ------------------------------------------------------------------


def weight_variance(activation):
    import ntk_verify as ntk

    return ntk.dense(1, activation).weight_variance


def import_jax():
    import jax

    jax.config.update("jax_enable_x64", True)
    return jax


def import_stax():
    import_jax()
    from neural_tangents import stax

    return stax


def stax_activation(stax, activation):
    """tanh has no closed form: 25 nodes of Gauss-Hermite quadrature each way, the library's default."""
    if activation == "tanh":
        return stax.ElementwiseNumerical(import_jax().numpy.tanh, deg=25)
    return {"relu": stax.Relu, "erf": stax.Erf, "gelu": stax.Gelu}[activation]()


def kernel(activation, d, n, m=None, depth=3):
    x, y = points(n, d, 1), None if m is None else points(m, d, 2)

    def ours():
        import ntk_verify as ntk

        architecture = ntk.dense(depth, activation)
        return lambda: ntk.kernel(x, y, architecture)

    def neural_tangents():
        jax, stax = import_jax(), import_stax()
        w = np.sqrt(weight_variance(activation))
        layers = [layer for _ in range(depth)
                  for layer in (stax.Dense(1, W_std=w), stax_activation(stax, activation))]
        compute = jax.jit(stax.serial(*layers, stax.Dense(1, W_std=w))[2], static_argnums=2)
        return lambda: compute(x, y, "ntk").block_until_ready()

    pairs = n * (n + 1) / 2 if m is None else n * m
    form = {"relu": "relu", "erf": "erf", "gelu": "erf"}.get(activation)
    limit = form and (lambda rates: rates.products(2 * d * pairs) + rates.each(form, depth * pairs))
    return Computation(f"NTK, {activation}, L = {depth}, d = {d}, {n} x {m or n}",
                       {OURS: ours, "neural-tangents": neural_tangents}, limit)


def convolutional(side, channels, n, depth, readout):
    """Patches of 3 x 3, padded with zeros."""
    x = points(n, side * side * channels, 8).reshape(n, side, side, channels)

    def ours():
        import ntk_verify as ntk

        layers = ", ".join(["conv 3"] * depth)
        architecture = ntk.convolutional((side, side, channels), layers, readout=readout)
        flat = x.reshape(n, -1)
        return lambda: ntk.kernel(flat, None, architecture)

    def neural_tangents():
        jax, stax = import_jax(), import_stax()
        w = np.sqrt(2)
        layers = [layer for _ in range(depth)
                  for layer in (stax.Conv(1, (3, 3), padding="SAME", W_std=w), stax.Relu())]
        if readout == "average":
            layers += [stax.GlobalAvgPool(), stax.Dense(1, W_std=w)]
        else:  # Flatten divides by the number of positions
            layers += [stax.Flatten(), stax.Dense(1, W_std=w * side)]
        compute = jax.jit(stax.serial(*layers)[2], static_argnums=2)
        return lambda: compute(x, None, "ntk").block_until_ready()

    # All pairs of positions where they are averaged; where they are not, each with itself.
    pairs = n * (n + 1) / 2 * (side**4 if readout == "average" else side**2)
    return Computation(f"NTK, {depth} x conv 3, ReLU, {readout}, {side} x {side} x {channels}, n = {n}",
                       {OURS: ours, "neural-tangents": neural_tangents},
                       lambda rates: rates.products(2 * channels * pairs) + rates.each("relu", depth * pairs))


# ---- networks of finite width --------------------------------------------------------------------


def network(activation, width, outputs, d, depth):
    import ntk_verify as ntk

    net = ntk.Network(ntk.dense(depth, activation, weight_variance=2.0), d, width, outputs)
    return net, net.initialise(7)


def matrices(width, outputs, d, depth):
    """The weights, (out, in) as PyTorch has them; transposed they are as JAX's layers have them, and
    as neural-tangents must see them to use the structure of a layer."""
    theta = network("relu", width, outputs, d, depth)[1]
    shapes = [(width, d)] + [(width, width)] * (depth - 1) + [(outputs, width)]
    ends = np.cumsum([a * b for a, b in shapes])
    return [part.reshape(shape) for part, shape in zip(np.split(theta, ends[:-1]), shapes)]


def transposed(weights):
    return [np.ascontiguousarray(w.T) for w in weights]


def jax_network(jax, activation="relu"):
    phi = {"relu": jax.nn.relu, "erf": jax.scipy.special.erf}[activation]

    def f(parameters, x):
        for i, w in enumerate(parameters):
            x = np.sqrt(2 / w.shape[0]) * (x if i == 0 else phi(x)) @ w
        return x

    return f


def torch_network(torch, parameters, x, activation="relu"):
    phi = {"relu": torch.relu, "erf": torch.erf}[activation]
    for i, w in enumerate(parameters):
        x = np.sqrt(2 / w.shape[1]) * (x if i == 0 else phi(x)) @ w.T
    return x


def sizes(width, outputs, d, depth):
    """Weights of the first layer, and of the others."""
    return width * d, (depth - 1) * width**2 + outputs * width


def kernel_operations(n, width, outputs, d, depth):
    """Forward, signals back, and the Gram matrices of the inputs and of the signals of all layers."""
    products = 2 * n * width * (d + (1 + outputs) * (depth - 1) * width)
    return products + n**2 * (d + depth * width) + n**2 * outputs**2 * depth * width


def empirical(width, outputs, n, d=784, depth=2, slow=True):
    x = points(n, d, 3)

    def ours():
        net, theta = network("relu", width, outputs, d, depth)
        return lambda: net.tangent_kernel(theta, x)

    def neural_tangents():
        import neural_tangents as nt

        jax = import_jax()
        parameters = transposed(matrices(width, outputs, d, depth))
        compute = jax.jit(nt.empirical_ntk_fn(jax_network(jax), trace_axes=(), vmap_axes=0,
                                              implementation=STRUCTURED))

        def call():
            kernel = np.asarray(compute(x, None, parameters))
            return kernel.transpose(0, 2, 1, 3).reshape(n * outputs, n * outputs)

        return call

    def torch():
        import torch

        parameters = tuple(map(torch.from_numpy, matrices(width, outputs, d, depth)))
        inputs = torch.from_numpy(x)
        one = lambda p, row: torch_network(torch, p, row[None])[0]
        jacobian = torch.func.vmap(torch.func.jacrev(one), (None, 0))

        def call():
            rows = [j.reshape(n * outputs, -1) for j in jacobian(parameters, inputs)]
            return sum(j @ j.T for j in rows).numpy()

        return call

    libraries = {OURS: ours, "neural-tangents": neural_tangents}
    if slow:
        libraries["torch.func"] = torch
    first, others = sizes(width, outputs, d, depth)
    return Computation(
        f"empirical NTK, ReLU, L = {depth}, m = {width}, K = {outputs}, n = {n}", libraries,
        lambda rates: max(rates.products(kernel_operations(n, width, outputs, d, depth)),
                          rates.traffic(8e-6 * (first + 2 * others))))


def gradient(width, n, d=784, depth=2):
    x, c = points(n, d, 4), np.random.default_rng(5).standard_normal((n, 1))

    def ours():
        net, theta = network("relu", width, 1, d, depth)
        out = np.empty(net.parameters)
        return lambda: net.gradient(theta, x, c, out)

    def jax_gradient():
        jax = import_jax()
        parameters = [jax.numpy.asarray(w) for w in transposed(matrices(width, 1, d, depth))]
        f = jax_network(jax)
        compute = jax.jit(jax.grad(lambda p: (f(p, x) * c).sum()))
        return lambda: [g.block_until_ready() for g in compute(parameters)]

    def torch():
        import torch

        parameters = [torch.from_numpy(p).requires_grad_() for p in matrices(width, 1, d, depth)]
        inputs, cotangent = torch.from_numpy(x), torch.from_numpy(c)

        def call():
            value = (torch_network(torch, parameters, inputs) * cotangent).sum()
            return [g.numpy().T for g in torch.autograd.grad(value, parameters)]

        return call

    first, others = sizes(width, 1, d, depth)
    return Computation(  # the weights are read forward and, but for the first, back; gradients are written
        f"gradient, ReLU, L = {depth}, d = {d}, m = {width}, n = {n}",
        {OURS: ours, "JAX": jax_gradient, "PyTorch": torch},
        lambda rates: max(rates.products(2 * n * (2 * first + 3 * others)),
                          rates.traffic(8e-6 * (2 * first + 3 * others))))


def forward(width, n, d=3, activation="erf"):
    """One hidden layer: the activation is most of it."""
    x = points(n, d, 9)

    def ours():
        net, theta = network(activation, width, 1, d, 1)
        return lambda: net(theta, x)

    def jax_forward():
        jax = import_jax()
        parameters = [jax.numpy.asarray(w) for w in transposed(matrices(width, 1, d, 1))]
        compute = jax.jit(jax_network(jax, activation))
        return lambda: compute(parameters, x).block_until_ready()

    def torch():
        import torch

        parameters = list(map(torch.from_numpy, matrices(width, 1, d, 1)))
        inputs = torch.from_numpy(x)

        def call():
            with torch.no_grad():
                return torch_network(torch, parameters, inputs, activation).numpy()

        return call

    return Computation(f"forward, {activation}, L = 1, d = {d}, m = {width}, n = {n}",
                       {OURS: ours, "JAX": jax_forward, "PyTorch": torch},
                       lambda rates: rates.products(2 * n * width * (d + 1))
                       + rates.each("activation-erf", n * width))


def sweep(widths, seeds, n, d=10, depth=2):
    """Networks of many widths and seeds, drawn and their kernels computed, as a study of the width
    does (suites/width-convergence/tangent-kernel). The draws differ: what is compared is time."""
    x = points(n, d, 6)

    def ours():
        import ntk_verify as ntk

        def call():
            for m in widths:
                net = ntk.Network(ntk.dense(depth, "relu"), d, m, 1)
                for seed in range(seeds):
                    net.tangent_kernel(net.initialise(seed), x)

        return call

    def neural_tangents():
        import neural_tangents as nt

        jax = import_jax()
        compute = jax.jit(nt.empirical_ntk_fn(jax_network(jax), trace_axes=(), vmap_axes=0,
                                              implementation=STRUCTURED))

        def call():
            for m in widths:
                shapes = [(d, m)] + [(m, m)] * (depth - 1) + [(m, 1)]
                for seed in range(seeds):
                    keys = jax.random.split(jax.random.PRNGKey(seed), len(shapes))
                    kernel = compute(x, None, [jax.random.normal(k, s) for k, s in zip(keys, shapes)])
            kernel.block_until_ready()

        return call

    def limit(rates):
        return seeds * sum(rates.products(kernel_operations(n, m, 1, d, depth))
                           + rates.each("normal", sum(sizes(m, 1, d, depth))) for m in widths)

    name = f"{seeds} empirical NTKs of each width, {widths[0]} to {widths[-1]}, drawn too, n = {n}"
    return Computation(name, {OURS: ours, "neural-tangents": neural_tangents}, limit)


# ---- the tables ----------------------------------------------------------------------------------


def table(small):
    """The rows; small: an eighth of each size, to try the script."""
    size = (lambda n: n // 8) if small else (lambda n: n)
    rows = [kernel(activation, d, size(1500)) for d in (784, 3) for activation in ("relu", "erf", "gelu")]
    rows += [kernel("relu", d, size(2000), size(500)) for d in (784, 3)]
    rows += [kernel("tanh", 3, size(200))]
    rows += [convolutional(size(16), 3, 4, 2, "average"), convolutional(size(32), 3, size(48), 3, "flatten")]
    rows += [empirical(size(2048), 1, 64), empirical(size(1024), 10, 32)]
    rows += [gradient(size(4096), 256), gradient(size(1024), 8, 3, 3), forward(size(16384), 8)]
    rows += [sweep([size(m) for m in (64, 128, 256, 512, 1024)], 8, 20)]
    return rows


def growth(small):
    """What is varied, its values and the computation of each."""
    size = (lambda n: n // 8) if small else (lambda n: n)
    return [
        ("n", [size(n) for n in (400, 800, 1600)], lambda n: kernel("relu", 784, n)),
        ("L", [1, 2, 4, 8], lambda depth: kernel("relu", 3, size(1000), depth=depth)),
        ("m", [size(m) for m in (512, 1024, 2048, 4096)], lambda m: empirical(m, 1, 64, slow=False)),
        ("m", [size(m) for m in (512, 1024, 2048, 4096)], lambda m: gradient(m, 256)),
        ("pixels", [side**2 for side in (6, 8, 12, 16)],
         lambda pixels: convolutional(round(pixels**0.5), 3, 4, 2, "average")),
    ]
