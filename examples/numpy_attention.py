"""Compiles an attention, calls it on NumPy arrays, and compares it with the same in plain NumPy.

    build/venv/bin/python examples/numpy_attention.py

The attention mixes its six heads before and after the softmax. Batch and tokens are dynamic, and the arrays are
views of one product, as the projections of a transformer give them: nothing is copied.
"""

from __future__ import annotations

import os
import sys
import time

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "..", "python"))  # Where imhsa is not installed.

import imhsa

SOURCE = """
// Attention of six heads that talk to each other, [batch, tokens, heads, width].
func.func @attention(%query: tensor<?x?x6x64xf32>, %key: tensor<?x?x6x64xf32>, %value: tensor<?x?x6x64xf32>,
                     %pre: tensor<6x6xf32>, %post: tensor<6x6xf32>) -> tensor<?x?x6x64xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %batch = tensor.dim %query, %c0 : tensor<?x?x6x64xf32>
  %tokens = tensor.dim %query, %c1 : tensor<?x?x6x64xf32>
  %init = tensor.empty(%batch, %tokens) : tensor<?x?x6x64xf32>
  %0 = imhsa.attention ins(%query, %key, %value : tensor<?x?x6x64xf32>, tensor<?x?x6x64xf32>, tensor<?x?x6x64xf32>)
         order(query = bnhd, key = bnhd, value = bnhd, output = bnhd)
         interaction(pre = %pre : tensor<6x6xf32>, post = %post : tensor<6x6xf32>)
         outs(%init : tensor<?x?x6x64xf32>) -> tensor<?x?x6x64xf32>
  return %0 : tensor<?x?x6x64xf32>
}
"""


def plain(query, key, value, pre, post):
    """The same in NumPy."""
    logits = np.einsum("bnhd,bmhd->bhnm", query, key, optimize=True) / np.float32(query.shape[3] ** 0.5)
    logits = np.einsum("sh,bhnm->bsnm", pre, logits, optimize=True)
    weights = np.exp(logits - logits.max(axis=3, keepdims=True))
    weights /= weights.sum(axis=3, keepdims=True)
    weights = np.einsum("gs,bsnm->bgnm", post, weights, optimize=True)
    return np.einsum("bgnm,bmgd->bngd", weights, value, optimize=True)


def main() -> int:
    library = imhsa.compile(SOURCE, cpu="native")  # imhsa.load loads what imhsa-compile made before.
    attention = library.attention
    print(attention.__doc__)

    rng = np.random.default_rng()
    product = rng.standard_normal((2, 197, 3, 6, 64), dtype=np.float32)
    query, key, value = (product[:, :, i] for i in range(3))
    pre, post = (rng.standard_normal((6, 6), dtype=np.float32) / 6**0.5 for _ in range(2))

    output = attention(query, key, value, pre, post)
    expected = plain(query, key, value, pre, post)
    error = np.linalg.norm(output - expected) / np.linalg.norm(expected)
    print(f"{output.shape} {output.dtype}, relative error against plain NumPy {error:.1e}")

    for name, call in ("NumPy", lambda: plain(query, key, value, pre, post)), (
        "compiled",
        lambda: attention(query, key, value, pre, post, out=output),
    ):
        start = time.perf_counter()
        for _ in range(5):
            call()
        print(f"{name:9}{(time.perf_counter() - start) / 5 * 1e3:7.2f} ms")
    return 0 if error < 1e-5 else 1


if __name__ == "__main__":
    sys.exit(main())
