// RUN: rm -rf %t && imhsa-run %s --entry=attention --random-inputs=1 --shape=1x2x50x8 --opt-level=0 --save-stages=%t/stages
// RUN: ls %t/stages | FileCheck %s --check-prefix=FILES
// FILES:      00-parsed.mlir
// FILES-NEXT: 01-decompose.mlir
// FILES-NEXT: 02-reorder.mlir
// FILES-NEXT: 03-fuse.mlir
// FILES-NEXT: 04-schedule.mlir
// FILES-NEXT: 05-tile.mlir
// FILES-NEXT: 06-expand.mlir
// FILES-NEXT: 07-bufferize.mlir
// FILES-NEXT: 08-lower.mlir
// FILES-NEXT: 09-llvm.mlir
// FILES-NEXT: 10-binary.mlir
// FILES-NOT:  {{.}}

// Each file is a module: what was asked for, with the other functions private.
// RUN: cat %t/stages/00-parsed.mlir | imhsa-opt | FileCheck %s --check-prefix=PARSED
// PARSED: func.func @attention({{.*}}) -> tensor<1x2x?x8xf32>
// PARSED: imhsa.attention {{.*}} landmarks(#imhsa.pool<7>)
// PARSED: func.func private @other
// RUN: imhsa-opt %t/stages/01-decompose.mlir | FileCheck %s --check-prefix=DECOMPOSE --implicit-check-not=@other
// DECOMPOSE-COUNT-2: imhsa.weights
// DECOMPOSE-COUNT-2: linalg.contract
// RUN: imhsa-opt %t/stages/03-fuse.mlir | FileCheck %s --check-prefix=FUSE
// FUSE-NOT: imhsa.weights
// FUSE-COUNT-2: imhsa.attention
// RUN: imhsa-opt %t/stages/07-bufferize.mlir | FileCheck %s --check-prefix=BUFFERIZE
// BUFFERIZE: func.func @attention({{.*}}memref<?xi8>
// RUN: imhsa-opt %t/stages/10-binary.mlir | FileCheck %s --check-prefix=BINARY
// BINARY: llvm.func @_mlir_ciface_attention(

// RUN: not imhsa-run %s --entry=attention --random-inputs=1 --shape=1x2x50x8 --save-stages=%s/stages 2>&1 | FileCheck %s --check-prefix=NOWHERE
// NOWHERE: error: '{{.*}}save-stages.mlir/stages': Not a directory

func.func @attention(%q: tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32> {
  %0 = imhsa.attention ins(%q, %q, %q : tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>)
         landmarks(#imhsa.pool<7>) outs(%q : tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32>
  return %0 : tensor<1x2x?x8xf32>
}
func.func @other(%x: tensor<4xf32>) { return }
