"""SuperTuxKart's meshes (.spm, version 1) as OBJ text.

After the magic, version and flags come the bounds, the names of two pictures for each material, and sectors of buffers:
vertices (position, packed normal, colour, half-precision texture coordinates, packed tangent, joints) and indices.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from wavefront_text import Buffer, obj_and_mtl

NORMALS, COLORS, TANGENTS = 1, 2, 4
ANIMATED = 1
WHITE = 128  # in place of a colour's alpha: no colour follows


class _Bytes:
    """What is left of a file."""

    def __init__(self, content: bytes) -> None:
        self.content, self.at = content, 0

    def take(self, count: int) -> bytes:
        if self.at + count > len(self.content):
            raise ValueError("the file ends too early")
        self.at += count
        return self.content[self.at - count : self.at]

    def number(self, kind: str) -> int:
        return int(np.frombuffer(self.take(np.dtype(kind).itemsize), kind)[0])

    def text(self) -> str:
        return self.take(self.number("u1")).decode("utf-8", "replace")


def obj_of_spm(content: bytes, path: Path) -> tuple[str, str]:
    """OBJ and MTL text of one mesh; animated ones as they stand in the file. Raises ValueError."""
    data = _Bytes(content)
    if data.take(2) != b"SP" or (kind := data.number("u1")) >> 3 != 1:
        raise ValueError("not an spm file of version 1")
    flags = data.number("u1")
    data.take(24)
    pictures = [(data.text(), data.text()) for _ in range(data.number("<u2"))]
    buffers = []
    for _ in range(data.number("<u2")):
        for _ in range(data.number("<u2")):
            buffers.append(_buffer(data, flags, pictures, kind & 7 == ANIMATED))
    return obj_and_mtl(buffers)


def _buffer(data: _Bytes, flags: int, pictures: list[tuple[str, str]], animated: bool) -> Buffer:
    count, indices, material = data.number("<u4"), data.number("<u4"), data.number("<u2")
    first, second = pictures[material] if material < len(pictures) else ("", "")
    if count > len(data.content):
        raise ValueError("the file ends too early")
    positions, uvs = np.zeros((count, 3), np.float32), np.zeros((count, 2), np.float32)
    for vertex in range(count):
        positions[vertex] = np.frombuffer(data.take(12), "<f4")
        data.take(4 if flags & NORMALS else 0)
        if flags & COLORS and data.number("u1") != WHITE:
            data.take(3)
        if first:
            uvs[vertex] = np.frombuffer(data.take(4), "<f2")
            data.take(4 if second else 0)
            data.take(4 if flags & TANGENTS else 0)
        data.take(16 if animated else 0)
    kind = "u1" if count <= 255 else "<u2"
    faces = np.frombuffer(data.take(indices * np.dtype(kind).itemsize), kind).astype(np.int64).reshape(-1, 3)
    # Left-handed: turned over, so that fronts stay fronts.
    return Buffer(positions * [1, 1, -1], _finite(uvs), faces[:, ::-1], first)


def _finite(uvs: np.ndarray) -> np.ndarray:
    """Texture coordinates with v upwards; some files have a few that are no numbers."""
    finite: np.ndarray = np.nan_to_num(uvs * [1, -1] + [0, 1], posinf=0, neginf=0)
    return finite
