"""What the tests of the Python package share: the oracle, its bounds, and random inputs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import numpy as np

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", ".."))
sys.path[:0] = [os.path.join(ROOT, folder) for folder in ("python", "reference", "test/execution/lib")]

import imhsa
import imhsa_reference as oracle
from bounds import BOUND

HEADS, WIDTH = 6, 32


def tokens(rng: np.random.Generator, batch: int = 2, count: int = 13) -> np.ndarray:
    return rng.standard_normal((batch, HEADS, count, WIDTH)).astype(np.float32)


def mixing(rng: np.random.Generator) -> list[np.ndarray]:
    return [(rng.standard_normal((HEADS, HEADS)) / HEADS**0.5).astype(np.float32) for _ in range(2)]


def expected(query, key, value, pre, post) -> np.ndarray:
    """By the oracle, for what @f32, @f16 and @bf16 take."""
    return oracle.attention(query, key, value, interaction=oracle.Interaction(pre=pre, post=post))


def agree(out, wanted, element: str = "f32") -> None:
    error = oracle.relative_error(np.asarray(out, np.float64), wanted)
    assert error <= BOUND[element], f"{element}: expected a relative error of {BOUND[element]} at most, found {error}"


def fails(error: type, text: str, call: Callable[[], object]) -> None:
    """`call` raises just this error, and its message holds `text`."""
    try:
        call()
    except Exception as raised:
        assert type(raised) is error and text in str(
            raised
        ), f"expected {error.__name__} with '{text}', found {raised!r}"
    else:
        raise AssertionError(f"expected {error.__name__} with '{text}', found no error")
