"""Runs the workers and measures one case: checks first, then rounds in which everyone has a turn."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import time
from typing import Any, Callable, Dict, List, Optional

import numpy as np

import stats
from cases import Case
from machine import available_memory
from peers import PEERS, Peer
from worker import LONG, realtime

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
# Freed memory stays with the process, and is in huge pages where the system allows it on request.
TUNED_MALLOC = f"glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold={1 << 40}:glibc.malloc.hugetlb=1"
TURN = 0.06       # seconds of a turn, at least one call
QUIET = 0.9       # of the highest calibration so far, for a round to begin
WAITS = 20        # calibrations before it begins anyhow
PAUSE = 0.004     # seconds between turns, for threads of the last one that still wait actively
FEWEST_ROUNDS = 3
TOO_LONG = 10     # seconds of a first call from which on there is no other
MOST_ERROR = 5e-6  # against the oracle, of what is measured
FAR = 1.5         # what takes that many times the best of its peer after FEWEST_ROUNDS leaves


class Refused(Exception):
    """What a worker says where it cannot measure."""


class Process:
    """A worker and the connection to it."""

    def __init__(self, peer: Peer, python: str, threads: int, is_realtime: bool, environment: Dict[str, str]) -> None:
        self.peer = peer
        self._start = lambda: self._launch(python, threads, is_realtime, environment)
        self._start()

    def _launch(self, python: str, threads: int, is_realtime: bool, environment: Dict[str, str]) -> None:
        peer = self.peer
        count = str(threads)
        variables = {**os.environ, **environment, "PYTHONDONTWRITEBYTECODE": "1",
                     **{name: count for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}}
        variables.pop("GLIBC_TUNABLES", None)
        if peer.tuned_malloc:
            variables["GLIBC_TUNABLES"] = TUNED_MALLOC
        command = [python, os.path.join(HERE, "worker.py"), peer.module, *["--realtime"] * is_realtime]
        self.log = open(os.path.join(environment["IMHSA_BENCH_FOLDER"], f"{peer.module}.log"), "a")
        self.process = subprocess.Popen(command, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.log, text=True)
        try:
            self.versions: Dict[str, str] = self._answer()
        except Refused:
            self.close()
            raise

    def __call__(self, do: str, **arguments: Any) -> Any:
        assert self.process.stdin
        try:
            print(json.dumps({"do": do, **arguments}), file=self.process.stdin, flush=True)
        except BrokenPipeError:
            pass  # The missing answer says it.
        return self._answer()

    def revive(self) -> None:
        """Another process where the last one has ended, such as by the system when memory was short."""
        if self.process.poll() is not None:
            self.close()
            self._start()

    def _answer(self) -> Any:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise Refused(f"its process ended with exit code {self.process.wait()}: see {os.path.relpath(self.log.name, ROOT)}")
        answer = json.loads(line)
        if "refused" in answer:
            raise Refused(answer["refused"])
        return answer["value"]

    def close(self) -> None:
        assert self.process.stdin
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        self.process.wait()
        self.log.close()


class Calibration:
    """The loops of native/calibrate.c."""

    BYTES = 256 << 20  # More than any cache.

    def __init__(self, library: str, threads: int, is_realtime: bool) -> None:
        self.library = ctypes.CDLL(library)
        self.library.calibrate_fma.restype = self.library.calibrate_read.restype = ctypes.c_double
        self.threads, self.is_realtime = threads, is_realtime
        self.data = np.ones(self.BYTES, np.uint8)
        self.highest = 0.0

    def __call__(self) -> Dict[str, float]:
        """What the cores do now; waits a while where others have them, so that a round begins when they are free."""
        for _ in range(WAITS):
            found = self._measure()
            if found["fma_gflops"] > QUIET * self.highest:
                break
            time.sleep(0.25)
        self.highest = max(self.highest, found["fma_gflops"])
        return found

    def _measure(self) -> Dict[str, float]:
        data, size = ctypes.c_void_p(self.data.ctypes.data), ctypes.c_size_t(self.BYTES)
        with realtime(self.is_realtime):
            return {"fma_gflops": self.library.calibrate_fma(self.threads, ctypes.c_double(0.02)),
                    "read_gbs": self.library.calibrate_read(self.threads, ctypes.c_double(0.04), data, size)}


Choose = Callable[[str, List[str]], List[str]]


def measure(case: Case, processes: Dict[str, Process], missing: Dict[str, str], calibrate: Calibration, *,
            rounds: int, seconds: float, exact_error: bool, choose: Optional[Choose] = None,
            left_out: str = "") -> Dict[str, Any]:
    """The record of one case: every formulation of every peer that `choose` does not leave out.

    left_out: why it does; the others then have rows that say so.

    seconds: about how long the rounds may take; there are at least FEWEST_ROUNDS, and at most `rounds`. Where processes
        make their inputs anew for each turn, one round may be all.
    exact_error: also the error on the case itself, whose oracle takes time.
    """
    record: Dict[str, Any] = {"case": case.to_json(), "name": case.name, "flops": case.flops,
                              "calibration": {"fma_gflops": [], "read_gbs": []}, "results": []}
    results = record["results"]
    crowded = is_crowded(case, len(processes))
    record["one_at_a_time"] = crowded
    for peer, process in processes.items():
        try:
            process.revive()
            found = process("formulations", case=case.to_json())
        except Refused as reason:
            missing = {**missing, peer: str(reason)}
            continue
        chosen = choose(peer, found) if choose else found
        for formulation in found:
            result = {"peer": peer, "formulation": formulation, "turns": []}
            if formulation in chosen:
                results.append(result)
            elif left_out:
                results.append({**result, "refused": left_out})
        if not found:
            results.append({"peer": peer, "formulation": "", "turns": [], "refused": "no formulation of such a case"})
    for peer, reason in missing.items():
        results.append({"peer": peer, "formulation": "", "turns": [], "refused": reason})

    for peer in dict.fromkeys(result["peer"] for result in results if "refused" not in result):
        process = processes[peer]
        for result in results:
            if result["peer"] == peer and "refused" not in result:
                _attempt(result, lambda: _introduce(process, case, result, exact_error))
        if crowded:
            _release(process)

    _share_memory(results)
    _leave_early(record, processes, crowded)
    start, count = time.perf_counter(), 0
    fewest = 1 if crowded else FEWEST_ROUNDS
    while count < rounds and (count < fewest or time.perf_counter() - start < seconds * (count / (count + 1))):
        active = [result for result in results if "refused" not in result and not result.get("left")]
        if not active:
            break
        for kind, value in calibrate().items():
            record["calibration"][kind].append(value)
        shift = count % len(active)
        for result in active[shift:] + active[:shift]:
            time.sleep(PAUSE)
            process = processes[result["peer"]]
            _attempt(result, lambda: _take_turn(process, case, result, crowded))
        count += 1
        if count == FEWEST_ROUNDS:
            _leave(record, processes, crowded)
    for process in processes.values():
        _release(process)
    return record


def _release(process: Process) -> None:
    try:
        process("release")
    except Refused:
        pass  # It has ended, and rows say so.


def _introduce(process: Process, case: Case, result: Dict[str, Any], exact_error: bool) -> None:
    formulation = result["formulation"]
    process.revive()
    result["error"] = _correct(process("check", case=case.to_json(), formulation=formulation))
    process("prepare", case=case.to_json())
    result.update(process("build", formulation=formulation))
    first = process("first", formulation=formulation)
    result["first"] = first["milliseconds"]
    if not process.peer.tuned_malloc:
        result["memory"] = first["memory"]
    if exact_error:
        result["exact_error"] = _correct(process("error", formulation=formulation))


def _correct(error: float) -> float:
    if not error <= MOST_ERROR:
        raise Refused(f"wrong: relative error {error:.1e}, expected at most {MOST_ERROR}")
    return error


def _take_turn(process: Process, case: Case, result: Dict[str, Any], crowded: bool) -> None:
    if crowded:
        process("prepare", case=case.to_json())
        process("build", formulation=result["formulation"])
    times = process("turn", formulation=result["formulation"], seconds=TURN)
    result["turns"].append(round(stats.median(times), 5))  # type: ignore[arg-type]
    result["lowest"] = min([*times, result.get("lowest", times[0])])
    if crowded:
        process("release")


def _attempt(result: Dict[str, Any], step: Callable[[], None]) -> None:
    try:
        step()
    except Refused as reason:
        result["refused"] = str(reason)


def _share_memory(results: List[Dict[str, Any]]) -> None:
    """What a formulation takes with the default malloc is what it takes with the tuned one."""
    for result in results:
        for twin in results:
            if "memory" in twin and "memory" not in result and twin["formulation"] == result["formulation"] and \
                    PEERS[twin["peer"]].module == PEERS[result["peer"]].module:
                result["memory"] = twin["memory"]


def _leave_early(record: Dict[str, Any], processes: Dict[str, Process], crowded: bool) -> None:
    """Formulations of long calls whose first one is far behind that of another of their peer have had their only turn,
    and so have those whose first one took too long."""
    for peer in stats.peers_of(record):
        results = [result for result in record["results"] if result["peer"] == peer and "refused" not in result]
        least = min((result["first"] for result in results), default=0)
        for result in results:
            if result["first"] > min(max(FAR * least, 1e3 * LONG), 1e3 * TOO_LONG):
                result.update(turns=[result["first"]], lowest=result["first"], only_first=True)
                _drop(result, processes, crowded)


def _leave(record: Dict[str, Any], processes: Dict[str, Process], crowded: bool) -> None:
    """Formulations that are far from the best one of their peer leave the rounds, with the turns that they had."""
    for result in record["results"]:
        best = stats.best_of(record, result["peer"])
        if result["turns"] and best and stats.time_of(result) > FAR * stats.time_of(best):  # type: ignore[operator]
            _drop(result, processes, crowded)


def _drop(result: Dict[str, Any], processes: Dict[str, Process], crowded: bool) -> None:
    result["left"] = True
    if not crowded:
        processes[result["peer"]]("drop", formulation=result["formulation"])


def is_crowded(case: Case, processes: int) -> bool:
    """The tensors of all processes, and some matrices of scores in each, would take most of the memory."""
    scores = 4 * case.scores if case.landmarks else 0  # Exact attention in chunks has few.
    return processes * (4 * case.tensor_bytes + 4 * scores) > available_memory() // 2


def start(python: Callable[[Peer], str], peers: Dict[str, Peer], threads: int, is_realtime: bool, environment: Dict[str, str],
          refusals: Dict[str, str]) -> "tuple[Dict[str, Process], Dict[str, str]]":
    """The workers of the peers, and why there is none of the others; `refusals` says it of some beforehand."""
    processes: Dict[str, Process] = {}
    missing: Dict[str, str] = {}
    for name, peer in peers.items():
        try:
            if peer.module in refusals:
                raise Refused(refusals[peer.module])
            processes[name] = Process(peer, python(peer), threads, is_realtime, environment)
        except Refused as reason:
            missing[name] = str(reason)
            print(f"cpu: {name} is not measured: {reason}", file=sys.stderr)
    return processes, missing
