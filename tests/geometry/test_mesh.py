"""Mesh: what it refuses, and its measures against trimesh."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from shapeshot.errors import MeshError
from shapeshot.geometry import Mesh

BOX = trimesh.creation.box((1, 2, 3))
TRIANGLE = np.eye(3)


def test_measures_are_those_of_trimesh() -> None:
    reference = trimesh.creation.icosphere(2)
    reference.vertices *= [1, 2, 0.5]
    mesh = Mesh(reference.vertices, reference.faces)
    assert mesh.volume == pytest.approx(reference.volume, rel=1e-5)
    np.testing.assert_allclose(mesh.face_areas, reference.area_faces, rtol=1e-5)
    np.testing.assert_allclose(mesh.face_normals, reference.face_normals, atol=1e-5)
    np.testing.assert_allclose(mesh.bounds, reference.bounds, atol=1e-6)


def test_vertex_normals_weigh_faces_by_area() -> None:
    mesh = Mesh(BOX.vertices, BOX.faces)
    sums = np.zeros((8, 3))
    for face, normal, area in zip(BOX.faces, BOX.face_normals, BOX.area_faces, strict=True):
        sums[face] += normal * area
    np.testing.assert_allclose(mesh.vertex_normals, sums / np.linalg.norm(sums, axis=1, keepdims=True), atol=1e-6)


def test_a_vertex_without_faces_has_a_unit_normal_all_the_same() -> None:
    np.testing.assert_array_equal(Mesh([*TRIANGLE, [9, 9, 9]], [[0, 1, 2]]).vertex_normals[3], [0, 1, 0])


def test_a_box_is_closed_and_stops_to_be_when_a_face_goes_or_turns() -> None:
    faces = np.array(BOX.faces)
    turned = np.concatenate([faces[:-1], faces[-1:, ::-1]])
    assert Mesh(BOX.vertices, faces).is_closed
    assert not Mesh(BOX.vertices, faces[1:]).is_closed
    assert not Mesh(BOX.vertices, turned).is_closed
    assert not Mesh(BOX.vertices, np.concatenate([faces, faces])).is_closed
    assert not Mesh(BOX.vertices, [[0, 0, 1]]).is_closed
    assert not Mesh(BOX.vertices, np.zeros((0, 3))).is_closed


def test_scaling_keeps_faces_and_colours() -> None:
    mesh = Mesh(TRIANGLE, [[0, 1, 2]], TRIANGLE).scaled(2)
    np.testing.assert_array_equal(mesh.vertices, TRIANGLE * 2)
    np.testing.assert_array_equal(mesh.colors, TRIANGLE)


def test_arrays_are_copies_that_cannot_be_written() -> None:
    vertices = TRIANGLE.astype(np.float32)
    mesh = Mesh(vertices, [[0, 1, 2]])
    vertices[:] = 0
    np.testing.assert_array_equal(mesh.vertices, TRIANGLE)
    with pytest.raises(ValueError, match="read-only"):
        mesh.vertices[0] = 1


@pytest.mark.parametrize(
    ("vertices", "faces", "colors", "message"),
    [
        (TRIANGLE[:, :2], [[0, 1, 2]], None, r"vertices must have shape \[n, 3\]; got \[3, 2\]"),
        (TRIANGLE * np.nan, [[0, 1, 2]], None, "NaN"),
        (TRIANGLE, [[0, 1, 3]], None, r"0\.\.2; got 0\.\.3"),
        (TRIANGLE, [[-1, 1, 2]], None, "face indices"),
        (TRIANGLE, [[0, 1, 2]], TRIANGLE[:2], r"colors must have shape \[3, 3\]"),
        ([[0, 0, 0], [1, 1]], [[0, 1, 2]], None, "numbers in rows of three"),
        ([["a", "b", "c"]], [[0, 0, 0]], None, "numbers in rows of three"),
    ],
)
def test_what_is_no_mesh_is_refused(vertices, faces, colors, message: str) -> None:
    with pytest.raises(MeshError, match=message):
        Mesh(vertices, faces, colors)


def test_an_empty_mesh_has_no_bounds() -> None:
    with pytest.raises(MeshError, match="no bounds"):
        _ = Mesh(np.zeros((0, 3)), np.zeros((0, 3))).bounds
