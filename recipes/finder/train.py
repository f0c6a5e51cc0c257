"""Train the finder that shapeshot ships; run again, it goes on where it was stopped.

    python recipes/finder/train.py --config recipes/finder/first.json --out runs/finder-first

README.md tells how the data are made; export.py makes of a checkpoint what the runtime loads.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

from shapeshot.errors import UserError
from shapeshot.lab.finder.config import FinderConfig
from shapeshot.lab.finder.train import train_finder


def main(argv: list[str] | None = None) -> int:
    """Train; exit code 2 for what the user can mend."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="settings as JSON")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the run's folder")
    parser.add_argument("--threads", type=int, metavar="N", help="of torch (default: its own choice)")
    args = parser.parse_args(argv)
    if args.threads:
        torch.set_num_threads(args.threads)
    try:
        print(f"the best checkpoint: {train_finder(FinderConfig.read(args.config), args.out)}")
    except UserError as error:
        print(f"finder: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
