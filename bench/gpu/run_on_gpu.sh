#!/usr/bin/env bash
# Settles everything on this machine's GPU, in a folder that make_folder.sh made: runs the execution
# cases, then the benchmark, which leaves results.json and plots:
#   run_on_gpu.sh [PYTHON] [OPTIONS OF bench.py]
# PYTHON needs NumPy and PyTorch 2.4 or later; matplotlib for the plots. Fails if a case fails, or a
# result of the benchmark is wrong.
set -uo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")"
python=python3
if [[ $# -ge 1 && $1 != -* ]]; then
  python=$1
  shift
fi
failed=0
./check_on_gpu.sh "$python" || failed=1
if [[ -e libbench_sm_80.so ]]; then
  "$python" -u bench.py "$@" || failed=1
else
  echo "there is no libbench_sm_80.so: the folder was made with --no-bench" >&2
  failed=1
fi
exit $failed
