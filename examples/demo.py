"""./dev demo: the attention block of an interactive vision transformer, compiled and run on a photograph.

Every number that it prints is what the compiler's tools say or what was measured
here; it fails where the result of compiled code is not that of the oracle.
"""
from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
import time

import numpy as np

import figure
import ivit

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOURCE = os.path.join("examples", "ivit_block.mlir")
OUT = os.path.join("build", "demo")
MOST_ERROR = 5e-6
LOOKS_INPUTS = ["tokens", "qkv_weight", "qkv_bias", "query_less_pre", "query_less_post"]


def bold(text: str) -> str:
    return f"\033[1m{text}\033[0m" if sys.stdout.isatty() else text


def say(text: str = ""):
    print(textwrap.indent(text, "  ") if text else "", flush=True)


def step(number: int, title: str):
    print(f"\n{bold(f'{number}  {title}')}\n", flush=True)


def tool(name: str, *arguments: str) -> subprocess.CompletedProcess:
    """Runs one of the project's tools; ends the demo with what it says on stderr where it fails."""
    command = [os.path.join("build", "bin", name), *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"demo: {' '.join(command)}\nfailed with exit code {done.returncode}:\n{done.stderr}")
    return done


def run(entry: str, inputs: dict, outputs: list[str], *arguments: str) -> tuple[list[np.ndarray], str]:
    """Compiles a function for this machine, runs it, and returns its results and what imhsa-run prints."""
    for name, array in inputs.items():
        np.save(os.path.join(OUT, name), array)
    paths = [os.path.join(OUT, f"{name}.npy") for name in outputs]
    done = tool(
        "imhsa-run", SOURCE, f"--entry={entry}", *arguments,
        *(f"--input={OUT}/{name}.npy" for name in inputs), *(f"--output={path}" for path in paths),
    )  # fmt: skip
    return [np.load(path) for path in paths], done.stdout


def amount(value: float, unit: str) -> str:
    """Three digits with a prefix: 12.3 GFLOP."""
    for prefix in ("", "k", "M", "G"):
        if value < 1000:
            break
        value /= 1000
    else:
        prefix = "T"
    return f"{value:.3g} {prefix}{unit}"


# --------------------------------------------------------------------------------------------------


def show_block():
    text = open(SOURCE).read()
    operation = re.search(r"^ *%heads = imhsa\.attention.*?->[^\n]*\n", text, re.M | re.S)[0]
    say("A ViT-S-sized block: 56x56 tokens of 384 channels, 6 heads of 64, 7x7 landmarks. Its heart is one operation:\n")
    say(textwrap.dedent(operation))
    say("The projections around it are plain matmuls here, on the compiler's general path; a framework would own them.")


def products(stage: str) -> list[tuple[str, str, int]]:
    """What @block computes between its projections after a stage: operation, result type, bytes."""
    ir = tool("imhsa-opt", SOURCE, f"--imhsa-cpu-pipeline=until={stage}").stdout
    block = ir[ir.index("func.func @block") :].split("return", 1)[0]
    found = []
    for name, result in re.findall(r"= (imhsa\.\w+|linalg\.\w*(?:contract|matmul)\w*) .*-> (tensor<[^>]*>)$", block, re.M):
        sizes = [int(size) for size in re.findall(r"(\d+)x", result)]
        if len(sizes) == 4:
            found.append((name, result, 4 * int(np.prod(sizes))))
    return found


