//===- HostKernels.cpp - variables of the module, and its kernels ---------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/emulate/HostCode.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/ReplaceConstant.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace imhsa;
namespace machine = imhsa::emulator;

static constexpr unsigned kSharedSpace = 3;

// Bytes of the local variables of a function; the stacks of lanes are larger.
static constexpr uint64_t kMaxLocalBytes = 256 * 1024;

//===----------------------------------------------------------------------===//
// Variables
//===----------------------------------------------------------------------===//

Error HostCode::numberSharedVariables() {
  const DataLayout &layout = module.getDataLayout();
  SmallVector<Constant *> constants;
  for (GlobalVariable &variable : module.globals()) {
    if (variable.getAddressSpace() != kSharedSpace)
      continue;
    uint64_t bytes = layout.getTypeAllocSize(variable.getValueType());
    if (bytes > machine::Chip::kMaxStaticShared)
      return createStringError("shared variable '" + variable.getName() + "' has " + Twine(bytes) +
                               " bytes: expected at most " +
                               Twine(machine::Chip::kMaxStaticShared) + " of static shared memory");
    if (variable.hasInitializer() && !isa<UndefValue>(variable.getInitializer()))
      return createStringError("shared variable '" + variable.getName() +
                               "' has a value: shared memory cannot be initialised");
    uint32_t alignment = variable.getAlign() ? variable.getAlign()->value()
                                             : layout.getPreferredAlign(&variable).value();
    sharedVariables.push_back(
        {&variable, bytes, alignment, /*isDynamic=*/bytes == 0, variable.hasLocalLinkage()});
    constants.push_back(&variable);
  }
  convertUsersOfConstantsToInstructions(constants);
  return Error::success();
}

void HostCode::replaceSharedVariables(Function &function) {
  for (auto [number, shared] : enumerate(sharedVariables)) {
    Value *address = nullptr;
    for (Use &use : make_early_inc_range(shared.variable->uses())) {
      auto *user = dyn_cast<Instruction>(use.getUser());
      if (!user || user->getFunction() != &function)
        continue;
      if (!address) {
        FunctionState &state = stateOf(function);
        state.sharedVariables.insert(number);
        IRBuilder<> builder(cast<Instruction>(state.lane)->getNextNode());
        auto field = [&](size_t offset) {
          return builder.CreateConstInBoundsGEP1_64(builder.getInt8Ty(), state.lane, offset);
        };
        Value *base =
            builder.CreateLoad(builder.getPtrTy(), field(offsetof(machine::LaneRegisters, shared)));
        Value *offsets = builder.CreateLoad(builder.getPtrTy(),
                                            field(offsetof(machine::LaneRegisters, sharedOffsets)));
        Value *offset = builder.CreateLoad(
            builder.getInt32Ty(),
            builder.CreateConstInBoundsGEP1_64(builder.getInt32Ty(), offsets, number));
        Value *place = builder.CreateGEP(builder.getInt8Ty(), base,
                                         builder.CreateZExt(offset, builder.getInt64Ty()));
        address = builder.CreateAddrSpaceCast(place, shared.variable->getType());
      }
      use.set(address);
    }
  }
}

