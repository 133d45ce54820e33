// RUN: imhsa-opt %s --split-input-file --verify-diagnostics --imhsa-return-failures | FileCheck %s

// CHECK-LABEL: func.func @f(
// CHECK-SAME:    %[[A:.*]]: i1, %[[B:.*]]: i1) -> !llvm.ptr
func.func @f(%a: i1, %b: i1) attributes {llvm.emit_c_interface} {
  // CHECK:       cf.cond_br %[[A]], ^[[SECOND:.*]], ^[[FAIL:.*]]
  // CHECK-NEXT: ^[[FAIL]]:
  // CHECK-NEXT:  %[[TEXT:.*]] = llvm.mlir.addressof @[[$PLAIN:imhsa_failure.*]] :
  // CHECK-NEXT:  return %[[TEXT]] : !llvm.ptr
  // CHECK-NEXT: ^[[SECOND]]:
  // CHECK-NEXT:  cf.cond_br %[[B]], ^[[THEN:.*]], ^[[ELSE:.*]]
  cf.assert %a, "expected 4 elements"
  cf.cond_br %b, ^then, ^else
^then:
  // CHECK:      ^[[THEN]]:
  // CHECK-NEXT:  cf.cond_br %[[A]], ^[[DONE:.*]], ^[[FAIL:.*]]
  // CHECK-NEXT: ^[[FAIL]]:
  // CHECK-NEXT:  llvm.mlir.addressof @[[$REASON:imhsa_failure.*]] :
  cf.assert %a, "ERROR: Runtime op verification failed\0A%0 = imhsa.attention ins(%q)\0A^ value dimension 2 (M): expected key dimension 2\0ALocation: loc(\22f.mlir\22:5:8)"
  // CHECK:      ^[[DONE]]:
  // CHECK-NEXT:  %[[NULL:.*]] = llvm.mlir.zero : !llvm.ptr
  // CHECK-NEXT:  return %[[NULL]] : !llvm.ptr
  return
^else:
  // CHECK:      ^[[ELSE]]:
  // CHECK:       llvm.mlir.addressof @[[$PLAIN]] :
  cf.assert %a, "expected 4 elements"
  return
}

// CHECK-LABEL: func.func private @no_entry(
// CHECK-NEXT:    return{{$}}
func.func private @no_entry(%a: i1) {
  return
}

// The same text stands once. Of the messages of generate-runtime-verification the reason stays.
// CHECK-DAG: llvm.mlir.global internal constant @[[$REASON]]("value dimension 2 (M): expected key dimension 2\00")
// CHECK-DAG: llvm.mlir.global internal constant @[[$PLAIN]]("expected 4 elements\00")

// -----

func.func private @no_entry(%a: i1) {
  // expected-error @+1 {{'cf.assert' op expected in an entry function, whose caller can be told}}
  cf.assert %a, "no"
  return
}

// -----

func.func @in_region(%a: i1) attributes {llvm.emit_c_interface} {
  scf.if %a {
    // expected-error @+1 {{'cf.assert' op expected in a block of the function itself: run 'convert-scf-to-cf' first}}
    cf.assert %a, "no"
  }
  return
}

// -----

// expected-error @+1 {{'func.func' op expected an entry function without results}}
func.func @result(%a: i1) -> i1 attributes {llvm.emit_c_interface} {
  return %a : i1
}
