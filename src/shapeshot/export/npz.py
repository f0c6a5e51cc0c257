"""numpy archives, for programs that go on computing with the shape. Read them with np.load(allow_pickle=False)."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from shapeshot.export.colors import to_bytes
from shapeshot.geometry import Mesh, PointCloud, VoxelGrid
from shapeshot.geometry.texture import Texture

if TYPE_CHECKING:
    from jaxtyping import Shaped


def encode_npz(
    shape: Mesh | PointCloud | VoxelGrid, more: Mapping[str, Shaped[np.ndarray, " ..."]] | None = None
) -> bytes:
    """A compressed archive; colours are sRGB uint8 and missing where the shape has none.

    Mesh: vertices float32 [vertices, 3], faces int32 [faces, 3], colors [vertices, 3]. With a texture also picture
    (the bytes of a JPEG file), places float32 [places, 2] and corners int32 [faces, 3], see `geometry.texture`.
    PointCloud: points float32 [points, 3], colors [points, 3], normals float32 [points, 3].
    VoxelGrid: occupancy bool [n, n, n] indexed [x, y, z], colors [n, n, n, 3], side float64.
    more: further arrays by name, written as they are: what is known of each point or cell.
    """
    arrays: dict[str, Any] = dict(more or {})
    if isinstance(shape, Mesh):
        arrays |= {"vertices": shape.vertices, "faces": shape.faces, **texture_arrays(shape)}
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


def texture_arrays(mesh: Mesh) -> dict[str, Shaped[np.ndarray, " ..."]]:
    """What is known of a mesh's texture, by name; nothing where it has none."""
    texture = mesh.texture
    if texture is None:
        return {}
    return {
        "picture": np.frombuffer(texture.picture, np.uint8),
        "places": texture.places,
        "corners": texture.corners,
    }


def texture_from(arrays: Mapping[str, Shaped[np.ndarray, " ..."]]) -> Texture | None:
    """The texture of which an archive holds what `texture_arrays` gave; None where it holds none."""
    if "picture" not in arrays:
        return None
    return Texture(arrays["picture"].tobytes(), arrays["places"], arrays["corners"])
