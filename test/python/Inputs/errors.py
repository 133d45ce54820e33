"""Wrong inputs and wrong files: each gives its own message, and leaves the library usable."""

import os
import struct
import sys
import zlib

import numpy as np

from common import fails, imhsa, mixing, tokens

path, folder = sys.argv[1:]
library = imhsa.load(path)
rng = np.random.default_rng()
query, key, value = tokens(rng), tokens(rng), tokens(rng)
pre, post = mixing(rng)
good = library.f32(query, key, value, pre, post)


def rejects(text, *arguments, error=imhsa.InvalidTensor, function=library.f32, **keywords):
    fails(error, text, lambda: function(*arguments, **keywords))
    assert np.array_equal(library.f32(query, key, value, pre, post), good)


# Arguments.
rejects("missing a required argument: 'post'", query, key, value, pre, error=TypeError)
rejects("unexpected keyword argument 'bias'", query, key, value, pre, post, bias=pre, error=TypeError)
rejects("too many positional arguments", query, key, value, pre, post, post, error=TypeError)
rejects("multiple values for argument 'query'", query, key, value, pre, query=query, error=TypeError)
fails(AttributeError, f"no function 'f23' in {path}, which has f32, f16", lambda: library.f23)

# Inputs.
rejects(
    "f32: input 1 'key': expected an array that has __dlpack__, found builtins.list", query, [1.0], value, pre, post
)
rejects(
    "f32: input 4 'post': expected an array that has __dlpack__, found builtins.NoneType", query, key, value, pre, None
)
rejects("input 0 'query': numpy.ndarray cannot be exported", query.astype(object), key, value, pre, post)
rejects("input 0 'query': numpy.ndarray cannot be exported", query.astype(">f4"), key, value, pre, post)
rejects("input 0 'query': expected element type f32, found f64", query.astype(np.float64), key, value, pre, post)
rejects("input 2 'value': expected element type f32, found i32", query, key, value.view(np.int32), pre, post)
rejects("input 0 'query': expected rank 4", query[0], key, value, pre, post)
rejects("input 1 'key': dimension 1: expected 6, found 5", query, key[:, 1:], value, pre, post)
rejects("input 3 'pre': dimension 0: expected 6, found 3", query, key, value, pre[:3], post)
rejects("expected stride 1 in the last dimension", query, key, np.repeat(value, 2, axis=3)[..., ::2], pre, post)
odd = np.empty(query.nbytes + 1, np.uint8)[1:].view(np.float32).reshape(query.shape)
rejects("expected an address that is a multiple of 4 bytes", odd, key, value, pre, post)
mask = np.ones((2, 13, 13), np.uint8)
rejects("input 3 'keep': expected element type bool, found u8", query, key, value, mask, function=library.masked)
# Sizes that are not known before, but have to agree.
rejects("", query, key[:, :, 1:], value, pre, post)
rejects("", query[:1], key, value, pre, post)

# Outputs.
for out in "result", good.tolist():
    rejects(
        "out",
        query,
        key,
        value,
        pre,
        post,
        out=out,
        error=imhsa.InvalidArgument if out != "result" else imhsa.InvalidTensor,
    )
rejects("out: expected 1 arrays, found 2", query, key, value, pre, post, out=(good, good), error=imhsa.InvalidArgument)
rejects(
    "out: expected 2 arrays, found 1",
    query,
    key,
    value,
    mask > 0,
    out=good,
    error=imhsa.InvalidArgument,
    function=library.masked,
)
rejects("output 0", query, key, value, pre, post, out=good[:, :, 1:])
rejects("expected element type f32, found f16", query, key, value, pre, post, out=good.astype(np.float16))
rejects("output 0", query, key, value, pre, post, out=query)
rejects("output 0", query, key, value, pre, post, out=np.broadcast_to(good[:1].copy(), good.shape))
frozen = good.copy()
frozen.flags.writeable = False
rejects("read-only", query, key, value, pre, post, out=frozen)
fails(
    imhsa.InvalidArgument,
    "stream: expected a CUDA stream",
    lambda: library.f32(query, key, value, pre, post, stream="0"),
)

# Files.
content = open(path, "rb").read()


def file_fails(text, *parts):
    name = os.path.join(folder, "libdamaged.so")
    with open(name, "wb") as file:
        file.writelines(parts)
    fails(imhsa.InvalidLibrary, text, lambda: imhsa.load(name))


fails(imhsa.InvalidLibrary, "No such file", lambda: imhsa.load(os.path.join(folder, "libnot_there.so")))
fails(imhsa.InvalidLibrary, "Is a directory", lambda: imhsa.load(folder))
fails(imhsa.InvalidLibrary, "not a library that imhsa-compile made", lambda: imhsa.load(__file__))
fails(
    imhsa.InvalidLibrary,
    "not a library that imhsa-compile made",
    lambda: imhsa.load(np.linalg._umath_linalg.__file__),
)
file_fails("found 0 bytes")
file_fails("found 23 bytes", content[-23:])
for size in 24, 1000, len(content) // 2, len(content) - 24, len(content) - 1:
    file_fails("cut short", content[:size])
for place in 0, 20, 64, 5000, len(content) // 2, len(content) - 25:
    file_fails("damaged: expected CRC-32", content[:place], bytes([content[place] ^ 1]), content[place + 1 :])
file_fails("damaged: expected", content[:-25], content[-24:])
file_fails("damaged: expected", content[:24], content)
# An intact trailer around what is no library at all.
text = b"no shared library" * 100
file_fails("libdamaged.so: ", text, struct.pack("<8sQII", b"imhsa.so", len(text) + 24, zlib.crc32(text), 1))
assert np.array_equal(imhsa.load(path).f32(query, key, value, pre, post), good)
print("errors: passed")
