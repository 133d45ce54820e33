"""Types, values, and the body of the function that they belong to."""

from __future__ import annotations

import os
import sys
from typing import List, NamedTuple, Optional, Sequence, Tuple

from .._errors import InvalidArgument

_ELEMENTS = ("f16", "bf16", "f32", "f64", "i1", "i32", "i64")
_FOLDER = os.path.dirname(os.path.abspath(__file__))


class Type(NamedTuple):
    """The type of a value: a tensor, or a scalar where there is no shape."""

    element: str
    """As MLIR calls it: f16, bf16, f32, f64, i1, i32, i64, index."""
    shape: Optional[Tuple[Optional[int], ...]] = None
    """Its sizes, None where any size will do."""

    def __str__(self) -> str:
        if self.shape is None:
            return self.element
        sizes = "".join(f"{'?' if size is None else size}x" for size in self.shape)
        return f"tensor<{sizes}{self.element}>"


index = Type("index")
"""The type of sizes and offsets."""


def tensor(element: str, *shape: Optional[int]) -> Type:
    """The type of tensors of `element` (f16, bf16, f32, f64, i1, i32 or i64); None is any size."""
    if element not in _ELEMENTS:
        raise InvalidArgument(f"element: expected one of {', '.join(_ELEMENTS)}, found {element!r}")
    for size in shape:
        if size is not None and (isinstance(size, bool) or not isinstance(size, int) or size < 0):
            raise InvalidArgument(f"shape: expected sizes from 0 up, or None, found {size!r}")
    return Type(element, shape)


class Body:
    """The operations of a function, in their order."""

    def __init__(self) -> None:
        self.lines: List[Tuple[str, str]] = []
        """Each operation, and the location that it has."""
        self._count = 0

    def add(self, text: str, *types: Type) -> Tuple[Value, ...]:
        """Appends an operation with results of these types."""
        names = [f"%{self._count + number}" for number in range(len(types))]
        self._count += len(types)
        left = f"{', '.join(names)} = " if names else ""
        self.lines.append((left + text, _location()))
        return tuple(Value(self, name, type) for name, type in zip(names, types))


class Value:
    """A result of an operation, or an argument. +, -, * and / work element by element."""

    def __init__(self, body: Body, name: str, type: Type) -> None:
        self.body = body
        self.name = name
        """As it stands in the text, with its %."""
        self.type = type

    def __format__(self, specification: str) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<imhsa.ir.Value {self.name} : {self.type}>"

    def size(self, dimension: int) -> Value:
        """A size as a value of type index."""
        (number,) = self.body.add(f"arith.constant {dimension} : index", index)
        (size,) = self.body.add(f"tensor.dim {self}, {number} : {self.type}", index)
        return size

    def __add__(self, other: Value) -> Value:
        return elementwise("add", self, other)

    def __sub__(self, other: Value) -> Value:
        return elementwise("sub", self, other)

    def __mul__(self, other: Value) -> Value:
        return elementwise("mul", self, other)

    def __truediv__(self, other: Value) -> Value:
        return elementwise("div", self, other)


Size = Tuple[Optional[int], Value, int]
"""A size if it is known, and the dimension that has it."""


def shape_of(name: str, value: Value, rank: int) -> Tuple[Optional[int], ...]:
    """The shape of an operand that has to be a tensor of this rank."""
    if not isinstance(value, Value):
        raise InvalidArgument(f"{name}: expected a value of the function, found {value!r}")
    shape = value.type.shape
    if shape is None or len(shape) != rank:
        raise InvalidArgument(f"{name}: expected a tensor of rank {rank}, found {value.type}")
    return shape


def body_of(*values: Value) -> Body:
    """The body that all of them belong to."""
    for value in values:
        if value.body is not values[0].body:
            raise InvalidArgument(f"{values[0]!r} and {value!r} are of different functions")
    return values[0].body


def elementwise(name: str, *operands: Value) -> Value:
    """linalg.NAME, of linalg's named operations on elements (add, max, exp, tanh, ...); all types agree."""
    body = body_of(*operands)
    for operand in operands:
        if operand.type.shape is None or operand.type != operands[0].type:
            raise InvalidArgument(
                f"linalg.{name}: expected tensors of one type, found "
                + ", ".join(str(operand.type) for operand in operands)
            )
    type = operands[0].type
    init = empty(type, operands[0])
    names, types = ", ".join(map(format, operands)), ", ".join([str(type)] * len(operands))
    text = f"linalg.{name} ins({names} : {types}) outs({init} : {type}) -> {type}"
    return body.add(text, type)[0]


def empty(type: Type, like: Value) -> Value:
    """tensor.empty of a type whose unknown sizes are those of `like`, which has the same rank."""
    shape_of("like", like, len(type.shape or ()))
    return new_tensor(like.body, type, [(size, like, i) for i, size in enumerate(type.shape or ())])


def new_tensor(body: Body, type: Type, sizes: Sequence[Size]) -> Value:
    """A tensor without contents; `sizes` says where those come from that the type does not know."""
    unknown = [value.size(dimension) for size, value, dimension in sizes if size is None]
    return body.add(f"tensor.empty({', '.join(map(format, unknown))}) : {type}", type)[0]


def _location() -> str:
    """The line of Python that asked for an operation, the innermost one outside of this package."""
    frame = sys._getframe(1)
    while frame.f_back and os.path.dirname(os.path.abspath(frame.f_code.co_filename)) == _FOLDER:
        frame = frame.f_back
    file = frame.f_code.co_filename.replace("\\", "\\\\").replace('"', '\\"')
    return f'loc("{file}":{frame.f_lineno}:1)'
