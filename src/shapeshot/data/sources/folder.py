"""Any directory of meshes: glb, gltf, obj, ply, stl and off files, in nested folders.

The axes are taken as they are: +y up and the front towards +z, as in glTF. (Many ply and stl files are z-up: turn them
first.) The first folder below the root names the kind; files in the root itself are named by their own name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from shapeshot.data.kinds import kind_of
from shapeshot.data.objects import Material, ObjectInfo, ObjectModel, Part, SourceEntry, Unreadable
from shapeshot.data.sources.ids import free_id
from shapeshot.data.sources.materials import shrink_texture, without_texture
from shapeshot.data.sources.wavefront import read_obj
from shapeshot.errors import DatasetError, MeshError

SUFFIXES = (".glb", ".gltf", ".obj", ".off", ".ply", ".stl")
MAX_FILE_BYTES = 512 * 2**20
PALETTE_LEVELS = 32  # shades a channel that vertex colours are rounded to


@dataclass(frozen=True)
class FolderEntry:
    """One mesh file. root: the folder that it may read its materials, textures and buffers from."""

    info: ObjectInfo
    path: Path
    root: Path

    def load(self) -> ObjectModel:
        """The object in the file's own axes and unit. Raises MeshError naming the file."""
        name = str(self.path.relative_to(self.root))
        files = ConfinedFiles(self.path.parent, self.root)
        content = files.read(self.path.name)
        if content is None:
            raise MeshError(f"{name} cannot be read, or is over {MAX_FILE_BYTES // 2**20} MB; check the file")
        if self.path.suffix.lower() == ".obj":
            return read_obj(content, name, files.read)
        return _read_with_trimesh(content, self.path.suffix.lower()[1:], name, files)


def read_mesh_file(path: Path | str) -> ObjectModel:
    """The object in one mesh file, in the file's own axes and unit. Raises MeshError naming the file.

    It may read its materials, textures and buffers from the file's own folder and below.
    """
    path = Path(path)
    if not path.is_file():
        raise MeshError(f"no such mesh file: {path}; give one of {', '.join(SUFFIXES)}")
    if path.suffix.lower() not in SUFFIXES:
        raise MeshError(f"{path} is no mesh file that can be read; give one of {', '.join(SUFFIXES)}")
    path = path.resolve()
    info = ObjectInfo(free_id(path.stem, set()), path.stem, "object", "folder", "unknown", "")
    return FolderEntry(info, path, path.parent).load()


class FolderSource:
    """All mesh files below a folder, in the order of their paths. Raises DatasetError where there are none."""

    name = "folder"

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        if not self.folder.is_dir():
            raise DatasetError(f"no such folder: {self.folder}; give a directory of meshes")
        if not self._paths:
            raise DatasetError(f"{self.folder} holds no meshes; expected files of {', '.join(SUFFIXES)}")

    def entries(self) -> Sequence[SourceEntry]:
        root = self.folder.resolve()
        taken: set[str] = set()
        return [FolderEntry(self._info(path, taken), root / path, root) for path in self._paths]

    def unreadable(self) -> Sequence[Unreadable]:
        return []

    @cached_property
    def _paths(self) -> list[Path]:
        found = (path.relative_to(self.folder) for path in self.folder.rglob("*") if path.suffix.lower() in SUFFIXES)
        return sorted(path for path in found if not any(part.startswith(".") for part in path.parts))

    def _info(self, path: Path, taken: set[str]) -> ObjectInfo:
        name = path.stem.replace("_", " ").strip() or path.name
        shelf = path.parts[0].replace("_", " ") if len(path.parts) > 1 else ""
        return ObjectInfo(
            id=free_id(str(path.with_suffix("")), taken),
            name=name,
            kind=kind_of(shelf or name),
            source="folder",
            licence="unknown",
            creator="",
            category=shelf,
        )


@dataclass(frozen=True)
class ConfinedFiles:
    """Files beside a mesh, never outside the root: neither by `..`, nor absolute, nor through a link.

    Passes for a trimesh resolver, so that a glTF's buffers and images go the same way.
    """

    folder: Path
    root: Path
    missing: list[str] = field(default_factory=list)

    def read(self, name: str) -> bytes | None:
        try:
            path = (self.folder / name.replace("\\", "/")).resolve()
            if not path.is_relative_to(self.root) or not path.is_file() or path.stat().st_size > MAX_FILE_BYTES:
                return None
            return path.read_bytes()
        except (OSError, ValueError):
            return None

    def get(self, name: str) -> bytes:
        content = self.read(name)
        if content is None:
            self.missing.append(name)
            raise FileNotFoundError(name)
        return content

    def __getitem__(self, name: str) -> bytes:
        return self.get(name)


def _read_with_trimesh(content: bytes, suffix: str, name: str, files: ConfinedFiles) -> ObjectModel:
    from io import BytesIO

    import trimesh

    resolver: Any = files
    try:
        loaded = trimesh.load(BytesIO(content), file_type=suffix, resolver=resolver, process=False)
        parts = [_part(mesh, transform, suffix, name) for mesh, transform in _meshes(loaded)]
    except MeshError:
        raise
    except Exception as error:
        # trimesh lets whatever its parsers meet in a broken file fall through: struct.error, KeyError, AttributeError.
        reason = f"it needs {files.missing[0]!r}" if files.missing else f"{type(error).__name__}: {error}"
        raise MeshError(f"{name} cannot be read as {suffix} ({reason}); check or convert the file") from error
    parts = [part for part in parts if len(part.faces)]
    if not parts:
        raise MeshError(f"{name} has no faces; expected a mesh of triangles or polygons")
    return ObjectModel(tuple(parts))


