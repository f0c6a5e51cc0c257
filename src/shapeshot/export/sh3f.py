"""Sweet Home 3D furniture libraries (.sh3f): a zip that the program imports by "Import furniture library".

It holds PluginFurnitureCatalog.properties (key#N=value for piece N), and for each piece an OBJ with its materials and a
picture. The keys are those of Sweet Home 3D's DefaultFurnitureCatalog: https://www.sweethome3d.com/documentation
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from shapeshot import limits
from shapeshot.errors import ExportError
from shapeshot.export.obj import encode_obj_files
from shapeshot.export.sh3f_categories import category_of
from shapeshot.export.zip_level import zip_level
from shapeshot.files import atomic_path
from shapeshot.geometry import Mesh

PROPERTIES = "PluginFurnitureCatalog.properties"
NOTE = "result.json"  # what shapeshot knows of a piece, beside its model
_DAMAGED = (zipfile.BadZipFile, zlib.error, OSError, ValueError, KeyError, EOFError, RuntimeError)  # of an archive
_ICON_SIZE = 128  # pixels, as in the libraries of Sweet Home 3D
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same date for all members, so that equal shapes give equal bytes
_CENTIMETRES = 100.0  # per metre
_THINNEST = 1e-4  # metres


@dataclass(frozen=True)
class FurnitureLabels:
    """What a library says of its pieces. A licence is the maker's to give: by default none is claimed.

    category: of all pieces; None for that of each one's kind, as far as its name tells it.
    """

    category: str | None = None
    creator: str = "shapeshot"
    licence: str = "not stated"


def encode_sh3f(mesh: Mesh, name: str = "Object", labels: FurnitureLabels | None = None) -> bytes:
    """A library of one piece. Lengths are taken as metres; +y is up and the front faces +z, as the program has it.

    Width, height and depth are those of the mesh, to a thousandth of a millimetre, and a tenth of one where it is flat,
    as the program takes no size of 0.
    """
    labels = labels or FurnitureLabels()
    # Sweet Home 3D's own reader refuses an OBJ with colours at its vertices (tried with version 7.0.2).
    files = encode_obj_files(mesh, "model", vertex_colors=False) | {"icon.png": _icon(mesh)}
    extents = np.maximum(np.ptp(mesh.bounds.astype(np.float64), axis=0), _THINNEST)
    width, height, depth = extents * _CENTIMETRES
    entry = {
        "id": _id_of(name, files),
        "name": name,
        "category": labels.category or category_of(name),
        "icon": "/1/icon.png",
        "model": "/1/model.obj",
        "multiPartModel": "true",  # the OBJ comes with its MTL and texture
        "width": f"{width:.4f}",
        "depth": f"{depth:.4f}",
        "height": f"{height:.4f}",
        "movable": "true",
        "doorOrWindow": "false",
        "creator": labels.creator,
    }
    text = _header(name, labels) + "".join(f"{key}#1={_escaped(value)}\n" for key, value in entry.items())
    return _library_of(text, files)


def encode_sh3f_files(mesh: Mesh, name: str) -> dict[str, bytes]:
    """The library, in which the piece has the file's name."""
    return {f"{name}.sh3f": encode_sh3f(mesh, name)}


def merge_libraries(
    parts: Iterable[Path], path: Path, labels: FurnitureLabels, note: Callable[[Path], bytes] | None = None
) -> int:
    """Write one library of the pieces of several that `encode_sh3f` made; the number of pieces.

    note: called with each part, for what is to be kept beside its piece and found again by `pieces_of`; Sweet Home 3D
    passes it over. One part is open at a time, so that thousands fit. Raises ExportError where there is none or one is
    damaged, and where the folder cannot be written.
    """
    entries: list[str] = []
    ids: set[str] = set()
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w") as library:
        for number, part in enumerate(parts, 1):
            properties, files = _read_part(part)
            entries.append(_renumbered(properties, number, ids, labels))
            for name, content in files.items():
                _add(library, f"{number}/{name}", content)
            if note is not None:
                _add(library, f"{number}/{NOTE}", note(part))
        if not entries:
            raise ExportError(f"there is nothing to write into {path}: no piece of furniture was made")
        _add(library, PROPERTIES, (_header(path.stem, labels) + "\n".join(entries)).encode("ascii"))
    return len(entries)


def pieces_of(path: Path, name_of: Callable[[bytes], str | None]) -> Iterator[tuple[bytes, bytes]]:
    """The note of each piece of a library that `merge_libraries` wrote with notes, and the library of that piece alone.

    name_of: called with each note, says what the piece was called when `encode_sh3f` made it, and gets the same bytes
    again; None for a piece that is not wanted, which is not unpacked. Pieces without a note are passed over, and a
    library ends where it is damaged or a piece is too large to be ours.
    """
    with suppress(*_DAMAGED), zipfile.ZipFile(path) as library:
        lines = library.read(PROPERTIES).decode("ascii").splitlines()
        for member in library.infolist():
            number, _, file = member.filename.partition("/")
            if file != NOTE or member.file_size > limits.LIBRARY_NOTE_BYTES:
                continue
            note = library.read(member)
            if (name := name_of(note)) is not None:
                yield note, _taken_out(library, number, name, lines)


