"""A frustum grid as a shape: it agrees with the silhouette, lies in the cube, and turns without changing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from shapeshot.geometry.frustum import HALF_DEPTH, ViewCamera, bin_depths, frustum_centers
from shapeshot.model.camera_estimate import CameraEstimate
from shapeshot.model.field import whole_grid
from shapeshot.model.frustum_grid import sample_frustum
from shapeshot.model.reading import Symmetry
from shapeshot.model.view import ViewReading, covered_share, explained
from shapeshot.model.view_colors import ViewColors

SIDE, DEPTHS = 32, 48
RED, GREEN = np.array([200, 0, 0], np.uint8), np.float32([0, 1, 0])


def grid_of(camera: ViewCamera, half: tuple[float, float, float], side: int = SIDE, depths: int = DEPTHS) -> np.ndarray:
    """Logits of a box about the object's centre: its half sides in sides of the crop."""
    centers = (np.arange(side) + 0.5) / side
    t, v, u = np.meshgrid(bin_depths(depths), 0.5 - centers, centers - 0.5, indexing="ij")
    places = camera.place(np.stack([u.ravel(), v.ravel(), t.ravel()], axis=1))
    inside = (np.abs(places) / np.float32(half)).max(axis=1)
    return (10 * (1 - inside)).reshape(depths, side, side).astype(np.float32)


def reading(azimuth: float = 40.0, half: tuple[float, float, float] = (0.3, 0.15, 0.2)) -> ViewReading:
    camera = ViewCamera(azimuth, 20.0, 3.0)
    pixels = np.broadcast_to(RED, (64, 64, 3)).copy()
    guessed = np.broadcast_to(GREEN[:, None, None, None], (3, 8, 16, 16)).copy()
    colors = ViewColors(pixels, np.ones((64, 64), np.float32), guessed)
    return ViewReading(grid_of(camera, half), CameraEstimate(camera, 0.9), colors, None, 0.0)


def test_the_shape_fills_the_cube_with_its_proportions() -> None:
    occupancy = whole_grid(reading().grid, 32, 0.0).occupancy
    sizes = [np.ptp(np.flatnonzero(occupancy.any(axis=tuple({0, 1, 2} - {axis})))) + 1 for axis in range(3)]
    np.testing.assert_allclose(sizes, [32, 16, 21.3], atol=2)


def test_turning_it_turns_the_shape() -> None:
    straight, turned = (
        whole_grid(one.grid, 32, 0.0).occupancy for one in (reading(90.0), reading(90.0).turned_to(0.0))
    )
    sizes = [np.ptp(np.flatnonzero(turned.any(axis=tuple({0, 1, 2} - {axis})))) + 1 for axis in range(3)]
    np.testing.assert_allclose(sizes, [21.3, 16, 32], atol=2)
    union = (np.rot90(straight, 1, axes=(0, 2)) | turned).sum()
    assert max((np.rot90(straight, k, axes=(0, 2)) & turned).sum() / union for k in (1, 3)) > 0.8


def test_points_and_grids_agree() -> None:
    one = reading()
    axis = np.linspace(-0.45, 0.45, 5).astype(np.float32)
    points = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    np.testing.assert_array_equal(one.grid(axis, axis, axis).ravel(), one.logits_at(points))


def test_sampling_gives_the_cells_values_at_their_centres_and_emptiness_beyond() -> None:
    grid = np.random.default_rng(0).normal(size=(6, 4, 5)).astype(np.float32)
    depth, row, column = (index.ravel() for index in np.indices(grid.shape))
    seen = np.stack([(column + 0.5) / 5 - 0.5, 0.5 - (row + 0.5) / 4, bin_depths(6)[depth]], axis=1)
    np.testing.assert_allclose(sample_frustum(grid, seen.astype(np.float32)), grid.ravel(), atol=1e-5)
    beyond = np.array([[0.7, 0, 0], [0, -0.9, 0], [0, 0, HALF_DEPTH + 0.2]], np.float32)
    np.testing.assert_array_equal(sample_frustum(grid, beyond, beyond=-7.0), -7.0)
    corner = np.array([[0.9, 0.9, 2.0]], np.float32)
    np.testing.assert_array_equal(sample_frustum(grid, corner), grid[0, 0, -1])


def test_between_centres_it_is_linear() -> None:
    grid = np.arange(4, dtype=np.float32)[None, None].repeat(3, 0).repeat(3, 1)
    seen = np.array([[0.0, 0.0, 0.0]], np.float32)  # half-way between columns 1 and 2
    np.testing.assert_allclose(sample_frustum(grid, seen), [1.5], atol=1e-6)


