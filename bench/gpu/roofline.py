"""A static model of the kernels: which unit of a chip bounds each, by how much, and the bound's time.

    python3 bench/gpu/roofline.py                                  # every shape and chip, a table
    python3 bench/gpu/roofline.py --shapes='both_h6.*B=32' --chips=H100 --output=roofline.json --table=roofline.md

What a kernel executes and moves is counted by the emulator (counts.py); what a chip can do is in
chips.py. A unit's time is its work over its rate; a kernel cannot be faster than its slowest unit, and
the attention not than the sum of its kernels. It is a bound, not a forecast: it knows no latency, no
partly filled last wave, no launch. Integer work is shown and does not bound, since what is counted of
it is before optimisation.
"""
from __future__ import annotations

import argparse
import json
import re
import sys
from dataclasses import dataclass
from typing import Optional

from chips import CHIPS, Chip
from counts import Counts, Launch
from shapes import Shape, shapes

SECTOR = 32  # bytes
_MULTIPLY_ADDS = {"bf16": 16 * 8 * 16, "f16": 16 * 8 * 16, "f32": 16 * 8 * 8}  # of an mma.sync of a warp

UNITS = {
    "memory": "bytes that the second-level cache does not have",
    "l2": "sectors of 32 bytes that blocks read and write",
    "multiply-add": "f32 additions, multiplications, fma",
    "compare": "f32 minima, maxima, comparisons, selections",
    "special": "ex2, rcp and the like",
    "tensor": "mma.sync",
    "convert": "f32 to 16 bits",
    "shuffle": "between lanes",
    "shared": "passes through shared memory, bank conflicts included",
    "issue": "instructions but for those on whole numbers and branches",
}


def batch_part(launches: list[Launch]) -> float:
    """The part of the batch that the kernels work on together: their launches go through it part by part."""
    return 1 / max(max(1, len(launch.grids)) for launch in launches)


def memory_bytes(launches: list[Launch], l2_bytes: int, part: float = 1.0) -> list[float]:
    """Bytes between memory and the second-level cache, by launch, where each is of so large a part of the batch at a time.

    A buffer that an earlier launch used is still there if what was used since, itself included, fits.
    What is written and fits until the end is not written back, but for results.
    """
    result = []
    used_since: dict[str, float] = {}  # by buffer: bytes of all buffers since its last use
    for launch in launches:
        total = 0.0
        touched = {}
        for buffer in launch.buffers():
            size = part * launch.of_buffer(buffer, "bytes")
            read = min(part * SECTOR * launch.of_buffer(buffer, "sectors_read"), size)
            written = min(part * SECTOR * launch.of_buffer(buffer, "sectors_written"), size)
            touched[buffer] = min(read + written, size)
            if used_since.get(buffer, float("inf")) + touched[buffer] > l2_bytes:
                total += read
            if buffer.startswith("output") or written > l2_bytes:
                total += written
        everything = sum(touched.values())
        for buffer in used_since:
            used_since[buffer] += everything
        used_since.update({buffer: everything for buffer in touched})
        result.append(total / part)
    return result


def unit_times(launch: Launch, chip: Chip, type: str, from_memory: float) -> dict[str, float]:
    """Seconds that each unit needs; `integer` is the one that is only an upper estimate."""

    def lanes(*kinds: str) -> float:
        return sum(launch[f"instruction/{kind}"] for kind in kinds)

    sectors = sum(launch.of_buffer(b, f"sectors_{way}") for b in launch.buffers() for way in ("read", "written"))
    warps = lanes("multiply-add", "compare", "approximate", "mma", "convert", "shuffle", "vote", "redux", "ldmatrix", "stmatrix",
                  "barrier", "warp-sync", "fence", "copy-async", "bulk-copy", "mbarrier", "atomic") / 32  # fmt: skip
    warps += sum(launch[f"{access}/instructions"] for access in ("shared_loads", "shared_stores", "global_loads", "global_stores"))
    # Those of cp.async are both in global_loads and copy-async.
    warps -= lanes("copy-async") / 32
    passes = sum(launch[f"{access}/wavefronts"] for access in ("shared_loads", "shared_stores", "ldmatrix", "stmatrix"))
    passes += lanes("copy-async") * 16 / chip.shared_bytes_per_clock
    tensor = chip.tensor if type != "f32" else chip.tensor / 2
    return {
        "memory": from_memory / chip.memory_bandwidth,
        "l2": SECTOR * sectors / chip.l2_bandwidth,
        "multiply-add": lanes("multiply-add") / (chip.multiply_add * chip.clocks),
        "compare": lanes("compare") / (chip.compare * chip.clocks),
        "special": lanes("approximate") / (chip.special * chip.clocks),
        "tensor": lanes("mma") / 32 * _MULTIPLY_ADDS[type] / (tensor * chip.clocks),
        "convert": lanes("convert") / (chip.convert * chip.clocks),
        "shuffle": lanes("shuffle") / (chip.shuffle * chip.clocks),
        "shared": passes / chip.clocks,
        "issue": warps / (chip.schedulers * chip.clocks),
        "integer": lanes("integer") / (chip.compare * chip.clocks),
    }


