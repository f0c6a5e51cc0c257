"""The second way to a mesh's solid, against volumes that are known, and where winding numbers of whole meshes fail."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import trimesh

pytest.importorskip("igl", reason="pip install libigl")
sys.path.insert(0, str(Path(__file__).parents[2] / "recipes"))
import solid_oracle
import solid_truth

make = trimesh.creation
SIDE = 64


def found(mesh: trimesh.Trimesh) -> solid_oracle.Found:
    return solid_oracle.solid_of(mesh.vertices, mesh.faces, SIDE)


def box(extents: tuple[float, float, float], at: tuple[float, float, float] = (0, 0, 0)) -> trimesh.Trimesh:
    return make.box(extents, trimesh.transformations.translation_matrix(at))


def without(mesh: trimesh.Trimesh, direction: tuple[int, int, int]) -> trimesh.Trimesh:
    return trimesh.Trimesh(mesh.vertices, mesh.faces[mesh.face_normals @ np.array(direction) < 0.5], process=False)


def test_a_closed_mesh_is_its_volume() -> None:
    ball = make.icosphere(4, 0.4)
    assert found(ball).solid.mean() == pytest.approx(ball.volume, rel=0.02)
    assert found(ball).open_share == 0


def test_faces_of_a_closed_part_that_are_turned_against_each_other_do_not_matter() -> None:
    cube = box((0.8, 0.6, 0.52))
    faces = np.where(np.abs(cube.face_normals[:, 1:2]) > 0.5, cube.faces[:, ::-1], cube.faces)
    mixed = trimesh.Trimesh(cube.vertices, faces, process=False)
    assert np.array_equal(found(mixed).solid, found(cube).solid)
    assert solid_truth.wound_inside(mixed.vertices, mixed.faces).mean() < 0.9 * found(cube).solid.mean()


@pytest.mark.parametrize("direction", [(0, -1, 0), (0, 0, -1), (0, 1, 0), (0, 0, 1), (1, 0, 0), (-1, 0, 0)])
def test_openings_below_and_behind_are_shut_and_others_are_not(direction: tuple[int, int, int]) -> None:
    thick = 0.04
    walls = [
        box(tuple(thick if axis == along else 0.8 for axis in range(3)), tuple(way * 0.38 * np.eye(3)[along]))
        for along in range(3)
        for way in (-1, 1)
        if tuple(way * np.eye(3, dtype=int)[along]) != direction
    ]
    solid = found(trimesh.util.concatenate(walls)).solid
    assert solid[SIDE // 2, SIDE // 2, SIDE // 2] == (direction in ((0, -1, 0), (0, 0, -1)))


def test_a_label_around_a_bottle_does_not_fill_what_it_encircles() -> None:
    label = without(without(make.cylinder(0.3, 0.6, sections=48), (0, 0, 1)), (0, 0, -1))
    label.apply_transform(trimesh.transformations.rotation_matrix(np.pi / 2, [1, 0, 0]))
    assert solid_truth.wound_inside(label.vertices, label.faces).any()
    other = found(label)
    assert not (other.matter & ~other.walls).any(), "beside the label itself"


def test_boards_around_a_hollow_enclose_it() -> None:
    thick, place = 2 / SIDE, (24 - 1) / SIDE  # boards of two cells each
    sides = [box((thick, 0.75, 0.75), (x, 0, 0)) for x in (-place, place)]
    ends = [box((0.75, thick, 0.75), (0, y, 0)) for y in (-place, place)]
    faces = [box((0.75, 0.75, thick), (0, 0, z)) for z in (-place, place)]
    beside = np.full(3, 0.1 / SIDE)  # faces half-way between centres would be rounded to either
    shut, tube = (
        found(trimesh.util.concatenate(sides + ends + more).apply_translation(beside)) for more in (faces, [])
    )
    whole = found(box((0.75, 0.75, 0.75)).apply_translation(beside))
    assert np.array_equal(shut.solid | shut.walls, whole.solid | shut.walls), "off the boards' own surfaces"
    assert shut.matter.sum() == 48**3 - 44**3
    assert not tube.solid[SIDE // 2, SIDE // 2, SIDE // 2]


def test_ours_agrees_where_the_surface_does_not_pass() -> None:
    mesh = trimesh.util.concatenate([make.icosphere(3, 0.3), box((0.9, 0.1, 0.2)), box((0.1, 0.01, 0.9))])
    other, ours = found(mesh), solid_truth.solid_occupancy(mesh.vertices, mesh.faces, SIDE, min_thickness=1 / SIDE)
    assert solid_truth.iou(ours & ~other.walls, other.solid & ~other.walls) == 1
