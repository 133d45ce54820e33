"""write.py FOLDER NAME...: writes the kernels of these files, each with a manifest of its launches.

With `check` for the folder, launches them instead and compares what comes out.
"""
import importlib
import pathlib
import sys

import launch
from emulator import generator


def main():
    folder, names, rng = sys.argv[1], sys.argv[2:], generator()
    for name in names:
        module = importlib.import_module(name)
        for function in [f for f in vars(module) if f.startswith("launches")]:
            launches = list(getattr(module, function)(rng))
            if folder == "check":
                for i, one in enumerate(launches):
                    one.check(seed=i)
            else:
                launch.write(pathlib.Path(folder) / launches[0].kernel.name, launches)


main()
