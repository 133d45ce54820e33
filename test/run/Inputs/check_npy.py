"""Writes .npy files into a directory, most of them damaged, and runs a module on each."""
import glob
import os
import random
import struct
import subprocess
import sys

import numpy as np

directory, module = sys.argv[1:]


def write(name, data):
    with open(f"{directory}/{name}.npy", "wb") as file:
        file.write(data)


def with_header(text, data=bytes(96), version=(1, 0), length=None):
    header = text.encode()
    size = struct.pack("<H" if version[0] == 1 else "<I", len(header) if length is None else length)
    return b"\x93NUMPY" + bytes(version) + size + header + data


good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, 4), }"
write("good", with_header(good))
write("good-2", with_header(good, version=(2, 0)))
write("good-3", with_header(good, version=(3, 0)))
write("good-order", with_header("{'shape':(2,3,4),\"fortran_order\":False,'descr':'<f4'}\n"))
write("good-long", with_header(good + " " * 700 + "\n"))

write("empty", b"")
write("magic", b"NUMPY" + with_header(good)[5:])
write("version", with_header(good, version=(4, 0)))
write("header-length", with_header(good, length=65535))
write("short", with_header(good)[:-1])
write("long", with_header(good) + b"\0")
write("fortran", with_header(good.replace("False", "True")))
write("fortran-word", with_header(good.replace("False", "Maybe")))
write("structured", with_header(good.replace("'<f4'", "[('x', '<f4')]")))
write("big-endian", with_header(good.replace("<f4", ">f4")))
write("object", with_header(good.replace("<f4", "|O8")))
write("negative", with_header(good.replace("3", "-3")))
write("huge", with_header(good.replace("(2, 3, 4)", "(4611686018427387904, 4, 4)")))
write("huge-digits", with_header(good.replace("3", "9" * 30)))
write("words", with_header(good.replace("3", "three")))
write("no-shape", with_header("{'descr': '<f4', 'fortran_order': False, }"))
write("twice", with_header(good.replace("}", "'descr': '<f4'}")))
write("unknown", with_header(good.replace("}", "'colour': 'red'}")))
write("open", with_header(good.replace("}", "")))
write("after", with_header(good + "{}"))
write("no-dictionary", with_header("None"))

# At random: bytes changed, cut off and put in.
random.seed(1)
for i in range(60):
    data = bytearray(with_header(good))
    for _ in range(random.choice((1, 1, 2, 8))):
        at = random.randrange(75)
        data[at:at + random.choice((0, 1, 1, 3))] = random.randbytes(random.choice((0, 1, 1, 2)))
    write(f"random-{i}", bytes(data))

np.save(f"{directory}/numpy.npy", np.zeros((2, 3, 4), np.float32))

# Runs imhsa-run on each: it must accept what is good, refuse what is not with one line, and never
# crash, whatever the file.
failed = False
for path in sorted(glob.glob(f"{directory}/*.npy")):
    name = os.path.basename(path)[: -len(".npy")]
    run = subprocess.run(["imhsa-run", module, f"--input={path}", "--opt-level=0"], capture_output=True)
    lines = run.stderr.decode().splitlines()
    expected = {"good": [0], "numpy": [0], "random": [0, 1]}.get(name.split("-")[0], [1])
    refused = f"imhsa-run: error: input 0: '{path}': "
    if run.returncode not in expected or lines != [line for line in lines if run.returncode and line.startswith(refused)]:
        print(f"{name}: exit code {run.returncode}, {lines}")
        failed = True
    elif not name.startswith("random"):
        print(f"{name}:", lines[0][len(refused):] if lines else "accepted")
sys.exit(failed)
