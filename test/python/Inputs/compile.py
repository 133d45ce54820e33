"""imhsa.compile: sources, options, diagnostics, where the tool is, and what is left behind."""

import os
import sys
import tempfile
from pathlib import Path

import numpy as np

from common import ROOT, agree, fails, imhsa, oracle, tokens

folder = Path(sys.argv[1])
tempfile.tempdir = str(folder / "temporary")
os.makedirs(tempfile.tempdir)

TEXT = """
func.func @attention(%query: tensor<?x6x13x32xf32>, %key: tensor<?x6x13x32xf32>, %value: tensor<?x6x13x32xf32>)
    -> tensor<?x6x13x32xf32> {
  %c0 = arith.constant 0 : index
  %batch = tensor.dim %query, %c0 : tensor<?x6x13x32xf32>
  %init = tensor.empty(%batch) : tensor<?x6x13x32xf32>
  %0 = imhsa.attention ins(%query, %key, %value : tensor<?x6x13x32xf32>, tensor<?x6x13x32xf32>, tensor<?x6x13x32xf32>)
         outs(%init : tensor<?x6x13x32xf32>) -> tensor<?x6x13x32xf32>
  return %0 : tensor<?x6x13x32xf32>
}
"""
rng = np.random.default_rng()
query, key, value = tokens(rng), tokens(rng), tokens(rng)
wanted = oracle.attention(query, key, value)


def left() -> list:
    return os.listdir(tempfile.tempdir)


# Text, and a file by either kind of path.
agree(imhsa.compile(TEXT).attention(query, key, value), wanted)
source = folder / "attention.mlir"
source.write_text(TEXT)
agree(imhsa.compile(source, cpu="native", opt_level=2).attention(query, key, value), wanted)
agree(imhsa.compile(str(source), header=None).attention(query, key, value), wanted)

# A library and a header that are kept. The same path again is another library.
output, header = folder / "libkept.so", folder / "kept.h"
first = imhsa.compile(TEXT, output=output, header=header)
assert first.path == str(output) and "attention" in header.read_text()
doubled = TEXT.replace("outs(", "scale(0.5) outs(")
second = imhsa.compile(doubled, output=output)
agree(first.attention(query, key, value), wanted)
agree(second.attention(query, key, value), oracle.attention(query, key, value, scale=0.5))
agree(imhsa.load(output).attention(query, key, value), oracle.attention(query, key, value, scale=0.5))

# Diagnostics.
fails(imhsa.CompileError, "error: ", lambda: imhsa.compile("func.func @f() {"))
fails(imhsa.CompileError, "<stdin>:7:8: error: custom op", lambda: imhsa.compile(TEXT.replace("imhsa.attention", "imhsa.attentions")))
fails(imhsa.CompileError, "not_there.mlir", lambda: imhsa.compile(folder / "not_there.mlir"))
fails(imhsa.CompileError, "tpu", lambda: imhsa.compile(TEXT, target="tpu"))
fails(imhsa.CompileError, "no-such-option", lambda: imhsa.compile(TEXT, no_such_option=True))
fails(imhsa.CompileError, "sm_7", lambda: imhsa.compile(TEXT, target="cuda", chip=["sm_80", "sm_7"]))

# The tool: where IMHSA_COMPILE says, or else in PATH, or else in the checkout.
os.environ["IMHSA_COMPILE"] = str(folder / "nowhere")
fails(imhsa.CompileError, f"{folder}/nowhere: No such file", lambda: imhsa.compile(TEXT))
tool = folder / "imhsa-compile"
tool.write_text("#!/bin/sh\necho never again >&2\nexit 3\n")
tool.chmod(0o755)
os.environ["IMHSA_COMPILE"] = str(tool)
fails(imhsa.CompileError, "never again", lambda: imhsa.compile(TEXT))
tool.write_text("#!/bin/sh\nexit 3\n")
fails(imhsa.CompileError, "imhsa-compile ended with exit code 3", lambda: imhsa.compile(TEXT))
del os.environ["IMHSA_COMPILE"]
path, os.environ["PATH"] = os.environ["PATH"], f"{folder}:{os.environ['PATH']}"
fails(imhsa.CompileError, "exit code 3", lambda: imhsa.compile(TEXT))
tool.write_text(f'#!/bin/sh\necho "warning: mind the gap" >&2\nexec {ROOT}/build/bin/imhsa-compile "$@"\n')
assert "warning: mind the gap" in imhsa.compile(TEXT).diagnostics
os.environ["PATH"] = "/usr/bin:/bin"
agree(imhsa.compile(TEXT).attention(query, key, value), wanted)
os.environ["PATH"] = path

assert left() == [], f"left behind: {left()}"
print("compile: passed")
