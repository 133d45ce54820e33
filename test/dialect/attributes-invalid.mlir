// RUN: imhsa-opt %s -allow-unregistered-dialect -split-input-file -verify-diagnostics
// The constraints of #imhsa.pool, #imhsa.schedule and of the discardable attributes.

// pool_attr_c1: all sizes are at least 1.

// expected-error @+1 {{[pool_attr_c1] landmarks: expected sizes of at least 1, found 0}}
"test.op"() {a = #imhsa.pool<0>} : () -> ()

// -----

// expected-error @+1 {{[pool_attr_c1] grid: expected sizes of at least 1, found 0}}
"test.op"() {a = #imhsa.pool<0x7 to 1x7>} : () -> ()

// -----

// pool_attr_c2: one number of landmarks, or two for a grid of two dimensions.

// expected-error @+1 {{[pool_attr_c2] expected one number of landmarks, or a grid of 2 dimensions with 2 numbers of landmarks; found a grid of 0 dimensions and 2 numbers of landmarks}}
"test.op"() {a = #imhsa.pool<7x7>} : () -> ()

// -----

// expected-error @+1 {{[pool_attr_c2] expected one number of landmarks, or a grid of 2 dimensions with 2 numbers of landmarks; found a grid of 1 dimensions and 1 numbers of landmarks}}
"test.op"() {a = #imhsa.pool<56 to 7>} : () -> ()

// -----

// expected-error @+1 {{[pool_attr_c2] expected one number of landmarks, or a grid of 2 dimensions with 2 numbers of landmarks; found a grid of 3 dimensions and 3 numbers of landmarks}}
"test.op"() {a = #imhsa.pool<8x8x8 to 2x2x2>} : () -> ()

// -----

// expected-error @+1 {{[pool_attr_c2] expected one number of landmarks, or a grid of 2 dimensions with 2 numbers of landmarks; found a grid of 2 dimensions and 1 numbers of landmarks}}
"test.op"() {a = #imhsa.pool<56x56 to 7>} : () -> ()

// -----

// pool_attr_c3: the products fit in 63 bits.

// expected-error @+1 {{[pool_attr_c3] grid: the product of its sizes exceeds 63 bits}}
"test.op"() {a = #imhsa.pool<4294967296x4294967296 to 7x7>} : () -> ()

// -----

// expected-error @+1 {{[pool_attr_c3] landmarks: the product of its sizes exceeds 63 bits}}
"test.op"() {a = #imhsa.pool<7x7 to 4294967296x4294967296>} : () -> ()

// -----

// schedule_attr_c1: sizes are at least 1, or at least 0 where that has a meaning.

// expected-error @+1 {{[schedule_attr_c1] queries: expected at least 1, found 0}}
"test.op"() {a = #imhsa.schedule<stream, queries = 0>} : () -> ()

// -----

// expected-error @+1 {{[schedule_attr_c1] keys: expected at least 0, found -4}}
"test.op"() {a = #imhsa.schedule<general, keys = -4>} : () -> ()

// -----

// expected-error @+1 {{[schedule_attr_c1] splits: expected at least 1, found 0}}
"test.op"() {a = #imhsa.schedule<normalisers, splits = 0>} : () -> ()

// -----

// expected-error @+1 {{[schedule_attr_c1] warps: expected at least 1, found 0}}
"test.op"() {a = #imhsa.schedule<stream, warps = 0>} : () -> ()

// -----

// expected-error @+1 {{[schedule_attr_c1] heads: expected at least 0, found -1}}
"test.op"() {a = #imhsa.schedule<stream, heads = -1>} : () -> ()

// -----

// schedule_attr_c2: nothing that the kind does not have.

// expected-error @+1 {{[schedule_attr_c2] queries: expected nothing but warps for the kind 'pool', found one}}
"test.op"() {a = #imhsa.schedule<pool, queries = 16>} : () -> ()

// -----

// expected-error @+1 {{[schedule_attr_c2] keys: expected nothing but queries, warps, stages, heads, columns, math for the kind 'read_out', found one}}
"test.op"() {a = #imhsa.schedule<read_out, keys = 16>} : () -> ()

// -----

// expected-error @+1 {{[schedule_attr_c2] math: expected nothing but queries, keys, splits for the kind 'general', found one}}
"test.op"() {a = #imhsa.schedule<general, math = tf32>} : () -> ()

// -----

// schedule_attr_c3: bounds of the sizes of fused kernels.

// expected-error @+1 {{[schedule_attr_c3] queries: expected a multiple of 16 from 16 to 1024, found 40}}
"test.op"() {a = #imhsa.schedule<stream, queries = 40>} : () -> ()

// -----

// expected-error @+1 {{[schedule_attr_c3] keys: expected a multiple of 16 from 16 to 1024, found 2048}}
"test.op"() {a = #imhsa.schedule<normalisers, keys = 2048>} : () -> ()

// -----

// expected-error @+1 {{[schedule_attr_c3] warps: expected from 1 to 16, found 17}}
"test.op"() {a = #imhsa.schedule<pool, warps = 17>} : () -> ()

// -----

// expected-error @+1 {{[schedule_attr_c3] stages: expected from 1 to 4, found 5}}
"test.op"() {a = #imhsa.schedule<read_out, stages = 5>} : () -> ()

// -----

// expected-error @+1 {{[schedule_attr_c3] columns: expected a multiple of 8 from 0 to 256, found 12}}
"test.op"() {a = #imhsa.schedule<read_out, columns = 12>} : () -> ()

// -----

// imhsa.reassociate: a unit attribute on an operation.

// expected-error @+1 {{'test.op' op attribute 'imhsa.reassociate': expected a unit attribute, found 3 : i64}}
"test.op"() {imhsa.reassociate = 3 : i64} : () -> ()

// -----

// expected-error @+1 {{'test.op' op attribute 'imhsa.reassociates' is not one of the imhsa dialect: expected 'imhsa.reassociate', 'imhsa.kernels' or 'imhsa.whole'}}
"test.op"() {imhsa.reassociates} : () -> ()

// -----

// imhsa.kernels: names, on a module.

// expected-error @+1 {{'builtin.module' op attribute 'imhsa.kernels': expected an array of strings on a module, found ["k", 3]}}
module attributes {imhsa.kernels = ["k", 3]} {}

// -----

// expected-error @+1 {{'test.op' op attribute 'imhsa.kernels': expected an array of strings on a module, found ["k"]}}
"test.op"() {imhsa.kernels = ["k"]} : () -> ()

// -----

// imhsa.size_hint: one size for each dimension of a tensor argument.

// expected-error @+1 {{'func.func' op argument 0: attribute 'imhsa.size_hints' is not one of the imhsa dialect: expected 'imhsa.size_hint'}}
func.func private @hint_name(tensor<?xf32> {imhsa.size_hints = array<i64: 4>})

// -----

// expected-error @+1 {{'func.func' op argument 0: attribute 'imhsa.size_hint': expected array<i64: ...>, found [4]}}
func.func private @hint_type(tensor<?xf32> {imhsa.size_hint = [4]})

// -----

// expected-error @+1 {{'func.func' op argument 1: attribute 'imhsa.size_hint': expected 2 sizes, one for each dimension of 'tensor<?x?xf32>', found 1}}
func.func private @hint_rank(f32, tensor<?x?xf32> {imhsa.size_hint = array<i64: 4>})

// -----

// expected-error @+1 {{'func.func' op argument 0: attribute 'imhsa.size_hint': expected a ranked argument of a function, found 'f32'}}
func.func private @hint_of_scalar(f32 {imhsa.size_hint = array<i64>})

// -----

// expected-error @+1 {{'func.func' op argument 0: attribute 'imhsa.size_hint': expected non-negative sizes, found -1}}
func.func private @negative_hint(tensor<?x?xf32> {imhsa.size_hint = array<i64: 4, -1>})

// -----

// expected-error @+1 {{'func.func' op result 0: attribute 'imhsa.size_hint' is not one of the imhsa dialect for results, which has none}}
func.func private @result(tensor<f32>) -> (tensor<?xf32> {imhsa.size_hint = array<i64: 4>})

// -----

// expected-error @+1 {{'test.op' op attribute 'imhsa.size_hint' is not one of the imhsa dialect: expected 'imhsa.reassociate', 'imhsa.kernels' or 'imhsa.whole'}}
"test.op"() {imhsa.size_hint = array<i64: 4>} : () -> ()
