"""`shapeshot evaluate`: one protocol for models and baselines."""

from __future__ import annotations

import argparse
from pathlib import Path

from shapeshot.cli.parser import Parser, UsageError


def add_command(parser: Parser) -> None:
    """Declare the command."""
    parser.add_command("evaluate", "Score a model or a baseline and write a report.", declare, run, "train")


def declare(command: Parser) -> None:
    """The command's flags."""
    from shapeshot.evaluation.protocol import VIEWS_PER_OBJECT

    command.add_argument("--data", required=True, metavar="DIR", help="a dataset from 'shapeshot data build'")
    command.add_argument("--split", default="test", help="train, val, test or test-unseen (default test)")
    command.add_argument("--baseline", metavar="NAME", help="mean, retrieval or oracle, in place of a model")
    command.add_argument("--model", metavar="FOLDER", help="from 'shapeshot export' (default: the shipped model)")
    command.add_argument(
        "--training-data", nargs="+", default=[], metavar="DIR", help="more datasets that a baseline may learn from"
    )
    command.add_argument(
        "--views", type=int, default=VIEWS_PER_OBJECT, metavar="N", help=f"views per object ({VIEWS_PER_OBJECT})"
    )
    command.add_argument("--seed", type=int, default=0, metavar="N", help="of the bootstrap intervals (0)")
    command.add_argument("--out", metavar="DIR", help="the report's folder (default out/evaluation/SPLIT-NAME)")
    command.add_argument("--quiet", action="store_true", help="no progress bar")


def run(args: argparse.Namespace) -> int:
    """Evaluate, write the report and print its summary."""
    from shapeshot.evaluation.run import run_evaluation
    from shapeshot.evaluation.summary import summary_markdown

    if args.seed < 0:
        raise UsageError(f"--seed must not be negative; got {args.seed}")
    out = Path(args.out or f"out/evaluation/{args.split}-{args.baseline or 'model'}")
    summary = run_evaluation(
        Path(args.data),
        out,
        split=args.split,
        baseline=args.baseline,
        model=Path(args.model) if args.model else None,
        training_data=[Path(folder) for folder in args.training_data],
        views_per_object=args.views,
        seed=args.seed,
        progress=not args.quiet,
    )
    print(summary_markdown(summary))
    print(f"report: {out / 'report.html'}")
    return 0
