"""Launches of kernels with what has to come out, checked here or written down for other tools.

write() makes a folder with the kernel's IR, the arrays, and manifest.json, which
scripts/mutate_kernels.py reads; its format is described there.
"""
import dataclasses
import json
import sys

import numpy as np
from emulator import NAMES, expect_close, run, specify
from imhsa_reference import relative_error
from kernel import Kernel

# The greatest relative errors of compiled code, by the type of the result.
RELATIVE = {"f64": 1e-11, "f32": 5e-6, "f16": 2e-3, "bf16": 1e-2}


@dataclasses.dataclass
class Launch:
    """`results` has for each Out and InOut argument the exact array, f64, and the greatest error of each element."""

    kernel: Kernel
    grid: tuple
    block: tuple
    arguments: list
    results: list
    shared: int = 0
    chip: str = "sm_80"

    def check(self, seed):
        found = run(self.kernel, self.grid, self.block, *self.arguments, shared=self.shared, chip=self.chip, seed=seed)
        found = [found] if len(self.results) == 1 else found
        for i, (array, (exact, bound)) in enumerate(zip(found, self.results)):
            name = f"{self.kernel.name}, result {i}, seed {seed}"
            expect_close(name, array, exact, bound)
            if array.dtype.kind in "fV":
                finite, most = np.isfinite(exact), RELATIVE[NAMES[array.dtype]]
                if (error := relative_error(array[finite], exact[finite])) > most:
                    sys.exit(f"{name}: relative error {error:.3g}, expected at most {most}")

    def described(self, folder, name):
        """The entry of a manifest; the arrays go to the folder, their files start with `name`."""
        arguments, results = [], []
        exact = iter(self.results)
        for i, argument in enumerate(self.arguments):
            stem = f"{name}.{i}"
            spec, out = specify(argument, folder, stem)
            arguments.append(spec.replace(f"{folder}/", ""))
            if out:
                expected, bound = next(exact)
                np.save(folder / f"{stem}.expected.npy", np.asarray(expected, np.float64))
                np.save(folder / f"{stem}.bound.npy", np.broadcast_to(np.asarray(bound, np.float64), expected.shape))
                results.append({"output": out[0].name, "type": NAMES[out[1]], "expected": f"{stem}.expected.npy",
                                "bound": f"{stem}.bound.npy"})
        return {"kernel": self.kernel.name, "grid": self.grid, "block": self.block, "shared": self.shared,
                "chip": self.chip, "arguments": arguments, "results": results}


def write(folder, launches):
    """One manifest for launches of the same kernel."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kernel.mlir").write_text(launches[0].kernel.text())
    described = [launch.described(folder, str(i)) for i, launch in enumerate(launches)]
    (folder / "manifest.json").write_text(json.dumps({"file": "kernel.mlir", "launches": described}, indent=1))
