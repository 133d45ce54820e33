//===- InlinePtx.cpp - inline PTX as calls of the machine -----------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// What the operations of the NVVM dialect that LLVM has no intrinsic for, and `nvvm.inline_ptx`,
// become: statements of PTX, with `$0`, `$1`, ... for the operands. Each statement is one
// instruction of a table, perhaps under a predicate. Local registers are followed from the
// statement that sets them to those that use them. The one loop that is known is that of
// nvvm.mbarrier.try_wait.parity. Anything else is an error.

#include "passes/emulate/HostCode.h"
#include "passes/emulate/PtxForms.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"

using namespace llvm;
using namespace imhsa;
using ptx::Form;
using ptx::kForms;
namespace machine = imhsa::emulator;

// nvvm.mbarrier.try_wait.parity, one blank between words: operands address, parity, time.
static constexpr StringLiteral kWaitLoop =
    "{ .reg .pred P1; LAB_WAIT: mbarrier.try_wait.parity.b64 P1, [$0], $1, $2; "
    "@P1 bra.uni DONE; bra.uni LAB_WAIT; DONE: }";

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

// Words with one blank between them.
static std::string normalize(StringRef text) {
  SmallVector<StringRef> words;
  SplitString(text, words, " \t\n\r\v\f");
  return join(words, " ");
}

// PTX writes the space of an mbarrier or leaves it out; addresses are the same here.
static std::string dropMbarrierSpace(StringRef text) {
  std::string result = text.str();
  for (StringRef space :
       {".shared::cta", ".shared::cluster", ".shared", ".release.cta", ".acquire.cta"}) {
    std::string with = (space + ".b64").str();
    for (size_t at; (at = result.find(with)) != std::string::npos;)
      result.erase(at, space.size());
  }
  return result;
}

namespace {

/// The rewriting of one call.
class Translator {
public:
  Translator(HostCode &code, CallBase &call)
      : code(code), call(call), builder(&call), assembly(cast<InlineAsm>(call.getCalledOperand())) {
  }

  Error run();

private:
  Error unsupported(const Twine &what) {
    return code.error(call, "the emulator does not have the inline PTX '" + what + "'");
  }
  Error translateWaitLoop(ArrayRef<Value *> operands);
  Error bindOperands();
  Error translate(StringRef statement);
  Error translateForm(const Form &form, ArrayRef<StringRef> operands, StringRef predicate,
                      StringRef statement);
  Error translateSelect(ArrayRef<StringRef> operands, StringRef statement);
  Expected<Value *> getOperand(StringRef text, unsigned bits, StringRef statement);
  Error setOperand(StringRef text, Value *value, StringRef statement);

  HostCode &code;
  CallBase &call;
  IRBuilder<> builder;
  InlineAsm *assembly;
  StringMap<Value *> values;   ///< of operands and local registers, by their text
  StringMap<unsigned> results; ///< the operands that are results: which
  SmallVector<Type *> resultTypes;
  SmallVector<Value *> resultValues; ///< null until they are set
};

} // namespace

// The types that the results of the call have.
static SmallVector<Type *> getResultTypes(const CallBase &call) {
  if (call.getType()->isVoidTy())
    return {};
  if (auto *fields = dyn_cast<StructType>(call.getType()))
    return SmallVector<Type *>(fields->elements());
  return {call.getType()};
}

Error Translator::bindOperands() {
  resultTypes = getResultTypes(call);
  resultValues.resize(resultTypes.size());
  unsigned number = 0, argument = 0, numResults = 0;
  for (const InlineAsm::ConstraintInfo &constraint : assembly->ParseConstraints()) {
    if (constraint.Type == InlineAsm::isClobber)
      continue;
    std::string name = "$" + utostr(number++);
    if (constraint.Type == InlineAsm::isOutput && !constraint.isIndirect) {
      results[name] = numResults++;
      continue;
    }
    if (constraint.Type != InlineAsm::isInput || constraint.isIndirect ||
        argument >= call.arg_size())
      return unsupported(assembly->getAsmString());
    Value *value = call.getArgOperand(argument++);
    values[name] = value;
    // An operand that is read and written has the number of the result.
    if (constraint.hasMatchingInput() || !constraint.Codes.empty())
      if (unsigned tied; !StringRef(constraint.Codes.front()).getAsInteger(10, tied))
        values["$" + utostr(tied)] = value;
  }
  return Error::success();
}

