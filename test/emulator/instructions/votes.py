"""vote.sync, match.sync, elect.sync, redux.sync: PTX ISA, "Parallel Synchronization … Instructions"."""
import numpy as np

from emulator import Out, expect, generator, run
from kernel import Kernel

LANES = np.arange(32)
REDUCTIONS = {
    "add": lambda x: np.add.reduce(x, dtype=np.uint32), "and": np.bitwise_and.reduce, "or": np.bitwise_or.reduce,
    "xor": np.bitwise_xor.reduce, "umin": np.min, "umax": np.max,
    "min": lambda x: np.min(x.view(np.int32)).view(np.uint32),
    "max": lambda x: np.max(x.view(np.int32)).view(np.uint32),
}


def signed(mask):
    return int(np.uint32(mask).view(np.int32))


def masks(rng):
    """The lanes of a warp in two groups: all of it, halves, single lanes, any."""
    return [0xFFFFFFFF, 0x0000FFFF, 0x00000001, 0x80000000, int(rng.integers(1, 2**32 - 1)), 0xAAAAAAAA]


def in_groups(k, body):
    """Lanes within the argument `mask` and the others do the same, apart."""
    inside = ((k.mask >> k.thread()) & 1).ne(0)
    with k.where(inside):
        body(k.mask)
    with k.where(inside ^ k.value(1, "i1")):
        body(k.mask ^ -1)


def groups(mask):
    member = (mask >> LANES & 1).astype(bool)
    return [g for g in (member, ~member) if g.any()]


def votes(rng):
    k = Kernel("vote", x="global", out="global", mask="i32")
    x = k.load(k.x.at(k.thread() * 4), "i32").ne(0)
    kinds = ["any", "all", "uni", "ballot"]

    def body(mask):
        for i, kind in enumerate(kinds):
            type = "i32" if kind == "ballot" else "i1"
            y = k.op(f"nvvm.vote.sync {kind} {mask}, {x} -> {type}", type)
            k.store(y if kind == "ballot" else y.to("arith.extui", "i32"), k.out.at(k.thread() * 16 + 4 * i))

    in_groups(k, body)
    for i, mask in enumerate(masks(rng)):
        x = rng.integers(0, 2, 32, np.uint32) if i % 3 == 0 else np.full(32, i % 2, np.uint32)
        x[31] ^= i % 3 == 2
        out = run(k, 1, 32, x, Out((32, 4), np.uint32), signed(mask))
        for g in groups(mask):
            p = x[g] != 0
            ballot = int(sum(1 << int(l) for l in LANES[g & (x != 0)]))
            expected = np.array([p.any(), p.all(), p.all() or not p.any(), ballot], np.uint32)
            expect(f"vote.sync of {x} in {mask:#x}", out[g], np.tile(expected, (g.sum(), 1)))


def matches(rng):
    k = Kernel("match", x="global", out="global", mask="i32")
    x = k.load(k.x.at(k.thread() * 8), "i64")
    low = x.to("arith.trunci", "i32")
    pair = "!llvm.struct<(i32, i1)>"

    def body(mask):
        for i, value in enumerate((low, x)):
            to = k.out.at(k.thread() * 24 + 12 * i)
            k.store(k.op(f"nvvm.match.sync any {mask}, {value} : {value.type} -> i32", "i32"), to)
            lanes, equal = k.op(f"nvvm.match.sync all {mask}, {value} : {value.type} -> {pair}", pair).parts()
            k.store(lanes, to.at(4))
            k.store(equal.to("arith.extui", "i32"), to.at(8))

    in_groups(k, body)
    for i, mask in enumerate(masks(rng)):
        x = rng.integers(0, 3, 32, np.uint64) << np.uint64(31)  # the low halves are equal or not, the high ones too
        if i % 2:
            x[:] = x[0]
        out = run(k, 1, 32, x, Out((32, 2, 3), np.uint32), signed(mask))
        for j, values in enumerate((x.astype(np.uint32), x)):
            for g in groups(mask):
                members = sum(1 << int(l) for l in LANES[g])
                same = len(set(values[g])) == 1
                for lane in LANES[g]:
                    any_ = sum(1 << int(l) for l in LANES[g & (values == values[lane])])
                    expect(f"match.sync of {values} in {mask:#x}", out[lane, j],
                           np.array([any_, members if same else 0, same], np.uint32))


def reductions(rng):
    k = Kernel("redux", x="global", out="global", mask="i32")
    x = k.load(k.x.at(k.thread() * 4), "i32")

    def body(mask):
        for i, kind in enumerate(REDUCTIONS):
            k.store(k.op(f"nvvm.redux.sync {kind} {x}, {mask} : i32 -> i32", "i32"),
                    k.out.at((k.thread() * len(REDUCTIONS) + i) * 4))

    in_groups(k, body)
    for mask in masks(rng):
        x = rng.integers(0, 2**32, 32, np.uint32)
        out = run(k, 1, 32, x, Out((32, len(REDUCTIONS)), np.uint32), signed(mask))
        for g in groups(mask):
            expected = np.array([reduce(x[g]) for reduce in REDUCTIONS.values()], np.uint32)
            expect(f"redux.sync {list(REDUCTIONS)} in {mask:#x}", out[g], np.tile(expected, (g.sum(), 1)))


def elections(rng):
    """One lane of the mask is elected, the same each time; the manual does not say which."""
    k = Kernel("elect", out="global", mask="i32")
    inside = ((k.mask >> k.thread()) & 1).ne(0)
    with k.where(inside):
        for i in range(2):
            leader = k.op(f"nvvm.elect.sync {k.mask} -> i1", "i1")
            k.store(leader.to("arith.extui", "i32"), k.out.at(k.thread() * 8 + 4 * i))
    with k.where(inside ^ k.value(1, "i1")):
        for i in range(2):
            k.store(k.value(0), k.out.at(k.thread() * 8 + 4 * i))
    for mask in masks(rng)[1:]:
        out = run(k, 1, 32, Out((32, 2), np.uint32), signed(mask), chip="sm_90a")
        expect(f"elect.sync {mask:#x}: leaders", out.sum(0), np.array([1, 1], out.sum(0).dtype))
        expect(f"elect.sync {mask:#x}: again", out[:, 1], out[:, 0])
        outside = ~(mask >> LANES & 1).astype(bool)
        expect(f"elect.sync {mask:#x}: others", out[outside, 0], np.zeros(outside.sum(), np.uint32))


rng = generator()
for test in (votes, matches, reductions, elections):
    test(rng)
