"""Mutates operations of the imhsa dialect and checks that no mutant crashes or hangs a tool.

The operations in the given files are printed in the generic form, taken apart, broken at random
(types, operands, segments, properties, results) and put together again, each in a module of its
own. The tool reads all of them in one go; whether it accepts or refuses a mutant does not matter,
only that it ends by itself. A mutant that does otherwise is printed, and the exit code is 1.

  fuzz_verifier.py --count=5000 --seed=7 test/dialect/*.mlir -- --canonicalize
"""
import argparse
import copy
import random
import re
import subprocess
import sys

SEPARATOR = "\n// -----\n"
OPERATION = re.compile(r'"(imhsa\.\w+)"\((.*?)\) <\{(.*)\}> (?:\{.*\} )?: \((.*)\) -> (.*)')
SIZES = ["?", "0", "1", "2", "3", "5", "6", "64", "4294967296", "9223372036854775807"]
ELEMENTS = ["f32", "f16", "bf16", "f64", "f8E4M3FN", "i1", "i8", "i32", "i64", "ui64", "index",
            "complex<f32>", "vector<4xf32>"]
TYPES = ["f32", "index", "none", "tensor<f32>", "memref<f32>", "tensor<*xf32>", "memref<*xf32>",
         "vector<2x6x5x64xf32>", "tuple<>", "memref<2x6x5x64xf32, strided<[?, ?, ?, 2], offset: 3>>",
         "memref<2x6x5x64xf32, affine_map<(a, b, c, d) -> (d, c, b, a)>, 1>",
         'tensor<2x6x5x64xf32, "encoding">', "tensor<1x1x1x1x1x1x1x1xf32>", "!llvm.ptr"]
ATTRIBUTES = ["unit", "3 : i64", "0 : i32", "7 : i32", "-1 : i32", "1.0 : f64", "0x7FF8000000000000 : f64",
              "1.0 : f32", '"text"', "[]", "array<i64>", "array<i64: 1, 2, 3>", "array<i64: -1, 4>",
              "array<i32: 1, 1>", "array<i64: 9223372036854775807, 9223372036854775807>", "f32", "{}",
              "dense<1> : tensor<2xi64>", "#imhsa.pool<5>", "#imhsa.pool<1>", "#imhsa.pool<7x5 to 2x2>",
              "#imhsa.schedule<general>"]


def split(text):
    """The elements of a list, at the commas that stand in no bracket."""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(text):
        depth += (c in "<([{") - (c in ")]}" or c == ">" and text[i - 1] != "-")
        if c == "," and not depth:
            parts.append(text[start:i].strip())
            start = i + 1
    return [part for part in parts + [text[start:].strip()] if part]


def take_apart(line):
    match = OPERATION.search(line)
    if not match:
        return None
    name, _, properties, operands, results = match.groups()
    attributes = dict(([*p.split(" = ", 1), "unit"])[:2] for p in split(properties))
    segments = attributes.pop("operandSegmentSizes")
    results = results[1:-1] if results.startswith("(") else results
    return {
        "name": name,
        "operands": split(operands),
        "segments": [int(n) for n in re.findall(r"-?\d+", segments.split(":")[1])],
        "properties": attributes,
        "results": split(results),
    }


def mutate_type(type, rng):
    shape = re.match(r"(tensor|memref)<((?:[\d?]+x)*)(\w+)(.*)>$", type)
    if not shape or rng.random() < 0.15:
        return rng.choice(TYPES)
    kind, sizes, element, rest = shape.groups()
    sizes = sizes.split("x")[:-1]
    what = rng.random()
    if what < 0.5 and sizes:
        sizes[rng.randrange(len(sizes))] = rng.choice(SIZES)
    elif what < 0.65 and sizes:
        del sizes[rng.randrange(len(sizes))]
    elif what < 0.75:
        sizes.insert(rng.randint(0, len(sizes)), rng.choice(SIZES))
    elif what < 0.9:
        element = rng.choice(ELEMENTS)
    else:
        kind, rest = ("memref" if kind == "tensor" else "tensor"), ""
    return f"{kind}<{''.join(size + 'x' for size in sizes)}{element}{rest}>"


