"""Wavefront OBJ, with vertex colours behind the coordinates, and an MTL with a texture for those who ignore them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shapeshot.export.color_texture import color_texture
from shapeshot.geometry import Mesh, PointCloud

if TYPE_CHECKING:
    from jaxtyping import Float32, Int32, Num


def encode_obj(shape: Mesh | PointCloud) -> bytes:
    """One file that stands alone: lines `v x y z` or `v x y z r g b` (sRGB in [0, 1]), then faces `f`, or points `p`.

    Blender, MeshLab and most readers take colours so. Normals are left out: readers compute their own.
    """
    if isinstance(shape, Mesh):
        text = _vertex_lines(shape.vertices, shape.colors) + _lines("f %d %d %d", shape.faces + 1)
    else:
        numbers = np.arange(1, len(shape.points) + 1)
        text = _vertex_lines(shape.points, shape.colors) + _lines("p %d", numbers)
    return f"# shapeshot\n{text}".encode("ascii")


def encode_obj_files(shape: Mesh | PointCloud, name: str, vertex_colors: bool = True) -> dict[str, bytes]:
    """Make a picture and name.mtl for a coloured mesh, then name.obj, which refers to them.

    The picture is the mesh's own texture, name.texture.jpg, or without one name.texture.png, which gives each vertex
    the place of its colour (see color_texture.py). The vertex colours stay as well unless
    vertex_colors is False, for strict readers that take three numbers behind `v` and no more.
    """
    if not isinstance(shape, Mesh) or shape.colors is None:
        return {f"{name}.obj": encode_obj(shape)}
    suffix, picture, places, corners = _texture(shape, shape.colors)
    vertices = _vertex_lines(shape.vertices, shape.colors if vertex_colors else None)
    faces = _lines("f %d/%d %d/%d %d/%d", np.stack([shape.faces + 1, corners + 1], axis=2))
    text = f"# shapeshot\nmtllib {name}.mtl\no object\n{vertices}{_lines('vt %.5f %.5f', places)}usemtl colors\n{faces}"
    file = f"{name}.texture.{suffix}"
    return {file: picture, f"{name}.mtl": _material(file), f"{name}.obj": _encoded(text)}


def _texture(
    mesh: Mesh, colors: Float32[np.ndarray, "vertices 3"]
) -> tuple[str, bytes, Float32[np.ndarray, "places 2"], Int32[np.ndarray, "faces 3"]]:
    """The suffix and the bytes of a picture, and where on it the corners of the faces lie, see `Texture`."""
    if mesh.texture is not None:
        return "jpg", mesh.texture.picture, mesh.texture.places, mesh.texture.corners
    texture = color_texture(colors)
    return "png", texture.png(), texture.uvs, mesh.faces


def _material(texture: str) -> bytes:
    # Kd is white because readers multiply the texture by it; no highlight, as the field knows only a plain colour.
    return _encoded(f"# shapeshot\nnewmtl colors\nKa 1 1 1\nKd 1 1 1\nKs 0 0 0\nd 1\nillum 1\nmap_Kd {texture}\n")


def _encoded(text: str) -> bytes:
    # Names of files that are no UTF-8 come from the system as surrogates, and are written as the bytes that they are.
    return text.encode("utf-8", "surrogateescape")


def _vertex_lines(
    positions: Float32[np.ndarray, "vertices 3"], colors: Float32[np.ndarray, "vertices 3"] | None
) -> str:
    if colors is None:
        return _lines("v %.7g %.7g %.7g", positions)
    rows = np.concatenate([positions, np.clip(colors, 0, 1)], axis=1)
    return _lines("v %.7g %.7g %.7g %.4g %.4g %.4g", rows)


def _lines(line: str, rows: Num[np.ndarray, " *shape"]) -> str:
    # One format operation for all rows: several times faster than one a row.
    return (f"{line}\n" * len(rows)) % tuple(rows.ravel().tolist())
