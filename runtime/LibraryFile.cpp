//===- LibraryFile.cpp - the file of a shared library ---------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "runtime/LibraryFile.h"
#include "runtime/Artifact.h"
#include "runtime/Error.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cinttypes>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <memory>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

using namespace imhsa::runtime;

namespace {

class File {
public:
  // Without waiting, should it be a pipe.
  explicit File(const char *path) : descriptor(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  File(const File &) = delete;
  ~File() {
    if (descriptor >= 0)
      close(descriptor);
  }

  bool isOpen() const { return descriptor >= 0; }
  bool getStatus(struct stat &status) const { return fstat(descriptor, &status) == 0; }

  bool read(void *to, size_t bytes, size_t offset) const {
    for (size_t done = 0; done < bytes;) {
      ssize_t count =
          pread(descriptor, static_cast<char *>(to) + done, bytes - done, offset + done);
      if (count < 0 && errno == EINTR)
        continue;
      if (count <= 0)
        return false;
      done += count;
    }
    return true;
  }

private:
  const int descriptor;
};

// Eight tables, for eight bytes at a time: a library is checked each time that it is opened.
constexpr std::array<std::array<uint32_t, 256>, 8> makeCrcTables() {
  std::array<std::array<uint32_t, 256>, 8> tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc >> 1) ^ (crc & 1 ? 0xedb88320u : 0);
    tables[0][byte] = crc;
  }
  for (int i = 1; i < 8; ++i)
    for (uint32_t byte = 0; byte < 256; ++byte)
      tables[i][byte] = (tables[i - 1][byte] >> 8) ^ tables[0][tables[i - 1][byte] & 255];
  return tables;
}

constexpr auto kCrcTables = makeCrcTables();

} // namespace

uint32_t imhsa::runtime::crc32(const void *data, size_t bytes) {
  const auto &tables = kCrcTables;
  const auto *at = static_cast<const unsigned char *>(data);
  uint32_t crc = ~0u;
  for (; bytes >= 8; bytes -= 8, at += 8) {
    uint32_t low = crc ^ (at[0] | at[1] << 8 | at[2] << 16 | static_cast<uint32_t>(at[3]) << 24);
    crc = tables[7][low & 255] ^ tables[6][low >> 8 & 255] ^ tables[5][low >> 16 & 255] ^
          tables[4][low >> 24] ^ tables[3][at[4]] ^ tables[2][at[5]] ^ tables[1][at[6]] ^
          tables[0][at[7]];
  }
  for (; bytes > 0; --bytes, ++at)
    crc = (crc >> 8) ^ tables[0][(crc ^ *at) & 255];
  return ~crc;
}

