"""A triangle mesh: immutable, checked when made, with the few measures that need nothing but numpy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shapeshot.errors import MeshError
from shapeshot.geometry.texture import Texture

if TYPE_CHECKING:
    from jaxtyping import Float32, Float64, Int32, Shaped


@dataclass(frozen=True, eq=False)
class Mesh:
    """Triangles over shared vertices, +y up and front towards +z; lengths in the canonical cube or in metres.

    vertices: float32 [vertices, 3], finite.
    faces: int32 [faces, 3], counter-clockwise seen from outside.
    colors: float32 [vertices, 3], sRGB in [0, 1], or None.
    texture: a picture that shows more than the colours do, or None.
    Raises MeshError on wrong shapes, indices out of range and values that are not finite.
    """

    vertices: Float32[np.ndarray, "vertices 3"]
    faces: Int32[np.ndarray, "faces 3"]
    colors: Float32[np.ndarray, "vertices 3"] | None = None
    texture: Texture | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "vertices", as_rows(self.vertices, np.float32, "vertices"))
        object.__setattr__(self, "faces", as_rows(self.faces, np.int32, "faces"))
        if self.colors is not None:
            object.__setattr__(self, "colors", as_rows(self.colors, np.float32, "colors", len(self.vertices)))
        if self.faces.size and not 0 <= self.faces.min() <= self.faces.max() < len(self.vertices):
            raise MeshError(
                f"face indices must lie in 0..{len(self.vertices) - 1}; got {self.faces.min()}..{self.faces.max()}"
            )
        if self.texture is not None and len(self.texture.corners) != len(self.faces):
            raise MeshError(f"a texture of {len(self.texture.corners)} faces is on a mesh of {len(self.faces)}")

    @property
    def triangles(self) -> Float32[np.ndarray, "faces 3 3"]:
        """Corner positions, float32 [faces, 3, 3]."""
        triangles: np.ndarray = self.vertices[self.faces]
        return triangles

    @property
    def bounds(self) -> Float32[np.ndarray, "2 3"]:
        """[[min x, y, z], [max x, y, z]], float32."""
        if not len(self.vertices):
            raise MeshError("an empty mesh has no bounds")
        return np.stack([self.vertices.min(axis=0), self.vertices.max(axis=0)])

    @property
    def area_vectors(self) -> Float64[np.ndarray, "faces 3"]:
        """The normal of each triangle with its area as length, float64 [faces, 3]."""
        a, b, c = self.triangles.astype(np.float64).transpose(1, 0, 2)
        return np.cross(b - a, c - a) / 2

    @property
    def face_areas(self) -> Float64[np.ndarray, " faces"]:
        """Area of each triangle, float64 [faces]."""
        lengths: np.ndarray = np.linalg.norm(self.area_vectors, axis=1)
        return lengths

    @property
    def face_normals(self) -> Float32[np.ndarray, "faces 3"]:
        """Unit normals, float32 [faces, 3]; zero for a degenerate triangle."""
        vectors = self.area_vectors
        normals: np.ndarray = (vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-30)).astype(
            np.float32
        )
        return normals

    @property
    def vertex_normals(self) -> Float32[np.ndarray, "vertices 3"]:
        """Unit normals of smooth shading, float32 [vertices, 3]: the mean of the faces around, weighted by area.

        A vertex without a face, or whose faces cancel out, looks up: (0, 1, 0).
        """
        vectors = np.repeat(self.area_vectors, 3, axis=0)
        corners, count = self.faces.ravel(), len(self.vertices)
        sums = np.stack([np.bincount(corners, vectors[:, axis], count) for axis in range(3)], axis=1)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        return np.where(lengths > 0, sums / np.maximum(lengths, 1e-300), (0.0, 1.0, 0.0)).astype(np.float32)

    @property
    def volume(self) -> float:
        """Signed volume by the divergence theorem: positive where a closed mesh's faces look outwards."""
        a, b, c = self.triangles.astype(np.float64).transpose(1, 0, 2)
        return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)

    @property
    def is_closed(self) -> bool:
        """Closed, edge-manifold and consistently oriented: every directed edge occurs once, and so does its reverse."""
        if not len(self.faces):
            return False
        start, end = self.faces.astype(np.int64), np.roll(self.faces, -1, axis=1).astype(np.int64)
        count = len(self.vertices)
        forward = np.sort((start * count + end).ravel())
        backward = np.sort((end * count + start).ravel())
        once = (forward[1:] != forward[:-1]).all() and (start != end).all()
        return bool(once) and np.array_equal(forward, backward)

    def scaled(self, factor: float) -> Mesh:
        """Return the mesh with all lengths multiplied by `factor`."""
        return Mesh(self.vertices * np.float32(factor), self.faces, self.colors, self.texture)


def as_rows(values: Any, dtype: type, name: str, count: int | None = None) -> Shaped[np.ndarray, "rows 3"]:
    """Copy `values` into a read-only, finite array [rows, 3] of `dtype`. Raises MeshError where they make none."""
    try:
        array: np.ndarray = np.array(values, dtype=dtype)
    except (TypeError, ValueError) as error:
        raise MeshError(f"{name} must be numbers in rows of three; {error}") from error
    if not array.size:
        array = array.reshape(-1, 3)
    if array.ndim != 2 or array.shape[1] != 3 or (count is not None and len(array) != count):
        expected = f"[{count if count is not None else 'n'}, 3]"
        raise MeshError(f"{name} must have shape {expected}; got {list(array.shape)}")
    if not np.isfinite(array).all():
        raise MeshError(f"{name} hold NaN or infinite values; repair the mesh first")
    array.flags.writeable = False
    return array
