"""OFF and its kin (Geomview): COFF, NOFF, STOFF and their combinations, in text; polygons of any size, face colours."""

from __future__ import annotations

import re

import numpy as np
from jaxtyping import Float, Float64

from shapeshot.data.objects import ObjectModel
from shapeshot.data.sources.readers.budget import ObjectBudget, damage_named
from shapeshot.data.sources.readers.colors import unit_colors
from shapeshot.data.sources.readers.polygon_file import PolygonFile, triangles_of
from shapeshot.data.sources.readers.raw_parts import finished_model
from shapeshot.data.sources.readers.text import decode_text
from shapeshot.errors import MeshError
from shapeshot.limits import OBJECT_CORNERS, OBJECT_VERTICES

# What a vertex has beside its coordinates, then dimensions; ModelNet's files have their counts right behind OFF.
_KEYWORD = re.compile(r"((?:ST|C|N)*)(4?n?)OFF(?![A-Za-z])")
_COMMENT = re.compile(r"#[^\n]*")


def read_off(content: bytes, name: str) -> ObjectModel:
    """The model in an OFF file. name: what errors call it. Raises MeshError for what is no OFF, cut short or empty."""
    with damage_named(name):
        budget = ObjectBudget(name)
        lines = [line for line in _COMMENT.sub("", decode_text(content)).splitlines() if line.strip()]
        keyword, counts, at = _header(lines, name)
        num_vertices, num_faces = counts
        if not (0 <= num_vertices <= OBJECT_VERTICES and 0 <= num_faces <= OBJECT_CORNERS):
            raise MeshError(
                f"{name} announces {num_vertices} vertices and {num_faces} faces, more than one object may have"
            )
        if at + num_vertices > len(lines):
            raise _cut_short(name, num_vertices, "vertices")
        try:
            vertices, vertex_colors = _vertices(lines[at : at + num_vertices], keyword, name)
            polygons = _faces(lines[at + num_vertices :], num_faces, vertices, vertex_colors, name)
        except (ValueError, IndexError) as error:
            raise MeshError(f"{name} has a line that is not the numbers of a vertex or face ({error})") from error
        return finished_model([triangles_of(polygons, budget)], budget)


def _header(lines: list[str], name: str) -> tuple[re.Match[str], tuple[int, int], int]:
    """Read the header: the keyword, (number of vertices, number of faces), and the first line of data."""
    keyword = _KEYWORD.match(lines[0].strip()) if lines else None
    if keyword is None:
        raise MeshError(f"{name} is no OFF file: it does not begin with OFF, COFF or the like")
    rest = lines[0].strip()[keyword.end() :].split()
    if rest[:1] == ["BINARY"] or keyword[2]:
        what = "a binary OFF" if rest[:1] == ["BINARY"] else f"{keyword[0]}, of another dimension"
        raise MeshError(f"{name} is {what}, which is not read; save it as text, as PLY or OBJ")
    at = 1
    if not rest and len(lines) > 1:
        rest, at = lines[1].split(), 2
    if len(rest) < 2 or not all(word.isdecimal() and len(word) < 12 for word in rest[:2]):
        raise MeshError(f"{name} does not say how many vertices and faces it has; check the file")
    return keyword, (int(rest[0]), int(rest[1])), at


def _vertices(
    lines: list[str], keyword: re.Match[str], name: str
) -> tuple[Float64[np.ndarray, "vertices 3"], Float64[np.ndarray, "vertices 3"] | None]:
    """Read vertices, float64 [vertices, 3], and their colours or None: coordinates, normal, colour, texture."""
    rows = [line.split() for line in lines]
    width = min((len(row) for row in rows), default=3)
    if width < 3:
        raise MeshError(f"{name} has a vertex of {width} numbers; expected 3 or more")
    values = np.array([row[:width] for row in rows], dtype=np.float64).reshape(-1, width)
    flags = keyword[1]
    # MeshLab writes colours under plain OFF, too, and before normals where it writes N before C.
    has_colors = "C" in flags or (not flags and width in (6, 7))
    start = 6 if "N" in flags and not 0 <= flags.find("N") < flags.find("C") else 3
    if not has_colors or width < start + 3 or not rows:
        return values[:, :3], None
    # Of 0..255 are whole numbers, unless all of them are 0 or 1, as floats are written by "%g".
    has_fractions = any("." in word for row in rows for word in row[start : start + 3])
    is_integer = not has_fractions and float(values[:, start:].max()) > 1
    return values[:, :3], unit_colors(values[:, start : start + 3], is_integer)


def _faces(
    lines: list[str],
    num_faces: int,
    vertices: Float[np.ndarray, "vertices 3"],
    vertex_colors: Float64[np.ndarray, "vertices 3"] | None,
    name: str,
) -> PolygonFile:
    corners: list[int] = []
    sizes, colors = np.zeros(num_faces, np.int64), np.full((num_faces, 3), np.nan)
    is_integer, highest = True, 0.0
    words: list[str] = []
    at = 0
    for face in range(num_faces):
        while not words or len(words) <= int(words[0]):  # a face may go on in the next line
            if at == len(lines):
                raise _cut_short(name, num_faces, "faces")
            words += lines[at].split()
            at += 1
        size = int(words[0])
        if size < 0:
            raise ValueError(f"a face of {size} corners")
        sizes[face] = size
        corners += [int(word) for word in words[1 : size + 1]]
        rest = words[size + 1 :]
        if len(rest) >= 3:
            colors[face] = [float(word) for word in rest[:3]]
            is_integer = is_integer and not any("." in word for word in rest[:3])
            highest = max(highest, *(float(word) for word in rest[:4]))
        words = []
    has_color = np.isfinite(colors).all(axis=1)
    face_colors = None
    if has_color.any():
        face_colors = np.ones((num_faces, 3))
        face_colors[has_color] = unit_colors(colors[has_color], is_integer and highest > 1)
    return PolygonFile(vertices, np.array(corners, np.int64), sizes, vertex_colors, face_colors)


def _cut_short(name: str, count: int, what: str) -> MeshError:
    return MeshError(f"{name} is cut short: it has fewer than its {count} {what}; get a fresh copy")
