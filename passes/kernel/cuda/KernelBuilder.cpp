//===- KernelBuilder.cpp - one kernel and its launch ----------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cuda/KernelBuilder.h"
#include "passes/kernel/DeviceConstants.h"
#include "passes/kernel/cuda/DependentLaunch.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace imhsa;

/// The dynamic shared memory of all kernels of a module.
static constexpr llvm::StringLiteral kShared = "imhsa_shared";
static constexpr unsigned kSharedSpace = 3;

KernelBuilder::KernelBuilder(OpBuilder &host, Location loc, const KernelModule &target,
                             StringRef name, unsigned warps)
    : host(host), b(loc, host.getContext()), target(target), kernels(target.module),
      numWarps(warps) {
  b.setInsertionPointToEnd(kernels.getBody());
  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(b.getContext()), {});
  function = LLVM::LLVMFuncOp::create(b, name, type);
  b.setInsertionPointToStart(function.addEntryBlock(b));
  Type i32Type = b.getI32Type();
  threadId = {b, NVVM::ThreadIdXOp::create(b, i32Type)};
  laneId = threadId & 31;
  // Through a shuffle, which tells the compiler that all lanes have the same.
  Int first = threadId >> 5;
  warpId = {b, NVVM::ShflOp::create(b, i32Type, i32(-1).value, first.value, i32(0).value,
                                    i32(31).value, NVVM::ShflKind::idx, UnitAttr())};
}

//===----------------------------------------------------------------------===//
// Where a thread is
//===----------------------------------------------------------------------===//

Int KernelBuilder::block(unsigned axis) {
  Type type = b.getI32Type();
  switch (axis) {
  case 0:
    return {b, NVVM::BlockIdXOp::create(b, type)};
  case 1:
    return {b, NVVM::BlockIdYOp::create(b, type)};
  default:
    return {b, NVVM::BlockIdZOp::create(b, type)};
  }
}

Pointer KernelBuilder::shared() {
  auto type = LLVM::LLVMArrayType::get(b.getI8Type(), 0);
  if (!kernels.lookupSymbol(kShared)) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(kernels.getBody());
    LLVM::GlobalOp::create(b, type, /*isConstant=*/false, LLVM::Linkage::External, kShared,
                           Attribute(), /*alignment=*/1024, kSharedSpace);
  }
  auto pointerType = LLVM::LLVMPointerType::get(b.getContext(), kSharedSpace);
  return {b, LLVM::AddressOfOp::create(b, pointerType, kShared)};
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

Int KernelBuilder::i32(int64_t value) {
  return {b, arith::ConstantOp::create(b, b.getI32IntegerAttr(value))};
}
Float KernelBuilder::f32(double value) {
  return {b, arith::ConstantOp::create(b, b.getF32FloatAttr(value))};
}
Bool KernelBuilder::boolean(bool value) {
  return {b, arith::ConstantOp::create(b, b.getBoolAttr(value))};
}

// An instruction that LLVM does not move.
static Value pinned(ImplicitLocOpBuilder &b, StringRef text, StringRef constraints,
                    ValueRange operands) {
  auto assembly =
      LLVM::InlineAsmOp::create(b, b.getI32Type(), operands, text, constraints,
                                /*has_side_effects=*/true, /*is_align_stack=*/false,
                                LLVM::TailCallKind::None, LLVM::AsmDialectAttr(), ArrayAttr());
  return assembly.getResult(0);
}

Int KernelBuilder::here(Int value) {
  // A permutation of bytes that leaves them where they are.
  return {b, pinned(b, "prmt.b32 $0, $1, $1, 12816;", "=r,r", value.value)};
}

Value KernelBuilder::packHere(Float low, Float high, Type type) {
  StringRef text = type.isBF16() ? "cvt.rn.bf16x2.f32 $0, $1, $2;" : "cvt.rn.f16x2.f32 $0, $1, $2;";
  return pinned(b, text, "=r,f,f", {high.value, low.value});
}

Float KernelBuilder::toFloat(Value value) {
  if (value.getType().isF32())
    return {b, value};
  return {b, arith::ExtFOp::create(b, b.getF32Type(), value)};
}

