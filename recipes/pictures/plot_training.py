"""Plot the curves of a training run: losses, validation score and learning rate against steps.

python recipes/pictures/plot_training.py runs/default docs/images/training.png
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import matplotlib
import numpy as np

from shapeshot.files import atomic_path

matplotlib.use("Agg")
from matplotlib import pyplot as plt


def main() -> None:
    """Read the run's log and draw it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    lines = [json.loads(line) for line in (args.run / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    figure = draw(lines)
    with atomic_path(args.out) as temporary:
        figure.savefig(temporary, dpi=110)


def draw(lines: list[dict[str, float]]) -> plt.Figure:
    """Three panels from the lines of a log."""
    reports = [line for line in lines if "loss" in line]
    scores = [line for line in lines if "val_score" in line]
    figure, (losses, validation, rate) = plt.subplots(1, 3, figsize=(12, 3.4), layout="constrained")
    steps = [line["step"] for line in reports]
    for name in ("occupancy", "color"):
        losses.plot(steps, smoothed([line[name] for line in reports]), label=name)
    losses.set(title="training loss", xlabel="step", ylim=(0, None))
    losses.legend(frameon=False)
    validation.plot([line["step"] for line in scores], [line["val_score"] for line in scores], marker="o", ms=3)
    validation.set(title="validation IoU at 32³ (moving average)", xlabel="step", ylim=(0, None))
    rate.plot(steps, [line["lr"] for line in reports])
    rate.set(title="learning rate of the decoder", xlabel="step", ylim=(0, None))
    for axes in (losses, validation, rate):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
    return figure


def smoothed(values: list[float], window: int = 5) -> np.ndarray:
    """Centred running mean; shorter at the ends."""
    kernel = np.ones(window)
    return np.convolve(values, kernel, "same") / np.convolve(np.ones(len(values)), kernel, "same")


if __name__ == "__main__":
    main()
