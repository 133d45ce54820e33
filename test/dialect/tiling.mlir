// RUN: imhsa-opt %s --transform-interpreter --canonicalize --cse --split-input-file | FileCheck %s

// Batch, queries and value columns. Grouped heads stay whole, each operand is cut
// along its own order of dimensions, the batch dimension of the bias and the
// query dimension of `keep` are cut if they are not 1 when the program runs, and
// the causal mask moves with the queries.

// CHECK: #[[$OFFSET:.*]] = affine_map<(d0)[s0] -> (d0 * 32 + s0 - 100)>
// CHECK-LABEL: func @parallel(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<2x6x100x64xbf16>, %[[K:[a-z0-9]+]]: tensor<2x3x?x64xbf16>, %[[V:[a-z0-9]+]]: tensor<2x?x6x32xbf16>
// CHECK-SAME: %[[W:[a-z0-9]+]]: tensor<6x6xf32>, %[[BIAS:[a-z0-9]+]]: tensor<?x6x1x?xf32>, %[[KEEP:[a-z0-9]+]]: tensor<1x?x?xi1>, %[[LENGTHS:[a-z0-9]+]]: tensor<2xi32>
func.func @parallel(%q: tensor<2x6x100x64xbf16>, %k: tensor<2x3x?x64xbf16>, %v: tensor<2x?x6x32xbf16>,
                    %w: tensor<6x6xf32>, %bias: tensor<?x6x1x?xf32>, %keep: tensor<1x?x?xi1>,
                    %lengths: tensor<2xi32>, %o: tensor<2x100x6x32xbf16>) -> tensor<2x100x6x32xbf16> {
  // CHECK-DAG: %[[C0:[a-z0-9_]+]] = arith.constant 0 : index
  // CHECK-DAG: %[[C1:[a-z0-9_]+]] = arith.constant 1 : index
  // CHECK: scf.forall (%[[B:[a-z0-9_]+]], %[[I:[a-z0-9_]+]], %[[J:[a-z0-9_]+]]) in (2, 4, 2) shared_outs(%[[OUT:[a-z0-9_]+]] = %{{.*}})
  // CHECK-DAG: %[[N:[a-z0-9_]+]] = affine.apply #{{.*}}(%[[I]])
  // CHECK-DAG: %[[E:[a-z0-9_]+]] = affine.apply #{{.*}}(%[[J]])
  // CHECK-DAG: %[[SIZE:[a-z0-9_]+]] = affine.min #{{.*}}(%[[I]])
  // CHECK-DAG: %[[M:[a-z0-9_]+]] = tensor.dim %[[K]], %{{.*}}
  // CHECK-DAG: %[[OT:[a-z0-9_]+]] = tensor.extract_slice %[[OUT]][%[[B]], %[[N]], 0, %[[E]]] [1, %[[SIZE]], 6, 16] [1, 1, 1, 1] : tensor<2x100x6x32xbf16> to tensor<1x?x6x16xbf16>
  // CHECK-DAG: %[[VT:[a-z0-9_]+]] = tensor.extract_slice %[[V]][%[[B]], 0, 0, %[[E]]] [1, %{{.*}}, 6, 16] [1, 1, 1, 1]
  // CHECK-DAG: %[[QO:[a-z0-9_]+]] = affine.apply #[[$OFFSET]](%[[I]])[%[[M]]]
  // CHECK-DAG: %[[QT:[a-z0-9_]+]] = tensor.extract_slice %[[Q]][%[[B]], 0, %[[N]], 0] [1, 6, %[[SIZE]], 64] [1, 1, 1, 1]
  // CHECK-DAG: %[[KT:[a-z0-9_]+]] = tensor.extract_slice %[[K]][%[[B]], 0, 0, 0] [1, 3, %[[M]], 64] [1, 1, 1, 1]
  // CHECK-DAG: %[[BD:[a-z0-9_]+]] = tensor.dim %[[BIAS]], %[[C0]]
  // CHECK-DAG: %[[B1:[a-z0-9_]+]] = arith.cmpi eq, %[[BD]], %[[C1]]
  // CHECK-DAG: %[[BO:[a-z0-9_]+]] = arith.select %[[B1]], %[[C0]], %[[B]]
  // CHECK-DAG: %[[BT:[a-z0-9_]+]] = tensor.extract_slice %[[BIAS]][%[[BO]], 0, 0, 0] [1, 6, 1, %{{.*}}] [1, 1, 1, 1]
  // CHECK-DAG: %[[KD:[a-z0-9_]+]] = tensor.dim %[[KEEP]], %[[C1]]
  // CHECK-DAG: %[[K1:[a-z0-9_]+]] = arith.cmpi eq, %[[KD]], %[[C1]]
  // CHECK-DAG: %[[KO:[a-z0-9_]+]] = arith.select %[[K1]], %[[C0]], %[[N]]
  // CHECK-DAG: %[[KS:[a-z0-9_]+]] = arith.select %[[K1]], %[[C1]], %[[SIZE]]
  // CHECK-DAG: %[[PT:[a-z0-9_]+]] = tensor.extract_slice %[[KEEP]][0, %[[KO]], 0] [1, %[[KS]], %{{.*}}] [1, 1, 1]
  // CHECK-DAG: %[[LT:[a-z0-9_]+]] = tensor.extract_slice %[[LENGTHS]][%[[B]]] [1] [1]
  // CHECK: %[[R:[a-z0-9_]+]] = imhsa.attention ins(%[[QT]], %[[KT]], %[[VT]] : {{.*}}) order(value = bnhd, output = bnhd) interaction(pre = %[[W]] : tensor<6x6xf32>) bias(%[[BT]] : {{.*}}) keep(%[[PT]] : {{.*}}) key_lengths(%[[LT]] : {{.*}}) causal window(3, 0) query_offset(%[[QO]]) outs(%[[OT]] : {{.*}})
  // CHECK: tensor.parallel_insert_slice %[[R]] into %[[OUT]][%[[B]], %[[N]], 0, %[[E]]] [1, %[[SIZE]], 6, 16]
  %0 = imhsa.attention ins(%q, %k, %v : tensor<2x6x100x64xbf16>, tensor<2x3x?x64xbf16>, tensor<2x?x6x32xbf16>)
         order(value = bnhd, output = bnhd) causal window(3, 0) interaction(pre = %w : tensor<6x6xf32>)
         bias(%bias : tensor<?x6x1x?xf32>) keep(%keep : tensor<1x?x?xi1>) key_lengths(%lengths : tensor<2xi32>)
         outs(%o : tensor<2x100x6x32xbf16>) -> tensor<2x100x6x32xbf16>
  return %0 : tensor<2x100x6x32xbf16>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["imhsa.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %tile, %loop = transform.structured.tile_using_forall %op tile_sizes [1, 32, 16] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// The log-sum-exp is cut as operand and as result; a given query offset is moved.
// A bias that repeats over the batch is not cut along it.

// CHECK: #[[$OFFSET:.*]] = affine_map<(d0)[s0] -> (d0 + s0)>
// CHECK-LABEL: func @rows(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<2x4x32x8xf32>, %[[LSE:[a-z0-9]+]]: tensor<2x4x32xf32>, %[[BIAS:[a-z0-9]+]]: tensor<1x1x32x32xf32>, %[[AT:[a-z0-9]+]]: index
func.func @rows(%q: tensor<2x4x32x8xf32>, %lse: tensor<2x4x32xf32>, %bias: tensor<1x1x32x32xf32>, %at: index,
                %o: tensor<2x4x32x8xf32>, %l: tensor<2x4x32xf32>) -> (tensor<2x4x32x8xf32>, tensor<2x4x32xf32>, tensor<2x4x32xf32>) {
  // CHECK: scf.for %[[B:[a-z0-9_]+]] =
  // CHECK: scf.for %[[N:[a-z0-9_]+]] = {{.*}} iter_args(%[[OUT:[a-z0-9_]+]] = %{{.*}}, %[[OUTL:[a-z0-9_]+]] = %{{.*}}) ->
  // CHECK-DAG: tensor.extract_slice %[[OUT]][%[[B]], 0, %[[N]], 0] [1, 4, 16, 8]
  // CHECK-DAG: tensor.extract_slice %[[OUTL]][%[[B]], 0, %[[N]]] [1, 4, 16]
  // CHECK-DAG: %[[QO:[a-z0-9_]+]] = affine.apply #[[$OFFSET]](%[[N]])[%[[AT]]]
  // CHECK-DAG: tensor.extract_slice %[[LSE]][%[[B]], 0, %[[N]]] [1, 4, 16]
  // CHECK-DAG: tensor.extract_slice %[[BIAS]][0, 0, %[[N]], 0] [1, 1, 16, 32]
  // CHECK: %[[R:[a-z0-9_]+]]:2 = imhsa.attention {{.*}} query_offset(%[[QO]]) lse(%{{.*}} : tensor<1x4x16xf32>) outs(%{{.*}}, %{{.*}} : tensor<1x4x16x8xf32>, tensor<1x4x16xf32>)
  // CHECK: tensor.insert_slice %[[R]]#0 into %[[OUT]][%[[B]], 0, %[[N]], 0] [1, 4, 16, 8]
  // CHECK: tensor.insert_slice %[[R]]#1 into %[[OUTL]][%[[B]], 0, %[[N]]] [1, 4, 16]
  %0:2 = imhsa.attention ins(%q, %q, %q : tensor<2x4x32x8xf32>, tensor<2x4x32x8xf32>, tensor<2x4x32x8xf32>)
           bias(%bias : tensor<1x1x32x32xf32>) causal query_offset(%at) lse(%lse : tensor<2x4x32xf32>)
           outs(%o, %l : tensor<2x4x32x8xf32>, tensor<2x4x32xf32>) -> tensor<2x4x32x8xf32>, tensor<2x4x32xf32>
  // CHECK: scf.for %[[B:[a-z0-9_]+]] =
  // CHECK: scf.for %[[N:[a-z0-9_]+]] = {{.*}} iter_args(%[[OUT:[a-z0-9_]+]] = %{{.*}}) -> (tensor<2x4x32xf32>)
  // CHECK: %[[R:[a-z0-9_]+]] = imhsa.log_sum_exp ins(%{{.*}}, %{{.*}} : tensor<1x4x16x8xf32>, tensor<1x4x32x8xf32>) outs(%{{.*}} : tensor<1x4x16xf32>)
  // CHECK: tensor.insert_slice %[[R]] into %[[OUT]][%[[B]], 0, %[[N]]] [1, 4, 16]
  %1 = imhsa.log_sum_exp ins(%q, %q : tensor<2x4x32x8xf32>, tensor<2x4x32x8xf32>) outs(%l : tensor<2x4x32xf32>) -> tensor<2x4x32xf32>
  return %0#0, %0#1, %1 : tensor<2x4x32x8xf32>, tensor<2x4x32xf32>, tensor<2x4x32xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["imhsa.attention", "imhsa.log_sum_exp"]} in %root : (!transform.any_op) -> !transform.any_op
    %tile, %loops:2 = transform.structured.tile_using_for %op tile_sizes [1, 16] : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// With landmarks: batch and value columns. Landmarks that the batch shares stay whole.

// CHECK-LABEL: func @landmarks(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<2x4x?x8xf32>, %[[QL:[a-z0-9]+]]: tensor<2x4x3x8xf32>, %[[KL:[a-z0-9]+]]: tensor<4x3x8xf32>
func.func @landmarks(%q: tensor<2x4x?x8xf32>, %ql: tensor<2x4x3x8xf32>, %kl: tensor<4x3x8xf32>, %lengths: tensor<2xi32>,
                     %o: tensor<2x4x?x8xf32>) -> (tensor<2x4x?x8xf32>, tensor<2x4x?x8xf32>) {
  // CHECK: scf.forall (%[[B:[a-z0-9_]+]], %[[J:[a-z0-9_]+]]) in (2, 2)
  // CHECK-DAG: %[[QLT:[a-z0-9_]+]] = tensor.extract_slice %[[QL]][%[[B]], 0, 0, 0] [1, 4, 3, 8]
  // CHECK: imhsa.attention {{.*}} landmarks(%[[QLT]], %[[KL]] : tensor<1x4x3x8xf32>, tensor<4x3x8xf32>) key_lengths(%{{.*}} : tensor<1xi32>) outs(%{{.*}} : tensor<1x4x?x4xf32>)
  %0 = imhsa.attention ins(%q, %q, %q : tensor<2x4x?x8xf32>, tensor<2x4x?x8xf32>, tensor<2x4x?x8xf32>)
         landmarks(%ql, %kl : tensor<2x4x3x8xf32>, tensor<4x3x8xf32>) key_lengths(%lengths : tensor<2xi32>)
         outs(%o : tensor<2x4x?x8xf32>) -> tensor<2x4x?x8xf32>
  // CHECK: scf.forall
  // CHECK: imhsa.attention {{.*}} landmarks(#imhsa.pool<3>) outs(%{{.*}} : tensor<1x4x?x4xf32>)
  %1 = imhsa.attention ins(%q, %q, %q : tensor<2x4x?x8xf32>, tensor<2x4x?x8xf32>, tensor<2x4x?x8xf32>)
         landmarks(#imhsa.pool<3>) outs(%o : tensor<2x4x?x8xf32>) -> tensor<2x4x?x8xf32>
  return %0, %1 : tensor<2x4x?x8xf32>, tensor<2x4x?x8xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["imhsa.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %tile, %loop = transform.structured.tile_using_forall %op tile_sizes [1, 0, 4] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// A tile of the result pulls the attention into the loops of its consumer.

// CHECK-LABEL: func @fuse
func.func @fuse(%q: tensor<2x?x6x16xf32>, %k: tensor<2x6x?x16xf32>, %v: tensor<2x2x?x16xf32>, %w: tensor<4x6xf32>,
                %o: tensor<2x?x4x16xf32>, %r: tensor<2x?x4x16xf32>) -> tensor<2x?x4x16xf32> {
  // CHECK: scf.for %[[B:[a-z0-9_]+]] =
  // CHECK: scf.for %[[N:[a-z0-9_]+]] =
  // CHECK: %[[TILE:[a-z0-9_]+]] = imhsa.attention {{.*}} order(query = bnhd, output = bnhd) {{.*}} outs(%{{.*}} : tensor<1x?x4x16xf32>)
  // CHECK: linalg.exp ins(%[[TILE]] : tensor<1x?x4x16xf32>)
  %0 = imhsa.attention ins(%q, %k, %v : tensor<2x?x6x16xf32>, tensor<2x6x?x16xf32>, tensor<2x2x?x16xf32>)
         order(query = bnhd, output = bnhd) interaction(pre = %w : tensor<4x6xf32>)
         outs(%o : tensor<2x?x4x16xf32>) -> tensor<2x?x4x16xf32>
  %1 = linalg.exp ins(%0 : tensor<2x?x4x16xf32>) outs(%r : tensor<2x?x4x16xf32>) -> tensor<2x?x4x16xf32>
  return %1 : tensor<2x?x4x16xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["linalg.exp"]} in %root : (!transform.any_op) -> !transform.any_op
    %tile, %loops:2 = transform.structured.fuse %op tile_sizes [1, 32] : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}
