//===- Workspace.cpp - temporaries placed in the workspace ----------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/bufferize/Workspace.h"
#include "passes/bufferize/Sizes.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"

using namespace mlir;
using namespace imhsa;

// The innermost parallel loop around `op`, or null.
static Operation *getParallelLoop(Operation *op) {
  while ((op = op->getParentOp()))
    if (isa<scf::ForallOp, scf::ParallelOp>(op))
      return op;
  return nullptr;
}

// Bytes of an allocation, at most, as a value where `sizes` builds. Null, with an
// error, if they cannot be computed there.
static Value computeBytes(memref::AllocOp alloc, SizeComputer &sizes, bool preferConstant) {
  MemRefType type = alloc.getType();
  Location loc = alloc.getLoc();
  if (!type.getLayout().isIdentity() || !alloc.getSymbolOperands().empty()) {
    alloc.emitOpError() << "cannot be placed: expected a contiguous layout, found " << type;
    return {};
  }
  int64_t fixed = DataLayout::closest(alloc).getTypeSize(type.getElementType());
  for (int64_t size : type.getShape())
    if (!ShapedType::isDynamic(size))
      fixed *= size;
  OpBuilder &b = sizes.getBuilder();
  Value bytes = arith::ConstantIndexOp::create(b, loc, fixed);
  for (Value size : alloc.getDynamicSizes()) {
    Value bound = sizes.upperBound(size, preferConstant);
    if (!bound) {
      InFlightDiagnostic error = alloc.emitOpError()
                                 << "cannot be placed: a dynamic size of " << type
                                 << " is not bounded by dimensions of arguments";
      error.attachNote(size.getLoc()) << "the size comes from here";
      return {};
    }
    bytes = b.createOrFold<arith::MulIOp>(loc, bytes, bound);
  }
  return bytes;
}

// Uses `buffer`, bytes from `offset` on, in place of the allocation, which has no
// users then.
static void replaceByView(memref::AllocOp alloc, Value buffer, Value offset) {
  for (Operation *user : llvm::make_early_inc_range(alloc->getUsers()))
    if (isa<memref::DeallocOp>(user))
      user->erase();
  OpBuilder b(alloc);
  Value view = memref::ViewOp::create(b, alloc.getLoc(), alloc.getType(), buffer, offset,
                                      alloc.getDynamicSizes());
  alloc.replaceAllUsesWith(view);
}

// Moves an allocation to the start of the body of its parallel loop, as large as
// it can get there, and frees it at the end.
static LogicalResult placeInBody(memref::AllocOp alloc, Block &body, int64_t alignment) {
  Region *region = body.getParent();
  auto known = [&](Value value) {
    bool inside = region->isAncestor(value.getParentRegion());
    bool isBodyArgument = isa<BlockArgument>(value) && value.getParentBlock() == &body;
    return !inside || isBodyArgument ? value : Value();
  };
  Operation *firstOp = &body.front();
  SizeComputer sizes(OpBuilder(firstOp), known);
  Value bytes = computeBytes(alloc, sizes, /*preferConstant=*/true);
  if (!bytes)
    return failure();
  OpBuilder &b = sizes.getBuilder();
  Location loc = alloc.getLoc();
  auto type = MemRefType::get(ShapedType::kDynamic, b.getI8Type());
  auto buffer = memref::AllocOp::create(b, loc, type, bytes, b.getI64IntegerAttr(alignment));
  replaceByView(alloc, buffer, arith::ConstantIndexOp::create(b, loc, 0));
  b.setInsertionPoint(body.getTerminator());
  memref::DeallocOp::create(b, loc, buffer);
  return success();
}

FailureOr<Placement> imhsa::placeTemporaries(func::FuncOp function, int64_t alignment) {
  Block &entry = function.getBody().front();
  auto known = [&](Value value) {
    return isa<BlockArgument>(value) && value.getParentBlock() == &entry ? value : Value();
  };
  SizeComputer sizes(OpBuilder::atBlockBegin(&entry), known);
  OpBuilder &b = sizes.getBuilder();
  Location loc = function.getLoc();

  SmallVector<memref::AllocOp> allocs;
  function.walk([&](memref::AllocOp alloc) { allocs.push_back(alloc); });

  Placement result;
  Value workspace = entry.getArguments().back();
  Value offset = arith::ConstantIndexOp::create(b, loc, 0);
  Value last = arith::ConstantIndexOp::create(b, loc, alignment - 1);
  Value mask = arith::ConstantIndexOp::create(b, loc, -alignment);
  for (memref::AllocOp alloc : allocs) {
    if (Operation *loop = getParallelLoop(alloc)) {
      if (failed(placeInBody(alloc, loop->getRegion(0).front(), alignment)))
        return failure();
      ++result.numParallelBuffers;
      continue;
    }
    Value bytes = computeBytes(alloc, sizes, /*preferConstant=*/false);
    if (!bytes)
      return failure();
    replaceByView(alloc, workspace, offset);
    Value end = b.createOrFold<arith::AddIOp>(loc, offset, bytes);
    end = b.createOrFold<arith::AddIOp>(loc, end, last);
    offset = b.createOrFold<arith::AndIOp>(loc, end, mask);
    ++result.numWorkspaceBuffers;
  }
  for (memref::AllocOp alloc : allocs)
    alloc.erase();
  result.workspaceBytes = offset;
  return result;
}

FailureOr<Placement> imhsa::placeInWorkspace(func::FuncOp function, func::FuncOp sizes,
                                             int64_t alignment) {
  FailureOr<Placement> placement = placeTemporaries(function, alignment);
  if (failed(placement))
    return failure();

  Block &block = sizes.getBody().front();
  SmallVector<memref::StoreOp> stores(block.getOps<memref::StoreOp>());
  unsigned numInputs = sizes.getNumArguments() - 1;
  auto known = [&](Value value) -> Value {
    if (auto argument = dyn_cast<BlockArgument>(value))
      return argument.getArgNumber() < numInputs ? sizes.getArgument(argument.getArgNumber())
                                                 : Value();
    // The dimensions of outputs are those that have just been stored.
    auto dim = value.getDefiningOp<memref::DimOp>();
    auto output = dim ? dyn_cast<BlockArgument>(dim.getSource()) : BlockArgument();
    if (!output || output.getArgNumber() < numInputs)
      return Value();
    unsigned position = *dim.getConstantIndex();
    for (BlockArgument earlier :
         output.getOwner()->getArguments().slice(numInputs, output.getArgNumber() - numInputs))
      position += cast<MemRefType>(earlier.getType()).getRank();
    return stores[position].getValueToStore();
  };
  SizeComputer computer(OpBuilder(block.getTerminator()), known);
  Value bytes = computer.exact(placement->workspaceBytes);
  assert(bytes && "the workspace has a size in terms of dimensions of arguments");
  OpBuilder &b = computer.getBuilder();
  Location loc = sizes.getLoc();
  memref::StoreOp::create(b, loc, bytes, block.getArguments().back(),
                          arith::ConstantIndexOp::create(b, loc, stores.size()).getResult());
  return placement;
}

LogicalResult imhsa::checkAlignment(Operation *op, StringRef pass, int64_t alignment) {
  if (alignment > 0 && llvm::isPowerOf2_64(alignment))
    return success();
  return op->emitError() << pass << ": workspace-alignment: expected a power of two, found "
                         << alignment;
}
