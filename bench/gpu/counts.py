"""What kernels execute and move, counted by the emulator, and carried over to larger sizes.

Which kernels a call launches, on how many blocks, imhsa-run says for any size without running them. What
each of them executes and moves is measured for one batch element: at few tokens as it is; otherwise at two
moderate sizes (three without landmarks), since counts of a landmark attention
are linear in the tokens, those of an exact one quadratic, and both proportional to the batch. But for
`read_out`: its blocks take several tiles, and load landmarks and context once for each batch element of which they have
some. So its counts are linear in tiles and in such loads, and measured with more batch elements
too. test/bench/counts.test compares other sizes and batches with it. Kernels for f16 and bf16 differ in the
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
    """The launches of a kernel in one call: numbers by name, as polynomials may make them."""

    kernel: str
    block: int  # threads
    shared_bytes: int  # dynamic
    numbers: dict[str, float] = field(default_factory=dict)
    grids: list[int] = field(default_factory=list)  # blocks along x of each launch: several where a call goes chunk of the batch by chunk

    def __getitem__(self, name: str) -> float:
        return self.numbers.get(name, 0)

    def buffers(self) -> list[str]:
        return sorted({name.split("/")[1] for name in self.numbers if name.startswith("buffer/")})

    def of_buffer(self, buffer: str, what: str) -> float:
        """`bytes`: its size; `read`, `written`: by lanes; `sectors_read`, `sectors_written`."""
        return self[f"buffer/{buffer}/{what}"]


def flatten(report: dict) -> list[Launch]:
    """The kernels of a report of the emulator, in the order of their first launches."""
    launches: dict[str, Launch] = {}
    for entry in report["launches"]:
        kernel, block, counters = entry["kernel"], math.prod(entry["block"]), entry["counters"]
        numbers: dict[str, float] = {f"instruction/{kind}": count for kind, count in counters["instructions"].items()}
        for buffer in counters["buffers"]:
            for what in ("bytes", "read", "written", "sectors_read", "sectors_written"):
                numbers[f"buffer/{buffer['name']}/{what}"] = buffer[what]
        for access in ("shared_loads", "shared_stores", "ldmatrix", "stmatrix", "global_loads", "global_stores"):
            for what, count in counters[access].items():
                numbers[f"{access}/{what}"] = count
        numbers["not_assembled"] = counters["not_assembled"]
        numbers["local"] = counters["bytes"]["local"]["read"] + counters["bytes"]["local"]["written"]
        launch = launches.setdefault(kernel, Launch(kernel, block, entry["shared_bytes"]))
        if launch.block != block:
            raise ValueError(f"kernel {kernel}: expected {launch.block} threads in every launch, found {block}")
        launch.grids.append(entry["grid"][0])
        for name, number in numbers.items():
            whole = name.endswith("/bytes")
            launch.numbers[name] = number if whole else launch[name] + number
    return list(launches.values())


def run(function: Function, arch: str, batch: int, tokens: int, options: tuple[str, ...]) -> list[Launch]:
    """Has imhsa-run call the function. Raises RuntimeError with what the tool said where it fails."""
    with tempfile.TemporaryDirectory() as folder:
        source, report = os.path.join(folder, "function.mlir"), os.path.join(folder, "report.json")
        with open(source, "w") as file:
            file.write(function.ir())
        shape = f"--shape={batch}x{function.heads}x{tokens}x{function.width}"
        command = [RUN, source, "--target=emulator", f"--chip={arch}", "--random-inputs=1", *[shape] * 3]
        command += [f"--emulator-report={report}", *options]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
        with open(report) as file:
            return flatten(json.load(file))


def emulate(function: Function, arch: str, batch: int, tokens: int, options: tuple[str, ...] = (), check: bool = False) -> list[Launch]:
    """Runs the function on the emulator, and compares with float64 where asked to."""
    return run(function, arch, batch, tokens, ("--check" if check else "--emulator-races=false", *options))


def list_launches(function: Function, arch: str, batch: int, tokens: int, options: tuple[str, ...] = ()) -> list[Launch]:
    """What the function launches, without its numbers."""
    return run(function, arch, batch, tokens, ("--emulator-launches-only", *options))


def schedules(function: Function, arch: str) -> list[tuple[str, str]]:
    """The operations behind `imhsa-schedule`, and what stands in #imhsa.schedule<...> for each."""
    command = [OPT, "-", f"--imhsa-cuda-pipeline=until=schedule chip={arch}"]
    done = subprocess.run(command, input=function.ir(), capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr}")
    return re.findall(r"imhsa\.(\w+) .*schedule\(#imhsa\.schedule<([^>]*)>\)", done.stdout)


