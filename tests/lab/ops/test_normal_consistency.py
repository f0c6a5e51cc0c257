"""Normal consistency of folds and of Platonic solids; its laws stand in test_mesh_terms.py."""

from __future__ import annotations

import math

import pytest
import torch

from shapeshot.lab.ops import MeshBatch, ico_sphere, mesh_normal_consistency


def fold(degrees: float) -> torch.Tensor:
    """Two triangles on an edge along x, the second turned up by an angle out of the plane of the first."""
    angle = math.radians(degrees)
    return torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, -1, 0], [0.5, math.cos(angle), math.sin(angle)]])


@pytest.mark.parametrize("degrees", [0, 30, 90, 150, 180])
@pytest.mark.parametrize("faces", [[[1, 0, 2], [0, 1, 3]], [[1, 0, 2], [1, 0, 3]]], ids=["oriented", "turned over"])
def test_a_fold_gives_its_angle(degrees: float, faces: list[list[int]]) -> None:
    loss = mesh_normal_consistency(MeshBatch([fold(degrees)], [torch.tensor(faces)]))
    assert loss.item() == pytest.approx(1 - math.cos(math.radians(degrees)), abs=1e-6)


def test_an_icosahedron_has_one_dihedral_angle() -> None:
    # The dihedral angle of the regular icosahedron is arccos(-sqrt(5) / 3); normals turn by its supplement.
    assert mesh_normal_consistency(ico_sphere(0)).item() == pytest.approx(1 - math.sqrt(5) / 3, abs=1e-4)


def test_finer_spheres_are_flatter_by_the_square_of_their_edges() -> None:
    losses = [mesh_normal_consistency(ico_sphere(level, torch.float64)).item() for level in (3, 4, 5)]
    assert losses[0] / losses[1] == pytest.approx(4, rel=0.02)
    assert losses[1] / losses[2] == pytest.approx(4, rel=0.01)


def test_all_pairs_of_faces_round_one_edge_count() -> None:
    around = torch.cat([fold(0), fold(90)[3:]])
    loss = mesh_normal_consistency(MeshBatch([around], [torch.tensor([[1, 0, 2], [0, 1, 3], [0, 1, 4]])]))
    # Turned by 0 and 90 degrees from the first, the two others are 90 degrees apart.
    assert loss.item() == pytest.approx((0 + 1 + 1) / 3, abs=1e-6)
