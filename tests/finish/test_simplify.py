"""Fewer faces: the result is closed and manifold, near the original, and keeps its colours."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import trimesh

from shapeshot.errors import MeshError, UserError
from shapeshot.finish import simplified, simplify
from shapeshot.geometry import Mesh
from shapeshot.geometry.components import count_pieces
from shapeshot.geometry.isosurface import isosurface

pytest.importorskip("fast_simplification", reason="needs the extra `finish`")


def blob(seed: int, cells: int = 24) -> Mesh:
    """A smooth random solid with handles, bridges and thin places."""
    rng = np.random.default_rng(seed)
    axis = np.linspace(-1, 1, cells)
    points = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1)
    waves = rng.normal(0, 3.5, (12, 3))
    field = np.cos(points @ waves.T + rng.uniform(0, 6, 12)).sum(axis=-1) - 6 * np.linalg.norm(points, axis=-1) + 2
    vertices, faces = isosurface(field, 0.0, -1.0, 2 / (cells - 1))
    return Mesh(vertices, faces, np.clip(vertices * 0.5 + 0.5, 0, 1))


def cylinder_field(cells: int = 40) -> Mesh:
    axis = np.linspace(-1, 1, cells)
    x, y, z = np.meshgrid(axis, axis, axis, indexing="ij")
    vertices, faces = isosurface(0.5 - np.maximum(np.hypot(x, z), np.abs(y) - 0.3), 0.0, -1.0, 2 / (cells - 1))
    return Mesh(vertices, faces)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("num_faces", [800, 200, 40])
def test_every_solid_stays_closed_and_manifold(seed: int, num_faces: int) -> None:
    mesh = blob(seed)
    found = simplified(mesh, num_faces)
    assert len(found.faces) <= 1.1 * num_faces
    assert found.is_closed
    checked = trimesh.Trimesh(found.vertices, found.faces, process=False)
    assert checked.is_watertight
    assert checked.is_winding_consistent
    # Manifold at vertices, too: the faces round each vertex are one fan, so its edges are as many as its faces.
    around = np.bincount(found.faces.ravel(), minlength=len(found.vertices))
    np.testing.assert_array_equal(around, [len(neighbours) for neighbours in checked.vertex_neighbors])


def test_one_attempt_with_too_many_is_not_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def attempt(mesh: Mesh, num_faces: int, keep_whole: bool) -> Mesh:
        asked.append(num_faces)
        count = 2 * (num_faces // 2) + 6  # six more than asked for, as where repairs add some
        return Mesh(mesh.vertices, mesh.faces[:count])

    monkeypatch.setattr(simplify, "_simplified_to", attempt)
    assert len(simplified(blob(0), 200).faces) <= 200
    assert asked == [200, 194]


def test_the_shape_stays_near() -> None:
    mesh = cylinder_field()
    found = simplified(mesh, len(mesh.faces) // 8)
    assert found.volume == pytest.approx(mesh.volume, rel=0.02)
    np.testing.assert_allclose(found.bounds, mesh.bounds, atol=0.02)
    original = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
    _, distances, _ = trimesh.proximity.closest_point_naive(original, found.vertices)
    assert distances.max() < 0.02


def test_colours_are_carried_over() -> None:
    mesh = blob(0)
    found = simplified(mesh, 400)
    # Colour is a linear function of position here; edges have become about 0.2 long, which is 0.1 in colour.
    assert np.abs(found.colors - np.clip(found.vertices * 0.5 + 0.5, 0, 1)).mean() < 0.02
    assert found.colors.min() >= 0
    assert simplified(Mesh(mesh.vertices, mesh.faces), 400).colors is None


def test_a_whole_thing_stays_whole_where_asked() -> None:
    axis = np.linspace(-1, 1, 60)
    x, y, z = np.meshgrid(axis, axis, axis, indexing="ij")
    around = np.hypot(y, z)
    dumbbell = np.maximum(0.3 - np.hypot(np.abs(x) - 0.6, around), np.minimum(0.035 - around, 0.6 - np.abs(x)))
    mesh = Mesh(*isosurface(dumbbell, 0.0, -1.0, 2 / 59))
    assert count_pieces(mesh) == 1
    assert count_pieces(simplified(mesh, 40)) == 2  # else this test shows nothing
    whole = simplified(mesh, 40, keep_whole=True)
    assert whole.is_closed
    assert count_pieces(whole) == 1
    assert len(whole.faces) < len(mesh.faces)


def test_a_mesh_that_is_small_enough_stays_the_same() -> None:
    mesh = blob(1)
    assert simplified(mesh, len(mesh.faces)) is mesh


def test_what_cannot_be_simplified_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    mesh = blob(1)
    with pytest.raises(UserError, match="at least 4 faces; got 3"):
        simplified(mesh, 3)
    with pytest.raises(MeshError, match="open edges"):
        simplified(Mesh(mesh.vertices, mesh.faces[1:]), 100)
    monkeypatch.setitem(sys.modules, "fast_simplification", None)
    with pytest.raises(UserError, match=r"pip install 'shapeshot\[finish\]'"):
        simplified(mesh, 100)
