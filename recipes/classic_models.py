"""The classic models on real furniture: trains every run, scores it, and writes the table of docs/results.md.

    python recipes/classic_models.py --data datasets/sweethome3d --out runs/classic

Runs that are done are kept, and a run that was stopped goes on, so that the command can be repeated until all is there.
The grid is small enough for two cores: three kinds, a frozen pretrained encoder with three seeds, and a ResNet-18 from
random weights with one. `--table` only writes OUT/table.md of what is there.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shapeshot.errors import UserError
from shapeshot.evaluation.run import run_evaluation
from shapeshot.evaluation.summary import Summary
from shapeshot.files import atomic_write
from shapeshot.lab.configure import config_from_json, load_config
from shapeshot.lab.run_folder import CONFIG
from shapeshot.lab.train import train
from shapeshot.lab.train_config import TrainConfig

KINDS = ("vox", "point", "mesh")
SEEDS = {"efficientnet-lite0": (0, 1, 2), "resnet18": (0,)}
BASELINES = ("mean", "retrieval", "oracle", "")  # "": the shipped field model
SPLITS = ("test", "test-unseen")
METRICS = {"iou": "IoU 32³", "f_score_1": "F 1 %", "f_score_5": "F 5 %", "chamfer_l1": "chamfer-L1"}
DONE = "done.json"
# What each kind has of its own; the rest is the same for all, within an encoder.
OWN: dict[str, dict[str, Any]] = {
    "vox": {"model": {"voxel_channels": 64}},
    "point": {"model": {"num_points": 1000}},
    "mesh": {"model": {"ico_level": 3}, "num_samples": 1000, "w_smooth": 0.05},
}


def config_of(kind: str, encoder: str, seed: int, data: str) -> TrainConfig:
    """Make the settings of one run."""
    own = OWN[kind]
    values = {
        "data": [data], "batch_size": 16, "warmup": 50, "val_views": 1, "save_every": 200, "ema": 0.995, "seed": seed,
        **own,
        "model": {"type": kind, "encoder": encoder, **own["model"]},
    }  # fmt: skip
    if encoder == "efficientnet-lite0":
        return config_from_json(values | {"freeze_encoder": True, "max_iter": 1500, "val_every": 300, "workers": 0})
    trained = values["model"] | {"encoder_weights": "none", "update_statistics": True, "image_size": 96}
    return config_from_json(values | {"model": trained, "max_iter": 600, "val_every": 200, "encoder_lr": 5e-4})


def run_one(kind: str, encoder: str, seed: int, data: str, out: Path) -> None:
    """Train and score one run, unless that is done. Raises UserError where other settings were used there."""
    folder, config = out / f"{kind}-{encoder}-s{seed}", config_of(kind, encoder, seed, data)
    if (folder / CONFIG).is_file() and load_config(folder / CONFIG) != config:
        raise UserError(f"{folder} holds a run with other settings; choose another --out, or remove it")
    if (folder / DONE).is_file():
        return
    start = time.monotonic()
    train(config, folder)
    seconds = time.monotonic() - start
    scores = {
        split: _scores(run_evaluation(Path(data), folder / split, split=split, checkpoint=folder, kind=kind))
        for split in SPLITS
    }
    facts = {"kind": kind, "encoder": encoder, "seed": seed, "seconds": seconds, "scores": scores}
    atomic_write(folder / DONE, json.dumps(facts, indent=1))


def run_baseline(name: str, data: str, out: Path) -> None:
    """Score what the runs stand beside, unless that is done. Raises UserError where it was on other data."""
    folder = out / (name or "default")
    if (folder / DONE).is_file():
        earlier = json.loads((folder / DONE).read_text()).get("data", data)  # older files do not say on which
        if earlier != data:
            raise UserError(f"{folder} holds scores on {earlier}; choose another --out, or remove it")
        return
    scores = {
        split: _scores(run_evaluation(Path(data), folder / split, split=split, baseline=name or None))
        for split in SPLITS
    }
    facts = {"kind": name or "default field model", "encoder": "-", "seed": 0, "data": data, "scores": scores}
    atomic_write(folder / DONE, json.dumps(facts, indent=1))


def table(out: Path, split: str) -> str:
    """Markdown: a row a kind and encoder. Mean over seeds, with the least and the most where there are several."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for file in sorted(out.glob(f"*/{DONE}")):
        facts = json.loads(file.read_text())
        groups.setdefault((facts["encoder"], facts["kind"]), []).append(facts)
    lines = [f"**{split}**", "", "| predictor | seeds | " + " | ".join(METRICS.values()) + " |"]
    lines.append("|---" * (2 + len(METRICS)) + "|")
    for (encoder, kind), runs in sorted(groups.items()):
        name = kind if encoder == "-" else f"{kind}, {encoder}"
        cells = [_cell(runs, split, metric) for metric in METRICS]
        lines.append(f"| {name} | {len(runs)} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _scores(summary: Summary) -> dict[str, list[float]]:
    return {name: [interval.mean, interval.low, interval.high] for name, interval in summary.overall.items()}


def _cell(runs: Sequence[dict[str, Any]], split: str, metric: str) -> str:
    """Of one run its interval over objects, of several the range over seeds; "-" where the kind cannot give it."""
    values = [run["scores"][split].get(metric) for run in runs]
    if any(value is None for value in values):
        return "-"
    means = [value[0] for value in values]
    if len(runs) == 1:
        return f"{means[0]:.3f} [{values[0][1]:.3f}, {values[0][2]:.3f}]"
    return f"{statistics.mean(means):.3f} ({min(means):.3f} to {max(means):.3f})"


def main() -> None:
    """All runs of the grid, or those of --encoder; then the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="datasets/sweethome3d")
    parser.add_argument("--out", type=Path, default=Path("runs/classic"))
    parser.add_argument("--encoder", choices=sorted(SEEDS), help="only these runs")
    parser.add_argument("--baselines", action="store_true", help="also mean, retrieval, oracle and the shipped model")
    parser.add_argument("--table", action="store_true", help="train nothing")
    args = parser.parse_args()
    if not args.table:
        for encoder in [args.encoder] if args.encoder else SEEDS:
            for seed in SEEDS[encoder]:
                for kind in KINDS:
                    run_one(kind, encoder, seed, args.data, args.out)
        for name in BASELINES if args.baselines else ():
            run_baseline(name, args.data, args.out)
    (args.out / "table.md").write_text("\n".join(table(args.out, split) for split in SPLITS))


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"classic_models: {error}")
