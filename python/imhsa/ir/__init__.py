"""Modules of the imhsa dialect, built in Python, run through passes, and compiled.

    from imhsa import ir

    tokens = ir.tensor("f32", None, None, 6, 64)           # None: any size
    mixing = ir.tensor("f32", 6, 6)

    @ir.function(tokens, tokens, tokens, mixing)
    def attend(query, key, value, pre):
        return ir.attention(query, key, value, order="bnhd", interaction=ir.Interaction(pre=pre))

    module = ir.module(attend)
    print(module)                                          # MLIR
    print(module.run("imhsa-cpu-pipeline{until=fuse}"))    # after passes, by imhsa-opt
    output = module.compile().attend(q, k, v, w)           # by imhsa-compile, on arrays

The functions below write the text of MLIR; imhsa-opt and imhsa-compile read and verify it, and their
diagnostics point at the lines of Python. docs/python.md says why.
"""

from ._module import Module, Traced, function, module
from ._operations import (
    Interaction,
    attention,
    log_sum_exp,
    operation,
    pool,
    weights,
)
from ._values import Type, Value, elementwise, empty, index, tensor

__all__ = [
    "Interaction",
    "Module",
    "Traced",
    "Type",
    "Value",
    "attention",
    "elementwise",
    "empty",
    "function",
    "index",
    "log_sum_exp",
    "module",
    "operation",
    "pool",
    "tensor",
    "weights",
]
