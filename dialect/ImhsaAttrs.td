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

def Imhsa_KernelKind : I32EnumAttr<"KernelKind", "kind of kernel that computes an attention", [
      I32EnumAttrCase<"General", 0, "general">]> {
  let cppNamespace = "::imhsa";
}

def Imhsa_ScheduleAttr : AttrDef<Imhsa_Dialect, "Schedule"> {
  let mnemonic = "schedule";
  let summary = "How an exact attention is cut into tiles";
  let description = [{
    `#imhsa.schedule<general, queries = 64, keys = 512, splits = 8>`: tiles of
    64 queries against 512 keys at a time; the keys are first split into 8
    ranges that are summed independently and then combined, always in the same
    order. `imhsa-tile` reads it; where an attention has none, the pass chooses.

    Tile sizes and splits are at least 1 (`schedule_attr_c1`).
  }];
  let parameters = (ins
    EnumParameter<Imhsa_KernelKind>:$kind,
    DefaultValuedParameter<"int64_t", "64", "queries in a tile">:$queries,
    DefaultValuedParameter<"int64_t", "512", "keys in a tile">:$keys,
    DefaultValuedParameter<"int64_t", "1", "independent ranges of keys">:$splits);
  let assemblyFormat = "`<` $kind (`,` struct($queries, $keys, $splits)^)? `>`";
  let genVerifyDecl = 1;
}

#endif // IMHSA_ATTRS_TD
