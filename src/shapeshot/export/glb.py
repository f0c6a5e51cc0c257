"""Binary glTF 2.0, after the Khronos specification: https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from shapeshot.export.colors import to_linear
from shapeshot.geometry import Mesh, PointCloud

if TYPE_CHECKING:
    from jaxtyping import Float32, Num, UInt16

    from shapeshot.geometry.texture import Texture

_POINTS, _TRIANGLES = 0, 4
_ARRAY_BUFFER, _ELEMENT_ARRAY_BUFFER = 34962, 34963
_COMPONENT_TYPES = {"<f4": 5126, "<u2": 5123, "<u4": 5125}
_ELEMENT_TYPES = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4"}
_CLAMP_TO_EDGE = 33071


def encode_glb(shape: Mesh | PointCloud) -> bytes:
    """A .glb file with one mesh of triangles, or of points.

    Vertex colours are linear light, as the specification asks (section 3.7.2.1), in 16 bits a channel, because 8 bits
    would band in the dark. Meshes get smooth vertex normals, point clouds their own. No axis is flipped: glTF's
    convention is shapeshot's. A mesh with a texture has that in place of its vertex colours, as readers multiply the
    two; its vertices along the seam occur twice, since glTF gives a vertex one place on a texture.
    """
    buffer = _Buffer()
    primitive: dict[str, Any] = {"material": 0}
    if isinstance(shape, Mesh) and shape.texture is not None:
        primitive |= _textured(buffer, shape, shape.texture)
        return _container(_document(primitive, buffer, shape.texture.picture), bytes(buffer.content))
    if isinstance(shape, Mesh):
        primitive["mode"] = _TRIANGLES
        primitive["attributes"] = _attributes(buffer, shape.vertices, shape.vertex_normals, shape.colors)
        primitive["indices"] = buffer.add(shape.faces.reshape(-1, 1), "<u4", _ELEMENT_ARRAY_BUFFER)
    else:
        primitive["mode"] = _POINTS
        primitive["attributes"] = _attributes(buffer, shape.points, shape.normals, shape.colors)
    return _container(_document(primitive, buffer), bytes(buffer.content))


class _Buffer:
    """The binary chunk as it grows, with the views and accessors that describe it."""

    def __init__(self) -> None:
        self.content = bytearray()
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []

    def add(
        self,
        rows: Num[np.ndarray, "rows components"],
        dtype: str,
        target: int,
        *,
        normalized: bool = False,
        with_bounds: bool = False,
    ) -> int:
        """Append rows [count, components] and return the number of their accessor.

        Every component type and count used here fills whole multiples of 4 bytes a row, so that rows stay aligned.
        """
        rows = np.ascontiguousarray(rows, dtype)
        place = {"byteOffset": len(self.content), "byteLength": rows.nbytes}
        self.views.append({"buffer": 0, **place, "target": target})
        accessor: dict[str, Any] = {
            "bufferView": len(self.views) - 1,
            "componentType": _COMPONENT_TYPES[dtype],
            "count": len(rows),
            "type": _ELEMENT_TYPES[rows.shape[1]],
        }
        if normalized:
            accessor["normalized"] = True
        if with_bounds:
            accessor |= {"min": rows.min(axis=0).tolist(), "max": rows.max(axis=0).tolist()}
        self.accessors.append(accessor)
        self.content += rows.tobytes()
        return len(self.accessors) - 1

    def add_bytes(self, content: bytes) -> int:
        """Append a file and return the number of its view. Nothing may follow it that has to be aligned."""
        self.views.append({"buffer": 0, "byteOffset": len(self.content), "byteLength": len(content)})
        self.content += content
        return len(self.views) - 1


def _textured(buffer: _Buffer, mesh: Mesh, texture: Texture) -> dict[str, Any]:
    vertices, places, faces = texture.split(mesh.faces)
    attributes = _attributes(buffer, mesh.vertices[vertices], mesh.vertex_normals[vertices], None)
    from_top = texture.places[places] * [1, -1] + [0, 1]  # glTF counts v downwards
    attributes["TEXCOORD_0"] = buffer.add(from_top, "<f4", _ARRAY_BUFFER)
    indices = buffer.add(faces.reshape(-1, 1), "<u4", _ELEMENT_ARRAY_BUFFER)
    return {"mode": _TRIANGLES, "attributes": attributes, "indices": indices}


def _attributes(
    buffer: _Buffer,
    positions: Float32[np.ndarray, "points 3"],
    normals: Float32[np.ndarray, "points 3"] | None,
    colors: Float32[np.ndarray, "points 3"] | None,
) -> dict[str, int]:
    attributes = {"POSITION": buffer.add(positions, "<f4", _ARRAY_BUFFER, with_bounds=True)}
    if normals is not None:
        attributes["NORMAL"] = buffer.add(normals, "<f4", _ARRAY_BUFFER)
    if colors is not None:
        attributes["COLOR_0"] = buffer.add(_linear_rgba(colors), "<u2", _ARRAY_BUFFER, normalized=True)
    return attributes


def _linear_rgba(colors: Float32[np.ndarray, "points 3"]) -> UInt16[np.ndarray, "points 4"]:
    """Turn sRGB into linear, opaque RGBA, uint16 [count, 4]: rows of three would not fill multiples of 4 bytes."""
    rgba = np.full((len(colors), 4), 65535, np.uint16)
    rgba[:, :3] = np.rint(to_linear(colors) * 65535)
    return rgba


def _document(primitive: dict[str, Any], buffer: _Buffer, picture: bytes | None = None) -> dict[str, Any]:
    # Metallic is 1 unless said otherwise, which would show plain colours as dark mirrors.
    surface: dict[str, Any] = {"metallicFactor": 0, "roughnessFactor": 0.8}
    images: dict[str, Any] = {}
    if picture is not None:
        surface["baseColorTexture"] = {"index": 0}
        images = {
            "images": [{"bufferView": buffer.add_bytes(picture), "mimeType": "image/jpeg"}],
            "samplers": [{"wrapS": _CLAMP_TO_EDGE, "wrapT": _CLAMP_TO_EDGE}],
            "textures": [{"source": 0, "sampler": 0}],
        }
    return {
        "asset": {"version": "2.0", "generator": "shapeshot"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "name": "object"}],
        "meshes": [{"primitives": [primitive]}],
        "materials": [{"pbrMetallicRoughness": surface, "doubleSided": False}],
        **images,
        "accessors": buffer.accessors,
        "bufferViews": buffer.views,
        "buffers": [{"byteLength": len(buffer.content)}],
    }


def _container(document: dict[str, Any], content: bytes) -> bytes:
    """The GLB container (section 4.4): a header, then a JSON and a binary chunk, each padded to 4 bytes."""
    text = json.dumps(document, separators=(",", ":")).encode()
    chunks = b""
    for kind, data, filler in ((b"JSON", text, b" "), (b"BIN\0", content, b"\0")):
        data += filler * (-len(data) % 4)
        chunks += struct.pack("<I4s", len(data), kind) + data
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks
