"""The classic models on real furniture: trains every run, scores it, and writes the table of docs/results.md.

    python recipes/classic_models.py --data datasets/sweethome3d --out runs/classic

Runs that are done are kept, and a run that was stopped goes on, so that the command can be repeated until all is there.
The grid is small enough for two cores: three kinds, a frozen pretrained encoder with three seeds, and a ResNet-18 from
random weights with one.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

from shapeshot.evaluation.run import run_evaluation
from shapeshot.lab.config import TrainConfig
from shapeshot.lab.model import ModelConfig
from shapeshot.lab.train_model import train

KINDS = ("vox", "point", "mesh")
SEEDS = {"efficientnet-lite0": (0, 1, 2), "resnet18": (0,)}
DONE = "done.json"


def config_of(kind: str, encoder: str, seed: int, data: str) -> TrainConfig:
    """One run; within an encoder, kinds differ in nothing but the kind."""
    model = ModelConfig(type=kind, encoder=encoder, voxel_channels=64, num_points=1000, ico_level=3)
    shared = TrainConfig(
        data=(data,), model=model, batch_size=16, warmup=50, val_views=1, save_every=200, ema=0.995, num_samples=1000,
        w_smooth=0.05, seed=seed,
    )  # fmt: skip
    if encoder == "efficientnet-lite0":
        return replace(shared, freeze_encoder=True, max_iter=2000, val_every=400, workers=0)
    trained = replace(model, encoder_weights="none", update_statistics=True, image_size=96)
    return replace(shared, model=trained, max_iter=600, val_every=200, encoder_lr=5e-4)


def run_one(kind: str, encoder: str, seed: int, data: str, out: Path) -> None:
    """Train and score one run, unless that is done."""
    folder = out / f"{kind}-{encoder}-s{seed}"
    if (folder / DONE).is_file():
        return
    start = time.monotonic()
    train(config_of(kind, encoder, seed, data), folder)
    seconds = time.monotonic() - start
    scores = {}
    for split in ("test", "test-unseen"):
        summary = run_evaluation(Path(data), folder / split, split=split, checkpoint=folder, kind=kind)
        scores[split] = {name: interval.mean for name, interval in summary.overall.items()}
    (folder / DONE).write_text(json.dumps({"seconds": seconds, "scores": scores}, indent=1))


def main() -> None:
    """All runs of the grid, or those of --encoder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="datasets/sweethome3d")
    parser.add_argument("--out", type=Path, default=Path("runs/classic"))
    parser.add_argument("--encoder", choices=sorted(SEEDS), help="only these runs")
    args = parser.parse_args()
    for encoder in [args.encoder] if args.encoder else SEEDS:
        for seed in SEEDS[encoder]:
            for kind in KINDS:
                run_one(kind, encoder, seed, args.data, args.out)


if __name__ == "__main__":
    main()
