"""The model of roofline.py on cases that are worked out by hand."""
import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "bench", "gpu"))

import math

from chips import CHIPS, Chip, blocks_per_multiprocessor
from counts import Launch, flatten, interpolate, read_out_loads, sizes, solve
from roofline import bounds, describe, main, memory_bytes, table, unit_times
from shapes import Function, Shape

# 10 multiprocessors at 1 GHz: 10 giga clocks a second in all.
chip = Chip("toy", ("toy",), "sm_80", 10, 1e9, memory_bandwidth=1e12, l2_bytes=1000, l2_bandwidth=4e12)


def near(found, expected):
    assert math.isclose(found, expected, rel_tol=1e-12, abs_tol=1e-30), f"expected {expected}, found {found}"


# --- Units: 6.4e6 lanes of each kind ------------------------------------------------------------
kinds = {f"instruction/{kind}": 6.4e6 for kind in ("multiply-add", "compare", "approximate", "convert", "shuffle", "integer", "mma", "copy-async", "ldmatrix", "barrier")}
numbers = {**kinds, "ldmatrix/wavefronts": 1e6, "ldmatrix/instructions": 2e5, "shared_loads/wavefronts": 5e5, "shared_loads/instructions": 5e5,
           "global_loads/instructions": 3e5, "buffer/input 0/sectors_read": 1e6, "buffer/output 0/sectors_written": 2e6}  # fmt: skip
times = unit_times(Launch("kernel", 128, 0, numbers), chip, "bf16", from_memory=3e9)
near(times["memory"], 3e9 / 1e12)
near(times["l2"], 32 * 3e6 / 4e12)
near(times["multiply-add"], 6.4e6 / 64 / 1e10)
near(times["compare"], 6.4e6 / 64 / 1e10)
near(times["special"], 6.4e6 / 16 / 1e10)
near(times["convert"], 6.4e6 / 64 / 1e10)
near(times["shuffle"], 6.4e6 / 32 / 1e10)
near(times["tensor"], 6.4e6 / 32 * 2048 / 1024 / 1e10)
# 1.5e6 passes, and 6.4e6 copies of 16 bytes, 8 of which are a pass.
near(times["shared"], (1.5e6 + 6.4e6 / 8) / 1e10)
# Instructions of warps: 8 kinds of 2e5, whole numbers left out; copies are among the loads; the accesses.
near(times["issue"], (8 * 2e5 + 5e5 + 3e5) / 4 / 1e10)
near(times["integer"], 6.4e6 / 64 / 1e10)
near(unit_times(Launch("kernel", 128, 0, numbers), chip, "f32", 0)["tensor"], 6.4e6 / 32 * 1024 / 512 / 1e10)
print("units")


# --- Memory: a cache of 1000 bytes ---------------------------------------------------------------
def reads(buffer, size, sectors):
    return {f"buffer/{buffer}/bytes": size, f"buffer/{buffer}/sectors_read": sectors}


def writes(buffer, size, sectors):
    return {f"buffer/{buffer}/bytes": size, f"buffer/{buffer}/sectors_written": sectors}


# Twice through 320 bytes: from memory once; a result goes there, what is small and not a result does not.
first = Launch("a", 32, 0, {**reads("input 0", 320, 20), **writes("workspace", 160, 5)})
second = Launch("b", 32, 0, {**reads("input 0", 320, 10), **reads("workspace", 160, 5), **writes("output 0", 320, 10)})
assert memory_bytes([first, second], 1000) == [320, 320]
# A cache of 500 has held 480 since, and 320 and 160 more do not fit: both are read again.
assert memory_bytes([first, second], 500) == [320, 320 + 320 + 160]
# What is read between pushes it out.
between = Launch("c", 32, 0, reads("input 1", 800, 25))
assert memory_bytes([first, between, second], 1000) == [320, 800, 320 + 160 + 320]
# What is written and does not fit goes to memory.
assert memory_bytes([Launch("d", 32, 0, writes("workspace", 3200, 100))], 1000) == [3200]
# In two parts of the batch, one after the other, all of a part stays.
assert memory_bytes([first, between, second], 1000, 0.5) == [320, 800, 320]
print("memory")

# --- Which unit, and the sum ------------------------------------------------------------------------
shape = Shape(Function("both", 2, 16, 8), 1, 64)
pair = [Launch("a", 32, 0, {"instruction/multiply-add": 6.4e6, "instruction/approximate": 0.8e6}),
        Launch("b", 32, 0, {"instruction/approximate": 6.4e6})]  # fmt: skip
