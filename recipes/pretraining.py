"""The encoders that studies/pretraining.toml compares: a pretraining for each objective and seed, at equal compute.

    python recipes/pretraining.py
    shapeshot study run studies/pretraining.toml

The number of steps that fit into --seconds is measured once an objective, for the first seed, and is that of its other
seeds. Without an objective a few steps estimate the batch norms' statistics. Run again, it goes on where it stood; on
a machine that is left alone, since it is timed.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from shapeshot.lab.pretraining.config import PretrainConfig
from shapeshot.lab.pretraining.train import pretrain
from shapeshot.lab.run_folder import CONFIG

UNTRAINED_STEPS = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="datasets/finder-sweethome3d", help="the pictures (%(default)s)")
    parser.add_argument("--out", default="runs/pretraining", type=Path, help="where OBJECTIVE-SEED go (%(default)s)")
    parser.add_argument("--seconds", default=150.0, type=float, help="of each pretraining (%(default)s)")
    parser.add_argument("--seeds", default=3, type=int, help="how many (%(default)s)")
    parser.add_argument("--image-size", default=64, type=int, help="side of the crops, pixels (%(default)s)")
    args = parser.parse_args()
    for seed in range(args.seeds):
        for objective in ("none", "label", "clip", "dino"):
            steps = _steps_of(args.out / f"{objective}-0") or UNTRAINED_STEPS
            config = PretrainConfig(objective, (args.data,), steps, image_size=args.image_size, seed=seed)
            timed = seed == 0 and objective != "none"
            print(pretrain(config, args.out / f"{objective}-{seed}", args.seconds if timed else 0.0))


def _steps_of(folder: Path) -> int | None:
    """Read how many steps the pretraining in a folder has; None where there is none yet."""
    path = folder / CONFIG
    return int(json.loads(path.read_text())["max_iter"]) if path.is_file() else None


if __name__ == "__main__":
    main()
