// What one attention costs, in all variants and orders; the formulas are in the
// description of the pass.
// RUN: imhsa-opt %s --imhsa-analyze=landmarks=7 -o /dev/null | FileCheck %s
// RUN: imhsa-opt %s --imhsa-analyze="landmarks=7 table= json=-" -o /dev/null | FileCheck %s --check-prefix=JSON

// Small sizes, all different, so that every digit shows: B 2, H 4, H' 2, G' 3, S 5
// and 7, G 6, N = M = 10, L 3, D 8, E 16; f16 but for the result.
//   linear: scores 2 4 3 (10 + 10) 8 = 3840
//           mixing of A_Q 2 10 3 (5 4 + 6 5) = 3000, of A_K 2 3 10 (7 4 + 6 7) = 4200
//           products 2 6 3 (10 + 10) 16 = 11520
//           paper's: products + 2 10 3 5 4 + 2 3 10 7 4 = 14400
//   quadratic: products 2 6 10 10 (3 + 16) = 22800
//   must move: 2 2 (10 4 8 + 10 2 8 + 10 3 16) + 4 2 10 6 16 = 11520
//   stored: landmarks of Q 4 2 4 3 8 = 768, of K 4 2 2 3 8 = 384; A_Q and A_K 4 2 6 10 3 = 1440
//           each; A_Q A_K 4 2 6 10 10 = 4800; context 4 2 6 3 16 = 2304; log-sum-exp 4 2 7 3 = 168
//   peak: quadratic A_Q + A_K + A_Q A_K = 7680
//         stored    context + landmarks of K + A_Q = 4128
//         streamed  landmarks of Q + log-sum-exp + context = 3240
// CHECK-LABEL: func @landmarks
// CHECK-NOT:   assumed
// CHECK:       imhsa.attention at [[#@LINE+39]]:8: d: landmarks, interaction
// CHECK-NEXT:    B 2 H 4 H' 2 G' 3 G 6 N 10 M 10 D 8 E 16 L 3
// CHECK:         variant order scores mixing products FLOPs 2NLh(d+h) must move stored moved peak
// CHECK:       {{^}} d: landmarks, interaction (A_Q A_K) V 3.84 k 7.20 k 22.8 k 67.7 k - 11.2 KiB 8.62 KiB 28.5 KiB 7.50 KiB
// CHECK-NEXT:  {{^}} d: landmarks, interaction A_Q (A_K V), stored 3.84 k 7.20 k 11.5 k 45.1 k 14.4 k 11.2 KiB 6.19 KiB 23.6 KiB 4.03 KiB
// CHECK-NEXT:  > d: landmarks, interaction A_Q (A_K V), streamed 3.84 k 7.20 k 11.5 k 45.1 k 14.4 k 11.2 KiB 3.54 KiB 18.3 KiB 3.16 KiB
// CHECK:         operation at result times scores mixing products FLOPs result bytes
// CHECK-NEXT:    imhsa.attention {{.*}} 2x6x10x16xf32 1 3.84 k 7.20 k 11.5 k 45.1 k 7.50 KiB
// CHECK-NEXT:    total 3.84 k 7.20 k 11.5 k 45.1 k 7.50 KiB
// JSON:      "order": "(A_Q A_K) V",
// JSON-NEXT: "paper_subtotal": null,
// JSON:      "order": "A_Q (A_K V), streamed",
// JSON-NEXT: "paper_subtotal": 7680,
// JSON:      "order": "A_Q (A_K V), stored",
// JSON:      "variant": "d: landmarks, interaction"
// JSON:      "flops": 45120,
// JSON-NEXT: "intermediates"
// JSON:      "bytes": 768,
// JSON-NEXT: "name": "query landmarks"
// JSON:      "bytes": 168,
// JSON-NEXT: "name": "log-sum-exp"
// JSON:      "bytes": 2304,
// JSON-NEXT: "name": "context"
// JSON:      "bytes": 384,
// JSON-NEXT: "name": "key landmarks"
// JSON:      "moved_bytes": 18768,
// JSON-NEXT: "multiply_adds"
// JSON-NEXT: "mixing": 7200,
// JSON-NEXT: "products": 11520,
// JSON-NEXT: "scores": 3840
// JSON:      "operand_bytes": 11520,
// JSON-NEXT: "order": "A_Q (A_K V), streamed",
// JSON-NEXT: "paper_subtotal": 14400,
// JSON-NEXT: "peak_bytes": 3240,
// JSON-NEXT: "stored_bytes": 3624,
// JSON-NEXT: "this": true,
// JSON-NEXT: "variant": "d: landmarks, interaction"
func.func @landmarks(%q: tensor<2x4x10x8xf16>, %k: tensor<2x2x10x8xf16>, %v: tensor<2x3x10x16xf16>, %w54: tensor<5x4xf32>,
                     %w65: tensor<6x5xf32>, %w74: tensor<7x4xf32>, %w67: tensor<6x7xf32>, %o: tensor<2x6x10x16xf32>) -> tensor<2x6x10x16xf32> {
  %0 = imhsa.attention ins(%q, %k, %v : tensor<2x4x10x8xf16>, tensor<2x2x10x8xf16>, tensor<2x3x10x16xf16>)
         landmarks(#imhsa.pool<3>)
         key_less(pre = %w54 : tensor<5x4xf32>, post = %w65 : tensor<6x5xf32>)
         query_less(pre = %w74 : tensor<7x4xf32>, post = %w67 : tensor<6x7xf32>)
         outs(%o : tensor<2x6x10x16xf32>) -> tensor<2x6x10x16xf32>
  return %0 : tensor<2x6x10x16xf32>
}

// Exact, with an interaction after the softmax only, grouped values, a bias that is
// as large as the scores, keep (one byte an element) and lse: B 1, H 4, H' 4, G' 3,
// S 4, G 6, N 10, M 30, D 8, E 16, f32.
//   scores 4 10 30 8 = 9600, mixing 10 30 6 4 = 7200, products 6 10 30 16 = 28800
//   must move: 4 (10 4 8 + 30 4 8 + 30 3 16 + 10 6 16) = 14720 of tokens
//              4 4 10 30 + 10 30 + 4 4 10 = 5260 of masks
//   stored 4 6 10 30 = 7200; streamed, log-sum-exp, 4 4 10 = 160
// With 7 landmarks, 4 4 7 8 = 896 bytes for each of Q and K, the same interaction twice:
//   scores 4 7 40 8 = 8960, mixing 7 40 6 4 = 6720, products 6 7 40 16 = 26880; no masks
//   stored 2 896 + log-sum-exp 4 4 7 + context 4 6 7 16 = 4592, peak 896 + 112 + 2688
//   paper's: products + mixing = 33600
// Without interaction 4 heads come out, and values have 4 heads, since 3 do not divide 4:
//   products 4 10 30 16 = 19200; 4 (10 4 8 + 30 4 8 + 30 4 16 + 10 4 16) + 5260 = 20620
// CHECK-LABEL: func @exact
// CHECK:       imhsa.attention at [[#@LINE+29]]:8: c: interaction
// CHECK-NEXT:    B 1 H 4 H' 4 G' 3 G 6 N 10 M 30 D 8 E 16{{$}}
// CHECK:         a: plain A V, streamed 9.60 k 0 19.2 k 57.6 k - 20.1 KiB 0 B 20.1 KiB 0 B
// CHECK:         c: interaction A V, A stored 9.60 k 7.20 k 28.8 k 91.2 k - 19.5 KiB 7.03 KiB 33.6 KiB 7.03 KiB
// CHECK-NEXT:  > c: interaction A V, streamed 9.60 k 7.20 k 28.8 k 91.2 k - 19.5 KiB 160 B 19.8 KiB 160 B
// CHECK:         d: landmarks, interaction A_Q (A_K V), streamed 8.96 k 6.72 k 26.9 k 85.1 k 33.6 k 14.4 KiB 4.48 KiB 23.3 KiB 3.61 KiB
// CHECK-LABEL:   operation at
// JSON:      "operand_bytes": 20620,
// JSON-NEXT: "order": "A V, A stored",
// JSON-NEXT: "paper_subtotal": null,
// JSON:      "operand_bytes": 19980,
// JSON-NEXT: "order": "A V, A stored",
// JSON:      "operand_bytes": 19980,
// JSON-NEXT: "order": "A V, streamed",
// JSON-NEXT: "paper_subtotal": null,
// JSON-NEXT: "peak_bytes": 160,
// JSON-NEXT: "stored_bytes": 160,
// JSON-NEXT: "this": true,
// JSON:      "operand_bytes": 14720,
// JSON-NEXT: "order": "(A_Q A_K) V",
// JSON:      "operand_bytes": 14720,
// JSON-NEXT: "order": "A_Q (A_K V), stored",
// JSON:      "operand_bytes": 14720,
// JSON-NEXT: "order": "A_Q (A_K V), streamed",
// JSON-NEXT: "paper_subtotal": 33600,
// JSON-NEXT: "peak_bytes": 3696,
func.func @exact(%q: tensor<1x4x10x8xf32>, %k: tensor<1x4x30x8xf32>, %v: tensor<1x3x30x16xf32>, %w: tensor<6x4xf32>,
                 %bias: tensor<1x4x10x30xf32>, %keep: tensor<1x10x30xi1>, %lse: tensor<1x4x10xf32>,
                 %o: tensor<1x6x10x16xf32>) -> tensor<1x6x10x16xf32> {
  %0 = imhsa.attention ins(%q, %k, %v : tensor<1x4x10x8xf32>, tensor<1x4x30x8xf32>, tensor<1x3x30x16xf32>)
         interaction(post = %w : tensor<6x4xf32>)
         bias(%bias : tensor<1x4x10x30xf32>) keep(%keep : tensor<1x10x30xi1>) lse(%lse : tensor<1x4x10xf32>)
         outs(%o : tensor<1x6x10x16xf32>) -> tensor<1x6x10x16xf32>
  return %0 : tensor<1x6x10x16xf32>
}

// Landmarks that are operands are read, not stored; `bnhd` changes nothing; f64
// intermediates have 8 bytes. B 2, H 2, N 12, M 20, L 5, D = E = 8.
//   scores 2 2 5 32 8 = 5120 = products
//   must move: 8 (2 2 12 8 + 2 2 20 8 + 2 2 20 8 + 2 2 12 8) = 16384 and 2 8 2 5 8 = 1280
//   stored: the context, 8 2 2 5 8 = 1280
// CHECK-LABEL: func @given
// CHECK:       imhsa.attention at [[#@LINE+7]]:8: b: landmarks
// CHECK-NEXT:    B 2 H 2 H' 2 G' 2 G 2 N 12 M 20 D 8 E 8 L 5
// CHECK:         a: plain A V, streamed 7.68 k 0 7.68 k 30.7 k - 16.0 KiB 0 B 16.0 KiB 0 B
// CHECK:       > b: landmarks A_Q (A_K V), streamed 5.12 k 0 5.12 k 20.5 k 5.12 k 17.2 KiB 1.25 KiB 19.8 KiB 1.25 KiB
// CHECK-LABEL:   operation at
func.func @given(%q: tensor<2x12x2x8xf64>, %k: tensor<2x2x20x8xf64>, %l: tensor<2x5x8xf64>, %o: tensor<2x2x12x8xf64>)
    -> tensor<2x2x12x8xf64> {
  %0 = imhsa.attention ins(%q, %k, %k : tensor<2x12x2x8xf64>, tensor<2x2x20x8xf64>, tensor<2x2x20x8xf64>)
         order(query = bnhd) landmarks(%l, %l : tensor<2x5x8xf64>, tensor<2x5x8xf64>)
         outs(%o : tensor<2x2x12x8xf64>) -> tensor<2x2x12x8xf64>
  return %0 : tensor<2x2x12x8xf64>
}