def mutate(op, rng):
    op = copy.deepcopy(op)
    operands, segments, properties, results = (
        op[key] for key in ("operands", "segments", "properties", "results"))
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        what = rng.choices(["operand", "result", "add or remove", "segment", "segments", "property",
                            "no property", "results"], [8, 1, 2, 1, 0.5, 3, 0.5, 0.5])[0]
        if what == "operand" and operands:
            place = rng.randrange(len(operands))
            old, operands[place] = operands[place], mutate_type(operands[place], rng)
            if rng.random() < 0.5:  # a result that still agrees with its destination
                results[:] = [operands[place] if result == old else result for result in results]
        elif what == "result" and results:
            place = rng.randrange(len(results))
            results[place] = mutate_type(results[place], rng)
        elif what == "add or remove" and operands and segments:
            kind = rng.randrange(len(segments))
            place = min(sum(max(n, 0) for n in segments[:kind]), len(operands) - 1)
            if rng.random() < 0.5 and segments[kind] > 0:
                segments[kind] -= 1
                del operands[place]
            else:
                segments[kind] += 1
                operands.insert(place, rng.choice(operands + TYPES))
        elif what == "segment" and segments:
            segments[rng.randrange(len(segments))] = rng.choice([-1, 0, 1, 2, 2147483647, -2147483648])
        elif what == "segments":
            segments[:] = rng.choice([segments[:-1], segments + [0], [], segments[::-1]])
        elif what == "property":
            names = list(properties) + ["window", "scale", "causal", "schedule", "pool", "query_order", "other"]
            properties[rng.choice(names)] = rng.choice(ATTRIBUTES)
        elif what == "no property" and properties:
            del properties[rng.choice(list(properties))]
        elif what == "results":
            results[:] = rng.choice([[], results + results[:1], results[:1], operands[-1:]])
    return op


def put_together(op, rng):
    properties = op["properties"].copy()
    if rng.random() < 0.97:
        element = "i32" if rng.random() < 0.97 else "i64"
        sizes = ", ".join(map(str, op["segments"]))
        properties["operandSegmentSizes"] = f"array<{element}: {sizes}>" if sizes else f"array<{element}>"
    shown = ", ".join(f"{name} = {value}" for name, value in properties.items())
    args = [f"%a{i}" for i in range(len(op["operands"]))]
    values = [f"%r#{i}" for i in range(len(op["results"]))]
    operands, results = ", ".join(op["operands"]), ", ".join(op["results"])
    return (
        f"func.func @f({', '.join(f'{a}: {t}' for a, t in zip(args, op['operands']))}) -> ({results}) {{\n"
        f"  {f'%r:{len(values)} = ' if values else ''}\"{op['name']}\"({', '.join(args)}) <{{{shown}}}>\n"
        f"    : ({operands}) -> ({results})\n"
        f"  return {', '.join(values)}{' : ' if values else ''}{results}\n}}\n"
    )


def run(tool, options, modules, seconds):
    """The exit code (None where the tool hangs) and the number of modules that were accepted."""
    try:
        done = subprocess.run([tool, "-split-input-file", *options], input=SEPARATOR.join(modules),
                              capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return None, 0
    return done.returncode, len(re.findall("^module", done.stdout, re.MULTILINE))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool", default="imhsa-opt")
    parser.add_argument("--count", type=int, default=200, help="number of mutants")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--timeout", type=float, default=120, help="seconds for all mutants together")
    parser.add_argument("files", nargs="+", help="files that have operations of imhsa; after --, options of the tool")
    arguments = sys.argv[1:]
    end = arguments.index("--") if "--" in arguments else len(arguments)
    args, options = parser.parse_args(arguments[:end]), arguments[end + 1:]

    generic = [subprocess.run([args.tool, "--mlir-print-op-generic", file], capture_output=True, text=True,
                              check=True).stdout for file in args.files]
    operations = [op for text in generic for op in map(take_apart, text.splitlines()) if op]
    if not operations:
        sys.exit("no operation of imhsa in " + ", ".join(args.files))
    rng = random.Random(args.seed)
    mutants = [put_together(mutate(rng.choice(operations), rng), rng) for _ in range(args.count)]

    code, accepted = run(args.tool, options, mutants, args.timeout)
    print(f"{len(mutants)} mutants of {len(operations)} operations: {accepted} accepted, "
          f"{len(mutants) - accepted} refused")
    if code in (0, 1):
        return
    for mutant in mutants:
        code, _ = run(args.tool, options, [mutant], args.timeout)
        if code not in (0, 1):
            print(f"{'a hang' if code is None else f'exit code {code}'}:\n{mutant}")
    sys.exit(1)


main()
