//===- HostCode.h - kernels in LLVM IR, rewritten for the host -*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_EMULATE_HOSTCODE_H
#define IMHSA_PASSES_EMULATE_HOSTCODE_H

#include "runtime/emulator/Instruction.h"
#include "runtime/emulator/Kernel.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"
#include <map>

namespace imhsa {

/// A variable of the module in global memory.
struct GlobalVariableInfo {
  std::string name, symbol;
  uint64_t bytes;
  bool writable;
};

/// The rewriting of a module, from what the translation of the LLVM and NVVM dialects makes for
/// NVPTX to code for the host.
class HostCode {
public:
  HostCode(llvm::Module &module, const emulator::Chip &chip, bool checks);

  /// Rewrites all of the module. An error names, with its location, what cannot be emulated.
  llvm::Error rewrite();

  /// The prefix of the functions that run a kernel for one lane: void (void **args).
  static constexpr llvm::StringLiteral kEntryPrefix = "imhsa.emulate.";

  /// Words that a call of the machine passes at most, either way.
  static constexpr unsigned kMaxWords = 32;

  // What `rewrite` has found. Kernels have no code yet.
  std::vector<emulator::Kernel> kernels;
  std::vector<emulator::Site> sites;
  std::vector<GlobalVariableInfo> variables;

  //===--- For the files that rewrite instructions -------------------------===//

  /// What the code of one function needs of the lane that runs it.
  struct FunctionState {
    llvm::Value *lane = nullptr;
    llvm::Value *in = nullptr, *out = nullptr; ///< words of a call of the machine
    bool hasMeetings = false;
    llvm::SmallPtrSet<llvm::Function *, 4> callees;
    llvm::SmallSetVector<unsigned, 4> sharedVariables;
  };

  /// Calls the machine: `inputs` of any types of at most 64 bits; returns one value for each of
  /// `results`.
  llvm::SmallVector<llvm::Value *> callMachine(llvm::IRBuilderBase &builder,
                                               const emulator::Instruction &instruction,
                                               uint32_t site, llvm::ArrayRef<llvm::Value *> inputs,
                                               llvm::ArrayRef<llvm::Type *> results);
  /// The machine's instruction of this name, if machine and chip have it. `at` is for the error.
  llvm::Expected<const emulator::Instruction *>
  getInstruction(llvm::StringRef name, const llvm::Instruction &at, const llvm::Twine &text);
  uint32_t addSite(const llvm::Instruction &at, const llvm::Twine &text);
  llvm::Error error(const llvm::Instruction &at, const llvm::Twine &message) const;
  /// Calls a function of this process.
  llvm::CallInst *callHost(llvm::IRBuilderBase &builder, const void *function, llvm::Type *result,
                           llvm::ArrayRef<llvm::Value *> arguments);
  FunctionState &stateOf(llvm::Function &function);
  /// The name of a synchronization scope: `block`, `cluster`, `device`, or empty for the system.
  static llvm::StringRef getScopeName(llvm::LLVMContext &context, llvm::SyncScope::ID scope);

  llvm::Module &module;
  llvm::LLVMContext &context;
  const emulator::Chip &chip;
  const bool checks;

private:
  llvm::Error numberSharedVariables();
  llvm::Error collectVariables();
  llvm::Error rewriteFunction(llvm::Function &function);
  llvm::Error rewriteCall(llvm::CallBase &call);
  llvm::Error rewriteIntrinsic(llvm::CallBase &call, llvm::StringRef name);
  void rewriteNarrowFma(llvm::CallBase &call);
  void rewriteFence(llvm::FenceInst &fence);
  void insertTrap(llvm::Instruction &at);
  void checkDivision(llvm::BinaryOperator &division);
  void checkMemory(llvm::Instruction &access);
  bool checkLocal(llvm::IRBuilderBase &builder, llvm::Instruction &access, llvm::Value *pointer,
                  llvm::Value *bytes, const llvm::Twine &text);
  llvm::Error checkFrame(llvm::Function &function);
  llvm::Error checkRecursion(llvm::Function &kernel);
  void limitLoops(llvm::Function &function);
  void countArithmetic(llvm::Function &function);
  void replaceSharedVariables(llvm::Function &function);
  llvm::Error makeKernel(llvm::Function &function);

  struct SharedVariable {
    llvm::GlobalVariable *variable;
    uint64_t bytes;
    uint32_t alignment;
    bool isDynamic;
    bool isInternal;
  };
  std::vector<SharedVariable> sharedVariables;
  std::map<llvm::Function *, FunctionState> states; // keeps references valid
  llvm::SmallVector<llvm::Function *> kernelFunctions;
};

/// Rewrites a call of inline PTX into calls of the machine. An error names the statement that is
/// not known.
llvm::Error rewriteInlinePtx(HostCode &code, llvm::CallBase &call);

} // namespace imhsa

#endif // IMHSA_PASSES_EMULATE_HOSTCODE_H
