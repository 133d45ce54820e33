// The ViT-S attention in bf16, of any batch and any number of tokens, becomes fused kernels alone.
// RUN: imhsa-compile %repo/examples/attention_bf16.mlir --target=cuda --chip=sm_80 --emit=ptx > %t.80
// RUN: FileCheck %s --input-file=%t.80
// RUN: grep "\.entry" %t.80 | not grep -v -E "_(pool|normalisers|stream|combine|read_out)\("
// RUN: imhsa-compile %repo/examples/attention_bf16.mlir --target=cuda --chip=sm_90a --emit=ptx > %t.90a
// RUN: FileCheck %s --input-file=%t.90a
// RUN: grep "\.entry" %t.90a | not grep -v -E "_(pool|normalisers|stream|combine|read_out)\("

// CHECK-DAG: .entry attention_bf16_attention_{{[0-9]}}_pool(
// CHECK-DAG: .entry attention_bf16_attention_{{[0-9]}}_normalisers(
// CHECK-DAG: .entry attention_bf16_attention_{{[0-9]}}_stream(
// CHECK-DAG: .entry attention_bf16_attention_{{[0-9]}}_read_out(

// All of them wait by themselves for the one before, where chips have that.
// RUN: grep -c "\.entry" %t.90a > %t.count
// RUN: grep -c "griddepcontrol\.wait" %t.90a | diff - %t.count
// RUN: grep -c "griddepcontrol\.launch_dependents" %t.90a | diff - %t.count
// RUN: not grep griddepcontrol %t.80

// RUN: imhsa-compile %repo/examples/attention_bf16.mlir --target=cuda --emit=ptx --fused=false | FileCheck %s --check-prefix=GENERAL
// GENERAL: .entry attention_bf16_attention_{{[0-9]+}}_generic(
