"""PLY (Turk 1994): faces of any size, strips, colours by every name, textures."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64

from shapeshot.data.objects import ObjectModel
from shapeshot.data.sources.readers.budget import ObjectBudget, ReadFile, damage_named
from shapeshot.data.sources.readers.colors import unit_colors
from shapeshot.data.sources.readers.ply_tables import Table, read_tables
from shapeshot.data.sources.readers.polygon_file import PolygonFile, triangles_of
from shapeshot.data.sources.readers.raw_parts import RawPart, finished_model
from shapeshot.data.sources.readers.text import as_utf8
from shapeshot.data.sources.readers.textures import Textures
from shapeshot.errors import MeshError

_COLORS = (("red", "green", "blue"), ("diffuse_red", "diffuse_green", "diffuse_blue"), ("r", "g", "b"))
_UVS = (("s", "t"), ("u", "v"), ("texture_u", "texture_v"), ("texture_s", "texture_t"))
_CORNERS = ("vertex_indices", "vertex_index", "vertex_indexes")
_TEXTURE_NUMBERS = ("texnumber", "texture_id")
_ENDS = -1  # in tristrips: here a new strip begins


def read_ply(content: bytes, name: str, read_file: ReadFile) -> ObjectModel:
    """The model in a PLY file. name: what errors call it. read_file: as of read_obj, for the texture of a comment.

    Raises MeshError for what is no PLY, cut short, or without faces.
    """
    with damage_named(name):
        budget = ObjectBudget(name)
        if content[:3] != b"ply":
            content = as_utf8(content)
        tables, texture_names = read_tables(content, name)
        textures = Textures(budget.reading(read_file), budget)
        polygons = _polygons(tables, name)
        left_out = [
            f"colours of each {element} without red, green or blue"
            for element in ("vertex", "face")
            if _has_lost_colors(tables.get(element, Table()))
        ]
        numbers = _texture_numbers(tables.get("face", Table()), len(polygons.sizes))
        if len(texture_names) > 1 and numbers is None:
            left_out.append(f"of its {len(texture_names)} textures all but the first, which no face asks for")
        parts = _by_texture(polygons, texture_names, numbers, textures, budget)
        return finished_model(parts, budget, [*textures.left_out, *left_out])


def _by_texture(
    polygons: PolygonFile,
    names: list[str],
    numbers: Int64[np.ndarray, " polygons"] | None,
    textures: Textures,
    budget: ObjectBudget,
) -> list[RawPart]:
    """The polygons of each texture as a part; those of a number that no texture has are one without any."""
    if len(names) < 2 or numbers is None:
        return [triangles_of(polygons, budget, textures.load(names[0]) if names else None)]
    numbers = np.where((numbers >= 0) & (numbers < len(names)), numbers, -1)
    return [
        triangles_of(polygons.only(numbers == number), budget, textures.load(names[number]) if number >= 0 else None)
        for number in np.unique(numbers)
    ]


def _texture_numbers(face: Table, num_faces: int) -> Int64[np.ndarray, " polygons"] | None:
    """Which of the textures each face has, int64 [polygons], or None where the file does not say."""
    key = next((key for key in _TEXTURE_NUMBERS if key in face.columns and key not in face.lengths), None)
    return face.columns[key].astype(np.int64) if key and len(face.columns[key]) == num_faces else None


def _polygons(tables: dict[str, Table], name: str) -> PolygonFile:
    vertex, face = tables.get("vertex", Table()), tables.get("face", Table())
    if not {"x", "y", "z"} <= set(vertex.columns):
        raise MeshError(f"{name} has no vertices with x, y and z; expected a mesh of triangles or polygons")
    vertices = np.stack([vertex.columns[axis] for axis in "xyz"], axis=1)
    key = next((key for key in _CORNERS if key in face.lengths), None)
    corners = face.columns[key].astype(np.int64) if key else np.zeros(0, np.int64)
    sizes = face.lengths[key] if key else np.zeros(0, np.int64)
    strips = tables.get("tristrips", Table())
    if (strip_key := next((key for key in _CORNERS if key in strips.lengths), None)) and not len(sizes):
        triangles = _strip_triangles(strips.columns[strip_key].astype(np.int64), strips.lengths[strip_key])
        return PolygonFile(vertices, triangles.reshape(-1), np.full(len(triangles), 3), _colors(vertex))
    corner_uvs = None
    if "texcoord" in face.lengths and (face.lengths["texcoord"] == 2 * sizes).all():
        corner_uvs = face.columns["texcoord"].reshape(-1, 2)
    return PolygonFile(vertices, corners, sizes, _colors(vertex), _colors(face), _uvs(vertex), corner_uvs)


def _colors(table: Table) -> Float64[np.ndarray, "vertices 3"] | None:
    for names in _COLORS:
        if all(key in table.columns and key not in table.lengths for key in names):
            return unit_colors(np.stack([table.columns[key] for key in names], axis=1), table.is_integer[names[0]])
    return None


def _has_lost_colors(table: Table) -> bool:
    """Whether some channel of a colour is there and another is not, or is misspelt."""
    return _colors(table) is None and any(key in table.columns for names in _COLORS[:2] for key in names)


def _uvs(table: Table) -> Float64[np.ndarray, "vertices 2"] | None:
    for names in _UVS:
        if all(key in table.columns and key not in table.lengths for key in names):
            return np.stack([table.columns[key] for key in names], axis=1)
    return None


def _strip_triangles(
    corners: Int64[np.ndarray, " corners"], lengths: Int64[np.ndarray, " strips"]
) -> Int64[np.ndarray, "triangles 3"]:
    """Strips, each ended by its length or by -1, as triangles int64 [triangles, 3]; every other one is turned over."""
    ends = np.cumsum(lengths)
    breaks = np.union1d(np.flatnonzero(corners == _ENDS), ends)
    starts = np.concatenate([[0], breaks[:-1] + (corners[np.minimum(breaks[:-1], len(corners) - 1)] == _ENDS)])
    triangles = [np.empty((0, 3), np.int64)]
    for start, end in zip(starts, breaks, strict=True):
        strip = corners[start:end]
        if len(strip) >= 3:
            rows = np.stack([strip[:-2], strip[1:-1], strip[2:]], axis=1)
            rows[1::2] = rows[1::2, [1, 0, 2]]
            triangles.append(rows)
    return np.concatenate(triangles)
