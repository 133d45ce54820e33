// The whole way of landmark attention to the LLVM dialect of the host.
// Stages: decompose, reorder, fuse, schedule, tile, expand, bufferize, lower, llvm, binary.
// RUN: imhsa-opt %s --imhsa-cpu-pipeline=until=decompose | FileCheck %s --check-prefix=DECOMPOSE
// RUN: imhsa-opt %s --imhsa-cpu-pipeline=until=reorder | FileCheck %s --check-prefix=REORDER
// RUN: imhsa-opt %s --imhsa-cpu-pipeline=until=fuse | FileCheck %s --check-prefix=FUSE
// RUN: imhsa-opt %s --imhsa-cpu-pipeline=until=schedule | FileCheck %s --check-prefix=SCHEDULE
// RUN: imhsa-opt %s --imhsa-cpu-pipeline=until=tile | FileCheck %s --check-prefix=TILE
// RUN: imhsa-opt %s --imhsa-cpu-pipeline=until=expand | FileCheck %s --check-prefix=EXPAND
// RUN: imhsa-opt %s --imhsa-cpu-pipeline=until=bufferize | FileCheck %s --check-prefix=BUFFERIZE
// RUN: imhsa-opt %s --imhsa-cpu-pipeline=until=lower | FileCheck %s --check-prefix=LOWER
// RUN: imhsa-opt %s --imhsa-cpu-pipeline=until=binary > %t.binary
// RUN: imhsa-opt %s --imhsa-cpu-pipeline | diff %t.binary -
// RUN: FileCheck %s --check-prefix=BINARY < %t.binary
// RUN: mlir-translate --mlir-to-llvmir %t.binary | opt -mtriple=x86_64-unknown-linux-gnu -O3 -mattr=+avx2,+fma -S \
// RUN:   | FileCheck %s --check-prefix=LLVM --implicit-check-not=@expf --implicit-check-not=__truncsfbf2
// RUN: not imhsa-opt %s --imhsa-cpu-pipeline=until=never 2>&1 | FileCheck %s --check-prefix=UNTIL
// UNTIL: for the --until option: Cannot find option named 'never'!

// The private function is inlined; the matrices of weights, and the product of both.
// DECOMPOSE-NOT:   func.func private
// DECOMPOSE-LABEL: func.func @attend(
// DECOMPOSE:         %[[KEY_LESS:.*]] = imhsa.weights
// DECOMPOSE:         %[[QUERY_LESS:.*]] = imhsa.weights
// DECOMPOSE:         %[[SQUARE:.*]] = linalg.contract {{.*}} ins(%[[KEY_LESS]], %[[QUERY_LESS]] : tensor<1x2x?x5xf32>, tensor<1x2x5x?xf32>)
// DECOMPOSE:         linalg.contract {{.*}} ins(%[[SQUARE]], %{{.*}} : tensor<1x2x?x?xf32>

// Linear: no queries x keys matrix.
// REORDER-LABEL: func.func @attend(
// REORDER-NOT:     tensor<1x2x?x?xf32>
// REORDER:         return

// FUSE-LABEL: func.func @attend(
// FUSE-NOT:     imhsa.weights
// FUSE:         imhsa.attention
// FUSE-NOT:     imhsa.weights
// FUSE:         imhsa.attention
// FUSE-NOT:     imhsa.weights
// FUSE:         return

// What has a kernel is scheduled; the rest is tiled and expanded.
// SCHEDULE-LABEL: func.func @attend(
// SCHEDULE:         imhsa.pool {{.*}} schedule(#imhsa.schedule<pool>)
// SCHEDULE:         imhsa.attention {{.*}} schedule(#imhsa.schedule<stream
// SCHEDULE:         imhsa.attention {{.*}} schedule(#imhsa.schedule<read_out
// SCHEDULE-LABEL: func.func @general(
// SCHEDULE-NOT:     schedule(
// SCHEDULE:         return

// TILE-LABEL: func.func @attend(
// TILE-NOT:     scf.forall
// TILE-LABEL: func.func @general(
// TILE:         scf.forall
// TILE:         imhsa.attention

// EXPAND-LABEL: func.func @attend(
// EXPAND:         imhsa.attention
// EXPAND-LABEL: func.func @general(
// EXPAND-NOT:     imhsa.
// EXPAND:         scf.forall
// EXPAND:         linalg.generic
// EXPAND-NOT:     imhsa.
// EXPAND:         return {{.*}} : tensor<1x2x?x8xf64>

