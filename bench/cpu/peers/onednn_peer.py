"""oneDNN: a chain of its primitives in C++ (native/onednn_chain.cpp), with oneDNN's own threads."""

from __future__ import annotations

import ctypes
import os
import weakref
from typing import Any, Dict

import numpy as np

from . import Build, Run, segments

# ./dev bench cpu builds it: see install.py.
_library = ctypes.CDLL(os.environ["IMHSA_BENCH_ONEDNN"])
_library.chain_create.restype = ctypes.c_void_p
_library.chain_version.restype = _library.chain_error.restype = ctypes.c_char_p


def versions() -> Dict[str, str]:
    return {"oneDNN": _library.chain_version().decode()}


def formulations(case: Any) -> Dict[str, Build]:
    if not case.landmarks:
        return {}
    return {"matmul": chain(1), "convolution": chain(2)} if case.mixing else {"matmul": chain(0)}


def chain(mixing: int) -> Build:
    def build(problem: Any) -> Run:
        segments(problem)
        sizes = (ctypes.c_int64 * 4)(*problem.query.shape)
        mixes = (ctypes.c_void_p * 4)(*[weights.ctypes.data for weights in problem.mixes])
        tensors = [ctypes.c_void_p(array.ctypes.data) for array in (problem.query, problem.key, problem.value, problem.out)]
        made = _library.chain_create(sizes, ctypes.c_int64(problem.case.landmarks), mixing, *tensors, mixes)
        if not made:
            raise RuntimeError(f"oneDNN: {_library.chain_error().decode()}")
        handle = ctypes.c_void_p(made)

        def run() -> np.ndarray:
            if _library.chain_run(handle):
                raise RuntimeError(f"oneDNN: {_library.chain_error().decode()}")
            return problem.out

        weakref.finalize(run, _library.chain_destroy, handle)
        return run

    return build
