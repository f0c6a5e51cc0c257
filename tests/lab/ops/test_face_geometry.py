"""Areas and normals against PyTorch3D and trimesh; the small vector functions against torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import trimesh

from shapeshot.lab.ops import MeshBatch, face_areas_normals, ico_sphere
from shapeshot.lab.ops.face_geometry import cross, dot, length

GOLDEN = np.load(Path(__file__).parents[2] / "golden" / "pytorch3d.npz")


def vectors(seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(4, 3, 2, generator=generator, dtype=torch.float64).requires_grad_()


def test_equals_pytorch3d() -> None:
    vertices, faces = ([torch.from_numpy(GOLDEN[f"mesh/{part}{i}"]) for i in (1, 2)] for part in ("verts", "faces"))
    areas, normals = face_areas_normals(MeshBatch(vertices, faces))
    torch.testing.assert_close(areas, torch.from_numpy(GOLDEN["mesh/face_areas"]), rtol=1e-5, atol=0)
    torch.testing.assert_close(normals, torch.from_numpy(GOLDEN["mesh/face_normals"]), rtol=1e-5, atol=1e-6)


def test_equals_trimesh_for_a_shared_topology() -> None:
    sphere = ico_sphere(1, torch.float64)
    deformed = torch.stack([sphere.vertices_packed() * torch.tensor(s) for s in ([1.0, 2, 3], [0.1, 1, 1])])
    areas, normals = face_areas_normals(sphere.with_vertices(deformed))
    for i, one in enumerate(deformed):
        mesh = trimesh.Trimesh(one.numpy(), sphere.faces_packed().numpy(), process=False)
        np.testing.assert_allclose(areas[80 * i : 80 * i + 80], mesh.area_faces, rtol=1e-9)
        np.testing.assert_allclose(normals[80 * i : 80 * i + 80], mesh.face_normals, atol=1e-9)


def test_a_face_without_area_has_no_normal() -> None:
    flat = torch.tensor([[0.0, 0, 0], [1, 0, 0], [2, 0, 0]], requires_grad=True)
    areas, normals = face_areas_normals(MeshBatch([flat], [torch.tensor([[0, 1, 2]])]))
    assert areas.tolist() == [0]
    assert normals.tolist() == [[0, 0, 0]]
    (areas.sum() + normals.sum()).backward()
    assert flat.grad is not None
    assert flat.grad.isfinite().all()


def test_vector_functions_are_those_of_torch() -> None:
    u, v = vectors(0), vectors(1)
    torch.testing.assert_close(cross(u, v), torch.linalg.cross(u, v, dim=1))
    torch.testing.assert_close(dot(u, v), torch.linalg.vecdot(u, v, dim=1))
    torch.testing.assert_close(length(u), torch.linalg.vector_norm(u, dim=1))


@pytest.mark.parametrize("function", [cross, dot, lambda u, v: length(u - v)], ids=["cross", "dot", "length"])
def test_gradients_and_their_gradients(function) -> None:
    assert torch.autograd.gradcheck(function, (vectors(0), vectors(1)))
    assert torch.autograd.gradgradcheck(function, (vectors(0), vectors(1)))
