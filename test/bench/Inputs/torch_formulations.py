"""PyTorch's side of the benchmark against the oracle, on the CPU, and what measures."""
import os
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
sys.path += [os.path.join(ROOT, "bench", "gpu"), os.path.join(ROOT, "reference")]

import numpy as np
import torch

import formulations
import imhsa_reference as oracle
import measure
from shapes import VARIANTS, Function, Shape

seed = int.from_bytes(os.urandom(4), "little")
print(f"seed {seed}")
rng = np.random.default_rng(seed)


def expected(function, q, k, v, mixings):
    if not function.has_landmarks:
        return oracle.attention(q, k, v, interaction=oracle.Interaction(mixings[0], None, mixings[1], None) if mixings else oracle.Interaction())
    key_less, query_less = (oracle.Interaction(*(None if w is None else w for w in (pre, None, post, None))) for pre, post in
                            ((mixings[0], mixings[1]), (mixings[2], mixings[3]))) if mixings else (oracle.Interaction(),) * 2  # fmt: skip
    landmarks = [oracle.pool(x, function.landmarks) for x in (q, k)]
    return oracle.landmark_attention(q, k, v, *landmarks, key_less=key_less, query_less=query_less)


worst = {}
for variant in VARIANTS:
    function = Function(variant, 3, 8, 5 if variant in ("landmarks", "both") else 0, "f64")
    for tokens in (1, 5, 17, 40):  # fewer than the landmarks, as many, more, a multiple
        q, k, v = (rng.standard_normal((2, 3, tokens, 8)) for _ in range(3))
        mixings = [rng.standard_normal((3, 3)) for _ in function.mixings]
        right = expected(function, q, k, v, mixings)
        tensors, weights = [torch.from_numpy(x) for x in (q, k, v)], [torch.from_numpy(w) for w in mixings]
        found = formulations.eager(function)(*tensors, *weights)
        judged = formulations.reference(function, *tensors, weights)
        rows = torch.tensor([0, tokens - 1])
        some = formulations.reference(function, *tensors, weights, rows)
        for name, tensor, truth in (("eager", found, right), ("reference", judged, right), ("rows", some, right[:, :, [0, -1]])):
            error = oracle.relative_error(tensor.numpy(), truth)
            assert error < 1e-12, f"{variant}, {tokens} tokens, {name}: relative error {error}"
            worst[name] = max(worst.get(name, 0), error)
        if variant == "landmarks":
            fused = formulations.two_fused_calls(*tensors, *(formulations.pooled(x, 5) for x in tensors[:2]))
            assert oracle.relative_error(fused.numpy(), right) < 1e-12
        if variant == "plain":
            assert oracle.relative_error(formulations.exact_fused_call(*tensors).numpy(), right) < 1e-12
print("formulations agree with the oracle")

# In pieces of rows, too.
formulations._CHUNK_BYTES = 8 * 3 * 40 * 7
q, k, v = (torch.from_numpy(rng.standard_normal((2, 3, 40, 8))) for _ in range(3))
whole = oracle.attention(q.numpy(), k.numpy(), v.numpy())
assert oracle.relative_error(formulations.reference(Function("plain", 3, 8, 0, "f64"), q, k, v, ()).numpy(), whole) < 1e-12
print("in pieces")

assert formulations.relative_error(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.5], dtype=torch.float64)) == 0.5 / 7.25**0.5
assert formulations.relative_error(torch.tensor([float("nan")]), torch.ones(1, dtype=torch.float64)) == float("inf")

# Sets of inputs: what comes between two turns of one fills the cache twice; and no more than fit.
small = Shape(Function("both", 6, 64, 49), 1, 196)
of_set = small.floor_bytes
assert measure.count_sets(small, 50 << 20, None) == 1 + -(-(100 << 20) // of_set)
assert measure.count_sets(small, 50 << 20, 30 * of_set) == 10
assert measure.count_sets(small, 1 << 40, None) == 256
assert measure.count_sets(Shape(small.function, 32, 50176), 50 << 20, None) == 2
inputs = measure.make_inputs(Shape(Function("both", 2, 8, 4), 1, 12), measure.Cpu(), 7, 3)
again = measure.make_inputs(Shape(Function("both", 2, 8, 4), 1, 12), measure.Cpu(), 7, 3)
assert len(inputs.sets) == len(inputs.outputs) == 3 and len(inputs.mixings) == 4
assert all(torch.equal(a, b) for a, b in zip(inputs.sets[2], again.sets[2])) and not torch.equal(inputs.sets[0][0], inputs.sets[1][0])
print("inputs")

# Calls in turn, as often as fits the time.
effort = measure.Effort(least=10, most=200, milliseconds=100)
assert [effort.repeats(us) for us in (1, 1000, 50_000, 2_000_000)] == [200, 100, 10, 3]
seen = []
times = measure.measure([lambda: seen.append("a"), lambda: seen.append("b")], measure.Cpu(), measure.Effort(most=20))
assert len(times) == 20 and seen[-4:] == ["a", "b", "a", "b"]
print("measuring")
