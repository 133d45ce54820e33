// RUN: imhsa-opt %s --imhsa-lower-to-cpu --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,AUTO
// RUN: imhsa-opt %s --imhsa-lower-to-cpu=second-sweep=store --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,STORE
// RUN: imhsa-opt %s --imhsa-lower-to-cpu=second-sweep=recompute --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,RECOMPUTE
// RUN: not imhsa-opt %s --imhsa-lower-to-cpu=second-sweep=never 2>&1 | FileCheck %s --check-prefix=NEVER
// NEVER: for the --second-sweep option: Cannot find option named 'never'!

// Exponentials of 1000 keys, 2 heads of 16 queries, and the maxima of 17 tiles that they are relative to: for as many
// of the 3 batch elements as have room in 12 MiB; without them in 4.
// CHECK-LABEL:   func.func @small(
// CHECK-COUNT-4:   memref.alloc()
// AUTO:            memref.alloc() {{.*}} : memref<3x1000x48xf32>
// AUTO:            memref.alloc() {{.*}} : memref<3x17x32xf32>
// STORE:           memref.alloc() {{.*}} : memref<3x1000x48xf32>
// RECOMPUTE-NOT:   memref.alloc()
// CHECK:           scf.parallel
func.func @small(%q: memref<3x2x16x8xf32>, %k: memref<3x2x1000x8xf32>, %w: memref<2x2xf32>, %o: memref<3x2x16x8xf32>) {
  imhsa.attention ins(%q, %k, %k : memref<3x2x16x8xf32>, memref<3x2x1000x8xf32>, memref<3x2x1000x8xf32>)
    interaction(post = %w : memref<2x2xf32>) schedule(#imhsa.schedule<stream, queries = 16, splits = 4>) outs(%o : memref<3x2x16x8xf32>)
  return
}

// 49 MiB: nobody stores more than 48 unasked, of each of the 4 ranges the first 1637 tiles of 60 keys, and the others in the
// place of one more, one after the other; and then one batch element after the other.
// CHECK-LABEL:   func.func @large(
// CHECK-COUNT-4:   memref.alloc()
// AUTO:            memref.alloc() {{.*}} : memref<1x393120x48xf32>
// AUTO:            memref.alloc() {{.*}} : memref<1x6691x32xf32>
// STORE:           memref.alloc() {{.*}} : memref<1x401408x48xf32>
// STORE:           scf.for %{{.*}} = %c0 to %c3 step %c1
// RECOMPUTE-NOT:   memref.alloc()
// CHECK:           scf.parallel
// AUTO:              %[[PLACE:.*]] = arith.minsi %{{.*}}, %c1637
// AUTO:              memref.subview {{.*}} : memref<1x393120x48xf32>
// AUTO-NOT:          scf.if
// AUTO:            scf.parallel
// AUTO:              %[[PLACE:.*]] = arith.minsi %[[IN_RANGE:.*]], %c1637
// AUTO:              memref.subview {{.*}} : memref<1x393120x48xf32>
// AUTO:              %[[IS_STORED:.*]] = arith.cmpi slt, %[[IN_RANGE]], %c1637
// AUTO:              scf.if %[[IS_STORED]]
func.func @large(%q: memref<3x2x16x8xf32>, %k: memref<3x2x401408x8xf32>, %w: memref<2x2xf32>, %o: memref<3x2x16x8xf32>) {
  imhsa.attention ins(%q, %k, %k : memref<3x2x16x8xf32>, memref<3x2x401408x8xf32>, memref<3x2x401408x8xf32>)
    interaction(post = %w : memref<2x2xf32>) schedule(#imhsa.schedule<stream, queries = 16, splits = 4>) outs(%o : memref<3x2x16x8xf32>)
  return
}

// 97 MiB: of less than half of it, nothing.
// CHECK-LABEL:   func.func @larger(
// CHECK-COUNT-4:   memref.alloc()
// AUTO-NOT:        memref.alloc()
// STORE:           memref.alloc() {{.*}} : memref<1x794624x48xf32>
// CHECK:           scf.parallel
func.func @larger(%q: memref<3x2x16x8xf32>, %k: memref<3x2x794624x8xf32>, %w: memref<2x2xf32>, %o: memref<3x2x16x8xf32>) {
  imhsa.attention ins(%q, %k, %k : memref<3x2x16x8xf32>, memref<3x2x794624x8xf32>, memref<3x2x794624x8xf32>)
    interaction(post = %w : memref<2x2xf32>) schedule(#imhsa.schedule<stream, queries = 16, splits = 4>) outs(%o : memref<3x2x16x8xf32>)
  return
}

// Many queries: those of a block are swept together, as many blocks at once as have room. Here each of 3 times 63 blocks
// would store 12 MB; without that, of 13 KB for packed queries, maxima, sums and partial results.
// CHECK-LABEL:   func.func @blocks(
// AUTO:            memref.alloc() {{.*}} : memref<1x2x8x80xf32>
// STORE:           memref.alloc() {{.*}} : memref<1x2x8x80xf32>
// RECOMPUTE:       memref.alloc() {{.*}} : memref<64x2x8x80xf32>
// CHECK-COUNT-3:   memref.alloc()
// AUTO:            memref.alloc() {{.*}} : memref<1x20000x144xf32>
// STORE:           memref.alloc() {{.*}} : memref<1x20000x144xf32>
// RECOMPUTE-NOT:   memref.alloc()
// AUTO:            scf.for %{{.*}} = %c0 to %c189 step %c1
// STORE:           scf.for %{{.*}} = %c0 to %c189 step %c1
// RECOMPUTE:       scf.for %{{.*}} = %c0 to %c189 step %c64
// CHECK:           scf.parallel
func.func @blocks(%q: memref<3x2x4000x8xf32>, %k: memref<3x2x20000x8xf32>, %w: memref<2x2xf32>, %o: memref<3x2x4000x8xf32>) {
  imhsa.attention ins(%q, %k, %k : memref<3x2x4000x8xf32>, memref<3x2x20000x8xf32>, memref<3x2x20000x8xf32>)
    interaction(post = %w : memref<2x2xf32>) schedule(#imhsa.schedule<stream, splits = 4>) outs(%o : memref<3x2x4000x8xf32>)
  return
}

// Of sizes that types do not tell, what is stored and how many blocks of queries are together is computed where it runs.
// CHECK-LABEL:   func.func @dynamic(
// STORE:           %[[AT_ONCE:.*]] = arith.select %{{.*}}, %c64
// STORE:           %[[SLOTS:.*]] = arith.minsi %[[AT_ONCE]], %{{.*}}
// AUTO:            %[[SLOTS:.*]] = arith.minsi {{.*}}%[[AT_ONCE:c64]] : index
// RECOMPUTE:       %[[SLOTS:.*]] = arith.minsi {{.*}}%[[AT_ONCE:c64]] : index
// Rows of 64 packed queries are 80 apart, no power of two.
// CHECK:           memref.alloc(%[[SLOTS]]) {{.*}} : memref<?x2x8x80xf32>
// CHECK-COUNT-2:   memref.alloc(
// AUTO-NOT:        memref.alloc(
// STORE:           memref.alloc(%[[SLOTS]], %{{.*}}) {{.*}} : memref<?x?x144xf32>
// RECOMPUTE-NOT:   memref.alloc(
// CHECK:           scf.for %{{.*}} = %c0 to %{{.*}} step %[[AT_ONCE]]
func.func @dynamic(%q: memref<?x2x?x8xf32>, %k: memref<?x2x?x8xf32>, %w: memref<2x2xf32>, %o: memref<?x2x?x8xf32>) {
  imhsa.attention ins(%q, %k, %k : memref<?x2x?x8xf32>, memref<?x2x?x8xf32>, memref<?x2x?x8xf32>)
    interaction(post = %w : memref<2x2xf32>) schedule(#imhsa.schedule<stream>) outs(%o : memref<?x2x?x8xf32>)
  return
}
