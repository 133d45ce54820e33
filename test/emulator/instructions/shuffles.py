"""shfl.sync: PTX ISA, "Data Movement and Conversion Instructions: shfl.sync"."""
import numpy as np

from emulator import Out, expect, generator, run
from kernel import Kernel

MODES = ["up", "down", "bfly", "idx"]
LANES = np.arange(32)


def source(mode, b, c):
    """The lane that each of 32 lanes reads, and the predicate, from the manual's pseudocode."""
    clamp, segment = c & 31, c >> 8 & 31
    maximum = LANES & segment | clamp & ~segment
    minimum = LANES & segment
    j = {"up": LANES - (b & 31), "down": LANES + (b & 31), "bfly": LANES ^ b & 31,
         "idx": minimum | b & 31 & ~segment}[mode]
    valid = j >= maximum if mode == "up" else j <= maximum
    return np.where(valid, j, LANES), valid


def all_lanes(rng):
    """Every mode with offsets, clamps and segments that differ from lane to lane."""
    cases = 40
    k = Kernel("shuffle", x="global", b="global", c="global", out="global", floats="global", valid="global")
    thread = k.thread()
    x = k.load(k.x.at(thread * 4), "i32")
    with k.loop(0, cases, 1) as (case, _):
        at = (case * 64 + thread) * 4
        b, c = k.load(k.b.at(at), "i32"), k.load(k.c.at(at), "i32")
        for i, mode in enumerate(MODES):
            pair = k.op(f"nvvm.shfl.sync {mode} {k.value(-1)}, {x}, {b}, {c} {{return_value_and_is_valid}} : "
                        "i32 -> !llvm.struct<(i32, i1)>", "!llvm.struct<(i32, i1)>")
            y, valid = pair.parts()
            to = at + i * cases * 256
            k.store(y, k.out.at(to))
            k.store(valid.to("arith.extui", "i32"), k.valid.at(to))
            k.store(k.shuffle(mode, x.bits("f32"), b, c), k.floats.at(to))
    x = rng.integers(0, 2**32, 64, np.uint32)
    b = rng.integers(0, 32, (cases, 64), np.uint32)
    # Half of the cases: one offset and one clamp for the warp, as programs have them. The bits that
    # the manual does not name are not zero.
    b[::2] = b[::2, :1]
    clamp = rng.integers(0, 32, (cases, 64), np.uint32)
    segment = rng.choice(np.array([0, 16, 24, 28, 30, 31], np.uint32), (cases, 64))
    c = clamp | segment << 8
    c[::2] = c[::2, :1]
    c[0], c[2], c[4] = 31, 0, 31 | 24 << 8
    b[1::4] |= 0xFFFF0000
    shape = (len(MODES), cases, 64)
    out, floats, valid = run(k, 1, 64, x, b, c, Out(shape, np.uint32), Out(shape, np.uint32), Out(shape, np.int32))
    for i, mode in enumerate(MODES):
        for case in range(cases):
            for warp in (slice(0, 32), slice(32, 64)):
                lane, ok = source(mode, b[case, warp].astype(np.int64), c[case, warp].astype(np.int64))
                name = f"shfl.sync.{mode} b={b[case, warp]} c={c[case, warp]}"
                expect(name, out[i, case, warp], x[warp][lane])
                expect(name + " f32", floats[i, case, warp], x[warp][lane])
                expect(name + " predicate", valid[i, case, warp], ok.astype(np.int32))


def some_lanes(rng):
    """Two sides of a branch shuffle among themselves, in masks that are not contiguous."""
    k = Kernel("shuffle_in_branches", x="global", from_="global", out="global", mask="i32")
    lane = k.thread()
    at = lane * 4
    x, lane_from = k.load(k.x.at(at), "i32"), k.load(k.from_.at(at), "i32")
    inside = ((k.mask >> lane) & 1).ne(0)
    with k.where(inside):
        k.store(k.shuffle("idx", x, lane_from, 31, k.mask), k.out.at(at))
    with k.where(inside ^ k.value(1, "i1")):
        k.store(k.shuffle("idx", x * 3, lane_from, 31, k.mask ^ -1), k.out.at(at))
    for mask in [0x00000001, 0x80000001, 0x55555555, int(rng.integers(1, 2**32 - 1))]:
        member = (mask >> LANES & 1).astype(bool)
        lane_from = np.where(member, rng.choice(LANES[member], 32), rng.choice(LANES[~member], 32)).astype(np.uint32)
        x = rng.integers(0, 2**30, 32, np.uint32)
        out = run(k, 1, 32, x, lane_from, Out(32, np.uint32), mask - 2**32 if mask >= 2**31 else mask)
        expect(f"mask {mask:#x}", out, np.where(member, x, x * 3)[lane_from])


rng = generator()
all_lanes(rng)
some_lanes(rng)
