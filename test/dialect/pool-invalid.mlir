// RUN: imhsa-opt %s -split-input-file -verify-diagnostics
// Every constraint of `imhsa.pool` under its label.

// pool_c1: the input has rank 4 and is f32, f16, bf16 or f64.

!i = tensor<6x35x64xf32>
!o = tensor<6x5x64xf32>
func.func @input_rank(%i: !i, %o: !o) -> !o {
  // expected-error @+1 {{'imhsa.pool' op [pool_c1] input: expected rank 4, found rank 3 ('tensor<6x35x64xf32>')}}
  %0 = imhsa.pool #imhsa.pool<5> ins(%i : !i) outs(%o : !o) -> !o
  return %0 : !o
}

// -----

!i = tensor<2x6x35x64xi32>
!o = tensor<2x6x5x64xi32>
func.func @input_type(%i: !i, %o: !o) -> !o {
  // expected-error @+1 {{'imhsa.pool' op [pool_c1] input: expected elements of f32, f16, bf16 or f64, found 'i32'}}
  %0 = imhsa.pool #imhsa.pool<5> ins(%i : !i) outs(%o : !o) -> !o
  return %0 : !o
}

// -----

// pool_c2: outs is one tensor [B,H,L,D], of the input's type or f32; f64 for f64.

