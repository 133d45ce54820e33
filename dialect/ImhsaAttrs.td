//===- ImhsaAttrs.td - attributes of the imhsa dialect ---*- tablegen -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_ATTRS_TD
#define IMHSA_ATTRS_TD

include "dialect/ImhsaDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

//===----------------------------------------------------------------------===//
// Dimension orders
//===----------------------------------------------------------------------===//

def Imhsa_DimOrder : I32EnumAttr<"DimOrder",
    "order of the dimensions of a token tensor", [
      I32EnumAttrCase<"BHND", 0, "bhnd">,
      I32EnumAttrCase<"BNHD", 1, "bnhd">]> {
  let cppNamespace = "::imhsa";
}

//===----------------------------------------------------------------------===//
// #imhsa.pool
//===----------------------------------------------------------------------===//

def Imhsa_PoolAttr : AttrDef<Imhsa_Dialect, "Pool"> {
  let mnemonic = "pool";
  let summary = "How landmarks are pooled from tokens";
  let description = [{
    Segment means, the rule of adaptive average pooling: of `n` tokens, landmark
    `l` of `L` is the mean of the tokens from `floor(l * n / L)` up to, not
    including, `ceil((l + 1) * n / L)`. An empty segment (`n = 0`) gives zeros.

    `#imhsa.pool<49>` pools a sequence to 49 landmarks. On a grid of tokens, row
    after row, the rule holds for rows and for columns:
    `#imhsa.pool<56x56 to 7x7>` pools 3136 tokens to 49 landmarks.

    All sizes are at least 1 (`pool_attr_c1`), a grid has two dimensions and two
    landmark dimensions (`pool_attr_c2`), and the products fit in 63 bits
    (`pool_attr_c3`).
  }];
  let parameters = (ins
    ArrayRefParameter<"int64_t", "tokens per row and column; empty for a sequence">:$grid,
    ArrayRefParameter<"int64_t", "landmarks, one count or rows and columns">:$landmarks);
  let builders = [
    AttrBuilder<(ins "int64_t":$count), [{ return $_get($_ctxt, ::llvm::ArrayRef<int64_t>(), ::llvm::ArrayRef<int64_t>(count)); }]>
  ];
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// True if tokens lie on a 2-D grid.
    bool isGrid() const { return !getGrid().empty(); }
    /// L, the number of landmarks.
    int64_t getNumLandmarks() const;
    /// The number of tokens that a grid has; unknown (dynamic) for a sequence.
    int64_t getNumTokens() const;
  }];
}

//===----------------------------------------------------------------------===//
// #imhsa.schedule
//===----------------------------------------------------------------------===//

def Imhsa_KernelKind : I32EnumAttr<"KernelKind", "kind of kernel that computes an operation", [
      I32EnumAttrCase<"General", 0, "general">,
      I32EnumAttrCase<"Pool", 1, "pool">,
      I32EnumAttrCase<"Normalisers", 2, "normalisers">,
      I32EnumAttrCase<"Stream", 3, "stream">,
      I32EnumAttrCase<"ReadOut", 4, "read_out">]> {
  let cppNamespace = "::imhsa";
}

def Imhsa_MatrixMath : I32EnumAttr<"MatrixMath", "how products of matrices of f32 are computed", [
      I32EnumAttrCase<"Exact", 0, "exact">,
      I32EnumAttrCase<"Tf32", 1, "tf32">]> {
  let cppNamespace = "::imhsa";
}

def Imhsa_ScheduleAttr : AttrDef<Imhsa_Dialect, "Schedule"> {
  let mnemonic = "schedule";
  let summary = "The kernel that computes an operation, and how it is cut into tiles";
  let description = [{
    `#imhsa.schedule<stream, queries = 64, keys = 32, warps = 8, splits = 4>` on an
    attention: a fused kernel whose blocks of 8 warps keep 64 queries while tiles of 32
    keys stream by; the keys are first split into 4 ranges that are summed independently
    and then combined, always in the same order. `imhsa-schedule` chooses schedules, and
    checks those that it finds; see docs/schedules.md.

    | kind | of | the kernel |
    |---|---|---|
    | `general` | any | none: the operation is tiled (`imhsa-tile`) and becomes linalg |
    | `pool` | `imhsa.pool` | sums the segments of all heads |
    | `normalisers` | `imhsa.log_sum_exp` | queries stay in a block, keys stream |
    | `stream` | `imhsa.attention` | queries stay in a block, keys and values stream |
    | `read_out` | `imhsa.attention` | few keys and values stay in a block, queries stream |

    A kind has these sizes, with these defaults, which are not printed:

    | size | what | `general` | `pool` | `normalisers` | `stream` | `read_out` |
    |---|---|---|---|---|---|---|
    | `queries` | queries in a tile | 0 | | 64 | 64 | 64 |
    | `keys` | keys in a tile | 0 | | 64 | 64 | |
    | `warps` | warps in a block | | 8 | 4 | 4 | 4 |
    | `stages` | tiles on their way to shared memory and in it | | | 2 | 2 | 2 |
    | `splits` | independent ranges of keys | 0 | | 1 | 1 | |
    | `heads` | heads of the result (`normalisers`: of the scores) in a block, 0 for all | | | 0 | 0 | 0 |
    | `columns` | columns of the value in a block, 0 for all | | | | 0 | 0 |

    The pass `imhsa-tile` chooses the sizes of `general` that are 0.

    `math = tf32`, for fused kernels on f32 alone, rounds what enters a product to tf32
    (10 bits after the point); by default products of f32 are exact to f32. Products of
    16-bit operands are on tensor cores, with sums in f32.

    | label | constraint |
    |---|---|
    | `schedule_attr_c1` | sizes are at least 1, those of `general`, `heads` and `columns` at least 0 |
    | `schedule_attr_c2` | there are none that the kind does not have |
    | `schedule_attr_c3` | of fused kernels, `queries` and `keys` are multiples of 16 to 1024, `warps` at most 16, `stages` 4, `splits` 1024, `heads` 32, and `columns` multiples of 8 to 256 |
  }];
  let parameters = (ins
    EnumParameter<Imhsa_KernelKind>:$kind,
    "int64_t":$queries, "int64_t":$keys, "int64_t":$warps, "int64_t":$stages,
    "int64_t":$splits, "int64_t":$heads, "int64_t":$columns,
    EnumParameter<Imhsa_MatrixMath>:$math);
  let builders = [
    AttrBuilder<(ins "::imhsa::KernelKind":$kind, "const ::imhsa::ScheduleSizes &":$sizes,
                     CArg<"::imhsa::MatrixMath", "::imhsa::MatrixMath::Exact">:$math), [{
      return $_get($_ctxt, kind, sizes.queries, sizes.keys, sizes.warps, sizes.stages, sizes.splits,
                   sizes.heads, sizes.columns, math);
    }]>
  ];
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// The sizes together.
    ::imhsa::ScheduleSizes getSizes() const {
      return {getQueries(), getKeys(), getWarps(), getStages(), getSplits(), getHeads(), getColumns()};
    }
    /// True if a kernel of its own computes the operation.
    bool isFused() const { return getKind() != ::imhsa::KernelKind::General; }
  }];
}

#endif // IMHSA_ATTRS_TD
