"""What is measured: shapes, inputs, operations in them, and the oracle's results."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict, dataclass
from typing import Any, Dict, List, Optional

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "reference"))
import imhsa_reference as oracle  # noqa: E402


@dataclass(frozen=True)
class Case:
    """One attention of f32 tensors [batch, heads, tokens, width], of the four variants of the paper's Figure 2."""

    batch: int
    heads: int
    tokens: int
    width: int
    landmarks: int = 0
    """0: exact attention, quadratic in the tokens."""
    mixing: bool = True
    """Heads mix before and after each softmax."""

    @property
    def name(self) -> str:
        sizes = [self.batch, self.heads, self.tokens, self.width]
        return "x".join(map(str, sizes + [self.landmarks] * bool(self.landmarks))) + (
            "" if self.landmarks else " exact") + ("" if self.mixing else " unmixed")

    @property
    def scores(self) -> int:
        """Elements of one matrix of attention weights: of tokens and landmarks, or of tokens and tokens."""
        return self.batch * self.heads * self.tokens * (self.landmarks or self.tokens)

    @property
    def flops(self) -> int:
        """Useful operations: two products and, of H heads with H, two mixings for each matrix of weights."""
        matrices = 2 if self.landmarks else 1
        return matrices * self.scores * (4 * self.width + (4 * self.heads if self.mixing else 0))

    @property
    def tensor_bytes(self) -> int:
        """Bytes of the query, and of the key, the value and the output."""
        return 4 * self.batch * self.heads * self.tokens * self.width

    def to_json(self) -> Dict[str, Any]:
        return asdict(self)


# As image models have them: 6 heads, tokens of 224 x 224 pixels in patches of 16, 8, 4 and 2, landmarks on 7 x 7.
VISION = [Case(1, 6, tokens, 64, 49) for tokens in (196, 784, 3136, 12544)]
LANDMARKS = [*VISION, Case(8, 8, 4096, 32, 64), Case(1, 12, 16384, 64, 64), Case(1, 6, 50176, 64, 49),
             Case(1, 8, 262144, 64, 256)]
EXACT = [Case(1, 6, 12544, 64)]
QUICK = [VISION[1], VISION[3]]


def figure_cases(most_exact: int) -> List[Case]:
    """The four variants over the tokens of VISION and beyond; exact ones only up to `most_exact` tokens."""
    tokens = [case.tokens for case in VISION] + [50176]
    return [Case(1, 6, n, 64, landmarks, mixing) for n in tokens for landmarks in (0, 49) for mixing in (False, True)
            if landmarks or n <= most_exact]


def check_case(case: Case) -> Case:
    """A small case of the same kind, whose results are compared with the oracle's: odd tokens, but the same heads."""
    return Case(2, case.heads, 245 if case.landmarks else 131, 32, case.landmarks and 49, case.mixing)


class Problem:
    """A case with its inputs, and the memory of its output."""

    def __init__(self, case: Case, seed: int = 1) -> None:
        rng = np.random.default_rng(seed)
        shape = (case.batch, case.heads, case.tokens, case.width)
        self.case = case
        self.query, self.key, self.value = (rng.standard_normal(shape, dtype=np.float32) for _ in range(3))
        # Written, so that its pages are there before memory is measured.
        self.out = np.full(shape, np.nan, np.float32)
        # Of the matrix of tokens against landmarks (pre, post), then of the one of landmarks against tokens; the one
        # matrix of exact attention has the first two.
        self.mixes: List[np.ndarray] = []
        if case.mixing:
            self.mixes = [(np.eye(case.heads) + 0.2 * rng.standard_normal((case.heads,) * 2)).astype(np.float32)
                          for _ in range(4 if case.landmarks else 2)]
        self._expected: Optional[np.ndarray] = None

    @property
    def scale(self) -> float:
        return float(self.case.width) ** -0.5

    def error(self, result: np.ndarray) -> float:
        """||result - expected|| / ||expected|| against the float64 oracle."""
        if self._expected is None:
            inputs = self.query, self.key, self.value
            mixes = [oracle.Interaction(pre=pre, post=post) for pre, post in zip(self.mixes[::2], self.mixes[1::2])]
            if self.case.landmarks:
                pooled = [oracle.pool(tokens, self.case.landmarks) for tokens in inputs[:2]]
                self._expected = oracle.landmark_attention(*inputs, *pooled, None, *mixes)
            else:
                self._expected = oracle.attention(*inputs, None, *mixes)
        return oracle.relative_error(result, self._expected)
