#!/usr/bin/env python3
"""ntk-verify beside neural-tangents, JAX and, where it is installed, PyTorch: time, memory, digits.

    speed.py [--cores N] [--rounds N] [--only TEXT] [--small]

prints a Markdown table. Each row is one computation, in doubles, of the same numbers from the same
inputs and parameters. Calls of the libraries take turns in one process that is bound to N cores
(default 1); of each the median and the range over the rounds is told. On one core time is CPU time
of the process, which other programs on the machine do not lengthen; on several it is wall time.
The first call (compilation included) and the peak of memory come from a process of their own.
"Digits" is -log10 of the largest difference, relative to the largest entry.
"""
import argparse
import os
import statistics
import subprocess
import sys
import time

CORES = int(sys.argv[sys.argv.index("--cores") + 1]) if "--cores" in sys.argv[:-1] else 1
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = str(CORES)
os.environ["XLA_FLAGS"] = "" if CORES > 1 else "--xla_cpu_multi_thread_eigen=false"
os.environ["JAX_PLATFORMS"] = "cpu"
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])

import numpy as np

FEATURES = {"image": 784, "small": 3}


def points(n, d, seed):
    x = np.random.default_rng(seed).standard_normal((n, d))
    return x / np.linalg.norm(x, axis=1, keepdims=True) * np.sqrt(d)


