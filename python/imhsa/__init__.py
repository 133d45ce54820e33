"""Attention that imhsa-compile compiled, called on arrays of any library that speaks DLPack.

    import imhsa
    library = imhsa.load("libattention.so")          # or imhsa.compile("attention.mlir")
    output = library.attention(query, key, value)    # NumPy, PyTorch, CuPy, JAX: no copies

`help(library.attention)` shows what a function takes. imhsa.ir builds modules. What goes wrong is an imhsa.Error.
"""

from ._compile import compile
from ._errors import (
    CompileError,
    CudaError,
    Error,
    InvalidArgument,
    InvalidLibrary,
    InvalidTensor,
    NoDevice,
    OutOfMemory,
)
from ._function import Function, TensorType
from ._library import Library, load
from ._runtime import set_num_threads

__version__ = "0.1.0"

__all__ = [
    "CompileError",
    "CudaError",
    "Error",
    "Function",
    "InvalidArgument",
    "InvalidLibrary",
    "InvalidTensor",
    "Library",
    "NoDevice",
    "OutOfMemory",
    "TensorType",
    "compile",
    "load",
    "set_num_threads",
]
