"""From an upload to a job, and from a job to what is answered: everything that knows both shapes and requests."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from shapeshot.errors import EmptyShapeError, UserError, unknown_name
from shapeshot.folders import BatchOptions, Target, result_facts
from shapeshot.folders.finishing import assumed_scale, made_ready
from shapeshot.model.field_model import FieldModel
from shapeshot.pipeline.reconstruct import Reconstruction, View, look_at
from shapeshot.service.cost import check_cost
from shapeshot.service.engine import Job
from shapeshot.service.formats import check_format, encode_form
from shapeshot.service.settings import Settings
from shapeshot.service.store import Entry, Store, more_of
from shapeshot.service.upload import FILES, Upload

HEAVY_RESOLUTION = 64  # above it a reconstruction takes seconds, and at 128 most of a gigabyte
# In place of a target on disk: all forms, in formats that take a shape at whatever scale it has.
ALL_FORMS = Target(Path("photo"), Path("result"), ("mesh", "points", "voxels"), is_folder=True, preview=False)


@dataclass(frozen=True)
class Done:
    """A finished reconstruction. file: in the format that was asked for, or None."""

    entry: Entry
    facts: dict[str, Any]
    file: bytes | None


def reconstruction_job(upload: Upload, model: FieldModel, store: Store, settings: Settings) -> Job:
    """The job of POST /v1/reconstructions; its result is a Done. Raises UserError for options out of range."""
    wishes = dict(upload.options)
    suffix, form = wishes.pop("format", None), wishes.pop("form", None)
    form = check_format(suffix, form) if suffix else None
    options = _options(wishes, settings)

    def finish(shape: Reconstruction) -> Done:
        if not shape.voxels.occupancy.any():
            raise EmptyShapeError(f"the object fills no cell at resolution {options.resolution}; give a higher one")
        check_cost(len(shape.mesh.faces), options.simplify, options.smooth, options.printable)
        shape, more = made_ready(ALL_FORMS, shape, options)
        facts = facts_of(shape, model) | more
        file = encode_form(getattr(shape, form), suffix, more_of(shape, form), facts) if suffix and form else None
        return Done(store.add(shape, facts, pictures_of(shape)), facts, file)

    names = ("resolution", "num_points", "size", "threshold")
    shape = {name: getattr(options, name) for name in names}
    is_heavy = options.resolution > HEAVY_RESOLUTION
    return Job(_looker(upload, options, model, settings), shape, finish, is_heavy)


def object_job(upload: Upload, model: FieldModel, settings: Settings) -> Job:
    """The job of POST /v1/objects; its result is the answer's content. Raises UserError for options out of range."""
    known = ("background", "region")
    if unknown := [name for name in upload.options if name not in known]:
        raise unknown_name("field", unknown[0], (*FILES, *known))
    options = _options(upload.options, settings)
    return Job(_looker(upload, options, model, settings), None, object_facts)


def facts_of(shape: Reconstruction, model: FieldModel) -> dict[str, Any]:
    """What result.json says, without the photo's name, and with the box of what was taken for the object.

    "assumed_scale": where no size is known, the metres per unit that files made for real sizes are written with.
    """
    facts = result_facts(Path("photo"), shape, model)
    del facts["photo"]
    facts["object"]["box"] = _box(shape.mask, shape.photo_size)
    if not shape.is_metric:
        factor, source = assumed_scale(shape)
        facts["assumed_scale"] = {"metres_per_unit": factor, "from": source}
    return facts


def object_facts(view: View) -> dict[str, Any]:
    """What was taken for the object; lengths are pixels of the photo as it came."""
    scale = view.source.size[0] / view.source.rgba.shape[1]
    return {
        "photo_size": list(view.source.size),
        "method": view.found.method,
        "box": _box(view.found.mask, view.source.size),
        "crop": {edge: float(pixels) * scale for edge, pixels in view.photo.box._asdict().items()},
        "mask": _data_url(mask_png(view.found.mask)),
        "seen": _data_url(_png(Image.fromarray(view.photo.pixels))),
    }


def pictures_of(shape: Reconstruction) -> dict[str, bytes]:
    """PNG files: the crop that the model saw, and the mask."""
    return {"crop": _png(Image.fromarray(shape.photo.pixels)), "mask": mask_png(shape.mask)}


def mask_png(mask: np.ndarray) -> bytes:
    """A mask float32 [height, width] in [0, 1] as a grey PNG; white is the object."""
    return _png(Image.fromarray(np.rint(mask * 255).astype(np.uint8)))


def _options(wishes: Mapping[str, Any], settings: Settings) -> BatchOptions:
    """The options of one photo, checked as the command line checks them and by the server's own limits."""
    defaults = {"resolution": min(32, settings.max_resolution), "points": min(2048, settings.max_points)}
    given = {**defaults, **wishes}
    num_points = given.pop("points")
    options = BatchOptions(num_points=num_points, **given)
    options.check()
    _check_limit("resolution", options.resolution, settings.max_resolution)
    _check_limit("number of points", options.num_points, settings.max_points)
    _check_limit("number of rounds of smoothing", options.smooth, settings.max_smooth)
    return options


def _looker(upload: Upload, options: BatchOptions, model: FieldModel, settings: Settings) -> Callable[[], View]:
    def look() -> View:
        decoded = upload.decoded(settings.max_pixels)
        return look_at(decoded.photo, model.image_size, options.background, options.region, decoded.mask)

    return look


def _check_limit(what: str, value: int, limit: int) -> None:
    if value > limit:
        raise UserError(f"this server takes a {what} of at most {limit}; got {value}")


def _box(mask: np.ndarray, photo_size: tuple[int, int]) -> dict[str, float]:
    """The box of a mask's object in pixels of the photo as it came."""
    inside = mask >= 0.5
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    x, y = photo_size[0] / mask.shape[1], photo_size[1] / mask.shape[0]
    edges = {"left": columns[0] * x, "top": rows[0] * y, "right": (columns[-1] + 1) * x, "bottom": (rows[-1] + 1) * y}
    return {name: float(edge) for name, edge in edges.items()}


def _png(image: Image.Image) -> bytes:
    content = io.BytesIO()
    image.save(content, "PNG", compress_level=1)
    return content.getvalue()


def _data_url(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
