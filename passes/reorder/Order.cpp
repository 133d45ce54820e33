//===- Order.cpp - the cheapest order of a product of tensors -------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/reorder/Order.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <cassert>
#include <vector>

using namespace llvm;
using namespace imhsa;

//===----------------------------------------------------------------------===//
// The cost of one product
//===----------------------------------------------------------------------===//

namespace {

// The product of some of the factors.
struct Part {
  BitSet factors, indices;
};

class CostModel {
public:
  explicit CostModel(const Einsum &einsum)
      : einsum(einsum), factorsOfIndex(einsum.sizes.size(), BitSet(einsum.factors.size())) {
    for (auto [number, factor] : enumerate(einsum.factors))
      for (unsigned index : factor.indices.set_bits())
        factorsOfIndex[index].set(number);
  }

  Part factor(unsigned number) const {
    Part part{BitSet(einsum.factors.size()), einsum.factors[number].indices};
    part.factors.set(number);
    return part;
  }

  // An index is summed as soon as neither the result nor a factor outside has it.
  Part product(const Part &lhs, const Part &rhs) const {
    Part part{lhs.factors, lhs.indices};
    part.factors |= rhs.factors;
    part.indices |= rhs.indices;
    for (unsigned index : part.indices.set_bits())
      if (!einsum.result.test(index) && !factorsOfIndex[index].test(part.factors))
        part.indices.reset(index);
    return part;
  }

  // What `part`, the product of `lhs` and `rhs`, adds to the cost.
  Cost costOf(const Part &lhs, const Part &rhs, const Part &part) const {
    BitSet loops = lhs.indices;
    loops |= rhs.indices;
    Cost cost{2 * volume(loops), storedWeights(lhs, rhs, part)};
    if (!part.factors.all())
      cost.bytes += einsum.elementBytes * volume(part.indices);
    return cost;
  }

private:
  double volume(const BitSet &indices) const {
    double product = 1;
    for (unsigned index : indices.set_bits())
      product *= einsum.sizes[index];
    return product;
  }

  // Weights [.., N, M] times a value [.., M, E], only M summed, is an attention.
  static bool isAttention(const WeightsFactor &weights, const BitSet &indices, const BitSet &value,
                          const BitSet &result) {
    BitSet summed = indices, width = value, missing = indices;
    summed |= value;
    summed.reset(result);
    width.reset(indices);
    missing.reset(value);
    if (weights.member)
      missing.reset(*weights.member);
    return summed.count() == 1 && summed.test(weights.key) && width.count() == 1 &&
           missing.count() == 1 && missing.test(weights.query);
  }

  // Bytes of the operands that are weights and not the left factor of an
  // attention. Where both could be, one of them still is the other's value.
  double storedWeights(const Part &lhs, const Part &rhs, const Part &part) const {
    auto [lhsBytes, lhsFused] = weightsBytes(lhs, rhs, part);
    auto [rhsBytes, rhsFused] = weightsBytes(rhs, lhs, part);
    if (lhsFused && rhsFused)
      return std::min(lhsBytes, rhsBytes);
    return (lhsFused ? 0 : lhsBytes) + (rhsFused ? 0 : rhsBytes);
  }

  // Bytes of `operand` if it is weights, and whether fusing them with `value` saves them.
  std::pair<double, bool> weightsBytes(const Part &operand, const Part &value,
                                       const Part &part) const {
    if (operand.factors.count() != 1)
      return {0, false};
    const auto &weights = einsum.factors[operand.factors.find_first()].weights;
    if (!weights)
      return {0, false};
    return {weights->elementBytes * volume(operand.indices),
            isAttention(*weights, operand.indices, value.indices, part.indices)};
  }

  const Einsum &einsum;
  SmallVector<BitSet> factorsOfIndex;
};

//===----------------------------------------------------------------------===//
// Dynamic programming
//===----------------------------------------------------------------------===//

// The best known way to a part of the product. Intervals of a chain and subsets
// differ only in which parts there are and how each can be split in two.
struct Entry {
  Part part;
  double cost = 0;
  const Entry *lhs = nullptr, *rhs = nullptr;
};

class Search {
public:
  Search(const Einsum &einsum, double byteWeight) : model(einsum), byteWeight(byteWeight) {}

  Entry factor(unsigned number) const { return {model.factor(number)}; }

  // Makes `entry` the product of `lhs` and `rhs` if nothing cheaper is known.
  void consider(Entry &entry, const Entry &lhs, const Entry &rhs) const {
    if (!entry.lhs)
      entry.part = model.product(lhs.part, rhs.part);
    double cost =
        lhs.cost + rhs.cost + model.costOf(lhs.part, rhs.part, entry.part).weighted(byteWeight);
    if (entry.lhs && !(cost < entry.cost))
      return;
    entry.cost = cost;
    entry.lhs = &lhs;
    entry.rhs = &rhs;
  }

private:
  CostModel model;
  double byteWeight;
};

} // namespace

