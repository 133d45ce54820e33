"""The C interface of runtime/imhsa.h and the structures of DLPack 1.x, for ctypes."""

from __future__ import annotations

import ctypes
from ctypes import POINTER, c_char_p, c_int, c_int32, c_int64, c_size_t, c_void_p
from typing import Dict, List, Tuple

CPU = 1  # kDLCPU
CUDA = 2  # kDLCUDA
BOOL = 6  # kDLBool
READ_ONLY = 1  # DLPACK_FLAG_BITMASK_READ_ONLY
IS_COPIED = 2  # DLPACK_FLAG_BITMASK_IS_COPIED


class Device(ctypes.Structure):
    _fields_ = [("type", c_int32), ("id", c_int32)]


class DataType(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16)]

    # Names as NumPy and PyTorch have them, by DLPack's type codes.
    KINDS = {0: "int", 1: "uint", 2: "float", 4: "bfloat", 5: "complex", BOOL: "bool"}

    def __str__(self) -> str:
        kind = self.KINDS.get(self.code, f"code{self.code}_")
        return kind if self.code == BOOL else f"{kind}{self.bits}"


class Tensor(ctypes.Structure):
    _fields_ = [
        ("data", c_void_p),
        ("device", Device),
        ("ndim", c_int32),
        ("dtype", DataType),
        ("shape", POINTER(c_int64)),
        ("strides", POINTER(c_int64)),
        ("byte_offset", ctypes.c_uint64),
    ]


class ManagedTensor(ctypes.Structure):
    _fields_ = [("tensor", Tensor), ("manager_ctx", c_void_p), ("deleter", c_void_p)]


class ManagedTensorVersioned(ctypes.Structure):
    _fields_ = [
        ("major", ctypes.c_uint32),
        ("minor", ctypes.c_uint32),
        ("manager_ctx", c_void_p),
        ("deleter", c_void_p),
        ("flags", ctypes.c_uint64),
        ("tensor", Tensor),
    ]


class TensorInfo(ctypes.Structure):
    """imhsa_tensor_type."""

    _fields_ = [
        ("name", c_char_p),
        ("type", DataType),
        ("rank", c_int32),
        ("alignment", c_int32),
        ("shape", POINTER(c_int64)),
    ]


# The Python interpreter keeps its lock while a deleter runs: it may drop Python objects.
Deleter = ctypes.PYFUNCTYPE(None, c_void_p)

capsule_pointer = ctypes.pythonapi.PyCapsule_GetPointer
capsule_pointer.restype, capsule_pointer.argtypes = c_void_p, [ctypes.py_object, c_char_p]
capsule_rename = ctypes.pythonapi.PyCapsule_SetName
capsule_rename.restype, capsule_rename.argtypes = c_int, [ctypes.py_object, c_char_p]

Tensors = c_void_p  # of an array of addresses of tensors

# Result and arguments of each function; libraries, functions and streams are plain addresses.
PROTOTYPES: Dict[str, Tuple[type, List[type]]] = {
    "imhsa_version": (c_char_p, []),
    "imhsa_last_error": (c_char_p, []),
    "imhsa_open_embedded": (c_int, [c_void_p, POINTER(c_void_p)]),
    "imhsa_close": (type(None), [c_void_p]),
    "imhsa_library_device": (c_int, [c_void_p]),
    "imhsa_library_producer": (c_char_p, [c_void_p]),
    "imhsa_num_functions": (c_int32, [c_void_p]),
    "imhsa_get_function": (c_void_p, [c_void_p, c_int32]),
    "imhsa_function_name": (c_char_p, [c_void_p]),
    "imhsa_function_description": (c_char_p, [c_void_p]),
    "imhsa_num_inputs": (c_int32, [c_void_p]),
    "imhsa_num_outputs": (c_int32, [c_void_p]),
    "imhsa_get_tensor_type": (c_int, [c_void_p, c_int32, POINTER(TensorInfo)]),
    "imhsa_get_output_shape": (c_int, [c_void_p, Tensors, c_int32, POINTER(c_int64)]),
    "imhsa_get_workspace_size": (c_int, [c_void_p, Tensors, POINTER(c_size_t)]),
    "imhsa_run": (c_int, [c_void_p, Tensors, c_void_p]),
    "imhsa_set_num_threads": (type(None), [c_int]),
    "imhsa_get_num_threads": (c_int, []),
    "imhsa_release_workspaces": (type(None), [c_void_p]),
}


def declare(runtime: ctypes.CDLL) -> None:
    """Gives the functions of a runtime their types; AttributeError if it lacks one."""
    for name, (result, arguments) in PROTOTYPES.items():
        function = getattr(runtime, name)
        function.restype = None if result is type(None) else result
        function.argtypes = arguments
