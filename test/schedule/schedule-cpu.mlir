// RUN: imhsa-opt %s --imhsa-schedule-cpu --split-input-file --verify-diagnostics | FileCheck %s
// RUN: imhsa-opt %s --imhsa-schedule-cpu='schedules="read_out, queries = 16; stream,keys=32,splits=2"' --split-input-file | FileCheck %s --check-prefix=OPTION
// RUN: not imhsa-opt %s --imhsa-schedule-cpu='schedules="flow"' --split-input-file 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: imhsa-opt %s --imhsa-schedule-cpu --split-input-file 2>/dev/null | imhsa-opt --split-input-file | FileCheck %s
// UNKNOWN: error: option 'schedules': expected what stands in #imhsa.schedule<...>, found 'flow'

// The first of the option that computes an operation; what nothing of it does is chosen, what stands there is kept.
// OPTION-LABEL: func.func @kinds(
// OPTION:         imhsa.pool {{.*}} schedule(#imhsa.schedule<pool>)
// OPTION:         imhsa.attention {{.*}} schedule(#imhsa.schedule<read_out, queries = 16>)
// OPTION:         imhsa.attention {{.*}} schedule(#imhsa.schedule<stream, keys = 32, splits = 2>)
// OPTION:         imhsa.attention {{.*}} schedule(#imhsa.schedule<stream, keys = 32, splits = 2>)
// OPTION:         imhsa.log_sum_exp {{.*}} schedule(#imhsa.schedule<normalisers, keys = 48, splits = 8>)
// OPTION-LABEL: func.func @given(
// OPTION:         schedule(#imhsa.schedule<stream, keys = 32, splits = 3>)
// OPTION:         schedule(#imhsa.schedule<general>)

// Few keys are the columns of a tile; few queries are, where there are many keys; where there are
// many of both, blocks of queries.
// CHECK-LABEL: func.func @kinds(
// CHECK:         imhsa.pool {{.*}} schedule(#imhsa.schedule<pool>)
// CHECK:         imhsa.attention {{.*}} schedule(#imhsa.schedule<read_out, queries = 48>)
// CHECK:         imhsa.attention {{.*}} schedule(#imhsa.schedule<stream, keys = 48, splits = 8>)
// CHECK:         imhsa.attention {{.*}} schedule(#imhsa.schedule<stream, keys = 48>)
// CHECK:         imhsa.log_sum_exp {{.*}} schedule(#imhsa.schedule<normalisers, keys = 48, splits = 8>)
func.func @kinds(%s: tensor<1x6x49xf32>, %x: tensor<1x6x?x64xf32>, %w: tensor<6x6xf32>, %l: tensor<1x6x49x64xf32>, %o: tensor<1x6x?x64xf32>)
    -> (tensor<1x6x49x64xf32>, tensor<1x6x?x64xf32>, tensor<1x6x49x64xf32>, tensor<1x6x?x64xf32>, tensor<1x6x49xf32>) {
  %0 = imhsa.pool #imhsa.pool<49> ins(%x : tensor<1x6x?x64xf32>) outs(%l : tensor<1x6x49x64xf32>) -> tensor<1x6x49x64xf32>
  %1 = imhsa.attention ins(%x, %l, %l : tensor<1x6x?x64xf32>, tensor<1x6x49x64xf32>, tensor<1x6x49x64xf32>)
         interaction(pre = %w : tensor<6x6xf32>, post = %w : tensor<6x6xf32>) outs(%o : tensor<1x6x?x64xf32>) -> tensor<1x6x?x64xf32>
  %2 = imhsa.attention ins(%l, %x, %x : tensor<1x6x49x64xf32>, tensor<1x6x?x64xf32>, tensor<1x6x?x64xf32>)
         interaction(post = %w : tensor<6x6xf32>) outs(%l : tensor<1x6x49x64xf32>) -> tensor<1x6x49x64xf32>
  %3 = imhsa.attention ins(%x, %x, %x : tensor<1x6x?x64xf32>, tensor<1x6x?x64xf32>, tensor<1x6x?x64xf32>)
         outs(%o : tensor<1x6x?x64xf32>) -> tensor<1x6x?x64xf32>
  %4 = imhsa.log_sum_exp ins(%l, %x : tensor<1x6x49x64xf32>, tensor<1x6x?x64xf32>) outs(%s : tensor<1x6x49xf32>) -> tensor<1x6x49xf32>
  return %0, %1, %2, %3, %4 : tensor<1x6x49x64xf32>, tensor<1x6x?x64xf32>, tensor<1x6x49x64xf32>, tensor<1x6x?x64xf32>, tensor<1x6x49xf32>
}

