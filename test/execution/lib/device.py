"""Arrays on a GPU with nothing but the CUDA driver, NumPy and DLPack."""
from __future__ import annotations

import ctypes
from ctypes import byref, c_char_p, c_int, c_int32, c_int64, c_size_t, c_uint8, c_uint16, c_uint32, c_uint64, c_void_p

import numpy as np

byte_bounds = np.byte_bounds if hasattr(np, "byte_bounds") else np.lib.array_utils.byte_bounds  # since NumPy 2
_cuda = None


def cuda() -> ctypes.CDLL:
    """The driver, with the primary context of the first device as the current one."""
    global _cuda
    if _cuda is None:
        try:
            _cuda = ctypes.CDLL("libcuda.so.1")
        except OSError as error:
            raise SystemExit(f"no CUDA driver: {error}") from None
        check("cuInit", 0)
        device, context = c_int(), c_void_p()
        check("cuDeviceGet", byref(device), 0)
        check("cuDevicePrimaryCtxRetain", byref(context), device)
        check("cuCtxSetCurrent", context)
    return _cuda


def check(name: str, *arguments) -> None:
    status = getattr(cuda(), name)(*arguments)
    if status:
        text = c_char_p()
        _cuda.cuGetErrorName(status, byref(text))
        raise RuntimeError(f"{name}: {text.value.decode() if text.value else status}")


def describe() -> tuple[str, str]:
    """The compute capability and the name of the device."""
    major, minor, name = c_int(), c_int(), ctypes.create_string_buffer(256)
    for attribute, value in (75, major), (76, minor):
        check("cuDeviceGetAttribute", byref(value), attribute, 0)
    check("cuDeviceGetName", name, 256, 0)
    return f"{major.value}.{minor.value}", name.value.decode()


class _Tensor(ctypes.Structure):
    _fields_ = [
        ("major", c_uint32), ("minor", c_uint32), ("context", c_void_p), ("deleter", c_void_p), ("flags", c_uint64),
        ("data", c_uint64), ("device_type", c_int32), ("device", c_int32), ("rank", c_int32),
        ("code", c_uint8), ("bits", c_uint8), ("lanes", c_uint16),
        ("shape", ctypes.POINTER(c_int64)), ("strides", ctypes.POINTER(c_int64)), ("offset", c_uint64),
    ]  # fmt: skip


_CODES = {"i": 0, "u": 1, "f": 2, "b": 6}
_CUDA_DEVICE = 2  # kDLCUDA
_exported: dict[int, tuple] = {}  # what consumers of capsules still use


@ctypes.CFUNCTYPE(None, c_void_p)
def _forget(address):
    _exported.pop(address, None)


class DeviceArray:
    """A copy of a NumPy array on the device, element by element at the same strides."""

    def __init__(self, array: np.ndarray):
        # All memory between the first and the last element, gaps included.
        self.dtype, self.shape, self.strides = array.dtype, array.shape, array.strides
        low, high = byte_bounds(array) if array.size else (0, 0)
        self.size, self.address = high - low, c_uint64()
        check("cuMemAlloc_v2", byref(self.address), c_size_t(max(self.size, 1)))
        if self.size:
            check("cuMemcpyHtoD_v2", self.address, c_void_p(low), c_size_t(self.size))

    def __del__(self):
        if self.address:
            cuda().cuMemFree_v2(self.address)

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        memory = np.empty(self.size, np.uint8)
        check("cuCtxSynchronize")
        if self.size:
            check("cuMemcpyDtoH_v2", c_void_p(memory.ctypes.data), self.address, c_size_t(self.size))
        return np.ndarray(self.shape, self.dtype, memory if self.size else None, strides=self.strides if self.size else None)

    def __dlpack_device__(self) -> tuple[int, int]:
        return _CUDA_DEVICE, 0

    def __dlpack__(self, *, stream=None, max_version=None, dl_device=None, copy=None):
        rank = len(self.shape)
        shape = (c_int64 * max(rank, 1))(*self.shape)
        strides = (c_int64 * max(rank, 1))(*(stride // self.dtype.itemsize for stride in self.strides))
        tensor = _Tensor(
            major=1, minor=0, deleter=ctypes.cast(_forget, c_void_p).value, data=self.address.value,
            device_type=_CUDA_DEVICE, rank=rank, code=_CODES[self.dtype.kind], bits=8 * self.dtype.itemsize, lanes=1,
            shape=shape, strides=strides,
        )  # fmt: skip
        address = ctypes.addressof(tensor)
        _exported[address] = (self, tensor, shape, strides)
        new = ctypes.pythonapi.PyCapsule_New
        new.restype, new.argtypes = ctypes.py_object, [c_void_p, c_char_p, c_void_p]
        return new(address, b"dltensor_versioned", None)
