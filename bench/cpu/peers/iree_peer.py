"""IREE: linalg compiled by iree-compile for this processor, on its own threads.

Two forms of the same attention: `by hand`, in the named operations that IREE knows best (batch matmuls of heads,
linalg.softmax, pooling as a sum over segments), and `imhsa-opt`, what our passes make of the operation (decompose,
reorder, expand) before anything of ours that is specific to a processor.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import subprocess
from typing import Any, Dict, List

import iree.compiler
import iree.runtime

from . import Build, Run, Unsupported, segments
from .imhsa_peer import source

# Before the first driver is made.
iree.runtime.flags.parse_flags(f"--task_topology_group_count={os.environ['OMP_NUM_THREADS']}")

OPTIONS = ["--iree-hal-target-device=local", "--iree-hal-local-target-device-backends=llvm-cpu",
           "--iree-llvmcpu-target-cpu=host"]


def versions() -> Dict[str, str]:
    return {"IREE": importlib.metadata.version("iree-base-compiler")}


def formulations(case: Any) -> Dict[str, Build]:
    # Exact attention would store its matrices of scores, tokens by tokens.
    if not case.landmarks:
        return {}
    # O3 adds packing for cache lines (data tiling), which pays for some shapes and costs for others.
    return {"by hand, O2": by_hand("O2"), "by hand, O3": by_hand("O3"), "imhsa-opt, O2": by_imhsa_opt}


def by_hand(level: str) -> Build:
    return lambda problem: compiled(problem, linalg(problem.case, segments(problem), problem.scale), level)


def by_imhsa_opt(problem: Any) -> Run:
    passes = ["--imhsa-decompose", "--imhsa-reorder-contractions=allow-reassociation", "--imhsa-expand",
              "--canonicalize", "--cse"]
    tool = os.environ["IMHSA_OPT"]
    done = subprocess.run([tool, "-", *passes], input=source(problem.case), capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{tool}: {done.stderr}")
    return compiled(problem, done.stdout, "O2")


def compiled(problem: Any, module: str, level: str) -> Run:
    # A device of its own, so that the memory that it keeps for the next call goes with it.
    config = iree.runtime.Config(device=iree.runtime.get_driver("local-task").create_default_device())
    binary = translated(module, [*OPTIONS, f"--iree-opt-level={level}"])
    loaded = iree.runtime.load_vm_module(iree.runtime.VmModule.copy_buffer(config.vm_instance, binary), config)
    inputs = [iree.runtime.asdevicearray(config.device, array)
              for array in (problem.query, problem.key, problem.value, *problem.mixes)]
    function = loaded.attention

    def run() -> Any:
        return function(*inputs)

    return run


def translated(module: str, options: List[str]) -> bytes:
    """What iree-compile makes of the module, from a file where it has made that before."""
    key = hashlib.sha256("\n".join([*versions().values(), *options, module]).encode()).hexdigest()[:24]
    path = os.path.join(os.environ["IMHSA_BENCH_FOLDER"], f"iree-{key}.vmfb")
    if not os.path.exists(path):
        try:
            binary = iree.compiler.compile_str(module, extra_args=options)
        except iree.compiler.CompilerToolError as error:
            first = next((line for line in str(error).splitlines() if "error:" in line), "iree-compile failed")
            raise Unsupported(first[-200:]) from None
        with open(path + ".new", "wb") as file:
            file.write(binary)
        os.replace(path + ".new", path)
    with open(path, "rb") as file:
        return file.read()


def linalg(case: Any, segment: int, scale: float) -> str:
    """Landmark attention on [batch * heads, ...] tensors."""
    b, h, n, d, l = case.batch, case.heads, case.tokens, case.width, case.landmarks
    bh = b * h
    lines = []

    def line(text: str) -> None:
        lines.append("  " + text)

    def zeros(name: str, kind: str) -> None:
        line(f"%{name}_empty = tensor.empty() : {kind}")
        line(f"%{name}_zero = linalg.fill ins(%zero : f32) outs(%{name}_empty : {kind}) -> {kind}")

    def matmul(name: str, left: str, left_kind: str, right: str, right_kind: str, kind: str, transposed: bool = False) -> None:
        zeros(name, kind)
        maps = (" indexing_maps = [affine_map<(b, m, n, k) -> (b, m, k)>, affine_map<(b, m, n, k) -> (b, n, k)>, "
                "affine_map<(b, m, n, k) -> (b, m, n)>]") if transposed else ""
        line(f"%{name} = linalg.batch_matmul{maps} ins(%{left}, %{right} : {left_kind}, {right_kind}) "
             f"outs(%{name}_zero : {kind}) -> {kind}")

    def pool(name: str, tokens: str) -> None:
        grouped, kind = f"tensor<{bh}x{l}x{segment}x{d}xf32>", f"tensor<{bh}x{l}x{d}xf32>"
        line(f"%{name}_segments = tensor.expand_shape %{tokens} [[0], [1, 2], [3]] output_shape [{bh}, {l}, {segment}, {d}] "
             f": {flat} into {grouped}")
        zeros(f"{name}_sum", kind)
        line(f"%{name}_sum = linalg.reduce {{ arith.addf }} ins(%{name}_segments : {grouped}) outs(%{name}_sum_zero : {kind}) "
             "dimensions = [2]")
        line(f"%{name}_out = tensor.empty() : {kind}")
        line(f"%{name} = linalg.map ins(%{name}_sum : {kind}) outs(%{name}_out : {kind}) "
             f"(%x: f32, %unused: f32) {{ %y = arith.mulf %x, %mean : f32 linalg.yield %y : f32 }}")

    def mix(name: str, weights: str, scores: str, rows: int, columns: int) -> None:
        kind = f"tensor<{bh}x{rows}x{columns}xf32>"
        if not case.mixing:
            line(f"%{name} = tensor.cast %{scores} : {kind} to {kind}")
            return
        split, square = f"tensor<{b}x{h}x{rows}x{columns}xf32>", f"tensor<{h}x{h}xf32>"
        line(f"%{name}_heads = tensor.expand_shape %{scores} [[0, 1], [2], [3]] output_shape [{b}, {h}, {rows}, {columns}] "
             f": {kind} into {split}")
        zeros(f"{name}_mixed", split)
        line(f"%{name}_mixed = linalg.generic {{indexing_maps = [affine_map<(b, s, r, c, h) -> (s, h)>, "
             "affine_map<(b, s, r, c, h) -> (b, h, r, c)>, affine_map<(b, s, r, c, h) -> (b, s, r, c)>], "
             'iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} '
             f"ins(%{weights}, %{name}_heads : {square}, {split}) outs(%{name}_mixed_zero : {split}) {{")
        line("^bb0(%w: f32, %x: f32, %sum: f32):")
        line("  %p = arith.mulf %w, %x : f32")
        line("  %q = arith.addf %sum, %p : f32")
        line("  linalg.yield %q : f32")
        line(f"}} -> {split}")
        line(f"%{name} = tensor.collapse_shape %{name}_mixed [[0, 1], [2], [3]] : {split} into {kind}")

    def weights_of(name: str, scores: str, pre: str, post: str, rows: int, columns: int) -> None:
        kind = f"tensor<{bh}x{rows}x{columns}xf32>"
        mix(f"{name}_logits", pre, scores, rows, columns)
        line(f"%{name}_soft_empty = tensor.empty() : {kind}")
        line(f"%{name}_soft = linalg.softmax dimension(2) ins(%{name}_logits : {kind}) outs(%{name}_soft_empty : {kind}) -> {kind}")
        mix(name, post, f"{name}_soft", rows, columns)

    flat, full = f"tensor<{bh}x{n}x{d}xf32>", f"tensor<{b}x{h}x{n}x{d}xf32>"
    landmarks, read, summed = f"tensor<{bh}x{l}x{d}xf32>", f"tensor<{bh}x{n}x{l}xf32>", f"tensor<{bh}x{l}x{n}xf32>"
    line("%zero = arith.constant 0.0 : f32")
    line(f"%mean = arith.constant {scale / segment:.9e} : f32")
    for name in ("query", "key", "value"):
        line(f"%{name}_flat = tensor.collapse_shape %{name} [[0, 1], [2], [3]] : {full} into {flat}")
    pool("pooled_query", "query_flat")
    pool("pooled_key", "key_flat")
    matmul("summed_scores", "pooled_query", landmarks, "key_flat", flat, summed, transposed=True)
    weights_of("summed", "summed_scores", "c", "d", l, n)
    matmul("context", "summed", summed, "value_flat", flat, landmarks)
    matmul("read_scores", "query_flat", flat, "pooled_key", landmarks, read, transposed=True)
    weights_of("read", "read_scores", "a", "b", n, l)
    matmul("flat_result", "read", read, "context", landmarks, flat)
    line(f"%result = tensor.expand_shape %flat_result [[0, 1], [2], [3]] output_shape [{b}, {h}, {n}, {d}] : {flat} into {full}")
    line(f"return %result : {full}")
    names = ["a", "b", "c", "d"] if case.mixing else []
    arguments = [f"%{name}: {full}" for name in ("query", "key", "value")]
    arguments += [f"%{name}: tensor<{h}x{h}xf32>" for name in names]
    body = "\n".join(lines)
    return f"func.func @attention({', '.join(arguments)}) -> {full} {{\n{body}\n}}\n"
