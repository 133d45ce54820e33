"""Compiles attentions with mixing for the CPU and compares the sizes of their workspaces with what is promised."""
import sys

import numpy as np

sys.path[:0] = [sys.argv[1] + "/python", sys.argv[1] + "/bench/cpu"]
import imhsa
from cases import EXACT, LANDMARKS
from peers.imhsa_peer import source

CASES = [*LANDMARKS, *EXACT]
TEXT = "".join(source(case).replace("@attention", f"@a{number}") for number, case in enumerate(CASES))


def megabytes(second_sweep: str) -> list[float]:
    library = imhsa.compile(TEXT, second_sweep=second_sweep, opt_level=0)
    sizes = []
    for number, case in enumerate(CASES):
        shape = (case.batch, case.heads, case.tokens, case.width)
        # Memory that nobody writes is not there.
        tensors = [np.empty(shape, np.float32) for _ in range(3)]
        mixes = [np.eye(case.heads, dtype=np.float32)] * (4 if case.landmarks else 2)
        sizes.append(library.functions[f"a{number}"].workspace_size(*tensors, *mixes) / 1e6)
    return sizes


auto, recomputed, stored = map(megabytes, ["auto", "recompute", "store"])
for case, *sizes in zip(CASES, auto, recomputed, stored):
    print(f"{case.name:22}" + "".join(f"{size:10.2f}" for size in sizes), "MB auto, recompute, store")
    # Of what one sweep stores for the other: the scores of all tokens against the landmarks, or against 64 tokens.
    scores = 4e-6 * case.heads * case.tokens * (case.landmarks or 64)
    assert sizes[0] < 64, "auto"
    assert sizes[1] < 8, "recompute"
    assert sizes[2] > scores, "store"
    # All of it up to 48 MiB, and so much of up to twice that.
    room = 48 * 1.048576
    assert min(scores, 0.98 * room) < sizes[0] < 1.1 * room + sizes[1] if scores <= 2 * room else sizes[0] == sizes[1], "auto"