def test_nothing_is_left_beside_the_silhouette() -> None:
    logits = np.full((8, 16, 16), 4.0, np.float32)
    coverage = np.zeros((16, 16), np.float32)
    coverage[4:12, 4:12] = 1
    agreed = explained(logits, coverage, 0.0)
    inside = (agreed > 0).any(axis=0)
    assert inside[4:12, 4:12].all()
    inside[4:12, 4:12] = False
    assert not inside.any()


def test_every_ray_of_the_silhouette_meets_the_object_where_it_is_most_probable() -> None:
    logits = np.full((8, 4, 4), -6.0, np.float32)
    logits[5] = -2.0
    agreed = explained(logits, np.ones((4, 4), np.float32), 0.0)
    assert (agreed[4:7] > 0).all()
    assert (agreed[[0, 1, 2, 3, 7]] < 0).all()


def test_a_part_that_is_thinner_than_a_cell_is_not_lost_between_two() -> None:
    coverage = np.zeros((8, 8), np.float32)
    coverage[:, 2:4] = 0.3  # a leg between two columns
    coverage[4, 6] = 0.05  # a trace of something
    share = covered_share(coverage)
    np.testing.assert_allclose(share[:, 2:4], 1.0)
    assert share[4, 6] == pytest.approx(0.25)
    met = (explained(np.full((8, 8, 8), 3.0, np.float32), coverage, 0.0) > 0).any(axis=0)
    assert met[:, 2:4].all()
    met[:, 2:4] = False
    assert not met.any()


def test_beside_a_full_cell_the_silhouette_is_the_cells_own() -> None:
    coverage = np.array([[1.0, 1.0, 0.3, 0.0], [1.0, 1.0, 0.6, 0.0]], np.float32)
    met = (explained(np.full((8, 2, 4), 3.0, np.float32), coverage, 0.0) > 0).any(axis=0)
    np.testing.assert_array_equal(met, [[True, True, False, False], [True, True, True, False]])


def test_a_ray_that_hardly_meets_the_object_gets_a_rod() -> None:
    """Surfaces as faint as that come out in pieces; at the depth where they are faintly inside they are made sure."""
    logits = np.full((8, 4, 4), -6.0, np.float32)
    logits[5] = 0.5
    agreed = explained(logits, np.ones((4, 4), np.float32), 0.0)
    assert (agreed[5] > 2).all()
    logits[5] = 3.0
    np.testing.assert_array_equal(explained(logits, np.ones((4, 4), np.float32), 0.0), logits)


def test_neighbouring_rays_agree_on_the_depth_of_a_rod() -> None:
    logits = np.full((16, 1, 9), -6.0, np.float32)
    logits[4] = -2.0
    logits[:, 0, 4] = -6.0
    logits[12, 0, 4] = -2.0  # one ray thinks that it is far behind
    agreed = explained(logits, np.ones((1, 9), np.float32), 0.0)
    depths = [float(np.flatnonzero(agreed[:, 0, column] > 0).mean()) for column in range(9)]
    assert np.abs(np.diff(depths)).max() < 3


def test_at_another_level_every_ray_still_meets_the_object() -> None:
    one = ViewReading(reading()._raw, reading()._estimate, reading().colors, np.ones((SIDE, SIDE), np.float32), 0.0)
    assert (one.at_level(20.0).logits > 20.0).any(axis=0).all()


def test_a_ray_that_meets_the_object_is_left_alone() -> None:
    logits = np.random.default_rng(0).normal(2.0, 1.0, (8, 4, 4)).astype(np.float32)
    logits[3] = 3.0
    np.testing.assert_array_equal(explained(logits, np.ones((4, 4), np.float32), 0.0), logits)


def test_an_empty_grid_has_a_place_all_the_same() -> None:
    empty = ViewReading(
        np.full((DEPTHS, SIDE, SIDE), -9.0, np.float32),
        CameraEstimate(ViewCamera(0.0, 0.0, 3.0), 0.5),
        reading().colors,
        None,
        0.0,
    )
    assert not whole_grid(empty.grid, 8, 0.0).occupancy.any()
    assert empty.placing.side == 1.0


def test_the_side_that_the_camera_sees_has_the_photos_colours() -> None:
    one = reading(azimuth=0.0)
    front, back = one.colors_at(np.array([[0.0, 0.0, 0.33], [0.0, 0.0, -0.33]]))
    np.testing.assert_allclose(front, [200 / 255, 0, 0], atol=0.02)
    # Behind, half the photo and half the guess.
    np.testing.assert_allclose(back, [100 / 255, 0.5, 0], atol=0.02)


def test_the_camera_stands_where_the_photo_was_taken() -> None:
    camera = reading(azimuth=30.0).camera
    towards = np.subtract(camera.position, camera.target)
    assert np.degrees(np.arctan2(towards[0], towards[2])) == pytest.approx(30.0, abs=1e-3)


def test_an_end_beyond_the_grid_is_told() -> None:
    assert reading().remarks == ()
    (told,) = reading(half=(0.2, 0.15, 1.5)).remarks
    assert "deeper than the model can hold" in told


