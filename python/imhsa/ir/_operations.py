"""The operations of the dialect, and what stands around them: docs/generated/dialect.md says what they compute.

What is checked here is what the types of the results depend on; everything else the verifier of the
dialect checks, when a module is run or compiled.
"""

from __future__ import annotations

import math
import re
from typing import List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from .._errors import InvalidArgument
from ._values import Size, Type, Value, body_of, new_tensor, shape_of, tensor

Order = Union[str, Mapping[str, str]]


class Interaction(NamedTuple):
    """What mixes heads before (`pre` [S,H], `pre_bias` [S]) and after (`post` [G,S], `post_bias` [G]) a softmax."""

    pre: Optional[Value] = None
    pre_bias: Optional[Value] = None
    post: Optional[Value] = None
    post_bias: Optional[Value] = None


def attention(
    query: Value,
    key: Value,
    value: Value,
    *,
    interaction: Optional[Interaction] = None,
    landmarks: Union[int, str, Tuple[Value, Value], None] = None,
    key_less: Optional[Interaction] = None,
    query_less: Optional[Interaction] = None,
    bias: Optional[Value] = None,
    keep: Optional[Value] = None,
    key_lengths: Optional[Value] = None,
    causal: bool = False,
    window: Optional[Tuple[int, int]] = None,
    query_offset: Optional[Value] = None,
    lse: Optional[Value] = None,
    scale: Optional[float] = None,
    order: Order = "bhnd",
    schedule: Optional[str] = None,
    result: Optional[str] = None,
) -> Value:
    """imhsa.attention, exact or with landmarks: its output [B,G,N,E], G the heads after the interaction.

    landmarks: how many, or what stands in `#imhsa.pool<...>` ("56x56 to 7x7"), or those of the query
        and of the key as two values. Then `key_less` and `query_less` stand for `interaction`.
    order: "bhnd" or "bnhd", of all or of each of "query", "key", "value", "output".
    schedule: what stands in `#imhsa.schedule<...>`.
    result: the element type of the output; by default the query's.
    """
    orders = _orders(order, "query", "key", "value", "output")
    scores = _Scores(query, key, key_less if landmarks is not None else interaction, orders)
    width = scores.size("value", value, "e")
    output = _arranged(orders["output"], scores.batch, scores.result_heads, scores.queries, width)
    clauses = [_order_clause(orders)]
    if isinstance(landmarks, tuple):
        clauses.append(_clause("landmarks", *landmarks))
    elif landmarks is not None:
        clauses.append(f"landmarks(#imhsa.pool<{landmarks}>)")
    clauses.append(_interaction("key_less", key_less))
    clauses.append(_interaction("query_less", query_less))
    clauses.append(_interaction("interaction", interaction))
    clauses += _score_clauses(bias, keep, key_lengths, causal, window, query_offset, lse, scale)
    if schedule is not None:
        clauses.append(f"schedule(#imhsa.schedule<{schedule}>)")
    operands = (query, key, value)
    return _build("attention", operands, clauses, output, result or query.type.element)


def weights(
    query: Value,
    key: Value,
    *,
    interaction: Optional[Interaction] = None,
    bias: Optional[Value] = None,
    keep: Optional[Value] = None,
    key_lengths: Optional[Value] = None,
    causal: bool = False,
    window: Optional[Tuple[int, int]] = None,
    query_offset: Optional[Value] = None,
    lse: Optional[Value] = None,
    scale: Optional[float] = None,
    order: Order = "bhnd",
) -> Value:
    """imhsa.weights: the attention matrices [B,G,N,M] after the interaction, in f32 (f64 for f64)."""
    orders = _orders(order, "query", "key")
    scores = _Scores(query, key, interaction, orders)
    shape = [scores.batch, scores.result_heads, scores.queries, scores.size("key", key, "n")]
    clauses = [_order_clause(orders), _interaction("interaction", interaction)]
    clauses += _score_clauses(bias, keep, key_lengths, causal, window, query_offset, lse, scale)
    return _build("weights", (query, key), clauses, shape, scores.sums)


def log_sum_exp(
    query: Value,
    key: Value,
    *,
    interaction: Optional[Interaction] = None,
    bias: Optional[Value] = None,
    keep: Optional[Value] = None,
    key_lengths: Optional[Value] = None,
    causal: bool = False,
    window: Optional[Tuple[int, int]] = None,
    query_offset: Optional[Value] = None,
    scale: Optional[float] = None,
    order: Order = "bhnd",
) -> Value:
    """imhsa.log_sum_exp: the normalisers [B,S,N] of a softmax, in f32 (f64 for f64)."""
    orders = _orders(order, "query", "key")
    scores = _Scores(query, key, interaction, orders)
    shape = [scores.batch, scores.heads, scores.queries]
    clauses = [_order_clause(orders), _interaction("interaction", interaction)]
    clauses += _score_clauses(bias, keep, key_lengths, causal, window, query_offset, None, scale)
    return _build("log_sum_exp", (query, key), clauses, shape, scores.sums)


