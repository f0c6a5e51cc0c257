"""What a camera measures of a mesh: the depth of the first and of the last surface behind each pixel, and its normal.

A perspective picture maps planes to planes when 1 / depth is taken as the third coordinate (the z-buffer's identity;
Blinn, "Hyperbolic interpolation", 1992). So the rays through the pixels' centres become the lattice lines of
`scan_convert`, which finds every crossing of them with the triangles exactly, whatever their order or orientation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64, Int, Int64, UInt16

from shapeshot.data.shards import decode_arrays, encode_arrays
from shapeshot.data.solids.scan_convert import crossings_and_faces
from shapeshot.errors import DatasetError
from shapeshot.geometry.camera import Camera

NEAREST = 0.01  # canonical units before the camera: a surface nearer than that fills the picture
STEPS = 8192  # of stored depth in a canonical unit: 64 in a cell of 128^3; finer steps are noise that does not pack
MIDDLE = 16384  # the stored value of depth 0, so that stored 0 is free to mean that the ray meets nothing


@dataclass(frozen=True, eq=False)
class ViewGeometry:
    """What the rays through the pixels' centres meet, for each view of an object; NaN where they meet nothing.

    front, back: float32 [views, side, side], the depth of the first and of the last surface: how far it lies in front
    of the plane through the origin of the canonical cube that faces the camera, canonical units, nearer is larger. The
    distance from the camera along its optical axis is `camera.distance - front`.
    normals: float32 [views, side, side, 3], unit normals of the first surface in the canonical frame, turned to the
    camera.
    """

    front: Float[np.ndarray, "views side side"]
    back: Float[np.ndarray, "views side side"]
    normals: Float[np.ndarray, "views side side 3"]

    @property
    def mask(self) -> Bool[np.ndarray, "views side side"]:
        """Where the rays meet the object, bool [views, side, side]."""
        seen: np.ndarray = np.isfinite(self.front)
        return seen


def cast_views(
    vertices: Float[np.ndarray, "vertices 3"], faces: Int[np.ndarray, "faces 3"], cameras: Sequence[Camera], side: int
) -> ViewGeometry:
    """The geometry of the views that `cameras` take of a mesh, `side` pixels wide.

    Both sides of a face count. Raises DatasetError where the mesh reaches the plane of a camera.
    """
    views = [_cast(np.asarray(vertices, np.float64), np.asarray(faces), camera, side) for camera in cameras]
    front, back, normals = (np.stack(column).astype(np.float32) for column in zip(*views, strict=True))
    return ViewGeometry(front, back, normals)


def front_depth(
    vertices: Float[np.ndarray, "vertices 3"], faces: Int[np.ndarray, "faces 3"], camera: Camera, side: int
) -> Float[np.ndarray, "side side"]:
    """Return the front depth of one view as `ViewGeometry` has it, -inf for nothing; what lies behind is left out."""
    image, distance = _projected(np.asarray(vertices, np.float64), camera, side)
    ahead = (distance[faces] >= NEAREST).all(axis=1)
    nearness, pixel, _ = _crossings(image[np.asarray(faces)[ahead]], side)
    front = np.zeros(side * side)
    np.maximum.at(front, pixel, nearness)
    with np.errstate(divide="ignore"):
        return camera.distance - 1 / front.reshape(side, side)


def encode_geometry(geometry: ViewGeometry) -> bytes:
    """Encode as an npz: `front` and `back` uint16, 0 for nothing, else 16384 + 8192 depth; `normals` int8, 127 times.

    Raises DatasetError where a depth lies beyond -1..1.
    """
    return encode_arrays(
        front=_quantised(geometry.front),
        back=_quantised(geometry.back),
        normals=np.rint(np.nan_to_num(geometry.normals) * 127).astype(np.int8),
    )


def decode_geometry(content: bytes) -> ViewGeometry:
    """The inverse of `encode_geometry`. Raises DatasetError for other content."""
    arrays = decode_arrays(content)
    try:
        front, back, normals = arrays["front"], arrays["back"], arrays["normals"]
    except KeyError as error:
        raise DatasetError(f"a shard's geometry lacks {error}; build the dataset again") from None
    shape = front.shape
    if front.ndim != 3 or back.shape != shape or normals.shape != (*shape, 3) or front.dtype != np.uint16:
        raise DatasetError("a shard's geometry has arrays of other shapes; build the dataset again")
    directions = normals.astype(np.float32)
    directions /= np.linalg.norm(directions, axis=3, keepdims=True).clip(1)
    return ViewGeometry(_restored(front), _restored(back), np.where(front[..., None] == 0, np.nan, directions))


def _cast(
    vertices: Float[np.ndarray, "vertices 3"], faces: Int[np.ndarray, "faces 3"], camera: Camera, side: int
) -> tuple[Float64[np.ndarray, "side side"], Float64[np.ndarray, "side side"], Float64[np.ndarray, "side side 3"]]:
    """Front and back depth, float64 [side, side], and normals, float64 [side, side, 3], of one view."""
    image, distance = _projected(vertices, camera, side)
    if distance[faces].min() < NEAREST:
        raise DatasetError("a view's camera stands inside the object's extent; it must look at it from outside")
    nearness, pixel, face = _crossings(image[faces], side)
    front, back, first = np.full(side * side, np.nan), np.full(side * side, np.nan), np.full(side * side, -1)
    order = np.argsort(nearness, kind="stable")
    # Of several values for one pixel the last one stays: the nearest in this order, the farthest in the other.
    front[pixel[order]], first[pixel[order]] = nearness[order], face[order]
    back[pixel[order[::-1]]] = nearness[order[::-1]]
    near, far = (camera.distance - 1 / values.reshape(side, side) for values in (front, back))
    return near, far, _normals(vertices[faces], first.reshape(side, side), camera)


def _projected(
    vertices: Float[np.ndarray, "vertices 3"], camera: Camera, side: int
) -> tuple[Float64[np.ndarray, "vertices 3"], Float64[np.ndarray, " vertices"]]:
    """Column, row (pixels' centres are whole) and 1 / distance of the vertices, float64 [vertices, 3]; the distance."""
    across, up, towards = camera.axes @ vertices.T
    distance = camera.distance - towards
    # What lies behind the camera has no place in the picture; its faces are the caller's to leave out.
    scale = side / 2 / np.tan(np.radians(camera.fov_deg) / 2) / distance.clip(NEAREST)
    # Pixel i reaches from i to i + 1, so that its centre is the lattice line i once half a pixel is taken off.
    image = [side / 2 - 0.5 + across * scale, side / 2 - 0.5 - up * scale, 1 / distance.clip(NEAREST)]
    return np.stack(image, axis=1), distance


def _crossings(
    triangles: Float64[np.ndarray, "triangles 3 3"], side: int
) -> tuple[Float64[np.ndarray, " crossings"], Int64[np.ndarray, " crossings"], Int64[np.ndarray, " crossings"]]:
    """The crossings of rays and triangles in the picture: 1 / distance, the pixel (row * side + column), the face."""
    near, pixels, faces = [np.zeros(0)], [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    inside = (triangles[:, :, :2].max(axis=1) >= 0).all(axis=1) & (triangles[:, :, :2].min(axis=1) < side).all(axis=1)
    seen = np.flatnonzero(inside)
    for points, face in crossings_and_faces(triangles[seen], axis=2):
        columns, rows = points[:, 0].astype(np.int64), points[:, 1].astype(np.int64)
        kept = (columns >= 0) & (columns < side) & (rows >= 0) & (rows < side)
        near.append(points[kept, 2])
        pixels.append(rows[kept] * side + columns[kept])
        faces.append(seen[face[kept]])
    return np.concatenate(near), np.concatenate(pixels), np.concatenate(faces)


def _normals(
    triangles: Float64[np.ndarray, "triangles 3 3"], first: Int[np.ndarray, "side side"], camera: Camera
) -> Float64[np.ndarray, "side side 3"]:
    """Unit normals of the faces `first`, int [side, side], turned to the camera; NaN where that is -1."""
    corners = triangles[first]
    normals = np.cross(corners[:, :, 1] - corners[:, :, 0], corners[:, :, 2] - corners[:, :, 0])
    normals /= np.linalg.norm(normals, axis=2, keepdims=True).clip(1e-30)
    turned = ((camera.origin - corners[:, :, 0]) * normals).sum(axis=2, keepdims=True) < 0
    return np.where(first[:, :, None] < 0, np.nan, np.where(turned, -normals, normals))


def _quantised(depth: Float[np.ndarray, "views side side"]) -> UInt16[np.ndarray, "views side side"]:
    if np.nanmax(np.abs(depth), initial=0.0) > 1:
        raise DatasetError("a view's depth lies beyond the canonical cube; make the mesh canonical first")
    return np.where(np.isnan(depth), 0, np.rint(np.nan_to_num(depth) * STEPS) + MIDDLE).astype(np.uint16)


def _restored(stored: UInt16[np.ndarray, "views side side"]) -> Float32[np.ndarray, "views side side"]:
    depth = (stored.astype(np.float32) - MIDDLE) / np.float32(STEPS)
    return np.where(stored == 0, np.float32(np.nan), depth)
