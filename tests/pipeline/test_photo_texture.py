"""The photo on the shape: what the camera sees has the photo's pixels, what it does not the vertices' colours."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
import trimesh
from PIL import Image

from shapeshot import reconstruct
from shapeshot.geometry import Mesh
from shapeshot.geometry.box import Box
from shapeshot.model.camera_estimate import PhotoCamera
from shapeshot.pipeline.finishing import made_ready
from shapeshot.pipeline.options import Options
from shapeshot.pipeline.photo_texture import MAX_SIDE, object_photo, textured, with_photo

CAMERA = PhotoCamera(0.0, 0.0, 0.0, 30.0, (0.0, 0.0, 2.5), (0.0, 0.0, 0.0), 1.0)
HIDDEN = (0.2, 0.6, 0.3)  # the colour of all vertices


def sphere(radius: float) -> Mesh:
    ball = trimesh.creation.icosphere(4, radius)
    return Mesh(ball.vertices, ball.faces)


def halves(left: tuple[int, int, int], right: tuple[int, int, int], side: int = 256) -> Image.Image:
    pixels = np.empty((side, side, 3), np.uint8)
    pixels[:, : side // 2], pixels[:, side // 2 :] = left, right
    return Image.fromarray(pixels)


def face_colors(mesh: Mesh) -> np.ndarray:
    """The texture's pixel at the middle of each face, as any program looks it up; sRGB in 0..1."""
    assert mesh.texture is not None
    picture = np.asarray(Image.open(io.BytesIO(mesh.texture.picture)), np.float32) / 255
    rows, columns = picture.shape[:2]
    u, v = mesh.texture.places[mesh.texture.corners].mean(axis=1).T
    return picture[np.minimum((1 - v) * rows, rows - 1).astype(int), np.minimum(u * columns, columns - 1).astype(int)]


def plain(mesh: Mesh) -> tuple[Mesh, np.ndarray]:
    colors = np.tile(np.float32(HIDDEN), (len(mesh.vertices), 1))
    return Mesh(mesh.vertices, mesh.faces, colors), colors


def test_the_seen_side_of_a_ball_is_the_photo_and_the_other_its_own_colour() -> None:
    mesh, colors = plain(sphere(0.4))
    found = face_colors(with_photo(mesh, colors, CAMERA, halves((255, 0, 0), (0, 0, 255))))
    middle, normal = mesh.triangles.mean(axis=1), mesh.face_normals
    towards = np.array(CAMERA.position) - middle
    cosine = (normal * towards).sum(axis=1) / np.linalg.norm(towards, axis=1)
    left, right = (cosine > 0.25) & (middle[:, 0] < -0.03), (cosine > 0.25) & (middle[:, 0] > 0.03)
    assert left.sum() > 200
    assert right.sum() > 200
    np.testing.assert_allclose(found[left], np.tile((1, 0, 0), (left.sum(), 1)), atol=0.03)
    np.testing.assert_allclose(found[right], np.tile((0, 0, 1), (right.sum(), 1)), atol=0.03)
    behind = cosine < 0
    np.testing.assert_allclose(found[behind], np.tile(HIDDEN, (behind.sum(), 1)), atol=0.03)


def test_what_another_part_hides_is_not_on_the_photo() -> None:
    near = sphere(0.15)
    far = Mesh(near.vertices * np.float32(0.9) - np.float32([0, 0, 0.45]), near.faces)
    faces = np.concatenate([near.faces, far.faces + len(near.vertices)])
    mesh, colors = plain(Mesh(np.concatenate([near.vertices, far.vertices]), faces))
    found = face_colors(with_photo(mesh, colors, CAMERA, halves((255, 0, 0), (255, 0, 0))))
    hidden = np.arange(len(mesh.faces)) >= len(near.faces)
    np.testing.assert_allclose(found[hidden], np.tile(HIDDEN, (hidden.sum(), 1)), atol=0.03)
    assert (found[~hidden][:, 0] > 0.9).sum() > 100


