"""A library for GPUs, of which there is none: what it tells, and which errors calls give. Argument: what the driver has.

The driver is the stand-in of the runtime's tests, which has devices, but loads no real kernels.
"""
import ctypes
import inspect
import sys

import numpy as np

from common import fails, imhsa, tokens
from imhsa import _abi

library = imhsa.load(sys.argv[1])
assert library.device == "cuda" and "for cuda" in repr(library)
attention = library.attention
assert list(inspect.signature(attention).parameters) == ["query", "key", "value", "out", "stream"]

rng = np.random.default_rng()
query, key, value, out = (tokens(rng) for _ in range(4))


class OnGpu:
    """NumPy's memory, said to be on a GPU."""

    def __init__(self, array, number=0):
        self.array, self.number, self.streams = array, number, []

    def __dlpack_device__(self):
        return _abi.CUDA, self.number

    def __dlpack__(self, *, stream, max_version, copy):
        self.streams.append(stream)
        capsule = self.array.__dlpack__(max_version=max_version, copy=copy)
        address = _abi.capsule_pointer(capsule, b"dltensor_versioned")
        managed = _abi.ManagedTensorVersioned.from_address(address)
        managed.tensor.device.type, managed.tensor.device.id = _abi.CUDA, self.number
        return capsule


on_gpu = [OnGpu(x) for x in (query, key, value)]
where = "attention: input 0 'query': expected device cuda, found cpu"
fails(imhsa.InvalidTensor, where, lambda: attention(query, key, value))
where = "attention: output 0 'output': expected device cuda:0, found cpu"
fails(imhsa.InvalidTensor, where, lambda: attention(*on_gpu, out=out))
where = "attention: input 2 'value': expected device cuda:0, found cuda:1"
fails(imhsa.InvalidTensor, where, lambda: attention(*on_gpu[:2], OnGpu(value, 1), out=OnGpu(out)))
assert attention.output_shapes(*on_gpu) == (out.shape,)
assert attention.workspace_size(*on_gpu) >= 0

given = OnGpu(out)
if sys.argv[2] == "nothing":
    fails(imhsa.NoDevice, "", lambda: attention(*on_gpu, out=given))
else:
    fails(imhsa.CudaError, "no image", lambda: attention(*on_gpu, out=given, stream=0))
    fails(imhsa.NoDevice, "cuda:7", lambda: attention(*(OnGpu(x, 7) for x in (query, key, value)), out=OnGpu(out, 7)))
assert given.streams == [1], f"the default stream is 1 in DLPack, found {given.streams}"
print("cuda: passed")
