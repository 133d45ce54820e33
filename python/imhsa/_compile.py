"""Calls imhsa-compile, and finds it and the other tools."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import List, Sequence, Union

from ._errors import CompileError
from ._library import Library, load

_TOOL = "imhsa-compile"
_BESIDE = Path(__file__).resolve().parents[2] / "build" / "bin"

Option = Union[bool, int, float, str, Sequence[str], "os.PathLike[str]", None]


def compile(
    source: Union[str, "os.PathLike[str]"],
    target: str = "cpu",
    *,
    output: Union[str, "os.PathLike[str]", None] = None,
    **options: Option,
) -> Library:
    """Compiles MLIR to a shared library and loads it.

    source: the path of an .mlir file, or its text, which is told by a brace or an end of line.
    target: "cpu" or "cuda".
    output: where the library is kept; by default nowhere, once it is loaded.
    options: those of imhsa-compile, with _ for -: chip="sm_90a" (or a list), cpu="native",
        header="attention.h". True stands for an option without a value, None for no option.

    Raises CompileError with the diagnostics of imhsa-compile; what it says without failing is
    `diagnostics` of the library. The tool is that of the environment variable IMHSA_COMPILE, or
    else found in PATH, or in the build folder of the checkout that this package lies in.
    """
    text = source if isinstance(source, str) and ("{" in source or "\n" in source) else None
    with tempfile.TemporaryDirectory(prefix="imhsa-") as folder:
        path = os.fspath(output) if output is not None else os.path.join(folder, "libcompiled.so")
        command = [
            tool(_TOOL),
            os.fspath(source) if text is None else "-",
            f"--target={target}",
            "-o",
            path,
        ]
        for name, value in options.items():
            command += _argument(name, value)
        try:
            done = subprocess.run(
                command, input=text or "", capture_output=True, text=True, errors="replace"
            )
        except OSError as error:
            raise CompileError(f"{command[0]}: {error.strerror}") from None
        if done.returncode:
            reason = done.stderr.strip() or f"{_TOOL} ended with exit code {done.returncode}"
            raise CompileError(reason)
        library = load(path)
    library.diagnostics = done.stderr
    return library


def _argument(name: str, value: Option) -> List[str]:
    option = "--" + name.replace("_", "-")
    if value is None or value is False:
        return []
    if value is True:
        return [option]
    if isinstance(value, (list, tuple)):
        value = ",".join(value)
    return [f"{option}={value}"]


def tool(name: str) -> str:
    """Where a tool is: what its variable says (IMHSA_COMPILE), or in PATH, or beside this package."""
    variable = name.upper().replace("-", "_")
    found = os.environ.get(variable) or shutil.which(name)
    if not found and (_BESIDE / name).exists():
        found = str(_BESIDE / name)
    if not found:
        raise CompileError(
            f"{name} not found: expected its path in {variable}, or the tool in PATH or at {_BESIDE}"
        )
    return found
