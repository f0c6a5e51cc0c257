"""Views of ragged and shared batches, what they share, and what they refuse."""

from __future__ import annotations

import pytest
import torch

from shapeshot.errors import MeshError
from shapeshot.lab.ops import MeshBatch, ico_sphere, mesh_edge_loss

TRIANGLE, SQUARE = torch.tensor([[0, 1, 2]]), torch.tensor([[0, 1, 2], [0, 2, 3]])
EMPTY = torch.empty(0, 3, dtype=torch.long)


def rows(count: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(count, 3, generator=torch.Generator().manual_seed(seed))


def ragged() -> MeshBatch:
    return MeshBatch([rows(3), rows(4, 1), rows(0)], [TRIANGLE, SQUARE, EMPTY])


def test_views_of_a_ragged_batch() -> None:
    meshes = ragged()
    assert len(meshes) == 3
    assert meshes.num_vertices == (3, 4, 0)
    assert meshes.num_faces == (1, 2, 0)
    assert torch.equal(meshes.vertices_packed(), torch.cat([rows(3), rows(4, 1)]))
    assert meshes.faces_packed().tolist() == [[0, 1, 2], [3, 4, 5], [3, 5, 6]]
    assert [faces.tolist() for faces in meshes.faces_list()] == [TRIANGLE.tolist(), SQUARE.tolist(), []]
    assert [len(vertices) for vertices in meshes.vertices_list()] == [3, 4, 0]
    padded = meshes.vertices_padded()
    assert padded.shape == (3, 4, 3)
    assert torch.equal(padded[0, :3], rows(3))
    assert padded[0, 3].tolist() == [0, 0, 0]
    assert meshes.faces_padded().tolist() == [[[0, 1, 2], [-1] * 3], [[0, 1, 2], [0, 2, 3]], [[-1] * 3] * 2]


def test_views_of_a_shared_topology() -> None:
    vertices = torch.stack([rows(4, seed) for seed in range(3)])
    meshes = MeshBatch(vertices, SQUARE)
    assert meshes.num_vertices == (4, 4, 4)
    assert torch.equal(meshes.vertices_padded(), vertices)
    assert torch.equal(meshes.faces_padded(), SQUARE.expand(3, 2, 3))
    assert torch.equal(meshes.faces_packed(), torch.cat([SQUARE, SQUARE + 4, SQUARE + 8]))
    assert torch.equal(meshes.coordinates(), vertices.permute(1, 2, 0))


def test_equal_faces_are_found_to_be_shared() -> None:
    meshes = MeshBatch([rows(4), rows(4, 1)], [SQUARE, SQUARE.clone()])
    assert meshes.copies == 2
    assert MeshBatch([rows(4), rows(5)], [SQUARE, SQUARE]).copies == 1
    assert MeshBatch(torch.stack([rows(4), rows(4, 1)]), torch.stack([SQUARE, SQUARE.flip(1)])).copies == 1


def test_deformed_copies_share_the_topology() -> None:
    template = ico_sphere(1)
    deformed = template.with_vertices(torch.rand(5, 42, 3))
    assert len(deformed) == 5
    assert deformed.topology is template.topology
    assert ico_sphere(1).topology is template.topology
    meshes = ragged()
    assert meshes.with_vertices(rows(7)).topology is meshes.topology


def test_nothing_given_or_taken_can_change_the_topology() -> None:
    faces = SQUARE.clone()
    meshes = MeshBatch(rows(4)[None], faces)
    faces.fill_(0)
    for view in (meshes.faces_packed(), meshes.faces_padded(), *meshes.faces_list()):
        view.fill_(0)
    assert meshes.faces_packed().tolist() == SQUARE.tolist()


def test_changing_a_template_does_not_reach_the_next() -> None:
    ico_sphere(0).vertices_packed().zero_()
    assert ico_sphere(0).vertices_packed().norm(dim=1).min() > 0.99


def test_gradients_reach_every_tensor_of_a_list() -> None:
    vertices = [rows(3).requires_grad_(), rows(4, 1).requires_grad_()]
    MeshBatch(vertices, [TRIANGLE, SQUARE]).vertices_padded().sum().backward()
    assert all(torch.equal(tensor.grad, torch.ones_like(tensor)) for tensor in vertices)


@pytest.mark.parametrize(
    "meshes", [MeshBatch([], []), MeshBatch([rows(0)], [EMPTY]), MeshBatch(torch.rand(2, 0, 3), EMPTY)]
)
def test_empty_batches_have_views_and_losses(meshes: MeshBatch) -> None:
    assert meshes.vertices_packed().shape == (0, 3)
    assert meshes.faces_packed().shape == (0, 3)
    assert meshes.vertices_padded().shape == (len(meshes), 0, 3)
    assert meshes.faces_padded().shape == (len(meshes), 0, 3)
    assert mesh_edge_loss(meshes).item() == 0


@pytest.mark.parametrize(
    ("vertices", "faces", "message"),
    [
        (torch.rand(4, 3), SQUARE, r"\[batch, vertices, 3\]"),
        ([torch.rand(4, 2)], [SQUARE], r"vertices of mesh 0 must be a floating-point tensor"),
        ([torch.zeros(4, 3, dtype=torch.long)], [SQUARE], "floating-point"),
        ([rows(4)], [], "as many tensors of faces"),
        ([rows(4), rows(5)], SQUARE, r"as many vertices each; got \[4, 5\]"),
        ([rows(3)], [SQUARE], r"must index its 3 vertices; got 0..3"),
        ([rows(4) * torch.nan], [SQUARE], "NaN or infinite values in 4 of 4"),
        ([rows(4) / 0], [SQUARE], "NaN or infinite"),
    ],
)
def test_bad_batches_are_refused(vertices: object, faces: object, message: str) -> None:
    with pytest.raises(MeshError, match=message) as caught:
        MeshBatch(vertices, faces)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_vertices_that_do_not_fit_the_faces_are_refused() -> None:
    with pytest.raises(MeshError, match=r"\[7, 3\]; got \[8, 3\]"):
        ragged().with_vertices(rows(8))
    with pytest.raises(MeshError, match=r"\[batch, 42, 3\]; got \[2, 41, 3\]"):
        ico_sphere(1).with_vertices(torch.rand(2, 41, 3))
    with pytest.raises(MeshError, match="NaN"):
        ico_sphere(0).with_vertices(torch.full((12, 3), torch.nan))


def test_values_whose_sum_overflows_are_finite() -> None:
    assert len(MeshBatch([torch.full((4, 3), 3e38)], [SQUARE])) == 1
