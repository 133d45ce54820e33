"""mbarrier objects: PTX ISA, "Parallel Synchronization and Communication Instructions: mbarrier"."""
import numpy as np

from emulator import Out, expect, generator, run
from kernel import Kernel


def test_wait(k, barrier, phase):
    """mbarrier.test_wait on a state (i64) or a parity (i32), as an i32."""
    done = k.op(f"nvvm.mbarrier.test.wait {barrier}, {phase} : !llvm.ptr<3>, {phase.type} -> i1", "i1")
    return done.to("arith.extui", "i32")


def try_wait(k, barrier, phase, *ticks):
    """mbarrier.try_wait, which may wait for a while; only where the phase is complete is its result known."""
    operands = [barrier, phase, *ticks]
    types = ", ".join(o.type for o in operands)
    done = k.op(f"nvvm.mbarrier.try_wait {', '.join(map(str, operands))} : {types} -> i1", "i1")
    return done.to("arith.extui", "i32")


class Log:
    """Results of one thread, stored one after the other."""

    def __init__(self, k):
        self.k, self.count = k, 0

    def __call__(self, value):
        self.k.store(value, self.k.out.at(4 * self.count))
        self.count += 1


def counts(rng):
    """One thread counts a barrier down: when a phase is complete, by state and by parity; several phases."""
    k = Kernel("counts", out="global")
    barrier, log, expected = k.shared(8, 8), Log(k), []
    k.mbarrier_init(barrier, 3)
    for phase in range(3):
        parity = phase & 1
        states = []
        for i in range(3):
            log(test_wait(k, barrier, k.value(parity)))  # is this phase complete?
            log(test_wait(k, barrier, k.value(parity ^ 1)))  # is the one before?
            expected += [0, 1]
            states.append(k.mbarrier_arrive(barrier))
            log(test_wait(k, barrier, states[0]))
            expected += [int(i == 2)]
        log(test_wait(k, barrier, states[2]))
        log(test_wait(k, barrier, k.value(parity)))
        expected += [1, 1]
    k.do(f"nvvm.mbarrier.inval {barrier} : !llvm.ptr<3>")
    k.mbarrier_init(barrier, 1)  # the memory can be a barrier again, in phase 0
    log(test_wait(k, barrier, k.value(0)))
    k.mbarrier_arrive(barrier)
    log(test_wait(k, barrier, k.value(0)))
    expect("counts", run(k, 1, 1, Out(log.count, np.int32)), np.array(expected + [0, 1], np.int32))


def counts_of_arrivals(rng):
    """Arrivals that count for several, that must not complete, and that drop out of later phases."""
    k = Kernel("counts_of_arrivals", out="global")
    barrier, log, expected = k.shared(8, 8), Log(k), []
    k.mbarrier_init(barrier, 5)
    k.op(f"nvvm.mbarrier.arrive {barrier}, {k.value(3)} : !llvm.ptr<3> -> i64", "i64")
    log(test_wait(k, barrier, k.value(0)))
    k.op(f"nvvm.mbarrier.arrive.nocomplete {barrier}, {k.value(1)} : !llvm.ptr<3>, i32 -> i64", "i64")
    log(test_wait(k, barrier, k.value(0)))
    k.op(f"nvvm.mbarrier.arrive_drop {barrier} : !llvm.ptr<3> -> i64", "i64")
    log(test_wait(k, barrier, k.value(0)))
    expected += [0, 0, 1]
    # Phase 1 now expects 4 arrivals.
    k.op(f"nvvm.mbarrier.arrive_drop.nocomplete {barrier}, {k.value(1)} : !llvm.ptr<3>, i32 -> i64", "i64")
    k.op(f"nvvm.mbarrier.arrive {barrier}, {k.value(2)} : !llvm.ptr<3> -> i64", "i64")
    log(test_wait(k, barrier, k.value(1)))
    k.op(f"nvvm.mbarrier.arrive {barrier} : !llvm.ptr<3> -> i64", "i64")
    log(test_wait(k, barrier, k.value(1)))
    expected += [0, 1]
    # Phase 2 expects 3.
    k.op(f"nvvm.mbarrier.arrive {barrier}, {k.value(2)} : !llvm.ptr<3> -> i64", "i64")
    log(test_wait(k, barrier, k.value(0)))
    k.mbarrier_arrive(barrier)
    log(test_wait(k, barrier, k.value(0)))
    expected += [0, 1]
    expect("counts of arrivals", run(k, 1, 1, Out(log.count, np.int32), chip="sm_90a"), np.array(expected, np.int32))


