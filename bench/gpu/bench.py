"""Measures compiled attention on a GPU against PyTorch, after it has compared with float64.

    python3 bench.py                          # in a folder that make_folder.sh made
    python3 bench.py --families=figure3 --minutes=8 --output=results.json
    python3 bench.py --resume --output=results.json       # what is missing there
    python3 bench.py --show results.json      # the table and the plots again, anywhere

Needs PyTorch 2.4 or later with a GPU, and libbench_sm_80.so or libbench_sm_90a.so beside it. docs/benchmark.md says how to read
the numbers. The exit code is 1 where a result of ours is wrong or a call of ours fails; bounds that
are missed are printed, and with --strict are 1, too.
"""
from __future__ import annotations

import argparse
import datetime
import gc
import os
import platform
import re
import subprocess
import sys
import time
from typing import Any, Callable, Optional

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in (HERE, os.path.join(HERE, "..", "..", "python")):
    sys.path.append(folder)

import shapes as catalogue
from results import METHODS, Result, Results, heading, is_judged, plot, table, verdicts
from shapes import Shape

BOUND = {"f64": 5e-12, "f32": 5e-6, "f16": 2e-3, "bf16": 1e-2}  # of the relative error
MOST_ROWS = 1 << 32  # of products of a query and a key in a comparison: above, some rows of the result are compared
SAMPLED_ROWS = 509
GRAPH_BELOW_US = 500.0  # calls shorter than this are measured as CUDA graphs, too
MOST_GRAPHS = 32  # one for each set of inputs


def parse(arguments: Optional[list[str]] = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", help="what imhsa-compile made of --emit; default: libbench_CHIP.so here, for this GPU")
    parser.add_argument("--roofline", default=os.path.join(HERE, "roofline.json"), help="what roofline.py wrote: for the fraction of the bound")
    parser.add_argument("--output", default="results.json", help="JSON, written after every shape; plots go beside it")
    parser.add_argument("--families", default="", help="only these, by commas: " + ", ".join(dict.fromkeys(s.family for s in catalogue.shapes())))
    parser.add_argument("--shapes", default="", metavar="REGEX", help="only those whose name, as --list prints it, matches")
    parser.add_argument("--methods", default=",".join(METHODS), help="only these, by commas: " + ", ".join(METHODS))
    parser.add_argument("--tokens", type=int, nargs="+", help="these numbers of tokens in place of those of the shapes, for a trial")
    parser.add_argument("--batch", type=int, help="this batch in place of that of the shapes")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="start no further shape after so long")
    parser.add_argument("--resume", action="store_true", help="keep what --output has, and measure the rest")
    parser.add_argument("--repeats", type=int, default=200, help="calls of a measurement at most")
    parser.add_argument("--milliseconds", type=float, default=1000.0, help="a measurement should not take longer")
    parser.add_argument("--seed", type=int, help="of the inputs; default: a new one, which is printed")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda", help="cpu: for trying this program; its numbers mean nothing")
    parser.add_argument("--strict", action="store_true", help="fail where a bound is missed or was not measured")
    parser.add_argument("--list", action="store_true", help="print the shapes, and run nothing")
    parser.add_argument("--emit", action="store_true", help="print the source of the library for the chosen shapes, and run nothing")
    parser.add_argument("--show", metavar="RESULTS", help="show these results, and run nothing")
    args = parser.parse_args(arguments)
    for kind, names, given in (
        ("family", {s.family for s in catalogue.shapes()}, args.families),
        ("method", set(METHODS), args.methods),
    ):
        for name in filter(None, given.split(",")):
            if name not in names:
                parser.error(f"there is no {kind} {name!r}: expected some of {', '.join(sorted(names))}")
    try:
        re.compile(args.shapes)
    except re.error as error:
        parser.error(f"--shapes={args.shapes}: {error}")
    return args


