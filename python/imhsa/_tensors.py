"""Arrays as DLTensors for the time of a call, by the DLPack protocol, without copies."""

from __future__ import annotations

import ctypes
from typing import Any, Optional, Set

from . import _abi
from ._errors import InvalidTensor
from ._frameworks import framework_of, type_name

_VERSIONED, _UNVERSIONED = b"dltensor_versioned", b"dltensor"
_VERSIONED_OFFSET = _abi.ManagedTensorVersioned.tensor.offset
_UNVERSIONED_OFFSET = _abi.ManagedTensor.tensor.offset
_USED_VERSIONED, _USED_UNVERSIONED = b"used_dltensor_versioned", b"used_dltensor"

# Types whose __dlpack__ has no argument but `stream`, as before DLPack 1.0.
_unversioned_types: Set[type] = set()

# NumPy's kinds of element types, as DLPack's codes.
_INTERFACE_CODES = {"b": _abi.BOOL, "i": 0, "u": 1, "f": 2}


class Borrowed:
    """An array's memory, kept alive until `release`."""

    __slots__ = ("address", "read_only", "_managed", "_deleter", "_owner")

    address: int
    """Of its DLTensor."""
    read_only: bool
    """Whether it cannot be an output."""

    def __init__(self, array: Any, stream: Optional[int]) -> None:
        self._deleter: Optional[int] = None
        framework = framework_of(array)
        if framework.is_host and self._look_into(array):
            return
        self.read_only = False
        if not hasattr(array, "__dlpack__"):
            found = type_name(array)
            raise InvalidTensor(f"expected an array that has __dlpack__, found {found}")
        exported = framework.exported(array)
        try:
            capsule = _capsule(exported, stream)
        except (BufferError, RuntimeError, TypeError, ValueError) as error:
            # Without DLPack 1.0, NumPy does not export what is read-only.
            interface = getattr(exported, "__array_interface__", None)
            if interface is None or not interface["data"][1]:
                raise InvalidTensor(f"{type_name(array)} cannot be exported: {error}") from error
            self._read(exported, interface)
        else:
            self._take(capsule)
        self.read_only |= not framework.can_be_written(array)
        if framework.holds_truth_values(array):
            _abi.Tensor.from_address(self.address).dtype.code = _abi.BOOL

    def _look_into(self, array: Any) -> bool:
        """Reads where the tensor is and takes nothing out of the capsule, which frees what it has: calls of Python's
        C interface take longer than all else here. False where the array has to be exported otherwise."""
        try:
            self._owner = capsule = array.__dlpack__(max_version=(1, 0))
            self.address = _abi.capsule_pointer(capsule, _VERSIONED) + _VERSIONED_OFFSET
        except (BufferError, TypeError, ValueError):
            return False
        self.read_only = not array.flags.writeable
        return True

    def _take(self, capsule: Any) -> None:
        """Takes the tensor out of the capsule, which is left as used."""
        # No question asked first that the next call answers: each takes as long as all else here.
        try:
            address = _abi.capsule_pointer(capsule, _VERSIONED)
        except ValueError:
            self._take_unversioned(capsule)
            return
        managed = _abi.ManagedTensorVersioned.from_address(address)
        if managed.major != 1:  # Left in the capsule, which frees it.
            found = f"{managed.major}.{managed.minor}"
            raise InvalidTensor(f"expected DLPack 1.x, found a capsule of {found}")
        _abi.capsule_rename(capsule, _USED_VERSIONED)
        self.read_only = bool(managed.flags & (_abi.READ_ONLY | _abi.IS_COPIED))
        self._managed, self._deleter = address, managed.deleter
        self.address = address + _VERSIONED_OFFSET

    def _take_unversioned(self, capsule: Any) -> None:
        try:
            address = _abi.capsule_pointer(capsule, _UNVERSIONED)
        except ValueError:
            found = f"expected __dlpack__ to return a capsule, found {capsule!r}"
            raise InvalidTensor(found) from None
        managed = _abi.ManagedTensor.from_address(address)
        _abi.capsule_rename(capsule, _USED_UNVERSIONED)
        self._managed, self._deleter = address, managed.deleter
        self.address = address + _UNVERSIONED_OFFSET

    def _read(self, array: Any, interface: Any) -> None:
        """The same from __array_interface__, of memory on the host that may not be written."""
        byte_order, kind, size = interface["typestr"][0], array.dtype.kind, array.dtype.itemsize
        strides = array.strides
        if (
            byte_order not in "|<="
            or kind not in _INTERFACE_CODES
            or any(s % size for s in strides)
        ):
            raise InvalidTensor(f"expected a plain element type, found {array.dtype} {strides}")
        dims = ctypes.c_int64 * max(array.ndim, 1)
        self.read_only = True
        tensor = _abi.Tensor(
            interface["data"][0],
            _abi.Device(_abi.CPU, 0),
            array.ndim,
            _abi.DataType(_INTERFACE_CODES[kind], 8 * size, 1),
            dims(*array.shape),
            dims(*(stride // size for stride in strides)),
            0,
        )
        self._owner = array, tensor
        self.address = ctypes.addressof(tensor)

    def release(self) -> None:
        if self._deleter:
            deleter, self._deleter = self._deleter, None
            _abi.Deleter(deleter)(self._managed)


def _capsule(array: Any, stream: Optional[int]) -> Any:
    if type(array) not in _unversioned_types:
        try:
            return array.__dlpack__(stream=stream, max_version=(1, 0), copy=False)
        except TypeError:
            capsule = array.__dlpack__(stream=stream)
            _unversioned_types.add(type(array))
            return capsule
    return array.__dlpack__(stream=stream)


def device_of(array: Any) -> tuple[int, int]:
    """DLPack's type of device and its number; the CPU for what has none."""
    if not hasattr(array, "__dlpack_device__"):
        return _abi.CPU, 0
    kind, number = array.__dlpack_device__()
    return int(kind), int(number)
