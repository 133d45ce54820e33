// Whatever does not fit is an error that names it, with exit code 1.

// RUN: rm -rf %t && mkdir %t && %python %S/Inputs/make_inputs.py %t

// Entries.
// RUN: not imhsa-run %s 2>&1 | FileCheck %s --check-prefix=WHICH
// WHICH: error: expected --entry=NAME or a module with one public function, found 4: @add, @index, @unranked, @check
// RUN: not imhsa-run %s --entry=hidden 2>&1 | FileCheck %s --check-prefix=HIDDEN
// HIDDEN: error: the module has no public function @hidden with a body, but 4: @add, @index, @unranked, @check
// RUN: not imhsa-run %s --entry=index 2>&1 | FileCheck %s --check-prefix=INDEX
// INDEX: error: argument 1 of @index: expected a ranked tensor of {{.*}}, found index
// RUN: not imhsa-run %s --entry=unranked 2>&1 | FileCheck %s --check-prefix=UNRANKED
// UNRANKED: error: result 0 of @unranked: expected a ranked tensor of {{.*}}, found tensor<*xf32>

// Inputs.
// RUN: not imhsa-run %s --entry=add --input=%t/x.npy 2>&1 | FileCheck %s --check-prefix=NUMBER
// NUMBER: error: expected 2 inputs, found 1
// RUN: not imhsa-run %s --entry=add --input=%t/x.npy --input=%t/none.npy 2>&1 | FileCheck %s --check-prefix=MISSING
// MISSING: error: input 1: '{{.*}}none.npy': No such file or directory
// RUN: not imhsa-run %s --entry=add --input=%t --input=%t/x.npy 2>&1 | FileCheck %s --check-prefix=DIRECTORY
// DIRECTORY: error: input 0: '{{.*}}': not a regular file
// RUN: not imhsa-run %s --entry=add --input=%t/x.npy --input=%t/f64.npy 2>&1 | FileCheck %s --check-prefix=TYPE
// TYPE: error: input 1: '{{.*}}f64.npy': expected elements '<f4' (for f32), found '<f8'
// RUN: not imhsa-run %s --entry=add --input=%t/x.npy --input=%t/rank.npy 2>&1 | FileCheck %s --check-prefix=RANK
// RANK: error: input 1: '{{.*}}rank.npy': expected rank 2, found rank 3 ([?,4] against [1,3,4])
// RUN: not imhsa-run %s --entry=add --input=%t/dim.npy --input=%t/x.npy 2>&1 | FileCheck %s --check-prefix=DIM
// DIM: error: input 0: '{{.*}}dim.npy': dimension 1: expected 4, found 5 ([?,4] against [3,5])
// RUN: not imhsa-run %s --entry=check --input=%t/bool.npy 2>&1 | FileCheck %s --check-prefix=BOOL
// BOOL: error: input 0: '{{.*}}bool.npy': element 1: expected a byte of 0 or 1, found 2

// Random inputs.
// RUN: not imhsa-run %s --entry=add --random-inputs=1 2>&1 | FileCheck %s --check-prefix=SHAPES
// SHAPES: error: expected a --shape for each of the 2 arguments, or for each of the 2 with dynamic dimensions; found 0
// RUN: not imhsa-run %s --entry=add --random-inputs=1 --shape=3x4 --shape=3xfour 2>&1 | FileCheck %s --check-prefix=SIZE
// SIZE: error: --shape=3xfour: expected sizes such as 2x6x197x64
// RUN: not imhsa-run %s --entry=add --random-inputs=1 --shape=3x4 --shape=-3x4 2>&1 | FileCheck %s --check-prefix=NEGATIVE
// NEGATIVE: error: --shape=-3x4: expected sizes such as 2x6x197x64
// RUN: not imhsa-run %s --entry=add --random-inputs=1 --shape=3x4 --shape=3x5 2>&1 | FileCheck %s --check-prefix=SHAPE
// SHAPE: error: --shape=3x5 of input 1: dimension 1: expected 4, found 5
// RUN: not imhsa-run %s --entry=add --random-inputs=1 --shape=4611686018427387904x4 --shape=3x4 2>&1 | FileCheck %s --check-prefix=HUGE
// HUGE: error: input 0: a shape of [4611686018427387904,4] is too large
// RUN: not imhsa-run %s --entry=add --random-inputs=1 --shape=72057594037927936x4 --shape=3x4 2>&1 | FileCheck %s --check-prefix=MEMORY
// MEMORY: error: input 0: cannot allocate 1152921504606846976 bytes

