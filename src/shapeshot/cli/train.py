"""`shapeshot train`: a configuration in, a run folder with checkpoints out."""

from __future__ import annotations

import argparse

from shapeshot.cli.parser import Parser


def add_command(parser: Parser) -> None:
    """Declare the command."""
    parser.add_command("train", "Train a model on datasets.", declare, run, "train")


def declare(command: Parser) -> None:
    """A flag per setting of TrainConfig."""
    from shapeshot.lab.config import add_arguments

    command.add_argument("--out", required=True, metavar="DIR", help="the run folder; run again to resume")
    command.add_argument("--quiet", action="store_true", help="no progress bar")
    add_arguments(command)


def run(args: argparse.Namespace) -> int:
    """Train to the end, or from where an earlier run stopped."""
    from shapeshot.lab.config import config_from_arguments
    from shapeshot.lab.train_model import train

    best = train(config_from_arguments(args), args.out, progress=not args.quiet)
    print(f"best checkpoint: {best}")
    return 0
