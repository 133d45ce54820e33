"""Uses of the package that are right."""

from pathlib import Path
from typing import Optional, Tuple

import imhsa
from imhsa import ir

library: imhsa.Library = imhsa.compile(
    Path("attention.mlir"), "cuda", chip=["sm_80", "sm_90a"], output="libattention.so"
)
function: imhsa.Function = imhsa.load("libattention.so").attention
shape: Tuple[Optional[int], ...] = function.inputs[0].shape
size: int = function.workspace_size(1, key=2)
shapes: Tuple[Tuple[int, ...], ...] = function.output_shapes(1, 2)
imhsa.set_num_threads(4)


@ir.function(ir.tensor("f32", None, 6, None, 64), ir.tensor("f32", 6, 6))
def attend(tokens: ir.Value, pre: ir.Value) -> ir.Value:
    return ir.attention(tokens, tokens, tokens, interaction=ir.Interaction(pre=pre)) + tokens


module: ir.Module = ir.module(attend).run("imhsa-decompose", "cse")
built: imhsa.Function = module.compile(chip=["sm_80"], target="cuda").attend
try:
    function(1, 2, out=None, stream=0)
except imhsa.InvalidTensor as error:
    raise imhsa.Error(str(error))
