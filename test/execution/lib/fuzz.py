"""Random cases, of anything that the operations allow, compared with the oracle.

Other than the suite of cases.py, sizes are any, each dimension of each type may be
unknown, element types are mixed, operands lie in larger arrays or are one value, and
schedules, legal or not, and threads are drawn. A schedule may be refused, by an error
that speaks of it; everything else has to be computed.
"""
from __future__ import annotations

import argparse
import dataclasses
import os
import random
import re
import secrets
import shlex
import sys
import time

import numpy as np

import cases
import executors
import ir
import run
import views
from cases import Case

HEADS = [1, 1, 2, 2, 3, 4, 4, 5, 6, 7, 8, 11, 12, 13, 16, 24, 32]
TOKENS = [0, 1, 1, 2, 3, 5, 7, 8, 13, 15, 16, 17, 31, 33, 47, 48, 49, 63, 64, 65, 97, 127, 128, 129, 131, 197, 256, 257, 300]
WIDTHS = [1, 2, 3, 5, 7, 8, 9, 12, 15, 16, 17, 20, 24, 31, 32, 33, 40, 48, 63, 64, 65, 72, 80, 96, 128, 136]
LANDMARKS = [1, 2, 3, 4, 7, 8, 9, 16, 17, 25, 31, 33, 49, 63, 64, 65, 100, 128, 200, 255, 256, 257]
FAR = ["9223372036854775807", "4611686018427387904", "2147483648", "2147483647", "1000000"]
MOST_MULTIPLY_ADDS = {"cpu": 2e7, "emulator": 1.5e6, "cuda": 2e7}
# What a refusal says: of a schedule, and of heads that are all unknown.
REFUSAL = re.compile(r"error: .*schedule|error: .*expected static numbers of heads")


def drawn(rng: random.Random, executor: str) -> Case:
    def maybe(chance, value=True, otherwise=False):
        return value if rng.random() < chance else otherwise

    def divisor(n):
        return rng.choice([d for d in range(1, n + 1) if n % d == 0]) if maybe(0.4) else n

    # The general path of a GPU has no exponential of f64.
    op = rng.choices(["attention", "weights", "log_sum_exp", "pool"], [12, 1, 3, 2])[0]
    case = dict(op=op, type=rng.choices(["f32", "f16", "bf16", "f64"], [4, 4, 3, executor == "cpu" or op == "pool"])[0])
    case["B"] = rng.choice([1, 1, 1, 2, 2, 3, 4, 5, 7, maybe(0.3, 0, 1)])
    case["N"], case["M"] = rng.choice(TOKENS), rng.choice(TOKENS)
    h = case["H"] = rng.choice(HEADS)
    case["D"], case["E"] = rng.choice(WIDTHS), rng.choice(WIDTHS)
    landmarks = ""
    if op == "pool":
        landmarks = rng.choice(["pool", "grid"])
    elif op == "attention" and maybe(0.45):
        landmarks = rng.choice(["pool", "pool", "grid", "bhld", "hld"])
    if landmarks:
        case["landmarks"], case["L"] = landmarks, rng.choice(LANDMARKS)
        if landmarks in ("pool", "grid"):
            case["M"] = case["N"]
        if landmarks == "grid":
            case["N"] = case["M"] = max(case["N"], 1)

    def mixing(end, last=0):
        before, after = maybe(0.5), op != "log_sum_exp" and maybe(0.5)
        s = rng.choice(HEADS) if before and maybe(0.5) else h
        g = last or (rng.choice(HEADS) if maybe(0.4) else s)
        if not after and g != s:
            after = op != "log_sum_exp"
            g = g if after else s
        found = {"pre": before, "pre_bias": maybe(0.3), "post": after, "post_bias": op != "log_sum_exp" and maybe(0.3)}
        case.update({name + end: value for name, value in found.items()})
        return s, g

    if op != "pool":
        case["S"], case["G"] = mixing("")
        if landmarks:
            case["S2"], _ = mixing("2", case["G"])
            case["landmark_heads"] = divisor(h) if landmarks in ("bhld", "hld") else h
        case["key_heads"], case["value_heads"] = divisor(h), divisor(case["G"]) if op == "attention" else 1
    if op != "pool" and not landmarks:
        case["bias"] = maybe(0.3, "".join(rng.choice([d, "1"]) for d in "BHN") + "M", "")
        case["keep"] = maybe(0.3, "".join(rng.choice([d, "1"]) for d in "BN") + "M", "")
        case["causal"] = maybe(0.25)
        if maybe(0.25):
            left, right = (rng.choice(FAR) if maybe(0.1) else str(rng.choice([0, 1, 3, 9, 20, 70])) for _ in range(2))
            case["window"] = f"{left},{right}"
        if case["causal"] or "window" in case:
            case["offset"] = maybe(0.3, str(rng.choice([0, 1, -1, -5, 9, 64, 10**6, -(10**6), 2**31, -(2**40)])), "")
        if op == "attention":
            case["lse"] = maybe(0.35, rng.choice(["result", "operand", "both"]), "")
        elif op == "weights":
            case["lse"] = maybe(0.3, "operand", "")
    if landmarks != "grid":
        case["lengths"] = maybe(0.25, rng.choice(["i32", "i64"]), "")
    if op != "pool":
        case["scale"] = maybe(0.3, rng.choice(["0.125", "-0.3", "0.", "1.e-30"]), "")
        case["key_order"] = rng.choice(cases.ORDER)
    case["query_order"] = rng.choice(cases.ORDER)
    if op == "attention":
        case["value_order"], case["out_order"] = rng.choice(cases.ORDER), rng.choice(cases.ORDER)
    if executor != "cpu":
        case["chip"] = rng.choice(["sm_80", "sm_90a", "sm_86", "sm_120"])
    case["data"] = rng.choice(data_of(case)) if maybe(0.4) else "normal"
    return detailed(Case(**case), rng, maybe, executor)


