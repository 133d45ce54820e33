"""What was measured: as JSON, as a table, as plots, and against what is to hold.

`Results` is what bench.py writes and reads. Nothing here needs PyTorch, so that results that a GPU
machine wrote are shown anywhere.
"""
from __future__ import annotations

import json
import math
import os
import re
import sys
from dataclasses import asdict, dataclass, field
from typing import Any, Callable, Optional

from shapes import VARIANTS, Function, Shape

METHODS = {
    "ours": "compiled by imhsa",
    "eager": "plain PyTorch",
    "compile": "torch.compile",
    "max-autotune": "torch.compile(mode='max-autotune-no-cudagraphs')",
    "sdpa-landmarks": "two scaled_dot_product_attention calls on given landmarks, no mixing",
    "sdpa-exact": "one scaled_dot_product_attention call, all tokens, no mixing",
}
MODES = ("stream", "graph")


def quantile(samples: list[float], share: float) -> float:
    """Linear between the samples in order: 0 is the least, 0.5 the median, 1 the greatest."""
    ordered = sorted(samples)
    if not ordered:
        raise ValueError("no samples")
    at = share * (len(ordered) - 1)
    low = math.floor(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


@dataclass
class Result:
    """One method on one shape."""

    shape: Shape
    method: str
    mode: str = "stream"
    status: str = "ok"  # or what went wrong: `out of memory`, `wrong: ...`, `failed: ...`, `left out: ...`
    times_us: list[float] = field(default_factory=list)
    memory_bytes: Optional[int] = None  # beyond the inputs, results included
    error: Optional[float] = None  # relative, against float64

    @property
    def median_us(self) -> Optional[float]:
        return quantile(self.times_us, 0.5) if self.times_us else None


@dataclass
class Results:
    machine: dict[str, Any] = field(default_factory=dict)
    copy_bandwidth: Optional[float] = None  # bytes a second
    results: list[Result] = field(default_factory=list)
    bounds_us: dict[str, float] = field(default_factory=dict)  # by shape: the model's bound for this device

    def find(self, shape: Shape, method: str, mode: str = "stream") -> Optional[Result]:
        for result in self.results:
            if (result.shape, result.method, result.mode) == (shape, method, mode):
                return result
        return None

    def median(self, shape: Shape, method: str, mode: str = "stream") -> Optional[float]:
        found = self.find(shape, method, mode)
        return found.median_us if found and found.status == "ok" else None

    def shapes(self) -> list[Shape]:
        return list(dict.fromkeys(result.shape for result in self.results))

    def floor_us(self, shape: Shape) -> Optional[float]:
        return shape.floor_bytes / self.copy_bandwidth * 1e6 if self.copy_bandwidth else None

    def save(self, path: str) -> None:
        text = json.dumps({"format": 1, **asdict(self)}, indent=1)
        with open(path + ".part", "w") as file:
            file.write(text + "\n")
        os.replace(path + ".part", path)  # a run that is stopped leaves what it had

    @staticmethod
    def load(path: str) -> "Results":
        with open(path) as file:
            data = json.load(file)
        if data.pop("format", None) != 1:
            raise ValueError(f"{path}: expected results of format 1")
        results = []
        for entry in data.pop("results"):
            shape = entry.pop("shape")
            function = shape.pop("function")
            function["hint"] = tuple(function["hint"]) if function["hint"] else None
            results.append(Result(Shape(Function(**function), **shape), **entry))
        return Results(results=results, **data)


# --------------------------------------------------------------------------------------------------
# The table
# --------------------------------------------------------------------------------------------------


def _microseconds(value: Optional[float]) -> str:
    if value is None:
        return ""
    return f"{value / 1e3:.2f} ms" if value >= 1e4 else f"{value:.1f} us"


def _mebibytes(value: Optional[int]) -> str:
    return "" if value is None else f"{value / 2**20:.1f}"


def _ratio(numerator: Optional[float], denominator: Optional[float], shown: str = "{:.2f} x") -> str:
    return "" if numerator is None or not denominator else shown.format(numerator / denominator)


def table(results: Results) -> str:
    """Ours on each shape: time, how near to the floor and to the model's bound, peers over ours, memory."""
    peers = [method for method in METHODS if method != "ours"]
    header = ["shape", "mode", "ours", "10%..90%", "of floor", "of bound", *(f"{p} / ours" for p in peers), "MiB ours", "MiB eager", "error"]
    lines = [header]
    notes = []
    for shape in results.shapes():
        for mode in MODES:
            ours = results.find(shape, "ours", mode)
            others = [results.find(shape, method, mode) for method in peers]
            if not ours and not any(others):
                continue
            time = results.median(shape, "ours", mode)
            eager = results.find(shape, "eager", mode)
            lines.append([
                str(shape), mode, _microseconds(time) or (ours.status.split(":")[0] if ours else ""),
                f"{_microseconds(quantile(ours.times_us, 0.1))}..{_microseconds(quantile(ours.times_us, 0.9))}" if time and ours else "",
                _ratio(results.floor_us(shape), time, "{:.0%}"),
                _ratio(results.bounds_us.get(str(shape)), time, "{:.0%}"),
                *(_ratio(results.median(shape, p, mode), time) or (o.status.split(":")[0] if o and o.status != "ok" else "") for p, o in zip(peers, others)),
                _mebibytes(ours.memory_bytes if ours else None), _mebibytes(eager.memory_bytes if eager else None),
                f"{ours.error:.1e}" if ours and ours.error is not None else "",
            ])  # fmt: skip
            notes += [f"{shape}, {r.method}, {mode}: {r.status}" for r in (ours, *others) if r and ":" in r.status]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    text = "\n".join("  ".join(cell.ljust(width) if i < 2 else cell.rjust(width) for i, (cell, width) in enumerate(zip(line, widths))).rstrip() for line in lines)
    return text + "".join(f"\n{note}" for note in notes)


def heading(results: Results) -> str:
    machine = results.machine
    said = ", ".join(f"{key} {machine[key]}" for key in ("driver", "cuda", "torch", "python", "imhsa", "date") if machine.get(key))
    text = f"{machine.get('name', 'unknown device')}, compute capability {machine.get('capability', '?')}; {said}"
    if results.copy_bandwidth:
        text += f"\ncopy bandwidth {results.copy_bandwidth / 1e9:.0f} GB/s: Q, K, V read once and O written once at that is the floor"
    return text


# --------------------------------------------------------------------------------------------------
# What is to hold
# --------------------------------------------------------------------------------------------------


@dataclass
class Verdict:
    what: str
    expected: str
    found: str
    holds: Optional[bool]  # None: not measured

    def __str__(self) -> str:
        word = {True: "holds", False: "MISSED", None: "not measured"}[self.holds]
        return f"{word:12}  {self.what}: {self.expected}" + (f", found {self.found}" if self.found else "")


def is_judged(results: Results) -> bool:
    """Whether this is a device that the bounds are for: one with an H100's chip."""
    return bool(re.search(r"H100|H200", results.machine.get("name", "")))


def verdicts(results: Results) -> list[Verdict]:
    """The bounds for one H100 in bf16, on what was measured."""
    found: list[Verdict] = []

    def judge(what: str, expected: str, value: Optional[float], shown: str, holds: Callable[[float], bool]) -> None:
        found.append(Verdict(what, expected, shown.format(value) if value is not None else "", None if value is None else holds(value)))

    def share(part: Optional[float], whole: Optional[float]) -> Optional[float]:
        return None if part is None or not whole else part / whole

    def best(shape: Shape, methods: tuple[str, ...]) -> Optional[float]:
        times = [time for time in (results.median(shape, method) for method in methods) if time is not None]
        return min(times) if times else None

    for shape in results.shapes():
        function, ours = shape.function, results.median(shape, "ours")
        if function.type != "bf16":
            continue
        linear = function.variant == "both"
        if linear and shape.batch == 32 and shape.tokens >= 12544:
            judge(f"{shape}", "at least 60% of the model's bound", share(results.bounds_us.get(str(shape)), ours), "{:.0%}", lambda x: x >= 0.6)
        if shape.family == "figure3" and linear:
            if shape.batch == 32 and shape.tokens >= 12544:
                judge(f"{shape}", "at least 50% of the floor", share(results.floor_us(shape), ours), "{:.0%}", lambda x: x >= 0.5)
            if shape.tokens >= 3136:
                judge(f"{shape}", "at least 6 x as fast as eager", share(results.median(shape, "eager"), ours), "{:.1f} x", lambda x: x >= 6)
                judge(f"{shape}", "at least 3 x as fast as the best torch.compile", share(best(shape, ("compile", "max-autotune")), ours), "{:.1f} x", lambda x: x >= 3)
            if shape.batch == 1 and shape.tokens == 196:
                times = [time for time in (results.median(shape, "ours", mode) for mode in MODES) if time is not None]
                judge(f"{shape}", "under 25 us", min(times) if times else None, "{:.1f} us", lambda x: x < 25)
        if shape.family == "exact":
            if shape.tokens in (4096, 16384):
                judge(f"{shape}", "at least 3 x as fast as the best torch.compile", share(best(shape, ("compile", "max-autotune")), ours), "{:.1f} x", lambda x: x >= 3)
            if shape.tokens == 65536:
                shorter = results.find(Shape(function, shape.batch, 16384), "ours")
                longer = results.find(shape, "ours")
                growth = share(longer.memory_bytes, shorter.memory_bytes) if longer and shorter else None
                judge(f"{shape}", "memory linear: at most 4.2 x that of a quarter of the tokens", growth, "{:.2f} x", lambda x: x <= 4.2)
    return found


# --------------------------------------------------------------------------------------------------
# Plots
# --------------------------------------------------------------------------------------------------

_LABELS = {"plain": "plain", "landmarks": "landmarks", "interaction": "interaction", "both": "landmarks and interaction"}
_COLORS = dict(zip(VARIANTS, ("#888888", "#1f77b4", "#d62728", "#2ca02c")))
_STYLES = {"ours": "-", "eager": "--", "compile": ":"}


def _points(results: Results, batch: int, variant: str, method: str, value: Callable[[Result], Optional[float]]) -> list[tuple[int, float]]:
    points = []
    for result in results.results:
        if (result.shape.family, result.shape.batch, result.shape.function.variant, result.method, result.mode, result.status) == (
            "figure3", batch, variant, method, "stream", "ok",
        ) and value(result):  # fmt: skip
            points.append((result.shape.tokens, value(result)))
    return sorted(points)


def plot(results: Results, folder: str) -> list[str]:
    """Figure 3: time and memory against the tokens, the four variants. The PNG files that it wrote."""
    try:
        import matplotlib
    except ImportError:
        print("bench: no plots, since there is no matplotlib here: --show the JSON file where it is", file=sys.stderr)
        return []
    matplotlib.use("Agg")
    from matplotlib import pyplot

    written = []
    for name, unit, value in (
        ("time", "milliseconds", lambda result: result.median_us / 1e3 if result.median_us else None),
        ("memory", "MiB beyond the inputs", lambda result: (result.memory_bytes or 0) / 2**20),
    ):
        batches = sorted({r.shape.batch for r in results.results if r.shape.family == "figure3"})
        if not batches:
            continue
        figure, axes = pyplot.subplots(1, len(batches), figsize=(5.5 * len(batches), 4.5), squeeze=False)
        for axis, batch in zip(axes[0], batches):
            for variant in VARIANTS:
                for method, style in _STYLES.items():
                    points = _points(results, batch, variant, method, value)
                    if points:
                        axis.plot(*zip(*points), style, marker="o", markersize=3, color=_COLORS[variant], label=f"{_LABELS[variant]}, {method}")
            if name == "time" and results.copy_bandwidth:
                shapes = sorted({r.shape.tokens: r.shape for r in results.results if r.shape.family == "figure3" and r.shape.batch == batch}.items())
                axis.plot([n for n, _ in shapes], [results.floor_us(s) / 1e3 for _, s in shapes], color="black", linewidth=0.8, label="Q, K, V, O moved once")
            axis.set(xscale="log", yscale="log", xlabel="tokens", ylabel=unit, title=f"batch {batch}")
            axis.grid(True, which="major", linewidth=0.3)
            axis.legend(fontsize=6)
        figure.suptitle(f"{results.machine.get('name', '')}: 6 heads of 64, 49 landmarks, bf16")
        figure.tight_layout()
        path = os.path.join(folder, f"figure3_{name}.png")
        figure.savefig(path, dpi=150)
        pyplot.close(figure)
        written.append(path)
    return written
