from __future__ import annotations

import numpy as np
import pytest
import trimesh

from shapeshot.geometry import Mesh, PointCloud, VoxelGrid
from shapeshot.geometry.voxel_boundary import voxel_boundary
from shapeshot.preview import Framing, render_mesh, render_points, render_voxels, turntable

RED, GREY = (1.0, 0.0, 0.0), (0.5, 0.5, 0.5)


def ball() -> Mesh:
    sphere = trimesh.creation.icosphere(subdivisions=4, radius=0.5)
    return Mesh(sphere.vertices, sphere.faces)


def marked_cloud(axis: int, sign: int) -> PointCloud:
    """Grey points in the cube, and one red one at an end of an axis."""
    points = np.random.default_rng(0).uniform(-0.3, 0.3, (300, 3))
    mark = np.zeros((1, 3))
    mark[0, axis] = 0.5 * sign
    colors = np.array([GREY] * 300 + [RED])
    return PointCloud(np.concatenate([points, mark]), colors)


def red_center(picture: np.ndarray) -> tuple[float, float]:
    """Mean (column, row) of the red pixels, relative to the picture's side."""
    values = picture.astype(int)
    rows, columns = np.nonzero((values[..., 3] > 128) & (values[..., 0] > values[..., 1] + 60))
    return columns.mean() / len(picture), rows.mean() / len(picture)


def test_a_ball_fills_its_framing_exactly() -> None:
    """A sphere's outline is a circle of known size, whatever the perspective: 0.96 of the picture across."""
    alpha = render_mesh(ball(), 200, shadow=False)[..., 3] / 255
    assert alpha.sum() == pytest.approx(np.pi * 96**2, rel=0.01)
    rows, columns = np.nonzero(alpha > 0.5)
    assert rows.mean() == pytest.approx(99.5, abs=0.5)
    assert columns.mean() == pytest.approx(99.5, abs=0.5)


@pytest.mark.parametrize(("azimuth", "axis", "sign", "side"), [
    (0, 0, 1, "right"), (0, 0, -1, "left"), (90, 2, -1, "right"), (180, 0, 1, "left"), (90, 2, 1, "left"),
])  # fmt: skip
def test_azimuth_turns_as_the_conventions_say(azimuth: float, axis: int, sign: int, side: str) -> None:
    picture = render_points(marked_cloud(axis, sign), 160, azimuth, 10.0, Framing(radius=0.6), shadow=False)
    column, row = red_center(picture)
    assert column > 0.7 if side == "right" else column < 0.3
    assert abs(row - 0.5) < 0.15


def test_up_is_up_and_elevation_looks_down() -> None:
    cloud = marked_cloud(1, 1)
    pictures = [render_points(cloud, 160, 0.0, angle, Framing(radius=0.6), shadow=False) for angle in (0.0, 60.0)]
    rows = [red_center(picture)[1] for picture in pictures]
    assert rows[0] < 0.2
    assert rows[0] < rows[1] < 0.5


def test_the_nearer_surface_hides_the_farther() -> None:
    square = np.array([[-0.5, -0.5, 0], [0.5, -0.5, 0], [0.5, 0.5, 0], [-0.5, 0.5, 0]])
    vertices = np.concatenate([square + np.array([0, 0, 0.2]), square - np.array([0, 0, 0.2])])
    faces = [[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7]]
    colors = np.array([RED] * 4 + [(0.0, 0.0, 1.0)] * 4)
    front = render_mesh(Mesh(vertices, faces, colors), 64, 0.0, 0.0, shadow=False)[32, 32]
    back = render_mesh(Mesh(vertices, faces, colors), 64, 180.0, 0.0, shadow=False)[32, 32]
    assert front[0] > 100 > front[2]
    assert back[2] > 100 > back[0]


