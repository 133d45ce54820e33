//===- Npy.cpp - arrays in NumPy's .npy files -----------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// The format: numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
//
// Debian's reader of it, xtensor's xnpy.hpp (0.24.3), was tried and is unfit: it does not see that
// a file ends early, takes header lengths for signed bytes, multiplies sizes without looking for
// overflow, reads "abc" as size 0, wants the keys of the header in one order, and has no float16.

#include "tools/common/Npy.h"
#include "tools/common/WriteFile.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"

using namespace llvm;
using namespace imhsa::run;

static_assert(endianness::native == endianness::little, "arrays are read and written as they are");

static constexpr StringLiteral kMagic = "\x93NUMPY";

//===----------------------------------------------------------------------===//
// The header
//===----------------------------------------------------------------------===//

// Bytes of a file, as an error message may hold them.
static std::string quoted(StringRef text) {
  std::string result = "'";
  raw_string_ostream stream(result);
  printEscapedString(text, stream);
  stream << "'";
  return result;
}

namespace {

/// Reads the header, a dictionary as Python writes it, of an array: keys 'descr' (a string),
/// 'fortran_order' (a truth value) and 'shape' (a tuple of numbers), each once, in any order.
class HeaderParser {
public:
  HeaderParser(StringRef text, NpyArray &array) : rest(text), array(array) {}

  Error parse() {
    bool seenDescr = false, seenOrder = false, seenShape = false;
    if (!consume("{"))
      return error("expected '{'");
    while (!consume("}")) {
      std::string key;
      if (Error failed = parseString("a key", key))
        return failed;
      if (!consume(":"))
        return error("expected ':' after key " + quoted(key));
      bool *seen = key == "descr"           ? &seenDescr
                   : key == "fortran_order" ? &seenOrder
                   : key == "shape"         ? &seenShape
                                            : nullptr;
      if (!seen || *seen)
        return createStringError(Twine("corrupt header: ") + (seen ? "second" : "unknown") +
                                 " key " + quoted(key));
      *seen = true;
      if (Error failed = seen == &seenDescr   ? parseDescr()
                         : seen == &seenOrder ? parseOrder()
                                              : parseShape())
        return failed;
      if (!consume(",") && !rest.starts_with("}"))
        return error("expected ',' or '}'");
    }
    if (!rest.empty())
      return error("expected its end after '}'");
    if (!seenDescr || !seenOrder || !seenShape)
      return createStringError("corrupt header: expected the keys 'descr', 'fortran_order' and "
                               "'shape'");
    return Error::success();
  }

private:
  Error error(const Twine &message) {
    return createStringError("corrupt header: " + message + ", found " +
                             (rest.empty() ? "its end" : quoted(rest.take_front(20))));
  }

  // Consumes a token and the blanks around it.
  bool consume(StringRef token) {
    rest = rest.ltrim();
    if (!rest.consume_front(token))
      return false;
    rest = rest.ltrim();
    return true;
  }

  Error parseString(StringRef what, std::string &result) {
    size_t end = rest.empty() || !StringRef("'\"").contains(rest[0]) ? StringRef::npos
                                                                     : rest.find(rest[0], 1);
    if (end == StringRef::npos)
      return error("expected " + what + " in quotes");
    result = rest.slice(1, end).str();
    rest = rest.drop_front(end + 1).ltrim();
    return Error::success();
  }

  Error parseDescr() {
    if (rest.starts_with("["))
      return createStringError("structured element types are not supported");
    return parseString("the element type", array.descr);
  }

  Error parseOrder() {
    if (consume("False"))
      return Error::success();
    if (consume("True"))
      return createStringError("the array is in column-major order; save "
                               "numpy.ascontiguousarray(array) instead");
    return error("expected True or False");
  }

  Error parseShape() {
    if (!consume("("))
      return error("expected '('");
    while (!consume(")")) {
      int64_t size;
      if (rest.starts_with("-") || rest.consumeInteger(10, size))
        return error("expected a size of at least 0 that fits in 63 bits");
      array.shape.push_back(size);
      if (!consume(",") && !rest.starts_with(")"))
        return error("expected ',' or ')'");
    }
    return Error::success();
  }

  StringRef rest;
  NpyArray &array;
};

} // namespace

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

// The bytes of one element: the number at the end of `descr`, after the byte order and the kind.
static Expected<uint64_t> elementSize(StringRef descr) {
  uint64_t size;
  if (descr.starts_with(">"))
    return createStringError("elements " + quoted(descr) +
                             " are big-endian; save them in the little-endian order instead");
  if (descr.size() < 3 || !StringRef("<|").contains(descr[0]) || !isAlpha(descr[1]) ||
      descr.drop_front(2).getAsInteger(10, size) || size == 0 || descr[1] == 'O')
    return createStringError("elements " + quoted(descr) + " are not supported");
  return descr[1] == 'U' ? size * 4 : size;
}

