"""MegaGlest's models (.g3d, version 4) as OBJ text, in their first frame. Their axes are y up, as the OBJ's are."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from wavefront_text import Buffer, obj_and_mtl

FILE_HEAD = struct.Struct("<3sBHB")
MESH_HEAD = struct.Struct("<64s3I8f2I")  # name; frames, vertices, indices; colours and opacity; properties, textures
TEXTURE_NAME = 64  # bytes
TEXTURES = 5  # the bits of a mesh's textures that a file may set; the first is the picture of its colours


def obj_of_g3d(content: bytes, path: Path) -> tuple[str, str]:
    """OBJ and MTL text of one model. Raises ValueError."""
    if len(content) < FILE_HEAD.size or content[:4] != b"G3D\x04":
        raise ValueError("not a g3d file of version 4")
    count, at = FILE_HEAD.unpack_from(content)[2], FILE_HEAD.size
    buffers = []
    for _ in range(count):
        try:
            buffer, at = _mesh(content, at)
        except struct.error:
            raise ValueError("the file ends within a mesh") from None
        buffers.append(buffer)
    return obj_and_mtl(buffers)


def _mesh(content: bytes, at: int) -> tuple[Buffer, int]:
    """One mesh of the file, and where the next begins."""
    _, frames, vertices, indices, *_, textures = MESH_HEAD.unpack_from(content, at)
    at += MESH_HEAD.size
    names = []
    for bit in range(TEXTURES):
        if textures >> bit & 1:
            names.append(content[at : at + TEXTURE_NAME].split(b"\0")[0].decode("latin-1"))
            at += TEXTURE_NAME
    positions = np.frombuffer(content, "<f4", vertices * 3, at).reshape(-1, 3)
    at += frames * vertices * 3 * 4 * 2  # each frame's places, then each frame's normals
    uvs = np.zeros((vertices, 2), np.float32)
    if names:
        uvs = np.frombuffer(content, "<f4", vertices * 2, at).reshape(-1, 2)
        at += vertices * 2 * 4
    faces = np.frombuffer(content, "<u4", indices, at).reshape(-1, 3).astype(np.int64)
    return Buffer(positions, uvs, faces, names[0] if textures & 1 else ""), at + indices * 4
