"""Views in rooms: exact masks, nothing between camera and object that is not told, repeatable, and as photos are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh

from shapeshot.data.build import build_dataset
from shapeshot.data.build_options import BuildOptions
from shapeshot.data.objects import Material, ObjectInfo, ObjectModel, Part
from shapeshot.data.rendering.depth import cast_views, front_depth
from shapeshot.data.solids.object_shape import ObjectShape, canonical_shape
from shapeshot.data.sources import make_source
from shapeshot.geometry.camera import Camera, sample_camera

pytest.importorskip("mitsuba")

from shapeshot.data.rendering import rooms
from shapeshot.data.rendering.rooms import render_room, surfaces
from shapeshot.data.rendering.rooms.denoise import denoised
from shapeshot.data.rendering.rooms.props import furnish
from shapeshot.data.rendering.rooms.setting import choose_setting, room_camera
from shapeshot.data.rendering.rooms.shell import build_shell

SIZE = 48
RED = Material((0.8, 0.1, 0.1), roughness=1.0)


def info(kind: str = "stool", metres: float | None = 0.7) -> ObjectInfo:
    size = None if metres is None else (metres, metres, metres)
    return ObjectInfo("thing", kind.capitalize(), kind, "tests", "CC0-1.0", "tests", size_metres=size)


def shape_of(*meshes: trimesh.Trimesh, material: Material = RED) -> ObjectShape:
    parts = tuple(Part(mesh.vertices.astype(np.float32), mesh.faces.astype(np.int32), material) for mesh in meshes)
    return canonical_shape(ObjectModel(parts), "thing", np.random.default_rng(0))


@pytest.fixture(scope="module")
def stool() -> ObjectShape:
    seat = trimesh.creation.cylinder(0.4, 0.1).apply_transform(
        trimesh.transformations.rotation_matrix(np.pi / 2, [1, 0, 0])
    )
    legs = [
        trimesh.creation.box((0.08, 0.7, 0.08)).apply_translation((x, -0.35, z))
        for x in (-0.25, 0.25)
        for z in (-0.25, 0.25)
    ]
    return shape_of(seat, *legs)


def camera_for(shape: ObjectShape, seed: int) -> Camera:
    return sample_camera(np.random.default_rng(seed), float(np.linalg.norm(shape.vertices, axis=1).max()))


def test_alpha_is_the_object_s_silhouette_and_the_room_goes_on_around_it(stool: ObjectShape) -> None:
    for seed in range(4):
        view, camera = render_room(stool, info(), camera_for(stool, seed), SIZE, np.random.default_rng(seed), 16)
        hit = cast_views(stool.vertices, stool.faces, [camera], SIZE).mask[0]
        alpha = view[..., 3] / 255
        assert not (alpha[~hit] == 1).any()
        assert (hit != (alpha > 0.5)).mean() < 0.15  # things before the object may hide half of it, no more
        assert (alpha > 0.5).sum() > 0.45 * hit.sum()
        outside = view[alpha == 0][:, :3].astype(float)
        assert outside.mean() > 15, "the room under alpha 0 is black"
        assert outside.std() > 3, "the room under alpha 0 is one plain colour"
        # Red is the object's, whatever the light: the mask is where the picture shows it.
        redness = view[..., 0].astype(float) - view[..., 1:3].max(axis=2)
        assert redness[alpha > 0.9].mean() > redness[alpha == 0].mean() + 20


def test_what_stands_before_the_object_is_cut_out_of_its_alpha(
    stool: ObjectShape, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed: list[tuple[Camera, ObjectModel]] = []

    def post(setting: object, shell: object, vertices: np.ndarray, camera: Camera, rng: object) -> list[ObjectModel]:
        at = 0.9 * camera.axes[2] + 0.15 * camera.axes[0]
        mesh = trimesh.creation.box((0.08, 3.0, 0.08)).apply_translation(at)
        model = ObjectModel(
            (Part(mesh.vertices.astype(np.float32), mesh.faces.astype(np.int32), Material((0.1, 0.8, 0.1))),)
        )
        placed.append((camera, model))
        return [model]

    monkeypatch.setattr(rooms, "furnish", post)
    view, camera = render_room(stool, info(), Camera(20.0, 15.0, 3.0, 35.0), SIZE, np.random.default_rng(1), 16)
    post_vertices, post_faces = placed[0][1].merged()
    shown, hidden = np.zeros((SIZE, SIZE)), np.zeros((SIZE, SIZE))
    # An oracle of its own: both cast on an 8 times finer grid, where each part of a pixel sees one or the other.
    fine = 8 * SIZE
    nearer = front_depth(post_vertices, post_faces, camera, fine)
    stool_depth = front_depth(stool.vertices, stool.faces, camera, fine)
    for mask, total in (
        (np.isfinite(stool_depth) & (stool_depth >= nearer), shown),
        (np.isfinite(stool_depth), hidden),
    ):
        total += mask.reshape(SIZE, 8, SIZE, 8).mean(axis=(1, 3))
    assert (hidden - shown).sum() > 20, "the post hides nothing; the test would not test"
    np.testing.assert_allclose(view[..., 3] / 255, shown, atol=0.3)
    assert np.abs(view[..., 3] / 255 - shown).mean() < 0.01
    green = view[(hidden == 1) & (shown == 0)][:, :3].astype(float)
    assert (green[:, 1] > green[:, 0]).mean() > 0.9


def test_what_would_hide_most_of_the_object_is_taken_away(stool: ObjectShape, monkeypatch: pytest.MonkeyPatch) -> None:
    def board(setting: object, shell: object, vertices: np.ndarray, camera: Camera, rng: object) -> list[ObjectModel]:
        mesh = trimesh.creation.box((3.0, 3.0, 0.05)).apply_translation((0, 0, 0.8))
        return [ObjectModel((Part(mesh.vertices.astype(np.float32), mesh.faces.astype(np.int32), Material()),))]

    monkeypatch.setattr(rooms, "furnish", board)
    view, camera = render_room(stool, info(), Camera(0.0, 10.0, 3.0, 35.0), SIZE, np.random.default_rng(1), 4)
    hit = cast_views(stool.vertices, stool.faces, [camera], SIZE).mask[0]
    assert view[..., 3].sum() / 255 == pytest.approx(hit.sum(), rel=0.06)


def test_glass_covers_by_its_opacity_as_in_the_studio() -> None:
    shape = shape_of(trimesh.creation.box((1, 1, 0.2)), material=Material((0.8, 0.8, 0.8), opacity=0.5))
    view, _ = render_room(shape, info(), Camera(0.0, 10.0, 3.0, 35.0), SIZE, np.random.default_rng(2), 16)
    assert 0.4 < np.median(view[..., 3][view[..., 3] > 0]) / 255 < 0.95


def test_a_room_repeats_byte_for_byte_and_differs_between_seeds(stool: ObjectShape) -> None:
    first, again, other = (
        render_room(stool, info(), Camera(20.0, 15.0, 3.0, 35.0), SIZE, np.random.default_rng(seed), 2)[0]
        for seed in (5, 5, 6)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("kind", "metres", "place"),
    [
        ("sofa", 2.0, "floor"),
        ("pendant", 0.4, "ceiling"),
        ("door", 2.1, "wall"),
        ("wall socket", 0.08, "wall"),
        ("car", 4.2, "outdoors"),
        ("car", 0.15, "table"),
        ("carpet cleaner", 1.0, "floor"),
    ],
)
def test_things_are_met_with_where_they_belong(stool: ObjectShape, kind: str, metres: float, place: str) -> None:
    assert choose_setting(info(kind, metres), stool.vertices, np.random.default_rng(0)).place == place


def test_rooms_keep_their_distance(stool: ObjectShape) -> None:
    """No wall and no thing cuts into the object or stands at the camera, wherever it is met with."""
    vertices = stool.vertices.astype(np.float64)
    for seed in range(30):
        rng = np.random.default_rng(seed)
        kind = ("stool", "mug", "picture", "pendant", "car")[seed % 5]
        setting = choose_setting(info(kind, {"mug": 0.1, "car": 4.0}.get(kind, 0.7)), vertices, rng)
        camera = room_camera(camera_for(stool, seed), setting, vertices, rng)
        columns = camera.project(vertices, SIZE)
        assert columns.min() > 0, (seed, kind)
        assert columns.max() < SIZE
        shell = build_shell(setting, vertices, camera, rng, (0.5, 0.5, 0.5))
        assert shell.top < vertices[:, 1].min()
        for wall in shell.walls:
            assert min(wall.gap(vertex) for vertex in vertices) > 0
            assert wall.gap(camera.origin) > 0
        hidden = np.isfinite(front_depth(stool.vertices, stool.faces, camera, SIZE))
        built = front_depth(*shell.model().merged(), camera, SIZE) > front_depth(
            stool.vertices, stool.faces, camera, SIZE
        )
        assert not (built & hidden).any(), (seed, kind, "the empty room hides the object")
        low, high = vertices.min(axis=0), vertices.max(axis=0)
        for thing in furnish(setting, shell, vertices, camera, rng):
            corners, _ = thing.merged()
            apart = np.maximum(low - corners.max(axis=0), corners.min(axis=0) - high).max()
            assert apart > -0.12 if setting.place in ("wall", "ceiling") else apart > -1e-6, (seed, kind)
            assert np.linalg.norm(corners - camera.origin, axis=1).min() > 0.15 * camera.distance


@pytest.mark.parametrize(
    "maker", [*surfaces.FLOORS, *surfaces.WALLS, *surfaces.GROUNDS], ids=lambda maker: maker.__name__
)
def test_surfaces_vary_and_take_a_colour(maker: Callable[..., surfaces.Surface]) -> None:
    free = [maker(np.random.default_rng(seed), None) for seed in range(3)]
    assert len({surface.material.texture.tobytes() for surface in free}) == 3
    for seed in range(6):
        texture = maker(np.random.default_rng(seed), (0.2, 0.5, 0.7)).material.texture
        near = np.abs(texture / 255 - (0.2, 0.5, 0.7)).max(axis=2) < 0.3
        assert near.mean() > 0.4  # a chess board has another colour beside it
        assert 0.05 < maker(np.random.default_rng(seed), None).metres < 6


def test_denoising_takes_noise_and_leaves_texture_and_edges() -> None:
    rng = np.random.default_rng(0)
    side = 40
    albedo = np.where(np.indices((side, side)).sum(axis=0)[..., None] % 2 == 0, 0.2, 0.8) * np.ones(3)
    normals = np.zeros((side, side, 3))
    normals[:, :20, 0], normals[:, 20:, 2] = 1, 1
    positions = np.zeros((side, side, 3))
    light = np.where(np.arange(side) < 20, 1.0, 3.0)[None, :, None]
    noisy = albedo * light * rng.gamma(8, 1 / 8, (side, side, 1))
    clean = denoised(noisy, albedo, normals, positions)
    before, after = (np.abs(image / albedo - light)[4:-4, 4:-4] for image in (noisy, clean))
    assert after.mean() < 0.4 * before.mean()
    inner = clean[10:-10, 4:16]
    assert inner[albedo[10:-10, 4:16] > 0.5].mean() / inner[albedo[10:-10, 4:16] < 0.5].mean() == pytest.approx(
        4, rel=0.05
    )
    assert clean[:, 19].mean() / clean[:, 20].mean() == pytest.approx(1 / 3, rel=0.15)


def test_a_build_with_rooms_keeps_the_studio_s_views(tmp_path: Path) -> None:
    options = BuildOptions(views=3, size=SIZE, samples=2, rooms=1, split="train")
    source = make_source("procedural", count=2, seed=4)
    with_rooms = build_dataset(source, tmp_path / "r", options, workers=1, progress=False)
    without = build_dataset(source, tmp_path / "s", replace(options, rooms=0), workers=1, progress=False)
    for key in with_rooms.ids():
        sample, plain = with_rooms.sample(key), without.sample(key)
        assert sample.rooms == (False, False, True)
        assert sample.encoded_views()[:2] == plain.encoded_views()[:2]
        assert sample.cameras[:2] == plain.cameras[:2]
        assert sample.cameras[2] != plain.cameras[2]
        assert sample.geometry is not None
        covered = sample.view(2)[..., 3].reshape(24, 2, 24, 2).mean(axis=(1, 3)) / 255
        assert not sample.geometry.mask[2][covered == 0].sum() > 0.55 * sample.geometry.mask[2].sum()
        assert sample.geometry.mask[2][covered == 1].all()
