"""`shapeshot compare`: reports of 'shapeshot evaluate' against each other, paired by object."""

from __future__ import annotations

import argparse
from pathlib import Path

from shapeshot.cli.flags import whole_number
from shapeshot.cli.parser import Parser


def add_command(parser: Parser) -> None:
    """Declare the command."""
    parser.add_command("compare", "Compare reports of 'evaluate', object by object.", declare, run, "train")


def declare(command: Parser) -> None:
    """The command's flags."""
    command.add_argument("baseline", metavar="BASELINE_REPORT", help="folder of the report to compare with")
    command.add_argument("reports", nargs="+", metavar="REPORT", help="folders of the reports to compare")
    command.add_argument(
        "--out", default="out/comparison.json", metavar="FILE", help="all numbers as JSON (out/comparison.json)"
    )
    command.add_argument("--seed", type=whole_number(0), default=0, metavar="N", help="of the bootstrap intervals (0)")


def run(args: argparse.Namespace) -> int:
    """Compare, write the JSON and print the tables."""
    from shapeshot.evaluation.compare import compare_reports, comparison_json, comparison_markdown
    from shapeshot.files import atomic_write

    comparison = compare_reports(Path(args.baseline), [Path(folder) for folder in args.reports], args.seed)
    atomic_write(args.out, comparison_json(comparison))
    print(comparison_markdown(comparison))
    print(f"numbers: {args.out}")
    return 0
