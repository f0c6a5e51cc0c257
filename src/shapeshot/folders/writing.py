"""The files of one result: made as bytes, which travel between processes and machines, then written."""

from __future__ import annotations

import io
import json
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from shapeshot.errors import EmptyShapeError
from shapeshot.export import Shape, encode_files
from shapeshot.files import atomic_write, remove_leftovers
from shapeshot.folders.targets import RESULT, Target
from shapeshot.pipeline.json_values import to_json
from shapeshot.pipeline.result import Result

if TYPE_CHECKING:
    from shapeshot.pipeline.reconstruct import Reconstruction


@dataclass(frozen=True, eq=False)
class EncodedResult:
    """One photo's files before they are written, small enough to travel between processes and machines.

    contents: the bytes of each file by its name in the target's folder, in the order of writing. result: the facts.
    """

    contents: dict[str, bytes]
    result: Result


def encode_target(target: Target, shape: Reconstruction, result: Result) -> EncodedResult:
    """The content of every file of a target. Raises EmptyShapeError and ExportError."""
    start = time.perf_counter()
    if "voxels" in target.forms and not shape.voxels.occupancy.any():
        coarse = shape.voxels.resolution
        raise EmptyShapeError(f"the object fills no cell at resolution {coarse}; give a higher --resolution")
    files = target.files
    contents: dict[str, bytes] = {}
    for form in target.forms:
        contents |= _encoded(getattr(shape, form), files[form], shape.is_metric)
    if target.preview:
        contents[files["preview"].name] = _preview_png(shape)
    if target.is_folder:
        result = replace(result, files={form: path.name for form, path in files.items()})
    result.spent("write", time.perf_counter() - start)
    return EncodedResult(contents, result)


def write_result(target: Target, encoded: EncodedResult) -> None:
    """Write the files, and into a folder result.json, which comes last: where it is, all is. Raises ExportError."""
    start = time.perf_counter()
    if target.is_folder:
        with suppress(OSError):  # of an earlier run: it must not speak for files that are being replaced
            (target.path / RESULT).unlink(missing_ok=True)
            remove_leftovers(target.path)
    folder = target.path if target.is_folder else target.path.parent
    for name, content in encoded.contents.items():
        atomic_write(folder / name, content)
    encoded.result.spent("write", time.perf_counter() - start)
    if target.is_folder:
        atomic_write(target.path / RESULT, json.dumps(to_json(encoded.result), indent=2) + "\n", durable=True)


def _encoded(shape: Shape, path: Path, in_metres: bool) -> dict[str, bytes]:
    """The file at `path`, and those beside it that it refers to, by name; it comes last."""
    *beside, (_, content) = encode_files(shape, path.suffix[1:].lower(), path.stem, in_metres).items()
    return {**dict(beside), path.name: content}


def _preview_png(shape: Reconstruction) -> bytes:
    from shapeshot.preview import preview_image

    forms = (shape.voxels, shape.points, shape.mesh)
    azimuth, elevation = shape.shown_from
    picture = preview_image(shape.rgba, shape.photo.pixels, *forms, azimuth_deg=azimuth, elevation_deg=elevation)
    content = io.BytesIO()
    picture.save(content, "PNG", compress_level=1)  # a fifth larger, and written in a third of the time
    return content.getvalue()
