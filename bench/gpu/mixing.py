"""What ways to mix heads cost in accuracy: packed 16-bit multiply-adds, matrix instructions, f32.

    build/venv/bin/python bench/gpu/mixing.py

The relative error of an attention over few keys against float64, as ||out - ref|| / ||ref||, where everything but the mixing is
rounded as kernels round it. docs/schedules.md draws the conclusions.
"""
import argparse

import numpy as np


def bf16(x):
    """Rounded to nearest even."""
    bits = np.asarray(x, np.float32).view(np.uint32).astype(np.uint64)
    rounded = (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000
    return rounded.astype(np.uint32).view(np.float32).astype(np.float64)


def f16(x):
    return np.asarray(x, np.float64).astype(np.float16).astype(np.float64)


def mix(weights, x):
    return np.einsum("gh,hnl->gnl", weights, x)


def packed(weights, x, rounded):
    """A multiply-add of 16 bits for each head, one after the other."""
    total = np.zeros_like(x)
    for head in range(weights.shape[1]):
        total = rounded(total + weights[:, head].reshape(-1, 1, 1) * x[head])
    return total


def softmax(y):
    e = np.exp(y - y.max(2, keepdims=True))
    return e / e.sum(2, keepdims=True)


def errors(heads, keys, rounded, spread, rng, tokens=64, width=64):
    """By way of mixing. spread: of the queries, so of the logits."""
    query = rounded(spread * rng.standard_normal((heads, tokens, width)))
    key, value = (rounded(rng.standard_normal((heads, keys, width))) for _ in range(2))
    pre, post = (np.float64(np.float32(np.eye(heads) + rng.standard_normal((heads, heads)) / heads)) for _ in range(2))
    x = np.einsum("hnd,hld->hnl", query, key) * width**-0.5
    p = softmax(mix(pre, x))
    expected = mix(post, p) @ value

    def error(z):
        found = rounded(np.float32(rounded(z) @ value))
        return np.linalg.norm(found - expected) / np.linalg.norm(expected)

    def halves(w):
        high = rounded(w)
        return high, rounded(w - high)

    (pre_high, pre_low), (post_high, post_low), (x_high, x_low) = halves(pre), halves(post), halves(x)
    short = rounded(p)
    return {
        "f32": error(mix(post, p)),
        "post: packed": error(packed(post_high, short, rounded)),
        "post: mma": error(mix(post_high, short)),
        "post: mma, weights in two parts": error(mix(post_high, short) + mix(post_low, short)),
        "pre: packed": error(mix(post, softmax(packed(pre_high, x_high, rounded)))),
        "pre: mma": error(mix(post, softmax(mix(pre_high, x_high)))),
        "pre: mma, three products of parts": error(mix(post, softmax(mix(pre_high, x_high) + mix(pre_high, x_low) + mix(pre_low, x_high)))),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng, lines = np.random.default_rng(args.seed), []
    for name, rounded in (("bf16", bf16), ("f16", f16)):
        for spread in (1, 4):
            for heads, keys in ((8, 64), (16, 196), (32, 196)):
                found = errors(heads, keys, rounded, spread, rng)
                if not lines:
                    lines = ["| type | logits | H | " + " | ".join(found) + " |", "|---|---|---|" + "---:|" * len(found)]
                lines.append(f"| {name} | x {spread} | {heads} | " + " | ".join(f"{e:.1e}" for e in found.values()) + " |")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
