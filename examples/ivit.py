"""Tokens and weights of the demo's attention block, and what the oracle computes for them.

No trained iViT is public, so the weights are made from a seed. The queries and
keys of each head compare one property of a patch (its colour, its tone, its
place), since heads of noise would look nowhere in particular; the interactions
let every head hear the others. Values, output and biases are random.
"""
from __future__ import annotations

import os
import sys

import numpy as np
from matplotlib.cbook import get_sample_data
from PIL import Image

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "reference"))
import imhsa_reference as oracle

GRID, PATCH, HEADS, WIDTH, LANDMARKS = 56, 8, 6, 64, 7
CHANNELS = HEADS * WIDTH
# What each head compares, and the logit of two patches that agree in it.
COMPARES = [("colour", 9.0), ("tone", 9.0), ("place", 7.0), ("colour", 5.0), ("tone", 5.0), ("place", 3.0)]


def photograph() -> np.ndarray:
    """The photograph of Grace Hopper that matplotlib ships, in the public domain: [448, 448, 3] in [0, 1]."""
    side = GRID * PATCH
    with get_sample_data("grace_hopper.jpg") as file:
        image = Image.open(file).convert("RGB")
        crop = min(image.size)
        image = image.crop((0, 0, crop, crop)).resize((side, side), Image.Resampling.LANCZOS)
    return np.asarray(image, dtype=np.float64) / 255


def alike(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """[N, 64] from two properties of N patches: inner products are 1 for equal patches and fall with the distance."""

    def waves(z):
        z = (z - z.min()) / (z.max() - z.min())
        amplitude = np.array([0.4, 0.3, 0.2, 0.1]) ** 0.5
        angle = np.pi * z[:, None] * np.arange(1, 5)
        return np.concatenate([amplitude * np.cos(angle), amplitude * np.sin(angle)], axis=1)

    return (waves(x)[:, :, None] * waves(y)[:, None, :]).reshape(len(x), WIDTH)


def features(photo: np.ndarray) -> np.ndarray:
    """[N, 384]: the 192 pixel values of each patch, centred, and 64 features each of its colour, tone and place."""
    patches = photo.reshape(GRID, PATCH, GRID, PATCH, 3).swapaxes(1, 2).reshape(GRID * GRID, PATCH * PATCH, 3)
    pixels = patches.reshape(len(patches), -1)
    red, green, blue = patches.mean(axis=1).T
    row, column = np.divmod(np.arange(len(patches)), GRID)
    return np.concatenate([
        pixels - pixels.mean(axis=0),
        alike(red - green, blue - (red + green) / 2),
        alike(pixels.mean(axis=1), pixels.std(axis=1)),
        alike(row, column),
    ], axis=1)  # fmt: skip


def weights(seed: int = 0) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The projection of patches to tokens, [384, 384], and the block's weights, by the names of its arguments."""
    rng = np.random.default_rng(seed)
    projection = np.linalg.qr(rng.standard_normal((CHANNELS, CHANNELS)))[0]
    read = np.zeros((CHANNELS, CHANNELS))
    for head, (name, logit) in enumerate(COMPARES):
        start = 192 + WIDTH * ["colour", "tone", "place"].index(name)
        read[start : start + WIDTH, head * WIDTH : (head + 1) * WIDTH] = np.eye(WIDTH) * (logit * WIDTH**0.5) ** 0.5
    read = projection.T @ read
    value, out = (rng.standard_normal((CHANNELS, CHANNELS)) * CHANNELS**-0.5 for _ in range(2))

    def mixing(own: float) -> np.ndarray:
        others = rng.uniform(0.5, 1.5, (HEADS, HEADS)) * (1 - np.eye(HEADS))
        return own * np.eye(HEADS) + (1 - own) * others / others.sum(axis=1, keepdims=True)

    found = {"qkv_weight": np.concatenate([read, read, value], axis=1)}
    found["qkv_bias"] = rng.standard_normal(3 * CHANNELS) / 50
    for matrix in "key_less", "query_less":
        found |= {f"{matrix}_pre": 1.5 * mixing(0.7), f"{matrix}_post": mixing(0.85)}
    found |= {"out_weight": out, "out_bias": rng.standard_normal(CHANNELS) / 50}
    return projection, found


def inputs(photo: np.ndarray) -> dict[str, np.ndarray]:
    """The arguments of @block in their order, in f32."""
    projection, found = weights()
    arrays = {"tokens": (features(photo) @ projection)[None], **found}
    return {name: array.astype(np.float32) for name, array in arrays.items()}


def expected(x: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """In float64: the block's output, and where landmarks look with the interaction and without."""
    x = {name: array.astype(np.float64) for name, array in x.items()}
    packed = x["tokens"] @ x["qkv_weight"] + x["qkv_bias"]
    q, k, v = packed.reshape(1, -1, 3, HEADS, WIDTH).transpose(2, 0, 3, 1, 4)
    landmarks = [oracle.pool_grid(t, (GRID, GRID), (LANDMARKS, LANDMARKS)) for t in (q, k)]
    key_less, query_less = (oracle.Interaction(pre=x[f"{m}_pre"], post=x[f"{m}_post"]) for m in ("key_less", "query_less"))
    heads = oracle.landmark_attention(q, k, v, *landmarks, key_less=key_less, query_less=query_less)
    block = heads.swapaxes(1, 2).reshape(1, -1, CHANNELS) @ x["out_weight"] + x["out_bias"]
    looks = oracle.attention_weights(landmarks[0], k, interaction=query_less)
    return block, looks, oracle.attention_weights(landmarks[0], k)
