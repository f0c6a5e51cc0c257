"""glTF files built piece by piece, a box to put into them, and what the reader makes of them."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import trimesh
from image_files import BLUE, RED, encoded
from PIL import Image

from shapeshot.data.objects import ObjectModel, Part
from shapeshot.data.sources.readers.gltf import read_gltf
from shapeshot.errors import MeshError

COMPONENTS = {"i1": 5120, "u1": 5121, "i2": 5122, "u2": 5123, "u4": 5125, "f4": 5126}
TYPES = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4", 16: "MAT4"}
YELLOW = (240, 220, 10)


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


def read(file: GltfFile | bytes) -> ObjectModel:
    """What the reader makes of a file that refers to no other."""
    return read_gltf(file if isinstance(file, bytes) else file.glb(), "test.glb", lambda name: None)


def outcome(file: GltfFile | bytes) -> ObjectModel | str:
    """A model, or the one line that says why not; anything else that is raised passes through."""
    try:
        return read(file)
    except MeshError as error:
        return str(error)


def volume(model: ObjectModel) -> float:
    """The signed volume of all parts together, as trimesh has it."""
    return float(trimesh.Trimesh(*model.merged(), process=False).volume)


def texels(part: Part) -> np.ndarray:
    """The texture's colour at each vertex."""
    assert part.material.texture is not None
    assert part.uvs is not None
    height, width, _ = part.material.texture.shape
    column, row = (part.uvs[:, 0] * width).astype(int) % width, ((1 - part.uvs[:, 1]) * height).astype(int) % height
    return part.material.texture[row, column]


def quarters() -> bytes:
    """Red, yellow on top; blue, black below."""
    pixels = np.array([[RED, YELLOW], [BLUE, (0, 0, 0)]], np.uint8)
    return encoded(Image.fromarray(np.kron(pixels, np.ones((8, 8, 1), np.uint8))), "PNG")


# The handed-over files.


def broken(change: Any) -> GltfFile:
    """A box whose document was changed."""
    file = GltfFile()
    file.node([file.primitive(*box())])
    change(file.root)
    return file
