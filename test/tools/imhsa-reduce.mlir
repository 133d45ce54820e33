// What is left of a module is the one operation that makes it interesting: here, a pool after imhsa-decompose.
// RUN: imhsa-reduce %s -reduction-tree='traversal-mode=0 test=%S/Inputs/pools.sh' 2>/dev/null | FileCheck %s --implicit-check-not='{{= [a-z]+\.}}'
// RUN: imhsa-reduce %s -opt-reduction-pass='opt-pass=symbol-dce test=%S/Inputs/pools.sh' | FileCheck %s --check-prefix=PASS
// RUN: not imhsa-reduce %s -reduction-tree='traversal-mode=0 test=/bin/true' -o /dev/null 2>&1 | FileCheck %s --check-prefix=NEVER

// CHECK:      func.func @blocks
// CHECK-NEXT:   = imhsa.attention ins(%arg0, %arg1, %arg1 {{.*}} landmarks(#imhsa.pool<7>)
// CHECK-NEXT:   return %arg0
// PASS-NOT:   @unused
// PASS:       func.func @blocks
// NEVER:      imhsa-reduce: error: not reduced: expected a valid module that is interesting

func.func private @unused(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %0 = linalg.add ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%x : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}
func.func @blocks(%q: tensor<1x6x50x8xf32>, %k: tensor<1x6x50x8xf32>) -> tensor<1x6x50x8xf32> {
  %0 = imhsa.attention ins(%q, %k, %k : tensor<1x6x50x8xf32>, tensor<1x6x50x8xf32>, tensor<1x6x50x8xf32>)
         outs(%q : tensor<1x6x50x8xf32>) -> tensor<1x6x50x8xf32>
  %1 = imhsa.attention ins(%0, %k, %k : tensor<1x6x50x8xf32>, tensor<1x6x50x8xf32>, tensor<1x6x50x8xf32>)
         landmarks(#imhsa.pool<7>) outs(%q : tensor<1x6x50x8xf32>) -> tensor<1x6x50x8xf32>
  %2 = imhsa.attention ins(%1, %k, %k : tensor<1x6x50x8xf32>, tensor<1x6x50x8xf32>, tensor<1x6x50x8xf32>)
         causal outs(%q : tensor<1x6x50x8xf32>) -> tensor<1x6x50x8xf32>
  return %2 : tensor<1x6x50x8xf32>
}
