"""Bulk copies: PTX ISA, "cp.async.bulk", "cp.async.bulk.commit_group" and "cp.async.bulk.wait_group"."""
import numpy as np

from emulator import InOut, Out, expect, generator, run
from kernel import Kernel

CHIP = "sm_90a"


def sizes_in(rng):
    """Copies of several sizes to shared memory, counted by one mbarrier, in two phases."""
    sizes = [16, 48, 1008, 4096]
    starts = np.cumsum([0] + sizes)
    k = Kernel("sizes_in", x="global", out="global")
    shared, barrier, thread = k.shared(int(starts[-1])), k.shared(8, 8), k.thread()
    with k.where(thread.eq(0)):
        k.mbarrier_init(barrier, 1)
        k.do("nvvm.fence.mbarrier.init")
    k.barrier()
    with k.loop(0, 2, 1) as (phase, _):
        with k.where(thread.eq(0)):
            k.mbarrier_arrive_expect(barrier, int(starts[-1]))
            for size, start in zip(sizes, starts):
                start = int(start)
                k.bulk_in(shared.at(start), k.x.at(phase * int(starts[-1]) + start), barrier, size)
        k.mbarrier_wait(barrier, phase)
        with k.loop(thread * 4, int(starts[-1]), 4 * 64) as (at, _):
            k.store(k.load(shared.at(at), "i32"), k.out.at(phase * int(starts[-1]) + at))
        k.barrier()
    x = rng.integers(0, 2**32, (2, int(starts[-1]) // 4), np.uint32)
    for seed in range(2):
        expect("bulk copies in", run(k, 1, 64, x, Out(x.shape, np.uint32), chip=CHIP, seed=seed), x)


def out(rng):
    """Copies from shared memory in groups; .read allows the source to be written again."""
    rounds = 4
    k = Kernel("out", x="global", out="global")
    shared, thread = k.shared(2 * 128), k.thread()
    with k.loop(0, rounds, 1) as (i, _):
        buffer = shared.at((i & 1) * 128)
        k.store(k.load(k.x.at(i * 128 + thread * 4), "i32"), buffer.at(thread * 4))
        k.fence_async()
        k.sync_warp()
        with k.where(thread.eq(0)):
            k.bulk_out(k.out.at(i * 128), buffer, 128)
            k.bulk_commit()
            k.bulk_wait(1, read=True)
        k.sync_warp()
    with k.where(thread.eq(0)):
        k.bulk_wait(0)
    x = rng.integers(0, 2**32, (rounds, 32), np.uint32)
    for seed in range(2):
        expect("bulk copies out", run(k, 1, 32, x, Out(x.shape, np.uint32), chip=CHIP, seed=seed), x)


def written(rng):
    """After wait_group without .read the thread sees what its copies have written to global memory."""
    k = Kernel("written", x="global", y="global", out="global")
    shared = k.shared(64)
    for at in range(0, 64, 16):
        k.store(k.load(k.x.at(at), "vector<4xi32>"), shared.at(at))
    k.fence_async()
    k.bulk_out(k.y.at(16), shared.at(16), 32)
    k.bulk_commit()
    k.bulk_wait(0)
    for at in range(0, 64, 4):
        k.store(k.load(k.y.at(at), "i32") + 1, k.out.at(at))
    x, y = rng.integers(0, 2**31, 16, np.uint32), rng.integers(0, 2**31, 16, np.uint32)
    after = y.copy()
    after[4:12] = x[4:12]
    got_y, got = run(k, 1, 1, x, InOut(y), Out(16, np.uint32), chip=CHIP)
    expect("bulk copy out, memory", got_y, after)
    expect("bulk copy out, seen", got, after + 1)


def round_trip(rng):
    """In, changed, and out again, by two warps with a barrier each."""
    bytes = 256
    k = Kernel("round_trip", x="global", y="global")
    shared, barriers, thread = k.shared(2 * bytes), k.shared(16, 8), k.thread()
    warp, lane = thread >> 5, thread & 31
    mine, barrier = shared.at(warp * bytes), barriers.at(warp * 8)
    leader = lane.eq(0)
    with k.where(leader):
        k.mbarrier_init(barrier, 1)
        k.do("nvvm.fence.mbarrier.init")
        k.mbarrier_arrive_expect(barrier, bytes)
        k.bulk_in(mine, k.x.at(warp * bytes), barrier, bytes)
    k.sync_warp()
    k.mbarrier_wait(barrier, 0)
    at = mine.at(lane * 8)
    k.store(k.load(at, "i64") + k.load(at, "i64"), at)
    k.fence_async()
    k.sync_warp()
    with k.where(leader):
        k.bulk_out(k.y.at(warp * bytes), mine, bytes)
        k.bulk_commit()
        k.bulk_wait(0)
    x = rng.integers(0, 2**62, 64, np.uint64)
    expect("bulk round trip", run(k, 1, 64, x, Out(64, np.uint64), chip=CHIP), x * 2)


rng = generator()
for test in (sizes_in, out, written, round_trip):
    test(rng)
