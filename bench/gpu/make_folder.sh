#!/usr/bin/env bash
# Compiles the execution cases for GPUs, and puts all that check_on_gpu.sh needs into a folder, to be
# carried to a machine with a GPU: make_folder.sh FOLDER [OPTIONS OF run.py, such as --shard=0/4]
set -euo pipefail
root=$(cd -P "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
[[ $# -ge 1 ]] || { echo "usage: make_folder.sh FOLDER [OPTIONS OF run.py]" >&2; exit 2; }
folder=$1
shift
python=$root/build/venv/bin/python

mkdir -p "$folder"
cp "$root"/test/execution/lib/*.py "$root/reference/imhsa_reference.py" "$root/bench/gpu/check_on_gpu.sh" "$folder"
rm -rf "$folder/imhsa"
cp -r "$root/python/imhsa" "$folder/imhsa"
# What check_on_gpu.sh passes on, so that it chooses the same cases.
printf '%q ' "$@" >"$folder/options"
for chip in sm_80 sm_90a; do
  "$python" "$root/test/execution/lib/run.py" --executor=cuda --chips=$chip "$@" --emit >"$folder/cases_$chip.mlir"
  "$root/build/bin/imhsa-compile" "$folder/cases_$chip.mlir" --target=cuda --chip=$chip -o "$folder/libcases_$chip.so" \
    2>"$folder/cases_$chip.log" || { cat "$folder/cases_$chip.log" >&2; exit 1; }
  rm "$folder/cases_$chip.mlir" "$folder/cases_$chip.log"
done
du -sh "$folder"
