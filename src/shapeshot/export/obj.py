"""Wavefront OBJ, with vertex colours behind the coordinates, and an MTL with a texture for those who ignore them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.export.color_texture import color_texture
from shapeshot.export.text_lines import text_pieces
from shapeshot.geometry import Mesh, PointCloud

if TYPE_CHECKING:
    from jaxtyping import Float32, Int32


def encode_obj(shape: Mesh | PointCloud) -> bytes:
    """One file that stands alone: lines `v x y z` or `v x y z r g b` (sRGB in [0, 1]), then faces `f`, or points `p`.

    Blender, MeshLab and most readers take colours so. Normals are left out: readers compute their own.
    """
    if isinstance(shape, Mesh):
        elements = text_pieces("f %d %d %d", shape.faces + 1)
        vertices = _vertices(shape.vertices, shape.colors)
    else:
        elements = text_pieces("p %d", np.arange(1, len(shape.points) + 1))
        vertices = _vertices(shape.points, shape.colors)
    return _encoded("# shapeshot\n", vertices, elements)


def encode_obj_files(shape: Mesh | PointCloud, name: str, vertex_colors: bool = True) -> dict[str, bytes]:
    """Make a picture and name.mtl for a coloured mesh, then name.obj, which refers to them.

    The picture is the mesh's own texture, name.texture.jpg, or without one name.texture.png, which gives each vertex
    the place of its colour (see color_texture.py). The vertex colours stay as well unless
    vertex_colors is False, for strict readers that take three numbers behind `v` and no more.
    """
    if not isinstance(shape, Mesh) or shape.colors is None:
        return {f"{name}.obj": encode_obj(shape)}
    suffix, picture, places, corners = _texture(shape, shape.colors)
    vertices = _vertices(shape.vertices, shape.colors if vertex_colors else None)
    coordinates = text_pieces("vt %.5f %.5f", places)
    faces = text_pieces("f %d/%d %d/%d %d/%d", np.stack([shape.faces + 1, corners + 1], axis=2))
    head = f"# shapeshot\nmtllib {name}.mtl\no object\n"
    content = _encoded(head, vertices, coordinates, "usemtl colors\n", faces)
    file = f"{name}.texture.{suffix}"
    return {file: picture, f"{name}.mtl": _material(file), f"{name}.obj": content}


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


def _encoded(*texts: Iterable[str]) -> bytes:
    # Names of files that are no UTF-8 come from the system as surrogates, and are written as the bytes that they are.
    # Piece by piece: a million points are 60 MB of text, which are here no more than twice at any time.
    return b"".join(piece.encode("utf-8", "surrogateescape") for text in texts for piece in _pieces(text))


def _pieces(text: Iterable[str]) -> Iterable[str]:
    return [text] if isinstance(text, str) else text


def _vertices(
    positions: Float32[np.ndarray, "vertices 3"], colors: Float32[np.ndarray, "vertices 3"] | None
) -> Iterator[str]:
    if colors is None:
        return text_pieces("v %.7g %.7g %.7g", positions)
    rows = np.concatenate([positions, np.clip(colors, 0, 1)], axis=1)
    return text_pieces("v %.7g %.7g %.7g %.4g %.4g %.4g", rows)
