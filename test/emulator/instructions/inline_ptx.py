"""PTX that is written as text, through nvvm.inline_ptx: instructions, predicates and local registers."""
import numpy as np

from emulator import Out, bf16, expect, expect_close, generator, run
from kernel import Kernel


def registers(rng):
    """Instructions that take registers and give one."""
    k = Kernel("registers", x="global", y="global", bits="global", out="global")
    at = k.thread() * 4
    x, y, bits = k.load(k.x.at(at), "f32"), k.load(k.y.at(at), "f32"), k.load(k.bits.at(at), "i32")
    bf16s = k.inline("cvt.rn.bf16x2.f32 $0, $1, $2;", x, y, type="i32")
    swapped = k.inline("cvt.rn.bf16x2.f32 $0, $1, $2;", y, x, type="i32")
    halves = k.inline("cvt.rn.f16x2.f32 $0, $1, $2;", x, y, type="i32")
    results = [k.inline("ex2.approx.ftz.f32 $0, $1;", x, type="f32"), bf16s, halves,
               k.inline("ex2.approx.ftz.bf16x2 $0, $1;", bf16s, type="i32"),
               k.inline("fma.rn.f16x2 $0, $1, $1, $2;", halves, halves, type="i32"),
               k.inline("max.bf16x2 $0, $1, $2;", bf16s, swapped, type="i32"),
               k.inline("prmt.b32 $0, $1, $2, 0x9250;", bits, at, type="i32")]
    for i, result in enumerate(results):
        k.store(result, k.out.at(at + 512 * i))
    x, y = (rng.standard_normal(128).astype(np.float32) for _ in range(2))
    bits = rng.integers(0, 2**32, 128, np.uint32)
    out = run(k, 1, 128, x, y, bits, Out((len(results), 128), np.uint32), chip="sm_90a")
    ex2, bf16s, halves, bf16_ex2, fma, maximum, permuted = out
    exact = np.exp2(x.astype(np.float64))
    expect_close("ex2.approx.ftz.f32", ex2.view(np.float32), exact, 2 * np.spacing(exact.astype(np.float32)))
    pair = np.stack([y, x], 1)  # the first operand is in the upper half
    expect("cvt.rn.bf16x2.f32", bf16s.view(bf16).reshape(128, 2), pair.astype(bf16))
    expect("cvt.rn.f16x2.f32", halves.view(np.float16).reshape(128, 2), pair.astype(np.float16))
    exact = np.exp2(pair.astype(bf16).astype(np.float64))
    expect_close("ex2.approx.ftz.bf16x2", bf16_ex2.view(bf16).reshape(128, 2), exact, 2.0**-7 * exact)
    half = pair.astype(np.float16).astype(np.float64)
    expect("fma.rn.f16x2", fma.view(np.float16).reshape(128, 2), (half * half + half).astype(np.float16))
    expect("max.bf16x2", maximum.view(bf16).reshape(128, 2), np.maximum(pair, pair[:, ::-1]).astype(bf16))
    # Bytes 0, 5 and 2 of {b, a}, then the sign of byte 1.
    a, b = bits.view(np.uint8).reshape(128, 4), (np.arange(128, dtype=np.uint32) * 4).view(np.uint8).reshape(128, 4)
    expected = np.stack([a[:, 0], b[:, 1], a[:, 2], np.where(a[:, 1] & 0x80, 0xFF, 0)], 1).astype(np.uint8)
    expect("prmt.b32", permuted.view(np.uint8).reshape(128, 4), expected)


def barriers_and_copies(rng):
    """Predicated instructions, mbarrier.try_wait with its predicate in a local register, bar.sync, cp.async."""
    k = Kernel("barriers_and_copies", x="global", out="global")
    shared, barrier, thread = k.shared(1024), k.shared(8, 8), k.thread()
    leader = thread.eq(0)

    def predicated(ptx, *operands):
        types = ", ".join(o.type for o in operands)
        inputs = f" ro ({', '.join(map(str, operands))} : {types})" if operands else ""
        k.do(f'nvvm.inline_ptx "{ptx}"{inputs}, predicate = {leader}')

    predicated("mbarrier.init.shared::cta.b64 [$0], $1;", barrier, k.value(1))
    predicated("fence.mbarrier_init.release.cluster;")
    k.inline("bar.sync 0;")
    predicated("mbarrier.arrive.expect_tx.shared::cta.b64 _, [$0], $1;", barrier, k.value(512))
    predicated("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [$0], [$1], $2, [$3];",
               shared, k.x, k.value(512), barrier)
    k.inline("cp.async.cg.shared.global [$0], [$1], 16;", shared.at(thread * 16 + 512), k.x.at(thread * 16 + 512))
    k.inline("cp.async.commit_group;")
    k.inline("cp.async.wait_group 0;")
    with k.until() as done:
        complete = k.inline("{ .reg .pred p; mbarrier.try_wait.parity.shared::cta.b64 p, [$1], $2; "
                            "selp.b32 $0, 1, 0, p; }", barrier, k.value(0), type="i32")
        done.append(complete.ne(0))
    k.inline("bar.warp.sync 0xffffffff;")
    for half in (0, 512):
        k.store(k.load(shared.at((thread ^ 31) * 16 + half), "vector<4xi32>"), k.out.at(thread * 16 + half))
    x = rng.integers(0, 2**32, (2, 32, 4), np.uint32)
    expect("barriers and copies", run(k, 1, 32, x, Out(x.shape, np.uint32), chip="sm_90a"), x[:, ::-1])


rng = generator()
registers(rng)
barriers_and_copies(rng)
