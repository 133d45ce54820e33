"""Special registers: PTX ISA, "Special Registers"."""
import numpy as np

from emulator import Out, expect, generator, run
from kernel import Kernel

AXES = "xyz"
LANE_MASKS = {
    "eq": lambda lane: 1 << lane, "lt": lambda lane: (1 << lane) - 1, "le": lambda lane: (2 << lane) - 1,
    "gt": lambda lane: 2**32 - (2 << lane), "ge": lambda lane: 2**32 - (1 << lane),
}
REGISTERS = ([f"{r}.{a}" for r in ("tid", "ntid", "ctaid", "nctaid") for a in AXES]
             + ["laneid", "warpsize", "warpid", "nwarpid"] + [f"lanemask.{m}" for m in LANE_MASKS]
             + ["dynamic.smem.size"])
# A launch without clusters has clusters of one block.
CLUSTERS = ([f"{r}.{a}" for r in ("clusterid", "nclusterid", "cluster.ctaid", "cluster.nctaid") for a in AXES]
            + ["cluster.ctarank", "cluster.nctarank"])


def kernel(name, registers):
    """Each thread stores the registers, in the order of threads: x first, then y, z, then blocks."""
    k = Kernel(name, out="global")
    if "dynamic.smem.size" in registers:
        k.shared()
    thread = block = None
    for axis in reversed(AXES):
        t, b = k.thread(axis), k.block(axis)
        thread = t if thread is None else thread * k.block_dim(axis) + t
        block = b if block is None else block * k.special(f"nctaid.{axis}") + b
    threads = k.block_dim("x") * k.block_dim("y") * k.block_dim("z")
    at = (block * threads + thread) * (4 * len(registers))
    for i, register in enumerate(registers):
        k.store(k.special(register), k.out.at(at + 4 * i))
    return k


def all_of_them(rng):
    for grid, block, shared in (((3, 2, 2), (5, 3, 7), 1000), ((1, 1, 5), (2, 1, 33), 0), (2, 64, 16)):
        g, b = (tuple(x) if isinstance(x, tuple) else (x, 1, 1) for x in (grid, block))
        threads, blocks = int(np.prod(b)), int(np.prod(g))
        out = run(kernel("registers", REGISTERS), grid, block, Out((blocks, threads, len(REGISTERS)), np.uint32),
                  shared=shared)
        for i in range(blocks):
            for j in range(threads):
                warps = (threads + 31) // 32
                tid = (j % b[0], j // b[0] % b[1], j // b[0] // b[1])
                ctaid = (i % g[0], i // g[0] % g[1], i // g[0] // g[1])
                expected = [*tid, *b, *ctaid, *g, j % 32, 32, j // 32, warps,
                            *(mask(j % 32) for mask in LANE_MASKS.values()), shared]
                # The manual does not fix warpid and nwarpid; they name a warp of the block.
                found = out[i, j]
                expected[14], expected[15] = found[14], max(int(found[15]), warps)
                expect(f"registers of thread {tid} of block {ctaid}", found, np.array(expected, np.uint32))


def clusters(rng):
    out = run(kernel("cluster_registers", CLUSTERS), (3, 2, 1), 32, Out((6, 32, len(CLUSTERS)), np.uint32),
              chip="sm_90a")
    for i in range(6):
        expected = [i % 3, i // 3, 0, 3, 2, 1, 0, 0, 0, 1, 1, 1, 0, 1]
        expect(f"cluster registers of block {i}", out[i], np.tile(np.array(expected, np.uint32), (32, 1)))


def clocks(rng):
    """Clocks do not go back."""
    k = Kernel("clocks", out="global")
    for i, register in enumerate(("clock64", "globaltimer")):
        for j in range(3):
            k.store(k.op(f"nvvm.read.ptx.sreg.{register} : i64", "i64"), k.out.at(k.thread() * 48 + (i * 24 + j * 8)))
    out = run(k, 1, 32, Out((32, 2, 3), np.int64))
    expect("clocks", np.diff(out) >= 0, np.ones((32, 2, 2), bool))


rng = generator()
for test in (all_of_them, clusters, clocks):
    test(rng)
