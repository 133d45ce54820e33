# `cpack -G DEB` in the build folder makes imhsa_VERSION_ARCHITECTURE.deb of what `cmake --install`
# installs, under /usr. What shared libraries it needs, dpkg-shlibdeps finds out.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME imhsa)
set(CPACK_PACKAGE_VENDOR imhsa)
set(CPACK_PACKAGE_CONTACT "The imhsa developers")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "compiler for interactive multi-head attention, on MLIR")
set(CPACK_PACKAGE_DESCRIPTION
  "Tools, a plugin for mlir-opt, and libraries for C++ and C that compile landmark and exact\n\
attention whose heads interact, for the CPU and for NVIDIA GPUs.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# Projects that build on the libraries need MLIR's headers; a library is linked by a compiler.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "libmlir-${MLIR_VERSION_MAJOR}-dev, g++ | clang")
# Both have dlpack/dlpack.h.
set(CPACK_DEBIAN_PACKAGE_CONFLICTS libdlpack-dev)
include(CPack)
