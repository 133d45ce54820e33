// RUN: imhsa-opt %s --imhsa-lower-to-gpu --canonicalize --cse --split-input-file | FileCheck %s
// RUN: imhsa-opt %s --imhsa-lower-to-gpu='block-size=64 max-blocks=2' --canonicalize --cse --split-input-file \
// RUN:   | FileCheck %s --check-prefix=OPTIONS

// One kernel for an elementwise operation: 64-bit points, the last dimension fastest. At least one block.
// CHECK-LABEL: func.func @scale(
// CHECK-SAME:    %[[X:.*]]: memref<?x8xf32>, %[[Y:.*]]: memref<?x8xf32>)
// CHECK-DAG:     %[[C1:.*]] = arith.constant 1 : index
// CHECK-DAG:     %[[C8:.*]] = arith.constant 8 : index
// CHECK-DAG:     %[[C255:.*]] = arith.constant 255 : index
// CHECK-DAG:     %[[C256:.*]] = arith.constant 256 : index
// CHECK-DAG:     %[[MAX:.*]] = arith.constant 65535 : index
// CHECK:         %[[D:.*]] = memref.dim %[[X]]
// CHECK:         %[[COUNT:.*]] = arith.muli %[[D]], %[[C8]]
// CHECK:         %[[UP:.*]] = arith.addi %[[COUNT]], %[[C255]]
// CHECK:         %[[ALL:.*]] = arith.divui %[[UP]], %[[C256]]
// CHECK:         %[[FEW:.*]] = arith.minui %[[ALL]], %[[MAX]]
// CHECK:         %[[BLOCKS:.*]] = arith.maxui %[[FEW]], %[[C1]]
// CHECK:         gpu.launch_func @imhsa_kernels::@scale_0_generic
// CHECK-SAME:      blocks in (%[[BLOCKS]], %[[C1]], %[[C1]]) threads in (%[[C256]], %[[C1]], %[[C1]])
// CHECK-SAME:      args(%[[X]] : memref<?x8xf32>, %[[Y]] : memref<?x8xf32>, %[[COUNT]] : index)
// CHECK:         return
// CHECK:       gpu.module @imhsa_kernels
// CHECK:         gpu.func @scale_0_generic(%[[KX:.*]]: memref<?x8xf32>, %[[KY:.*]]: memref<?x8xf32>, %[[KCOUNT:.*]]: index)
// CHECK-SAME:      kernel attributes {known_block_size = array<i32: 256, 1, 1>}
// CHECK-DAG:       %[[K8:.*]] = arith.constant 8 : index
// CHECK-DAG:       %[[K256:.*]] = arith.constant 256 : index
// CHECK-DAG:       %[[TWO:.*]] = arith.constant 2.000000e+00 : f32
// CHECK-DAG:       %[[B:.*]] = gpu.block_id x
// CHECK-DAG:       %[[T:.*]] = gpu.thread_id x
// CHECK-DAG:       %[[G:.*]] = gpu.grid_dim x
// CHECK:           %[[BASE:.*]] = arith.muli %[[B]], %[[K256]]
// CHECK:           %[[FIRST:.*]] = arith.addi %[[BASE]], %[[T]]
// CHECK:           %[[STRIDE:.*]] = arith.muli %[[G]], %[[K256]]
// CHECK:           scf.for %[[P:.*]] = %[[FIRST]] to %[[KCOUNT]] step %[[STRIDE]] {
// CHECK:             %[[J:.*]] = arith.remui %[[P]], %[[K8]]
// CHECK:             %[[I:.*]] = arith.divui %[[P]], %[[K8]]
// CHECK:             %[[A:.*]] = memref.load %[[KX]][%[[I]], %[[J]]]
// CHECK:             %[[R:.*]] = arith.mulf %[[A]], %[[TWO]]
// CHECK:             memref.store %[[R]], %[[KY]][%[[I]], %[[J]]]
// CHECK:           gpu.return

