//===- InlinePtx.cpp - inline PTX as calls of the machine -----------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// What the operations of the NVVM dialect that LLVM has no intrinsic for, and `nvvm.inline_ptx`,
// become: statements of PTX, with `$0`, `$1`, ... for the operands. Each statement is one
// instruction of a table, perhaps under a predicate. Local registers are followed from the
// statement that sets them to those that use them. The one loop that is known is that of
// nvvm.mbarrier.try_wait.parity. Anything else is an error.

#include "passes/emulate/HostCode.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"

using namespace llvm;
using namespace imhsa;
namespace machine = imhsa::emulator;

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

namespace {
/// An instruction of PTX as it is written, and the machine's with its operands.
struct Form {
  StringLiteral opcode;
  /// One letter for each operand in PTX's order: d, the result, as 32 bits; D, as 64; f, as f32; p,
  /// a predicate that is the result; _, a result that is not used; 0, 1, ..., the operand of the
  /// machine with that number, of 32 bits, q ... the same of 64 bits (q is 0, r is 1, s is 2);
  /// A, B, C, E, an address that is operand 0, 1, 2, 3; n, an operand that the machine has no use
  /// for.
  StringLiteral operands;
  StringLiteral instruction;
};
} // namespace

static constexpr Form kForms[] = {
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
    case 'q':
    case 'r':
    case 's':
      place = letter - 'q';
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
