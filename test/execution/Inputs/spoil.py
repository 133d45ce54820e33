"""Runs imhsa-run and spoils what it writes: the results become 1% larger, or one element NaN."""
import subprocess
import sys

import numpy as np

how, tool, *arguments = sys.argv[1:]
subprocess.run([tool, *arguments], check=True)
for argument in arguments:
    if argument.startswith("--output="):
        array = np.load(argument.removeprefix("--output="))
        if how == "larger":
            array *= 1.01
        else:
            array.flat[-1] = np.nan
        np.save(argument.removeprefix("--output="), array)
