"""Polygons with colours, as PLY and OFF files list them, on their way to triangles."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float64, Int64, UInt8

from shapeshot.data.objects import Material
from shapeshot.data.sources.readers.budget import ObjectBudget
from shapeshot.data.sources.readers.colors import of_corners
from shapeshot.data.sources.readers.polygons import triangulate
from shapeshot.data.sources.readers.raw_parts import RawPart
from shapeshot.errors import MeshError


@dataclass(frozen=True, eq=False)
class PolygonFile:
    """What such a file holds.

    vertices float64 [vertices, 3]; corners int64 [corners]: the polygons' vertices, one polygon after the other; sizes
    int64 [polygons]: how many each has.
    vertex_colors, face_colors: sRGB in 0..1, float64 [vertices, 3] and [polygons, 3], or None. vertex_uvs float64
    [vertices, 2] or corner_uvs float64 [corners, 2], v = 1 at the top, or None.
    """

    vertices: Float64[np.ndarray, "vertices 3"]
    corners: Int64[np.ndarray, " corners"]
    sizes: Int64[np.ndarray, " polygons"]
    vertex_colors: Float64[np.ndarray, "vertices 3"] | None = None
    face_colors: Float64[np.ndarray, "polygons 3"] | None = None
    vertex_uvs: Float64[np.ndarray, "vertices 2"] | None = None
    corner_uvs: Float64[np.ndarray, "corners 2"] | None = None

    def only(self, kept: Bool[np.ndarray, " polygons"]) -> PolygonFile:
        """The same with some of its polygons alone."""
        is_kept = np.repeat(kept, self.sizes)
        return replace(
            self,
            corners=self.corners[is_kept],
            sizes=self.sizes[kept],
            face_colors=None if self.face_colors is None else self.face_colors[kept],
            corner_uvs=None if self.corner_uvs is None else self.corner_uvs[is_kept],
        )


def triangles_of(
    file: PolygonFile, budget: ObjectBudget, texture: UInt8[np.ndarray, "height width channels"] | None = None
) -> RawPart:
    """The polygons as triangles; those of fewer than 3 corners have no area and are left out.

    Where there is a texture and coordinates for it, they count, else the colours of faces, else those of vertices.
    Raises MeshError for corners beyond the vertices.
    """
    corners = np.asarray(file.corners, np.int64)
    budget.take("vertices", len(file.vertices))
    budget.take("corners of faces", len(corners))
    if len(corners) and (corners.min() < 0 or corners.max() >= len(file.vertices)):
        raise MeshError(
            f"{budget.name} has a face corner beyond its {len(file.vertices)} vertices; the file may be cut short"
        )
    is_area = file.sizes >= 3
    kept_corners = np.repeat(is_area, file.sizes)
    corners, sizes = corners[kept_corners], file.sizes[is_area]
    points = file.vertices[corners]
    if not np.isfinite(points).all():
        raise MeshError(f"{budget.name} has vertices that are not finite (NaN or infinite); repair the file")
    rows = triangulate(points, sizes, budget)
    faces = corners[rows]
    if texture is not None and file.corner_uvs is not None:
        material, order = Material((1.0, 1.0, 1.0), texture), np.arange(3 * len(rows)).reshape(-1, 3)
        uvs = file.corner_uvs[kept_corners][rows].reshape(-1, 2)
        return RawPart(file.vertices[faces].reshape(-1, 3), order, material, uvs)
    if texture is not None and file.vertex_uvs is not None:
        return RawPart(file.vertices, faces, Material((1.0, 1.0, 1.0), texture), file.vertex_uvs)
    return _coloured(file, faces, rows, is_area)


def _coloured(
    file: PolygonFile,
    faces: Int64[np.ndarray, "faces 3"],
    rows: Int64[np.ndarray, "faces 3"],
    is_area: Bool[np.ndarray, " polygons"],
) -> RawPart:
    white = Material((1.0, 1.0, 1.0))
    if file.face_colors is not None:
        of_corner = np.repeat(np.arange(int(is_area.sum())), file.sizes[is_area])
        return RawPart(file.vertices, faces, white, colors=file.face_colors[is_area][of_corner[rows[:, 0]]])
    if file.vertex_colors is not None:
        return RawPart(file.vertices, faces, white, colors=of_corners(file.vertex_colors, faces))
    return RawPart(file.vertices, faces)
