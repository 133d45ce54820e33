"""Atomic operations on global and shared memory: PTX ISA, "Parallel Synchronization … Instructions: atom", "red"."""
import numpy as np

from emulator import InOut, Out, expect, generator, run
from kernel import Kernel

BLOCKS, THREADS = 3, 96
ALL = BLOCKS * THREADS


def signed(operation):
    return lambda a, b: operation(a.astype(f"i{a.itemsize}"), b.astype(f"i{a.itemsize}")).astype(a.dtype)


OPERATIONS = {
    "add": np.add, "sub": np.subtract, "_and": np.bitwise_and, "_or": np.bitwise_or, "_xor": np.bitwise_xor,
    "umin": np.minimum, "umax": np.maximum, "min": signed(np.minimum), "max": signed(np.maximum),
    "xchg": lambda a, b: b,
    # atom.inc: (r >= s) ? 0 : r + 1; atom.dec: (r == 0 || r > s) ? s : r - 1.
    "uinc_wrap": lambda a, b: np.where(a >= b, 0, a + 1).astype(a.dtype),
    "udec_wrap": lambda a, b: np.where((a == 0) | (a > b), b, a - 1).astype(a.dtype),
}


def rmw(k, operation, pointer, value):
    return k.op(f"llvm.atomicrmw {operation} {pointer}, {value} monotonic : {pointer.type}, {value.type}", value.type)


def one_lane_each(rng):
    """Every operation at 32 and 64 bits, each thread on a word of its own: the old value and the new one."""
    for bits in (32, 64):
        type, numpy_type = f"i{bits}", np.dtype(f"u{bits // 8}")
        operations = [o for o in OPERATIONS if bits == 32 or "wrap" not in o]
        k = Kernel(f"atomics_{bits}", memory="global", x="global", old="global")
        thread = k.thread()
        shared = k.shared(32 * bits // 8)
        for i, operation in enumerate(operations):
            at = (thread + 64 * i) * (bits // 8)
            x = k.load(k.x.at(at), type)
            with k.where(thread < 32):
                k.store(rmw(k, operation, k.memory.at(at), x), k.old.at(at))
            with k.where(thread >= 32):
                word = shared.at((thread - 32) * (bits // 8))
                k.store(k.load(k.memory.at(at), type), word)
                k.store(rmw(k, operation, word, x), k.old.at(at))
                k.store(k.load(word, type), k.memory.at(at))
        memory, x = (rng.integers(0, 2**bits, (len(operations), 64), numpy_type) for _ in range(2))
        memory[:, ::5] = x[:, ::5]
        memory[:, 1::5] = 0
        after, old = run(k, 1, 64, InOut(memory), x, Out(memory.shape, numpy_type))
        for i, operation in enumerate(operations):
            expect(f"atom.{operation}.b{bits}: old", old[i], memory[i])
            expect(f"atom.{operation}.b{bits}: new", after[i], OPERATIONS[operation](memory[i], x[i]))


def contention(rng):
    """All threads of all blocks on the same words, so that the old values tell an order; also within each block."""
    k = Kernel("contention", memory="global", x="global", old="global", blocks="global")
    thread, block = k.thread(), k.block()
    shared = k.shared(8)
    with k.where(thread.eq(0)):
        k.store(k.value(0, "i64"), shared)
    k.barrier()
    i = block * THREADS + thread
    x = k.load(k.x.at(i * 4), "i32")
    k.store(rmw(k, "add", k.memory, x), k.old.at(i * 8))
    k.store(rmw(k, "xchg", k.memory.at(4), i), k.old.at(i * 8 + 4))
    rmw(k, "add", shared, x.to("arith.extui", "i64"))
    rmw(k, "fadd", k.memory.at(8), x.to("arith.uitofp", "f32"))
    k.barrier()
    with k.where(thread.eq(0)):
        k.store(k.load(shared, "i64"), k.blocks.at(block * 8))
    x = rng.integers(1, 1000, ALL, np.uint32)  # the sum is exact in f32
    start = np.array([7, ALL, 0], np.uint32)
    for seed in range(2):
        after, old, blocks = run(k, BLOCKS, THREADS, InOut(start), x, Out((ALL, 2), np.uint32),
                                 Out(BLOCKS, np.uint64), seed=seed)
        order = np.argsort(old[:, 0])
        expect("atom.add: sum", after[:1], np.array([7 + x.sum()], np.uint32))
        expect("atom.add: one after the other", old[order, 0], (7 + np.cumsum(x[order]) - x[order]).astype(np.uint32))
        # Each value is taken out once, except the one that stays.
        expect("atom.exch", np.sort(np.append(old[:, 1], after[1])), np.arange(ALL + 1, dtype=np.uint32))
        expect("atom.add.f32", after[2:].view(np.float32), np.array([x.sum()], np.float32))
        expect("atom.add on shared memory", blocks, x.reshape(BLOCKS, THREADS).sum(1).astype(np.uint64))


def compare_and_swap(rng):
    """Every thread adds its number in a loop of atom.cas; nobody's is lost."""
    k = Kernel("compare_and_swap", memory="global", x="global")
    pointer = k.memory
    x = k.load(k.x.at((k.block() * THREADS + k.thread()) * 4), "i32")
    with k.until() as done:
        old = k.op(f"llvm.load volatile {pointer} atomic monotonic {{alignment = 4 : i64}} : !llvm.ptr<1> -> i32",
                   "i32")
        pair = k.op(f"llvm.cmpxchg {pointer}, {old}, {old + x} monotonic monotonic : !llvm.ptr<1>, i32",
                    "!llvm.struct<(i32, i1)>")
        done.append(pair.parts()[1])
    x = rng.integers(0, 2**32, ALL, np.uint32)
    after = run(k, BLOCKS, THREADS, InOut(np.array([5], np.uint32)), x)
    expect("atom.cas", after, np.array([5 + int(x.astype(np.uint64).sum())]).astype(np.uint32))


def floats(rng):
    """Sums of f32, f64 and pairs of f16 in any order."""
    k = Kernel("float_atomics", memory="global", doubles="global", x="global")
    i = k.block() * THREADS + k.thread()
    x = k.load(k.x.at(i * 4), "f32")
    rmw(k, "fadd", k.memory, x)
    rmw(k, "fadd", k.doubles, x.to("arith.extf", "f64"))
    half = k.intrinsic("llvm.nvvm.ff2f16x2.rn", "vector<2xf16>", x, x * 2.0)
    rmw(k, "fadd", k.memory.at(4), half)
    x = rng.integers(-4, 5, ALL).astype(np.float32) / 4
    start = np.zeros(2, np.float32)
    memory, doubles = run(k, BLOCKS, THREADS, InOut(start), InOut(np.zeros(1)), x)
    expect("atom.add.f32", memory[:1], np.array([x.sum()], np.float32))
    expect("atom.add.f64", doubles, np.array([x.sum(dtype=np.float64)]))
    expect("atom.add.noftz.f16x2", memory[1:].view(np.float16), np.array([2 * x.sum(), x.sum()], np.float16))


rng = generator()
for test in (one_lane_each, contention, compare_and_swap, floats):
    test(rng)
