"""Shapes as files: one module a format, and the table that says what each format can hold."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from shapeshot.errors import ExportError, unknown_name
from shapeshot.export.glb import encode_glb
from shapeshot.export.npz import encode_npz
from shapeshot.export.obj import encode_obj
from shapeshot.export.ply import encode_ply
from shapeshot.export.stl import encode_stl
from shapeshot.files import atomic_write
from shapeshot.geometry import Mesh, PointCloud, VoxelGrid
from shapeshot.geometry.voxel_boundary import voxel_boundary

__all__ = ["WRITERS", "Shape", "Writer", "encode_shape", "find_writer", "write_shape"]

Shape: TypeAlias = Mesh | PointCloud | VoxelGrid

_NAMES = {Mesh: "mesh", PointCloud: "point cloud", VoxelGrid: "voxel grid"}


@dataclass(frozen=True)
class Writer:
    """A file format. encode: a shape of one of the types in `holds` -> the bytes of the file, the same every time."""

    encode: Callable[[Any], bytes]
    holds: tuple[type, ...]


# By suffix. A format that holds meshes also takes voxel grids, as the mesh of their blocks.
WRITERS: dict[str, Writer] = {
    "glb": Writer(encode_glb, (Mesh, PointCloud)),
    "obj": Writer(encode_obj, (Mesh, PointCloud)),
    "ply": Writer(encode_ply, (Mesh, PointCloud)),
    "stl": Writer(encode_stl, (Mesh,)),
    "npz": Writer(encode_npz, (Mesh, PointCloud, VoxelGrid)),
}


def find_writer(path: str | os.PathLike[str]) -> Writer:
    """The writer for a path's suffix, in upper or lower case; ExportError with the choices for any other suffix."""
    suffix = Path(path).suffix[1:].lower()
    if not suffix:
        raise ExportError(f"{path} has no suffix to tell the format; choose from {', '.join(sorted(WRITERS))}")
    if suffix not in WRITERS:
        raise unknown_name("file format", suffix, WRITERS, ExportError)
    return WRITERS[suffix]


def encode_shape(shape: Shape, suffix: str) -> bytes:
    """The bytes of a file with this suffix ("glb"). Raises ExportError as `write_shape` does."""
    writer = find_writer(f"shape.{suffix}")
    if isinstance(shape, VoxelGrid) and VoxelGrid not in writer.holds:
        shape = voxel_boundary(shape)
    name = _NAMES[type(shape)]
    if not isinstance(shape, writer.holds):
        able = [f".{suffix}" for suffix, other in sorted(WRITERS.items()) if isinstance(shape, other.holds)]
        raise ExportError(f"a .{suffix} file cannot hold a {name}; choose from {', '.join(able)}")
    if _is_empty(shape):
        raise ExportError(f"there is nothing to write: the {name} is empty")
    return writer.encode(shape)


def write_shape(shape: Shape, path: str | os.PathLike[str]) -> None:
    """Write a shape in the format that the path's suffix names (see WRITERS): the whole file or none.

    Axes and lengths are the shape's own: +y up, front towards +z; in metres if it was scaled to metres.
    Raises ExportError for an unknown suffix, a shape that the format cannot hold, an empty shape, and a folder or disk
    that cannot be written.
    """
    find_writer(path)
    atomic_write(path, encode_shape(shape, Path(path).suffix[1:]))


def _is_empty(shape: Shape) -> bool:
    if isinstance(shape, VoxelGrid):
        return not shape.occupancy.any()
    return not len(shape.faces if isinstance(shape, Mesh) else shape.points)
