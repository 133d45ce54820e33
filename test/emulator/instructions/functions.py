"""Approximate functions with the errors that the manual allows, and the arithmetic around them.

PTX ISA, "Floating Point Instructions" (ex2, lg2, rcp, rsqrt, sqrt, sin, cos, tanh, fma, min, max) and
"Half Precision Floating Point Instructions". Each has the manual's table of special values.
"""
import numpy as np

from emulator import Out, bf16, expect, expect_close, generator, run
from kernel import Kernel

INF, NAN = np.inf, np.nan
SMALLEST = 2.0**-126  # normal number of f32
COUNT = 1024


def inputs(rng):
    """Any bits, and numbers of the size that functions are called with."""
    bits = rng.integers(0, 2**32, COUNT // 2, np.uint32)
    some = rng.standard_normal(COUNT // 2) * 2.0**rng.integers(-4, 8, COUNT // 2)
    return np.concatenate([bits.view(np.float32), some.astype(np.float32)])


def ulps(n):
    return lambda x, y: n * np.spacing(np.abs(y).astype(np.float32)).astype(np.float64)


def relative(error):
    return lambda x, y: error * np.abs(y)


def log2_error(x, y):
    return np.where((x > 0.5) & (x < 2), 2.0**-22, 2.0**-22 * np.abs(y))


def trigonometric_error(x, y):
    return np.select([np.abs(x) <= 2 * np.pi, np.abs(x) <= 100 * np.pi], [2.0**-20.5, 2.0**-14.7], 2.0)


# The manual's tables: input and result.
SPECIAL = {
    "ex2": [(-INF, 0.0), (-0.0, 1.0), (0.0, 1.0), (INF, INF), (NAN, NAN)],
    "lg2": [(-INF, NAN), (-1.0, NAN), (-0.0, -INF), (0.0, -INF), (INF, INF), (NAN, NAN)],
    "rcp": [(-INF, -0.0), (-0.0, -INF), (0.0, INF), (INF, 0.0), (NAN, NAN)],
    "rsqrt": [(-INF, NAN), (-1.0, NAN), (-0.0, -INF), (0.0, INF), (INF, 0.0), (NAN, NAN)],
    "sqrt": [(-INF, NAN), (-1.0, NAN), (-0.0, -0.0), (0.0, 0.0), (INF, INF), (NAN, NAN)],
    "sin": [(-INF, NAN), (-0.0, -0.0), (0.0, 0.0), (INF, NAN), (NAN, NAN)],
    "cos": [(-INF, NAN), (-0.0, 1.0), (0.0, 1.0), (INF, NAN), (NAN, NAN)],
    "tanh": [(-INF, -1.0), (-0.0, -0.0), (0.0, 0.0), (INF, 1.0), (NAN, NAN)],
}

# Name of the table, intrinsic or PTX, whether it flushes subnormal numbers, exact function, greatest error.
FUNCTIONS = [
    ("ex2", "llvm.nvvm.ex2.approx.ftz.f32", True, np.exp2, ulps(2)),
    ("ex2", "llvm.nvvm.ex2.approx.f32", False, np.exp2, ulps(2)),
    ("lg2", "llvm.nvvm.lg2.approx.ftz.f", True, np.log2, log2_error),
    ("lg2", "llvm.nvvm.lg2.approx.f", False, np.log2, log2_error),
    ("rcp", "llvm.nvvm.rcp.approx.ftz.f", True, np.reciprocal, ulps(1)),
    ("rsqrt", "llvm.nvvm.rsqrt.approx.ftz.f", True, lambda x: 1 / np.sqrt(x), relative(2.0**-22.9)),
    ("rsqrt", "llvm.nvvm.rsqrt.approx.f", False, lambda x: 1 / np.sqrt(x), relative(2.0**-22.9)),
    ("sqrt", "llvm.nvvm.sqrt.approx.ftz.f", True, np.sqrt, relative(2.0**-23)),
    ("sqrt", "llvm.nvvm.sqrt.approx.f", False, np.sqrt, relative(2.0**-23)),
    ("sqrt", "llvm.nvvm.sqrt.rn.f", False, np.sqrt, ulps(0.5)),
    ("sin", "llvm.nvvm.sin.approx.f", False, np.sin, trigonometric_error),
    ("cos", "llvm.nvvm.cos.approx.f", False, np.cos, trigonometric_error),
    ("tanh", "tanh.approx.f32", False, np.tanh, relative(2.0**-11)),
]


def each(k, count, body):
    """The body for i = thread, thread + 128, …"""
    with k.loop(k.thread(), count, 128) as (i, _):
        body(i)


def flush(x):
    return np.where(np.abs(x) < SMALLEST, np.copysign(0.0, x), x)


def approximate(rng):
    k = Kernel("approximate", x="global", out="global")

    def body(i):
        x = k.load(k.x.at(i * 4), "f32")
        for j, (_, intrinsic, *_) in enumerate(FUNCTIONS):
            y = (k.intrinsic(intrinsic, "f32", x) if intrinsic.startswith("llvm.")
                 else k.inline(f"{intrinsic} $0, $1;", x, type="f32"))
            k.store(y, k.out.at(i * 4 + 4 * COUNT * j))

    each(k, COUNT, body)
    x = inputs(rng)
    x[:12] = [INF, -INF, NAN, 0.0, -0.0, -1.0, 1.0, 2.0**-127, -(2.0**-149), 127.5, -126.5, -149.0]
    out = run(k, 1, 128, x, Out((len(FUNCTIONS), COUNT), np.float32))
    for (name, intrinsic, ftz, function, error), found in zip(FUNCTIONS, out):
        for special, result in SPECIAL[name]:
            at = np.isnan(x) if np.isnan(special) else (x == special) & (np.signbit(x) == np.signbit(special))
            expect(f"{intrinsic} of {special}", found[at], np.full(at.sum(), result, np.float32))
        exact = function(flush(x.astype(np.float64)) if ftz else x.astype(np.float64))
        # What is larger than the largest number is infinite.
        expected = exact.astype(np.float32).astype(np.float64)
        bound = np.where(np.isfinite(expected), error(x, exact), 0)
        if ftz:
            close = np.abs(np.abs(exact) / SMALLEST - 1) < 2.0**-20
            bound = np.where(close, SMALLEST, bound)
            exact = np.where(close, exact, flush(exact))
        expect_close(intrinsic, found, np.where(np.isfinite(expected), exact, expected), bound)


def exact_arithmetic(rng):
    """What is rounded once, to nearest even: add, mul, div, fma, sqrt; min and max with NaN and zeros."""
    binary = {
        "add": (lambda k, a, b: a + b, np.add), "sub": (lambda k, a, b: a - b, np.subtract),
        "mul": (lambda k, a, b: a * b, np.multiply), "div": (lambda k, a, b: a / b, np.divide),
        # If one is NaN, the other; -0 is less than +0.
        "max": (lambda k, a, b: k.maximum(a, b), lambda a, b: ordered(np.fmax, a, b)),
        "min": (lambda k, a, b: k.op(f"llvm.intr.minnum({a}, {b}) : (f32, f32) -> f32", "f32"),
                lambda a, b: ordered(np.fmin, a, b)),
        "max.NaN": (lambda k, a, b: k.op(f"llvm.intr.maximum({a}, {b}) : (f32, f32) -> f32", "f32"),
                    lambda a, b: ordered(np.maximum, a, b)),
        "min.NaN": (lambda k, a, b: k.op(f"llvm.intr.minimum({a}, {b}) : (f32, f32) -> f32", "f32"),
                    lambda a, b: ordered(np.minimum, a, b)),
    }
    k = Kernel("exact", x="global", y="global", z="global", out="global")

    def body(i):
        x, y, z = (k.load(p.at(i * 4), "f32") for p in (k.x, k.y, k.z))
        results = [f(k, x, y) for f, _ in binary.values()]
        results += [k.fma(x, y, z), k.op(f"llvm.intr.sqrt({x}) : (f32) -> f32", "f32"),
                    k.op(f"llvm.intr.fabs({x}) : (f32) -> f32", "f32"), k.op(f"arith.negf {x} : f32", "f32")]
        for j, result in enumerate(results):
            k.store(result, k.out.at(i * 4 + 4 * COUNT * j))

    each(k, COUNT, body)
    x, y, z = inputs(rng), inputs(rng)[::-1], inputs(rng)
    y = np.ascontiguousarray(y)
    z[::2] = -(x[::2] * y[::2])  # what fma keeps and two roundings would lose
    special = np.array([0.0, -0.0, INF, -INF, NAN, 1.0], np.float32)
    x[:36], y[:36] = np.repeat(special, 6), np.tile(special, 6)
    out = run(k, 1, 128, x, y, z, Out((len(binary) + 4, COUNT), np.float32))
    for (name, (_, function)), found in zip(binary.items(), out):
        expect(name, found, function(x, y))
    product = np.longdouble(x) * np.longdouble(y)  # exact; the sum is rounded to 64 bits, then to 24
    fused = (product + np.longdouble(z)).astype(np.float32)
    expect_close("fma", out[-4], fused, np.spacing(np.abs(fused)) * (np.abs(fused) > 0))
    expect("fma, the error of a product", out[-4][::2][np.isfinite(z[::2])],
           fused[::2][np.isfinite(z[::2])])
    expect("sqrt", out[-3], np.sqrt(x))
    expect("abs", out[-2], np.abs(x))
    expect("neg", out[-1], -x)


def ordered(function, a, b):
    """`function`, a minimum or maximum of NumPy, where -0 is less than +0."""
    y = function(a, b)
    zeros = (a == 0) & (b == 0)
    minimum = function in (np.fmin, np.minimum)
    sign = np.signbit(a) | np.signbit(b) if minimum else np.signbit(a) & np.signbit(b)
    return np.where(zeros, np.where(sign, np.float32(-0.0), np.float32(0.0)), y).astype(np.float32)


def packed(rng):
    """Pairs of f16 and bf16: add, mul, fma and max, which are rounded once, and ex2."""
    for name, type in (("f16", np.dtype(np.float16)), ("bf16", bf16)):
        vector = f"vector<2x{name}>"
        k = Kernel(f"packed_{name}", x="global", y="global", z="global", out="global")

        def body(i):
            x, y, z = (k.load(p.at(i * 4), vector) for p in (k.x, k.y, k.z))
            ex2 = ("llvm.nvvm.ex2.approx.v2f16" if name == "f16" else "llvm.nvvm.ex2.approx.ftz.v2bf16")
            for j, result in enumerate((k.fma(x, y, z), k.maximum(x, y), k.intrinsic(ex2, vector, x), x + y, x * y)):
                k.store(result, k.out.at(i * 4 + 4 * 128 * j))

        each(k, 128, body)
        x, y, z = (rng.standard_normal(256).astype(type) for _ in range(3))
        x[:4], y[:4] = [NAN, INF, 0.0, 1.0], [1.0, 2.0, -0.0, NAN]
        out = run(k, 1, 128, x, y, z, Out((5, 256), type), chip="sm_90a")
        x, y, z = (a.astype(np.float64) for a in (x, y, z))
        expect(f"fma.{name}x2", out[0], (x * y + z).astype(type))  # x * y and the sum are exact in f64
        expect(f"max.{name}x2", out[1], ordered(np.fmax, x, y).astype(type))
        expect(f"add.{name}x2", out[3], (x + y).astype(type))
        expect(f"mul.{name}x2", out[4], (x * y).astype(type))
        exact = np.exp2(x)
        expect_close(f"ex2.{name}x2", out[2], exact, np.where(np.isfinite(exact), exact, 0) *
                     (2.0**-9.9 if name == "f16" else 2.0**-7))


rng = generator()
for test in (approximate, exact_arithmetic, packed):
    test(rng)
