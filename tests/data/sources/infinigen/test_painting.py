"""Colours of surface points from six maps, on a box whose sides each have their own colour."""

from __future__ import annotations

import numpy as np

from shapeshot.data.sources.infinigen.painting import SIDES, surface_colors

COLORS = np.array([(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (1, 0, 1), (0, 1, 1)], np.float32)


def maps_of_the_cube(depth: float = 0.0) -> np.ndarray:
    maps = np.empty((6, 16, 16, 4), np.float32)
    maps[:, :, :, :3] = COLORS[:, None, None]
    maps[:, :, :, 3] = depth
    return maps


def points_on_sides(rng: np.random.Generator, count: int = 50) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    side = rng.integers(6, size=count)
    normals = SIDES[side]
    points = rng.uniform(-0.49, 0.49, (count, 3)) * (normals == 0) + 0.5 * normals
    return points, normals, side


def test_every_side_has_its_own_color() -> None:
    points, normals, side = points_on_sides(np.random.default_rng(0))
    np.testing.assert_array_equal(surface_colors(points, normals, maps_of_the_cube()), COLORS[side] * 255)


def test_a_map_lies_as_its_camera_saw_it() -> None:
    maps = maps_of_the_cube()
    maps[:, :, :, :3] = 0
    maps[4, :4, :4, 0] = 1  # the front's upper left: x low, y high
    maps[2, -4:, -4:, 0] = 1  # from above, front down: x high, z high
    points = np.array([[-0.45, 0.45, 0.5], [0.45, 0.45, 0.5], [0.45, 0.5, 0.45], [0.45, 0.5, -0.45]])
    normals = np.array([[0, 0, 1.0], [0, 0, 1], [0, 1, 0], [0, 1, 0]])
    red = surface_colors(points, normals, maps)[:, 0]
    np.testing.assert_array_equal(red, [255, 0, 255, 0])


def test_a_hidden_point_takes_its_neighbours_color() -> None:
    points = np.array([[0.0, 0.0, 0.5], [0.0, 0.0, 0.3], [0.5, 0.0, 0.0]])
    normals = np.array([[0, 0, 1.0], [0, 0, 1], [1, 0, 0]])
    colors = surface_colors(points, normals, maps_of_the_cube())
    np.testing.assert_array_equal(colors, COLORS[[4, 4, 0]] * 255)


def test_nothing_seen_is_black_and_no_error() -> None:
    colors = surface_colors(np.zeros((3, 3)), np.eye(3), maps_of_the_cube(depth=9.0))
    assert not colors.any()
