"""Points of an object's outer surface, with outward normals and colours; the buried faces of its parts are left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64, Int, Int64, UInt8

from shapeshot.data.objects import Material, ObjectModel, Part
from shapeshot.data.solids.solid import cell_size
from shapeshot.errors import MeshError

# Thin parts are five cells thick in `solid` (solid.MIN_THICKNESS): from their middle the outside is three cells away.
OUTER_CELLS = 3
MAX_DRAWS = 40  # batches before an object whose surface is almost all buried counts as unusable


@dataclass(frozen=True, eq=False)
class SurfaceSamples:
    """Uniform points of an outer surface, in the frame of the mesh.

    points: float32 [points, 3]. normals: float32 [points, 3], unit, outwards. colors: uint8 [points, 3], sRGB.
    """

    points: Float32[np.ndarray, "points 3"]
    normals: Float32[np.ndarray, "points 3"]
    colors: UInt8[np.ndarray, "points 3"]


def sample_outer_surface(
    model: ObjectModel, solid: Bool[np.ndarray, "side side side"], num_points: int, rng: np.random.Generator
) -> SurfaceSamples:
    """Coloured points spread evenly over the surface that can be touched from outside.

    model: in the canonical cube. solid: its occupancy, bool [n, n, n] (data/solid.py).
    Raises MeshError where the model has no area or is wholly buried in `solid`.
    """
    vertices, faces = model.merged()
    draws = _draw_outer(vertices, faces, solid, rng, num_points)
    ends = np.cumsum([len(part.faces) for part in model.parts])
    part_of_point = np.searchsorted(ends, draws.faces, side="right")
    colors = np.empty((num_points, 3), np.uint8)
    for index in np.unique(part_of_point):
        chosen = part_of_point == index
        local_faces = draws.faces[chosen] - (ends[index] - len(model.parts[index].faces))
        colors[chosen] = _part_colors(model.parts[index], local_faces, draws.weights[chosen])
    return SurfaceSamples(draws.points, draws.normals, colors)


def outer_points(
    vertices: Float[np.ndarray, "vertices 3"],
    faces: Int[np.ndarray, "faces 3"],
    solid: Bool[np.ndarray, "side side side"],
    num_points: int,
    rng: np.random.Generator,
) -> tuple[Float32[np.ndarray, "points 3"], Float32[np.ndarray, "points 3"]]:
    """Sample points and normals of a mesh without materials as `sample_outer_surface` does, float32 [num_points, 3]."""
    draws = _draw_outer(vertices, faces, solid, rng, num_points)
    return draws.points, draws.normals


@dataclass(frozen=True, eq=False)
class _Draws:
    """Points on faces: positions, normals, each one's face (int [points]) and corner weights (float [points, 3])."""

    points: Float32[np.ndarray, "points 3"]
    normals: Float32[np.ndarray, "points 3"]
    faces: Int64[np.ndarray, " points"]
    weights: Float64[np.ndarray, "points 3"]


def _draw_outer(
    vertices: Float[np.ndarray, "vertices 3"],
    faces: Int[np.ndarray, "faces 3"],
    solid: Bool[np.ndarray, "side side side"],
    rng: np.random.Generator,
    num_points: int,
) -> _Draws:
    """Area-weighted draws of which those buried in `solid` are rejected, until there are enough."""
    corners = np.asarray(vertices, np.float64)[np.asarray(faces)]
    crosses = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    doubled_areas = np.linalg.norm(crosses, axis=1)
    if not doubled_areas.sum() > 0:
        raise MeshError("a mesh without area has no surface to sample; expected triangles of finite, positive area")
    shares = np.cumsum(doubled_areas) / doubled_areas.sum()
    # Where the solid is made of larger cells, as published 32^3 grids are, a face may lie as deep as one of them.
    reach = max(OUTER_CELLS, cell_size(solid) + 1)
    kept: list[tuple[np.ndarray, ...]] = []
    for _ in range(MAX_DRAWS):
        face = np.minimum(np.searchsorted(shares, rng.random(num_points), side="right"), len(shares) - 1)
        weights = _barycentric(rng, num_points)
        points = np.einsum("pc,pcx->px", weights, corners[face])
        normals = crosses[face] / doubled_areas[face, None].clip(1e-30)
        outer, outwards = _facing(points, normals, solid, reach)
        kept.append((points[outer], (normals * outwards[:, None])[outer], face[outer], weights[outer]))
        if sum(len(batch[0]) for batch in kept) >= num_points:
            points, normals, face, weights = (np.concatenate(column)[:num_points] for column in zip(*kept, strict=True))
            return _Draws(points.astype(np.float32), normals.astype(np.float32), face, weights)
    raise MeshError("hardly any of the mesh lies on the outside of its solid; is the solid that of another mesh?")


