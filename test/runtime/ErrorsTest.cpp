//===- ErrorsTest.cpp - unit test of what goes wrong ----------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// Provokes one error after the other, prints the status and the text of each, and
// makes a correct call after each.
//
//   imhsa-errors-test LIBRARY                 calls of the artifact of Inputs/mix.c
//   imhsa-errors-test LIBRARY OTHER FOLDER    files; OTHER has other tables

#include "test/runtime/GpuArtifact.h"

#include <fcntl.h>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace {

void mustRun(const imhsa_function *mix) {
  MixArguments arguments(2, 3);
  expect(imhsa_run(mix, arguments.tensors.data(), nullptr) == IMHSA_OK && arguments.isRight(),
         "a correct call");
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

void checkTensors(const char *path) {
  imhsa_library *library = nullptr;
  check(imhsa_open(path, &library) == IMHSA_OK, "open");
  const imhsa_function *mix = imhsa_get_function(library, 0), *found;

  int64_t huge[] = {int64_t(1) << 40, int64_t(1) << 40, 8}, minus[] = {-2, 3, 8};
  int64_t far[] = {std::numeric_limits<int64_t>::max() / 4, 8, 1};
  int64_t back[] = {std::numeric_limits<int64_t>::min() / 4, 8, 1};
  int64_t gaps[] = {48, 16, 2}, same[] = {0, 8, 1}, close[] = {24, 4, 1};
  int64_t packed[] = {3 * 16, 16, 1};
  std::vector<float> memory(200);
  using Change = std::function<void(MixArguments &)>;
  const std::pair<const char *, Change> cases[] = {
      {"element type", [](auto &a) { a.x.tensor.dtype = {kDLFloat, 64, 1}; }},
      {"another of as many bits", [](auto &a) { a.weight.tensor.dtype = {kDLFloat, 16, 1}; }},
      {"lanes", [](auto &a) { a.x.tensor.dtype.lanes = 4; }},
      {"truth values as bytes", [](auto &a) { a.keep.tensor.dtype = {kDLUInt, 8, 1}; }},
      {"unknown type", [](auto &a) { a.shift.tensor.dtype = {17, 4, 1}; }},
      {"rank", [](auto &a) { a.x.tensor.ndim = 2; }},
      {"negative rank", [](auto &a) { a.x.tensor.ndim = -1; }},
      {"dimension", [](auto &a) { a.weight.shape[0] = 9; }},
      {"negative dimension", [&](auto &a) { a.x.tensor.shape = minus; }},
      {"dimensions that differ", [](auto &a) { a.shift.shape[0] = 4; }},
      {"dimension of an output", [](auto &a) { a.y.shape[1] = 2; }},
      {"last stride", [&](auto &a) { a.x.tensor.strides = gaps; }},
      {"output over itself", [&](auto &a) { a.y.tensor.strides = same; }},
      {"output partly over itself", [&](auto &a) { a.y.tensor.strides = close; }},
      {"output over an input", [](auto &a) { a.y.tensor.data = a.x.data; }},
      {"output over the end of an input",
       [&](auto &a) {
         a.x.tensor.data = memory.data() + (4 - reinterpret_cast<uintptr_t>(memory.data()) / 4 % 4);
         a.y.tensor.data = static_cast<float *>(a.x.tensor.data) + 44;
       }},
      {"output between the rows of an input, too wide",
       [&](auto &a) {
         a.x.tensor.data = memory.data() + (4 - reinterpret_cast<uintptr_t>(memory.data()) / 4 % 4);
         a.y.tensor.data = static_cast<float *>(a.x.tensor.data) + 12;
         a.x.tensor.strides = a.y.tensor.strides = packed;
       }},
      {"device type", [](auto &a) { a.keep.tensor.device = {kDLCUDA, 1}; }},
      {"unknown device type",
       [](auto &a) { a.y.tensor.device.device_type = static_cast<DLDeviceType>(99); }},
      {"null tensor", [](auto &a) { a.tensors[3] = nullptr; }},
      {"null data", [](auto &a) { a.shift.tensor.data = nullptr; }},
      {"null shape", [](auto &a) { a.shift.tensor.shape = nullptr; }},
      {"misaligned data", [](auto &a) { a.x.tensor.data = a.x.template as<float>() + 1; }},
      {"misaligned element",
       [](auto &a) { a.shift.tensor.data = a.shift.template as<char>() + 2; }},
      {"misaligned by byte_offset", [](auto &a) { a.y.tensor.byte_offset = 8; }},
      {"byte_offset", [](auto &a) { a.x.tensor.byte_offset = ~uint64_t(0) - 15; }},
      {"size",
       [&](auto &a) {
         a.x.tensor.shape = huge;
         a.x.tensor.strides = nullptr;
       }},
      {"strides", [&](auto &a) { a.x.tensor.strides = far; }},
      {"negative strides", [&](auto &a) { a.x.tensor.strides = back; }},
  };
  for (const auto &[name, change] : cases) {
    MixArguments arguments(2, 3);
    change(arguments);
    report(name, imhsa_run(mix, arguments.tensors.data(), nullptr));
    mustRun(mix);
  }

  using ManagedChange = void (*)(std::vector<DLManagedTensorVersioned *> &);
  const std::pair<const char *, ManagedChange> managedCases[] = {
      {"read-only output",
       [](auto &tensors) { tensors[4]->flags = DLPACK_FLAG_BITMASK_READ_ONLY; }},
      {"major version", [](auto &tensors) { tensors[1]->version.major = 2; }},
      {"null managed tensor", [](auto &tensors) { tensors[2] = nullptr; }},
  };
  for (const auto &[name, change] : managedCases) {
    MixArguments arguments(2, 3);
    std::vector<DLManagedTensorVersioned> managed(5);
    std::vector<DLManagedTensorVersioned *> tensors;
    for (size_t i = 0; i < managed.size(); ++i) {
      managed[i].version = {1, 3};
      managed[i].dl_tensor = *arguments.tensors[i];
      tensors.push_back(&managed[i]);
    }
    change(tensors);
    report(name, imhsa_run_versioned(mix, tensors.data(), nullptr));
    mustRun(mix);
  }

  MixArguments arguments(2, 3);
  imhsa_tensor_type type;
  int64_t shape[3];
  size_t bytes;
  arguments.x.shape[2] = 7;
  auto *tensors = arguments.tensors.data();
  report("shape asked for", imhsa_get_output_shape(mix, tensors, 0, shape));
  report("workspace asked for", imhsa_get_workspace_size(mix, tensors, &bytes));
  arguments.x.shape[2] = 8;
  arguments.keep.shape[0] = 5;
  report("dimensions that differ, asked for", imhsa_get_workspace_size(mix, tensors, &bytes));
  arguments.keep.shape[0] = 3;
  arguments.tensors[1] = nullptr;
  report("null tensor, asked for", imhsa_get_workspace_size(mix, tensors, &bytes));
  arguments.tensors[1] = &arguments.shift.tensor;
  report("null inputs", imhsa_get_workspace_size(mix, nullptr, &bytes));
  report("null result", imhsa_get_output_shape(mix, tensors, 0, nullptr));
  report("null type", imhsa_get_tensor_type(mix, 0, nullptr));
  report("unknown output", imhsa_get_output_shape(mix, tensors, 1, shape));
  report("null function", imhsa_run(nullptr, tensors, nullptr));
  report("null tensors", imhsa_run(mix, nullptr, nullptr));
  report("null managed tensors", imhsa_run_versioned(mix, nullptr, nullptr));
  report("unknown function", imhsa_find_function(library, "attention", &found));
  expect(!found, "no function");
  report("null name", imhsa_find_function(library, nullptr, &found));
  report("unknown tensor", imhsa_get_tensor_type(mix, 5, &type));
  report("negative tensor", imhsa_get_tensor_type(mix, -1, &type));
  expect(!imhsa_get_function(library, 1) && !imhsa_function_name(nullptr) &&
             imhsa_num_functions(nullptr) == 0,
         "null for what is not there");
  imhsa_release_workspaces(nullptr);
  mustRun(mix);
  imhsa_close(library);
}

//===----------------------------------------------------------------------===//
// What compiled code says
//===----------------------------------------------------------------------===//

/// refuse(x: f32 [?]), whose x has as many elements as the error that it is to make.
struct Refusing {
  static const char *sizes(void **arguments) {
    auto **memrefs = reinterpret_cast<GpuArtifact::Memref **>(arguments);
    int64_t size = memrefs[0]->sizes[0], &bytes = *reinterpret_cast<int64_t *>(memrefs[1]->aligned);
    bytes = size == 1 ? -1 : (size == 2 ? int64_t(1) << 62 : 0);
    return size == 3 ? "3 is no size" : nullptr;
  }
  static const char *run(void **arguments) {
    auto **memrefs = reinterpret_cast<GpuArtifact::Memref **>(arguments);
    return memrefs[0]->sizes[0] == 4 ? "4 is no size either" : nullptr;
  }

  const imhsa_entry entry = {"refuse", "", 1, 0, GpuArtifact::kTensors1, run, sizes};
  imhsa_artifact tables = {"imhsa", kImhsaAbi, kDLCPU, "test",  1,  &entry,
                           0,       nullptr,   0,      nullptr, 64, nullptr};
};

void checkRefusals() {
  Refusing refusing;
  for (int64_t size : {1, 2, 3, 4}) {
    Array x(kF32, {size}), good(kF32, {5});
    const DLTensor *tensors[] = {&x.tensor}, *goodTensors[] = {&good.tensor};
    report("size " + std::to_string(size), imhsa_call_entry(&refusing.tables, 0, tensors, nullptr));
    expect(imhsa_call_entry(&refusing.tables, 0, goodTensors, nullptr) == IMHSA_OK,
           "a correct call");
  }
  Refusing wrong;
  wrong.tables.abi = 88;
  report("entry of another ABI", imhsa_call_entry(&wrong.tables, 0, nullptr, nullptr));
  imhsa_close(static_cast<imhsa_library *>(refusing.tables.state));
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

std::string read(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write(const std::string &path, const std::string &content) {
  std::ofstream(path, std::ios::binary) << content;
}

void checkFiles(const std::string &path, const std::string &other, const std::string &folder) {
  imhsa_library *library = nullptr;
  check(imhsa_open(path.c_str(), &library) == IMHSA_OK, "open");
  auto reportOpen = [&](const std::string &name, const char *path) {
    imhsa_library *opened = library;
    report(name, imhsa_open(path, &opened));
    expect(!opened, "no library");
    mustRun(imhsa_get_function(library, 0));
  };
  std::string broken = folder + "/broken.so", whole = read(path);
  auto reportContent = [&](const std::string &name, const std::string &content) {
    unlink(broken.c_str());
    write(broken, content);
    reportOpen(name, broken.c_str());
  };

  report("null path", imhsa_open(nullptr, &library));
  report("null library", imhsa_open(path.c_str(), nullptr));
  reportOpen("missing file", (folder + "/missing.so").c_str());
  reportOpen("path through a file", (path + "/x.so").c_str());
  reportOpen("directory", folder.c_str());
  mkfifo((folder + "/pipe").c_str(), 0600);
  reportOpen("pipe", (folder + "/pipe").c_str());
  mknod((folder + "/socket").c_str(), S_IFSOCK | 0600, 0);
  reportOpen("socket", (folder + "/socket").c_str());
  reportContent("empty file", "");
  reportContent("text file", "func.func @attention() { return }\n");
  reportContent("three bytes", whole.substr(0, 3));
  reportContent("a library of something else", whole.substr(0, whole.size() - 24));
  for (size_t size : {size_t(4), size_t(40), size_t(100), whole.size() / 2, whole.size() - 25})
    reportContent("cut off", whole.substr(0, size));
  for (size_t cut : {size_t(1), size_t(12), size_t(24)})
    reportContent("trailer cut off", whole.substr(0, whole.size() - cut));
  reportContent("appended to", whole + "more");
  reportContent("something in between", whole.substr(0, 2000) + "x" + whole.substr(2000));
  for (size_t at : {size_t(4), size_t(16), size_t(70), size_t(1000), whole.size() / 2,
                    whole.size() / 4 * 3, whole.size() - 25}) {
    std::string content = whole;
    content[at] ^= 0x10;
    reportContent("flipped byte", content);
  }
  for (size_t fromEnd : {24, 16, 8, 4}) {
    std::string content = whole;
    content[whole.size() - fromEnd] ^= 0x10;
    reportContent("flipped byte of the trailer", content);
  }
  // Each byte, and many lengths.
  int numOpened = 0;
  auto tryOpen = [&](const std::string &content) {
    imhsa_library *opened = nullptr;
    unlink(broken.c_str());
    write(broken, content);
    numOpened += imhsa_open(broken.c_str(), &opened) != IMHSA_INVALID_LIBRARY || opened;
  };
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string content = whole;
    content[at] ^= 1 << at % 8;
    tryOpen(content);
    if (at % 16 == 0)
      tryOpen(whole.substr(0, at));
  }
  std::printf("of all bytes flipped and lengths cut off: %d opened\n", numOpened);
  mustRun(imhsa_get_function(library, 0));
  // Sealed by seal.py.
  for (const char *name : {"wrong-abi", "wrong-magic", "no-tables", "no-library", "trailer-abi"})
    reportOpen(name, (folder + "/" + name + ".so").c_str());

  // Another library under the name of one that is loaded.
  std::string replaced = folder + "/replaced.so";
  write(replaced, whole);
  imhsa_library *first = nullptr, *second = nullptr;
  expect(imhsa_open(replaced.c_str(), &first) == IMHSA_OK, "open a copy");
  unlink(replaced.c_str());
  write(replaced, read(other));
  reportOpen("replaced while it is loaded", replaced.c_str());
  mustRun(imhsa_get_function(first, 0));
  imhsa_close(first);
  expect(imhsa_open(replaced.c_str(), &second) == IMHSA_OK, "open it when that is closed");
  imhsa_close(second);
  imhsa_close(library);
}

} // namespace

int main(int argc, char **argv) {
  check(argc == 2 || argc == 4, "arguments");
  if (argc == 4) {
    checkFiles(argv[1], argv[2], argv[3]);
    return 0;
  }
  checkTensors(argv[1]);
  checkRefusals();
  return 0;
}
