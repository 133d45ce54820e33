#!/usr/bin/env bash
# Generates the reference pages of the dialect, the passes and the transform operations into a folder:
#   scripts/generate_docs.sh docs/generated        (./dev docs)
# mlir-tblgen is taken from PATH, or from $MLIR_TBLGEN.
set -euo pipefail
output=$(realpath -m "${1:?usage: generate_docs.sh FOLDER}")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tblgen=$(realpath "$(command -v "${MLIR_TBLGEN:-mlir-tblgen}")")
includes=(-I . -I "$(dirname "$tblgen")/../include")

mkdir -p "$output"
"$tblgen" -gen-dialect-doc -dialect=imhsa "${includes[@]}" dialect/ImhsaOps.td -o "$output/dialect.md"
"$tblgen" -gen-pass-doc "${includes[@]}" passes/Passes.td -o "$output/passes.md"
{
  printf '# Steps of a transform schedule\n\n'
  "$tblgen" -gen-op-doc -dialect=transform "${includes[@]}" passes/transform/TransformOps.td
} >"$output/transform.md"