// BUFFERIZE-LABEL: func.func @attend(
// BUFFERIZE-SAME:    memref<?xi8>) attributes {llvm.emit_c_interface}
// BUFFERIZE-NOT:     tensor<
// BUFFERIZE:         imhsa.attention ins({{.*}} : memref<
// BUFFERIZE-NOT:     tensor<
// BUFFERIZE-LABEL: func.func @attend_sizes(
// BUFFERIZE-SAME:    memref<?xindex>) attributes {llvm.emit_c_interface}
// BUFFERIZE-LABEL: func.func @general(
// BUFFERIZE-NOT:     tensor<
// BUFFERIZE:         scf.forall
// BUFFERIZE-NOT:     tensor<
// BUFFERIZE:         linalg.generic

// LOWER-LABEL: func.func @attend(
// LOWER-NOT:     imhsa.
// LOWER-NOT:     memref.alloc(
// LOWER:         llvm.call @imhsa_parallel_for
// LOWER-LABEL: func.func @attend_sizes(
// LOWER-LABEL: func.func @general(
// LOWER-NOT:     linalg.
// LOWER-NOT:     scf.forall
// LOWER:         llvm.call @imhsa_parallel_for
// LOWER-LABEL: func.func private @attend_parallel
// LOWER:         vector.fma
// LOWER-LABEL: func.func private @general_parallel
// LOWER-NOT:     linalg.
// LOWER:         math.exp

// BINARY-NOT:   func.func
// BINARY-NOT:   unrealized_conversion_cast
// BINARY-DAG:   llvm.func @imhsa_parallel_for(i64, !llvm.ptr, !llvm.ptr)
// BINARY-DAG:   llvm.func @_mlir_ciface_attend(
// BINARY-DAG:   llvm.func @_mlir_ciface_attend_sizes(
// BINARY-DAG:   llvm.func internal @attend_parallel

// LLVM vectorises it, and needs no library but for memory.
// LLVM-DAG:     declare {{.*}}@imhsa_parallel_for(
// LLVM-DAG:     declare {{.*}}@aligned_alloc(
// LLVM-DAG:     declare <8 x float> @llvm.fmuladd.v8f32(

func.func private @head(%q: tensor<1x2x?x8xbf16>, %k: tensor<1x2x?x8xbf16>, %v: tensor<1x2x?x8xbf16>,
                        %w: tensor<2x2xf32>) -> tensor<1x2x?x8xbf16> {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : tensor<1x2x?x8xbf16>
  %e = tensor.empty(%n) : tensor<1x2x?x8xbf16>
  %0 = imhsa.attention ins(%q, %k, %v : tensor<1x2x?x8xbf16>, tensor<1x2x?x8xbf16>, tensor<1x2x?x8xbf16>)
         landmarks(#imhsa.pool<5>)
         key_less(pre = %w : tensor<2x2xf32>, post = %w : tensor<2x2xf32>)
         query_less(post = %w : tensor<2x2xf32>)
         outs(%e : tensor<1x2x?x8xbf16>) -> tensor<1x2x?x8xbf16>
  return %0 : tensor<1x2x?x8xbf16>
}

func.func @attend(%q: tensor<1x2x?x8xbf16>, %k: tensor<1x2x?x8xbf16>, %v: tensor<1x2x?x8xbf16>,
                  %w: tensor<2x2xf32>) -> tensor<1x2x?x8xbf16> {
  %0 = call @head(%q, %k, %v, %w) : (tensor<1x2x?x8xbf16>, tensor<1x2x?x8xbf16>, tensor<1x2x?x8xbf16>, tensor<2x2xf32>) -> tensor<1x2x?x8xbf16>
  return %0 : tensor<1x2x?x8xbf16>
}

// Attention in f64 has no kernel of its own.
func.func @general(%q: tensor<1x2x?x8xf64>, %k: tensor<1x2x?x8xf64>, %v: tensor<1x2x?x8xf64>) -> tensor<1x2x?x8xf64> {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : tensor<1x2x?x8xf64>
  %e = tensor.empty(%n) : tensor<1x2x?x8xf64>
  %0 = imhsa.attention ins(%q, %k, %v : tensor<1x2x?x8xf64>, tensor<1x2x?x8xf64>, tensor<1x2x?x8xf64>)
         causal outs(%e : tensor<1x2x?x8xf64>) -> tensor<1x2x?x8xf64>
  return %0 : tensor<1x2x?x8xf64>
}
