"""Operands and results that lie in a larger array: how, in IR and in NumPy.

  slice      all but the first and the last element of every dimension
  step       every second element of each dimension but the last
  gather     every second element of the last dimension
  transpose  dimensions in another order
"""
from __future__ import annotations

import numpy as np


def pairs(text: str) -> dict[str, str]:
    """"a:x,b:y" -> {a: x, b: y}"""
    return dict(pair.split(":") for pair in text.split(",") if pair)


def order(rank: int) -> list[int]:
    return [0, 2, 1, 3] if rank == 4 else list(range(rank))[::-1]


def cut(view: str, at: int, rank: int) -> tuple[int, int, int]:
    """First element, step, and elements after the last one, in one dimension."""
    if view == "slice":
        return 1, 1, 1
    return (0, 2, 0) if (view == "gather") == (at == rank - 1) else (0, 1, 0)


def base(view: str, sizes: list[int | str]) -> list[int | str]:
    """The sizes of the array around a view of these sizes; "?" stays."""
    if view == "transpose":
        return [sizes[d] for d in order(len(sizes))]
    parts = [cut(view, at, len(sizes)) for at in range(len(sizes))]
    return [n if n == "?" else first + n * step + after for n, (first, step, after) in zip(sizes, parts)]


def numpy_view(view: str, array: np.ndarray) -> np.ndarray:
    if view == "transpose":
        return array.transpose(order(array.ndim))
    parts = [cut(view, at, array.ndim) for at in range(array.ndim)]
    return array[tuple(slice(first, size - after, step) for size, (first, step, after) in zip(array.shape, parts))]


def around(view: str, array: np.ndarray) -> np.ndarray:
    """The array in a larger one, whose other elements are NaN."""
    found = np.empty(base(view, list(array.shape)), array.dtype)
    found.view(f"u{array.itemsize}")[...] = 1 if array.dtype == np.bool_ else np.iinfo(f"u{array.itemsize}").max
    numpy_view(view, found)[...] = array
    return found


def bounds(view: str, sizes: list, known: list[str]) -> str:
    """[first elements] [sizes] [steps]"""
    parts = [cut(view, at, len(sizes)) for at in range(len(sizes))]
    lists = [first for first, _, _ in parts], known, [step for _, step, _ in parts]
    return " ".join(f"[{', '.join(map(str, items))}]" for items in lists)


def measured(view: str, name: str, value: str, type: str, sizes: list, is_base: bool) -> tuple[list[str], list, list]:
    """Operations for the unknown sizes of a view and of the array around it, one of which is VALUE; both lists."""
    body, inner, outer, rank = [], [], [], len(sizes)
    for at, size in enumerate(sizes):
        if size != "?":
            inner.append(str(size))
            continue
        first, step, after = (0, 1, 0) if view == "transpose" else cut(view, at, rank)
        n = f"%{name}{at}_"
        dim = order(rank)[at] if is_base and view == "transpose" else at
        body += [f"{n}at = arith.constant {dim} : index", f"{n}dim = tensor.dim {value}, {n}at : {type}"]
        body += [f"{n}more = arith.constant {first + after} : index", f"{n}step = arith.constant {step} : index"]
        if is_base:
            body += [f"{n}less = arith.subi {n}dim, {n}more : index", f"{n}size = arith.divui {n}less, {n}step : index"]
        else:
            body += [f"{n}wide = arith.muli {n}dim, {n}step : index", f"{n}size = arith.addi {n}wide, {n}more : index"]
        inner.append(f"{n}size" if is_base else f"{n}dim")
        outer.append((at, f"{n}size"))
    return body, inner, outer


def taken(view: str, name: str, base_type: str, type: str, sizes: list) -> list[str]:
    """Operations that make %NAME of %NAME_base."""
    body, inner, outer = measured(view, name, f"%{name}_base", base_type, sizes, is_base=True)
    if view != "transpose":
        cuts = bounds(view, sizes, inner)
        return [*body, f"%{name} = tensor.extract_slice %{name}_base{cuts} : {base_type} to {type}"]
    empty = ", ".join(size for _, size in outer)
    return [*body, *transposed(name, f"%{name}_base", base_type, type, empty, len(sizes))]


def put(view: str, value: str, type: str, base_type: str, sizes: list) -> list[str]:
    """Operations that make %large, zero around %VALUE."""
    body, inner, outer = measured(view, "large", value, type, sizes, is_base=False)
    if view == "transpose":
        empty = ", ".join(size for _, size in sorted(outer, key=lambda pair: order(len(sizes)).index(pair[0])))
        return [*body, *transposed("large", value, type, base_type, empty, len(sizes))]
    element = base_type[base_type.rindex("x") + 1 : -1]
    return [
        *body,
        f"%large_init = tensor.empty({', '.join(size for _, size in outer)}) : {base_type}",
        f"%zero = arith.constant 0.0 : {element}",
        f"%zeros = linalg.fill ins(%zero : {element}) outs(%large_init : {base_type}) -> {base_type}",
        f"%large = tensor.insert_slice {value} into %zeros{bounds(view, sizes, inner)} : {type} into {base_type}",
    ]


def transposed(name: str, value: str, value_type: str, type: str, empty: str, rank: int) -> list[str]:
    outs = f"outs(%{name}_turned : {type}) permutation = {order(rank)}"
    return [
        f"%{name}_turned = tensor.empty({empty}) : {type}",
        f"%{name} = linalg.transpose ins({value} : {value_type}) {outs}",
    ]
