"""Pieces that lie near become one, over bridges that keep the surface closed; what lies far is counted."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from shapeshot.errors import MeshError
from shapeshot.finish import FinishOptions, finish, made_whole
from shapeshot.geometry import Mesh
from shapeshot.geometry.components import count_pieces
from shapeshot.geometry.isosurface import isosurface

CELLS = 48
AXES = np.meshgrid(*[(np.arange(CELLS) + 0.5) / CELLS - 0.5] * 3, indexing="ij")


def solid(*boxes: tuple[tuple[float, float, float], tuple[float, float, float]]) -> Mesh:
    """Boxes (middle, half the sides) as the surface of a field, as shapes come from a model."""
    inside = [
        np.min([half - np.abs(axis - at) for axis, at, half in zip(AXES, middle, halves, strict=True)], axis=0)
        for middle, halves in boxes
    ]
    vertices, faces = isosurface(np.max(inside, axis=0).astype(np.float32), 0.0, -0.5 + 0.5 / CELLS, 1 / CELLS)
    return Mesh(vertices, faces, np.clip(vertices + 0.5, 0, 1))


SEAT = ((0.0, 0.1, 0.0), (0.4, 0.06, 0.4))


def table(gap: float) -> Mesh:
    """A seat with three legs, and a fourth that ends `gap` below it."""
    legs = [((x, -0.2, z), (0.05, 0.26, 0.05)) for x, z in ((-0.3, -0.3), (-0.3, 0.3), (0.3, -0.3))]
    top = 0.04 - gap
    return solid(SEAT, *legs, ((0.3, (top - 0.46) / 2, 0.3), (0.05, (top + 0.46) / 2, 0.05)))


@pytest.mark.parametrize("cells", [1.2, 2.0, 3.4])
def test_a_leg_that_comes_apart_is_joined(cells: float) -> None:
    mesh = table(cells / CELLS)
    assert count_pieces(mesh) == 2
    found, facts = finish(mesh, FinishOptions(printable=True))
    assert (facts["pieces_joined"], facts["pieces_dropped"], facts["volume_dropped"]) == (1, 0, 0.0)
    assert count_pieces(found) == 1
    assert found.is_closed
    np.testing.assert_array_equal(found.bounds, mesh.bounds)
    assert mesh.volume < found.volume < 1.02 * mesh.volume
    checked = trimesh.Trimesh(found.vertices, found.faces, process=False)
    assert checked.is_watertight
    assert checked.is_winding_consistent
    assert checked.euler_number == 2  # one piece without a hole: the bridge is one tube


def test_a_bridge_is_about_as_wide_as_a_leg_and_goes_straight() -> None:
    mesh = table(3 / CELLS)
    found = made_whole(mesh).mesh
    cut = trimesh.Trimesh(found.vertices, found.faces, process=False).section([0, 1, 0], [0, 0.04 - 1.5 / CELLS, 0])
    area = {tuple(np.sign(loop.mean(axis=0)[[0, 2]])): np.ptp(loop, axis=0)[[0, 2]].min() for loop in cut.discrete}
    assert set(area) == {(-1, -1), (-1, 1), (1, -1), (1, 1)}
    assert area[1, 1] > 1.5 / CELLS


def test_a_chain_is_joined_link_by_link() -> None:
    links = [((-0.1 + 0.15 * i, 0.0, 0.0), (0.05, 0.05, 0.05)) for i in range(4)]
    mesh = solid(((-0.35, 0.0, 0.0), (0.14, 0.2, 0.2)), *links)
    assert count_pieces(mesh) == 5
    whole = made_whole(mesh)
    assert (whole.joined, whole.dropped) == (4, 0)
    assert count_pieces(whole.mesh) == 1
    assert whole.mesh.is_closed


def test_what_lies_far_is_left_out_and_told() -> None:
    mesh = solid(SEAT, ((0.0, -0.4, 0.0), (0.08, 0.08, 0.08)))
    whole = made_whole(mesh)
    assert (whole.joined, whole.dropped, whole.hollows) == (0, 1, 0)
    alone = solid(SEAT)
    assert whole.volume_dropped == pytest.approx(1 - alone.volume / mesh.volume, rel=1e-3)
    assert len(whole.mesh.faces) == len(alone.faces)
    assert made_whole(mesh, gap=0.9).joined == 1


def test_what_lies_in_a_hollow_goes_with_it() -> None:
    ball, core = trimesh.creation.icosphere(3, 0.5), trimesh.creation.icosphere(2, 0.1)
    hollow = trimesh.Trimesh(0.9 * ball.vertices, ball.faces[:, ::-1], process=False)
    made = trimesh.util.concatenate([ball, hollow, core])
    whole = made_whole(Mesh(made.vertices, made.faces))
    assert (whole.joined, whole.dropped, whole.hollows) == (0, 0, 1)
    assert whole.mesh.volume == pytest.approx(ball.volume, rel=1e-5)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_comes_is_closed_and_one(seed: int) -> None:
    noise = np.random.default_rng(seed).standard_normal((11, 11, 11)).astype(np.float32)
    mesh = Mesh(*isosurface(noise, 1.0, 0.0, 0.1))
    assert count_pieces(mesh) > 10
    whole = made_whole(mesh)
    assert whole.joined > 5
    assert whole.mesh.is_closed
    assert count_pieces(whole.mesh) == 1


def test_one_piece_stays_as_it_is() -> None:
    mesh = solid(SEAT)
    whole = made_whole(mesh)
    np.testing.assert_array_equal(whole.mesh.faces, mesh.faces)
    np.testing.assert_array_equal(whole.mesh.colors, mesh.colors)


def test_what_is_open_or_inside_out_is_refused() -> None:
    mesh = solid(SEAT)
    with pytest.raises(MeshError, match="open edges"):
        made_whole(Mesh(mesh.vertices, mesh.faces[1:]))
    with pytest.raises(MeshError, match="outwards"):
        made_whole(Mesh(mesh.vertices, mesh.faces[:, ::-1]))
