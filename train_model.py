"""`python train_model.py --data DIR --out RUN` is `shapeshot train --data DIR --out RUN`; see --help."""

import sys

from shapeshot.cli import main

if __name__ == "__main__":
    raise SystemExit(main(["train", *sys.argv[1:]]))
