"""What a user of PyTorch would write, and the same in float64: the peers, and the judge.

Q, K and V are [B,H,N,D]; `mixings` are [H,H], in the order of Function.mixings. Peers compute in the
storage type, as models do.
"""
from __future__ import annotations

from typing import Callable, Optional, Sequence

import torch
import torch.nn.functional as nn

from shapes import Function

Tensor = torch.Tensor


def pooled(x: Tensor, landmarks: int) -> Tensor:
    """Segment means, [B,H,N,D] to [B,H,L,D]: segment l is floor(l N / L) up to ceil((l + 1) N / L)."""
    if x.shape[2] % landmarks == 0:
        return x.unflatten(2, (landmarks, -1)).mean(3)
    means = nn.adaptive_avg_pool1d(x.flatten(0, 1).transpose(1, 2), landmarks)
    return means.transpose(1, 2).unflatten(0, x.shape[:2])


def mixed(weights: Optional[Tensor], x: Tensor) -> Tensor:
    """Heads mixed: one product of matrices, without a copy of x."""
    return x if weights is None else (weights @ x.flatten(2)).unflatten(2, x.shape[2:])


def attend(query: Tensor, key: Tensor, value: Tensor, pre: Optional[Tensor] = None, post: Optional[Tensor] = None) -> Tensor:
    """Exact attention, its matrices stored."""
    logits = (query * query.shape[3] ** -0.5) @ key.transpose(2, 3)
    return mixed(post, mixed(pre, logits).softmax(3)) @ value


def eager(function: Function) -> Callable[..., Tensor]:
    """The attention in plain PyTorch; what torch.compile is given, too."""

    def exact(query, key, value, *mixings):
        return attend(query, key, value, *mixings)

    def through_landmarks(query, key, value, *mixings):
        key_less, query_less = mixings[:2], mixings[2:]
        context = attend(pooled(query, function.landmarks), key, value, *query_less)
        return attend(query, pooled(key, function.landmarks), context, *key_less)

    return through_landmarks if function.has_landmarks else exact


def two_fused_calls(query: Tensor, key: Tensor, value: Tensor, query_landmarks: Tensor, key_landmarks: Tensor) -> Tensor:
    """The landmark attention without any mixing, its landmarks given: less work than ours has."""
    context = nn.scaled_dot_product_attention(query_landmarks, key, value)
    return nn.scaled_dot_product_attention(query, key_landmarks, context)


def exact_fused_call(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Plain attention, quadratic, in PyTorch's best kernel."""
    return nn.scaled_dot_product_attention(query, key, value)


# --------------------------------------------------------------------------------------------------
# float64
# --------------------------------------------------------------------------------------------------

_CHUNK_BYTES = 1 << 29  # of one attention matrix


def _attend64(query: Tensor, key: Tensor, value: Tensor, pre: Optional[Tensor] = None, post: Optional[Tensor] = None) -> Tensor:
    """`attend` in float64, some rows at a time: rows do not depend on each other."""
    rows = max(1, _CHUNK_BYTES // (8 * query.shape[1] * key.shape[2]))
    weights = [None if w is None else w.double() for w in (pre, post)]
    batches = []
    for q, k, v in zip(query, key, value):
        k, v = k.double()[None], v.double()[None]
        parts = [attend(part.double()[None], k, v, *weights) for part in q.split(rows, dim=1)]
        batches.append(torch.cat(parts, dim=2))
    return torch.cat(batches)


def reference(function: Function, query: Tensor, key: Tensor, value: Tensor, mixings: Sequence[Tensor], rows: Optional[Tensor] = None) -> Tensor:
    """What is to be computed, in float64 from the inputs as they are stored.

    rows: indices of the queries whose results are wanted, all by default. Landmarks are those of all.
    """
    wanted = query if rows is None else query[:, :, rows]
    if not function.has_landmarks:
        return _attend64(wanted, key, value, *mixings)
    key_less, query_less = mixings[:2], mixings[2:]

    def pooled64(x: Tensor) -> Tensor:
        # In pieces of heads, since all of a long input in float64 may be too much.
        return torch.cat([pooled(x[:, head : head + 1].double(), function.landmarks) for head in range(x.shape[1])], dim=1)

    context = _attend64(pooled64(query), key, value, *query_less)
    return _attend64(wanted, pooled64(key), context, *key_less)


def relative_error(found: Tensor, expected: Tensor) -> float:
    """||found - expected|| / ||expected||, infinite where it is not a number."""
    difference = (found.double() - expected).norm() / expected.norm()
    return float(difference) if torch.isfinite(difference) else float("inf")