// OPTIONS-LABEL: func.func @scale(
// OPTIONS-DAG:     %[[C63:.*]] = arith.constant 63 : index
// OPTIONS-DAG:     %[[C64:.*]] = arith.constant 64 : index
// OPTIONS-DAG:     %[[C2:.*]] = arith.constant 2 : index
// OPTIONS:         arith.addi %{{.*}}, %[[C63]]
// OPTIONS:         arith.minui %{{.*}}, %[[C2]]
// OPTIONS:         gpu.launch_func @imhsa_kernels::@scale_0_generic {{.*}} threads in (%[[C64]],
// OPTIONS:         gpu.func @scale_0_generic{{.*}}known_block_size = array<i32: 64, 1, 1>
func.func @scale(%x: memref<?x8xf32>, %y: memref<?x8xf32>) {
  %c = arith.constant 2.0 : f32
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
                  iterator_types = ["parallel", "parallel"]}
    ins(%x : memref<?x8xf32>) outs(%y : memref<?x8xf32>) {
  ^bb0(%a: f32, %b: f32):
    %0 = arith.mulf %a, %c : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

// Reductions are loops of a thread that carry the partial result; views stay on the host.
// CHECK-LABEL: func.func @contract(
// CHECK:         %[[VIEW:.*]] = memref.view
// CHECK:         gpu.launch_func @imhsa_kernels::@contract_0_fill {{.*}} args({{.*}}%[[VIEW]] : memref<?x3xf32>
// CHECK:         gpu.launch_func @imhsa_kernels::@contract_1_matmul
// CHECK:         gpu.func @contract_1_matmul(
// CHECK:           scf.for %[[P:.*]] =
// CHECK:             %[[J:.*]] = arith.remui %[[P]]
// CHECK:             %[[I:.*]] = arith.divui %[[P]]
// CHECK:             %[[INIT:.*]] = memref.load %[[OUT:.*]][%[[I]], %[[J]]] : memref<?x3xf32>
// CHECK:             %[[SUM:.*]] = scf.for %[[K:.*]] = {{.*}} iter_args(%[[PARTIAL:.*]] = %[[INIT]]) -> (f32) {
// CHECK:               %[[A:.*]] = memref.load %{{.*}}[%[[I]], %[[K]]]
// CHECK:               %[[B:.*]] = memref.load %{{.*}}[%[[K]], %[[J]]]
// CHECK:               %[[AB:.*]] = arith.mulf %[[A]], %[[B]]
// CHECK:               %[[NEXT:.*]] = arith.addf %[[PARTIAL]], %[[AB]]
// CHECK:               scf.yield %[[NEXT]]
// CHECK:             memref.store %[[SUM]], %[[OUT]][%[[I]], %[[J]]]
func.func @contract(%a: memref<?x?xf32, strided<[?, 1], offset: ?>>, %b: memref<?x3xf32>, %workspace: memref<?xi8>) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = memref.dim %a, %c0 : memref<?x?xf32, strided<[?, 1], offset: ?>>
  %t = memref.view %workspace[%c0][%n] : memref<?xi8> to memref<?x3xf32>
  linalg.fill ins(%zero : f32) outs(%t : memref<?x3xf32>)
  linalg.matmul ins(%a, %b : memref<?x?xf32, strided<[?, 1], offset: ?>>, memref<?x3xf32>) outs(%t : memref<?x3xf32>)
  return
}

// -----

// Points run in the order of the output, whatever that of the loops: stores are coalesced.
// CHECK-LABEL: gpu.func @transposed_0_transpose(
// CHECK:         scf.for %[[P:.*]] =
// CHECK:           %[[LAST:.*]] = arith.remui %[[P]], %[[C5:.*]]
// CHECK:           %[[FIRST:.*]] = arith.divui %[[P]], %[[C5]]
// CHECK:           memref.load %{{.*}}[%[[LAST]], %[[FIRST]]] : memref<5x7xf32>
// CHECK:           memref.store %{{.*}}[%[[FIRST]], %[[LAST]]] : memref<7x5xf32>
func.func @transposed(%x: memref<5x7xf32>, %y: memref<7x5xf32>) {
  linalg.transpose ins(%x : memref<5x7xf32>) outs(%y : memref<7x5xf32>) permutation = [1, 0]
  return
}

// -----

