"""From a field to shapes: the surface where it should be, and specks left out, but counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hand_models import shown

from shapeshot.errors import EmptyShapeError
from shapeshot.model.field import Field
from shapeshot.model.shape import finer_field, mesh_resolution, surface_of, surface_points

Make = Callable[..., Any]


def test_specks_are_counted(analytic_field: Make) -> None:
    alone = surface_of(analytic_field().field(64))
    assert (alone.num_specks, alone.speck_share) == (0, 0.0)
    with_speck = surface_of(analytic_field(speck_radius=0.025).field(64))
    assert with_speck.num_specks == 1
    ball, ellipsoid = 0.025**3, 0.2 * 0.4 * 0.3
    assert with_speck.speck_share == pytest.approx(ball / ellipsoid, rel=0.3)
    assert len(with_speck.mesh.faces) == len(alone.mesh.faces)
    everything = surface_of(analytic_field(speck_radius=0.025).field(64), speck_fraction=0)
    assert everything.mesh is everything.raw
    assert len(everything.mesh.faces) > len(alone.mesh.faces)


def test_an_empty_field_has_no_surface() -> None:
    with pytest.raises(EmptyShapeError, match="saw no object"):
        surface_of(Field(np.full((8, 8, 8), -1.0, np.float32), 0.0))


@pytest.mark.parametrize(("voxels", "mesh"), [(8, 64), (32, 64), (48, 96), (128, 256), (200, 256)])
def test_the_mesh_is_twice_as_fine_within_bounds(voxels: int, mesh: int) -> None:
    assert mesh_resolution(voxels) == mesh


@pytest.mark.parametrize("voxels", [8, 20, 32, 48])
@pytest.mark.parametrize("threshold", [0.4, 0.7])
def test_the_finer_field_is_at_the_level_of_the_voxels(analytic_field: Make, voxels: int, threshold: float) -> None:
    model = analytic_field()
    seen = model.see(shown(np.zeros((64, 64, 3), np.uint8)))
    fine = finer_field(seen, seen.field(voxels).at_threshold(threshold))
    assert fine.resolution == mesh_resolution(voxels)
    whole = model.field(fine.resolution).at_threshold(threshold)
    assert fine.level == whole.level
    np.testing.assert_array_equal(fine.occupancy, whole.occupancy)


def test_points_of_a_mesh_are_always_the_same(analytic_field: Make) -> None:
    mesh = surface_of(analytic_field().field(32)).mesh
    first, again = (surface_points(mesh, 100).points for _ in range(2))
    np.testing.assert_array_equal(first, again)
