//===- AttentionTile.h - the steps of an attention on a tile --*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// What the kernels for few and for many keys have in common. Both hold the scores of a tile of
// tokens in one scratch buffer, all heads of a token in one row: one side of the scores (queries
// or keys) is the tile's tokens, the other, the columns, has one vector lane each.

#ifndef IMHSA_PASSES_KERNEL_CPU_ATTENTIONTILE_H
#define IMHSA_PASSES_KERNEL_CPU_ATTENTIONTILE_H

#include "dialect/Imhsa.h"
#include "passes/kernel/cpu/TileBuilder.h"

namespace imhsa::cpu {

/// A token tensor [B,heads,tokens,width] in either order of dimensions.
struct Tokens {
  mlir::Value memref;
  TokenDims dims;

  int64_t heads() const { return dimSize(memref, dims.head); }
  int64_t width() const { return dimSize(memref, 3); }
  mlir::Value tokens(TileBuilder &t) const { return t.dim(memref, dims.token); }
  /// What is read after `count` tokens from `first` on of one head: those of the next head, or of
  /// the first one the tokens after them.
  mlir::Value rowsAfter(TileBuilder &t, mlir::Value batch, mlir::Value head, mlir::Value first,
                        mlir::Value count) const;
  /// `count` tokens from `first` on of one head: [count, width].
  mlir::Value rows(TileBuilder &t, mlir::Value batch, mlir::Value head, mlir::Value first,
                   mlir::Value count) const;
};

/// The columns of a row of scores, vectors of one head after those of another. One column more than
/// whole vectors, such as the last of 7 x 7 landmarks, would need a vector of which all other lanes
/// are empty: that of all heads then is the tail, behind the others, with a lane for each head.
struct ScoreColumns {
  int64_t inHead; ///< a whole number of vectors
  int64_t heads;  ///< the most that a row has
  bool hasTail;

  /// Where a row has (head, column), or the tail of a head for a null column.
  mlir::Value at(TileBuilder &t, mlir::Value head, mlir::Value column) const {
    return column ? t.add(t.mul(head, inHead), column) : t.add(head, heads * inHead);
  }
  int64_t tailSize() const { return hasTail ? padToVectors(heads) : 0; }
};

/// The scores of a tile of tokens against the columns.
struct ScoreTile {
  mlir::Value memref; ///< [tokens, row size]
  mlir::Value spare;  ///< [row size], where heads cannot be mixed in place; or null
  ScoreColumns columns;

  mlir::Value at(TileBuilder &t, mlir::Value head, mlir::Value column) const {
    return columns.at(t, head, column);
  }
  mlir::Value load(TileBuilder &t, mlir::Value token, mlir::Value head, mlir::Value column,
                   int64_t width) const {
    return t.load(memref, {token, at(t, head, column)}, width);
  }
  void store(TileBuilder &t, mlir::Value token, mlir::Value head, mlir::Value column,
             mlir::Value vector) const {
    t.store(vector, memref, {token, at(t, head, column)});
  }
};

/// An exact attention, or its log-sum-exp alone, on memrefs, whose head counts and widths are
/// static.
class AttentionTile {
public:
  AttentionTile(TileBuilder &t, AttentionOp op);
  /// The tile has no values and no result but the log-sum-exp.
  AttentionTile(TileBuilder &t, LogSumExpOp op);

  /// The columns for `count` tokens; a tail only where nothing but mixing tells them apart.
  static ScoreColumns columnsFor(const Scores &scores, int64_t count, bool mayHaveTail);
  /// Memory of one row of a `ScoreTile` in elements, such that rows do not meet in the cache.
  static int64_t rowSize(const ScoreColumns &columns);
  /// Tokens of a tile, at least one: about `wanted`, of the `count` that there are, such that the
  /// tile has at most so many bytes.
  static int64_t tokensInTile(const ScoreColumns &columns, int64_t bytes, int64_t count,
                              int64_t wanted);
  /// Whether the scores of one token against `count` ones fit on the stack.
  static bool fitsOnStack(const Scores &scores, int64_t count);

