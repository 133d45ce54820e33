"""What tools have of imhsa, read from what `--help` prints: `names.py REPOSITORY OUR_TOOL THEIR_TOOL [ARGUMENT...]`.

Prints a response file whose pipeline is every pass and pipeline of Passes.td. It is an error if a
tool lacks one, or has another.
"""
import pathlib
import re
import subprocess
import sys


def names_in_help(*command):
    text = subprocess.run([*command, "--help"], check=True, capture_output=True, text=True).stdout
    return set(re.findall(r"^ +--(imhsa-[\w-]+)", text, re.MULTILINE))


repo, ours, *theirs = sys.argv[1:]
table = (pathlib.Path(repo) / "passes" / "Passes.td").read_text()
passes = dict(re.findall(r'Pass<"([\w-]+)"(?:, "([^"]*)")?', table))
pipelines = {"imhsa-cpu-pipeline", "imhsa-cuda-pipeline"}
expected = set(passes) | pipelines
for command in ([ours], theirs):
    found = names_in_help(*command)
    if found != expected:
        sys.exit(f"{command}: missing {expected - found}, not in Passes.td {found - expected}")
ANCHORS = {"": "{}", "::mlir::ModuleOp": "{}", "::mlir::gpu::GPUModuleOp": "gpu.module({})"}
steps = [ANCHORS[anchor].format(name) for name, anchor in passes.items()]
print(f"--pass-pipeline=builtin.module({','.join(steps + sorted(pipelines))})")
