// RUN: imhsa-opt %s --split-input-file --transform-interpreter --verify-diagnostics

func.func @f(%q: tensor<1x2x50x8xf32>) -> tensor<1x2x50x8xf32> {
  // expected-note @below {{this operation}}
  %0 = linalg.add ins(%q, %q : tensor<1x2x50x8xf32>, tensor<1x2x50x8xf32>) outs(%q : tensor<1x2x50x8xf32>) -> tensor<1x2x50x8xf32>
  return %0 : tensor<1x2x50x8xf32>
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %0 = transform.structured.match ops{["linalg.add"]} in %root : (!transform.any_op) -> !transform.any_op
    // expected-error @below {{expected imhsa.attention, found linalg.add}}
    transform.imhsa.match.attention %0 : !transform.any_op
    transform.yield
  }
}

// -----

func.func @f(%q: tensor<1x2x50x8xf32>) -> tensor<1x2x50x8xf32> {
  // expected-note @below {{this operation}}
  %0 = imhsa.attention ins(%q, %q, %q : tensor<1x2x50x8xf32>, tensor<1x2x50x8xf32>, tensor<1x2x50x8xf32>)
         outs(%q : tensor<1x2x50x8xf32>) -> tensor<1x2x50x8xf32>
  return %0 : tensor<1x2x50x8xf32>
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %0 = transform.structured.match ops{["imhsa.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    // expected-error @below {{expected imhsa.attention with landmarks, found imhsa.attention}}
    %1, %2 = transform.imhsa.decompose %0 : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

func.func @f(%q: tensor<1x2x50x8xf32>) -> tensor<1x2x50x8xf32> {
  %0 = imhsa.attention ins(%q, %q, %q : tensor<1x2x50x8xf32>, tensor<1x2x50x8xf32>, tensor<1x2x50x8xf32>)
         landmarks(#imhsa.pool<7>) outs(%q : tensor<1x2x50x8xf32>) -> tensor<1x2x50x8xf32>
  return %0 : tensor<1x2x50x8xf32>
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %0 = transform.structured.match ops{["imhsa.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    // expected-error @below {{cannot be tiled: it has landmarks; run imhsa-decompose first}}
    %1 = transform.imhsa.tile_attention %0 queries = 10 : (!transform.any_op) -> !transform.any_op
    transform.yield
  }
}

// -----

func.func @f(%q: tensor<1x2x50x8xf32>) -> tensor<1x2x50x8xf32> {
  // expected-error @below {{[attention_c11]}}
  %0 = imhsa.attention ins(%q, %q, %q : tensor<1x2x50x8xf32>, tensor<1x2x50x8xf32>, tensor<1x2x50x8xf32>)
         outs(%q : tensor<1x2x50x8xf32>) -> tensor<1x2x50x8xf32>
  return %0 : tensor<1x2x50x8xf32>
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %0 = transform.structured.match ops{["imhsa.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    // expected-error @below {{the operation cannot have this schedule}}
    transform.imhsa.set_schedule %0 schedule(#imhsa.schedule<normalisers>) : !transform.any_op
    transform.yield
  }
}

// -----

func.func @f(%q: tensor<1x2x50x8xf32>) -> tensor<1x2x50x8xf32> {
  // expected-note @below {{this operation}}
  %0 = linalg.exp ins(%q : tensor<1x2x50x8xf32>) outs(%q : tensor<1x2x50x8xf32>) -> tensor<1x2x50x8xf32>
  return %0 : tensor<1x2x50x8xf32>
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %0 = transform.structured.match ops{["linalg.exp"]} in %root : (!transform.any_op) -> !transform.any_op
    // expected-error @below {{expected a function or a module, found linalg.exp}}
    %1 = transform.imhsa.fuse %0 : (!transform.any_op) -> !transform.any_op
    transform.yield
  }
}

// -----

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    // expected-error @below {{'landmarks' and 'exact' exclude each other}}
    transform.imhsa.match.attention %root landmarks exact : !transform.any_op
    transform.yield
  }
}
