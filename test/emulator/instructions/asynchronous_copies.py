"""cp.async: PTX ISA, "Data Movement and Conversion Instructions: Non-bulk copy"."""
import numpy as np

from emulator import Out, expect, generator, run
from kernel import Kernel


def sizes(rng):
    """4, 8 and 16 bytes, with and without a source size; what lies beyond the source size is zero."""
    k = Kernel("sizes", x="global", valid="global", out="global")
    shared, lane = k.shared(3 * 2 * 32 * 16), k.thread()
    for i, size in enumerate((4, 8, 16)):
        valid = k.load(k.valid.at((lane + 32 * i) * 4), "i32")
        for j in range(2):
            target = shared.at(lane * 16 + (2 * i + j) * 512)
            for at in range(0, 16, size):  # the bytes that a smaller copy leaves out, by another of the same kind
                k.cp_async(target.at(at), k.x.at(lane * 16 + at), size, valid if j else None)
    k.cp_commit()
    k.cp_wait(0)
    for i in range(6):  # each lane reads its own copies: no barrier
        k.store(k.load(shared.at(lane * 16 + i * 512), "vector<4xi32>"), k.out.at(lane * 16 + i * 512))
    x = rng.integers(1, 256, (32, 16), np.uint8)
    valid = np.stack([rng.integers(0, size + 1, 32) for size in (4, 8, 16)]).astype(np.uint32)
    valid[:, :3] = 0, 1, 3
    out = run(k, 1, 32, x, valid, Out((3, 2, 32, 16), np.uint8))
    for i, size in enumerate((4, 8, 16)):
        expect(f"cp.async of {size} bytes", out[i, 0], x)
        kept = np.arange(16)[None] % size < valid[i][:, None]
        expect(f"cp.async of {size} bytes, of which {valid[i]}", out[i, 1], np.where(kept, x, 0).astype(np.uint8))


def nothing_is_read(rng):
    """With a source size of 0 the source is not read, and may lie anywhere."""
    k = Kernel("nothing_is_read", x="global", out="global", n="i32")
    shared, lane = k.shared(32 * 16), k.thread()
    inside = lane < k.n
    k.cp_async(shared.at(lane * 16), k.x.at(lane * 16), 16, k.select(inside, k.value(16), k.value(0)))
    k.cp_commit()
    k.cp_wait(0)
    k.store(k.load(shared.at(lane * 16), "vector<4xi32>"), k.out.at(lane * 16))
    for n in (1, 17, 32):
        x = rng.integers(0, 2**32, (n, 4), np.uint32)
        expected = np.zeros((32, 4), np.uint32)
        expected[:n] = x
        expect(f"{n} of 32 rows", run(k, 1, 32, x, Out((32, 4), np.uint32), n), expected)


def groups(rng):
    """A ring of three buffers: wait_group n leaves the last n groups under way; an empty group counts."""
    tiles, stages = 7, 3
    k = Kernel("groups", x="global", out="global")
    shared, lane = k.shared(stages * 512), k.thread()

    def fetch(tile):
        with k.where(tile < tiles):
            k.cp_async(shared.at((tile % stages) * 512 + lane * 16), k.x.at(tile * 512 + lane * 16), 16)
        k.cp_commit()

    for i in range(stages - 1):
        fetch(k.value(i))
    with k.loop(0, tiles, 1) as (tile, _):
        k.cp_wait(stages - 2)
        k.barrier()
        y = k.load(shared.at((tile % stages) * 512 + (lane ^ 1) * 16), "vector<4xi32>")
        k.store(y, k.out.at(tile * 512 + lane * 16))
        k.barrier()
        fetch(tile + (stages - 1))
    x = rng.integers(0, 2**32, (tiles, 32, 4), np.uint32)
    for seed in range(2):
        expect("ring of groups", run(k, 1, 32, x, Out((tiles, 32, 4), np.uint32), seed=seed), x[:, np.arange(32) ^ 1])


def wait_all(rng):
    """cp.async.wait_all waits for copies that no group holds yet."""
    k = Kernel("wait_all", x="global", out="global")
    shared, lane = k.shared(512), k.thread()
    k.cp_async(shared.at(lane * 8), k.x.at(lane * 8), 8)
    k.inline("cp.async.wait_all;")
    k.store(k.load(shared.at(lane * 8), "i64"), k.out.at(lane * 8))
    x = rng.integers(0, 2**64, 32, np.uint64)
    expect("cp.async.wait_all", run(k, 1, 32, x, Out(32, np.uint64)), x)


def on_barriers(rng):
    """cp.async.mbarrier.arrive: without .noinc it adds the arrival that it will make."""
    for noinc in (False, True):
        k = Kernel("on_barriers", x="global", out="global")
        shared, barrier, thread = k.shared(64 * 16), k.shared(8, 8), k.thread()
        with k.where(thread.eq(0)):
            k.mbarrier_init(barrier, 64)
        k.barrier()
        k.cp_async(shared.at(thread * 16), k.x.at(thread * 16), 16)
        k.do(f"nvvm.cp.async.mbarrier.arrive {barrier} {'{noinc = true}' if noinc else ''} : !llvm.ptr<3>")
        if not noinc:
            k.mbarrier_arrive(barrier)
        with k.until() as done:
            done.append(k.op(f"nvvm.mbarrier.test.wait {barrier}, {k.value(0)} : !llvm.ptr<3>, i32 -> i1", "i1"))
        k.store(k.load(shared.at((thread ^ 63) * 16), "vector<4xi32>"), k.out.at(thread * 16))
        x = rng.integers(0, 2**32, (64, 4), np.uint32)
        for seed in range(2):
            expect("cp.async.mbarrier.arrive" + ".noinc" * noinc,
                   run(k, 1, 64, x, Out((64, 4), np.uint32), seed=seed), x[::-1])


rng = generator()
for test in (sizes, nothing_is_read, groups, wait_all, on_barriers):
    test(rng)
