"""The weighted mean of two checkpoints of one model, the second of which started from the first.

    python recipes/average_checkpoints.py runs/first/best.safetensors runs/second/last.safetensors \\
        --share 0.3 --out checkpoints/default.safetensors

Wortsman et al., "Model soups" (ICML 2022): weights that lie in one basin may be averaged, and the mean generalises
better than either. `--share` is the second's. Averaged are the moving averages, which are what is validated.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from shapeshot.errors import UserError
from shapeshot.lab.checkpoint import Checkpoint, load_checkpoint, save_checkpoint


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
    averaging = {"steps": [first.values["step"], second.values["step"]], "share_of_second": args.share}
    values = {**second.values, "averaged": averaging, "threshold": second.values.get("threshold", 0.5)}
    save_checkpoint(args.out, {"model": mean}, values)


def weights_of(checkpoint: Checkpoint) -> dict[str, torch.Tensor]:
    """The moving average of a run's last checkpoint, or the weights of its best, which are that already."""
    return checkpoint.tensors.get("ema", checkpoint.tensors["model"])


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
