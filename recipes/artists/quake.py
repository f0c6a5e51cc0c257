"""Quake II's models (.md2) as OBJ text, in their first frame. Quake's axes are z up; the OBJ's are y up."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from wavefront_text import Buffer, obj_and_mtl

HEADER = struct.Struct("<4s16i")
SKIN, FRAME_HEAD = 64, 40  # bytes of a skin's name, and of a frame's scale, origin and name


def obj_of_md2(content: bytes, path: Path) -> tuple[str, str]:
    """OBJ and MTL text of one model with its first skin. Raises ValueError."""
    if len(content) < HEADER.size or content[:4] != b"IDP2":
        raise ValueError("not an md2 file")
    _, _, width, height, _, skins, vertices, pairs, triangles, _, _, *offsets, _ = HEADER.unpack_from(content)
    skins_at, pairs_at, triangles_at, frames_at, _ = offsets
    scale, origin = np.frombuffer(content, "<f4", 6, frames_at).reshape(2, 3)
    packed = np.frombuffer(content, np.uint8, vertices * 4, frames_at + FRAME_HEAD).reshape(-1, 4)
    x, y, z = (packed[:, :3] * scale + origin).T
    uvs = np.frombuffer(content, "<i2", pairs * 2, pairs_at).reshape(-1, 2) / np.array([width, height])
    corners = np.frombuffer(content, "<u2", triangles * 6, triangles_at).reshape(-1, 6).astype(np.int64)
    skin = content[skins_at : skins_at + SKIN].split(b"\0")[0].decode("latin-1") if skins else path.stem
    name = path.stem if skin.strip(".") == "" else skin.lstrip(".")
    # A corner has a place and a pair of texture coordinates: each corner is a vertex of its own here.
    places = np.stack([x, z, -y], axis=1)[corners[:, :3].ravel()]
    faces = np.arange(len(places)).reshape(-1, 3)
    return obj_and_mtl([Buffer(places, uvs[corners[:, 3:].ravel()] * [1, -1] + [0, 1], faces[:, ::-1], name)])
