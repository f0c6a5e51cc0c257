"""Copies in other proportions: boxes whose answer is known, laws of the maps, shape and surface together."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from scipy.spatial import KDTree
from solids import SIDE, box_solid, chair

from shapeshot.data.solids.silhouettes import surface_centers
from shapeshot.data.solids.solid import downsample_occupancy, solid_occupancy
from shapeshot.data.solids.variants import MAX_STRETCH
from shapeshot.data.solids.warps import MAX_BEND, AxisMap, random_warp, warp


def maps_of(*knots: tuple[list[float], list[float]]) -> list[AxisMap]:
    return [AxisMap(np.array(old), np.array(new)) for old, new in knots]


def test_a_box_becomes_the_box_of_stretched_sides() -> None:
    solid = box_solid(0.5, 0.25, 1.0)
    maps = maps_of(([-0.25, 0.25], [0, 1]), ([-0.125, 0.125], [0, 0.25]), ([-0.5, 0.5], [0, 0.5]))
    shape, centers = warp(solid, surface_centers(solid), maps)
    np.testing.assert_array_equal(shape, downsample_occupancy(box_solid(1.0, 0.25, 0.5)))
    cells = np.array([2.0, 1.0, 0.5]) / SIDE
    np.testing.assert_allclose(np.ptp(centers, axis=0) + cells, [1.0, 0.25, 0.5], atol=1e-6)


def test_parts_of_an_axis_change_unequally() -> None:
    """A table of which the upper quarter is the top: its legs shrink to half of it."""
    solid = box_solid(1.0, 1.0, 1.0)
    solid[16:112, :96] = False
    maps = maps_of(([-0.5, 0.5], [0, 1]), ([-0.5, 0.25, 0.5], [0, 0.5, 1]), ([-0.5, 0.5], [0, 1]))
    shape, centers = warp(solid, surface_centers(solid), maps)
    expected = np.ones((32, 32, 32), bool)
    expected[4:28, :16] = False
    np.testing.assert_array_equal(shape, expected)
    assert centers[np.abs(centers[:, 0]) < 0.3][:, 1].min() == pytest.approx(0, abs=2 / SIDE)


@pytest.mark.parametrize("bent", [False, True])
@pytest.mark.parametrize("shift", [(0, 0, 0), (20, -10, 5)])
def test_a_copy_is_centred_and_fills_the_cube(shift: tuple[int, int, int], bent: bool) -> None:
    rng, solid = np.random.default_rng(0), np.roll(box_solid(0.5, 0.25, 0.375), shift, axis=(0, 1, 2))
    centers = surface_centers(solid)
    low, high = centers.min(axis=0) - 0.5 / SIDE, centers.max(axis=0) + 0.5 / SIDE
    for _ in range(5):
        shape, moved = warp(solid, centers, random_warp(rng, low, high, bent))
        np.testing.assert_allclose(moved.min(axis=0), -moved.max(axis=0), atol=0.03)
        assert 1 - 6 / SIDE < np.ptp(moved, axis=0).max() < 1
        filled = [shape.any(axis=tuple({0, 1, 2} - {axis})).sum() for axis in range(3)]
        assert max(filled) == 32


def test_random_maps_keep_to_what_they_promise() -> None:
    rng, low, high = np.random.default_rng(0), np.array([-0.4, -0.5, -0.3]), np.array([0.4, 0.5, 0.1])
    ratios = []
    for number in range(300):
        maps = random_warp(rng, low, high, bent=number % 2 == 1)
        for axis, name in enumerate("xyz"):
            old, new = maps[axis].old, maps[axis].new
            assert (np.diff(old) > 0).all(), name
            assert (np.diff(new) > 0).all(), name
            assert (old[0], old[-1]) == pytest.approx((low[axis], high[axis]))
            assert abs(np.log(np.ptp(new) / np.ptp(old))) <= MAX_STRETCH + 1e-9
            slopes = np.diff(new) / np.diff(old)
            ratios.append(slopes.max() / slopes.min())
            assert ratios[-1] == pytest.approx(1) or number % 2
            values = rng.uniform(old[0], old[-1], 20)
            np.testing.assert_allclose(maps[axis].backward(maps[axis].forward(values)), values, atol=1e-12)
            assert np.isnan(maps[axis].backward(np.array([new[0] - 1, new[-1] + 1]))).all()
        across = maps[0]
        middle = (across.new[0] + across.new[-1]) / 2
        values = rng.uniform(0, 0.4, 20)
        np.testing.assert_allclose(across.forward(values) - middle, middle - across.forward(-values), atol=1e-12)
    assert np.exp(MAX_BEND) < max(ratios) < np.exp(2 * MAX_BEND)


def test_a_shape_and_its_surface_change_alike() -> None:
    mesh = chair()
    factors = np.array([1.3, 0.8, 1.1])
    solid = solid_occupancy(mesh.vertices, mesh.faces)
    low, high = mesh.bounds
    maps = [AxisMap(np.array([a, b]), np.array([a, b]) * f) for a, b, f in zip(low, high, factors, strict=True)]
    shape, centers = warp(solid, surface_centers(solid), maps)
    stretched = mesh.vertices * factors
    stretched /= np.ptp(stretched, axis=0).max()
    expected = downsample_occupancy(solid_occupancy(stretched, mesh.faces))
    assert (shape & expected).sum() / (shape | expected).sum() > 0.8  # thin parts are thickened before or after
    surface, _ = trimesh.sample.sample_surface(trimesh.Trimesh(stretched, mesh.faces), 50_000, seed=0)
    assert KDTree(surface).query(centers)[0].max() < 0.05