static Error readExactly(sys::fs::file_t file, uint64_t offset, MutableArrayRef<char> into) {
  while (!into.empty()) {
    Expected<size_t> count = sys::fs::readNativeFileSlice(file, into, offset);
    if (!count)
      return count.takeError();
    if (*count == 0)
      return createStringError("the file ends too early");
    offset += *count;
    into = into.drop_front(*count);
  }
  return Error::success();
}

// Reads the magic string, the version, the header's length and the header; `offset` is then where
// the elements begin.
static Error readHeader(sys::fs::file_t file, uint64_t fileSize, NpyArray &array,
                        uint64_t &offset) {
  char start[12];
  if (fileSize < sizeof(start))
    return createStringError("not a .npy file: only " + Twine(fileSize) + " bytes long");
  if (Error failed = readExactly(file, 0, start))
    return failed;
  if (!StringRef(start, sizeof(start)).starts_with(kMagic))
    return createStringError("not a .npy file: its first bytes are not \\x93NUMPY");
  unsigned major = static_cast<unsigned char>(start[6]);
  unsigned minor = static_cast<unsigned char>(start[7]);
  if (major < 1 || major > 3 || minor != 0)
    return createStringError("format version " + Twine(major) + "." + Twine(minor) +
                             " is not supported: expected 1.0, 2.0 or 3.0");

  offset = major == 1 ? 10 : 12;
  uint64_t length =
      major == 1 ? support::endian::read16le(start + 8) : support::endian::read32le(start + 8);
  if (length > fileSize - offset)
    return createStringError("truncated: the header has " + Twine(length) +
                             " bytes, but the file has " + Twine(fileSize - offset) +
                             " bytes after the header's length");
  std::string header(length, '\0');
  if (Error failed = readExactly(file, offset, header))
    return failed;
  offset += length;
  return HeaderParser(header, array).parse();
}

static Error readInto(StringRef path, NpyArray &array) {
  Expected<sys::fs::file_t> file = sys::fs::openNativeFileForRead(path);
  if (!file)
    return file.takeError();
  llvm::scope_exit close([&] { sys::fs::closeFile(*file); });
  sys::fs::file_status status;
  if (std::error_code code = sys::fs::status(*file, status))
    return errorCodeToError(code);
  if (!sys::fs::is_regular_file(status))
    return createStringError("not a regular file");

  uint64_t offset = 0;
  if (Error failed = readHeader(*file, status.getSize(), array, offset))
    return failed;
  Expected<uint64_t> bytes = elementSize(array.descr);
  if (!bytes)
    return bytes.takeError();
  for (int64_t size : array.shape) {
    bool overflow;
    *bytes = SaturatingMultiply(*bytes, static_cast<uint64_t>(size), &overflow);
    // An array without elements may have other sizes of any product.
    if (overflow && !is_contained(array.shape, 0))
      return createStringError("corrupt header: the sizes of the shape multiply to more than 64 "
                               "bits");
  }
  if (is_contained(array.shape, 0))
    *bytes = 0;
  if (uint64_t found = status.getSize() - offset; found != *bytes)
    return createStringError((found < *bytes ? "truncated" : "too long") + Twine(": expected ") +
                             Twine(*bytes) + " bytes of elements, found " + Twine(found));
  Expected<Buffer> buffer = Buffer::allocate(*bytes, "elements");
  if (!buffer)
    return buffer.takeError();
  array.data = std::move(*buffer);
  return readExactly(*file, offset, {array.data.data(), array.data.size()});
}

Expected<NpyArray> imhsa::run::readNpy(StringRef path) {
  NpyArray array;
  if (Error failed = readInto(path, array))
    return createFileError(path, std::move(failed));
  return array;
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

Error imhsa::run::writeNpy(StringRef path, StringRef descr, ArrayRef<int64_t> shape,
                           ArrayRef<char> data) {
  std::string header;
  raw_string_ostream stream(header);
  stream << "{'descr': '" << descr << "', 'fortran_order': False, 'shape': (";
  interleaveComma(shape, stream);
  stream << (shape.size() == 1 ? ",), }" : "), }");
  // The elements begin at a multiple of 64 bytes.
  constexpr size_t kFixed = 10;
  header.resize(alignTo(kFixed + header.size() + 1, 64) - kFixed - 1, ' ');
  header += '\n';
  if (header.size() > std::numeric_limits<uint16_t>::max())
    return createFileError(path, createStringError("a shape of " + Twine(shape.size()) +
                                                   " dimensions does not fit the header"));
  return writeFile(path, [&](raw_ostream &file) {
    char length[2];
    support::endian::write16le(length, header.size());
    file << kMagic << '\x01' << '\0' << StringRef(length, 2) << header
         << StringRef(data.data(), data.size());
  });
}
