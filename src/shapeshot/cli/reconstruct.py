"""`shapeshot reconstruct`: photos in, files out."""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from shapeshot import limits
from shapeshot.beside import Beside
from shapeshot.cli.flags import add_options, options_from, whole_number
from shapeshot.cli.loading import modules_loading
from shapeshot.cli.parser import Parser, UsageError
from shapeshot.cli.reporting import exit_code, reporting, summary, told_of_library
from shapeshot.names import shown

if TYPE_CHECKING:
    from shapeshot.export.sh3f import FurnitureLabels

LABELS = {
    "category": "the category of all pieces in Sweet Home 3D (by the kind that each name tells)",
    "creator": "who made it (shapeshot)",
    "license": "the licence of the library (not stated)",
}


def add_command(parser: Parser) -> None:
    """Declare the command."""
    parser.add_command("reconstruct", "Turn photos into meshes, point clouds and voxels.", declare, run)


def declare(command: Parser) -> None:
    """The command's flags: those of the run, and one for each of `pipeline.options.Options`."""
    from shapeshot.pipeline.options import Options

    add = command.add_argument
    add("photos", nargs="+", metavar="PHOTO", help="a photo of one object, or a folder of photos")
    add("--out", required=True, metavar="PATH", help="a file (its suffix chooses) or a folder")
    forms = ("mesh", "points", "voxels", "all")
    add("--as", dest="form", choices=forms, help="default: by suffix; all for a folder")
    add_options(command, Options)
    add("--preview", action="store_true", help="also write a picture of the photo and the shapes")
    workers = whole_number(1, limits.WORKERS)
    add("--workers", type=workers, metavar="N", help="processes (default: one a core for 16 photos or more)")
    add("--ray", metavar="ADDRESS", help="do the work on a Ray cluster instead: local, auto or the head's host:port")
    add("--model", metavar="NAME|FOLDER", help="from 'shapeshot export' (default: the shipped model)")
    for name, what in LABELS.items():
        add(f"--{name}", metavar="TEXT", help=f"for .sh3f: {what}")


def run(args: argparse.Namespace) -> int:
    """Reconstruct every photo; a bad one is reported and does not stop the others."""
    if args.ray and args.workers:
        raise UsageError("--workers are processes on this machine, --ray is a cluster; give one of the two")
    with modules_loading():
        from shapeshot.model.field_model import load_model

        loading = Beside(partial(load_model, args.model))  # hashing its files leaves Python to the imports
        from shapeshot.folders import is_library, list_photos, plan_targets, put_together, run_photos, take_apart
        from shapeshot.jobs.folder_lock import only_writer_of
        from shapeshot.pipeline.options import Options

    options = options_from(args, Options)
    options.check()
    library = Path(args.out) if is_library(args.out) else None
    labels = _labels(args, library)
    listing = list_photos([Path(photo) for photo in args.photos])
    targets = plan_targets(listing.photos, args.out, args.form, args.preview)
    if not options.finish.is_nothing and not any("mesh" in target.forms for target in targets):
        raise UsageError("--simplify, --smooth and --printable are for meshes; leave them out or write a mesh")
    if told := listing.told():
        print(f"shapeshot: {told}", file=sys.stderr)
    model = loading.result()
    with only_writer_of(library, in_folder_of_runs=False) if library else nullcontext():
        if library:
            take_apart(library, targets)
        with reporting(len(targets), library) as report:
            outcomes = run_photos(targets, model, options, num_workers=args.workers, ray=args.ray, report=report)
        if library and (count := put_together(library, outcomes, labels)):
            print(f"{shown(library)}: {told_of_library(count, outcomes)}")
    if len(targets) > 1:
        print(summary(outcomes))
    return exit_code(outcomes)


def _labels(args: argparse.Namespace, library: Path | None) -> FurnitureLabels:
    """What a furniture library says of its pieces. Raises UsageError where labels are given for another file."""
    from shapeshot.export.sh3f import FurnitureLabels

    given = {"category": args.category, "creator": args.creator, "licence": args.license}
    given = {name: text for name, text in given.items() if text is not None}
    if given and not library:
        raise UsageError(
            "--category, --creator and --license are for furniture libraries; write a file ending in .sh3f"
        )
    return FurnitureLabels(**given)
