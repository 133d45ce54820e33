// Where the sizes come from that the types leave open.
// RUN: imhsa-opt %s --imhsa-analyze -o /dev/null | FileCheck %s
// RUN: imhsa-opt %s --imhsa-analyze="dynamic-size=32 dynamic-batch=3" -o /dev/null | FileCheck %s --check-prefix=SIZED
// RUN: imhsa-opt %s --imhsa-analyze="table= json=%t" -o /dev/null | count 0
// RUN: FileCheck %s --check-prefix=JSON < %t

// Hints for some arguments, defaults for the others. Each is told once.
// CHECK-LABEL: func @assumed
// CHECK-NEXT:  assumed: argument 0, dimension 0 = 1 (default)
// CHECK-NEXT:  assumed: argument 0, dimension 2 = 100 (imhsa.size_hint)
// CHECK-NEXT:  assumed: argument 1, dimension 2 = 4096 (default)
// CHECK-EMPTY:
// CHECK:       B 1 H 6 H' 3 G' 3 G 6 N 100 M 4096 D 64 E 64
// SIZED-LABEL: func @assumed
// SIZED-NEXT:  assumed: argument 0, dimension 0 = 3 (default)
// SIZED:       B 3 H 6 H' 3 G' 3 G 6 N 100 M 32 D 64 E 64
// JSON:      "from": "default",
// JSON-NEXT: "size": 1,
// JSON-NEXT: "what": "argument 0, dimension 0"
// JSON:      "from": "imhsa.size_hint",
// JSON-NEXT: "size": 100,
// JSON-NEXT: "what": "argument 0, dimension 2"
func.func @assumed(%q: tensor<?x6x?x64xbf16> {imhsa.size_hint = array<i64: 0, 0, 100, 0>}, %k: tensor<?x3x?x64xbf16>,
                   %init: tensor<?x6x?x64xbf16>) -> tensor<?x6x?x64xbf16> {
  %0 = imhsa.attention ins(%q, %k, %k : tensor<?x6x?x64xbf16>, tensor<?x3x?x64xbf16>, tensor<?x3x?x64xbf16>)
         outs(%init : tensor<?x6x?x64xbf16>) -> tensor<?x6x?x64xbf16>
  return %0 : tensor<?x6x?x64xbf16>
}

