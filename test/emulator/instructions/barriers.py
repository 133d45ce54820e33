"""Barriers of a block and of a warp: PTX ISA, "bar, barrier" and "bar.warp.sync"."""
import numpy as np

from emulator import Out, expect, generator, run
from kernel import Kernel


def whole_block(rng):
    """Each thread reads what another has written; barrier 0 and another one, in a block that is no multiple of 32."""
    threads = 105
    k = Kernel("whole_block", x="global", from_="global", out="global")
    shared, thread = k.shared(4 * threads), k.thread()
    at = thread * 4
    k.store(k.load(k.x.at(at), "i32"), shared.at(at))
    k.do("nvvm.barrier0")
    y = k.load(shared.at(k.load(k.from_.at(at), "i32") * 4), "i32")
    k.barrier()
    k.store(y + 1, shared.at(at))
    k.barrier(id=15)
    k.store(k.load(shared.at((threads - 1 - thread) * 4), "i32"), k.out.at(at))
    x, lane = rng.integers(0, 2**31, threads, np.uint32), rng.integers(0, threads, threads, np.uint32)
    for seed in range(2):
        expect("barriers of the block", run(k, 1, threads, x, lane, Out(threads, np.uint32), seed=seed),
               (x[lane] + 1)[::-1])


def some_warps(rng):
    """Warps 0 and 2 meet at barrier 1, warps 1 and 3 at barrier 2, not equally often."""
    k = Kernel("some_warps", x="global", out="global")
    shared, thread = k.shared(4 * 128), k.thread()
    at = thread * 4
    partner = shared.at((thread ^ 64) * 4)
    sum = k.value(0)
    value = k.load(k.x.at(at), "i32")
    odd = (thread >> 5) & 1
    with k.loop(0, odd * 2 + 3, 1, sum, value) as (_, state):
        sum, value = state
        k.store(value, shared.at(at))
        k.barrier(id=odd + 1, threads=64)
        other = k.load(partner, "i32")
        k.barrier(id=odd + 1, threads=64)
        state[:] = sum + other, value * 3
    k.store(state[0], k.out.at(at))
    x = rng.integers(0, 2**32, 128, np.uint32)
    rounds = np.where(np.arange(128) // 32 % 2, sum_of_powers(5), sum_of_powers(3)).astype(np.uint32)
    for seed in range(2):
        expect("barriers of 64 threads", run(k, 1, 128, x, Out(128, np.uint32), seed=seed),
               x[np.arange(128) ^ 64] * rounds)


def sum_of_powers(n):
    return sum(3**i for i in range(n))


def producer_and_consumer(rng):
    """Warp 0 writes and warp 1 reads, back and forth: each arrives where the other waits."""
    rounds = 5
    k = Kernel("producer_and_consumer", x="global", out="global")
    shared, thread = k.shared(4 * 32), k.thread()
    lane = thread & 31
    mine, opposite = shared.at(lane * 4), shared.at((lane ^ 31) * 4)
    full, empty = 1, 2
    with k.where(thread < 32):
        with k.loop(0, rounds, 1) as (i, _):
            k.barrier(id=empty, threads=64)
            k.store(k.load(k.x.at((i * 32 + lane) * 4), "i32"), mine)
            k.arrive(full, 64)
    with k.where(thread >= 32):
        k.arrive(empty, 64)
        with k.loop(0, rounds, 1) as (i, _):
            k.barrier(id=full, threads=64)
            k.store(k.load(opposite, "i32"), k.out.at((i * 32 + lane) * 4))
            with k.where(i < rounds - 1):
                k.arrive(empty, 64)
    x = rng.integers(0, 2**32, (rounds, 32), np.uint32)
    for seed in range(2):
        expect("arrive and sync", run(k, 1, 64, x, Out((rounds, 32), np.uint32), seed=seed), x[:, ::-1])


def reductions(rng):
    """barrier.red: how many predicates are true, whether all are, whether any is."""
    kinds = ["popc", "and", "or"]
    k = Kernel("barrier_reductions", x="global", out="global")
    thread = k.thread()
    predicate = k.load(k.x.at(thread * 4), "i32")
    for i, kind in enumerate(kinds):
        y = k.op(f"nvvm.barrier #nvvm.reduction<{kind}> {predicate} -> i32", "i32")
        k.store(y, k.out.at(thread * 12 + 4 * i))
    for x in (rng.integers(0, 2, 96, np.uint32), np.zeros(96, np.uint32), np.ones(96, np.uint32)):
        out = run(k, 1, 96, x, Out((96, 3), np.uint32))
        expect("barrier.red", out, np.tile(np.array([x.sum(), x.all(), x.any()], np.uint32), (96, 1)))


def warps(rng):
    """bar.warp.sync of all lanes, and of two groups of lanes on two sides of a branch."""
    k = Kernel("warps", x="global", from_="global", out="global", mask="i32")
    shared, thread = k.shared(4 * 64), k.thread()
    lane, at = thread & 31, thread * 4
    warp = shared.at((thread >> 5) * 128)
    source = k.load(k.from_.at(at), "i32") * 4
    k.store(k.load(k.x.at(at), "i32"), shared.at(at))
    k.sync_warp()
    y = k.load(warp.at(source), "i32")
    k.sync_warp()
    inside = ((k.mask >> lane) & 1).ne(0)
    for side, mask, add in ((inside, k.mask, 1), (inside ^ k.value(1, "i1"), k.mask ^ -1, 2)):
        with k.where(side):
            k.store(y + add, shared.at(at))
            k.sync_warp(mask)
            k.store(k.load(warp.at(source), "i32"), k.out.at(at))
    lanes = np.arange(32)
    for mask in (0x0F0F0F0F, int(rng.integers(1, 2**32 - 1))):
        member = (mask >> lanes & 1).astype(bool)
        source = np.concatenate(
            [np.where(member, rng.choice(lanes[member], 32), rng.choice(lanes[~member], 32)) for _ in range(2)])
        x = rng.integers(0, 2**31, 64, np.uint32)
        once = x.reshape(2, 32)[np.arange(64) // 32, source] + np.where(np.tile(member, 2), 1, 2).astype(np.uint32)
        twice = once.reshape(2, 32)[np.arange(64) // 32, source]
        out = run(k, 1, 64, x, source.astype(np.uint32), Out(64, np.uint32), int(np.uint32(mask).view(np.int32)))
        expect(f"bar.warp.sync {mask:#x}", out, twice)


def exited(rng):
    """Lanes that have left the kernel are not waited for."""
    k = Kernel("exited", x="global", out="global", n="i32")
    shared, thread = k.shared(4 * 64), k.thread()
    at = thread * 4
    inside = thread < k.n
    k.do(f"cf.cond_br {inside}, ^inside, ^outside")
    k.do("^outside:")
    k.do("llvm.return")
    k.do("^inside:")
    k.store(k.load(k.x.at(at), "i32"), shared.at(at))
    k.do("nvvm.barrier0")
    k.store(k.load(shared.at((k.n - 1 - thread) * 4), "i32"), k.out.at(at))
    for n in (64, 32):
        x = rng.integers(0, 2**32, n, np.uint32)
        expect(f"{n} of 64 threads", run(k, 1, 64, x, Out(n, np.uint32), n), x[::-1])


rng = generator()
for test in (whole_block, some_warps, producer_and_consumer, reductions, warps, exited):
    test(rng)
