"""How kernels.py reads PTX and ptxas, what it adds up, and what it refuses."""
import os
import sys
from dataclasses import replace

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "bench", "gpu"))

from chips import CHIPS
from counts import Launch
from kernels import Entry, Evidence, drift, page, parse_ptx, parse_ptxas, stays, table, traffic, violations
from shapes import Function, Shape

ptx = """
.visible .entry first(.param .u64 a) {
  mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%f1}, {%r1}, {%r2}, {%f2};
  ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r1}, [%r9];
  ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%r1}, [%r9];
  cp.async.cg.shared.global [%r1], [%rd1], 16, %r3;
  cp.async.ca.shared.global [%r1], [%rd1], 4;
  cp.async.cg.shared.global [%r1], [%rd1], 16;
  cp.async.commit_group;
  ex2.approx.ftz.f32 %f1, %f2;
}
.visible .entry second(
  .param .u64 a) { ret; }
"""
assert parse_ptx(ptx) == {
    "first": {"mma": 1, "ldmatrix": 2, "16-byte copies": 2, "ex2": 1},
    "second": {"mma": 0, "ldmatrix": 0, "16-byte copies": 0, "ex2": 0},
}
said = """ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function 'first' for 'sm_80'
ptxas info    : Function properties for first
    40 bytes stack frame, 36 bytes spill stores, 44 bytes spill loads
ptxas info    : Used 255 registers, used 1 barriers, 40 bytes cumulative stack size, 400 bytes cmem[0]
ptxas info    : Compiling entry function 'second' for 'sm_80'
ptxas info    : Function properties for second
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 8 registers, used 0 barriers, 1024 bytes smem, 400 bytes cmem[0]
"""
assert parse_ptxas(said) == {
    "first": {"registers": 255, "stack_bytes": 40, "spill_bytes": 80, "static_shared": 0},
    "second": {"registers": 8, "stack_bytes": 0, "spill_bytes": 0, "static_shared": 1024},
}
try:
    parse_ptxas("Compiling entry function 'first' for 'sm_80'\n")
except ValueError as error:
    print(error)

# B=1, N=64, 6 heads of 64: 24576 elements, 49152 bytes, 1536 sectors.
shape = Shape(Function("both", 6, 64, 49), 1, 64)
sizes = {f"buffer/{buffer}/bytes": 49152 for buffer in ("input 0", "input 1", "input 2", "output 0", "workspace")}
launches = [
    Launch("both_pool", 128, 0, {**sizes, "buffer/input 0/sectors_read": 1536, "buffer/workspace/sectors_written": 77}),
    Launch("both_read_out", 256, 90 << 10, {**sizes, "buffer/input 0/sectors_read": 1536, "buffer/input 1/sectors_read": 3072, "buffer/input 2/sectors_read": 1536,
                                         "buffer/workspace/sectors_read": 77, "buffer/output 0/sectors_written": 1536, "ldmatrix/conflicts": 0}),
]  # fmt: skip
moved = traffic(shape, launches)
assert moved.tensors == {"Q": 2, "K": 2, "V": 1, "O": 1} and moved.total == 6 and moved.rest == 154 / 1536
assert moved.once_total == 5 and moved.once_rest == 154 / 1536  # the second reading of K is from the cache


def evidence(first=None, function=None, **more):
    """Kernels as they should be, but for `first` of the first and `more` of the second launch."""
    counted = {"mma": 8, "ldmatrix": 4, "16-byte copies": 2, "ex2": 1}
    entries = [Entry("both_read_out", 128, 0, 0, 0, counted), Entry("both_pool", 32, 0, 0, 0, dict.fromkeys(counted, 0))]
    for name, value in (first or {}).items():
        setattr(entries[0], name, value)
    changed = Launch(launches[1].kernel, 256, 90 << 10, {**launches[1].numbers, **more})
    counted_shape = replace(shape, function=function) if function else shape
    return Evidence(counted_shape, CHIPS[0], entries, [launches[0], changed], [("attention", "read_out, queries = 64")])


assert [entry.name for entry in evidence().entries] == ["both_pool", "both_read_out"]  # as they are launched
# 128 registers: 16 warps, so two blocks of 8; 90 KB: one block.
assert "| `both_read_out` | 128 | 0 | 0 | 90.0 | 256 | 1 | 8 | 4 | 2 | 1 |" in table([evidence()]), table([evidence()])
assert "| sm_80 | attention: `read_out, queries = 64` |" in page([evidence()])
assert violations(evidence()) == [] and "| 2.00 | 2.00 | 1.00 | 1.00 | 6.00 | 0.100 | 1.7% | 5.00 | 0.100 | 2.0% |" in page([evidence()])
assert "| `both_read_out` | 3 | 0 | 0 |" in page([evidence(**{"ldmatrix/conflicts": 3})])
# Rows that the page has not: of a kernel that has changed, or of an attention that is missing.
assert drift(page([evidence()]), [evidence()]) == []
changed = evidence({"registers": 136})
assert [line.split(" | ")[2:4] for line in drift(page([evidence()]), [changed])] == [["`both_read_out`", "136"]]
# Without counts there are neither bytes nor conflicts, nor is there anything to say of them.
changed.counted = False
assert len(drift(page([evidence()]), [changed])) == 1 and violations(changed) == []
# 12 heads of 64 and 64 landmarks take 192 KB in 16 bits; 16 heads and 196 landmarks, 784 KB.
assert stays(Function("both", 12, 64, 64)) and not stays(Function("both", 16, 64, 196))
for wrong in (
    evidence({"spill_bytes": 8}),
    evidence({"stack_bytes": 16}),
    evidence({"instructions": {"mma": 8, "ldmatrix": 4, "16-byte copies": 0, "ex2": 1}}),
    evidence(**{"ldmatrix/conflicts": 3}),
    evidence(**{"buffer/input 1/sectors_read": 3100}),
    evidence(**{"buffer/workspace/sectors_read": 1536}),
    # Landmarks that do not stay may be read often, but from the cache.
    evidence(function=Function("both", 16, 64, 196), **{"buffer/workspace/sectors_read": 1536}),
):
    [line] = violations(wrong)
    print(line)
try:
    Evidence(shape, CHIPS[0], [Entry("other", 8, 0, 0, 0, {})], launches, [])
except ValueError as error:
    print(error)
