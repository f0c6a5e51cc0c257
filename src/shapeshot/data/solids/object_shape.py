"""From an object as its source has it to its true shape in the canonical cube: what every dataset holds of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Int32

from shapeshot.data.objects import ObjectModel
from shapeshot.data.solids.surface import SurfaceSamples
from shapeshot.errors import DatasetError, MeshError

NUM_SURFACE_POINTS = 8192
SOLID_RESOLUTION = 128


@dataclass(frozen=True, eq=False)
class ObjectShape:
    """model: in the canonical cube. vertices float32 [vertices, 3] and faces int32 [faces, 3]: its parts merged.

    solid: bool [128, 128, 128], its occupancy. surface: 8192 coloured points of its outside.
    """

    model: ObjectModel
    vertices: Float32[np.ndarray, "vertices 3"]
    faces: Int32[np.ndarray, "faces 3"]
    solid: Bool[np.ndarray, "128 128 128"]
    surface: SurfaceSamples


def canonical_shape(
    model: ObjectModel, name: str, rng: np.random.Generator, solid: Bool[np.ndarray, "width height depth"] | None = None
) -> ObjectShape:
    """The true shape of a model of any size. name: what errors call it. rng: of the surface points.

    solid: the model's occupancy where its source has one, bool [n, n, n]; cells and model then stay where they are.
    Raises MeshError for a model that `check_model` refuses or that encloses nothing, and DatasetError for an occupancy
    whose side does not divide 128.
    """
    from shapeshot.data.solids.solid import solid_occupancy
    from shapeshot.data.solids.surface import sample_outer_surface

    check_model(model, name)
    if solid is None:
        model, _ = model.canonical()
    vertices, faces = model.merged()
    solid = solid_occupancy(vertices, faces, SOLID_RESOLUTION) if solid is None else refined(solid, name)
    if not solid.any():
        raise MeshError(f"{name} encloses nothing at {SOLID_RESOLUTION}^3; it may be a single flat triangle")
    surface = sample_outer_surface(model, solid, num_points=NUM_SURFACE_POINTS, rng=rng)
    return ObjectShape(model, vertices, faces, solid, surface)


def refined(solid: Bool[np.ndarray, "width height depth"], name: str) -> Bool[np.ndarray, "128 128 128"]:
    """A coarser occupancy cell for cell at 128^3. Raises DatasetError where its side does not divide 128."""
    side = solid.shape[0]
    if solid.shape != (side,) * 3 or SOLID_RESOLUTION % side:
        raise DatasetError(f"{name} has an occupancy of {list(solid.shape)}; expected a cube whose side divides 128")
    for axis in range(3):
        solid = np.repeat(solid, SOLID_RESOLUTION // side, axis=axis)
    return solid


def check_model(model: ObjectModel, name: str) -> None:
    """MeshError for a model without faces, with NaN vertices or without extent."""
    if not any(len(part.faces) for part in model.parts):
        raise MeshError(f"{name} has no faces")
    vertices, faces = model.merged()
    used = vertices[np.unique(faces)]
    if not np.isfinite(vertices).all():
        raise MeshError(f"{name} has vertices that are NaN or infinite")
    if float(np.ptp(used, axis=0).max()) <= 0:
        raise MeshError(f"{name} has no extent: all its vertices coincide")
