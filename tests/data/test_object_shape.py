"""From a source's model to its true shape: canonical, or in place where the source has the occupancy itself."""

from __future__ import annotations

import numpy as np
import pytest

from shapeshot.data.objects import ObjectModel, Part
from shapeshot.data.solids.object_shape import canonical_shape, check_model, refined
from shapeshot.data.solids.solid import downsample_occupancy
from shapeshot.data.sources.r2n2 import boundary_model
from shapeshot.errors import DatasetError, MeshError


def blob(resolution: int = 32) -> np.ndarray:
    """A ball that does not fill the cube, with an odd corner."""
    axis = (np.arange(resolution) + 0.5) / resolution - 0.5
    x, y, z = np.meshgrid(axis, axis, axis, indexing="ij")
    return (x**2 + y**2 + z**2 < 0.09) | ((x > 0.1) & (x < 0.3) & (abs(y) < 0.1) & (abs(z) < 0.1))


@pytest.mark.parametrize("resolution", [1, 2, 32, 64, 128])
def test_refining_and_coarsening_are_inverse(resolution: int) -> None:
    solid = np.random.default_rng(0).random((resolution,) * 3) < 0.5
    fine = refined(solid, "a")
    assert fine.shape == (128, 128, 128)
    np.testing.assert_array_equal(downsample_occupancy(fine, resolution), solid)


@pytest.mark.parametrize("shape", [(33, 33, 33), (32, 32, 16), (256, 256, 256)])
def test_other_sides_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(DatasetError, match="a has an occupancy"):
        refined(np.ones(shape, bool), "a")


def test_a_given_occupancy_stays_where_it_is() -> None:
    solid = blob()
    shape = canonical_shape(boundary_model(solid), "a", np.random.default_rng(0), solid)
    np.testing.assert_array_equal(downsample_occupancy(shape.solid), solid)
    assert np.ptp(shape.vertices, axis=0).max() < 0.7, "not scaled to 1"
    outside = shape.surface.points + shape.surface.normals / 128
    cells = np.floor((outside + 0.5) * 128).astype(int)
    assert not shape.solid[tuple(cells.T)].any(), "normals look out of the solid"


def test_without_one_the_model_becomes_canonical() -> None:
    shape = canonical_shape(boundary_model(blob()), "a", np.random.default_rng(0))
    np.testing.assert_allclose(np.abs(shape.vertices).max(), 0.5, atol=1e-6)


def test_models_without_a_shape_are_refused() -> None:
    triangle = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32)
    faces = np.array([[0, 1, 2]], np.int32)
    for part, told in (
        (Part(triangle, faces[:0]), "no faces"),
        (Part(triangle * np.nan, faces), "NaN"),
        (Part(triangle * 0, faces), "no extent"),
    ):
        with pytest.raises(MeshError, match=told):
            check_model(ObjectModel((part,)), "a")
