"""Wavefront OBJ, with vertex colours behind the coordinates as Blender, MeshLab and most readers take them."""

from __future__ import annotations

import numpy as np

from shapeshot.geometry import Mesh, PointCloud


def encode_obj(shape: Mesh | PointCloud) -> bytes:
    """Text lines `v x y z` or `v x y z r g b` (sRGB in [0, 1]), then the faces; a point cloud has points instead.

    Normals are left out: readers compute their own.
    """
    if isinstance(shape, Mesh):
        text = _vertex_lines(shape.vertices, shape.colors) + _lines("f %d %d %d", shape.faces + 1)
    else:
        numbers = np.arange(1, len(shape.points) + 1)
        text = _vertex_lines(shape.points, shape.colors) + _lines("p %d", numbers)
    return f"# shapeshot\n{text}".encode("ascii")


def _vertex_lines(positions: np.ndarray, colors: np.ndarray | None) -> str:
    if colors is None:
        return _lines("v %.7g %.7g %.7g", positions)
    rows = np.concatenate([positions, np.clip(colors, 0, 1)], axis=1)
    return _lines("v %.7g %.7g %.7g %.4g %.4g %.4g", rows)


def _lines(line: str, rows: np.ndarray) -> str:
    # One format operation for all rows: several times faster than one a row.
    return (f"{line}\n" * len(rows)) % tuple(rows.ravel().tolist())
