#!/usr/bin/env bash
# Compiles the execution cases and the benchmark for GPUs, and puts all that run_on_gpu.sh needs into a
# folder, to be carried to a machine with a GPU:
#   make_folder.sh [--no-bench] FOLDER [OPTIONS OF run.py, such as --shard=0/4]
set -euo pipefail
root=$(cd -P "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
bench=1
[[ ${1:-} != --no-bench ]] || { bench=0; shift; }
[[ $# -ge 1 && $1 != -* ]] || { echo "usage: make_folder.sh [--no-bench] FOLDER [OPTIONS OF run.py]" >&2; exit 2; }
folder=$1
shift
python=$root/build/venv/bin/python
chips=(sm_80 sm_90a)

# compile SOURCE LIBRARY CHIP: what imhsa-compile says is shown only where it fails.
compile() {
  "$root/build/bin/imhsa-compile" "$1" --target=cuda --chip="$3" -o "$2" 2>"$folder/log" || { cat "$folder/log" >&2; exit 1; }
  rm "$1" "$folder/log"
}

mkdir -p "$folder"
cp "$root"/test/execution/lib/*.py "$root/reference/imhsa_reference.py" "$root"/bench/gpu/{check,run}_on_gpu.sh "$folder"
rm -rf "$folder/imhsa"
cp -r "$root/python/imhsa" "$folder/imhsa"
git -C "$root" -c safe.directory="$root" describe --always --dirty >"$folder/commit" 2>/dev/null || rm -f "$folder/commit"
# What check_on_gpu.sh passes on, so that it chooses the same cases.
printf '%q ' "$@" >"$folder/options"
for chip in "${chips[@]}"; do
  "$python" "$root/test/execution/lib/run.py" --executor=cuda --chips=$chip "$@" --emit >"$folder/cases.mlir"
  compile "$folder/cases.mlir" "$folder/libcases_$chip.so" $chip
done
if ((bench)); then
  cp "$root"/bench/gpu/{bench,formulations,measure,results,shapes}.py "$folder"
  cp "$root/bench/results/roofline.json" "$folder" || echo "make_folder.sh: the benchmark will not compare with the model" >&2
  # One library for each chip: schedules for several are limited to what fits all of them.
  for chip in "${chips[@]}"; do
    "$python" "$folder/bench.py" --emit >"$folder/bench.mlir"
    compile "$folder/bench.mlir" "$folder/libbench_$chip.so" $chip
  done
fi
du -sh "$folder"
