//===- Names.cpp - what functions and their tensors are called ------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "tools/imhsa-compile/Names.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

// C23's keywords; those that start with _ and a capital letter are told by their form.
static constexpr StringLiteral kC[] = {
    "alignas", "alignof", "auto", "bool", "break", "case", "char", "const", "constexpr", "continue",
    "default", "do", "double", "else", "enum", "extern", "false", "float", "for", "goto", "if",
    "inline", "int", "long", "nullptr", "register", "restrict", "return", "short", "signed",
    "sizeof", "static", "static_assert", "struct", "switch", "thread_local", "true", "typedef",
    "typeof", "typeof_unqual", "union", "unsigned", "void", "volatile", "while",
    // Macros of compilers and of <stddef.h>.
    "NULL", "asm", "linux", "unix"};

// What C++ has more, up to C++20.
static constexpr StringLiteral kCpp[] = {
    "and",       "and_eq",       "bitand",     "bitor",     "catch",     "char16_t",
    "char32_t",  "char8_t",      "class",      "co_await",  "co_return", "co_yield",
    "compl",     "concept",      "const_cast", "consteval", "constinit", "decltype",
    "delete",    "dynamic_cast", "explicit",   "export",    "friend",    "mutable",
    "namespace", "new",          "noexcept",   "not",       "not_eq",    "operator",
    "or",        "or_eq",        "private",    "protected", "public",    "reinterpret_cast",
    "requires",  "static_cast",  "template",   "this",      "throw",     "try",
    "typeid",    "typename",     "using",      "virtual",   "wchar_t",   "xor",
    "xor_eq"};

// What Python has more.
static constexpr StringLiteral kPython[] = {
    "False", "None",   "True",     "as",      "assert", "async",  "await",  "def",
    "del",   "elif",   "except",   "finally", "from",   "global", "import", "in",
    "is",    "lambda", "nonlocal", "pass",    "raise",  "with",   "yield"};

bool imhsa::compile::isIdentifier(StringRef name) {
  return !name.empty() && !isDigit(name.front()) &&
         llvm::all_of(name, [](char c) { return isAlnum(c) || c == '_'; });
}

StringRef imhsa::compile::keywordLanguage(StringRef name) {
  bool isReserved = name.size() > 1 && name[0] == '_' && (name[1] == '_' || isUpper(name[1]));
  if (isReserved || is_contained(kC, name))
    return "C";
  if (is_contained(kCpp, name))
    return "C++";
  return is_contained(kPython, name) ? "Python" : "";
}
