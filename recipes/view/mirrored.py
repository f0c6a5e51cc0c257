"""A view model's checkpoint that also reads each photo in the mirror, once it is trained.

    python recipes/view/mirrored.py --checkpoint runs/view-main --out checkpoints/default.safetensors

What a photo and its mirror image show is averaged, at twice the time of the encoder; the weights are the same: those of
the run's best validation, or with `--last` the moving average at its end.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from shapeshot.lab.checkpoint import save_checkpoint
from shapeshot.lab.run_folder import LAST, LOG
from shapeshot.lab.runs import open_checkpoint


def main() -> None:
    """Read the arguments and write the checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True, help="a run's folder or a checkpoint")
    parser.add_argument("--last", action="store_true", help="of the run's end, and not of its best validation")
    parser.add_argument("--threshold", type=float, help="of occupancy, where another one was chosen on val")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    checkpoint = open_checkpoint(args.checkpoint / LAST if args.last else args.checkpoint, "view")
    values = dict(checkpoint.values)
    if args.last:
        rows = [json.loads(line) for line in (args.checkpoint / LOG).read_text().splitlines()]
        values["best"] = [row["val_score"] for row in rows if "val_score" in row][-1]
    model = {**values["config"]["model"], "mirror": True}
    values["config"] = {**values["config"], "model": model}
    if args.threshold is not None:
        values["threshold"] = args.threshold
    save_checkpoint(args.out, {"model": checkpoint.tensors["ema" if args.last else "model"]}, values)


if __name__ == "__main__":
    main()
