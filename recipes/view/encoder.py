"""The encoder of a checkpoint as a weights file of its own, for `--encoder-weights`: a new decoder starts from it."""

from __future__ import annotations

import argparse
from pathlib import Path

from safetensors.torch import save_file

from shapeshot.lab.checkpoint import load_checkpoint

PREFIX = "encoder."


def main() -> None:
    """Read the arguments and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=Path("checkpoints/field.safetensors"))
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    model = load_checkpoint(arguments.checkpoint).tensors["model"]
    tensors = {name.removeprefix(PREFIX): value for name, value in model.items() if name.startswith(PREFIX)}
    save_file(tensors, arguments.out)


if __name__ == "__main__":
    main()
