"""A finder's checkpoint as the graph and the card that the runtime loads.

python recipes/finder/export.py --checkpoint checkpoints/finder.safetensors --out src/shapeshot/weights/finder
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from shapeshot.errors import UserError
from shapeshot.lab.checkpoint import load_checkpoint
from shapeshot.lab.finder.export import export_finder


def main(argv: list[str] | None = None) -> int:
    """Export; exit code 2 for a checkpoint that is none of a finder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True, metavar="FILE")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    args = parser.parse_args(argv)
    try:
        print(f"exported: {export_finder(load_checkpoint(args.checkpoint), args.out)}")
    except UserError as error:
        print(f"finder: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
