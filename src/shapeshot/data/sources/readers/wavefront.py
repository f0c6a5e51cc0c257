"""A fast reader of Wavefront OBJ text, as artists' programs write it.

Lines are sorted by keyword in one pass; numbers are parsed in bulk and each distinct face corner once. The 820 models
of the Sweet Home 3D catalogues, 350 MB of text, take about 45 seconds on one core.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float, Float64, Int64

from shapeshot.data.objects import Material, ObjectModel
from shapeshot.data.sources.readers.budget import ObjectBudget, ReadFile, damage_named
from shapeshot.data.sources.readers.colors import of_corners, unit_colors
from shapeshot.data.sources.readers.materials import default_material, read_mtl, without_texture
from shapeshot.data.sources.readers.polygons import triangulate
from shapeshot.data.sources.readers.raw_parts import RawPart, finished_model
from shapeshot.data.sources.readers.text import as_utf8, decode_text, likely_encoding
from shapeshot.data.sources.readers.textures import Textures, file_candidates
from shapeshot.errors import MeshError

_CONTINUED = re.compile(rb"\\[ \t]*(?:\r\n|\n|\r)")
_GREY_SPREAD = 0.02  # of a diffuse colour's channels, below which it is an exporter's default beside vertex colours


@dataclass
class _Statements:
    """An OBJ file's lines by what they state; faces by the name of their material."""

    positions: list[bytes] = field(default_factory=list)
    uvs: list[bytes] = field(default_factory=list)
    faces: dict[str, list[bytes]] = field(default_factory=dict)
    libraries: list[str] = field(default_factory=list)
    paint: list[bytes] = field(default_factory=list)


def read_obj(content: bytes, name: str, read_file: ReadFile) -> ObjectModel:
    """The model in an OBJ file: one part a material, in order of first use, axes and unit as in the file.

    name: what error messages call the file. read_file: the content of a file named in the OBJ or its MTL, relative to
    the OBJ's folder, or None where there is none; a model without its MTL or a texture keeps its shape and gets
    default colours, and says so in `left_out`. Text may be in any encoding of text.py. Polygons are split (see
    polygons.py); vertices shared by position and texture coordinate are merged within a part; colours behind the
    coordinates count where a part has no texture; normals, lines and curves are not read.
    Raises MeshError on text that is no OBJ, indices out of range, coordinates that are not finite, no faces, and beyond
    the limits of one object.
    """
    with damage_named(name):
        budget = ObjectBudget(name)
        read_file = budget.reading(read_file)
        found = _sort_lines(as_utf8(content), name)
        contents, left_out = _libraries(found, read_file, budget)
        encoding = likely_encoding([content, *contents])
        if encoding != likely_encoding([content]):  # its libraries know better
            found = _sort_lines(as_utf8(content, encoding), name)
        libraries = [decode_text(text, encoding) for text in contents]
        budget.take("vertices", len(found.positions) + len(found.uvs))
        positions, uvs = _coordinates(found.positions, 3, name), _coordinates(found.uvs, 2, name)
        vertex_colors = _vertex_colors(found)
        textures = Textures(read_file, budget)
        materials = _materials(libraries, found, textures, budget, left_out)
        parts = []
        for material_name, lines in found.faces.items():
            material = materials.get(material_name) or default_material(material_name)
            parts.append(_part(lines, positions, uvs, vertex_colors, material, budget, left_out))
        return finished_model(parts, budget, [*left_out, *textures.left_out])


def _sort_lines(content: bytes, name: str) -> _Statements:
    found = _Statements()
    faces = found.faces.setdefault("", [])
    if b"\\" in content:
        content = _CONTINUED.sub(b" ", content)
    for line in content.splitlines():
        head = line[:2]
        if head == b"v ":
            found.positions.append(line)
        elif head == b"f ":
            faces.append(_plain_face(line, found, name) if b"-" in line or b"#" in line else line)
        elif words := line.split(None, 1):
            keyword, rest = words[0], words[1] if len(words) > 1 else b""
            if keyword == b"v":
                found.positions.append(line)
            elif keyword == b"vt":
                found.uvs.append(line)
            elif keyword in (b"f", b"fo"):
                faces.append(_plain_face(line, found, name) if b"-" in line or b"#" in line else line)
            elif keyword == b"usemtl":
                faces = found.faces.setdefault(_text(rest), [])
            elif keyword == b"mtllib":
                found.libraries.append(_text(rest))
            elif keyword == b"#MRGB":
                found.paint.append(rest.strip())
    return found


