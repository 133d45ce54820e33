"""Runs the execution cases on an executor and compares with the oracle: see --help.

Every run draws new inputs, from a seed that it prints; a failed case comes with
the command that repeats it. The exit code is 1 where a case failed.
"""
from __future__ import annotations

import argparse
import os
import secrets
import shlex
import shutil
import sys
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np

import cases
import data
import executors
import ir
from bounds import BOUND

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", ".."))


def difference(out: np.ndarray, expected: np.ndarray) -> float:
    """Relative error of what is finite; infinite where NaN or infinities do not stand at the same places."""
    out, expected = out.astype(np.float64), expected.astype(np.float64)
    finite = np.isfinite(expected)
    if not np.array_equal(out[~finite], expected[~finite], equal_nan=True):
        return float("inf")
    out, expected = out[finite], expected[finite]
    # Where all of it is zero, so must be the result.
    error, size = np.linalg.norm(out - expected), np.linalg.norm(expected)
    return 0.0 if error == 0 else float(error / size) if np.isfinite(error) and size else float("inf")


def run(case: cases.Case, executor, args) -> tuple[bool, str]:
    """True if the case passed, and its line of the table."""
    inputs = data.inputs(case, np.random.default_rng([args.seed, zlib.crc32(str(case).encode())]))
    expected = data.expected(case, inputs)
    start = time.monotonic()
    outputs = executor.execute(case, inputs)
    seconds = time.monotonic() - start
    if isinstance(outputs, str):
        return False, f"{'FAIL':4} {'':19} {seconds:6.2f} s  {case}\n     {outputs}"
    errors = {name: difference(outputs[name], expected[name]) for name in expected}
    # A number of tf32 has as many bits as one of f16.
    bound = BOUND["f16" if "tf32" in case.schedule else case.type]
    passed = all(error <= bound for error in errors.values())
    shown = " ".join(f"{error:9.1e}" for error in errors.values())
    return passed, f"{'ok' if passed else 'FAIL':4} {shown:19} {seconds:6.2f} s  {case}"


def chosen(args) -> list[cases.Case]:
    def wanted(case: cases.Case) -> bool:
        return case.type in args.types.split(",") and (not case.chip or case.chip in args.chips.split(","))

    at, count = map(int, args.shard.split("/"))
    return [case for case in cases.suite(args.executor, args.full) if wanted(case)][at::count]


def main():
    parser = argparse.ArgumentParser(description="Run the execution cases and compare with the oracle.")
    parser.add_argument("--executor", default="cpu", choices=list(cases.MOST_MULTIPLY_ADDS), help="imhsa-run's --target")
    parser.add_argument("--library", help="what imhsa-compile made of the module that --emit prints, called instead of imhsa-run")
    parser.add_argument("--tool", default=os.path.join(ROOT, "build", "bin", "imhsa-run"), help="imhsa-run, as a command")
    parser.add_argument("--case", action="append", help="only this case, as the table prints it; may be repeated")
    parser.add_argument("--full", action="store_true", help="every combination of operands and of f32, f16 and bf16")
    parser.add_argument("--types", default="f32,f16,bf16,f64", help="only cases of these storage types")
    parser.add_argument("--chips", default="sm_80,sm_90a", help="only cases for these chips")
    parser.add_argument("--shard", default="0/1", metavar="I/N", help="only each Nth case, from the Ith on")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32), help="of the inputs; default: a new one")
    parser.add_argument("--jobs", type=int, default=1, help="cases at the same time")
    parser.add_argument("--emit", action="store_true", help="print the cases as one module, and run nothing")
    args = parser.parse_args()

    suite = chosen(args)
    if args.emit:
        print("".join(ir.module(case, f"case_{i}") for i, case in enumerate(suite)))
        return 0
    if args.library:
        executor = executors.Library(args.library, {case: f"case_{i}" for i, case in enumerate(suite)}, args.seed)
    elif shutil.which(shlex.split(args.tool)[0]):
        executor = executors.Tool(shlex.split(args.tool), args.executor)
    else:
        parser.error(f"there is no {args.tool}: run ./dev build")
    if args.case:
        suite = [cases.Case.parse(text) for text in args.case]
    np.seterr(all="ignore")  # NaN and infinities are meant.
    repeat = [os.path.relpath(sys.executable), os.path.relpath(__file__), f"--executor={args.executor}"]
    repeat.append(f"--seed={args.seed}")
    for name in "tool", "library", "full", "types", "chips", "shard":
        value = getattr(args, name)
        if value != parser.get_default(name):
            repeat.append(f"--{name}" if value is True else f"--{name}={value}")
    failed = 0
    with ThreadPoolExecutor(args.jobs) as pool:
        for case, (passed, line) in zip(suite, pool.map(lambda case: run(case, executor, args), suite)):
            print(line, flush=True)
            if not passed:
                failed += 1
                print(f"     {shlex.join([*repeat, f'--case={case}'])}", flush=True)
    print(f"{failed} of {len(suite)} cases failed; executor {args.executor}, seed {args.seed}")
    return 1 if failed or not suite else 0


if __name__ == "__main__":
    sys.exit(main())