def data_of(case: dict) -> list[str]:
    """The kinds of inputs that show something in the case."""
    found = ["nan"] if case["M"] else []
    if case.get("bias") and not case.get("pre"):
        found.append("infinite_bias")
    if case.get("keep"):
        found.append("nothing_kept")
    if case.get("lengths") or not case.get("landmarks") and (case.get("keep") or case.get("causal") or case.get("window")):
        found.append("unread_nan")
    return found or ["normal"]


def detailed(case: Case, rng: random.Random, maybe, executor: str) -> Case:
    """The case with types, places and options of its operands and results."""
    more = {}
    ins = ir.operands(case)
    tokens = [name for name in ("query", "key", "value") if name in ins]
    others = [name for name in ins if name not in ("keep", "key_lengths", "lse")]
    if case.type in ("f16", "bf16") and maybe(0.5):
        more["elements"] = ",".join(f"{name}:f32" for name in others if maybe(0.3))
        more["out_type"] = maybe(0.3, "f32", "") if case.op in ("attention", "pool") else ""
        if case.op == "pool" and more["elements"]:
            more["out_type"] = "f32"
    case = dataclasses.replace(case, **more)
    ins, outs = ir.operands(case), ir.results(case)

    everything = {**ins, **outs}
    chance = rng.choice([0, 0, 0.2, 0.6, 1])
    open_sizes = rng.choice(["BNM", "BNM", "BNML", "BNMLDE", "BNMLDEHH'G'H''SS2G"])
    more["unknown"] = ",".join(
        f"{name}.{dim}"
        for name, (dims, _) in everything.items()
        for dim in dict.fromkeys(dims)
        if dim != "1" and dim in re.findall(r"S2|[A-Z]'*", open_sizes) and rng.random() < chance
    )
    if any(name in f",{more['unknown']}," for name in (",query.D,", ",key.D,")) and case.op != "pool" and not case.scale:
        more["scale"] = "0.25"
    alike = [name for name in ("key", "value", "query_landmarks") if name in ins and same(case, ins, name)]
    more["same"] = ",".join(name for name in alike if maybe(0.3) and not case.data == "nan")
    first = next(iter(outs))
    kinds = [maybe(0.5, "slice", "transpose"), "step", "gather", "slice", "transpose"]
    placed = [name for name in [*ins, "result"] if maybe(rng.choice([0, 0, 0.3])) and name not in more["same"].split(",")]
    # A slice of nothing is not one.
    more["views"] = ",".join(
        f"{name}:{rng.choice(kinds) if all(sized(case, *{'result': outs[first], **ins}[name])[0]) else 'transpose'}"
        for name in placed
    )
    same_as_result = [n for n in tokens if sized(case, *ins[n]) == sized(case, *outs[first])]
    more["init"] = maybe(0.2, rng.choice(same_as_result), "") if same_as_result else ""

    options = [f"opt-level={rng.choice([0, 0, 0, 1, 3])}"]
    if executor == "cpu":
        options.append(f"threads={rng.randint(1, 3)}")
    else:
        options += maybe(0.2, [f"batch-chunk={rng.randint(1, 4)}"], [])
        options += maybe(0.3, [f"emulator-seed={rng.randint(1, 99)}"], [])
        options += maybe(0.05, ["fused=false"], [])
        more["schedules"] = maybe(0.45, ";".join(schedule(kind, rng) for kind in KINDS if maybe(0.5)), "")
    more["options"] = ",".join(options)
    return dataclasses.replace(case, **more)


