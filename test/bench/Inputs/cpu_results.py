"""Writes results.json of samples that are made up, and checks what stats.py makes of them: cpu_results.py FOLDER."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "bench", "cpu"))
import stats
from cases import Case
from rounds import FAR, _leave


def record(case, calibration, results):
    return {"case": case.to_json(), "name": case.name, "flops": case.flops,
            "calibration": calibration, "results": results, "one_at_a_time": False}


def result(peer, formulation, turns, **more):
    lowest = {"lowest": min(turns)} if turns else {}
    return {"peer": peer, "formulation": formulation, "turns": turns, "error": 1e-7, **lowest, **more}


# Useful operations of a token and landmark: two products of 64 and two mixings of 6 heads, in two matrices.
case = Case(1, 6, 784, 64, 49)
assert case.flops == 6 * 784 * 49 * (8 * 64 + 8 * 6)
assert Case(1, 6, 784, 64, 49, mixing=False).flops == 6 * 784 * 49 * 8 * 64
exact = Case(1, 6, 784, 64)
assert exact.flops == 6 * 784 * 784 * (4 * 64 + 4 * 6)
assert Case(1, 6, 784, 64, mixing=False).flops == 6 * 784 * 784 * 4 * 64

calm = {"fma_gflops": [200.0, 100.0, 201.0], "read_gbs": [30.0, 31.0, 2.0]}
first = record(case, calm, [
    # One disturbed round changes no median.
    result("imhsa", "imhsa", [1.0, 1.02, 9.0, 1.01, 0.99], memory=3 << 20, compile_seconds=0.75),
    result("NumPy", "matmul", [4.0, 4.0, 4.0], memory=1 << 20),
    result("PyTorch", "einsum", [3.0, 2.9, 3.1]),
    result("PyTorch", "matmul", [2.5, 2.6, 2.4], exact_error=2e-7),
    result("oneDNN", "matmul", [2.02, 2.02, 2.02]),
    result("IREE", "", [], refused="no module named iree"),
])
second = record(Case(1, 6, 196, 64, 49), calm, [
    result("imhsa", "imhsa", [0.5, 0.5, 0.5], memory=1 << 20), result("PyTorch", "matmul", [0.6, 0.6, 0.6])])

assert stats.time_of(first["results"][0]) == 1.01 and stats.time_of(first["results"][5]) is None
assert stats.best_of(first, "PyTorch")["formulation"] == "matmul"
assert stats.best_peer(first) == "oneDNN" and stats.ratio(first, "oneDNN") == 2.0
assert stats.ratio(first, "IREE") is None and stats.best_peer(second) == "PyTorch"
assert stats.peak_gflops(first) == 200
assert abs(stats.share_of_peak(first, 1.01) - case.flops / 1.01e-3 / 200e9) < 1e-12
assert stats.median([]) is None
slow = record(case, calm, [result("PyTorch", "a", [1.0]), result("PyTorch", "b", [1.0 * FAR]), result("NumPy", "c", [9.0]),
                           result("PyTorch", "d", [1.01 * FAR]), result("PyTorch", "e", [], refused="no")])
_leave(slow, {}, crowded=True)
assert [r["formulation"] for r in slow["results"] if r.get("left")] == ["d"]

figure = [record(Case(1, 6, n, 64, landmarks, mixing), calm, [
    result("imhsa", "imhsa", [n / 1000 * (1 if landmarks else n / 100)], memory=n << 10),
    result("PyTorch", "matmul", [n / 300 * (1 if landmarks else n / 100)], memory=n << 12)])
    for n in (196, 784) for landmarks in (0, 49) for mixing in (False, True)]
machine = {"cpu": "Made Up 9000", "cores": 4, "simd": ["avx2", "fma"], "caches": {"L1d": "32K"}, "memory_gib": 8.0}
with open(os.path.join(sys.argv[1], "results.json"), "w") as file:
    json.dump({"date": "2026-01-01", "machine": machine, "threads": 2, "versions": {"NumPy": "2.0"},
               "records": [first, second], "figure": figure}, file)

# What the pictures show: a line for each variant and peer, with a point for each number of tokens.
import plot
for value, expected in ((plot._time, [(196, 0.196), (784, 0.784)]), (plot._memory, [(196, 196 / 1024), (784, 784 / 1024)])):
    assert plot._points(figure, (True, True), "imhsa", value) == expected
assert plot._points(figure, (False, True), "IREE", plot._time) == []
print("statistics and points")
