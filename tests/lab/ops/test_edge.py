"""The edge loss of shapes whose edges are known; its laws stand in test_mesh_terms.py."""

from __future__ import annotations

import pytest
import torch

from shapeshot.lab.ops import MeshBatch, mesh_edge_loss

TRIANGLE = torch.tensor([[0.0, 0, 0], [3, 0, 0], [0, 4, 0]])
FACE = torch.tensor([[0, 1, 2]])


def test_a_triangle_of_sides_3_4_5() -> None:
    assert mesh_edge_loss(MeshBatch([TRIANGLE], [FACE])).item() == pytest.approx((9 + 16 + 25) / 3)
    assert mesh_edge_loss(MeshBatch([TRIANGLE], [FACE]), 4).item() == pytest.approx(2 / 3)


def test_a_mesh_without_edges_counts_as_zero() -> None:
    meshes = MeshBatch([TRIANGLE, TRIANGLE[:1]], [FACE, FACE[:0]])
    assert mesh_edge_loss(meshes).item() == pytest.approx((9 + 16 + 25) / 6)


def test_an_edge_of_two_faces_counts_once() -> None:
    square = torch.tensor([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
    meshes = MeshBatch([square], [torch.tensor([[0, 1, 2], [0, 2, 3]])])
    assert mesh_edge_loss(meshes).item() == pytest.approx((4 * 1 + 2) / 5)
