"""Sampled points by law: on their faces, by area, seeded, and moving as the corners do."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import trimesh
from scipy import stats

from shapeshot.errors import MeshError
from shapeshot.lab.ops import (
    MeshBatch,
    face_areas_normals,
    ico_sphere,
    mesh_reference,
    sample_points_from_meshes,
)

NO_FACES = torch.empty(0, 3, dtype=torch.long)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def ragged() -> MeshBatch:
    """An ellipsoid, no mesh at all, a lone point, and an octahedron far away."""
    box = trimesh.creation.box()
    sphere = ico_sphere(1)
    vertices = [
        sphere.vertices_packed() * torch.tensor([1.0, 2, 3]),
        torch.empty(0, 3),
        torch.ones(1, 3),
        torch.from_numpy(np.array(box.vertices)).float() + 10,
    ]
    return MeshBatch(vertices, [sphere.faces_packed(), NO_FACES, NO_FACES, torch.from_numpy(np.array(box.faces))])


def shared() -> MeshBatch:
    return ico_sphere(0).with_vertices(torch.rand(3, 12, 3, generator=seeded()))


@pytest.mark.parametrize("meshes", [ragged(), shared()], ids=["ragged", "shared"])
def test_points_lie_on_their_meshes_with_the_normals_of_their_faces(meshes: MeshBatch) -> None:
    points, normals = sample_points_from_meshes(meshes, 200, return_normals=True, generator=seeded())
    assert points.shape == normals.shape == (len(meshes), 200, 3)
    for i, (vertices, faces) in enumerate(zip(meshes.vertices_list(), meshes.faces_list(), strict=True)):
        if not len(faces):
            assert not points[i].any()
            assert not normals[i].any()
            continue
        mesh = trimesh.Trimesh(vertices.numpy(), faces.numpy(), process=False)
        _, distances, nearest = trimesh.proximity.closest_point_naive(mesh, points[i].numpy())
        assert distances.max() < 1e-5
        cosines = (mesh.face_normals[nearest] * normals[i].numpy()).sum(axis=1)
        assert np.mean(cosines > 0.999) > 0.98  # near an edge the nearest face may be the other one


def test_faces_are_drawn_by_area() -> None:
    generator = seeded(1)
    vertices = torch.rand(2, 12, 3, generator=generator)
    meshes = MeshBatch(vertices, ico_sphere(0).faces_packed())
    areas, normals = face_areas_normals(meshes)
    _, sampled = sample_points_from_meshes(meshes, 20_000, return_normals=True, generator=generator)
    for i in range(2):
        drawn = (sampled[i] @ normals[20 * i : 20 * i + 20].T).argmax(dim=1).bincount(minlength=20)
        share = areas[20 * i : 20 * i + 20].double()
        assert stats.chisquare(drawn, 20_000 * (share / share.sum()).numpy()).pvalue > 1e-3


def test_points_are_uniform_within_a_face() -> None:
    triangle = MeshBatch([torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])], [torch.tensor([[0, 1, 2]])])
    points = sample_points_from_meshes(triangle, 20_000, generator=seeded())
    assert isinstance(points, torch.Tensor)
    x, y, _ = points[0].T.numpy()
    # The area with x below t is 1 - (1 - t)^2; the same for y, and for the distance from the third side.
    for coordinate in (x, y, 1 - x - y):
        assert stats.kstest(coordinate, lambda t: 1 - (1 - t) ** 2).pvalue > 1e-3


def test_same_distribution_as_the_reference() -> None:
    sphere = ico_sphere(1)
    ellipsoid = sphere.with_vertices(sphere.vertices_packed() * torch.tensor([1.0, 2, 3]))
    ours = sample_points_from_meshes(ellipsoid, 5000, generator=seeded())
    theirs, _ = mesh_reference.sample_points_from_meshes(ellipsoid, 5000, seeded(1))
    assert isinstance(ours, torch.Tensor)
    for axis in range(3):
        assert stats.ks_2samp(ours[0, :, axis], theirs[0, :, axis]).pvalue > 1e-3


def test_seeds() -> None:
    first, again, other = (sample_points_from_meshes(ragged(), 50, generator=seeded(seed)) for seed in (0, 0, 1))
    assert isinstance(first, torch.Tensor)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_faces_without_area_are_never_drawn() -> None:
    vertices = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [2, 0, 0], [5, 5, 5]])
    faces = torch.tensor([[4, 4, 4], [0, 1, 3], [0, 1, 2], [0, 3, 1], [4, 4, 0]])
    points = sample_points_from_meshes(MeshBatch([vertices], [faces]), 1000, generator=seeded())
    assert isinstance(points, torch.Tensor)
    assert points.max() < 1
    assert (points[0, :, 1] > 0).all()


def test_attributes_follow_the_points() -> None:
    meshes = ragged()
    attributes = torch.cat([meshes.vertices_packed(), 2 * meshes.vertices_packed() + 1], dim=1)
    points, normals, values = sample_points_from_meshes(meshes, 40, True, attributes, generator=seeded())
    assert normals.shape == points.shape
    filled = torch.tensor(meshes.num_faces) > 0
    torch.testing.assert_close(values[filled], torch.cat([points, 2 * points + 1], dim=2)[filled])
    assert not values[~filled].any()
    points_only, values_only = sample_points_from_meshes(meshes, 40, attributes=attributes, generator=seeded())
    assert torch.equal(points_only, points)
    assert torch.equal(values_only, values)


def test_gradients_of_points_normals_and_attributes() -> None:
    sphere = ico_sphere(0)

    def sampled(vertices: torch.Tensor, colors: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Always the same faces and weights: drawn on a fixed shape, then carried over as a linear map."""
        meshes = sphere.with_vertices(fixed + (vertices - vertices.detach()))
        return tuple(sample_points_from_meshes(meshes, 6, True, colors, generator=seeded()))

    fixed = torch.rand(2, 12, 3, generator=seeded(), dtype=torch.float64)
    colors = torch.rand(24, 2, generator=seeded(1), dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda c: sampled(fixed, c)[2], (colors,))
    vertices = fixed.clone().requires_grad_()
    points, normals, _ = sampled(vertices, colors)
    # A point is a mean of its corners: moving all vertices by t moves it by t, and turns nothing.
    (gradient,) = torch.autograd.grad(points[0].sum(), vertices, retain_graph=True)
    torch.testing.assert_close(gradient[0].sum(dim=0), torch.full((3,), 6.0, dtype=torch.float64))
    assert not gradient[1].any()
    (gradient,) = torch.autograd.grad((normals * torch.rand(3, dtype=torch.float64)).sum(), vertices)
    torch.testing.assert_close(gradient.sum(dim=1), torch.zeros(2, 3, dtype=torch.float64), atol=1e-9, rtol=0)
    assert gradient.abs().sum() > 0


