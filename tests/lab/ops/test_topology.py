"""Edges and neighbouring faces against naive loops, Euler's formula, and a cache that nothing can make stale."""

from __future__ import annotations

from itertools import combinations

import pytest
import torch

from shapeshot.errors import MeshError
from shapeshot.lab.ops import ico_sphere, mesh_edge_loss, mesh_normal_consistency
from shapeshot.lab.ops.topology import Topology, mean_over_meshes

# Three faces round the edge 0-1, one of them turned over, and one face apart.
FAN = torch.tensor([[0, 1, 2], [1, 0, 3], [0, 1, 4], [5, 6, 7]])


def naive_edges(faces: torch.Tensor) -> list[list[int]]:
    found = {tuple(sorted(pair)) for a, b, c in faces.tolist() for pair in ((a, b), (b, c), (c, a))}
    return [list(edge) for edge in sorted(found)]


def naive_pairs(faces: torch.Tensor) -> dict[tuple[int, int], int]:
    """{two faces that share an edge: whether they run along it in opposite directions (1) or not (-1)}."""
    pairs = {}
    for i, j in combinations(range(len(faces)), 2):
        forward = [[(f[k], f[(k + 1) % 3]) for k in range(3)] for f in (faces[i].tolist(), faces[j].tolist())]
        if set(forward[0]) & {edge[::-1] for edge in forward[1]}:
            pairs[i, j] = 1
        elif set(forward[0]) & set(forward[1]):
            pairs[i, j] = -1
    return pairs


@pytest.mark.parametrize("faces", [FAN, ico_sphere(0).faces_packed(), ico_sphere(1).faces_packed()])
def test_edges_and_pairs_are_those_of_naive_loops(faces: torch.Tensor) -> None:
    topology = Topology([faces], [int(faces.max()) + 1])
    assert topology.edges.vertices.tolist() == naive_edges(faces)
    pairs, signs = topology.face_pairs
    found = {tuple(sorted(pair)): sign for pair, sign in zip(pairs.tolist(), signs.tolist(), strict=True)}
    assert found == naive_pairs(faces)
    assert len(found) == len(signs)


def test_each_corner_faces_its_edge() -> None:
    topology = ico_sphere(1).topology
    for face, edges, forward in zip(topology.faces, topology.edges.of_face, topology.edges.is_forward, strict=True):
        for corner in range(3):
            start, end = face[(corner + 1) % 3].item(), face[(corner + 2) % 3].item()
            assert topology.edges.vertices[edges[corner]].tolist() == sorted([start, end])
            assert forward[corner].item() == (start < end)


@pytest.mark.parametrize("level", range(5))
def test_euler(level: int) -> None:
    topology = ico_sphere(level).topology
    assert topology.num_vertices[0] - len(topology.edges.vertices) + topology.num_faces[0] == 2
    assert len(topology.face_pairs.sign) == len(topology.edges.vertices)
    assert (topology.face_pairs.sign == 1).all()


def test_neighbors_are_counted() -> None:
    assert Topology([FAN], [9]).num_neighbors.tolist() == [4, 4, 2, 2, 2, 2, 2, 2, 0]


def test_shares_make_means_of_means() -> None:
    topology = Topology([FAN[:1], FAN], [3, 8])
    values = torch.tensor([[2.0]] * 3 + [[5.0]] * 10)
    assert len(topology.edges.vertices) == 13
    assert mean_over_meshes(values, topology.edge_shares, 2).item() == pytest.approx(3.5)


def test_a_face_with_a_vertex_twice_is_refused() -> None:
    topology = Topology([torch.tensor([[0, 1, 2], [2, 1, 2]])], [3])
    with pytest.raises(MeshError, match="face 1 of the batch uses a vertex twice; drop"):
        _ = topology.edges


@pytest.mark.parametrize(
    "faces",
    [
        torch.zeros(4, 4, dtype=torch.long),
        torch.rand(2, 3),
        torch.tensor([[0, 1, 3]]),
        torch.tensor([[-1, 0, 1]]),
    ],
)
def test_faces_that_do_not_fit_are_refused(faces: torch.Tensor) -> None:
    with pytest.raises(MeshError, match="faces of mesh 0 must"):
        Topology([faces], [3])


def test_what_is_cached_under_inference_serves_training() -> None:
    with torch.inference_mode():
        template = ico_sphere(1)
        mesh_edge_loss(template)
        mesh_normal_consistency(template)
    vertices = ico_sphere(1).vertices_packed().requires_grad_()
    meshes = template.with_vertices(vertices)
    (mesh_edge_loss(meshes) + mesh_normal_consistency(meshes)).backward()
    assert vertices.grad is not None
    assert vertices.grad.abs().sum() > 0