def test_voxels_have_the_outline_of_their_boundary() -> None:
    occupancy = np.random.default_rng(3).random((6, 6, 6)) < 0.2
    grid = VoxelGrid(occupancy, side=2.5)
    voxels = render_voxels(grid, 120, shadow=False)
    boundary = voxel_boundary(grid)
    outline = render_mesh(boundary, 120, shadow=False, one_sided=True)[..., 3]
    np.testing.assert_array_equal(voxels[..., 3], outline)
    both_sides = render_mesh(boundary, 120, shadow=False)[..., 3]
    assert (outline != both_sides).mean() < 1e-3, "rounding on the outline alone"


def test_voxels_carry_their_colours_and_edges() -> None:
    colors = np.zeros((2, 2, 2, 3), np.float32)
    colors[..., 1] = 0.8
    picture = render_voxels(VoxelGrid(np.ones((2, 2, 2), bool), colors), 160, 0.0, 0.0, shadow=False).astype(int)
    inside = picture[picture[..., 3] == 255]
    assert (inside[:, 1] > inside[:, 0] + 40).all()
    row = picture[50, :, 1][picture[50, :, 3] == 255]
    assert row[len(row) // 2 - 3 : len(row) // 2 + 3].min() < 0.9 * np.median(row), "a line where the two cells meet"


def test_points_mesh_and_framing_share_one_camera() -> None:
    mesh = ball()
    framing = Framing(center=(0.1, -0.1, 0.0), radius=0.9)
    solid = render_mesh(mesh, 150, framing=framing, shadow=False)[..., 3] > 128
    dots = render_points(PointCloud(mesh.vertices), 150, framing=framing, shadow=False, point_radius=0.05)[..., 3] > 128
    assert (solid & ~dots).sum() == 0
    assert dots.sum() < 1.3 * solid.sum()


def test_units_do_not_matter() -> None:
    mesh = ball()
    difference = render_mesh(mesh, 96).astype(int) - render_mesh(mesh.scaled(37.0), 96)
    assert (np.abs(difference) > 2).mean() < 0.001


def test_light_comes_from_above() -> None:
    picture = render_mesh(ball(), 100, shadow=False).astype(int)
    assert picture[20, 50, 0] > picture[80, 50, 0] + 30


def test_the_shadow_lies_under_the_shape_and_nowhere_else() -> None:
    with_shadow, without = render_mesh(ball(), 120, shadow=True), render_mesh(ball(), 120, shadow=False)
    solid = without[..., 3] == 255
    np.testing.assert_array_equal(with_shadow[solid], without[solid])
    added = (with_shadow[..., 3].astype(int) - without[..., 3]).clip(0)
    assert added[:60].max() <= 2
    assert added[90:].max() > 20
    assert with_shadow[(added > 0) & (without[..., 3] == 0)][:, :3].max() == 0


def test_empty_shapes_give_empty_pictures() -> None:
    nothing = np.zeros((0, 3))
    for picture in (
        render_mesh(Mesh(nothing, nothing), 40),
        render_points(PointCloud(nothing), 40),
        render_voxels(VoxelGrid(np.zeros((4, 4, 4), bool)), 40),
    ):
        assert picture.shape == (40, 40, 4)
        assert picture.max() == 0


def test_odd_sizes_and_single_points() -> None:
    assert render_points(PointCloud([[0.1, 0.2, 0.3]]), 33).shape == (33, 33, 4)
    assert render_mesh(ball(), 1).shape == (1, 1, 4)


def test_turntable_starts_in_front_and_goes_all_round() -> None:
    box = trimesh.creation.box((1.0, 0.6, 0.4))
    mesh = Mesh(box.vertices, box.faces)
    frames = turntable(mesh, 4, 80)
    assert len(frames) == 4
    np.testing.assert_array_equal(frames[0], render_mesh(mesh, 80, 0.0))
    widths = [(frame[..., 3] == 255).any(axis=0).sum() for frame in frames]
    assert widths[0] == pytest.approx(widths[2], abs=1)
    assert widths[1] == pytest.approx(widths[3], abs=1)
    assert widths[0] > 1.5 * widths[1]


def test_same_input_same_picture() -> None:
    np.testing.assert_array_equal(render_mesh(ball(), 64), render_mesh(ball(), 64))
