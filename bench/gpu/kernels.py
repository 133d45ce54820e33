"""The evidence about the fused kernels: registers, spills, occupancy, instructions, bytes moved.

    python3 bench/gpu/kernels.py                         # the table, in Markdown
    python3 bench/gpu/kernels.py --check                 # and an error where something that must hold does not
    python3 bench/gpu/kernels.py --output=docs/generated/kernels.md
    python3 bench/gpu/kernels.py --compare=docs/generated/kernels.md

For each of these shapes, in bf16 and f16, for sm_80 and sm_90a, with the schedules that are chosen for a
hint of B=32, N=16384: imhsa-compile makes PTX, ptxas -v assembles it, and the emulator counts what a call moves. Needs ptxas, not a GPU.
"""
from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from typing import Optional

from chips import CHIPS, Chip, blocks_per_multiprocessor
from counts import ROOT, Counts, Launch, list_launches, schedules
from roofline import SECTOR
from shapes import BYTES, Function, Shape

COMPILE = os.path.join(ROOT, "build", "bin", "imhsa-compile")
SIZES = ((6, 64, 49), (8, 32, 64), (12, 64, 64), (16, 64, 196))  # heads, width, landmarks
ARCHES = ("sm_80", "sm_90a")
BATCH, TOKENS = 32, 12544
HINT = (32, 16384)  # as in the benchmark: see shapes.py

PATTERNS = {
    "mma": r"\bmma\.sync\.",
    "ldmatrix": r"\bldmatrix\.",
    "16-byte copies": r"\bcp\.async\.c[ag]\.shared\.global[^;]*,\s*16\b",
    "ex2": r"\bex2\.approx",
}


@dataclass
class Entry:
    """A kernel as ptxas sees it."""

    name: str
    registers: int
    spill_bytes: int
    stack_bytes: int  # local memory
    static_shared: int
    instructions: dict[str, int]  # in its PTX, by PATTERNS


def parse_ptx(ptx: str) -> dict[str, dict[str, int]]:
    """How often each pattern occurs in the text of each kernel."""
    pieces = re.split(r"\.entry\s+([\w$]+)\s*\(", ptx)[1:]
    return {name: {what: len(re.findall(pattern, body)) for what, pattern in PATTERNS.items()} for name, body in zip(pieces[::2], pieces[1::2])}


