"""Which kernels spill registers, of attentions far from those that schedules were fitted to.

    python3 bench/gpu/spills.py                       # 100 random attentions, as far as they are done in 5 minutes
    python3 bench/gpu/spills.py --seed=7 --count=500 --seconds=3000
    python3 bench/gpu/spills.py --edges               # the largest that fused kernels are to serve
    python3 bench/gpu/spills.py --case='type=bf16 dynamic H=14 ... chip=sm_90a' --schedules='stream,keys=16'

Random attentions, as test/execution/lib/cases.py writes them, with the schedules that are chosen for them: imhsa-compile makes
PTX and ptxas -v assembles it. Printed are the kernels that spill registers or have local memory, with their schedules, and why an
attention goes the general way, if it does. The exit status is 1 where a kernel spills. Needs ptxas, not a GPU.
"""
from __future__ import annotations

import argparse
import collections
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Optional

from counts import ROOT
from kernels import ARCHES, COMPILE, find_ptxas, parse_ptxas

sys.path.insert(0, os.path.join(ROOT, "test", "execution", "lib"))
import ir  # noqa: E402
from cases import Case  # noqa: E402

OPT = os.path.join(ROOT, "build", "bin", "imhsa-opt")


def drawn(rng: random.Random) -> Case:
    """An attention with the operands, heads and sizes that fused kernels serve."""

    def maybe(chance: float) -> bool:
        return rng.random() < chance

    def heads() -> int:
        return rng.randint(1, 32) if maybe(0.4) else rng.choice([4, 6, 8, 12, 14, 16, 32])

    def divisor(n: int) -> int:
        return rng.choice([d for d in range(1, n + 1) if n % d == 0]) if maybe(0.3) else n

    def width() -> int:
        return 8 * rng.randint(1, 32) if maybe(0.3) else rng.choice([16, 32, 48, 64, 80, 96, 128])

    def mixing(end: str, first: int, last: int = 0) -> tuple[int, dict]:
        """S, and the operands of an interaction of `first` heads, to `last` ones if that is told."""
        pre, post = rng.choice([(True, True), (True, True), (True, False), (False, True), (False, False)])
        s = heads() if pre and maybe(0.3) else first
        if last and last != s:
            post = True
        return s, {"pre" + end: pre, "post" + end: post, "pre_bias" + end: maybe(0.2), "post_bias" + end: maybe(0.2)}

    h, d = heads(), width()
    case: dict = dict(type=rng.choice(["bf16", "bf16", "f16", "f32"]), mix_type="f32", H=h, D=d, E=d if maybe(0.7) else width())
    case["S"], operands = mixing("", h)
    case["G"] = heads() if operands["post"] and maybe(0.3) else case["S"]
    case.update(operands)
    if maybe(0.5):
        case["landmarks"], case["L"] = "pool", rng.randint(1, 256) if maybe(0.4) else rng.choice([16, 25, 49, 64, 100, 196, 256])
        case["S2"], operands = mixing("2", h, case["G"])
        case.update(operands, landmark_heads=h)
    else:
        if maybe(0.25):
            case["bias"] = "".join(rng.choice([dim, "1"]) for dim in "BHN") + "M"
        if maybe(0.25):
            case["keep"] = "".join(rng.choice([dim, "1"]) for dim in "BN") + "M"
        case["causal"], case["window"] = maybe(0.2), "100,20" if maybe(0.1) else ""
        case["lse"] = rng.choice(["", "", "", "result", "operand"])
    case["key_heads"], case["value_heads"] = divisor(h), divisor(case["G"])
    case["dynamic"] = maybe(0.7)
    case["B"], n = rng.choice([1, 8, 32]), rng.choice([49, 196, 1031, 4096, 16384])
    case["N"], case["M"] = n, n if "L" in case or maybe(0.6) else rng.choice([16, 64, 100, 197, 256])
    case["chip"] = rng.choice(ARCHES)
    case["options"] = "allow-tf32" if case["type"] == "f32" and maybe(0.5) else ""
    return Case(**case)


