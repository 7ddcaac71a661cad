#!/usr/bin/env python3
"""NTK and NNGP of convolutional networks by another road than the library's: positions are tuples,
kernels are dictionaries over all pairs of them, and sums have 60 digits (mpmath). Run by hand:

    tests/convolution_reference.py > tests/convolution_reference.inc"""
import itertools
import mpmath as mp

mp.mp.dps = 60


def dual(activation, p, q, c):
    """E[phi phi], E[phi' phi'] at the covariance [[p, c], [c, q]]."""
    if activation == "erf":
        d = (1 + 2 * p) * (1 + 2 * q)
        return 2 / mp.pi * mp.asin(2 * c / mp.sqrt(d)), 4 / mp.pi / mp.sqrt(d - 4 * c * c)
    if p == 0 or q == 0:
        return mp.mpf(0), mp.mpf(0)
    n = mp.sqrt(p * q)
    cosine = max(mp.mpf(-1), min(mp.mpf(1), c / n))
    angle = mp.acos(cosine)
    return (n * (cosine * (mp.pi - angle) + mp.sqrt(1 - cosine**2)) / (2 * mp.pi),
            (mp.pi - angle) / (2 * mp.pi))


def sources(n, u, patch, stride, circular):
    """What output u reads on an axis of n positions; None is the zero outside."""
    if n == 1:
        return [0]
    at = [stride * u + v for v in range(-((patch - 1) // 2), patch // 2 + 1)]
    return [a % n if circular else a if 0 <= a < n else None for a in at]


def filters(n, kind, s):
    """For each pooled position of an axis its weights, by the position they belong to."""
    if n == 1 or kind is None:
        return [{j: mp.mpf(1)} for j in range(n)]
    if kind == "box":
        return [{s * j + i: mp.mpf(1) / s for i in range(s)} for j in range(n // s)]
    w = {i: mp.exp(-mp.mpf(i * i) / (s * s)) for i in range(-s, s + 1)}
    total = mp.fsum(w.values())
    centres = [s * (j + 1) for j in range(n // s - 1)] if kind == "gauss" else \
              [s * j for j in range(-(-n // s))]
    out = []
    for c in centres:
        row = {}
        for i in w:
            at = (c + i) % n if kind == "gauss-circular" else c + i
            if 0 <= at < n:
                row[at] = row.get(at, 0) + w[i] / total
        out.append(row)
    return out


def positions(size):
    return list(itertools.product(range(size[0]), range(size[1])))


def patches(size, layer):
    """The positions that each output reads, the outputs, and the number of offsets."""
    patch, stride, circular = layer["patch"], layer["stride"], layer["circular"]
    out = tuple(-(-n // stride) for n in size)
    reads = {u: [(a, b) for a in sources(size[0], u[0], patch, stride, circular)
                 for b in sources(size[1], u[1], patch, stride, circular)] for u in positions(out)}
    offsets = mp.mpf(1)
    for n in size:
        if n > 1:
            offsets *= patch
    return reads, out, offsets


def gather(k, reads):
    return {(u, v): mp.fsum(k[a, b] for a, b in zip(reads[u], reads[v])
                            if None not in a and None not in b) for u in reads for v in reads}


def pool(k, size, layer):
    rows, columns = (filters(n, layer["pool"], layer["factor"]) for n in size)
    taps = {(i, j): [((a, b), p * q) for a, p in rows[i].items() for b, q in columns[j].items()]
            for i in range(len(rows)) for j in range(len(columns))}
    size = len(rows), len(columns)
    return {(u, v): mp.fsum(p * q * k[a, b] for a, p in taps[u] for b, q in taps[v])
            for u in taps for v in taps}, size


def run(net, x, y, variances):
    """(NNGP, NTK) of two images. variances: of each layer and position, of x and of y."""
    size = net["size"]
    s = {(u, v): mp.fsum(mp.mpf(a) * b for a, b in zip(x[u], y[v]))
         for u in positions(size) for v in positions(size)}
    t = None
    w0, w2, b2 = (mp.mpf(net[name]) for name in ("w0", "w2", "b2"))
    for l, layer in enumerate(net["layers"]):
        reads, size, offsets = patches(size, layer)
        scale = (w2 if l else w0 / (net["channels"] if net["divide"] else 1))
        scale /= 1 if layer["sum"] else offsets
        s = {k: scale * c + b2 for k, c in gather(s, reads).items()}
        t = {k: scale * c + b2 for k, c in gather(t, reads).items()} if l else s
        if x is y:
            variances[0].append({u: s[u, u] for u in reads})
        of_x, of_y = variances[0][l], variances[1][l]
        duals = {(u, v): dual(net["activation"], of_x[u], of_y[v], s[u, v]) for u, v in s}
        t = {k: e + t[k] * d for k, (e, d) in duals.items()}
        s = {k: e for k, (e, d) in duals.items()}
        s, small = pool(s, size, layer)
        t, size = pool(t, size, layer)
    n = size[0] * size[1]
    pairs = [(u, v) for u, v in s if net["average"] or u == v]
    share = mp.mpf(n) ** 2 if net["average"] else 1
    return tuple(w2 * mp.fsum(k[p] for p in pairs) / share + b2 for k in (s, t))


def gram(net, images):
    """Lower triangles of NNGP and NTK."""
    shaped = []
    for image in images:
        it = iter(image)
        shaped.append({u: [next(it) for _ in range(net["channels"])]
                       for u in positions(net["size"])})
    found, variances = {}, [[] for _ in images]
    for i, x in enumerate(shaped):
        found[i, i] = run(net, x, x, (variances[i], variances[i]))
    for i in range(len(images)):
        for j in range(i):
            found[i, j] = run(net, shaped[i], shaped[j], (variances[i], variances[j]))
    pairs = [(i, j) for i in range(len(images)) for j in range(i + 1)]
    return [[found[p][k] for p in pairs] for k in (0, 1)]


# ---- the cases -----------------------------------------------------------------------------------

CASES = [  # image, layers, readout, activation, w_0^2, w^2, b^2, divided by the channels
    ("1x7x1", "conv 3", "flatten", "relu", 1, 2, 0, False),
    ("1x7x3", "conv 2 circular sum, conv 3 sum", "average", "erf", 0.25, 1.5, 0.125, True),
    ("5x4x1", "conv 3, pool gauss 2, conv 3", "flatten", "relu", 1, 2, 0, False),
    ("6x6x1", "conv 3 sum, pool gauss 2, conv 3 sum, pool box 2", "flatten", "relu", 1, 2, 0, True),
    ("5x4x2", "conv 3 stride 2, conv 2", "flatten", "erf", 0.75, 1.25, 0.25, True),
    ("6x6x1", "conv 3 circular, pool gauss-circular 2, conv 3 circular", "average", "relu", 2, 2, 0,
     True),
    ("1x7x1", "conv 3, pool gauss-same 2, conv 3", "average", "erf", 1, 1, 0, True),
    ("5x4x1", "conv 2, pool box 2, conv 3 sum", "average", "relu", 1.5, 2, 0.0625, False),
    ("4x1x2", "conv 3, conv 3 stride 2", "flatten", "relu", 1, 1.5, 0.5, True),
    ("1x7x1", "conv 3 sum, conv 3 circular, conv 2", "flatten", "relu", 1, 2, 0, False),
    ("3x3x1", "conv 3, conv 3 stride 2 circular", "average", "relu", 1, 2, 0, False),
]


def parse(text):
    layers = []
    for item in text.split(", "):
        words = item.split()
        if words[0] == "pool":
            layers[-1].update(pool=words[1], factor=int(words[2]))
            continue
        stride = int(words[words.index("stride") + 1]) if "stride" in words else 1
        layers.append({"patch": int(words[1]), "stride": stride, "circular": "circular" in words,
                       "sum": "sum" in words, "pool": None, "factor": 1})
    return layers


def images_of(number, d):
    """Two of small integers and the negative of the first; in the last case no integers."""
    state = 12345 + number
    images = []
    for _ in range(2):
        image = []
        for _ in range(d):
            state = (1103515245 * state + 12345) % 2**31
            image.append((state >> 16) % 7 - 3)
        images.append(image)
    images.append([-v for v in images[0]])
    if number + 1 == len(CASES):
        images = [[v / 7 + 0.1 * k for v in image] for k, image in enumerate(images)]
    return images


def listed(values, indent):
    lines, line = [], ""
    for v in values:
        word = mp.nstr(v, 17, strip_zeros=False) if isinstance(v, mp.mpf) else repr(v)
        if len(indent + line + word) > 98:
            lines.append(line.rstrip())
            line = ""
        line += word + ", "
    return ("\n" + indent).join(lines + [line.rstrip(", ")])


def main():
    print("/* Written by convolution_reference.py. */")
    for number, (image, layers, readout, activation, w0, w2, b2, divide) in enumerate(CASES):
        height, width, channels = map(int, image.split("x"))
        net = {"size": (height, width), "channels": channels, "layers": parse(layers),
               "activation": activation, "average": readout == "average",
               "w0": w0, "w2": w2, "b2": b2, "divide": divide}
        images = images_of(number, height * width * channels)
        nngp, ntk = gram(net, images)
        print(f'{{"{image}", "{layers}", "{readout}", "{activation}", {w0}, {w2}, {b2}, '
              f'{str(divide).lower()},')
        print(f" (const double[]){{{listed([v for i in images for v in i], ' ' * 18)}}},")
        print(f" {{{listed(nngp, ' ' * 2)}}},")
        print(f" {{{listed(ntk, ' ' * 2)}}}}},")


if __name__ == "__main__":
    main()
