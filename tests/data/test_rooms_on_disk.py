"""How views in rooms are stored and read back: the photo's colours under alpha 0, and which views they are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from shapeshot.data.build import build_dataset
from shapeshot.data.build_options import BuildOptions
from shapeshot.data.dataset import Dataset, camera_from_json, camera_to_json
from shapeshot.data.objects import Material, ObjectInfo, ObjectModel, Part, PublishedViews, Unreadable
from shapeshot.data.shards import decode_view, encode_view
from shapeshot.errors import UserError
from shapeshot.geometry.camera import Camera

SIZE = 48


def photo() -> np.ndarray:
    """An object of alpha 255 in the middle of a smooth, colourful picture."""
    ramp = np.linspace(0, 255, SIZE)
    picture = np.zeros((SIZE, SIZE, 4), np.uint8)
    picture[..., 0], picture[..., 1], picture[..., 2] = ramp, ramp[:, None], 128
    picture[16:32, 16:32, 3] = 255
    return picture


@dataclass(frozen=True)
class PhotoEntry:
    """A cube whose source has photos of it but none in a room."""

    info: ObjectInfo

    def load(self) -> ObjectModel:
        corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], np.float32)
        quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
        faces = np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))], np.int32)
        return ObjectModel((Part(corners, faces, Material()),))

    def views(self, count: int, size: int) -> PublishedViews:
        return PublishedViews((photo(),) * count, (Camera(0.0, 10.0, 3.0, 40.0),) * count)


@dataclass(frozen=True)
class RoomEntry(PhotoEntry):
    """The same, with rooms."""

    def views_and_rooms(self, count: int, size: int, rooms: int) -> PublishedViews:
        return replace(self.views(count, size), rooms=frozenset(range(count - rooms, count)))


@dataclass(frozen=True)
class Photos:
    entry: type[PhotoEntry]
    name: str = "photos"

    def entries(self) -> tuple[PhotoEntry, ...]:
        return (self.entry(ObjectInfo("cube", "Cube", "box", "photos", "CC0-1.0", "tests")),)

    def unreadable(self) -> tuple[Unreadable, ...]:
        return ()


def built(folder: Path, entry: type[PhotoEntry], rooms: int) -> Dataset:
    options = BuildOptions(views=3, size=SIZE, rooms=rooms, split="train")
    return build_dataset(Photos(entry), folder, options, workers=1, progress=False)


def test_exact_views_keep_what_lies_under_alpha_zero() -> None:
    picture = photo()
    kept, lost = (decode_view(encode_view(picture, exact=exact)) for exact in (True, False))
    assert np.array_equal(kept[..., 3], picture[..., 3])
    assert np.abs(kept[..., :3].astype(int) - picture[..., :3]).mean() < 4
    assert np.abs(lost[..., :3].astype(int) - picture[..., :3]).mean() > 20


def test_a_camera_row_names_rooms_alone() -> None:
    camera = Camera(10.0, 20.0, 3.0, 40.0)
    assert "room" not in camera_to_json(camera)
    assert camera_to_json(camera, room=True)["room"] is True
    assert camera_from_json(camera_to_json(camera, room=True)) == camera


def test_a_source_s_own_rooms_come_back_with_the_room_around_the_object(tmp_path: Path) -> None:
    sample = built(tmp_path / "d", RoomEntry, rooms=1).sample("cube")
    assert sample.rooms == (False, False, True)
    assert sample.num_views == len(sample.cameras) == 3
    beneath = [np.abs(sample.view(index)[..., :3].astype(int) - photo()[..., :3]).mean() for index in range(3)]
    assert beneath[2] < 4 < 20 < min(beneath[:2])


def test_rooms_of_a_source_that_has_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="without --rooms"):
        built(tmp_path / "d", PhotoEntry, rooms=1)
    with pytest.raises(UserError, match="at most 3"):
        BuildOptions(views=3, rooms=4)


def test_without_rooms_a_plan_reads_as_it_always_did(tmp_path: Path) -> None:
    dataset = built(tmp_path / "d", RoomEntry, rooms=0)
    assert "rooms" not in dataset.manifest["plan"]["options"]
    assert dataset.sample("cube").rooms == (False,) * 3
    assert BuildOptions(rooms=1).to_plan()["rooms"] == 1
