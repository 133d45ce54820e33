"""Arrays that fit the functions of errors.mlir, and arrays that do not."""
import sys

import numpy as np


def save(name, array):
    np.save(f"{sys.argv[1]}/{name}.npy", array)


x = np.ones((3, 4), np.float32)
save("x", x)
save("f64", x.astype(np.float64))
save("rank", x[None])
save("dim", np.ones((3, 5), np.float32))
save("true", np.array([True, False]))
save("false", np.array([False, True]))
save("bool", np.array([1, 2], np.uint8).view(bool))