def _text(value: bytes) -> str:
    """A name; the content is UTF-8 by now, whatever it was."""
    return value.decode("utf-8", "replace").strip()


def _plain_face(line: bytes, found: _Statements, name: str) -> bytes:
    """A face line without its comment, and with negative indices, which count back from the latest vertex, resolved."""
    counts = (len(found.positions), len(found.uvs))
    corners = []
    for corner in line.split(b"#")[0].split()[1:]:
        numbers = [_integer(word, name) for word in corner.split(b"/")[:2]]
        fixed = [n + count + 1 if n < 0 else n for n, count in zip(numbers, counts, strict=False)]
        corners.append(b"/".join(b"%d" % n if n > 0 else b"" for n in fixed) or b"0")
    return b"f " + b" ".join(corners)


def _integer(word: bytes, name: str) -> int:
    try:
        return int(word) if word else 0
    except ValueError:
        raise MeshError(f"{name} has a face corner {_text(word)!r}; expected a whole number") from None


def _coordinates(lines: list[bytes], dimensions: int, name: str) -> Float64[np.ndarray, "lines dimensions"]:
    """The numbers behind each keyword, float64 [lines, dimensions]."""
    words = [word for line in lines for word in line.split()[1 : dimensions + 1]]
    try:
        values = np.array([float(word) for word in words])
        if len(words) != len(lines) * dimensions:
            raise ValueError
    except ValueError:
        values = np.array([_padded(line, dimensions, name) for line in lines])
    return values.reshape(-1, dimensions)


def _padded(line: bytes, dimensions: int, name: str) -> list[float]:
    """One line's numbers, forgiving decimal commas and (for texture coordinates) a missing second number."""
    words = line.replace(b",", b".").split()[1 : dimensions + 1]
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        numbers = []
    if not numbers or (dimensions == 3 and len(numbers) < 3):
        raise MeshError(f"{name} has a line {_text(line)[:60]!r}; expected {dimensions} numbers")
    return numbers + [0.0] * (dimensions - len(numbers))


def _vertex_colors(found: _Statements) -> Float64[np.ndarray, "vertices 3"] | None:
    """Read the sRGB of vertices, float64 [vertices, 3]; white where a vertex has none, None where all do.

    It stands behind the coordinates, or in comments of ZBrush: eight hexadecimal digits a vertex, MMRRGGBB.
    """
    lines = found.positions
    if not any(line.count(b" ") + line.count(b"\t") >= 6 for line in lines):
        return _painted_colors(b"".join(found.paint), len(lines))
    rows = [line.split()[4:7] for line in lines]
    try:
        values = np.array([[float(word) for word in row] if len(row) == 3 else [np.nan] * 3 for row in rows])
    except ValueError:
        values = np.array([_color(row) for row in rows])
    is_given = np.isfinite(values).all(axis=1)
    colors = np.ones((len(lines), 3))
    colors[is_given] = unit_colors(values[is_given], is_integer=False)
    return colors if is_given.any() else None


def _color(words: list[bytes]) -> list[float]:
    """One vertex's colour, forgiving decimal commas; NaN for a comment or anything else."""
    try:
        return [float(word.replace(b",", b".")) for word in words] if len(words) == 3 else [np.nan] * 3
    except ValueError:
        return [np.nan] * 3


def _painted_colors(digits: bytes, num_vertices: int) -> Float64[np.ndarray, "vertices 3"] | None:
    if not num_vertices or len(digits) != 8 * num_vertices:
        return None
    try:
        values = np.frombuffer(bytes.fromhex(digits.decode("ascii")), np.uint8).reshape(-1, 4)
    except ValueError:
        return None
    return values[:, 1:] / 255.0


def _libraries(found: _Statements, read_file: ReadFile, budget: ObjectBudget) -> tuple[list[bytes], list[str]]:
    """Find the MTL files that are there; also returns a line for each statement that names none."""
    contents: list[bytes] = []
    missing: list[str] = []
    for library in dict.fromkeys(found.libraries):
        # The statement may list several files, or one whose name has spaces.
        words = dict.fromkeys([library, *library.split()])
        budget.take("material libraries", len(words))
        read = [_first(read_file, word) for word in words]
        contents += [text for text in read if text is not None]
        if not any(text is not None for text in read):
            missing.append(f"the materials {library} are missing")
    return contents, missing


def _first(read_file: ReadFile, name: str) -> bytes | None:
    found = (read_file(candidate) for candidate in file_candidates(name))
    return next((content for content in found if content is not None), None)


