"""Tensors of other producers, by both kinds of DLPack capsules: flags, versions, ownership, devices, streams."""

import ctypes
import gc
import sys
import types

import numpy as np

from common import fails, imhsa, mixing, tokens
from imhsa import _abi, _frameworks

library = imhsa.load(sys.argv[1])
rng = np.random.default_rng()
query, key, value = tokens(rng), tokens(rng), tokens(rng)
mix = mixing(rng)
good = library.f32(query, key, value, *mix)

new_capsule = ctypes.pythonapi.PyCapsule_New
new_capsule.restype, new_capsule.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
capsule_name = ctypes.pythonapi.PyCapsule_GetName
capsule_name.restype, capsule_name.argtypes = ctypes.c_char_p, [ctypes.py_object]
Deleter = ctypes.PYFUNCTYPE(None, ctypes.c_void_p)


class Producer:
    """Shows a NumPy array by DLPack, and counts how often its deleter is called."""

    def __init__(self, array, major=1, flags=0, device=(_abi.CPU, 0), offset=0):
        self.array, self.major, self.flags, self.device, self.offset = array, major, flags, device, offset
        self.deleted, self.streams, self.capsules = 0, [], []
        self.deleter = Deleter(self._delete)

    def _delete(self, address):
        assert address == ctypes.addressof(self.managed)
        self.deleted += 1

    def __dlpack_device__(self):
        return self.device

    def __dlpack__(self, *, stream=None, max_version=None, copy=None):
        assert max_version == (1, 0) and copy is False
        self.streams.append(stream)
        self.managed = _abi.ManagedTensorVersioned(
            self.major, 0, None, ctypes.cast(self.deleter, ctypes.c_void_p), self.flags, self.tensor()
        )
        return self.capsule(b"dltensor_versioned")

    def capsule(self, name):
        self.capsules.append(new_capsule(ctypes.addressof(self.managed), name, None))
        return self.capsules[-1]

    def tensor(self):
        x = self.array
        self.dims = (ctypes.c_int64 * x.ndim)(*x.shape), (ctypes.c_int64 * x.ndim)(
            *(s // x.itemsize for s in x.strides)
        )
        data = x.ctypes.data - self.offset
        return _abi.Tensor(data, _abi.Device(*self.device), x.ndim, _abi.DataType(2, 32, 1), *self.dims, self.offset)


class OldProducer(Producer):
    """As before DLPack 1.0."""

    def __dlpack__(self, *, stream=None):
        self.streams.append(stream)
        self.managed = _abi.ManagedTensor(self.tensor(), None, ctypes.cast(self.deleter, ctypes.c_void_p))
        return self.capsule(b"dltensor")


# Taken out of the capsule, which is marked; freed once, after the call.
for kind, used in (Producer, b"used_dltensor_versioned"), (OldProducer, b"used_dltensor"):
    for _ in range(2):
        producers = [kind(x, offset=8) for x in (query, key, value)]
        out = np.zeros_like(good)
        library.f32(*producers, *mix, out=out)
        assert np.array_equal(out, good)
        for producer in producers:
            assert producer.deleted == 1 and producer.streams == [None]
            assert capsule_name(producer.capsules[0]) == used
    out = kind(np.zeros_like(good))
    assert library.f32(query, key, value, *mix, out=out) is out and np.array_equal(out.array, good)
    # Also when the call fails.
    first, last = kind(query), kind(key[:, 1:])
    fails(imhsa.InvalidTensor, "input 1 'key'", lambda: library.f32(first, last, value, *mix, out=good.copy()))
    fails(imhsa.InvalidTensor, "input 2 'value'", lambda: library.f32(first, last, None, *mix))
    assert first.deleted == last.deleted == 2
    # Outputs like an input whose library cannot make arrays.
    fails(imhsa.InvalidArgument, "cannot make outputs like __main__.", lambda: library.f32(first, key, value, *mix))
    assert first.deleted == 3

# What may not be written is no output; what is of another version, is no tensor, and stays its capsule's.
frozen = Producer(np.zeros_like(good), flags=_abi.READ_ONLY)
fails(imhsa.InvalidTensor, "output 0", lambda: library.f32(query, key, value, *mix, out=frozen))
assert frozen.deleted == 1 and not frozen.array.any()
frozen = Producer(query, flags=_abi.READ_ONLY)
assert np.array_equal(library.f32(frozen, key, value, *mix, out=np.zeros_like(good)), good)
copied = Producer(np.zeros_like(good), flags=_abi.IS_COPIED)
fails(imhsa.InvalidTensor, "output 0", lambda: library.f32(query, key, value, *mix, out=copied))
future = Producer(query, major=2)
fails(imhsa.InvalidTensor, "expected DLPack 1.x, found a capsule of 2.0", lambda: library.f32(future, key, value, *mix))
assert future.deleted == 0 and capsule_name(future.capsules[0]) == b"dltensor_versioned"
future.__class__ = type("NoCapsule", (Producer,), {"__dlpack__": lambda self, **_: 7})
fails(
    imhsa.InvalidTensor,
    "expected __dlpack__ to return a capsule, found 7",
    lambda: library.f32(future, key, value, *mix),
)

# A device that is not the library's.
on_gpu = Producer(query, device=(_abi.CUDA, 0))
fails(
    imhsa.InvalidTensor,
    "expected device cpu, found cuda:0",
    lambda: library.f32(on_gpu, key, value, *mix, out=good.copy()),
)


# Arrays of the array API standard, which allocate in their own way.
class Standard(Producer):
    def __array_namespace__(self):
        def empty(shape, dtype, device):
            assert dtype == "standard float32" and device == self.device
            return Standard(np.empty(shape, np.float32))

        return types.SimpleNamespace(__name__="standard", empty=empty, float32="standard float32")


out = library.f32(Standard(query), key, value, *mix)
assert type(out) is Standard and np.array_equal(out.array, good)

# No reference is left behind.
producer = Producer(query)
library.f32(producer, key, value, *mix, out=out.array)
gc.collect()
before = sys.getrefcount(producer), sys.getrefcount(query)
for _ in range(100):
    library.f32(producer, key, value, *mix, out=out.array)
    producer.capsules.clear()
gc.collect()
assert (sys.getrefcount(producer), sys.getrefcount(query)) == before and producer.deleted == 101


# Streams, with a stand-in for PyTorch and for the runtime, since no GPU is needed to choose one.
class Tensor(Producer):
    requires_grad, dtype = False, "float32"

    def __init__(self, array, number=0):
        super().__init__(array, device=(_abi.CUDA, number))


Tensor.__module__ = "torch._tensor"
current = {0: 0, 1: 4096}
sys.modules["torch"] = types.SimpleNamespace(
    bool="bool",
    cuda=types.SimpleNamespace(current_stream=lambda device: types.SimpleNamespace(cuda_stream=current[device])),
)
ran_on = []


class Runtime:
    def imhsa_run(self, function, tensors, stream):
        ran_on.append(stream)
        return 0


function = library.f32
opened = function._library
function._library = types.SimpleNamespace(runtime=Runtime(), device=_abi.CUDA, check=opened.check)
arrays = [Tensor(x) for x in (query, key, value, *mix)]
function(*arrays, out=Tensor(good))
assert ran_on == [0] and all(x.streams == [1] for x in arrays), "DLPack calls the default stream 1"
arrays = [Tensor(x, 1) for x in (query, key, value, *mix)]
function(*arrays, out=Tensor(good, 1))
assert ran_on[1:] == [4096] and all(x.streams == [4096] for x in arrays)
for stream in (
    77,
    types.SimpleNamespace(cuda_stream=77),
    types.SimpleNamespace(ptr=77),
    types.SimpleNamespace(__cuda_stream__=lambda: (0, 77)),
):
    function(*arrays, out=Tensor(good, 1), stream=stream)
    assert ran_on[-1] == 77 and all(x.streams[-1] == 77 for x in arrays)
# An array on the host gets no stream.
function(query, *arrays[1:], out=Tensor(good, 1))
assert ran_on[-1] == 4096
function._library = opened

# New arrays come from the memory of the stream that they are written on.
streams = []


class Stream:
    def __init__(self, address, device=None):
        self.cuda_stream = self.ptr = address

    def __enter__(self):
        streams.append(self.ptr)

    def __exit__(self, *_):
        streams.append("left")


def empty(shape, dtype, device=None):
    return shape, dtype, list(streams)


sys.modules["torch"].float32, sys.modules["torch"].empty = "torch.float32", empty
sys.modules["torch"].cuda.stream, sys.modules["torch"].cuda.ExternalStream = lambda stream: stream, Stream
like = types.SimpleNamespace(device=types.SimpleNamespace(type="cuda", index=1), dtype="float32")
torch, cupy = _frameworks.FRAMEWORKS["torch"], _frameworks.FRAMEWORKS["cupy"]
assert torch.empty([like], (2, 3), "float32", 4096) == ((2, 3), "torch.float32", [])
assert torch.empty([like], (2, 3), "float32", 77) == ((2, 3), "torch.float32", [77]) and streams == [77, "left"]
streams.clear()
sys.modules["cupy"] = types.SimpleNamespace(
    empty=empty,
    cuda=types.SimpleNamespace(
        Device=lambda number: Stream(f"device {number}"), ExternalStream=Stream, get_current_stream=lambda: Stream(99)
    ),
)
assert cupy.stream(1) == 99 and streams == ["device 1", "left"]
streams.clear()
like = types.SimpleNamespace(device=Stream("device 1"), dtype=np.dtype(np.float32))
assert cupy.empty([like], (2, 3), "bfloat16", 77) == ((2, 3), "uint16", ["device 1", 77])
print("dlpack: passed")
