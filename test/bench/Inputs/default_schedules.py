"""Runs the benchmark's attentions with the schedules that are chosen for them, on the emulator: every access checked, against
float64, and the same bits in another order of warps and lanes and on another number of threads.

    default_schedules.py FOLDER REGEX ARCHES
"""
import os
import re
import subprocess
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "bench", "gpu"))

from counts import RUN, schedules
from kernels import HINT, SIZES
from shapes import VARIANTS, Function

# A prime number of tokens, less than the landmarks of the largest.
BATCH, TOKENS = 2, 67

functions = [Function("both", *size, type, hint=HINT) for size in SIZES for type in ("bf16", "f16")]
functions += [Function(variant, 6, 64, 49 if variant == "landmarks" else 0, hint=(1, 16384)) for variant in VARIANTS[:-1]]
folder, regex, arches = sys.argv[1:]
for function in functions:
    if not re.search(regex, function.name):
        continue
    source = os.path.join(folder, f"{function.name}.mlir")
    with open(source, "w") as file:
        file.write(function.ir())
    shape = f"--shape={BATCH}x{function.heads}x{TOKENS}x{function.width}"
    for arch in arches.split(","):
        outputs = []
        for order in (["--emulator-seed=0", "--threads=1", "--check"], ["--emulator-seed=7", "--threads=2"]):
            output = os.path.join(folder, f"{len(outputs)}.npy")
            command = [RUN, source, "--target=emulator", f"--chip={arch}", "--opt-level=0", "--random-inputs=1", *[shape] * 3, f"--output={output}", *order]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
            with open(output, "rb") as file:
                outputs.append(file.read())
        assert outputs[0] == outputs[1], f"{function.name} on {arch}: not the same bits in another order"
        kinds = [schedule.split(",")[0] for _, schedule in schedules(function, arch)]
        print(f"{function.attention} {arch}: {' '.join(kinds)}: right, and the same bits again")