def _barycentric(rng: np.random.Generator, count: int) -> Float64[np.ndarray, "count 3"]:
    """Uniform corner weights of a triangle, float64 [count, 3] (Osada et al. 2002, equation 1)."""
    root, second = np.sqrt(rng.random(count)), rng.random(count)
    return np.stack([1 - root, root * (1 - second), root * second], axis=1)


def _facing(
    points: Float64[np.ndarray, "points 3"],
    normals: Float64[np.ndarray, "points 3"],
    solid: Bool[np.ndarray, "side side side"],
    reach: int,
) -> tuple[Bool[np.ndarray, " points"], Float64[np.ndarray, " points"]]:
    """Which points the outside is next to (bool [points]), and the sign that turns each normal towards it (+1 or -1).

    Looks `reach` cells along the normal and against it, in half cells: a point is outer when either way leads
    outside. The side that is outside for longer wins; in the middle of a sheet they are equal, and the normal stays.
    """
    # Steps of whole cells along the normal's largest component: thin parts are thickened by cubes, not balls.
    step = normals / np.abs(normals).max(axis=1, keepdims=True).clip(1e-30) / solid.shape[0]
    free = np.zeros((2, len(points)), np.int64)
    for cells in np.arange(1, 2 * reach + 1) / 2:
        for side, sign in enumerate((1.0, -1.0)):
            free[side] += ~_occupied(points + sign * cells * step, solid)
    return free.max(axis=0) > 0, np.where(free[1] > free[0], -1.0, 1.0)


def _occupied(
    points: Float64[np.ndarray, "points 3"], solid: Bool[np.ndarray, "side side side"]
) -> Bool[np.ndarray, " points"]:
    """Whether each point's cell is solid, bool [points]; nothing is beyond the cube."""
    cells = np.floor((points + 0.5) * solid.shape[0]).astype(np.int64)
    within = ((cells >= 0) & (cells < solid.shape[0])).all(axis=1)
    occupied = np.zeros(len(points), bool)
    occupied[within] = solid[tuple(cells[within].T)]
    return occupied


def _part_colors(
    part: Part, faces: Int64[np.ndarray, " points"], weights: Float64[np.ndarray, "points 3"]
) -> UInt8[np.ndarray, "points 3"]:
    """Look up the sRGB of points on one part, uint8 [points, 3]: the material's colour times its texture."""
    color = np.broadcast_to(np.clip(part.material.color, 0.0, 1.0) * 255, (len(faces), 3))
    if part.material.texture is not None and part.uvs is not None:
        uvs = np.einsum("pc,pcx->px", weights, part.uvs[part.faces[faces]].astype(np.float64))
        color = _texture_at(part.material, uvs) * np.clip(part.material.color, 0.0, 1.0)
    levels: np.ndarray = np.rint(color).astype(np.uint8)
    return levels


def _texture_at(material: Material, uvs: Float64[np.ndarray, "points 2"]) -> Float64[np.ndarray, "points 3"]:
    """Bilinear, repeating lookup, float64 [points, 3] in 0..255; texel centres at half texels, v = 1 at row 0."""
    texture = np.asarray(material.texture)[:, :, :3]
    height, width = texture.shape[:2]
    across, down = uvs[:, 0] * width - 0.5, (1 - uvs[:, 1]) * height - 0.5
    column, row = np.floor(across).astype(np.int64), np.floor(down).astype(np.int64)
    right, below = (across - column)[:, None], (down - row)[:, None]
    columns, rows = (column % width, (column + 1) % width), (row % height, (row + 1) % height)
    upper = texture[rows[0], columns[0]] * (1 - right) + texture[rows[0], columns[1]] * right
    lower = texture[rows[1], columns[0]] * (1 - right) + texture[rows[1], columns[1]] * right
    interpolated: np.ndarray = upper * (1 - below) + lower * below
    return interpolated
