#!/usr/bin/env bash
# Runs the execution cases in a folder that make_folder.sh made on this machine's GPU, and prints a
# table: check_on_gpu.sh [PYTHON], in the folder. Needs the CUDA driver and a Python with NumPy,
# nothing else. The code for sm_80 runs on newer GPUs too, compiled by the driver from PTX; that for
# sm_90a runs on Hopper alone, and on other GPUs is named as not run.
set -uo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")"
python=${1:-python3}
read -r capability name < <("$python" -c 'import device; print(*device.describe())') || exit 1
echo "device: $name, compute capability $capability"
eval "options=($(<options))"

failed=0
for chip in sm_80 sm_90a; do
  if [[ $chip == sm_90a && $capability != 9.0 ]]; then
    echo "$chip: not run on compute capability $capability"
    continue
  fi
  echo "$chip:"
  "$python" run.py --executor=cuda --chips=$chip --library="$PWD/libcases_$chip.so" "${options[@]}" || failed=1
done
exit $failed
