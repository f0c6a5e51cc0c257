"""Our own .glb files read again: for pictures of a result that is there already.

The whole of glTF is read by `data/sources/readers/gltf`, which belongs to the lab.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from shapeshot.errors import MeshError
from shapeshot.export.colors import to_srgb
from shapeshot.geometry import Mesh
from shapeshot.geometry.texture import Texture

if TYPE_CHECKING:
    from jaxtyping import Num

_TYPES = {5126: "<f4", 5123: "<u2", 5125: "<u4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
_TRIANGLES = 4
FARTHEST = 1e9  # from the origin: ours lie nearer, and what is computed of vertices overflows at 1e19
# OverflowError: integers of many digits. RecursionError: JSON of many brackets.
DAMAGE = (ValueError, LookupError, TypeError, AttributeError, struct.error, OverflowError, RecursionError)


def decode_glb(content: bytes, name: str) -> Mesh:
    """The mesh in a .glb file that `encode_glb` wrote, with colours at its vertices. name: for errors.

    A texture comes along; the vertices along its seam, which are there twice, stay so.

    Raises MeshError for files of other programs, for points, and where the file is damaged.
    """
    try:
        with np.errstate(all="ignore"):  # what is not finite is refused by what is made of it
            return _mesh(*_chunks(content), name)
    except DAMAGE as error:
        raise MeshError(f"{name} is damaged or no .glb file ({error})") from error


def _mesh(document: dict[str, Any], binary: bytes, name: str) -> Mesh:
    if document["asset"].get("generator") != "shapeshot":
        raise MeshError(f"{name} was not written by shapeshot; give a result of 'shapeshot reconstruct'")
    primitive = document["meshes"][0]["primitives"][0]
    if primitive.get("mode", _TRIANGLES) != _TRIANGLES:
        raise MeshError(f"{name} holds points; give a mesh")
    attributes = primitive["attributes"]
    vertices = _rows(document, binary, attributes["POSITION"])
    if not (np.abs(vertices) <= FARTHEST).all():
        raise ValueError(f"its vertices do not lie within {FARTHEST:g} of the origin")
    faces = _rows(document, binary, primitive["indices"]).reshape(-1, 3)
    if "TEXCOORD_0" in attributes:
        return _textured(vertices, faces, document, binary, attributes["TEXCOORD_0"])
    colors = None
    if "COLOR_0" in attributes:
        colors = to_srgb(_rows(document, binary, attributes["COLOR_0"])[:, :3] / 65535)
    return Mesh(vertices, faces, colors)


def _chunks(content: bytes) -> tuple[dict[str, Any], bytes]:
    """The JSON and the binary part of a container."""
    magic, _, _ = struct.unpack_from("<4sII", content)
    if magic != b"glTF":
        raise ValueError("it does not begin with glTF")
    [length] = struct.unpack_from("<I", content, 12)
    return json.loads(content[20 : 20 + length]), content[20 + length + 8 :]


def _textured(
    vertices: Num[np.ndarray, "vertices 3"],
    faces: Num[np.ndarray, "faces 3"],
    document: dict[str, Any],
    binary: bytes,
    places: int,
) -> Mesh:
    """A mesh with the one picture of the file on it, whose colours its vertices get, too."""
    view = document["bufferViews"][document["images"][0]["bufferView"]]
    picture = binary[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]
    from_below = _rows(document, binary, places) * [1, -1] + [0, 1]
    texture = Texture(picture, from_below, faces)
    return Mesh(vertices, faces, texture.colors_at(texture.places), texture)


def _rows(document: dict[str, Any], binary: bytes, number: int) -> Num[np.ndarray, "rows components"]:
    accessor = document["accessors"][number]
    width = _WIDTHS[accessor["type"]]
    start = document["bufferViews"][accessor["bufferView"]]["byteOffset"] + accessor.get("byteOffset", 0)
    return np.frombuffer(binary, _TYPES[accessor["componentType"]], accessor["count"] * width, start).reshape(-1, width)
