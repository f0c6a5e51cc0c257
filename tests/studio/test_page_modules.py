"""The page's modules against independent answers: numpy's own files, brute force, and a count of faces."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest

from shapeshot.geometry.frustum import ViewCamera
from shapeshot.model.camera_estimate import CameraEstimate

pytestmark = pytest.mark.slow


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


@pytest.fixture(scope="module")
def page(chromium: Any, studio: Any) -> Iterator[Any]:
    """A page of the studio's origin, whose modules can be imported."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(studio.url)
    yield page
    context.close()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed], ids=["stored", "deflated"])
def test_npz(page: Any, save: Callable[..., None], rng: np.random.Generator) -> None:
    arrays = {
        "bool": rng.random((3, 4, 5)) > 0.5,
        "bytes": rng.integers(0, 255, (7, 3)).astype(np.uint8),
        "int": rng.integers(-9, 9, (5, 3)).astype(np.int32),
        "float": rng.standard_normal((300, 3)).astype(np.float32),
        "scalar": np.array(0.94),
    }
    content = io.BytesIO()
    save(content, **arrays)
    read = page.evaluate(
        """async (content) => {
            const { readNpz } = await import("/shapes/npz.js");
            const arrays = await readNpz(Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0)).buffer);
            return Object.entries(arrays).map(([name, { data, shape }]) => [name, [...data].map(Number), shape]);
        }""",
        base64.b64encode(content.getvalue()).decode(),
    )
    assert [name for name, _, _ in read] == list(arrays)
    for name, data, shape in read:
        np.testing.assert_array_equal(np.array(data).reshape(shape), arrays[name])


def test_voxel_faces(page: Any, rng: np.random.Generator) -> None:
    """Each face lies between an occupied and an empty cell, once, and faces the empty one."""
    occupied = rng.random((4, 4, 4)) > 0.6
    faces = page.evaluate(
        """async (cells) => {
            const { voxelGeometry } = await import("/shapes/voxels.js");
            const occupancy = { data: Uint8Array.from(cells), shape: [4, 4, 4] };
            const { faces } = voxelGeometry({ occupancy, side: { data: [4] } });
            const list = (name) => [...faces.attributes[name].array];
            return { positions: list("position"), normals: list("normal"), index: [...faces.index.array] };
        }""",
        occupied.ravel().astype(int).tolist(),
    )
    corners = np.reshape(faces["positions"], (-1, 4, 3))
    normals = np.reshape(faces["normals"], (-1, 4, 3))[:, 0]
    padded = np.pad(occupied, 1)
    assert len(corners) == sum((padded != np.roll(padded, 1, axis)).sum() for axis in range(3))
    inside, outside = (np.floor(corners.mean(axis=1) + side * normals / 2 + 2).astype(int) + 1 for side in (-1, 1))
    assert padded[tuple(inside.T)].all()
    assert not padded[tuple(outside.T)].any()
    triangles = np.reshape(faces["positions"], (-1, 3))[np.reshape(faces["index"], (-1, 3))]
    turned = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    np.testing.assert_allclose(turned, np.repeat(normals, 2, axis=0), atol=1e-6)


def test_nearest(page: Any, rng: np.random.Generator) -> None:
    points, queries = rng.random((400, 3)).astype(np.float32), (2 * rng.random((100, 3)) - 0.5).astype(np.float32)
    found = page.evaluate(
        """async ([points, values, queries]) => {
            const { nearestValues } = await import("/shapes/nearest.js");
            return [...nearestValues(...[points, values, queries].map((list) => Float32Array.from(list)))];
        }""",
        [points.ravel().tolist(), list(range(400)), queries.ravel().tolist()],
    )
    distances = np.linalg.norm(queries[:, None] - points[None], axis=2)
    np.testing.assert_allclose(distances[np.arange(100), np.asarray(found, int)], distances.min(axis=1), rtol=1e-5)


def test_colors(page: Any) -> None:
    """sRGB to linear light after IEC 61966-2-1; the ramp's ends are the legend's."""
    linear, ramp = page.evaluate(
        """async () => {
            const { linearColors, confidenceColors } = await import("/shapes/colors.js");
            const bytes = Uint8Array.from([0, 10, 11, 128, 188, 255]);
            return [[...linearColors(bytes, 2)], [...confidenceColors(Float32Array.from([-1, 0, 1, 2]))]];
        }"""
    )
    np.testing.assert_allclose(linear, [0, 0.003035, 0.003347, 0.215861, 0.502886, 1], atol=1e-5)
    low, same_low, high, same_high = np.reshape(ramp, (4, 3))
    np.testing.assert_array_equal(low, same_low)
    np.testing.assert_array_equal(high, same_high)
    assert low[0] > low[2]  # from orange
    assert high[2] > high[0]  # to blue


def test_a_mirrored_mesh_is_the_one_that_the_server_makes(page: Any, rng: np.random.Generator) -> None:
    camera = ViewCamera(35.0, 20.0, 2.5)
    center, side = np.array([0.1, -0.05, 0.02]), 0.8
    vertices = rng.uniform(-0.5, 0.5, (40, 3))
    beside = CameraEstimate(camera, 1.0).beside(center, side)
    found = page.evaluate(
        """async ([vertices, faces, camera]) => {
            const { mirroredMesh } = await import("/shapes/mirrored.js");
            const mesh = { vertices: { data: Float32Array.from(vertices) }, faces: { data: Int32Array.from(faces) } };
            const mirrored = mirroredMesh(mesh, camera);
            return [[...mirrored.vertices.data], [...mirrored.faces.data]];
        }""",
        [vertices.ravel().tolist(), [0, 1, 2, 7, 8, 9], asdict(beside)],
    )
    seen = camera.project(vertices * side + center)
    below = replace(camera, elevation_deg=-camera.elevation_deg)  # of the same azimuth, as only the picture needs it
    expected = below.place(seen * np.float32([1, 1, -1])) / side
    moved = np.reshape(found[0], (-1, 3))
    np.testing.assert_allclose(moved - moved.mean(axis=0), expected - expected.mean(axis=0), atol=1e-4)
    assert found[1] == [2, 1, 0, 9, 8, 7]
