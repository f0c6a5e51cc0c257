"""`shapeshot train`: a configuration in, a run folder with checkpoints out."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

from shapeshot.cli.parser import Parser


def add_command(parser: Parser) -> None:
    """Declare the command."""
    parser.add_command("train", "Train a model on datasets.", declare, run, "train")


def declare(command: Parser) -> None:
    """A flag per setting of TrainConfig."""
    from shapeshot.lab.configure import add_arguments

    command.add_argument("--out", metavar="DIR", help="the run folder (default runs/TYPE-ARCH); run again to resume")
    command.add_argument("--quiet", action="store_true", help="no progress bar")
    add_arguments(command)


def run(args: argparse.Namespace) -> int:
    """Train to the end, or from where an earlier run stopped."""
    from shapeshot.lab.configure import config_from_arguments
    from shapeshot.lab.loading.default_data import DEFAULT_DATA, default_dataset
    from shapeshot.lab.model import build_model
    from shapeshot.lab.runs import default_run
    from shapeshot.lab.trackers import require_tracker
    from shapeshot.lab.train import train

    config = config_from_arguments(args)
    require_tracker(config.tracker)
    if config.model.keeps_empty_statistics:
        print(
            "note: the encoder starts from random weights and keeps batch-norm statistics that were never estimated; "
            "leave --no-model.update-statistics out to train them",
            file=sys.stderr,
        )
    if not config.data:
        build_model(config.model)  # settings that do not fit together are told before minutes of building data
        print(f"no --data: training on the procedural set in {DEFAULT_DATA}, which is built on first use")
        config = replace(config, data=(str(default_dataset(progress=not args.quiet)),))
    best = train(config, args.out or default_run(config.model.type, config.model.encoder), progress=not args.quiet)
    print(f"best checkpoint: {best}")
    return 0
