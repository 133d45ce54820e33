"""Compiled functions, called on arrays."""

from __future__ import annotations

import contextlib
import ctypes
import inspect
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from . import _abi
from ._errors import InvalidArgument, InvalidTensor
from ._frameworks import framework_of, stream_handle
from ._runtime import Opened, text
from ._tensors import Borrowed, device_of


class TensorType(NamedTuple):
    """What an input or an output has to be."""

    name: str
    dtype: str
    """As NumPy and PyTorch call it; bfloat16 may also come as its bits in uint16."""
    shape: Tuple[Optional[int], ...]
    """None where any size will do."""
    alignment: int
    """Bytes of which the address of the first element must be a multiple."""

    def __str__(self) -> str:
        return (
            f"{self.dtype}[{', '.join('?' if size is None else str(size) for size in self.shape)}]"
        )


class Function:
    """A compiled function: called on arrays, it returns arrays. `inputs` and `outputs` say of what type."""

    def __init__(self, library: Opened, address: int) -> None:
        runtime = library.runtime
        self._library = library
        self._address = address
        self.__name__ = self.__qualname__ = text(runtime.imhsa_function_name(address))
        inputs, outputs = runtime.imhsa_num_inputs(address), runtime.imhsa_num_outputs(address)
        self.inputs = tuple(self._type(index) for index in range(inputs))
        self.outputs = tuple(self._type(inputs + index) for index in range(outputs))
        self.__signature__ = _signature(self.inputs, self.outputs)
        self.__doc__ = text(runtime.imhsa_function_description(address)) + _DOC

    def __call__(self, /, *args: Any, out: Any = None, stream: Any = None, **kwargs: Any) -> Any:
        inputs = self._arguments(args, kwargs)
        given = self._given(out)
        handle = self._stream((*inputs, *given), stream)
        outputs = []
        with self._borrowed(inputs, handle) as tensors:
            for index, array in enumerate(given):
                if array is None:
                    array = self._new_output(tensors, inputs, index, handle)
                outputs.append(array)
                tensors.add("output", index, array)
            self._check(self._library.runtime.imhsa_run(self._address, tensors.addresses(), handle))
        for index, array in enumerate(given):
            if array is None:
                outputs[index] = framework_of(inputs[0]).finished(outputs[index])
        return outputs[0] if len(outputs) == 1 else tuple(outputs)

    def output_shapes(self, /, *args: Any, **kwargs: Any) -> Tuple[Tuple[int, ...], ...]:
        """The shapes of the outputs for these inputs."""
        inputs = self._arguments(args, kwargs)
        with self._borrowed(inputs, self._stream(inputs, None)) as tensors:
            return tuple(self._output_shape(tensors, index) for index in range(len(self.outputs)))

    def workspace_size(self, /, *args: Any, **kwargs: Any) -> int:
        """The bytes that a call with these inputs takes for itself, and keeps for the next call."""
        size = ctypes.c_size_t()
        ask = self._library.runtime.imhsa_get_workspace_size
        inputs = self._arguments(args, kwargs)
        with self._borrowed(inputs, self._stream(inputs, None)) as tensors:
            self._check(ask(self._address, tensors.addresses(), ctypes.byref(size)))
        return size.value

    def __repr__(self) -> str:
        return f"<imhsa.Function {self.__name__}{self.__signature__}>"

    def _type(self, index: int) -> TensorType:
        info = _abi.TensorInfo()
        ask = self._library.runtime.imhsa_get_tensor_type
        self._check(ask(self._address, index, ctypes.byref(info)))
        shape = tuple(None if size < 0 else int(size) for size in info.shape[: info.rank])
        return TensorType(text(info.name), str(info.type), shape, info.alignment)

    def _arguments(self, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Tuple[Any, ...]:
        """The inputs in their order."""
        if not kwargs and len(args) == len(self.inputs):
            return args
        try:
            return self.__signature__.bind(*args, **kwargs).args
        except TypeError as error:
            raise TypeError(f"{self.__name__}: {error}") from None

    @contextlib.contextmanager
    def _borrowed(self, inputs: Sequence[Any], stream: int) -> Iterator[_Tensors]:
        """The inputs as tensors, to which outputs can be added, until the call ends."""
        tensors = _Tensors(self, stream)
        try:
            for index, array in enumerate(inputs):
                tensors.add("input", index, array)
            yield tensors
        finally:
            tensors.release()

    def _given(self, out: Any) -> Tuple[Any, ...]:
        """For each output the array that the caller gave for it, or None."""
        count = len(self.outputs)
        if out is None:
            return (None,) * count
        given = tuple(out) if isinstance(out, (tuple, list)) else (out,)
        if len(given) != count:
            raise InvalidArgument(
                f"{self.__name__}: out: expected {count} arrays, found {len(given)}"
            )
        return given

    def _new_output(self, tensors: _Tensors, inputs: Sequence[Any], index: int, stream: int) -> Any:
        if not inputs:
            raise InvalidArgument(
                f"{self.__name__}: expected out=, since there is no input to make outputs like"
            )
        shape = self._output_shape(tensors, index)
        return framework_of(inputs[0]).empty(inputs, shape, self.outputs[index].dtype, stream)

    def _output_shape(self, inputs: _Tensors, index: int) -> Tuple[int, ...]:
        rank = len(self.outputs[index].shape)
        shape = (ctypes.c_int64 * max(rank, 1))()
        ask = self._library.runtime.imhsa_get_output_shape
        self._check(ask(self._address, inputs.addresses(), index, shape))
        return tuple(shape[:rank])

    def _stream(self, arrays: Sequence[Any], stream: Any) -> int:
        """The stream as an address: the one that is given, or the current one of the first array."""
        if stream is not None:
            return stream_handle(stream)
        if self._library.device == _abi.CUDA:
            for array in arrays:
                kind, number = device_of(array)
                if kind == _abi.CUDA:
                    return framework_of(array).stream(number)
        return 0

    def _check(self, status: int) -> None:
        self._library.check(status)


class _Tensors:
    """The tensors of a call."""

    def __init__(self, function: Function, stream: int) -> None:
        self._function = function
        # DLPack calls the default stream 1, and takes a stream only for what is on a GPU.
        self._stream = (stream or 1) if function._library.device == _abi.CUDA else None
        self._borrowed: List[Borrowed] = []

    def add(self, role: str, index: int, array: Any) -> None:
        on_gpu = self._stream is not None and device_of(array)[0] == _abi.CUDA
        try:
            borrowed = Borrowed(array, self._stream if on_gpu else None)
            self._borrowed.append(borrowed)
            if role == "output" and borrowed.read_only:
                raise InvalidTensor("read-only")
        except InvalidTensor as error:
            function = self._function
            kind = (function.inputs if role == "input" else function.outputs)[index]
            where = f"{function.__name__}: {role} {index} '{kind.name}'"
            raise InvalidTensor(f"{where}: {error}") from error.__cause__

    def addresses(self) -> Any:
        """As the C interface takes them."""
        addresses = [borrowed.address for borrowed in self._borrowed]
        return (ctypes.c_void_p * len(addresses))(*addresses)

    def release(self) -> None:
        for borrowed in self._borrowed:
            borrowed.release()


_DOC = """

Takes arrays of any library that has DLPack, without copies; their last dimension must be contiguous.
out: an array for each output (a tuple where there are several); without it, new ones are made, of the
kind of the first input.
stream: on a GPU, where the work is enqueued; by default the current stream of the first array's library.
"""


def _signature(inputs: Sequence[TensorType], outputs: Sequence[TensorType]) -> inspect.Signature:
    parameters: List[inspect.Parameter] = []
    taken = {"out", "stream"}
    for tensor in inputs:
        name = tensor.name
        while name in taken:
            name += "_"
        taken.add(name)
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        parameters.append(inspect.Parameter(name, kind, annotation=str(tensor)))
    for name in ("out", "stream"):
        parameters.append(inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None))
    results = ", ".join(map(str, outputs))
    return inspect.Signature(
        parameters, return_annotation=results if len(outputs) == 1 else f"({results})"
    )
