"""Objects out of Blender files: each top node with its parts, in metres, +y up, its front towards +z.

Debian's `assimp` turns the .blend into glb, trimesh reads that; names of materials are kept, as they say what shines.
"""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from shapeshot.data.objects import Material, ObjectModel, Part
from shapeshot.data.sources.readers.colors import linear_to_srgb
from shapeshot.errors import MeshError, UserError

ROOT = "<BlenderRoot>"
Z_UP_TO_Y_UP = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
MAX_TEXTURE_SIDE = 1024


@dataclass(frozen=True, eq=False)
class NamedModel:
    """A model, and the name of each part's material in its artist's file."""

    model: ObjectModel
    materials: tuple[str, ...]

    def placed(self, matrix: np.ndarray, offset: np.ndarray | float = 0.0) -> NamedModel:
        """The same, moved as `ObjectModel.transformed` does."""
        return NamedModel(self.model.transformed(matrix, offset), self.materials)

    @property
    def bounds(self) -> np.ndarray:
        """Lowest and highest corner, float32 [2, 3]."""
        vertices, _ = self.model.merged()
        return np.stack([vertices.min(axis=0), vertices.max(axis=0)])


def load_model(blend: Path, node: str, turn_deg: float, work: Path) -> NamedModel:
    """One object of a .blend file. turn_deg: about +y, to bring its front to +z. work: where the glb is kept.

    Raises UserError where assimp is missing or cannot read the file, MeshError for a node that is not there or has no
    faces.
    """
    scene = _read_glb(as_glb(blend, work))
    below = nodes_below(scene, node)
    parts, names = [], []
    for name in below:
        found = _part(scene, name)
        if found is not None:
            parts.append(found[0])
            names.append(found[1])
    if not parts:
        raise MeshError(f"{blend.name} has no faces below {node!r}; check the list")
    angle = np.radians(turn_deg)
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    return NamedModel(ObjectModel(tuple(parts)).transformed(turn @ Z_UP_TO_Y_UP), tuple(names))


def as_glb(blend: Path, work: Path) -> Path:
    """The file as glb, made once."""
    target = work / f"{blend.stem}.glb"
    if target.is_file():
        return target
    if shutil.which("assimp") is None:
        raise UserError("assimp is not installed; apt-get install assimp-utils")
    work.mkdir(parents=True, exist_ok=True)
    made = work / f"{blend.stem}.tmp.glb"
    told = subprocess.run(["assimp", "export", str(blend), str(made)], capture_output=True, text=True, check=False)
    if not made.is_file():
        raise UserError(f"assimp cannot read {blend}: {told.stdout.strip().splitlines()[-1:]}")
    made.write_bytes(without_extensions(made.read_bytes()))
    return made.rename(target)


def without_extensions(glb: bytes) -> bytes:
    """A glb whose materials have their plain colour alone: trimesh lets assimp's empty extensions win over it."""
    length = struct.unpack("<I", glb[12:16])[0]
    document, rest = json.loads(glb[20 : 20 + length]), glb[20 + length :]
    for material in document.get("materials", []):
        material.pop("extensions", None)
    for key in ("extensionsUsed", "extensionsRequired"):
        document.pop(key, None)
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    head = glb[:8] + struct.pack("<II", 20 + len(text) + len(rest), len(text)) + glb[16:20]
    return head + text + rest


@lru_cache(maxsize=8)
def _read_glb(path: Path) -> Any:
    import trimesh

    return trimesh.load(path, process=False)


def nodes_below(scene: Any, node: str, root: str = ROOT) -> list[str]:
    """The node and all below it, without what MORSE calls bounding boxes (`..._bb...`)."""
    children = scene.graph.transforms.children
    if node not in children.get(root, []):
        raise MeshError(f"the file has no object {node!r}; its objects are {', '.join(children.get(root, []))}")
    found, waiting = [], [node]
    while waiting:
        name = waiting.pop(0)
        found.append(name)
        waiting += [child for child in children.get(name, []) if "_bb" not in child]
    return found


def _part(scene: Any, node: str) -> tuple[Part, str] | None:
    transform, geometry = scene.graph[node]
    mesh = scene.geometry.get(geometry)
    if mesh is None or not hasattr(mesh, "faces") or not len(mesh.faces):
        return None
    vertices = (np.asarray(mesh.vertices) @ transform[:3, :3].T + transform[:3, 3]).astype(np.float32)
    faces = np.asarray(mesh.faces, np.int32)
    if np.linalg.det(transform[:3, :3]) < 0:
        faces = faces[:, ::-1]
    uvs = getattr(mesh.visual, "uv", None)
    material, name = _material(getattr(mesh.visual, "material", None), uvs is not None)
    return Part(vertices, faces, material, None if uvs is None else np.asarray(uvs, np.float32)), name


def _material(source: Any, has_uvs: bool) -> tuple[Material, str]:
    """The colour, and the texture where the mesh says how it lies; else the texture's mean is in the colour."""
    factor = getattr(source, "baseColorFactor", None)
    color = np.ones(3) if factor is None else linear_to_srgb(np.asarray(factor, np.float64)[:3] / 255)
    image, texture = getattr(source, "baseColorTexture", None), None
    if image is not None:
        image = image.convert("RGB")
        image.thumbnail((MAX_TEXTURE_SIDE, MAX_TEXTURE_SIDE))
        texture = np.asarray(image)
        if not has_uvs:
            color, texture = color * texture.reshape(-1, 3).mean(axis=0) / 255, None
    red, green, blue = np.clip(color, 0, 1).tolist()
    return Material((red, green, blue), texture), str(getattr(source, "name", "") or "")
