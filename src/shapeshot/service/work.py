"""From an upload to a job, and from a job to what is answered: everything that knows both shapes and requests."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from shapeshot.errors import EmptyShapeError, unknown_name
from shapeshot.model.field_model import FieldModel
from shapeshot.photo import View, look_at
from shapeshot.pipeline.finishing import Ready, assumed_scale, made_ready
from shapeshot.pipeline.json_values import to_json
from shapeshot.pipeline.options import Options
from shapeshot.pipeline.reconstruct import Reconstruction
from shapeshot.pipeline.result import PixelBox, Result, result_of
from shapeshot.service.cost import check_cost
from shapeshot.service.engine import Job
from shapeshot.service.form import options_from
from shapeshot.service.formats import check_format, encode_form
from shapeshot.service.settings import Settings
from shapeshot.service.store import Entry, Store, more_of
from shapeshot.service.transport.upload import FILES, Upload

if TYPE_CHECKING:
    from jaxtyping import Float

HEAVY_RESOLUTION = 64  # above it a reconstruction takes seconds, and at 128 most of a gigabyte
HEAVY_POINTS = 100_000  # a million take two seconds, and 150 MiB as an OBJ


@dataclass(frozen=True)
class Done:
    """A finished reconstruction. facts: the result as JSON values. file: in the format that was asked for, or None."""

    entry: Entry
    facts: dict[str, Any]
    file: bytes | None


def reconstruction_job(upload: Upload, model: FieldModel, store: Store, settings: Settings) -> Job:
    """The job of POST /v1/reconstructions; its result is a Done. Raises UserError for options out of range."""
    wishes = dict(upload.options)
    suffix, form = wishes.pop("format", None), wishes.pop("form", None)
    form = check_format(suffix, form) if suffix else None
    options = options_from(wishes, settings)

    def finish(shape: Reconstruction) -> Done:
        if not shape.voxels.occupancy.any():
            raise EmptyShapeError(f"the object fills no cell at resolution {options.resolution}; give a higher one")
        check_cost(len(shape.mesh.faces), options.simplify, options.smooth, options.printable)
        # Nothing is scaled: a file that is made for real sizes is, once it is asked for.
        ready = made_ready(shape, options, in_metres=False, has_mesh=True)
        return _kept(ready, model, store, suffix, form)

    is_heavy = options.resolution > HEAVY_RESOLUTION or options.num_points > HEAVY_POINTS
    return Job(_looker(upload, options, model, settings), options.of("shape"), finish, is_heavy)


def object_job(upload: Upload, model: FieldModel, settings: Settings) -> Job:
    """The job of POST /v1/objects; its result is the answer's content. Raises UserError for options out of range."""
    known = [row.name for row in Options.declared() if row.stage == "find"]
    if unknown := [name for name in upload.options if name not in known]:
        raise unknown_name("field", unknown[0], (*FILES, *known))
    options = options_from(upload.options, settings)
    return Job(_looker(upload, options, model, settings), None, object_facts)


def told_of(ready: Ready, model: FieldModel) -> Result:
    """What result.json says, without the photo's name, and with the box of what was taken for the object."""
    shape = ready.shape
    scale = None if shape.is_metric else assumed_scale(shape)
    result = result_of(shape, model.name, finish=ready.finish, assumed_scale=scale)
    return replace(result, object=replace(result.object, box=_box(shape.mask, shape.photo_size)))


def object_facts(view: View) -> dict[str, Any]:
    """What was taken for the object; lengths are pixels of the photo as it came."""
    scale = view.source.size[0] / view.source.rgba.shape[1]
    return {
        "photo_size": list(view.source.size),
        "method": view.found.method,
        "certainty": view.found.certainty,
        "remarks": list(view.found.remarks),
        "notes": list(view.found.notes),
        "box": to_json(_box(view.found.mask, view.source.size)),
        "crop": {edge: float(pixels) * scale for edge, pixels in view.photo.box._asdict().items()},
        "mask": _data_url(mask_png(view.found.mask)),
        "seen": _data_url(_png(Image.fromarray(view.photo.pixels))),
    }


def pictures_of(shape: Reconstruction) -> dict[str, bytes]:
    """PNG files: the crop that the model saw, and the mask."""
    return {"crop": _png(Image.fromarray(shape.photo.pixels)), "mask": mask_png(shape.mask)}


def mask_png(mask: Float[np.ndarray, "height width"]) -> bytes:
    """A mask float32 [height, width] in [0, 1] as a grey PNG; white is the object."""
    return _png(Image.fromarray(np.rint(mask * 255).astype(np.uint8)))


def _kept(ready: Ready, model: FieldModel, store: Store, suffix: str | None, form: str | None) -> Done:
    """The finished shape in the store, and the file that was asked for."""
    shape, result = ready.shape, told_of(ready, model)
    file = None
    if suffix and form:
        file = encode_form(getattr(shape, form), suffix, more_of(shape, form), result.assumed_scale)
    facts = to_json(result)
    return Done(store.add(shape, facts, pictures_of(shape)), facts, file)


def _looker(upload: Upload, options: Options, model: FieldModel, settings: Settings) -> Callable[[], View]:
    def look() -> View:
        decoded = upload.decoded(settings.max_pixels)
        return look_at(decoded.photo, model.image_size, mask=decoded.mask, **options.of("find"))

    return look


def _box(mask: Float[np.ndarray, "height width"], photo_size: tuple[int, int]) -> PixelBox:
    """The box of a mask's object in pixels of the photo as it came."""
    inside = mask >= 0.5
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    x, y = photo_size[0] / mask.shape[1], photo_size[1] / mask.shape[0]
    edges = (columns[0] * x, rows[0] * y, (columns[-1] + 1) * x, (rows[-1] + 1) * y)
    return PixelBox(*map(float, edges))


def _png(image: Image.Image) -> bytes:
    content = io.BytesIO()
    image.save(content, "PNG", compress_level=1)
    return content.getvalue()


def _data_url(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
