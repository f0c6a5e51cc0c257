"""Solid occupancy against known volumes, and on the broken meshes that artists make."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from shapeshot.data.solids.solid import MIN_THICKNESS, cell_size, downsample_occupancy, solid_occupancy
from shapeshot.errors import MeshError
from shapeshot.geometry import cell_centers

make = trimesh.creation


def solid_of(mesh: trimesh.Trimesh, resolution: int = 128) -> np.ndarray:
    return solid_occupancy(mesh.vertices, mesh.faces, resolution)


def turned(mesh: trimesh.Trimesh) -> trimesh.Trimesh:
    return mesh.apply_transform(trimesh.transformations.rotation_matrix(0.5, [1, 2, 3]))


def upright(mesh: trimesh.Trimesh) -> trimesh.Trimesh:
    return mesh.apply_transform(trimesh.transformations.rotation_matrix(-np.pi / 2, [1, 0, 0]))


def box(extents: tuple[float, float, float], at: tuple[float, float, float] = (0, 0, 0)) -> trimesh.Trimesh:
    return make.box(extents, trimesh.transformations.translation_matrix(at))


def box_without(direction: tuple[int, int, int]) -> trimesh.Trimesh:
    cube = box((0.8, 0.8, 0.8))
    return trimesh.Trimesh(cube.vertices, cube.faces[cube.face_normals @ np.array(direction) < 0.5], process=False)


CLOSED = {
    "sphere": make.icosphere(4, 0.45),
    "torus": make.torus(0.33, 0.12),
    "cylinder": make.cylinder(0.3, 0.8),
    "box": box((1.0, 0.6, 0.4)),
    "rotated box": turned(box((0.6, 0.4, 0.3))),
}


@pytest.mark.parametrize("name", CLOSED)
def test_volume_of_closed_shapes(name: str) -> None:
    assert solid_of(CLOSED[name]).mean() == pytest.approx(CLOSED[name].volume, rel=0.01)


def test_closed_mesh_agrees_with_an_inside_test_at_every_cell_centre() -> None:
    centers = cell_centers(48)
    axis = np.stack(np.meshgrid(centers, centers, centers, indexing="ij"), axis=-1)
    turn = trimesh.transformations.rotation_matrix(0.5, [1, 2, 3])[:3, :3]
    inside = (np.abs(axis @ turn) < np.array([0.6, 0.4, 0.3]) / 2).all(axis=-1)
    assert np.array_equal(solid_of(turned(box((0.6, 0.4, 0.3))), 48), inside)


def test_cells_are_indexed_x_y_z() -> None:
    solid = solid_of(box((0.2, 0.2, 0.2), (0.3, -0.1, 0.05)))
    center = (np.argwhere(solid).mean(axis=0) + 0.5) / 128 - 0.5
    assert center == pytest.approx([0.3, -0.1, 0.05], abs=1 / 128)


def test_overlapping_parts_become_their_union() -> None:
    cross = trimesh.util.concatenate([box((0.625, 0.625, 0.625)), box((1.0, 0.25, 0.25))])
    assert solid_of(cross).mean() == pytest.approx(0.625**3 + 0.375 * 0.25**2, rel=0.01)


def test_winding_does_not_matter() -> None:
    sphere = CLOSED["sphere"]
    flipped = np.random.default_rng(0).random(len(sphere.faces)) < 0.5
    faces = np.where(flipped[:, None], sphere.faces[:, ::-1], sphere.faces)
    assert np.array_equal(solid_occupancy(sphere.vertices, faces), solid_of(sphere))


def test_small_holes_do_not_empty_a_shell() -> None:
    sphere = CLOSED["sphere"]
    kept = np.random.default_rng(0).random(len(sphere.faces)) > 0.05
    assert solid_occupancy(sphere.vertices, sphere.faces[kept]).mean() == pytest.approx(sphere.volume, rel=0.02)


@pytest.mark.parametrize("cells", [6, 8])
def test_a_crack_does_not_empty_a_thin_board(cells: int) -> None:
    board = box((0.9, cells / 128, 0.6))
    # The top is a sheet of its own, narrower than the rim: along one side the room within is open by 1.3 cells.
    top = board.vertices[:, 1] > 0
    top_faces = top[board.faces].all(axis=1)
    sheet = board.vertices[board.faces[top_faces]].reshape(-1, 3) * [0.978, 1, 1] - [0.01, 0, 0]
    rest = trimesh.Trimesh(board.vertices, board.faces[~top_faces], process=False)
    cracked = trimesh.util.concatenate([rest, trimesh.Trimesh(sheet, np.arange(6).reshape(2, 3), process=False)])
    assert solid_of(cracked).mean() == pytest.approx(board.volume, rel=0.05)


@pytest.mark.parametrize("direction", [(0, -1, 0), (0, 0, -1)])
def test_a_face_missing_below_or_behind_is_closed(direction: tuple[int, int, int]) -> None:
    assert solid_of(box_without(direction)).mean() == pytest.approx(0.8**3, rel=0.02)


@pytest.mark.parametrize("direction", [(0, 1, 0), (0, 0, 1), (1, 0, 0), (-1, 0, 0)])
def test_an_opening_that_photos_see_stays_open(direction: tuple[int, int, int]) -> None:
    walls = solid_of(box_without(direction))
    assert not walls[64, 64, 64]
    assert walls.mean() == pytest.approx(5 * 0.8**2 * MIN_THICKNESS, rel=0.1)


def test_a_mug_is_hollow_and_its_wall_is_solid() -> None:
    base = upright(make.cylinder(0.35, 0.08)).apply_translation([0, -0.36, 0])
    solid = solid_of(trimesh.util.concatenate([upright(make.annulus(0.28, 0.35, 0.8)), base]))
    assert not solid[64, 40:, 64].any()
    assert solid.mean() == pytest.approx(np.pi * ((0.35**2 - 0.28**2) * 0.8 + 0.28**2 * 0.08), rel=0.03)


def cabinet(doors: bool) -> trimesh.Trimesh:
    """Five boards thinner than a cell around a hollow with a shelf in it, and two doors with a slit between them."""
    boards = [box((0.5, 0.006, 0.4), (0, y, 0)) for y in (-0.4, 0.0, 0.4)]
    boards += [box((0.006, 0.8, 0.4), (x, 0, 0)) for x in (-0.25, 0.25)] + [box((0.5, 0.8, 0.006), (0, 0, -0.2))]
    leaves = [box((0.245, 0.8, 0.006), (x, 0, 0.205)) for x in (-0.125, 0.125)]
    return trimesh.util.concatenate(boards + leaves * doors)


def test_a_cabinet_is_solid_behind_its_doors_and_hollow_without_them() -> None:
    shut, open_in_front = solid_of(cabinet(True)), solid_of(cabinet(False))
    assert shut.mean() == pytest.approx(0.506 * 0.806 * 0.411, rel=0.03)
    assert shut[64, 90, 64]
    assert not open_in_front[64, 90, 64]


@pytest.mark.parametrize("turned_inwards", [False, True])
def test_a_bottle_s_inner_wall_does_not_hollow_it(turned_inwards: bool) -> None:
    outer, inner = make.icosphere(4, 0.45), make.icosphere(4, 0.42)
    if turned_inwards:
        inner.invert()
    bottle = trimesh.util.concatenate([outer, inner])
    assert np.array_equal(solid_of(bottle), solid_of(outer))


@pytest.mark.parametrize("offset", [0.0, 0.003, 0.01, -0.5])
def test_a_sheet_gets_the_minimum_thickness_even_at_the_cube_s_face(offset: float) -> None:
    corners = [[-0.5, offset, -0.5], [0.5, offset, -0.5], [0.5, offset, 0.5], [-0.5, offset, 0.5]]
    solid = solid_occupancy(np.array(corners), np.array([[0, 1, 2], [0, 2, 3]]))
    layers = solid[8:-8, :, 8:-8].sum(axis=1)
    assert (layers == round(MIN_THICKNESS * 128)).all()


@pytest.mark.parametrize("place", np.linspace(0.0, 1 / 32, 5))
def test_a_thin_leg_survives_at_32(place: float) -> None:
    solid = solid_of(box((0.008, 1.0, 0.008), (place, 0.0, place)))
    assert downsample_occupancy(solid).any(axis=(0, 2)).all()


def test_a_narrow_crevice_and_a_far_component_do_not_disturb_each_other() -> None:
    pair = trimesh.util.concatenate([box((0.4, 0.9, 0.4), (-0.25, 0, 0)), box((0.4, 0.9, 0.4), (0.25, 0, 0))])
    assert not solid_of(pair)[64, 64, 64]


def test_downsampling_takes_half_as_occupied() -> None:
    fine = np.zeros((8, 8, 8), bool)
    fine[:4, :4, :2], fine[4:, 4:, :2] = True, True
    fine[4, 4, 0] = False
    coarse = downsample_occupancy(fine, 2)
    assert coarse.sum() == 1
    assert coarse[0, 0, 0]


def bad(vertices: list[list[float]], faces: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array(vertices, float).reshape(-1, 3), np.array(faces, int).reshape(-1, 3)


@pytest.mark.parametrize(
    ("mesh", "message"),
    [
        (bad([], []), "without faces"),
        (bad([[0, 0, 0]], [[0, 0, 1]]), "indices"),
        (bad([[0, 0, 0], [0, 0, np.nan], [1, 0, 0]], [[0, 1, 2]]), "NaN"),
        (bad([[0, 0, 0], [0, 0, 1], [3, 0, 0]], [[0, 1, 2]]), "canonical"),
    ],
)
def test_unusable_meshes_are_refused(mesh: tuple[np.ndarray, np.ndarray], message: str) -> None:
    with pytest.raises(MeshError, match=message):
        solid_occupancy(*mesh)


def test_the_cells_that_a_solid_is_made_of() -> None:
    fine = np.random.default_rng(0).random((16, 16, 16)) < 0.5
    for size in (1, 2, 4, 8):
        assert cell_size(np.kron(fine, np.ones((size, size, size), bool)).astype(bool)) == size
    assert cell_size(np.kron(fine, np.ones((2, 4, 4), bool)).astype(bool)) == 2, "the same along every axis"
