"""Warzone 2100's models (.pie, versions 2 and 3) as OBJ text. Their axes are y up.

The levels of a file are parts that are drawn together. Those of some bodies are moments of a motion: games.py leaves
these files out.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from wavefront_text import Buffer, obj_and_mtl

ANIMATED = 0x4000  # a polygon's flag: four numbers about its texture's frames stand before its texture coordinates
PAGE = 256  # pixels of a page's side in version 2, whose texture coordinates are in pixels


def obj_of_pie(content: bytes, path: Path) -> tuple[str, str]:
    """OBJ and MTL text of one model. Raises ValueError."""
    lines = [line.split() for line in content.decode("latin-1").splitlines() if line.strip()]
    if not lines or lines[0][0] != "PIE" or lines[0][1] not in ("2", "3"):
        raise ValueError("not a pie file of version 2 or 3")
    page = PAGE if lines[0][1] == "2" else 1
    picture = next((line[2] for line in lines if line[0] == "TEXTURE"), "")
    return obj_and_mtl([Buffer(*level, picture) for level in _levels(lines, page)])


def _levels(lines: list[list[str]], page: int) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Positions, texture coordinates and faces of each level; each corner of a face is a vertex of its own."""
    points = np.zeros((0, 3))
    for at, line in enumerate(lines):
        if line[0] == "POINTS":
            points = np.array([row[:3] for row in _rows(lines, at)], float)
        elif line[0] == "POLYGONS":
            corners = [corner for row in _rows(lines, at) for corner in _corners(row)]
            chosen, uvs = np.array([corner[0] for corner in corners], int), [corner[1] for corner in corners]
            if len(chosen) and not 0 <= chosen.min() <= chosen.max() < len(points):
                raise ValueError("a polygon names a point that is not there")
            texture = np.array(uvs, float).reshape(-1, 2) / page * [1, -1] + [0, 1]
            yield points[chosen], texture, np.arange(len(chosen)).reshape(-1, 3)


def _rows(lines: list[list[str]], at: int) -> list[list[str]]:
    """The rows that a line announces."""
    rows = lines[at + 1 : at + 1 + int(lines[at][1])]
    if len(rows) < int(lines[at][1]) or any(len(row) < 3 for row in rows):
        raise ValueError("the file ends within a level")
    return rows


def _corners(row: list[str]) -> Iterator[tuple[int, tuple[str, str]]]:
    """The corners of a polygon's triangles, as a fan: a point's number and its texture coordinates."""
    flags, count = int(row[0], 16), int(row[1])
    uvs = row[2 + count + (4 if flags & ANIMATED else 0) :]
    for second in range(1, count - 1):
        for corner in (0, second, second + 1):
            yield int(row[2 + corner]), (uvs[2 * corner], uvs[2 * corner + 1])
