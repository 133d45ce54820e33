//===- Arguments.cpp - what a kernel is called with -----------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "tools/imhsa-emulate/Arguments.h"
#include "tools/common/Tensor.h"
#include "mlir/IR/BuiltinTypes.h"

using namespace imhsa;
using namespace imhsa::emulate;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
using llvm::Twine;

// What nobody has written: NaN in every floating-point type.
static constexpr unsigned char kPoison = 0xFF;

//===----------------------------------------------------------------------===//
// Parsing
//===----------------------------------------------------------------------===//

static mlir::Type parseElementType(StringRef name, mlir::MLIRContext *context) {
  if (name == "f16")
    return mlir::Float16Type::get(context);
  if (name == "bf16")
    return mlir::BFloat16Type::get(context);
  if (name == "f32")
    return mlir::Float32Type::get(context);
  if (name == "f64")
    return mlir::Float64Type::get(context);
  unsigned width;
  if (name.consume_front("i") && !name.getAsInteger(10, width) &&
      llvm::is_contained({1u, 8u, 16u, 32u, 64u}, width))
    return mlir::IntegerType::get(context, width);
  return {};
}

// An array of the shape and type in "f32:16x8", all of whose bytes are poison.
static Expected<run::NpyArray> makeOutput(StringRef text, mlir::MLIRContext *context) {
  auto [typeName, shape] = text.split(':');
  mlir::Type type = parseElementType(typeName, context);
  if (!type)
    return createStringError("element type '" + typeName +
                             "': expected f16, bf16, f32, f64, i1, i8, i16, i32 or i64");
  run::NpyArray array;
  const run::ElementFormat *format = run::formatOf(type);
  array.descr = format->descr.str();
  llvm::SmallVector<StringRef> sizes;
  shape.split(sizes, 'x', -1, /*KeepEmpty=*/!shape.empty());
  uint64_t bytes = format->size;
  for (StringRef size : sizes) {
    bool overflows = false;
    if (size.getAsInteger(10, array.shape.emplace_back()) || array.shape.back() < 0)
      return createStringError("shape '" + shape + "': expected sizes as in 16x8");
    bytes = llvm::SaturatingMultiply<uint64_t>(bytes, array.shape.back(), &overflows);
    if (overflows)
      return createStringError("shape '" + shape + "' is too large");
  }
  Expected<run::Buffer> buffer = run::Buffer::allocate(bytes, "output");
  if (!buffer)
    return buffer.takeError();
  array.data = std::move(*buffer);
  array.data.fill(kPoison);
  return std::move(array);
}

Error Arguments::parse(Argument &argument, mlir::MLIRContext *context) {
  auto [kind, rest] = StringRef(argument.spec).split(':');
  auto [path, more] = rest.split(':');
  if (kind == "i32" || kind == "i64") {
    int64_t value;
    bool fits = !rest.getAsInteger(0, value) &&
                (kind == "i64" || llvm::isInt<32>(value) || llvm::isUInt<32>(value));
    if (!fits)
      return createStringError("expected a number that fits in " + kind + ", found '" + rest + "'");
    argument.numberType = kind.str();
    argument.number = static_cast<uint64_t>(value);
    return Error::success();
  }
  if (kind == "f32") {
    double value;
    if (rest.getAsDouble(value, /*AllowInexact=*/true))
      return createStringError("expected a number, found '" + rest + "'");
    argument.numberType = "float";
    argument.number = llvm::bit_cast<uint32_t>(static_cast<float>(value));
    return Error::success();
  }
  if (kind == "in" || kind == "inout") {
    argument.isWritable = kind == "inout";
    if (argument.isWritable ? more.empty() : !more.empty())
      return createStringError(argument.isWritable ? "expected inout:PATH.npy:OUT.npy"
                                                   : "expected in:PATH.npy");
    argument.outputPath = more.str();
    Expected<run::NpyArray> array = run::readNpy(path);
    if (!array)
      return array.takeError();
    argument.array = std::move(*array);
  } else if (kind == "out") {
    argument.isWritable = true;
    argument.outputPath = path.str();
    Expected<run::NpyArray> array = makeOutput(more, context);
    if (!array)
      return array.takeError();
    argument.array = std::move(*array);
  } else {
    return createStringError("expected in:, inout:, out:, i32:, i64: or f32: and more");
  }
  argument.address = argument.array.data.data();
  return Error::success();
}

