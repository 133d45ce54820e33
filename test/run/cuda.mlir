// On a GPU; where there is none, that is what is said.

// RUN: %if cuda %{ imhsa-run %S/emulator.mlir --target=cuda --random-inputs=1 --shape=2x2x9x8 --check %}
// RUN: %if !cuda %{ not imhsa-run %S/emulator.mlir --target=cuda --random-inputs=1 --shape=2x2x9x8 2>&1 | FileCheck %s %}
// CHECK: imhsa-run: error: no CUDA driver: libcuda.so.1