Expected<Value *> Translator::getOperand(StringRef text, unsigned bits, StringRef statement) {
  Type *type = builder.getIntNTy(bits);
  if (int64_t number; !text.getAsInteger(0, number))
    return ConstantInt::getSigned(type, number);
  auto found = values.find(text);
  if (found == values.end())
    return unsupported(statement);
  Value *value = found->second;
  if (value->getType()->isPointerTy())
    return builder.CreatePtrToInt(value, type);
  unsigned width = value->getType()->getPrimitiveSizeInBits();
  if (!value->getType()->isIntegerTy())
    value = builder.CreateBitCast(value, builder.getIntNTy(width));
  return builder.CreateZExtOrTrunc(value, type);
}

Error Translator::setOperand(StringRef text, Value *value, StringRef statement) {
  auto found = results.find(text);
  if (found == results.end()) {
    if (text.starts_with("$"))
      return unsupported(statement);
    values[text] = value;
    return Error::success();
  }
  Type *type = resultTypes[found->second];
  unsigned bits = type->getPrimitiveSizeInBits();
  Value *converted = builder.CreateZExtOrTrunc(value, builder.getIntNTy(bits));
  resultValues[found->second] = builder.CreateBitCast(converted, type);
  values[text] = resultValues[found->second];
  return Error::success();
}

Error Translator::translateForm(const Form &form, ArrayRef<StringRef> operands, StringRef predicate,
                                StringRef statement) {
  Expected<const machine::Instruction *> instruction =
      code.getInstruction(form.instruction, call, statement);
  if (!instruction)
    return instruction.takeError();

  SmallVector<Value *> inputs(8, builder.getInt64(0));
  unsigned numInputs = 0;
  StringRef result;
  Type *resultType = nullptr;
  for (auto [index, letter] : enumerate(form.operands)) {
    StringRef text = operands[index];
    unsigned bits = 32, place;
    switch (letter) {
    case 'd':
    case 'f':
    case 'D':
    case 'p':
      result = text;
      resultType = letter == 'D'   ? builder.getInt64Ty()
                   : letter == 'p' ? builder.getInt1Ty()
                                   : builder.getInt32Ty();
      continue;
    case 'n':
      continue;
    case 'A':
    case 'B':
    case 'C':
      place = letter - 'A';
      bits = 64;
      if (!text.consume_front("[") || !text.consume_back("]"))
        return unsupported(statement);
      break;
    case 'r':
      place = 1;
      bits = 64;
      break;
    default:
      place = letter - '0';
    }
    Expected<Value *> value = getOperand(text.trim(), bits, statement);
    if (!value)
      return value.takeError();
    inputs[place] = *value;
    numInputs = std::max(numInputs, place + 1);
  }

  bool isUsed = !result.empty() && result != "_";
  if (!predicate.empty()) {
    // What a result would be where the predicate is false is not known here.
    if (isUsed)
      return unsupported(statement);
    bool isNegated = predicate.consume_front("!");
    Expected<Value *> condition = getOperand(predicate, 1, statement);
    if (!condition)
      return condition.takeError();
    if (isNegated)
      condition = builder.CreateNot(*condition);
    Instruction *then = SplitBlockAndInsertIfThen(*condition, &call, /*Unreachable=*/false);
    builder.SetInsertPoint(then);
  }
  SmallVector<Type *> types;
  if (resultType)
    types.push_back(resultType);
  // Operands that only the intrinsic has, such as hints, are zero.
  SmallVector<Value *> outcome = code.callMachine(
      builder, **instruction, code.addSite(call, statement), ArrayRef(inputs), types);
  builder.SetInsertPoint(&call);
  return isUsed ? setOperand(result, outcome.front(), statement) : Error::success();
}

// selp.b32 d, a, b, p
Error Translator::translateSelect(ArrayRef<StringRef> operands, StringRef statement) {
  if (operands.size() != 4)
    return unsupported(statement);
  Expected<Value *> a = getOperand(operands[1], 32, statement);
  if (!a)
    return a.takeError();
  Expected<Value *> b = getOperand(operands[2], 32, statement);
  if (!b)
    return b.takeError();
  Expected<Value *> condition = getOperand(operands[3], 1, statement);
  if (!condition)
    return condition.takeError();
  return setOperand(operands[0], builder.CreateSelect(*condition, *a, *b), statement);
}

