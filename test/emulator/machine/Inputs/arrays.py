"""arrays.py save PATH TYPE SHAPE | equal PATH EXPRESSION of x: a ramp as an array, and a check of what came out."""
import sys

import numpy as np

if sys.argv[1] == "save":
    path, element, shape = sys.argv[2:]
    shape = tuple(map(int, shape.split("x")))
    np.save(path, np.arange(np.prod(shape)).reshape(shape).astype(element))
else:
    path, inputs, expression = sys.argv[2:]
    found, expected = np.load(path), eval(expression, {"np": np, "x": np.load(inputs)})
    if found.dtype != expected.dtype or found.shape != expected.shape or not np.array_equal(found, expected):
        sys.exit(f"{path}: expected {expected.dtype} {expected}, found {found.dtype} {found}")
