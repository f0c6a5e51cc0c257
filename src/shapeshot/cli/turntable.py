"""`shapeshot turntable`: an animated picture of a result, or of what a photo gives."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from shapeshot.cli.flags import finite_number, whole_number
from shapeshot.cli.parser import Parser
from shapeshot.errors import ExportError
from shapeshot.limits import OBJECT_FILE_BYTES
from shapeshot.names import shown

if TYPE_CHECKING:
    from shapeshot.geometry import Mesh

DEFAULT_NAME = "turntable.gif"


def add_command(parser: Parser) -> None:
    """Declare the command."""
    parser.add_command("turntable", "Write an animated picture of a result: the mesh, once round.", declare, run)


def declare(command: Parser) -> None:
    """The command's flags."""
    from shapeshot.preview.animation import MAX_FRAMES, MAX_SIZE, NUM_FRAMES, SECONDS, SIZE

    add = command.add_argument
    add("result", metavar="RESULT", help="a folder or a .glb file of 'shapeshot reconstruct', or a photo")
    add(
        "--out",
        metavar="FILE",
        help=f".gif or .webp (default: {DEFAULT_NAME} in the folder, or NAME.{DEFAULT_NAME} beside it)",
    )
    frames = whole_number(2, MAX_FRAMES)
    add("--frames", type=frames, default=NUM_FRAMES, metavar="N", help=f"pictures round the object ({NUM_FRAMES})")
    add("--pixels", type=whole_number(16, MAX_SIZE), default=SIZE, metavar="N", help=f"of either side ({SIZE})")
    add("--seconds", type=finite_number, default=SECONDS, metavar="S", help=f"of one turn ({SECONDS:g})")
    add("--model", metavar="NAME|FOLDER", help="for a photo: from 'shapeshot export' (default: the shipped model)")


def run(args: argparse.Namespace) -> int:
    """Read or reconstruct the mesh, draw it and write the file."""
    from shapeshot.files import atomic_write
    from shapeshot.preview.animation import ANIMATIONS, encode_turntable

    source = Path(args.result)
    out = (
        Path(args.out)
        if args.out
        else source / DEFAULT_NAME
        if source.is_dir()
        else source.with_name(f"{source.stem}.{DEFAULT_NAME}")
    )
    suffix = out.suffix[1:].lower()
    if suffix not in ANIMATIONS:  # before any work
        choices = " or ".join(f".{known}" for known in ANIMATIONS)
        raise ExportError(f"an animated picture is a file ending in {choices}; got {shown(out.name)}")
    mesh, warnings = _mesh(source, args.model)
    content = encode_turntable(mesh, suffix, args.frames, args.pixels, args.seconds)
    atomic_write(out, content)
    print(f"{shown(source)} -> {shown(out)} ({args.frames} frames, {len(content) / 1000:.0f} kB)")
    for warning in warnings:
        print(f"shapeshot: warning: {shown(source)}: {warning}", file=sys.stderr)
    return 0


def _mesh(source: Path, model: str | None) -> tuple[Mesh, tuple[str, ...]]:
    """The mesh of a result, or of a photo and what speaks against it. Raises UserError."""
    from shapeshot.export import WRITERS
    from shapeshot.export.own_glb import decode_glb
    from shapeshot.folders.targets import FOLDER_FILES

    path = source / FOLDER_FILES["mesh"] if source.is_dir() else source
    suffix = path.suffix[1:].lower()
    if suffix in WRITERS and suffix != "glb":
        raise ExportError(
            f"{shown(path)}: of 3D files a turntable shows .glb alone; give the .glb of the same shape, its folder, or "
            "the photo"
        )
    if suffix != "glb":
        from shapeshot.pipeline.reconstruct import reconstruct

        shape = reconstruct(path, model=model)
        return shape.mesh, shape.warnings
    return decode_glb(_content(path), shown(path)), ()


def _content(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for
            raise ExportError(f"{shown(path)} is not a regular file; give a folder with a mesh")
        if path.stat().st_size > OBJECT_FILE_BYTES:
            raise ExportError(f"{shown(path)} has more than {OBJECT_FILE_BYTES >> 20} MiB, the limit of a mesh file")
        return path.read_bytes()
    except OSError as error:
        raise ExportError(f"{shown(path)} cannot be read ({error.strerror}); give a folder with a mesh") from error