// -----

// What stands there is kept.
// CHECK-LABEL: func.func @given(
// CHECK:         schedule(#imhsa.schedule<stream, keys = 32, splits = 3>)
// CHECK:         schedule(#imhsa.schedule<general>)
func.func @given(%q: tensor<1x2x64x8xf32>, %k: tensor<1x2x?x8xf32>, %o: tensor<1x2x64x8xf32>) -> (tensor<1x2x64x8xf32>, tensor<1x2x64x8xf32>) {
  %0 = imhsa.attention ins(%q, %k, %k : tensor<1x2x64x8xf32>, tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>)
         schedule(#imhsa.schedule<stream, keys = 32, splits = 3>) outs(%o : tensor<1x2x64x8xf32>) -> tensor<1x2x64x8xf32>
  %1 = imhsa.attention ins(%q, %k, %k : tensor<1x2x64x8xf32>, tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>)
         schedule(#imhsa.schedule<general>) outs(%o : tensor<1x2x64x8xf32>) -> tensor<1x2x64x8xf32>
  return %0, %1 : tensor<1x2x64x8xf32>, tensor<1x2x64x8xf32>
}

// -----

// CHECK-LABEL: func.func @general(
// CHECK-NOT:     schedule(
func.func @general(%x: tensor<1x2x?x8xf32>, %w: tensor<1x2x?x8xf64>, %h: tensor<1x?x9x8xf32>, %u: tensor<1x2x9x?xf32>,
                   %e: tensor<1x2x0x8xf32>, %none: tensor<?x2x0x8xf32>, %means: tensor<?x2x3x8xf32>,
                   %big: tensor<1x256x300x8xf32>) {
  // expected-remark @below {{has no kernel of its own: query is f64}}
  %0 = imhsa.attention ins(%w, %w, %w : tensor<1x2x?x8xf64>, tensor<1x2x?x8xf64>, tensor<1x2x?x8xf64>) outs(%w : tensor<1x2x?x8xf64>) -> tensor<1x2x?x8xf64>
  // expected-remark @below {{has no kernel of its own: query has a dynamic number of heads}}
  %1 = imhsa.attention ins(%h, %h, %h : tensor<1x?x9x8xf32>, tensor<1x?x9x8xf32>, tensor<1x?x9x8xf32>) outs(%h : tensor<1x?x9x8xf32>) -> tensor<1x?x9x8xf32>
  // expected-remark @below {{has no kernel of its own: query has a dynamic number of elements of a token}}
  %2 = imhsa.attention ins(%u, %u, %u : tensor<1x2x9x?xf32>, tensor<1x2x9x?xf32>, tensor<1x2x9x?xf32>) scale(1.0) outs(%u : tensor<1x2x9x?xf32>) -> tensor<1x2x9x?xf32>
  // expected-remark @below {{has no kernel of its own: an operand is empty}}
  %3 = imhsa.attention ins(%x, %e, %e : tensor<1x2x?x8xf32>, tensor<1x2x0x8xf32>, tensor<1x2x0x8xf32>) outs(%x : tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32>
  // expected-remark @below {{has no kernel of its own: an operand is empty}}
  %m = imhsa.pool #imhsa.pool<3> ins(%none : tensor<?x2x0x8xf32>) outs(%means : tensor<?x2x3x8xf32>) -> tensor<?x2x3x8xf32>
  // expected-remark @below {{has no kernel of its own: the scores of one token against 256 columns do not fit on the stack}}
  %4 = imhsa.attention ins(%big, %big, %big : tensor<1x256x300x8xf32>, tensor<1x256x300x8xf32>, tensor<1x256x300x8xf32>) outs(%big : tensor<1x256x300x8xf32>) -> tensor<1x256x300x8xf32>
  %5 = scf.forall (%i) in (2) shared_outs(%out = %x) -> tensor<1x2x?x8xf32> {
    // expected-remark @below {{has no kernel of its own: it is in a parallel loop}}
    %inner = imhsa.attention ins(%x, %x, %x : tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>) outs(%x : tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32>
    %c2 = arith.constant 2 : index
    %n = tensor.dim %inner, %c2 : tensor<1x2x?x8xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %inner into %out[0, 0, 0, 0] [1, 2, %n, 8] [1, 1, 1, 1] : tensor<1x2x?x8xf32> into tensor<1x2x?x8xf32>
    }
  }
  return
}

// -----

// Of numbers that types tell, too, schedules are those that the attribute allows.
// CHECK-LABEL: func.func @static(
// CHECK:         imhsa.attention {{.*}} schedule(#imhsa.schedule<stream, keys = {{[0-9]+}}, splits = 8>)
// CHECK:         imhsa.attention {{.*}} schedule(#imhsa.schedule<read_out, queries = {{[0-9]+}}>)
func.func @static(%l: tensor<1x6x49x64xf32>, %x: tensor<1x6x784x64xf32>) -> (tensor<1x6x49x64xf32>, tensor<1x6x784x64xf32>) {
  %0 = imhsa.attention ins(%l, %x, %x : tensor<1x6x49x64xf32>, tensor<1x6x784x64xf32>, tensor<1x6x784x64xf32>)
         outs(%l : tensor<1x6x49x64xf32>) -> tensor<1x6x49x64xf32>
  %1 = imhsa.attention ins(%x, %l, %l : tensor<1x6x784x64xf32>, tensor<1x6x49x64xf32>, tensor<1x6x49x64xf32>)
         outs(%x : tensor<1x6x784x64xf32>) -> tensor<1x6x784x64xf32>
  return %0, %1 : tensor<1x6x49x64xf32>, tensor<1x6x784x64xf32>
}

// -----

// Many queries: blocks of them are tasks. Where each has two sweeps over the keys, few blocks are swept at once, and their
// keys are cut into ranges of at least 384.
// CHECK-LABEL: func.func @many(
// CHECK:         imhsa.attention {{.*}} schedule(#imhsa.schedule<stream, keys = 48>)
// CHECK:         imhsa.attention {{.*}} schedule(#imhsa.schedule<stream, keys = 48, splits = 2>)
// CHECK:         imhsa.attention {{.*}} schedule(#imhsa.schedule<stream, keys = 48, splits = 8>)
func.func @many(%x: tensor<1x6x784x64xf32>, %y: tensor<1x6x?x64xf32>, %w: tensor<6x6xf32>)
    -> (tensor<1x6x784x64xf32>, tensor<1x6x784x64xf32>, tensor<1x6x?x64xf32>) {
  %0 = imhsa.attention ins(%x, %x, %x : tensor<1x6x784x64xf32>, tensor<1x6x784x64xf32>, tensor<1x6x784x64xf32>)
         interaction(pre = %w : tensor<6x6xf32>) outs(%x : tensor<1x6x784x64xf32>) -> tensor<1x6x784x64xf32>
  %1 = imhsa.attention ins(%x, %x, %x : tensor<1x6x784x64xf32>, tensor<1x6x784x64xf32>, tensor<1x6x784x64xf32>)
         interaction(post = %w : tensor<6x6xf32>) outs(%x : tensor<1x6x784x64xf32>) -> tensor<1x6x784x64xf32>
  %2 = imhsa.attention ins(%y, %y, %y : tensor<1x6x?x64xf32>, tensor<1x6x?x64xf32>, tensor<1x6x?x64xf32>)
         interaction(post = %w : tensor<6x6xf32>) outs(%y : tensor<1x6x?x64xf32>) -> tensor<1x6x?x64xf32>
  return %0, %1, %2 : tensor<1x6x784x64xf32>, tensor<1x6x784x64xf32>, tensor<1x6x?x64xf32>
}

// -----

// Few keys are cut into as many ranges as there are whole tiles, a power of two.
// CHECK-LABEL: func.func @few(
// CHECK:         schedule(#imhsa.schedule<stream, keys = 48, splits = 4>)
// CHECK:         schedule(#imhsa.schedule<stream, queries = 16, keys = 16, splits = 2>)
func.func @few(%l: tensor<1x6x49x64xf32>, %x: tensor<1x6x196x64xf32>, %y: tensor<1x6x50x64xf32>, %s: tensor<1x6x16x64xf32>)
    -> (tensor<1x6x49x64xf32>, tensor<1x6x16x64xf32>) {
  %0 = imhsa.attention ins(%l, %x, %x : tensor<1x6x49x64xf32>, tensor<1x6x196x64xf32>, tensor<1x6x196x64xf32>)
         outs(%l : tensor<1x6x49x64xf32>) -> tensor<1x6x49x64xf32>
  %1 = imhsa.attention ins(%s, %y, %y : tensor<1x6x16x64xf32>, tensor<1x6x50x64xf32>, tensor<1x6x50x64xf32>)
         outs(%s : tensor<1x6x16x64xf32>) -> tensor<1x6x16x64xf32>
  return %0, %1 : tensor<1x6x49x64xf32>, tensor<1x6x16x64xf32>
}