def edges() -> list[Case]:
    """The largest heads, widths and landmarks of fused kernels, each with all of the operands of an interaction and without."""
    found = []
    for chip in ARCHES:
        for type, options in ("bf16", ""), ("f32", ""), ("f32", "allow-tf32"):
            for h, d, l in (32, 64, 0), (32, 64, 256), (32, 32, 64), (32, 256, 0), (32, 256, 256), (6, 256, 0), (6, 256, 256), (16, 64, 256), (12, 128, 256), (1, 256, 256):
                for groups in 1, 2:
                    for mixed in True, False:
                        if h % groups:
                            continue
                        sizes = dict(H=h, S=h, G=h, D=d, E=d, key_heads=h // groups, value_heads=h // groups, pre=mixed, post=mixed)
                        if l:
                            sizes.update(landmarks="pool", L=l, S2=h, landmark_heads=h, pre2=mixed, post2=mixed)
                        found.append(Case(type=type, mix_type="f32", dynamic=True, chip=chip, options=options, **sizes))
    return found


@dataclass
class Found:
    """What became of a case."""

    case: Case
    kernels: dict[str, dict[str, int]]  # as ptxas says
    general: list[str]  # why an operation goes the general way
    error: str = ""

    @property
    def spilling(self) -> dict[str, dict[str, int]]:
        return {name: kernel for name, kernel in self.kernels.items() if kernel["spill_bytes"] or kernel["stack_bytes"]}


def assemble(case: Case, ptxas: str, schedules: str = "") -> Found:
    with tempfile.TemporaryDirectory() as folder:
        source, ptx, cubin = (os.path.join(folder, name) for name in ("case.mlir", "case.ptx", "case.cubin"))
        with open(source, "w") as file:
            file.write(ir.module(case))
        done = subprocess.run([COMPILE, source, *options(case, schedules), "--emit=ptx", "-o", ptx], capture_output=True, text=True)
        general = re.findall(r"remark: no fused kernel: (.*)", done.stderr)
        if done.returncode:
            return Found(case, {}, general, "imhsa-compile: " + done.stderr.strip())
        said = subprocess.run([ptxas, "-v", f"-arch={case.chip}", ptx, "-o", cubin], capture_output=True, text=True)
        if said.returncode:
            return Found(case, {}, general, "ptxas: " + said.stderr.strip())
    return Found(case, parse_ptxas(said.stdout + said.stderr), general)


def options(case: Case, schedules: str) -> list[str]:
    return ["--target=cuda", f"--chip={case.chip}", *[f"--{option}" for option in case.options.split(",") if option], *[f"--schedules={schedules}"] * bool(schedules)]


def chosen_schedules(case: Case) -> list[str]:
    """The schedules of a case, one operation after the other."""
    chip = f"chip={case.chip}" + " allow-tf32" * ("allow-tf32" in case.options)
    done = subprocess.run([OPT, "-", f"--imhsa-cuda-pipeline=until=schedule {chip}"], input=ir.module(case), capture_output=True, text=True)
    return [" ".join(found) for found in re.findall(r"imhsa\.(\w+) .*?schedule\((#imhsa\.schedule<.*?>)\)", done.stdout)] or [done.stderr.strip()]


def main(arguments: Optional[list[str]] = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100, help="of random attentions")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32), help="of those; default: a new one")
    parser.add_argument("--seconds", type=float, default=300, help="begins none after this time")
    parser.add_argument("--jobs", type=int, default=2, help="at a time")
    parser.add_argument("--edges", action="store_true", help="the largest sizes instead of random ones")
    parser.add_argument("--case", action="append", help="only this one, as it is printed; may be repeated")
    parser.add_argument("--schedules", default="", help="these instead of those that are chosen, as for imhsa-compile")
    parser.add_argument("--verbose", action="store_true", help="print all kernels")
    args = parser.parse_args(arguments)
    ptxas = find_ptxas()
    if not ptxas:
        raise SystemExit("spills: expected ptxas in PATH or /usr/local/cuda/bin, found none")
    rng = random.Random(args.seed)
    cases = [drawn(rng) for _ in range(args.count)]
    if args.edges:
        cases = edges()
    if args.case:
        cases = [Case.parse(text) for text in args.case]

    end = time.monotonic() + args.seconds
    with ThreadPoolExecutor(args.jobs) as pool:
        def one(case: Case) -> Optional[Found]:
            return assemble(case, ptxas, args.schedules) if time.monotonic() < end else None

        done = []
        for found in pool.map(one, cases):
            if found is None:
                continue
            done.append(found)
            show(found, args)
    spilled, general, errors = ([f for f in done if getattr(f, what)] for what in ("spilling", "general", "error"))
    print(f"{len(done)} of {len(cases)} attentions, {sum(len(f.kernels) for f in done)} kernels{'' if args.edges or args.case else f', seed {args.seed}'}: "
          f"{len(spilled)} attentions with spills, {len(general)} not fused, {len(errors)} errors")  # fmt: skip
    return 1 if spilled or errors or not done else 0


def show(found: Found, args) -> None:
    shown = found.kernels if args.verbose else found.spilling
    if not shown and not found.general and not found.error:
        return
    print(f"{'error' if found.error else 'SPILL' if found.spilling else 'general' if found.general else 'ok'}: {found.case}", flush=True)
    for name, kernel in shown.items():
        print(f"    {name.removeprefix('case_')}: {kernel['registers']} registers, {kernel['spill_bytes']} bytes spilled, {kernel['stack_bytes']} of local memory")
    for schedule in chosen_schedules(found.case) if shown and not args.schedules else []:
        print(f"    {schedule}")
    for why in found.general:
        print(f"    not fused: {why}")
    if found.error:
        print("    " + found.error.splitlines()[0][:400])


if __name__ == "__main__":
    sys.exit(main())
