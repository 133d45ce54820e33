"""Records as pictures: time and memory over tokens, of the four variants of the paper's Figure 3."""

from __future__ import annotations

import os
from typing import Any, Dict, List, Optional

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

import stats  # noqa: E402

VARIANTS = {
    (False, False): ("plain", "tab:gray"),
    (False, True): ("interaction", "tab:red"),
    (True, False): ("landmarks", "tab:blue"),
    (True, True): ("landmarks and interaction", "tab:green"),
}
LINES = {stats.OURS: ("-", "o"), "PyTorch": ("--", "s")}


def _points(records: List[Dict[str, Any]], variant: Any, peer: str, value: Any) -> List[Any]:
    points = []
    for record in records:
        case = record["case"]
        if (case["landmarks"] > 0, case["mixing"]) == variant:
            found = value(record, peer)
            if found is not None:
                points.append((case["tokens"], found))
    return sorted(points)


def _time(record: Dict[str, Any], peer: str) -> Optional[float]:
    best = stats.best_of(record, peer)
    return stats.time_of(best) if best else None


def _memory(record: Dict[str, Any], peer: str) -> Optional[float]:
    best = stats.best_of(record, peer)
    return best["memory"] / 2**20 if best and "memory" in best else None


def figure(records: List[Dict[str, Any]], title: str, folder: str) -> List[str]:
    """Writes time.png and memory.png into the folder; their paths."""
    paths = []
    for name, label, value in (("time", "milliseconds (median)", _time), ("memory", "MiB over inputs and output", _memory)):
        picture, axes = plt.subplots(figsize=(7.5, 5))
        for variant, (text, colour) in VARIANTS.items():
            for peer, (line, marker) in LINES.items():
                points = _points(records, variant, peer, value)
                if points:
                    axes.plot(*zip(*points), line, marker=marker, color=colour, markersize=4, label=f"{text}: {peer}")
        axes.set_xscale("log")
        axes.set_yscale("log" if name == "time" else "symlog", **({} if name == "time" else {"linthresh": 1}))
        axes.set_xlabel("tokens")
        axes.set_ylabel(label)
        axes.set_title(title, fontsize=9)
        axes.grid(True, which="major", alpha=0.3)
        axes.legend(fontsize=7, handlelength=3.5)
        ticks = sorted({record["case"]["tokens"] for record in records})
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
        axes.minorticks_off()
        picture.tight_layout()
        paths.append(os.path.join(folder, f"{name}.png"))
        picture.savefig(paths[-1], dpi=130)
        plt.close(picture)
    return paths
