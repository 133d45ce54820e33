"""Compiled attention in PyTorch: custom operators, and a module. Needs PyTorch 2.4 or later.

    import imhsa.torch
    attend = imhsa.torch.operator(library.attention, "mymodel::attention")
    output = attend(query, key, value)                    # also inside torch.compile
    layer = imhsa.torch.InteractiveAttention(dim=192, heads=6, landmarks=49)

PyTorch knows the operators by their shapes and types alone, so torch.compile traces through them
without a graph break. They are forward only: see `operator`.
"""

from __future__ import annotations

import importlib
import re
import threading
from typing import Any, Dict, NamedTuple, Tuple

from ._compile import compile
from ._errors import InvalidArgument, InvalidTensor
from ._function import Function, TensorType

__all__ = ["InteractiveAttention", "operator"]

# By its name, so that the types of this package do not depend on whether PyTorch is there.
try:
    torch: Any = importlib.import_module("torch")
except ImportError as error:
    raise ImportError(f"imhsa.torch needs PyTorch 2.4 or later: {error}", name="torch") from error
if not hasattr(torch.library, "custom_op"):
    raise ImportError(
        f"imhsa.torch needs PyTorch 2.4 or later, found {torch.__version__}", name="torch"
    )

_lock = threading.RLock()


# ------------------------------------------------------------------------------------------------
# Shapes without data
# ------------------------------------------------------------------------------------------------


class _Tensor(NamedTuple):
    """A tensor of a function, and what its description calls its dimensions."""

    type: TensorType
    dimensions: Tuple[str, ...]
    """Numbers, and names; what has one name has one size in every call."""


class _Shapes:
    """The shapes of a function's outputs, computed from those of its inputs.

    The runtime computes them, too, but only from numbers. While PyTorch traces, sizes are symbols;
    so a size that the inputs do not fix is taken from the input dimension of the same name.
    """

    def __init__(self, function: Function) -> None:
        self.name = function.__name__
        signature = (function.__doc__ or "").partition("\n")[0]
        found = dict(re.findall(r"(\w+): \w+\[([^\]]*)\]", signature))

        def named(tensor: TensorType) -> _Tensor:
            dimensions = tuple(filter(None, found.get(tensor.name, "").split(", ")))
            if len(dimensions) != len(tensor.shape):
                raise InvalidArgument(
                    f"{self.name}: expected the {len(tensor.shape)} dimensions of '{tensor.name}' "
                    f"in the description of the function, found {signature}"
                )
            return _Tensor(tensor, dimensions)

        self.inputs = [named(tensor) for tensor in function.inputs]
        self.outputs = [named(tensor) for tensor in function.outputs]
        known = {name for tensor in self.inputs for name in tensor.dimensions}
        for index, output in enumerate(self.outputs):
            for dim, name in enumerate(output.dimensions):
                if not name.isdigit() and name not in known:
                    raise InvalidArgument(
                        f"{self.name}: output {index} '{output.type.name}': expected a size that "
                        f"is fixed, or that of a dimension of an input, found dimension {dim} "
                        "computed otherwise, which torch.compile could not trace"
                    )

    def empty(self, inputs: Tuple[Any, ...]) -> Any:
        """Outputs for inputs without data, whose sizes may be symbols."""
        sizes: Dict[str, Any] = {}
        for index, (tensor, found) in enumerate(zip(self.inputs, inputs)):
            self._check(index, tensor, found, sizes)
        outputs = [
            torch.empty(
                [int(name) if name.isdigit() else sizes[name] for name in output.dimensions],
                dtype=getattr(torch, output.type.dtype),
                device=inputs[0].device,
            )
            for output in self.outputs
        ]
        return outputs[0] if len(outputs) == 1 else tuple(outputs)

    def _check(self, index: int, tensor: _Tensor, found: Any, sizes: Dict[str, Any]) -> None:
        where = f"{self.name}: input {index} '{tensor.type.name}'"
        dtype, rank = getattr(torch, tensor.type.dtype), len(tensor.dimensions)
        if found.dtype != dtype or found.dim() != rank:
            raise InvalidTensor(
                f"{where}: expected {dtype} of rank {rank}, "
                f"found {found.dtype} of rank {found.dim()}"
            )
        for dim, (name, size) in enumerate(zip(tensor.dimensions, found.shape)):
            wanted = int(name) if name.isdigit() else sizes.setdefault(name, size)
            # Tells PyTorch that symbols are equal, where a comparison might need their values.
            torch._check(
                size == wanted,
                lambda: f"{where}: dimension {dim} ({name}): expected {wanted}, found {size}",
            )