Error Translator::translate(StringRef statement) {
  StringRef rest = statement, predicate;
  if (rest.consume_front("@"))
    std::tie(predicate, rest) = rest.split(' ');
  auto [opcode, list] = rest.split(' ');
  if (opcode == ".reg")
    return Error::success();
  SmallVector<StringRef> operands;
  list.split(operands, ',', -1, /*KeepEmpty=*/!list.empty());
  for (StringRef &operand : operands)
    operand = operand.trim();
  std::string name = opcode.starts_with("mbarrier.") || opcode.starts_with("cp.async.mbarrier")
                         ? dropMbarrierSpace(opcode)
                         : opcode.str();
  if (predicate.empty() && (name == "selp.b32" || name == "selp.u32" || name == "selp.s32"))
    return translateSelect(operands, statement);
  // The number of bytes is part of the machine's instruction; a hint of cache lines is nothing.
  if (StringRef(name).starts_with("cp.async.c") && operands.size() >= 3 &&
      StringRef(name).contains(".shared")) {
    StringRef copy = StringRef(name);
    for (StringRef hint : {".L2::64B", ".L2::128B", ".L2::256B"})
      copy.consume_back(hint);
    name = copy.str();
    if (size_t at = name.find(".shared::cta"); at != std::string::npos)
      name.erase(at + StringRef(".shared").size(), StringRef("::cta").size());
    name += "." + operands[2].str();
    operands.erase(operands.begin() + 2);
  }
  for (const Form &form : kForms) {
    // Arrivals may come without a result.
    bool lacksResult = form.operands.starts_with("D") &&
                       operands.size() + 1 == form.operands.size() &&
                       operands.front().starts_with("[");
    if (form.opcode != name || (form.operands.size() != operands.size() && !lacksResult))
      continue;
    if (lacksResult)
      operands.insert(operands.begin(), "_");
    return translateForm(form, operands, predicate, statement);
  }
  return unsupported(statement);
}

// The machine's wait comes back before the phase is complete, so the loop stays.
Error Translator::translateWaitLoop(ArrayRef<Value *> operands) {
  StringRef text = "mbarrier.try_wait.parity";
  Expected<const machine::Instruction *> instruction =
      code.getInstruction("mbarrier.try.wait.parity.scope.cta.space.cta", call, text);
  if (!instruction)
    return instruction.takeError();
  if (operands.size() != 3)
    return unsupported(assembly->getAsmString());
  BasicBlock *before = call.getParent();
  BasicBlock *after = SplitBlock(before, &call);
  BasicBlock *loop = BasicBlock::Create(code.context, "", before->getParent(), after);
  before->getTerminator()->setSuccessor(0, loop);
  builder.SetInsertPoint(loop);
  Value *isComplete = code.callMachine(builder, **instruction, code.addSite(call, text),
                                       operands.take_front(2), {builder.getInt1Ty()})
                          .front();
  builder.CreateCondBr(isComplete, after, loop);
  return Error::success();
}

Error Translator::run() {
  std::string text = normalize(assembly->getAsmString());
  if (dropMbarrierSpace(text) == kWaitLoop) {
    SmallVector<Value *> operands(call.args());
    if (Error failed = translateWaitLoop(operands))
      return failed;
    call.eraseFromParent();
    return Error::success();
  }
  if (Error failed = bindOperands())
    return failed;
  StringRef body = StringRef(text).trim();
  if (body.consume_front("{"))
    body.consume_back("}");
  SmallVector<StringRef> statements;
  body.split(statements, ';', -1, /*KeepEmpty=*/false);
  for (StringRef statement : statements)
    if (statement = statement.trim(); !statement.empty())
      if (Error failed = translate(statement))
        return failed;

  Value *all = call.getType()->isVoidTy() ? nullptr : PoisonValue::get(call.getType());
  for (auto [index, value] : enumerate(resultValues)) {
    if (!value)
      return unsupported(text);
    all = isa<StructType>(call.getType()) ? builder.CreateInsertValue(all, value, index) : value;
  }
  if (all)
    call.replaceAllUsesWith(all);
  call.eraseFromParent();
  return Error::success();
}

Error imhsa::rewriteInlinePtx(HostCode &code, CallBase &call) {
  return Translator(code, call).run();
}
