"""`shapeshot remember`: a memory of the training objects on top of an exported model."""

from __future__ import annotations

import argparse
from pathlib import Path

from shapeshot.cli.flags import whole_number
from shapeshot.cli.parser import Parser


def add_command(parser: Parser) -> None:
    """Declare the command."""
    summary = "Give a model a memory of its training objects, and fix its threshold."
    parser.add_command("remember", summary, declare, run, "train")


def declare(command: Parser) -> None:
    """The command's flags."""
    from shapeshot.tuning.memory_of import COPIES

    command.add_argument(
        "--data",
        nargs="+",
        required=True,
        metavar="DIR",
        help="what the model was trained on; the first one's val split decides how far the memory is trusted",
    )
    command.add_argument("--model", metavar="NAME|FOLDER", help="from 'shapeshot export' (default: the shipped model)")
    command.add_argument("--out", metavar="FOLDER", help="write the model there (default: into --model FOLDER)")
    command.add_argument(
        "--copies",
        type=whole_number(0),
        default=COPIES,
        metavar="N",
        help="copies of each object in other proportions, 0 to 100 (%(default)s)",
    )
    command.add_argument("--table", action="store_true", help="also print every weight and threshold that was tried")
    command.add_argument("--quiet", action="store_true", help="no progress bar")


def run(args: argparse.Namespace) -> int:
    """Remember, and say what came out."""
    from shapeshot.tuning.remember import remember

    data = [Path(path) for path in args.data]
    best, tried = remember(data, args.model, copies=args.copies, out=args.out, progress=not args.quiet)
    for trust in tried if args.table else ():
        print(f"weight {trust.weight} threshold {trust.threshold}: IoU {trust.iou:.4f}, F 5 % {trust.f_score:.4f}")
    alone = max((trust for trust in tried if not trust.weight), key=lambda trust: trust.score)
    print(
        f"weight {best.weight}, threshold {best.threshold}: IoU {best.iou:.3f} and F 5 % {best.f_score:.3f} on val "
        f"(without memory {alone.iou:.3f} and {alone.f_score:.3f}) -> {args.out or args.model}"
    )
    return 0