Expected<Arguments> Arguments::make(llvm::ArrayRef<std::string> specs, mlir::MLIRContext *context) {
  Arguments result;
  for (const std::string &spec : specs) {
    Argument &argument = result.arguments.emplace_back();
    argument.spec = spec;
    if (Error failed = result.parse(argument, context))
      return createStringError("--arg=" + spec + ": " + llvm::toString(std::move(failed)));
  }
  return std::move(result);
}

//===----------------------------------------------------------------------===//
// Binding
//===----------------------------------------------------------------------===//

Expected<std::vector<void *>> Arguments::bind(const emulator::Kernel &kernel,
                                              llvm::ArrayRef<mlir::Type> types) {
  size_t expected = types.empty() ? kernel.parameters.size() : types.size();
  if (arguments.size() != expected)
    return createStringError("kernel '" + kernel.name + "' has " + Twine(expected) +
                             " parameters, found " + Twine(arguments.size()) +
                             " arguments (--arg)");
  std::vector<void *> addresses;
  auto addWord = [&](uint64_t word) {
    words.push_back(word);
    addresses.push_back(&words.back());
  };
  for (auto [index, argument] : llvm::enumerate(arguments)) {
    if (auto memref =
            types.empty() ? mlir::MemRefType() : llvm::dyn_cast<mlir::MemRefType>(types[index])) {
      llvm::ArrayRef<int64_t> shape = argument.array.shape;
      if (!argument.address || static_cast<int64_t>(shape.size()) != memref.getRank())
        return createStringError("--arg=" + argument.spec + ": expected an array of rank " +
                                 Twine(memref.getRank()) + " for parameter " + Twine(index));
      auto address = reinterpret_cast<uintptr_t>(argument.address);
      addWord(address), addWord(address), addWord(0);
      for (int64_t size : shape)
        addWord(static_cast<uint64_t>(size));
      for (size_t dim = 0; dim < shape.size(); ++dim) {
        uint64_t stride = 1;
        for (int64_t size : shape.drop_front(dim + 1))
          stride *= static_cast<uint64_t>(size);
        addWord(stride);
      }
      continue;
    }
    if (addresses.size() >= kernel.parameters.size())
      return createStringError("--arg=" + argument.spec + ": the kernel has no parameter for it");
    const emulator::Parameter &parameter = kernel.parameters[addresses.size()];
    bool fits =
        argument.numberType.empty() ? parameter.isPointer : argument.numberType == parameter.type;
    if (!fits)
      return createStringError("--arg=" + argument.spec + ": parameter " + Twine(index) +
                               " of kernel '" + kernel.name + "' is of type " + parameter.type);
    addWord(argument.numberType.empty() ? reinterpret_cast<uintptr_t>(argument.address)
                                        : argument.number);
  }
  if (addresses.size() != kernel.parameters.size())
    return createStringError("kernel '" + kernel.name + "' takes " +
                             Twine(kernel.parameters.size()) + " words, found " +
                             Twine(addresses.size()));
  return addresses;
}

std::vector<emulator::GlobalBuffer> Arguments::getBuffers() {
  std::vector<emulator::GlobalBuffer> buffers;
  for (auto [index, argument] : llvm::enumerate(arguments))
    if (argument.address)
      buffers.push_back({"argument " + std::to_string(index), argument.address,
                         argument.array.data.size(), argument.isWritable});
  return buffers;
}

Error Arguments::save() const {
  for (const Argument &argument : arguments)
    if (!argument.outputPath.empty())
      if (Error failed =
              run::writeNpy(argument.outputPath, argument.array.descr, argument.array.shape,
                            {argument.array.data.data(), argument.array.data.size()}))
        return failed;
  return Error::success();
}
