"""`shapeshot study`: many trainings that differ in what is asked about, and what follows from them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from shapeshot import limits
from shapeshot.cli.flags import whole_number
from shapeshot.cli.parser import Parser


def add_command(parser: Parser) -> None:
    """Declare the command."""
    parser.add_command("study", "Compare encoders, representations and recipes, with intervals.", declare)


def declare(group: Parser) -> None:
    """The group's commands."""
    group.add_command("plan", "Show a study's runs and what they will cost.", declare_plan, plan, "train")
    group.add_command("run", "Train and score every run of a study, or go on with it.", declare_run, run, "train")
    group.add_command("report", "Make a study's report anew from what it stored.", declare_report, report, "train")


def declare_plan(command: Parser) -> None:
    """The flags of `study plan`."""
    _declare_study(command)
    _declare_workers(command)
    command.add_argument("--no-timing", action="store_true", help="show the runs alone; nothing is built or timed")


def declare_run(command: Parser) -> None:
    """The flags of `study run`."""
    _declare_study(command)
    _declare_workers(command)
    command.add_argument(
        "--ray", metavar="ADDRESS", help="a Ray cluster whose nodes share this disk: local, auto or host:port"
    )


def declare_report(command: Parser) -> None:
    """The flags of `study report`."""
    _declare_study(command)


def plan(args: argparse.Namespace) -> int:
    """Print the plan."""
    from shapeshot.study.plan import plan_study, plan_text

    study, out = _study(args)
    planned = plan_study(study, out, workers=args.workers, timed=not args.no_timing, progress=not args.quiet)
    print(plan_text(planned))
    return 0


def run(args: argparse.Namespace) -> int:
    """Do what is left, and write the report; exit code 1 where a run failed or could not be finished."""
    from shapeshot.study.run import run_study

    study, out = _study(args)
    outcome = run_study(study, out, workers=args.workers, ray=args.ray, progress=not args.quiet)
    print(f"{outcome.done} done, {outcome.kept} kept, {len(outcome.failed)} failed, {len(outcome.stopped)} stopped")
    for status, reasons in (("failed", outcome.failed), ("stopped", outcome.stopped)):
        for label, reason in reasons.items():
            print(f"{status}: {label}: {reason}", file=sys.stderr)
    _report(study, out)
    return 1 if outcome.failed or outcome.stopped else 0


def report(args: argparse.Namespace) -> int:
    """Write the report of what there is."""
    study, out = _study(args)
    _report(study, out)
    return 0


def _report(study: Any, out: Path) -> None:
    from shapeshot.study.report import write_study_report

    print(write_study_report(study, out))
    print(f"report: {out / 'report.html'}")


def _study(args: argparse.Namespace) -> tuple[Any, Path]:
    from shapeshot.study.reading import read_study

    study = read_study(args.study)
    return study, Path(args.out or f"runs/studies/{study.name}")


def _declare_study(command: Parser) -> None:
    command.add_argument("study", metavar="FILE", help="the study, such as studies/quick.toml")
    command.add_argument("--out", metavar="DIR", help="where its runs and report go (default runs/studies/NAME)")
    command.add_argument("--quiet", action="store_true", help="no progress line")


def _declare_workers(command: Parser) -> None:
    command.add_argument(
        "--workers", type=whole_number(1, limits.WORKERS), metavar="N", help="runs at a time (default: one per core)"
    )
