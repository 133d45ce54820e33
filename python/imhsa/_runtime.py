"""The files that imhsa-compile makes: checked, mapped, and opened by the runtime inside them."""

from __future__ import annotations

import ctypes
import os
import shutil
import struct
import tempfile
import threading
import weakref
import zlib
from typing import Dict, Optional

from . import _abi
from ._errors import BY_STATUS, Error, InvalidLibrary

# imhsa_trailer of runtime/Artifact.h: magic, bytes of the file, CRC-32 of all before it, ABI.
_TRAILER = struct.Struct("<8sQII")
_MAGIC = b"imhsa.so"
_SYMBOL = "imhsa_library_artifact"  # IMHSA_ARTIFACT_SYMBOL

_lock = threading.Lock()
# What is mapped stays so until the process ends: by path, and by CRC-32 for the versions of a file.
_mapped: Dict[str, Dict[int, ctypes.CDLL]] = {}
_num_threads: Optional[int] = None


class Opened:
    """An artifact that its runtime has opened; closed when nothing refers to it any more."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.runtime = _map(path)
        self.handle = ctypes.c_void_p()
        artifact = ctypes.addressof(ctypes.c_char.in_dll(self.runtime, _SYMBOL))
        self.check(
            self.runtime.imhsa_open_embedded(artifact, ctypes.byref(self.handle)), f"{path}: "
        )
        # Not at exit, where other threads may still be in a call.
        weakref.finalize(self, self.runtime.imhsa_close, self.handle).atexit = False
        self.device: int = self.runtime.imhsa_library_device(self.handle)

    def check(self, status: int, where: str = "") -> None:
        """Raises the error that `status` stands for, with the runtime's text."""
        if status:
            raise BY_STATUS.get(status, Error)(where + text(self.runtime.imhsa_last_error()))


def set_num_threads(count: int) -> None:
    """How many threads, the caller included, functions on a CPU use from now on, in all libraries.

    Zero or less: the default again, OMP_NUM_THREADS or else the number of processors that the
    process may use.
    """
    global _num_threads
    with _lock:
        _num_threads = count
        for versions in _mapped.values():
            for runtime in versions.values():
                runtime.imhsa_set_num_threads(count)


def text(value: Optional[bytes]) -> str:
    return (value or b"").decode("utf-8", "replace")


def _map(path: str) -> ctypes.CDLL:
    """Maps the shared library at `path`, once it is known to be whole."""
    path = os.path.realpath(path)
    crc = _checked(path)
    with _lock:
        versions = _mapped.get(path, {})
        if crc in versions:
            return versions[crc]
        if versions:
            # The loader would return what it mapped from this path before.
            with tempfile.TemporaryDirectory(prefix="imhsa-") as folder:
                runtime = _dlopen(shutil.copy(path, folder))
        else:
            runtime = _dlopen(path)
        if _num_threads is not None:
            runtime.imhsa_set_num_threads(_num_threads)
        _mapped.setdefault(path, {})[crc] = runtime
        return runtime


def _dlopen(path: str) -> ctypes.CDLL:
    try:
        runtime = ctypes.CDLL(path)
        _abi.declare(runtime)
    except (OSError, AttributeError) as error:
        raise InvalidLibrary(f"{path}: {error}") from None
    return runtime


def _checked(path: str) -> int:
    """The CRC-32 of the library at `path`, if that is what its trailer says.

    Mapping a damaged file can end the process.
    """
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as error:
        raise InvalidLibrary(f"{path}: {error.strerror}") from None
    if len(content) < _TRAILER.size:
        raise InvalidLibrary(
            f"{path}: expected a library that imhsa-compile made, found {len(content)} bytes"
        )
    magic, size, crc, _ = _TRAILER.unpack_from(content, len(content) - _TRAILER.size)
    if magic != _MAGIC:
        raise InvalidLibrary(f"{path}: not a library that imhsa-compile made, or cut short")
    if size != len(content):
        raise InvalidLibrary(f"{path}: damaged: expected {size} bytes, found {len(content)}")
    found = zlib.crc32(memoryview(content)[: -_TRAILER.size])
    if found != crc:
        raise InvalidLibrary(f"{path}: damaged: expected CRC-32 {crc:08x}, found {found:08x}")
    return found
