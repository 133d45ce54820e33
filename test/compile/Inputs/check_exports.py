"""usage: check_exports.py imhsa.h SYMBOLS PREFIX: the symbols, one a line, are what the header declares, the artifact's, and PREFIX*"""
import re
import sys

header, symbols, prefix = sys.argv[1:]
declared = set(re.findall(r"^[\w ]+[ *](imhsa_\w+)\(", open(header).read(), re.MULTILINE))
assert len(declared) > 20, declared
exported = {name for name in open(symbols).read().split() if not name.startswith(prefix)}
expected = declared | {"imhsa_library_artifact"}
print("missing:", sorted(expected - exported)) if expected - exported else None
print("beyond:", sorted(exported - expected)) if exported - expected else None
if exported == expected:
    print("all of imhsa.h and nothing else")