def test_a_rod_that_slants_is_one_piece() -> None:
    logits = np.full((40, 8, 3), -8.0, np.float32)
    for row in range(8):  # four cells farther away with each row
        logits[4 + 4 * row, row, 1] = -2.0
    coverage = np.zeros((8, 3), np.float32)
    coverage[:, 1] = 1
    inside = explained(logits, coverage, 0.0)[:, :, 1] > 0
    for row in range(7):
        assert (inside[:, row] & inside[:, row + 1]).any(), row


def test_rods_of_parts_far_apart_stay_apart() -> None:
    logits = np.full((64, 1, 12), -8.0, np.float32)
    logits[5, 0, :6] = logits[58, 0, 6:] = -2.0
    inside = explained(logits, np.ones((1, 12), np.float32), 0.0)[:, 0] > 0
    assert not (inside[:, 0] & inside[:, -1]).any()
    assert inside.sum(axis=0).max() <= 16  # no wall between them: no rod is longer than it takes to reach half-way


def test_what_the_network_does_not_know_of_depth_is_told() -> None:
    camera, coverage = ViewCamera(10.0, 20.0, 3.0), np.zeros((16, 16), np.float32)
    coverage[4:12, 4:12] = 1.0
    colors = reading().colors

    def told(logits: np.ndarray) -> tuple[float, float]:
        one = ViewReading(logits.astype(np.float32), CameraEstimate(camera, 0.9), colors, coverage, 0.0)
        return one.explained, one.depth_doubt

    sure = np.full((8, 16, 16), -30.0)
    assert told(sure) == (0.0, pytest.approx(0.0, abs=1e-4))
    sure[3] = 30.0
    assert told(sure) == (1.0, pytest.approx(0.0, abs=1e-4))
    sure[3, :, :8] = -30.0  # half of the object's rays meet nothing
    assert told(sure)[0] == 0.5
    assert told(np.zeros((8, 16, 16)))[1] == pytest.approx(8 * np.log(2), abs=1e-4)


def test_beyond_the_objects_pixels_its_colours_are_carried_on() -> None:
    rows, columns = np.mgrid[:64, :64]
    coverage = (np.hypot(rows - 32, columns - 20) < 9).astype(np.float32)
    pixels = np.where(coverage[..., None] > 0, np.uint8(RED), np.uint8(128)).astype(np.uint8)
    colors = ViewColors(pixels, coverage, np.zeros((3, 8, 16, 16), np.float32))
    beyond = np.array([[0.4, 0.0, 0.0], [-0.45, 0.4, 0.0], [0.0, -0.3, 0.0]], np.float32)
    np.testing.assert_allclose(colors.photographed(beyond), np.tile(np.float32(RED) / 255, (3, 1)), atol=0.02)


def slanted(azimuth: float, distance: float = 30.0) -> ViewReading:
    """A shape whose sides all differ: a flat box with a block at its right end that comes forward."""
    camera = ViewCamera(azimuth, 20.0, distance, 5.0)
    plate, block = grid_of(camera, (0.3, 0.05, 0.2)), grid_of(camera, (0.08, 0.2, 0.1))
    moved = np.roll(block, (-3, 4), axis=(0, 2))
    one = reading(azimuth)
    coverage = (np.maximum(plate, moved) > 0).any(axis=0).astype(np.float32)
    return ViewReading(np.maximum(plate, moved), CameraEstimate(camera, 0.9), one.colors, coverage, 0.0)


@pytest.mark.parametrize("azimuth", [0.0, 30.0, 60.0, -75.0, 120.0, 175.0])
def test_mirrored_twice_it_is_as_it_was(azimuth: float) -> None:
    one = slanted(azimuth, 2.5)
    other = one.mirrored()
    twice = other.mirrored()
    assert not np.array_equal(other.logits, one.logits)
    np.testing.assert_array_equal(twice.logits, one.logits)
    points = np.random.default_rng(0).uniform(-0.4, 0.4, (50, 3))
    np.testing.assert_allclose(twice.logits_at(points), one.logits_at(points), atol=1e-3)
    np.testing.assert_allclose(twice.colors_at(points), one.colors_at(points), atol=1e-3)
    np.testing.assert_allclose(twice.camera.position, one.camera.position, atol=1e-5)
    assert twice.camera.azimuth_deg == pytest.approx(one.camera.azimuth_deg, abs=1e-9)