// Outputs.
// RUN: not imhsa-run %s --entry=add --random-inputs=1 --shape=3x4 --shape=3x4 --output=a --output=b 2>&1 | FileCheck %s --check-prefix=OUTPUTS
// OUTPUTS: error: expected 1 outputs or none, found 2
// RUN: not imhsa-run %s --entry=add --input=%t/x.npy --input=%t/x.npy --output=%t/none/o.npy 2>&1 | FileCheck %s --check-prefix=UNWRITABLE
// UNWRITABLE: error: output 0: '{{.*}}none/o.npy': No such file or directory
// RUN: not imhsa-run %s --entry=add --input=%t/x.npy --input=%t/x.npy --output=/dev/full 2>&1 | FileCheck %s --check-prefix=FULL
// FULL: error: output 0: '/dev/full': No space left on device

// Modules.
// RUN: not imhsa-run %t/none.mlir 2>&1 | FileCheck %s --check-prefix=NOFILE
// NOFILE: error: '{{.*}}none.mlir': No such file or directory
// RUN: not imhsa-run %t/x.npy 2>&1 | FileCheck %s --check-prefix=NOMODULE
// NOMODULE: error: {{.*}}x.npy: not a valid module
// RUN: echo "func.func @f(%%x: tensor<1xf32>) { %%0 = tensor.dim %%x, %%y : tensor<1xf32> return }" | not imhsa-run - 2>&1 | FileCheck %s --check-prefix=INVALID
// INVALID: <stdin>:1:{{.*}}: error: use of undeclared SSA value name
// INVALID: imhsa-run: error: -: not a valid module