@pytest.mark.parametrize("angles", [(40.0, 25.0, 0.0), (200.0, -10.0, 12.0)])
def test_a_camera_projects_its_target_to_the_middle_and_up_to_up(angles: tuple[float, float, float]) -> None:
    azimuth, elevation = np.radians(angles[:2])
    towards = np.array([np.cos(elevation) * np.sin(azimuth), np.sin(elevation), np.cos(elevation) * np.cos(azimuth)])
    target = np.array([0.1, -0.2, 0.05])
    camera = PhotoCamera(*angles, 30.0, tuple(target + 3 * towards), tuple(target), 1.0)
    places = np.stack([target, target + np.array([0, 0.1, 0])])
    middle, above = camera.project(places)
    np.testing.assert_allclose(middle, [0, 0, 3], atol=1e-6)
    # Counter-clockwise: the object's up leans to the left of the picture's.
    assert np.degrees(np.arctan2(-above[0], above[1])) == pytest.approx(angles[2], abs=0.01)
    larger = camera.scaled(2).project(2 * places)
    np.testing.assert_allclose(larger[:, :2], [middle[:2], above[:2]], atol=1e-6)


def test_the_background_does_not_come_along() -> None:
    rgba = np.full((300, 400, 4), (255, 0, 255, 255), np.uint8)
    rows, columns = np.mgrid[:300, :400]
    disc = np.hypot(rows - 150, columns - 200) < 90
    rgba[disc, :3] = (250, 250, 240)
    soft = np.asarray(Image.fromarray((disc * 255).astype(np.uint8)).resize((400, 300)), np.float32) / 255
    photo = np.asarray(object_photo(rgba, soft, Box(90, 40, 220)), np.float32)
    assert np.abs(photo - (250, 250, 240)).max() < 4


def test_a_thin_object_without_one_whole_pixel_has_its_colour() -> None:
    rgba = np.full((100, 100, 4), (200, 30, 40, 255), np.uint8)
    mask = np.zeros((100, 100), np.float32)
    mask[20:80, 50] = 0.6
    photo = np.asarray(object_photo(rgba, mask, Box(10, 10, 80)), np.float32)
    assert np.abs(photo - (200, 30, 40)).max() < 6


def test_a_large_photo_is_bounded() -> None:
    rgba = np.full((1500, 1500, 4), 120, np.uint8)
    assert object_photo(rgba, np.ones((1500, 1500), np.float32), Box(0, 0, 1500)).size == (MAX_SIDE, MAX_SIDE)


def test_of_a_photo_every_form_of_the_road_carries_it() -> None:
    shape = reconstruct("examples/chair.jpg")
    assert shape.mesh.texture is None  # it is made for files
    ready = made_ready(shape, Options(simplify=1500), in_metres=True, has_mesh=True).shape
    assert ready.mesh.texture is not None
    assert ready.camera is not None
    assert shape.camera is not None
    # The shape was scaled to metres, and its camera with it: the photo lies where it lay.
    factor = ready.voxels.side / shape.voxels.side
    np.testing.assert_allclose(ready.camera.position, np.multiply(shape.camera.position, factor))
    whole = textured(shape)
    assert whole.texture is not None
    assert np.median(np.abs(face_colors(whole) - shape.mesh.colors[shape.mesh.faces].mean(axis=1))) < 0.05


def test_a_size_that_is_kept_through_a_finish_moves_the_camera_along() -> None:
    """Smoothing changes the height; the mesh is scaled to the one that was given, and the photo must stay on it."""
    options = Options(size="height=80cm", smooth=100)
    shape = reconstruct("examples/chair.jpg", size=options.size)
    ready = made_ready(shape, options, in_metres=True, has_mesh=True)
    assert ready.finish is not None
    assert ready.finish.scaled is not None
    assert abs(ready.finish.scaled - 1) > 0.001
    assert ready.shape.camera is not None
    assert shape.camera is not None
    moved = np.multiply(shape.camera.position, ready.finish.scaled)
    np.testing.assert_allclose(ready.shape.camera.position, moved, rtol=1e-6)


def test_without_a_camera_the_mesh_is_as_it_was() -> None:
    shape = reconstruct("examples/chair.jpg")
    assert textured(replace(shape, camera=None)) is shape.mesh
