//===- ParallelFor.h - the parallel loop of compiled code -----*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// The one runtime call that code compiled for the CPU makes. A small pool of
// threads of its own, so that an artifact can be loaded into any process, with or
// without an OpenMP runtime. imhsa.h says how many threads there are.

#ifndef IMHSA_RUNTIME_PARALLELFOR_H
#define IMHSA_RUNTIME_PARALLELFOR_H

#include "runtime/imhsa.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Calls `body(index, context)` once for each index in [0, count), in any order,
/// and returns when all calls have returned. Does nothing if `count` is not
/// positive.
///
/// The calls are spread over the caller and the threads of the pool; each takes
/// the next index when it is free. They are all made by the caller, in order, if
/// there is one index only, if the pool has one thread, if the caller is itself
/// inside such a body, or if another thread is using the pool at the moment.
///
/// `body` must not throw and must not end the thread. May be called from several
/// threads at once, and in a process made by `fork`, which starts a pool of its own.
/// The threads block all signals. They wait, without ever ending, for more work: a
/// shared library that contains this file must not be unloaded (link it with
/// `-z nodelete`).
void imhsa_parallel_for(int64_t count, void (*body)(int64_t index, void *context), void *context);

#ifdef __cplusplus
}
#endif

#endif // IMHSA_RUNTIME_PARALLELFOR_H