  /// Packed tokens: [width, >= columns], rows of other than a power of two, and where the
  /// columns have a tail the token of the tail [width].
  struct Packed {
    mlir::Value columns, tail;

    Packed of(TileBuilder &t, llvm::ArrayRef<mlir::Value> leading) const {
      return {t.inner(columns, leading), tail ? t.inner(tail, leading) : tail};
    }
  };
  static int64_t packedStride(const ScoreColumns &columns) {
    return columns.inHead % 32 ? columns.inHead : columns.inHead + 16;
  }

  ScoreTile makeTile(int64_t tokens, const ScoreColumns &columns);

  /// `count` tokens of `side` from `first` on, scaled, with one lane for each token, and zeros
  /// behind the last.
  void pack(const Tokens &side, mlir::Value batch, mlir::Value head, mlir::Value first,
            mlir::Value count, double scale, const Packed &packed, const ScoreColumns &columns);

  /// Before anything is computed in a parallel iteration: what mixing tails needs, from now on.
  void prepareTails(const ScoreColumns &columns);
  /// Sets the tails of `count` tokens to zeros where mixing does not set all of their lanes.
  void clearTails(const ScoreTile &tile, mlir::Value count);
  /// The scores of one head: tile[i, head] = rows[i] * packed, for the first `count`
  /// of `rows` [tokens, width] in f32. `beforeRow` as for a product.
  void multiply(const ScoreTile &tile, mlir::Value rows, mlir::Value count, const Packed &packed,
                mlir::Value head, TileBuilder::Body beforeRow);

  /// Mixes the heads of one token before and after the softmax: `in` gives what is mixed, and
  /// may read the tile where `out` writes it. For a null column `in` gives the tail of a head, of
  /// width 0, and `out` takes those of all heads from `head` on.
  using In = llvm::function_ref<mlir::Value(mlir::Value head, mlir::Value column, int64_t width)>;
  using Out = llvm::function_ref<void(mlir::Value head, mlir::Value column, mlir::Value vector)>;
  void mixBefore(const ScoreTile &tile, In in, Out out);
  void mixAfter(const ScoreTile &tile, In in, Out out);

  /// The log-sum-exp of a row of score head `head` from its maximum and sum.
  mlir::Value logSumExp(mlir::Value head, mlir::Value maximum, mlir::Value sum);
  /// What is subtracted from the scores of a row of head `head`, where its log-sum-exp
  /// is given. One of -inf counts as 0.
  mlir::Value reference(mlir::Value head, mlir::Value logSumExp);
  /// e^(logit - reference) where the reference is a log-sum-exp that was given: any number.
  mlir::Value powerOf(mlir::Value logit, mlir::Value reference);

  /// The value head of a result head, and the key head of a query head.
  mlir::Value valueHead(mlir::Value head) { return t.floorDiv(head, resultHeads / value.heads()); }
  mlir::Value keyHead(mlir::Value head) { return t.floorDiv(head, queryHeads / key.heads()); }
  /// The keys of a batch element.
  mlir::Value keysOf(mlir::Value batch);
  /// The scale of the logits. They stay in natural units: where they are large, multiples of
  /// log2(e) would be rounded before the maximum is subtracted.
  double scale() const;

  const Scores scores;
  const Tokens query, key, value, output;
  const mlir::Value lseInit; ///< Where the log-sum-exp [B,S,N] is wanted; or null.
  const int64_t queryHeads, scoreHeads, resultHeads;

private:
  void mix(mlir::Value weight, mlir::Value bias, mlir::Value forTail, int64_t heads,
           int64_t inHeads, const ScoreTile &tile, In in, Out out);
  mlir::Value weightsForTail(mlir::Value weight, mlir::Value bias);

  TileBuilder &t;
  /// The weights of mixing before and after the softmax as tails need them: a row of each head that
  /// is mixed, then the bias [heads + 1, tail size].
  mlir::Value preForTail, postForTail;
};

} // namespace imhsa::cpu

#endif // IMHSA_PASSES_KERNEL_CPU_ATTENTIONTILE_H
