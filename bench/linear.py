"""Landmark attention is linear: doubles the tokens, and measures time and memory.

Fails where a doubling multiplies the time by more than 2.2, or where memory peaks
at more than inputs, outputs and 64 MiB. In the order (A_Q A_K) V, 131072 tokens
would need 64 GiB for each head.
"""
from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
RUN = os.path.join(HERE, "..", "build", "bin", "imhsa-run")
HEADS, LANDMARKS, WIDTH = 4, 64, 32  # as in linear.mlir
MOST_GROWTH, MOST_MIB = 2.2, 64.0


def measure(tokens: int, repeats: int) -> tuple[float, float]:
    """The shortest time of a call in milliseconds, and the memory beyond inputs and outputs in MiB."""
    shape = f"--shape=1x{HEADS}x{tokens}x{WIDTH}"
    command = [RUN, os.path.join(HERE, "linear.mlir"), "--random-inputs=1", *[shape] * 3, f"--time={repeats}"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"linear: {' '.join(command)}\nfailed with exit code {done.returncode}:\n{done.stderr}")
    time = re.search(r"minimum ([\d.e+-]+) ms", done.stdout)
    memory = re.search(r"peak memory over inputs and outputs: ([\d.]+) MiB", done.stdout)
    if not time or not memory:
        sys.exit(f"linear: expected a time and a peak of memory from imhsa-run, found:\n{done.stdout}")
    return float(time[1]), float(memory[1])


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure that landmark attention is linear in the tokens.")
    parser.add_argument("--tokens", type=int, nargs="+", default=[16384, 32768, 65536, 131072], help="each twice the last")
    parser.add_argument("--rounds", type=int, default=3, help="how often each number of tokens has its turn")
    parser.add_argument("--repeats", type=int, default=5, help="calls in a turn; the shortest of all counts")
    parser.add_argument("--memory-only", action="store_true", help="do not judge the time, where the machine is busy")
    args = parser.parse_args()

    print(f"landmark attention, f32, {HEADS} heads of {WIDTH}, {LANDMARKS} landmarks, interaction around both softmaxes\n")
    print(f"{'tokens':>8}{'time':>12}{'growth':>9}{'ns/token':>10}{'memory beyond inputs and outputs':>35}")
    # In turns, so that a busy moment of the machine does not fall on one size alone.
    turns = [[measure(tokens, args.repeats) for tokens in args.tokens] for _ in range(args.rounds)]
    failures, before = [], None
    for at, tokens in enumerate(args.tokens):
        time, memory = min(turn[at][0] for turn in turns), max(turn[at][1] for turn in turns)
        growth = time / before if before else None
        shown = f"{growth:.2f} x" if growth else ""
        print(f"{tokens:8}{time:9.1f} ms{shown:>9}{time * 1e6 / tokens:10.0f}{memory:31.1f} MiB", flush=True)
        if growth and growth > MOST_GROWTH and not args.memory_only:
            failures.append(f"{tokens} tokens: expected at most {MOST_GROWTH} times the time of half, found {growth:.2f}")
        if memory > MOST_MIB:
            failures.append(f"{tokens} tokens: expected at most {MOST_MIB} MiB beyond inputs and outputs, found {memory}")
        before = time
    print("\n" + ("\n".join(failures) or "linear"))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
