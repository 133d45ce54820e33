//===- CostModel.cpp - which schedule is the fastest ----------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/schedule/CostModel.h"
#include <algorithm>
#include <cmath>

using namespace imhsa;

namespace {
/// What a multiprocessor does in a cycle: an A100's, since only ratios matter here, and what most
/// others have more of.
struct Rates {
  explicit Rates(const ChipResources &chip) {
    if (getCapability(chip.name) > 80)
      products = 128;
  }

  double tensorProducts = 1024; ///< multiply-adds of matrix instructions on 16 bits
  double products = 64;         ///< other multiply-adds
  double exponentials = 16;
  double sharedBytes = 128;
  double bytes = 16;       ///< of tokens, from memory
  double cachedBytes = 48; ///< of what many blocks read, from the second-level cache
  double registers = 65536;
  double threads = 2048;
};
} // namespace

// Cycles in which a block waits at its barriers and for its copies, for each tile: with one stage
// also for the whole way from the second-level cache.
static constexpr double kTileLatency = 400, kCopyLatency = 900;

// Of a multiprocessor; and the share of cycles in which a warp of `read_out` can issue.
static constexpr double kSchedulers = 4, kIssueOfWarp = 2.0 / 3;

double imhsa::estimateCycles(const KernelShape &shape, KernelKind kind, const ScheduleSizes &sizes,
                             const BlockResources &block, const ChipResources &chip) {
  Rates rates(chip);
  bool isReadOut = kind == KernelKind::ReadOut;
  double groups = 1, columnGroups = 1;
  if (sizes.heads)
    groups = shape.valueSize ? shape.resultHeads / sizes.heads : shape.scoreHeads / sizes.heads;
  if (sizes.columns)
    columnGroups = std::ceil(shape.valueSize / sizes.columns);
  // Without mixing, a block of some heads needs the scores of these alone.
  double again = columnGroups * (shape.mixesBefore || shape.mixesAfter ? groups : 1);

  double queryTiles = std::ceil(shape.queries / sizes.queries);
  double keyTile = isReadOut ? std::max(1.0, shape.keys) : sizes.keys;
  double keyTiles = std::ceil(std::max(1.0, shape.keys) / keyTile);
  double paddedScores = queryTiles * sizes.queries * keyTiles * keyTile * shape.batch;

  // Work, with what padding and an uneven deal of units to warps waste.
  double units = sizes.queries / 16 * std::ceil(keyTile / 8);
  double uneven = std::ceil(units / sizes.warps) * sizes.warps / units;
  double perScore = shape.queryHeads * shape.headSize * again;
  double perWeight = shape.resultHeads * shape.valueSize;
  // Scaling, masks, maxima, rounding and addresses cost about 8 instructions for a score.
  double blocksOfTile = groups * columnGroups;
  double plain = (block.mixing.floats * blocksOfTile + 8 * shape.scoreHeads * again) * uneven;
  double tensor = block.mixing.matrix * blocksOfTile * uneven;
  if (shape.exactFloats)
    plain += perScore * uneven + perWeight;
  else
    tensor += (perScore * uneven + perWeight) * (shape.elementBytes / 2);
  double work = paddedScores * std::max({tensor / rates.tensorProducts, plain / rates.products,
                                         shape.scoreHeads * again / rates.exponentials});
  double shared = shape.batch * queryTiles * keyTiles * groups * columnGroups * block.tileTraffic;

  // Queries stay in a block, or keys and values (`read_out`), and the others come by.
  double splits = std::max<double>(1, sizes.splits);
  double keyBytes = shape.keys * shape.elementBytes *
                    (shape.keyHeads * shape.headSize * again + shape.valueHeads * shape.valueSize);
  double queryBytes =
      shape.queries * shape.elementBytes * shape.queryHeads * shape.headSize * again;
  double resultBytes = shape.queries * shape.elementBytes * shape.resultHeads * shape.valueSize;
  double transfer =
      shape.batch / rates.bytes * (resultBytes + (isReadOut ? queryBytes : queryTiles * keyBytes));

  // Blocks that share a multiprocessor wait in turns: as many as there is room for, and blocks.
  double blocks = shape.batch * groups * columnGroups *
                  (isReadOut ? std::ceil(shape.queries / 16) : queryTiles * splits);
  double resident = std::min(
      {std::max(1.0, std::floor(chip.sharedBytes / std::max(1.0, double(block.sharedBytes())))),
       std::max(1.0, std::floor(rates.registers / (double(block.registers) * block.threads))),
       std::floor(rates.threads / block.threads), std::ceil(blocks / chip.multiprocessors)});
  // `read_out` fetches its next queries while it works on what follows the scores.
  double latency = kTileLatency + (sizes.stages > 1 || isReadOut ? 0 : kCopyLatency);
  double waiting = queryTiles * keyTiles / resident;
  // What stays is copied before anything else.
  double copies = shape.batch * queryTiles * splits, copied = shape.batch * splits * queryBytes;
  // Ranges are of whole tiles: some have one more.
  double turns = std::ceil(keyTiles / splits) * splits / keyTiles;
  double places = chip.multiprocessors * resident;
  if (isReadOut) {
    // There are as many blocks as fit, and teams of their warps go through tiles of 16 queries each
    // by itself, a team of one warp without barriers.
    double tiles = shape.batch * std::ceil(shape.queries / 16), share = std::ceil(tiles / places);
    double teams = sizes.queries / 16.0, busy = std::min(teams, share);
    waiting = std::ceil(shape.queries / 16) / (resident * busy);
    if (sizes.warps == teams)
      latency -= kTileLatency / 2;
    // Each has its share of the tiles from the start: the scheduler with the most warps is the
    // last.
    double perScheduler = resident * busy * (sizes.warps / teams) / kSchedulers;
    double most = std::ceil(perScheduler);
    work *= most / perScheduler / std::min(1.0, most * kIssueOfWarp);
    blocks = std::ceil(tiles / share) * groups * columnGroups;
    turns = std::ceil(share / busy) * busy / share;
    // Each block copies keys and values for every batch element that its share is of.
    copies = std::ceil(tiles / share) + shape.batch - 1, copied = copies * keyBytes;
  }
  double copying =
      copied / rates.cachedBytes + copies * groups * columnGroups * kCopyLatency / resident;
  double waits = shape.batch * waiting * groups * columnGroups * latency;

  // Blocks come in waves; the last one may be nearly empty.
  double waves = std::ceil(blocks / places) * places / blocks * turns;
  return (std::max({work, shared / rates.sharedBytes, transfer}) + waits + copying) * waves /
         chip.multiprocessors;
}

double imhsa::combineCycles(const KernelShape &shape, const ScheduleSizes &sizes,
                            const ChipResources &chip, bool overlaps) {
  if (sizes.splits <= 1)
    return 0;
  double row = shape.valueSize ? shape.resultHeads * shape.valueSize : shape.scoreHeads;
  // Partial results, of f32, are written and read.
  double bytes = 2 * 4 * sizes.splits * shape.batch * shape.queries * row;
  return launchCycles(overlaps) + kLoadCycles + bytes / Rates(chip).bytes / chip.multiprocessors;
}
