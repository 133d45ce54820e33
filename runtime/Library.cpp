//===- Library.cpp - an open library of compiled functions ----------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "runtime/Library.h"
#include "runtime/Error.h"
#include "runtime/LibraryFile.h"

#include <algorithm>
#include <cstring>
#include <dlfcn.h>
#include <memory>
#include <mutex>
#include <string>

using namespace imhsa::runtime;

imhsa_library::imhsa_library(const imhsa_artifact &artifact)
    : artifact(artifact), hostWorkspaces(artifact.workspace_alignment), gpu(artifact) {
  for (int64_t i = 0; i < artifact.num_entries; ++i)
    functions.push_back({this, &artifact.entries[i]});
}

namespace {

// The libraries that are open. Never destroyed: they may be closed while the process ends.
struct Registry {
  std::mutex mutex;
  std::vector<imhsa_library *> libraries;
};

Registry &getRegistry() {
  static Registry &registry = *new Registry;
  return registry;
}

struct CloseHandle {
  void operator()(void *handle) const { dlclose(handle); }
};

} // namespace

static bool isPowerOfTwo(int64_t value) { return value > 0 && (value & (value - 1)) == 0; }

// What is wrong with the tables of an artifact, or null.
static const char *findDefect(const imhsa_artifact &artifact) {
  bool isCpu = artifact.device == kDLCPU;
  if (!isCpu && artifact.device != kDLCUDA)
    return "unknown device";
  if (!isPowerOfTwo(artifact.workspace_alignment) ||
      artifact.workspace_alignment > (isCpu ? 4096 : 256))
    return "alignment of the workspace";
  if (!artifact.producer || artifact.num_entries < 0 || (artifact.num_entries && !artifact.entries))
    return "table of functions";
  for (int64_t i = 0; i < artifact.num_entries; ++i) {
    const imhsa_entry &entry = artifact.entries[i];
    if (!entry.name || !entry.description || !entry.run || !entry.sizes || entry.num_inputs < 0 ||
        entry.num_outputs < 0)
      return "function without a name, a description or code";
    for (int32_t j = 0; j < entry.num_inputs + entry.num_outputs; ++j) {
      const imhsa_tensor_info &tensor = entry.tensors[j];
      if (!tensor.name || tensor.rank < 0 || (tensor.rank && !tensor.shape) ||
          !isPowerOfTwo(tensor.alignment) || tensor.type.bits % 8 != 0)
        return "table of tensors";
    }
  }
  if (artifact.num_kernels < 0 || artifact.num_images < 0 ||
      (artifact.num_kernels && !artifact.kernels) || (artifact.num_images && !artifact.images))
    return "table of kernels";
  for (int64_t i = 0; i < artifact.num_kernels; ++i)
    if (!artifact.kernels[i])
      return "kernel without a name";
  for (int64_t i = 0; i < artifact.num_images; ++i) {
    const imhsa_image &image = artifact.images[i];
    bool isPtx = image.format == kImhsaPtx;
    if ((!isPtx && image.format != kImhsaCubin) || !image.data || image.size == 0 ||
        (isPtx && static_cast<const char *>(image.data)[image.size - 1] != '\0'))
      return "image of kernels";
  }
  return nullptr;
}

// Opens the tables, which are those of `path`, or of the program if that is null.
static imhsa_status openArtifact(imhsa_artifact *artifact, const char *path,
                                 std::unique_ptr<void, CloseHandle> handle,
                                 imhsa_library **library) {
  const char *what = path ? path : "embedded artifact";
  if (std::memcmp(artifact->magic, "imhsa\0\0", sizeof(artifact->magic)) != 0)
    return fail(IMHSA_INVALID_LIBRARY, "%s: no tables of compiled functions", what);
  if (artifact->abi != kImhsaAbi)
    return fail(IMHSA_INVALID_LIBRARY, "%s: expected tables of ABI %d, found ABI %d", what,
                kImhsaAbi, artifact->abi);
  if (const char *defect = findDefect(*artifact))
    return fail(IMHSA_INVALID_LIBRARY, "%s: invalid tables: %s", what, defect);

  Registry &registry = getRegistry();
  std::lock_guard<std::mutex> lock(registry.mutex);
  auto known = std::find_if(registry.libraries.begin(), registry.libraries.end(),
                            [&](imhsa_library *library) { return &library->artifact == artifact; });
  if (known != registry.libraries.end()) {
    ++(*known)->uses;
    if (!(*known)->handle)
      (*known)->handle = handle.release();
    *library = *known;
    return IMHSA_OK;
  }
  auto opened = std::make_unique<imhsa_library>(*artifact);
  registry.libraries.push_back(opened.get());
  opened->handle = handle.release();
  *library = opened.release();
  return IMHSA_OK;
}

