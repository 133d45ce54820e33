// RUN: imhsa-opt %s --imhsa-tile --canonicalize --cse --split-input-file | FileCheck %s --implicit-check-not=imhsa.schedule
// RUN: imhsa-opt %s --imhsa-tile=loops=for --canonicalize --cse --split-input-file | FileCheck %s --check-prefix=FOR --implicit-check-not=scf.forall
// RUN: imhsa-opt %s --imhsa-tile="queries=32 keys=20 splits=2 batch=2" --canonicalize --cse --split-input-file | FileCheck %s --check-prefix=GIVEN

// Few keys (the read-out of landmark attention): tiles of queries alone, and no loop over a batch of one.

// CHECK-LABEL: func @few_keys(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<1x6x3136x64xf32>, %[[K:[a-z0-9]+]]: tensor<1x6x49x64xf32>
// CHECK-NOT: scf.for
// CHECK: scf.forall (%[[N:[a-z0-9_]+]]) = (0) to (3136) step (64) shared_outs(%[[OUT:[a-z0-9_]+]] = %{{.*}})
// CHECK-DAG: %[[OT:[a-z0-9_]+]] = tensor.extract_slice %[[OUT]][0, 0, %[[N]], 0] [1, 6, 64, 64]
// CHECK-DAG: %[[QT:[a-z0-9_]+]] = tensor.extract_slice %[[Q]][0, 0, %[[N]], 0] [1, 6, 64, 64]
// CHECK: %[[R:[a-z0-9_]+]] = imhsa.attention ins(%[[QT]], %[[K]], %[[K]] : {{.*}}) interaction({{.*}}) outs(%[[OT]] : tensor<1x6x64x64xf32>)
// CHECK: tensor.parallel_insert_slice %[[R]] into %[[OUT]]
// FOR-LABEL: func @few_keys(
// FOR-NEXT: imhsa.attention
// FOR-NEXT: return
// GIVEN-LABEL: func @few_keys(
// GIVEN: scf.forall {{.*}} step (32)
func.func @few_keys(%q: tensor<1x6x3136x64xf32>, %k: tensor<1x6x49x64xf32>, %w: tensor<6x6xf32>,
                    %o: tensor<1x6x3136x64xf32>) -> tensor<1x6x3136x64xf32> {
  %0 = imhsa.attention ins(%q, %k, %k : tensor<1x6x3136x64xf32>, tensor<1x6x49x64xf32>, tensor<1x6x49x64xf32>)
         interaction(pre = %w : tensor<6x6xf32>, post = %w : tensor<6x6xf32>)
         outs(%o : tensor<1x6x3136x64xf32>) -> tensor<1x6x3136x64xf32>
  return %0 : tensor<1x6x3136x64xf32>
}

// -----

// Many keys, mixed after the softmax (the summary of landmark attention): normalisers first.
// Both passes over the keys have 7 ranges of 448 keys, each of 4 tiles of 112, all of static shape.
// One tile after the other, on a device, all keys are in one.

