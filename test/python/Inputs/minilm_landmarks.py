"""Embeddings of all-MiniLM-L6-v2 with landmarks: compiled, as with the oracle's attention."""

import os
import sys

import numpy as np

from common import ROOT, imhsa, oracle

sys.path.append(os.path.join(ROOT, "examples", "minilm"))
import embed
from model import MiniLM

LANDMARKS = 5
views = 0


def by_oracle(query, key, value, key_lengths):
    query, key, value = (x.swapaxes(1, 2) for x in (query, key, value))
    pooled = [oracle.pool(x, LANDMARKS, key_lengths) for x in (query, key)]
    out = oracle.landmark_attention(query, key, value, *pooled, key_lengths=key_lengths)
    return out.swapaxes(1, 2).astype(np.float32)


def compiled(query, key, value, key_lengths):
    global views
    views += all(x.base is not None and not x.flags.c_contiguous for x in (query, key, value))
    return library.attention(query, key, value, key_lengths)


model = MiniLM()
library = imhsa.compile(embed.source("attention", LANDMARKS), opt_level=0)
sentences = ["One.", "Two of them, longer.", "And three, which is the longest sentence of the batch."]
error = np.abs(model.encode(sentences, compiled) - model.encode(sentences, by_oracle)).max()
assert error <= embed.MOST_ERROR, f"largest difference {error}"
assert views == model.layers, "query, key and value are expected to be views"
