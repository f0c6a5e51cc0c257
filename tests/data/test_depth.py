"""Depth and normals of views against closed forms, against plain loops over triangles, and against rendered alpha."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from shapeshot.data.build import build_dataset
from shapeshot.data.build_options import BuildOptions
from shapeshot.data.dataset import Dataset, Sample
from shapeshot.data.rendering.depth import ViewGeometry, cast_views, decode_geometry, encode_geometry
from shapeshot.data.shards import encode_arrays, unpack_members
from shapeshot.data.sources import make_source
from shapeshot.errors import DatasetError
from shapeshot.geometry.camera import Camera

CAMERAS = (Camera(0.0, 0.0, 3.0, 25.0), Camera(40.0, 25.0, 2.0, 50.0), Camera(-130.0, -4.0, 1.4, 65.0))


def rays(camera: Camera, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Origin [3] and directions [side, side, 3] of length 1 along the optical axis, by the documented convention."""
    azimuth, elevation = np.radians([camera.azimuth_deg, camera.elevation_deg])
    backward = np.array([np.cos(elevation) * np.sin(azimuth), np.sin(elevation), np.cos(elevation) * np.cos(azimuth)])
    right = np.array([np.cos(azimuth), 0, -np.sin(azimuth)])
    up = np.cross(backward, right)
    half = np.tan(np.radians(camera.fov_deg / 2))
    across = ((np.arange(side) + 0.5) / side * 2 - 1) * half
    directions = -backward + across[None, :, None] * right - across[:, None, None] * up
    return camera.distance * backward, directions


def depths(camera: Camera, distances: np.ndarray) -> np.ndarray:
    """From distances along the optical axis to depths in front of the plane through the origin."""
    return camera.distance - distances


def cast(mesh: trimesh.Trimesh, camera: Camera, side: int = 40) -> ViewGeometry:
    return cast_views(mesh.vertices, mesh.faces, [camera], side)


@pytest.mark.parametrize("camera", CAMERAS)
def test_a_sphere(camera: Camera) -> None:
    found = cast(trimesh.creation.icosphere(5, 0.4), camera)
    origin, directions = rays(camera, 40)
    a, b, c = (directions**2).sum(-1), 2 * directions @ origin, origin @ origin - 0.16
    root = (b * b - 4 * a * c) / (4 * a * 0.16)  # 1 where a ray meets the centre, 0 where it grazes the sphere
    inner = root > 0.05  # at the rim a depth is as uncertain as the mesh's facets are coarse
    first, last = ((-b - sign * np.sqrt((b * b - 4 * a * c).clip(0))) / (2 * a) for sign in (1, -1))
    assert inner.sum() > 200
    assert not found.mask[0][root < 0].any()
    np.testing.assert_allclose(found.front[0][inner], depths(camera, first)[inner], atol=2e-3)
    np.testing.assert_allclose(found.back[0][inner], depths(camera, last)[inner], atol=2e-3)
    outwards = (origin + first[..., None] * directions) / 0.4
    assert (found.normals[0] * outwards).sum(-1)[inner].min() > np.cos(np.radians(4))


@pytest.mark.parametrize("camera", CAMERAS)
def test_a_box_is_exact(camera: Camera) -> None:
    half = np.array([0.5, 0.3, 0.2])
    found = cast(trimesh.creation.box(2 * half), camera, 64)
    origin, directions = rays(camera, 64)
    with np.errstate(divide="ignore"):
        slabs = np.stack([(sign * half - origin) / directions for sign in (-1, 1)])
    entries, exits = slabs.min(axis=0), slabs.max(axis=0)
    first, last = entries.max(axis=-1), exits.min(axis=-1)
    hit = first < last
    assert 0.02 < hit.mean() < 0.6
    edge = np.abs(last - first) < 1e-4
    np.testing.assert_array_equal(found.mask[0][~edge], hit[~edge])
    np.testing.assert_allclose(found.front[0][hit & ~edge], depths(camera, first)[hit & ~edge], atol=1e-5)
    np.testing.assert_allclose(found.back[0][hit & ~edge], depths(camera, last)[hit & ~edge], atol=1e-5)
    axis = entries.argmax(axis=-1)
    expected = -np.sign(directions) * (np.arange(3) == axis[..., None])
    clear = hit & (np.diff(np.sort(entries, axis=-1), axis=-1)[..., 1] > 1e-3)
    np.testing.assert_allclose(found.normals[0][clear], expected[clear], atol=1e-5)


