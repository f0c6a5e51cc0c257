"""`python eval_model.py --data DIR --split test` is `shapeshot evaluate --data DIR --split test`; see --help."""

import sys

from shapeshot.cli import main

if __name__ == "__main__":
    raise SystemExit(main(["evaluate", *sys.argv[1:]]))
