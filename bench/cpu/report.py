"""Records as tables."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

import stats


def milliseconds(value: Optional[float]) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 100 else f"{value:.0f}"


def mebibytes(value: Optional[float]) -> str:
    return "-" if value is None else f"{value / 2**20:.1f}"


def aligned(rows: List[List[str]], left: int) -> str:
    """Columns as wide as their cells; the first `left` of them, and a last one without a title, start at the left."""
    starting = {*range(left), *([len(rows[0]) - 1] if not rows[0][-1] else [])}
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [cell.ljust(width) if at in starting else cell.rjust(width) for at, (cell, width) in enumerate(zip(row, widths))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def of_case(record: Dict[str, Any]) -> str:
    """Everyone who was asked, the fastest formulation of each peer first, with what is refused and why."""
    peak, read = stats.peak_gflops(record), stats.median(record["calibration"]["read_gbs"])
    title = f"{record['name']}: {record['flops'] / 1e9:.3f} GFLOP"
    if peak and read:
        title += f"; calibrated {peak:.0f} GFLOP/s, {read:.1f} GB/s read"
    lowest = min(record["calibration"]["fma_gflops"], default=0)
    if peak and lowest < stats.DISTURBED * peak:
        title += f"; disturbed: {lowest:.0f} GFLOP/s in one round"
    if record.get("one_at_a_time"):
        title += "; one process in memory at a time"
    rows = [["", "formulation", "ms", "lowest", "x ours", "GFLOP/s", "of peak", "MiB", "error", "rounds", ""]]
    ours = stats.best_of(record, stats.OURS)
    base = stats.time_of(ours) if ours else None
    for peer in stats.peers_of(record):
        results = [result for result in record["results"] if result["peer"] == peer]
        for result in sorted(results, key=lambda result: stats.time_of(result) or float("inf")):
            rows.append(_row(record, result, base))
    return f"{title}\n{aligned(rows, 2)}"


def _row(record: Dict[str, Any], result: Dict[str, Any], base: Optional[float]) -> List[str]:
    time = stats.time_of(result)
    errors = [result[key] for key in ("error", "exact_error") if result.get(key) is not None]
    error = f"{max(errors):.1e}" if errors else "-"
    if time is None:
        return [result["peer"], result["formulation"], *["-"] * 5, mebibytes(result.get("memory")), error, "0",
                f"not measured: {result.get('refused', 'no turn')}"]
    share = stats.share_of_peak(record, time)
    notes = []
    if result.get("only_first"):
        notes.append("its first call alone")
    if "compile_seconds" in result:
        notes.append(f"compiled in {result['compile_seconds']:.2f} s")
    if "refused" in result:
        notes.append(f"ended: {result['refused']}")
    return [result["peer"], result["formulation"], milliseconds(time),
            milliseconds(result["lowest"]),
            f"{time / base:.2f}" if base else "-", f"{stats.gflops(record, time):.1f}",
            f"{100 * share:.1f}%" if share else "-", mebibytes(result.get("memory")), error,
            str(len(result["turns"])), "; ".join(notes)]


def summary(records: List[Dict[str, Any]]) -> str:
    """A row for each case: the best formulation of each peer in milliseconds, and how much faster ours is."""
    peers = list(dict.fromkeys(peer for record in records for peer in stats.peers_of(record)))
    others = [peer for peer in peers if peer != stats.OURS]
    rows = [["case", stats.OURS, "of peak", "MiB", *[cell for peer in others for cell in (peer, "x")]]]
    for record in records:
        ours = stats.best_of(record, stats.OURS)
        time = stats.time_of(ours) if ours else None
        share = stats.share_of_peak(record, time) if time else None
        row = [record["name"], milliseconds(time), f"{100 * share:.1f}%" if share else "-",
               mebibytes(ours.get("memory") if ours else None)]
        for peer in others:
            best, ratio = stats.best_of(record, peer), stats.ratio(record, peer)
            row += [milliseconds(stats.time_of(best) if best else None), f"{ratio:.2f}" if ratio else "-"]
        rows.append(row)
    return "milliseconds (medians), and how many times that of imhsa (x)\n" + aligned(rows, 1)


def ratio_line(records: List[Dict[str, Any]]) -> str:
    """The least advantage over the best peer among all cases, and that of each case."""
    ratios = []
    for record in records:
        peer = stats.best_peer(record)
        value = stats.ratio(record, peer) if peer else None
        if value is not None:
            ratios.append((value, f"{record['name']} {value:.2f} {peer}"))
    if not ratios:
        return "ratio to best peer: none (no case with ours and a peer)"
    return f"ratio to best peer: {min(ratios)[0]:.2f} (shapes {', '.join(text for _, text in ratios)})"


def machine_lines(data: Dict[str, Any]) -> str:
    machine = data["machine"]
    caches = " ".join(f"{name} {size}" for name, size in machine["caches"].items())
    versions = ", ".join(f"{name} {version}" for name, version in data["versions"].items())
    return (f"{data['date']}, {machine['cpu']}, {data['threads']} threads of {machine['cores']} cores, "
            f"{' '.join(machine['simd'])}, {caches}, {machine['memory_gib']} GiB\n{versions}")
