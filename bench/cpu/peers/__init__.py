"""Those that are measured. Each module has

    versions() -> {name: version}, of what it measures; raises ImportError or OSError where that is not there
    formulations(case) -> {name: build}
    build(problem) -> run, a function without arguments that computes the attention and returns its result: an array
        of NumPy, or what np.asarray makes one of without a copy

Where a formulation cannot serve a case, or would take too much memory for it, build raises Unsupported with the
reason, which the table shows.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, NamedTuple


class Unsupported(Exception):
    """Why a formulation is not measured."""


Run = Callable[[], Any]
Build = Callable[[Any], Run]


class Peer(NamedTuple):
    """A process of its own measures each: libraries bring threads of their own, and malloc is of a process."""

    module: str
    tuned_malloc: bool = False
    """Freed memory stays with the process and is not given back and faulted in again by every call. Memory is measured
    in the process of the same module without this, since it could not be told what of it a call takes."""


PEERS: Dict[str, Peer] = {
    "imhsa": Peer("imhsa_peer"),
    "NumPy": Peer("numpy_peer"),
    "PyTorch": Peer("torch_peer", tuned_malloc=True),
    "PyTorch (default malloc)": Peer("torch_peer"),
    "oneDNN": Peer("onednn_peer"),
    "IREE": Peer("iree_peer"),
}


def segments(problem: Any) -> int:
    """Tokens for each landmark, where that is a whole number."""
    case = problem.case
    if case.tokens % case.landmarks:
        raise Unsupported(f"{case.tokens} tokens are not a multiple of {case.landmarks} landmarks")
    return case.tokens // case.landmarks
