"""Statistics, table, plots and verdicts of bench.py, from samples that are made up."""
import contextlib
import io
import math
import os
import sys
from dataclasses import replace

BENCH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "bench", "gpu")
sys.path.append(BENCH)

import bench
from results import Result, Results, Verdict, heading, plot, quantile, table, verdicts
from shapes import Function, Shape, functions, shapes

folder = sys.argv[1]

# --- Statistics -----------------------------------------------------------------------------------------
assert quantile([5.0], 0.5) == 5 and quantile([4.0, 1.0], 0.5) == 2.5 and quantile([3.0, 1.0, 2.0], 0.5) == 2
assert math.isclose(quantile([float(i) for i in range(11)], 0.9), 9) and quantile([2.0, 1.0], 1) == 2
try:
    quantile([], 0.5)
except ValueError:
    print("quantiles")

# --- Shapes -----------------------------------------------------------------------------------------------
names = [function.name for function in functions()]
assert len(names) == len(set(names)) and {s.family for s in shapes()} == {"figure3", "exact", "ivit", "wide", "long", "f16"}
assert Shape(Function("both", 6, 64, 49), 32, 12544).floor_bytes == 4 * 32 * 6 * 12544 * 64 * 2
for wrong in (("both", 6, 64, 0), ("plain", 6, 64, 49), ("none", 6, 64)):
    try:
        Function(*wrong)
    except ValueError:
        continue
    raise AssertionError(f"{wrong} should be refused")
print("shapes")

# --- Results: written, read, shown -------------------------------------------------------------------------
both, interaction = Function("both", 6, 64, 49), Function("interaction", 6, 64)
results = Results({"name": "NVIDIA H100 80GB HBM3", "capability": "9.0", "driver": "570.1", "torch": "2.8", "date": "2026-01-01"}, 2.5e12)


def add(shape, times, **more):
    """times: by method, microseconds."""
    for method, time in times.items():
        results.results.append(Result(shape, method, times_us=[time * share for share in (0.9, 1.0, 1.2)], **more))


large = Shape(both, 32, 12544, "figure3")
add(large, {"ours": 600.0, "eager": 4200.0, "compile": 2400.0, "max-autotune": 1500.0, "sdpa-landmarks": 450.0}, memory_bytes=3 << 20, error=0.002)
results.bounds_us[str(large)] = 330.0
small = Shape(replace(both, hint=(1, 256)), 1, 196, "figure3")
add(small, {"ours": 31.0}, memory_bytes=1 << 20)
results.results.append(Result(small, "ours", "graph", times_us=[14.0, 15.0, 16.0]))
results.results.append(Result(small, "eager", status="failed: RuntimeError: no such kernel"))
for tokens, ours in ((4096, 800.0), (16384, 12000.0), (65536, 190000.0)):
    add(Shape(interaction, 1, tokens, "exact"), {"ours": ours, "compile": 4 * ours}, memory_bytes=tokens * 1000)
results.results.append(Result(Shape(interaction, 1, 65536, "exact"), "eager", status="out of memory"))
for variant, landmarks in (("plain", 0), ("landmarks", 49)):
    for tokens in (196, 12544):
        add(Shape(Function(variant, 6, 64, landmarks), 32, tokens, "figure3"), {"ours": tokens / 20, "eager": tokens / 4}, memory_bytes=tokens << 10)

path = os.path.join(folder, "results.json")
results.save(path)
assert Results.load(path) == results
with open(path) as file:
    text = file.read().replace('"format": 1', '"format": 2')
with open(os.path.join(folder, "other.json"), "w") as file:
    file.write(text)
try:
    Results.load(os.path.join(folder, "other.json"))
except ValueError as error:
    assert "expected results of format 1" in str(error)
    print("saved and loaded")
print(heading(results))
print(table(results))

judged = verdicts(results)
print("\n".join(map(str, judged)))
assert {(v.what, v.expected): v.holds for v in judged} == {
    (str(large), "at least 60% of the model's bound"): False,  # 55%
    (str(large), "at least 50% of the floor"): True,  # 493 us of 600
    (str(large), "at least 6 x as fast as eager"): True,
    (str(large), "at least 3 x as fast as the best torch.compile"): False,  # 2.5
    (str(small), "under 25 us"): True,  # as a graph
    ("interaction_h6_d64_bf16 B=1 N=4096", "at least 3 x as fast as the best torch.compile"): True,
    ("interaction_h6_d64_bf16 B=1 N=16384", "at least 3 x as fast as the best torch.compile"): True,
    ("interaction_h6_d64_bf16 B=1 N=65536", "memory linear: at most 4.2 x that of a quarter of the tokens"): True,
}
assert str(Verdict("x", "y", "", None)) == "not measured  x: y"

for picture in plot(results, folder):
    with open(picture, "rb") as file:
        assert file.read(8) == b"\x89PNG\r\n\x1a\n"
    print(f"drew {os.path.basename(picture)}")

# --- Arguments -----------------------------------------------------------------------------------------------
for arguments in (["--families=figure4"], ["--methods=ours,theirs"], ["--shapes=("]):
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            bench.parse(arguments)
    except SystemExit as ended:
        assert ended.code == 2
        print(said.getvalue().strip().splitlines()[-1])
    else:
        raise AssertionError(f"{arguments} should be refused")
chosen = bench.chosen(bench.parse(["--families=exact", "--tokens", "64", "128", "--batch=2"]))
assert [(s.batch, s.tokens) for s in chosen] == [(2, 64), (2, 128)]
