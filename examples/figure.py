"""Where a few landmarks look on the photograph, without and with interaction: after the paper's Figure 5."""
from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

import ivit

SHOWN_LANDMARKS = [(3, 3), (1, 0), (5, 1)]  # row and column of the 7x7: face, flag, uniform
SHOWN_HEADS = [0, 1, 2]


def overlay(axes, photo: np.ndarray, weights: np.ndarray):
    """One row of A_K, [N], as heat over the photograph in grey."""
    side = photo.shape[0]
    axes.imshow(photo.mean(axis=2), cmap="gray", vmin=-0.3, vmax=1.5)
    heat = weights.reshape(ivit.GRID, ivit.GRID)
    axes.imshow(
        heat, cmap="inferno", extent=(0, side, side, 0), interpolation="bilinear",
        alpha=np.sqrt(np.clip(heat / np.quantile(heat, 0.998), 0, 1)), vmin=0, vmax=np.quantile(heat, 0.998),
    )  # fmt: skip


def draw(path: str, photo: np.ndarray, alone: np.ndarray, together: np.ndarray):
    """Writes a PNG from A_K without and with interaction, [1, H, 49, N] each."""
    side, cell = photo.shape[0], photo.shape[0] // ivit.LANDMARKS
    per_half = len(SHOWN_HEADS)
    figure = plt.figure(figsize=(14.2, 6.9), dpi=110)
    grid = figure.add_gridspec(
        len(SHOWN_LANDMARKS), 2 * per_half + 3, width_ratios=[1, 0.1, *[1] * per_half, 0.1, *[1] * per_half],
        left=0.01, right=0.99, bottom=0.01, top=0.87, wspace=0.04, hspace=0.04,
    )  # fmt: skip
    for at, (row, column) in enumerate(SHOWN_LANDMARKS):
        axes = [figure.add_subplot(grid[at, 0])]
        axes[0].imshow(photo)
        axes[0].add_patch(Rectangle((column * cell, row * cell), cell, cell, fill=False, edgecolor="white", linewidth=2.5))
        for half, weights in enumerate((alone, together)):
            for i, head in enumerate(SHOWN_HEADS):
                axes.append(figure.add_subplot(grid[at, 2 + half * (per_half + 1) + i]))
                overlay(axes[-1], photo, weights[0, head, row * ivit.LANDMARKS + column])
                if at == 0:
                    axes[-1].set_title(f"head {head}: {ivit.COMPARES[head][0]}", fontsize=11)
        for one in axes:
            one.set(xticks=[], yticks=[], xlim=(0, side), ylim=(side, 0))
        if at == 0:
            axes[0].set_title("query landmark", fontsize=11)
    for place, text in (0.355, "without interaction: each head alone"), (0.785, "with interaction: heads hear each other"):
        figure.text(place, 0.945, text, ha="center", fontsize=15, weight="bold")
    figure.savefig(path)
    plt.close(figure)