Value KernelBuilder::fromFloat(Float value, Type type) {
  if (type.isF32())
    return value.value;
  return arith::TruncFOp::create(b, type, value.value);
}

Value KernelBuilder::pack(Float low, Float high, Type type) {
  auto pairType = VectorType::get(2, type);
  Value pair;
  if (type.isBF16())
    pair = NVVM::ConvertF32x2ToBF16x2Op::create(b, pairType, high.value, low.value, Value(),
                                                NVVM::FPRoundingMode::RN);
  else
    pair = NVVM::ConvertF32x2ToF16x2Op::create(b, pairType, high.value, low.value, Value(),
                                               NVVM::FPRoundingMode::RN);
  return LLVM::BitcastOp::create(b, b.getI32Type(), pair);
}

Value KernelBuilder::vector(ArrayRef<Value> elements) {
  auto type = VectorType::get(elements.size(), elements.front().getType());
  Value result = LLVM::PoisonOp::create(b, type);
  for (auto [i, element] : llvm::enumerate(elements))
    result = LLVM::InsertElementOp::create(b, result, element, i32(i).value);
  return result;
}

Value KernelBuilder::extract(Value vector, unsigned i) {
  return LLVM::ExtractElementOp::create(b, vector, i32(i).value);
}

Value KernelBuilder::loadWhere(Bool condition, Pointer pointer, VectorType type) {
  auto branch = scf::IfOp::create(b, type, condition.value, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(b, pointer.load(type));
  b.setInsertionPointToStart(branch.elseBlock());
  Value zeros = arith::ConstantOp::create(b, b.getZeroAttr(type));
  scf::YieldOp::create(b, zeros);
  return branch.getResult(0);
}

Float KernelBuilder::loadFloatWhere(Bool condition, Pointer pointer, Type type) {
  if (std::optional<int64_t> known = getConstantIntValue(condition.value))
    return *known ? toFloat(pointer.load(type)) : f32(0);
  auto branch = scf::IfOp::create(b, b.getF32Type(), condition.value, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(b, toFloat(pointer.load(type)).value);
  b.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(b, f32(0).value);
  return {b, branch.getResult(0)};
}

Bool KernelBuilder::andThen(Bool condition, llvm::function_ref<Bool()> test) {
  auto branch = scf::IfOp::create(b, b.getI1Type(), condition.value, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(b, test().value);
  b.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(b, boolean(false).value);
  return {b, branch.getResult(0)};
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

void KernelBuilder::when(Bool condition, llvm::function_ref<void()> body) {
  when(condition, body, nullptr);
}

void KernelBuilder::when(Bool condition, llvm::function_ref<void()> body,
                         llvm::function_ref<void()> otherwise) {
  if (std::optional<int64_t> known = getConstantIntValue(condition.value)) {
    if (*known)
      body();
    else if (otherwise)
      otherwise();
    return;
  }
  auto branch =
      scf::IfOp::create(b, condition.value, /*withElseRegion=*/static_cast<bool>(otherwise));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  body();
  if (otherwise) {
    b.setInsertionPointToStart(branch.elseBlock());
    otherwise();
  }
}

void KernelBuilder::loop(Int from, Int to, Int step, llvm::function_ref<void(Int)> body) {
  SmallVector<Float> none;
  loop(from, to, step, none, [&](Int i, SmallVectorImpl<Float> &) { body(i); });
}

void KernelBuilder::loop(Int from, Int to, Int step, SmallVectorImpl<Float> &carried,
                         llvm::function_ref<void(Int, SmallVectorImpl<Float> &)> body) {
  auto values = llvm::map_to_vector(carried, [](Float x) { return x.value; });
  auto loop = scf::ForOp::create(b, from.value, to.value, step.value, values);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    SmallVector<Float> state;
    for (Value value : loop.getRegionIterArgs())
      state.push_back({b, value});
    body({b, loop.getInductionVar()}, state);
    if (!carried.empty())
      scf::YieldOp::create(b, llvm::map_to_vector(state, [](Float x) { return x.value; }));
  }
  for (auto [x, result] : llvm::zip_equal(carried, loop.getResults()))
    x = {b, result};
}

void KernelBuilder::deal(int64_t count, Int first, int64_t stride,
                         llvm::function_ref<void(Int)> body) {
  for (int64_t start = 0; start < count; start += stride) {
    Int item = first + start;
    if (start + stride <= count)
      body(item);
    else
      when(item < count, [&] { body(item); });
  }
}

void KernelBuilder::clusterBarrier() {
  NVVM::ClusterArriveOp::create(b, b.getUnitAttr());
  NVVM::ClusterWaitOp::create(b, b.getUnitAttr());
}
void KernelBuilder::barrier() { NVVM::BarrierOp::create(b); }
void KernelBuilder::barrier(Int id, int64_t threads) {
  NVVM::BarrierOp::create(b, Type(), id.value, i32(threads).value, NVVM::BarrierReductionAttr(),
                          Value());
}
void KernelBuilder::syncWarp() { NVVM::SyncWarpOp::create(b, i32(-1).value); }

template <typename T> static T shuffle(KernelBuilder &k, T value, unsigned mask) {
  ImplicitLocOpBuilder &b = k.builder();
  return {b, NVVM::ShflOp::create(b, value.type(), k.i32(-1).value, value.value, k.i32(mask).value,
                                  k.i32(31).value, NVVM::ShflKind::bfly, UnitAttr())};
}
Float KernelBuilder::shuffleXor(Float value, unsigned mask) { return shuffle(*this, value, mask); }
Int KernelBuilder::shuffleXor(Int value, unsigned mask) { return shuffle(*this, value, mask); }

//===----------------------------------------------------------------------===//
// The launch
//===----------------------------------------------------------------------===//

void KernelBuilder::formClusters(int64_t blocks) {
  function->setAttr(NVVM::NVVMDialect::getClusterDimAttrName(),
                    b.getDenseI32ArrayAttr({static_cast<int32_t>(blocks), 1, 1}));
}

void KernelBuilder::launch(Value gridX, Value gridY, Value gridZ, int64_t sharedBytes,
                           int64_t minBlocks) {
  LLVM::ReturnOp::create(b, ValueRange());
  auto types = llvm::to_vector(function.getBody().front().getArgumentTypes());
  function.setFunctionType(
      LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(b.getContext()), types));
  function->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), b.getUnitAttr());
  function->setAttr(NVVM::NVVMDialect::getKernelFuncAttrName(), b.getUnitAttr());
  function->setAttr(NVVM::NVVMDialect::getMaxntidAttrName(),
                    b.getDenseI32ArrayAttr({static_cast<int32_t>(threads()), 1, 1}));
  function->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(), b.getI32IntegerAttr(minBlocks));
  if (target.hasDependentLaunches) {
    DenseSet<Value> constants;
    for (const auto &[memref, tensor] : tensors)
      if (getViewedConstant(memref) || target.isOnlyRead(memref))
        constants.insert(tensor.base.get());
    waitForKernelsBefore(function, constants);
  }

  kernels->getParentOp()->setAttr(gpu::GPUDialect::getContainerModuleAttrName(), b.getUnitAttr());
  Location loc = b.getLoc();
  auto kernel = SymbolRefAttr::get(kernels.getSymNameAttr(), {SymbolRefAttr::get(function)});
  Value one = hostIndex(1);
  Value bytes = arith::ConstantOp::create(host, loc, host.getI32IntegerAttr(sharedBytes));
  // A grid must not be empty: with nothing to do there is no launch.
  OpBuilder::InsertionGuard guard(host);
  for (Value size : {gridX, gridY, gridZ}) {
    std::optional<int64_t> known = getConstantIntValue(size);
    if (known && *known > 0)
      continue;
    Value isAny = arith::CmpIOp::create(host, loc, arith::CmpIPredicate::sgt, size, hostIndex(0));
    auto branch = scf::IfOp::create(host, loc, isAny, /*withElseRegion=*/false);
    host.setInsertionPointToStart(branch.thenBlock());
  }
  gpu::LaunchFuncOp::create(host, loc, kernel, gpu::KernelDim3{gridX, gridY, gridZ},
                            gpu::KernelDim3{hostIndex(threads()), one, one},
                            sharedBytes ? bytes : Value(), arguments);
}
