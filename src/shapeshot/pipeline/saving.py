"""A reconstruction as one file, from Python: what the command line does for `--out FILE`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from shapeshot.errors import ExportError, unknown_name
from shapeshot.export import FORMS, default_form, find_writer, write_shape
from shapeshot.files import atomic_write
from shapeshot.pipeline.finishing import made_ready
from shapeshot.pipeline.options import Options
from shapeshot.preview.animation import ANIMATIONS, encode_turntable

if TYPE_CHECKING:
    from shapeshot.pipeline.reconstruct import Reconstruction


def save(shape: Reconstruction, path: str | os.PathLike[str], form: str | None = None) -> None:
    """Write one form of a reconstruction, or for .gif and .webp an animated picture of its mesh; see
    `Reconstruction.save`."""
    target = Path(path)
    suffix = target.suffix[1:].lower()
    if suffix in ANIMATIONS:
        if form not in (None, "mesh"):
            raise ExportError(f"an animated picture shows the mesh; got {form}")
        atomic_write(target, encode_turntable(shape.mesh, suffix))
        return
    writer = find_writer(target)
    writer.check()
    form = form or default_form(suffix)
    if form not in FORMS:
        raise unknown_name("form", form, FORMS, ExportError)
    ready = made_ready(shape, Options(), in_metres=writer.in_metres, has_mesh=form == "mesh").shape
    write_shape(getattr(ready, form), target, in_metres=ready.is_metric)
