"""The process that measures one peer: worker.py MODULE [--realtime], with commands as lines of JSON on stdin.

Every answer is a line of JSON: {"value": ...}, or {"refused": reason} where a formulation cannot be measured.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import importlib
import json
import os
import sys
import time
from typing import Any, Callable, Dict, Iterator, List, Optional
from contextlib import contextmanager

import numpy as np

from cases import Case, Problem, check_case
from peers import Unsupported

MOST_CALLS = 50  # in a turn
LONG = 0.5       # seconds of a call from which on a turn has no call beforehand


@contextmanager
def realtime(wanted: bool) -> Iterator[None]:
    """All threads of this process before those of others, as long as this lasts."""
    def schedule(policy: int, priority: int) -> None:
        for thread in os.listdir("/proc/self/task"):
            try:
                os.sched_setscheduler(int(thread), policy, os.sched_param(priority))
            except ProcessLookupError:
                pass  # It has ended meanwhile.

    if wanted:
        schedule(os.SCHED_FIFO, 10)
    try:
        yield
    finally:
        if wanted:
            schedule(os.SCHED_OTHER, 0)


def status(key: str) -> int:
    """A line of /proc/self/status such as "VmHWM:  1234 kB", in bytes."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(key + ":"))


def trim() -> None:
    """Gives freed memory back, so that what takes it next is seen."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)


def first_call(call: Callable[[], Any], out: np.ndarray) -> Dict[str, float]:
    """Milliseconds of a call, and bytes by which it raises the memory of the process at most, without its output."""
    trim()
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # The peak is what is in use now.
    before, start = status("VmRSS"), time.perf_counter()
    result = call()
    end = time.perf_counter()
    growth = status("VmHWM") - before
    # An output that the call has made itself is none of its temporaries.
    if not np.shares_memory(np.asarray(result), out):
        growth -= out.nbytes
    return {"milliseconds": (end - start) * 1e3, "memory": max(growth, 0)}


def timed_calls(call: Callable[[], Any], seconds: float, warm: bool) -> List[float]:
    """Milliseconds of each call, until the calls have taken so many seconds together."""
    if not warm:
        call()
    times: List[float] = []
    end = time.perf_counter() + seconds
    while True:
        start = time.perf_counter()
        call()
        now = time.perf_counter()
        times.append((now - start) * 1e3)
        if now >= end or len(times) == MOST_CALLS:
            return times


class Worker:
    def __init__(self, module: str, is_realtime: bool) -> None:
        self.peer = importlib.import_module("peers." + module)
        self.is_realtime = is_realtime
        self.problem: Optional[Problem] = None
        self.runs: Dict[str, Callable[[], Any]] = {}
        self.last: Dict[str, float] = {}

    def versions(self) -> Dict[str, str]:
        return self.peer.versions()

    def formulations(self, case: Dict[str, Any]) -> List[str]:
        return list(self.peer.formulations(Case(**case)))

    def check(self, case: Dict[str, Any], formulation: str) -> float:
        """The error on a small case of the same kind."""
        problem = Problem(check_case(Case(**case)), seed=2)
        return problem.error(np.asarray(self.peer.formulations(Case(**case))[formulation](problem)()))

    def prepare(self, case: Dict[str, Any]) -> None:
        """Inputs of the case, unless they are there."""
        if self.problem is None or self.problem.case != Case(**case):
            self.problem = Problem(Case(**case))

    def build(self, formulation: str) -> Dict[str, Any]:
        """What there is to say about what was built, beside its time."""
        assert self.problem
        trim()
        run = self.peer.formulations(self.problem.case)[formulation](self.problem)
        self.runs[formulation] = run
        return {key: getattr(run, key) for key in ("compile_seconds", "workspace") if hasattr(run, key)}

    def first(self, formulation: str) -> Dict[str, float]:
        assert self.problem
        found = first_call(self.runs[formulation], self.problem.out)
        self.last[formulation] = found["milliseconds"] / 1e3
        return found

    def error(self, formulation: str) -> float:
        """The error on the measured case itself."""
        assert self.problem
        self.problem.out.fill(np.nan)
        return self.problem.error(np.asarray(self.runs[formulation]()))

    def turn(self, formulation: str, seconds: float) -> List[float]:
        warm = self.last.get(formulation, 0) > LONG
        with realtime(self.is_realtime):
            times = timed_calls(self.runs[formulation], seconds, warm)
        self.last[formulation] = times[-1] / 1e3
        return times

    def drop(self, formulation: str) -> None:
        self.runs.pop(formulation, None)
        trim()

    def release(self) -> None:
        """Inputs, buffers and what was built, so that another process has the memory."""
        self.problem = None
        self.runs.clear()
        self.last.clear()
        trim()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("module")
    parser.add_argument("--realtime", action="store_true")
    args = parser.parse_args()
    # Libraries print: what they say goes to stderr, away from the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(kind: str, value: Any) -> None:
        print(json.dumps({kind: value}), file=answers, flush=True)

    try:
        worker = Worker(args.module, args.realtime)
        answer("value", worker.versions())
    except (ImportError, OSError, KeyError) as error:
        answer("refused", f"{type(error).__name__}: {error}")
        return
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer("value", getattr(worker, command.pop("do"))(**command))
        except Unsupported as error:
            answer("refused", str(error))
        except Exception as error:  # Of any library: the peer's row shows it, and the others go on.
            answer("refused", f"{type(error).__name__}: {str(error).strip().splitlines()[0][:200] if str(error).strip() else ''}")


if __name__ == "__main__":
    main()
