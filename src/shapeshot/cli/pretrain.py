"""`shapeshot pretrain`: a dataset's pictures in, the weights of an encoder out."""

from __future__ import annotations

import argparse
from pathlib import Path

from shapeshot.cli.flags import finite_number
from shapeshot.cli.parser import Parser
from shapeshot.errors import UserError


def add_command(parser: Parser) -> None:
    """Declare the command."""
    parser.add_command("pretrain", "Pretrain an encoder on a dataset's own pictures.", declare, run, "train")


def declare(command: Parser) -> None:
    """A flag per setting of PretrainConfig."""
    from shapeshot.lab.configure import add_setting
    from shapeshot.lab.pretraining.config import PretrainConfig
    from shapeshot.lab.settings import settings_of

    command.add_argument("--out", metavar="DIR", help="the run folder (default runs/pretrain-OBJECTIVE)")
    command.add_argument("--seconds", type=finite_number, metavar="X", help="make as many steps as take so long here")
    command.add_argument("--quiet", action="store_true", help="no progress bar")
    for setting in settings_of(PretrainConfig):
        add_setting(command, setting, setting.name)


def run(args: argparse.Namespace) -> int:
    """Pretrain to the end, or from where an earlier run stopped."""
    from shapeshot.lab.pretraining.config import PretrainConfig
    from shapeshot.lab.pretraining.train import pretrain
    from shapeshot.lab.settings import from_arguments

    config = from_arguments(PretrainConfig, args)
    if args.seconds is not None and args.seconds <= 0:
        raise UserError(f"--seconds must be greater than 0; got {args.seconds:g}")
    if args.seconds is not None and args.max_iter is not None:
        raise UserError("--seconds decides the number of steps; leave one of --seconds and --max-iter out")
    out = Path(args.out or f"runs/pretrain-{config.objective}")
    encoder = pretrain(config, out, args.seconds or 0.0, progress=not args.quiet)
    print(f"encoder: --arch resnet18 --encoder-weights {encoder}")
    return 0