imhsa_status imhsa_open(const char *path, imhsa_library **library) {
  return guard([&] {
    if (!path || !library)
      return fail(IMHSA_INVALID_ARGUMENT, "%s is null", path ? "library" : "path");
    *library = nullptr;
    void *loaded = nullptr;
    if (imhsa_status status = loadLibraryFile(path, &loaded))
      return status;
    std::unique_ptr<void, CloseHandle> handle(loaded);
    void *artifact = dlsym(loaded, IMHSA_ARTIFACT_SYMBOL);
    if (!artifact)
      return fail(IMHSA_INVALID_LIBRARY, "%s: no symbol %s", path, IMHSA_ARTIFACT_SYMBOL);
    return openArtifact(static_cast<imhsa_artifact *>(artifact), path, std::move(handle), library);
  });
}

imhsa_status imhsa_open_embedded(imhsa_artifact *artifact, imhsa_library **library) {
  return guard([&] {
    if (!artifact || !library)
      return fail(IMHSA_INVALID_ARGUMENT, "%s is null", artifact ? "library" : "artifact");
    *library = nullptr;
    return openArtifact(artifact, nullptr, nullptr, library);
  });
}

void imhsa_close(imhsa_library *library) {
  if (!library)
    return;
  {
    Registry &registry = getRegistry();
    std::lock_guard<std::mutex> lock(registry.mutex);
    if (--library->uses > 0)
      return;
    auto &libraries = registry.libraries;
    libraries.erase(std::find(libraries.begin(), libraries.end(), library));
  }
  std::unique_ptr<void, CloseHandle> handle(library->handle);
  delete library;
}

imhsa_status imhsa_call_entry(imhsa_artifact *artifact, int32_t index,
                              const DLTensor *const *tensors, void *stream) {
  void *library = __atomic_load_n(&artifact->state, __ATOMIC_ACQUIRE);
  if (!library) {
    imhsa_library *opened;
    if (imhsa_status status = imhsa_open_embedded(artifact, &opened))
      return status;
    if (__atomic_compare_exchange_n(&artifact->state, &library, opened, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE))
      library = opened;
    else
      imhsa_close(opened);
  }
  return imhsa_run(imhsa_get_function(static_cast<imhsa_library *>(library), index), tensors,
                   stream);
}

//===----------------------------------------------------------------------===//
// Queries
//===----------------------------------------------------------------------===//

DLDeviceType imhsa_library_device(const imhsa_library *library) {
  return static_cast<DLDeviceType>(library ? library->artifact.device : 0);
}

const char *imhsa_library_producer(const imhsa_library *library) {
  return library ? library->artifact.producer : nullptr;
}

int32_t imhsa_num_functions(const imhsa_library *library) {
  return library ? static_cast<int32_t>(library->functions.size()) : 0;
}

const imhsa_function *imhsa_get_function(const imhsa_library *library, int32_t index) {
  bool exists = index >= 0 && index < imhsa_num_functions(library);
  return exists ? &library->functions[index] : nullptr;
}

imhsa_status imhsa_find_function(const imhsa_library *library, const char *name,
                                 const imhsa_function **function) {
  return guard([&] {
    if (!library || !name || !function)
      return fail(IMHSA_INVALID_ARGUMENT, "%s is null",
                  !library ? "library" : (!name ? "name" : "function"));
    std::string names;
    for (const imhsa_function &candidate : library->functions) {
      if (std::strcmp(candidate.entry->name, name) == 0) {
        *function = &candidate;
        return IMHSA_OK;
      }
      names += std::string(names.empty() ? "" : ", ") + candidate.entry->name;
    }
    *function = nullptr;
    return fail(IMHSA_INVALID_ARGUMENT, "no function '%s'; the library has: %s", name,
                names.c_str());
  });
}

const char *imhsa_function_name(const imhsa_function *function) {
  return function ? function->entry->name : nullptr;
}

const char *imhsa_function_description(const imhsa_function *function) {
  return function ? function->entry->description : nullptr;
}

int32_t imhsa_num_inputs(const imhsa_function *function) {
  return function ? function->entry->num_inputs : 0;
}

int32_t imhsa_num_outputs(const imhsa_function *function) {
  return function ? function->entry->num_outputs : 0;
}

imhsa_status imhsa_get_tensor_type(const imhsa_function *function, int32_t index,
                                   imhsa_tensor_type *type) {
  if (!function || !type)
    return fail(IMHSA_INVALID_ARGUMENT, "%s is null", function ? "type" : "function");
  const imhsa_entry &entry = *function->entry;
  int32_t count = entry.num_inputs + entry.num_outputs;
  if (index < 0 || index >= count)
    return fail(IMHSA_INVALID_ARGUMENT, "%s: expected the index of a tensor below %d, found %d",
                entry.name, count, index);
  const imhsa_tensor_info &info = entry.tensors[index];
  *type = {info.name, info.type, info.rank, info.alignment, info.shape};
  return IMHSA_OK;
}
