// RUN: imhsa-opt %s --split-input-file --verify-diagnostics --imhsa-pack-entries | FileCheck %s

// CHECK-LABEL: llvm.func @imhsa_packed_f(
// CHECK-SAME:    %[[ARGUMENTS:.*]]: !llvm.ptr) -> !llvm.ptr
// CHECK:         %[[FIRST:.*]] = llvm.getelementptr %[[ARGUMENTS]][0] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
// CHECK-NEXT:    %[[X:.*]] = llvm.load %[[FIRST]] : !llvm.ptr -> !llvm.ptr
// CHECK-NEXT:    %[[SECOND:.*]] = llvm.getelementptr %[[ARGUMENTS]][1] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
// CHECK-NEXT:    %[[Y:.*]] = llvm.load %[[SECOND]] : !llvm.ptr -> !llvm.ptr
// CHECK-NEXT:    %[[RESULT:.*]] = llvm.call @_mlir_ciface_f(%[[X]], %[[Y]])
// CHECK-NEXT:    llvm.return %[[RESULT]] : !llvm.ptr
llvm.func @_mlir_ciface_f(%x: !llvm.ptr, %y: !llvm.ptr) -> !llvm.ptr {
  llvm.return %x : !llvm.ptr
}

// CHECK-NOT: imhsa_packed
llvm.func @_mlir_ciface_declared(!llvm.ptr) -> !llvm.ptr
llvm.func @g(%x: !llvm.ptr) -> !llvm.ptr {
  llvm.return %x : !llvm.ptr
}

// -----

// expected-error @+1 {{'llvm.func' op expected arguments and a result that are pointers: run 'imhsa-return-failures' before the conversion to LLVM}}
llvm.func @_mlir_ciface_f(%x: !llvm.ptr) {
  llvm.return
}
