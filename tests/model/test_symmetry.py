"""The mirror image of a shape: it fills in what is hidden of symmetrical things, and leaves others alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from shapeshot.geometry.frustum import ViewCamera, bin_depths
from shapeshot.model.reading import Symmetry
from shapeshot.model.symmetry import complete_by_symmetry

SIDE, DEPTHS = 32, 48
EVERYWHERE = np.ones((SIDE, SIDE), bool)
Places = np.ndarray


def grid_of(camera: ViewCamera, inside: Callable[[Places], np.ndarray], sure: float = 6.0) -> np.ndarray:
    """Logits of what `inside` tells of places in the object's axes, in sides of the crop."""
    centers = (np.arange(SIDE) + 0.5) / SIDE
    t, v, u = np.meshgrid(bin_depths(DEPTHS), 0.5 - centers, centers - 0.5, indexing="ij")
    places = camera.place(np.stack([u.ravel(), v.ravel(), t.ravel()], axis=1))
    return np.where(inside(places), sure, -sure).reshape(DEPTHS, SIDE, SIDE).astype(np.float32)


def sofa(places: Places) -> np.ndarray:
    """A block with an arm at each end, a little beside the crop's centre."""
    x, y, z = (places - np.float32([0.05, 0, 0])).T
    seat = (np.abs(x) < 0.3) & (np.abs(y + 0.1) < 0.06) & (np.abs(z) < 0.16)
    return seat | ((np.abs(np.abs(x) - 0.26) < 0.05) & (np.abs(y) < 0.15) & (np.abs(z) < 0.16))


def overlap(first: np.ndarray, second: np.ndarray) -> float:
    return float(((first > 0) & (second > 0)).sum() / ((first > 0) | (second > 0)).sum())


@pytest.mark.parametrize(("azimuth", "roll", "level"), [(-50, 0, 0), (15, 8, 0), (70, -8, -0.85), (160, 0, 0.85)])
def test_what_is_unsure_on_one_side_is_taken_from_the_other(azimuth: float, roll: float, level: float) -> None:
    camera = ViewCamera(azimuth, 20.0, 3.0, roll)
    truth = grid_of(camera, sofa)
    unsure = grid_of(camera, lambda places: sofa(places) & ~((places[:, 0] > 0.25) & (places[:, 1] > -0.02)))
    unsure[(unsure < 0) & (truth > 0)] = -0.5  # the top of an arm that hardly shows
    completion = complete_by_symmetry(unsure + level, unsure + level, camera, level, EVERYWHERE)
    assert overlap(unsure, truth) < 0.93 < overlap(completion.grid - level, truth)
    assert completion.symmetry.left_right > 0.3


@pytest.mark.parametrize("azimuth", [-40, 0, 30])
def test_what_is_unsure_behind_is_taken_from_before(azimuth: float) -> None:
    camera = ViewCamera(azimuth, 20.0, 3.0)

    def bench(places: Places) -> np.ndarray:
        """A seat on two short boards across, one before and one behind."""
        x, y, z = np.abs(places - np.float32([0.02, 0, -0.04])).T
        return (
            (x < 0.3)
            & (z < 0.2)
            & ((y < 0.04) | ((places[:, 1] < 0) & (x < 0.15) & (y < 0.2) & (np.abs(z - 0.14) < 0.06)))
        )

    truth = grid_of(camera, bench)
    unsure = grid_of(camera, lambda places: bench(places) & ((places[:, 1] > -0.04) | (places[:, 2] > -0.04)))
    unsure[(unsure < 0) & (truth > 0)] = -0.5  # the board behind
    whole = complete_by_symmetry(unsure, unsure, camera, 0.0, EVERYWHERE).grid
    assert overlap(unsure, truth) < 0.85 < overlap(whole, truth)


def test_the_image_is_of_what_the_silhouette_left() -> None:
    camera = ViewCamera(30.0, 15.0, 3.0)
    held = grid_of(camera, sofa)
    raw = np.maximum(held, grid_of(camera, lambda p: (np.abs(p) < 0.33).all(axis=1), 0.5))  # cut by the silhouette
    whole = complete_by_symmetry(raw, held, camera, 0.0, EVERYWHERE).grid
    assert overlap(raw, held) < 0.5 < 0.9 < overlap(whole, held)


def test_a_symmetrical_shape_stays_as_it_is() -> None:
    camera = ViewCamera(35.0, 15.0, 2.5)
    truth = grid_of(camera, sofa)
    assert overlap(complete_by_symmetry(truth, truth, camera, 0.0, EVERYWHERE).grid, truth) > 0.96


def test_what_is_no_mirror_image_of_itself_is_left_alone() -> None:
    camera = ViewCamera(0.0, 10.0, 3.0)
    slanting = grid_of(
        camera,
        lambda p: (
            (np.abs(p[:, 0] - p[:, 1]) < 0.08) & (np.abs(p[:, 2] - p[:, 1]) < 0.08) & (np.abs(p) < 0.3).all(axis=1)
        ),
    )
    whole, symmetry = complete_by_symmetry(slanting, slanting, camera, 0.0, EVERYWHERE)
    assert whole is slanting
    assert symmetry == Symmetry(0.0, 0.0)


def test_what_the_network_is_sure_of_is_not_outvoted() -> None:
    camera = ViewCamera(25.0, 10.0, 3.0)

    def chaise(places: Places) -> np.ndarray:
        """A sofa with one arm."""
        return sofa(places) & ((places[:, 0] < 0.2) | (places[:, 1] < -0.05))

    one = grid_of(camera, chaise)
    assert overlap(complete_by_symmetry(one, one, camera, 0.0, EVERYWHERE).grid, one) > 0.95


def test_only_the_rays_that_are_asked_for_change() -> None:
    camera = ViewCamera(40.0, 20.0, 3.0)
    grid = grid_of(camera, sofa) + np.random.default_rng(0).normal(0, 2, (DEPTHS, SIDE, SIDE)).astype(np.float32)
    rays = np.zeros((SIDE, SIDE), bool)
    rays[10:20, 5:25] = True
    mixed = complete_by_symmetry(grid, grid, camera, 0.0, rays).grid
    np.testing.assert_array_equal(mixed[:, ~rays], grid[:, ~rays])
    assert (mixed[:, rays] != grid[:, rays]).any()


def test_an_empty_grid_stays_empty() -> None:
    grid = np.full((DEPTHS, SIDE, SIDE), -9.0, np.float32)
    assert complete_by_symmetry(grid, grid, ViewCamera(0.0, 20.0, 3.0), 0.0, EVERYWHERE).grid is grid