// Options.
// RUN: not imhsa-run %s --target=tpu 2>&1 | FileCheck %s --check-prefix=TARGET
// TARGET: Cannot find option named 'tpu'!
// RUN: not imhsa-run %s --chip=sm_90a 2>&1 | FileCheck %s --check-prefix=CHIP
// CHIP: error: --chip is of no use with --target=cpu
// RUN: not imhsa-run %s --target=emulator --second-sweep=store 2>&1 | FileCheck %s --check-prefix=SWEEP
// SWEEP: error: --second-sweep is of use only with --target=cpu
// RUN: not imhsa-run %s --second-sweep=never 2>&1 | FileCheck %s --check-prefix=NEVER
// NEVER: for the --second-sweep option: Cannot find option named 'never'!
// RUN: not imhsa-run %s --lanes=4 2>&1 | FileCheck %s --check-prefix=LANES
// LANES: error: --lanes=4: expected 8 or 16
// RUN: not imhsa-run %s --threads=two 2>&1 | FileCheck %s --check-prefix=NOTHREADS
// NOTHREADS: for the --threads option: 'two' value invalid for uint argument!
// RUN: not imhsa-run %s --entry=add --schedules=flow --random-inputs=1 --shape=3x4 --shape=3x4 2>&1 | FileCheck %s --check-prefix=SCHEDULES
// SCHEDULES: error: option 'schedules': expected what stands in #imhsa.schedule<...>, found 'flow'
// RUN: not imhsa-run %s --target=cuda --emulator-seed=1 2>&1 | FileCheck %s --check-prefix=SEED
// SEED: error: --emulator-seed is of use only with --target=emulator
// RUN: not imhsa-run %s --target=emulator --emulator-check=false --emulator-report=r.json 2>&1 | FileCheck %s --check-prefix=REPORT
// REPORT: error: --emulator-report needs --emulator-check
// RUN: not imhsa-run %s --target=emulator --random-inputs=1 --emulator-launches-only 2>&1 | FileCheck %s --check-prefix=LAUNCHES
// LAUNCHES: error: --emulator-launches-only needs --random-inputs and --emulator-report
// RUN: not imhsa-run %s --target=emulator --random-inputs=1 --emulator-launches-only --emulator-report=r.json --check 2>&1 | FileCheck %s --check-prefix=COMPUTES
// COMPUTES: error: --check, --time and --output are of no use with --emulator-launches-only, which computes nothing
// RUN: not imhsa-run %s --emulator-launches-only 2>&1 | FileCheck %s --check-prefix=NO-EMULATOR
// RUN: not imhsa-run %s --random-inputs=1 --row-stride=0 2>&1 | FileCheck %s --check-prefix=STRIDE
// STRIDE: error: --row-stride=0: expected at least 1
// NO-EMULATOR: error: --emulator-launches-only is of use only with --target=emulator
// RUN: not imhsa-run %s --entry=add --target=emulator --chip=sm_70 --random-inputs=1 --shape=3x4 --shape=3x4 2>&1 | FileCheck %s --check-prefix=OLD
// OLD: error: {{.*}}sm_70
// RUN: not imhsa-run %s --opt-level=4 2>&1 | FileCheck %s --check-prefix=LEVEL
// LEVEL: error: --opt-level=4: expected 0 to 3
// RUN: not imhsa-run %s --threads=0 2>&1 | FileCheck %s --check-prefix=THREADS
// THREADS: error: --threads=0: expected at least 1
// RUN: not imhsa-run %s --time=0 2>&1 | FileCheck %s --check-prefix=TIME
// TIME: error: --time=0: expected at least 1
// RUN: not imhsa-run %s --random-inputs=1 --int-max=-1 2>&1 | FileCheck %s --check-prefix=INTMAX
// INTMAX: error: --int-max=-1: expected at least 0
// RUN: not imhsa-run %s --random-inputs=1 --input=%t/x.npy 2>&1 | FileCheck %s --check-prefix=BOTH
// BOTH: error: expected either --input or --random-inputs, found both
// RUN: not imhsa-run %s --shape=1 2>&1 | FileCheck %s --check-prefix=IDLE
// IDLE: error: --shape and --int-max are of use only with --random-inputs
// RUN: not imhsa-run %s --tolerance=1 2>&1 | FileCheck %s --check-prefix=TOLERANCE
// TOLERANCE: error: --tolerance is of use only with --check
// RUN: not imhsa-run %s --time=often 2>&1 | FileCheck %s --check-prefix=OFTEN
// OFTEN: 'often' value invalid for uint argument

func.func @add(%x: tensor<?x4xf32>, %y: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %0 = linalg.add ins(%x, %y : tensor<?x4xf32>, tensor<?x4xf32>) outs(%x : tensor<?x4xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}
func.func @index(%x: tensor<?x4xf32>, %y: index) { return }
func.func @unranked(%x: tensor<4xf32>) -> tensor<*xf32> {
  %0 = tensor.cast %x : tensor<4xf32> to tensor<*xf32>
  return %0 : tensor<*xf32>
}
func.func private @hidden(%x: tensor<4xf32>) { return }

// What a function asserts is checked when it runs.
// RUN: imhsa-run %s --entry=check --input=%t/true.npy
// RUN: not imhsa-run %s --entry=check --input=%t/false.npy 2>&1 | FileCheck %s --check-prefix=ASSERT
// ASSERT: error: a check in the compiled function failed: the first element is true
func.func @check(%x: tensor<2xi1>) {
  %c0 = arith.constant 0 : index
  %0 = tensor.extract %x[%c0] : tensor<2xi1>
  cf.assert %0, "the first element is true"
  return
}