def show_linear():
    quadratic = f"x{ivit.GRID**2}x{ivit.GRID**2}x"
    for stage, title in (
        ("decompose", "imhsa-decompose: the paper's words, (A_Q A_K) V"),
        ("reorder", "imhsa-reorder-contractions: A_Q (A_K V)"),
        ("fuse", "imhsa-fuse: two attentions in a row, no attention matrix is a value any more"),
    ):
        say(bold(title))
        for name, result, size in products(stage):
            say(f"  {name:16} {result:28} {amount(size, 'B'):>8}{'   <- quadratic' if quadratic in result else ''}")
            if quadratic in result and stage != "decompose":
                sys.exit(f"demo: expected nothing quadratic after imhsa-{stage}")
        say()
    done = tool("imhsa-opt", SOURCE, "--imhsa-cpu-pipeline=until=reorder", "-o", os.devnull)
    for remark in re.findall(r"remark: (product of 3 .*)", done.stderr):
        say("The pass says: " + remark)

    report = os.path.join(OUT, "analysis.json")
    tool("imhsa-opt", SOURCE, "--inline", f"--imhsa-analyze=table= json={report}", "-o", os.devnull)
    with open(report) as file:
        functions = json.load(file)["functions"]
    (block,) = (function for function in functions if function["name"] == "block")
    say("\nThe attention by imhsa-analyze (the last line is what it is compiled to):\n")
    say(f"{'':34}{'FLOPs':>13}{'stored between':>18}{'peak':>12}")
    for way in block["attentions"][0]["variants"]:
        if way["variant"].startswith("d"):
            say(
                f"{way['order']:34}{amount(way['flops'], 'FLOP'):>13}"
                f"{amount(way['stored_bytes'], 'B'):>18}{amount(way['peak_bytes'], 'B'):>12}"
            )


def show_execution(inputs: dict) -> tuple[np.ndarray, np.ndarray, bool]:
    start = time.monotonic()
    (block,), said = run("block", inputs, ["block"], "--time=5")
    say(f"compiled in process and run in {time.monotonic() - start:.1f} s, of which one call takes:")
    say(textwrap.indent(said.strip(), "  "))
    looks, _ = run("looks", {name: inputs[name] for name in LOOKS_INPUTS}, ["together", "alone"])

    say("\nCompared with the oracle, plain NumPy in float64 (reference/imhsa_reference.py):")
    passed = True
    results = {"the block's output": block, "A_K with interaction": looks[0], "A_K without": looks[1]}
    for (name, found), expected in zip(results.items(), ivit.expected(inputs)):
        error = ivit.oracle.relative_error(found, expected)
        passed &= error <= MOST_ERROR
        shape = "x".join(map(str, found.shape))
        verdict = "ok" if error <= MOST_ERROR else "TOO LARGE"
        say(f"  {name:22} {shape:14} relative error {error:.1e}, at most {MOST_ERROR:.0e}: {verdict}")
    return looks[0], looks[1], passed


def show_ptx():
    ir = tool("imhsa-opt", SOURCE, "--imhsa-cuda-pipeline=chip=sm_80 format=isa").stdout
    for escaped in re.findall(r'#gpu\.object<.*?"((?:[^"\\]|\\.)*\.version(?:[^"\\]|\\.)*)"', ir, re.S):
        ptx = re.sub(r"\\([0-9A-Fa-f]{2})", lambda code: chr(int(code[1], 16)), escaped).rstrip("\0")
        path = os.path.join(OUT, "ivit_block.ptx")
        with open(path, "w") as file:
            file.write(ptx)
        kernels = re.findall(r"\.entry (\w+)", ptx)
        say(f"{len(kernels)} kernels, {len(ptx.splitlines())} lines, in {path}. It begins:\n")
        start = re.sub(r"\(\n[^)]*\)", "(...)", ptx[ptx.index(".version") :]).expandtabs(4)
        lines = [line for line in start.splitlines() if line.strip() and "//" not in line]
        say(textwrap.indent("\n".join(lines[:20]), "  "))
        return
    sys.exit("demo: no PTX in what imhsa-cuda-pipeline returns")


def main() -> int:
    os.chdir(ROOT)
    os.makedirs(OUT, exist_ok=True)
    print(bold("imhsa: interactive multi-head attention, from an .mlir file to a result"))

    step(1, f"The block ({SOURCE})")
    show_block()

    step(2, "It gets linear")
    show_linear()

    step(3, "It runs on this machine")
    photo = ivit.photograph()
    say("Tokens: the 8x8 patches of a photograph of Grace Hopper that matplotlib ships. Weights: made from a seed,")
    say("since no trained iViT is public.\n")
    together, alone, passed = show_execution(ivit.inputs(photo))

    step(4, "Where landmarks look")
    path = os.path.join(OUT, "landmarks.png")
    figure.draw(path, photo, alone, together)
    say(f"{path}: rows of A_K over the photograph, of heads alone and of heads that hear each other.")

    step(5, "The same block as CUDA code (sm_80; no GPU is needed to compile)")
    show_ptx()

    print("\n" + bold("The result agrees with the oracle." if passed else "The result does NOT agree with the oracle."))
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
