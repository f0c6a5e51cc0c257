"""Icospheres by law: on the sphere, closed, outwards, nearly regular; PyTorch3D's counts and areas."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
import trimesh

from shapeshot.errors import MeshError
from shapeshot.geometry import Mesh
from shapeshot.lab.ops import face_areas_normals, ico_sphere

GOLDEN = np.load(Path(__file__).parents[2] / "golden" / "pytorch3d.npz")


@pytest.mark.parametrize("level", range(5))
def test_counts_and_areas_are_those_of_pytorch3d(level: int) -> None:
    sphere = ico_sphere(level)
    assert [*sphere.num_vertices, *sphere.num_faces] == GOLDEN[f"ico_sphere/{level}_counts"].tolist()
    assert [*sphere.num_vertices, *sphere.num_faces] == [10 * 4**level + 2, 20 * 4**level]
    area = face_areas_normals(sphere)[0].sum().item()
    assert area == pytest.approx(float(GOLDEN[f"ico_sphere/{level}_area"]), rel=1e-5)


@pytest.mark.parametrize("level", range(4))
def test_closed_and_outwards(level: int) -> None:
    sphere = ico_sphere(level)
    mesh = Mesh(sphere.vertices_packed().numpy(), sphere.faces_packed().numpy())
    assert mesh.is_closed
    assert mesh.volume > 0
    assert len(np.unique(sphere.vertices_packed().numpy().round(4), axis=0)) == len(mesh.vertices)
    radius = sphere.vertices_packed().norm(dim=1)
    assert (radius - 1).abs().max().item() < (1e-6 if level else 3e-5)


def test_the_same_sphere_as_trimesh() -> None:
    ours, theirs = (
        ico_sphere(2, torch.float64).vertices_packed().numpy(),
        trimesh.creation.icosphere(2).vertices,
    )
    # Trimesh's icosahedron may be turned: compare what no turn changes, all distances between vertices.
    distances = [np.sort(np.linalg.norm(p[:, None] - p, axis=2).ravel()) for p in (ours, np.asarray(theirs))]
    np.testing.assert_allclose(distances[0], distances[1], atol=1e-4)


def test_finer_levels_approach_the_sphere() -> None:
    short = [4 * math.pi - face_areas_normals(ico_sphere(level, torch.float64))[0].sum().item() for level in (3, 4, 5)]
    assert short[0] / short[1] == pytest.approx(4, rel=0.01)
    assert short[1] / short[2] == pytest.approx(4, rel=0.01)


@pytest.mark.parametrize("level", [-1, 10, 1.5, "2"])
def test_levels_that_do_not_exist_are_refused(level: object) -> None:
    with pytest.raises(MeshError, match=r"whole number in 0..9; got"):
        ico_sphere(level)  # type: ignore[arg-type]