def transactions(rng):
    """A phase is complete when neither arrivals nor bytes are outstanding, whichever comes last."""
    k = Kernel("transactions", out="global")
    barrier, log, expected = k.shared(8, 8), Log(k), []

    def complete(bytes):
        k.do(f"nvvm.mbarrier.complete_tx {barrier}, {k.value(bytes)} : !llvm.ptr<3>, i32")

    k.mbarrier_init(barrier, 2)
    k.do(f"nvvm.mbarrier.expect_tx {barrier}, {k.value(48)} : !llvm.ptr<3>, i32")
    k.mbarrier_arrive_expect(barrier, 16)
    k.mbarrier_arrive(barrier)
    for bytes, done in ((32, 0), (16, 0), (16, 1)):
        log(test_wait(k, barrier, k.value(0)))
        expected.append(0)
        complete(bytes)
        log(test_wait(k, barrier, k.value(0)))
        expected.append(done)
    # Phase 1: the bytes come before the last arrival.
    k.mbarrier_arrive_expect(barrier, 64)
    complete(64)
    log(test_wait(k, barrier, k.value(1)))
    state = k.mbarrier_arrive(barrier)
    log(test_wait(k, barrier, k.value(1)))
    log(try_wait(k, barrier, k.value(1)))
    log(try_wait(k, barrier, state))
    log(try_wait(k, barrier, state, k.value(1000)))
    expected += [0, 1, 1, 1, 1]
    expect("transactions", run(k, 1, 1, Out(log.count, np.int32), chip="sm_90a"), np.array(expected, np.int32))


def ring(rng):
    """A producer warp and two consumer warps with full and empty barriers over two buffers, parity by parity."""
    stages, rounds = 2, 9
    k = Kernel("ring", x="global", out="global")
    data, full, empty = k.shared(stages * 128), k.shared(8 * stages, 8), k.shared(8 * stages, 8)
    thread = k.thread()
    lane, warp = thread & 31, thread >> 5
    with k.where(thread.eq(0)):
        for i in range(stages):
            k.mbarrier_init(full.at(8 * i), 32)
            k.mbarrier_init(empty.at(8 * i), 64)
    k.barrier()
    with k.where(warp.eq(0)):
        with k.loop(0, rounds, 1) as (i, _):
            stage, parity = i % stages, (i / stages) & 1
            k.mbarrier_wait(empty.at(stage * 8), parity ^ 1)
            k.store(k.load(k.x.at(i * 128 + lane * 4), "i32"), data.at(stage * 128 + lane * 4))
            k.mbarrier_arrive(full.at(stage * 8))
    with k.where(warp > 0):
        with k.loop(0, rounds, 1) as (i, _):
            stage, parity = i % stages, (i / stages) & 1
            k.mbarrier_wait(full.at(stage * 8), parity)
            y = k.load(data.at(stage * 128 + (lane ^ 31) * 4), "i32")
            k.store(y, k.out.at((i * 2 + warp - 1) * 128 + lane * 4))
            k.mbarrier_arrive(empty.at(stage * 8))
    x = rng.integers(0, 2**32, (rounds, 32), np.uint32)
    for seed in range(3):
        out = run(k, 1, 96, x, Out((rounds, 2, 32), np.uint32), chip="sm_90a", seed=seed)
        expect("ring", out, np.stack([x[:, ::-1]] * 2, 1))


rng = generator()
for test in (counts, counts_of_arrivals, transactions, ring):
    test(rng)
