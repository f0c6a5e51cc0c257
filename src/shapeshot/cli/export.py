"""`shapeshot export`: a training run in, a model folder for the runtime out."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from shapeshot.cli.parser import Parser, UsageError


def add_command(parser: Parser) -> None:
    """Declare the command."""
    parser.add_command("export", "Export a trained model for the runtime (ONNX and a card).", declare, run, "train")


def declare(command: Parser) -> None:
    """The command's flags."""
    command.add_argument("run_folder", metavar="RUN", help="the --out folder of 'shapeshot train', or a checkpoint")
    command.add_argument("--out", required=True, metavar="FOLDER", help="the model folder")
    command.add_argument("--name", help="the model's name on its card (default: the run's)")
    command.add_argument("--card", metavar="FILE", help="JSON with more entries for the card: licence, scores, notes")


def run(args: argparse.Namespace) -> int:
    """Export and say what was exported."""
    from shapeshot.lab.export.run import export_run

    more = _read_card(Path(args.card)) if args.card else {}
    if args.name:
        more["name"] = args.name
    card = export_run(args.run_folder, args.out, more)
    size = sum(path.stat().st_size for path in Path(args.out).iterdir())
    threshold = "" if card["threshold"] is None else f", threshold {card['threshold']:.3f}"
    print(f"{card['name']} -> {args.out} ({size / 1e6:.1f} MB{threshold})")
    return 0


def _read_card(path: Path) -> dict[str, Any]:
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read the card {path} ({error}); give a JSON file") from error
    if not isinstance(card, dict):
        raise UsageError(f"the card {path} must be a JSON object; got {type(card).__name__}")
    return card
