//===- Schedule.cpp - #imhsa.schedule: its sizes, syntax and verifier -----===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "dialect/Imhsa.h"
#include "mlir/IR/DialectImplementation.h"

using namespace mlir;
using namespace imhsa;

// The order of kinds: general, pool, normalisers, stream, read_out. Rows and keys are multiples of
// 16, the rows of a matrix instruction; columns of 8, what 16 bytes of shared memory hold.
static constexpr ScheduleSize kSizes[] = {
    {"queries", &ScheduleSizes::queries, 16, 1024, 16, {0, -1, 64, 64, 64}},
    {"keys", &ScheduleSizes::keys, 16, 1024, 16, {0, -1, 64, 64, -1}},
    {"warps", &ScheduleSizes::warps, 1, 16, 1, {-1, 8, 4, 4, 4}},
    {"stages", &ScheduleSizes::stages, 1, 4, 1, {-1, -1, 2, 2, 2}},
    {"splits", &ScheduleSizes::splits, 1, 1024, 1, {0, -1, 1, 1, -1}},
    {"heads", &ScheduleSizes::heads, 0, 32, 1, {-1, -1, 0, 0, 0}},
    {"columns", &ScheduleSizes::columns, 0, 256, 8, {-1, -1, -1, 0, 0}},
};

ArrayRef<ScheduleSize> imhsa::allScheduleSizes() { return kSizes; }

ScheduleSizes imhsa::defaultSizes(KernelKind kind) {
  ScheduleSizes sizes;
  for (const ScheduleSize &size : kSizes)
    if (size.isOf(kind))
      sizes.*size.member = size.defaults[static_cast<unsigned>(kind)];
  return sizes;
}

static bool hasMath(KernelKind kind) {
  return kind != KernelKind::General && kind != KernelKind::Pool;
}

// Names what a kind has, for messages.
static std::string namesOf(KernelKind kind) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::interleaveComma(
      llvm::make_filter_range(kSizes, [&](const ScheduleSize &size) { return size.isOf(kind); }),
      os, [&](const ScheduleSize &size) { os << size.name; });
  if (hasMath(kind))
    os << ", math";
  return text;
}

LogicalResult ScheduleAttr::verify(function_ref<InFlightDiagnostic()> emitError, KernelKind kind,
                                   int64_t queries, int64_t keys, int64_t warps, int64_t stages,
                                   int64_t splits, int64_t heads, int64_t columns,
                                   MatrixMath math) {
  ScheduleSizes sizes{queries, keys, warps, stages, splits, heads, columns};
  bool isGeneral = kind == KernelKind::General;
  auto noSuch = [&](StringRef name) {
    return emitError() << "[schedule_attr_c2] " << name << ": expected nothing but "
                       << namesOf(kind) << " for the kind '" << stringifyKernelKind(kind)
                       << "', found one";
  };
  for (const ScheduleSize &size : kSizes) {
    int64_t value = sizes.*size.member;
    if (!size.isOf(kind)) {
      if (value != 0)
        return noSuch(size.name);
      continue;
    }
    int64_t least = isGeneral ? 0 : std::min<int64_t>(size.least, 1);
    if (value < least)
      return emitError() << "[schedule_attr_c1] " << size.name << ": expected at least " << least
                         << ", found " << value;
    if (!isGeneral && (value < size.least || value > size.most || value % size.multiple != 0)) {
      InFlightDiagnostic error = emitError() << "[schedule_attr_c3] " << size.name << ": expected ";
      if (size.multiple > 1)
        error << "a multiple of " << size.multiple << ' ';
      return error << "from " << size.least << " to " << size.most << ", found " << value;
    }
  }
  if (!hasMath(kind) && math != MatrixMath::Exact)
    return noSuch("math");
  return success();
}

// schedule ::= `<` kind (`,` name `=` value)* `>`
Attribute ScheduleAttr::parse(AsmParser &parser, Type) {
  SMLoc loc = parser.getCurrentLocation();
  StringRef kindName;
  if (parser.parseLess() || parser.parseKeyword(&kindName))
    return {};
  std::optional<KernelKind> kind = symbolizeKernelKind(kindName);
  if (!kind) {
    InFlightDiagnostic error = parser.emitError(loc) << "schedule: expected a kind of kernel (";
    for (unsigned i = 0; i <= getMaxEnumValForKernelKind(); ++i)
      error << (i ? ", " : "") << stringifyKernelKind(static_cast<KernelKind>(i));
    error << "), found '" << kindName << "'";
    return {};
  }
  ScheduleSizes sizes = defaultSizes(*kind);
  MatrixMath math = MatrixMath::Exact;
  llvm::SmallDenseSet<StringRef> given;
  while (succeeded(parser.parseOptionalComma())) {
    SMLoc nameLoc = parser.getCurrentLocation();
    StringRef name;
    if (parser.parseKeyword(&name))
      return {};
    const ScheduleSize *size =
        llvm::find_if(kSizes, [&](const ScheduleSize &size) { return size.name == name; });
    bool isMath = name == "math";
    if (!isMath && size == std::end(kSizes)) {
      InFlightDiagnostic error = parser.emitError(nameLoc) << "schedule: expected one of ";
      for (const ScheduleSize &size : kSizes)
        error << size.name << ", ";
      error << "math; found '" << name << "'";
      return {};
    }
    if (!given.insert(name).second) {
      parser.emitError(nameLoc) << "schedule: '" << name << "' is given twice";
      return {};
    }
    if (parser.parseEqual())
      return {};
    if (!isMath) {
      if (parser.parseInteger(sizes.*size->member))
        return {};
      continue;
    }
    SMLoc valueLoc = parser.getCurrentLocation();
    StringRef value;
    if (parser.parseKeyword(&value))
      return {};
    std::optional<MatrixMath> symbol = symbolizeMatrixMath(value);
    if (!symbol) {
      parser.emitError(valueLoc) << "schedule: expected 'exact' or 'tf32' for 'math', found '"
                                 << value << "'";
      return {};
    }
    math = *symbol;
  }
  if (parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(), *kind,
                    sizes.queries, sizes.keys, sizes.warps, sizes.stages, sizes.splits, sizes.heads,
                    sizes.columns, math);
}

void ScheduleAttr::print(AsmPrinter &printer) const {
  printer << '<' << stringifyKernelKind(getKind());
  ScheduleSizes sizes = getSizes(), defaults = defaultSizes(getKind());
  for (const ScheduleSize &size : kSizes)
    if (sizes.*size.member != defaults.*size.member)
      printer << ", " << size.name << " = " << sizes.*size.member;
  if (getMath() != MatrixMath::Exact)
    printer << ", math = " << stringifyMatrixMath(getMath());
  printer << '>';
}

bool imhsa::hasFusedSchedule(Operation *op) {
  auto schedule = op->getAttrOfType<ScheduleAttr>(kScheduleAttr);
  return schedule && schedule.isFused();
}
