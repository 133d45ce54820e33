"""Counts carried over to a size and a batch, against those that the emulator finds there."""
import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "bench", "gpu"))

import counts
from shapes import Function

cache = sys.argv[1]


# Few tokens, and tiles and ranges of keys that divide them.
def schedules(function):
    splits = 2 if function.has_landmarks else 1
    return "--schedules=" + "; ".join(f"{kind}, queries=16, keys=16, splits={splits}" for kind in ("stream", "normalisers"))


counts.sizes = lambda function, *_: [256, 512] if function.has_landmarks else [128, 256, 384]
for function, batch, tokens in ((Function("both", 2, 32, 16), 3, 3072), (Function("interaction", 2, 32), 2, 768)):
    options = (schedules(function),)
    expected = counts.Counts(cache, options).at(function, "sm_80", batch, tokens)
    found = counts.emulate(function, "sm_80", batch, tokens, options, check=True)
    assert [(launch.kernel, launch.grids) for launch in expected] == [(launch.kernel, launch.grids) for launch in found]
    for a, b in zip(expected, found):
        assert (a.block, a.shared_bytes) == (b.block, b.shared_bytes)
        for name in set(a.numbers) | set(b.numbers):
            # What a block loads once for all its batch elements is counted for each of them.
            near = abs(a[name] - b[name]) <= (0.02 if a.kernel.endswith("_read_out") else 1e-9) * max(a[name], b[name])
            # A lane of `pool` adds zeros where its segment has few tokens.
            near |= a.kernel.endswith("_pool") and name in ("instruction/integer", "instruction/multiply-add") and a[name] >= b[name]
            # Buffers of mixings do not grow with the batch, nor all of the workspace; excess depends on where buffers lie.
            if not near and not name.endswith(("/conflicts", "excess_sectors", "/bytes")):
                raise AssertionError(f"{function.name}, {a.kernel}, {name}: expected {a[name]}, found {b[name]}")
    print(f"{function.name}: {len(found)} launches as expected")
    # What was measured is kept.
    counts.emulate, kept = None, counts.emulate
    assert [vars(launch) for launch in counts.Counts(cache, options).at(function, "sm_80", batch, tokens)] == [vars(launch) for launch in expected]
    counts.emulate = kept

try:
    counts.emulate(Function("plain", 2, 16), "sm_12", 1, 16)
except RuntimeError as error:
    assert "sm_12" in str(error)
    print("an unknown chip is an error")