found = bounds(shape, chip, pair)
assert [b.unit for b in found] == ["multiply-add", "special"] and found[0].second in ("special", "issue")
near(found[0].time, 1e-5)
near(found[0].margin, 1e-5 / (7.2e6 / 32 / 4 / 1e10))
entry = describe(shape, chip, found)
near(entry["bound_us"], 10 + 40)
near(entry["floor_us"], 4 * 2 * 64 * 16 * 2 / 1e12 * 1e6)
text = table([entry], details=False)
assert "a: multiply-add, 10.0 us, 1.78 x issue" in text, text
print("bounds")

# --- Occupancy -----------------------------------------------------------------------------------------
a100, h100 = CHIPS[0], CHIPS[1]
assert blocks_per_multiprocessor(a100, 128, 168, 80 << 10) == 2  # 164 KB of shared memory hold two of 81 KB
assert blocks_per_multiprocessor(h100, 128, 168, 0) == 3  # 12 warps of 168 registers, 4 a block
assert blocks_per_multiprocessor(a100, 32, 16, 0) == 32  # no more than 32 blocks
assert blocks_per_multiprocessor(a100, 512, 32, 0) == 4  # 64 warps
assert blocks_per_multiprocessor(a100, 1024, 128, 0) == 0  # a quarter of the registers for 8 warps needs 64 each
assert blocks_per_multiprocessor(a100, 1024, 64, 163 << 10) == 1
assert blocks_per_multiprocessor(a100, 1024, 64, 164 << 10) == 0
print("occupancy")

# --- Counts ----------------------------------------------------------------------------------------------
near(interpolate([(10, 25), (20, 45)], 100), 205)
near(interpolate([(1, 1), (2, 4), (3, 9)], 10), 100)
wide = Function("both", 6, 64, 49)
assert sizes(wide, [("pool", "pool")], 12544, False) == [784, 1568]  # 512 at least, a multiple of 49 and of 16
assert sizes(wide, [("attention", "stream, keys = 32, splits = 32"), ("attention", "read_out, queries = 64")], 12544, False) == [1568, 3136]
assert sizes(wide, [("attention", "read_out")], 12544, False) == [784, 2352]  # more than 132 tiles of 16
assert sizes(wide, [("attention", "stream, splits = 16")], 12544, False) == [1568, 3136]  # tiles of 64 keys
assert sizes(wide, [("attention", "stream, splits = 8")], 12544, True) == [3136, 6272]  # a tile for each landmark
assert sizes(Function("both", 16, 64, 196), [("attention", "stream")], 12544, True) == [784, 1568]  # that would be too many
assert sizes(wide, [("pool", "pool")], 196, True) == [196]  # few enough as they are
assert sizes(Function("plain", 6, 64), [], 3136, True) == [256, 384, 512]
# 13 tiles of each of 3 elements: 8 blocks of 5 tiles, of which those with tiles 10..14 and 25..29 have two elements.
assert read_out_loads(3, 200, [8]) == (39, 10)
# Two elements, then one: 26 tiles, 7 each, two in one block; 13 tiles, 13 blocks.
assert read_out_loads(3, 200, [4, 13]) == (39, 18)
near(solve([(10, 2), (20, 2)], [24, 44], (100, 7)), 214)
near(solve([(10, 2)], [24], (100, 20)), 240)
report = {"launches": [{"kernel": "k", "grid": [4, 2, 1], "block": [64, 2, 1], "shared_bytes": 512, "counters": {
    "instructions": {"mma": 64}, "bytes": {"local": {"read": 1, "written": 2}},
    "buffers": [{"name": "input 0", "bytes": 64, "read": 128, "written": 0, "sectors_read": 4, "sectors_written": 0}],
    **{access: {"instructions": 1} for access in ("shared_loads", "shared_stores", "ldmatrix", "stmatrix", "global_loads", "global_stores")},
    "not_assembled": 0}}]}  # fmt: skip
[flat] = flatten(report)
assert (flat.kernel, flat.block, flat.shared_bytes, flat.grids) == ("k", 128, 512, [4])
assert flat["instruction/mma"] == 64 and flat["local"] == 3 and flat["instruction/redux"] == 0
assert flat.buffers() == ["input 0"] and flat.of_buffer("input 0", "sectors_read") == 4
print("counts")

# --- Bad arguments -----------------------------------------------------------------------------------------
for arguments in (["--chips=B300"], ["--shapes=nothing has this name"]):
    try:
        main(arguments)
    except SystemExit as ended:
        assert ended.code == 2
    else:
        raise AssertionError(f"{arguments} should be refused")
