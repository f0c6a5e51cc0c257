"""The weighted mean of two checkpoints of one model, the second of which started from the first.

    python recipes/average_checkpoints.py runs/first/best.safetensors runs/second/last.safetensors \\
        --share 0.3 --out checkpoints/field.safetensors

Wortsman et al., "Model soups" (ICML 2022): weights that lie in one basin may be averaged, and the mean generalises
better than either. `--share` is the second's. Averaged are the moving averages, which are what is validated.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from shapeshot.errors import UserError
from shapeshot.lab.checkpoint import Checkpoint, load_checkpoint, save_checkpoint

# Values of a checkpoint that are true of one run, and what a card calls them.
OF_ONE_RUN = {"step": "steps", "seconds": "seconds", "best": "validation_score"}


def main() -> None:
    """Average and write; the second's configuration is kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    parser.add_argument("--share", type=float, default=0.5)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    first, second = load_checkpoint(args.first), load_checkpoint(args.second)
    mean = averaged(weights_of(first), weights_of(second), args.share)
    part = "ema" if "finder" in second.values else "model"  # where each kind of checkpoint has its finished weights
    save_checkpoint(args.out, {part: mean}, averaged_values(first.values, second.values, args.share))


def averaged_values(first: Mapping[str, Any], second: Mapping[str, Any], share: float) -> dict[str, Any]:
    """The second's values, but for what is true of one run alone: that stands for both in "averaged", with their data.

    The mean was never validated: it has no score, and its threshold, which `shapeshot remember` fixes anew, is the
    second's or 0.5.
    """
    kept = {name: value for name, value in second.items() if name not in OF_ONE_RUN}
    told = [
        {OF_ONE_RUN[name]: run[name] for name in OF_ONE_RUN if name in run} | lineage_of(run) for run in (first, second)
    ]
    columns = {name: [run.get(name) for run in told] for name in {**told[0], **told[1]}}
    return {**kept, "averaged": {**columns, "share_of_second": share}, "threshold": second.get("threshold", 0.5)}


def lineage_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """The names of the data that a run was trained on, and, where it is a mean itself, of what."""
    config = values.get("config") or values.get("finder") or {}
    data = [Path(folder).name for folder in config.get("data", ())]
    parts = values.get("averaged")
    return ({"data": data} if data else {}) | ({"averaged": parts} if parts else {})


def weights_of(checkpoint: Checkpoint) -> dict[str, torch.Tensor]:
    """The moving average of a run's last checkpoint, or the weights of its best, which are that already."""
    return checkpoint.tensors.get("ema") or checkpoint.tensors["model"]


def averaged(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor], share: float) -> dict[str, torch.Tensor]:
    """(1 - share) first + share second; what is no number that was trained is taken from the second."""
    if not 0 <= share <= 1:
        raise UserError(f"the share must lie in 0..1; got {share}")
    if {name: value.shape for name, value in first.items()} != {name: value.shape for name, value in second.items()}:
        raise UserError("the two checkpoints are of different models")
    return {
        name: torch.lerp(first[name], value, share) if value.is_floating_point() else value
        for name, value in second.items()
    }


if __name__ == "__main__":
    main()
