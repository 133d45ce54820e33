"""Results within the oracle's bounds on NumPy arrays of any layout, of which no copy is made."""

import sys
import tracemalloc

import ml_dtypes
import numpy as np

from common import agree, expected, imhsa, mixing, oracle, tokens
from imhsa._abi import Tensor
from imhsa._tensors import Borrowed

library = imhsa.load(sys.argv[1])
rng = np.random.default_rng()
B, H, N, D = 2, 6, 127, 32


def contiguous(dtype):
    return [tokens(rng, B, N).astype(dtype) for _ in range(3)]


def transposed(dtype):
    """Views of [B,N,H,D]."""
    return [np.ascontiguousarray(x.swapaxes(1, 2)).swapaxes(1, 2) for x in contiguous(dtype)]


def packed(dtype):
    """Views of one product [B,N,3,H,D]."""
    return list(np.stack([x.swapaxes(1, 2) for x in contiguous(dtype)], axis=2).transpose(2, 0, 3, 1, 4))


def sliced(dtype):
    """Parts of larger arrays, batch and tokens backwards, one batch element for all."""
    query, key, value = (tokens(rng, 3, 2 * N).astype(dtype) for _ in range(3))
    return [query[::-2, :, 7 : 7 + N], key[:2, :, ::-2], np.broadcast_to(value[:1, :, ::2], (B, H, N, D))]


def read_only(dtype):
    arrays = contiguous(dtype)
    for array in arrays:
        array.flags.writeable = False
    return arrays


for layout in contiguous, transposed, packed, sliced, read_only:
    for name, dtype in ("f32", np.float32), ("f16", np.float16), ("bf16", ml_dtypes.bfloat16):
        qkv = layout(dtype)
        mix = [x.astype(dtype) for x in mixing(rng)]
        wanted = expected(*qkv, *mix)
        function = library.functions[name]
        out = function(*qkv, *mix)
        assert type(out) is np.ndarray and out.dtype == dtype and out.shape == (B, H, N, D)
        agree(out, wanted, name)

        for array in qkv:
            borrowed = Borrowed(array, None)
            tensor = Tensor.from_address(borrowed.address)
            address = tensor.data + tensor.byte_offset
            borrowed.release()
            assert address == array.__array_interface__["data"][0], f"{name}, {layout.__name__}: another address"

        # Into the tokens of a longer array, of heads behind tokens.
        given = np.zeros((B, N + 2, H, D), dtype)
        part = given[:, 1:-1].swapaxes(1, 2)
        tracemalloc.start()
        assert function(*qkv, *mix, out=part) is part
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < out.nbytes / 4, f"{name}, {layout.__name__}: {peak} bytes allocated in a call"
        assert np.array_equal(part, out) and not given[:, 0].any() and not given[:, -1].any()

        if name == "bf16":  # As bits.
            bits = function(*(x.view(np.uint16) for x in qkv), *(x.view(np.uint16) for x in mix))
            assert bits.dtype == np.uint16 and np.array_equal(bits.view(dtype), out)

# Keywords, truth values, several results.
query, key, value = tokens(rng), tokens(rng), tokens(rng)
keep = rng.random((2, 13, 13)) < 0.7
out, sums = library.masked(value=value, keep=keep, query=query, key=key)
agree(out, oracle.attention(query, key, value, keep=keep))
agree(sums, oracle.log_sum_exp(query, key, keep=keep))
given = np.empty_like(out), np.empty_like(sums)
assert library.masked(query, key, value, keep, out=given)[1] is given[1]
assert np.array_equal(given[0], out) and np.array_equal(given[1], sums)
mine = np.empty_like(sums)
assert library.masked(query, key, value, keep, out=(None, mine))[1] is mine and np.array_equal(mine, sums)

# Heads behind tokens; lengths.
lengths = np.array([5, 13], np.int32)
by_token = [x.swapaxes(1, 2) for x in (query, key, value)]
agree(library.bnhd(*by_token, lengths).swapaxes(1, 2), oracle.attention(query, key, value, key_lengths=lengths))

# Sizes from 0 up; what a call would give and take, without calling.
assert library.f32(*(x[:0] for x in (query, key, value)), *mixing(rng)).shape == (0, 6, 13, 32)
assert library.f32.output_shapes(query[:, :, :7], key, value, *mixing(rng)) == ((2, 6, 7, 32),)
assert library.f32.workspace_size(query, key, value, *mixing(rng)) >= 0
print("numpy: passed")
