#!/usr/bin/env python3
"""The point sets of this folder: writes points/*.npy, with Python's standard library alone.

All coordinates are exact: integers, or multiples of a power of two, so that every machine writes the
same bytes. Near rows differ by powers of two that a double still sees.
"""
import gzip
import math
import os
import struct

HERE = os.path.dirname(os.path.abspath(__file__))


def write(name, rows, shape=None):
    """A float64 array of version 1.0; shape: of a point, where it is an image."""
    shape = (len(rows), *(shape or (len(rows[0]),)))
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    with open(os.path.join(HERE, "points", name + ".npy"), "wb") as out:
        out.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        for row in rows:
            out.write(struct.pack(f"<{len(row)}d", *row))


def grid(x):
    """To multiples of 2^-40."""
    return round(x * 2.0**40) / 2.0**40


def digits(count, side):
    """One digit of each of the first classes, means of square blocks of pixels, over 256."""
    with gzip.open(os.path.join(HERE, "..", "mnist-5k-images-idx3-ubyte.gz")) as file:
        data = file.read()
    block = 28 // side
    rows = []
    for k in range(count):
        image = data[16 + 500 * k * 784 : 16 + (500 * k + 1) * 784]
        rows.append(
            [
                sum(image[28 * (block * i + a) + block * j + b] for a in range(block) for b in range(block))
                / (256.0 * block * block)
                for i in range(side)
                for j in range(side)
            ]
        )
    return rows


def main():
    os.makedirs(os.path.join(HERE, "points"), exist_ok=True)
    angles = [2 * math.pi * k / 7 + 0.25 for k in range(7)]
    write("circle", [[grid(math.cos(t)), grid(math.sin(t))] for t in angles])
    e, f = 2.0**-27, 2.0**-40
    write("near", [[1, 0.5, 0.25], [1 + e, 0.5, 0.25], [1, 0.5 - f, 0.25 + f], [-0.5, 1, 0.75]])
    write("antipodal", [[0.75, -0.5, 1], [-0.75, 0.5, -1], [0.25, 1, 0], [-0.25, -1, 0], [1.5, -1, 2]])
    write("doubled", [[1, 2, 0.5], [0.5, -1, 1], [1, 2, 0.5], [-2, 0.25, 1], [0.5, -1, 1]])
    write(
        "table",
        [[52000, 31, 1], [52000, 31, 0], [52001, 31, 1], [38000, 54, 0], [61500, 27, 1], [0, 19, 0]],
    )
    tiny, huge = 2.0**-66, 2.0**66
    write("scales", [[tiny, 2 * tiny], [1, 2], [1 + e, 2], [3 * huge, -huge], [-1, 3]])
    write("digits", digits(6, 14), (14, 14))
    write("images", digits(4, 7), (7, 7))
    write("signals", [[1, 2, 0, 0, -1, 3, 1, 0], [0, 1, 2, 0, 0, -1, 3, 1], [2, 2, 2, 2, 2, 2, 2, 2],
                      [1, 2, 0, 0, -1, 3, 1 + f, 0]])


if __name__ == "__main__":
    main()
