"""Shapes as files: one module a format, and the table that says what each format can hold."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from shapeshot.errors import ExportError, unknown_name
from shapeshot.export.binvox import encode_binvox
from shapeshot.export.glb import encode_glb
from shapeshot.export.npz import encode_npz
from shapeshot.export.obj import encode_obj, encode_obj_files
from shapeshot.export.ply import encode_ply
from shapeshot.export.sh3f import encode_sh3f, encode_sh3f_files
from shapeshot.export.stl import encode_stl
from shapeshot.export.threemf import encode_3mf
from shapeshot.export.usdz import check_usd, encode_usdz
from shapeshot.files import atomic_write
from shapeshot.geometry import Mesh, PointCloud, VoxelGrid
from shapeshot.geometry.voxel_boundary import voxel_boundary

__all__ = [
    "FORMS",
    "WRITERS",
    "Shape",
    "Writer",
    "check_holds",
    "default_form",
    "encode_files",
    "encode_shape",
    "find_writer",
    "forms_of",
    "write_shape",
]

Shape: TypeAlias = Mesh | PointCloud | VoxelGrid

FORMS: dict[str, type[Shape]] = {"mesh": Mesh, "points": PointCloud, "voxels": VoxelGrid}
_PICTURES = ("gif", "webp", "png", "jpg", "jpeg")
_NAMES = {Mesh: "mesh", PointCloud: "point cloud", VoxelGrid: "voxel grid"}


@dataclass(frozen=True)
class Writer:
    """A file format.

    encode: a shape of one of the types in `holds` -> the bytes of one file that stands alone, the same every time.
    encode_files: for a format that wants files beside the main one, or its own name inside it: a shape and the main
    file's name without suffix -> the content of each file by name, the main file last.
    check: raises ExportError where a library that the format needs is not installed.
    in_metres: made for things at their real size; a shape without one should be given one before (see
    `pipeline.finishing`).
    per_metre: of a format that says no unit itself: what its readers take for a metre, once a size is known.
    """

    encode: Callable[[Any], bytes]
    holds: tuple[type, ...]
    encode_files: Callable[[Any, str], dict[str, bytes]] | None = None
    check: Callable[[], object] = lambda: None
    in_metres: bool = False
    per_metre: float = 1.0


# By suffix. A format that holds meshes also takes voxel grids, as the mesh of their blocks.
WRITERS: dict[str, Writer] = {
    "glb": Writer(encode_glb, (Mesh, PointCloud)),
    "obj": Writer(encode_obj, (Mesh, PointCloud), encode_obj_files),
    "ply": Writer(encode_ply, (Mesh, PointCloud)),
    "stl": Writer(encode_stl, (Mesh,), per_metre=1000.0),  # slicers read millimetres
    "3mf": Writer(encode_3mf, (Mesh,), in_metres=True),
    "usdz": Writer(encode_usdz, (Mesh,), check=check_usd, in_metres=True),
    "sh3f": Writer(encode_sh3f, (Mesh,), encode_sh3f_files, in_metres=True),
    "binvox": Writer(encode_binvox, (VoxelGrid,)),
    "npz": Writer(encode_npz, (Mesh, PointCloud, VoxelGrid)),
}


def find_writer(path: str | os.PathLike[str]) -> Writer:
    """The writer for a path's suffix, in upper or lower case; ExportError with the choices for any other suffix."""
    suffix = Path(path).suffix[1:].lower()
    if not suffix:
        raise ExportError(f"{path} has no suffix to tell the format; choose from {', '.join(sorted(WRITERS))}")
    if suffix in _PICTURES:
        raise ExportError(
            f"{suffix} is a picture, and this writes 3D files: {', '.join(sorted(WRITERS))}; for a picture of the "
            "shape that turns: shapeshot turntable PHOTO --out NAME.gif"
        )
    if suffix not in WRITERS:
        raise unknown_name("file format", suffix, WRITERS, ExportError)
    return WRITERS[suffix]


def forms_of(suffix: str) -> tuple[str, ...]:
    """The forms that a format can hold; voxels go as the mesh of their blocks where only meshes fit."""
    return tuple(name for name, kind in FORMS.items() if _can_hold(WRITERS[suffix], kind))


def default_form(suffix: str) -> str:
    """The form that goes into a format where none is named: voxels into .npz, else the first that it holds."""
    return "voxels" if suffix == "npz" else forms_of(suffix)[0]


def check_holds(kind: type[Shape], suffix: str) -> None:
    """Raise ExportError, with the formats that can, where a format cannot hold shapes of this type."""
    if not _can_hold(find_writer(f"shape.{suffix}"), kind):
        able = [f".{other}" for other, entry in sorted(WRITERS.items()) if _can_hold(entry, kind)]
        raise ExportError(f"a .{suffix.lower()} file cannot hold a {_NAMES[kind]}; choose from {', '.join(able)}")


def encode_shape(shape: Shape, suffix: str, in_metres: bool = False) -> bytes:
    """The bytes of one file with this suffix ("glb"), which stands alone. Arguments and errors as of `write_shape`."""
    writer = find_writer(f"shape.{suffix}")
    return writer.encode(_fitting(shape, writer, suffix, in_metres))


def encode_files(shape: Shape, suffix: str, name: str, in_metres: bool = False) -> dict[str, bytes]:
    """All that `write_shape` writes for `name`.`suffix`: content by file name, the file itself last.

    One file for most formats; an OBJ has its materials and their texture beside it.
    Raises ExportError as `write_shape` does.
    """
    writer = find_writer(f"shape.{suffix}")
    fitting = _fitting(shape, writer, suffix, in_metres)
    if writer.encode_files is None:
        return {f"{name}.{suffix}": writer.encode(fitting)}
    return writer.encode_files(fitting, name)


def write_shape(shape: Shape, path: str | os.PathLike[str], in_metres: bool = False) -> None:
    """Write a shape in the format that the path's suffix names (see WRITERS): each file whole or not at all.

    Axes and lengths are the shape's own: +y up, front towards +z; in metres if it was scaled to metres. (3MF alone has
    axes and a unit of its own; see threemf.py.)
    in_metres: the shape was scaled to metres. An STL, which says no unit, is then written in millimetres, as slicers
    read it; without, its lengths are the shape's own.
    Raises ExportError for an unknown suffix, a shape that the format cannot hold, an empty shape, a library that is not
    installed, and a folder or disk that cannot be written.
    """
    find_writer(path)
    target = Path(path)
    *beside, content = encode_files(shape, target.suffix[1:].lower(), target.stem, in_metres).items()
    for name, extra in beside:
        atomic_write(target.with_name(name), extra)
    atomic_write(target, content[1])  # last, as it refers to the others


def _fitting(shape: Shape, writer: Writer, suffix: str, in_metres: bool) -> Shape:
    """The shape as the writer takes it: voxels as blocks where it holds meshes only, in its unit; ExportError."""
    check_holds(type(shape), suffix)
    if isinstance(shape, VoxelGrid) and VoxelGrid not in writer.holds:
        shape = voxel_boundary(shape)
    if _is_empty(shape):
        raise ExportError(f"there is nothing to write: the {_NAMES[type(shape)]} is empty")
    return shape.scaled(writer.per_metre) if in_metres and writer.per_metre != 1 else shape


def _can_hold(writer: Writer, kind: type[Shape]) -> bool:
    return kind in writer.holds or (kind is VoxelGrid and Mesh in writer.holds)


def _is_empty(shape: Shape) -> bool:
    if isinstance(shape, VoxelGrid):
        return not shape.occupancy.any()
    return not len(shape.faces if isinstance(shape, Mesh) else shape.points)