def chosen(args: argparse.Namespace) -> list[Shape]:
    families = set(filter(None, args.families.split(",")))
    found: dict[str, Shape] = {}
    for shape in catalogue.shapes():
        if (families and shape.family not in families) or not re.search(args.shapes, str(shape)):
            continue
        for tokens in args.tokens or [shape.tokens]:
            made = Shape(shape.function, args.batch or shape.batch, tokens, shape.family)
            found.setdefault(str(made), made)
    return list(found.values())


# --------------------------------------------------------------------------------------------------
# The machine
# --------------------------------------------------------------------------------------------------


def driver_version() -> Optional[str]:
    try:
        done = subprocess.run(["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"], capture_output=True, text=True)
    except OSError:
        return None
    return done.stdout.split("\n")[0].strip() or None if done.returncode == 0 else None


def find_library(capability: str) -> str:
    """The one for just this chip where there is one; else that for sm_80, which the driver compiles."""
    exact = os.path.join(HERE, f"libbench_sm_{capability.replace('.', '')}a.so")
    return exact if os.path.exists(exact) else os.path.join(HERE, "libbench_sm_80.so")


def commit() -> Optional[str]:
    """Of the sources, as make_folder.sh wrote it."""
    path = os.path.join(HERE, "commit")
    if not os.path.exists(path):
        return None
    with open(path) as file:
        return file.read().strip()


def describe(device: Any, torch: Any, imhsa: Any) -> dict[str, Any]:
    return {
        **device.describe(),
        "driver": driver_version() if device.name == "cuda" else None,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "imhsa": commit() or imhsa.__version__,
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
    }


def model_bounds(path: str, device_name: str) -> dict[str, float]:
    """The bounds of roofline.py for this device, by shape; none where it knows no such device."""
    import json

    if not os.path.exists(path):
        print(f"bench: there is no {path}: times are not compared with the model's bound", file=sys.stderr)
        return {}
    with open(path) as file:
        model = json.load(file)
    for chip in model["chips"]:
        if any(word in device_name for word in chip["devices"]):
            return {entry["shape"]: entry["bound_us"] for entry in model["shapes"] if entry["chip"] == chip["name"]}
    print(f"bench: the model of {path} has no '{device_name}': times are not compared with its bound", file=sys.stderr)
    return {}


# --------------------------------------------------------------------------------------------------
# Measuring
# --------------------------------------------------------------------------------------------------