def test_the_back_of_a_torus_is_its_last_surface_not_the_end_of_its_first_part() -> None:
    camera, side = Camera(75.0, 8.0, 3.0, 25.0), 32
    found = cast(trimesh.creation.torus(0.35, 0.12, major_sections=256, minor_sections=128), camera, side)
    origin, directions = rays(camera, side)
    with_hole = 0
    for row in range(side):
        for column in range(side):
            crossings = torus_crossings(origin, directions[row, column], 0.35, 0.12)
            if len(crossings) == 0 or np.diff(crossings).min() < 0.05:
                continue
            with_hole += len(crossings) == 4
            front, back = found.front[0, row, column], found.back[0, row, column]
            np.testing.assert_allclose([front, back], depths(camera, crossings[[0, -1]]), atol=3e-3)
    assert with_hole > 20


def torus_crossings(origin: np.ndarray, direction: np.ndarray, major: float, minor: float) -> np.ndarray:
    """Sorted ray parameters of ((x^2 + y^2 + z^2) + R^2 - r^2)^2 = 4 R^2 (x^2 + y^2), a torus about the z axis."""
    square = np.polynomial.Polynomial([origin @ origin, 2 * origin @ direction, direction @ direction])
    flat = np.polynomial.Polynomial(
        [origin[:2] @ origin[:2], 2 * origin[:2] @ direction[:2], direction[:2] @ direction[:2]]
    )
    roots = ((square + major**2 - minor**2) ** 2 - 4 * major**2 * flat).roots()
    return np.sort(roots[np.abs(roots.imag) < 1e-7].real)


def test_a_soup_of_triangles_agrees_with_a_loop_over_them() -> None:
    rng = np.random.default_rng(5)
    triangles = (rng.uniform(-0.3, 0.3, (60, 1, 3)) + rng.uniform(-0.2, 0.2, (60, 3, 3))).clip(-0.5, 0.5)
    faces = np.arange(180).reshape(60, 3)
    for camera in CAMERAS:
        found = cast_views(triangles.reshape(-1, 3), faces, [camera], 24)
        origin, directions = rays(camera, 24)
        directions = directions.reshape(-1, 3)
        narrow, wide = (
            np.stack([one_triangle(origin, directions, corners, slack) for corners in triangles])
            for slack in (-1e-3, 1e-3)
        )
        # A ray through an edge is settled by rounding, and cracks are closed there on purpose: left out, and few.
        clear = (np.isnan(narrow) == np.isnan(wide)).all(axis=0)
        assert clear.mean() > 0.95
        nothing = np.isnan(narrow).all(axis=0)
        np.testing.assert_array_equal(found.mask[0].ravel()[clear], ~nothing[clear])
        hit = clear & ~nothing
        distances = narrow[:, hit]
        first, last = np.nanmin(distances, axis=0), np.nanmax(distances, axis=0)
        np.testing.assert_allclose(found.front[0].ravel()[hit], depths(camera, first), atol=1e-5)
        np.testing.assert_allclose(found.back[0].ravel()[hit], depths(camera, last), atol=1e-5)
        normals = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
        normals = normals[np.nanargmin(distances, axis=0)]
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        facing = found.normals[0].reshape(-1, 3)[hit]
        np.testing.assert_allclose(np.abs((normals * facing).sum(axis=1)), 1, atol=1e-5)
        assert ((facing * directions[hit]).sum(axis=1) <= 1e-6).all()