// CHECK-LABEL: func @summary(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<1x6x49x64xbf16>, %[[K:[a-z0-9]+]]: tensor<1x6x3136x64xbf16>, %[[W:[a-z0-9]+]]: tensor<6x6xf32>, %[[O:[a-z0-9]+]]: tensor<1x6x49x64xbf16>
// CHECK-DAG: %[[C448:[a-z0-9_]+]] = arith.constant 448 : index
// CHECK-DAG: %[[C112:[a-z0-9_]+]] = arith.constant 112 : index
// CHECK: %[[LANES:[a-z0-9_]+]] = scf.forall (%[[M:[a-z0-9_]+]]) = (0) to (3136) step (448) shared_outs({{.*}}) -> (tensor<7x1x6x49xf32>)
// CHECK: %[[RANGE:[a-z0-9_]+]] = tensor.extract_slice %[[K]][0, 0, %[[M]], 0] [1, 6, 448, 64]
// CHECK: scf.for %[[T:[a-z0-9_]+]] = %{{.*}} to %[[C448]] step %[[C112]]
// CHECK: %[[TILE:[a-z0-9_]+]] = tensor.extract_slice %[[RANGE]][0, 0, %[[T]], 0] [1, 6, 112, 64]
// CHECK: imhsa.log_sum_exp ins(%[[Q]], %[[TILE]] : tensor<1x6x49x64xbf16>, tensor<1x6x112x64xbf16>) interaction(pre = %[[W]] : tensor<6x6xf32>)
// CHECK: %[[LSE:[a-z0-9_]+]] = scf.for {{.*}} -> (tensor<1x6x49xf32>)
// CHECK: tensor.extract_slice %[[LANES]]
// CHECK: scf.forall (%[[M:[a-z0-9_]+]]) = (0) to (3136) step (448) shared_outs({{.*}}) -> (tensor<7x1x6x49x64xf32>)
// CHECK: scf.for
// CHECK: imhsa.attention {{.*}} interaction(pre = %[[W]] : tensor<6x6xf32>, post = %[[W]] : tensor<6x6xf32>) lse(%[[LSE]] : tensor<1x6x49xf32>) outs(%{{.*}} : tensor<1x6x49x64xf32>)
// CHECK: %[[SUM:[a-z0-9_]+]] = scf.for {{.*}} -> (tensor<1x6x49x64xf32>)
// CHECK: linalg.generic {{.*}} ins(%[[SUM]] : tensor<1x6x49x64xf32>) outs(%[[O]] : tensor<1x6x49x64xbf16>)
// CHECK: arith.truncf
// FOR-LABEL: func @summary(
// FOR-NEXT: imhsa.attention
// FOR-NEXT: return
// GIVEN-LABEL: func @summary(
// GIVEN: scf.forall (%{{.*}}) = (0) to (49) step (32)
// GIVEN: scf.forall (%{{.*}}) = (0) to (3136) step (1580)
// GIVEN: scf.for {{.*}} step %c20
func.func @summary(%q: tensor<1x6x49x64xbf16>, %k: tensor<1x6x3136x64xbf16>, %w: tensor<6x6xf32>,
                   %o: tensor<1x6x49x64xbf16>) -> tensor<1x6x49x64xbf16> {
  %0 = imhsa.attention ins(%q, %k, %k : tensor<1x6x49x64xbf16>, tensor<1x6x3136x64xbf16>, tensor<1x6x3136x64xbf16>)
         interaction(pre = %w : tensor<6x6xf32>, post = %w : tensor<6x6xf32>)
         outs(%o : tensor<1x6x49x64xbf16>) -> tensor<1x6x49x64xbf16>
  return %0 : tensor<1x6x49x64xbf16>
}

// -----

// Nothing is known but heads. Keys after the tile's last query are left out. The normalisers of a tile of queries are computed beside its
// output, and are the log-sum-exp that is asked for.

