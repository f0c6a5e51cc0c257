"""How many warnings the program gives on pictures that it knows nothing of, and of which kinds.

    python recipes/photolike/count_warnings.py --pictures datasets/photolike/pictures

Prints the pictures with a warning, the lines, how many of them are on shapes with a confidence of one half or more, and
each warning's first words with how often they occur.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from tqdm import tqdm

from shapeshot import reconstruct
from shapeshot.errors import UserError
from shapeshot.model.field_model import load_model

WORDS = 5
SURE = 0.5


def main() -> None:
    """Reconstruct and count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=Path, required=True, metavar="DIR")
    parser.add_argument("--model", default=None, help="a name or folder (the shipped one)")
    args = parser.parse_args()
    model, kinds = load_model(args.model), Counter[str]()
    refused, told, sure, sure_told = 0, 0, 0, 0
    paths = [
        path for path in sorted(args.pictures.iterdir()) if path.suffix in (".png", ".jpg") and ".mask" not in path.name
    ]
    for path in tqdm(paths):
        try:
            shape = reconstruct(path, model=model)
        except UserError:
            refused += 1
            continue
        is_sure = shape.confidence is not None and shape.confidence >= SURE
        told, sure = told + bool(shape.warnings), sure + is_sure
        sure_told += is_sure and bool(shape.warnings)
        kinds.update(" ".join(warning.split()[:WORDS]) for warning in shape.warnings)
    print(f"{len(paths)} pictures, {refused} refused, {told} with a warning, {kinds.total()} lines")
    print(f"of {sure} with a confidence of {SURE} or more {sure_told} warn")
    for words, count in kinds.most_common():
        print(f"{count:4d} {words} ...")


if __name__ == "__main__":
    main()
