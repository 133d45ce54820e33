"""Shows that imhsa-emulate notices mistakes: breaks kernels in one place at a time and runs them.

Every barrier, wait, fence, arrival, count, parity, mask and predicate in a kernel's IR is deleted or
weakened, one at a time. A mutant is caught if the emulator reports something, or if a result is out of
its bounds, in any launch with any of the seeds. At least 95 % of the mutants have to be caught; the others
are printed, and each of them has to be explained in the file given as --explained, which explains no others.
A mutant at which the emulator crashes or does not end is an error, whatever else is caught.

  mutate_kernels.py --seeds=2 --explained=survivors.txt flash_attention/manifest.json

A manifest names a kernel's IR and how to launch it; paths are relative to it:

  {"file": "kernel.mlir",
   "launches": [{"kernel": "name", "grid": [2, 1], "block": [64], "shared": 0, "chip": "sm_80",
                 "arguments": ["in:q.npy", "out:o.npy:bf16:77x64", "i32:77"],
                 "results": [{"output": "o.npy", "type": "bf16", "expected": "e.npy", "bound": "b.npy"}]}]}

Arguments are as for imhsa-emulate --arg. A result is right where |output - expected| <= bound, both f64.

A line of the file of explanations is `kernel: mutation # why it changes nothing`.
"""
import argparse
import collections
import concurrent.futures
import dataclasses
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import ml_dtypes
import numpy as np

TYPES = {"f16": np.float16, "bf16": ml_dtypes.bfloat16, "f32": np.float32, "f64": np.float64, "i8": np.int8,
         "i16": np.int16, "i32": np.int32, "i64": np.int64}

# Operations that are deleted where nobody needs their result.
SYNCHRONISING = re.compile(
    r"nvvm\.(barrier\S*|bar\.warp\.sync|cluster\.\S+|cp\.async\.(bulk\.)?(commit|wait)\S*|cp\.async\.mbarrier\.arrive|"
    r"mbarrier\.\S+|fence\.\S+|memory\.barrier)$|gpu\.barrier$|llvm\.fence$")
SYNCHRONISING_PTX = re.compile(r"\b(bar|barrier|mbarrier|fence|membar|cp\.async\.(bulk\.)?(commit|wait)_\w+)\b")
OPERATION = re.compile(r'\s*(?:%\S+ = )?"?([a-z_]\w*(?:\.\w+)+)')
NAME = r"%[\w$.#-]+"
VALUE = f"({NAME})"


@dataclasses.dataclass
class Mutant:
    kernel: str
    name: str  # what is mutated how, and which one of these in the order of the file
    line: int
    text: str


# --------------------------------------------------------------------------------------------------
# Mutations


def changed(line, operand, operation, number):
    """`line` with the operand, a match, replaced by `operand operation number`, computed just before."""
    indent, value = line[:len(line) - len(line.lstrip())], operand.group(1)
    return "\n".join([f"{indent}%mutant_number = arith.constant {number} : i32",
                      f"{indent}%mutant = arith.{operation} {value}, %mutant_number : i32",
                      line[:operand.start(1)] + "%mutant" + line[operand.end(1):]])


def elsewhere(line, number):
    """`line` with its barrier's number, a match, one higher in warps with an even number.

    One higher for all may change nothing: a barrier that is used at one place only can have any number.
    """
    indent = line[:len(line) - len(line.lstrip())]
    return "\n".join(f"{indent}{text}" for text in (
        "%mutant_5 = arith.constant 5 : i32", "%mutant_1 = arith.constant 1 : i32",
        "%mutant_thread = nvvm.read.ptx.sreg.tid.x : i32", "%mutant_warp = arith.shrui %mutant_thread, %mutant_5 : i32",
        "%mutant_other = arith.xori %mutant_warp, %mutant_1 : i32",
        "%mutant_even = arith.andi %mutant_other, %mutant_1 : i32",
        f"%mutant = arith.addi {number.group(1)}, %mutant_even : i32",
    )) + "\n" + line[:number.start(1)] + "%mutant" + line[number.end(1):]


