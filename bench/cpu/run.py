"""Measures attention on a CPU: ours against NumPy, PyTorch, oneDNN and IREE. See docs/cpu-benchmark.md."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import re
import sys
from typing import Any, Dict, List

import install
import machine
import report
import rounds
import stats
from cases import EXACT, LANDMARKS, QUICK, Case, figure_cases
from peers import PEERS
from worker import realtime

# What is left out of --quick, since it compiles for longer than that may take.
SLOW_TO_BUILD = "compiled"
# For the picture: one formulation of each kind is enough.
FIGURE_PEERS = ("imhsa", "PyTorch", "PyTorch (default malloc)")
FIGURE_FORMULATIONS = ("imhsa", "matmul", "scaled_dot_product_attention", "whole", "chunks of 256")


def parse_case(text: str) -> Case:
    """B,H,N,D,L or, of exact attention, B,H,N,D."""
    try:
        sizes = [int(size) for size in text.split(",")]
    except ValueError:
        sizes = []
    if len(sizes) not in (4, 5) or min(sizes) < 1:
        raise argparse.ArgumentTypeError(f"expected B,H,N,D,L or B,H,N,D, found '{text}'")
    return Case(*sizes)


def parse(arguments: List[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench cpu", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two shapes in 50 s, once the peers are installed")
    parser.add_argument("--case", type=parse_case, action="append", default=[], metavar="B,H,N,D[,L]",
                        help="measure this one instead of all; may be repeated")
    parser.add_argument("--peers", default=",".join(PEERS), help="those to measure, with commas between; by default %(default)s")
    parser.add_argument("--rounds", type=int, default=15, help="most rounds of a case")
    parser.add_argument("--seconds", type=float, default=40, help="about how long the rounds of a case may take")
    parser.add_argument("--no-figure", action="store_true", help="without the four variants over the tokens")
    parser.add_argument("--realtime", action="store_true",
                        help="turns run before everything else on the machine (SCHED_FIFO, needs the right to it)")
    parser.add_argument("--output", metavar="FOLDER", help="where results.json, table.txt and the pictures are written; "
                        "by default build/bench/latest")
    parser.add_argument("--show", metavar="FILE.json", help="measure nothing: tables and pictures of a results.json")
    args = parser.parse_args(arguments)
    args.peers = args.peers.split(",")
    unknown = [peer for peer in args.peers if peer not in PEERS]
    if unknown:
        parser.error(f"unknown peer '{unknown[0]}': expected one of {', '.join(PEERS)}")
    if args.rounds < rounds.FEWEST_ROUNDS:
        parser.error(f"--rounds: expected at least {rounds.FEWEST_ROUNDS}, found {args.rounds}")
    if args.realtime:
        try:
            with realtime(True):
                pass
        except PermissionError:
            parser.error("--realtime: this user may not schedule with SCHED_FIFO")
    if args.quick:
        args.no_figure = True
        args.seconds = min(args.seconds, 5)
    if args.case:
        args.no_figure = True
    args.output = args.output or os.path.join(install.FOLDER, "latest")
    return args


def measure(args: argparse.Namespace) -> Dict[str, Any]:
    refusals = install.peers()
    library, failed = install.onednn()
    if failed:
        refusals.setdefault("onednn_peer", failed)
    threads = int(os.environ.get("OMP_NUM_THREADS", "2"))
    environment = {
        "IMHSA_BENCH_FOLDER": install.FOLDER,
        "IMHSA_BENCH_ONEDNN": library,
        "IMHSA_OPT": os.path.join(install.ROOT, "build", "bin", "imhsa-opt"),
        "TORCHINDUCTOR_CACHE_DIR": os.path.join(install.FOLDER, "inductor"),
    }
    calibrate = rounds.Calibration(install.calibration(), threads, args.realtime)
    installed = os.path.exists(install.PYTHON)
    processes, missing = rounds.start(
        lambda peer: install.PYTHON if peer.module in install.PACKAGES and installed else sys.executable,
        {name: PEERS[name] for name in args.peers}, threads, args.realtime, environment, refusals)
    data: Dict[str, Any] = {
        "date": datetime.date.today().isoformat(), "machine": machine.describe(), "threads": threads,
        "realtime": args.realtime, "quick": args.quick, "versions": {}, "records": [], "figure": [],
    }
    for process in processes.values():
        data["versions"].update(process.versions)
    print(report.machine_lines(data) + "\n", flush=True)

    def without_slow(peer: str, formulations: List[str]) -> List[str]:
        return [name for name in formulations if not name.startswith(SLOW_TO_BUILD)]

    def leaders(peer: str, formulations: List[str]) -> List[str]:
        """Those that were the best of their peer at some case with landmarks; all where there was none."""
        found = {best["formulation"] for record in data["records"] if record["case"]["landmarks"]
                 for best in [stats.best_of(record, peer)] if best}
        return [name for name in formulations if name in found] or formulations

    def keep(kind: str, record: Dict[str, Any]) -> None:
        """What has been measured is written and shown at once, whatever comes after."""
        data[kind].append(record)
        write(data, args.output)
        print(report.of_case(record) + "\n", flush=True)

    cases = args.case or (QUICK if args.quick else [*LANDMARKS[:-1], *EXACT, LANDMARKS[-1]])
    try:
        for case in cases:
            choose, left_out = (without_slow, "left out by --quick") if args.quick else (None, "")
            if case.landmarks and rounds.is_crowded(case, len(processes)):
                choose, left_out = leaders, "left out: a large case, and not the best of its peer at any before"
            keep("records", rounds.measure(
                case, processes, missing, calibrate, rounds=args.rounds, seconds=args.seconds,
                exact_error=not args.quick and case.scores <= 1 << 24, choose=choose, left_out=left_out))
        if not args.no_figure:
            measured = {name: process for name, process in processes.items() if name in FIGURE_PEERS}
            known = {record["name"]: record for record in data["records"]}
            for case in figure_cases(most_exact=12544):
                keep("figure", known.get(case.name) or rounds.measure(
                    case, measured, {}, calibrate, rounds=5, seconds=5, exact_error=False,
                    choose=lambda peer, found: [name for name in found if name in FIGURE_FORMULATIONS]))
    finally:
        for process in processes.values():
            process.close()
    return data


def write(data: Dict[str, Any], folder: str) -> None:
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "results.json"), "w") as file:
        file.write(one_line_lists(json.dumps(data, indent=1)) + "\n")


def one_line_lists(text: str) -> str:
    """JSON with lists of numbers on one line each."""
    return re.sub(r"\[([\d.,\s+e-]*)\]", lambda found: "[" + " ".join(found[1].split()) + "]", text)


def present(data: Dict[str, Any], folder: str) -> str:
    """Writes tables and pictures into the folder; the summary."""
    os.makedirs(folder, exist_ok=True)
    sections = [report.machine_lines(data)]
    if data["records"]:
        sections.append(report.summary(data["records"]))
    sections += [report.of_case(record) for record in data["records"]]
    if data["figure"]:
        import plot

        plot.figure(data["figure"], f"H = 6, D = 64, L = 49, f32, {data['threads']} threads\n{data['machine']['cpu']}", folder)
        sections.append(report.summary(data["figure"]))
    with open(os.path.join(folder, "table.txt"), "w") as file:
        file.write("\n\n".join(sections) + "\n")
    return report.summary(data["records"])


def main() -> int:
    args = parse(sys.argv[1:])
    if args.show:
        with open(args.show) as file:
            data = json.load(file)
    else:
        data = measure(args)
    print(present(data, args.output))
    print(f"\nwritten to {os.path.relpath(args.output)}")
    print(report.ratio_line(data["records"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
