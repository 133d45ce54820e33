// What a library is: self-contained, closed, small, and the same each time.
// RUN: rm -rf %t && mkdir -p %t/a %t/b
// RUN: imhsa-compile %repo/examples/packed_attention.mlir -o %t/a/libpacked.so
// RUN: imhsa-compile %repo/examples/packed_attention.mlir -o %t/b/libpacked.so
// RUN: cmp %t/a/libpacked.so %t/b/libpacked.so
// RUN: imhsa-compile - -o %t/b/libpacked.so < %repo/examples/packed_attention.mlir
// RUN: cmp %t/a/libpacked.so %t/b/libpacked.so

// Exported are its functions, its tables, and what imhsa.h declares, which the runtime names in full.
// RUN: llvm-nm -D --defined-only --format=just-symbols %t/a/libpacked.so | sort > %t/exported
// RUN: FileCheck %s --check-prefix=EXPORTED --input-file=%t/exported
// EXPORTED-NOT:  {{.}}
// EXPORTED:      {{^}}imhsa_close{{$}}
// EXPORTED:      {{^}}imhsa_library_artifact{{$}}
// EXPORTED:      {{^}}imhsa_open{{$}}
// EXPORTED:      {{^}}imhsa_version{{$}}
// EXPORTED-NEXT: {{^}}packed_artifact{{$}}
// EXPORTED-NEXT: {{^}}packed_landmark{{$}}
// EXPORTED-NOT:  {{.}}
// RUN: %python %S/Inputs/check_exports.py %include/imhsa.h %t/exported packed_ | FileCheck %s --check-prefix=DECLARED
// DECLARED: all of imhsa.h and nothing else

// It needs the libraries of C and C++ and no other, and is never unloaded.
// RUN: llvm-readelf --dynamic-table %t/a/libpacked.so | FileCheck %s --check-prefix=DYNAMIC --implicit-check-not='(NEEDED)' --implicit-check-not=PATH
// DYNAMIC-DAG: (NEEDED) Shared library: [libstdc++.so.6]
// DYNAMIC-DAG: (NEEDED) Shared library: [libgcc_s.so.1]
// DYNAMIC-DAG: (NEEDED) Shared library: [libc.so.6]
// DYNAMIC-DAG: (NEEDED) Shared library: [ld-linux-
// DYNAMIC-DAG: (SONAME) Library soname: [libpacked.so]
// DYNAMIC-DAG: (FLAGS) SYMBOLIC
// DYNAMIC-DAG: NODELETE
// RUN: llvm-nm -D --undefined-only %t/a/libpacked.so | FileCheck %s --check-prefix=UNDEFINED
// UNDEFINED-NOT: {{ U [^@]*$}}

// No name of a folder is in it, and it has less than 2 MB.
// RUN: not grep -c -e %t -e %repo -e /tmp/ %t/a/libpacked.so
// RUN: %python -c "import os; assert os.path.getsize('%t/a/libpacked.so') < 2 << 20"

// A file that was there is replaced, not written to: a process may have mapped it. No other is left.
// RUN: ln %t/a/libpacked.so %t/b/linked
// RUN: imhsa-compile %repo/examples/packed_attention.mlir --opt-level=0 -o %t/a/libpacked.so
// RUN: cmp %t/b/linked %t/b/libpacked.so
// RUN: not cmp -s %t/a/libpacked.so %t/b/libpacked.so
// RUN: ls %t/a | FileCheck %s --check-prefix=FILES
// FILES-NOT:  {{.}}
// FILES:      libpacked.so
// FILES-NOT:  {{.}}