def one_triangle(origin: np.ndarray, directions: np.ndarray, corners: np.ndarray, slack: float) -> np.ndarray:
    """Ray parameters of one triangle, NaN where it is missed (Moeller and Trumbore 1997); slack widens it."""
    first, second = corners[1] - corners[0], corners[2] - corners[0]
    crossed = np.cross(directions, second)
    determinant = crossed @ first
    u = crossed @ (origin - corners[0]) / determinant
    turned = np.cross(origin - corners[0], first)
    v = directions @ turned / determinant
    return np.where((u >= -slack) & (v >= -slack) & (u + v <= 1 + slack), second @ turned / determinant, np.nan)


def test_a_view_is_the_same_alone_and_among_others() -> None:
    mesh = trimesh.creation.annulus(0.2, 0.4, 0.5)
    together = cast_views(mesh.vertices, mesh.faces, CAMERAS, 30)
    assert together.front.shape == (3, 30, 30)
    for index, camera in enumerate(CAMERAS):
        np.testing.assert_array_equal(together.front[index], cast(mesh, camera, 30).front[0])


def test_stored_geometry_comes_back_to_a_64th_of_a_cell() -> None:
    geometry = cast(trimesh.creation.icosphere(3, 0.5), CAMERAS[1])
    restored = decode_geometry(encode_geometry(geometry))
    np.testing.assert_array_equal(restored.mask, geometry.mask)
    for name in ("front", "back"):
        np.testing.assert_allclose(getattr(restored, name), getattr(geometry, name), atol=0.5001 / 8192)
    cosines = (restored.normals * geometry.normals).sum(axis=-1)[geometry.mask]
    assert cosines.min() > np.cos(np.radians(0.6))
    np.testing.assert_allclose(np.linalg.norm(restored.normals[geometry.mask], axis=-1), 1, atol=1e-6)
    assert np.isnan(restored.normals[~geometry.mask]).all()


def test_cameras_inside_and_other_arrays_are_refused() -> None:
    box = trimesh.creation.box((1, 1, 1))
    with pytest.raises(DatasetError, match="from outside"):
        cast(box, Camera(0.0, 0.0, 0.4, 60.0))
    big = trimesh.creation.box((3, 3, 3))
    with pytest.raises(DatasetError, match="canonical"):
        encode_geometry(cast(big, Camera(0.0, 0.0, 9.0, 60.0)))
    depth = np.zeros((2, 4, 4), np.uint16)
    with pytest.raises(DatasetError, match="lacks"):
        decode_geometry(encode_arrays(front=depth, back=depth))
    with pytest.raises(DatasetError, match="other shapes"):
        decode_geometry(encode_arrays(front=depth, back=depth[:1], normals=np.zeros((2, 4, 4, 3), np.int8)))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    pytest.importorskip("mitsuba")
    options = BuildOptions(views=3, size=96, samples=16, split="train")
    source = make_source("procedural", count=4, seed=2)
    return build_dataset(source, tmp_path_factory.mktemp("depth") / "d", options, workers=1, progress=False)


def test_silhouettes_are_those_of_the_rendered_views(built: Dataset) -> None:
    for key in built.ids():
        sample = built.sample(key)
        geometry = sample.geometry
        assert geometry is not None
        assert geometry.front.shape == (3, 48, 48)
        for index in range(sample.num_views):
            covered = sample.view(index)[..., 3].reshape(48, 2, 48, 2).mean(axis=(1, 3)) / 255
            hit = geometry.mask[index]
            # A pixel's centre is on the object or not; only where the pixel is partly covered may that differ.
            assert not hit[covered == 0].any(), key
            assert hit[covered == 1].all(), key
            assert (hit != (covered > 0.5)).mean() < 0.02, key
        assert (geometry.front[geometry.mask] >= geometry.back[geometry.mask] - 1e-6).all()


def test_a_dataset_from_before_it_was_stored_still_opens(built: Dataset) -> None:
    record = next(iter(built.records.values()))
    packed = (built.folder / record.shard).read_bytes()[record.offset : record.offset + record.length]
    members = unpack_members(packed)
    assert Sample(record, members).geometry is not None
    del members["geometry.npz"]
    old = Sample(record, members)
    assert old.geometry is None
    assert old.solid.any()
    damaged = Sample(record, members | {"geometry.npz": b"no npz"})
    with pytest.raises(DatasetError, match="damaged"):
        damaged.geometry  # noqa: B018
