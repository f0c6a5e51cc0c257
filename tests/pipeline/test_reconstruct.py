"""The main road on fields that are known in closed form, in place of a network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shapeshot.errors import EmptyShapeError, ModelError, PhotoError, UserError
from shapeshot.model.field_model import load_model
from shapeshot.photo import look_at
from shapeshot.pipeline.color import ColorTransfer
from shapeshot.pipeline.reconstruct import Reconstruction, reconstruct, shape_in

Field = Callable[..., Any]  # the fixture's type: half axes and the like in, a model out
VOLUME = 4 / 3 * np.pi * 0.2 * 0.4 * 0.3


@pytest.fixture(scope="module")
def shape(photo: np.ndarray, analytic_field: Field) -> Reconstruction:
    return reconstruct(photo, model=analytic_field())


def test_the_three_forms_are_one_shape(shape: Reconstruction) -> None:
    assert shape.mesh.is_closed
    assert shape.mesh.volume == pytest.approx(VOLUME, rel=0.02)
    assert shape.voxels.volume == pytest.approx(VOLUME, rel=0.03)
    assert len(shape.points) == 2048
    radii = np.linalg.norm(shape.points.points / np.float32((0.2, 0.4, 0.3)), axis=1)
    np.testing.assert_allclose(radii, 1.0, atol=0.03)


def test_voxels_are_the_field_at_cell_centres(shape: Reconstruction) -> None:
    x, y, z = np.meshgrid(*[(np.arange(32) + 0.5) / 32 - 0.5] * 3, indexing="ij")
    inside = (x / 0.2) ** 2 + (y / 0.4) ** 2 + (z / 0.3) ** 2 < 1
    np.testing.assert_array_equal(shape.voxels.occupancy, inside)


def test_colours_are_the_fields_in_the_photos_palette(shape: Reconstruction, photo: np.ndarray) -> None:
    pixels = photo[photo[..., 3] == 255][:, :3] / 255
    recolor = ColorTransfer.fit(shape.mesh.vertices + 0.5, pixels)
    np.testing.assert_allclose(shape.mesh.colors, recolor(shape.mesh.vertices + 0.5), atol=5e-3)
    np.testing.assert_allclose(shape.points.colors, recolor(shape.points.points + 0.5), atol=5e-3)
    inside = np.argwhere(shape.voxels.occupancy)
    np.testing.assert_allclose(shape.voxels.colors[tuple(inside.T)], recolor((inside + 0.5) / 32), atol=5e-3)
    chroma = pixels.mean(axis=0) - pixels.mean()
    np.testing.assert_allclose(shape.mesh.colors.mean(axis=0) - shape.mesh.colors.mean(), chroma, atol=1e-2)


def test_what_it_saw_and_how_long_it_took(shape: Reconstruction, photo: np.ndarray) -> None:
    assert shape.photo.method == "alpha"
    assert shape.photo.pixels.shape == (64, 64, 3)
    np.testing.assert_array_equal(shape.rgba, photo)
    stages = {name: seconds for name, seconds in shape.timings.items() if name != "total"}
    assert set(stages) == {"load_model", "photo", "encode", "voxels", "mesh", "colors", "points", "confidence"}
    assert all(seconds >= 0 for seconds in stages.values())
    assert sum(stages.values()) <= shape.timings["total"]


def test_the_same_photo_gives_the_same_shape(photo: np.ndarray, shape: Reconstruction, analytic_field: Field) -> None:
    again = reconstruct(photo, model=analytic_field())
    np.testing.assert_array_equal(again.points.points, shape.points.points)
    np.testing.assert_array_equal(again.mesh.vertices, shape.mesh.vertices)


@pytest.mark.parametrize(
    ("size", "axis", "metres"), [("height=80cm", 1, 0.8), ("width=2", 0, 2.0), ("depth=10in", 2, 0.254)]
)
def test_a_known_size_scales_all_three_to_metres(
    photo: np.ndarray, size: str, axis: int, metres: float, analytic_field: Field
) -> None:
    shape = reconstruct(photo, model=analytic_field(), size=size)
    assert shape.is_metric
    assert np.ptp(shape.mesh.vertices[:, axis]) == pytest.approx(metres, rel=1e-5)
    assert np.ptp(shape.points.points[:, axis]) == pytest.approx(metres, rel=0.02)
    assert shape.voxels.volume == pytest.approx(shape.mesh.volume, rel=0.04)


def test_resolution_and_number_of_points(photo: np.ndarray, analytic_field: Field) -> None:
    coarse = reconstruct(photo, model=analytic_field(), resolution=16, num_points=10)
    fine = reconstruct(photo, model=analytic_field(), resolution=48, num_points=10)
    assert coarse.voxels.resolution == 16
    assert len(coarse.points) == 10
    assert len(fine.mesh.faces) / len(coarse.mesh.faces) == pytest.approx((96 / 64) ** 2, rel=0.05)


def test_specks_are_dropped_and_parts_are_kept(photo: np.ndarray, shape: Reconstruction, analytic_field: Field) -> None:
    speck = reconstruct(photo, model=analytic_field(speck_radius=0.02))
    part = reconstruct(photo, model=analytic_field(speck_radius=0.05))
    assert len(speck.mesh.faces) == len(shape.mesh.faces)
    assert part.mesh.vertices.max() > 0.45
    assert part.mesh.is_closed


def test_a_shape_that_reaches_the_cubes_wall_is_closed(photo: np.ndarray, analytic_field: Field) -> None:
    shape = reconstruct(photo, model=analytic_field(half_axes=(2.0, 2.0, 2.0)))
    assert shape.mesh.is_closed
    assert shape.mesh.volume == pytest.approx(1.0, rel=0.01)


def test_an_empty_field_is_said_to_be_empty(photo: np.ndarray, analytic_field: Field) -> None:
    with pytest.raises(EmptyShapeError, match="saw no object"):
        reconstruct(photo, model=analytic_field(half_axes=(1e-3, 1e-3, 1e-3)))


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"resolution": 7}, "resolution"),
        ({"resolution": 257}, "resolution"),
        ({"num_points": 0}, "points"),
        ({"size": "height=-3"}, "height"),
        ({"size": "heigth=3"}, "height"),
        ({"background": "gren"}, "background"),
        ({"threshold": 0.0}, "threshold"),
        ({"threshold": float("nan")}, "threshold"),
        ({"region": (0, 0, 0, 5)}, "region"),
    ],
)
def test_options_out_of_range(photo: np.ndarray, options: dict, named: str, analytic_field: Field) -> None:
    with pytest.raises(UserError, match=named):
        reconstruct(photo, model=analytic_field(), **options)


def test_no_object_and_no_model(tmp_path: Path, analytic_field: Field) -> None:
    with pytest.raises(PhotoError):
        reconstruct(np.full((64, 64, 3), 255, np.uint8), model=analytic_field())
    with pytest.raises(ModelError):
        load_model(tmp_path / "nowhere")


def test_a_threshold_moves_the_surface_of_every_form(photo: np.ndarray, analytic_field: Field) -> None:
    """The analytic field is 10 * inside + level: a higher threshold shrinks the ellipsoid by a known factor."""
    model = analytic_field()
    threshold = 0.8
    factor = 1 - (np.log(threshold / (1 - threshold)) - model.level) / 10
    shape = reconstruct(photo, model=model, threshold=threshold, resolution=48)
    assert shape.threshold == threshold
    assert shape.mesh.volume == pytest.approx(VOLUME * factor**3, rel=0.02)
    assert shape.voxels.volume == pytest.approx(VOLUME * factor**3, rel=0.03)
    radii = np.linalg.norm(shape.points.points / np.float32((0.2, 0.4, 0.3)), axis=1)
    np.testing.assert_allclose(radii, factor, atol=0.03)


def test_the_models_own_threshold_is_the_default(photo: np.ndarray, analytic_field: Field, shape: Any) -> None:
    same = reconstruct(photo, model=analytic_field(), threshold=0.4)
    np.testing.assert_array_equal(same.mesh.vertices, shape.mesh.vertices)


def test_a_region_and_a_mask_choose_the_object(photo: np.ndarray, analytic_field: Field) -> None:
    """Two objects side by side: the crop is around the one that was pointed at, in pixels of the photo as it came."""
    pair = np.repeat(np.repeat(np.concatenate([photo, photo], axis=1), 8, axis=0), 8, axis=1)  # 1536 x 768
    by_region = reconstruct(pair, model=analytic_field(), region=(768, 0, 1536, 768))
    by_mask = reconstruct(pair, model=analytic_field(), mask=np.arange(1536)[None] * (pair[..., 3] > 0) >= 768)
    for shape in (by_region, by_mask):
        assert shape.photo_size == (1536, 768)
        assert shape.rgba.shape == (512, 1024, 4)
        left, top, side = shape.photo.box
        assert left + side / 2 == pytest.approx(768, abs=2)
        assert top + side / 2 == pytest.approx(256, abs=2)
        assert shape.mask.shape == (512, 1024)
        assert shape.mask[:, :512].max() == 0
    assert (by_region.photo.method, by_mask.photo.method) == ("alpha", "given mask")


def test_the_halves_of_the_road_make_the_whole(photo: np.ndarray, shape: Any, analytic_field: Field) -> None:
    model = analytic_field()
    view = look_at(photo, model.image_size)
    halves = shape_in(view, model.see(view.photo))
    np.testing.assert_array_equal(halves.mesh.vertices, shape.mesh.vertices)
    np.testing.assert_array_equal(halves.mesh.colors, shape.mesh.colors)
    np.testing.assert_array_equal(halves.voxels.occupancy, shape.voxels.occupancy)
    np.testing.assert_array_equal(halves.points.points, shape.points.points)
