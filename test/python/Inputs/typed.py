"""Uses of the package that are right."""

from pathlib import Path
from typing import Optional, Tuple

import imhsa

library: imhsa.Library = imhsa.compile(
    Path("attention.mlir"), "cuda", chip=["sm_80", "sm_90a"], output="libattention.so"
)
function: imhsa.Function = imhsa.load("libattention.so").attention
shape: Tuple[Optional[int], ...] = function.inputs[0].shape
size: int = function.workspace_size(1, key=2)
shapes: Tuple[Tuple[int, ...], ...] = function.output_shapes(1, 2)
imhsa.set_num_threads(4)
try:
    function(1, 2, out=None, stream=0)
except imhsa.InvalidTensor as error:
    raise imhsa.Error(str(error))
