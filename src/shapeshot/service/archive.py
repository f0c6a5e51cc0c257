"""Everything that there is of one result, as one zip."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable

from shapeshot.export import FORMS, encode_files, forms_of
from shapeshot.export.zip_level import LARGE_BYTES
from shapeshot.pipeline.json_values import from_json
from shapeshot.pipeline.result import AssumedScale
from shapeshot.service.engine import DroppedError
from shapeshot.service.formats import encode_form, usable_formats
from shapeshot.service.store import Result

ARCHIVE = "all.zip"
PACKED = (".png", ".jpg", ".3mf", ".npz", ".usdz", ".sh3f")
BINARY = (".glb", ".ply", ".stl")  # numbers that shrink little: where there are many they go in as they are
PICTURES = ("crop", "mask")
LEVEL = 1  # of compression: 6 takes four times as long for a tenth less
MOMENT = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can tell: one result has one archive


def encoded(result: Result, form: str, suffix: str) -> bytes:
    """The file of one form and format, at the scale that the result assumes where its size is not known."""
    scale = result.facts.get("assumed_scale")
    assumed = None if scale is None else from_json(AssumedScale, scale)
    return encode_form(result.form(form), suffix, result.more(form), assumed)


def files_of(result: Result, form: str, suffix: str) -> dict[str, bytes]:
    """The file of one form and format by its name, and for an OBJ its materials and their texture beside it."""
    if suffix != "obj":
        return {f"{form}.{suffix}": encoded(result, form, suffix)}
    return encode_files(result.form(form), suffix, form, in_metres="assumed_scale" not in result.facts)


def archive(result: Result, is_over: Callable[[], bool]) -> memoryview:
    """A zip of every form in every format that can be written here, result.json, the crop and the mask.

    is_over: whether nobody waits for it any more; looked at between its files, and DroppedError is raised then.
    """
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compresslevel=LEVEL) as file:
        for form in FORMS:
            for suffix in (suffix for suffix in usable_formats() if form in forms_of(suffix)):
                if is_over():
                    raise DroppedError
                for name, file_content in files_of(result, form, suffix).items():
                    _add(file, name, file_content)
        for name in PICTURES:
            _add(file, f"{name}.png", result.picture(name))
        _add(file, "result.json", json.dumps(result.facts, indent=2).encode())
    return content.getbuffer()  # no copy: it may have 200 MB


def _add(file: zipfile.ZipFile, name: str, content: bytes) -> None:
    info = zipfile.ZipInfo(name, MOMENT)
    info.external_attr = 0o644 << 16
    is_stored = name.endswith(PACKED) or (name.endswith(BINARY) and len(content) > LARGE_BYTES)
    info.compress_type = zipfile.ZIP_STORED if is_stored else zipfile.ZIP_DEFLATED
    file.writestr(info, content, compresslevel=LEVEL)
