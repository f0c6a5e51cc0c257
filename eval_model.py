"""`python eval_model.py --type vox --load_checkpoint` is `shapeshot evaluate` with the same flags; see --help."""

import sys

from shapeshot.cli import main

if __name__ == "__main__":
    raise SystemExit(main(["evaluate", *sys.argv[1:]]))