// No parallel dimension: one point. Two results, whose partial sums are carried together.
// CHECK-LABEL: func.func @scalars(
// CHECK:         %[[C1:.*]] = arith.constant 1 : index
// CHECK:         gpu.launch_func @imhsa_kernels::@scalars_0_generic blocks in (%[[C1]], %[[C1]], %[[C1]])
// CHECK:         gpu.func @scalars_0_generic(
// CHECK:           scf.for {{.*}} to %[[ONE:.*]] step
// CHECK:             %[[S0:.*]] = memref.load %[[S:.*]][] : memref<f32>
// CHECK:             %[[M0:.*]] = memref.load %[[M:.*]][] : memref<f32>
// CHECK:             %[[R:.*]]:2 = scf.for {{.*}} iter_args(%[[PS:.*]] = %[[S0]], %[[PM:.*]] = %[[M0]]) -> (f32, f32) {
// CHECK:               %[[A:.*]] = memref.load
// CHECK-DAG:           arith.addf %[[PS]], %[[A]]
// CHECK-DAG:           arith.maximumf %[[PM]], %[[A]]
// CHECK:             memref.store %[[R]]#0, %[[S]][]
// CHECK:             memref.store %[[R]]#1, %[[M]][]
func.func @scalars(%x: memref<?xf32>, %sum: memref<f32>, %max: memref<f32>) {
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> ()>, affine_map<(i) -> ()>],
                  iterator_types = ["reduction"]}
    ins(%x : memref<?xf32>) outs(%sum, %max : memref<f32>, memref<f32>) {
  ^bb0(%a: f32, %s: f32, %m: f32):
    %0 = arith.addf %s, %a : f32
    %1 = arith.maximumf %m, %a : f32
    linalg.yield %0, %1 : f32, f32
  }
  return
}

// -----

