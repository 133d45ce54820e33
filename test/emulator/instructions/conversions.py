"""Conversions and their rounding: PTX ISA, "Data Movement and Conversion Instructions: cvt"."""
import numpy as np

from emulator import Out, bf16, expect, generator, run
from kernel import Kernel

COUNT = 2048
BITS = {"f16": (5, 10), "bf16": (8, 7), "tf32": (8, 10)}  # of exponent and mantissa


def rounded(x, format, mode):
    """f32 values rounded to another format, as f64; written from the definition of the modes.

    rn is to nearest even, rna to nearest with ties away from zero, rz towards zero. What is too large
    becomes infinite, except towards zero.
    """
    exponent_bits, mantissa = BITS[format]
    bias = 2**(exponent_bits - 1) - 1
    x = x.astype(np.float64)
    exponent = np.maximum(np.floor(np.log2(np.abs(x))), 1 - bias)
    exponent = np.where(np.isfinite(exponent), exponent, 0)
    unit = 2.0**(exponent - mantissa)
    scaled = np.abs(x) / unit
    whole = {"rn": np.rint, "rna": lambda s: np.floor(s + 0.5), "rz": np.floor}[mode](scaled)
    y = whole * unit
    largest = (2 - 2.0**-mantissa) * 2.0**bias
    y = np.where((y > largest) & np.isfinite(x), largest if mode == "rz" else np.inf, y)
    return np.where(np.isnan(x), np.nan, np.copysign(np.where(np.isinf(x), np.inf, y), x))


