"""Times and memory of calls: on a GPU by device events, on a CPU (for tests) by the clock.

A call is measured on several sets of inputs in turn, so many that no set is still in the
second-level cache when its turn comes again.
"""
from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import Any, Callable, Optional, Sequence

import torch

from shapes import BYTES, Shape

Tensor = torch.Tensor
TYPES = {"bf16": torch.bfloat16, "f16": torch.float16, "f32": torch.float32, "f64": torch.float64}


class Cuda:
    """The current GPU."""

    name = "cuda"
    graphs = True

    def __init__(self) -> None:
        if not torch.cuda.is_available():
            raise SystemExit("bench: PyTorch sees no GPU (torch.cuda.is_available() is false)")
        self.properties = torch.cuda.get_device_properties(0)
        self.cache_bytes = getattr(self.properties, "L2_cache_size", 0) or 50 << 20

    def describe(self) -> dict[str, Any]:
        return {
            "name": self.properties.name,
            "capability": f"{self.properties.major}.{self.properties.minor}",
            "memory_bytes": self.properties.total_memory,
            "multiprocessors": self.properties.multi_processor_count,
            "l2_bytes": self.cache_bytes,
            "cuda": torch.version.cuda,
        }

    def synchronize(self) -> None:
        torch.cuda.synchronize()

    def time_each(self, calls: Sequence[Callable[[], Any]]) -> list[float]:
        """Microseconds of each call, between two events; the host runs ahead where it can."""
        events = [(torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)) for _ in calls]
        torch.cuda.synchronize()
        for call, (start, end) in zip(calls, events):
            start.record()
            call()
            end.record()
        torch.cuda.synchronize()
        return [start.elapsed_time(end) * 1e3 for start, end in events]

    def peak_bytes(self, call: Callable[[], Any]) -> int:
        """What PyTorch allocates in a call beyond what was allocated before, its results included."""
        torch.cuda.synchronize()
        torch.cuda.empty_cache()
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        result = call()
        torch.cuda.synchronize()
        del result
        return torch.cuda.max_memory_allocated() - before

    def capture(self, call: Callable[[], Any]) -> Callable[[], Any]:
        """The call as a CUDA graph; it must have been called before."""
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            result = call()
        return _Replay(graph, result)

    def release(self) -> None:
        torch.cuda.synchronize()
        torch.cuda.empty_cache()


class _Replay:
    def __init__(self, graph: Any, result: Any) -> None:
        self.graph, self.result = graph, result  # the graph writes the result's memory

    def __call__(self) -> Any:
        self.graph.replay()
        return self.result


class Cpu:
    """For trying the benchmark without a GPU: its numbers mean nothing."""

    name = "cpu"
    graphs = False
    cache_bytes = 1 << 20

    def describe(self) -> dict[str, Any]:
        return {"name": "CPU", "capability": "0.0", "memory_bytes": 0, "multiprocessors": 0, "l2_bytes": self.cache_bytes, "cuda": None}

    def synchronize(self) -> None:
        pass

    def time_each(self, calls: Sequence[Callable[[], Any]]) -> list[float]:
        times = []
        for call in calls:
            start = time.perf_counter()
            call()
            times.append((time.perf_counter() - start) * 1e6)
        return times

    def peak_bytes(self, call: Callable[[], Any]) -> int:
        call()
        return 0

    def capture(self, call: Callable[[], Any]) -> Callable[[], Any]:
        raise NotImplementedError("graphs need a GPU")

    def release(self) -> None:
        pass


@dataclass
class Inputs:
    """Sets of Q, K and V and a place for O, and the mixings that all sets share."""

    sets: list[tuple[Tensor, Tensor, Tensor]]
    outputs: list[Tensor]
    mixings: tuple[Tensor, ...]  # f32
    bytes: int = field(default=0)


_MOST_SETS = 256


def count_sets(shape: Shape, cache_bytes: int, free_bytes: Optional[int]) -> int:
    """So many that those between two turns of a set fill the cache twice, if they fit in memory."""
    bytes_of_set = 4 * shape.elements * BYTES[shape.function.type]
    count = 1 + math.ceil(2 * cache_bytes / bytes_of_set)
    if free_bytes is not None:
        count = min(count, max(1, free_bytes // 3 // bytes_of_set))
    return min(count, _MOST_SETS)


def make_inputs(shape: Shape, device: Any, seed: int, sets: int) -> Inputs:
    """Standard normal Q, K and V; mixings near the identity, as trained ones are."""
    generator = torch.Generator(device=device.name).manual_seed(seed)
    function = shape.function
    size = (shape.batch, function.heads, shape.tokens, function.width)

    def tensor() -> Tensor:
        return torch.randn(size, generator=generator, device=device.name, dtype=torch.float32).to(TYPES[function.type])

    def mixing() -> Tensor:
        noise = torch.randn((function.heads,) * 2, generator=generator, device=device.name)
        return torch.eye(function.heads, device=device.name) + noise / function.heads

    inputs = Inputs([(tensor(), tensor(), tensor()) for _ in range(sets)], [], tuple(mixing() for _ in function.mixings))
    inputs.outputs = [torch.empty_like(q) for q, _, _ in inputs.sets]
    return inputs


@dataclass
class Effort:
    """How long a measurement may take."""

    least: int = 10
    most: int = 200
    milliseconds: float = 1000.0

    def repeats(self, microseconds: float) -> int:
        """So many calls as fit, at least `least`, but three where even one is long."""
        fitting = int(self.milliseconds * 1e3 / max(microseconds, 1e-3))
        return max(3 if microseconds > 1e6 else self.least, min(self.most, fitting))


def measure(calls: Sequence[Callable[[], Any]], device: Any, effort: Effort) -> list[float]:
    """Microseconds of calls in turn, after a warm-up: one round, and once more to see how long it takes."""
    warm_up = list(calls[: max(3, min(len(calls), 8))])
    device.time_each(warm_up)
    estimate = min(device.time_each(warm_up))
    count = effort.repeats(estimate)
    return device.time_each([calls[i % len(calls)] for i in range(count)])


def copy_bandwidth(device: Any, effort: Effort, free_bytes: Optional[int]) -> float:
    """Bytes a second of a copy within memory, those read and those written."""
    size = 64 << 20 if device.name == "cpu" else min(2 << 30, (free_bytes or 2 << 30) // 4)
    source = torch.zeros(size, dtype=torch.uint8, device=device.name)
    target = torch.empty_like(source)
    times = sorted(measure([lambda: target.copy_(source)], device, effort))
    return 2 * size / (times[len(times) // 2] * 1e-6)
