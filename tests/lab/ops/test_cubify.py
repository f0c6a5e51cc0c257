"""Cubified voxels: PyTorch3D's counts, bounds and areas; closed, outward, of the right volume."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from shapeshot.errors import MeshError, UserError
from shapeshot.geometry import Mesh, VoxelGrid
from shapeshot.geometry.voxel_boundary import voxel_boundary
from shapeshot.lab.ops import cubify, face_areas_normals
from shapeshot.lab.ops.cubify import ALIGNMENTS

GOLDEN = np.load(Path(__file__).parents[2] / "golden" / "pytorch3d.npz")


def random_voxels(*shape: int) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("align", ALIGNMENTS)
def test_equals_pytorch3d(align: str) -> None:
    meshes = cubify(torch.from_numpy(GOLDEN["cubify/voxels"]).permute(0, 3, 2, 1), 0.6, align)
    assert list(meshes.num_vertices) == GOLDEN[f"cubify_{align}/verts_counts"].tolist()
    assert list(meshes.num_faces) == GOLDEN[f"cubify_{align}/faces_counts"].tolist()
    bounds = [torch.stack([rows.amin(dim=0), rows.amax(dim=0)], dim=1) for rows in meshes.vertices_list()]
    torch.testing.assert_close(torch.stack(bounds), torch.from_numpy(GOLDEN[f"cubify_{align}/bounds"]))
    areas = [part.sum() for part in face_areas_normals(meshes)[0].split(meshes.num_faces)]
    torch.testing.assert_close(torch.stack(areas), torch.from_numpy(GOLDEN[f"cubify_{align}/areas"]), rtol=1e-5, atol=0)


def test_one_cell_is_a_cube_in_its_place() -> None:
    voxels = torch.zeros(1, 2, 4, 5)
    voxels[0, 1, 0, 3] = 1
    meshes = cubify(voxels, 0.5, "corner")
    assert (meshes.num_vertices, meshes.num_faces) == ((8,), (12,))
    vertices = meshes.vertices_packed()
    torch.testing.assert_close(vertices.amin(dim=0), torch.tensor([0.0, -1.0, 0.2]))
    torch.testing.assert_close(vertices.amax(dim=0), torch.tensor([1.0, -0.5, 0.6]))
    mesh = Mesh(vertices.numpy(), meshes.faces_packed().numpy())
    assert mesh.is_closed
    assert mesh.volume == pytest.approx(1 * 0.5 * 0.4, rel=1e-6)


def test_volume_and_surface_are_those_of_the_cells() -> None:
    voxels = random_voxels(1, 6, 6, 6)
    meshes = cubify(voxels, 0.6, "corner")
    mesh = Mesh(meshes.vertices_packed().numpy(), meshes.faces_packed().numpy())
    boundary = voxel_boundary(VoxelGrid((voxels[0] >= 0.6).numpy(), side=2.0))
    assert mesh.volume == pytest.approx(float((voxels >= 0.6).sum()) * (1 / 3) ** 3, rel=1e-5)

    assert len(mesh.faces) == len(boundary.faces)
    assert mesh.face_areas.sum() == pytest.approx(boundary.face_areas.sum(), rel=1e-6)
    ours, theirs = (np.unique(shape.triangles.reshape(-1, 3).round(4) + 0.0, axis=0) for shape in (mesh, boundary))
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_ragged_and_empty_grids_equal_one_by_one() -> None:
    voxels = torch.stack([random_voxels(3, 4, 5), torch.zeros(3, 4, 5), torch.ones(3, 4, 5)])
    together = cubify(voxels, 0.5)
    assert together.num_faces[1] == together.num_vertices[1] == 0
    assert together.num_faces[2] == 4 * (3 * 4 + 4 * 5 + 5 * 3)
    for i in range(3):
        alone = cubify(voxels[i : i + 1], 0.5)
        assert torch.equal(alone.vertices_packed(), together.vertices_list()[i])
        assert torch.equal(alone.faces_packed(), together.faces_list()[i])


def test_no_grids_give_no_meshes() -> None:
    assert len(cubify(torch.zeros(0, 2, 2, 2), 0.5)) == 0


def test_a_value_at_the_threshold_is_inside() -> None:
    assert cubify(torch.full((1, 2, 2, 2), 0.5), 0.5).num_faces == (48,)


@pytest.mark.parametrize(
    ("voxels", "align", "message"),
    [
        (torch.zeros(2, 2, 2), "corner", r"\[batch, x, y, z\]; got \[2, 2, 2\]"),
        (torch.zeros(1, 2, 0, 2), "corner", r"\[batch, x, y, z\]"),
        (torch.full((1, 2, 2, 2), torch.nan), "corner", "NaN or infinite"),
        (torch.zeros(1, 1, 2, 2), "topleft", "at least 2 cells a side"),
        (torch.zeros(1, 2, 2, 2), "centre", "unknown alignment 'centre'.*Did you mean 'center'"),
    ],
)
def test_bad_grids_are_refused(voxels: torch.Tensor, align: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        cubify(voxels, 0.5, align)
    assert align == "centre" or isinstance(caught.value, MeshError)
