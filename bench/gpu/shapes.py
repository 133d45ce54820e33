"""The shapes of the benchmark, and the compiled functions that they need.

A function serves every batch and every number of tokens; a shape is a function with both. What sizes
its schedules are chosen for is a hint to the compiler: few tokens or many, one batch element or 32. The four
variants are those of the paper's Figure 2, each one use of `imhsa.attention`:

    plain          every token looks at every token, heads apart
    landmarks      through landmarks, heads apart: linear in the tokens
    interaction    every token at every token, heads mixed before and after the softmax
    both           through landmarks, heads mixed around both softmaxes: iMHSA
"""
from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Optional

VARIANTS = ("plain", "landmarks", "interaction", "both")
BYTES = {"bf16": 2, "f16": 2, "f32": 4, "f64": 8}
LANDMARK_MIXINGS = ("key_less_pre", "key_less_post", "query_less_pre", "query_less_post")
EXACT_MIXINGS = ("pre", "post")


@dataclass(frozen=True)
class Function:
    """An attention of [B,H,N,D] tensors, Q, K and V alike, for any B and N."""

    variant: str
    heads: int
    width: int
    landmarks: int = 0  # 0 where the variant has none
    type: str = "bf16"
    hint: Optional[tuple[int, int]] = None  # batch and tokens that schedules are chosen for

    def __post_init__(self):
        if self.variant not in VARIANTS or self.has_landmarks != bool(self.landmarks):
            raise ValueError(f"no such attention: {self}")

    @property
    def has_landmarks(self) -> bool:
        return self.variant in ("landmarks", "both")

    @property
    def has_interaction(self) -> bool:
        return self.variant in ("interaction", "both")

    @property
    def mixings(self) -> tuple[str, ...]:
        """The names of the [H,H] operands behind Q, K and V."""
        if not self.has_interaction:
            return ()
        return LANDMARK_MIXINGS if self.has_landmarks else EXACT_MIXINGS

    @property
    def attention(self) -> str:
        """What it computes, whatever the hint."""
        landmarks = f"_l{self.landmarks}" if self.landmarks else ""
        return f"{self.variant}_h{self.heads}_d{self.width}{landmarks}_{self.type}"

    @property
    def name(self) -> str:
        return self.attention + (f"_for_b{self.hint[0]}_n{self.hint[1]}" if self.hint else "")

    def ir(self) -> str:
        tensor = f"tensor<?x{self.heads}x?x{self.width}x{self.type}>"
        hint = f" {{imhsa.size_hint = array<i64: {self.hint[0]}, 0, {self.hint[1]}, 0>}}" if self.hint else ""
        mixing = f"tensor<{self.heads}x{self.heads}xf32>"
        parameters = "".join(f", %{name}: {mixing}" for name in self.mixings)

        def around(keyword: str, pre: str, post: str) -> str:
            return f"\n         {keyword}(pre = %{pre} : {mixing}, post = %{post} : {mixing})" if self.mixings else ""

        if self.has_landmarks:
            operands = f" landmarks(#imhsa.pool<{self.landmarks}>)"
            operands += around("key_less", *LANDMARK_MIXINGS[:2]) + around("query_less", *LANDMARK_MIXINGS[2:])
        else:
            operands = around("interaction", *EXACT_MIXINGS)
        return f"""func.func @{self.name}(%query: {tensor}{hint}, %key: {tensor}{hint}, %value: {tensor}{hint}{parameters}) -> {tensor} {{
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %batch = tensor.dim %query, %c0 : {tensor}
  %tokens = tensor.dim %query, %c2 : {tensor}
  %init = tensor.empty(%batch, %tokens) : {tensor}
  %0 = imhsa.attention ins(%query, %key, %value : {tensor}, {tensor}, {tensor}){operands}
         outs(%init : {tensor}) -> {tensor}
  return %0 : {tensor}
}}
"""


@dataclass(frozen=True)
class Shape:
    function: Function
    batch: int
    tokens: int
    family: str = field(default="", compare=False)

    @property
    def elements(self) -> int:
        """Of each of Q, K, V and O."""
        return self.batch * self.function.heads * self.tokens * self.function.width

    @property
    def floor_bytes(self) -> int:
        """Q, K and V read once, O written once: what no kernel can do without."""
        return 4 * self.elements * BYTES[self.function.type]

    def __str__(self) -> str:
        return f"{self.function.attention} B={self.batch} N={self.tokens}"


def _shape(function: Function, batch: int, tokens: int, family: str) -> Shape:
    """With the hint for sizes like these: one function for less than 1024 tokens, one for more."""
    return Shape(replace(function, hint=(batch, 256 if tokens < 1024 else 16384)), batch, tokens, family)


def _figure3() -> list[Shape]:
    """The paper's Figure 3: a block of ViT-S."""
    functions = [Function(variant, 6, 64, 49 if variant in ("landmarks", "both") else 0) for variant in VARIANTS]
    return [
        _shape(function, batch, tokens, "figure3")
        for function in reversed(functions)
        for batch in (1, 32)
        for tokens in (196, 784, 3136, 12544, 50176)
    ]


def _ivit() -> list[Shape]:
    """Stages of an interactive vision transformer on 224 x 224 and 448 x 448 pixels."""
    return [
        _shape(Function("both", heads, 32, 64), batch, tokens, "ivit")
        for heads, sizes in ((8, (3136, 12544)), (12, (784, 3136)), (16, (196, 784)))
        for batch in (1, 32)
        for tokens in sizes
    ]


def _wide() -> list[Shape]:
    """More heads and landmarks: blocks of ViT-B and ViT-L."""
    return [
        _shape(Function("both", heads, 64, landmarks), batch, 12544, "wide")
        for heads, landmarks in ((12, 64), (16, 196))
        for batch in (1, 32)
    ]


def _long() -> list[Shape]:
    return [_shape(Function("both", 8, 64, 256), 1, 4**power, "long") for power in (6, 7, 8, 9, 10)]


def _exact() -> list[Shape]:
    return [_shape(Function("interaction", 6, 64), 1, 4**power, "exact") for power in (5, 6, 7, 8)]


def _half() -> list[Shape]:
    """The other 16-bit type, where it is a kernel of its own."""
    return [
        _shape(Function("both", heads, width, landmarks, "f16"), 32, 12544, "f16")
        for heads, width, landmarks in ((6, 64, 49), (8, 32, 64), (12, 64, 64), (16, 64, 196))
    ]


def shapes() -> list[Shape]:
    """All of the benchmark, in the order in which it runs: what matters most first."""
    return [*_figure3(), *_exact(), *_ivit(), *_wide(), *_long(), *_half()]


def functions() -> list[Function]:
    return list(dict.fromkeys(shape.function for shape in shapes()))


def module(chosen: list[Function]) -> str:
    """The source of a library with these functions."""
    return "".join(function.ir() for function in chosen)
