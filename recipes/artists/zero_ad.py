"""0 A.D.'s meshes (.pmd) as OBJ text, each with the picture that the first actor that shows it gives it."""

from __future__ import annotations

import struct
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from wavefront_text import Buffer, obj_and_mtl

VERTEX = 24  # bytes of position and normal; 8 for each pair of texture coordinates and 20 of blending follow


def obj_of_pmd(content: bytes, path: Path) -> tuple[str, str]:
    """OBJ and MTL text of one mesh, in its rest pose. Raises ValueError."""
    if content[:4] != b"PSMD":
        raise ValueError("not a pmd file")
    version, _, count = struct.unpack_from("<III", content, 4)
    pairs, at = (struct.unpack_from("<I", content, 16)[0], 20) if version >= 4 else (1, 16)
    size = VERTEX + 8 * pairs + 20
    vertices = np.frombuffer(content, np.uint8, count * size, at).reshape(count, size)
    positions = np.ascontiguousarray(vertices[:, :12]).view("<f4")
    uvs = np.ascontiguousarray(vertices[:, VERTEX : VERTEX + 8]).view("<f4")
    at += count * size
    faces = np.frombuffer(content, "<u2", 3 * struct.unpack_from("<I", content, at)[0], at + 4).astype(np.int64)
    art = next((parent for parent in path.parents if parent.name == "art"), None)
    name = path.relative_to(art / "meshes").as_posix().split(".")[0] if art else path.stem
    picture = _pictures(art).get(name) if art else None
    if picture is None:
        raise ValueError("no actor shows it")
    return obj_and_mtl([Buffer(positions * [1, 1, -1], uvs, faces.reshape(-1, 3)[:, ::-1], picture)])


@cache
def _pictures(art: Path) -> dict[str, str]:
    """The picture of each mesh, by its path below meshes/ without suffixes: from the actors' first variants."""
    found: dict[str, str] = {}
    for path in sorted((art / "actors").rglob("*.xml")):
        try:
            actor = ElementTree.parse(path).getroot()
        except ElementTree.ParseError:
            continue
        meshes = [mesh.text.strip() for mesh in actor.iter("mesh") if mesh.text]
        pictures = [texture.get("file", "") for texture in actor.iter("texture") if texture.get("name") == "baseTex"]
        for mesh in meshes if pictures else []:
            found.setdefault(mesh.split(".")[0], pictures[0])
    return found
