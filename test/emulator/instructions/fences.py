"""Fences: PTX ISA, "membar, fence". What a fence orders is seen where blocks talk through global memory."""
import numpy as np

from emulator import InOut, Out, expect, generator, run
from kernel import Kernel

BLOCKS, THREADS = 7, 64


def last_block(rng):
    """Each block writes its part, makes it visible, and counts; the block that counts last adds the parts."""
    k = Kernel("last_block", x="global", parts="global", counter="global", out="global")
    thread, block = k.thread(), k.block()
    shared = k.shared(4)
    k.store(k.load(k.x.at((block * THREADS + thread) * 4), "i32"), k.parts.at((block * THREADS + thread) * 4))
    k.barrier()
    with k.where(thread.eq(0)):
        k.fence("gpu")
        count = k.op(f"llvm.atomicrmw add {k.counter}, {k.value(1)} monotonic : !llvm.ptr<1>, i32", "i32")
        k.fence("gpu")
        k.store(count, shared)
    k.barrier()
    with k.where(k.load(shared, "i32").eq(BLOCKS - 1)):
        with k.loop(0, BLOCKS, 1, k.value(0)) as (i, sum):
            sum[0] = sum[0] + k.load(k.parts.at((i * THREADS + thread) * 4), "i32")
        k.store(sum[0], k.out.at(thread * 4))
    x = rng.integers(0, 2**32, (BLOCKS, THREADS), np.uint32)
    for seed in range(3):
        _, _, out = run(k, BLOCKS, THREADS, x, Out(x.shape, np.uint32), InOut(np.zeros(1, np.uint32)),
                        Out(THREADS, np.uint32), seed=seed)
        expect("sum by the last block", out, x.sum(0, dtype=np.uint32))


def flag(rng):
    """A warp waits in a loop for the flag that another one sets once its data is there."""
    k = Kernel("flag", x="global", out="global")
    data, flag, thread = k.shared(128), k.shared(4), k.thread()
    at = (thread & 31) * 4
    with k.where(thread.eq(0)):
        k.store(k.value(0), flag)
    k.barrier()
    with k.where(thread < 32):
        with k.loop(0, 2, 1) as (_, _):  # the waiting warp has to loop
            k.sync_warp()
        k.store(k.load(k.x.at(at), "i32"), data.at(at))
        k.sync_warp()
        with k.where(thread.eq(0)):
            k.fence("cta")
            k.do(f"llvm.store volatile {k.value(1)}, {flag} {{alignment = 4 : i64}} : i32, !llvm.ptr<3>")
    with k.where(thread >= 32):
        with k.until() as done:
            found = k.op(f"llvm.load volatile {flag} {{alignment = 4 : i64}} : !llvm.ptr<3> -> i32", "i32")
            done.append(found.eq(1))
        k.fence("cta")
        k.store(k.load(data.at(k.value(124) - at), "i32"), k.out.at(at))
    x = rng.integers(0, 2**32, 32, np.uint32)
    for seed in range(3):
        expect("flag", run(k, 1, 64, x, Out(32, np.uint32), seed=seed), x[::-1])


def every_kind(rng):
    """Every fence that a kernel builder writes is understood and changes nothing in a single thread."""
    k = Kernel("every_kind", x="global", out="global")
    shared, thread = k.shared(4 * 32), k.thread()
    at = thread * 4
    k.store(k.load(k.x.at(at), "i32"), shared.at(at))
    for scope in ("cta", "gpu", "sys"):
        k.fence(scope)
    k.do("nvvm.fence.sc.cluster")
    k.do("nvvm.fence.mbarrier.init")
    k.fence_async()
    for kind in ("async", "async.global"):
        k.do(f"nvvm.fence.proxy {{kind = #nvvm.proxy_kind<{kind}>}}")
    k.store(k.load(shared.at(at), "i32"), k.out.at(at))
    x = rng.integers(0, 2**32, 32, np.uint32)
    expect("fences", run(k, 1, 32, x, Out(32, np.uint32), chip="sm_90a"), x)


rng = generator()
for test in (last_block, flag, every_kind):
    test(rng)
