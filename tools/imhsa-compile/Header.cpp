//===- Header.cpp - the C header of compiled functions --------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "tools/imhsa-compile/Header.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace imhsa::compile;

static constexpr size_t kLineWidth = 100;

// `text` in a comment, which it must neither end nor start.
static std::string escape(StringRef text) {
  std::string escaped;
  for (char c : text) {
    bool isMark = !escaped.empty() &&
                  ((escaped.back() == '*' && c == '/') || (escaped.back() == '/' && c == '*'));
    if (isMark)
      escaped += ' ';
    escaped += c;
  }
  return escaped;
}

static void printParameter(raw_ostream &os, const TensorInfo &tensor, StringRef direction) {
  os << " * \\param[" << direction << "] " << tensor.name << "  " << tensor.getTypeText() << '\n';
}

static void printComment(raw_ostream &os, const FunctionInfo &function, Target target) {
  os << "\n/**";
  if (!function.comment.empty()) {
    SmallVector<StringRef> lines;
    StringRef(function.comment).split(lines, '\n');
    os << ' ' << escape(lines.front()) << '\n';
    for (StringRef line : ArrayRef(lines).drop_front())
      os << (line.empty() ? " *" : " * ") << escape(line) << '\n';
    os << " *";
  }
  os << '\n';
  for (const TensorInfo &tensor : function.inputs)
    printParameter(os, tensor, "in");
  for (const TensorInfo &tensor : function.outputs)
    printParameter(os, tensor, "out");
  os << " * \\param stream  "
     << (target == Target::Cpu ? "ignored"
                               : "a CUstream or cudaStream_t; null is the default stream")
     << "\n */\n";
}

// The declaration, in lines of `kLineWidth` where its words allow.
static void printDeclaration(raw_ostream &os, const FunctionInfo &function) {
  SmallVector<std::string> parameters;
  for (const TensorInfo &tensor : function.inputs)
    parameters.push_back("const DLTensor *" + tensor.name + ",");
  for (const TensorInfo &tensor : function.outputs)
    parameters.push_back("DLTensor *" + tensor.name + ",");
  parameters.push_back("void *stream);");

  std::string line = "imhsa_status " + function.symbol + "(";
  std::string indent(line.size(), ' ');
  bool isFirst = true;
  for (const std::string &parameter : parameters) {
    if (!isFirst && line.size() + 1 + parameter.size() > kLineWidth) {
      os << line << '\n';
      line = indent;
    } else if (!isFirst) {
      line += ' ';
    }
    line += parameter;
    isFirst = false;
  }
  os << line << '\n';
}

void imhsa::compile::printHeader(raw_ostream &os, ArrayRef<FunctionInfo> functions,
                                 const Options &options) {
  std::string guard = StringRef(options.prefix).upper() + "_H";
  StringRef place = options.target == Target::Cpu ? "the CPU" : "a CUDA device";
  os << "/* Made by imhsa-compile " << IMHSA_VERSION << ". */\n"
     << "#ifndef " << guard << "\n#define " << guard << "\n\n"
     << "#include <dlpack/dlpack.h>\n#include <imhsa.h>\n\n"
     << "/** \\file\n"
        " * Functions on tensors of "
     << place << ".\n"
     << " *\n"
        " * Types are written as element type[dimensions]. A dimension with a name may have any\n"
        " * size, the same wherever the name stands; whatever else must agree is checked, too. "
        "The\n"
        " * caller allocates the outputs; what only an output has follows from the inputs:\n"
        " * imhsa_get_output_shape computes it. The innermost dimension of each tensor must be\n"
        " * contiguous; other strides are free, and null strides mean row-major order.\n";
  if (llvm::any_of(functions, [](const FunctionInfo &function) {
        return llvm::any_of(
            llvm::concat<const TensorInfo>(function.inputs, function.outputs),
            [](const TensorInfo &tensor) { return tensor.getElementType().code == kDLBfloat; });
      }))
    os << " * Where bfloat16 is expected, unsigned 16-bit integers are taken as its bits.\n";
  os << " *\n"
        " * A function returns IMHSA_OK, or says in imhsa_last_error() which argument does not "
        "fit\n"
        " * and why, before it has done anything: IMHSA_INVALID_ARGUMENT for a null pointer,\n"
        " * IMHSA_INVALID_TENSOR for another element type, rank, shape, stride, device or "
        "alignment,\n"
        " * for dimensions of inputs that do not agree, and for outputs that overlap anything;\n"
     << (options.target == Target::Cpu ? " * or IMHSA_OUT_OF_MEMORY.\n"
                                       : " * IMHSA_NO_DEVICE, IMHSA_CUDA_ERROR or "
                                         "IMHSA_OUT_OF_MEMORY. It enqueues its work on\n"
                                         " * the stream and returns at once.\n")
     << " */\n\n"
        "#ifdef __cplusplus\nextern \"C\" {\n#endif\n";
  for (const FunctionInfo &function : functions) {
    printComment(os, function, options.target);
    printDeclaration(os, function);
  }
  if (options.emit == Emit::Object)
    os << "\n/** These functions, for imhsa_open_embedded. */\nextern imhsa_artifact "
       << options.prefix << "_artifact;\n";
  os << "\n#ifdef __cplusplus\n}\n#endif\n\n#endif /* " << guard << " */\n";
}
