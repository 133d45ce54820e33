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


run = counts.emulate
counts.emulate = lambda function, *arguments, **more: run(function, *arguments, options=(schedules(function),), **more)
counts.sizes = lambda function, chosen: [256, 512] if function.has_landmarks else [128, 256, 384]
counts.schedules = lambda function, arch: []
for function in (Function("both", 2, 32, 16), Function("interaction", 2, 32)):
    expected = counts.Counts(cache).at(function, "sm_80", 2, 768)
    found = counts.emulate(function, "sm_80", 2, 768, check=True)
    assert [launch.kernel for launch in expected] == [launch.kernel for launch in found]
    # A tile that holds tokens of no use, and addresses that happen to share a sector, are counted as they fall: within 2%.
    for a, b in zip(expected, found):
        assert (a.block, a.shared_bytes) == (b.block, b.shared_bytes)
        for name in set(a.numbers) | set(b.numbers):
            near = abs(a[name] - b[name]) <= 0.02 * max(a[name], b[name])
            # Mixings do not grow with the batch, nor all of the workspace; excess depends on where buffers lie.
            if not near and not name.endswith(("/conflicts", "excess_sectors", "/bytes")):
                raise AssertionError(f"{function.name}, {a.kernel}, {name}: expected {a[name]}, found {b[name]}")
    print(f"{function.name}: {len(found)} launches as expected")
    # What was measured is kept.
    again = counts.Counts(cache)
    counts.emulate, kept = None, counts.emulate
    assert [vars(launch) for launch in again.at(function, "sm_80", 2, 768)] == [vars(launch) for launch in expected]
    counts.emulate = kept

try:
    counts.emulate(Function("plain", 2, 16), "sm_12", 1, 16)
except RuntimeError as error:
    assert "sm_12" in str(error)
    print("an unknown chip is an error")
