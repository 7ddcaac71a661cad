#!/usr/bin/env python3
"""The reference cases of data/reference computed by neural-tangents, for `ntk check --reference`.

    kernel_reference.py ANSWERS [--precision 64|32] [CASE-PREFIX ...]

writes ANSWERS/K_CASE.npy for every case that the library has. Conventions: the weights' standard
deviation is w, input-scale none is a first layer of variance d w^2, nt.stax.Erf() is erf(x), and
Flatten() divides by the number of positions. Gaussian pooling, strides and patches of even size are
left out: the library has no counterpart, or another offset.
"""
import argparse
import csv
import os
import re
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
REFERENCE = os.path.join(HERE, "..", "..", "data", "reference")


class Unsupported(Exception):
    pass


def number(case, name, default):
    return default if case[name] == "-" else float(case[name])


def each(case, name, default, layers):
    """A number for each layer: the case names one, or all of them."""
    values = [default] if case[name] == "-" else [float(text) for text in case[name].split(",")]
    return values * layers if len(values) == 1 else values


def activation(stax, case):
    if case["activation"] == "leaky-relu":
        return stax.LeakyRelu(number(case, "leaky-slope", 0.01))
    names = {"relu": "Relu", "erf": "Erf", "gelu": "Gelu", "sin": "Sin", "cos": "Cos", "abs": "Abs"}
    return getattr(stax, names[case["activation"]])()


def dense(stax, case, d):
    depth = int(number(case, "depth", 1))
    w = [v**0.5 for v in each(case, "weight-variance", 2.0, depth + 1)]
    b = [v**0.5 or None for v in each(case, "bias-variance", 0.0, depth + 1)]
    first = w[0] * d**0.5 if case["input-scale"] == "none" else w[0]
    layers = [stax.Dense(1, W_std=first, b_std=b[0])]
    for layer in range(1, depth + 1):
        layers += [activation(stax, case), stax.Dense(1, W_std=w[layer], b_std=b[layer])]
    return stax.serial(*layers)


def residual(stax, case, d):
    """h + alpha V relu(sqrt 2 W h): inner W of variance 2, outer V of variance alpha^2."""
    alpha = number(case, "residual-scale", 1.0)
    first = d**0.5 if case["input-scale"] == "none" else 1.0
    layers = [stax.Dense(1, W_std=first, b_std=None)]
    for _ in range(int(number(case, "depth", 1))):
        block = stax.serial(
            stax.Dense(1, W_std=2**0.5, b_std=None), stax.Relu(), stax.Dense(1, W_std=alpha, b_std=None)
        )
        layers += [stax.FanOut(2), stax.parallel(stax.Identity(), block), stax.FanInSum()]
    return stax.serial(*layers, stax.Dense(1, W_std=1.0, b_std=None))


def convolutional(stax, case, d):
    w, b = number(case, "weight-variance", 2.0) ** 0.5, number(case, "bias-variance", 0.0) ** 0.5
    height, width, _ = (int(n) for n in case["image"].split("x"))
    axes = [n > 1 for n in (height, width)]

    def sizes(n):
        return tuple(n if wide else 1 for wide in axes)

    layers = []
    for item in case["layers"].split(", "):
        words = item.split()
        if words[0] == "pool":
            if words[1] != "box":
                raise Unsupported("pooling " + words[1])
            layers += [stax.AvgPool(sizes(int(words[2])), sizes(int(words[2])))]
            continue
        patch = int(words[1])
        if patch % 2 == 0:
            raise Unsupported("patches of even size: the offset differs")
        stride = int(re.search(r"stride (\d+)", item).group(1)) if "stride" in item else 1
        if stride > 1:
            raise Unsupported("strides: the offset differs")
        padding = "CIRCULAR" if "circular" in item else "SAME"
        layers += [
            stax.Conv(1, sizes(patch), sizes(stride), padding, W_std=w, b_std=b or None),
            activation(stax, case),
        ]
    if case["readout"] == "average":
        layers += [stax.GlobalAvgPool(), stax.Dense(1, W_std=w, b_std=b or None)]
    else:
        # Flatten divides by the number of positions, the readout here does not.
        positions = height * width
        layers += [stax.Flatten(), stax.Dense(1, W_std=w * positions**0.5, b_std=b or None)]
    return stax.serial(*layers)


BUILDERS = {"dense": dense, "residual": residual, "convolutional": convolutional}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("answers")
    parser.add_argument("--precision", choices=["64", "32"], default="64")
    parser.add_argument("prefixes", nargs="*")
    arguments = parser.parse_args()

    import jax

    jax.config.update("jax_enable_x64", arguments.precision == "64")
    from neural_tangents import stax

    os.makedirs(arguments.answers, exist_ok=True)
    with open(os.path.join(REFERENCE, "cases.tsv")) as file:
        cases = list(csv.DictReader(file, delimiter="\t"))
    for case in cases:
        if arguments.prefixes and not case["name"].startswith(tuple(arguments.prefixes)):
            continue
        x = np.load(os.path.join(REFERENCE, "points", case["points"] + ".npy"))
        if case["arch"] == "convolutional":
            x = x.reshape(len(x), *(int(n) for n in case["image"].split("x")))
        else:
            x = x.reshape(len(x), -1)
        if arguments.precision == "32":
            x = x.astype(np.float32)
        try:
            _, _, kernel = BUILDERS[case["arch"]](stax, case, x[0].size)
        except (Unsupported, KeyError) as reason:
            print(f"{case['name']}: left out, {reason}", file=sys.stderr)
            continue
        found = kernel(x, None, ("ntk", "nngp"))
        for name in ("ntk", "nngp"):
            values = np.asarray(getattr(found, name))
            np.save(os.path.join(arguments.answers, f"K_{case['name']}.{name}.npy"), values)


if __name__ == "__main__":
    main()