def same(case: Case, ins: ir.Shapes, name: str) -> bool:
    return sized(case, *ins[name]) == sized(case, *ins["query"]) and order_of(case, name) == case.query_order


def order_of(case: Case, name: str) -> str:
    return getattr(case, name + "_order", "bhnd")


def sized(case: Case, dims: list[str], element: str):
    return [ir.sizes(case)[dim] for dim in dims], element


KINDS = {
    "stream": ["queries", "keys", "warps", "stages", "splits", "heads", "columns"],
    "read_out": ["queries", "warps", "stages", "heads", "columns"],
    "normalisers": ["queries", "keys", "warps", "stages", "splits", "heads"],
    "pool": ["warps"],
    "general": [],
}
LEVELS = {
    "queries": [16, 32, 48, 64, 128], "keys": [16, 32, 48, 64], "warps": [1, 2, 3, 4, 8, 16], "stages": [1, 2, 3, 4],
    "splits": [1, 2, 3, 7, 16, 1024], "heads": [0, 1, 2, 3, 4], "columns": [0, 8, 16, 32, 64],
}  # fmt: skip


def schedule(kind: str, rng: random.Random) -> str:
    sizes = [f"{name}={rng.choice(LEVELS[name])}" for name in KINDS[kind] if rng.random() < 0.5]
    return ",".join([kind, *sizes])


def choose(count: int, seed: int, executor: str) -> list[Case]:
    rng, found = random.Random(seed), []
    while len(found) < count:
        case = drawn(rng, executor)
        if cases.multiply_adds(case) <= MOST_MULTIPLY_ADDS[executor]:
            found.append(case)
    return found


def attempt(case: Case, executor, args) -> tuple[bool, str]:
    """As run.run; a schedule may be refused, and one of three inputs is within the bound."""
    for seed in range(3):
        args.seed = args.inputs + seed
        passed, line = run.run(case, executor, args)
        if passed or "exit code" in line or "inf" in line.split()[1]:
            break
    if not passed and "exit code 1:" in line and REFUSAL.search(line):
        return True, f"ok   refused {line.splitlines()[0][4:]}"
    return passed, line


def main():
    parser = argparse.ArgumentParser(description="Draw random cases and compare with the oracle.")
    parser.add_argument("--executor", default="cpu", choices=list(MOST_MULTIPLY_ADDS), help="imhsa-run's --target")
    parser.add_argument("--tool", default=os.path.join(run.ROOT, "build", "bin", "imhsa-run"), help="imhsa-run, as a command")
    parser.add_argument("--count", type=int, default=100, help="of cases")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32), help="of the cases; default: a new one")
    parser.add_argument("--inputs", type=int, default=secrets.randbelow(2**32), help="seed of the inputs")
    parser.add_argument("--case", action="append", help="only this case, as the table prints it; may be repeated")
    parser.add_argument("--emit", action="store_true", help="print the cases as one module, and run nothing")
    args = parser.parse_args()
    np.seterr(all="ignore")
    chosen = [Case.parse(text) for text in args.case] if args.case else choose(args.count, args.seed, args.executor)
    if args.emit:
        print("".join(ir.module(case, f"case_{i}") for i, case in enumerate(chosen)))
        return 0
    executor = executors.Tool(shlex.split(args.tool), args.executor)
    failed = 0
    for case in chosen:
        passed, line = attempt(case, executor, args)
        failed += not passed
        print(line, flush=True)
    print(f"{failed} of {len(chosen)} cases failed; executor {args.executor}, seed {args.seed}, inputs {args.inputs}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
