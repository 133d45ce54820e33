//===- Report.h - what the emulator found and counted, as JSON ----*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_RUNTIME_EMULATOR_REPORT_H
#define IMHSA_RUNTIME_EMULATOR_REPORT_H

#include "runtime/emulator/Checker.h"
#include "llvm/Support/JSON.h"

namespace imhsa::emulator {

/// A launch as a JSON object. Names of kinds are those of `getName`.
///
///     {"kernel": "attention", "grid": [4, 2, 1], "block": [128, 1, 1], "shared_bytes": 49152,
///      "findings": [
///        {"kind": "race", "message": "write of 4 bytes at shared memory + 64 and a read, ...",
///         "count": 31, "instruction": "llvm.store %3, %5 : i32, !llvm.ptr<3>",
///         "location": "kernel.mlir:12:5", "block": [0, 0, 0], "thread": [3, 0, 0],
///         "other": {"instruction": ..., "location": ..., "block": ..., "thread": ...}}],
///      "counters": {
///        "instructions": {"load": 4096, "mma": 1024},
///        "bytes": {"global": {"read": 4096, "written": 0}, "shared": ..., "local": ...},
///        "buffers": [{"name": "%query", "bytes": 2048, "read": 4096, "written": 0,
///                     "sectors_read": 128, "sectors_written": 0}],
///        "shared_loads": {"instructions": 8, "wavefronts": 16, "conflicts": 8},
///        "shared_stores": ..., "ldmatrix": ..., "stmatrix": ...,
///        "global_loads": {"instructions": 8, "sectors": 32, "excess_sectors": 0},
///        "global_stores": ...,
///        "not_assembled": 0,
///        "costly_sites": [{"instruction": ..., "location": ..., "executions": 8, "passes": 16,
///                          "fewest": 8}]}}
///
/// `count` says how often the same was found; `other`, `instruction` and `location` are absent
/// where there is none. `instructions` are those of lanes, and kinds that did not occur are absent;
/// the other counters' are those of warps. `buffers` are those of global memory that were accessed,
/// by name: their size, the bytes that lanes read and wrote, and the sectors of 32 bytes that these
/// took. `costly_sites` are those that need more wavefronts or
/// sectors (`passes`) than the fewest possible, the worst first. `not_assembled` accesses are
/// missing in the counters of warps: their lanes were too far apart to be put together.
llvm::json::Object toJson(const LaunchReport &report);

/// Writes `{"launches": [...]}`, the launches in order.
void writeReport(llvm::raw_ostream &os, llvm::ArrayRef<LaunchReport> launches);

} // namespace imhsa::emulator

#endif // IMHSA_RUNTIME_EMULATOR_REPORT_H
