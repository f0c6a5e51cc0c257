"""Photographs of animals, fruit, vegetables and flowers that are cut out already, as further objects of the training.

    python recipes/finder/stamps.py --out datasets/stamps

They are stamps of Debian's tuxpaint-stamps-default (GPL-2 as its copyright file says), which is fetched where it is not
installed. stamps.json names them. Drawings are left out, and so is every stamp of the photo-like test set and every
other that shows the same kind of thing (a second tiger, say): what that set scores stays unseen.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

from backgrounds import fetched

from shapeshot.errors import UserError
from shapeshot.files import atomic_write

PACKAGE, ROOT = "tuxpaint-stamps-default", "usr/share/tuxpaint/stamps"
LICENCE = "Tux Paint stamps contributors (Bill Kendrick and others), GPL-2"
LIST = Path(__file__).with_name("stamps.json")


def main(argv: list[str] | None = None) -> int:
    """Copy the stamps; exit code 2 where the package cannot be had."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the cut-outs go")
    parser.add_argument("--packages", type=Path, metavar="DIR", help="unpacked packages (default OUT-packages)")
    args = parser.parse_args(argv)
    try:
        packages = args.packages or args.out.with_name(args.out.name + "-packages")
        installed = Path("/") / ROOT
        root = installed if installed.is_dir() else fetched(PACKAGE, packages) / ROOT
        print(f"{copy_stamps(root, args.out)} cut-outs in {args.out}")
    except UserError as error:
        print(f"stamps: {error}", file=sys.stderr)
        return 2
    return 0


def copy_stamps(root: Path, out: Path) -> int:
    """Copy every stamp of the list and say whose they are. Raises UserError where one is missing."""
    out.mkdir(parents=True, exist_ok=True)
    credits = {}
    for name in json.loads(LIST.read_text()):
        if not (root / name).is_file():
            raise UserError(f"{PACKAGE} has no {name}; another version may have been fetched")
        target = name.replace("/", "-")
        shutil.copyfile(root / name, out / target)
        credits[target] = {"package": PACKAGE, "licence": LICENCE, "from": name}
    atomic_write(out / "credits.json", json.dumps(credits, indent=1) + "\n")
    return len(credits)


if __name__ == "__main__":
    raise SystemExit(main())
