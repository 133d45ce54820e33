"""A real model end to end: sentence embeddings of all-MiniLM-L6-v2, its attention compiled.

    build/venv/bin/python examples/minilm/embed.py

Everything but the attention is NumPy (model.py). One library is compiled for all batches: the sizes of batch
and tokens are dynamic, and query, key and value are taken where the model has them, as views of one product.
With exact attention the embeddings are those of the model itself, which record.py recorded; if they are off,
this exits with 1. Attention with landmarks is another function of query, key and value, not an approximation
of the exact one: a model has to be trained for it. This one was not, and what it then gives is shown.
"""

from __future__ import annotations

import os
import sys
import time

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "..", "..", "python"))  # Where imhsa is not installed.

import imhsa
from model import Attention, MiniLM, numpy_attention

MOST_ERROR = 1e-4
LANDMARKS = (8, 32)
BATCH = 12  # sentences

TOKENS = "tensor<?x?x12x32xf32>"
FUNCTION = """
func.func @{name}(%query: {TOKENS}, %key: {TOKENS}, %value: {TOKENS}, %key_lengths: tensor<?xi32>) -> {TOKENS} {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %batch = tensor.dim %query, %c0 : {TOKENS}
  %size = tensor.dim %query, %c1 : {TOKENS}
  %init = tensor.empty(%batch, %size) : {TOKENS}
  %0 = imhsa.attention ins(%query, %key, %value : {TOKENS}, {TOKENS}, {TOKENS})
         order(query = bnhd, key = bnhd, value = bnhd, output = bnhd)
         {landmarks} key_lengths(%key_lengths : tensor<?xi32>) outs(%init : {TOKENS}) -> {TOKENS}
  return %0 : {TOKENS}
}}
"""


def source(name: str, landmarks: int = 0) -> str:
    """An attention in MLIR, exact or with landmarks."""
    pooled = f"landmarks(#imhsa.pool<{landmarks}>)" if landmarks else ""
    return FUNCTION.format(name=name, TOKENS=TOKENS, landmarks=pooled)


def compiled() -> imhsa.Library:
    """The functions `exact`, and `landmarks_L` for each of LANDMARKS."""
    text = source("exact") + "".join(source(f"landmarks_{count}", count) for count in LANDMARKS)
    return imhsa.compile(text, cpu="native")


class Timed:
    """An attention that counts the seconds that it takes."""

    def __init__(self, attention: Attention) -> None:
        self.attention, self.seconds = attention, 0.0

    def __call__(self, *arguments: np.ndarray) -> np.ndarray:
        start = time.perf_counter()
        result = self.attention(*arguments)
        self.seconds += time.perf_counter() - start
        return result


def encode(model: MiniLM, sentences: list[str], attention: Attention) -> np.ndarray:
    batches = (sentences[start : start + BATCH] for start in range(0, len(sentences), BATCH))
    return np.concatenate([model.encode(batch, attention) for batch in batches])


def main() -> int:
    record = np.load(os.path.join(HERE, "reference.npz"))
    sentences, own = record["sentences"].tolist(), record["embeddings"]
    model = MiniLM()
    lengths = model.tokens(sentences)[1]
    print(f"{len(sentences)} sentences of {lengths.min()} to {lengths.max()} tokens, {BATCH} in a padded batch")

    start = time.perf_counter()
    library = compiled()
    print(f"{len(library.functions)} attentions compiled in {time.perf_counter() - start:.1f} s")

    attentions = {"NumPy": numpy_attention, "exact": library.exact}
    attentions |= {f"{count} landmarks": library.functions[f"landmarks_{count}"] for count in LANDMARKS}
    print("\nattention     of all layers  difference  cosine to the model's own: mean, least")
    differences = {}
    for name, attention in attentions.items():
        model.encode(sentences[:1], attention)  # The first call allocates memory and loads code.
        timed = Timed(attention)
        embeddings = encode(model, sentences, timed)
        if not np.isfinite(embeddings).all():
            sys.exit(f"embed.py: the embeddings of {name} are not finite")
        differences[name] = np.abs(embeddings - own).max()
        cosines = (embeddings * own).sum(axis=1)
        print(
            f"{name:12}{1e3 * timed.seconds:12.1f} ms{differences[name]:12.1e}"
            f"{cosines.mean():34.4f}{cosines.min():8.4f}"
        )

    print(f"\nThe model's own embeddings were made by {', '.join(record['versions'])}.")
    good = differences["exact"] <= MOST_ERROR
    print(
        f"Exact attention: largest difference {differences['exact']:.1e}, at most {MOST_ERROR:.0e}: "
        + ("ok" if good else "TOO LARGE")
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