# ------------------------------------------------------------------------------------------------
# Operators
# ------------------------------------------------------------------------------------------------

_operators: Dict[str, Tuple[Function, Any]] = {}


def operator(function: Function, name: str) -> Any:
    """Registers a compiled function as a custom operator of PyTorch, and returns it.

    name: "namespace::name", under which torch.ops has it, too. An operator stays until the process
        ends. The same function and name give the same operator; a name that is taken by another is
        an InvalidArgument, as is a function of which an output has a dimension that is neither
        fixed nor that of an input: tracing knows sizes only as symbols.

    It takes the inputs of the function by position or by name, and returns new tensors: a tuple
    where there are several. It has no gradient: where one would be needed, the call is an
    InvalidTensor; call it under torch.no_grad(), or with detached tensors.
    """
    if not re.fullmatch(r"[A-Za-z_]\w*::[A-Za-z_]\w*", name):
        raise InvalidArgument(f"name: expected 'namespace::name', found {name!r}")
    if not function.inputs:
        raise InvalidArgument(f"{function.__name__}: expected an input, whose device tells where")
    with _lock:
        if name in _operators and _operators[name][0] is function:
            return _operators[name][1]
        namespace, _, short = name.partition("::")
        if hasattr(getattr(torch.ops, namespace), short):
            raise InvalidArgument(f"name: {name} is already the name of another operator")
        shapes = _Shapes(function)
        inputs = ", ".join(f"Tensor {tensor.name}" for tensor in function.inputs)
        outputs = ", ".join("Tensor" for _ in function.outputs)
        if len(function.outputs) > 1:
            outputs = f"({outputs})"
        registered = _register(
            name,
            f"({inputs}) -> {outputs}",
            lambda *inputs: function(*inputs),
            lambda *inputs: shapes.empty(inputs),
        )
        _operators[name] = function, registered
        return registered


def _register(name: str, schema: str, run: Any, fake: Any) -> Any:
    names = re.findall(r"Tensor (\w+)", schema)

    # Called in the forward pass where an input requires a gradient: sooner than PyTorch would tell,
    # whose own error comes in the backward pass.
    def refuse(ctx: Any, *gradients: Any, **call: Any) -> None:
        index = ctx.needs_input_grad.index(True)
        raise InvalidTensor(
            f"{name}: input {index} '{names[index]}': requires a gradient, which compiled "
            "functions do not give: call under torch.no_grad(), or pass a detached tensor"
        )

    registered = torch.library.custom_op(name, run, mutates_args=(), schema=schema)
    registered.register_fake(fake)
    registered.register_autograd(refuse, setup_context=refuse)
    return registered


# ------------------------------------------------------------------------------------------------
# The module
# ------------------------------------------------------------------------------------------------

_MIXINGS = ("query_less_pre", "query_less_post", "key_less_pre", "key_less_post")

_SOURCE = """
func.func @interactive_attention(
    %query: {tokens}, %key: {tokens}, %value: {tokens},
    %query_less_pre: {mixing}, %query_less_post: {mixing},
    %key_less_pre: {mixing}, %key_less_post: {mixing}) -> {tokens} {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %batch = tensor.dim %query, %c0 : {tokens}
  %size = tensor.dim %query, %c1 : {tokens}
  %init = tensor.empty(%batch, %size) : {tokens}
  %0 = imhsa.attention ins(%query, %key, %value : {tokens}, {tokens}, {tokens})
         order(query = bnhd, key = bnhd, value = bnhd, output = bnhd)
         landmarks(#imhsa.pool<{landmarks}>)
         query_less(pre = %query_less_pre : {mixing}, post = %query_less_post : {mixing})
         key_less(pre = %key_less_pre : {mixing}, post = %key_less_post : {mixing})
         outs(%init : {tokens}) -> {tokens}
  return %0 : {tokens}
}}
"""

# What MLIR calls element types.
_ELEMENTS = {
    torch.float16: "f16",
    torch.bfloat16: "bf16",
    torch.float32: "f32",
    torch.float64: "f64",
}


class _Compiled(NamedTuple):
    function: Function
    shapes: _Shapes


_compiled: Dict[Tuple[str, ...], _Compiled] = {}


