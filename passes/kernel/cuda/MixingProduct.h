//===- MixingProduct.h - heads mixed by matrix instructions ----*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// Mixing is a product of weights [G][S] and what is mixed, [S][positions]. A lane has all heads of
// its positions, while an operand wants heads spread over lanes. So the unmixed lie in shared
// memory, tiles [rows][keys] of 16 bits for each head, and 8 keys of a row are a right operand
// [S][8], loaded with a transposition. The sums [G][8] have in lane 4 g + t heads g and g + 8 of
// keys 2t and 2t + 1: rounded, they lie where the unmixed were.

#ifndef IMHSA_PASSES_KERNEL_CUDA_MIXINGPRODUCT_H
#define IMHSA_PASSES_KERNEL_CUDA_MIXINGPRODUCT_H

#include "passes/kernel/cuda/AttentionTile.h"

namespace imhsa {

/// The weights of mixing [G][S] as left operands in shared memory, padded with zeros to multiples
/// of 16, in two parts of 16 bits: what is lost when the first is rounded is in the second.
/// In f16 a weight beyond 65504 is infinite.
struct MixingOperand {
  Pointer base;
  int64_t results, heads; ///< G, S

  TileShape shape() const {
    TileShape shape;
    shape.rows = llvm::alignTo(results, 16), shape.columns = llvm::alignTo(heads, 16);
    return shape;
  }
  static int64_t bytes(int64_t results, int64_t heads) {
    return 2 * MixingOperand{{}, results, heads}.shape().bytes();
  }
  Pointer part(unsigned i) const { return base.at(i * shape().bytes()); }
};

/// Fills the operand: element (i, j) is `source` at `(firstRow + i, firstColumn + j)`. All threads.
void loadMixing(KernelBuilder &k, MixingOperand target, mlir::Type type, Tensor source,
                Int firstRow, Int firstColumn);

/// Mixes heads in place.
class MixingProduct {
public:
  /// `type` is f16 or bf16. `tiles` are as many as there are heads before or after, and lie
  /// `kApart` bytes apart.
  MixingProduct(KernelBuilder &k, mlir::Type type, MixingOperand weights, SharedTiles tiles)
      : k(k), type(type), weights(weights), tiles(tiles) {}

  /// Bytes between two tiles: so 8 heads at one place, what is read and written at a time, are in
  /// all banks.
  static constexpr int64_t kApart = 16;

  /// Whether it takes less time than multiply-adds do: from 12 heads on.
  static bool pays(mlir::Type type, int64_t results, int64_t heads) {
    return (type.isF16() || type.isBF16()) && results * heads >= 128;
  }
  /// Multiply-adds for a position.
  static int64_t multiplyAdds(int64_t results, int64_t heads) {
    return 2 * llvm::alignTo(results, 16) * llvm::alignTo(heads, 8);
  }
  /// Bytes through shared memory for a position, both ways, without those of results.
  static int64_t traffic(int64_t heads) { return 2 * heads + 2 * llvm::alignTo(heads, 8); }
  /// Registers of a thread.
  static int64_t registers(int64_t results, int64_t heads);

  /// For the positions of a unit, which this warp has stored. Where there is a `bias`, f32 [G] in
  /// shared memory, it is added to positions of which `isKept` holds; the others become 0.
  void mix(const ScoreUnit &unit, int64_t unitKeys, std::optional<Pointer> bias,
           llvm::function_ref<Bool(Int row, Int column)> isKept) const;

private:
  KernelBuilder &k;
  mlir::Type type;
  MixingOperand weights;
  SharedTiles tiles;
};

} // namespace imhsa

#endif // IMHSA_PASSES_KERNEL_CUDA_MIXINGPRODUCT_H