def _taken_out(library: zipfile.ZipFile, number: str, name: str, lines: list[str]) -> bytes:
    """The library of one piece out of many, as it was before `_renumbered` gave it a place and labels."""
    members = [m for m in library.infolist() if m.filename.startswith(f"{number}/") and not m.filename.endswith(NOTE)]
    if sum(member.file_size for member in members) > limits.ARCHIVE_MEMBER_BYTES:
        raise ValueError(f"piece {number} is too large")
    files = {Path(member.filename).name: library.read(member) for member in members}
    parts = [line.partition(f"#{number}=") for line in lines if line.partition("=")[0].endswith(f"#{number}")]
    entry = {key: value for key, _, value in parts}
    plain = FurnitureLabels()
    entry |= {"id": _id_of(name, files), "category": category_of(name), "creator": _escaped(plain.creator)}
    entry |= {key: entry[key].replace(f"/{number}/", "/1/", 1) for key in ("icon", "model")}
    return _library_of(_header(name, plain) + "".join(f"{key}#1={value}\n" for key, value in entry.items()), files)


def _id_of(name: str, files: dict[str, bytes]) -> str:
    return f"shapeshot#{_slug(name)}-{hashlib.sha256(files['model.obj']).hexdigest()[:8]}"


def _library_of(properties: str, files: dict[str, bytes]) -> bytes:
    """A library of one piece, from its properties and its files by their bare names."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as library:
        _add(library, PROPERTIES, properties.encode("ascii"))
        for file, data in files.items():
            _add(library, f"1/{file}", data)
    return content.getvalue()


def _read_part(part: Path) -> tuple[str, dict[str, bytes]]:
    """The properties of a library of one piece, and its other files by their bare names."""
    try:
        with zipfile.ZipFile(part) as piece:
            names = [name for name in piece.namelist() if name != PROPERTIES]
            return piece.read(PROPERTIES).decode("ascii"), {Path(name).name: piece.read(name) for name in names}
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise ExportError(f"{part} is damaged ({error}); remove it and run again") from error


def _header(name: str, labels: FurnitureLabels) -> str:
    library = {
        "id": f"shapeshot#{_slug(name)}",
        "name": name,
        "description": "Made from photos by shapeshot",
        "version": "1.0",
        "license": labels.licence,
        "provider": labels.creator,
    }
    return "".join(f"{key}={_escaped(value)}\n" for key, value in library.items()) + "\n"


def _renumbered(properties: str, number: int, ids: set[str], labels: FurnitureLabels) -> str:
    """The lines of a part's only piece as those of piece `number`, with an id of its own."""
    # Values stay escaped as they are: the part was written by this module.
    lines = (line.partition("#1=") for line in properties.splitlines())
    values = {key: value for key, separator, value in lines if separator}
    values |= {"creator": _escaped(labels.creator)}
    values |= {"category": _escaped(labels.category)} if labels.category else {}
    for key in ("icon", "model"):
        values[key] = values[key].replace("/1/", f"/{number}/", 1)
    if values["id"] in ids:
        values["id"] += f"-{number}"
    ids.add(values["id"])
    return "".join(f"{key}#{number}={value}\n" for key, value in values.items())


def _icon(mesh: Mesh) -> bytes:
    from shapeshot.preview import render_mesh  # here, as no other format draws

    content = io.BytesIO()
    Image.fromarray(render_mesh(mesh, _ICON_SIZE)).save(content, "PNG")
    return content.getvalue()


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "object"


def _escaped(text: str) -> str:
    r"""A value of a Java .properties file in plain ASCII: \ doubled, other characters as \uXXXX in UTF-16.

    The rules are those of java.util.Properties.load. A leading blank would be lost, and so is escaped.
    """
    units = text.encode("utf-16-be", "surrogatepass")
    codes = [int.from_bytes(units[i : i + 2], "big") for i in range(0, len(units), 2)]
    plain = "".join(chr(c) if 32 <= c < 127 and c != 92 else f"\\u{c:04x}" if c != 92 else "\\\\" for c in codes)
    return f"\\{plain}" if plain.startswith(" ") else plain


def _add(library: zipfile.ZipFile, name: str, content: bytes) -> None:
    member = zipfile.ZipInfo(name, _EPOCH)
    member.external_attr = 0o644 << 16  # readable once unpacked
    # A PNG is compressed already.
    kind = zipfile.ZIP_STORED if name.endswith((".png", ".jpg")) else zipfile.ZIP_DEFLATED
    library.writestr(member, content, kind, zip_level(len(content)))