class Bench:
    def __init__(self, args: argparse.Namespace):
        try:
            import torch
        except ImportError as error:
            raise SystemExit(f"bench: expected PyTorch 2.4 or later in {sys.executable}: {error}")
        if tuple(map(int, torch.__version__.split(".")[:2])) < (2, 4):
            raise SystemExit(f"bench: expected PyTorch 2.4 or later in {sys.executable}, found {torch.__version__}")

        import formulations
        import imhsa
        import measure

        self.args, self.torch, self.formulations, self.measure = args, torch, formulations, measure
        self.device = measure.Cuda() if args.device == "cuda" else measure.Cpu()
        try:
            self.library = imhsa.load(args.library or find_library(self.device.describe()["capability"]))
        except imhsa.Error as error:
            raise SystemExit(f"bench: {error}")
        if missing := {shape.function.name for shape in chosen(args)} - set(self.library.functions):
            raise SystemExit(f"bench: {self.library.path} was made for other shapes: it has no {', '.join(sorted(missing))}")
        self.effort = measure.Effort(least=min(10, args.repeats), most=args.repeats, milliseconds=args.milliseconds)
        self.results = Results.load(args.output) if args.resume and os.path.exists(args.output) else Results()
        self.results.machine = describe(self.device, torch, imhsa)
        self.results.bounds_us = model_bounds(args.roofline, self.results.machine["name"])
        self.seed = args.seed if args.seed is not None else int.from_bytes(os.urandom(4), "little")
        if self.results.copy_bandwidth is None:
            self.results.copy_bandwidth = measure.copy_bandwidth(self.device, self.effort, self.free_bytes())

    def free_bytes(self) -> Optional[int]:
        return self.torch.cuda.mem_get_info()[0] if self.device.name == "cuda" else None

    def methods(self, shape: Shape) -> list[str]:
        """Those that make sense: landmarks need the first of the fused calls, what is exact the second."""
        wanted = self.args.methods.split(",")
        return [m for m in METHODS if m in wanted and (m != "sdpa-landmarks" or shape.function.has_landmarks)]

    def rows(self, shape: Shape) -> Any:
        """Which queries' results are compared: all, or a sample where that would take too long."""
        keys = shape.function.landmarks or shape.tokens
        if shape.batch * shape.function.heads * shape.tokens * keys <= MOST_ROWS:
            return None
        picked = self.torch.randperm(shape.tokens, generator=self.torch.Generator().manual_seed(self.seed))[:SAMPLED_ROWS]
        return self.torch.unique(self.torch.cat([picked, self.torch.tensor([0, shape.tokens - 1])])).to(self.device.name)

    def calls(self, shape: Shape, method: str, inputs: Any) -> list[Callable[[], Any]]:
        """A call for each set of inputs."""
        torch, formulations = self.torch, self.formulations
        if method == "ours":
            function = getattr(self.library, shape.function.name)

            def ours(tensors, output):
                return lambda: function(*tensors, *inputs.mixings, out=output)

            return [ours(tensors, output) for tensors, output in zip(inputs.sets, inputs.outputs)]
        extra: list[tuple] = [()] * len(inputs.sets)
        if method == "sdpa-landmarks":
            function = formulations.two_fused_calls
            pool = formulations.pooled
            extra = [tuple(pool(x, shape.function.landmarks) for x in tensors[:2]) for tensors in inputs.sets]
        elif method == "sdpa-exact":
            function = formulations.exact_fused_call
        else:
            function = formulations.eager(shape.function)
            weights = tuple(weight.to(inputs.sets[0][0].dtype) for weight in inputs.mixings)
            extra = [weights] * len(inputs.sets)
            if method != "eager":
                torch._dynamo.reset()
                mode = "max-autotune-no-cudagraphs" if method == "max-autotune" else "default"
                function = torch.compile(function, mode=mode, dynamic=False)
        return [lambda tensors=tensors, more=more: function(*tensors, *more) for tensors, more in zip(inputs.sets, extra)]

    def error(self, shape: Shape, call: Callable[[], Any], inputs: Any, expected: Any, rows: Any) -> float:
        found = call()
        self.device.synchronize()
        return self.formulations.relative_error(found if rows is None else found[:, :, rows], expected)

    def measure_stream(self, result: Result, calls: list[Callable[[], Any]], inputs: Any, expected: Any, rows: Any) -> None:
        """Correctness, then times and memory."""
        shape, method = result.shape, result.method
        if not method.startswith("sdpa"):  # those compute something else
            if method == "ours":
                inputs.outputs[0].fill_(float("nan"))
            result.error = self.error(shape, calls[0], inputs, expected, rows)
        if method == "ours" and not result.error <= BOUND[shape.function.type]:
            result.status = f"wrong: relative error {result.error:.2e}, expected at most {BOUND[shape.function.type]:.0e}"
            return
        result.times_us = [round(t, 2) for t in self.measure.measure(calls, self.device, self.effort)]
        result.memory_bytes = self.device.peak_bytes(calls[0])
        if method == "ours":
            # Its workspace comes from the driver, and its result lay there before.
            function = getattr(self.library, shape.function.name)
            workspace = function.workspace_size(*inputs.sets[0], *inputs.mixings)
            result.memory_bytes = workspace + inputs.outputs[0].numel() * inputs.outputs[0].element_size()

    def measure_graphs(self, result: Result, calls: list[Callable[[], Any]]) -> None:
        captured = [self.device.capture(call) for call in calls[:MOST_GRAPHS]]
        result.times_us = [round(t, 2) for t in self.measure.measure(captured, self.device, self.effort)]

    def attempt(self, result: Result, work: Callable[[], None]) -> None:
        """Does the work, and writes into the result how it ended."""
        self.results.results.append(result)
        try:
            work()
        except self.torch.cuda.OutOfMemoryError:
            result.status = "out of memory"
        except Exception as failure:  # A peer may fail in any way; ours makes the exit code 1.
            result.status = f"failed: {type(failure).__name__}: {(str(failure).splitlines() or [''])[0]}"
        gc.collect()
        self.device.release()
        self.library.release_workspaces()

    def run_method(self, shape: Shape, method: str, inputs: Any, expected: Any, rows: Any) -> None:
        calls: list[Callable[[], Any]] = []

        def stream() -> None:
            calls.extend(self.calls(shape, method, inputs))
            self.measure_stream(result, calls, inputs, expected, rows)

        result = Result(shape, method)
        self.attempt(result, stream)
        if result.status == "ok" and self.device.graphs and result.median_us < GRAPH_BELOW_US:
            graph = Result(shape, method, "graph", memory_bytes=result.memory_bytes, error=result.error)
            self.attempt(graph, lambda: self.measure_graphs(graph, calls))

    def run(self, shape: Shape) -> None:
        missing = [m for m in self.methods(shape) if not self.results.find(shape, m)]
        if not missing:
            return
        sets = self.measure.count_sets(shape, self.device.cache_bytes, self.free_bytes())
        try:
            inputs = self.measure.make_inputs(shape, self.device, self.seed, sets)
            rows = self.rows(shape)
            expected = self.formulations.reference(shape.function, *inputs.sets[0], inputs.mixings, rows)
        except self.torch.cuda.OutOfMemoryError:
            self.results.results += [Result(shape, method, status="left out: no memory for the inputs and the reference") for method in missing]
        else:
            for method in missing:
                self.run_method(shape, method, inputs, expected, rows)
        self.results.save(self.args.output)


