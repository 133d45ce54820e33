"""No memory is lost over many calls, failed calls and loads."""

import gc
import os
import sys
import weakref

import numpy as np

from common import fails, imhsa, mixing, tokens

rng = np.random.default_rng()
query, key, value = tokens(rng, 1, 2), tokens(rng, 1, 2), tokens(rng, 1, 2)
mix = mixing(rng)
out = np.empty_like(query)


def calls():
    library.f32(query, key, value, *mix, out=out)
    library.f32(query, key, value, *mix)


def failed_calls():
    fails(imhsa.InvalidTensor, "", lambda: library.f32(query, key[:, 1:], value, *mix))
    fails(imhsa.InvalidTensor, "", lambda: library.f32(query, key, None, *mix))


def loads():
    imhsa.load(sys.argv[1]).f32(query, key, value, *mix, out=out)


def resident() -> int:
    """Bytes of memory of this process."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


library = imhsa.load(sys.argv[1])
for action, times in (calls, 10000), (failed_calls, 5000), (loads, 1000):
    for _ in range(times // 10):
        action()
    gc.collect()
    before = resident()
    for _ in range(times):
        action()
    gc.collect()
    grown = resident() - before
    # One forgotten capsule alone would be more than 100 bytes a call.
    assert grown < 50 * times + (1 << 19), f"{action.__name__}: {grown} bytes more after {times} times"

# A library is closed with its last function, without waiting for the garbage collector.
gc.disable()
gone = weakref.ref(library._opened)
function = library.bnhd
del library
assert gone() is not None
del function
assert gone() is None
print("leaks: passed")
