"""Runs the IR in the descriptions of operations and passes: examples.py ROOT

An example of an operation has to be valid. Of a pass, the first two blocks of `mlir` are IR before and after it: the pass
is run on the first, and the result has to have the operations of the second, each as often at least. Values that an
example does not define become arguments, with the types that it uses them with. IR that leaves out what would be needed
cannot be run; which passes have only that is said below.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import surface

# Why there is no IR to run.
NOT_RUN = {
    "imhsa-analyze": "prints a report",
    "imhsa-bufferize": "shows signatures alone",
    "imhsa-approximate-math": "is upstream's expansion for other functions",
    "imhsa-gpu-to-binary": "shows a binary",
    "imhsa-launches-to-runtime": "leaves out the kernel that is launched",
    "imhsa-pack-entries": "leaves out the bodies of functions",
    "imhsa-print-ptx": "prints text",
    "imhsa-verify-lowered": "changes nothing",
}
OPTIONS = {"imhsa-reorder-contractions": "=allow-reassociation"}
BLOCK = re.compile(r"^( *)```mlir\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
TYPE = r"(?:(?:tensor|memref|vector)<(?:[^<>]|<[^<>]*>)*>|index|f\d+|bf16|i\d+|!llvm\.ptr)"
# Values without a type beside them, by the names that examples give them.
NAMED = [(r"%c\d+|%n|%step", "index"), (r"%cst|%zero", "f32"), (r"%same", "i1")]
OPERATION = re.compile(r"(?<![\w#!@.<])([a-z_]+(?:\.[a-z_0-9]+)+)(?=[\s({<]|$)")


def types_of_values(text: str) -> dict[str, str]:
    """The types that values are used with: (%a, %b : T, U), %a : T, %a, %b into an operation of one type."""
    found = {}
    for values, types in re.findall(rf"\(((?:%\w+(?:, )?)+) : ((?:{TYPE}(?:, )?)+)\)", text):
        found.update(zip(re.findall(r"%\w+", values), re.findall(TYPE, types)))
    for value, type in re.findall(rf"(%\w+) : ({TYPE})", text):
        found.setdefault(value, type)
    for value, type in re.findall(rf"memref\.\w+ (?:%\w+, )?(%\w+)\[[^\]]*\] : ({TYPE})", text):
        found.setdefault(value, type)
    for pattern, type in NAMED:
        for value in re.findall(rf"(?:{pattern})\b", text):
            found.setdefault(value, type)
    return found


def defined_values(text: str) -> set[str]:
    """Results of operations, and arguments of blocks and loops."""
    found = set(re.findall(r"(%\w+): ", text))
    for results in re.findall(r"^\s*((?:%\w+(?::\d+)?(?:, )?)+) =", text, re.MULTILINE):
        found |= set(re.findall(r"%\w+", results))
    for counters in re.findall(r"scf\.(?:parallel|forall|for) (\(.*?\)|%\w+) (?:=|in)", text):
        found |= set(re.findall(r"%\w+", counters))
    return found


def module_of(text: str) -> str:
    """The example with what is missing around it: arguments, a function, a result."""
    defined, types = defined_values(text), types_of_values(text)
    undefined = [value for value in dict.fromkeys(re.findall(r"%\w+", text)) if value not in defined]
    if missing := [value for value in undefined if value not in types]:
        raise ValueError(f"no type is known of {', '.join(missing)}")
    if re.match(r"\s*func\.func", text):
        arguments = "".join(f"{value}: {types[value]}, " for value in undefined)
        return text.replace("(%", f"({arguments}%", 1)
    arguments = ", ".join(f"{value}: {types[value]}" for value in undefined if not is_zero(value))
    results = re.findall(rf"^\s*(%\w+) = .*?(?:-> |: )({TYPE})$", text, re.MULTILINE | re.DOTALL)
    value, type = results[-1] if results else ("", "")
    signature = f"func.func @example({arguments})" + (f" -> {type}" if type else "")
    return f"{signature} {{\n{zeros(undefined, types)}{text}  return {f'{value} : {type}' if type else ''}\n}}\n"


def is_zero(value: str) -> bool:
    return bool(re.fullmatch(r"%cst|%zero\d*", value))


def zeros(values: list[str], types: dict[str, str]) -> str:
    """Definitions of those values that examples call zero, numbers and tensors."""
    lines = []
    for value in filter(is_zero, values):
        type, element = types[value], re.findall(r"(?:f|bf|i)\d+", types[value])[-1]
        if type == element:
            lines.append(f"{value} = arith.constant 0.0 : {type}")
            continue
        lines.append(f"{value}_element = arith.constant 0.0 : {element}")
        lines.append(f"{value}_empty = tensor.empty() : {type}")
        lines.append(f"{value} = linalg.fill ins({value}_element : {element}) outs({value}_empty : {type}) -> {type}")
    return "".join(f"{line}\n" for line in lines)


def run(text: str, *arguments: str) -> str:
    done = subprocess.run(["imhsa-opt", "-", *arguments], input=text, capture_output=True, text=True)
    if done.returncode:
        raise ValueError(f"{done.stderr}{text}")
    return done.stdout


def operations(text: str) -> list[str]:
    return [name for line in text.split("\n") for name in OPERATION.findall(re.sub(r'"[^"]*"|//.*|\{[^{}]*$', "", line))]


def check_pass(name: str, anchor: str, before: str, after: str) -> None:
    if "GPUModuleOp" in anchor:
        found = run(f"gpu.module @kernels {{\n{before}}}\n", f"--pass-pipeline=builtin.module(gpu.module({name}))")
    else:
        found = run(module_of(before), f"--{name}{OPTIONS.get(name, '')}")
    missing = Counter(operations(after)) - Counter(operations(found))
    if missing:
        raise ValueError(f"expected {dict(missing)} more, as its description has it, in\n{found}")


def main() -> int:
    root = Path(sys.argv[1])
    faults, ran = [], 0
    ods = surface.records(root, "dialect/ImhsaOps.td")
    for name in ods["!instanceof"]["Op"]:
        for _, text in BLOCK.findall(ods[name]["description"]):
            ran += 1
            try:
                run(module_of(text))
            except ValueError as error:
                faults.append(f"imhsa.{ods[name]['opName']}: {error}")
    passes = surface.records(root, "passes/Passes.td")
    for name in passes["!instanceof"]["PassBase"]:
        argument = passes[name]["argument"]
        blocks = [text for _, text in BLOCK.findall(passes[name]["description"])]
        if argument in NOT_RUN:
            continue
        ran += 1
        try:
            if len(blocks) < 2 or "..." in blocks[0]:
                raise ValueError("expected IR that can be run, and IR after it")
            check_pass(argument, passes[name]["baseClass"], *blocks[:2])
        except ValueError as error:
            faults.append(f"{argument}: {error}")
    print("\n".join(faults))
    print(f"{ran} examples, {len(faults)} wrong")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
