"""`shapeshot reconstruct`: photos in, files out."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from shapeshot.cli.parser import Parser
from shapeshot.errors import EmptyShapeError, PhotoError, UserError

if TYPE_CHECKING:
    from shapeshot.batch import BatchOptions, Target
    from shapeshot.field_model import FieldModel

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
    command.add_argument("--size", metavar="DIM=LENGTH", help="one known dimension, such as height=80cm")
    command.add_argument("--background", default="auto", metavar="HOW", help="how to find the object (default auto)")
    command.add_argument("--preview", action="store_true", help="also write a picture of the photo and the shapes")
    command.add_argument("--model", metavar="FOLDER", help="from 'shapeshot export' (default: the shipped model)")


def run(args: argparse.Namespace) -> int:
    """Reconstruct every photo; a bad one is reported and does not stop the others."""
    from shapeshot.batch import plan_targets
    from shapeshot.reconstruct import load_model

    options = _options(args)
    options.check()
    targets = plan_targets([Path(photo) for photo in args.photos], args.out, args.form, args.preview)
    model = load_model(args.model)
    failures: list[UserError] = []
    with _progress(targets) as (each, say):
        for target in each:
            try:
                say(_reconstruct_one(target, model, options))
            except UserError as error:
                failures.append(error)
                say(f"shapeshot: {target.photo}: {' '.join(str(error).split())}", file=sys.stderr)
    if not failures:
        return 0
    return EmptyShapeError.exit_code if all(isinstance(error, EmptyShapeError) for error in failures) else 1


def _options(args: argparse.Namespace) -> BatchOptions:
    """The flags that concern every photo."""
    from shapeshot.batch import BatchOptions

    return BatchOptions(resolution=args.resolution, num_points=args.points, size=args.size, background=args.background)


def _reconstruct_one(target: Target, model: FieldModel, options: BatchOptions) -> str:
    from shapeshot.batch import PHOTO_SUFFIXES, write_target
    from shapeshot.reconstruct import reconstruct

    if target.photo.is_dir():
        raise PhotoError(f"no images in this folder; expected files ending in {', '.join(PHOTO_SUFFIXES)}")
    shape = reconstruct(target.photo, model=model, **options.arguments())
    write_target(target, shape, model)
    return f"{target.photo} -> {target.path} ({len(shape.mesh.faces)} faces, {shape.timings['total']:.2f} s)"


@contextmanager
def _progress(targets: list[Target]) -> Iterator[tuple[list[Target], Say]]:
    """The targets to go through and a `print` that suits: with a bar where there are several and someone watches."""
    if len(targets) == 1:
        yield targets, print
        return
    from tqdm import tqdm

    with tqdm(targets, unit="photo", disable=None, leave=False) as bar:  # None: only on a terminal
        yield bar, lambda text, file=None: tqdm.write(text, file=file or sys.stdout)
