//===- definition.cpp - landmark attention by its definition --------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "embed.h"
#include <algorithm>
#include <cmath>

namespace {
/// [kHeads, rows, columns] of one batch element.
struct Heads {
  int64_t rows, columns;
  std::vector<double> data;

  Heads(int64_t rows, int64_t columns)
      : rows(rows), columns(columns), data(kHeads * rows * columns) {}
  double &at(int64_t head, int64_t row, int64_t column) {
    return data[(head * rows + row) * columns + column];
  }
  double at(int64_t head, int64_t row, int64_t column) const {
    return const_cast<Heads *>(this)->at(head, row, column);
  }
};
} // namespace

static Heads take(const std::vector<float> &tensor, int64_t batch, int64_t tokens) {
  Heads heads(tokens, kSize);
  std::copy_n(tensor.begin() + batch * heads.data.size(), heads.data.size(), heads.data.begin());
  return heads;
}

// Landmark l is the mean of the tokens from floor(l N / L) up to ceil((l + 1) N / L).
static Heads pool(const Heads &tokens) {
  Heads landmarks(kLandmarks, kSize);
  for (int64_t l = 0; l < kLandmarks; ++l) {
    int64_t begin = l * tokens.rows / kLandmarks;
    int64_t end = ((l + 1) * tokens.rows + kLandmarks - 1) / kLandmarks;
    for (int64_t h = 0; h < kHeads; ++h)
      for (int64_t n = begin; n < end; ++n)
        for (int64_t d = 0; d < kSize; ++d)
          landmarks.at(h, l, d) += tokens.at(h, n, d) / (end - begin);
  }
  return landmarks;
}

// mixed[s] = sum over h of weights[s,h] heads[h]
static Heads mix(const std::vector<float> &weights, const Heads &heads) {
  Heads mixed(heads.rows, heads.columns);
  for (int64_t s = 0; s < kHeads; ++s)
    for (int64_t h = 0; h < kHeads; ++h)
      for (int64_t i = 0, e = heads.rows * heads.columns; i < e; ++i)
        mixed.data[s * e + i] += weights[s * kHeads + h] * heads.data[h * e + i];
  return mixed;
}

// post (softmax (pre (Q K' / sqrt(size)))) V
static Heads attend(const Heads &query, const Heads &key, const Heads &value,
                    const Inputs &inputs) {
  Heads scores(query.rows, key.rows);
  for (int64_t h = 0; h < kHeads; ++h)
    for (int64_t n = 0; n < query.rows; ++n)
      for (int64_t m = 0; m < key.rows; ++m)
        for (int64_t d = 0; d < kSize; ++d)
          scores.at(h, n, m) += query.at(h, n, d) * key.at(h, m, d) / std::sqrt(double(kSize));
  scores = mix(inputs.pre, scores);
  for (auto row = scores.data.begin(); row != scores.data.end(); row += key.rows) {
    double largest = *std::max_element(row, row + key.rows), sum = 0;
    for (auto score = row; score != row + key.rows; ++score)
      sum += *score = std::exp(*score - largest);
    for (auto score = row; score != row + key.rows; ++score)
      *score /= sum;
  }
  scores = mix(inputs.post, scores);
  Heads output(query.rows, kSize);
  for (int64_t h = 0; h < kHeads; ++h)
    for (int64_t n = 0; n < query.rows; ++n)
      for (int64_t m = 0; m < key.rows; ++m)
        for (int64_t d = 0; d < kSize; ++d)
          output.at(h, n, d) += scores.at(h, n, m) * value.at(h, m, d);
  return output;
}

std::vector<double> defineAttention(const Inputs &inputs) {
  std::vector<double> output;
  for (int64_t batch = 0; batch < kBatch; ++batch) {
    Heads query = take(inputs.query, batch, inputs.tokens);
    Heads key = take(inputs.key, batch, inputs.tokens);
    Heads value = take(inputs.value, batch, inputs.tokens);
    Heads context = attend(pool(query), key, value, inputs);
    Heads result = attend(query, pool(key), context, inputs);
    output.insert(output.end(), result.data.begin(), result.data.end());
  }
  return output;
}
