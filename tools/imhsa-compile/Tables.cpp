//===- Tables.cpp - the tables of an artifact in LLVM IR ------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// Each struct of runtime/Artifact.h is written field by field, in its order; the
// types of LLVM are laid out as C lays out the same fields.

#include "tools/imhsa-compile/Tables.h"
#include "passes/Passes.h"
#include "llvm/IR/IRBuilder.h"

using namespace llvm;
using namespace imhsa::compile;
using imhsa::Image;

namespace {
class TableBuilder {
public:
  explicit TableBuilder(Module &module)
      : module(module), context(module.getContext()), pointer(PointerType::get(context, 0)) {}

  GlobalVariable *addArtifact(const Contents &contents);
  void addCaller(const FunctionInfo &function, int32_t index, GlobalVariable *artifact);

private:
  Constant *null() { return ConstantPointerNull::get(pointer); }
  template <typename Int> Constant *number(Int value) {
    return ConstantInt::get(IntegerType::get(context, sizeof(Int) * 8), value);
  }
  Constant *structure(ArrayRef<Constant *> fields) {
    return ConstantStruct::getAnon(context, fields);
  }
  // The address of a constant of its own.
  Constant *place(Constant *value, const Twine &name) {
    auto *global = new GlobalVariable(module, value->getType(), /*isConstant=*/true,
                                      GlobalValue::PrivateLinkage, value, "imhsa." + name);
    global->setUnnamedAddr(GlobalValue::UnnamedAddr::Global);
    return global;
  }
  Constant *text(StringRef value) {
    return place(ConstantDataArray::getString(context, value), "text");
  }
  // The address of the first of `elements`, which have one type; null if there are none.
  Constant *array(ArrayRef<Constant *> elements, const Twine &name) {
    if (elements.empty())
      return null();
    auto *type = ArrayType::get(elements.front()->getType(), elements.size());
    return place(ConstantArray::get(type, elements), name);
  }

  Constant *makeTensorInfo(const TensorInfo &tensor);
  Constant *makeEntry(const FunctionInfo &function);
  Constant *makeImage(const Image &image);

  Module &module;
  LLVMContext &context;
  PointerType *pointer;
};
} // namespace

// imhsa_tensor_info
Constant *TableBuilder::makeTensorInfo(const TensorInfo &tensor) {
  DLDataType element = tensor.getElementType();
  SmallVector<Constant *> shape;
  for (int64_t size : tensor.type.getShape())
    shape.push_back(number<int64_t>(mlir::ShapedType::isDynamic(size) ? -1 : size));
  int32_t alignment = element.bits / 8;
  Constant *type = structure({number(element.code), number(element.bits), number(element.lanes)});
  return structure({text(tensor.name), type, number<int32_t>(shape.size()), number(alignment),
                    array(shape, "shape")});
}

// imhsa_entry
Constant *TableBuilder::makeEntry(const FunctionInfo &function) {
  std::string description = function.getSignature();
  if (!function.comment.empty())
    description += "\n\n" + function.comment;
  SmallVector<Constant *> tensors;
  for (const TensorInfo &tensor : concat<const TensorInfo>(function.inputs, function.outputs))
    tensors.push_back(makeTensorInfo(tensor));
  Function *run = module.getFunction(("imhsa_packed_" + function.symbol));
  Function *sizes = module.getFunction(("imhsa_packed_" + function.symbol + "_sizes"));
  assert(run && sizes && "the pipelines pack each public function");
  return structure({text(function.name), text(description), number<int32_t>(function.inputs.size()),
                    number<int32_t>(function.outputs.size()), array(tensors, "tensors"), run,
                    sizes});
}

// imhsa_image
Constant *TableBuilder::makeImage(const Image &image) {
  // The driver reads ELF files in place.
  Constant *data =
      place(ConstantDataArray::getString(context, image.data, /*AddNull=*/false), "image");
  cast<GlobalVariable>(data)->setAlignment(Align(64));
  return structure({number<int32_t>(image.format), number(image.capability),
                    number<int32_t>(image.isSpecific), number<uint64_t>(image.data.size()), data});
}

GlobalVariable *TableBuilder::addArtifact(const Contents &contents) {
  SmallVector<Constant *> entries, kernels, images;
  for (const FunctionInfo &function : contents.functions)
    entries.push_back(makeEntry(function));
  for (const std::string &kernel : contents.kernels)
    kernels.push_back(text(kernel));
  for (const Image &image : contents.images)
    images.push_back(makeImage(image));
  const char magic[sizeof(imhsa_artifact::magic)] = "imhsa";
  int32_t device = contents.target == Target::Cpu ? kDLCPU : kDLCUDA;
  int64_t alignment = imhsa::BufferizePassOptions().workspaceAlignment;
  Constant *fields = structure({
      ConstantDataArray::getString(context, StringRef(magic, sizeof(magic)), /*AddNull=*/false),
      number<int32_t>(kImhsaAbi),
      number(device),
      text(IMHSA_VERSION),
      number<int64_t>(entries.size()),
      array(entries, "entries"),
      number<int64_t>(kernels.size()),
      array(kernels, "kernels"),
      number<int64_t>(images.size()),
      array(images, "images"),
      number(alignment),
      null(),
  });
  // Not constant: the runtime keeps its own state in it.
  return new GlobalVariable(module, fields->getType(), /*isConstant=*/false,
                            GlobalValue::ExternalLinkage, fields, contents.prefix + "_artifact");
}

// imhsa_status SYMBOL(const DLTensor *input..., DLTensor *output..., void *stream)
void TableBuilder::addCaller(const FunctionInfo &function, int32_t index,
                             GlobalVariable *artifact) {
  // runtime/Artifact.h
  Type *status = Type::getInt32Ty(context);
  FunctionCallee call = module.getOrInsertFunction(
      "imhsa_call_entry", FunctionType::get(status, {pointer, status, pointer, pointer}, false));

  size_t numTensors = function.inputs.size() + function.outputs.size();
  SmallVector<Type *> parameters(numTensors + 1, pointer);
  auto *caller = Function::Create(FunctionType::get(status, parameters, false),
                                  GlobalValue::ExternalLinkage, function.symbol, module);
  IRBuilder<> b(BasicBlock::Create(context, "", caller));
  auto *tensorsType = ArrayType::get(pointer, numTensors);
  Value *tensors = b.CreateAlloca(tensorsType);
  for (size_t i = 0; i != numTensors; ++i)
    b.CreateStore(caller->getArg(i), b.CreateConstInBoundsGEP2_64(tensorsType, tensors, 0, i));
  b.CreateRet(b.CreateCall(call, {artifact, number(index), tensors, caller->getArg(numTensors)}));
}

void imhsa::compile::addTables(Module &module, const Contents &contents, bool isLibrary) {
  for (GlobalValue &value : module.global_values())
    if (!value.isDeclaration())
      value.setLinkage(GlobalValue::InternalLinkage);
  // What C calls takes over the names of compiled functions.
  for (const FunctionInfo &function : contents.functions)
    if (Function *compiled = module.getFunction(function.symbol))
      compiled->setName("imhsa_compiled_" + function.symbol);

  TableBuilder builder(module);
  GlobalVariable *artifact = builder.addArtifact(contents);
  if (isLibrary)
    GlobalAlias::create(IMHSA_ARTIFACT_SYMBOL, artifact);
  for (auto [index, function] : enumerate(contents.functions))
    builder.addCaller(function, index, artifact);
}
