// Results are the same, bit for bit, for any number of threads, whoever says how many.
// DEFINE: %{entry} =
// DEFINE: %{shape} =
// DEFINE: %{run} = imhsa-run %s --entry=%{entry} --random-inputs=1 %{shape}
// DEFINE: %{same} = %{run} --threads=1 --output=%t.1.npy && %{run} --threads=2 --output=%t.2.npy && cmp %t.1.npy %t.2.npy && \
// DEFINE:   %{run} --threads=7 --output=%t.2.npy && cmp %t.1.npy %t.2.npy && \
// DEFINE:   env OMP_NUM_THREADS=3 %{run} --output=%t.2.npy && cmp %t.1.npy %t.2.npy && \
// DEFINE:   %{run} --threads=2 --second-sweep=recompute --output=%t.3.npy && %{run} --threads=5 --second-sweep=recompute --output=%t.2.npy && cmp %t.3.npy %t.2.npy && \
// DEFINE:   %{run} --threads=2 --second-sweep=store --output=%t.3.npy && %{run} --threads=5 --second-sweep=store --output=%t.2.npy && cmp %t.3.npy %t.2.npy

// Ranges of keys, of which the last is short; more batch elements than are together.
// REDEFINE: %{entry} = landmarks
// RUN: %{same}
// Blocks of queries; few keys; a general path.
// REDEFINE: %{shape} = --shape=2x3x301x16
// REDEFINE: %{entry} = exact
// RUN: %{same}
// REDEFINE: %{entry} = few
// RUN: %{same}
// REDEFINE: %{entry} = general
// RUN: %{same}

func.func @landmarks(%q: tensor<5x12x4099x16xf32>, %k: tensor<5x12x4099x16xf32>, %v: tensor<5x12x4099x16xf32>, %w: tensor<12x12xf32>) -> tensor<5x12x4099x16xf32> {
  %init = tensor.empty() : tensor<5x12x4099x16xf32>
  %0 = imhsa.attention ins(%q, %k, %v : tensor<5x12x4099x16xf32>, tensor<5x12x4099x16xf32>, tensor<5x12x4099x16xf32>)
         landmarks(#imhsa.pool<49>) key_less(pre = %w : tensor<12x12xf32>, post = %w : tensor<12x12xf32>)
         query_less(pre = %w : tensor<12x12xf32>, post = %w : tensor<12x12xf32>)
         outs(%init : tensor<5x12x4099x16xf32>) -> tensor<5x12x4099x16xf32>
  return %0 : tensor<5x12x4099x16xf32>
}

func.func @exact(%x: tensor<?x3x?x16xf32>, %w: tensor<3x3xf32>) -> tensor<?x3x?x16xf32> {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %b = tensor.dim %x, %c0 : tensor<?x3x?x16xf32>
  %n = tensor.dim %x, %c2 : tensor<?x3x?x16xf32>
  %init = tensor.empty(%b, %n) : tensor<?x3x?x16xf32>
  %0 = imhsa.attention ins(%x, %x, %x : tensor<?x3x?x16xf32>, tensor<?x3x?x16xf32>, tensor<?x3x?x16xf32>)
         interaction(post = %w : tensor<3x3xf32>) outs(%init : tensor<?x3x?x16xf32>) -> tensor<?x3x?x16xf32>
  return %0 : tensor<?x3x?x16xf32>
}

func.func @few(%x: tensor<?x3x?x16xf32>, %k: tensor<2x3x20x16xf32>) -> tensor<?x3x?x16xf32> {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %b = tensor.dim %x, %c0 : tensor<?x3x?x16xf32>
  %n = tensor.dim %x, %c2 : tensor<?x3x?x16xf32>
  %init = tensor.empty(%b, %n) : tensor<?x3x?x16xf32>
  %0 = imhsa.attention ins(%x, %k, %k : tensor<?x3x?x16xf32>, tensor<2x3x20x16xf32>, tensor<2x3x20x16xf32>)
         outs(%init : tensor<?x3x?x16xf32>) -> tensor<?x3x?x16xf32>
  return %0 : tensor<?x3x?x16xf32>
}

func.func @general(%x: tensor<?x3x?x16xf64>) -> tensor<?x3x?x16xf64> {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %b = tensor.dim %x, %c0 : tensor<?x3x?x16xf64>
  %n = tensor.dim %x, %c2 : tensor<?x3x?x16xf64>
  %init = tensor.empty(%b, %n) : tensor<?x3x?x16xf64>
  %0 = imhsa.attention ins(%x, %x, %x : tensor<?x3x?x16xf64>, tensor<?x3x?x16xf64>, tensor<?x3x?x16xf64>)
         outs(%init : tensor<?x3x?x16xf64>) -> tensor<?x3x?x16xf64>
  return %0 : tensor<?x3x?x16xf64>
}
