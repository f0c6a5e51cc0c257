"""`python train_model.py --type vox --arch resnet18` is `shapeshot train --type vox --arch resnet18`; see --help."""

import sys

from shapeshot.cli import main

if __name__ == "__main__":
    raise SystemExit(main(["train", *sys.argv[1:]]))
