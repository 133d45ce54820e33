"""Softmax and log-sum-exp of rows, a warp to a row, with redux, votes and shuffles, and a histogram by atomics.

The histogram counts the inputs by their upper three bits: of the lanes that match one adds for all, first
in shared memory, then to the sums of all blocks. The block that is done last finds the largest count.
"""
import math

import numpy as np
from emulator import InOut, Out
from kernel import Kernel
from launch import Launch

WARPS = 4
BINS = 8


def softmax():
    k = Kernel("softmax", x="global", out="global", lse="global", histogram="global", finished="global", most="global",
               rows="i32", n="i32")
    counts, last = k.shared(4 * BINS), k.shared(4)
    thread = k.thread()
    warp, lane = thread >> 5, thread & 31
    row = k.block() * WARPS + warp
    at_row = row * k.n * 4
    lowest = k.value(-math.inf, "f32")

    def add(pointer, value):
        return k.op(f"llvm.atomicrmw add {pointer}, {value} monotonic : {pointer.type}, i32", "i32")

    def sortable(bits):
        """Bits of a float as an i32 of the same order, and back."""
        sign = k.op(f"arith.shrsi {bits}, {k.value(31)} : i32", "i32")
        return bits ^ (sign & 0x7FFFFFFF)

    with k.where(thread < BINS):
        k.store(k.value(0), counts.at(thread * 4))
    k.barrier()
    with k.where(row < k.rows):
        with k.loop(0, k.n, 32, lowest) as (first, maximum):
            column = first + lane
            inside = column < k.n
            x = k.guarded_load(inside, k.x.at(at_row + column * 4), lowest)
            maximum[0] = k.maximum(maximum[0], x)
            # The lanes inside the row count: one adds for all that have the same bin.
            active = k.op(f"nvvm.vote.sync ballot {k.value(-1)}, {inside} -> i32", "i32")
            with k.where(inside):
                bin = x.bits("i32") >> 29
                peers = k.op(f"nvvm.match.sync any {active}, {bin} : i32 -> i32", "i32")
                first_peer = k.op(f'"llvm.intr.cttz"({peers}) <{{is_zero_poison = false}}> : (i32) -> i32', "i32")
                with k.where(lane.eq(first_peer)):
                    add(counts.at(bin * 4), k.op(f"llvm.intr.ctpop({peers}) : (i32) -> i32", "i32"))
        bits = k.op(f"nvvm.redux.sync max {sortable(maximum[0].bits('i32'))}, {k.value(-1)} : i32 -> i32", "i32")
        maximum = sortable(bits).bits("f32")
        log2e = k.value(math.log2(math.e), "f32")
        # A row of -infinity has weights of 0.
        some = k.op(f"nvvm.vote.sync any {k.value(-1)}, {maximum > lowest} -> i1", "i1")
        base = k.select(some, maximum, k.value(0.0, "f32"))

        def weight(x):
            return k.ex2((x - base) * log2e)

        with k.loop(0, k.n, 32, k.value(0.0, "f32")) as (first, sum):
            column = first + lane
            sum[0] = sum[0] + weight(k.guarded_load(column < k.n, k.x.at(at_row + column * 4), lowest))
        total = sum[0]
        for offset in (16, 8, 4, 2, 1):
            total = total + k.shuffle("down", total, offset)
        total = k.shuffle("idx", total, 0)
        with k.where(lane.eq(0)):
            logarithm = k.inline("lg2.approx.ftz.f32 $0, $1;", total, type="f32")
            k.store(base + logarithm * math.log(2), k.lse.at(row * 4))
        factor = k.select(some, k.op(f"nvvm.rcp.approx.ftz.f {total} : f32", "f32"), k.value(0.0, "f32"))
        with k.loop(lane, k.n, 32) as (column, _):
            x = k.load(k.x.at(at_row + column * 4), "f32")
            k.store(weight(x) * factor, k.out.at(at_row + column * 4))
    k.barrier()
    with k.where(thread < BINS):
        add(k.histogram.at(thread * 4), k.load(counts.at(thread * 4), "i32"))
    k.barrier()
    with k.where(thread.eq(0)):
        k.fence()
        k.store(add(k.finished, k.value(1)), last)
        k.fence()
    k.barrier()
    with k.where(k.load(last, "i32").eq(k.special("nctaid.x") - 1) & (thread < 32)):
        count = k.guarded_load(lane < BINS, k.histogram.at(lane * 4), k.value(0))
        largest = k.op(f"nvvm.redux.sync umax {count}, {k.value(-1)} : i32 -> i32", "i32")
        with k.where(lane.eq(0)):
            k.store(largest, k.most)
    return k


def launches(rng):
    kernel = softmax()
    for rows, n in ((1, 1), (10, 75)):
        x = (rng.standard_normal((rows, n)) * 4).astype(np.float32)
        x[0, ::7] = -np.inf
        x[rows // 2] = -np.inf if rows > 1 else x[0]
        x64 = x.astype(np.float64)
        largest = x64.max(1, keepdims=True)
        base = np.where(np.isinf(largest), 0, largest)
        weights = np.exp(x64 - base)
        total = weights.sum(1, keepdims=True)
        exact = np.where(total > 0, weights / total, 0)
        # The exponent, up to 2^5, is rounded before the function.
        bound = exact * (2.0**-24 * 2**6 * 2 + 2.0**-20)
        lse = (np.log(total) + base)[:, 0]
        histogram = np.bincount((x.view(np.uint32) >> 29).reshape(-1), minlength=BINS)
        blocks = (rows + WARPS - 1) // WARPS
        yield Launch(kernel, (blocks,), (32 * WARPS,),
                     [x, Out(x.shape, np.float32), Out(rows, np.float32), InOut(np.zeros(BINS, np.int32)),
                      InOut(np.zeros(1, np.int32)), Out(1, np.int32), rows, n],
                     [(exact, bound), (lse, 2.0**-20), (histogram, 0), (np.array([blocks]), 0),
                      (np.array([histogram.max()]), 0)])
