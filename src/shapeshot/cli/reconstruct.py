"""`shapeshot reconstruct`: photos in, files out."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from shapeshot.cli.parser import Parser
from shapeshot.errors import EmptyShapeError

if TYPE_CHECKING:
    from shapeshot.batch import BatchOptions, Outcome

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
    command.add_argument("--preview", action="store_true", help="also write a picture of the photo and the shapes")
    command.add_argument(
        "--workers", type=_positive, metavar="N", help="processes (default: one a core for 16 photos or more)"
    )
    command.add_argument("--model", metavar="FOLDER", help="from 'shapeshot export' (default: the shipped model)")


def run(args: argparse.Namespace) -> int:
    """Reconstruct every photo; a bad one is reported and does not stop the others."""
    from shapeshot.batch import plan_targets, run_photos
    from shapeshot.reconstruct import load_model

    options = _options(args)
    options.check()
    targets = plan_targets([Path(photo) for photo in args.photos], args.out, args.form, args.preview)
    model = load_model(args.model)
    with _reporting(len(targets)) as report:
        outcomes = run_photos(targets, model, options, num_workers=args.workers, report=report)
    if len(targets) > 1:
        print(_summary(outcomes))
    failures = {outcome.status for outcome in outcomes} & {"empty", "failed"}
    if not failures:
        return 0
    return EmptyShapeError.exit_code if failures == {"empty"} else 1


def _options(args: argparse.Namespace) -> BatchOptions:
    """The flags that concern every photo."""
    from shapeshot.batch import BatchOptions

    return BatchOptions(resolution=args.resolution, num_points=args.points, size=args.size, background=args.background)


@contextmanager
def _reporting(num_photos: int) -> Iterator[Callable[[Outcome], None]]:
    """Prints a line a photo, beside a bar with rate and time left where there are several and someone watches."""
    if num_photos == 1:
        yield lambda outcome: _print_outcome(outcome, print)
        return
    from tqdm import tqdm

    with tqdm(total=num_photos, unit="photo", disable=None, leave=False) as bar:  # None: only on a terminal

        def report(outcome: Outcome) -> None:
            if outcome.status == "kept" and not bar.disable:
                bar.initial += 1  # the rate is that of the work
            _print_outcome(outcome, lambda text, file=None: tqdm.write(text, file=file or sys.stdout))
            bar.update()

        yield report


def _print_outcome(outcome: Outcome, say: Say) -> None:
    target = outcome.target
    if outcome.status == "done":
        faces, seconds = outcome.facts["mesh"]["faces"], outcome.facts["timings"]["total"]
        say(f"{target.photo} -> {target.path} ({faces} faces, {seconds:.2f} s)")
        for warning in outcome.facts.get("warnings", ()):
            say(f"shapeshot: warning: {target.photo}: {warning}", file=sys.stderr)
    elif outcome.error:
        say(f"shapeshot: {target.photo}: {outcome.error}", file=sys.stderr)


def _summary(outcomes: list[Outcome]) -> str:
    counts = Counter(outcome.status for outcome in outcomes)
    return f"{len(outcomes)} photos: " + ", ".join(f"{count} {status}" for status, count in counts.most_common())


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number
