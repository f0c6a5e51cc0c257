"""Volume, balance and walls, against trimesh and against bodies whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from shapeshot.errors import MeshError
from shapeshot.finish import center_of_mass, wall_thickness
from shapeshot.geometry import Mesh
from shapeshot.geometry.isosurface import isosurface


def as_mesh(made: trimesh.Trimesh) -> Mesh:
    return Mesh(made.vertices, made.faces)


def shell(outer: float, inner: float) -> Mesh:
    ball = trimesh.creation.icosphere(subdivisions=4)
    vertices = np.concatenate([ball.vertices * outer, ball.vertices * inner])
    return Mesh(vertices, np.concatenate([ball.faces, ball.faces[:, ::-1] + len(ball.vertices)]))


def lopsided(seed: int) -> Mesh:
    vertices, faces = isosurface(np.random.default_rng(seed).standard_normal((7, 8, 9)), 0.2, 3.0, (0.1, 0.2, 0.15))
    return Mesh(vertices, faces)


@pytest.mark.parametrize("seed", range(4))
def test_volume_and_centre_of_mass_are_those_of_trimesh(seed: int) -> None:
    mesh = lopsided(seed)
    expected = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
    assert mesh.volume == pytest.approx(expected.volume, rel=1e-6)
    np.testing.assert_allclose(center_of_mass(mesh), expected.center_mass, atol=1e-6)


def test_the_centre_of_mass_of_a_cone_is_a_quarter_up() -> None:
    cone = trimesh.creation.cone(radius=1, height=2, sections=64)
    np.testing.assert_allclose(center_of_mass(as_mesh(cone)), [0, 0, 0.5], atol=1e-6)


def test_the_wall_of_a_slab_is_its_thickness() -> None:
    slab = trimesh.creation.box((1.0, 0.02, 0.7)).subdivide().subdivide()
    slab.apply_transform(trimesh.transformations.rotation_matrix(0.7, [1, 2, 3]))
    found = wall_thickness(as_mesh(slab))
    assert found.thinnest == pytest.approx(0.02, rel=1e-4)
    assert found.percentile_5 == pytest.approx(0.02, rel=1e-4)


@pytest.mark.parametrize("thickness", [0.05, 0.3])
def test_the_wall_of_a_shell_is_its_thickness(thickness: float) -> None:
    found = wall_thickness(shell(1.0, 1.0 - thickness))
    assert found.thinnest == pytest.approx(thickness, rel=0.02)
    assert found.percentile_5 == pytest.approx(thickness, rel=0.02)


def test_a_full_ball_is_as_thick_as_its_diameter() -> None:
    found = wall_thickness(as_mesh(trimesh.creation.icosphere(subdivisions=4)))
    assert found.thinnest == pytest.approx(2.0, rel=0.02)


def test_a_thin_part_of_a_thick_body_is_found() -> None:
    axis = np.linspace(-1, 1, 60)
    x, y, z = np.meshgrid(axis, axis, axis, indexing="ij")
    body = np.minimum(0.3 - np.abs(y), 0.8 - np.maximum(np.abs(x), np.abs(z)))
    fin = np.minimum(0.06 - np.abs(x), np.minimum(0.8 - np.abs(z), 0.9 - np.abs(y)))
    vertices, faces = isosurface(np.maximum(body, fin), 0.0, -1.0, 2 / 59)
    found = wall_thickness(Mesh(vertices, faces))
    assert found.thinnest == pytest.approx(0.12, rel=0.1)


def test_the_edges_of_a_wedge_are_no_walls() -> None:
    # A prism with edges of 60 degrees: rays near an edge leave through the slanted side, 30 degrees from along it.
    prism = trimesh.creation.cylinder(radius=1, height=2, sections=3).subdivide().subdivide()
    assert wall_thickness(as_mesh(prism)).thinnest == pytest.approx(2.0, rel=1e-3)


def test_ray_distances_are_those_of_trimesh() -> None:
    mesh = lopsided(5)
    from shapeshot.finish.solid import _Faces

    rng = np.random.default_rng(0)
    chosen = rng.integers(len(mesh.faces), size=25)
    origins = mesh.triangles[chosen].mean(axis=1).astype(np.float64)
    directions = -mesh.face_normals[chosen].astype(np.float64)
    found = _Faces(mesh).first_exit(origins, directions)
    oracle = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
    normals, compared = mesh.face_normals, 0
    for i, depth in enumerate(found):
        # One triangle after the other, by trimesh's plane and barycentric tests.
        exits = []
        for face in np.flatnonzero(normals @ directions[i] > 1e-6):
            along = normals[face] @ directions[i]
            distance = normals[face] @ (mesh.triangles[face, 0] - origins[i]) / along
            place = trimesh.triangles.points_to_barycentric(
                oracle.triangles[face][None], (origins[i] + distance * directions[i])[None]
            )[0]
            if distance > 1e-5 and place.min() > -1e-7:
                exits.append((distance, along))
        distance, along = min(exits)
        if abs(along - 0.5**0.5) < 1e-4:
            continue
        compared += along > 0.5**0.5
        assert depth == (pytest.approx(distance, abs=1e-4) if along > 0.5**0.5 else np.inf)
    assert compared > 8


@pytest.mark.parametrize("measure", [center_of_mass, wall_thickness])
def test_an_open_mesh_is_refused(measure) -> None:
    box = as_mesh(trimesh.creation.box((1, 1, 1)))
    with pytest.raises(MeshError, match="open edges"):
        measure(Mesh(box.vertices, box.faces[1:]))


def test_a_mesh_inside_out_is_refused() -> None:
    box = trimesh.creation.box((1, 1, 1))
    inside_out = Mesh(box.vertices, box.faces[:, ::-1])
    with pytest.raises(MeshError, match="outwards"):
        center_of_mass(inside_out)
    with pytest.raises(MeshError, match="outwards"):
        wall_thickness(inside_out)
