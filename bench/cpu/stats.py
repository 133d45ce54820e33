"""From samples to figures."""

from __future__ import annotations

import statistics
from typing import Any, Dict, Iterable, List, Optional

OURS = "imhsa"
DISTURBED = 0.8  # of the calibrated peak: a round in which others had the cores


def median(samples: Iterable[float]) -> Optional[float]:
    values = list(samples)
    return statistics.median(values) if values else None


def time_of(result: Dict[str, Any]) -> Optional[float]:
    """The median over rounds, in milliseconds; that of a round is the median of the calls of its turn. None: not measured."""
    return median(result["turns"])


def best(results: Iterable[Dict[str, Any]]) -> Optional[Dict[str, Any]]:
    """The fastest of the results that were measured."""
    measured = [result for result in results if time_of(result) is not None]
    return min(measured, key=time_of, default=None)  # type: ignore[arg-type]


def peers_of(record: Dict[str, Any]) -> List[str]:
    """In the order of measuring, ours first."""
    return list(dict.fromkeys(result["peer"] for result in record["results"]))


def best_of(record: Dict[str, Any], peer: str) -> Optional[Dict[str, Any]]:
    return best(result for result in record["results"] if result["peer"] == peer)


def ratio(record: Dict[str, Any], peer: str) -> Optional[float]:
    """How many times faster ours is than the peer's best formulation."""
    ours, other = best_of(record, OURS), best_of(record, peer)
    if ours is None or other is None:
        return None
    return time_of(other) / time_of(ours)  # type: ignore[operator]


def best_peer(record: Dict[str, Any]) -> Optional[str]:
    """The peer whose best formulation is fastest."""
    found = best(result for result in record["results"] if result["peer"] != OURS)
    return found["peer"] if found else None


def peak_gflops(record: Dict[str, Any]) -> Optional[float]:
    return median(record["calibration"]["fma_gflops"])


def gflops(record: Dict[str, Any], milliseconds: float) -> float:
    return record["flops"] / milliseconds / 1e6


def share_of_peak(record: Dict[str, Any], milliseconds: float) -> Optional[float]:
    peak = peak_gflops(record)
    return gflops(record, milliseconds) / peak if peak else None
