"""glTF files built piece by piece: a document, a buffer that grows, and a box to put into it."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import trimesh

COMPONENTS = {"i1": 5120, "u1": 5121, "i2": 5122, "u2": 5123, "u4": 5125, "f4": 5126}
TYPES = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4", 16: "MAT4"}


class GltfFile:
    """A document under construction; `root` may be changed at will."""

    def __init__(self) -> None:
        self.content = bytearray()
        self.root: dict[str, Any] = {
            "asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": []}], "nodes": [], "meshes": [],
            "materials": [], "accessors": [], "bufferViews": [], "textures": [], "images": [],
        }  # fmt: skip

    def view(self, content: bytes, **more: Any) -> int:
        self.content += bytes(-len(self.content) % 4)
        self.root["bufferViews"].append(
            {"buffer": 0, "byteOffset": len(self.content), "byteLength": len(content), **more}
        )
        self.content += content
        return len(self.root["bufferViews"]) - 1

    def accessor(self, rows: np.ndarray, kind: str = "f4", **more: Any) -> int:
        """rows: [count] or [count, width]. Returns the accessor's number."""
        rows = np.asarray(rows).reshape(len(rows), -1).astype(f"<{kind}")
        self.root["accessors"].append({
            "bufferView": self.view(rows.tobytes()), "componentType": COMPONENTS[kind], "count": len(rows),
            "type": TYPES[rows.shape[1]], **more,
        })  # fmt: skip
        return len(self.root["accessors"]) - 1

    def primitive(self, vertices: np.ndarray, faces: np.ndarray | None = None, **more: Any) -> dict[str, Any]:
        """Attributes, in capital letters, are numbers of accessors; all else goes into the primitive."""
        attributes = {"POSITION": self.accessor(vertices)} | {key: more.pop(key) for key in list(more) if key.isupper()}
        indices = {} if faces is None else {"indices": self.accessor(np.asarray(faces).reshape(-1), "u4")}
        return {"attributes": attributes, **indices, **more}

    def node(self, primitives: list[dict[str, Any]], **more: Any) -> int:
        """A mesh of those primitives in a node of the scene."""
        self.root["meshes"].append({"primitives": primitives})
        self.root["nodes"].append({"mesh": len(self.root["meshes"]) - 1, **more})
        self.root["scenes"][0]["nodes"].append(len(self.root["nodes"]) - 1)
        return len(self.root["nodes"]) - 1

    def material(self, color: tuple[float, ...] = (1, 1, 1, 1), **more: Any) -> int:
        surface = {"baseColorFactor": list(color), "metallicFactor": 0, **more.pop("surface", {})}
        self.root["materials"].append({"pbrMetallicRoughness": surface, **more})
        return len(self.root["materials"]) - 1

    def texture(self, png: bytes, **more: Any) -> int:
        self.root["images"].append({"bufferView": self.view(png), "mimeType": "image/png"})
        self.root["textures"].append({"source": len(self.root["images"]) - 1, **more})
        return len(self.root["textures"]) - 1

    def glb(self) -> bytes:
        root = {key: value for key, value in self.root.items() if value != []}
        root["buffers"] = [{"byteLength": len(self.content)}]
        text = json.dumps(root).encode()
        chunks = b""
        for kind, data, filler in ((b"JSON", text, b" "), (b"BIN\0", bytes(self.content), b"\0")):
            data += filler * (-len(data) % 4)
            chunks += struct.pack("<I4s", len(data), kind) + data
        return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def box(extents: tuple[float, float, float] = (1, 2, 3)) -> tuple[np.ndarray, np.ndarray]:
    """(vertices [8, 3], faces [12, 3])."""
    mesh = trimesh.creation.box(extents)
    return np.asarray(mesh.vertices), np.asarray(mesh.faces)
