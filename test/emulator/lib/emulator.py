"""Runs kernels on imhsa-emulate with NumPy arrays, and assembles them with ptxas."""
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

import ml_dtypes
import numpy as np

bf16 = np.dtype(ml_dtypes.bfloat16)
NAMES = {np.dtype(t): name for t, name in {
    np.float16: "f16", np.float32: "f32", np.float64: "f64", np.int8: "i8", np.int16: "i16", np.int32: "i32",
    np.int64: "i64", np.uint8: "i8", np.uint16: "i16", np.uint32: "i32", np.uint64: "i64"}.items()} | {bf16: "bf16"}

# A kernel that needs longer than this has not been recognised as a deadlock.
SECONDS = 60


class Out:
    """An argument that the kernel writes: a new array, poisoned before the launch."""

    def __init__(self, shape, type):
        self.shape, self.type = (shape,) if isinstance(shape, int) else tuple(shape), np.dtype(type)


class InOut:
    """An argument that the kernel reads and writes."""

    def __init__(self, array):
        self.array = array


class Findings(Exception):
    """What imhsa-emulate said when it did not succeed."""


def save(path, array):
    np.save(path, array.view(np.uint16) if array.dtype == bf16 else array)


def load(path, type):
    array = np.load(path)
    if array.dtype.itemsize != type.itemsize:
        sys.exit(f"{path}: expected elements of {type.itemsize} bytes, found {array.dtype}")
    return array.view(type)


def specify(argument, folder, name):
    """The SPEC of an argument for --arg=, its files in `folder`, and what to read afterwards."""
    path, out = folder / f"{name}.npy", folder / f"{name}.out.npy"
    if isinstance(argument, Out):
        return f"out:{out}:{NAMES[argument.type]}:{'x'.join(map(str, argument.shape))}", (out, argument.type)
    if isinstance(argument, InOut):
        save(path, argument.array)
        return f"inout:{path}:{out}", (out, argument.array.dtype)
    if isinstance(argument, np.ndarray):
        save(path, argument)
        return f"in:{path}", None
    if isinstance(argument, (float, np.float32)):
        return f"f32:{float(argument)!r}", None
    return f"{'i64' if isinstance(argument, np.int64) else 'i32'}:{int(argument)}", None


def command(file, kernel, grid, block, shared=0, chip="sm_80", seed=0, check=True, options=()):
    """The command line of imhsa-emulate, without arguments of the kernel."""
    def size(x):
        return ",".join(map(str, x)) if isinstance(x, (tuple, list)) else str(x)

    return ["imhsa-emulate", str(file), f"--kernel={kernel}", f"--grid={size(grid)}", f"--block={size(block)}",
            f"--shared={shared}", f"--chip={chip}", f"--seed={seed}", f"--check={'true' if check else 'false'}",
            *options]


def emulate(arguments):
    """Runs the command; what it wrote on stderr if it failed, or None."""
    try:
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return f"imhsa-emulate did not end within {SECONDS} s: {' '.join(arguments)}"
    return None if done.returncode == 0 else f"exit code {done.returncode}\n{done.stderr}"


def run(kernel, grid, block, *arguments, report=False, **launch):
    """Launches a Kernel; gives its Out and InOut arrays in order, then the report if asked for.

    The kernel is assembled too, once. Raises Findings if the emulator reports anything.
    """
    if not getattr(kernel, "assembled", False):
        kernel.assembled = bool(assemble(kernel, launch.get("chip", "sm_80")))
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        file = folder / f"{kernel.name}.mlir"
        file.write_text(kernel.text())
        specs = [specify(a, folder, f"argument{i}") for i, a in enumerate(arguments)]
        line = command(file, kernel.name, grid, block, **launch) + [f"--arg={spec}" for spec, _ in specs]
        if report:
            line.append(f"--report={folder / 'report.json'}")
        found = emulate(line)
        if found:
            raise Findings(found)
        results = [load(*out) for _, out in specs if out]
        if report:
            results.append(json.loads((folder / "report.json").read_text()))
    return results[0] if len(results) == 1 else results


def assemble(kernel, chip):
    """Assembles a Kernel with ptxas, where there is one; exits with its message if it refuses."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        source, ptx = folder / "kernel.mlir", folder / "kernel.ptx"
        source.write_text(kernel.text())
        pipeline = ("builtin.module(gpu.module(imhsa-kernels-to-nvvm,convert-nvvm-to-llvm,canonicalize,cse),"
                    f"nvvm-attach-target{{chip={chip} O=3 features=+ptx86}},gpu-module-to-binary{{format=isa}},"
                    f"imhsa-print-ptx{{file={ptx}}})")
        lines = [["imhsa-opt", source, f"--pass-pipeline={pipeline}", "-o", os.devnull]]
        ptxas = shutil.which("ptxas", path=os.environ["PATH"] + ":/usr/local/cuda/bin")
        if ptxas:
            lines.append([ptxas, f"-arch={chip}", "-O1", ptx, "-o", os.devnull])
        for line in lines:
            done = subprocess.run(line, capture_output=True, text=True)
            if done.returncode:
                sys.exit(f"{kernel.name} for {chip}: {done.stderr}\n{kernel.text()}")
        return ptx.read_text()


def generator():
    """A random generator with a new seed in every run; the seed is printed, IMHSA_SEED sets it.

    NumPy keeps quiet from now on: infinities and NaN are among the inputs.
    """
    np.seterr(all="ignore")
    seed = int(os.environ.get("IMHSA_SEED", random.randrange(2**32)))
    print(f"IMHSA_SEED={seed}")
    return np.random.default_rng(seed)


def expect(name, actual, expected):
    """Exits unless the arrays are equal, element by element; NaN equals NaN, 0 does not equal -0."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    if actual.shape != expected.shape or actual.dtype != expected.dtype:
        sys.exit(f"{name}: expected {expected.dtype}{expected.shape}, found {actual.dtype}{actual.shape}")
    bits = f"u{actual.dtype.itemsize}"
    same = actual.view(bits) == expected.view(bits)
    if actual.dtype.kind in "fV":
        same |= np.isnan(actual) & np.isnan(expected)
    if not same.all():
        where = tuple(int(i) for i in np.argwhere(~same)[0])
        sys.exit(f"{name}: {np.count_nonzero(~same)} of {same.size} differ, first at {where}: "
                 f"expected {expected[where]!r}, found {actual[where]!r}")


def expect_close(name, actual, expected, bound):
    """Exits unless |actual - expected| <= bound, both in f64; infinities and NaN have to be equal."""
    actual, expected = np.asarray(actual).astype(np.float64), np.asarray(expected).astype(np.float64)
    good = (np.abs(actual - expected) <= bound) | (actual == expected) | (np.isnan(actual) & np.isnan(expected))
    if actual.shape != expected.shape or not good.all():
        where = tuple(int(i) for i in np.argwhere(~good)[0])
        bound = np.broadcast_to(bound, good.shape)
        sys.exit(f"{name}: {np.count_nonzero(~good)} of {good.size} out of bounds, first at {where}: expected "
                 f"{expected[where]!r} +- {bound[where]:.3g}, found {actual[where]!r}")
