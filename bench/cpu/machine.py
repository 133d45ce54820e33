"""What the figures depend on: the processor, its caches, memory, the system."""

from __future__ import annotations

import glob
import os
import platform
from typing import Any, Dict


def available_memory() -> int:
    """Bytes that programs can still have without swapping."""
    with open("/proc/meminfo") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("MemAvailable:"))


def _read(path: str) -> str:
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError:
        return ""


def describe() -> Dict[str, Any]:
    fields = dict(line.split(":", 1) for line in _read("/proc/cpuinfo").split("\n\n")[0].splitlines() if ":" in line)
    info = {key.strip(): value.strip() for key, value in fields.items()}
    model = info.get("model name") or info.get("CPU part") or platform.machine()
    if "cpu family" in info:
        model += f" (family {info['cpu family']}, model {info.get('model', '?')})"
    flags = info.get("flags", info.get("Features", "")).split()
    caches = {}
    for folder in sorted(glob.glob("/sys/devices/system/cpu/cpu0/cache/index*")):
        kind = {"Data": "d", "Instruction": "i"}.get(_read(folder + "/type"), "")
        caches[f"L{_read(folder + '/level')}{kind}"] = _read(folder + "/size")
    memory = next((line.split()[1] for line in _read("/proc/meminfo").splitlines() if line.startswith("MemTotal:")), "0")
    return {
        "cpu": model,
        "cores": len(os.sched_getaffinity(0)),
        "simd": [flag for flag in flags if flag in ("avx2", "fma", "f16c", "avx512f", "avx512_bf16", "amx_tile", "asimd", "sve")],
        "caches": caches,
        "memory_gib": round(int(memory) / 2**20, 1),
        "virtual": "hypervisor" in flags,
        "system": platform.platform(),
        "python": platform.python_version(),
        "huge_pages": _read("/sys/kernel/mm/transparent_hugepage/enabled"),
    }
