"""NumPy: matrix products and softmax in place, in arrays made beforehand, so that no call allocates large ones."""

from __future__ import annotations

from typing import Any, Dict, Optional

import numpy as np

from . import Build, Run, segments

CHUNK = 256  # queries of exact attention whose scores are there at once


def versions() -> Dict[str, str]:
    return {"NumPy": np.__version__}


def formulations(case: Any) -> Dict[str, Build]:
    return {"matmul": landmark if case.landmarks else exact}


def mix(weights: Optional[np.ndarray], scores: np.ndarray, out: np.ndarray) -> np.ndarray:
    """out[b, s] = sum of weights[s, h] * scores[b, h]; the scores themselves without weights."""
    if weights is None:
        return scores
    batch, heads = scores.shape[:2]
    np.matmul(weights, scores.reshape(batch, heads, -1), out=out.reshape(batch, heads, -1))
    return out


def softmax(scores: np.ndarray) -> None:
    scores -= scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=-1, keepdims=True)


def weights_of(pre: Any, post: Any, scores: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The attention weights of scores; both arrays are used up."""
    mixed = mix(pre, scores, other)
    softmax(mixed)
    return mix(post, mixed, scores if mixed is other else other)


def landmark(problem: Any) -> Run:
    case, mixes = problem.case, problem.mixes or [None] * 4
    segment = segments(problem)
    grouped = (case.batch, case.heads, case.landmarks, segment, case.width)
    query, key, value, out = problem.query, problem.key, problem.value, problem.out
    read, summed = (np.empty((2, case.batch, case.heads, *shape), np.float32)
                    for shape in ((case.tokens, case.landmarks), (case.landmarks, case.tokens)))

    def run() -> np.ndarray:
        landmarks = [tokens.reshape(grouped).mean(axis=3) * np.float32(problem.scale) for tokens in (query, key)]
        np.matmul(landmarks[0], key.swapaxes(-1, -2), out=summed[0])
        context = weights_of(mixes[2], mixes[3], *summed) @ value
        np.matmul(query, landmarks[1].swapaxes(-1, -2), out=read[0])
        return np.matmul(weights_of(mixes[0], mixes[1], *read), context, out=out)

    return run


def exact(problem: Any) -> Run:
    case, (pre, post) = problem.case, problem.mixes or [None] * 2
    query, key, value, out = problem.query, problem.key, problem.value, problem.out
    chunk = min(CHUNK, case.tokens)
    buffers = np.empty((2, case.batch, case.heads, chunk, case.tokens), np.float32)

    def run() -> np.ndarray:
        for start in range(0, case.tokens, chunk):
            rows = slice(start, min(start + chunk, case.tokens))
            # The last, shorter chunk has arrays of its own, since a part of the others is not contiguous.
            count = rows.stop - rows.start
            scores, other = buffers if count == chunk else np.empty_like(buffers[..., :count, :])
            np.matmul(query[:, :, rows] * np.float32(problem.scale), key.swapaxes(-1, -2), out=scores)
            np.matmul(weights_of(pre, post, scores, other), value, out=out[:, :, rows])
        return out

    return run
