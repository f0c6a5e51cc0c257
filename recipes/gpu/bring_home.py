"""Make a run, a model folder and scores of what train.py left; see README.md beside this file.

python recipes/gpu/bring_home.py brought --run runs/gpu --model weights/gpu --score datasets/sweethome3d
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from chunks import read_weights

from shapeshot.cli import main as shapeshot
from shapeshot.errors import UserError
from shapeshot.lab.checkpoint import save_checkpoint
from shapeshot.lab.export.run import export_run
from shapeshot.lab.runs import BEST


def main() -> int:
    """Put the parts together, export and score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("brought", type=Path, help="the folder that train.py wrote")
    parser.add_argument("--run", type=Path, required=True, help="the run folder to make")
    parser.add_argument("--model", type=Path, required=True, help="the model folder to make")
    parser.add_argument("--threshold", type=float, help="of occupancy, where another one than validation's is wanted")
    parser.add_argument("--score", nargs="*", default=[], metavar="DIR", help="score on the val split of this data")
    args = parser.parse_args()
    weights, state = read_weights(args.brought)
    if args.threshold is not None:
        state["threshold"] = args.threshold
    args.run.mkdir(parents=True, exist_ok=True)
    save_checkpoint(args.run / BEST, {"model": weights}, state)
    export_run(args.run, args.model)
    print(f"{args.run / BEST}: step {state['step']}, validation score {state['best']:.4f}; exported to {args.model}")
    if not args.score:
        return 0
    return shapeshot(["evaluate", "--data", *args.score, "--split", "val", "--model", str(args.model)])


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UserError as error:
        sys.exit(f"bring_home.py: {error}")
