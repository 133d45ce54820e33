// What each stage makes of the cost: every operation is counted, so that the totals
// compare. H 6, N 64, L 8, D 16: scores 2 6 64 8 16 = 98304, mixing 2 64 8 2 36 = 73728 ...
// RUN: imhsa-opt %s --imhsa-analyze -o /dev/null | FileCheck %s --check-prefix=WHOLE
// RUN: imhsa-opt %s --imhsa-decompose --imhsa-analyze -o /dev/null | FileCheck %s --check-prefix=DECOMPOSED
// RUN: imhsa-opt %s --imhsa-split-landmarks --imhsa-analyze -o /dev/null | FileCheck %s --check-prefix=SPLIT
// RUN: imhsa-opt %s --imhsa-split-landmarks --imhsa-tile="queries=16 keys=16 splits=2" --imhsa-analyze -o /dev/null | FileCheck %s --check-prefix=TILED
// RUN: imhsa-opt %s --imhsa-expand --imhsa-analyze -o /dev/null | FileCheck %s --check-prefix=EXPANDED

// ... products 2 6 64 8 16 = 98304 in the linear order,
// WHOLE-LABEL: func @attention
// WHOLE:       operation at result times scores mixing products FLOPs result bytes
// WHOLE-NEXT:  imhsa.attention {{.*}} 1x6x64x16xf32 1 98.3 k 73.7 k 98.3 k 541 k 24.0 KiB
// WHOLE-NEXT:  total 98.3 k 73.7 k 98.3 k 541 k 24.0 KiB

// and 6 64 64 (8 + 16) = 589824 in the other.
// DECOMPOSED-LABEL: func @attention
// DECOMPOSED:      operation at
// DECOMPOSED-NEXT: imhsa.pool {{.*}} 1x6x8x16xf32 1 0 0 0 0 3.00 KiB
// DECOMPOSED-NEXT: imhsa.pool {{.*}} 1x6x8x16xf32 1 0 0 0 0 3.00 KiB
// DECOMPOSED-DAG:  imhsa.weights {{.*}} 1x6x64x8xf32 1 49.2 k 36.9 k 0 172 k 12.0 KiB
// DECOMPOSED-DAG:  imhsa.weights {{.*}} 1x6x8x64xf32 1 49.2 k 36.9 k 0 172 k 12.0 KiB
// DECOMPOSED:      linalg.contract {{.*}} 1x6x64x64xf32 1 0 0 197 k 393 k 96.0 KiB
// DECOMPOSED-NEXT: linalg.contract {{.*}} 1x6x64x16xf32 1 0 0 393 k 786 k 24.0 KiB
// DECOMPOSED-NEXT: total 98.3 k 73.7 k 590 k 1.52 M 150 KiB

// Two exact attentions are the linear order,
// SPLIT-LABEL: func @attention
// SPLIT:       > c: interaction A V, streamed
// SPLIT:       > c: interaction A V, streamed
// SPLIT:       operation at
// SPLIT:       imhsa.attention {{.*}} 1x6x8x16xf32 1 49.2 k 36.9 k 49.2 k 270 k 3.00 KiB
// SPLIT-NEXT:  imhsa.attention {{.*}} 1x6x64x16xf32 1 49.2 k 36.9 k 49.2 k 270 k 24.0 KiB
// SPLIT-NEXT:  total 98.3 k 73.7 k 98.3 k 541 k 33.0 KiB

// and in tiles they count the same, but that the normalisers of the first are computed
// on their own: scores 6 64 8 16 = 49152 and mixing 64 8 36 = 18432 twice.
// TILED-LABEL: func @attention
// TILED:       operation at
// TILED:       imhsa.log_sum_exp {{.*}} 4 49.2 k 18.4 k 0 135 k
// TILED-NEXT:  imhsa.attention {{.*}} 1x6x8x16xf32 4 49.2 k 36.9 k 49.2 k 270 k
// TILED-NEXT:  imhsa.attention {{.*}} 1x6x16x16xf32 4 49.2 k 36.9 k 49.2 k 270 k
// TILED-NEXT:  total 147 k 92.2 k 98.3 k 676 k

