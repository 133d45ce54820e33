"""PyTorch tensors on a GPU: results, current and other streams, capture in a CUDA graph."""
import sys

import numpy as np
import torch

from common import agree, expected, fails, imhsa, mixing, tokens

library = imhsa.load(sys.argv[1])
rng = np.random.default_rng()
arrays = [*(tokens(rng, 2, 300) for _ in range(3)), *mixing(rng)]

for name, dtype in ("f32", torch.float32), ("f16", torch.float16), ("bf16", torch.bfloat16):
    tensors = [torch.from_numpy(x).to("cuda", dtype) for x in arrays]
    out = library.functions[name](*tensors)
    assert out.device == tensors[0].device and out.dtype == dtype
    agree(out.double().cpu(), expected(*(x.double().cpu().numpy() for x in tensors)), name)

inputs = [torch.from_numpy(x).cuda() for x in arrays]
fails(imhsa.InvalidTensor, "expected device cuda:0, found cpu", lambda: library.f32(*inputs[:2], inputs[2].cpu(), *inputs[3:]))
good = library.f32(*inputs)
wanted = expected(*arrays)


def late(stream):
    """The query, which `stream` has only after a while."""
    with torch.cuda.stream(stream):
        torch.cuda._sleep(200_000_000)
        return inputs[0] * 1


# On the current stream, behind what is enqueued there.
side = torch.cuda.Stream()
side.wait_stream(torch.cuda.current_stream())
query = late(side)
with torch.cuda.stream(side):
    out = library.f32(query, *inputs[1:])
    assert not side.query(), "the call is expected to return before the stream is done"
side.synchronize()
assert torch.equal(out, good)

# On a stream that is given, as an object or an address.
for stream in side, side.cuda_stream:
    query = late(side)
    out = library.f32(query, *inputs[1:], stream=stream)
    side.synchronize()
    assert torch.equal(out, good)

# In a graph, which runs again on what its inputs hold then.
graph, query = torch.cuda.CUDAGraph(), inputs[0].clone()
with torch.cuda.graph(graph):
    out = library.f32(query, *inputs[1:])
graph.replay()
agree(out.double().cpu(), wanted)
query.zero_()
graph.replay()
agree(out.double().cpu(), expected(np.zeros_like(arrays[0]), *arrays[1:]))
print("torch on a GPU: passed")
