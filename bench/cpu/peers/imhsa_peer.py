"""Ours: a module of one imhsa.attention, compiled by imhsa-compile for this processor, called through python/imhsa."""

from __future__ import annotations

import os
import sys
import time
from typing import Any, Dict

from . import Build, Run

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "python"))
import imhsa  # noqa: E402


def versions() -> Dict[str, str]:
    return {"imhsa": imhsa.__version__}


def formulations(case: Any) -> Dict[str, Build]:
    named = {"imhsa": built_with()}
    # What the second sweep over keys does matters only where heads mix after the softmax.
    if case.mixing:
        named["recompute"] = built_with(second_sweep="recompute")
    return named


def source(case: Any) -> str:
    """The module of one attention with static sizes."""
    tokens = f"tensor<{case.batch}x{case.heads}x{case.tokens}x{case.width}xf32>"
    mix = f"tensor<{case.heads}x{case.heads}xf32>"
    names = (["a", "b", "c", "d"] if case.landmarks else ["a", "b"]) if case.mixing else []
    arguments = ", ".join([f"%{name}: {tokens}" for name in ("query", "key", "value")] + [f"%{n}: {mix}" for n in names])
    clauses = [f"landmarks(#imhsa.pool<{case.landmarks}>)"] if case.landmarks else []
    for clause, pre, post in zip(["key_less" if case.landmarks else "interaction", "query_less"], names[::2], names[1::2]):
        clauses.append(f"{clause}(pre = %{pre} : {mix}, post = %{post} : {mix})")
    return f"""func.func @attention({arguments}) -> {tokens} {{
  %init = tensor.empty() : {tokens}
  %result = imhsa.attention ins(%query, %key, %value : {tokens}, {tokens}, {tokens})
    {" ".join(clauses)} outs(%init : {tokens}) -> {tokens}
  return %result : {tokens}
}}
"""


def built_with(**options: Any) -> Build:
    def build(problem: Any) -> Run:
        start = time.perf_counter()
        library = imhsa.compile(source(problem.case), cpu="native", **options)
        seconds = time.perf_counter() - start
        function = library.attention
        inputs = (problem.query, problem.key, problem.value, *problem.mixes)

        def run() -> Any:
            return function(*inputs, out=problem.out)

        run.compile_seconds = seconds  # type: ignore[attr-defined]
        run.workspace = function.workspace_size(*inputs)  # type: ignore[attr-defined]
        return run

    return build