# Operation, what of it is an i32 operand (the group), name of the mutation, operation and number.
OPERANDS = [
    (r"nvvm\.barrier\S*", rf"number_of_threads = {VALUE}", "fewer threads", "subi", 32),
    (r"nvvm\.barrier\S*", rf"number_of_threads = {VALUE}", "more threads", "addi", 32),
    (r"nvvm\.mbarrier\.init", rf"init {NAME}, {VALUE}", "fewer arrivals", "subi", 1),
    (r"nvvm\.mbarrier\.init", rf"init {NAME}, {VALUE}", "more arrivals", "addi", 1),
    (r"nvvm\.mbarrier\.(try_wait\.parity|test\.wait|try_wait)", rf"wait(?:\.parity)? {NAME}, {VALUE}.*, i32",
     "other parity", "xori", 1),
    (r"nvvm\.mbarrier\.\S*expect_tx", rf"expect_tx {NAME}, {VALUE}", "fewer bytes", "subi", 16),
    (r"nvvm\.mbarrier\.\S*expect_tx", rf"expect_tx {NAME}, {VALUE}", "more bytes", "addi", 16),
    (r"nvvm\.shfl\.sync", rf"sync +\w+ {VALUE}", "mask without lane 31", "andi", 0x7FFFFFFF),
    (r"nvvm\.shfl\.sync", rf"sync +\w+ {NAME}, {NAME}, {NAME}, {VALUE}", "segments of one lane", "ori", 0x1F00),
    (r"nvvm\.vote\.sync", rf"sync +\w+ {VALUE}", "mask without lane 31", "andi", 0x7FFFFFFF),
    (r"nvvm\.match\.sync", rf"sync +\w+ {VALUE}", "mask without lane 31", "andi", 0x7FFFFFFF),
    (r"nvvm\.redux\.sync", rf"sync +\w+ {NAME}, {VALUE}", "mask without lane 31", "andi", 0x7FFFFFFF),
    (r"nvvm\.bar\.warp\.sync", rf"sync +{VALUE}", "mask without lane 31", "andi", 0x7FFFFFFF),
    (r"nvvm\.elect\.sync", rf"sync +{VALUE}", "mask without lane 31", "andi", 0x7FFFFFFF),
]


def mutations(lines, i):
    """(name, lines that take the place of line i) for everything that can be broken there."""
    line = lines[i]
    match = OPERATION.match(line)
    if not match:
        return
    operation = match.group(1)
    result = re.match(rf"\s*{VALUE} = ", line)
    used = result and sum(len(re.findall(re.escape(result.group(1)) + r"\b", other)) for other in lines) > 1
    ptx = operation == "nvvm.inline_ptx" and SYNCHRONISING_PTX.search(line)
    if (SYNCHRONISING.match(operation) or ptx) and not used:
        yield "delete", ""
    for pattern, operand, name, change, number in OPERANDS:
        if re.fullmatch(pattern, operation) and (found := re.search(operand, line)):
            yield name, changed(line, found, change, number)
    if re.fullmatch(r"nvvm\.barrier\S*", operation) and (found := re.search(rf"\bid = {VALUE}", line)):
        yield "another barrier in even warps", elsewhere(line, found)
    if found := re.search(r"wait[._]group (\d+)", line):
        yield "wait for one group less", line[:found.start(1)] + str(int(found.group(1)) + 1) + line[found.end(1):]
        if "bulk" in operation and "read" not in line:
            yield "wait for reads only", line + " {read}"
    if operation == "nvvm.cp.async.shared.global" and (found := re.search(rf", {NAME} : (.*), i32", line)):
        yield "copy all bytes", line[:found.start()] + " : " + found.group(1)
    if operation == "nvvm.cp.async.mbarrier.arrive":
        other = line.replace("noinc = true", "noinc = false")
        yield "counted otherwise", other if other != line else line.replace(" : ", " {noinc = true} : ")
    if operation in ("arith.cmpi", "llvm.icmp", "nvvm.elect.sync", "nvvm.mbarrier.test.wait", "nvvm.mbarrier.try_wait"):
        indent = line[:len(line) - len(line.lstrip())]
        constant = "llvm.mlir.constant(true) : i1" if operation == "llvm.icmp" else "arith.constant true"
        yield "always true", f"{indent}{result.group(1)} = {constant}"
    if operation == "nvvm.memory.barrier" and not "<cta>" in line:
        yield "fence of the block only", re.sub(r"<\w+>", "<cta>", line)