def test_gradients_by_finite_differences() -> None:
    """Away from the edge between two draws, a small step keeps faces and weights."""
    sphere = ico_sphere(0)
    vertices = torch.rand(1, 12, 3, generator=seeded(), dtype=torch.float64).requires_grad_()

    def sampled(v: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(sample_points_from_meshes(sphere.with_vertices(v), 5, True, generator=seeded()))

    assert torch.autograd.gradcheck(sampled, (vertices,), eps=1e-7, atol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_dtypes(dtype: torch.dtype) -> None:
    points, normals = sample_points_from_meshes(ico_sphere(2, dtype), 100, return_normals=True, generator=seeded())
    assert points.dtype == normals.dtype == dtype
    assert points.norm(dim=2).float().sub(1).abs().max() < 0.05


def test_no_points() -> None:
    points = sample_points_from_meshes(ragged(), 0)
    assert isinstance(points, torch.Tensor)
    assert points.shape == (4, 0, 3)


@pytest.mark.parametrize(
    ("meshes", "arguments", "message"),
    [
        (ragged(), {"num_samples": -1}, "must not be negative; got -1"),
        (MeshBatch([], []), {}, "without faces"),
        (MeshBatch([torch.rand(3, 3)], [NO_FACES]), {}, "without faces"),
        (MeshBatch([torch.zeros(3, 3)], [torch.tensor([[0, 1, 2]])]), {}, "no area"),
        (MeshBatch([torch.eye(3) * 3e38], [torch.tensor([[0, 1, 2]])]), {}, "no area|too large"),
        (
            ragged(),
            {"attributes": torch.rand(3, 2)},
            r"attributes must have shape \[51, channels\]; got \[3, 2\]",
        ),
    ],
)
def test_what_cannot_be_sampled_is_refused(meshes: MeshBatch, arguments: dict, message: str) -> None:
    with pytest.raises(MeshError, match=message):
        sample_points_from_meshes(meshes, **arguments)