// One hint is enough where dimensions are the same by meaning (pooled landmarks
// need N = M), and none is needed where one of them is static.
// CHECK-LABEL: func @same
// CHECK-NEXT:  assumed: argument 1, dimension 2 = 100 (imhsa.size_hint)
// CHECK-EMPTY:
// CHECK:       B 2 H 6 H' 6 G' 6 G 6 N 100 M 100 D 64 E 64 L 7
// CHECK:       imhsa.attention {{.*}} 2x6x100x64xf32 1 1.08 M 0 1.08 M 4.30 M 300 KiB
func.func @same(%q: tensor<?x6x?x64xf32>, %k: tensor<2x6x?x64xf32> {imhsa.size_hint = array<i64: 0, 0, 100, 0>},
                %init: tensor<?x6x?x64xf32>) -> tensor<?x6x?x64xf32> {
  %0 = imhsa.attention ins(%q, %k, %k : tensor<?x6x?x64xf32>, tensor<2x6x?x64xf32>, tensor<2x6x?x64xf32>)
         landmarks(#imhsa.pool<7>) outs(%init : tensor<?x6x?x64xf32>) -> tensor<?x6x?x64xf32>
  return %0 : tensor<?x6x?x64xf32>
}

// Sizes are followed through index arithmetic, views, casts, control flow and
// destinations: 2 7 + 6 = 20 rows, padded to 24, of which a slice of ceil(24 / 5) = 5.
// CHECK-LABEL: func @computed
// CHECK-NEXT:  assumed: argument 0, dimension 1 = 7 (imhsa.size_hint)
// CHECK-EMPTY:
// CHECK:       linalg.matmul {{.*}} 5x4xf32 1 0 0 60
func.func @computed(%a: tensor<2x?x3xf32> {imhsa.size_hint = array<i64: 0, 7, 0>}, %b: tensor<3x4xf32>, %choice: i1) -> tensor<?x4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c6 = arith.constant 6 : index
  %zero = arith.constant 0.0 : f32
  %flat = tensor.collapse_shape %a [[0, 1], [2]] : tensor<2x?x3xf32> into tensor<?x3xf32>
  %rows = tensor.dim %flat, %c0 : tensor<?x3xf32>
  %more = arith.addi %rows, %c6 : index
  %empty = tensor.empty(%more) : tensor<?x3xf32>
  %filled = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x3xf32>) -> tensor<?x3xf32>
  %padded = tensor.pad %filled low[1, 0] high[3, 0] {
  ^bb0(%i: index, %j: index):
    tensor.yield %zero : f32
  } : tensor<?x3xf32> to tensor<?x3xf32>
  %chosen = scf.if %choice -> tensor<?x3xf32> {
    scf.yield %padded : tensor<?x3xf32>
  } else {
    scf.yield %padded : tensor<?x3xf32>
  }
  %looped = scf.for %i = %c0 to %c6 step %c1 iter_args(%carried = %chosen) -> tensor<?x3xf32> {
    %next = linalg.exp ins(%carried : tensor<?x3xf32>) outs(%carried : tensor<?x3xf32>) -> tensor<?x3xf32>
    scf.yield %next : tensor<?x3xf32>
  }
  %all = tensor.dim %looped, %c0 : tensor<?x3xf32>
  %fifth = affine.apply affine_map<(n) -> (n ceildiv 5)>(%all)
  %slice = tensor.extract_slice %looped[0, 0] [%fifth, 3] [1, 1] : tensor<?x3xf32> to tensor<?x3xf32>
  %out = tensor.empty(%fifth) : tensor<?x4xf32>
  %0 = linalg.matmul ins(%slice, %b : tensor<?x3xf32>, tensor<3x4xf32>) outs(%out : tensor<?x4xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// What depends on data is assumed and told, and so are trips that are not known.
// CHECK-LABEL: func @data
// CHECK-NEXT:  assumed: tensor.empty, dimension 0 = 4096 (default)
// CHECK-NEXT:  assumed: trips of scf.while = 1 (default)
// CHECK-EMPTY:
// CHECK:       linalg.matmul {{.*}} 4096x4xf32 1 0 0 49.2 k
func.func @data(%a: tensor<?x3xf32>, %b: tensor<3x4xf32>, %size: index, %go: i1) {
  scf.while : () -> () {
    scf.condition(%go)
  } do {
    %out = tensor.empty(%size) : tensor<?x4xf32>
    %empty = tensor.empty(%size) : tensor<?x3xf32>
    %0 = linalg.matmul ins(%empty, %b : tensor<?x3xf32>, tensor<3x4xf32>) outs(%out : tensor<?x4xf32>) -> tensor<?x4xf32>
    scf.yield
  }
  return
}

// A while loop gives what its condition says, not what it carries.
// CHECK-LABEL: func @while
// CHECK-NEXT:  assumed: scf.while, dimension 0 = 4096 (default)
func.func @while(%carried: tensor<7x3xf32>, %given: tensor<9x3xf32>, %b: tensor<3x4xf32>, %out: tensor<?x4xf32>, %go: i1) -> tensor<?x4xf32> {
  %dynamic = tensor.cast %carried : tensor<7x3xf32> to tensor<?x3xf32>
  %other = tensor.cast %given : tensor<9x3xf32> to tensor<?x3xf32>
  %a = scf.while (%x = %dynamic) : (tensor<?x3xf32>) -> tensor<?x3xf32> {
    scf.condition(%go) %other : tensor<?x3xf32>
  } do {
  ^bb0(%y: tensor<?x3xf32>):
    scf.yield %y : tensor<?x3xf32>
  }
  %0 = linalg.matmul ins(%a, %b : tensor<?x3xf32>, tensor<3x4xf32>) outs(%out : tensor<?x4xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// Calls are told, not followed; functions without a body are no functions to count.
// CHECK-LABEL: func @caller
// CHECK-NEXT:  not counted: calls of @callee
// CHECK-EMPTY:
// CHECK:       total 0 0 0 0 0 B
// CHECK-NOT:   func @callee
func.func private @callee()
func.func @caller() {
  func.call @callee() : () -> ()
  func.call @callee() : () -> ()
  return
}

// Products of sizes are beyond 64 bits: scores 2 2^62 2^62 = 2^125.
// CHECK-LABEL: func @huge
// CHECK:       > b: landmarks A_Q (A_K V), streamed 4.25e+19 E 0 4.25e+19 E 1.70e+20 E 4.25e+19 E 64.0 EiB 48.0 EiB 160 EiB 32.0 EiB
// JSON:        "name": "huge",
// JSON:        "flops": 1.7014118346046923e+38,
func.func @huge(%q: tensor<1x1x4611686018427387904x1xf32>, %init: tensor<1x1x4611686018427387904x1xf32>) -> tensor<1x1x4611686018427387904x1xf32> {
  %0 = imhsa.attention ins(%q, %q, %q : tensor<1x1x4611686018427387904x1xf32>, tensor<1x1x4611686018427387904x1xf32>, tensor<1x1x4611686018427387904x1xf32>)
         landmarks(#imhsa.pool<4611686018427387904>) outs(%init : tensor<1x1x4611686018427387904x1xf32>) -> tensor<1x1x4611686018427387904x1xf32>
  return %0 : tensor<1x1x4611686018427387904x1xf32>
}

// Nothing to count, and sizes of zero.
// CHECK-LABEL: func @empty
// CHECK:       B 0 H 1 H' 1 G' 1 G 1 N 0 M 0 D 1 E 1
func.func @empty(%q: tensor<0x1x0x1xf32>) -> tensor<0x1x0x1xf32> {
  %0 = imhsa.attention ins(%q, %q, %q : tensor<0x1x0x1xf32>, tensor<0x1x0x1xf32>, tensor<0x1x0x1xf32>)
         outs(%q : tensor<0x1x0x1xf32>) -> tensor<0x1x0x1xf32>
  return %0 : tensor<0x1x0x1xf32>
}

// Code that is never reached may use what it defines.
// CHECK-LABEL: func @unreachable
// CHECK:         linalg.matmul
func.func @unreachable(%a: tensor<?x?xf32>) {
  return
^unreachable:
  %0 = linalg.matmul ins(%0, %a : tensor<?x?xf32>, tensor<?x?xf32>) outs(%0 : tensor<?x?xf32>) -> tensor<?x?xf32>
  cf.br ^unreachable
}