// CHECK-DAG: #[[$LAST:.*]] = affine_map<(d0, d1)[s0, s1, s2] -> (s0, d0 + d1 + s1 - s2)>
// CHECK-DAG: #[[$REST:.*]] = affine_map<(d0)[s0] -> (-d0 + s0, 128)>
// CHECK-LABEL: func @dynamic(
// CHECK: scf.forall (%[[B:[a-z0-9_]+]], %[[N:[a-z0-9_]+]]) = (0, 0) to (%{{.*}}, %{{.*}}) step (1, 64) shared_outs(%{{.*}}, %[[OUTL:[a-z0-9_]+]] = %{{.*}})
// CHECK: %[[LAST:[a-z0-9_]+]] = affine.min #[[$LAST]](%{{.*}}, %[[N]])
// CHECK: scf.for %[[M:[a-z0-9_]+]] = %{{.*}} to %[[LAST]] step %c128
// CHECK: affine.min #[[$REST]](%[[M]])[%[[LAST]]]
// CHECK: imhsa.log_sum_exp {{.*}} causal query_offset(%{{.*}})
// CHECK: %[[LSE:[a-z0-9_]+]] = tensor.extract_slice
// CHECK: scf.for %[[M:[a-z0-9_]+]] = %{{.*}} step %c128
// CHECK: imhsa.attention {{.*}} causal query_offset(%{{.*}}) lse(%[[LSE]] : tensor<1x6x?xf32>)
// CHECK: tensor.parallel_insert_slice %[[LSE]] into %[[OUTL]]
// FOR-LABEL: func @dynamic(
// FOR: scf.for {{.*}} step %c1
// FOR: scf.for {{.*}} step %c256
// FOR: scf.for {{.*}} step %c672
// FOR: imhsa.log_sum_exp
// FOR: scf.for {{.*}} step %c672
// FOR: imhsa.attention
// GIVEN: #[[$RANGE:.*]] = affine_map<()[s0] -> ((s0 ceildiv 40) * 20, 20)>
// GIVEN-LABEL: func @dynamic(
// GIVEN: scf.forall {{.*}} step (2, 32)
// GIVEN: %[[RANGE:[a-z0-9_]+]] = affine.max #[[$RANGE]]
// GIVEN: scf.forall {{.*}} step (%[[RANGE]])
func.func @dynamic(%q: tensor<?x6x?x64xf32>, %k: tensor<?x6x?x64xf32>, %w: tensor<6x6xf32>,
                   %o: tensor<?x6x?x64xf32>, %l: tensor<?x6x?xf32>) -> (tensor<?x6x?x64xf32>, tensor<?x6x?xf32>) {
  %0:2 = imhsa.attention ins(%q, %k, %k : tensor<?x6x?x64xf32>, tensor<?x6x?x64xf32>, tensor<?x6x?x64xf32>)
           interaction(post = %w : tensor<6x6xf32>) causal
           outs(%o, %l : tensor<?x6x?x64xf32>, tensor<?x6x?xf32>) -> tensor<?x6x?x64xf32>, tensor<?x6x?xf32>
  return %0#0, %0#1 : tensor<?x6x?x64xf32>, tensor<?x6x?xf32>
}

// -----

// Without mixing after the softmax, one sweep gives the output and its normalisers. The schedule
// says how large tiles are, and is not on them.