def inputs(rng):
    """Any bits; numbers around 1; ties of f16 and bf16; around the largest and smallest numbers; special ones."""
    any_bits = rng.integers(0, 2**32, COUNT // 4, np.uint32)
    ties = rng.integers(0, 2**32, COUNT // 4, np.uint32)
    ties[::2] = ties[::2] & 0xFFFF0000 | 0x8000
    ties[1::2] = (rng.standard_normal(COUNT // 8) * 100).astype(np.float32).view(np.uint32) & 0xFFFFE000 | 0x1000
    ordinary = rng.standard_normal(COUNT // 4).astype(np.float32).view(np.uint32)
    edge = rng.choice(np.array([65504, 65520, 2.0**-14, 2.0**-24, 2.0**-25, 3.3895314e38, 2.0**-126, 2.0**-133],
                               np.float32), COUNT // 4).view(np.uint32)
    edge += rng.integers(-3, 4, COUNT // 4).astype(np.uint32)
    edge[::2] |= 0x80000000
    x = np.concatenate([any_bits, ties, ordinary, edge]).view(np.float32)
    x[:6] = [np.inf, -np.inf, np.nan, 0.0, -0.0, 1.0]
    return x


def each(k, count, body):
    with k.loop(k.thread(), count, 128) as (i, _):
        body(i)


def to_pairs(rng):
    """Two f32 to a pair of f16 or bf16, the first operand in the upper half; rn and rz, with .relu."""
    forms = [(type, mode, relu) for type in ("f16", "bf16") for mode in ("rn", "rz") for relu in (False, True)]
    k = Kernel("to_pairs", x="global", out="global")

    def body(i):
        low, high = (k.load(k.x.at(i * 8 + 4 * j), "f32") for j in range(2))
        for j, (type, mode, relu) in enumerate(forms):
            y = k.op(f"nvvm.convert.f32x2.to.{type}x2 {high}, {low} {{rnd = #nvvm.fp_rnd_mode<{mode}>"
                     f"{', relu = true' * relu}}} : vector<2x{type}>", f"vector<2x{type}>")
            k.store(y, k.out.at(i * 4 + 2 * COUNT * j))

    each(k, COUNT // 2, body)
    x = inputs(rng)
    out = run(k, 1, 128, x, Out((len(forms), COUNT), np.uint16))
    for (type, mode, relu), found in zip(forms, out):
        numpy_type = bf16 if type == "bf16" else np.dtype(np.float16)
        expected = rounded(x, type, mode)
        if relu:  # the manual does not say which zero it is
            expected = np.where(expected <= 0, 0.0, expected)
            found = np.where(found == 0x8000, 0, found).astype(np.uint16)
        expect(f"cvt.{mode}{'.relu' * relu}.{type}x2.f32", found.view(numpy_type), expected.astype(numpy_type))
        nan = np.isnan(expected)
        expect(f"cvt.{type}x2.f32: NaN", found[nan], np.full(nan.sum(), 0x7FFF, np.uint16))


def through_arith(rng):
    """arith.truncf and arith.extf, of scalars and of pairs."""
    k = Kernel("through_arith", x="global", halves="global", brains="global", f16_back="global", bf16_back="global")

    def body(i):
        pair = [k.load(k.x.at(i * 8 + 4 * j), "f32") for j in range(2)]
        for out, back, type in ((k.halves, k.f16_back, "f16"), (k.brains, k.bf16_back, "bf16")):
            y = k.vector(*pair).to("arith.truncf", f"vector<2x{type}>")
            k.store(y, out.at(i * 4))
            for j, x in enumerate(pair):
                k.store(x.to("arith.truncf", type).to("arith.extf", "f32"), back.at(i * 8 + 4 * j))

    each(k, COUNT // 2, body)
    x = inputs(rng)
    halves, brains, f16_back, bf16_back = run(k, 1, 128, x, Out(COUNT, np.float16), Out(COUNT, bf16),
                                              Out(COUNT, np.float32), Out(COUNT, np.float32))
    for type, found, back in (("f16", halves, f16_back), ("bf16", brains, bf16_back)):
        expected = rounded(x, type, "rn")
        expect(f"truncf to {type}", found, expected.astype(found.dtype))
        expect(f"extf from {type}", back, expected.astype(np.float32))


def to_tf32(rng):
    modes = ["rna", "rn", "rz"]
    k = Kernel("to_tf32", x="global", out="global")

    def body(i):
        x = k.load(k.x.at(i * 4), "f32")
        for j, mode in enumerate(modes):
            k.store(k.op(f"nvvm.convert.float.to.tf32 {x} {{rnd = #nvvm.fp_rnd_mode<{mode}>}}", "i32"),
                    k.out.at(i * 4 + 4 * COUNT * j))

    each(k, COUNT, body)
    x = inputs(rng)
    out = run(k, 1, 128, x, Out((len(modes), COUNT), np.uint32), chip="sm_90a")
    for mode, found in zip(modes, out):
        expected = rounded(x, "tf32", mode).astype(np.float32)
        # The lower 13 bits of the register are not part of a tf32 number.
        kept = (found & np.uint32(0xFFFFE000)).view(np.float32)
        expect(f"cvt.{mode}.tf32.f32", kept, expected)


def integers(rng):
    """i32 and f32: rn, rz, rm and rp; what does not fit is clamped, NaN is 0."""
    modes = {"rn": np.rint, "rz": np.trunc, "rm": np.floor, "rp": np.ceil}
    k = Kernel("integers", x="global", n="global", out="global", back="global")

    def body(i):
        x, n = k.load(k.x.at(i * 4), "f32"), k.load(k.n.at(i * 4), "i32")
        for j, mode in enumerate(modes):
            k.store(k.intrinsic(f"llvm.nvvm.f2i.{mode}", "i32", x), k.out.at(i * 4 + 8 * COUNT * j))
            k.store(k.intrinsic(f"llvm.nvvm.f2ui.{mode}", "i32", x), k.out.at(i * 4 + 8 * COUNT * j + 4 * COUNT))
        k.store(n.to("arith.sitofp", "f32"), k.back.at(i * 4))
        k.store(n.to("arith.uitofp", "f32"), k.back.at(i * 4 + 4 * COUNT))

    each(k, COUNT, body)
    x, n = inputs(rng), rng.integers(0, 2**32, COUNT, np.uint32)
    x[::4] = np.round(x[::4]) + 0.5 if np.isfinite(x[::4]).all() else (rng.integers(-99, 99, COUNT // 4) + 0.5)
    n[::2] >>= rng.integers(0, 32, COUNT // 2).astype(np.uint32)
    out, back = run(k, 1, 128, x, n, Out((len(modes), 2, COUNT), np.uint32), Out((2, COUNT), np.float32))
    for (mode, function), found in zip(modes.items(), out):
        whole = np.where(np.isnan(x), 0, function(x.astype(np.float64)))
        expect(f"cvt.{mode}i.s32.f32", found[0].view(np.int32), np.clip(whole, -2**31, 2**31 - 1).astype(np.int32))
        expect(f"cvt.{mode}i.u32.f32", found[1], np.clip(whole, 0, 2**32 - 1).astype(np.uint32))
    expect("cvt.rn.f32.s32", back[0], n.view(np.int32).astype(np.float64).astype(np.float32))
    expect("cvt.rn.f32.u32", back[1], n.astype(np.float64).astype(np.float32))


rng = generator()
for test in (to_pairs, through_arith, to_tf32, integers):
    test(rng)
