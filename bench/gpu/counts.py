"""What kernels execute and move, counted by the emulator, and carried over to larger sizes.

Counts of a landmark attention are linear in the tokens, those of an exact one quadratic, and both are
proportional to the batch, but for tiles that are cut off. So they are measured at two (three) moderate
sizes, many tiles for each range of keys, and the polynomial through them gives those of any size.
test/bench/counts.test compares another size and batch with it. Kernels for f16 and bf16 differ in the
types of instructions alone: those for bf16 are counted.
"""
from __future__ import annotations

import json
import math
import os
import re
import subprocess
import tempfile
from dataclasses import dataclass, field, replace
from typing import Optional

from shapes import Function

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
RUN = os.path.join(ROOT, "build", "bin", "imhsa-run")
OPT = os.path.join(ROOT, "build", "bin", "imhsa-opt")


@dataclass
class Launch:
    """A launch of a kernel: numbers by name, as polynomials may make them."""

    kernel: str
    block: int  # threads
    shared_bytes: int
    numbers: dict[str, float] = field(default_factory=dict)

    def __getitem__(self, name: str) -> float:
        return self.numbers.get(name, 0)

    def buffers(self) -> list[str]:
        return sorted({name.split("/")[1] for name in self.numbers if name.startswith("buffer/")})

    def of_buffer(self, buffer: str, what: str) -> float:
        """`bytes`: its size; `read`, `written`: by lanes; `sectors_read`, `sectors_written`."""
        return self[f"buffer/{buffer}/{what}"]


def flatten(report: dict) -> list[Launch]:
    """The launches of a report of the emulator."""
    launches = []
    for entry in report["launches"]:
        counters = entry["counters"]
        numbers: dict[str, float] = {f"instruction/{kind}": count for kind, count in counters["instructions"].items()}
        for buffer in counters["buffers"]:
            for what in ("bytes", "read", "written", "sectors_read", "sectors_written"):
                numbers[f"buffer/{buffer['name']}/{what}"] = buffer[what]
        for access in ("shared_loads", "shared_stores", "ldmatrix", "stmatrix", "global_loads", "global_stores"):
            for what, count in counters[access].items():
                numbers[f"{access}/{what}"] = count
        numbers["not_assembled"] = counters["not_assembled"]
        numbers["local"] = counters["bytes"]["local"]["read"] + counters["bytes"]["local"]["written"]
        launches.append(Launch(entry["kernel"], math.prod(entry["block"]), entry["shared_bytes"], numbers))
    return launches


def emulate(function: Function, arch: str, batch: int, tokens: int, options: tuple[str, ...] = (), check: bool = False) -> list[Launch]:
    """Runs the function on the emulator, and compares with float64 where asked to.

    Raises RuntimeError with what the tool said where it fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, report = os.path.join(folder, "function.mlir"), os.path.join(folder, "report.json")
        with open(source, "w") as file:
            file.write(function.ir())
        shape = f"--shape={batch}x{function.heads}x{tokens}x{function.width}"
        command = [RUN, source, "--target=emulator", f"--chip={arch}", "--random-inputs=1", *[shape] * 3]
        command += [f"--emulator-report={report}", *(["--check"] if check else ["--emulator-races=false"]), "--fused", *options]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
        with open(report) as file:
            return flatten(json.load(file))


def schedules(function: Function, arch: str) -> list[tuple[str, str]]:
    """The operations behind `imhsa-schedule`, and what stands in #imhsa.schedule<...> for each."""
    command = [OPT, "-", f"--imhsa-cuda-pipeline=until=schedule fused=true chip={arch}"]
    done = subprocess.run(command, input=function.ir(), capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr}")
    return re.findall(r"imhsa\.(\w+) .*schedule\(#imhsa\.schedule<([^>]*)>\)", done.stdout)


def sizes(function: Function, chosen: list[tuple[str, str]]) -> list[int]:
    """Where to measure with these schedules: multiples of 16 and of the landmarks, four tiles for each range of keys."""
    if not function.has_landmarks:
        return [256, 512, 1024]
    step = math.lcm(function.landmarks, 16)

    def tokens(schedule: str) -> int:
        given = dict(re.findall(r"(\w+) = (\d+)", schedule))
        return int(given.get("keys", 64)) * int(given.get("splits", 1))

    least = max([512, *(4 * tokens(schedule) for _, schedule in chosen)])
    first = step * -(-least // step)
    return [first, 2 * first]


def interpolate(points: list[tuple[int, float]], at: float) -> float:
    """The polynomial of the least degree through the points, by Lagrange."""
    total = 0.0
    for i, (x, y) in enumerate(points):
        total += y * math.prod((at - other) / (x - other) for j, (other, _) in enumerate(points) if j != i)
    return total


class Counts:
    """The launches of a function on a chip at any size. Measured ones are kept in a file, if given."""

    def __init__(self, cache: Optional[str] = None):
        self.cache = cache
        self.measured: dict[str, list[dict]] = {}
        if cache and os.path.exists(cache):
            with open(cache) as file:
                self.measured = json.load(file)

    def measure(self, function: Function, arch: str, tokens: int) -> list[Launch]:
        """Counts of one batch element."""
        if function.type == "f16":
            function = replace(function, type="bf16")
        key = f"{function.name} {arch} {tokens}"
        if key not in self.measured:
            self.measured[key] = [vars(launch) for launch in emulate(function, arch, 1, tokens)]
            if self.cache:
                with open(self.cache, "w") as file:
                    json.dump(self.measured, file, indent=1, sort_keys=True)
        return [Launch(**launch) for launch in self.measured[key]]

    def at(self, function: Function, arch: str, batch: int, tokens: int) -> list[Launch]:
        measured = sizes(function, schedules(function, arch))
        runs = [self.measure(function, arch, size) for size in measured]
        launches = []
        for same in zip(*runs, strict=True):
            if len({(launch.kernel, launch.block, launch.shared_bytes) for launch in same}) != 1:
                raise ValueError(f"{function.name} on {arch}: kernel {same[0].kernel} is not the same at {measured} tokens")
            names = sorted(set().union(*(launch.numbers for launch in same)))
            numbers = {name: batch * interpolate([(n, launch[name]) for n, launch in zip(measured, same)], tokens) for name in names}
            kernel = same[0].kernel if function.type != "f16" else same[0].kernel.replace("_bf16", "_f16")
            launches.append(Launch(kernel, same[0].block, same[0].shared_bytes, numbers))
        return launches
