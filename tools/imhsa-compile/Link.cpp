//===- Link.cpp - from an object file to a shared library -----------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "tools/imhsa-compile/Link.h"
#include "runtime/Artifact.h"
#include "tools/common/WriteFile.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CRC.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include <cstring>

using namespace llvm;
using namespace imhsa::compile;

// Any of these links: all search the same folders, and C++'s library is named below.
static constexpr StringLiteral kCompilers[] = {"c++", "cc", "g++", "gcc", "clang++", "clang"};

static Expected<std::string> findRuntime(StringRef option) {
  SmallString<128> path(option);
  if (path.empty()) {
    static int anchor;
    std::string tool = sys::fs::getMainExecutable("imhsa-compile", &anchor);
    path = sys::path::parent_path(sys::path::parent_path(tool));
    sys::path::append(path, "lib", "libImhsaRuntime.a");
  }
  if (sys::fs::is_regular_file(path))
    return path.str().str();
  return createStringError(
      "the runtime '" + path +
      "' is not there: build ImhsaRuntime, or say with --runtime= where it is");
}

static Expected<std::string> findCompiler(StringRef option) {
  SmallVector<StringRef> names(std::begin(kCompilers), std::end(kCompilers));
  if (!option.empty())
    names = {option};
  for (StringRef name : names)
    if (ErrorOr<std::string> path = sys::findProgramByName(name))
      // A name with a folder is taken as it is.
      if (sys::fs::can_execute(*path))
        return *path;
  if (!option.empty())
    return createStringError("--compiler=" + option + ": no such program");
  return createStringError("a library is linked by the system's C or C++ compiler, and none of " +
                           join(names, ", ") +
                           " is on PATH: install one, say with --compiler= where it is, or use "
                           "--emit=object, which needs none");
}

// Whatever else the runtime is made of, C++'s library for example, stays inside.
static std::string makeVersionScript(StringRef prefix) {
  return ("{ global: " + prefix + "_*; imhsa_*; local: *; };\n").str();
}

// By which the runtime knows that the file is whole.
static void addTrailer(SmallVectorImpl<char> &library) {
  imhsa_trailer trailer = {};
  std::memcpy(trailer.magic, "imhsa.so", sizeof(trailer.magic));
  trailer.size = library.size() + sizeof(trailer);
  trailer.crc = crc32(arrayRefFromStringRef(StringRef(library.data(), library.size())));
  trailer.abi = kImhsaAbi;
  const char *bytes = reinterpret_cast<const char *>(&trailer);
  library.append(bytes, bytes + sizeof(trailer));
}

Expected<SmallVector<char, 0>> imhsa::compile::linkLibrary(ArrayRef<char> object,
                                                           const Options &options) {
  Expected<std::string> runtime = findRuntime(options.runtime);
  if (!runtime)
    return runtime.takeError();
  Expected<std::string> compiler = findCompiler(options.compiler);
  if (!compiler)
    return compiler.takeError();

  SmallString<128> folder;
  if (std::error_code code = sys::fs::createUniqueDirectory("imhsa-compile", folder))
    return createFileError("the folder for temporary files", code);
  scope_exit cleanUp([&] { sys::fs::remove_directories(folder); });
  auto inFolder = [&](StringRef name) {
    SmallString<128> path(folder);
    sys::path::append(path, name);
    return path.str().str();
  };
  std::string objectPath = inFolder("object.o"), scriptPath = inFolder("exports.map"),
              libraryPath = inFolder("library.so");
  if (Error failed = imhsa::writeFile(
          objectPath, [&](raw_ostream &file) { file.write(object.data(), object.size()); }))
    return std::move(failed);
  if (Error failed = imhsa::writeFile(
          scriptPath, [&](raw_ostream &file) { file << makeVersionScript(options.prefix); }))
    return std::move(failed);

  // Names go to the linker as they are: -Wl would part them at commas.
  std::string script = "--version-script=" + scriptPath;
  std::string soname = ("-soname=" + sys::path::filename(options.output)).str();
  StringRef arguments[] = {*compiler, "-shared", "-o", libraryPath, objectPath,
                           // All of it, also what only callers of the library need.
                           "-Wl,--whole-archive", *runtime, "-Wl,--no-whole-archive",
                           // Nothing outside is seen, or can step in for what is inside.
                           "-Xlinker", script, "-Wl,-Bsymbolic", "-Wl,-z,defs", "-Wl,--gc-sections",
                           // The threads of the runtime never end.
                           "-Wl,-z,nodelete", "-Wl,-z,noexecstack", "-Wl,-z,relro", "-Wl,-z,now",
                           // The same bytes each time. By the build ID a process sees that a file
                           // is not the one that it loaded before.
                           "-Wl,--build-id=sha1", "-Wl,--strip-debug", "-Xlinker", soname,
                           "-Wl,--as-needed", "-lstdc++", "-lm", "-lpthread", "-ldl"};
  std::string message;
  int status = sys::ExecuteAndWait(*compiler, arguments, /*Env=*/std::nullopt, /*Redirects=*/{},
                                   /*SecondsToWait=*/0, /*MemoryLimit=*/0, &message);
  if (status != 0)
    return createStringError("'" + *compiler + "' cannot link the library" +
                             (message.empty() ? " (see above)" : ": " + message));
  auto linked = MemoryBuffer::getFile(libraryPath, /*IsText=*/false,
                                      /*RequiresNullTerminator=*/false);
  if (!linked)
    return createFileError(libraryPath, linked.getError());
  StringRef bytes = (*linked)->getBuffer();
  SmallVector<char, 0> library(bytes.begin(), bytes.end());
  addTrailer(library);
  return library;
}