// A reduction that indexes the output runs outside those that do not.
// CHECK-LABEL: gpu.func @histogram_0_generic(
// CHECK:         scf.for
// CHECK:           scf.for %[[J:.*]] = %{{.*}} to %{{.*}} step
// CHECK:             memref.load %[[Y:.*]][%[[J]]] : memref<4xf32>
// CHECK:             scf.for %[[I:.*]] = {{.*}} iter_args
// CHECK:               memref.load %{{.*}}[%[[I]], %[[J]]]
// CHECK:             memref.store %{{.*}}, %[[Y]][%[[J]]]
func.func @histogram(%x: memref<?x4xf32>, %y: memref<4xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>],
                  iterator_types = ["reduction", "reduction"]}
    ins(%x : memref<?x4xf32>) outs(%y : memref<4xf32>) {
  ^bb0(%a: f32, %s: f32):
    %0 = arith.addf %s, %a : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

// Sliding windows: indices that are sums of loops.
// CHECK-LABEL: gpu.func @window_0_generic(
// CHECK:         scf.for %[[I:.*]] = %
// CHECK:           scf.for %[[K:.*]] = {{.*}} iter_args
// CHECK:             %[[IK:.*]] = affine.apply #{{.*}}(%[[I]], %[[K]])
// CHECK:             memref.load %{{.*}}[%[[IK]]]
func.func @window(%x: memref<?xf32>, %w: memref<3xf32>, %y: memref<?xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, k) -> (i + k)>, affine_map<(i, k) -> (k)>, affine_map<(i, k) -> (i)>],
                  iterator_types = ["parallel", "reduction"]}
    ins(%x, %w : memref<?xf32>, memref<3xf32>) outs(%y : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32, %s: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %s, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// -----

// Indices of the loops in the body, also in control flow; data that the body gathers.
// CHECK-LABEL: gpu.func @gather_0_generic(
// CHECK:         scf.for %[[I:.*]] = %
// CHECK:           arith.cmpi ult, %[[I]]
// CHECK:           scf.if
// CHECK:             %[[C:.*]] = arith.index_cast %[[I]]
// CHECK:           memref.load %{{.*}} : memref<?xi32>
// CHECK-NOT:       linalg.index
// CHECK:         gpu.return
func.func @gather(%x: memref<?xi32>, %y: memref<?xi32>) {
  %c7 = arith.constant 7 : index
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
    outs(%y : memref<?xi32>) {
  ^bb0(%b: i32):
    %i = linalg.index 0 : index
    %small = arith.cmpi ult, %i, %c7 : index
    %at = scf.if %small -> index {
      %c = arith.index_cast %i : index to i32
      %twice = arith.addi %c, %c : i32
      %r = arith.index_cast %twice : i32 to index
      scf.yield %r : index
    } else {
      scf.yield %i : index
    }
    %v = memref.load %x[%at] : memref<?xi32>
    linalg.yield %v : i32
  }
  return
}

// -----

// Both kinds of copy; sequential loops stay on the host.
// CHECK-LABEL: func.func @rows(
// CHECK:         scf.for %[[I:.*]] = %
// CHECK:           memref.subview %{{.*}}[%[[I]], 0] [1, 4] [1, 1]
// CHECK:           gpu.launch_func @imhsa_kernels::@rows_0_copy
// CHECK:           gpu.launch_func @imhsa_kernels::@rows_1_copy
// CHECK:         gpu.func @rows_0_copy(
// CHECK:           memref.load
// CHECK:           memref.store
// CHECK:         gpu.func @rows_1_copy(
// CHECK:           memref.load
// CHECK:           memref.store
func.func @rows(%x: memref<?x4xf32>, %y: memref<1x4xf32>, %z: memref<1x4xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %x, %c0 : memref<?x4xf32>
  scf.for %i = %c0 to %n step %c1 {
    %row = memref.subview %x[%i, 0] [1, 4] [1, 1] : memref<?x4xf32> to memref<1x4xf32, strided<[4, 1], offset: ?>>
    memref.copy %row, %y : memref<1x4xf32, strided<[4, 1], offset: ?>> to memref<1x4xf32>
    linalg.copy ins(%row : memref<1x4xf32, strided<[4, 1], offset: ?>>) outs(%z : memref<1x4xf32>)
  }
  return
}

// -----

// Constants go to the device with the kernel that reads them, through views too.
// CHECK:       memref.global "private" constant @table
// CHECK-LABEL: func.func @constant(
// CHECK-NOT:     memref.get_global
// CHECK:         gpu.launch_func @imhsa_kernels::@constant_0_generic
// CHECK-NOT:     memref.get_global
// CHECK:       gpu.module @imhsa_kernels {
// CHECK:         gpu.func @constant_0_generic(
// CHECK:           %[[T:.*]] = memref.get_global @table : memref<2x3xf32>
// CHECK:           %[[ROW:.*]] = memref.subview %[[T]][1, 0] [1, 3] [1, 1]
// CHECK:           memref.load %[[ROW]]
// CHECK:         memref.global "private" constant @table
memref.global "private" constant @table : memref<2x3xf32> = dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]>
func.func @constant(%y: memref<3xf32>) {
  %t = memref.get_global @table : memref<2x3xf32>
  %row = memref.subview %t[1, 0] [1, 3] [1, 1] : memref<2x3xf32> to memref<3xf32, strided<[1], offset: 3>>
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
    ins(%row : memref<3xf32, strided<[1], offset: 3>>) outs(%y : memref<3xf32>) {
  ^bb0(%a: f32, %b: f32):
    %0 = arith.addf %a, %a : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

// Names that PTX does not take; a function of sizes writes host memory.
// CHECK-LABEL: func.func @"a-b"(
// CHECK:         gpu.launch_func @imhsa_kernels::@a_b_0_fill
// CHECK-LABEL: gpu.module @imhsa_kernels
// CHECK:         gpu.func @a_b_0_fill(
// CHECK:         gpu.func @[[$OTHER:a_b_0_fill_[0-9]+]](
// CHECK:         gpu.func @_9_0_fill(
// CHECK-LABEL: func.func @a.b(
// CHECK:         gpu.launch_func @imhsa_kernels::@[[$OTHER]]
// CHECK-LABEL: func.func @"9"(
// CHECK:         gpu.launch_func @imhsa_kernels::@_9_0_fill
// CHECK-LABEL: func.func @f_sizes(
// CHECK:         %[[D:.*]] = memref.dim
// CHECK:         memref.store %[[D]], %{{.*}} : memref<?xindex>
// CHECK:         return
func.func @"a-b"(%x: memref<?xf32>, %v: f32) {
  linalg.fill ins(%v : f32) outs(%x : memref<?xf32>)
  return
}
func.func @a.b(%x: memref<?xf32>, %v: f32) {
  linalg.fill ins(%v : f32) outs(%x : memref<?xf32>)
  return
}
func.func @"9"(%x: memref<?xf32>, %v: f32) {
  linalg.fill ins(%v : f32) outs(%x : memref<?xf32>)
  return
}
func.func @f_sizes(%x: memref<?xf32>, %sizes: memref<?xindex>) {
  %c0 = arith.constant 0 : index
  %d = memref.dim %x, %c0 : memref<?xf32>
  memref.store %d, %sizes[%c0] : memref<?xindex>
  return
}
