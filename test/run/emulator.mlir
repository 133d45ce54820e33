// The kernels for a GPU, on the emulator.

// RUN: imhsa-run %s --target=emulator --random-inputs=1 --shape=2x2x9x8 --check | FileCheck %s
// CHECK: check: output 0: relative error {{.*}}, tolerance 5e-06
// RUN: imhsa-run %s --target=emulator --random-inputs=1 --shape=2x2x9x8 --output=%t.0.npy
// RUN: imhsa-run %s --target=emulator --random-inputs=1 --shape=2x2x9x8 --output=%t.1.npy --chip=sm_90a --emulator-seed=7 --threads=2
// RUN: cmp %t.0.npy %t.1.npy
// RUN: imhsa-run %s --target=emulator --random-inputs=1 --shape=2x2x9x8 --output=%t.2.npy --emulator-check=false --time=2 | FileCheck %s --check-prefix=TIME
// RUN: cmp %t.0.npy %t.2.npy
// TIME: time: median {{.*}} ms

// The report has each launch, with what it moved.
// RUN: imhsa-run %s --target=emulator --random-inputs=1 --shape=2x2x9x8 --emulator-report=%t.json
// RUN: %python -m json.tool %t.json | FileCheck %s --check-prefix=REPORT
// REPORT: "kernel": "attention_0_
// REPORT: "findings": []
// REPORT: "global"
// REPORT: "read": {{[1-9]}}

// Only the launches: of a size that would take the emulator long.
// RUN: imhsa-run %s --target=emulator --random-inputs=1 --shape=2x2x400000x8 --emulator-launches-only --emulator-report=%t.launches.json
// RUN: %python -m json.tool %t.launches.json | FileCheck %s --check-prefix=LAUNCHES
// LAUNCHES: "kernel": "attention_0_
// LAUNCHES-NOT: "load"
// LAUNCHES: "kernel": "attention_
// LAUNCHES-NOT: "load"

// RUN: rm -rf %t.stages && imhsa-run %s --target=emulator --random-inputs=1 --shape=2x2x9x8 --save-stages=%t.stages
// RUN: FileCheck %s --check-prefix=STAGES --input-file=%t.stages/09-llvm.mlir
// STAGES: gpu.module @imhsa_kernels

func.func @attention(%q: tensor<2x2x?x8xf32>) -> tensor<2x2x?x8xf32> {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : tensor<2x2x?x8xf32>
  %init = tensor.empty(%n) : tensor<2x2x?x8xf32>
  %0 = imhsa.attention ins(%q, %q, %q : tensor<2x2x?x8xf32>, tensor<2x2x?x8xf32>, tensor<2x2x?x8xf32>)
         landmarks(#imhsa.pool<3>) outs(%init : tensor<2x2x?x8xf32>) -> tensor<2x2x?x8xf32>
  return %0 : tensor<2x2x?x8xf32>
}
