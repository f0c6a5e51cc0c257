"""Which files a result can be had as: the export table as media types and names."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.errors import ExportError, UserError, unknown_name
from shapeshot.export import FORMS, WRITERS, Shape, default_form, encode_shape, forms_of
from shapeshot.export.npz import encode_npz
from shapeshot.pipeline.result import AssumedScale

if TYPE_CHECKING:
    from jaxtyping import Shaped

JSON = "application/json"
# As registered with IANA where they are; whatever has no name of its own is bytes.
MEDIA_TYPES = {
    "glb": "model/gltf-binary",
    "obj": "model/obj",
    "stl": "model/stl",
    "3mf": "model/3mf",
    "usdz": "model/vnd.usdz+zip",
    "npz": "application/zip",
}
OTHER = "application/octet-stream"


def media_type(suffix: str) -> str:
    """The media type of a file with this suffix."""
    return MEDIA_TYPES.get(suffix, OTHER)


@lru_cache(maxsize=1)
def usable_formats() -> tuple[str, ...]:
    """The suffixes, sorted, of the formats that can be written here: without those whose package is not installed."""

    def works(suffix: str) -> bool:
        try:
            WRITERS[suffix].check()
        except ExportError:
            return False
        return True

    return tuple(filter(works, sorted(WRITERS)))


def check_format(suffix: str, form: str | None) -> str:
    """The form to write. UserError with the choices for an unknown format or form, or where they do not suit."""
    if suffix not in usable_formats():
        raise unknown_name("file format", suffix, usable_formats())
    form = form or default_form(suffix)
    if form not in FORMS:
        raise unknown_name("form", form, FORMS)
    if form not in forms_of(suffix):
        able = ", ".join(f".{other}" for other in usable_formats() if form in forms_of(other))
        raise UserError(f"a .{suffix} file cannot hold {form}; choose from {able}")
    return form


def wanted_format(accept: str) -> str | None:
    """The suffix that an Accept header prefers, or None for JSON (also where it says nothing that we know)."""
    by_type = {kind: suffix for suffix, kind in MEDIA_TYPES.items() if suffix in usable_formats()} | {JSON: None}
    for kind in _by_preference(accept):
        if kind in by_type:
            return by_type[kind]
    return None


def _by_preference(accept: str) -> list[str]:
    weighted = []
    for part in accept.split(","):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weights = [text[2:] for text in parameters if text.startswith("q=")]
        try:
            weight = float(weights[0]) if weights else 1.0
        except ValueError:
            weight = 0.0
        if weight > 0:
            weighted.append((-weight, kind))
    return [kind for _, kind in sorted(weighted, key=lambda pair: pair[0])]


def encode_form(
    shape: Shape, suffix: str, more: Mapping[str, Shaped[np.ndarray, " ..."]], assumed_scale: AssumedScale | None
) -> bytes:
    """A file with this suffix.

    more: arrays that a .npz holds beside the shape's own; other formats have no place for them. assumed_scale: of a
    result without a known size; it gives one to files that are made for real sizes. None: lengths are metres.
    """
    in_metres = assumed_scale is None
    if WRITERS[suffix].in_metres and assumed_scale is not None:
        shape = shape.scaled(assumed_scale.metres_per_unit)
    return encode_npz(shape, more) if suffix == "npz" and more else encode_shape(shape, suffix, in_metres)