@pytest.mark.parametrize("distance", [2.0, 30.0])
def test_mirrored_its_outline_from_the_photos_camera_is_the_same(distance: float) -> None:
    one = slanted(30.0, distance)
    other = one.mirrored()
    np.testing.assert_array_equal((other.logits > 0).any(axis=0), (one.logits > 0).any(axis=0))
    centers = (np.arange(48) + 0.5) / 48 - 0.5
    outlines = []
    for each in (one, other):
        inside = centers[np.argwhere(whole_grid(each.grid, 48, 0.0).occupancy)].astype(np.float32)
        columns, rows = np.clip(((each.camera.project(inside)[:, :2] + 0.5) * 24).astype(int), 0, 23).T
        outlines.append(np.zeros((24, 24), bool))
        outlines[-1][rows, columns] = True
    assert (outlines[0] & outlines[1]).sum() / (outlines[0] | outlines[1]).sum() > 0.9


@pytest.mark.parametrize(("azimuth", "axis"), [(30.0, 2), (-160.0, 2), (60.0, 0), (-100.0, 0)])
def test_mirrored_it_is_as_upright_and_its_sides_lie_along_the_axes(azimuth: float, axis: int) -> None:
    """Without perspective the one shape is the other's mirror image in an upright plane along the object's sides."""
    one, other = (whole_grid(each.grid, 32, 0.0).occupancy for each in (slanted(azimuth), slanted(azimuth).mirrored()))
    expected = np.flip(one, axis)
    assert (other & expected).sum() / (other | expected).sum() > 0.85
    assert (other & one).sum() / (other | one).sum() < 0.8


def test_mirrored_what_the_camera_sees_has_the_photos_colours() -> None:
    other = reading(azimuth=0.0).mirrored()
    assert other.camera.elevation_deg == -20.0
    front, back = other.colors_at(np.array([[0.0, 0.0, 0.33], [0.0, 0.0, -0.33]]))
    np.testing.assert_allclose(front, [200 / 255, 0, 0], atol=0.02)
    np.testing.assert_allclose(back, [100 / 255, 0.5, 0], atol=0.02)


def completed_reading(level: float = 0.0) -> tuple[ViewReading, np.ndarray]:
    """A photo of a box of which the network is not sure about an upper corner, and the box, as finely as it comes."""
    camera, outline = ViewCamera(25.0, 15.0, 3.0), np.zeros((64, 64), np.float32)
    truth = grid_of(camera, (0.3, 0.2, 0.2), 64, 64)
    outline[(truth > 0).any(axis=0)] = 1
    places = camera.place(frustum_centers(np.argwhere(np.ones(truth.shape, bool)), truth.shape))
    corner = ((places[:, 0] > 0.1) & (places[:, 1] > 0)).reshape(truth.shape)
    unsure = np.where((truth > 0) & corner, -0.3, truth).astype(np.float32)
    return ViewReading(unsure, CameraEstimate(camera, 0.9), reading().colors, outline, level), truth


def test_a_shape_is_completed_by_its_mirror_image() -> None:
    one, truth = completed_reading()
    held = explained(one._raw, one._coverage, 0.0)  # type: ignore[arg-type]
    alike = [((grid > 0) & (truth > 0)).sum() / ((grid > 0) | (truth > 0)).sum() for grid in (held, one.logits)]
    assert alike[0] < 0.88 < 0.93 < alike[1]


def test_without_a_silhouette_the_grid_is_the_networks() -> None:
    grid = grid_of(ViewCamera(25.0, 15.0, 3.0), (0.3, 0.2, 0.2))
    one = ViewReading(grid, CameraEstimate(ViewCamera(25.0, 15.0, 3.0), 0.9), reading().colors, None, 0.0)
    np.testing.assert_array_equal(one.logits, grid)


@pytest.mark.parametrize("change", [lambda one: one.turned_to(150.0), lambda one: one.mirrored()])
def test_the_order_of_threshold_and_front_is_of_no_account(change: Callable[[ViewReading], ViewReading]) -> None:
    one, _ = completed_reading()
    first, last = change(one.at_level(-0.8)), change(one).at_level(-0.8)
    np.testing.assert_array_equal(first.logits, last.logits)
    assert first.camera == last.camera
    assert (one.at_level(-0.8).logits != one.logits).any()


def test_how_much_of_its_mirror_image_is_in_a_shape_is_told() -> None:
    one = slanted(30.0)
    assert one.symmetry is not None
    assert one.symmetry.left_right < 0.4  # the block is at one end
    camera = ViewCamera(30.0, 20.0, 30.0)
    box = grid_of(camera, (0.3, 0.1, 0.2))
    coverage = (box > 0).any(axis=0).astype(np.float32)
    whole = ViewReading(box, CameraEstimate(camera, 0.9), one.colors, coverage, 0.0)
    assert whole.symmetry == Symmetry(0.4, pytest.approx(0.4))
    for other in (whole.turned_to(-60.0), whole.mirrored()):
        assert other.symmetry == whole.symmetry  # about the front that the network saw
    assert ViewReading(box, CameraEstimate(camera, 0.9), one.colors, None, 0.0).symmetry is None
