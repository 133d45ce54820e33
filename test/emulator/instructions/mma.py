"""mma.sync of f16, bf16 and tf32: PTX ISA, "Multiply-and-Accumulate Instruction: mma".

The manual fixes which element is where (fragments.py), that products are exact, and that the sum is
made in at least single precision (half precision with an f16 accumulator); not its order. Integers
small enough are therefore exact, other numbers are compared within the rounding of the sum.
"""
import numpy as np

from emulator import Out, bf16, expect, expect_close, generator, run
from fragments import A16, A32, B16, B32, C16, C32, gather, scatter
from kernel import Kernel

SHAPES = [(type, k, accumulator)
          for type, ks in (("f16", (8, 16)), ("bf16", (8, 16)), ("tf32", (4, 8))) for k in ks
          for accumulator in (("f32", "f16") if type == "f16" else ("f32",))]
TYPES = {"f16": np.dtype(np.float16), "bf16": bf16, "tf32": np.dtype(np.float32), "f32": np.dtype(np.float32)}
TRIALS = 6


def kernel(type, k, accumulator):
    """One mma for each trial; every lane loads and stores its registers as they are."""
    name = f"mma_{type}_k{k}_{accumulator}"
    kernel = Kernel(name, a="global", b="global", c="global", out="global")
    a, b = ((A16, B16) if type != "tf32" else (A32, B32))
    count = {"a": a[k].shape[1], "b": b[k].shape[1], "c": 4 if accumulator == "f32" else 2}
    with kernel.loop(0, TRIALS, 1) as (trial, _):
        lane = trial * 32 + kernel.thread()
        registers = {
            matrix: [kernel.load(getattr(kernel, matrix).at(lane * (4 * n) + 4 * i), "i32") for i in range(n)]
            for matrix, n in count.items()}
        c = [r.bits("f32" if accumulator == "f32" else "vector<2xf16>") for r in registers["c"]]
        for i, register in enumerate(kernel.mma(type, k, registers["a"], registers["b"], c)):
            kernel.store(register.bits("i32"), kernel.out.at(lane * (4 * count["c"]) + 4 * i))
    return kernel


def numbers(rng, trial, shape, type):
    """Integers in the first trials, then any numbers, then infinities and NaN among them."""
    if trial < 2:
        return rng.integers(-8, 9, shape).astype(type)
    x = rng.standard_normal(shape).astype(np.float32)
    if type == np.float32:  # as a tf32 register has to be: no more than 10 bits of mantissa
        x = (x.view(np.uint32) & np.uint32(0xFFFFE000)).view(np.float32)
    if trial == TRIALS - 1:
        x[rng.integers(shape[0]), rng.integers(shape[1])] = rng.choice([np.inf, -np.inf, np.nan])
    return x.astype(type)


def check(rng, type, k, accumulator):
    a_layout, b_layout = (A16[k], B16[k]) if type != "tf32" else (A32[k], B32[k])
    c_layout = C32 if accumulator == "f32" else C16
    element, sum_type = TYPES[type], TYPES[accumulator]
    a = [numbers(rng, i, (16, k), element) for i in range(TRIALS)]
    b = [numbers(rng, i, (k, 8), element) for i in range(TRIALS)]
    c = [numbers(rng, min(i, TRIALS - 2), (16, 8), sum_type) for i in range(TRIALS)]
    out = run(kernel(type, k, accumulator), 1, 32,
              np.stack([gather(x, a_layout) for x in a]), np.stack([gather(x, b_layout) for x in b]),
              np.stack([gather(x, c_layout) for x in c]), Out((TRIALS, 32, c_layout.shape[1]), np.uint32))
    epsilon = float(np.finfo(sum_type).eps)
    for i in range(TRIALS):
        name = f"mma.m16n8k{k} {type}, accumulator {accumulator}, trial {i}"
        d = scatter(out[i], c_layout, (16, 8), sum_type)
        a64, b64, c64 = (x[i].astype(np.float64) for x in (a, b, c))
        expected = a64 @ b64 + c64
        size = np.abs(a64) @ np.abs(b64) + np.abs(c64)
        if i < 2 and (accumulator == "f32" or np.abs(size).max() <= 2048):
            expect(name, d, expected.astype(sum_type))
        else:
            expect_close(name, d, expected, epsilon * (k + 1) * np.where(np.isfinite(size), size, 0))


def overflow(rng):
    """What does not fit into an f16 accumulator is infinite, not the largest number."""
    big = np.full((16, 16), 200, np.float16)
    a, b = gather(big, A16[16]), gather(big[:, :8].copy(), B16[16])
    c = gather(np.zeros((16, 8), np.float16), C16)
    out = run(kernel("f16", 16, "f16"), 1, 32, *(np.stack([x] * TRIALS) for x in (a, b, c)),
              Out((TRIALS, 32, 2), np.uint32))
    expect("overflow of f16", scatter(out[0], C16, (16, 8), np.float16), np.full((16, 8), np.inf, np.float16))


def tf32_of_f32(rng):
    """f32 goes through cvt.rna.tf32, which rounds ties away from zero, into an mma with the identity."""
    k = Kernel("mma_of_converted", a="global", b="global", out="global")
    lane = k.thread()
    registers = [[k.op(f"nvvm.convert.float.to.tf32 {k.load(p.at(lane * (4 * n) + 4 * i), 'f32')} "
                       "{rnd = #nvvm.fp_rnd_mode<rna>}", "i32") for i in range(n)] for p, n in ((k.a, 4), (k.b, 2))]
    for i, register in enumerate(k.mma("tf32", 8, *registers, [k.value(0.0, "f32")] * 4)):
        k.store(register, k.out.at(lane * 16 + 4 * i))
    a = rng.standard_normal((16, 8)).astype(np.float32)
    bits = a.view(np.uint32)
    bits[::3] = bits[::3] & ~np.uint32(0x1FFF) | np.uint32(0x1000)  # ties
    out = run(k, 1, 32, gather(a, A32[8]), gather(np.eye(8, dtype=np.float32), B32[8]), Out((32, 4), np.uint32))
    expected = (bits + np.uint32(0x1000) & np.uint32(0xFFFFE000)).view(np.float32)
    expect("cvt.rna.tf32 and mma", scatter(out, C32, (16, 8), np.float32), expected)


rng = generator()
for shape in SHAPES:
    check(rng, *shape)
overflow(rng)
tf32_of_f32(rng)