def mutants(kernel, text):
    lines, counts = text.split("\n"), collections.Counter()
    for i in range(len(lines)):
        for name, replacement in mutations(lines, i):
            name = f"{OPERATION.match(lines[i]).group(1)}, {name}"
            counts[name] += 1
            yield Mutant(kernel, f"{name}, {counts[name]}", i + 1, "\n".join(lines[:i] + [replacement] + lines[i + 1:]))


# --------------------------------------------------------------------------------------------------
# Running


def wrong_result(folder, results):
    """Which result of a launch is out of bounds, or None."""
    for result in results:
        actual = np.load(folder / result["output"]).view(TYPES[result["type"]]).astype(np.float64)
        expected, bound = np.load(result["expected"]), np.load(result["bound"])
        with np.errstate(invalid="ignore"):
            good = (np.abs(actual - expected) <= bound) | (actual == expected) | (np.isnan(actual) & np.isnan(expected))
        if actual.shape != expected.shape or not good.all():
            return f"oracle: {result['output']}"
    return None


def run(options, launch, file, folder, seed):
    """What is wrong with the kernel in this launch, as (kind, text); (None, "") if nothing is."""
    command = [options.tool, str(file), f"--kernel={launch['kernel']}", f"--chip={launch['chip']}", f"--seed={seed}",
               f"--shared={launch['shared']}", "--threads=1"]
    command += [f"--{name}={','.join(map(str, launch[name]))}" for name in ("grid", "block")]
    for argument in launch["arguments"]:
        kind, *rest = argument.split(":")
        if kind in ("in", "inout"):
            rest[0] = str(launch["folder"] / rest[0])
        if kind in ("out", "inout"):
            at = 0 if kind == "out" else 1
            rest[at] = str(folder / rest[at])
        command.append(f"--arg={':'.join([kind, *rest])}")
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=options.timeout)
    except subprocess.TimeoutExpired:
        return "hung", f"no end within {options.timeout} s"
    if done.returncode < 0 or "PLEASE submit a bug report" in done.stderr:
        return "crashed", done.stderr
    if done.returncode:
        return "checks", done.stderr
    wrong = wrong_result(folder, launch["results"])
    return ("oracle", wrong) if wrong else (None, "")


