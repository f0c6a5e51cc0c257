"""`shapeshot calibrate`: real size, honest probabilities and a familiarity warning on top of an exported model."""

from __future__ import annotations

import argparse
from pathlib import Path

from shapeshot.cli.flags import whole_number
from shapeshot.cli.parser import Parser


def add_command(parser: Parser) -> None:
    """Declare the command."""
    summary = "Fit a model's size estimate, probabilities and familiarity warning."
    parser.add_command("calibrate", summary, declare, run, "train")


def declare(command: Parser) -> None:
    """The command's flags."""
    command.add_argument("--data", required=True, metavar="DIR", help="from 'shapeshot data build', with real sizes")
    command.add_argument(
        "--more",
        action="append",
        default=[],
        metavar="DIR",
        help="another dataset, whose training objects the size estimate and the familiarity warning know, too, and on "
        "whose validation objects the confidence is fitted, too (repeatable)",
    )
    command.add_argument("--model", metavar="NAME|FOLDER", help="from 'shapeshot export' (default: the shipped model)")
    command.add_argument("--out", metavar="FOLDER", help="write the model there (default: into --model FOLDER)")
    command.add_argument(
        "--views", type=whole_number(1), default=4, metavar="N", help="views of each training object (4)"
    )
    command.add_argument("--report", metavar="DIR", help="also measure on the test splits; takes some minutes more")
    command.add_argument("--quiet", action="store_true", help="no progress bar")


def run(args: argparse.Namespace) -> int:
    """Calibrate, say what came out, and measure where it is asked for."""
    from shapeshot.tuning.calibrate.run import calibrate

    _, facts = calibrate(
        Path(args.data),
        args.model,
        out=args.out,
        train_views=args.views,
        more=[Path(folder) for folder in args.more],
        progress=not args.quiet,
    )
    error = facts["val_calibration_error"]
    place = Path(args.out or args.model)
    if not facts["applied"]:
        fitted = facts["fitted"]["val_calibration_error"]
        print(f"the fitted probabilities do not help (calibration error on val {error['before']:.4f} -> {fitted:.4f})")
    print(
        f"temperature {facts['temperature']:.3f} and bias {facts['bias']:.3f}: calibration error on val "
        f"{error['before']:.4f} -> {error['after']:.4f}; familiar up to {facts['familiarity']['limit']:.3f} -> {place}"
    )
    if args.report:
        from shapeshot.tuning.calibrate.measure import write_measurements

        print(write_measurements(Path(args.data), place, Path(args.report), progress=not args.quiet))
    return 0