// Reads all of the file, if it is whole and of our making.
static imhsa_status readChecked(const char *path, std::vector<char> &content) {
  File file(path);
  struct stat status;
  if (!file.isOpen() || !file.getStatus(status))
    return fail(IMHSA_INVALID_LIBRARY, "%s: cannot be opened: %s", path, std::strerror(errno));
  if (!S_ISREG(status.st_mode))
    return fail(IMHSA_INVALID_LIBRARY, "%s: expected a file, found a %s", path,
                S_ISDIR(status.st_mode) ? "directory" : "device, pipe or socket");
  uint64_t size = status.st_size;
  if (size == 0)
    return fail(IMHSA_INVALID_LIBRARY, "%s: the file is empty", path);

  Elf64_Ehdr header = {};
  if (!file.read(&header, std::min<uint64_t>(size, sizeof(header)), 0))
    return fail(IMHSA_INVALID_LIBRARY, "%s: cannot be read: %s", path, std::strerror(errno));
  if (size < SELFMAG || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
    return fail(IMHSA_INVALID_LIBRARY, "%s: not a shared library", path);

  imhsa_trailer trailer = {};
  if (size >= sizeof(trailer) && !file.read(&trailer, sizeof(trailer), size - sizeof(trailer)))
    return fail(IMHSA_INVALID_LIBRARY, "%s: cannot be read: %s", path, std::strerror(errno));
  if (std::memcmp(trailer.magic, "imhsa.so", sizeof(trailer.magic)) != 0) {
    // The table of sections comes last in what a linker writes.
    uint64_t end = header.e_shoff + uint64_t(header.e_shnum) * header.e_shentsize;
    if (size < sizeof(header) || size < end)
      return fail(IMHSA_INVALID_LIBRARY,
                  "%s: cut off: expected more than %" PRIu64 " bytes, found %" PRIu64, path,
                  std::max<uint64_t>(end, sizeof(header)), size);
    return fail(IMHSA_INVALID_LIBRARY,
                "%s: not written by imhsa-compile, or cut off: no trailer at its end", path);
  }
  if (trailer.size != size)
    return fail(IMHSA_INVALID_LIBRARY,
                "%s: damaged: expected %" PRIu64 " bytes by its trailer, found %" PRIu64, path,
                trailer.size, size);
  if (trailer.abi != kImhsaAbi)
    return fail(IMHSA_INVALID_LIBRARY, "%s: expected a library of ABI %d, found ABI %u", path,
                kImhsaAbi, trailer.abi);

  content.resize(size);
  if (!file.read(content.data(), size, 0))
    return fail(IMHSA_INVALID_LIBRARY, "%s: cannot be read: %s", path, std::strerror(errno));
  uint32_t crc = crc32(content.data(), size - sizeof(trailer));
  if (crc != trailer.crc)
    return fail(IMHSA_INVALID_LIBRARY,
                "%s: damaged: expected CRC-32 %08x by its trailer, found %08x", path, trailer.crc,
                crc);
  return IMHSA_OK;
}

// What is between the variables of a library, a sanitizer does not let memcmp read.
[[gnu::no_sanitize("address")]] static bool areEqual(const char *a, const char *b, size_t bytes) {
  char difference = 0;
  for (size_t i = 0; i < bytes; ++i)
    difference |= a[i] ^ b[i];
  return difference == 0;
}

// Whether the library that is mapped is the one with this content. The dynamic linker knows a
// library by its name, and a process keeps a library of ours once it has started threads. Compares
// the segments that nothing writes to, neither relocation nor a debugger.
static bool isMapped(void *handle, const std::vector<char> &content) {
  link_map *map;
  if (dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0)
    return false;
  Elf64_Ehdr header;
  std::memcpy(&header, content.data(), sizeof(header));
  for (int i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    size_t at = header.e_phoff + i * sizeof(segment);
    std::memcpy(&segment, content.data() + at, sizeof(segment));
    if (segment.p_type == PT_LOAD && segment.p_flags == PF_R &&
        !areEqual(reinterpret_cast<const char *>(map->l_addr + segment.p_vaddr),
                  content.data() + segment.p_offset, segment.p_filesz))
      return false;
  }
  return true;
}

imhsa_status imhsa::runtime::loadLibraryFile(const char *path, void **handle) {
  // Whole, since the dynamic linker searches its own folders for a name without a slash.
  std::unique_ptr<char, decltype(&std::free)> full(realpath(path, nullptr), std::free);
  if (!full)
    return fail(IMHSA_INVALID_LIBRARY, "%s: cannot be opened: %s", path, std::strerror(errno));
  std::vector<char> content;
  if (imhsa_status status = readChecked(full.get(), content))
    return status;

  *handle = dlopen(full.get(), RTLD_NOW | RTLD_LOCAL);
  if (!*handle)
    return fail(IMHSA_INVALID_LIBRARY, "%s: cannot be loaded: %s", path, dlerror());
  if (isMapped(*handle, content))
    return IMHSA_OK;
  dlclose(*handle);
  return fail(IMHSA_INVALID_LIBRARY,
              "%s: this process has loaded what was in the file before and cannot replace it; "
              "give the new library another name",
              path);
}
