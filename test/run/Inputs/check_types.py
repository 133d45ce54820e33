"""Every element type goes into a function and comes out as it was; so do scalars and empty arrays."""
import subprocess
import sys

import ml_dtypes
import numpy as np

directory, module = sys.argv[1:]
generator = np.random.default_rng(1)


def run(entry, arrays):
    command = ["imhsa-run", module, f"--entry={entry}", "--opt-level=0"]
    for i, array in enumerate(arrays):
        np.save(f"{directory}/{entry}-{i}.npy", array)
        command += [f"--input={directory}/{entry}-{i}.npy", f"--output={directory}/{entry}-{i}-out.npy"]
    subprocess.run(command, check=True)
    return [np.load(f"{directory}/{entry}-{i}-out.npy") for i in range(len(arrays))]


def expect(entry, arrays, expected=None):
    for i, (found, wanted) in enumerate(zip(run(entry, arrays), expected or arrays)):
        wanted = np.asarray(wanted)
        same = found.dtype == wanted.dtype and found.shape == wanted.shape and found.tobytes() == wanted.tobytes()
        assert same, f"{entry}: output {i}: expected {wanted!r}, found {found!r}"


bits = generator.integers(0, 2**16, (3, 5), dtype=np.uint16)
arrays = [
    bits.view(np.float16),
    bits,
    generator.standard_normal((3, 5)).astype(np.float32),
    generator.standard_normal((3, 5)),
    generator.integers(0, 2, (3, 5)).astype(bool),
    *(generator.integers(np.iinfo(t).min, np.iinfo(t).max, (3, 5), t, True) for t in "bhilq"),
]
expect("all", arrays)
# NumPy may say '<i8' as long or as long long; ml_dtypes saves bfloat16 as two bytes of no kind.
arrays[1] = bits.view(ml_dtypes.bfloat16)
expect("all", arrays, [*arrays[:1], bits, *arrays[2:]])
expect("shapes", [np.float32(-0.0), np.zeros((0, 3), np.float16), np.ones((2, 1, 0), bool)])

# Integers are what they were and floats their negative, with dynamic sizes.
x, n = generator.standard_normal((3, 7)).astype(np.float32), np.arange(7, dtype=np.int32)
expect("negate", [x, n], [-x, n])