class Rows:
    """Each row: a name, and for each library a function that makes its computation ready: a call
    without arguments that returns the numbers."""

    def __init__(self, small):
        self.small = small
        self.rows = []
        for d in (784, 3):
            for activation in ("relu", "erf", "gelu"):
                self.kernel(activation, d, self.size(1500), None)
        self.kernel("relu", 784, self.size(2000), self.size(500))
        for width, outputs, n in ((2048, 1, 64), (1024, 10, 32)):
            self.empirical(self.size(width), outputs, n)
        self.gradient(self.size(4096), 256)
        self.sweep([self.size(m) for m in (64, 128, 256, 512, 1024)], 8, 20)

    def size(self, n):
        return n // 8 if self.small else n

    # ---- kernels of infinitely wide networks -------------------------------------------------

    def kernel(self, activation, d, n, m):
        x, y = points(n, d, 1), None if m is None else points(m, d, 2)

        def ours():
            import ntk_verify as ntk

            architecture = ntk.dense(3, activation)
            return lambda: ntk.kernel(x, y, architecture)

        def neural_tangents():
            jax, stax = import_jax(), __import__("neural_tangents.stax", fromlist=["stax"])
            w = np.sqrt(weight_variance(activation))
            act = {"relu": stax.Relu, "erf": stax.Erf, "gelu": stax.Gelu}[activation]
            layers = [layer for _ in range(3) for layer in (stax.Dense(1, W_std=w), act())]
            kernel = jax.jit(stax.serial(*layers, stax.Dense(1, W_std=w))[2], static_argnums=2)
            return lambda: kernel(x, y, "ntk").block_until_ready()

        shape = f"{n} x {n}" if m is None else f"{n} x {m}"
        self.rows.append((f"NTK, {activation}, L = 3, d = {d}, {shape}",
                          {"ntk-verify": ours, "neural-tangents": neural_tangents}))

    # ---- networks of finite width --------------------------------------------------------------

    def network(self, width, outputs, d, depth=2):
        import ntk_verify as ntk

        net = ntk.Network(ntk.dense(depth, "relu"), d, width, outputs)
        return net, net.initialise(7)

    def matrices(self, width, outputs, d, theta, depth=2):
        """The weights, (out, in) as PyTorch has them; transposed they are as JAX's layers have them,
        and as neural-tangents must see them to use the structure of a layer."""
        shapes = [(width, d)] + [(width, width)] * (depth - 1) + [(outputs, width)]
        ends = np.cumsum([a * b for a, b in shapes])
        return [part.reshape(shape) for part, shape in zip(np.split(theta, ends[:-1]), shapes)]

    def empirical(self, width, outputs, n, d=784):
        x = points(n, d, 3)

        def ours():
            net, theta = self.network(width, outputs, d)
            return lambda: net.tangent_kernel(theta, x)

        def neural_tangents(implementation):
            import neural_tangents as nt

            jax = import_jax()
            parameters = transposed(self.matrices(width, outputs, d, self.network(width, outputs, d)[1]))
            compute = jax.jit(nt.empirical_ntk_fn(jax_network(jax), trace_axes=(), vmap_axes=0,
                                                  implementation=implementation))

            def call():
                kernel = np.asarray(compute(x, None, parameters))
                return kernel.transpose(0, 2, 1, 3).reshape(n * outputs, n * outputs)

            return call

        def torch():
            import torch

            parameters = tuple(map(torch.from_numpy, self.matrices(width, outputs, d,
                                                                   self.network(width, outputs, d)[1])))
            inputs = torch.from_numpy(x)
            one = lambda p, row: torch_network(torch, p, row[None])[0]
            jacobian = torch.func.vmap(torch.func.jacrev(one), (None, 0))

            def call():
                rows = [j.reshape(n * outputs, -1) for j in jacobian(parameters, inputs)]
                return sum(j @ j.T for j in rows).numpy()

            return call

        libraries = {"ntk-verify": ours}
        for i, method in ((2, "products"), (3, "structured")):
            libraries[f"neural-tangents, {method}"] = lambda i=i: neural_tangents(i)
        libraries["torch.func"] = torch
        self.rows.append((f"empirical NTK, ReLU, L = 2, m = {width}, K = {outputs}, n = {n}", libraries))

    def gradient(self, width, n, d=784):
        x, c = points(n, d, 4), np.random.default_rng(5).standard_normal((n, 1))

        def ours():
            net, theta = self.network(width, 1, d)
            out = np.empty(net.parameters)
            return lambda: net.gradient(theta, x, c, out)

        def jax_gradient():
            jax = import_jax()
            parameters = transposed(self.matrices(width, 1, d, self.network(width, 1, d)[1]))
            f = jax_network(jax)
            compute = jax.jit(jax.grad(lambda p: (f(p, x) * c).sum()))
            return lambda: [g.block_until_ready() for g in compute(parameters)]

        def torch():
            import torch

            parameters = [torch.from_numpy(p).requires_grad_()
                          for p in self.matrices(width, 1, d, self.network(width, 1, d)[1])]
            inputs, cotangent = torch.from_numpy(x), torch.from_numpy(c)

            def call():
                value = (torch_network(torch, parameters, inputs) * cotangent).sum()
                return [g.numpy().T for g in torch.autograd.grad(value, parameters)]

            return call

        self.rows.append((f"gradient, ReLU, L = 2, m = {width}, n = {n}",
                          {"ntk-verify": ours, "JAX": jax_gradient, "PyTorch": torch}))

    def sweep(self, widths, seeds, n, d=10):
        """Networks of many widths and seeds, drawn and their kernels computed, as a study of the
        width does. The draws differ: what is compared is time."""
        x = points(n, d, 6)

        def ours():
            import ntk_verify as ntk

            def call():
                for m in widths:
                    net = ntk.Network(ntk.dense(2, "relu"), d, m, 1)
                    for seed in range(seeds):
                        net.tangent_kernel(net.initialise(seed), x)

            return call

        def neural_tangents():
            import neural_tangents as nt

            jax = import_jax()
            compute = jax.jit(nt.empirical_ntk_fn(jax_network(jax), trace_axes=(), vmap_axes=0,
                                                  implementation=3))

            def call():
                for m in widths:
                    for seed in range(seeds):
                        keys = jax.random.split(jax.random.PRNGKey(seed), 3)
                        shapes = ((d, m), (m, m), (m, 1))
                        kernel = compute(x, None, [jax.random.normal(k, s) for k, s in zip(keys, shapes)])
                kernel.block_until_ready()

            return call

        self.rows.append((f"{seeds} empirical NTKs of each width to {widths[-1]}, n = {n}",
                          {"ntk-verify": ours, "neural-tangents": neural_tangents}))


