"""The test suite; build/test/lit.site.cfg.py sets config.repo, build and llvm_bin."""
import os
import shutil
import sys

import lit.formats

config.name = "imhsa"
config.test_format = lit.formats.ShTest(execute_external=False)
config.test_source_root = os.path.join(config.repo, "test")
config.test_exec_root = os.path.join(config.build, "test")
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "lib"]

# Tools by their plain names: ours first, then LLVM's.
config.environment["PATH"] = os.pathsep.join(
    [os.path.join(config.build, "bin"), config.llvm_bin, config.environment["PATH"]]
)

python = os.path.join(config.repo, "build", "venv", "bin", "python")
config.substitutions += [
    (r"\bFileCheck\b", "FileCheck --enable-var-scope --allow-unused-prefixes=false"),
    ("%python", python if os.path.exists(python) else sys.executable),
    ("%repo", config.repo),
    ("%artifacts", os.path.join(config.build, "test", "artifacts")),
    ("%lib/", os.path.join(config.build, "lib") + os.sep),
    ("%include", os.path.join(config.build, "include")),
    ("%llvm_lib", os.path.join(os.path.dirname(config.llvm_bin), "lib")),
]

# ptxas: PTX can be assembled, with or without a GPU.
ptxas = shutil.which("ptxas", path=os.environ["PATH"] + ":/usr/local/cuda/bin")
if ptxas:
    config.available_features.add("ptxas")
    config.substitutions.append(("%ptxas", ptxas))

# full: `./dev check --full`, the tests that take long.
if lit_config.params.get("full") == "1":
    config.available_features.add("full")
