"""What differs between array libraries: how an array is exported, its stream, and new arrays.

No library is imported here: when an array comes, its library is already loaded.
"""

from __future__ import annotations

import sys
from typing import Any, Dict, Sequence, Tuple

from ._abi import CUDA
from ._errors import InvalidArgument, InvalidTensor


class Framework:
    """Any library: arrays by DLPack, new ones by the Python array API standard."""

    is_host = False
    """Whether arrays are on the CPU and say themselves what may be written."""

    def exported(self, array: Any) -> Any:
        """What stands for `array` in DLPack: itself, or a view of its bits."""
        return array

    def holds_truth_values(self, array: Any) -> bool:
        """Whether its bytes are truth values, which older versions export as numbers or not at all."""
        return "bool" in str(getattr(array, "dtype", ""))

    def can_be_written(self, array: Any) -> bool:
        """False where the library relies on arrays that do not change, whatever DLPack says."""
        return True

    def stream(self, device: int) -> int:
        """The stream that the library uses now on a GPU; 0 is the default stream."""
        return 0

    def empty(self, inputs: Sequence[Any], shape: Tuple[int, ...], dtype: str, stream: int) -> Any:
        """A new array beside inputs[0], free to be written on `stream`."""
        like = inputs[0]
        if not hasattr(like, "__array_namespace__"):
            raise InvalidArgument(f"cannot make outputs like {type_name(like)}: give them as out=")
        namespace = like.__array_namespace__()
        if not hasattr(namespace, dtype):
            raise InvalidArgument(f"{namespace.__name__} has no {dtype}: give the outputs as out=")
        return namespace.empty(shape, dtype=getattr(namespace, dtype), device=like.device)

    def finished(self, output: Any) -> Any:
        """What the caller gets for what `empty` made."""
        return output


class NumPy(Framework):
    is_host = True

    def exported(self, array: Any) -> Any:
        dtype = array.dtype
        # Before version 1.25 DLPack in NumPy knew no truth values.
        if dtype.kind == "b":
            return array.view("uint8")
        # ml_dtypes' bfloat16 it does not know; the runtime takes its bits.
        return array.view("uint16") if dtype.kind == "V" and dtype.name == "bfloat16" else array

    def holds_truth_values(self, array: Any) -> bool:
        return bool(array.dtype.kind == "b")

    def empty(self, inputs: Sequence[Any], shape: Tuple[int, ...], dtype: str, stream: int) -> Any:
        return sys.modules["numpy"].empty(shape, numpy_dtype(inputs, dtype))


class CuPy(NumPy):
    is_host = False

    def stream(self, device: int) -> int:
        cupy: Any = sys.modules["cupy"]
        with cupy.cuda.Device(device):
            return int(cupy.cuda.get_current_stream().ptr)

    def empty(self, inputs: Sequence[Any], shape: Tuple[int, ...], dtype: str, stream: int) -> Any:
        cupy: Any = sys.modules["cupy"]
        with inputs[0].device, cupy.cuda.ExternalStream(stream):
            return cupy.empty(shape, numpy_dtype(inputs, dtype))


class Torch(Framework):
    def exported(self, array: Any) -> Any:
        torch: Any = sys.modules["torch"]
        if array.requires_grad:
            if torch.is_grad_enabled():
                raise InvalidTensor(
                    "requires a gradient, which compiled functions do not give: call under "
                    "torch.no_grad(), or pass a detached tensor"
                )
            array = array.detach()
        return array.view(torch.uint8) if array.dtype == torch.bool else array

    def holds_truth_values(self, array: Any) -> bool:
        return bool(array.dtype == sys.modules["torch"].bool)

    def stream(self, device: int) -> int:
        return int(sys.modules["torch"].cuda.current_stream(device).cuda_stream)

    def empty(self, inputs: Sequence[Any], shape: Tuple[int, ...], dtype: str, stream: int) -> Any:
        torch: Any = sys.modules["torch"]
        device, dtype = inputs[0].device, getattr(torch, dtype)
        if device.type != "cuda" or stream == self.stream(device.index):
            return torch.empty(shape, dtype=dtype, device=device)
        # The allocator hands memory out per stream.
        with torch.cuda.stream(torch.cuda.ExternalStream(stream, device=device)):
            return torch.empty(shape, dtype=dtype, device=device)


class Jax(Framework):
    """On the CPU. JAX arrays are immutable: outputs are NumPy's first, then JAX's."""

    def exported(self, array: Any) -> Any:
        return array.block_until_ready() if hasattr(array, "block_until_ready") else array

    def can_be_written(self, array: Any) -> bool:
        return False

    def empty(self, inputs: Sequence[Any], shape: Tuple[int, ...], dtype: str, stream: int) -> Any:
        if inputs[0].__dlpack_device__()[0] == CUDA:
            raise InvalidArgument(
                "outputs cannot be made as JAX arrays on a GPU, which are immutable: give arrays "
                "of CuPy or PyTorch as out="
            )
        return sys.modules["numpy"].empty(shape, sys.modules["jax"].numpy.dtype(dtype))

    def finished(self, output: Any) -> Any:
        return sys.modules["jax"].numpy.asarray(output)


def numpy_dtype(inputs: Sequence[Any], dtype: str) -> Any:
    """The dtype of that name; bfloat16 is that of an input, or else its bits."""
    if dtype != "bfloat16":
        return dtype
    dtypes = (getattr(array, "dtype", None) for array in inputs)
    return next((d for d in dtypes if getattr(d, "name", "") == dtype), "uint16")


def type_name(array: Any) -> str:
    return f"{type(array).__module__}.{type(array).__qualname__}"


OTHER = Framework()
FRAMEWORKS: Dict[str, Framework] = {
    "numpy": NumPy(),
    "cupy": CuPy(),
    "torch": Torch(),
    "jax": Jax(),
    "jaxlib": Jax(),
}
_by_type: Dict[type, Framework] = {}


def framework_of(array: Any) -> Framework:
    """By the package that the type of the array, or one of its bases, comes from."""
    found = _by_type.get(type(array))
    if found is None:
        roots = (base.__module__.partition(".")[0] for base in type(array).__mro__)
        found = next((FRAMEWORKS[root] for root in roots if root in FRAMEWORKS), OTHER)
        _by_type[type(array)] = found
    return found


def stream_handle(stream: Any) -> int:
    """The CUstream of a stream of any library: a number, or an object that shows it."""
    if hasattr(stream, "__cuda_stream__"):
        return int(stream.__cuda_stream__()[1])
    for attribute in ("cuda_stream", "ptr"):
        stream = getattr(stream, attribute, stream)
    if not isinstance(stream, int) or isinstance(stream, bool):
        raise InvalidArgument(f"stream: expected a CUDA stream or its address, found {stream!r}")
    return stream
