"""Inputs of a case, and what the oracle expects for them.

Inputs are rounded to the storage type first, so that the oracle sees what the
executor sees. `data` of a case:
  normal         standard normal values; lengths from -1 to M + 1; one position in five is not kept
  extreme        logits of hundreds, whose naive exponential overflows; they are multiples of 1/256, so that f32
                 holds them exactly and a difference is no rounding error
  infinite_bias  -inf in the bias: some positions, and all of the last query
  nothing_kept   no key is kept for some queries
  unread_nan     NaN in all keys and values that no query reads, and in queries beyond the length
  nan            NaN in one query, one key or one value: the same positions of the result are NaN
"""
from __future__ import annotations

import os
import sys

import numpy as np

import ir
from cases import Case

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "..", "reference"))
import imhsa_reference as oracle

# NumPy has no bf16: its numbers are f32 here, and executors take and give their bits.
DTYPE = {
    "f64": np.float64, "f32": np.float32, "f16": np.float16, "bf16": np.float32,
    "i1": np.bool_, "i32": np.int32, "i64": np.int64,
}  # fmt: skip


def to_bf16(x: np.ndarray) -> np.ndarray:
    """The bits of the nearest bf16, ties to even."""
    bits = np.ascontiguousarray(x, np.float32).view(np.uint32).reshape(x.shape)
    nearest = (bits + np.uint32(0x7FFF) + (bits >> np.uint32(16) & np.uint32(1))) >> np.uint32(16)
    return np.where(np.isnan(x), 0x7FC0, nearest).astype(np.uint16)


def from_bf16(bits: np.ndarray) -> np.ndarray:
    return (bits.astype(np.uint32) << np.uint32(16)).view(np.float32)


def rounded(x: np.ndarray, element: str) -> np.ndarray:
    return from_bf16(to_bf16(x)) if element == "bf16" else x.astype(DTYPE[element])


def shape_of(case: Case, dims: list[str]) -> tuple[int, ...]:
    return tuple(ir.sizes(case)[dim] for dim in dims)


def bhnd(x: np.ndarray, order: str) -> np.ndarray:
    return x if order == "bhnd" else x.swapaxes(1, 2)


def masks(case: Case, inputs: dict) -> dict:
    found = {name: inputs[name] for name in ("keep", "key_lengths") if name in inputs}
    if case.causal:
        found["causal"] = True
    if case.window:
        found["window"] = tuple(map(int, case.window.split(",")))
    if case.offset:
        found["query_offset"] = int(case.offset)
    return found


def draw(case: Case, name: str, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    if name == "keep":
        kept = rng.random(shape) < 0.8
        if case.data == "nothing_kept" and shape[1]:
            kept[:, rng.integers(shape[1])] = False
        return kept
    if name == "key_lengths":
        lengths = rng.integers(-1, case.M + 2, shape)
        lengths[1:2] = case.M + 1  # Not all batch elements are short.
        return lengths
    x = rng.standard_normal(shape)
    if name.startswith(("pre", "post")) and not name.startswith(("pre_bias", "post_bias")):
        x /= shape[1] ** 0.5
    if case.data == "extreme" and name in ("query", "key", "query_landmarks", "key_landmarks"):
        return rng.integers(-2, 3, shape) / 2
    if case.data == "extreme" and not name.startswith(("value", "post")):
        return np.round(x * 4) / 4
    if case.data == "infinite_bias" and name == "bias":
        x[rng.random(shape) < 0.2] = -np.inf
        if shape[2]:
            x[:, :, -1] = -np.inf
    return x


def inputs(case: Case, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """The operands by name, in the order of the function's arguments, in their element types."""
    found = {}
    for name, (dims, element) in ir.operands(case).items():
        if name != "lse":
            found[name] = rounded(draw(case, name, shape_of(case, dims), rng), element)
    for name in filter(None, case.same.split(",")):
        found[name] = found["query"]
    tokens = [name for name in ("query", "key", "value") if name in found and found[name].size]
    if case.data == "nan" and tokens:
        # A value that is kept for some queries only would reach the others as 0 * NaN.
        if "value" in tokens and (case.causal or case.window or case.keep in ("BNM", "1NM")):
            tokens.remove("value")
        x = found[tokens[rng.integers(len(tokens))]]
        x[tuple(rng.integers(size) for size in x.shape)] = np.nan
    if case.data == "unread_nan":
        hide_unread(case, found)
    if case.lse in ("operand", "both"):
        # Not the log-sum-exp itself: an executor that ignored the operand would agree.
        lse = expected_lse(case, found)
        found["lse"] = (lse + rng.uniform(0.25, 0.75, lse.shape)).astype(DTYPE[ir.accumulator(case)])
    return found


def hide_unread(case: Case, found: dict) -> None:
    count = case.N if case.op == "pool" else case.M
    queries = case.L if case.landmarks else case.N
    kept = oracle.kept_positions(case.B, queries, count, **masks(case, found))
    unread = ~kept[:, 0].any(axis=1)  # [B, M]
    names = ["query"] if case.op == "pool" else ["key", "value"]
    if case.landmarks and case.op == "attention" and case.N == case.M:
        names.append("query")
    for name in names:
        if name in found:
            by_token = found[name] if ir.operands(case)[name][0][1] in "NM" else found[name].swapaxes(1, 2)
            by_token[unread] = np.nan


def scores(case: Case, found: dict) -> dict:
    """Keyword arguments of the oracle's functions of one softmax."""
    return dict(
        q=bhnd(found["query"], case.query_order),
        k=bhnd(found["key"], case.key_order),
        scale=float(case.scale) if case.scale else None,
        interaction=mixing(found, ""),
        bias=found.get("bias"),
        **masks(case, found),
    )


def mixing(found: dict, end: str) -> oracle.Interaction:
    return oracle.Interaction(*(found.get(n + end) for n in ("pre", "pre_bias", "post", "post_bias")))


def expected_lse(case: Case, found: dict) -> np.ndarray:
    return oracle.log_sum_exp(**scores(case, found))


def expected(case: Case, found: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The results by name, in float64."""
    if case.op == "log_sum_exp":
        return {"lse": expected_lse(case, found)}
    if case.op == "weights":
        return {"weights": oracle.attention_weights(**scores(case, found), lse=found.get("lse"))}
    if case.op == "pool":
        return {"landmarks": pooled(case, bhnd(found["query"], case.query_order), found)}
    v = bhnd(found["value"], case.value_order)
    if case.landmarks:
        arguments = scores(case, found)
        key_less, q, k = arguments.pop("interaction"), arguments["q"], arguments["k"]
        del arguments["bias"]
        if case.landmarks in ("bhld", "hld"):
            arguments |= dict(q_landmarks=found["query_landmarks"], k_landmarks=found["key_landmarks"])
        else:
            arguments |= dict(q_landmarks=pooled(case, q, found), k_landmarks=pooled(case, k, found))
        output = oracle.landmark_attention(v=v, key_less=key_less, query_less=mixing(found, "2"), **arguments)
    else:
        output = oracle.attention(v=v, **scores(case, found), lse=found.get("lse"))
    wanted = {"output": bhnd(output, case.out_order)}
    if case.lse in ("result", "both"):
        wanted["lse"] = found["lse"] if "lse" in found else expected_lse(case, found)
    return wanted


def pooled(case: Case, x: np.ndarray, found: dict) -> np.ndarray:
    if case.landmarks == "grid":
        return oracle.pool_grid(x, *case.grid())
    return oracle.pool(x, case.L, found.get("key_lengths"))