def parse_ptxas(text: str) -> dict[str, dict[str, int]]:
    """What `ptxas -v` says of each kernel."""
    pieces = re.split(r"Compiling entry function '([^']+)'", text)[1:]
    found = {}
    for name, body in zip(pieces[::2], pieces[1::2]):
        stack = re.search(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", body)
        registers = re.search(r"Used (\d+) registers", body)
        if not stack or not registers:
            raise ValueError(f"kernel {name}: expected a stack frame and registers from ptxas -v, found:\n{body}")
        shared = re.search(r"(\d+) bytes smem", body)
        found[name] = {
            "registers": int(registers[1]), "stack_bytes": int(stack[1]), "spill_bytes": int(stack[2]) + int(stack[3]),
            "static_shared": int(shared[1]) if shared else 0,
        }  # fmt: skip
    return found


def find_ptxas() -> Optional[str]:
    return shutil.which("ptxas", path=os.environ.get("PATH", "") + ":/usr/local/cuda/bin")


def assemble(function: Function, arch: str, ptxas: str) -> list[Entry]:
    """The kernels of a function."""
    with tempfile.TemporaryDirectory() as folder:
        source, ptx, cubin = (os.path.join(folder, name) for name in ("function.mlir", "function.ptx", "function.cubin"))
        with open(source, "w") as file:
            file.write(function.ir())
        done = subprocess.run([COMPILE, source, "--target=cuda", f"--chip={arch}", "--emit=ptx", "-o", ptx], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"imhsa-compile, {function.name} for {arch}:\n{done.stderr}")
        said = subprocess.run([ptxas, "-v", f"-arch={arch}", ptx, "-o", cubin], capture_output=True, text=True)
        if said.returncode:
            raise RuntimeError(f"ptxas, {function.name} for {arch}:\n{said.stderr}")
        with open(ptx) as file:
            counted = parse_ptx(file.read())
    seen = parse_ptxas(said.stdout + said.stderr)
    if set(seen) != set(counted):
        raise RuntimeError(f"{function.name} for {arch}: ptxas speaks of kernels {sorted(seen)}, the PTX has {sorted(counted)}")
    # imhsa-compile puts the name of the file before that of the kernel.
    return [Entry(name.removeprefix("function_"), instructions=counted[name], **seen[name]) for name in seen]


# --------------------------------------------------------------------------------------------------
# Bytes
# --------------------------------------------------------------------------------------------------

TENSORS = {"Q": ("input 0",), "K": ("input 1",), "V": ("input 2",), "O": ("output 0",)}


@dataclass
class Traffic:
    """What a call moves, in elements of Q."""

    # Between the second-level cache and the multiprocessors.
    tensors: dict[str, float]  # Q, K, V, O
    rest: float  # landmarks, normalisers, context, partial results, mixings
    # From and to memory at most, as long as the cache keeps what a kernel reads again: every byte once for each kernel.
    once_total: float
    once_rest: float

    @property
    def total(self) -> float:
        return sum(self.tensors.values())


def traffic(shape: Shape, launches: list[Launch]) -> Traffic:
    def elements(buffers, once: bool) -> float:
        moved = 0.0
        for launch in launches:
            for b in buffers:
                size = launch.of_buffer(b, "bytes")
                for way in ("read", "written"):
                    sectors = SECTOR * launch.of_buffer(b, f"sectors_{way}")
                    moved += min(sectors, size) if once else sectors
        return moved / BYTES[shape.function.type] / shape.elements

    named = {buffer for buffers in TENSORS.values() for buffer in buffers}
    others = {b for launch in launches for b in launch.buffers()} - named
    tensors = {name: elements(buffers, once=False) for name, buffers in TENSORS.items()}
    return Traffic(tensors, elements(others, once=False), elements(named, once=True), elements(others, once=True))


# --------------------------------------------------------------------------------------------------
# The table
# --------------------------------------------------------------------------------------------------


@dataclass
class Evidence:
    shape: Shape
    chip: Chip
    entries: list[Entry]
    launches: list[Launch]  # with numbers where the emulator has counted
    schedules: list[tuple[str, str]]  # by operation
    counted: bool = True

    def __post_init__(self):
        # Kernels in the order of their first launches.
        order = [launch.kernel for launch in self.launches]
        if missing := {entry.name for entry in self.entries} - set(order):
            raise ValueError(f"{self.shape}: the emulator launched {order}, but not {', '.join(sorted(missing))}")
        self.entries.sort(key=lambda entry: order.index(entry.name))

    def launch_of(self, entry: Entry) -> Launch:
        return next(launch for launch in self.launches if launch.kernel == entry.name)

    @property
    def traffic(self) -> Traffic:
        return traffic(self.shape, self.launches)


def short(kernel: str, function: Function) -> str:
    """The kernel's name without its function's."""
    return kernel.removeprefix(function.name).lstrip("_")


def table(evidence: list[Evidence]) -> str:
    header = ["attention", "chip", "kernel", "registers", "spilled", "local", "shared KB", "threads", "blocks", *PATTERNS]
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * 3 + "---:|" * (len(header) - 3)]
    for e in evidence:
        function = e.shape.function
        for entry in e.entries:
            launch = e.launch_of(entry)
            shared = entry.static_shared + launch.shared_bytes
            blocks = blocks_per_multiprocessor(e.chip, launch.block, entry.registers, shared)
            cells = [f"`{function.attention}`", e.chip.arch, f"`{short(entry.name, function)}`", entry.registers, entry.spill_bytes, entry.stack_bytes,
                     f"{shared / 1024:.1f}", launch.block, blocks, *entry.instructions.values()]  # fmt: skip
            lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def schedule_table(evidence: list[Evidence]) -> str:
    lines = ["| attention | chip | schedules |", "|---|---|---|"]
    for e in evidence:
        listed = "<br>".join(f"{operation}: `{schedule}`" for operation, schedule in e.schedules)
        lines.append(f"| `{e.shape.function.attention}` | {e.chip.arch} | {listed} |")
    return "\n".join(lines)


