"""A PyTorch module whose attention is compiled: interactive, with landmarks, linear in the tokens.

    python3 examples/torch_module.py            # a Python that has PyTorch

The mixings of heads are parameters of the module. Compiled functions are forward only, so the module is for
inference: load what was trained elsewhere with `load_state_dict`, and call it under `torch.no_grad()`. On the
CPU it is compiled for the CPU; after `module.cuda()` it is compiled for the GPU and runs on the current stream.
"""

from __future__ import annotations

import os
import sys

import torch

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "..", "python"))  # Where imhsa is not installed.

import imhsa.torch


def plain(module: imhsa.torch.InteractiveAttention, x: torch.Tensor) -> torch.Tensor:
    """What the module computes, without compiled code: A_Q (A_K V) of pooled landmarks."""

    def weights(query, key, pre, post):
        logits = query @ key.transpose(2, 3) / query.shape[3] ** 0.5
        softmax = torch.einsum("sh,bhnm->bsnm", pre, logits).softmax(3)
        return torch.einsum("gs,bsnm->bgnm", post, softmax)

    def pooled(tokens):
        flat = tokens.flatten(0, 1).transpose(1, 2)
        means = torch.nn.functional.adaptive_avg_pool1d(flat, module.landmarks)
        return means.transpose(1, 2).unflatten(0, tokens.shape[:2])

    query, key, value = module.qkv(x).unflatten(2, (3, module.heads, -1)).permute(2, 0, 3, 1, 4)
    context = weights(pooled(query), key, module.query_less_pre, module.query_less_post) @ value
    heads = weights(query, pooled(key), module.key_less_pre, module.key_less_post) @ context
    return module.projection(heads.transpose(1, 2).flatten(2))


def main() -> int:
    device = "cuda" if torch.cuda.is_available() and "--cuda" in sys.argv[1:] else "cpu"
    module = imhsa.torch.InteractiveAttention(dim=192, heads=6, landmarks=49, device=device)
    with torch.no_grad():
        for name, mixing in module.named_parameters():
            if name.endswith(("_pre", "_post")):
                mixing.add_(torch.randn(6, 6, device=device) / 6)
        x = torch.randn(2, 301, 192, device=device)
        found, expected = module(x), plain(module, x)
    error = ((found - expected).norm() / expected.norm()).item()
    print(f"{tuple(found.shape)} on {found.device}, relative error against plain PyTorch {error:.1e}")
    return 0 if error < 1e-5 else 1


if __name__ == "__main__":
    sys.exit(main())
