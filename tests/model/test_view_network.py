"""A view model's folder at run time: one graph, checked, and a whole reconstruction through it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hand_models import shown
from view_models import DEPTHS, FEATURES, GRID, SIZE, write_view_model

from shapeshot import reconstruct
from shapeshot.errors import ModelError, UserError
from shapeshot.model.field_model import FieldModel
from shapeshot.model.folder import ModelFolder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_view_model(tmp_path / "view")


def disc(size: int = 120) -> np.ndarray:
    """A red disc on transparency, uint8 [size, size, 4]."""
    y, x = np.indices((size, size)) - size / 2 + 0.5
    rgba = np.zeros((size, size, 4), np.uint8)
    rgba[np.hypot(x, y) < 0.35 * size] = (200, 40, 30, 255)
    return rgba


def test_a_photo_is_seen_once_and_asked_often(folder: Path) -> None:
    model = FieldModel.load(folder)
    first, second = model.see_batch(
        [shown(np.zeros((SIZE, SIZE, 3), np.uint8)), shown(np.full((SIZE, SIZE, 3), 9, np.uint8))]
    )
    assert first.features is not None
    assert first.features.shape == (FEATURES,)
    assert first.camera is not None
    assert first.camera.azimuth_deg == pytest.approx(second.camera.azimuth_deg)  # type: ignore[union-attr]
    assert first.layout(2).shape == (DEPTHS * 4,)


def test_one_pass_gives_all_three_forms_the_camera_and_the_photos_colours(folder: Path) -> None:
    shape = reconstruct(disc(), model=str(folder))
    assert shape.mesh.is_closed
    assert shape.mesh.volume > 0
    assert shape.voxels.occupancy.any()
    assert len(shape.points) == 2048
    size = shape.mesh.bounds[1] - shape.mesh.bounds[0]
    assert size.max() == pytest.approx(1.0, abs=0.08)
    assert shape.camera is not None
    assert shape.camera.azimuth_deg == pytest.approx(20.0, abs=1.0)
    backward = np.subtract(shape.camera.position, shape.camera.target)
    facing = shape.mesh.vertices @ backward > 0.15 * np.linalg.norm(backward)
    assert shape.mesh.colors is not None
    np.testing.assert_allclose(np.median(shape.mesh.colors[facing], axis=0), np.array([200, 40, 30]) / 255, atol=0.03)


def test_the_photos_own_side_can_face_forward(folder: Path) -> None:
    own, photo = (reconstruct(disc(), model=str(folder), front=front) for front in ("auto", "photo"))
    assert photo.camera is not None
    assert photo.camera.azimuth_deg == 0.0
    assert photo.mesh.volume == pytest.approx(own.mesh.volume, rel=0.2)
    # Facing the camera, the disc is as wide as it is high.
    width, height, _ = photo.mesh.bounds[1] - photo.mesh.bounds[0]
    assert width == pytest.approx(height, rel=0.1)


@pytest.mark.parametrize(("front", "axis"), [("left", (1, 0, 0)), ("right", (-1, 0, 0)), ("back", (0, 0, -1))])
def test_another_side_can_face_forward(folder: Path, front: str, axis: tuple[float, float, float]) -> None:
    own, turned = (reconstruct(disc(), model=str(folder), front=side) for side in ("auto", front))
    assert own.camera is not None
    assert turned.camera is not None
    # What auto has on that side, seen from the camera, is in front of the turned shape.
    before, after = (np.subtract(shape.camera.position, shape.camera.target) for shape in (own, turned))
    assert after @ (0, 0, 1) == pytest.approx(before @ axis, rel=0.02, abs=0.02)
    assert after @ (0, 1, 0) == pytest.approx(before @ (0, 1, 0), rel=0.02)


def test_the_depth_can_be_the_other_way_round(folder: Path) -> None:
    own, mirrored = (reconstruct(disc(), model=str(folder), depth=depth) for depth in ("seen", "mirrored"))
    assert own.camera is not None
    assert mirrored.camera is not None
    assert mirrored.camera.elevation_deg == -own.camera.elevation_deg
    assert mirrored.mesh.is_closed
    assert (own.depth, mirrored.depth) == ("seen", "mirrored")
    seen, facing = (shape.camera.project(shape.mesh.vertices)[:, :2] for shape in (own, mirrored))
    np.testing.assert_allclose(np.ptp(facing, axis=0), np.ptp(seen, axis=0), atol=0.03)
    straight = reconstruct(disc(), model=str(folder), depth="mirrored", front="photo")
    assert straight.camera is not None
    assert straight.camera.azimuth_deg == 0.0
    with pytest.raises(UserError, match="unknown depth 'inside out'; choose from mirrored, seen"):
        reconstruct(disc(), model=str(folder), depth="inside out")


def test_lengths_of_the_camera_are_metres_where_the_shapes_are(folder: Path) -> None:
    plain, metric = (reconstruct(disc(), model=str(folder), size=size) for size in (None, "height=2m"))
    factor = 2.0 / float((plain.mesh.bounds[1] - plain.mesh.bounds[0])[1])
    np.testing.assert_allclose(metric.camera.position, np.array(plain.camera.position) * factor, rtol=1e-5)  # type: ignore[union-attr]


def test_a_model_without_a_camera_says_so(analytic_field: Callable[[], FieldModel]) -> None:
    with pytest.raises(UserError, match="does not tell where a photo was taken from"):
        reconstruct(disc(), model=analytic_field(), front="photo")
    with pytest.raises(UserError, match="does not tell where a photo was taken from; leave out depth=mirrored"):
        reconstruct(disc(), model=analytic_field(), depth="mirrored")


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ({"depths": 0}, "gives occupancy of shape"),
        ({"columns": GRID + 1}, "no frustum grids"),
        ({"drop": "pose"}, "gives 4 outputs, not 5"),
        ({"value": float("nan")}, "not finite"),
    ],
)
def test_a_graph_that_gives_something_else_is_one_clear_error(tmp_path: Path, broken: dict, message: str) -> None:
    model = FieldModel.load(write_view_model(tmp_path / "view", **broken))
    with pytest.raises(ModelError, match=message):
        model.see(shown(np.zeros((SIZE, SIZE, 3), np.uint8)))


def test_a_folder_without_its_graph_is_told(folder: Path) -> None:
    (folder / "view.onnx").unlink()
    with pytest.raises(ModelError, match=r"lacks .*view\.onnx"):
        ModelFolder.open(folder)
