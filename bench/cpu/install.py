"""Makes what the benchmark needs in build/venv-bench and build/bench, once; what cannot be had is said, not hidden.

Packages come from PyPI by pip. oneDNN's libraries have no Python; they are packages there too (of the last release
with OpenMP as its threads: later packages need SYCL and a device for it).
"""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys
import urllib.request
from typing import Dict, List, Optional

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VENV = os.path.join(ROOT, "build", "venv-bench")
FOLDER = os.path.join(ROOT, "build", "bench")
NATIVE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "native")
PYTHON = os.path.join(VENV, "bin", "python")

CPU_WHEELS = "https://download.pytorch.org/whl/cpu"
# By module of peers/. The build of PyTorch for CPUs alone is not on PyPI; the one that is brings CUDA's libraries.
PACKAGES: Dict[str, List[str]] = {
    "torch_peer": ["torch"],
    "onednn_peer": ["onednn-devel-cpu-gomp==2023.2.0"],
    "iree_peer": ["iree-base-compiler", "iree-base-runtime"],
}


def _say(text: str) -> None:
    print(f"==> {text}", file=sys.stderr, flush=True)


def _run(command: List[str]) -> Optional[str]:
    """The last line of what a command that failed said, or None."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines = done.stdout.strip().splitlines()
    return None if done.returncode == 0 else (lines[-1] if lines else f"{command[0]} failed")


def _pip(packages: List[str], *options: str) -> Optional[str]:
    return _run([PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1",
                 *options, *packages])


def _reachable(address: str) -> bool:
    try:
        urllib.request.urlopen(address, timeout=10).close()
        return True
    except OSError:
        return False


def peers() -> Dict[str, str]:
    """Installs the peers that are missing. Why those that cannot be are not there, by module."""
    os.makedirs(FOLDER, exist_ok=True)
    stamps = os.path.join(VENV, "installed")
    if not os.path.exists(PYTHON):
        failed = _run([sys.executable, "-m", "venv", VENV]) or _pip(["numpy==" + __import__("numpy").__version__])
        if failed:
            shutil.rmtree(VENV, ignore_errors=True)
            return {module: f"cannot make {VENV}: {failed}" for module in PACKAGES}
    os.makedirs(stamps, exist_ok=True)
    refusals: Dict[str, str] = {}
    for module, packages in PACKAGES.items():
        stamp = os.path.join(stamps, module)
        if os.path.exists(stamp):
            continue
        _say(f"installing in build/venv-bench: {' '.join(packages)}")
        options = ["--extra-index-url", CPU_WHEELS] if module == "torch_peer" and _reachable(CPU_WHEELS) else []
        # Of two builds of one version, pip prefers the one with a local version such as +cpu.
        reason = _pip(packages, *options)
        if reason:
            refusals[module] = f"cannot be installed: {reason}"
        else:
            open(stamp, "w").close()
    return refusals


def calibration() -> str:
    """The library of native/calibrate.c for this processor."""
    library = os.path.join(FOLDER, "libcalibrate.so")
    source = os.path.join(NATIVE, "calibrate.c")
    failed = _compile(library, source, ["clang-22", "-O3", "-march=native", "-ffp-contract=fast", "-pthread"])
    if failed:
        sys.exit(f"cpu: cannot compile {source}: {failed}")
    return library


def onednn() -> "tuple[str, Optional[str]]":
    """The library of native/onednn_chain.cpp, and why it is not there."""
    library = os.path.join(FOLDER, "libonednn_chain.so")
    found = sorted(glob.glob(os.path.join(VENV, "lib", "libdnnl.so.3.*")))
    if not found:
        return library, f"no libdnnl in {VENV}/lib"
    failed = _compile(library, os.path.join(NATIVE, "onednn_chain.cpp"),
                      ["clang++-22", "-std=c++17", "-O2", f"-I{VENV}/include", found[-1], "-Wl,-rpath,$ORIGIN/../venv-bench/lib"])
    return library, failed and f"cannot compile the chain: {failed}"


def _compile(library: str, source: str, command: List[str]) -> Optional[str]:
    if os.path.exists(library) and os.path.getmtime(library) > os.path.getmtime(source):
        return None
    return _run([*command, "-shared", "-fPIC", source, "-o", library])