// The same FLOPs are counted when all is linalg.
// EXPANDED-LABEL: func @attention
// EXPANDED:       total 0 0 270 k 541 k
func.func @attention(%q: tensor<1x6x64x16xf32>, %k: tensor<1x6x64x16xf32>, %v: tensor<1x6x64x16xf32>, %w: tensor<6x6xf32>)
    -> tensor<1x6x64x16xf32> {
  %init = tensor.empty() : tensor<1x6x64x16xf32>
  %0 = imhsa.attention ins(%q, %k, %v : tensor<1x6x64x16xf32>, tensor<1x6x64x16xf32>, tensor<1x6x64x16xf32>)
         landmarks(#imhsa.pool<8>)
         key_less(pre = %w : tensor<6x6xf32>, post = %w : tensor<6x6xf32>)
         query_less(pre = %w : tensor<6x6xf32>, post = %w : tensor<6x6xf32>)
         outs(%init : tensor<1x6x64x16xf32>) -> tensor<1x6x64x16xf32>
  return %0 : tensor<1x6x64x16xf32>
}

// Grouped keys and values, and the normalisers alone: 4 10 20 8 = 6400, mixing 3 4 10 20 = 2400.
// WHOLE-LABEL: func @normalisers
// WHOLE:         imhsa.log_sum_exp {{.*}} 1x3x10xf32 1 6.40 k 2.40 k 0 17.6 k 120 B
// WHOLE-NEXT:    total 6.40 k 2.40 k 0 17.6 k 120 B
// EXPANDED-LABEL: func @normalisers
// EXPANDED:      total 0 0 8.80 k 17.6 k
func.func @normalisers(%q: tensor<1x4x10x8xf32>, %k: tensor<1x2x20x8xf32>, %w: tensor<3x4xf32>) -> tensor<1x3x10xf32> {
  %init = tensor.empty() : tensor<1x3x10xf32>
  %0 = imhsa.log_sum_exp ins(%q, %k : tensor<1x4x10x8xf32>, tensor<1x2x20x8xf32>) interaction(pre = %w : tensor<3x4xf32>)
         outs(%init : tensor<1x3x10xf32>) -> tensor<1x3x10xf32>
  return %0 : tensor<1x3x10xf32>
}

// Products of linalg, named or generic, integer or not; what only adds or only
// multiplies is not counted: matmul 2 3 4, conv 1 (5 - 3 + 1) 2 3 4 = 72.
// WHOLE-LABEL: func @linalg
// WHOLE:         operation at
// WHOLE-NEXT:    linalg.matmul {{.*}} 2x4xi32 1 0 0 24 48 32 B
// WHOLE-NEXT:    linalg.conv_1d_nwc_wcf {{.*}} 1x3x4xf32 1 0 0 72 144 48 B
// WHOLE-NEXT:    total 0 0 96 192 80 B
func.func @linalg(%a: tensor<2x3xi32>, %b: tensor<3x4xi32>, %c: tensor<2x4xi32>,
                  %image: tensor<1x5x2xf32>, %filter: tensor<3x2x4xf32>, %d: tensor<1x3x4xf32>)
    -> (tensor<2x4xi32>, tensor<1x3x4xf32>, tensor<1x3xf32>) {
  %0 = linalg.matmul ins(%a, %b : tensor<2x3xi32>, tensor<3x4xi32>) outs(%c : tensor<2x4xi32>) -> tensor<2x4xi32>
  %1 = linalg.conv_1d_nwc_wcf ins(%image, %filter : tensor<1x5x2xf32>, tensor<3x2x4xf32>) outs(%d : tensor<1x3x4xf32>) -> tensor<1x3x4xf32>
  %2 = linalg.mul ins(%1, %d : tensor<1x3x4xf32>, tensor<1x3x4xf32>) outs(%d : tensor<1x3x4xf32>) -> tensor<1x3x4xf32>
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<1x3xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x3xf32>) -> tensor<1x3xf32>
  %3 = linalg.reduce { arith.addf } ins(%2 : tensor<1x3x4xf32>) outs(%zeros : tensor<1x3xf32>) dimensions = [2]
  return %0, %1, %3 : tensor<2x4xi32>, tensor<1x3x4xf32>, tensor<1x3xf32>
}

// After bufferization, with loops: 3 tiles of 8 rows, the last one counted as whole,
// each of them 5 times: 15 times 8 5 6 = 3600.
// WHOLE-LABEL: func @tiles
// WHOLE:         linalg.matmul {{.*}} 8x5xf32 15 0 0 3.60 k 7.20 k 160 B
func.func @tiles(%a: memref<20x6xf32>, %b: memref<6x5xf32>, %c: memref<20x5xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  %c8 = arith.constant 8 : index
  %rows = memref.dim %a, %c0 : memref<20x6xf32>
  scf.for %i = %c0 to %rows step %c8 {
    %size = affine.min affine_map<(i)[n] -> (8, n - i)>(%i)[%rows]
    %tile = memref.subview %a[%i, 0] [%size, 6] [1, 1] : memref<20x6xf32> to memref<?x6xf32, strided<[6, 1], offset: ?>>
    %out = memref.alloc(%size) : memref<?x5xf32>
    scf.forall (%j) in (%c5) {
      linalg.matmul ins(%tile, %b : memref<?x6xf32, strided<[6, 1], offset: ?>>, memref<6x5xf32>) outs(%out : memref<?x5xf32>)
    }
    memref.dealloc %out : memref<?x5xf32>
  }
  return
}