def judge(options, text, launches):
    """The first thing wrong with a kernel, as of `run`; IR that is not valid is no mutant at all."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        file = folder / "kernel.mlir"
        file.write_text(text)
        verified = subprocess.run([options.verifier, str(file), "-o", "/dev/null"], capture_output=True, text=True)
        if verified.returncode:
            return "invalid", verified.stderr
        for seed in range(options.seeds):
            for launch in launches:
                kind, text = run(options, launch, file, folder, seed)
                if kind:
                    return kind, text
    return None, ""


def read(manifest):
    manifest = pathlib.Path(manifest).resolve()
    described = json.loads(manifest.read_text())
    for launch in described["launches"]:
        launch["folder"] = manifest.parent
        for result in launch["results"]:
            for file in ("expected", "bound"):
                result[file] = manifest.parent / result[file]
    return described["launches"], (manifest.parent / described["file"]).read_text()


def explanations(file):
    lines = [line for line in pathlib.Path(file).read_text().splitlines() if line.strip() and not line.startswith("#")]
    for line in lines:
        if not re.fullmatch(r"\w+: .+ # .+", line):
            sys.exit(f"{file}: expected `kernel: mutation # why it changes nothing`, found '{line}'")
    return dict(re.split(" # ", line, maxsplit=1) for line in lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifests", nargs="+")
    parser.add_argument("--tool", default="imhsa-emulate")
    parser.add_argument("--verifier", default="imhsa-opt", help="tool that tells whether IR is valid")
    parser.add_argument("--seeds", type=int, default=2, help="schedules that each mutant runs with")
    parser.add_argument("--timeout", type=float, default=60, help="seconds after which a run hangs")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--least", type=float, default=95, help="percent of the mutants that have to be caught")
    parser.add_argument("--sample", type=int, help="so many mutants of each kernel, at random")
    parser.add_argument("--explained", help="file that explains the mutants that are not caught")
    parser.add_argument("--only", default="", help="regular expression for `kernel: mutation`")
    parser.add_argument("--verbose", action="store_true", help="print every mutant and what was found")
    options = parser.parse_args()
    explained = explanations(options.explained) if options.explained else {}
    seed = random.randrange(2**32)
    rng = random.Random(seed)

    failed, rows, survivors = [], [], []
    for manifest in options.manifests:
        launches, text = read(manifest)
        kernel = launches[0]["kernel"]
        kind, found = judge(options, text, launches)
        if kind:
            sys.exit(f"{kernel}, not mutated: {kind}: {found}")
        chosen = [m for m in mutants(kernel, text) if re.search(options.only, f"{m.kernel}: {m.name}")]
        total = len(chosen)
        if options.sample and options.sample < total:
            chosen = rng.sample(chosen, options.sample)
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            verdicts = list(pool.map(lambda m: judge(options, m.text, launches), chosen))
        count = collections.Counter(kind for kind, _ in verdicts)
        rows.append((kernel, total, len(chosen), count["checks"], count["oracle"], count[None]))
        for mutant, (kind, found) in zip(chosen, verdicts):
            label = f"{mutant.kernel}: {mutant.name}"
            if options.verbose:
                print(f"{label} (line {mutant.line}): {kind or 'survived'}: {found.strip().splitlines()[:1]}")
            if kind is None:
                survivors.append((label, mutant.line))
            elif kind not in ("checks", "oracle"):
                failed.append(f"{label} (line {mutant.line}): {kind}: {found}")

    print(f"{'kernel':24}{'mutants':>9}{'run':>6}{'by checks':>11}{'by oracle':>11}{'survived':>10}{'caught':>9}")
    rows.append(("all", *(sum(row[i] for row in rows) for i in range(1, 6))))
    for name, total, ran, checks, oracle, survived in rows:
        print(f"{name:24}{total:9}{ran:6}{checks:11}{oracle:11}{survived:10}"
              f"{100 * (checks + oracle) / max(ran, 1):8.1f}%")
    for label, line in survivors:
        print(f"survived: {label} (line {line}): {explained.get(label, 'not explained')}")
        if options.explained and label not in explained:
            failed.append(f"{label} survived and is not explained in {options.explained}")
    if not options.sample and not options.only:
        survived = {label for label, _ in survivors}
        failed += [f"{label} does not survive, but {options.explained} explains it" for label in explained
                   if label not in survived and label.split(":")[0] in (row[0] for row in rows)]
    _, _, ran, checks, oracle, _ = rows[-1]
    # A sample is too small for a percentage: what it lets through has to be explained all the same.
    if not options.sample and 100 * (checks + oracle) < options.least * ran:
        failed.append(f"{checks + oracle} of {ran} mutants caught, expected {options.least} %")
    for text in failed:
        print(f"error: {text}", file=sys.stderr)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