READ_OUT_TILE = 16  # queries of a tile of `read_out`
MOST_MEASURED = 1024  # tokens that are measured as they are where other sizes have other kernels
MOST_SCORES = 1 << 20  # of all heads, for a first measurement with whole tiles


def sizes(function: Function, chosen: list[tuple[str, str]], wanted: int, whole_tiles: bool) -> list[int]:
    """Where to measure with these schedules for so many tokens: multiples of 16 and of the landmarks, a tile for each range of keys.

    whole_tiles: if they are not too many, so many that ranges, which begin where segments of pooling do, are whole tiles.
    """
    if not function.has_landmarks:
        measured = [256, 384, 512]
    else:
        given = [dict(re.findall(r"(\w+) = (\d+)", schedule)) for _, schedule in chosen]
        keys = [int(schedule.get("keys", 64)) for schedule in given]
        least = max([512, *(k * int(schedule.get("splits", 1)) for k, schedule in zip(keys, given))])
        step = math.lcm(function.landmarks, 16)
        first = step * -(-least // step)
        whole = math.lcm(first, function.landmarks * max([1, *keys]))
        if whole_tiles and whole * function.landmarks * function.heads <= MOST_SCORES:
            first = whole
        # With one batch element, a block of `read_out` has more than one tile above about so many tokens.
        most = 132 * READ_OUT_TILE if any(schedule.startswith("read_out") for _, schedule in chosen) else 0
        measured = [first, first * max(2, most // first + 1)]
    return measured if wanted > measured[0] else [wanted]


def interpolate(points: list[tuple[int, float]], at: float) -> float:
    """The polynomial of the least degree through the points, by Lagrange."""
    total = 0.0
    for i, (x, y) in enumerate(points):
        total += y * math.prod((at - other) / (x - other) for j, (other, _) in enumerate(points) if j != i)
    return total


def read_out_loads(batch: int, tokens: int, grids: list[int]) -> tuple[int, int]:
    """Tiles of `read_out`, and how often its blocks load landmarks and context.

    Tiles of all batch elements, one after the other, are cut into equal parts for the blocks.
    """
    of_element, loads = -(-tokens // READ_OUT_TILE), 0
    chunk = -(-batch // len(grids))
    for start, blocks in zip(range(0, batch, chunk), grids, strict=True):
        tiles = min(chunk, batch - start) * of_element
        share = -(-tiles // blocks)
        for first in range(0, tiles, share):
            last = min(first + share, tiles)
            loads += -(-last // of_element) - first // of_element
    return batch * of_element, loads


def solve(rows: list[tuple[float, float]], values: list[float], at: tuple[float, float]) -> float:
    """a x + b y at a place, from two others where it is known; or in proportion to x, from one."""
    if len(rows) == 1:
        return values[0] * at[0] / rows[0][0]
    (x1, y1), (x2, y2) = rows
    determinant = x1 * y2 - x2 * y1
    a, b = (values[0] * y2 - values[1] * y1) / determinant, (x1 * values[1] - x2 * values[0]) / determinant
    return a * at[0] + b * at[1]


class Counts:
    """The launches of a function on a chip at any size. Measured ones are kept in a file, if given."""

    def __init__(self, cache: Optional[str] = None, options: tuple[str, ...] = (), whole_tiles: bool = False):
        self.cache, self.options, self.whole_tiles = cache, options, whole_tiles
        self.measured: dict[str, list[dict]] = {}
        if cache and os.path.exists(cache):
            with open(cache) as file:
                self.measured = json.load(file)

    def measure(self, function: Function, arch: str, batch: int, tokens: int) -> dict[str, Launch]:
        """By kernel."""
        key = f"{function.name} {arch} {batch} {tokens}"
        if key not in self.measured:
            self.measured[key] = [vars(launch) for launch in emulate(function, arch, batch, tokens, self.options)]
            if self.cache:
                with open(self.cache, "w") as file:
                    json.dump(self.measured, file, indent=1, sort_keys=True)
        return {launch["kernel"]: Launch(**launch) for launch in self.measured[key]}

    def at(self, function: Function, arch: str, batch: int, tokens: int) -> list[Launch]:
        wanted = list_launches(function, arch, batch, tokens, self.options)
        counted = replace(function, type="bf16") if function.type == "f16" else function
        measured = sizes(function, schedules(function, arch), tokens, self.whole_tiles)
        runs = {(1, size): self.measure(counted, arch, 1, size) for size in measured}
        # So few tokens may have kernels of their own.
        kernels = {launch.kernel.replace(function.name, counted.name) for launch in wanted}
        if tokens <= MOST_MEASURED and any(kernels != set(run) for run in runs.values()):
            measured = [tokens]
            runs = {(1, tokens): self.measure(counted, arch, 1, tokens)}
        for launch in wanted:
            name = launch.kernel.replace(function.name, counted.name)
            if name.endswith("_read_out"):
                self.count_read_out(launch, name, counted, arch, (batch, tokens), runs)
            else:
                points = [(size, self.find(runs, 1, size, name, launch)) for size in measured]
                for number in set().union(*(point.numbers for _, point in points)):
                    launch.numbers[number] = batch * interpolate([(size, point[number]) for size, point in points], tokens)
        return wanted

    @staticmethod
    def find(runs: dict, batch: int, tokens: int, name: str, wanted: Launch) -> Launch:
        found = runs[batch, tokens].get(name)
        if not found or (found.block, found.shared_bytes) != (wanted.block, wanted.shared_bytes):
            raise ValueError(f"kernel {name} is not the same at a batch of {batch} and {tokens} tokens: its counts cannot be carried over")
        return found

    def count_read_out(self, launch: Launch, name: str, function: Function, arch: str, at: tuple[int, int], runs: dict) -> None:
        """From two measurements that differ in the tiles for each load."""
        target = read_out_loads(*at, launch.grids)
        tokens = min(size for _, size in runs)
        chosen: list[tuple[tuple[int, int], Launch]] = []

        def add(batch: int, size: int) -> bool:
            found = self.find(runs, batch, size, name, launch)
            place = read_out_loads(batch, size, found.grids)
            if chosen and place[0] * chosen[0][0][1] == place[1] * chosen[0][0][0]:
                return False
            chosen.append((place, found))
            return len(chosen) == 2 or place[0] * target[1] == place[1] * target[0]

        if not any(add(batch, size) for batch, size in list(runs)):
            for batch in (2, 4, 8, 16, 32):
                [planned] = [l for l in list_launches(function, arch, batch, tokens, self.options) if l.kernel == name]
                tiles, loads = read_out_loads(batch, tokens, planned.grids)
                if tiles * chosen[0][0][1] == loads * chosen[0][0][0]:
                    continue
                runs[batch, tokens] = self.measure(function, arch, batch, tokens)
                add(batch, tokens)
                break
            else:
                raise ValueError(f"kernel {name}: expected a batch at which a block takes more than one tile for a load, found none")
        places = [place for place, _ in chosen]
        alone = [(size, self.find(runs, 1, size, name, launch)) for batch, size in runs if batch == 1]
        for number in set().union(*(found.numbers for _, found in chosen)):
            if number.endswith("/bytes"):  # the size of a buffer
                launch.numbers[number] = at[0] * interpolate([(size, found[number]) for size, found in alone], at[1])
            else:
                launch.numbers[number] = solve(places, [found[number] for _, found in chosen], target)
