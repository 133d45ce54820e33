"""Everything public, and whether it is documented where it is declared: surface.py ROOT [TOOL...]

Operations, attributes, enumerations, passes, options and statistics (by llvm-tblgen); functions, types and constants of
the installed headers; names that the Python package exports, and their methods; options of the tools, in their --help.
Prints a line for each kind, and what is not documented; ends with 1 if anything is not.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

LLVM = "/usr/lib/llvm-22"
HEADERS = [
    "dialect/Imhsa.h",
    "dialect/Schedule.h",
    "dialect/Scores.h",
    "dialect/capi/Dialects.h",
    "passes/Passes.h",
    "passes/Pipelines.h",
    "passes/capi/Passes.h",
    "passes/transform/TransformOps.h",
    "runtime/ParallelFor.h",
    "runtime/imhsa.h",
]
Item = tuple[str, str, bool]  # Its kind, what it is called, and whether it is documented.


# ------------------------------------------------------------------------------------------------
# TableGen
# ------------------------------------------------------------------------------------------------


def records(root: Path, file: str) -> dict:
    command = [f"{LLVM}/bin/llvm-tblgen", "--dump-json", "-I", root, "-I", f"{LLVM}/include", root / file]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def passes(root: Path) -> Iterator[Item]:
    all = records(root, "passes/Passes.td")
    for name in all["!instanceof"]["PassBase"]:
        one = all[name]
        argument = one["argument"]
        yield "pass", argument, bool(one["summary"].strip() and one["description"].strip())
        for kind, field, text in ("option", "options", "description"), ("statistic", "statistics", "description"):
            for entry in one[field]:
                part = all[entry["def"]]
                label = part["argument"] if kind == "option" else part["name"]
                yield kind, f"{argument}: {label}", bool(part[text].strip())


def operations(root: Path) -> Iterator[Item]:
    all = records(root, "dialect/ImhsaOps.td")
    attention = all["Imhsa_AttentionOp"]["description"]
    for name in all["!instanceof"]["Op"]:
        # What several operations have in common stands at one of them, which the others name.
        text = all[name]["description"]
        yield from operation(all[name], f"imhsa.{all[name]['opName']}", text + attention if "`imhsa.attention`" in text else text)
    steps = records(root, "passes/transform/TransformOps.td")
    for name in steps["!instanceof"]["Op"]:
        yield from operation(steps[name], f"transform.{steps[name]['opName']}", steps[name]["description"])
    for name in all["!instanceof"]["AttrDef"]:
        one = all[name]
        mnemonic = f"#imhsa.{one['mnemonic']}"
        text = one["description"]
        yield "attribute", mnemonic, bool(one["summary"].strip() and text.strip())
        for kind, parameter in one["parameters"]["args"]:
            own = all[kind["def"]].get("summary", "") if isinstance(kind, dict) else ""
            yield "parameter", f"{mnemonic}: {parameter}", bool(own or re.search(rf"`{parameter}\b", text))
        yield from methods("attribute's method", mnemonic, one["extraClassDeclaration"] or "")
    for name in all["!instanceof"]["EnumAttrInfo"]:
        if name.startswith("Imhsa_"):
            yield "enumeration", name, bool(all[name]["summary"].strip())


def operation(one: dict, mnemonic: str, text: str) -> Iterator[Item]:
    """An operation, and its operands, attributes and results, which `text` speaks of."""
    yield "operation", mnemonic, bool(one["summary"].strip() and one["description"].strip())
    for _, argument in one["arguments"]["args"] + one["results"]["args"]:
        word = re.sub(r"^(key|query)_less_", "", argument)
        word = "order" if word.endswith("_order") else word
        # The landmarks and the results are called so; the rest by their names.
        words = {"query_landmarks": "landmarks", "key_landmarks": "landmarks", "results": "result"}
        yield "operand", f"{mnemonic}: {argument}", bool(re.search(rf"\b{words.get(word, word)}\b", text))
    yield from methods("operation's method", mnemonic, one["extraClassDeclaration"] or "")


def methods(kind: str, of: str, text: str) -> Iterator[Item]:
    """Methods that generated classes have; those that an interface asks for, it documents."""
    for name, documented in declarations(text):
        if name not in ("getDpsInitsMutable", "matchOperation"):
            yield kind, f"{of}: {name}", documented


# ------------------------------------------------------------------------------------------------
# Headers
# ------------------------------------------------------------------------------------------------

_TYPE = re.compile(r"^(?:typedef )?(?:struct|class|enum class|enum|union) (\w+)[^;(]*\{$")
_NO_DECLARATION = re.compile(
    r"^(#(?!define)|#define (GET|GEN)_|#define \w+_H$|\}|\{|namespace\b|extern \"C\"|using \w+::|typedef struct \w+ \w+;"
    r"|(public|private|protected):|friend |template|static_assert|LLVM_ENABLE_|MLIR_DECLARE_CAPI)"
)


def declarations(text: str) -> Iterator[tuple[str, bool]]:
    """What a header declares, other than in bodies of functions.

    The text is formatted, so that a declaration starts where its scope is indented to, and what is indented more goes
    on with it. Documented is what has a comment directly above or beside it, or a description for the command line;
    declarations with no line between them share a comment.
    """
    indents = [0]  # Of the declarations in each open scope.
    name, covered = "", False  # Of the declaration that may still go on.
    inside = False  # Of a comment of several lines.
    for line in textwrap.dedent(text).split("\n") + [""]:
        indent = len(line) - len(line.lstrip())
        comment = inside or re.match(r"\s*(//|/\*)", line) is not None
        inside = (inside or "/*" in line) and "*/" not in line
        code = "" if comment else re.sub(r"/\*.*?\*/|//.*", "", line).strip()
        if code and indent > indents[-1] and name and not comment:
            covered = covered or "///<" in line or "cl::desc(" in line
            continue
        if name:
            yield name, covered
            name = ""
        while code.startswith("}") and len(indents) > 1 and indent < indents[-1]:
            indents.pop()
        if not line.strip():
            covered = False
        elif comment:
            covered = "===" not in line
        elif code and not _NO_DECLARATION.match(code):
            opened = _TYPE.match(code)
            plain = re.sub(r"\(.*", "(", re.sub(r"<[^<>]*>", "", re.sub(r"<[^<>]*>", "", code)))
            plain = re.sub(r"\s*(=|\{|\[).*", "", plain).removeprefix("#define ").split(" (")[0]
            plain = plain.split()[0] if code.startswith("#define") else plain
            name = opened[1] if opened else (re.findall(r"~?\w+", plain) or [""])[-1]
            covered = covered or "//" in line or "/*" in line or "cl::desc(" in line
            if opened:
                yield name, covered
                # What an enumeration says stands for its values, too.
                name, covered = "", covered and "enum" in code
                indents.append(indent + 2)


def headers(root: Path) -> Iterator[Item]:
    for header in HEADERS:
        for name, documented in declarations((root / header).read_text()):
            yield "in a header", f"{header}: {name}", documented


# ------------------------------------------------------------------------------------------------
# Python
# ------------------------------------------------------------------------------------------------


def python(root: Path) -> Iterator[Item]:
    for package in "imhsa", "imhsa/ir", "imhsa/torch.py":
        path = root / "python" / package
        files = [path] if path.suffix else sorted(path.glob("*.py"))
        trees = {file: ast.parse(file.read_text()) for file in files}
        main = trees[path if path.suffix else path / "__init__.py"]
        yield "in Python", str(package), bool(ast.get_docstring(main))
        exported = next(
            {item.value for item in node.value.elts}
            for node in main.body
            if isinstance(node, ast.Assign) and node.targets[0].id == "__all__"
        )
        for file, tree in trees.items():
            for position, node in enumerate(tree.body):
                if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in exported:
                    after = tree.body[position + 1] if position + 1 < len(tree.body) else None
                    documented = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
                    yield "in Python", f"{package}: {node.targets[0].id}", documented
                if not isinstance(node, (ast.FunctionDef, ast.ClassDef)) or node.name not in exported:
                    continue
                yield "in Python", f"{package}: {node.name}", bool(ast.get_docstring(node))
                for member in node.body if isinstance(node, ast.ClassDef) else []:
                    if isinstance(member, ast.FunctionDef) and not member.name.startswith("_"):
                        yield "in Python", f"{package}: {node.name}.{member.name}", bool(ast.get_docstring(member))


# ------------------------------------------------------------------------------------------------
# Tools
# ------------------------------------------------------------------------------------------------


def options(tool: str) -> Iterator[Item]:
    help = subprocess.run([tool, "--help"], check=True, capture_output=True, text=True).stdout
    for line in help.split("\n"):
        # imhsa-opt has upstream's options, too; those of passes are in Passes.td.
        option = re.match(r"  +(--?[\w-]+)(\S*)(.*)", line)
        if option:
            yield "option of a tool", f"{tool}: {option[1]}", bool(re.match(r"(?: <\S+>)?\s+- \S", option[3]))


def main() -> int:
    root = Path(sys.argv[1])
    items = [*operations(root), *passes(root), *headers(root), *python(root)]
    for tool in sys.argv[2:]:
        items += options(tool)
    kinds = dict.fromkeys(kind for kind, _, _ in items)
    for kind in kinds:
        print(f"{kind}: {sum(item[0] == kind for item in items)}")
    missing = [f"not documented: {kind} {name}" for kind, name, documented in items if not documented]
    print("\n".join(missing))
    return bool(missing)


if __name__ == "__main__":
    sys.exit(main())
