"""Surface samples by law: on the surface, spread by area, coloured by position."""

from __future__ import annotations

import numpy as np
import pytest

from shapeshot.errors import MeshError
from shapeshot.geometry import Mesh
from shapeshot.geometry.sample import sample_surface

# Two right triangles in the plane z = 0, of area 0.5 and 4.5, and one without area between them.
VERTICES = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [10, 0, 0], [13, 0, 0], [10, 3, 0]], np.float32)
FACES = np.array([[0, 1, 2], [0, 1, 1], [3, 4, 5]])
COLORS = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1], [0, 0, 1]], np.float32)
MESH = Mesh(VERTICES, FACES, COLORS)


def test_points_lie_in_the_triangles_with_their_normals_and_colours() -> None:
    cloud = sample_surface(MESH, 2000, np.random.default_rng(0))
    assert len(cloud) == 2000
    assert np.all(cloud.points[:, 2] == 0)
    np.testing.assert_array_equal(cloud.normals, np.tile([0, 0, 1], (2000, 1)))
    small = cloud.points[:, 0] < 5
    x, y = cloud.points[small, 0], cloud.points[small, 1]
    assert x.min() >= 0
    assert y.min() >= 0
    assert (x + y).max() <= 1 + 1e-6
    # In the small triangle red is x and green is y, by linear interpolation.
    np.testing.assert_allclose(cloud.colors[small, :2], cloud.points[small, :2], atol=1e-6)
    np.testing.assert_allclose(cloud.colors[~small], np.tile([0, 0, 1], (np.sum(~small), 1)), atol=1e-6)


def test_points_are_uniform_by_area() -> None:
    cloud = sample_surface(MESH, 40_000, np.random.default_rng(1))
    small = cloud.points[:, 0] < 5
    # Binomial with p = 0.1: standard deviation 0.0015. Limits at four of them.
    assert small.mean() == pytest.approx(0.1, abs=0.006)
    large = (cloud.points[~small] - [10, 0, 0]) / 3
    assert large.mean(axis=0) == pytest.approx([1 / 3, 1 / 3, 0], abs=0.006)
    # A quarter of a triangle's area lies where x > 1/2.
    assert (large[:, 0] > 0.5).mean() == pytest.approx(0.25, abs=0.01)


def test_same_seed_same_points_and_no_colours_from_a_plain_mesh() -> None:
    plain = Mesh(VERTICES, FACES)
    first, second = (sample_surface(plain, 50, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(first.points, second.points)
    assert first.colors is None


def test_no_points_are_no_points() -> None:
    assert len(sample_surface(MESH, 0, np.random.default_rng(0))) == 0


@pytest.mark.parametrize("faces", [np.zeros((0, 3), int), [[0, 1, 1]]])
def test_a_mesh_without_area_is_refused(faces) -> None:
    with pytest.raises(MeshError, match="without area"):
        sample_surface(Mesh(VERTICES, faces), 5, np.random.default_rng(0))


def test_a_negative_number_is_refused() -> None:
    with pytest.raises(MeshError, match="got -1"):
        sample_surface(MESH, -1, np.random.default_rng(0))