def traffic_table(evidence: list[Evidence]) -> str:
    header = ["attention", "chip", *TENSORS, "together", "landmarks, context, partials", "share", "once: together", "rest", "share"]
    lines = ["| " + " | ".join(header) + " |", "|---|---|" + "---:|" * (len(header) - 2)]
    for e in filter(lambda e: e.counted, evidence):
        t = e.traffic
        cells = [f"{t.tensors[name]:.2f}" for name in TENSORS] + [f"{t.total:.2f}", f"{t.rest:.3f}", f"{t.rest / t.total:.1%}"]
        cells += [f"{t.once_total:.2f}", f"{t.once_rest:.3f}", f"{t.once_rest / t.once_total:.1%}"]
        lines.append(f"| `{e.shape.function.attention}` | {e.chip.arch} | {' | '.join(cells)} |")
    return "\n".join(lines)


def conflict_table(evidence: list[Evidence]) -> str:
    lines = ["| attention | chip | kernel | ldmatrix | loads | stores |", "|---|---|---|" + "---:|" * 3]
    for e in filter(lambda e: e.counted, evidence):
        for launch in e.launches:
            cells = [str(round(launch[f"{access}/conflicts"] / e.shape.batch)) for access in ("ldmatrix", "shared_loads", "shared_stores")]
            lines.append(f"| `{e.shape.function.attention}` | {e.chip.arch} | `{short(launch.kernel, e.shape.function)}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def page(evidence: list[Evidence]) -> str:
    return f"""# The fused kernels in numbers

Made by `bench/gpu/kernels.py` of what `imhsa-compile` and `ptxas` {ptxas_version()} make of the default schedules; a test
tells when it has drifted. [benchmark.md](../benchmark.md) says how to read it.

## Schedules

{schedule_table(evidence)}

## Kernels

Registers of a lane; bytes that are spilled, and of local memory; shared memory of a block in KB; threads of a block, and
how many blocks fit on a multiprocessor; instructions in the PTX.

{table(evidence)}

## Bytes moved

Read and written by a call of B={BATCH}, N={TOKENS}, in units of the B·H·N·D elements of Q, counted by the emulator in sectors of
32 bytes. A read that the second-level cache serves counts as well. Once: every byte once for each kernel that reads or writes it, which is what
memory moves at most where the cache keeps what the blocks of a kernel share.

{traffic_table(evidence)}

## Bank conflicts

Of accesses to shared memory, beyond the passes that they need at least, in one batch element of {TOKENS} tokens.

{conflict_table(evidence)}
"""


def drift(written: str, evidence: list[Evidence]) -> list[str]:
    """Rows of the page that the evidence has and the page has not."""
    present = set(written.splitlines())
    return [line for line in page(evidence).splitlines() if line and line not in present]


def ptxas_version() -> str:
    path = find_ptxas()
    text = subprocess.run([path, "--version"], capture_output=True, text=True).stdout if path else ""
    found = re.search(r"release ([\d.]+)", text)
    return found[1] if found else "unknown"


# --------------------------------------------------------------------------------------------------
# What must hold
# --------------------------------------------------------------------------------------------------

# Instructions that a kernel of a kind has, and what one must not have.
EXPECTED = {
    "pool": {"mma": False, "ex2": False},
    "combine": {"mma": False},
    "normalisers": {"mma": True, "ldmatrix": True, "16-byte copies": True, "ex2": True},
    "stream": {"mma": True, "ldmatrix": True, "16-byte copies": True, "ex2": True},
    "read_out": {"mma": True, "ldmatrix": True, "16-byte copies": True, "ex2": True},
    "whole": {"mma": True, "ldmatrix": True, "16-byte copies": True, "ex2": True},
}


def violations(e: Evidence) -> list[str]:
    """What does not hold, as lines."""
    where = f"{e.shape.function.attention}, {e.chip.arch}"
    found = []
    for entry in e.entries:
        if entry.spill_bytes or entry.stack_bytes:
            found.append(f"{where}, {entry.name}: expected no spills and no local memory, found {entry.spill_bytes} bytes spilled, {entry.stack_bytes} of local memory")
        kind = next((kind for kind in EXPECTED if entry.name.endswith(f"_{kind}")), None)
        if kind is None:
            found.append(f"{where}, {entry.name}: expected a kernel of one of the kinds {', '.join(EXPECTED)}")
        for instruction, present in EXPECTED.get(kind, {}).items():
            if bool(entry.instructions[instruction]) != present:
                found.append(f"{where}, {entry.name}: expected {'some' if present else 'no'} {instruction} in the PTX, found {entry.instructions[instruction]}")
    if not e.counted:
        return found
    for launch in e.launches:
        if launch["ldmatrix/conflicts"]:
            found.append(f"{where}, {launch.kernel}: expected no bank conflicts of ldmatrix, found {launch['ldmatrix/conflicts']:.0f}")
    t = e.traffic
    # K and V once more for each further block of L.
    allowed = 6.0 if e.shape.function.has_interaction else 5.0
    if one_block(e.shape.function) and t.total > allowed + 0.005:
        found.append(f"{where}: expected at most {allowed} elements of Q, K, V and O moved for each of Q, found {t.total:.3f}")
    if stays(e.shape.function) and t.rest > 0.1 * t.total:
        found.append(f"{where}: expected at most 10% for landmarks, context and partial results, found {t.rest / t.total:.1%}")
    elif t.once_rest > 0.1 * t.once_total:
        found.append(f"{where}: expected at most 10% of what memory moves for landmarks, context and partial results, found {t.once_rest / t.once_total:.1%}")
    return found


def one_block(function: Function) -> bool:
    """Whether a block can hold all landmarks: their sums [H,L,D] in f32 take at most half of its registers."""
    rows = -(-function.landmarks // 16) * 16
    return function.heads * rows * function.width <= 32768


def stays(function: Function) -> bool:
    """Whether a block can keep landmarks and context, in 16 bits: they take at most 200 KB of the 420 KB of shared memory and registers.

    Where it cannot, they are read again for each tile of queries.
    """
    return 2 * BYTES[function.type] * function.heads * function.landmarks * function.width <= 200 << 10


def gather(functions: list[Function], arches: list[str], counts: Optional[Counts]) -> list[Evidence]:
    """Without counts, only what PTX and ptxas tell."""
    ptxas = find_ptxas()
    if not ptxas:
        raise SystemExit("kernels: expected ptxas in PATH or /usr/local/cuda/bin, found none")
    evidence = []
    for function in functions:
        for arch in arches:
            chip = next(chip for chip in CHIPS if chip.arch == arch)
            launches = counts.at(function, arch, BATCH, TOKENS) if counts else list_launches(function, arch, BATCH, TOKENS)
            entries = assemble(function, arch, ptxas)
            evidence.append(Evidence(Shape(function, BATCH, TOKENS), chip, entries, launches, schedules(function, arch), counts is not None))
    return evidence


def main(arguments: Optional[list[str]] = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--functions", default="", metavar="REGEX", help="only functions whose name matches, such as both_h6_d64_l49_bf16")
    parser.add_argument("--arches", default=",".join(ARCHES), help="only these, by commas")
    parser.add_argument("--counts", metavar="FILE", help="keeps what the emulator counted, for the next time")
    parser.add_argument("--ptx-only", action="store_true", help="leave out what the emulator counts")
    parser.add_argument("--output", metavar="FILE", help="write the page there")
    parser.add_argument("--compare", metavar="FILE", help="fail where the page there has other rows")
    parser.add_argument("--check", action="store_true", help="fail where something that must hold does not")
    args = parser.parse_args(arguments)
    functions = [Function("both", *size, type, hint=HINT) for size in SIZES for type in ("bf16", "f16")]
    functions = [function for function in functions if re.search(args.functions, function.name)]
    if not functions:
        parser.error("no function is left")
    evidence = gather(functions, args.arches.split(","), None if args.ptx_only else Counts(args.counts))
    drifted = []
    if args.compare:
        with open(args.compare) as file:
            written = file.read()
        # Another release of ptxas gives other numbers of registers.
        if f"`ptxas` {ptxas_version()} " in written:
            drifted = drift(written, evidence)
            print("\n".join([f"{args.compare} does not have:", *drifted]) if drifted else f"{args.compare} has these rows")
        else:
            print(f"not compared: ptxas {ptxas_version()} is not the one of {args.compare}")
    elif args.output:
        with open(args.output, "w") as file:
            file.write(page(evidence))
    else:
        print(table(evidence), traffic_table(evidence), conflict_table(evidence), sep="\n\n")
    wrong = [line for e in evidence for line in violations(e)] if args.check else []
    for line in wrong:
        print(f"kernels: {line}", file=sys.stderr)
    return 1 if wrong or drifted else 0


if __name__ == "__main__":
    sys.exit(main())
