"""Rendered views: geometry against the camera convention, colours, coverage and repeatability."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from shapeshot.data.objects import Material, ObjectModel, Part
from shapeshot.data.rendering.lighting import HEIGHT, WIDTH, studio_light
from shapeshot.errors import MeshError
from shapeshot.geometry.camera import Camera

pytest.importorskip("mitsuba")

from shapeshot.data.rendering.render import render_photo, render_views

SIZE = 48


def part(mesh: trimesh.Trimesh, material: Material) -> Part:
    return Part(mesh.vertices.astype(np.float32), mesh.faces.astype(np.int32), material)


def ball(at: tuple[float, float, float] = (0, 0, 0), radius: float = 0.4, material: Material | None = None) -> Part:
    return part(trimesh.creation.icosphere(3, radius).apply_translation(at), material or Material())


def view(*parts: Part, camera: Camera | None = None, seed: int = 0, samples: int = 16) -> np.ndarray:
    camera = camera or Camera(0.0, 0.0, 3.0, 30.0)
    return render_views(ObjectModel(parts), [camera], SIZE, np.random.default_rng(seed), samples)[0]


def mean_color(image: np.ndarray, threshold: int = 200) -> np.ndarray:
    return image[image[:, :, 3] >= threshold][:, :3].mean(axis=0)


def test_coverage_of_a_sphere_is_its_projection() -> None:
    image = view(ball(radius=0.4))
    disc_radius = SIZE / 2 * np.tan(np.arcsin(0.4 / 3.0)) / np.tan(np.radians(15.0))
    assert image[:, :, 3].sum() / 255 == pytest.approx(np.pi * disc_radius**2, rel=0.02)


@pytest.mark.parametrize(
    ("azimuth", "right_side"), [(0.0, (0.4, 0, 0)), (90.0, (0, 0, -0.4)), (180.0, (-0.4, 0, 0)), (-90.0, (0, 0, 0.4))]
)
def test_the_picture_s_right_is_where_the_convention_says(azimuth: float, right_side: tuple[float, ...]) -> None:
    image = view(ball(right_side, 0.1), camera=Camera(azimuth, 0.0, 3.0, 30.0))
    columns = np.flatnonzero(image[:, :, 3].any(axis=0))
    assert columns.min() > SIZE * 0.6


def test_up_is_at_the_top_and_a_raised_camera_looks_down() -> None:
    rows = np.flatnonzero(view(ball((0, 0.4, 0), 0.1))[:, :, 3].any(axis=1))
    assert rows.max() < SIZE * 0.4
    nearer = view(ball((0, 0, 0.4), 0.1), camera=Camera(0.0, 45.0, 3.0, 30.0))
    assert np.flatnonzero(nearer[:, :, 3].any(axis=1)).min() > SIZE * 0.5


def test_colours_survive_light_and_encoding() -> None:
    red, green, blue = mean_color(view(ball(material=Material((0.8, 0.2, 0.2), roughness=1.0))))
    assert red > green + 60
    assert red > blue + 60


def test_texture_is_upright_and_not_mirrored() -> None:
    texture = np.zeros((64, 64, 3), np.uint8)
    texture[:32, :32], texture[:32, 32:], texture[32:] = (230, 0, 0), (0, 230, 0), (0, 0, 230)
    corners = np.array([[-0.4, -0.4, 0], [0.4, -0.4, 0], [0.4, 0.4, 0], [-0.4, 0.4, 0]], np.float32)
    uvs = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    faces = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
    image = view(Part(corners, faces, Material((1, 1, 1), texture, roughness=1.0), uvs))
    quarter = SIZE // 2 - 8, SIZE // 2 + 8
    found = [image[row, column, :3].argmax() for row, column in ((quarter[0], quarter[0]), (quarter[0], quarter[1]))]
    assert [*found, image[quarter[1], SIZE // 2, :3].argmax()] == [0, 1, 2]


def test_both_sides_of_a_face_are_lit() -> None:
    sheet = trimesh.Trimesh([[-0.4, -0.4, 0], [0.4, -0.4, 0], [0, 0.4, 0]], [[0, 1, 2]], process=False)
    sides = [view(part(sheet, Material(roughness=1.0)), camera=Camera(a, 0.0, 3.0, 30.0)) for a in (0.0, 180.0)]
    assert all(mean_color(image).min() > 50 for image in sides)


def test_glass_covers_by_its_opacity_but_never_vanishes() -> None:
    pane = trimesh.creation.box((0.8, 0.8, 0.001))
    sheet = trimesh.Trimesh(pane.vertices, pane.faces[pane.face_normals[:, 2] > 0.5], process=False)
    for opacity, expected in ((0.6, 0.6), (0.02, 0.35)):
        alpha = view(part(sheet, Material(opacity=opacity)), samples=64)[20:28, 20:28, 3]
        assert alpha.mean() / 255 == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("brightness", [0.02, 0.98])
def test_neither_black_nor_burnt(brightness: float) -> None:
    for seed in range(4):
        image = view(ball(material=Material((brightness,) * 3, roughness=1.0)), seed=seed, samples=8)
        luminance = image[image[:, :, 3] == 255][:, :3].mean(axis=1)
        assert np.quantile(luminance, 0.9) > 60
        assert (luminance >= 254).mean() < 0.35


def test_views_repeat_byte_for_byte_and_differ_between_seeds() -> None:
    parts = (ball(), ball((0.2, 0.3, 0), 0.2, Material((0.3, 0.3, 0.9), roughness=0.3, metallic=True)))
    assert np.array_equal(view(*parts, seed=3), view(*parts, seed=3))
    assert not np.array_equal(view(*parts, seed=3), view(*parts, seed=4))


def test_a_view_does_not_depend_on_the_views_after_it() -> None:
    cameras = [Camera(azimuth, 10.0, 3.0, 30.0) for azimuth in (0.0, 70.0)]
    model = ObjectModel((ball(),))
    both = render_views(model, cameras, SIZE, np.random.default_rng(5), 4)
    first = render_views(model, cameras[:1], SIZE, np.random.default_rng(5), 4)
    assert np.array_equal(both[0], first[0])


def lit_ball(light: np.ndarray) -> np.ndarray:
    """What a white matt ball shows from afar: the map summed over each normal's hemisphere, [SIZE, SIZE]."""
    azimuth = np.radians((np.arange(WIDTH) + 0.5) / WIDTH * 360 - 180)[None, :]
    polar = np.radians((np.arange(HEIGHT) + 0.5) / HEIGHT * 180)[:, None]
    towards = [np.sin(polar) * np.sin(azimuth), np.cos(polar) + 0 * azimuth, np.sin(polar) * np.cos(azimuth)]
    across = (np.arange(SIZE) + 0.5) / SIZE * 2 - 1
    x, y = np.meshgrid(across, -across)
    normals = np.stack([x, y, np.sqrt(np.clip(1 - x**2 - y**2, 0, None))], axis=2)
    cosines = np.einsum("rcx,xuv->rcuv", normals, np.stack(towards)).clip(0)
    return np.einsum("rcuv,uv->rc", cosines, light.mean(axis=2) * np.sin(polar))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_shading_is_that_of_the_environment_map(seed: int) -> None:
    """An independent sum over the map predicts the picture; over the mirrored map it does so less well."""
    matt = Material((0.8, 0.8, 0.8), roughness=1.0)
    camera = Camera(0.0, 0.0, 40.0, 2 * np.degrees(np.arcsin(0.4 / 40.0)))
    image = view(ball(material=matt), camera=camera, seed=seed, samples=64)
    seen = image[:, :, 3] == 255
    light = studio_light(np.random.default_rng(seed), 0.0)
    shown = (image[:, :, :3].mean(axis=2)[seen] / 255) ** 2.2
    fit, mirrored = (np.corrcoef(shown, lit_ball(map_)[seen])[0, 1] for map_ in (light, light[:, ::-1]))
    assert fit > 0.97
    assert fit > mirrored


def test_studio_light_is_finite_positive_and_of_the_promised_shape() -> None:
    for seed in range(20):
        light = studio_light(np.random.default_rng(seed), 40.0)
        assert light.shape == (HEIGHT, WIDTH, 3)
        assert np.isfinite(light).all()
        assert light.min() > 0


def test_a_photo_has_a_light_backdrop_and_the_object_in_the_middle() -> None:
    model = ObjectModel((ball(radius=0.5, material=Material((0.7, 0.1, 0.1), roughness=1.0)),))
    photo = render_photo(model, size=SIZE, samples=16, seed=1)
    assert photo.shape == (SIZE, SIZE, 3)
    assert photo[:4].mean() > 190
    red, green, _ = photo[SIZE // 2 - 4 : SIZE // 2 + 4, SIZE // 2 - 4 : SIZE // 2 + 4].mean(axis=(0, 1))
    assert red > green + 50


def test_a_model_without_triangles_or_with_nan_is_refused() -> None:
    empty = Part(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32))
    with pytest.raises(MeshError, match="triangles"):
        view(empty)
    with pytest.raises(MeshError, match="NaN"):
        view(Part(np.full((3, 3), np.nan, np.float32), np.array([[0, 1, 2]], np.int32)))