Error HostCode::collectVariables() {
  for (auto [number, shared] : enumerate(sharedVariables)) {
    if (!shared.variable->use_empty())
      return createStringError("shared variable '" + shared.variable->getName() +
                               "' is used outside of functions");
    shared.variable->eraseFromParent();
  }
  for (GlobalVariable &variable : module.globals()) {
    if (variable.isDeclaration())
      return createStringError("variable '" + variable.getName() + "' is defined nowhere");
    // Its address is asked for by its symbol, which no name of this process must hide.
    std::string name = variable.getName().str();
    variable.setName("imhsa.variable." + name);
    variable.setLinkage(GlobalValue::ExternalLinkage);
    variables.push_back({name, variable.getName().str(),
                         module.getDataLayout().getTypeAllocSize(variable.getValueType()),
                         !variable.isConstant()});
  }
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

// Local memory is a stack of limited size on the host.
Error HostCode::checkFrame(Function &function) {
  uint64_t bytes = 0;
  for (Instruction &instruction : instructions(function))
    if (auto *variable = dyn_cast<AllocaInst>(&instruction)) {
      std::optional<TypeSize> size = variable->getAllocationSize(module.getDataLayout());
      if (!variable->isStaticAlloca() || !size)
        return error(instruction, "the emulator does not have local variables of dynamic size, or "
                                  "outside of the entry block of a function");
      bytes += *size;
    }
  if (bytes > kMaxLocalBytes)
    return createStringError("function '" + function.getName() + "' has " + Twine(bytes) +
                             " bytes of local variables: the emulator takes at most " +
                             Twine(kMaxLocalBytes));
  return Error::success();
}

// The sizes in an attribute "x,y,z" of the function.
static std::optional<machine::Dim3> getSizes(const Function &function, StringRef name) {
  if (!function.hasFnAttribute(name))
    return std::nullopt;
  SmallVector<StringRef, 3> texts;
  function.getFnAttribute(name).getValueAsString().split(texts, ',');
  uint32_t sizes[3] = {1, 1, 1};
  for (auto [size, text] : zip_first(sizes, ArrayRef(texts).take_front(3)))
    text.trim().getAsInteger(10, size);
  return machine::Dim3{sizes[0], sizes[1], sizes[2]};
}

Error HostCode::checkRecursion(Function &kernel) {
  SmallPtrSet<Function *, 8> active;
  auto visit = [&](auto &self, Function *function) -> Error {
    if (!active.insert(function).second)
      return createStringError("function '" + function->getName() +
                               "' calls itself: the emulator does not have recursion");
    for (Function *callee : states[function].callees)
      if (Error failed = self(self, callee))
        return failed;
    active.erase(function);
    return Error::success();
  };
  return visit(visit, &kernel);
}

Error HostCode::makeKernel(Function &function) {
  if (Error failed = checkRecursion(function))
    return failed;
  machine::Kernel kernel;
  kernel.name = function.getName().str();
  kernel.maxBlock = getSizes(function, "nvvm.maxntid");
  kernel.requiredBlock = getSizes(function, "nvvm.reqntid");
  kernel.flushesDenormals =
      function.getDenormalMode(APFloat::IEEEsingle()).Output == DenormalMode::PreserveSign;
  if (function.hasFnAttribute("nvvm.cluster_dim")) {
    std::optional<machine::Dim3> cluster = getSizes(function, "nvvm.cluster_dim");
    if (cluster->y != 1 || cluster->z != 1)
      return createStringError("kernel '" + kernel.name +
                               "': the emulator has clusters of blocks in a row only, found " +
                               Twine(cluster->x) + "x" + Twine(cluster->y) + "x" +
                               Twine(cluster->z));
    kernel.clusterBlocks = cluster->x;
  }

  SetVector<Function *> reached;
  reached.insert(&function);
  SmallSetVector<unsigned, 4> used;
  for (size_t i = 0; i < reached.size(); ++i) {
    FunctionState &state = states[reached[i]];
    kernel.hasMeetings |= state.hasMeetings;
    used.insert_range(state.sharedVariables);
    reached.insert_range(state.callees);
  }
  kernel.sharedOffsets.resize(sharedVariables.size());
  uint64_t end = 0;
  for (unsigned number : used) {
    const SharedVariable &shared = sharedVariables[number];
    if (shared.isDynamic) {
      kernel.usesDynamicShared = true;
      kernel.dynamicAlignment = std::max(kernel.dynamicAlignment, shared.alignment);
      continue;
    }
    end = alignTo(end, shared.alignment);
    kernel.sharedOffsets[number] = static_cast<uint32_t>(end);
    end += shared.bytes;
  }
  kernel.staticShared = static_cast<uint32_t>(std::min<uint64_t>(end, ~0u));
  for (unsigned number : used)
    if (const SharedVariable &shared = sharedVariables[number];
        shared.isDynamic && shared.isInternal && end > 0)
      return createStringError(
          "kernel '" + kernel.name +
          "': dynamic shared memory that is internal to the module, as "
          "gpu.dynamic_shared_memory makes it, overlaps the static shared memory; use an external "
          "variable");
  for (unsigned number : used)
    if (sharedVariables[number].isDynamic)
      kernel.sharedOffsets[number] = static_cast<uint32_t>(alignTo(end, kernel.dynamicAlignment));

  // void entry(void **args)
  IRBuilder<> builder(context);
  Function *entry = Function::Create(
      FunctionType::get(builder.getVoidTy(), {builder.getPtrTy()}, /*isVarArg=*/false),
      GlobalValue::ExternalLinkage, kEntryPrefix + function.getName(), module);
  builder.SetInsertPoint(BasicBlock::Create(context, "", entry));
  SmallVector<Value *> arguments;
  for (Argument &argument : function.args()) {
    Value *place = builder.CreateLoad(
        builder.getPtrTy(), builder.CreateConstInBoundsGEP1_64(builder.getPtrTy(), entry->getArg(0),
                                                               argument.getArgNo()));
    Type *type = argument.hasByValAttr() ? argument.getParamByValType() : argument.getType();
    machine::Parameter parameter;
    raw_string_ostream(parameter.type) << *type;
    parameter.bytes = module.getDataLayout().getTypeAllocSize(type);
    parameter.isPointer = type->isPointerTy();
    kernel.parameters.push_back(std::move(parameter));
    // What is passed by value is only read where the grid shares it.
    arguments.push_back(argument.hasByValAttr()
                            ? builder.CreateAddrSpaceCast(place, argument.getType())
                            : builder.CreateLoad(argument.getType(), place));
  }
  CallInst *call = builder.CreateCall(&function, arguments);
  for (Argument &argument : function.args())
    if (argument.hasByValAttr())
      call->addParamAttr(argument.getArgNo(),
                         Attribute::getWithByValType(context, argument.getParamByValType()));
  builder.CreateRetVoid();
  kernels.push_back(std::move(kernel));
  return Error::success();
}
