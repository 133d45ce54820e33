"""Random inputs are what the help says, are the same for the same seed, and differ otherwise."""
import subprocess
import sys

import numpy as np

directory, module = sys.argv[1:]


def draw(seed, *options):
    outputs = [f"{directory}/{i}.npy" for i in range(7)]
    subprocess.run(["imhsa-run", module, f"--random-inputs={seed}", "--opt-level=0", *options]
                   + [f"--output={path}" for path in outputs], check=True)
    return [np.load(path) for path in outputs]


# Shapes of the arguments with dynamic dimensions, then of all.
dynamic = [f"--shape={shape}" for shape in ("50x200", "5000", "4000", "1000")]
everything = dynamic[:2] + ["--shape=64"] + dynamic[2:] + ["--shape=1000", "--shape="]
first = draw(1, *dynamic)
assert [x.shape for x in first] == [(50, 200), (5000,), (64,), (4000,), (1000,), (1000,), ()]
assert all(x.tobytes() == y.tobytes() for x, y in zip(first, draw(1, *everything)))
assert all(x.tobytes() != y.tobytes() for x, y in zip(first, draw(2, *dynamic)))

bf16 = (first[2].astype(np.uint32) << 16).view(np.float32)
for floats in first[0], first[1].astype(np.float32), bf16:
    error = 5 / np.sqrt(floats.size)  # five standard deviations of the mean
    assert abs(floats.mean()) < error and abs(floats.std() - 1) < error, (floats.mean(), floats.std())
assert 1800 < first[3].sum() < 2200
# The largest dimension, 5000, does not fit an i8.
assert first[4].min() >= 0 and 120 < first[4].max() <= 127
assert first[5].min() >= 0 and 4800 < first[5].max() <= 5000
limited = draw(1, "--int-max=3", *dynamic)
assert set(limited[4]) == set(limited[5]) == {0, 1, 2, 3}
