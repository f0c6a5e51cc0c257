"""From a field to shapes: the one road, for the runtime, the lab, tuning and evaluation.

The surface is where the field crosses its level; specks beside the object are left out, and counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.errors import EmptyShapeError
from shapeshot.geometry import Mesh, PointCloud, cell_centers
from shapeshot.geometry.components import count_pieces, remove_small_components
from shapeshot.geometry.isosurface import isosurface
from shapeshot.geometry.sample import sample_surface

if TYPE_CHECKING:
    from shapeshot.model.field import Field
    from shapeshot.model.seen import Seen

MESH_RESOLUTIONS = (64, 256)  # coarser loses legs and handles, finer shows nothing that the field holds
SPECK_FRACTION = 0.005  # of the largest piece: some 30 cells beside a chair at 64^3, where a loose leg has over 100
SPECK_FRACTION_OF_VIEW = 0.0005  # where every pixel is explained, what is loose is a part: a foot, the end of a rod
POINT_SEED = 0  # the same shape gives the same points
EMPTY = "the model saw no object in this photo; try a closer photo of one whole object on a plain background"


@dataclass(frozen=True, eq=False)
class Surface:
    """The surface of a field. mesh: closed, looking outward. raw: the same with the specks that `mesh` is without."""

    mesh: Mesh
    raw: Mesh

    @property
    def num_specks(self) -> int:
        """How many pieces were left out as specks."""
        return 0 if self.raw is self.mesh else count_pieces(self.raw) - count_pieces(self.mesh)

    @property
    def speck_share(self) -> float:
        """The volume of what was left out, as a fraction of the volume of what was kept."""
        return 0.0 if self.raw is self.mesh else (self.raw.volume - self.mesh.volume) / self.mesh.volume


def surface_of(field: Field, speck_fraction: float = SPECK_FRACTION) -> Surface:
    """The surface where a field crosses its level.

    speck_fraction: pieces that enclose less than this fraction of the largest are left out; 0 keeps everything.
    Raises EmptyShapeError where no cell is inside.
    """
    if not field.occupancy.any():
        raise EmptyShapeError(EMPTY)
    cells = field.resolution
    raw = Mesh(*isosurface(field.logits, field.level, float(cell_centers(cells)[0]), 1.0 / cells))
    return Surface(remove_small_components(raw, speck_fraction) if speck_fraction else raw, raw)


def mesh_resolution(resolution: int) -> int:
    """Cells along each side of the grid that a mesh is made on, where the voxels' grid has `resolution`."""
    return int(np.clip(2 * resolution, *MESH_RESOLUTIONS))


def finer_field(seen: Seen, field: Field) -> Field:
    """The field that the mesh is made of, at the level of `field`, which is that of the voxels."""
    cells = mesh_resolution(field.resolution)
    guide = field if 2 * field.resolution == cells else seen.field(cells // 2).at_level(field.level)
    return seen.finer(guide, cells)


def surface_points(mesh: Mesh, num_points: int) -> PointCloud:
    """Points on a mesh, by area, always the same for the same mesh. Raises MeshError for a mesh without area."""
    return sample_surface(mesh, num_points, np.random.default_rng(POINT_SEED))