def weight_variance(activation):
    import ntk_verify as ntk

    return ntk.dense(1, activation).weight_variance


def import_jax():
    import jax

    jax.config.update("jax_enable_x64", True)
    return jax


def transposed(matrices):
    return [np.ascontiguousarray(w.T) for w in matrices]


def jax_network(jax):
    def f(parameters, x):
        for i, w in enumerate(parameters):
            x = np.sqrt(2 / w.shape[0]) * (x if i == 0 else jax.nn.relu(x)) @ w
        return x

    return f


def torch_network(torch, parameters, x):
    for i, w in enumerate(parameters):
        x = np.sqrt(2 / w.shape[1]) * (x if i == 0 else torch.relu(x)) @ w.T
    return x


# ---- measuring ----------------------------------------------------------------------------------


def once(row, library, small):
    """In a process of its own: the seconds of the first call and the peak of memory in MB."""
    command = [sys.executable, __file__, "--once", str(row), library, "--cores", str(CORES)]
    done = subprocess.run(command + (["--small"] if small else []), capture_output=True, text=True)
    return done.stdout.split() if done.returncode == 0 else (None, done.stderr.strip().splitlines()[-1:])


def resident(field):
    """MB of this process: VmRSS, or VmHWM, the most since the peak was last set back."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(field)) / 1024


def measure_once(rows, row, library):
    call = rows.rows[row][1][library]()
    with open("/proc/self/clear_refs", "w") as refs:
        refs.write("5")
    before = resident("VmRSS")
    start = time.perf_counter()
    call()
    print(time.perf_counter() - start, resident("VmHWM") - before)


def in_turns(calls, rounds):
    """Seconds of each call, in turns: a list per library, and what each returned."""
    clock = time.process_time if CORES == 1 else time.perf_counter
    answers = {library: call() for library, call in calls.items()}
    seconds = {library: [] for library in calls}
    for _ in range(rounds):
        for library, call in calls.items():
            start = clock()
            call()
            seconds[library].append(clock() - start)
    return seconds, answers


def flat(answer):
    if isinstance(answer, list):  # of gradients, (in, out): in the order of ours
        return np.concatenate([np.asarray(part).T.ravel() for part in answer])
    return np.asarray(answer).ravel()


def digits(a, b):
    if a is None or b is None:
        return "-"
    a, b = flat(a), flat(b)
    error = np.abs(a - b).max() / np.abs(a).max()
    return "all" if error == 0 else f"{-np.log10(error):.1f}"


def report(rows, rounds, only, small):
    columns = ["computation", "library", "ms, median (range)", "over ours", "first call, s", "memory, MB"]
    print("| " + " | ".join(columns) + " | digits |")
    print("|" + "---|" * (len(columns) + 1))
    for index, (name, libraries) in enumerate(rows.rows):
        if only not in name:
            continue
        calls, firsts = {}, {}
        for library, make in libraries.items():
            first = once(index, library, small)
            if first[0] is None:
                print(f"{name}: {library} left out: {' '.join(first[1])}", file=sys.stderr)
                continue
            calls[library], firsts[library] = make(), first
        seconds, answers = in_turns(calls, rounds)
        for library, times in seconds.items():
            ratio = statistics.median(t / u for t, u in zip(times, seconds["ntk-verify"]))
            print(f"| {name} | {library} | {1e3 * statistics.median(times):.1f} "
                  f"({1e3 * min(times):.1f}–{1e3 * max(times):.1f}) | {ratio:.2f} "
                  f"| {float(firsts[library][0]):.2f} | {float(firsts[library][1]):.0f} "
                  f"| {digits(answers['ntk-verify'], answers[library])} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", default="", help="rows whose name holds this text")
    parser.add_argument("--small", action="store_true", help="an eighth of each size, to try the script")
    parser.add_argument("--once", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    rows = Rows(options.small)
    if options.once:
        measure_once(rows, int(options.once[0]), options.once[1])
    else:
        report(rows, options.rounds, options.only, options.small)


if __name__ == "__main__":
    main()
