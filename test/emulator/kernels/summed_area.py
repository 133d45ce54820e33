"""Summed areas, out[r][c] = sum of x[i][j] for i <= r and j <= c, by a pipeline of bulk copies and mbarriers.

The elected lane of a producer warp fetches rows into a ring of three buffers; each has an mbarrier "full",
which counts bytes, and an mbarrier "empty", at which the consumers arrive. Two consumer warps add along the
row, with shuffles in a warp and through shared memory between them, and to the row before; bulk copies
take the results away from two buffers in turn.
"""
import numpy as np
from emulator import Out
from kernel import Kernel
from launch import Launch

CONSUMERS = 64
THREADS = 32 + CONSUMERS
COLUMNS = 4 * CONSUMERS
ROW = 4 * COLUMNS  # bytes
STAGES = 3
TOTAL, STORED = 1, 2  # numbers of the consumers' barriers


def summed_area():
    k = Kernel("summed_area", x="global", out="global", rows="i32")
    ring, sums, total = k.shared(STAGES * ROW), k.shared(2 * ROW), k.shared(4)
    full, empty = k.shared(8 * STAGES, 8), k.shared(8 * STAGES, 8)
    thread = k.thread()
    here = k.block() * k.rows * ROW  # one image to a block
    with k.where(thread.eq(0)):
        for stage in range(STAGES):
            k.mbarrier_init(full.at(8 * stage), 1)
            k.mbarrier_init(empty.at(8 * stage), CONSUMERS)
        k.do("nvvm.fence.mbarrier.init")
    k.barrier()

    with k.where(thread < 32):
        with k.where(k.elect()):
            with k.loop(0, k.rows, 1) as (row, _):
                stage, round = row % STAGES, row / STAGES
                k.mbarrier_wait(empty.at(stage * 8), (round & 1) ^ 1)
                k.mbarrier_arrive_expect(full.at(stage * 8), ROW)
                k.bulk_in(ring.at(stage * ROW), k.x.at(here + row * ROW), full.at(stage * 8), ROW)
    with k.where(thread >= 32):
        consumer, lane = thread - 32, thread & 31
        leader, zero = consumer.eq(0), k.value(0.0, "f32")

        def lane_below(x, distance):
            """x of the lane so far below, 0 where there is none."""
            y, valid = k.op(f"nvvm.shfl.sync up {k.value(-1)}, {x}, {k.value(distance)}, {k.value(0)} "
                            "{return_value_and_is_valid} : f32 -> !llvm.struct<(f32, i1)>",
                            "!llvm.struct<(f32, i1)>").parts()
            return k.select(valid, y, zero)

        with k.loop(0, k.rows, 1, *[zero] * 4) as (row, above):
            stage, round = row % STAGES, row / STAGES
            k.mbarrier_wait(full.at(stage * 8), round & 1)
            x = k.load(ring.at(stage * ROW + consumer * 16), "vector<4xf32>")
            k.mbarrier_arrive(empty.at(stage * 8))
            along = [x.element(0)]
            for i in range(1, 4):
                along.append(along[-1] + x.element(i))
            upto = along[-1]
            for distance in (1, 2, 4, 8, 16):
                upto = upto + lane_below(upto, distance)
            before = lane_below(upto, 1)
            with k.where(consumer.eq(31)):
                k.store(upto, total)
            # The buffer is free once the copy from it, two rows ago, has read it.
            with k.where(leader):
                k.bulk_wait(1, read=True)
            k.barrier(id=TOTAL, threads=CONSUMERS)
            before = before + k.guarded_load(consumer >= 32, total, zero)
            above[:] = [a + (before + b) for a, b in zip(above, along)]
            buffer = sums.at((row & 1) * ROW)
            k.store(k.vector(*above), buffer.at(consumer * 16))
            k.fence_async()
            k.barrier(id=STORED, threads=CONSUMERS)
            with k.where(leader):
                k.bulk_out(k.out.at(here + row * ROW), buffer, ROW)
                k.bulk_commit()
        with k.where(leader):
            k.bulk_wait(0, read=True)  # shared memory has to live so long; the kernel's end does the rest
    return k


def launches(rng):
    kernel = summed_area()
    for images, rows in ((1, 1), (2, 11)):
        x = rng.standard_normal((images, rows, COLUMNS)).astype(np.float32) + 1
        exact = x.astype(np.float64).cumsum(1).cumsum(2)
        bound = 2.0**-24 * (rows + 12) * np.abs(x.astype(np.float64)).cumsum(1).cumsum(2)
        yield Launch(kernel, (images,), (THREADS,), [x, Out(x.shape, np.float32), rows], [(exact, bound)],
                     chip="sm_90a")
