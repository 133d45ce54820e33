// RUN: imhsa-opt %s --imhsa-lower-to-cpu --canonicalize --cse | FileCheck %s

// Eight landmarks of a head are a task: the tokens of each one's segment, one after the other.
// CHECK-LABEL: func.func @pool(
// CHECK:         scf.parallel {{.*}} to (%c2)
// CHECK:           memref.alloca() {{.*}} : memref<12xf32>
// CHECK:           scf.for {{.*}} -> (vector<8xf32>)
// CHECK:             vector.load {{.*}}, vector<8xf32>
// CHECK:             vector.fma
// CHECK:           scf.for {{.*}} -> (vector<4xf32>)
// CHECK:             vector.load {{.*}}, vector<4xf32>
func.func @pool(%x: memref<1x2x?x12xf32>, %l: memref<1x2x3x12xf32>) {
  imhsa.pool #imhsa.pool<3> ins(%x : memref<1x2x?x12xf32>) schedule(#imhsa.schedule<pool>) outs(%l : memref<1x2x3x12xf32>)
  return
}

// Keys are packed, squares of eight at once: 20 of them are three vectors. Then tiles of 16 queries with all heads:
// scores, four rows of three vectors in registers at a time; for each token mixing, softmax, mixing; values.
// The maxima and the sums of all heads are reduced together. While products run, what the next head reads and writes
// is fetched.
// CHECK-LABEL: func.func @read_out(
// CHECK:         memref.alloc() {{.*}} : memref<1x2x32x24xf32>
// CHECK-NOT:     scf.parallel
// CHECK-COUNT-24: vector.shuffle
// CHECK:         %[[TILES:.*]] = arith.divui
// CHECK:         scf.parallel {{.*}} to (%[[TILES]])
// CHECK:           memref.alloca() {{.*}} : memref<16x48xf32>
// CHECK:           scf.for
// CHECK:             scf.for {{.*}} step %c4
// CHECK:               memref.prefetch {{.*}}, read, locality<2>, data
// CHECK:               %{{.*}}:12 = scf.for
// CHECK-COUNT-12:        vector.fma
// CHECK:           arith.cmpf ogt
// CHECK:           vector.shuffle
// CHECK:           arith.shli
// CHECK:           vector.shuffle
// CHECK:           memref.prefetch {{.*}}, write, locality<2>, data
// CHECK:           scf.for
// CHECK:             vector.store
func.func @read_out(%q: memref<1x2x?x32xf32>, %k: memref<1x2x20x32xf32>, %w: memref<2x2xf32>, %o: memref<1x2x?x32xf32>) {
  imhsa.attention ins(%q, %k, %k : memref<1x2x?x32xf32>, memref<1x2x20x32xf32>, memref<1x2x20x32xf32>)
    interaction(pre = %w : memref<2x2xf32>, post = %w : memref<2x2xf32>)
    schedule(#imhsa.schedule<read_out, queries = 16>) outs(%o : memref<1x2x?x32xf32>)
  return
}

// The ninth key of both heads: one vector behind those of the others. Its scores are products of whole rows with the one
// packed token; in values it is the first term of each sum.
// CHECK-LABEL: func.func @tail(
// CHECK:         memref.alloc() {{.*}} : memref<1x2x16x8xf32>
// CHECK:         %[[LAST:.*]] = memref.alloc() {{.*}} : memref<1x2x16xf32>
// CHECK:         scf.parallel
// CHECK:           %[[WEIGHTS:.*]] = memref.alloca() {{.*}} : memref<3x8xf32>
// CHECK:           memref.alloca() {{.*}} : memref<16x48xf32>
// CHECK:           memref.subview %[[LAST]]
// CHECK:           %[[SUMS:.*]]:8 = scf.for
// CHECK-COUNT-8:     vector.fma
// CHECK-COUNT-14:  vector.shuffle
// CHECK-COUNT-8:   vector.extract
// CHECK:           vector.load %[[WEIGHTS]][%c2, %c0]
// CHECK:           vector.load %[[WEIGHTS]][%c0, %c0]
// CHECK:           vector.load %[[WEIGHTS]][%c1, %c0]
// CHECK:           arith.mulf
// CHECK:           vector.load {{.*}}[%c8, %c0] : memref<9x16xf32
func.func @tail(%q: memref<1x2x?x16xf32>, %k: memref<1x2x9x16xf32>, %w: memref<2x2xf32>, %o: memref<1x2x?x16xf32>) {
  imhsa.attention ins(%q, %k, %k : memref<1x2x?x16xf32>, memref<1x2x9x16xf32>, memref<1x2x9x16xf32>)
    interaction(post = %w : memref<2x2xf32>) schedule(#imhsa.schedule<read_out, queries = 16>)
    outs(%o : memref<1x2x?x16xf32>)
  return
}

// Mixing after the softmax: two sweeps; of a known number of keys, what the first has computed is stored.
// 20 tiles have 50 keys each; with 48, as the schedule says, the last of 21 would have fewer.
// CHECK-LABEL: func.func @stream(
// CHECK:         memref.alloc() {{.*}} : memref<1x2x8x16xf32>
// CHECK-NOT:     scf.parallel
// CHECK:         memref.alloc() {{.*}} : memref<1x4x2x16x8xf32>
// CHECK:         memref.alloc() {{.*}} : memref<1x1000x48xf32>
// CHECK:         memref.alloc() {{.*}} : memref<1x20x32xf32>
// CHECK:         scf.parallel {{.*}} to (%c4)
// CHECK-NOT:       memref.alloca() {{.*}} : memref<50x48xf32>
// CHECK:           memref.subview {{.*}} : memref<1x1000x48xf32> to memref<50x48xf32
// CHECK:         scf.parallel {{.*}} to (%c4)
// The second sweep mixes in place, and adds to sums only what a tile gives.
// CHECK:           memref.subview {{.*}} : memref<1x1000x48xf32> to memref<50x48xf32
// CHECK:           %[[IS_FIRST:.*]] = arith.cmpi eq
// CHECK:           %[[SUMS:.*]] = memref.subview {{.*}} : memref<1x4x2x16x8xf32> to memref<16x8xf32
// CHECK:           %[[FROM_TILE:.*]]:8 = scf.for %{{.*}} = %c0 to %c50 step %c1 iter_args
// CHECK:           %[[BEFORE:.*]] = vector.load %[[SUMS]]
// CHECK:           %[[AFTER:.*]] = arith.addf %[[BEFORE]], %[[FROM_TILE]]#0
// CHECK:           %[[SUM:.*]] = arith.select %[[IS_FIRST]], %[[FROM_TILE]]#0, %[[AFTER]]
// CHECK:           vector.store %[[SUM]], %[[SUMS]]
// CHECK:         scf.parallel {{.*}} to (%c2)
func.func @stream(%q: memref<1x2x16x8xf32>, %k: memref<1x2x1000x8xf32>, %w: memref<2x2xf32>, %o: memref<1x2x16x8xf32>) {
  imhsa.attention ins(%q, %k, %k : memref<1x2x16x8xf32>, memref<1x2x1000x8xf32>, memref<1x2x1000x8xf32>)
    interaction(post = %w : memref<2x2xf32>)
    schedule(#imhsa.schedule<stream, queries = 16, keys = 48, splits = 4>) outs(%o : memref<1x2x16x8xf32>)
  return
}

// Without it one sweep, and with one range of keys sums in the result itself.
// CHECK-LABEL: func.func @online(
// CHECK-COUNT-2: scf.parallel
// CHECK-NOT:     scf.parallel
// CHECK:         return
func.func @online(%q: memref<1x2x?x8xf32>, %k: memref<1x2x?x8xf32>, %o: memref<1x2x?x8xf32>) {
  imhsa.attention ins(%q, %k, %k : memref<1x2x?x8xf32>, memref<1x2x?x8xf32>, memref<1x2x?x8xf32>)
    schedule(#imhsa.schedule<stream>) outs(%o : memref<1x2x?x8xf32>)
  return
}
