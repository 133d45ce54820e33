"""What can go wrong: one class for each status of the C interface, and one for the compiler."""

from __future__ import annotations

from typing import Dict, Type


class Error(Exception):
    """The base of all errors of this package; its text says what was expected and what was found."""


class InvalidArgument(Error, ValueError):
    """A name, an index or an option that is not there."""


class InvalidTensor(Error, ValueError):
    """An array that does not fit: element type, rank, shape, strides, device, alignment, overlap."""


class InvalidLibrary(Error, OSError):
    """A file that cannot be read, is no library of compiled functions, or is damaged."""


class NoDevice(Error, RuntimeError):
    """No CUDA driver, no GPU, or no code for this GPU."""


class CudaError(Error, RuntimeError):
    """A call of the CUDA driver failed."""


class OutOfMemory(Error, MemoryError):
    """There is no memory for the workspace of a call."""


class CompileError(Error):
    """imhsa-compile or imhsa-opt is not there, or rejects what it was given; the text is its diagnostics."""


# By imhsa_status, but for IMHSA_OK.
BY_STATUS: Dict[int, Type[Error]] = {
    1: InvalidArgument,
    2: InvalidTensor,
    3: InvalidLibrary,
    4: NoDevice,
    5: CudaError,
    6: OutOfMemory,
}
