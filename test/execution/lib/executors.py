"""What executes a case: imhsa-run, or a library that imhsa-compile made, on the CPU or a GPU.

An executor has `execute(case, inputs)`, which returns the results by name, or why
there are none.
"""
from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zlib

import numpy as np

import data
import ir
import views
from cases import Case

SECONDS = 300  # at most for one run of imhsa-run


def stored(array: np.ndarray, element: str) -> np.ndarray:
    return data.to_bf16(array) if element == "bf16" else array


def loaded(arrays: dict[str, np.ndarray], case: Case) -> dict[str, np.ndarray] | str:
    """The results as numbers, or which one is not what was asked for."""
    outputs = {}
    for name, (dims, element) in ir.results(case).items():
        shape = data.shape_of(case, dims)
        dtype = np.dtype(np.uint16 if element == "bf16" else data.DTYPE[element])
        array = arrays[name]
        if array.shape != shape or array.dtype != dtype:
            return f"{name}: expected {shape} {dtype}, found {array.shape} {array.dtype}"
        outputs[name] = data.from_bf16(array) if element == "bf16" else array
    return outputs


class Tool:
    """imhsa-run on files, which poisons outputs itself."""

    def __init__(self, command: list[str], target: str):
        self.command, self.target = command, target

    def execute(self, case: Case, inputs: dict) -> dict[str, np.ndarray] | str:
        with tempfile.TemporaryDirectory(prefix="imhsa-") as folder:
            source = os.path.join(folder, "case.mlir")
            with open(source, "w") as file:
                file.write(ir.module(case))
            command = [*self.command, source, "--entry=main", f"--target={self.target}"]
            command += [f"--chip={case.chip}"] * bool(case.chip)
            command += [f"--schedules={case.schedules}"] * bool(case.schedules)
            command += [f"--{option}" for option in case.options.split(",") if option]
            view = views.pairs(case.views)
            for name, (_, element) in ir.operands(case).items():
                if name in case.same.split(","):
                    continue
                array = stored(inputs[name], element)
                np.save(os.path.join(folder, name), views.around(view[name], array) if name in view else array)
                command.append(f"--input={folder}/{name}.npy")
            command += [f"--output={folder}/out_{name}.npy" for name in ir.results(case)]
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
            except subprocess.TimeoutExpired:
                return f"no result after {SECONDS} s"
            if done.returncode:
                return f"exit code {done.returncode}: {done.stderr.strip() or 'nothing on stderr'}"
            arrays = {name: np.load(f"{folder}/out_{name}.npy") for name in ir.results(case)}
            if "result" in view:
                first = next(iter(arrays))
                arrays[first] = views.numpy_view(view["result"], arrays[first])
            return loaded(arrays, case)


class Library:
    """A library with a function for each case, through Python; inputs and outputs have strides."""

    def __init__(self, path: str, functions: dict[Case, str], seed: int):
        here = os.path.dirname(os.path.abspath(__file__))
        # Beside this file in a folder for a machine with a GPU.
        sys.path += [here, os.path.join(here, "..", "..", "..", "python")]
        import imhsa

        self.error, self.library = imhsa.Error, imhsa.load(path)
        self.functions, self.seed = functions, seed

    def execute(self, case: Case, inputs: dict) -> dict[str, np.ndarray] | str:
        function = self.library.functions.get(self.functions.get(case, ""))
        if function is None or str(case) not in function.__doc__:
            return f"{self.library.path} was not made of this suite: it has no function for this case"
        rng = np.random.default_rng([self.seed, zlib.crc32(str(case).encode())])
        arguments, outputs = [], {}
        for name, (_, element) in ir.operands(case).items():
            arguments.append(self.placed(strided(stored(inputs[name], element), rng)))
        for name, (dims, element) in ir.results(case).items():
            dtype = np.dtype(np.uint16 if element == "bf16" else data.DTYPE[element])
            poison = np.full(data.shape_of(case, dims), 0xFF, f"V{dtype.itemsize}").view(dtype)
            outputs[name] = self.placed(strided(poison, rng))
        try:
            function(*arguments, out=tuple(outputs.values()))
        except self.error as error:
            return str(error)
        return loaded({name: np.asarray(output) for name, output in outputs.items()}, case)

    def placed(self, array: np.ndarray):
        """The array where the library takes it, with the same strides."""
        if self.library.device == "cpu":
            return array
        from device import DeviceArray

        return DeviceArray(array)


def strided(array: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same elements in another order in memory, with gaps; the last dimension stays contiguous."""
    order = [*rng.permutation(array.ndim - 1), array.ndim - 1]
    gaps = [int(rng.integers(3)) for _ in order]
    # Poison in the gaps: who reads it, shows.
    around = np.full([array.shape[d] + gap for d, gap in zip(order, gaps)], 0xFF, f"V{array.itemsize}").view(array.dtype)
    inner = around[tuple(slice(0, array.shape[d]) for d in order)]
    view = inner.transpose(np.argsort(order))
    view[...] = array
    return view
