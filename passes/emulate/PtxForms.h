//===- PtxForms.h - the inline PTX that the emulator knows -----*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_EMULATE_PTXFORMS_H
#define IMHSA_PASSES_EMULATE_PTXFORMS_H

#include "llvm/ADT/StringRef.h"

namespace imhsa::ptx {

/// An instruction of PTX as it is written, and the machine's with its operands.
struct Form {
  llvm::StringLiteral opcode;
  /// One letter for each operand in PTX's order: d, the result, as 32 bits; D, as 64; f, as f32; p,
  /// a predicate that is the result; 0, 1, ..., the operand of the machine with that number, of 32
  /// bits; r, operand 1 of 64 bits; A, B, C, an address that is operand 0, 1, 2; n, an operand that
  /// the machine has no use for.
  llvm::StringLiteral operands;
  llvm::StringLiteral instruction;
};

inline constexpr Form kForms[] = {
    {"bar.sync", "0", "barrier.cta.sync.aligned.all"},
    {"bar.sync", "01", "barrier.cta.sync.aligned.count"},
    {"barrier.sync", "0", "barrier.cta.sync.all"},
    {"barrier.sync", "01", "barrier.cta.sync.count"},
    {"barrier.sync.aligned", "0", "barrier.cta.sync.aligned.all"},
    {"barrier.sync.aligned", "01", "barrier.cta.sync.aligned.count"},
    {"barrier.cta.sync", "0", "barrier.cta.sync.all"},
    {"barrier.cta.sync", "01", "barrier.cta.sync.count"},
    {"barrier.cta.sync.aligned", "0", "barrier.cta.sync.aligned.all"},
    {"barrier.cta.sync.aligned", "01", "barrier.cta.sync.aligned.count"},
    {"bar.arrive", "01", "barrier.cta.arrive.aligned.count"},
    {"barrier.arrive", "01", "barrier.cta.arrive.count"},
    {"barrier.cta.arrive", "01", "barrier.cta.arrive.count"},
    {"barrier.cta.arrive.aligned", "01", "barrier.cta.arrive.aligned.count"},
    {"bar.warp.sync", "0", "bar.warp.sync"},

    {"mbarrier.init.b64", "A1", "mbarrier.init"},
    {"mbarrier.inval.b64", "A", "mbarrier.inval"},
    {"mbarrier.arrive.b64", "DA", "mbarrier.arrive"},
    {"mbarrier.arrive.b64", "DA1", "mbarrier.arrive.scope.cta.space.cta"},
    {"mbarrier.arrive.noComplete.b64", "DA1", "mbarrier.arrive.noComplete"},
    {"mbarrier.arrive_drop.b64", "DA", "mbarrier.arrive.drop"},
    {"mbarrier.arrive.expect_tx.b64", "DA1", "mbarrier.arrive.expect.tx.scope.cta.space.cta"},
    {"mbarrier.expect_tx.b64", "A1", "mbarrier.expect.tx.scope.cta.space.cta"},
    {"mbarrier.test_wait.b64", "pAr", "mbarrier.test.wait"},
    {"mbarrier.test_wait.parity.b64", "pA1", "mbarrier.test.wait.parity.scope.cta.space.cta"},
    {"mbarrier.try_wait.b64", "pAr", "mbarrier.try.wait.scope.cta.space.cta"},
    {"mbarrier.try_wait.b64", "pArn", "mbarrier.try.wait.scope.cta.space.cta"},
    {"mbarrier.try_wait.parity.b64", "pA1", "mbarrier.try.wait.parity.scope.cta.space.cta"},
    {"mbarrier.try_wait.parity.b64", "pA1n", "mbarrier.try.wait.parity.scope.cta.space.cta"},

    {"cp.async.ca.shared.global.4", "AB", "cp.async.ca.shared.global.4"},
    {"cp.async.ca.shared.global.4", "AB2", "cp.async.ca.shared.global.4.s"},
    {"cp.async.ca.shared.global.8", "AB", "cp.async.ca.shared.global.8"},
    {"cp.async.ca.shared.global.8", "AB2", "cp.async.ca.shared.global.8.s"},
    {"cp.async.ca.shared.global.16", "AB", "cp.async.ca.shared.global.16"},
    {"cp.async.ca.shared.global.16", "AB2", "cp.async.ca.shared.global.16.s"},
    {"cp.async.cg.shared.global.16", "AB", "cp.async.cg.shared.global.16"},
    {"cp.async.cg.shared.global.16", "AB2", "cp.async.cg.shared.global.16.s"},
    {"cp.async.commit_group", "", "cp.async.commit.group"},
    {"cp.async.wait_group", "0", "cp.async.wait.group"},
    {"cp.async.wait_all", "", "cp.async.wait.all"},
    {"cp.async.mbarrier.arrive.b64", "A", "cp.async.mbarrier.arrive"},
    {"cp.async.mbarrier.arrive.noinc.b64", "A", "cp.async.mbarrier.arrive.noinc"},
    {"cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes", "AC3B",
     "cp.async.bulk.global.to.shared.cta"},
    {"cp.async.bulk.shared::cta.global.mbarrier::complete_tx::bytes", "AC3B",
     "cp.async.bulk.global.to.shared.cta"},
    {"cp.async.bulk.global.shared::cta.bulk_group", "AB2", "cp.async.bulk.shared.cta.to.global"},
    {"cp.async.bulk.commit_group", "", "cp.async.bulk.commit.group"},
    {"cp.async.bulk.wait_group", "0", "cp.async.bulk.wait.group"},
    {"cp.async.bulk.wait_group.read", "0", "cp.async.bulk.wait.group.read"},

    {"membar.cta", "", "membar.cta"},
    {"membar.gl", "", "membar.gl"},
    {"membar.sys", "", "membar.sys"},
    {"fence.acq_rel.cta", "", "membar.cta"},
    {"fence.acq_rel.gpu", "", "membar.gl"},
    {"fence.acq_rel.sys", "", "membar.sys"},
    {"fence.proxy.async", "", "fence.proxy.async"},
    {"fence.proxy.async.global", "", "fence.proxy.async.global"},
    {"fence.proxy.async.shared::cta", "", "fence.proxy.async.shared_cta"},
    {"fence.mbarrier_init.release.cluster", "", "fence.mbarrier_init.release.cluster"},
    {"griddepcontrol.wait", "", "griddepcontrol.wait"},
    {"griddepcontrol.launch_dependents", "", "griddepcontrol.launch.dependents"},
    {"nanosleep.u32", "0", "nanosleep"},

    {"ex2.approx.f32", "f0", "ex2.approx.f32"},
    {"ex2.approx.ftz.f32", "f0", "ex2.approx.ftz.f32"},
    {"ex2.approx.f16x2", "d0", "ex2.approx.v2f16"},
    {"ex2.approx.ftz.bf16x2", "d0", "ex2.approx.ftz.v2bf16"},
    {"lg2.approx.f32", "f0", "lg2.approx.f"},
    {"lg2.approx.ftz.f32", "f0", "lg2.approx.ftz.f"},
    {"rcp.approx.f32", "f0", "rcp.approx.f"},
    {"rcp.approx.ftz.f32", "f0", "rcp.approx.ftz.f"},
    {"rsqrt.approx.f32", "f0", "rsqrt.approx.f"},
    {"rsqrt.approx.ftz.f32", "f0", "rsqrt.approx.ftz.f"},
    {"sqrt.approx.f32", "f0", "sqrt.approx.f"},
    {"sqrt.approx.ftz.f32", "f0", "sqrt.approx.ftz.f"},
    {"sin.approx.f32", "f0", "sin.approx.f"},
    {"sin.approx.ftz.f32", "f0", "sin.approx.ftz.f"},
    {"cos.approx.f32", "f0", "cos.approx.f"},
    {"cos.approx.ftz.f32", "f0", "cos.approx.ftz.f"},
    {"tanh.approx.f32", "f0", "tanh.approx.f32"},
    {"tanh.approx.f16x2", "d0", "tanh.approx.f16x2"},
    {"tanh.approx.bf16x2", "d0", "tanh.approx.bf16x2"},
    {"cvt.rna.tf32.f32", "d0", "f2tf32.rna"},
    {"cvt.rn.tf32.f32", "d0", "f2tf32.rn"},
    {"cvt.rn.bf16x2.f32", "d01", "ff2bf16x2.rn"},
    {"cvt.rn.relu.bf16x2.f32", "d01", "ff2bf16x2.rn.relu"},
    {"cvt.rn.f16x2.f32", "d01", "ff2f16x2.rn"},
    {"cvt.rn.relu.f16x2.f32", "d01", "ff2f16x2.rn.relu"},
    {"fma.rn.f16x2", "d012", "fma.rn.f16x2"},
    {"fma.rn.bf16x2", "d012", "fma.rn.bf16x2"},
    {"fma.rn.f32", "f012", "fma.rn.f"},
    {"fma.rn.ftz.f32", "f012", "fma.rn.ftz.f"},
    {"max.f16x2", "d01", "fmax.f16x2"},
    {"max.bf16x2", "d01", "fmax.bf16x2"},
    {"min.f16x2", "d01", "fmin.f16x2"},
    {"min.bf16x2", "d01", "fmin.bf16x2"},
    {"max.f32", "f01", "fmax.f"},
    {"min.f32", "f01", "fmin.f"},
    {"max.NaN.f32", "f01", "fmax.nan.f"},
    {"prmt.b32", "d012", "prmt"},
};

} // namespace imhsa::ptx

#endif // IMHSA_PASSES_EMULATE_PTXFORMS_H