def pool(
    input: Value,
    landmarks: Union[int, str],
    *,
    key_lengths: Optional[Value] = None,
    order: str = "bhnd",
    result: Optional[str] = None,
) -> Value:
    """imhsa.pool: segment means [B,H,L,D]. `landmarks` and `result` are as for `attention`."""
    orders = _orders(order, "input")
    shape_of("input", input, 4)
    counts = re.fullmatch(r"(?:\d+x\d+ to )?(\d+(?:x\d+)*)", str(landmarks))
    if not counts:
        raise InvalidArgument(f"landmarks: expected 49 or '56x56 to 7x7', found {landmarks!r}")
    count = math.prod(map(int, counts[1].split("x")))
    sizes = [_size(input, orders["input"], dimension) for dimension in "bhnd"]
    sizes[2] = (count, input, 0)
    clauses = [_order_clause(orders), _clause("key_lengths", key_lengths)]
    name = f"pool #imhsa.pool<{landmarks}>"
    return _build(name, (input,), clauses, sizes, result or input.type.element)


def operation(text: str, *operands: Value, results: Sequence[Type] = ()) -> Tuple[Value, ...]:
    """Any other operation, as MLIR writes it, with {0} for operand 0 and {0.type} for its type.

    Other braces are doubled.

    (product,) = ir.operation(
        "linalg.matmul ins({0}, {1} : {0.type}, {1.type}) outs({2} : {2.type}) -> {2.type}",
        a, b, ir.empty(a.type, a), results=[a.type])
    """
    if not operands:
        raise InvalidArgument("operation: expected an operand, which tells the function")
    return body_of(*operands).add(text.format(*operands), *results)


class _Scores:
    """The sizes that follow from query, key and interaction."""

    def __init__(
        self, query: Value, key: Value, interaction: Optional[Interaction], orders: Mapping[str, str]
    ) -> None:
        self._orders = orders
        self.batch, self.heads, self.queries = (self.size("query", query, d) for d in "bhn")
        shape_of("key", key, 4)
        if interaction and interaction.pre is not None:
            self.heads = (shape_of("pre", interaction.pre, 2)[0], interaction.pre, 0)
        self.result_heads = self.heads
        if interaction and interaction.post is not None:
            self.result_heads = (shape_of("post", interaction.post, 2)[0], interaction.post, 0)
        self.sums = "f64" if query.type.element == "f64" else "f32"

    def size(self, name: str, value: Value, dimension: str) -> Size:
        """A dimension of a token tensor, by its letter: b, h, n, and d or e."""
        shape_of(name, value, 4)
        return _size(value, self._orders[name], dimension.replace("e", "d"))


def _size(value: Value, order: str, dimension: str) -> Size:
    position = order.index(dimension)
    assert value.type.shape
    return value.type.shape[position], value, position


def _arranged(order: str, *sizes: Size) -> List[Size]:
    """Sizes in the order bhnd, in that order."""
    return [sizes["bhnd".index(dimension)] for dimension in order]


def _orders(order: Order, *names: str) -> Mapping[str, str]:
    orders = {name: order if isinstance(order, str) else order.get(name, "bhnd") for name in names}
    unknown = [] if isinstance(order, str) else sorted(set(order) - set(names))
    if unknown or not set(orders.values()) <= {"bhnd", "bnhd"}:
        raise InvalidArgument(f"order: expected bhnd or bnhd for {', '.join(names)}, found {order}")
    return orders


def _clause(name: str, *operands: Optional[Value]) -> str:
    """The operands and their types, in the parentheses of `name`; nothing where there are none."""
    given = [operand for operand in operands if operand is not None]
    names, types = ", ".join(map(format, given)), ", ".join(str(operand.type) for operand in given)
    return f"{name}({names} : {types})" if given else ""


def _order_clause(orders: Mapping[str, str]) -> str:
    other = [f"{name} = {order}" for name, order in orders.items() if order != "bhnd"]
    return f"order({', '.join(other)})" if other else ""


def _interaction(name: str, interaction: Optional[Interaction]) -> str:
    given = interaction._asdict().items() if interaction else ()
    parts = [f"{part} = {value} : {value.type}" for part, value in given if value is not None]
    return f"{name}({', '.join(parts)})" if parts else ""


def _score_clauses(
    bias: Optional[Value],
    keep: Optional[Value],
    key_lengths: Optional[Value],
    causal: bool,
    window: Optional[Tuple[int, int]],
    query_offset: Optional[Value],
    lse: Optional[Value],
    scale: Optional[float],
) -> List[str]:
    return [
        _clause("bias", bias),
        _clause("keep", keep),
        _clause("key_lengths", key_lengths),
        "causal" if causal else "",
        f"window({window[0]}, {window[1]})" if window is not None else "",
        f"query_offset({query_offset})" if query_offset is not None else "",
        _clause("lse", lse),
        f"scale({scale:.17e})" if scale is not None else "",
    ]


def _build(
    name: str, operands: Sequence[Value], clauses: Sequence[str], sizes: Sequence[Size], element: str
) -> Value:
    """An operation of the dialect on tensors, with one result of these sizes."""
    body = body_of(*operands, *(value for size, value, _ in sizes if size is None))
    type = tensor(element, *(size for size, _, _ in sizes))
    init = new_tensor(body, type, sizes)
    words = [f"imhsa.{name}", _clause("ins", *operands), *filter(None, clauses)]
    words.append(f"outs({init} : {type}) -> {type}")
    return body.add(" ".join(words), type)[0]