// CHECK-LABEL: func @one_sweep(
// CHECK: scf.forall (%{{.*}}) = (0) to (128) step (32)
// CHECK: scf.forall (%{{.*}}) = (0) to (1024) step (512) {{.*}} -> (tensor<2x1x6x32x64xf32>, tensor<2x1x6x32xf32>)
// CHECK: scf.for {{.*}} to %c512 step %c128 {{.*}} -> (tensor<1x1x6x32x64xf32>, tensor<1x1x6x32xf32>)
// CHECK: imhsa.attention ins(%{{.*}} : tensor<1x6x32x64xf32>, tensor<1x6x128x64xf32>, tensor<1x6x128x64xf32>) outs(%{{.*}}, %{{.*}} : tensor<1x6x32x64xf32>, tensor<1x6x32xf32>)
// CHECK-NOT: imhsa.
// GIVEN-LABEL: func @one_sweep(
// GIVEN: scf.forall (%{{.*}}) = (0) to (128) step (32)
// GIVEN: scf.forall (%{{.*}}) = (0) to (1024) step (512)
func.func @one_sweep(%q: tensor<1x6x128x64xf32>, %k: tensor<1x6x1024x64xf32>, %o: tensor<1x6x128x64xf32>) -> tensor<1x6x128x64xf32> {
  %0 = imhsa.attention ins(%q, %k, %k : tensor<1x6x128x64xf32>, tensor<1x6x1024x64xf32>, tensor<1x6x1024x64xf32>)
         schedule(#imhsa.schedule<general, queries = 32, keys = 128, splits = 2>)
         outs(%o : tensor<1x6x128x64xf32>) -> tensor<1x6x128x64xf32>
  return %0 : tensor<1x6x128x64xf32>
}

// -----

// Given normalisers need no pass of their own.

// CHECK-LABEL: func @given_normalisers(
// CHECK-NOT: imhsa.log_sum_exp
// CHECK: imhsa.attention {{.*}} lse(%{{.*}} : tensor<1x6x49xf32>) outs(%{{.*}} : tensor<1x6x49x64xf32>)
func.func @given_normalisers(%q: tensor<1x6x49x64xf32>, %k: tensor<1x6x?x64xf32>, %w: tensor<6x6xf32>, %lse: tensor<1x6x49xf32>,
                             %o: tensor<1x6x49x64xf32>) -> tensor<1x6x49x64xf32> {
  %0 = imhsa.attention ins(%q, %k, %k : tensor<1x6x49x64xf32>, tensor<1x6x?x64xf32>, tensor<1x6x?x64xf32>)
         interaction(post = %w : tensor<6x6xf32>) lse(%lse : tensor<1x6x49xf32>)
         outs(%o : tensor<1x6x49x64xf32>) -> tensor<1x6x49x64xf32>
  return %0 : tensor<1x6x49x64xf32>
}

// -----

// A log-sum-exp of its own.

// CHECK-LABEL: func @log_sum_exp(
// CHECK: scf.forall (%{{.*}}, %{{.*}}) = (0, 0) to (3, 1000) step (1, 50)
// CHECK: scf.for {{.*}} step %c480
// CHECK: imhsa.log_sum_exp ins(%{{.*}}, %{{.*}} : tensor<1x2x50x8xf32>, tensor<1x1x?x8xf32>)
func.func @log_sum_exp(%q: tensor<3x2x1000x8xf32>, %k: tensor<3x1x?x8xf32>, %o: tensor<3x2x1000xf32>) -> tensor<3x2x1000xf32> {
  %0 = imhsa.log_sum_exp ins(%q, %k : tensor<3x2x1000x8xf32>, tensor<3x1x?x8xf32>) outs(%o : tensor<3x2x1000xf32>) -> tensor<3x2x1000xf32>
  return %0 : tensor<3x2x1000xf32>
}

// -----

// Nothing to cut: small, or empty.

// CHECK-LABEL: func @whole(
// CHECK-NEXT: imhsa.attention
// CHECK-NEXT: imhsa.attention
// CHECK-NEXT: imhsa.weights
// CHECK-NEXT: imhsa.pool
// CHECK-NEXT: return
func.func @whole(%q: tensor<1x2x5x8xf32>, %none: tensor<9x2x0x8xf32>, %many: tensor<9x2x500x8xf32>, %o: tensor<1x2x5x8xf32>,
                 %r: tensor<9x2x500x8xf32>, %z: tensor<1x2x5x5xf32>, %p: tensor<9x2x3x8xf32>)
    -> (tensor<1x2x5x8xf32>, tensor<9x2x500x8xf32>, tensor<1x2x5x5xf32>, tensor<9x2x3x8xf32>) {
  %0 = imhsa.attention ins(%q, %q, %q : tensor<1x2x5x8xf32>, tensor<1x2x5x8xf32>, tensor<1x2x5x8xf32>)
         outs(%o : tensor<1x2x5x8xf32>) -> tensor<1x2x5x8xf32>
  %1 = imhsa.attention ins(%many, %none, %none : tensor<9x2x500x8xf32>, tensor<9x2x0x8xf32>, tensor<9x2x0x8xf32>)
         outs(%r : tensor<9x2x500x8xf32>) -> tensor<9x2x500x8xf32>
  %2 = imhsa.weights ins(%q, %q : tensor<1x2x5x8xf32>, tensor<1x2x5x8xf32>) outs(%z : tensor<1x2x5x5xf32>) -> tensor<1x2x5x5xf32>
  %3 = imhsa.pool #imhsa.pool<3> ins(%many : tensor<9x2x500x8xf32>) outs(%p : tensor<9x2x3x8xf32>) -> tensor<9x2x3x8xf32>
  return %0, %1, %2, %3 : tensor<1x2x5x8xf32>, tensor<9x2x500x8xf32>, tensor<1x2x5x5xf32>, tensor<9x2x3x8xf32>
}
