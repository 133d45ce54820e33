"""Checks that the labels of constraints agree: those that the ODS describes, those that the
verifiers report, and those that the negative tests provoke. Usage: labels.py REPOSITORY"""
import pathlib
import re
import sys

dialect = pathlib.Path(sys.argv[1], "dialect")
tests = pathlib.Path(sys.argv[1], "test", "dialect")


def labels(paths, pattern):
    text = "\n".join(path.read_text() for path in paths)
    return set(re.findall(pattern, text))


places = {
    "described in dialect/*.td": labels(dialect.glob("*.td"), r"`(\w+_c\d+)`"),
    "reported in dialect/*.cpp": labels(dialect.glob("*.cpp"), r"[\"\[](\w+_c\d+)[\"\]]"),
    "provoked in test/dialect/*-invalid.mlir": labels(
        tests.glob("*-invalid.mlir"), r"expected-error.*\[(\w+_c\d+)\]"
    ),
}
every = sorted(set.union(*places.values()))
missing = [
    f"{label}: not {place}" for label in every for place, found in places.items() if label not in found
]
print(*missing, sep="\n")
sys.exit(f"{len(missing)} gaps in {len(every)} labels" if missing else None)
