"""PyTorch tensors in and out, and compiled code beside PyTorch's OpenMP from several threads."""

import sys
import threading

import numpy as np
import torch

from common import agree, expected, fails, imhsa, mixing, oracle, tokens

library = imhsa.load(sys.argv[1])
rng = np.random.default_rng()
arrays = [*(tokens(rng) for _ in range(3)), *mixing(rng)]

for name, dtype in ("f32", torch.float32), ("f16", torch.float16), ("bf16", torch.bfloat16):
    tensors = [torch.from_numpy(x).to(dtype) for x in arrays]
    wanted = expected(*(x.double().numpy() for x in tensors))
    out = library.functions[name](*tensors)
    assert type(out) is torch.Tensor and out.dtype == dtype and out.shape == (2, 6, 13, 32)
    agree(out.double(), wanted, name)
    # Views of [B,N,H,D], in and out.
    views = [x.transpose(1, 2).contiguous().transpose(1, 2) for x in tensors[:3]]
    given = torch.zeros(2, 13, 6, 32, dtype=dtype)
    into = given.transpose(1, 2)
    assert library.functions[name](*views, *tensors[3:], out=into) is into
    assert torch.equal(into, out)

# Truth values, several results.
query, key, value = (torch.from_numpy(x) for x in arrays[:3])
mix = [torch.from_numpy(x) for x in arrays[3:]]
keep = torch.rand(2, 13, 13) < 0.7
out, sums = library.masked(query, key, value, keep)
agree(out, oracle.attention(*arrays[:3], keep=keep.numpy()))
assert type(sums) is torch.Tensor and sums.shape == (2, 6, 13)
fails(
    imhsa.InvalidTensor, "expected element type bool", lambda: library.masked(query, key, value, keep.to(torch.uint8))
)

# NumPy beside PyTorch: the first says what the output is.
assert type(library.f32(query, *arrays[1:])) is torch.Tensor
assert type(library.f32(arrays[0], key, value, *mix)) is np.ndarray

# No gradients: an error rather than a graph that silently ends; a parameter works without.
parameter = torch.nn.Parameter(query)
fails(imhsa.InvalidTensor, "input 0 'query': requires a gradient", lambda: library.f32(parameter, key, value, *mix))
good = library.f32(query, key, value, *mix)
with torch.no_grad():
    assert torch.equal(library.f32(parameter, key, value, *mix), good)
assert torch.equal(library.f32(parameter.detach(), key, value, *mix), good)
fails(imhsa.InvalidTensor, "cannot be exported", lambda: library.f32(query.to_sparse(), key, value, *mix))
fails(imhsa.InvalidTensor, "cannot be exported", lambda: library.f32(query.to("meta"), key, value, *mix))

# Both pools of threads in one process, from several threads that call both.
torch.set_num_threads(2)
imhsa.set_num_threads(2)
failures = []


def work(seed):
    try:
        generator = torch.Generator().manual_seed(seed)
        q, k, v = (torch.randn(2, 6, 64, 32, generator=generator) for _ in range(3))
        wanted = expected(q.numpy(), k.numpy(), v.numpy(), *arrays[3:])
        weight = torch.randn(32, 32, generator=generator)
        for _ in range(30):
            product = (q.reshape(-1, 32) @ weight).sum()  # By OpenMP.
            agree(library.f32(q, k, v, *mix), wanted)
            assert torch.allclose((q.reshape(-1, 32) @ weight).sum(), product)
    except Exception as error:  # Shown by the main thread.
        failures.append(error)


workers = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
assert not failures, failures

print("torch: passed")