def _materials(
    libraries: list[str], found: _Statements, textures: Textures, budget: ObjectBudget, left_out: list[str]
) -> dict[str, Material]:
    """The materials that faces use, by name; those that no library defines are told in `left_out`."""
    used = {material for material, lines in found.faces.items() if lines}
    num_defined = sum(text.count("newmtl") for text in libraries)
    budget.take("materials", num_defined)
    # Where no face says which material it has, and there is one alone, every viewer takes that.
    is_only = used == {""} and num_defined == 1
    materials: dict[str, Material] = {}
    for text in libraries:
        materials.update(read_mtl(text, textures.load, None if is_only else used))
    if is_only:
        return {"": next(iter(materials.values()))} if materials else {}
    if libraries:
        left_out += [f"the material {name} is not defined" for name in sorted(used - materials.keys() - {""})]
    return materials


def _part(
    lines: list[bytes],
    positions: Float64[np.ndarray, "positions 3"],
    uvs: Float64[np.ndarray, "coordinates 2"],
    vertex_colors: Float64[np.ndarray, "positions 3"] | None,
    material: Material,
    budget: ObjectBudget,
    left_out: list[str],
) -> RawPart:
    name = budget.name
    corners, sizes = _corners(lines, name)
    budget.take("corners of faces", len(corners))
    if corners.size and (corners[:, 0].min() < 1 or corners[:, 0].max() > len(positions)):
        raise MeshError(f"{name} has a face corner beyond its {len(positions)} vertices; the file may be cut short")
    is_missing = (corners[:, 1] < 0) | (corners[:, 1] > len(uvs))
    if is_missing.any():
        left_out.append(f"{int(is_missing.sum())} corners name texture coordinates that are not there")
        corners[is_missing, 1] = 0
    vertex_keys, inverse = np.unique(corners[:, 0] * (len(uvs) + 1) + corners[:, 1], return_inverse=True)
    of_position, of_uv = vertex_keys // (len(uvs) + 1) - 1, vertex_keys % (len(uvs) + 1)
    vertices = positions[of_position]
    _check_finite(vertices, name)
    faces = inverse.reshape(-1)[triangulate(vertices[inverse.reshape(-1)], sizes, budget)]
    part = RawPart(vertices, faces, material, _finite_uvs(uvs, of_uv) if of_uv.any() else None)
    return part if vertex_colors is None else _painted(part, vertex_colors[of_position])


def _painted(part: RawPart, vertex_colors: Float64[np.ndarray, "vertices 3"]) -> RawPart:
    """Give a part the colours of its vertices, unless it has a texture; a grey material is an exporter's default."""
    material = part.material
    if material.texture is not None and part.uvs is not None:
        return part
    material = without_texture(material)
    if np.ptp(material.color) <= _GREY_SPREAD:
        material = replace(material, color=(1.0, 1.0, 1.0))
    return replace(part, material=material, uvs=None, colors=of_corners(vertex_colors, part.faces))


def _check_finite(vertices: Float[np.ndarray, "vertices 3"], name: str) -> None:
    if not np.isfinite(vertices).all():
        raise MeshError(f"{name} has vertices that are not finite (NaN or infinite); repair the file")


def _finite_uvs(
    uvs: Float64[np.ndarray, "coordinates 2"], of_uv: Int64[np.ndarray, " vertices"]
) -> Float64[np.ndarray, "vertices 2"]:
    placed: np.ndarray = np.nan_to_num(np.concatenate([np.zeros((1, 2)), uvs])[of_uv], posinf=0.0, neginf=0.0)
    return placed


def _corners(lines: list[bytes], name: str) -> tuple[Int64[np.ndarray, "corners 2"], Int64[np.ndarray, " polygons"]]:
    """Read polygons: corners as 1-based position and texture coordinate or 0, and how many corners each has."""
    polygons = [words for line in lines if len(words := line.split()) > 3]
    known: dict[bytes, int] = {}
    order = [known.setdefault(word, len(known)) for words in polygons for word in words[1:]]
    pairs = np.array([_pair(word, name) for word in known], np.int64).reshape(-1, 2)
    return pairs[np.array(order, np.int64)], np.array([len(words) - 1 for words in polygons], np.int64)


def _pair(word: bytes, name: str) -> tuple[int, int]:
    position, _, rest = word.partition(b"/")
    return _integer(position, name), _integer(rest.partition(b"/")[0], name)
