"""Train the finder that shapeshot ships; run again, it goes on where it was stopped.

    python recipes/finder/train.py --config recipes/finder/shipped.json --out runs/finder

README.md tells how the data are made. --export DIR writes finder.onnx and finder.json of the best checkpoint.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

from shapeshot.errors import UserError
from shapeshot.lab.checkpoint import load_checkpoint
from shapeshot.lab.finder.config import FinderConfig
from shapeshot.lab.finder.export import export_finder
from shapeshot.lab.finder.train import train_finder
from shapeshot.lab.run_folder import LAST


def main(argv: list[str] | None = None) -> int:
    """Train, then export where asked to; exit code 2 for what the user can mend."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="settings as JSON")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the run's folder")
    parser.add_argument("--export", type=Path, metavar="DIR", help="where the finished finder goes")
    parser.add_argument("--last", action="store_true", help="export the average at the end, not that of the best step")
    parser.add_argument("--threads", type=int, metavar="N", help="of torch (default: its own choice)")
    args = parser.parse_args(argv)
    if args.threads:
        torch.set_num_threads(args.threads)
    try:
        best = train_finder(FinderConfig.read(args.config), args.out)
        print(f"the best checkpoint: {best}")
        if args.export:
            shipped = args.out / LAST if args.last else best
            print(f"exported: {export_finder(load_checkpoint(shipped), args.export)}")
    except UserError as error:
        print(f"finder: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
