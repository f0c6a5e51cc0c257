"""Taubin smoothing: noise goes, volume and place stay."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from shapeshot.errors import UserError
from shapeshot.finish import smoothed
from shapeshot.geometry import Mesh
from shapeshot.geometry.isosurface import isosurface

SPHERE = trimesh.creation.icosphere(subdivisions=4)


def test_noise_goes_and_the_volume_stays() -> None:
    rng = np.random.default_rng(0)
    rough = Mesh(SPHERE.vertices * (1 + rng.normal(0, 0.02, (len(SPHERE.vertices), 1))), SPHERE.faces)
    found = smoothed(rough, 10)
    before, after = (np.linalg.norm(mesh.vertices, axis=1).std() for mesh in (rough, found))
    assert after < 0.45 * before
    assert found.volume == pytest.approx(rough.volume, rel=0.01)


def test_the_steps_of_a_grid_go() -> None:
    axis = np.linspace(-1, 1, 24)
    x, y, z = np.meshgrid(axis, axis, axis, indexing="ij")
    vertices, faces = isosurface((x**2 + y**2 + z**2 < 0.8**2) * 2.0 - 1.0, 0.0, -1.0, 2 / 23)
    stepped = Mesh(vertices, faces)
    found = smoothed(stepped, 10)

    def mean_tilt(mesh: Mesh) -> float:
        """Degrees between the faces and those of a ball."""
        outwards = mesh.triangles.mean(axis=1)
        outwards /= np.linalg.norm(outwards, axis=1, keepdims=True)
        return float(np.degrees(np.arccos(np.clip((outwards * mesh.face_normals).sum(axis=1), -1, 1))).mean())

    assert mean_tilt(stepped) > 15
    assert mean_tilt(found) < 0.5 * mean_tilt(stepped)
    assert found.volume == pytest.approx(stepped.volume, rel=0.01)
    assert found.is_closed


def test_a_round_is_the_one_in_the_paper() -> None:
    mesh = Mesh(SPHERE.vertices[:12], trimesh.creation.icosphere(subdivisions=0).faces)
    positions = mesh.vertices.astype(np.float64)
    neighbours = trimesh.Trimesh(positions, mesh.faces, process=False).vertex_neighbors
    for share in (0.5, 1 / (0.1 - 1 / 0.5)):
        means = np.array([positions[near].mean(axis=0) for near in neighbours])
        positions = positions + share * (means - positions)
    np.testing.assert_allclose(smoothed(mesh, 1).vertices, positions, atol=1e-6)


def test_colours_and_faces_stay_and_no_rounds_change_nothing() -> None:
    mesh = Mesh(SPHERE.vertices, SPHERE.faces, np.abs(SPHERE.vertices))
    found = smoothed(mesh, 3)
    np.testing.assert_array_equal(found.faces, mesh.faces)
    np.testing.assert_array_equal(found.colors, mesh.colors)
    np.testing.assert_array_equal(smoothed(mesh, 0).vertices, mesh.vertices)


def test_a_vertex_without_faces_stays_where_it_is() -> None:
    mesh = Mesh([*SPHERE.vertices, [5, 6, 7]], SPHERE.faces)
    np.testing.assert_array_equal(smoothed(mesh, 5).vertices[-1], [5, 6, 7])


@pytest.mark.parametrize("rounds", [-1, 1001])
def test_rounds_out_of_range_are_refused(rounds: int) -> None:
    with pytest.raises(UserError, match=rf"0\.\.1000; got {rounds}"):
        smoothed(Mesh(SPHERE.vertices, SPHERE.faces), rounds)