// Appends the products of `entry` to `order`; returns its number.
static unsigned appendTo(Order &order, const Entry &entry, unsigned numFactors) {
  if (!entry.lhs)
    return entry.part.factors.find_first();
  // As it was written: the operand with the first factor stands on the left.
  bool swap = entry.lhs->part.factors.find_first() > entry.rhs->part.factors.find_first();
  unsigned lhs = appendTo(order, swap ? *entry.rhs : *entry.lhs, numFactors);
  unsigned rhs = appendTo(order, swap ? *entry.lhs : *entry.rhs, numFactors);
  order.emplace_back(lhs, rhs);
  return numFactors + order.size() - 1;
}

static Order orderOf(const Entry &entry, unsigned numFactors) {
  Order order;
  appendTo(order, entry, numFactors);
  return order;
}

// The factors of a chain of matrices from one end to the other: but for indices
// that all factors have, each index ties two neighbours or is an open end of the
// chain that the result has. In such a product nothing beats the orders in which
// only neighbours are multiplied. Empty if this is not a chain.
static SmallVector<unsigned> findChain(const Einsum &einsum) {
  unsigned count = einsum.factors.size();
  SmallVector<SmallVector<unsigned, 2>> neighbours(count);
  SmallVector<unsigned> open(count, 0);
  for (unsigned index = 0; index < einsum.sizes.size(); ++index) {
    SmallVector<unsigned> having;
    for (auto [number, factor] : enumerate(einsum.factors))
      if (factor.indices.test(index))
        having.push_back(number);
    if (having.size() == count)
      continue;
    if (having.size() > 2 || (having.size() == 2) == einsum.result.test(index))
      return {};
    if (having.size() == 1) {
      ++open[having.front()];
      continue;
    }
    for (auto [number, other] : {std::pair(having[0], having[1]), std::pair(having[1], having[0])})
      if (!is_contained(neighbours[number], other))
        neighbours[number].push_back(other);
  }

  SmallVector<unsigned> chain;
  for (unsigned number = 0; number < count && chain.empty(); ++number)
    if (neighbours[number].size() == 1)
      chain.push_back(number);
  while (!chain.empty() && chain.size() < count) {
    unsigned last = chain.back();
    bool isEnd = chain.size() == 1;
    if (neighbours[last].size() != (isEnd ? 1 : 2) || (!isEnd && open[last]))
      return {};
    unsigned next = neighbours[last].front();
    if (!isEnd && next == chain[chain.size() - 2])
      next = neighbours[last].back();
    chain.push_back(next);
  }
  return chain;
}

static Order findOrderOfChain(const Einsum &einsum, ArrayRef<unsigned> chain, double byteWeight) {
  unsigned count = chain.size();
  Search search(einsum, byteWeight);
  std::vector<Entry> table(count * count); // [first, last] at first * count + last
  auto at = [&](unsigned first, unsigned last) -> Entry & { return table[first * count + last]; };
  for (unsigned first = count; first-- > 0;) {
    at(first, first) = search.factor(chain[first]);
    for (unsigned last = first + 1; last < count; ++last)
      for (unsigned middle = first; middle < last; ++middle)
        search.consider(at(first, last), at(first, middle), at(middle + 1, last));
  }
  return orderOf(at(0, count - 1), count);
}

static Order findOrderOfSubsets(const Einsum &einsum, double byteWeight) {
  unsigned count = einsum.factors.size();
  Search search(einsum, byteWeight);
  std::vector<Entry> table(1u << count); // one bit for each factor
  for (unsigned set = 1; set < table.size(); ++set) {
    unsigned lowest = set & -set;
    if (set == lowest)
      table[set] = search.factor(countr_zero(set));
    for (unsigned left = (set - 1) & set; left; left = (left - 1) & set)
      if (left & lowest)
        search.consider(table[set], table[left], table[set ^ left]);
  }
  return orderOf(table.back(), count);
}

//===----------------------------------------------------------------------===//
// Entry points
//===----------------------------------------------------------------------===//

Cost imhsa::costOf(const Einsum &einsum, const Order &order) {
  CostModel model(einsum);
  SmallVector<Part> parts;
  for (unsigned number = 0; number < einsum.factors.size(); ++number)
    parts.push_back(model.factor(number));
  Cost total;
  for (auto [lhs, rhs] : order) {
    Part part = model.product(parts[lhs], parts[rhs]);
    Cost cost = model.costOf(parts[lhs], parts[rhs], part);
    total.flops += cost.flops;
    total.bytes += cost.bytes;
    parts.push_back(part);
  }
  return total;
}

std::optional<Order> imhsa::findOrder(const Einsum &einsum, double byteWeight) {
  unsigned count = einsum.factors.size();
  assert(count >= 2 && "a product has two factors");
  if (count <= kMaxChainFactors)
    if (SmallVector<unsigned> chain = findChain(einsum); !chain.empty())
      return findOrderOfChain(einsum, chain, byteWeight);
  if (count <= kMaxFactors)
    return findOrderOfSubsets(einsum, byteWeight);
  return std::nullopt;
}

std::string imhsa::toString(const Order &order) {
  unsigned numFactors = order.size() + 1;
  SmallVector<std::string> names;
  for (unsigned number = 0; number < numFactors; ++number)
    names.push_back(std::to_string(number));
  for (auto [lhs, rhs] : order)
    names.push_back("(" + names[lhs] + " " + names[rhs] + ")");
  return names.back();
}