@dataclass
class Bound:
    """What bounds one launch."""

    kernel: str
    seconds: dict[str, float]  # by unit

    @property
    def unit(self) -> str:
        return max(UNITS, key=lambda unit: self.seconds[unit])

    @property
    def time(self) -> float:
        return self.seconds[self.unit]

    @property
    def second(self) -> str:
        return max((unit for unit in UNITS if unit != self.unit), key=lambda unit: self.seconds[unit])

    @property
    def margin(self) -> float:
        """How many times as long as the next unit the slowest one needs."""
        other = self.seconds[self.second]
        return self.time / other if other else float("inf")


def bounds(shape: Shape, chip: Chip, launches: list[Launch]) -> list[Bound]:
    from_memory = memory_bytes(launches, chip.l2_bytes, batch_part(launches))
    return [Bound(launch.kernel, unit_times(launch, chip, shape.function.type, bytes)) for launch, bytes in zip(launches, from_memory)]


def describe(shape: Shape, chip: Chip, found: list[Bound]) -> dict:
    """An entry of the JSON file."""
    return {
        "shape": str(shape),
        "chip": chip.name,
        "bound_us": sum(bound.time for bound in found) * 1e6,
        "floor_us": shape.floor_bytes / chip.memory_bandwidth * 1e6,
        "launches": [
            {"kernel": b.kernel, "unit": b.unit, "us": b.time * 1e6, "next": b.second, "margin": b.margin if b.seconds[b.second] else None,
             "units_us": {unit: float(f"{seconds * 1e6:.4g}") for unit, seconds in b.seconds.items()}} for b in found
        ],
    }  # fmt: skip


def table(entries: list[dict], details: bool) -> str:
    """In Markdown: a line for each shape and chip, and for each kernel where `details` are wanted."""
    lines = ["| shape | chip | bound | four passes | kernels: unit, time, margin to the next |", "|---|---|---:|---:|---|"]
    for entry in entries:
        kernels = []
        for launch in entry["launches"]:
            margin = f"{launch['margin']:.2f} x {launch['next']}" if launch["margin"] else "alone"
            kernel = re.sub(r"^.*_for_b\d+_n\d+_", "", launch["kernel"])
            kernels.append(f"{kernel}: {launch['unit']}, {launch['us']:.1f} us, {margin}")
        if not details and len(kernels) > 6:
            kernels = [f"{len(kernels)} kernels"]
        lines.append(f"| {entry['shape']} | {entry['chip']} | {entry['bound_us']:.1f} us | {entry['floor_us']:.1f} us | {'; '.join(kernels)} |")
    return "\n".join(lines)


def page(entries: list[dict], details: bool) -> str:
    return f"""# What bounds the kernels

Made by `bench/gpu/roofline.py`, without a GPU; nothing here was measured on one. [docs/benchmark.md](../../docs/benchmark.md#the-model) says what
the model knows and what it does not. The bound is the sum over the kernels, each with its slowest unit, the time of that, and how many times as long as
the next unit it takes; four passes are the time for reading Q, K and V once and writing O once.

{table(entries, details)}
"""


def main(arguments: Optional[list[str]] = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chips", default=",".join(chip.name for chip in CHIPS), help="only these, by commas")
    parser.add_argument("--shapes", default="", metavar="REGEX", help="only shapes whose name matches")
    parser.add_argument("--families", default="", help="only these, by commas")
    parser.add_argument("--counts", metavar="FILE", help="keeps what the emulator counted, for the next time")
    parser.add_argument("--output", metavar="FILE", help="the model's results as JSON, for bench.py")
    parser.add_argument("--table", metavar="FILE", help="the table as a page, beside what is printed")
    parser.add_argument("--details", action="store_true", help="name every kernel, also where there are many")
    args = parser.parse_args(arguments)
    chips = [chip for chip in CHIPS if chip.name in args.chips.split(",")]
    if len(chips) != len(set(args.chips.split(","))):
        parser.error(f"--chips={args.chips}: expected some of {', '.join(chip.name for chip in CHIPS)}")
    families = set(filter(None, args.families.split(",")))
    selected = [s for s in shapes() if re.search(args.shapes, str(s)) and (not families or s.family in families)]
    if not selected:
        parser.error("no shape is left")

    counts, entries = Counts(args.counts, whole_tiles=True), []
    for shape in selected:
        # Chips of one architecture run the same kernels.
        launches = {arch: counts.at(shape.function, arch, shape.batch, shape.tokens) for arch in dict.fromkeys(chip.arch for chip in chips)}
        entries += [describe(shape, chip, bounds(shape, chip, launches[chip.arch])) for chip in chips]
        print(f"{shape}", file=sys.stderr, flush=True)
    print(table(entries, args.details))
    if args.table:
        with open(args.table, "w") as file:
            file.write(page(entries, args.details))
    if args.output:
        listed = [{"name": chip.name, "devices": chip.devices, "arch": chip.arch} for chip in chips]
        with open(args.output, "w") as file:
            json.dump({"chips": listed, "shapes": entries}, file, indent=1)
            file.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
