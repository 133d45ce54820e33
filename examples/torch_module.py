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

import imhsa

SOURCE = """
func.func @attention(%query: {tokens}, %key: {tokens}, %value: {tokens}, %query_less_pre: {mix}, %query_less_post: {mix},
                     %key_less_pre: {mix}, %key_less_post: {mix}) -> {tokens} {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %batch = tensor.dim %query, %c0 : {tokens}
  %size = tensor.dim %query, %c1 : {tokens}
  %init = tensor.empty(%batch, %size) : {tokens}
  %0 = imhsa.attention ins(%query, %key, %value : {tokens}, {tokens}, {tokens})
         order(query = bnhd, key = bnhd, value = bnhd, output = bnhd) landmarks(#imhsa.pool<{landmarks}>)
         query_less(pre = %query_less_pre : {mix}, post = %query_less_post : {mix})
         key_less(pre = %key_less_pre : {mix}, post = %key_less_post : {mix})
         outs(%init : {tokens}) -> {tokens}
  return %0 : {tokens}
}}
"""


class InteractiveAttention(torch.nn.Module):
    """Self-attention [B,N,C] to [B,N,C] in f32, with landmarks pooled from the tokens.

    Its state: the projections `qkv` and `projection`, and the mixings [heads, heads] before and after the
    softmax of either side, which begin as heads that do not interact.
    """

    MIXINGS = ("query_less_pre", "query_less_post", "key_less_pre", "key_less_post")

    def __init__(self, channels: int, heads: int, landmarks: int) -> None:
        super().__init__()
        if channels % heads:
            raise ValueError(f"expected channels that {heads} heads divide, found {channels}")
        self.heads, self.width, self.landmarks = heads, channels // heads, landmarks
        self.qkv = torch.nn.Linear(channels, 3 * channels)
        self.projection = torch.nn.Linear(channels, channels)
        for name in self.MIXINGS:
            self.register_parameter(name, torch.nn.Parameter(torch.eye(heads)))
        self.compiled: dict[str, imhsa.Function] = {}

    def attention(self, device: str) -> imhsa.Function:
        """Compiled at the first call on that kind of device."""
        if device not in self.compiled:
            tokens, mix = f"tensor<?x?x{self.heads}x{self.width}xf32>", f"tensor<{self.heads}x{self.heads}xf32>"
            source = SOURCE.format(tokens=tokens, mix=mix, landmarks=self.landmarks)
            options = {"cpu": "native"} if device == "cpu" else {}
            self.compiled[device] = imhsa.compile(source, target=device, **options).attention
        return self.compiled[device]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        query, key, value = self.qkv(x).unflatten(2, (3, self.heads, self.width)).unbind(2)
        mixings = [getattr(self, name) for name in self.MIXINGS]
        heads = self.attention(x.device.type)(query, key, value, *mixings)
        return self.projection(heads.flatten(2))

    def plain(self, x: torch.Tensor) -> torch.Tensor:
        """The same without compiled code: A_Q (A_K V) of pooled landmarks."""

        def weights(query, key, pre, post):
            logits = query @ key.transpose(2, 3) / self.width**0.5
            softmax = torch.einsum("sh,bhnm->bsnm", pre, logits).softmax(3)
            return torch.einsum("gs,bsnm->bgnm", post, softmax)

        def pooled(tokens):
            flat = tokens.flatten(0, 1).transpose(1, 2)
            return (
                torch.nn.functional.adaptive_avg_pool1d(flat, self.landmarks)
                .transpose(1, 2)
                .unflatten(0, tokens.shape[:2])
            )

        query, key, value = self.qkv(x).unflatten(2, (3, self.heads, self.width)).permute(2, 0, 3, 1, 4)
        context = weights(pooled(query), key, self.query_less_pre, self.query_less_post) @ value
        heads = weights(query, pooled(key), self.key_less_pre, self.key_less_post) @ context
        return self.projection(heads.transpose(1, 2).flatten(2))


def main() -> int:
    device = "cuda" if torch.cuda.is_available() and "--cuda" in sys.argv[1:] else "cpu"
    module = InteractiveAttention(channels=192, heads=6, landmarks=49).to(device)
    with torch.no_grad():
        for name in module.MIXINGS:
            getattr(module, name).add_(torch.randn(6, 6, device=device) / 6)
        x = torch.randn(2, 301, 192, device=device)
        found, expected = module(x), module.plain(x)
    error = ((found - expected).norm() / expected.norm()).item()
    print(f"{tuple(found.shape)} on {found.device}, relative error against plain PyTorch {error:.1e}")
    return 0 if error < 1e-5 else 1


if __name__ == "__main__":
    sys.exit(main())
