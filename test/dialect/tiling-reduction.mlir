// RUN: imhsa-opt %s --transform-interpreter --canonicalize --cse --split-input-file | FileCheck %s

// Ranges of keys in parallel, each with a lane for its output and its log-sum-exp in f32.
// Masks move with the keys; lengths count from the range's first key. The lanes are
// added up in their order, the sum is rounded to bf16 once.

// CHECK-DAG: #[[$FIRST:.*]] = affine_map<(d0)[s0] -> (d0 * (s0 ceildiv 8))>
// CHECK-DAG: #[[$OFFSET:.*]] = affine_map<(d0)[s0, s1] -> (-(d0 * (s0 ceildiv 8)) + s1 - 100)>
// CHECK-DAG: #[[$ROW:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d2, d1)>
// CHECK-LABEL: func @lanes(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<2x6x100x64xbf16>, %[[K:[a-z0-9]+]]: tensor<2x3x?x64xbf16>
func.func @lanes(%q: tensor<2x6x100x64xbf16>, %k: tensor<2x3x?x64xbf16>, %bias: tensor<?x6x1x?xf32>, %keep: tensor<1x?x?xi1>,
                 %lengths: tensor<2xi32>, %o: tensor<2x100x6x64xbf16>) -> tensor<2x100x6x64xbf16> {
  // CHECK-DAG: %[[ONE:[a-z0-9_]+]] = arith.constant 1.000000e+00 : f32
  // CHECK-DAG: %[[ZERO:[a-z0-9_]+]] = arith.constant 0.000000e+00 : f32
  // CHECK-DAG: %[[BOTTOM:[a-z0-9_]+]] = arith.constant 0xFF800000 : f32
  // CHECK-DAG: %[[M:[a-z0-9_]+]] = tensor.dim %[[K]], %{{.*}}
  // CHECK-DAG: %[[ZEROS:[a-z0-9_]+]] = linalg.fill ins(%[[ZERO]] : f32) outs(%{{.*}} : tensor<8x2x100x6x64xf32>)
  // CHECK-DAG: %[[BOTTOMS:[a-z0-9_]+]] = linalg.fill ins(%[[BOTTOM]] : f32) outs(%{{.*}} : tensor<8x2x6x100xf32>)
  // CHECK: %[[LANES:[a-z0-9_]+]]:2 = scf.forall (%[[I:[a-z0-9_]+]]) in (8) shared_outs(%[[O:[a-z0-9_]+]] = %[[ZEROS]], %[[L:[a-z0-9_]+]] = %[[BOTTOMS]])
  // CHECK-DAG: %[[FIRST:[a-z0-9_]+]] = affine.apply #[[$FIRST]](%[[I]])[%[[M]]]
  // CHECK-DAG: %[[OUT:[a-z0-9_]+]] = tensor.extract_slice %[[O]][%[[I]], 0, 0, 0, 0] [1, 2, 100, 6, 64] [1, 1, 1, 1, 1] : tensor<8x2x100x6x64xf32> to tensor<2x100x6x64xf32>
  // CHECK-DAG: %[[OUTL:[a-z0-9_]+]] = tensor.extract_slice %[[L]][%[[I]], 0, 0, 0] [1, 2, 6, 100] [1, 1, 1, 1] : tensor<8x2x6x100xf32> to tensor<2x6x100xf32>
  // CHECK-DAG: %[[AT:[a-z0-9_]+]] = affine.apply #[[$OFFSET]](%[[I]])[%[[M]], %[[M]]]
  // CHECK-DAG: %[[KT:[a-z0-9_]+]] = tensor.extract_slice %[[K]][0, 0, %[[FIRST]], 0] [2, 3, %[[SIZE:[a-z0-9_]+]], 64]
  // CHECK-DAG: %[[BT:[a-z0-9_]+]] = tensor.extract_slice %{{.*}}[0, 0, 0, %[[FIRST]]] [%{{.*}}, 6, 1, %[[SIZE]]]
  // CHECK-DAG: %[[PT:[a-z0-9_]+]] = tensor.extract_slice %{{.*}}[0, 0, %[[FIRST]]] [1, %{{.*}}, %[[SIZE]]]
  // CHECK: %[[FIRST64:[a-z0-9_]+]] = arith.index_cast %[[FIRST]] : index to i64
  // CHECK: %[[LENGTHS:[a-z0-9_]+]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<2xi64>)
  // CHECK-NEXT: ^bb0(%[[IN:[a-z0-9_]+]]: i32, %{{.*}}: i64):
  // CHECK-NEXT: %[[LENGTH:[a-z0-9_]+]] = arith.extsi %[[IN]] : i32 to i64
  // CHECK-NEXT: %[[MOST:[a-z0-9_]+]] = arith.maxsi %[[LENGTH]], %[[FIRST64]]
  // CHECK-NEXT: arith.subi %[[MOST]], %[[FIRST64]]
  // CHECK: %[[R:[a-z0-9_]+]]:2 = imhsa.attention ins(%[[Q]], %[[KT]], %[[KT]] : {{.*}}) order(output = bnhd) bias(%[[BT]] : {{.*}}) keep(%[[PT]] : {{.*}}) key_lengths(%[[LENGTHS]] : tensor<2xi64>) causal query_offset(%[[AT]]) outs(%[[OUT]], %[[OUTL]] : tensor<2x100x6x64xf32>, tensor<2x6x100xf32>)
  // CHECK: tensor.parallel_insert_slice %[[R]]#0 into %[[O]][%[[I]], 0, 0, 0, 0] [1, 2, 100, 6, 64]
  // CHECK: tensor.parallel_insert_slice %[[R]]#1 into %[[L]][%[[I]], 0, 0, 0] [1, 2, 6, 100]

  // CHECK: %[[SUM:[a-z0-9_]+]]:2 = scf.for %[[J:[a-z0-9_]+]] = %{{.*}} to %{{.*}} step %{{.*}} iter_args(%[[TOTAL:[a-z0-9_]+]] = %{{.*}}, %[[TOTALL:[a-z0-9_]+]] = %{{.*}})
  // CHECK: %[[PART:[a-z0-9_]+]] = tensor.extract_slice %[[LANES]]#0[%[[J]], 0, 0, 0, 0]
  // CHECK: %[[PARTL:[a-z0-9_]+]] = tensor.extract_slice %[[LANES]]#1[%[[J]], 0, 0, 0]
  // CHECK: %[[SHARES:[a-z0-9_]+]]:3 = linalg.generic {{.*}} ins(%[[PARTL]] : tensor<2x6x100xf32>) outs(%[[TOTALL]], {{.*}}
  // CHECK-NEXT: ^bb0(%[[IN:[a-z0-9_]+]]: f32, %[[WAS:[a-z0-9_]+]]: f32, {{.*}}):
  // CHECK-NEXT: %[[MAX:[a-z0-9_]+]] = arith.maximumf %[[WAS]], %[[IN]]
  // CHECK-NEXT: %[[EMPTY:[a-z0-9_]+]] = arith.cmpf oeq, %[[MAX]], %[[BOTTOM]]
  // CHECK-NEXT: %[[REF:[a-z0-9_]+]] = arith.select %[[EMPTY]], %[[ZERO]], %[[MAX]]
  // CHECK-NEXT: %[[D0:[a-z0-9_]+]] = arith.subf %[[WAS]], %[[REF]]
  // CHECK-NEXT: %[[X0:[a-z0-9_]+]] = math.exp %[[D0]]
  // CHECK-NEXT: %[[D1:[a-z0-9_]+]] = arith.subf %[[IN]], %[[REF]]
  // CHECK-NEXT: %[[X1:[a-z0-9_]+]] = math.exp %[[D1]]
  // CHECK-NEXT: %[[S:[a-z0-9_]+]] = arith.addf %[[X0]], %[[X1]]
  // CHECK-NEXT: %[[LOG:[a-z0-9_]+]] = math.log %[[S]]
  // CHECK-NEXT: %[[LSE:[a-z0-9_]+]] = arith.addf %[[REF]], %[[LOG]]
  // CHECK-NEXT: %[[DIV:[a-z0-9_]+]] = arith.select %[[EMPTY]], %[[ONE]], %[[S]]
  // CHECK-NEXT: %[[W0:[a-z0-9_]+]] = arith.divf %[[X0]], %[[DIV]]
  // CHECK-NEXT: %[[W1:[a-z0-9_]+]] = arith.divf %[[X1]], %[[DIV]]
  // CHECK-NEXT: linalg.yield %[[LSE]], %[[W0]], %[[W1]]
  // CHECK: linalg.generic {indexing_maps = [#[[ID:.*]], #[[$ROW]], #[[$ROW]], #[[ID]]], {{.*}} ins(%[[PART]], %[[SHARES]]#2, %[[SHARES]]#1 : {{.*}}) outs(%[[TOTAL]] :
  // CHECK-NEXT: ^bb0(%[[P:[a-z0-9_]+]]: f32, %[[PW:[a-z0-9_]+]]: f32, %[[TW:[a-z0-9_]+]]: f32, %[[T:[a-z0-9_]+]]: f32):
  // CHECK-NEXT: %[[A:[a-z0-9_]+]] = arith.mulf %[[T]], %[[TW]]
  // CHECK-NEXT: %[[B:[a-z0-9_]+]] = arith.mulf %[[P]], %[[PW]]
  // CHECK-NEXT: arith.addf %[[A]], %[[B]]
  // CHECK: linalg.generic {{.*}} ins(%[[SUM]]#0 : tensor<2x100x6x64xf32>) outs(%{{.*}} : tensor<2x100x6x64xbf16>)
  // CHECK: arith.truncf
  %0 = imhsa.attention ins(%q, %k, %k : tensor<2x6x100x64xbf16>, tensor<2x3x?x64xbf16>, tensor<2x3x?x64xbf16>)
         order(output = bnhd) causal
         bias(%bias : tensor<?x6x1x?xf32>) keep(%keep : tensor<1x?x?xi1>) key_lengths(%lengths : tensor<2xi32>)
         outs(%o : tensor<2x100x6x64xbf16>) -> tensor<2x100x6x64xbf16>
  return %0 : tensor<2x100x6x64xbf16>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["imhsa.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %fills:2, %tile, %merge, %loop = transform.structured.tile_reduction_using_forall %op by num_threads = [0, 0, 0, 8]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// Given the normalisers, keys are a plain sum, also where heads are mixed after the
// softmax; the log-sum-exp that is asked for is the one given.

// CHECK-LABEL: func @sum(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<2x4x9x8xf32>, %[[W:[a-z0-9]+]]: tensor<4x4xf32>, %[[C:[a-z0-9]+]]: tensor<4xf32>, %[[LSE:[a-z0-9]+]]: tensor<2x4x9xf32>
func.func @sum(%q: tensor<2x4x9x8xf32>, %w: tensor<4x4xf32>, %c: tensor<4xf32>, %lse: tensor<2x4x9xf32>,
               %o: tensor<2x4x9x8xf32>, %l: tensor<2x4x9xf32>) -> (tensor<2x4x9x8xf32>, tensor<2x4x9xf32>) {
  // CHECK: %[[LANES:[a-z0-9_]+]] = scf.forall (%{{.*}}) in (3) shared_outs(%{{.*}} = %{{.*}}) -> (tensor<3x2x4x9x8xf32>)
  // CHECK: %[[R:[a-z0-9_]+]] = imhsa.attention {{.*}} interaction(post = %[[W]] : tensor<4x4xf32>, post_bias = %[[C]] : tensor<4xf32>) lse(%[[LSE]] : tensor<2x4x9xf32>) outs(%{{.*}} : tensor<2x4x9x8xf32>) -> tensor<2x4x9x8xf32>
  // CHECK: tensor.parallel_insert_slice %[[R]]
  // CHECK: %[[SUM:[a-z0-9_]+]] = scf.for {{.*}} iter_args(%[[TOTAL:[a-z0-9_]+]] = %{{.*}})
  // CHECK: %[[PART:[a-z0-9_]+]] = tensor.extract_slice %[[LANES]]
  // CHECK: linalg.generic {{.*}} ins(%[[PART]] : tensor<2x4x9x8xf32>) outs(%[[TOTAL]] : tensor<2x4x9x8xf32>)
  // CHECK: arith.addf
  // CHECK-NOT: linalg.generic
  // CHECK: return %[[SUM]], %[[LSE]]
  %0:2 = imhsa.attention ins(%q, %q, %q : tensor<2x4x9x8xf32>, tensor<2x4x9x8xf32>, tensor<2x4x9x8xf32>)
           interaction(post = %w : tensor<4x4xf32>, post_bias = %c : tensor<4xf32>) lse(%lse : tensor<2x4x9xf32>)
           outs(%o, %l : tensor<2x4x9x8xf32>, tensor<2x4x9xf32>) -> tensor<2x4x9x8xf32>, tensor<2x4x9xf32>
  return %0#0, %0#1 : tensor<2x4x9x8xf32>, tensor<2x4x9xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["imhsa.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %fill, %tile, %merge, %loop = transform.structured.tile_reduction_using_forall %op by num_threads = [0, 0, 0, 3]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// One tile of keys after the other, accumulated in lane 0 beside the tile's own result.
// In f64 all is f64.

// CHECK-LABEL: func @sweep(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<2x4x9x8xf64>
func.func @sweep(%q: tensor<2x4x9x8xf64>, %w: tensor<5x4xf64>, %l: tensor<2x5x9xf64>) -> tensor<2x5x9xf64> {
  // CHECK: %[[FILL:[a-z0-9_]+]] = linalg.fill {{.*}} -> tensor<4x2x5x9xf64>
  // CHECK: %[[LANES:[a-z0-9_]+]] = scf.for %[[M:[a-z0-9_]+]] = %{{.*}} iter_args(%[[ACC:[a-z0-9_]+]] = %[[FILL]])
  // CHECK-DAG: %[[TOTAL:[a-z0-9_]+]] = tensor.extract_slice %[[ACC]][0, 0, 0, 0] [1, 2, 5, 9] [1, 1, 1, 1] : tensor<4x2x5x9xf64> to tensor<2x5x9xf64>
  // CHECK-DAG: %[[OUT:[a-z0-9_]+]] = tensor.empty() : tensor<2x5x9xf64>
  // CHECK-DAG: %[[KT:[a-z0-9_]+]] = tensor.extract_slice %[[Q]][0, 0, %[[M]], 0] [2, 4, %{{.*}}, 8]
  // CHECK: %[[PART:[a-z0-9_]+]] = imhsa.log_sum_exp ins(%[[Q]], %[[KT]] : {{.*}}) interaction({{.*}}) outs(%[[OUT]] : tensor<2x5x9xf64>)
  // CHECK: %[[NEXT:[a-z0-9_]+]]:3 = linalg.generic {{.*}} ins(%[[PART]] : tensor<2x5x9xf64>) outs(%[[TOTAL]], %{{.*}}, %{{.*}} :
  // CHECK: tensor.insert_slice %[[NEXT]]#0 into %[[ACC]][0, 0, 0, 0] [1, 2, 5, 9]
  // CHECK: scf.for {{.*}} iter_args(%{{.*}} = %{{.*}}) -> (tensor<2x5x9xf64>)
  %0 = imhsa.log_sum_exp ins(%q, %q : tensor<2x4x9x8xf64>, tensor<2x4x9x8xf64>) interaction(pre = %w : tensor<5x4xf64>)
         outs(%l : tensor<2x5x9xf64>) -> tensor<2x5x9xf64>
  return %0 : tensor<2x5x9xf64>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["imhsa.log_sum_exp"]} in %root : (!transform.any_op) -> !transform.any_op
    %fill, %tile, %merge, %loop = transform.structured.tile_reduction_using_for %op by tile_sizes = [0, 0, 4]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}
