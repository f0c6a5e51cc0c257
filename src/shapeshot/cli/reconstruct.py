"""`shapeshot reconstruct`: photos in, files out."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapeshot.cli.parser import Parser, UsageError
from shapeshot.errors import EmptyShapeError, UserError

if TYPE_CHECKING:
    from shapeshot.export.sh3f import FurnitureLabels
    from shapeshot.folders import BatchOptions, Outcome

Say = Callable[..., None]  # print, or its like beside a progress bar


def add_command(parser: Parser) -> None:
    """Declare the command."""
    parser.add_command("reconstruct", "Turn photos into meshes, point clouds and voxels.", declare, run)


def declare(command: Parser) -> None:
    """The command's flags."""
    command.add_argument("photos", nargs="+", metavar="PHOTO", help="a photo of one object, or a folder of photos")
    command.add_argument("--out", required=True, metavar="PATH", help="a file (its suffix chooses) or a folder")
    command.add_argument(
        "--as", dest="form", choices=("mesh", "points", "voxels", "all"), help="default: by suffix; all for a folder"
    )
    command.add_argument("--resolution", type=int, default=32, metavar="N", help="voxels along each side (32)")
    command.add_argument("--points", type=int, default=2048, metavar="N", help="points of the point cloud (2048)")
    command.add_argument(
        "--size", metavar="DIM=LENGTH", help="one known dimension, such as height=80cm; or auto: the model's estimate"
    )
    command.add_argument("--background", default="auto", metavar="HOW", help="how to find the object (default auto)")
    command.add_argument("--region", metavar="L,T,R,B", help="look for the object there: pixels of the upright photo")
    command.add_argument("--threshold", type=float, metavar="P", help="of occupancy; lower is fatter (the model's own)")
    command.add_argument("--preview", action="store_true", help="also write a picture of the photo and the shapes")
    command.add_argument(
        "--workers", type=int, metavar="N", help="processes (default: one a core for 16 photos or more)"
    )
    command.add_argument(
        "--ray", metavar="ADDRESS", help="do the work on a Ray cluster instead: local, auto or the head's host:port"
    )
    command.add_argument("--model", metavar="FOLDER", help="from 'shapeshot export' (default: the shipped model)")
    _declare_finish(command)
    _declare_labels(command)


def _declare_finish(command: Parser) -> None:
    command.add_argument("--simplify", type=int, metavar="FACES", help="come down to this many faces; stays closed")
    command.add_argument(
        "--smooth", type=int, nargs="?", const=10, default=0, metavar="N", help="rounds of smoothing (10 if not said)"
    )
    command.add_argument(
        "--printable", action="store_true", help="one closed piece; reports thinnest wall, volume, centre of mass"
    )


def _declare_labels(command: Parser) -> None:
    for flag, what in {
        "--category": "the category in Sweet Home 3D (Miscellaneous)",
        "--creator": "who made it (shapeshot)",
        "--license": "the licence of the library (not stated)",
    }.items():
        command.add_argument(flag, metavar="TEXT", help=f"for .sh3f: {what}")


def run(args: argparse.Namespace) -> int:
    """Reconstruct every photo; a bad one is reported and does not stop the others."""
    from shapeshot.folders import is_library, plan_targets, put_together, run_photos
    from shapeshot.jobs import check_workers
    from shapeshot.pipeline.reconstruct import load_model

    if args.ray and args.workers:
        raise UserError("--workers are processes on this machine, --ray is a cluster; give one of the two")
    check_workers(args.workers)
    options = _options(args)
    options.check()
    library = Path(args.out) if is_library(args.out) else None
    labels = _labels(args)
    targets = plan_targets([Path(photo) for photo in args.photos], args.out, args.form, args.preview)
    if not options.finish.is_nothing and not any("mesh" in target.forms for target in targets):
        raise UsageError("--simplify, --smooth and --printable are for meshes; leave them out or write a mesh")
    model = load_model(args.model)
    with _reporting(len(targets), library) as report:
        outcomes = run_photos(targets, model, options, num_workers=args.workers, ray=args.ray, report=report)
    if library and (count := put_together(library, outcomes, labels)):
        print(f"{library}: {count} piece{'s' * (count > 1)} of furniture")
    if len(targets) > 1:
        print(_summary(outcomes))
    failures = {outcome.status for outcome in outcomes} & {"empty", "failed"}
    if not failures:
        return 0
    return EmptyShapeError.exit_code if failures == {"empty"} else 1


def _options(args: argparse.Namespace) -> BatchOptions:
    """The flags that concern every photo."""
    from shapeshot.folders import BatchOptions
    from shapeshot.photo import parse_region

    return BatchOptions(
        resolution=args.resolution,
        num_points=args.points,
        size=args.size,
        background=args.background,
        threshold=args.threshold,
        region=None if args.region is None else parse_region(args.region),
        simplify=args.simplify,
        smooth=args.smooth,
        printable=args.printable,
    )


def _labels(args: argparse.Namespace) -> FurnitureLabels:
    """What a furniture library says of its pieces. Raises UsageError where labels are given for another file."""
    from shapeshot.export.sh3f import FurnitureLabels
    from shapeshot.folders import is_library

    given = {"category": args.category, "creator": args.creator, "licence": args.license}
    given = {name: text for name, text in given.items() if text is not None}
    if given and not is_library(args.out):
        raise UsageError(
            "--category, --creator and --license are for furniture libraries; write a file ending in .sh3f"
        )
    return FurnitureLabels(**given)


@contextmanager
def _reporting(num_photos: int, library: Path | None) -> Iterator[Callable[[Outcome], None]]:
    """Prints a line a photo, beside a bar with rate and time left where there are several and someone watches."""
    if num_photos == 1:
        yield lambda outcome: _print_outcome(outcome, library, print)
        return
    from tqdm import tqdm

    with tqdm(total=num_photos, unit="photo", disable=None, leave=False) as bar:  # None: only on a terminal

        def report(outcome: Outcome) -> None:
            if outcome.status == "kept" and not bar.disable:
                bar.initial += 1  # the rate is that of the work
            _print_outcome(outcome, library, lambda text, file=None: tqdm.write(text, file=file or sys.stdout))
            bar.update()

        yield report


def _print_outcome(outcome: Outcome, library: Path | None, say: Say) -> None:
    target = outcome.target
    if outcome.status == "done":
        say(f"{target.photo} -> {library or target.path} ({_told(outcome.facts)})")
        for warning in outcome.facts.get("warnings", ()):
            say(f"shapeshot: warning: {target.photo}: {warning}", file=sys.stderr)
    elif outcome.error:
        say(f"shapeshot: {target.photo}: {outcome.error}", file=sys.stderr)


def _told(facts: Mapping[str, Any]) -> str:
    """What one line says of a result."""
    parts = [f"{facts['mesh']['faces']} faces, {facts['timings']['total']:.2f} s"]
    if walls := facts.get("finish", {}).get("wall_thickness"):
        thinnest = walls["thinnest"]
        parts.append(
            "thinnest wall " + (f"{1000 * thinnest:.1f} mm" if facts["unit"] == "metre" else f"{thinnest:.4f}")
        )
    if assumed := facts.get("assumed_size"):
        source = "estimated from the photo" if assumed == "estimate" else f"unknown, {assumed} assumed"
        parts.append(f"size {source}; --size overrides")
    return "; ".join(parts)


def _summary(outcomes: list[Outcome]) -> str:
    counts = Counter(outcome.status for outcome in outcomes)
    return f"{len(outcomes)} photos: " + ", ".join(f"{count} {status}" for status, count in counts.most_common())
