"""PLY, binary little-endian, after Turk, "The PLY Polygon File Format" (1994)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shapeshot.export.colors import to_bytes
from shapeshot.geometry import Mesh, PointCloud

if TYPE_CHECKING:
    from jaxtyping import Float32, Int, Shaped

_TYPE_NAMES = {"<f4": "float", "|u1": "uchar"}


def encode_ply(shape: Mesh | PointCloud) -> bytes:
    """Vertices with sRGB colours as uchar and, for a point cloud, normals; a mesh has triangles behind them."""
    if isinstance(shape, Mesh):
        vertices, faces = _vertex_rows(shape.vertices, None, shape.colors), _face_rows(shape.faces)
        header = [f"element face {len(faces)}", "property list uchar int vertex_indices"]
        return _header(vertices, header) + vertices.tobytes() + faces.tobytes()
    vertices = _vertex_rows(shape.points, shape.normals, shape.colors)
    return _header(vertices, []) + vertices.tobytes()


def _vertex_rows(
    positions: Float32[np.ndarray, "rows 3"],
    normals: Float32[np.ndarray, "rows 3"] | None,
    colors: Float32[np.ndarray, "rows 3"] | None,
) -> Shaped[np.ndarray, " rows"]:
    columns = [("x y z", "<f4", positions)]
    if normals is not None:
        columns.append(("nx ny nz", "<f4", normals))
    if colors is not None:
        columns.append(("red green blue", "u1", to_bytes(colors)))
    rows = np.empty(len(positions), [(name, dtype) for names, dtype, _ in columns for name in names.split()])
    for names, _, values in columns:
        for axis, name in enumerate(names.split()):
            rows[name] = values[:, axis]
    return rows


def _header(vertices: Shaped[np.ndarray, " rows"], more_elements: list[str]) -> bytes:
    fields = [f"property {_TYPE_NAMES[vertices.dtype[name].str]} {name}" for name in vertices.dtype.names or ()]
    lines = ["ply", "format binary_little_endian 1.0", "comment shapeshot", f"element vertex {len(vertices)}"]
    return "\n".join([*lines, *fields, *more_elements, "end_header\n"]).encode("ascii")


def _face_rows(faces: Int[np.ndarray, "faces 3"]) -> Shaped[np.ndarray, " faces"]:
    rows = np.empty(len(faces), [("count", "u1"), ("corners", "<i4", 3)])
    rows["count"], rows["corners"] = 3, faces
    return rows