def show(results: Results, folder: str) -> None:
    print(heading(results))
    print()
    print(table(results))
    if is_judged(results):
        print("\nBounds, for one H100:")
        print("\n".join(map(str, verdicts(results))))
    else:
        print("\nThe bounds are for an H100: nothing is judged here.")
    for path in plot(results, folder):
        print(f"wrote {path}")


def main() -> int:
    args = parse()
    selected = chosen(args)
    if args.show:
        show(Results.load(args.show), os.path.dirname(os.path.abspath(args.show)))
        return 0
    if not selected:
        print("bench: no shape is left: see --list", file=sys.stderr)
        return 2
    if args.list:
        print("\n".join(f"{shape.family:8} {shape}" for shape in selected))
        return 0
    if args.emit:
        print(catalogue.module(list(dict.fromkeys(shape.function for shape in selected))), end="")
        return 0

    bench = Bench(args)
    results = bench.results
    print(f"{heading(results)}\nseed {bench.seed}", flush=True)
    start, late = time.monotonic(), 0
    with bench.torch.no_grad():
        for at, shape in enumerate(selected):
            if time.monotonic() - start > 60 * args.minutes:
                late = len(selected) - at
                break
            bench.run(shape)
            ours = results.find(shape, "ours")
            said = f"{ours.median_us:.1f} us, error {ours.error:.1e}" if ours and ours.status == "ok" else ours.status if ours else ""
            print(f"[{time.monotonic() - start:5.0f} s] {shape}: {said}", flush=True)
    print()
    show(results, os.path.dirname(os.path.abspath(args.output)))
    if late:
        print(f"{late} of {len(selected)} shapes were left out after {args.minutes:g} minutes: --resume measures them")
    bad = [r for r in results.results if r.method == "ours" and r.status != "ok"]
    for result in bad:
        print(f"bench: {result.shape}, {result.mode}: {result.status}", file=sys.stderr)
    missed = not is_judged(results) or any(not verdict.holds for verdict in verdicts(results))
    return 1 if bad or (args.strict and missed) else 0


if __name__ == "__main__":
    sys.exit(main())
