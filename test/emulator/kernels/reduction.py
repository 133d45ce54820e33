"""Sums of rows, by a warp that fetches and two that add: numbered barriers between them.

The producer keeps one tile under way with cp.async. For each of two buffers there is a barrier "full",
where it arrives and the consumers wait, and a barrier "empty" the other way round. A barrier of the
consumers alone joins their sums, a reducing barrier of the whole block counts the consumers that saw a
negative number.
"""
import numpy as np
from emulator import Out
from kernel import Kernel
from launch import Launch

CONSUMERS = 64
THREADS = 32 + CONSUMERS
TILE = 4 * CONSUMERS  # of f32, four to a consumer
FULL, EMPTY, SUMS = 1, 3, 5  # numbers of barriers; full and empty have two


def reduction():
    k = Kernel("reduction", x="global", sums="global", negative="global", n="i32", stride="i32")
    buffers, partial = k.shared(2 * TILE * 4), k.shared(CONSUMERS // 32 * 4)
    thread, row = k.thread(), k.block()
    x = k.x.at(row * k.stride * 4)
    tiles = (k.n + (TILE - 1)) / TILE

    def meet(barrier, tile):
        k.barrier(id=(tile & 1) + barrier, threads=THREADS)

    def arrive(barrier, tile):
        k.arrive((tile & 1) + barrier, THREADS)

    seen = k.shared(THREADS * 4)  # a thread's own word: how a value leaves a branch
    k.store(k.value(0), seen.at(thread * 4))
    with k.where(thread < 32):
        with k.loop(0, tiles, 1) as (tile, _):
            with k.where(tile >= 2):
                meet(EMPTY, tile)
            for i in range(2):
                element = (thread + 32 * i) * 4
                # What is left of the row, at most 16 bytes.
                left = k.smaller(k.larger((k.n - tile * TILE - element) * 4, 0), 16)
                to = buffers.at((tile & 1) * (TILE * 4) + element * 4)
                k.cp_async(to, x.at((tile * TILE + element) * 4), 16, left)
            k.cp_commit()
            with k.where(tile >= 1):
                k.cp_wait(1)
                arrive(FULL, tile - 1)
        k.inline("cp.async.wait_all;")
        arrive(FULL, tiles - 1)
    with k.where(thread >= 32):
        consumer = thread - 32
        zero, none = k.value(0.0, "f32"), k.value(0)
        with k.loop(0, tiles, 1, zero, none) as (tile, state):
            meet(FULL, tile)
            four = k.load(buffers.at((tile & 1) * (TILE * 4) + consumer * 16), "vector<4xf32>")
            arrive(EMPTY, tile)  # for the last two tiles nobody waits any more
            for i in range(4):
                element = four.element(i)
                state[0] = state[0] + element
                state[1] = k.select(element < 0.0, k.value(1), state[1])
        sum, negative = state
        k.store(negative, seen.at(thread * 4))
        for offset in (16, 8, 4, 2, 1):
            sum = sum + k.shuffle("down", sum, offset)
        with k.where((consumer & 31).eq(0)):
            k.store(sum, partial.at((consumer >> 5) * 4))
        k.barrier(id=SUMS, threads=CONSUMERS)
        with k.where(consumer.eq(0)):
            total = k.load(partial, "f32")
            for i in range(1, CONSUMERS // 32):
                total = total + k.load(partial.at(4 * i), "f32")
            k.store(total, k.sums.at(row * 4))
    count = k.op(f"nvvm.barrier #nvvm.reduction<popc> {k.load(seen.at(thread * 4), 'i32')} -> i32", "i32")
    with k.where(thread.eq(0)):
        k.store(count, k.negative.at(row * 4))
    return k


def launches(rng):
    kernel = reduction()
    for rows, n in ((3, 1001), (2, 1536), (1, 3)):
        stride = (n + 3) // 4 * 4
        # Beyond the row lies what must not be added.
        x = np.full(rows * stride, np.nan, np.float32).reshape(rows, stride)
        x[:, :n] = rng.standard_normal((rows, n)) + 3
        x = x.reshape(-1)[:rows * stride - (stride - n)]  # nothing to read after the last row
        exact = np.array([x[r * stride:r * stride + n].astype(np.float64).sum() for r in range(rows)])
        negative = np.zeros((rows, n + -n % TILE), bool)
        negative[:, :n] = np.array([x[r * stride:r * stride + n] < 0 for r in range(rows)])
        seen = negative.reshape(rows, -1, CONSUMERS, 4).any((1, 3)).sum(1)
        yield Launch(kernel, (rows,), (THREADS,), [x, Out(rows, np.float32), Out(rows, np.int32), n, stride],
                     [(exact, 1e-5 * exact), (seen.astype(np.float64), 0.0)])
