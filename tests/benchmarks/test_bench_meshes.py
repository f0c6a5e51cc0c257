"""The benchmarks of the mesh operators compare equals with equals; that they run stands in test_op_benchmarks.py."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
import torch

from shapeshot.lab.ops import cubify, face_areas_normals

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch):
    """Imports a module of benchmarks/."""
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module


def test_both_sides_of_the_mesh_terms_compute_the_same(load) -> None:
    terms = load("bench_mesh_terms").TERMS
    sphere = load("shapeshot.lab.ops").ico_sphere(2)
    meshes = sphere.with_vertices(sphere.vertices_packed() * torch.tensor([1.0, 2, 3]))
    torch.manual_seed(0)  # the benchmarked samplers draw from the global generator
    for name, cached in terms["cached"].items():
        tolerance = 0.05 if name == "sampling" else 1e-5
        torch.testing.assert_close(cached(meshes), terms["rebuilt"][name](meshes), rtol=tolerance, atol=0)


def test_both_ways_to_cubify_give_the_same_surface(load) -> None:
    voxels = torch.rand(2, 4, 5, 6, generator=torch.Generator().manual_seed(0))
    ours, plain = cubify(voxels, 0.5, "corner"), load("bench_cubify").every_cube(voxels, 0.5)
    assert ours.num_vertices == plain.num_vertices
    assert ours.num_faces == plain.num_faces
    rows = [torch.unique(meshes.vertices_packed().round(decimals=4), dim=0) for meshes in (ours, plain)]
    torch.testing.assert_close(*rows)
    vectors = [areas[:, None] * normals for areas, normals in map(face_areas_normals, (ours, plain))]
    torch.testing.assert_close(vectors[0].clamp_min(0).sum(dim=0), vectors[1].clamp_min(0).sum(dim=0))
