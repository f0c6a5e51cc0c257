"""numpy archives, for programs that go on computing with the shape. Read them with np.load(allow_pickle=False)."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from shapeshot.export.colors import to_bytes
from shapeshot.geometry import Mesh, PointCloud, VoxelGrid

if TYPE_CHECKING:
    from jaxtyping import Shaped


def encode_npz(
    shape: Mesh | PointCloud | VoxelGrid, more: Mapping[str, Shaped[np.ndarray, " ..."]] | None = None
) -> bytes:
    """A compressed archive; colours are sRGB uint8 and missing where the shape has none.

    Mesh: vertices float32 [vertices, 3], faces int32 [faces, 3], colors [vertices, 3].
    PointCloud: points float32 [points, 3], colors [points, 3], normals float32 [points, 3].
    VoxelGrid: occupancy bool [n, n, n] indexed [x, y, z], colors [n, n, n, 3], side float64.
    more: further arrays by name, written as they are: what is known of each point or cell.
    """
    arrays: dict[str, Any] = dict(more or {})
    if isinstance(shape, Mesh):
        arrays |= {"vertices": shape.vertices, "faces": shape.faces}
    elif isinstance(shape, PointCloud):
        arrays["points"] = shape.points
        if shape.normals is not None:
            arrays["normals"] = shape.normals
    else:
        arrays |= {"occupancy": shape.occupancy, "side": np.array(shape.side, np.float64)}
    if shape.colors is not None:
        arrays["colors"] = to_bytes(shape.colors)
    content = io.BytesIO()
    # numpy dates the members 1980-01-01, so equal shapes give equal bytes.
    np.savez_compressed(content, **arrays)
    return content.getvalue()
