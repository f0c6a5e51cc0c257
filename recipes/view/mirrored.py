"""A view model's checkpoint that also reads each photo in the mirror, once it is trained.

    python recipes/view/mirrored.py --checkpoint runs/view-main --out checkpoints/default.safetensors

What a photo and its mirror image show is averaged, at twice the time of the encoder; the weights are the same.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from shapeshot.lab.checkpoint import save_checkpoint
from shapeshot.lab.runs import open_checkpoint


def main() -> None:
    """Read the arguments and write the checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True, help="a run's folder or a checkpoint")
    parser.add_argument("--threshold", type=float, help="of occupancy, where another one was chosen on val")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    checkpoint = open_checkpoint(args.checkpoint, "view")
    values = dict(checkpoint.values)
    model = {**values["config"]["model"], "mirror": True}
    values["config"] = {**values["config"], "model": model}
    if args.threshold is not None:
        values["threshold"] = args.threshold
    save_checkpoint(args.out, {"model": checkpoint.tensors["model"]}, values)


if __name__ == "__main__":
    main()