!i = tensor<2x6x35x64xf32>
func.func @no_outs(%i: !i) {
  // expected-error @+1 {{'imhsa.pool' op [pool_c2] outs: expected 1, found 0}}
  "imhsa.pool"(%i) <{pool = #imhsa.pool<5>, operandSegmentSizes = array<i32: 1, 0, 0>}> : (!i) -> ()
  return
}

// -----

!i = tensor<2x6x35x64xf32>
!o = tensor<2x6x5x64xf32>
func.func @two_outs(%i: !i, %o: !o) -> (!o, !o) {
  // expected-error @+1 {{'imhsa.pool' op [pool_c2] outs: expected 1, found 2}}
  %0:2 = imhsa.pool #imhsa.pool<5> ins(%i : !i) outs(%o, %o : !o, !o) -> !o, !o
  return %0#0, %0#1 : !o, !o
}

// -----

!i = tensor<2x6x35x64xf32>
!o = tensor<2x5x64xf32>
func.func @outs_rank(%i: !i, %o: !o) -> !o {
  // expected-error @+1 {{'imhsa.pool' op [pool_c2] outs: expected rank 4, found rank 3 ('tensor<2x5x64xf32>')}}
  %0 = imhsa.pool #imhsa.pool<5> ins(%i : !i) outs(%o : !o) -> !o
  return %0 : !o
}

// -----

!i = tensor<2x35x6x64xf32>
!o = tensor<2x5x6x64xf32>
func.func @outs_order(%i: !i, %o: !o) -> !o {
  // expected-error @+1 {{'imhsa.pool' op [pool_c2] outs dimension 1 (H): expected 6 as in input dimension 2, found 5}}
  %0 = imhsa.pool #imhsa.pool<5> ins(%i : !i) order(input = bnhd) outs(%o : !o) -> !o
  return %0 : !o
}

// -----

!i = tensor<2x6x35x64xf32>
!o = tensor<2x6x4x64xf32>
func.func @outs_landmarks(%i: !i, %o: !o) -> !o {
  // expected-error @+1 {{'imhsa.pool' op [pool_c2] outs dimension 2 (L): expected 5 as in #imhsa.pool<5>, found 4}}
  %0 = imhsa.pool #imhsa.pool<5> ins(%i : !i) outs(%o : !o) -> !o
  return %0 : !o
}

// -----

!i = tensor<2x6x35x64xf16>
!o = tensor<2x6x5x64xbf16>
func.func @outs_type(%i: !i, %o: !o) -> !o {
  // expected-error @+1 {{'imhsa.pool' op [pool_c2] outs: expected 'f16' (as input) or f32, found 'bf16'}}
  %0 = imhsa.pool #imhsa.pool<5> ins(%i : !i) outs(%o : !o) -> !o
  return %0 : !o
}

// -----

!i = tensor<2x6x35x64xf64>
!o = tensor<2x6x5x64xf32>
func.func @outs_type_of_f64(%i: !i, %o: !o) -> !o {
  // expected-error @+1 {{'imhsa.pool' op [pool_c2] outs: expected f64 beside input of 'f64', found 'f32'}}
  %0 = imhsa.pool #imhsa.pool<5> ins(%i : !i) outs(%o : !o) -> !o
  return %0 : !o
}

// -----

!i = tensor<2x6x35x64xf32>
!o = tensor<2x6x5x64xf16>
func.func @outs_narrower(%i: !i, %o: !o) -> !o {
  // expected-error @+1 {{'imhsa.pool' op [pool_c2] outs: expected elements of 'f32', found 'f16'}}
  %0 = imhsa.pool #imhsa.pool<5> ins(%i : !i) outs(%o : !o) -> !o
  return %0 : !o
}

// -----

// pool_c3: key_lengths is i32 or i64, [B], and not beside a grid.

!i = tensor<2x6x35x64xf32>
!o = tensor<2x6x5x64xf32>
func.func @lengths_rank(%i: !i, %n: tensor<2x1xi32>, %o: !o) -> !o {
  // expected-error @+1 {{'imhsa.pool' op [pool_c3] key_lengths: expected rank 1, found rank 2 ('tensor<2x1xi32>')}}
  %0 = imhsa.pool #imhsa.pool<5> ins(%i : !i) key_lengths(%n : tensor<2x1xi32>) outs(%o : !o) -> !o
  return %0 : !o
}

// -----

!i = tensor<2x6x35x64xf32>
!o = tensor<2x6x5x64xf32>
func.func @lengths_type(%i: !i, %n: tensor<2xui32>, %o: !o) -> !o {
  // expected-error @+1 {{'imhsa.pool' op [pool_c3] key_lengths: expected elements of i32 or i64, found 'ui32'}}
  %0 = imhsa.pool #imhsa.pool<5> ins(%i : !i) key_lengths(%n : tensor<2xui32>) outs(%o : !o) -> !o
  return %0 : !o
}

// -----

!i = tensor<2x6x35x64xf32>
!o = tensor<2x6x5x64xf32>
func.func @lengths_size(%i: !i, %n: tensor<3xi32>, %o: !o) -> !o {
  // expected-error @+1 {{'imhsa.pool' op [pool_c3] key_lengths dimension 0 (B): expected 2 as in input dimension 0, found 3}}
  %0 = imhsa.pool #imhsa.pool<5> ins(%i : !i) key_lengths(%n : tensor<3xi32>) outs(%o : !o) -> !o
  return %0 : !o
}

// -----

!i = tensor<2x6x35x64xf32>
!o = tensor<2x6x4x64xf32>
func.func @lengths_beside_grid(%i: !i, %n: tensor<2xi32>, %o: !o) -> !o {
  // expected-error @+1 {{'imhsa.pool' op [pool_c3] key_lengths: expected none beside a grid, found one}}
  %0 = imhsa.pool #imhsa.pool<7x5 to 2x2> ins(%i : !i) key_lengths(%n : tensor<2xi32>) outs(%o : !o) -> !o
  return %0 : !o
}

// -----

// pool_c4: a grid has as many tokens as the input.

!i = tensor<2x35x6x64xf32>
!o = tensor<2x6x4x64xf32>
func.func @grid(%i: !i, %o: !o) -> !o {
  // expected-error @+1 {{'imhsa.pool' op [pool_c4] input dimension 1 (N): expected 36 as in #imhsa.pool<6x6 to 2x2>, found 35}}
  %0 = imhsa.pool #imhsa.pool<6x6 to 2x2> ins(%i : !i) order(input = bnhd) outs(%o : !o) -> !o
  return %0 : !o
}

// -----

// pool_c5: all tensors, with a result for each of outs, of its type; or all memrefs, without results.

!i = tensor<2x6x35x64xf32>
!o = memref<2x6x5x64xf32>
func.func @mixture(%i: !i, %o: !o) {
  // expected-error @+1 {{'imhsa.pool' op [pool_c5] operands: expected all tensors or all memrefs, found 'tensor<2x6x35x64xf32>' and 'memref<2x6x5x64xf32>'}}
  imhsa.pool #imhsa.pool<5> ins(%i : !i) outs(%o : !o)
  return
}

// -----

!i = tensor<2x6x35x64xf32>
!o = tensor<2x6x5x64xf32>
func.func @no_result(%i: !i, %o: !o) {
  // expected-error @+1 {{'imhsa.pool' op [pool_c5] results: expected 1, found 0}}
  imhsa.pool #imhsa.pool<5> ins(%i : !i) outs(%o : !o)
  return
}

// -----

// pool_c6: schedule is of the kind general or pool.

!i = tensor<2x6x35x64xf32>
!o = tensor<2x6x5x64xf32>
func.func @schedule_kind(%i: !i, %o: !o) -> !o {
  // expected-error @+1 {{'imhsa.pool' op [pool_c6] schedule: expected the kind 'general' or 'pool', found 'read_out'}}
  %0 = imhsa.pool #imhsa.pool<5> ins(%i : !i) schedule(#imhsa.schedule<read_out>) outs(%o : !o) -> !o
  return %0 : !o
}