def _meshes(loaded: Any) -> list[tuple[Any, np.ndarray]]:
    """The triangle meshes of what trimesh loaded, each with its 4 x 4 place in the scene."""
    if not hasattr(loaded, "graph"):
        return [(loaded, np.eye(4))] if hasattr(loaded, "faces") else []
    placed = [loaded.graph[node] for node in sorted(loaded.graph.nodes_geometry)]
    found = [(loaded.geometry[geometry], transform) for transform, geometry in placed]
    return [(mesh, transform) for mesh, transform in found if hasattr(mesh, "faces")]


def _part(mesh: Any, transform: np.ndarray, suffix: str, name: str) -> Part:
    vertices, faces = np.asarray(mesh.vertices, np.float64), np.asarray(mesh.faces, np.int64)
    if faces.size and not 0 <= faces.min() <= faces.max() < len(vertices):
        raise MeshError(f"{name} has a face corner beyond its {len(vertices)} vertices; the file may be cut short")
    vertices = vertices @ transform[:3, :3].T + transform[:3, 3]
    if not np.isfinite(vertices[faces]).all():
        raise MeshError(f"{name} has vertices that are not finite (NaN or infinite); repair the file")
    if np.linalg.det(transform[:3, :3]) < 0:
        faces = faces[:, ::-1]
    # Only what faces use counts: a stray NaN vertex is harmless, and must not reach a bounding box.
    used, inverse = np.unique(faces, return_inverse=True)
    part = Part(vertices[used].astype(np.float32), inverse.reshape(-1, 3).astype(np.int32))
    return _painted(part, mesh.visual, used, suffix in ("glb", "gltf"))


def _painted(part: Part, visual: Any, used: np.ndarray, linear: bool) -> Part:
    """The part with its material, or with its vertex or face colours baked into a palette.

    linear: whether factors and vertex colours are linear light, as glTF 2.0 (3.9.2) says, and not sRGB.
    """
    if visual.kind == "texture":
        material = _material(visual.material, linear)
        if visual.uv is None:
            return Part(part.vertices, part.faces, without_texture(material))
        return Part(part.vertices, part.faces, material, np.nan_to_num(visual.uv[used]).astype(np.float32))
    if visual.kind == "vertex":
        return _with_palette(part, visual.vertex_colors[used][part.faces].mean(axis=1), linear)
    if visual.kind == "face":
        return _with_palette(part, np.asarray(visual.face_colors, np.float64), linear)
    return part


def _with_palette(part: Part, face_colors: np.ndarray, linear: bool) -> Part:
    """The part with one colour a face, [faces, 4] in 0..255, as texels of a small texture; corners are not shared."""
    rgb = face_colors[:, :3] / 255
    rgb = linear_to_srgb(rgb) if linear else rgb
    levels = np.rint(rgb * (PALETTE_LEVELS - 1)).astype(np.int64)
    palette, index = np.unique(levels, axis=0, return_inverse=True)
    side = int(np.ceil(np.sqrt(len(palette))))
    texture = np.zeros((side * side, 3), np.uint8)
    texture[: len(palette)] = np.rint(palette * (255 / (PALETTE_LEVELS - 1)))
    row, column = np.divmod(index.reshape(-1), side)
    uvs = np.stack([(column + 0.5) / side, 1 - (row + 0.5) / side], axis=1).astype(np.float32)
    faces = np.arange(3 * len(part.faces), dtype=np.int32).reshape(-1, 3)
    material = Material((1.0, 1.0, 1.0), texture.reshape(side, side, 3))
    return Part(part.vertices[part.faces].reshape(-1, 3), faces, material, np.repeat(uvs, 3, axis=0))


def _material(source: Any, linear: bool) -> Material:
    """A trimesh material: glTF's metallic-roughness or the plain one of a textured ply."""
    image = getattr(source, "baseColorTexture", None) or getattr(source, "image", None)
    factor = getattr(source, "baseColorFactor", None) if linear else getattr(source, "diffuse", None)
    rgba = np.ones(4)
    if factor is not None:
        values = np.asarray(factor)
        rgba[: len(values)] = np.clip(values / 255 if values.dtype.kind in "ui" else values, 0, 1)
    red, green, blue = linear_to_srgb(rgba[:3]) if linear else rgba[:3]
    roughness, metallic = getattr(source, "roughnessFactor", None), getattr(source, "metallicFactor", None)
    return Material(
        color=(float(red), float(green), float(blue)),
        texture=None if image is None else shrink_texture(image),
        opacity=float(rgba[3]) if getattr(source, "alphaMode", None) == "BLEND" else 1.0,
        roughness=Material.roughness if roughness is None else float(np.clip(roughness, 0, 1)),
        metallic=metallic is not None and metallic > 0.5,
    )


def linear_to_srgb(linear: np.ndarray) -> np.ndarray:
    """Linear light in [0, 1] as sRGB by IEC 61966-2-1."""
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055)
