#!/usr/bin/env python3
"""ntk-verify beside neural-tangents, JAX and, where it is installed, PyTorch: time, memory, digits.

    speed.py [--cores N] [--rounds N] [--only TEXT] [--small]     one computation a row
    speed.py --growth [--cores N] [--only TEXT] [--small]         how times grow with a size

prints a Markdown table. Each computation (computations.py) is one of the same numbers, in doubles,
from the same inputs and parameters. Calls of the libraries take turns in one process that is bound
to N cores (default 1); of each the median and the range over the rounds is told, and the median of
the rounds' ratios. A library that takes seconds has fewer rounds. On one core time is CPU time of
the process, which other programs on the machine do not lengthen; on several it is wall time, which
only a quiet machine shows: the last line says whether it was.

The first call (compilation included) and the peak of memory come from a process of their own.
"Limit" is the least time that the machine's own rates allow (bench_machine), for one core over
their number. "Digits" is -log10 of the largest difference, relative to the largest entry.
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

import computations
from computations import OURS

SECONDS = 3.0  # of the rounds of one library, about; two rounds at least
CLOCK = time.process_time if CORES == 1 else time.perf_counter


# ---- the machine ---------------------------------------------------------------------------------


def rates():
    program = os.path.join(os.environ.get("BUILD", "build"), "bench", "bench_machine")
    printed = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    return computations.Rates(printed.splitlines())


def busy():
    """Seconds that all cores have been busy, and those of this process and of its children."""
    with open("/proc/stat") as stat:
        user, nice, system, _, _, irq, softirq, steal = map(int, stat.readline().split()[1:9])
    ticks = user + nice + system + irq + softirq + steal
    return ticks / os.sysconf("SC_CLK_TCK"), sum(os.times()[:4]), time.perf_counter()


def report_others(start):
    all_cores, own, wall = (after - before for after, before in zip(busy(), start))
    others = max(0, all_cores - own) / (os.cpu_count() * wall)
    print(f"\nOther programs used {100 * others:.0f} % of the cores meanwhile"
          + (": the machine was not quiet." if others > 0.05 else "."))


# ---- measuring -----------------------------------------------------------------------------------


def first_call(options, index, library):
    """In a process of its own: the seconds of the first call and the peak of memory in MB."""
    command = [sys.executable, __file__, "--once", str(index), library, "--cores", str(CORES)]
    command += ["--small"] if options.small else []
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout.split() if done.returncode == 0 else (None, done.stderr.splitlines()[-1:])


def resident(field):
    """MB of this process: VmRSS, or VmHWM, the most since the peak was last set back."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(field)) / 1024


def measure_once(row, library):
    call = row.libraries[library]()
    with open("/proc/self/clear_refs", "w") as refs:
        refs.write("5")
    before, start = resident("VmRSS"), CLOCK()
    call()
    print(CLOCK() - start, resident("VmHWM") - before)


def seconds_of(call):
    start = CLOCK()
    call()
    return CLOCK() - start


def in_turns(calls, rounds):
    """Seconds of each call, in turns: a list per library, and what each returned."""
    answers = {library: call() for library, call in calls.items()}
    seconds = {library: [] for library in calls}
    for turn in range(rounds):
        for library, call in calls.items():
            if turn < 2 or sum(seconds[library]) < SECONDS:
                seconds[library].append(seconds_of(call))
    return seconds, answers


# ---- one computation a row -----------------------------------------------------------------------


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


def print_header(columns):
    print("| " + " | ".join(columns) + " |")
    print("|" + "---|" * len(columns))


def report_row(row, options, index, machine):
    calls, firsts = {}, {}
    for library, make in row.libraries.items():
        first = first_call(options, index, library)
        if first[0] is None:
            print(f"{row.name}: {library} left out: {' '.join(first[1])}", file=sys.stderr)
            continue
        calls[library], firsts[library] = make(), [float(number) for number in first]
    seconds, answers = in_turns(calls, options.rounds)
    limit = f"{row.limit(machine) / CORES:.2f}" if row.limit else "-"
    for library, times in seconds.items():
        ratio = statistics.median(t / u for t, u in zip(times, seconds[OURS]))
        print(f"| {row.name} | {library} | {1e3 * statistics.median(times):.2f} "
              f"({1e3 * min(times):.2f}–{1e3 * max(times):.2f}) | {ratio:.2f} | {limit} "
              f"| {firsts[library][0]:.3f} | {firsts[library][0] / firsts[OURS][0]:.1f} "
              f"| {firsts[library][1]:.0f} | {digits(answers[OURS], answers[library])} |", flush=True)


def report_table(options):
    machine, rows = rates(), computations.table(options.small)
    print_header(["computation", "library", "ms, median (range)", "over ours", "limit, ms",
                  "first call, s", "over ours", "memory, MB", "digits"])
    for index, row in enumerate(rows):
        if options.only in row.name:
            report_row(row, options, index, machine)


# ---- growth --------------------------------------------------------------------------------------


def exponent(values, times):
    return np.polyfit(np.log(values), np.log(times), 1)[0]


def report_growth(options):
    machine = rates()
    print_header(["computation", "varied", "library", "ms", "exponent", "that of the limit"])
    for varied, values, make in computations.growth(options.small):
        rows = [make(value) for value in values]
        if options.only not in rows[-1].name:
            continue
        found = {}
        for row in rows:
            calls = {library: ready() for library, ready in row.libraries.items() if is_there(library)}
            seconds, _ = in_turns(calls, options.rounds)
            for library, times in seconds.items():
                found.setdefault(library, []).append(1e3 * statistics.median(times))
        least = exponent(values, [row.limit(machine) for row in rows])
        for library, times in found.items():
            print(f"| {rows[-1].name} | {varied} = {', '.join(map(str, values))} | {library} "
                  f"| {', '.join(f'{t:.2f}' for t in times)} | {exponent(values, times):.2f} | {least:.2f} |",
                  flush=True)


def is_there(library):
    import importlib.util

    return library != "PyTorch" or importlib.util.find_spec("torch") is not None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", default="", help="rows whose name holds this text")
    parser.add_argument("--small", action="store_true", help="an eighth of each size, to try the script")
    parser.add_argument("--growth", action="store_true", help="the table of growth instead")
    parser.add_argument("--once", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.once:
        return measure_once(computations.table(options.small)[int(options.once[0])], options.once[1])
    start = busy()
    report_growth(options) if options.growth else report_table(options)
    report_others(start)


if __name__ == "__main__":
    main()