def _attention(query: Any, mixing: Any, landmarks: int) -> _Compiled:
    """Compiled at its first use for a kind of device, element types, heads, width and landmarks."""
    for name, tensor, rank in ("query", query, 4), ("query_less_pre", mixing, 2):
        if tensor.dim() != rank or tensor.dtype not in _ELEMENTS:
            raise InvalidTensor(
                f"imhsa::interactive_attention: {name}: expected rank {rank} and one of "
                f"{', '.join(map(str, _ELEMENTS))}, found rank {tensor.dim()} and {tensor.dtype}"
            )
    if landmarks < 1:
        raise InvalidArgument(f"landmarks: expected at least one, found {landmarks}")
    heads, width = int(query.shape[2]), int(query.shape[3])
    target = "cuda" if query.device.type == "cuda" else "cpu"
    tokens = f"tensor<?x?x{heads}x{width}x{_ELEMENTS[query.dtype]}>"
    square = f"tensor<{heads}x{heads}x{_ELEMENTS[mixing.dtype]}>"
    key = target, tokens, square, str(int(landmarks))
    with _lock:
        if key not in _compiled:
            source = _SOURCE.format(tokens=tokens, mixing=square, landmarks=int(landmarks))
            cpu = "native" if target == "cpu" else None
            function = compile(source, target, cpu=cpu).interactive_attention
            _compiled[key] = _Compiled(function, _Shapes(function))
        return _compiled[key]


def _run(*arguments: Any) -> Any:
    *inputs, landmarks = arguments
    return _attention(inputs[0], inputs[3], landmarks).function(*inputs)


def _fake(*arguments: Any) -> Any:
    *inputs, landmarks = arguments
    return _attention(inputs[0], inputs[3], landmarks).shapes.empty(tuple(inputs))


# One operator for all: tracing meets only this call, and never what compiles.
_interactive_attention = _register(
    "imhsa::interactive_attention",
    "(Tensor query, Tensor key, Tensor value, "
    + "".join(f"Tensor {name}, " for name in _MIXINGS)
    + "int landmarks) -> Tensor",
    _run,
    _fake,
)


class InteractiveAttention(torch.nn.Module):  # type: ignore[misc]
    """Interactive multi-head self-attention with landmarks: [B,N,dim] to [B,N,dim], for inference.

    The paper's layer: with Q, K, V from `qkv`, and landmarks Q', K' that are segment means of the
    tokens, O = A_Q (A_K V), where A_K are the weights of Q' over K ("query-less") and A_Q those of
    Q over K' ("key-less"); then `projection`. It takes time and memory linear in the tokens N.

    Heads interact in both: [heads, heads] matrices mix the logits before the softmax (`pre`) and
    the weights after it (`post`). These are the parameters `query_less_pre`, `query_less_post`,
    `key_less_pre` and `key_less_post`; they begin as identities, where heads do not interact.

    dim: channels, a multiple of heads. landmarks: into how many segments tokens are pooled.
    qkv_bias: whether `qkv` has a bias. device, dtype: of the parameters, as in torch.nn.Linear.

    The attention is compiled at its first use for a kind of device, element types, heads, their
    width and landmarks, for any batch and tokens; all modules share what is compiled. Q, K and V
    go in as [B,N,H,D] views of the projection, without copies. The operator is
    torch.ops.imhsa.interactive_attention. A call that would need a gradient is an InvalidTensor.
    """

    def __init__(
        self,
        dim: int,
        heads: int,
        landmarks: int,
        *,
        qkv_bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        for name, value in ("heads", heads), ("landmarks", landmarks), ("dim", dim):
            if value < 1:
                raise InvalidArgument(f"{name}: expected at least one, found {value}")
        if dim % heads:
            raise InvalidArgument(f"dim: expected a multiple of {heads} heads, found {dim}")
        self.dim, self.heads, self.landmarks = dim, heads, landmarks
        made: Dict[str, Any] = {"device": device, "dtype": dtype}
        self.qkv = torch.nn.Linear(dim, 3 * dim, bias=qkv_bias, **made)
        self.projection = torch.nn.Linear(dim, dim, **made)
        for name in _MIXINGS:
            self.register_parameter(name, torch.nn.Parameter(torch.eye(heads, **made)))

    def forward(self, x: Any) -> Any:
        """[B,N,dim] to [B,N,dim], for any batch and tokens."""
        if x.dim() != 3 or x.shape[2] != self.dim:
            raise InvalidTensor(f"x: expected [B, N, {self.dim}], found {list(x.shape)}")
        tokens = self.qkv(x).unflatten(2, (3, self.heads, self.dim // self.heads))
        query, key, value = tokens.unbind(2)
        output = _interactive_attention(
            query,
            key,
            value,
            self.query_less_pre,
            self.query_less_post,
            self.key_less_pre,
            self.key_less_post,
            self.landmarks,
        )
        return self.projection(output.flatten(2))

    def extra_repr(self) -> str:
        """What print shows of the module."""
        return f"dim={self.dim}, heads={self.heads}, landmarks={self.landmarks}"
