// What would end a process of the host is a finding: divisions, traps, what cannot be reached.

// DEFINE: %{emulate} = not imhsa-emulate %s
// RUN: %{emulate} --kernel=quotient --arg=i32:7 --arg=i32:0 2>&1 | FileCheck %s --check-prefix=ZERO
// RUN: %{emulate} --kernel=quotient --arg=i32:-2147483648 --arg=i32:-1 2>&1 | FileCheck %s --check-prefix=ZERO
// RUN: imhsa-emulate %s --kernel=quotient --arg=i32:-2147483648 --arg=i32:1
// ZERO: undefined.mlir:[[#@LINE+12]]:10: error: invalid-operand: a division of whole numbers by zero, or one that overflows; kernel quotient
// RUN: %{emulate} --kernel=remainders --arg=i32:0 2>&1 | FileCheck %s --check-prefix=VECTOR
// RUN: imhsa-emulate %s --kernel=remainders --arg=i32:3
// VECTOR: error: invalid-operand: a division of whole numbers by zero
// RUN: %{emulate} --kernel=traps 2>&1 | FileCheck %s --check-prefix=TRAP
// TRAP: error: invalid-operand: the kernel has come to a trap, or to what is said to be unreachable; kernel traps
// RUN: %{emulate} --kernel=falls --arg=i32:0 2>&1 | FileCheck %s --check-prefix=FALLS
// RUN: imhsa-emulate %s --kernel=falls --arg=i32:1
// FALLS: error: invalid-operand: the kernel has come to a trap, or to what is said to be unreachable; kernel falls

gpu.module @m {
  llvm.func @quotient(%a: i32, %b: i32) attributes {nvvm.kernel} {
    %q = llvm.sdiv %a, %b : i32
    llvm.call @use(%q) : (i32) -> ()
    llvm.return
  }
  llvm.func @remainders(%b: i32) attributes {nvvm.kernel} {
    %i = llvm.mlir.constant(1 : i32) : i32
    %v = llvm.mlir.constant(dense<[5, 6]> : vector<2xi32>) : vector<2xi32>
    %w = llvm.insertelement %b, %v[%i : i32] : vector<2xi32>
    %r = llvm.urem %v, %w : vector<2xi32>
    %e = llvm.extractelement %r[%i : i32] : vector<2xi32>
    llvm.call @use(%e) : (i32) -> ()
    llvm.return
  }
  llvm.func @traps() attributes {nvvm.kernel} {
    "llvm.intr.trap"() : () -> ()
    llvm.unreachable
  }
  llvm.func @falls(%a: i32) attributes {nvvm.kernel} {
    %c0 = llvm.mlir.constant(0 : i32) : i32
    %p = llvm.icmp "ne" %a, %c0 : i32
    llvm.cond_br %p, ^end, ^never
  ^never:
    llvm.call @use(%a) : (i32) -> ()
    llvm.unreachable
  ^end:
    llvm.return
  }
  // Keeps a value: it is written to local memory.
  llvm.func internal @use(%x: i32) attributes {no_inline} {
    %c1 = llvm.mlir.constant(1 : i32) : i32
    %a = llvm.alloca %c1 x i32 : (i32) -> !llvm.ptr
    llvm.store volatile %x, %a : i32, !llvm.ptr
    llvm.return
  }
}
